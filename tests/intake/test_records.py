"""Competence, achievements, activities, survey and district as they are handed in."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from trial_district import IDS, NAME, PRIMARY, THROUGH, YEAR, District, pupil_id

from evalib.errors import Fault

pytestmark = pytest.mark.proof

WIDE: list[list[Any]] = [
    ["学年", "学籍号", "姓名", "品德等级", "品德写实记录数", "艺术等级", "劳动等级", "劳动时数"],
    [YEAR, IDS[0], NAME, "A", 4, "优", "良好", 36],
    [YEAR, IDS[1], NAME, "", "", "D", "C", 0],
    [YEAR, IDS[2], NAME, "", "", "", "", ""],
]
WORKS: list[list[Any]] = [
    ["学年", "成果编号", "学籍号", "学校标识码", "领域", "获奖级别", "获奖等次", "团队人数", "在白名单内"],
    [YEAR, "CG1", IDS[0], PRIMARY, "科技", "区级", "一等奖", 2, "是"],
    [YEAR, "CG1", IDS[1], PRIMARY, "科技", "区级", "一等奖", 2, "是"],
    [YEAR, "CG1", IDS[0], PRIMARY, "科技", "国家级", "优秀奖", 2, "是"],
    [YEAR, "CG1", IDS[1], PRIMARY, "科技", "国家级", "优秀奖", 2, "是"],
    [YEAR, "CG2", "", PRIMARY, "艺术", "校级", "三等奖", "", "否"],
]
ACTIVITIES: list[list[Any]] = [
    ["学年", "学籍号", "社团名称", "领域", "活动时数"],
    [YEAR, IDS[0], "合唱团", "艺术", 32],
    [YEAR, IDS[0], "足球社", "体育", 0],
    [YEAR, IDS[3], "合唱团", "艺术", ""],
]
SURVEY: list[list[Any]] = [
    [
        "学年",
        "调查对象",
        "调查项目",
        "学校标识码",
        "学段",
        "调查方式",
        "应调查人数",
        "发放问卷数",
        "有效问卷数",
        "满意人数",
        "平均分",
        "标准差",
    ],
    [YEAR, "学生", "学习适应", PRIMARY, "", "普查", 40, 40, 38, "", 3.9, 0.7],
    [YEAR, "家长", "满意度", THROUGH, "初中", "普查", 80, 80, 60, 55, "", ""],
    [YEAR, "公众", "满意度", "", "", "抽样", 5000, 300, 200, 180, "", ""],
]
FACTS: list[list[Any]] = [
    ["学年", "指标", "数值", "单位", "来源"],
    [YEAR, "教育支出占一般公共预算比例", 24.6, "%", "决算"],
    [YEAR, "教师培训经费占公用经费比例", "5.2%", "%", "决算"],
    [YEAR, "初中三年巩固率", "100.3%", "比例", "统计"],
    [YEAR, "维修改造资金", 2600, "万元", "决算"],
    [YEAR, "课程开齐开足", 1, "是否达到", "督导"],
    [YEAR, "无过重课业负担", "", "是否达到", "督导"],
]


def handed_in(district: District, name: str, rows: list[list[Any]], table: str) -> pd.DataFrame:
    district.books[f"{name}.xlsx"] = {name: [list(row) for row in rows]}
    return district.read().tables[table, YEAR]


def faults_of(district: District, name: str, rows: list[list[Any]]) -> tuple[Fault, ...]:
    district.books[f"{name}.xlsx"] = {name: [list(row) for row in rows]}
    return district.faults()


def told(faults: tuple[Fault, ...]) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(fault.key, fault.column, fault.rows) for fault in faults}


# competence


def test_a_sheet_with_a_column_an_area_becomes_a_row_a_pupil_and_area(district: District) -> None:
    rows = handed_in(district, "综合素质", WIDE, "competence")
    found = rows.fillna({"level": "-"}).groupby("area")["level"].agg(sorted).to_dict()
    assert found == {"moral": ["A"], "arts": ["A", "D"], "labour": ["B", "C"]}
    assert rows["pupil"].nunique() == 2
    assert rows["evidence"].dropna().tolist() == [4]


def test_no_hours_at_all_are_not_the_same_as_zero_hours(district: District) -> None:
    rows = handed_in(district, "综合素质", WIDE, "competence")
    assert sorted(rows[rows["area"].eq("labour")]["hours"]) == [0.0, 36.0]
    assert rows[rows["area"].eq("arts")]["hours"].isna().all()


def test_long_and_wide_competence_give_the_same_table(district: District) -> None:
    wide = handed_in(district, "综合素质", WIDE, "competence")
    long = [
        ["学年", "学籍号", "评价方面", "等级", "时数", "写实记录数"],
        [YEAR, IDS[1], "劳动", "合格", 0, ""],
        [YEAR, IDS[1], "艺术", "D", "", ""],
        [YEAR, IDS[0], "劳动", "B", "36", ""],
        [YEAR, IDS[0], "艺术", "优秀", "", ""],
        [YEAR, IDS[0], "品德", "A等", "", 4],
    ]
    pd.testing.assert_frame_equal(handed_in(district, "综合素质", long, "competence"), wide)


def test_a_fault_of_a_wide_sheet_stands_under_its_own_header(district: District) -> None:
    rows = [list(row) for row in WIDE]
    rows[1][7], rows[2][4], rows[2][5] = -3, -1, "甲"
    assert told(faults_of(district, "综合素质", rows)) == {
        ("out_of_range", "劳动时数", (2,)),
        ("out_of_range", "品德写实记录数", (3,)),
        ("unreadable_word", "艺术等级", (3,)),
    }


def test_a_column_of_the_long_form_beside_the_wide_one_is_a_fault(district: District) -> None:
    rows = [[*row, "等级" if row[0] == "学年" else "B"] for row in WIDE]
    assert [(fault.key, fault.column) for fault in faults_of(district, "综合素质", rows)] == [
        ("column_twice", "等级")
    ]


def test_a_pupil_twice_in_a_competence_sheet_is_told_once_a_row(district: District) -> None:
    rows = [*WIDE, [YEAR, IDS[0], NAME, "B", 4, "B", "B", 30]]
    assert {(key, rows) for key, _, rows in told(faults_of(district, "综合素质", rows))} == {
        ("duplicate_rows", (2, 5))
    }


@pytest.mark.parametrize(("name", "rows"), [("综合素质", WIDE), ("获奖", WORKS), ("社团", ACTIVITIES)])
def test_rows_of_pupils_nobody_knows_are_a_warning(
    district: District, name: str, rows: list[list[Any]]
) -> None:
    place = rows[0].index("学籍号")
    unknown = list(rows[1])
    unknown[place] = pupil_id(77)
    if name == "获奖":
        unknown[1] = "CG9"
    district.books[f"{name}.xlsx"] = {name: [*rows, unknown]}
    warnings = district.read().warnings
    assert [(one.key, one.rows) for one in warnings] == [("fitness_without_pupil", (len(rows) + 1,))]


# achievements and activities


def test_a_team_and_its_levels_are_rows_of_one_work(district: District) -> None:
    works = handed_in(district, "获奖", WORKS, "achievements")
    assert works["work"].nunique() == 2
    team = works[works["pupil"].notna()]
    assert team.groupby("level")["pupil"].nunique().to_dict() == {"district": 2, "nation": 2}
    assert team["place"].tolist().count("merit") == 2
    own = works[works["pupil"].isna()]
    assert own[["school_code", "stage", "level", "place"]].to_numpy().tolist() == [
        [PRIMARY, "primary", "school", "3"]
    ]
    assert own["team_size"].isna().all()


def test_names_of_works_and_activities_leave_no_trace(district: District) -> None:
    works = [list(row) for row in WORKS]
    works[0].append("成果名称")
    for row in works[1:]:
        row[1], row[3] = f"{NAME}的{row[1]}", PRIMARY
        row.append(f"{NAME}的发明")
    activities = [list(row) for row in ACTIVITIES]
    activities[1][2] = f"{NAME}书法社"
    district.books["获奖.xlsx"] = {"获奖": works}
    district.books["社团.xlsx"] = {"社团": activities}
    loaded = district.read()
    assert loaded.warnings == ()
    text = "".join(frame.to_csv() for frame in loaded.tables.values())
    assert NAME not in text
    assert loaded.tables["activities", YEAR]["activity"].str.fullmatch(r"[0-9a-f]{20}").all()


def test_the_same_activity_has_the_same_pseudonym_in_every_file(district: District) -> None:
    rows = handed_in(district, "社团", ACTIVITIES, "activities")
    assert rows["activity"].nunique() == 2
    assert rows["hours"].isna().sum() == 1
    assert rows["hours"].eq(0).sum() == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({2: ""}, {("duplicate_rows", "成果编号", (2, 3))}),
        ({2: "", 3: ""}, {("missing_value", "学籍号", (2,))}),
        ({2: "", 3: THROUGH}, {("missing_value", "学段", (2,))}),
        ({3: THROUGH}, {("score_other_school", "学校标识码", (2,))}),
        ({5: ""}, {("missing_value", "获奖级别", (2,))}),
        ({7: 1}, {("out_of_range", "团队人数", (2,))}),
        (
            {3: "2159999999"},
            {("school_not_listed", "学校标识码", (2,)), ("score_other_school", "学校标识码", (2,))},
        ),
        ({6: "第九"}, {("unreadable_word", "获奖等次", (2,))}),
    ],
)
def test_a_faulty_work_is_told_with_its_place(
    district: District, change: dict[int, Any], fault: set[tuple[str, str, tuple[int, ...]]]
) -> None:
    rows = [list(row) for row in WORKS]
    for place, value in change.items():
        rows[1][place] = value
    if change == {2: ""}:
        rows[2][2] = ""
    assert told(faults_of(district, "获奖", rows)) == fault


# survey and district


def test_a_survey_row_may_belong_to_a_section_or_to_the_district(district: District) -> None:
    rows = handed_in(district, "问卷", SURVEY, "survey")
    places = rows.set_index("respondent")[["school_code", "stage"]]
    assert places.loc["pupil"].tolist() == [PRIMARY, "primary"]
    assert places.loc["parent"].tolist() == [THROUGH, "junior"]
    assert places.loc["public"].isna().all()
    assert set(rows["item"]) == {"adaptation_learning", "satisfaction"}
    assert "weight" not in rows


@pytest.mark.parametrize(
    ("row", "place", "value", "fault"),
    [
        (1, 8, 41, ("out_of_range", "有效问卷数", (2,))),
        (2, 9, 61, ("out_of_range", "满意人数", (3,))),
        (3, 7, 5001, ("out_of_range", "发放问卷数", (4,))),
        (2, 4, "", ("missing_value", "学段", (3,))),
        (1, 2, "心情", ("unreadable_word", "调查项目", (2,))),
        (1, 11, -1, ("out_of_range", "标准差", (2,))),
    ],
)
def test_a_faulty_survey_row_is_told_with_its_place(
    district: District, row: int, place: int, value: Any, fault: tuple[str, str, tuple[int, ...]]
) -> None:
    rows = [list(one) for one in SURVEY]
    rows[row][place] = value
    assert told(faults_of(district, "问卷", rows)) == {fault}


def test_the_district_answers_twice_for_itself_is_a_fault(district: District) -> None:
    rows = [*SURVEY, list(SURVEY[3])]
    assert told(faults_of(district, "问卷", rows)) == {("duplicate_rows", "调查对象", (4, 5))}


def test_percent_and_ten_thousand_yuan_become_shares_and_yuan(district: District) -> None:
    rows = handed_in(district, "区级数据", FACTS, "district").set_index("fact")
    assert rows["value"].to_dict() == pytest.approx(
        {
            "education_budget_share": 0.246,
            "training_funds_share": 0.052,
            "junior_retention_share": 1.003,
            "repair_fund_yuan": 26_000_000,
            "full_curriculum": 1,
        }
    )
    assert set(rows["unit"]) == {"share", "yuan", "met"}


def test_a_fact_without_a_value_is_not_told_at_all(district: District) -> None:
    assert "no_overburden" not in set(handed_in(district, "区级数据", FACTS, "district")["fact"])


def test_an_unknown_fact_is_a_fault(district: District) -> None:
    rows = [*FACTS, [YEAR, "幸福指数", 5, "", ""]]
    assert told(faults_of(district, "区级数据", rows)) == {("unreadable_word", "指标", (8,))}


def test_a_table_of_facts_without_values_is_no_table(district: District) -> None:
    district.books["区级数据.xlsx"] = {"区级数据": [["学年", "指标"], [YEAR, "课程开齐开足"]]}
    assert ("district", YEAR) not in district.read().tables


# identities


@pytest.mark.parametrize(
    ("name", "rows", "place"),
    [
        ("综合素质", WIDE, 7),
        ("综合素质", WIDE, 4),
        ("获奖", WORKS, 7),
        ("社团", ACTIVITIES, 4),
        ("问卷", SURVEY, 10),
        ("区级数据", FACTS, 2),
        ("区级数据", FACTS, 4),
    ],
)
def test_a_pupils_number_in_any_kept_column_is_a_fault(
    district: District, name: str, rows: list[list[Any]], place: int
) -> None:
    rows = [list(row) for row in rows]
    rows[1][place] = IDS[0][1:18]
    faults = [one for one in faults_of(district, name, rows) if one.key == "identity_in_column"]
    assert [(one.column, one.rows) for one in faults] == [(rows[0][place], (2,))]
    assert IDS[0][1:18] not in "".join(one.text("zh") for one in faults)
