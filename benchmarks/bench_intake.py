"""How long a hundred workbooks take to be read, cleaned and checked, beside pandas that only reads them.

Run: python benchmarks/bench_intake.py --keep

The workbooks are made first, into a folder that is removed again: invented pupils, the roll in a
workbook a grade, marks of two terms in a workbook a grade, term and town, about a million cells
in all. Every measurement is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xlsxwriter
from measured import ROOT, keeper, machine, table, tell

YEAR = "2024-2025"
GRADES = "一二三四五六七八九"
SUBJECTS = ("语文", "数学", "英语", "科学", "体育")
TERMS = {"上学期": "第一学期", "下学期": "第二学期"}
TOWNS = 5
LAST_PRIMARY = 6
AIM_SECONDS, AIM_RATIO, AIM_MEMORY = 6.0, 5.0, 3.0
KIBI, MEGA = 1024, 1e6
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def make_district(folder: Path, pupils: int) -> None:
    """Workbooks and parameters of a district, as a district would hand them in."""
    rng = np.random.default_rng(1)
    files = folder / "data" / "bench"
    files.mkdir(parents=True)
    shutil.copytree(ROOT / "params", folder / "params")
    (folder / "params" / "bench.yaml").write_text(
        "district: {zh: 测速区, en: Bench}\nfiles: data/bench\n"
        "identities: invented\nschool_codes: national\n",
        encoding="utf-8",
    )
    codes = [[f"3450{town:02d}{school:04d}" for school in range(4)] for town in range(TOWNS)]
    schools = [
        [YEAR, code, stage, f"示例{code[-6:]}校", "镇区"]
        for of_town in codes
        for code in of_town
        for stage in ("小学", "初中")
    ]
    papers = [
        [YEAR, f"{grade}年级", term, subject, 100, "是"]
        for grade in GRADES
        for term in TERMS.values()
        for subject in SUBJECTS
    ]
    _write(
        files / "学校与试卷.xlsx",
        {
            "学校": [["学年", "学校标识码", "学段", "学校名称", "城乡类型"], *schools],
            "试卷": [["学年", "年级", "学期", "学科", "满分", "全区统一"], *papers],
        },
    )
    each = pupils // (len(GRADES) * TOWNS)
    number = 0
    for grade in GRADES:
        roll = [["学年", "学籍号", "姓名", "学校标识码", "年级", "班级", "性别"]]
        for town in range(TOWNS):
            here = []
            for place in range(each):
                number += 1
                code = codes[town][place % len(codes[town])]
                here.append((_pupil_id(number), code, f"{place // 160 + 1}班"))
            roll += [
                [YEAR, pupil, "某某某", code, f"{grade}年级", room, "男" if k % 2 else "女"]
                for k, (pupil, code, room) in enumerate(here)
            ]
            for term, said in TERMS.items():
                marks = np.clip(np.round(2 * rng.normal(76, 13, (each, len(SUBJECTS)))) / 2, 0, 100).tolist()
                away = rng.random((each, len(SUBJECTS))) < 0.01
                rows = [
                    [YEAR, said, code, pupil, room]
                    + ["缺考" if gone else mark for mark, gone in zip(line, absent, strict=True)]
                    for (pupil, code, room), line, absent in zip(here, marks, away.tolist(), strict=True)
                ]
                head = ["学年", "学期", "学校标识码", "学籍号", "班级", *SUBJECTS]
                _write(files / f"成绩-{term}-{grade}年级-{town + 1}.xlsx", {f"{grade}年级": [head, *rows]})
        _write(files / f"学生-{grade}年级.xlsx", {"学生": roll})


def _pupil_id(number: int) -> str:
    """An invented 学籍号 of a region that does not exist, with its check character."""
    body = f"999999{20150000 + number // 1000:08d}{number % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return f"G{body}{'10X98765432'[total % 11]}"


def _write(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)


def measure(folder: Path, what: str) -> dict[str, float]:
    """Seconds by the clock and of the processor, cells or bytes of tables, and memory above the start."""
    files = sorted((folder / "data" / "bench").glob("*.xlsx"))
    if what == "intake":
        from evalib.intake.load import read_tables
        from evalib.settings import load_settings

        settings = load_settings(folder / "params" / "bench.yaml")
        before = _peak()
        begun, worked = time.perf_counter(), time.process_time()
        loaded = read_tables(settings)
        held = float(sum(frame.memory_usage(deep=True).sum() for frame in loaded.tables.values()))
        rows = sum(map(len, loaded.tables.values()))
        return _told(begun, worked, before, held=held, rows=rows)
    import pandas as pd

    engine = "openpyxl" if what == "openpyxl" else "calamine"
    before = _peak()
    begun, worked = time.perf_counter(), time.process_time()
    cells = 0
    for path in files:
        frames = pd.read_excel(path, sheet_name=None, header=None, engine=engine)
        cells += sum(frame.size for frame in frames.values())
    return _told(begun, worked, before, cells=cells)


def _told(begun: float, worked: float, before: float, **more: float) -> dict[str, float]:
    taken = {"clock": time.perf_counter() - begun, "processor": time.process_time() - worked}
    return {**taken, "memory": _peak() - before, **more}


def _peak() -> float:
    """Megabytes: the most that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBI / MEGA


def _child(*words: str) -> dict[str, float]:
    """What this script prints when told so; this process stays small, for a child starts with its peak."""
    done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _row(name: str, one: dict[str, float], other: dict[str, float], held: float) -> list[str]:
    return [
        name,
        f"{one['clock']:.1f} s",
        f"{one['processor']:.1f} s",
        f"{other['processor'] / one['processor']:.1f} × ({other['clock'] / one['clock']:.1f} ×)",
        f"{one['memory']:.0f} MB",
        f"{one['memory'] / held:.1f} ×",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, default=36_000)
    parser.add_argument("--repeats", type=int, default=3, help="the quickest of so many runs is told")
    parser.add_argument("--folder", type=Path, help="where the workbooks lie; kept, and used again")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    keeper(parser)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.folder, asked.measure)))
        return
    begun = machine()
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = asked.folder or Path(elsewhere) / "district"
        if not folder.exists():
            make_district(folder, asked.pupils)
        found: dict[str, dict[str, float]] = {}
        for _ in range(asked.repeats):
            for what in ("intake", "openpyxl", "calamine"):
                one = _child("--folder", str(folder), "--measure", what)
                if what not in found or one["processor"] < found[what]["processor"]:
                    found[what] = one
        paths = list((folder / "data" / "bench").glob("*.xlsx"))
    intake, other = found["intake"], found["openpyxl"]
    held = intake["held"] / MEGA
    rows = [
        _row("evalib: read, clean and check", intake, other, held),
        _row("pandas with openpyxl: read alone", other, other, held),
        _row("pandas with calamine: read alone", found["calamine"], other, held),
    ]
    head = [
        "",
        "by the clock",
        "of the processor",
        "openpyxl's time over it",
        "memory",
        "over the clean tables",
    ]
    tell(
        "intake",
        "Seconds and memory of taking in a hundred workbooks",
        [
            f"{len(paths)} workbooks of {other['cells'] / MEGA:.2f} million cells become "
            f"{intake['rows']:,.0f} clean rows, {held:.0f} MB in memory. Each line is a process of its "
            f"own, the quickest of {asked.repeats} runs; memory is the peak above what the process held "
            "before.",
            table(head, rows),
            f"Ratios are of processor seconds, in brackets by the clock. Aims: {AIM_SECONDS:.0f} s "
            f"by the clock, {AIM_RATIO:.0f} times as fast as reading with openpyxl, "
            f"{AIM_MEMORY:.0f} times the clean tables.",
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
