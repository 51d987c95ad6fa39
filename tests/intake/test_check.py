"""`evalib check` as an officer runs it: every fault, a copy to mend, nothing loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from trial_district import IDS, NAME, YEAR, District

from evalib.cli import main
from evalib.errors import Fault, FaultyFiles
from evalib.intake.check import check
from evalib.intake.grouping import as_json, grouped, summary
from evalib.intake.load import Examined, load
from evalib.intake.workbooks import find_files

pytestmark = pytest.mark.proof

# File, sheet, cell and key of the mistakes that `spoil` makes.
MISTAKES = {
    ("成绩.xlsx", "三年级", "E2", "above_full_mark"),
    ("学生.xlsx", "名册", "F3", "unreadable_grade"),
    ("体质健康.xlsx", "体质健康", "E2", "out_of_range"),
}
FAULTY = {file for file, *_ in MISTAKES}
STEERING = "\x1b\u202e\u2066\x07"


def district_at(root: Path) -> District:
    """Only the tables that these tests need: a check of each costs time."""
    district = District(root)
    for file in ("教师.xlsx", "办学条件.xlsx"):
        del district.books[file]
    assert district.settings.path.exists()
    return district


def spoil(district: District) -> None:
    district.sheet("成绩.xlsx", "三年级")[1][4] = 101
    district.sheet("学生.xlsx")[2][5] = "十七年级"
    district.sheet("体质健康.xlsx")[1][4] = 999
    district.write()


def run(district: District, *arguments: str) -> Result:
    ended = CliRunner().invoke(main, ["check", str(district.settings.path), *arguments])
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended


def listing(root: Path) -> set[Path]:
    return {path.relative_to(root) for path in root.rglob("*")}


def copies_of(district: District) -> Path:
    return district.root / "data" / "trial-批注"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.xlsx")}


@pytest.fixture
def district(tmp_path: Path) -> District:
    return district_at(tmp_path)


@dataclass(frozen=True)
class Spoilt:
    """A district with three mistakes and what a check said; not to be changed."""

    district: District
    ended: Result
    looked: Examined

    def copied(self, root: Path) -> District:
        """The same files and copies, to be changed."""
        shutil.copytree(self.district.root, root / "again")
        return replace(self.district, root=root / "again", books=deepcopy(self.district.books))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Spoilt:
    district = district_at(tmp_path_factory.mktemp("district"))
    spoil(district)
    return Spoilt(district, run(district), check(district.settings))


def test_every_fault_of_every_file_is_told_at_once_under_file_and_sheet(spoilt: Spoilt) -> None:
    assert spoilt.ended.exit_code == 3
    lines = spoilt.ended.stdout.splitlines()
    for file, sheet, *_ in MISTAKES:
        place = lines.index(file)
        assert sheet in lines[place + 1]
        assert "[错误]" in lines[place + 2]
        assert re.search("第 [23] 行", lines[place + 2])
    assert "共 3 处错误、0 处提醒，涉及 3 个文件" in lines[-2]
    assert str(copies_of(spoilt.district)) in lines[-1]


def test_faults_are_told_in_english_too(spoilt: Spoilt) -> None:
    told = grouped(spoilt.looked.faults, "en")
    assert "[error] column 语文 (rows 2): 1 scores above the full mark 100" in told
    assert "3 faults and 0 warnings in 3 files" in summary(spoilt.looked.faults, "params/x.yaml", "en")


def test_json_has_every_fault_with_its_cells(spoilt: Spoilt) -> None:
    content = json.loads(as_json(spoilt.looked.faults, spoilt.looked.spots))
    assert (content["errors"], content["warnings"], content["copies"]) == (3, 0, None)
    told = {(one["file"], one["sheet"], *one["cells"], one["key"]) for one in content["faults"]}
    assert told == MISTAKES
    assert {one["severity"] for one in content["faults"]} == {"error"}
    assert [one["rows"] for one in content["faults"]] == [[2], [3], [2]]
    assert all(one["zh"] and one["en"] and one["zh"] != one["en"] for one in content["faults"])


def test_json_is_what_the_document_says() -> None:
    content = json.loads(as_json([Fault("甲.xlsx", "missing_value", rows=(2,))], {}))
    text = (Path(__file__).parents[2] / "docs" / "check.md").read_text("utf-8")
    described = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    assert described == set(content) | set(content["faults"][0])
    assert f'"format": {content["format"]}' in text


def test_check_and_load_find_the_same(spoilt: Spoilt) -> None:
    with pytest.raises(FaultyFiles) as caught:
        load(spoilt.district.settings, spoilt.district.store)
    assert caught.value.faults == spoilt.looked.errors
    assert not spoilt.district.store.exists


def test_copy_has_the_cell_coloured_and_noted_and_listed(spoilt: Spoilt) -> None:
    copies = copies_of(spoilt.district)
    assert names(copies) == FAULTY
    for file, name, cell, _ in MISTAKES:
        book = load_workbook(copies / file)
        assert book.sheetnames[0] == "检查结果"
        marked = book[name][cell]
        assert marked.fill.fgColor.rgb == "FFFFC7CE"
        assert len(marked.comment.text) > 10
        line = next(row for row in book["检查结果"].iter_rows() if row[2].value == cell)
        assert line[0].value == "错误"
        assert line[2].hyperlink.location == f"'{name}'!{cell}"
        others = [one for row in book[name].iter_rows() for one in row if one.coordinate != cell]
        assert not [one for one in others if one.comment or one.fill.fgColor.rgb == "FFFFC7CE"]


def test_copies_are_for_their_owner_and_out_of_git_and_loads(spoilt: Spoilt, tmp_path: Path) -> None:
    copies = copies_of(spoilt.district)
    assert copies.stat().st_mode & 0o777 == 0o700
    files = [path for path in copies.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (copies / ".gitignore").read_text() == "*\n"
    assert find_files(copies.parent)[0] == sorted(spoilt.district.folder.iterdir())
    shutil.copytree(copies, tmp_path / "files" / "批注")
    assert find_files(tmp_path / "files")[0] == []


def test_copy_that_is_mended_and_handed_in_loads_clean(spoilt: Spoilt, tmp_path: Path) -> None:
    district = spoilt.copied(tmp_path)
    mended = {"成绩.xlsx": 88.5, "学生.xlsx": "三年级", "体质健康.xlsx": 131.5}
    for file, name, cell, _ in MISTAKES:
        book = load_workbook(copies_of(district) / file)
        book[name][cell].value = mended[file]
        book.save(district.folder / file)
    loaded = load(district.settings, district.store)
    clean = district_at(tmp_path / "clean").read()
    assert loaded.warnings == ()
    assert loaded.tables.keys() == clean.tables.keys()
    for key, table in clean.tables.items():
        pd.testing.assert_frame_equal(district.store.read(*key), table)


def test_copy_that_was_begun_is_not_replaced_and_others_are_swept(spoilt: Spoilt, tmp_path: Path) -> None:
    district = spoilt.copied(tmp_path)
    begun = copies_of(district) / "成绩.xlsx"
    begun.write_bytes(begun.read_bytes() + b" ")
    kept = begun.read_bytes()
    district.sheet("体质健康.xlsx")[1][4] = 131.5
    district.write()
    assert run(district).exit_code == 3
    assert begun.read_bytes() == kept
    assert names(copies_of(district)) == {"成绩.xlsx", "成绩 (2).xlsx", "学生.xlsx"}
    district.books = district_at(tmp_path / "clean").books
    district.write()
    ended = run(district)
    assert ended.exit_code == 0
    assert "没有错误" in ended.stdout
    assert "evalib load" in ended.stdout
    assert "还有以前的批注副本" in ended.stdout
    assert names(copies_of(district)) == {"成绩.xlsx"}


def test_a_folder_of_copies_is_no_folder_of_files(spoilt: Spoilt) -> None:
    ended = run(spoilt.district, "--folder", str(copies_of(spoilt.district)), "--no-annotate")
    assert ended.exit_code == 3
    assert "替换原文件" in ended.stdout


def test_copies_never_lie_below_output_or_over_files(spoilt: Spoilt, tmp_path: Path) -> None:
    district = spoilt.district
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other.txt").write_text("x", encoding="utf-8")
    before = listing(district.root)
    for place in (district.settings.output / "copies", district.folder, district.root, tmp_path / "full"):
        ended = run(district, "--annotate", str(place))
        assert ended.exit_code == 2, place
        assert "批注副本不能放在" in ended.output
    assert run(district, "--annotate", "x", "--no-annotate").exit_code == 2
    assert listing(district.root) == before


def test_warnings_alone_end_with_zero_and_write_nothing(district: District) -> None:
    district.identities = "real"
    for row in district.sheet("学校.xlsx"):
        row.append("校训" if row[0] == "学年" else "勤")
    district.write()
    before = listing(district.root)
    ended = run(district)
    assert ended.exit_code == 0
    assert "[提醒]" in ended.stdout
    assert "提醒 1 处" in ended.stdout
    assert listing(district.root) == before


def test_json_writes_copies_only_where_it_is_told(district: District, tmp_path: Path) -> None:
    spoil(district)
    before = listing(district.root)
    content = json.loads(run(district, "--json").stdout)
    assert content["copies"] is None
    assert listing(district.root) == before
    content = json.loads(run(district, "--json", "--annotate", str(tmp_path / "here")).stdout)
    assert content["copies"] == str(tmp_path / "here")
    assert names(tmp_path / "here") == FAULTY


def test_faults_are_told_where_no_copy_can_be_written(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(district)
    real = os.open

    def full(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT and "批注" in str(path):
            raise OSError(28, "No space left on device")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", full)
    ended = run(district)
    assert ended.exit_code == 3
    assert "共 3 处错误" in ended.stdout
    assert "No space left on device" in ended.stderr


def test_what_is_missing_unreadable_or_empty_has_no_copy(district: District) -> None:
    del district.books["试卷.xlsx"]
    spoil(district)
    (district.folder / "坏.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (district.folder / "空.csv").write_bytes(b"")
    ended = run(district)
    assert ended.exit_code == 3
    assert {"坏.xlsx", "空.csv"} <= set(ended.stdout.splitlines())
    assert names(copies_of(district)) == {"学生.xlsx", "体质健康.xlsx"}


def test_no_identity_is_told_though_copies_hold_them(district: District) -> None:
    district.sheet("学生.xlsx")[3][1] = "姓名" + IDS[0]
    district.sheet("学生.xlsx")[4][5] = NAME
    district.write()
    ended = run(district)
    said = ended.output + as_json(check(district.settings).faults, {})
    assert ended.exit_code == 3
    assert not [one for one in (*IDS, NAME) if one in said]
    book = load_workbook(copies_of(district) / "学生.xlsx")
    assert book["名册"]["C3"].value == NAME
    told = str(list(book["检查结果"].iter_rows(values_only=True)))
    notes = [cell.comment.text for row in book["名册"].iter_rows() for cell in row if cell.comment]
    assert len(notes) >= 2
    assert not [one for one in (*IDS, NAME) if one in told + str(notes)]


def test_hostile_school_codes_write_nothing_elsewhere_and_show_as_text(district: District) -> None:
    district.school_codes = "own"
    codes = ["../../x", "<script>alert(1)</script>", "九" * 10_000, f"x{STEERING}"]
    for number, code in enumerate(codes):
        district.sheet("学校.xlsx").append([YEAR, code, "小学", f"<b>{code[:100]}</b>", code])
        district.sheet("学生.xlsx")[2 + number][4] = code
    district.write()
    before = listing(district.root.parent)
    ended = run(district)
    assert ended.exit_code == 3
    assert len(max(ended.output.splitlines(), key=len)) < 500
    assert not set(STEERING) & set(ended.output)
    new = listing(district.root.parent) - before
    assert {path for path in new if "trial-批注" not in path.parts} == set()
    assert names(copies_of(district)) == {"学校.xlsx", "学生.xlsx", "成绩.xlsx"}


def test_hostile_names_of_files_stay_in_the_folder_and_show_as_text(district: District) -> None:
    spoil(district)
    hostile = {
        "成绩.xlsx": f"成绩{STEERING}.xlsx",
        "学生.xlsx": "学" * 83 + ".xlsx",
        "体质健康.xlsx": "'=1+1..%2f..%2f.xlsm",
    }
    for name, worse in hostile.items():
        (district.folder / name).rename(district.folder / worse)
    (district.folder / os.fsdecode(b"x\xff.csv")).write_bytes(b"x")
    before = listing(district.root.parent)
    ended = run(district)
    assert ended.exit_code == 3
    assert not set(STEERING) & set(ended.output)
    assert "x\ufffd.csv" in ended.output
    new = listing(district.root.parent) - before
    assert {path for path in new if "trial-批注" not in path.parts} == set()
    copied = names(copies_of(district))
    assert len(copied) == 4
    assert f"成绩{STEERING}.xlsx" in copied
    assert "'=1+1..%2f..%2f.xlsm.xlsx" in copied
    assert len([name for name in copied if name.startswith("学" * 50)]) == 1
