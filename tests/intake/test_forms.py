"""Every form in which a district hands in its tables, as a file on disk, and the values it must become."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
import yaml
from taken_in import PARAMS, faultless, faults_of, taken_in
from trial_district import BIRTH, IDS, NAME, PRIMARY, THROUGH, YEAR, District, pupil_id
from written import FORMATS, ods, xls, xlsx

from evalib.intake.pseudonyms import FIXED_KEY, Identities

PSEUDONYMS = Identities(FIXED_KEY).pseudonyms(pd.Series(IDS, dtype="str"), "pupil").tolist()
PAPERS = [
    ["学年", "年级", "学科", "满分", "合格线"],
    [YEAR, "三年级", "语文", 100, 0.6],
    [YEAR, "三年级", "数学", 100, "60%"],
]
GRADE_THREE = [
    ["学年", "学校标识码", "学籍号", "姓名", "语文", "数学"],
    [YEAR, PRIMARY, IDS[0], NAME, 88.5, 0],
    [YEAR, PRIMARY, IDS[1], NAME, "缺考", "作弊"],
    [YEAR, PRIMARY, IDS[2], NAME, "免考", ""],
]
# By paper and pupil, what each of the sheets of marks below must become.
MARKS = {
    ("3-chinese", 0): (88.5, "present"),
    ("3-mathematics", 0): (0.0, "present"),
    ("3-chinese", 1): (None, "absent"),
    ("3-mathematics", 1): (None, "voided"),
    ("3-chinese", 2): (None, "exempt"),
}


def marks_of(scores: pd.DataFrame) -> dict[tuple[str, int], tuple[float | None, str]]:
    return {
        (paper, PSEUDONYMS.index(pupil)): (None if pd.isna(score) else score, sat)
        for paper, pupil, score, sat in scores[["paper", "pupil", "score", "sat"]].itertuples(index=False)
    }


def marks(folder: Path, rows: list[list[Any]], merged: Any = ()) -> Any:
    """What a sheet of marks of grade 3 becomes, beside its papers; it has no fault."""
    xlsx(folder / "试卷.xlsx", PAPERS)
    xlsx(folder / "成绩.xlsx", rows, merged, "三年级")
    return marks_of(faultless(folder / "试卷.xlsx", folder / "成绩.xlsx")["scores"])


def column(folder: Path, rows: list[list[Any]], name: str) -> list[Any]:
    """One clean column of a sheet without faults, in the order of its rows."""
    xlsx(folder / "一.xlsx", rows)
    (table,) = faultless(folder / "一.xlsx").values()
    return [None if pd.isna(value) else value for value in table[name]]


def faults(folder: Path, rows: list[list[Any]]) -> list[tuple[str, str, tuple[int, ...]]]:
    xlsx(folder / "一.xlsx", rows)
    return faults_of(folder / "一.xlsx")


def pupils(grades: list[Any], code: Any = PRIMARY) -> list[list[Any]]:
    rows = [[YEAR, pupil_id(place), code, grade, "1班"] for place, grade in enumerate(grades)]
    return [["学年", "学籍号", "学校标识码", "年级", "班级"], *rows]


def runs(typed: list[Any]) -> list[list[Any]]:
    rows = [[YEAR, pupil_id(place), 150, one] for place, one in enumerate(typed)]
    return [["学年", "学籍号", "身高", "1000米跑"], *rows]


def facts(*rows: list[Any]) -> list[list[Any]]:
    return [["学年", "指标", "数值", "单位"], *([YEAR, *row] for row in rows)]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_right_values(district: District, form: str) -> None:
    suffix, write = FORMATS[form]
    del district.books["学生.xlsx"]["名册"][0]
    district.folder.mkdir(parents=True)
    for file, sheets in district.books.items():
        for sheet, rows in sheets.items():
            write(district.folder / f"{Path(file).stem}-{sheet}{suffix}", rows)
    district.books = {}
    tables = district.read().tables
    assert marks_of(tables["scores", YEAR]) == {
        **MARKS,
        ("7-chinese", 3): (120.0, "present"),
        ("7-chinese", 4): (99.0, "present"),
    }
    roll = tables["pupils", YEAR].set_index("pupil").loc[PSEUDONYMS[:5]]
    assert roll["grade"].tolist() == [3, 3, 3, 7, 7]
    assert roll["school_code"].tolist() == [PRIMARY, PRIMARY, PRIMARY, THROUGH, THROUGH]
    measured = tables["fitness", YEAR].set_index("pupil")
    assert measured.loc[PSEUDONYMS[0], "sit_and_reach_cm"] == -3.5
    assert measured.loc[PSEUDONYMS[3], ["pull_ups", "run_1000m_s"]].tolist() == [0.0, 245.0]
    assert tables["resources", YEAR]["equipment_yuan"].tolist() == [125000.0]
    assert tables["papers", YEAR]["pass_cut"].tolist() == [0.6, 0.6, 0.6]


def test_files_may_lie_in_folders_and_differ_in_format(district: District) -> None:
    suffix, write = FORMATS["gb18030"]
    below = district.folder / "2024-2025" / "教务"
    below.mkdir(parents=True)
    write(below / f"学生{suffix}", district.books.pop("学生.xlsx")["名册"])
    xls(below / "试卷.xls", district.books.pop("试卷.xlsx")["试卷"])
    ods(below / "学校.ods", district.books.pop("学校.xlsx")["学校"])
    tables = district.read().tables
    assert [len(tables[name, YEAR]) for name in ("pupils", "papers", "schools", "scores")] == [5, 3, 3, 7]


def test_one_long_sheet_of_all_grades_is_a_sheet_a_grade(tmp_path: Path) -> None:
    header, *rows = GRADE_THREE
    words = ("三年级", "小三", 13)
    sheet = [[*header, "年级"], *([*row, word] for row, word in zip(rows, words, strict=True))]
    assert marks(tmp_path, sheet) == MARKS


def test_marks_may_stand_one_in_a_row(tmp_path: Path) -> None:
    rows = [
        [YEAR, row[2], subject, row[place]]
        for row in GRADE_THREE[1:]
        for place, subject in ((4, "语文"), (5, "数学"))
    ]
    assert marks(tmp_path, [["学年", "学籍号", "学科", "成绩"], *rows]) == MARKS


def test_subjects_over_marks_and_levels_are_a_header_of_two_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["示例区2024—2025学年三年级期末成绩", "", "", "", "", "", ""],
        ["学籍号", "姓名", "语文", "", "数学", "", "总分"],
        ["", "", "成绩", "等级", "成绩", "等级", ""],
        [IDS[0], NAME, 88.5, "A", 0, "D", 88.5],
        [IDS[1], NAME, "缺考", "", "作弊", "", ""],
        [IDS[2], NAME, "免考", "", "", "", ""],
    ]
    down = [(1, place, 2, place) for place in (0, 1, 6)]
    across = [(0, 0, 0, 6), (1, 2, 1, 3), (1, 4, 1, 5)]
    assert marks(tmp_path, rows, [*down, *across]) == MARKS


@pytest.mark.parametrize("suffix", [".ods", ".xls", ".csv"])
def test_header_of_two_rows_needs_no_merged_cells(tmp_path: Path, suffix: str) -> None:
    rows = [
        ["学年", "学籍号", "年级", "语文", "", "数学", ""],
        ["", "", "", "成绩", "等级", "成绩", "等级"],
        [YEAR, IDS[0], "三年级", 88.5, "A", 0, "D"],
        [YEAR, IDS[1], "三年级", "缺考", "", "作弊", ""],
        [YEAR, IDS[2], "三年级", "免考", "", "", ""],
    ]
    xlsx(tmp_path / "试卷.xlsx", PAPERS)
    path = tmp_path / f"成绩{suffix}"
    {".ods": ods, ".xls": xls, ".csv": FORMATS["gb18030"][1]}[suffix](path, rows)
    assert marks_of(faultless(tmp_path / "试卷.xlsx", path)["scores"]) == MARKS


def test_header_may_have_three_rows(tmp_path: Path) -> None:
    rows = [
        ["学籍信息", "", "学业成绩", "", "", ""],
        ["学年", "学籍号", "语文", "", "数学", ""],
        ["", "", "成绩", "等级", "成绩", "等级"],
        [YEAR, IDS[0], 88.5, "A", 0, "D"],
        [YEAR, IDS[1], "缺考", "", "作弊", ""],
        [YEAR, IDS[2], "免考", "", "", ""],
    ]
    merged = [(0, 0, 0, 1), (0, 2, 0, 5), (1, 2, 1, 3), (1, 4, 1, 5), (1, 0, 2, 0), (1, 1, 2, 1)]
    assert marks(tmp_path, rows, merged) == MARKS


def test_cell_merged_over_the_rows_of_a_school_counts_for_each(tmp_path: Path) -> None:
    rows = [list(row) for row in GRADE_THREE]
    for row in rows[2:]:
        row[0] = row[1] = ""
    xlsx(tmp_path / "成绩.xlsx", rows, [(1, 0, 3, 0), (1, 1, 3, 1)], "三年级")
    scores = faultless(tmp_path / "成绩.xlsx")["scores"]
    assert (set(scores["school_code"]), set(scores["year"]), len(scores)) == ({PRIMARY}, {YEAR}, 5)


def test_mark_merged_over_two_pupils_is_a_fault_and_no_guess(tmp_path: Path) -> None:
    rows = [list(row) for row in GRADE_THREE]
    rows[2][4] = ""
    xlsx(tmp_path / "成绩.xlsx", rows, [(1, 4, 2, 4)], "三年级")
    assert faults_of(tmp_path / "成绩.xlsx") == [("merged_cells", "语文", (2, 3))]


def test_totals_means_remarks_and_repeated_headers_are_no_pupils(tmp_path: Path) -> None:
    header, *rows = GRADE_THREE
    sheet = [
        ["示例一小成绩单", "", "", "", "", ""],
        header,
        rows[0],
        ["小计", "", "", "", 88.5, 0],
        header,
        *rows[1:],
        ["合　计", "", "", "", 88.5, 0],
        ["", "", "平均分", "", 29.5, 0],
        [""] * 6,
        ["备注：缺考须附说明", "", "", "", "", ""],
        ["填表人：", "", "", "审核人：", "", ""],
    ]
    assert marks(tmp_path, sheet) == MARKS


def test_full_width_blanks_and_line_breaks_change_nothing(tmp_path: Path) -> None:
    header = [" 学　年 ", "学校\n标识码", "学 籍 号＊", "姓\r\n名", "语文\n成绩", "数 学"]
    rows = [list(row) for row in GRADE_THREE[1:]]
    rows[0] = [
        "２０２４－２０２５学年",
        "２１５０００００01",
        f" {IDS[0][:7]} {IDS[0][7:]}\n",
        NAME,
        "８８．５",
        "０",
    ]
    rows[1][4] = " 缺 考 "
    assert marks(tmp_path, [header, *rows]) == MARKS


def test_numbers_stored_as_text_and_codes_stored_as_numbers(tmp_path: Path) -> None:
    sheet = [list(row) for row in GRADE_THREE]
    for row in sheet[1:]:
        row[1] = float(row[1])
    sheet[1][4:] = ["88.50", "0.0"]
    assert marks(tmp_path, sheet) == MARKS
    assert column(tmp_path, pupils([3, 3.0, "3"], 2150000001.0), "school_code") == [PRIMARY] * 3
    assert column(tmp_path, pupils([3, 3.0, "3"]), "grade") == [3, 3, 3]


def test_pupils_number_that_lost_digits_is_a_fault(tmp_path: Path) -> None:
    sheet = pupils([3, 3, 3])
    sheet[1][1], sheet[2][1] = 2.15e18, 110105194912310021.0
    assert faults(tmp_path, sheet) == [("unreadable_pupil", "学籍号", (2, 3))]


@pytest.mark.parametrize("code", [215000000.0, "21500000011", "2.15E+09", "2150000001.0", 21500000010.0])
def test_school_code_of_another_length_is_a_fault(tmp_path: Path, code: Any) -> None:
    assert faults(tmp_path, pupils([3], code)) == [("school_code_form_national", "学校标识码", (2,))]


@pytest.mark.parametrize(
    ("typed", "shares"),
    [
        ([0.6, 0.55, 0.5], [0.6, 0.55, 0.5]),
        ([60, 55, 50], [0.6, 0.55, 0.5]),
        (["60%", "55％", "50.0 %"], [0.6, 0.55, 0.5]),
        (["60%", 0.55, "0.5"], [0.6, 0.55, 0.5]),
        (["60%", 55, "５０"], [0.6, 0.55, 0.5]),
        ([1, "100%", 1.0], [1.0, 1.0, 1.0]),
        ([0, 60, ""], [0.0, 0.6, None]),
    ],
)
def test_share_is_right_however_it_is_written(
    tmp_path: Path, typed: list[Any], shares: list[float | None]
) -> None:
    rows = [[YEAR, grade, "语文", one] for grade, one in zip((3, 4, 5), typed, strict=True)]
    found = column(tmp_path, [["学年", "年级", "学科", "合格线"], *rows], "pass_cut")
    assert found == [None if one is None else pytest.approx(one) for one in shares]


@pytest.mark.parametrize("typed", [[0.6, 60, 60], [1, 60, 60], ["0.6", "60%", 55]])
def test_share_that_could_be_either_is_a_fault(tmp_path: Path, typed: list[Any]) -> None:
    rows = [[YEAR, grade, "语文", one] for grade, one in zip((3, 4, 5), typed, strict=True)]
    sheet = [["学年", "年级", "学科", "合格线"], *rows]
    assert faults(tmp_path, sheet) == [("share_ambiguous", "合格线", (2,))]


def test_figures_of_the_district_are_kept_in_one_unit(tmp_path: Path) -> None:
    sheet = facts(
        ["教师持证上岗率", 95, "%"],
        ["教师持证上岗率", "95%", "%"],
        ["教师持证上岗率", 0.95, "比例"],
        ["教师持证上岗率", "９５", "百分比"],
        ["维修改造资金", "125,000", "元"],
    )
    assert column(tmp_path, sheet, "value") == pytest.approx([0.95] * 4 + [125000.0])
    assert column(tmp_path, sheet, "unit") == ["share"] * 4 + ["yuan"]


def test_ten_thousand_yuan_of_the_district_are_converted_and_told(tmp_path: Path) -> None:
    sheet = facts(
        ["维修改造资金", 12.5, "万元"], ["维修改造资金", "125,000", "元"], ["维修改造资金", 0, "万元"]
    )
    xlsx(tmp_path / "一.xlsx", sheet)
    tables, told = taken_in(tmp_path / "一.xlsx")
    assert tables["district"]["value"].tolist() == [125000.0, 125000.0, 0.0]
    assert set(tables["district"]["unit"]) == {"yuan"}
    assert [(one.key, one.rows, one.warning) for one in told] == [("fact_converted", (2, 4), True)]


@pytest.mark.parametrize(("value", "unit"), [(0.95, "%"), (95, "比例"), ("95%", "万元")])
def test_figure_whose_unit_cannot_be_meant_is_a_fault(tmp_path: Path, value: Any, unit: str) -> None:
    told = faults(tmp_path, facts(["教师持证上岗率", value, unit]))
    assert {rows for _, _, rows in told} == {(2,)}


@pytest.mark.parametrize(
    ("line", "header", "yuan"),
    [
        ("单位：万元", "教学仪器设备值", 125000.0),
        ("（单位: 元）", "教学仪器设备值", 12.5),
        ("", "教学仪器设备值（万元）", 125000.0),
        ("", "教学仪器设备值\n(元)", 12.5),
        ("单位：元", "教学仪器设备值（万元）", 125000.0),
        ("单位：万元", "教学仪器设备值（元）", 12.5),
    ],
)
def test_money_is_kept_in_yuan(tmp_path: Path, line: str, header: str, yuan: float) -> None:
    sheet = [
        ["办学条件一览表", "", "", line, ""],
        ["学年", "学校标识码", "学段", header, "班级数"],
        [YEAR, PRIMARY, "小学", 12.5, 2],
    ]
    assert column(tmp_path, sheet, "equipment_yuan") == [yuan]
    assert column(tmp_path, sheet, "classes") == [2]


def test_money_without_a_unit_is_a_fault(tmp_path: Path) -> None:
    sheet = [["学年", "学校标识码", "学段", "教学仪器设备值", "班级数"], [YEAR, PRIMARY, "小学", 12.5, 2]]
    assert faults(tmp_path, sheet) == [("unit_unsaid", "D", ())]
    # Even where nothing else tells that these are resources.
    assert faults(tmp_path, [row[:4] for row in sheet]) == [("unit_unsaid", "D", ())]


def test_truth_value_beside_a_one_is_no_number(tmp_path: Path) -> None:
    sheet = [["学年", "学籍号", "身高", "引体向上"]]
    sheet += [[YEAR, pupil_id(place), 150, one] for place, one in enumerate([1, True, 1.0, "1"])]
    assert faults(tmp_path, sheet) == [("unreadable_number", "引体向上", (3,))]


def test_run_in_every_spelling_is_kept_in_seconds(tmp_path: Path) -> None:
    typed = [
        "4'05\"",
        "4′05″",
        "4’05”",
        "4:05",
        "4：05",
        "4分05秒",
        "4分5秒",
        4.05,
        "4.05",
        245,
        "245",
        "２４５",
    ]
    assert column(tmp_path, runs([*typed, "", "—"]), "run_1000m_s") == [245.0] * len(typed) + [None, None]
    assert (
        column(tmp_path, runs(["3'45\"", "3′45″", "3:45", 3.45, "3.45", 225]), "run_1000m_s") == [225.0] * 6
    )


def test_run_that_a_spreadsheet_took_for_a_time_is_kept_in_seconds(tmp_path: Path) -> None:
    times = {
        datetime.time(0, 4, 5): "mm:ss",
        datetime.time(4, 5): "h:mm",
        datetime.timedelta(minutes=4, seconds=5): "[mm]:ss",
    }
    with xlsxwriter.Workbook(tmp_path / "一.xlsx") as book:
        sheet = book.add_worksheet("体质健康")
        for place, row in enumerate(runs([""] * len(times))):
            sheet.write_row(place, 0, row)
        for place, (time, shown) in enumerate(times.items(), 1):
            sheet.write_datetime(place, 3, time, book.add_format({"num_format": shown}))
    assert faultless(tmp_path / "一.xlsx")["fitness"]["run_1000m_s"].tolist() == [245.0] * 3


def test_run_that_is_no_time_is_a_fault(tmp_path: Path) -> None:
    typed = [4.05, "4'65\"", 4.75, "快", "4'05\"3'"]
    assert faults(tmp_path, runs(typed)) == [("unreadable_minutes", "1000米跑", (3, 4, 5, 6))]


def test_grade_in_every_spelling(tmp_path: Path) -> None:
    three = ["三年级", "小三", "3", 3, 3.0, "３年级", "小学三年级", 13, "13"]
    seven = ["七年级", "初一", "7", 7, "初中一年级", "初一年级", 21, "21", "7年级"]
    assert column(tmp_path, pupils(three), "grade") == [3] * len(three)
    assert column(tmp_path, pupils(seven), "grade") == [7] * len(seven)


def test_grade_that_is_none_is_a_fault(tmp_path: Path) -> None:
    typed = ["三年级", "十年级", "高一", "2024", 31, "三", "大班"]
    assert faults(tmp_path, pupils(typed)) == [("unreadable_grade", "年级", (3, 4, 5, 6, 7, 8))]


def test_sex_is_a_word_or_the_code_of_the_national_standard(tmp_path: Path) -> None:
    sheet = [
        [*row, sex] for row, sex in zip(pupils([3] * 5), ["性别", "男", "女生", 1, "2", ""], strict=True)
    ]
    assert column(tmp_path, sheet, "sex") == ["male", "female", "male", "female", None]
    sheet[1][-1] = 0
    assert faults(tmp_path, sheet) == [("unreadable_word", "性别", (2,))]


def test_national_fitness_sheet_is_read_as_it_is(tmp_path: Path) -> None:
    header = yaml.safe_load((PARAMS / "tables.yaml").read_text("utf-8"))["national_fitness"]
    assert len(header) == 21
    rows = [
        (
            *(13, 1, "三年级1班", IDS[0], "01", NAME, 1, "2015-09-31", "示例路1号"),
            *(131.5, 28.4, 1650, 10.2, -3.5, 105, 0, "", "", "", "", ""),
        ),
        (
            *(21, 2, "七年级2班", IDS[3], "02", NAME, 1, int(BIRTH), "示例路2号"),
            *("158", "45.0", "2900", "8.7", "6", "", "", "", "185", "", "4.05", "0"),
        ),
        (
            *(21, 2, "七年级2班", IDS[4], "01", NAME, 2, "", ""),
            *(155, 43, 2400, 9.5, 12, "", 32, "1'48\"", 160, "3'58\"", "", ""),
        ),
    ]
    path = tmp_path / f"体质健康-{YEAR}.xlsx"
    xlsx(path, [header, *rows])
    measured = faultless(path)["fitness"].set_index("pupil")
    assert set(measured["year"]) == {YEAR}
    items = [name for name in measured if name.endswith(("_cm", "_kg", "_ml", "_s", "_ups", "_jumps"))]
    first, second, third = (measured.loc[PSEUDONYMS[place], items].dropna().to_dict() for place in (0, 3, 4))
    body = {"height_cm": 131.5, "weight_kg": 28.4, "lung_capacity_ml": 1650, "run_50m_s": 10.2}
    assert first == {**body, "sit_and_reach_cm": -3.5, "rope_jumps": 105, "sit_ups": 0}
    body = {"height_cm": 158, "weight_kg": 45, "lung_capacity_ml": 2900, "run_50m_s": 8.7}
    body |= {"sit_and_reach_cm": 6, "standing_jump_cm": 185}
    assert second == {**body, "run_1000m_s": 245, "pull_ups": 0}
    assert (third["run_800m_s"], third["shuttle_run_s"], third["sit_ups"]) == (238, 108, 32)
    assert not [one for one in (NAME, BIRTH, "示例路", *IDS) if one in measured.to_csv()]


def test_zero_is_a_value_and_a_dash_or_blank_is_none(tmp_path: Path) -> None:
    typed = [0, "０", "0.0", "", " ", "—", "-", "/", None]
    rows = [[YEAR, pupil_id(place), one] for place, one in enumerate(typed)]
    sheet = [["学年", "学籍号", "引体向上", "身高"], *([*row, 150] for row in rows)]
    assert column(tmp_path, sheet, "pull_ups") == [0, 0, 0, *[None] * 6]


def test_marks_of_zero_absence_and_blanks_are_three_things(tmp_path: Path) -> None:
    sheet = [["学年", "学籍号", "语文"], [YEAR, IDS[0], 0], [YEAR, IDS[1], "缺考"], [YEAR, IDS[2], ""]]
    found = marks(tmp_path, sheet)
    assert found == {("3-chinese", 0): (0.0, "present"), ("3-chinese", 1): (None, "absent")}


def test_unreadable_year_of_a_mark_is_told_once(tmp_path: Path) -> None:
    xlsx(tmp_path / "试卷.xlsx", PAPERS)
    xlsx(tmp_path / "成绩.xlsx", [*GRADE_THREE[:3], ["2024-2026", *GRADE_THREE[3][1:]]], (), "三年级")
    _, told = taken_in(tmp_path / "试卷.xlsx", tmp_path / "成绩.xlsx")
    assert [(fault.key, fault.rows) for fault in told] == [("unreadable_year", (4,))]
