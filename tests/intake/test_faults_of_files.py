"""Every fault that a district's files can have, once: what is said, and of which place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from trial_district import BIRTH, IDS, NAME, PRIMARY, THROUGH, YEAR, District, pupil_id

from evalib.intake.workbooks import FOREIGN

pytestmark = pytest.mark.proof

Spoil = Callable[[District], None]


def put(file: str, sheet: str, row: int, column: int, value: Any) -> Spoil:
    """Write one cell; row and column counted from 1."""

    def spoil(district: District) -> None:
        district.books[file][sheet][row - 1][column - 1] = value

    return spoil


def append(file: str, sheet: str, *rows: list[Any]) -> Spoil:
    return lambda district: district.books[file][sheet].extend(rows)


def repeat(file: str, sheet: str, row: int) -> Spoil:
    return lambda district: district.books[file][sheet].append(list(district.books[file][sheet][row - 1]))


def drop_column(file: str, sheet: str, column: int) -> Spoil:
    def spoil(district: District) -> None:
        for row in district.books[file][sheet]:
            del row[column - 1]

    return spoil


def add_column(file: str, sheet: str, header: str, *values: Any) -> Spoil:
    def spoil(district: District) -> None:
        rows = district.books[file][sheet]
        for row, value in zip(rows, (header, *values), strict=True):
            row.append(value)

    return spoil


def long_scores(*rows: list[Any]) -> Spoil:
    def spoil(district: District) -> None:
        header = ["学年", "试卷编号", "学籍号", "成绩", "考试状态"]
        district.books["成绩.xlsx"] = {"长表": [header, *rows]}

    return spoil


def without_school_year(district: District) -> None:
    drop_column("试卷.xlsx", "试卷", 1)(district)


WRONG_CHECK = IDS[0][:-1] + ("1" if IDS[0][-1] != "1" else "2")
PUPIL = [YEAR, pupil_id(9), NAME, BIRTH, PRIMARY, "三年级", "1班", "否"]

FAULTS: list[tuple[str, Spoil, str, str, str, tuple[int, ...]]] = [
    # (key, what is spoilt, file, sheet, column, rows)
    ("missing_column", drop_column("学生.xlsx", "名册", 6), "学生.xlsx", "名册", "年级", ()),
    ("missing_column", drop_column("学校.xlsx", "学校", 3), "学校.xlsx", "学校", "学段", ()),
    ("column_twice", put("学生.xlsx", "名册", 2, 3, "全国学籍号"), "学生.xlsx", "名册", "全国学籍号", ()),
    ("no_year", without_school_year, "试卷.xlsx", "试卷", "学年", ()),
    ("missing_value", put("学生.xlsx", "名册", 4, 2, " "), "学生.xlsx", "名册", "学籍号", (4,)),
    ("missing_value", put("试卷.xlsx", "试卷", 3, 3, ""), "试卷.xlsx", "试卷", "学科", (3,)),
    ("unreadable_code", put("学校.xlsx", "学校", 3, 2, 2.5), "学校.xlsx", "学校", "学校标识码", (3,)),
    ("unreadable_pupil", put("学生.xlsx", "名册", 3, 2, 1e18), "学生.xlsx", "名册", "学籍号", (3,)),
    ("unreadable_teacher", put("教师.xlsx", "教师", 2, 2, True), "教师.xlsx", "教师", "教师编号", (2,)),
    ("unreadable_number", put("试卷.xlsx", "试卷", 2, 4, "一百"), "试卷.xlsx", "试卷", "满分", (2,)),
    (
        "unreadable_whole",
        put("办学条件.xlsx", "办学条件", 2, 5, 2.5),
        "办学条件.xlsx",
        "办学条件",
        "班级数",
        (2,),
    ),
    ("unreadable_share", put("试卷.xlsx", "试卷", 4, 6, "六成"), "试卷.xlsx", "试卷", "合格线", (4,)),
    (
        "unreadable_minutes",
        put("体质健康.xlsx", "体质健康", 3, 8, "4'75\""),
        "体质健康.xlsx",
        "体质健康",
        "1000米跑",
        (3,),
    ),
    (
        "unreadable_calendar_year",
        add_column("学校.xlsx", "学校", "建校年份", "九八", "2012年9月", 2019),
        "学校.xlsx",
        "学校",
        "建校年份",
        (2,),
    ),
    ("unreadable_year", put("试卷.xlsx", "试卷", 4, 1, "2024-2026"), "试卷.xlsx", "试卷", "学年", (4,)),
    ("unreadable_flag", put("学生.xlsx", "名册", 5, 8, "也许"), "学生.xlsx", "名册", "随迁子女", (5,)),
    ("unreadable_word", put("学校.xlsx", "学校", 2, 5, "郊外"), "学校.xlsx", "学校", "城乡类型", (2,)),
    ("unreadable_grade", put("学生.xlsx", "名册", 7, 6, "十年级"), "学生.xlsx", "名册", "年级", (7,)),
    ("unreadable_score", put("成绩.xlsx", "七年级", 2, 5, "良好"), "成绩.xlsx", "七年级", "语文", (2,)),
    (
        "school_code_form_national",
        append("学校.xlsx", "学校", [YEAR, "215000009", "小学", "示例九小", "城区"]),
        "学校.xlsx",
        "学校",
        "学校标识码",
        (5,),
    ),
    (
        "pupil_id_form",
        append("学生.xlsx", "名册", [YEAR, "G12345", *PUPIL[2:]]),
        "学生.xlsx",
        "名册",
        "学籍号",
        (8,),
    ),
    (
        "pupil_id_check",
        append("学生.xlsx", "名册", [YEAR, WRONG_CHECK, *PUPIL[2:]]),
        "学生.xlsx",
        "名册",
        "学籍号",
        (8,),
    ),
    (
        "out_of_range",
        put("体质健康.xlsx", "体质健康", 2, 5, 13.15),
        "体质健康.xlsx",
        "体质健康",
        "身高",
        (2,),
    ),
    ("negative_score", put("成绩.xlsx", "三年级", 2, 6, -1), "成绩.xlsx", "三年级", "数学", (2,)),
    ("above_full_mark", put("成绩.xlsx", "七年级", 3, 5, 150.5), "成绩.xlsx", "七年级", "语文", (3,)),
    (
        "present_without_score",
        long_scores([YEAR, "7-chinese", IDS[3], "", "参考"]),
        "成绩.xlsx",
        "长表",
        "考试状态",
        (2,),
    ),
    (
        "score_though_absent",
        long_scores([YEAR, "7-chinese", IDS[3], "", "缺考"], [YEAR, "3-chinese", IDS[0], 61, "缺考"]),
        "成绩.xlsx",
        "长表",
        "考试状态",
        (3,),
    ),
    ("two_scores", repeat("成绩.xlsx", "七年级", 2), "成绩.xlsx", "七年级", "语文", (2, 4)),
    ("duplicate_rows", repeat("学生.xlsx", "名册", 3), "学生.xlsx", "名册", "学籍号", (3, 8)),
    ("duplicate_rows", repeat("学校.xlsx", "学校", 2), "学校.xlsx", "学校", "学校标识码", (2, 5)),
    (
        "two_schools",
        append("学生.xlsx", "名册", [YEAR, IDS[0], NAME, BIRTH, THROUGH, "三年级", "1班", "否"]),
        "学生.xlsx",
        "名册",
        "学校标识码",
        (3, 8),
    ),
    (
        "school_not_listed",
        append("学生.xlsx", "名册", [*PUPIL[:4], "2150000099", *PUPIL[5:]]),
        "学生.xlsx",
        "名册",
        "学校标识码",
        (8,),
    ),
    (
        "school_without_stage",
        append("学生.xlsx", "名册", [*PUPIL[:5], "八年级", *PUPIL[6:]]),
        "学生.xlsx",
        "名册",
        "学校标识码",
        (8,),
    ),
    (
        "no_schools_for_year",
        append("教师.xlsx", "教师", ["2023-2024", "T003", NAME, PRIMARY, "小学", "英语", "是", 1]),
        "教师.xlsx",
        "教师",
        "学年",
        (4,),
    ),
    (
        "score_without_pupil",
        append("成绩.xlsx", "三年级", [YEAR, PRIMARY, pupil_id(8), NAME, 70, 80]),
        "成绩.xlsx",
        "三年级",
        "学籍号",
        (5,),
    ),
    (
        "score_other_school",
        put("成绩.xlsx", "三年级", 2, 2, THROUGH),
        "成绩.xlsx",
        "三年级",
        "学校标识码",
        (2,),
    ),
    ("no_paper", add_column("成绩.xlsx", "七年级", "英语", 90, ""), "成绩.xlsx", "七年级", "英语", (2,)),
    (
        "paper_not_listed",
        long_scores([YEAR, "7-chinese", IDS[3], 90, ""], [YEAR, "不存在", IDS[3], 90, ""]),
        "成绩.xlsx",
        "长表",
        "试卷编号",
        (3,),
    ),
    (
        "several_papers",
        lambda district: (
            add_column("试卷.xlsx", "试卷", "学期", "上期", "上期", "上期")(district),
            append("试卷.xlsx", "试卷", [YEAR, "七年级", "语文", 150, "是", 0.6, "下期"])(district),
        )[0],
        "成绩.xlsx",
        "七年级",
        "语文",
        (2, 3),
    ),
    ("wide_and_long", add_column("成绩.xlsx", "七年级", "成绩", 90, 80), "成绩.xlsx", "七年级", "成绩", ()),
    ("missing_value", long_scores([YEAR, "", IDS[3], 90, ""]), "成绩.xlsx", "长表", "试卷编号", (2,)),
]


@pytest.mark.parametrize(
    ("key", "spoil", "file", "sheet", "column", "rows"),
    FAULTS,
    ids=[f"{fault[0]}-{number}" for number, fault in enumerate(FAULTS)],
)
def test_fault_is_told_once_with_its_place(
    district: District, key: str, spoil: Spoil, file: str, sheet: str, column: str, rows: tuple[int, ...]
) -> None:
    spoil(district)
    told = district.faults()
    faults = [fault for fault in told if fault.key == key]
    assert [(one.file, one.sheet, one.column, one.rows) for one in faults] == [(file, sheet, column, rows)]
    # One fault brings no second one in its own sheet.
    assert [fault.key for fault in told if (fault.file, fault.sheet) == (file, sheet)] == [key]
    text = "\n".join(fault.text(lang) for fault in told for lang in ("zh", "en"))
    assert not [cell for cell in (NAME, *IDS, WRONG_CHECK, "G12345", "150.5", "良好") if cell in text]


def test_all_faults_of_all_files_are_told_at_once(district: District) -> None:
    district.sheet("成绩.xlsx", "三年级")[1][4] = 101
    district.sheet("成绩.xlsx", "三年级")[1][5] = "良"
    district.sheet("学校.xlsx")[1][4] = "郊外"
    district.sheet("体质健康.xlsx")[1][4] = 0
    assert [(fault.file, fault.key) for fault in district.faults()] == [
        ("体质健康.xlsx", "out_of_range"),
        ("学校.xlsx", "unreadable_word"),
        ("成绩.xlsx", "unreadable_score"),
        ("成绩.xlsx", "above_full_mark"),
    ]


def test_rows_of_one_kind_are_one_fault(district: District) -> None:
    sheet = district.sheet("成绩.xlsx", "七年级")
    sheet[1][4], sheet[2][4] = 151, 200
    (fault,) = district.faults()
    assert fault.text("en") == (
        "成绩.xlsx, sheet 七年级, column 语文 (rows 2, 3): 2 scores above the full mark 150. "
        "Correct the scores, or the full mark among the papers."
    )


def test_own_school_code_of_wrong_form_is_a_fault(district: District) -> None:
    district.school_codes = "own"
    district.sheet("学校.xlsx")[1][1] = "一 小/东"
    keys = {fault.key for fault in district.faults() if fault.file == "学校.xlsx"}
    assert keys == {"school_code_form_own"}


def test_folder_without_files_is_a_fault(district: District) -> None:
    district.books = {}
    (fault,) = district.faults()
    assert fault.key == "no_files"


@pytest.mark.parametrize(
    ("file", "table"),
    [("学校.xlsx", "schools"), ("学生.xlsx", "pupils"), ("试卷.xlsx", "papers"), ("成绩.xlsx", "scores")],
)
def test_needed_table_that_is_not_there_is_one_fault(district: District, file: str, table: str) -> None:
    del district.books[file]
    (fault,) = district.faults()
    assert (fault.key, fault.fields["table"]) == ("missing_table", table)


@pytest.mark.parametrize("file", ["体质健康.xlsx", "教师.xlsx", "办学条件.xlsx"])
def test_other_tables_may_be_missing(district: District, file: str) -> None:
    del district.books[file]
    assert district.read().tables


def test_table_of_headers_alone_is_told_as_such(district: District) -> None:
    rows = district.sheet("试卷.xlsx")
    del rows[1:]
    (fault,) = district.faults()
    assert (fault.file, fault.key, fault.fields["table"]) == ("试卷.xlsx", "table_without_rows", "papers")


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_truncated_workbook_is_a_fault_that_names_the_file(district: District, kept: float) -> None:
    district.write()
    path = district.folder / "学生.xlsx"
    content = path.read_bytes()
    del district.books["学生.xlsx"]
    path.write_bytes(content[: int(kept * len(content))])
    (fault,) = district.faults()
    assert (fault.key, fault.file) == ("file_unreadable", "学生.xlsx")


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.csv", b"\xff\xfe\x00\x81\x30", "encoding_unknown"),
        ("a.csv", b'"open quote,1\n2', "file_cut_short"),
        ("a.parquet", b"PAR1 and nothing", "file_unreadable"),
        ("a.xls", b"\xd0\xcf\x11\xe0 broken", "file_unreadable"),
        ("a.ods", b"PK\x03\x04 broken", "file_unreadable"),
    ],
)
def test_unreadable_file_of_any_format_is_a_fault(
    district: District, name: str, content: bytes, key: str
) -> None:
    district.write()
    (district.folder / name).write_bytes(content)
    (fault,) = district.faults()
    assert (fault.key, fault.file) == (key, name)


def test_unrecognised_sheet_says_what_was_looked_for_and_what_came_nearest(district: District) -> None:
    district.books["学生.xlsx"]["名册"][1][1] = "学籍码号"
    district.books["学生.xlsx"]["名册"][1][4] = "学校的代码"
    (fault,) = district.faults()
    assert fault.key == "sheet_unrecognised"
    assert "学籍号、学校标识码、年级" in fault.text("zh")
    assert "学校代码" in fault.text("zh")
    assert "params/columns.yaml" in fault.text("zh")
    assert NAME not in fault.text("zh")


def test_sheet_without_headers_shows_none_of_its_cells(district: District) -> None:
    del district.books["学生.xlsx"]["名册"][:2]
    (fault,) = district.faults()
    assert fault.key == "sheet_unrecognised"
    assert not [cell for cell in (NAME, BIRTH, *IDS) if cell in fault.text("zh") + fault.text("en")]


def test_unknown_header_is_a_warning_with_the_nearest(district: District) -> None:
    add_column("学生.xlsx", "名册", "", *[""] * 6)(district)
    district.books["学生.xlsx"]["名册"][1][8] = "随迁子"
    (warning,) = district.read().warnings
    assert (warning.key, warning.column, warning.fields["near"]) == ("unused_column", "I", "随迁子女")


def test_fitness_of_an_unknown_pupil_is_a_warning(district: District) -> None:
    append("体质健康.xlsx", "体质健康", [YEAR, 13, pupil_id(50), "女", 130, "", "", "", ""])(district)
    (warning,) = district.read().warnings
    assert (warning.key, warning.rows) == ("fitness_without_pupil", (4,))


def test_hidden_sheet_and_foreign_file_are_warnings(district: District) -> None:
    district.write()
    with xlsxwriter.Workbook(district.folder / "附.xlsx") as book:
        book.add_worksheet("说明").write(0, 0, "填表说明")
        book.add_worksheet("旧表").hide()
    (district.folder / f"旧{FOREIGN[0]}").write_bytes(b"x")
    assert {warning.key for warning in district.read().warnings} == {"hidden_sheet", "format_not_read"}


def test_error_value_of_a_formula_is_a_fault_and_not_a_blank(district: District) -> None:
    rows = district.books.pop("成绩.xlsx")["七年级"]
    district.write()
    with xlsxwriter.Workbook(district.folder / "成绩.xlsx") as book:
        sheet = book.add_worksheet("七年级")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        sheet.write_formula(2, 4, "=NA()", None, "#N/A")
    (fault,) = district.faults()
    assert (fault.key, fault.sheet, fault.rows) == ("error_cells", "七年级", (3,))


@pytest.mark.parametrize(("file", "row"), [("学生.xlsx", 3), ("教师.xlsx", 1), ("办学条件.xlsx", 1)])
def test_row_without_its_year_is_a_fault_and_no_row_less(district: District, file: str, row: int) -> None:
    district.sheet(file)[row][0] = ""
    (fault,) = (one for one in district.faults() if one.key == "missing_value")
    assert (fault.file, fault.column, fault.rows) == (file, "学年", (row + 1,))
