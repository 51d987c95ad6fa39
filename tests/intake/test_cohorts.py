from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from taken_in import faultless, faults_of
from trial_district import PRIMARY, THROUGH, YEAR, pupil_id
from written import xlsx

from evalib.intake.cohorts import are_cohorts, possible_grades

SCHOOLS = [
    ["学年", "学校标识码", "学段", "学校名称"],
    [YEAR, PRIMARY, "小学", "示例一小"],
    [YEAR, THROUGH, "小学", "示例九年一贯制学校"],
    [YEAR, THROUGH, "初中", "示例九年一贯制学校"],
]


def roll(folder: Path, *rows: tuple[str, Any], title: str = "名册", stage: str = "") -> tuple[Path, Path]:
    """Files of the schools and of one pupil for each school and grade as typed."""
    sheet = [[YEAR, pupil_id(place), code, grade, "1班", stage] for place, (code, grade) in enumerate(rows)]
    xlsx(folder / "学校.xlsx", SCHOOLS)
    xlsx(folder / "学生.xlsx", [["学年", "学籍号", "学校标识码", "年级", "班级", "学段"], *sheet], (), title)
    return folder / "学校.xlsx", folder / "学生.xlsx"


@pytest.mark.parametrize(
    ("typed", "year", "primary", "junior"),
    [
        ("2024级", "2024-2025", 1, 7),
        ("2021级", "2024-2025", 4, None),
        ("2019级", "2024-2025", 6, None),
        ("2018级", "2024-2025", None, None),
        ("2025级", "2024-2025", None, None),
        ("2025届", "2024-2025", 6, 9),
        ("2027届", "2024-2025", 4, 7),
        ("2028届", "2024-2025", 3, None),
        ("2024届", "2024-2025", None, None),
        ("2024届", "2023-2024", 6, 9),
        ("初中2024级", "2024-2025", None, 7),
        ("初2023级", "2024-2025", None, 8),
        ("小学２０２３级", "2024-2025", 2, None),
        ("2023级学生", "2024-2025", 2, 8),
        ("三年级", "2024-2025", None, None),
    ],
)
def test_cohort_is_in_one_grade_of_each_stage_at_most(
    typed: str, year: str, primary: int | None, junior: int | None
) -> None:
    found = possible_grades(pd.Series([typed], dtype=object), pd.Series([year]))
    assert [None if pd.isna(one) else one for one in found.iloc[0]] == [primary, junior]


def test_cohort_of_a_missing_year_is_in_no_grade() -> None:
    found = possible_grades(pd.Series(["2021级"], dtype=object), pd.Series([None], dtype="str"))
    assert found.isna().all(axis=None)


def test_what_is_no_cohort_is_not_taken_for_one() -> None:
    typed = ["2021级", "2024届", "2021", 2021, "三年级", "21级", "2021级3班", "", None]
    assert are_cohorts(pd.Series(typed, dtype=object)).tolist() == [True, True, *[False] * 7]


def test_only_stage_of_the_school_or_of_the_cohort_decides(tmp_path: Path) -> None:
    files = roll(tmp_path, (PRIMARY, "2024级"), (PRIMARY, "2025届"), (THROUGH, "2021级"), (THROUGH, "2028届"))
    assert faultless(*files)["pupils"]["grade"].tolist() == [1, 6, 4, 3]


@pytest.mark.parametrize(
    ("typed", "title", "stage", "grade"),
    [
        ("初中2023级", "名册", "", 8),
        ("小2023级", "名册", "", 2),
        ("2023级", "名册", "初中", 8),
        ("2023级", "名册", "小学", 2),
        ("2023级", "初中部名册", "", 8),
        ("2026届", "小学部", "", 5),
    ],
)
def test_stage_may_be_said_by_cell_column_or_name_of_the_sheet(
    tmp_path: Path, typed: str, title: str, stage: str, grade: int
) -> None:
    files = roll(tmp_path, (THROUGH, typed), title=title, stage=stage)
    assert faultless(*files)["pupils"]["grade"].tolist() == [grade]


def test_cohort_that_could_be_of_either_stage_is_a_fault(tmp_path: Path) -> None:
    files = roll(tmp_path, (THROUGH, "2023级"), (PRIMARY, "2023级"), (THROUGH, "2027届"))
    assert faults_of(*files) == [("cohort_without_stage", "年级", (2, 4))]


def test_cohort_that_has_left_or_not_yet_come_is_a_fault(tmp_path: Path) -> None:
    files = roll(tmp_path, (PRIMARY, "2018级"), (PRIMARY, "2025级"), (PRIMARY, "2024届"), (PRIMARY, "2024级"))
    assert faults_of(*files) == [("cohort_in_no_grade", "年级", (2, 3, 4))]


@pytest.mark.parametrize(
    ("sheet", "paper"), [("小学2022级", "3-chinese"), ("2028届", "3-chinese"), ("初中2024级", "7-chinese")]
)
def test_cohort_may_be_the_name_of_a_sheet_of_marks(tmp_path: Path, sheet: str, paper: str) -> None:
    papers = [["学年", "年级", "学科", "满分"], *([YEAR, grade, "语文", 100] for grade in (3, 7))]
    xlsx(tmp_path / "试卷.xlsx", papers)
    xlsx(tmp_path / "成绩.xlsx", [["学年", "学籍号", "语文"], [YEAR, pupil_id(1), 90]], (), sheet)
    scores = faultless(tmp_path / "试卷.xlsx", tmp_path / "成绩.xlsx")["scores"]
    assert (scores["paper"].tolist(), scores["score"].tolist()) == ([paper], [90.0])
