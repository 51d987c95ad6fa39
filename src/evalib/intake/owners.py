"""Whose a work or an answer is: pupils, schools and sizes that fit together."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.intake.scoresheets import among, joined

# Of the people who could be asked some are, of those some answer, of those some are satisfied.
_FEWER = (("invited", "eligible"), ("answered", "invited"), ("satisfied", "answered"))


def missing_owners(name: str, frame: pd.DataFrame, columns: Columns, headers: Headers) -> list[Fault]:
    """Works of neither a pupil nor a school, and schools of several stages that do not say which."""
    nobody = frame["pupil"].isna() if name == "achievements" else pd.Series(True, index=frame.index)
    whole_school = nobody & frame["school_code"].notna() & frame["stage"].isna()
    faults = faults_at(frame, whole_school, "stage", "missing_value", headers)
    if name == "achievements":
        faults += faults_at(frame, nobody & frame["school_code"].isna(), "pupil", "missing_value", headers)
    # The sheet need not have the column that is missing.
    return [
        fault if fault.column else replace(fault, column=columns.header(name, "stage")) for fault in faults
    ]


def works_of_other_schools(works: pd.DataFrame, pupils: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Works that name another school than their pupil's."""
    known = among(joined(works, "year", "pupil"), joined(pupils, "year", "pupil"))
    place = ("year", "pupil", "school_code")
    there = among(joined(works, *place), joined(pupils, *place))
    elsewhere = known & works["school_code"].notna() & ~there
    return faults_at(works, elsewhere, "school_code", "score_other_school", headers)


def teams_too_small(works: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Works with more pupils than their team has, as when two schools number theirs alike."""
    if "team_size" not in works.columns:
        return []
    members = joined(works, "year", "work", "level").where(works["pupil"].notna())
    frame = works.assign(_members=works["pupil"].groupby(members).transform("nunique"))
    short = (frame["_members"] > frame["team_size"]).fillna(False).astype(bool)
    return faults_at(frame, short, "team_size", "out_of_range", headers, bounds=_at_least)


def answers_above(survey: pd.DataFrame, headers: Headers) -> list[Fault]:
    """More people asked than there are, more answers than people asked, more satisfied than answers."""
    faults: list[Fault] = []
    for part, whole in _FEWER:
        if part in survey.columns and whole in survey.columns:
            above = (survey[part] > survey[whole]).fillna(False).astype(bool)
            frame = survey.assign(_whole=survey[whole])
            faults += faults_at(frame, above, part, "out_of_range", headers, bounds=_at_most)
    return faults


def _at_least(rows: pd.DataFrame) -> str:
    return f"{int(rows['_members'].max())}–"


def _at_most(rows: pd.DataFrame) -> str:
    return f"0–{int(rows['_whole'].min())}"
