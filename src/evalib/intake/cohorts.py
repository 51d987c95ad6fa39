"""Cohorts such as 2021级 and 2024届 → the grade that they are in.

级 names the year of entry, 届 the year of leaving. Which grade that is depends on
the stage: of the junior stage 2023级 is in grade 8 in 2024-2025, of the primary
stage in grade 2.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import plain
from evalib.intake.located import Headers, faults_at
from evalib.intake.scoresheets import joined

# Years that a stage takes, and its last grade.
YEARS = {"primary": 6, "junior": 3}
LAST_GRADES = {"primary": 6, "junior": 9}
# Hidden columns: the grade, if the row is of this stage.
POSSIBLE = {"primary": "_grade_primary", "junior": "_grade_junior"}

_COHORT = re.compile(r"(小学|初中|小|初)?([12][0-9]{3})(级|届)(?:学生)?")
_STAGE_WORDS = {"小学": "primary", "小": "primary", "初中": "junior", "初": "junior"}


def are_cohorts(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells name a cohort."""
    held = [isinstance(cell, str) and _COHORT.fullmatch(plain(cell)) is not None for cell in cells]
    return pd.Series(held, index=cells.index, dtype=bool)


def possible_grades(cells: pd.Series[Any], years: pd.Series[str]) -> pd.DataFrame:
    """The grade of each cohort by stage, missing where it is not in that stage in that year.

    Parameters
    ----------
    cells
        Cells as typed; what names no cohort has no grade.
    years
        The school year of each.

    Examples
    --------
    >>> years = pd.Series(["2024-2025", "2024-2025"])
    >>> possible_grades(pd.Series(["2021级", "2027届"], dtype=object), years).values.tolist()
    [[4, <NA>], [4, 7]]
    """
    found: dict[str, list[int | None]] = {stage: [] for stage in YEARS}
    for cell, year in zip(cells, years, strict=True):
        cohort = _COHORT.fullmatch(plain(cell)) if isinstance(cell, str) else None
        for stage in YEARS:
            found[stage].append(_grade(cohort, year, stage) if cohort and isinstance(year, str) else None)
    columns = {POSSIBLE[stage]: pd.array(grades, dtype="Int64") for stage, grades in found.items()}
    return pd.DataFrame(columns, index=cells.index)


def with_grades_of_cohorts(
    name: str, frame: pd.DataFrame, schools: pd.DataFrame | None, headers: Headers
) -> tuple[pd.DataFrame, list[Fault]]:
    """Rows with the grade of their cohort, once the stage is known.

    The stage is the row's own, or the only one in which the cohort can be, or the only
    one that the school has. Marks whose stage nobody tells take their pupil's grade.

    Returns
    -------
    tuple
        The rows, and faults: cohorts that are in no grade in their year, and cohorts
        that could be in two.
    """
    if POSSIBLE["primary"] not in frame.columns:
        return frame, []
    primary, junior = frame[POSSIBLE["primary"]], frame[POSSIBLE["junior"]]
    stage = frame["_stage_said"].astype("str")
    if "stage" in frame.columns:
        stage = frame["stage"].fillna(stage)
    stage = stage.mask(junior.isna() & primary.notna(), "primary")
    stage = stage.mask(primary.isna() & junior.notna(), "junior")
    if schools is not None and "school_code" in frame.columns:
        stage = stage.fillna(_only_stages(schools, frame))
    grade = primary.where(stage == "primary").fillna(junior.where(stage == "junior"))
    frame = frame.assign(grade=frame["grade"].astype("Int64").fillna(grade))
    nowhere = frame["_cohort"].eq(True) & primary.isna() & junior.isna() & frame["year"].notna()
    faults = faults_at(frame, nowhere, "grade", "cohort_in_no_grade", headers)
    if name != "scores":
        undecided = primary.notna() & junior.notna() & frame["grade"].isna()
        faults += faults_at(frame, undecided, "grade", "cohort_without_stage", headers)
    return frame, faults


def _only_stages(schools: pd.DataFrame, frame: pd.DataFrame) -> pd.Series[str]:
    sections = schools[["year", "school_code", "stage"]].dropna().drop_duplicates()
    alone = sections[~sections.duplicated(["year", "school_code"], keep=False)]
    stages = pd.Series(alone["stage"].to_numpy(), index=joined(alone, "year", "school_code"), dtype="str")
    return joined(frame, "year", "school_code").map(stages).astype("str")


def _grade(cohort: re.Match[str], year: str, stage: str) -> int | None:
    if cohort[1] and _STAGE_WORDS[cohort[1]] != stage:
        return None
    entered = int(cohort[2]) - (YEARS[stage] if cohort[3] == "届" else 0)
    place = int(year[:4]) - entered + 1
    return LAST_GRADES[stage] - YEARS[stage] + place if 1 <= place <= YEARS[stage] else None
