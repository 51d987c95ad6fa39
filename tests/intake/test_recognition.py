from __future__ import annotations

from typing import Any

import pytest
from taken_in import columns
from trial_district import IDS, NAME, PRIMARY, YEAR

from evalib.intake.recognition import Recognised, recognise
from evalib.intake.schemas import SCHEMAS
from evalib.intake.titles import grade_said, school_year, stage_said
from evalib.intake.workbooks import Grid

MARKS: list[list[Any]] = [["学年", "学籍号", "语文"], [YEAR, IDS[0], 90]]


def found(rows: list[list[Any]], sheet: str = "Sheet1", file: str = "a.xlsx") -> Recognised:
    return recognise(Grid(file, sheet, rows), columns())


def keys(recognised: Recognised) -> list[tuple[str, str]]:
    return [(fault.key, fault.column) for fault in recognised.faults]


@pytest.mark.parametrize("table", SCHEMAS)
def test_canonical_headers_are_their_table_whatever_the_sheet_is_called(table: str) -> None:
    header = [columns().header(table, name) for name in SCHEMAS[table].columns]
    assert found([["", ""], header, ["x"] * len(header)]).table == table


def test_most_headers_decide_and_then_the_name_of_the_sheet_or_file() -> None:
    both: list[list[Any]] = [["学年", "学籍号", "活动编号", "活动时数", "成果编号", "级别"], ["x"] * 6]
    assert found(both, "获奖").table == found(both, file="获奖.xlsx").table == "achievements"
    assert found(both, "社团").table == found(both, file="社团.xlsx").table == "activities"
    more = [[*row, cell] for row, cell in zip(both, ("奖次", "x"), strict=True)]
    assert found(more, "社团").table == "achievements"


def test_sheet_without_a_filled_cell_or_with_an_ignored_name_is_none() -> None:
    assert found([["", None, " "]]) == Recognised()
    assert found(MARKS, "填表说明") == Recognised()
    assert found(MARKS, " 代码表 ") == Recognised()


def test_titles_above_the_headers_are_no_headers_and_rows_keep_their_numbers() -> None:
    title: list[list[Any]] = [["示例区2024—2025学年成绩"], [""], ["制表：示例教研室", "", "2025-07-01"]]
    sheet = found([*title, *MARKS, ["", "", ""], [YEAR, IDS[1], 80]]).sheet
    assert sheet is not None
    assert sheet.cells.index.tolist() == [5, 7]
    assert sheet.cells["chinese"].tolist() == [90, 80]
    assert sheet.year == "2024-2025"


def test_row_that_is_shorter_than_the_headers_is_filled_up_with_blanks() -> None:
    sheet = found([["学年", "学籍号", "语文", "数学"], [YEAR, IDS[0], 90]]).sheet
    assert sheet is not None
    assert sheet.cells["mathematics"].tolist() == [""]


def test_record_of_a_school_whose_name_begins_like_a_total_is_kept() -> None:
    rows = [["学校标识码", "学段", "学校名称"], [PRIMARY, "小学", "合计小学"], ["合计", "", ""]]
    sheet = found(rows, "学校").sheet
    assert sheet is not None
    assert sheet.cells["name"].tolist() == ["合计小学"]


def test_column_told_twice_names_both_places() -> None:
    told = found([["学年", "学籍号", "语文", "语文成绩"], [YEAR, IDS[0], 90, 80]])
    assert keys(told) == [("column_twice", "语文成绩")]
    assert told.faults[0].fields["other"] == "C"
    assert told.sheet is None


def test_unknown_column_is_called_by_its_letter_and_never_by_what_it_says() -> None:
    told = found([[*MARKS[0], NAME], [*MARKS[1], 1]])
    assert keys(told) == [("unused_column", "D")]
    assert NAME not in told.faults[0].text("zh")


def test_identities_totals_and_what_follows_are_passed_over_in_silence() -> None:
    header = [*MARKS[0], "姓名", "身份证号", "总分", "语文等级", "语文班级排名", "备注"]
    told = found([header, [*MARKS[1], NAME, "1", 90, "A", 1, ""]])
    assert told.faults == []
    assert told.sheet is not None
    assert list(told.sheet.cells) == ["year", "pupil", "chinese"]


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        ("zh", ("学籍号、学校标识码、年级", "学籍号、学校标识码", "学校代码", "params/columns.yaml")),
        ("en", ("学籍号、学校标识码、年级", "学籍号、学校标识码", "学校代码", "params/columns.yaml")),
    ],
)
def test_sheet_that_is_no_table_says_what_was_looked_for_and_how_to_add_it(
    lang: str, parts: tuple[str, ...]
) -> None:
    told = found(
        [["学籍码号", "学校的代码", "年级", "班级", NAME], [IDS[0], PRIMARY, 3, "1班", ""]], "学生名册"
    )
    (fault,) = told.faults
    assert (fault.key, fault.sheet, fault.warning) == ("sheet_unrecognised", "学生名册", False)
    text = fault.text(lang)
    assert [part for part in parts if part not in text] == []
    assert NAME not in text


@pytest.mark.parametrize(
    ("typed", "year"),
    [
        ("２０２４－２０２５学年", "2024-2025"),
        ("示例区2024～2025学年度第一学期成绩", "2024-2025"),
        ("2024年-2025年", ""),
        ("2024至2025学年", "2024-2025"),
        ("成绩_2024_2025", "2024-2025"),
        ("2024学年度", "2024-2025"),
        ("电话 12024-20255", ""),
        ("2023-2025、2024-2025", "2024-2025"),
    ],
)
def test_school_year_in_a_title(typed: str, year: str) -> None:
    assert school_year(typed) == year


def test_year_of_the_sheet_goes_before_that_of_the_title_and_of_the_file() -> None:
    rows = [["示例区2022-2023学年成绩"], *MARKS]
    sheets = [found(rows, name, "成绩2021-2022.xlsx").sheet for name in ("2023-2024", "三年级")]
    assert [sheet.year for sheet in sheets if sheet] == ["2023-2024", "2022-2023"]


def test_grade_or_cohort_in_the_name_of_a_sheet() -> None:
    names = [
        "三年级",
        "2025年三年级成绩",
        "初一",
        "2021级",
        "初中2024届",
        "3年级（1班）",
        "成绩",
        "12021级",
        "三班",
    ]
    assert [grade_said(name) for name in names] == [
        *("三年级", "三年级", "初一", "2021级", "初中2024届", "3年级", "", "", ""),
    ]


def test_title_that_names_both_stages_says_neither() -> None:
    titles = ["示例小学成绩", "初中部", "小学与初中", "成绩"]
    assert [stage_said(title) for title in titles] == ["primary", "junior", "", ""]
