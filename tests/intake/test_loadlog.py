"""What a load tells of itself: on the terminal in short, in loads.jsonl whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from trial_district import BIRTH, IDS, NAME, PRIMARY, YEAR, District, pupil_id

from evalib.cli import main
from evalib.intake.load import Loaded, load
from evalib.store import LOG, Store

pytestmark = pytest.mark.proof


@pytest.fixture
def district(tmp_path: Path) -> District:
    """With the tables alone that these tests are about, for speed."""
    made = District(tmp_path)
    for file in ("体质健康.xlsx", "办学条件.xlsx"):
        del made.books[file]
    return made


def loaded(district: District) -> Loaded:
    district.write()
    settings = district.settings
    return load(settings, Store(settings.store))


def lines(district: District) -> list[dict[str, Any]]:
    return [json.loads(line) for line in district.store.log().splitlines()]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_table_names_the_sheets_and_rows_it_came_from(district: District) -> None:
    loaded(district)
    (line,) = lines(district)
    found = {(one["table"], one["year"]): one for one in line["slices"]}
    assert found["scores", YEAR] == {
        "table": "scores",
        "year": YEAR,
        "change": "new",
        "rows": 7,
        "sources": [
            {"file": "成绩.xlsx", "sheet": "七年级", "rows": 2},
            {"file": "成绩.xlsx", "sheet": "三年级", "rows": 5},
        ],
    }
    assert len(found) == 5
    assert line["time"][10] == "T"


def test_same_files_again_change_no_byte_and_no_time_of_the_store(district: District) -> None:
    loaded(district)
    before = files(district.settings.store)
    # Written anew, the workbooks have other bytes and the same content.
    assert set(loaded(district).changes.values()) == {"unchanged"}
    assert files(district.settings.store) == before


def test_corrected_file_replaces_its_table_and_nothing_else(district: District) -> None:
    loaded(district)
    before = files(district.settings.store)
    district.sheet("教师.xlsx")[1][-1] = 95
    changes = loaded(district).changes
    assert [place for place, change in changes.items() if change != "unchanged"] == [("teachers", YEAR)]
    after = files(district.settings.store)
    touched = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert {name.split("/")[0] for name in touched} == {LOG, "manifest.json", "teachers"}
    assert len(lines(district)) == 2


def test_same_rows_from_another_file_are_logged_and_change_no_table(district: District) -> None:
    loaded(district)
    before = files(district.settings.store)
    district.books["教师名单.xlsx"] = district.books.pop("教师.xlsx")
    (district.folder / "教师.xlsx").unlink()
    loaded(district)
    after = files(district.settings.store)
    assert [name for name in after if after[name] != before.get(name)] == [LOG]
    (entry,) = [one for one in lines(district)[1]["slices"] if one["table"] == "teachers"]
    assert (entry["change"], entry["sources"][0]["file"]) == ("unchanged", "教师名单.xlsx")


def test_log_and_store_hold_no_identity_though_files_are_named_after_them(district: District) -> None:
    district.identities = "real"
    later = pupil_id(81)
    district.books[f"{IDS[0]}/教师{IDS[0][1:]}.xlsx"] = district.books.pop("教师.xlsx")
    district.books["学籍号变更.xlsx"] = {
        f"变更{IDS[1]}": [["姓名", "原学籍号", "现学籍号"], [NAME, IDS[0], later], [NAME, IDS[2], IDS[2]]]
    }
    (district.folder / IDS[0]).mkdir(parents=True)
    loaded(district)
    kept = [path.read_bytes() for path in district.settings.output.rglob("*") if path.is_file()]
    assert len(kept) > 8
    assert b"***" in (district.settings.store / LOG).read_bytes()
    tables = "".join(district.store.read(*place).to_csv() for place in district.store.slices()).encode()
    names = "".join(path.name for path in district.settings.output.rglob("*")).encode()
    key = (district.root / "data" / "trial" / "identity.key").read_bytes()
    numbers = [*IDS, later]
    for planted in (NAME, BIRTH, "T001", *numbers, *(one[1:] for one in numbers)):
        assert not any(planted.encode() in one for one in (*kept, tables, names))
    assert not any(key in one or key.hex().encode() in one for one in (*kept, tables))


def test_failed_load_leaves_no_identity_and_no_line(district: District) -> None:
    district.write()
    district.sheet("成绩.xlsx", "七年级")[1][4] = "一百二"
    district.books["学籍号变更.xlsx"] = {"变更": [["原学籍号", "现学籍号"], [IDS[0], IDS[1] + "9"]]}
    text = "\n".join(fault.text(lang) for fault in district.faults() for lang in ("zh", "en"))
    assert {fault.key for fault in district.faults()} == {"unreadable_score", "pupil_id_form"}
    assert not [one for one in (NAME, *IDS, *(one[1:] for one in IDS)) if one in text]
    assert not district.settings.store.exists()


# on the terminal


def told(district: District, *lang: str) -> str:
    found = CliRunner().invoke(main, [*lang, "load", str(district.settings.path)])
    assert found.exit_code == 0, found.output
    return found.output


def test_load_tells_what_is_new_then_what_changed_then_that_nothing_did(district: District) -> None:
    district.write()
    first = told(district)
    assert f"新增  成绩 {YEAR}：7 行，来自 成绩.xlsx（7 行）" in first
    assert f"新增  学校 {YEAR}：3 行，来自 学校.xlsx 工作表“学校”（3 行）" in first
    district.sheet("学生.xlsx")[3][6] = "2班"
    district.write()
    second = told(district, "--messages", "en").splitlines()
    assert second[:2] == [
        f"replaced   pupils {YEAR}: 5 rows from 学生.xlsx sheet 名册 (5 rows)",
        "unchanged  4 other tables, a year each",
    ]
    assert "数据没有变化。" in told(district)


def test_a_second_load_at_once_is_told_to_wait(district: District) -> None:
    from evalib.press.ledger import only_run

    district.write()
    with only_run(district.settings.output):
        found = CliRunner().invoke(main, ["load", str(district.settings.path)])
    assert found.exit_code == 2
    assert "另一次运行" in found.output
    assert not district.store.exists


@pytest.mark.parametrize("count", [3, 4])
def test_many_files_are_named_in_short(district: District, count: int) -> None:
    header, *rows = district.sheet("学生.xlsx")[1:]
    del district.books["学生.xlsx"]
    for number in range(count):
        part = rows[number : number + 1] if number < count - 1 else rows[number:]
        district.books[f"学生{number}.xlsx"] = {"名册": [header, *part]}
    district.write()
    (line,) = [one for one in told(district).splitlines() if one.startswith("新增  学生")]
    assert line.endswith("等 4 个文件") == (count == 4)
    assert PRIMARY not in line
