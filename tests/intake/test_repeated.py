"""What was handed in twice is told once and read once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from trial_district import IDS, NAME, PRIMARY, YEAR, District

from evalib.intake.repeated import repeated_files, without_repeated


def marks(file: str, sheet: str, pupils: range, *, first_mark: float = 70.0) -> pd.DataFrame:
    """Marks of some pupils as they stand in a file's sheet."""
    return pd.DataFrame(
        {
            "year": YEAR,
            "paper": "4-chinese",
            "pupil": [f"p{number}" for number in pupils],
            "school_code": PRIMARY,
            "score": [first_mark, *[60.0] * (len(pupils) - 1)],
            "_file": file,
            "_sheet": sheet,
            "_row": range(2, 2 + len(pupils)),
        }
    )


def told(*parts: pd.DataFrame) -> tuple[list[tuple[str, str, str]], int]:
    """Faults, and how many rows are left."""
    kept, faults = without_repeated({"scores": list(parts)})
    return [(fault.file, fault.sheet, fault.key) for fault in faults], sum(map(len, kept["scores"]))


def test_same_bytes_under_two_names_are_one_fault_and_nothing_else(district: District) -> None:
    district.write()
    (district.folder / "成绩 副本.xlsx").write_bytes((district.folder / "成绩.xlsx").read_bytes())
    (fault,) = district.faults()
    assert (fault.file, fault.key) == ("成绩.xlsx", "file_twice")
    assert "成绩 副本.xlsx" in fault.text("zh")
    assert "成绩 副本.xlsx" in fault.text("en")


def test_every_copy_but_the_first_is_a_fault(tmp_path: Path) -> None:
    contents = {"a": b"1", "b": b"2", "c": b"1", "d": b"1", "e": b"", "f": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = repeated_files({name: tmp_path / name for name in contents})
    assert {name: fault.fields["other"] for name, fault in found.items()} == {"c": "a", "d": "a"}


def test_same_rows_in_another_file_are_one_fault_whatever_their_order() -> None:
    first, second = marks("a.xlsx", "三", range(10)), marks("b.xlsx", "四", range(10))
    assert told(first, second[::-1]) == ([("b.xlsx", "", "file_twice")], 10)


def test_one_sheet_of_several_names_the_sheet() -> None:
    first, second = marks("a.xlsx", "三", range(10)), marks("b.xlsx", "三", range(10))
    other = marks("b.xlsx", "四", range(20, 30))
    assert told(first, second, other) == ([("b.xlsx", "三", "sheet_twice")], 20)


def test_a_mended_mark_does_not_hide_the_second_copy() -> None:
    first, second = marks("a.xlsx", "三", range(10)), marks("b.xlsx", "三", range(10), first_mark=71.0)
    assert told(first, second) == ([("b.xlsx", "", "file_twice")], 10)


def test_the_same_pupils_with_other_marks_are_no_copy() -> None:
    first, second = marks("a.xlsx", "三", range(10)), marks("b.xlsx", "三", range(10)).assign(score=1.0)
    assert told(first, second) == ([], 20)


def test_other_pupils_are_no_copy() -> None:
    assert told(marks("a.xlsx", "三", range(10)), marks("b.xlsx", "三", range(5, 15))) == ([], 20)


def test_sheets_of_one_file_are_not_compared() -> None:
    assert told(marks("a.xlsx", "三", range(10)), marks("a.xlsx", "四", range(10))) == ([], 20)


def test_single_row_that_stands_elsewhere_is_a_fault_of_that_row(district: District) -> None:
    header = district.sheet("成绩.xlsx", "七年级")[0]
    district.books["补交.xlsx"] = {"七年级": [header, [YEAR, PRIMARY, IDS[3], NAME, 90]]}
    keys = {fault.key for fault in district.faults()}
    assert "two_scores" in keys
    assert not {"file_twice", "sheet_twice"} & keys
