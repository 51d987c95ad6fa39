"""Identities that stand where nobody expects them: in codes, headers, names of files, free text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from trial_district import BIRTH, IDS, NAME, PRIMARY, YEAR, District, pupil_id

from evalib.errors import LONGEST_NAME, Fault
from evalib.intake.load import load

pytestmark = pytest.mark.proof

PERSON = IDS[0][1:]


def told(faults: tuple[Fault, ...]) -> str:
    return "\n".join(fault.text(lang) for fault in faults for lang in ("zh", "en"))


def add_column(rows: list[list[Any]], header: str, *values: Any) -> None:
    for row, value in zip(rows, (header, *values), strict=True):
        row.append(value)


# messages


@pytest.mark.parametrize("pasted", [NAME, IDS[1], PERSON, "x\u202ey", "长" * 10_000])
def test_paper_code_that_is_not_listed_is_not_repeated(district: District, pasted: str) -> None:
    district.books["成绩.xlsx"] = {
        "长表": [["学年", "试卷编号", "学籍号", "成绩"], [YEAR, pasted, IDS[3], 90]]
    }
    faults = district.faults()
    assert {fault.key for fault in faults} <= {"paper_not_listed", "identity_in_column", "text_not_allowed"}
    assert [fault.rows for fault in faults] == [(2,)]
    assert pasted not in told(faults)


def test_paper_that_is_missing_is_named_by_year_grade_and_subject(district: District) -> None:
    add_column(district.sheet("成绩.xlsx", "七年级"), "英语", 90, "")
    (fault,) = district.faults()
    assert fault.fields["papers"] == f"{YEAR} 七年级 英语"


@pytest.mark.parametrize("header", [f"{NAME}{IDS[0]}", "长" * 10_000, "备\u202e注栏", f"{NAME}\x1b[31m"])
def test_unknown_header_is_named_by_its_letter_alone(district: District, header: str) -> None:
    add_column(district.sheet("学生.xlsx")[1:], header, *"12345")
    (warning,) = district.read().warnings
    assert (warning.key, warning.column) == ("unused_column", "I")
    text = told((warning,))
    assert header not in text
    assert NAME not in text
    assert "\u202e" not in text
    assert len(text) < 500


def test_header_that_comes_twice_names_the_first_by_its_letter(district: District) -> None:
    rows = district.sheet("学生.xlsx")[1:]
    add_column(rows, "学籍号" + " " * 10_000 + "＊", *(row[1] for row in rows[1:]))
    (fault,) = district.faults()
    assert (fault.key, fault.fields["other"]) == ("column_twice", "B")
    assert len(told((fault,))) < 300


def test_column_beyond_z_has_two_letters(district: District) -> None:
    rows = district.sheet("学生.xlsx")[1:]
    for _ in range(19):
        add_column(rows, "", *[""] * 5)
    add_column(rows, "不认识的列", *"12345")
    (warning,) = district.read().warnings
    assert warning.column == "AB"


@pytest.mark.parametrize(
    "number", [PERSON, IDS[0], "13800000000", "1101 0519".replace(" ", "\u200b") + "491231002X"]
)
def test_long_numbers_in_names_of_files_and_sheets_are_masked(number: str) -> None:
    text = told((Fault(f"{number}的表.xlsx", "file_unreadable", sheet=f"表{number}"),))
    digits = [character for character in number if character.isdigit()]
    assert number not in text
    assert "".join(digits)[:6] not in text
    assert "***的表.xlsx" in text
    assert re.search(r"表G?\*\*\*", text)


def test_school_year_in_the_name_of_a_file_is_no_identity() -> None:
    assert "成绩2024-2025.xlsx" in told((Fault("成绩2024-2025.xlsx", "file_unreadable"),))


def test_names_of_files_and_sheets_are_short_and_safe_to_print() -> None:
    text = Fault("甲\u202e乙\x1b[31m\n.xlsx", "hidden_sheet", sheet="丙" * 10_000).text("en")
    assert not {"\u202e", "\x1b", "\n"} & set(text)
    assert "丙" * (LONGEST_NAME - 1) + "…" in text
    assert "丙" * LONGEST_NAME not in text


# the store


@pytest.mark.parametrize(
    ("file", "header", "row"),
    [
        ("学生.xlsx", "班级", 3),
        ("学生.xlsx", "社会经济地位", 3),
        ("学校.xlsx", "学校名称", 2),
        ("学校.xlsx", "特色称号", 2),
        ("学校.xlsx", "教育集团代码", 2),
        ("试卷.xlsx", "试卷编号", 2),
        ("成绩.xlsx", "语文", 2),
        ("教师.xlsx", "培训学时", 2),
        ("办学条件.xlsx", "班级数", 2),
    ],
)
@pytest.mark.parametrize(
    "typed", [PERSON[:17] + "5", f" {PERSON[:6]} {PERSON[6:17]}5", PERSON[:15], float(PERSON[:17] + "0")]
)
def test_identity_in_any_kept_column_is_a_fault(
    district: District, file: str, header: str, row: int, typed: Any
) -> None:
    rows = district.sheet(file)
    rows = rows[next(k for k, cells in enumerate(rows) if "学年" in cells) :]
    if header not in rows[0]:
        add_column(rows, header, *[""] * (len(rows) - 1))
    rows[1][rows[0].index(header)] = typed
    faults = [fault for fault in district.faults() if fault.file == file]
    assert [(fault.key, fault.column, fault.rows) for fault in faults] == [
        ("identity_in_column", header, (row,))
    ]
    assert PERSON[:10] not in told(tuple(faults))


@pytest.mark.parametrize("letter", ["", "G", "L", "班"])
def test_identity_is_found_behind_a_letter_and_in_other_digits(district: District, letter: str) -> None:
    district.sheet("学生.xlsx")[2][6] = letter + PERSON[:17].translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    )
    assert [fault.key for fault in district.faults()] == ["identity_in_column"]


def test_number_with_many_decimals_is_no_identity(district: District) -> None:
    add_column(district.sheet("学生.xlsx")[1:], "社会经济地位", "0.333333333333333333", *[-1.25] * 4)
    assert district.read().tables["pupils", YEAR]["ses"].max() == pytest.approx(1 / 3)


@pytest.mark.parametrize("header", ["职称", "学历", "骨干层级"])
def test_name_among_the_words_of_teachers_is_a_fault_and_is_not_repeated(
    district: District, header: str
) -> None:
    add_column(district.sheet("教师.xlsx"), header, NAME, "")
    (fault,) = district.faults()
    assert (fault.key, fault.column, fault.rows) == ("unreadable_word", header, (2,))
    assert NAME not in told((fault,))


def test_titles_and_degrees_of_teachers_are_words_of_the_list(district: District) -> None:
    add_column(district.sheet("教师.xlsx"), "职称", "副高级", "小学高级教师")
    add_column(district.sheet("教师.xlsx"), "学历", "大学本科", "大专")
    teachers = district.read().tables["teachers", YEAR]
    assert set(teachers["title"]) == {"高级教师", "一级教师"}
    assert set(teachers["degree"]) == {"本科", "专科"}


def with_classes(district: District, classes: list[str], grades: list[str]) -> None:
    rows = district.sheet("学生.xlsx")
    for number, (name, grade) in enumerate(zip(classes, grades, strict=True)):
        rows.append([YEAR, pupil_id(100 + number), NAME, BIRTH, PRIMARY, grade, name, ""])


def test_names_in_the_column_of_classes_are_a_fault(district: District) -> None:
    with_classes(district, [f"欧阳{chr(0x4E00 + k)}" for k in range(20)], ["三年级"] * 20)
    district.write()
    faults = district.faults()
    assert [(fault.key, fault.column, len(fault.rows)) for fault in faults] == [
        ("class_per_pupil", "班级", 25)
    ]
    assert "欧阳" not in told(faults)
    assert not district.store.exists


def test_names_as_classes_are_found_over_several_sheets(district: District) -> None:
    with_classes(district, [f"欧阳{chr(0x4E00 + k)}" for k in range(20)], ["三年级"] * 20)
    _, header, *rows = district.sheet("学生.xlsx")
    district.books["学生.xlsx"] = {"甲": [header, *rows[:13]], "乙": [header, *rows[13:]]}
    assert [(fault.key, fault.sheet) for fault in district.faults()] == [
        ("class_per_pupil", "乙"),
        ("class_per_pupil", "甲"),
    ]


def test_names_as_classes_of_one_sheet_are_found_in_a_large_table(district: District) -> None:
    with_classes(district, ["1班"] * 60, ["四年级"] * 60)
    header = district.sheet("学生.xlsx")[1]
    named = [
        [YEAR, pupil_id(300 + k), NAME, BIRTH, PRIMARY, "五年级", f"欧阳{chr(0x4E00 + k)}", ""]
        for k in range(25)
    ]
    district.books["学生.xlsx"]["五年级"] = [header, *named]
    (fault,) = district.faults()
    assert (fault.key, fault.sheet, len(fault.rows)) == ("class_per_pupil", "五年级", 25)


def test_many_small_classes_of_usual_names_are_no_fault(district: District) -> None:
    grades = [f"{grade}年级" for grade in "一二三四五六"]
    with_classes(district, [f"{k % 3 + 1}班" for k in range(18)], [grades[k // 3] for k in range(18)])
    assert len(district.read().tables["pupils", YEAR]) == 23


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"])
def test_school_code_has_the_usual_digits(district: District, digits: str) -> None:
    other = PRIMARY.translate(str.maketrans("0123456789", digits))
    district.sheet("学校.xlsx").append([YEAR, other, "小学", "示例二小", "城区"])
    (fault,) = district.faults()
    assert (fault.key, fault.rows) == ("school_code_form_national", (5,))


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"])
@pytest.mark.parametrize("year", [YEAR, "2024学年"])
def test_pupil_number_and_year_have_the_usual_digits(district: District, digits: str, year: str) -> None:
    other = str.maketrans("0123456789", digits)
    number = IDS[5][:-1].translate(other) + IDS[5][-1]
    district.sheet("学生.xlsx").append([YEAR, number, NAME, BIRTH, PRIMARY, "三年级", "1班", ""])
    district.sheet("试卷.xlsx").append([year.translate(other), "三年级", "英语", 100, "是", 0.6])
    assert [fault.key for fault in district.faults()] == ["pupil_id_form", "unreadable_year"]


def test_district_without_planted_identities_loads(district: District) -> None:
    district.write()
    assert load(district.settings, district.store).warnings == ()
