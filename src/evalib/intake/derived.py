"""What tables leave unsaid because it follows: a pupil's stage, a paper's name, a mark's paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.cohorts import with_grades_of_cohorts
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.intake.schemas import SCHEMAS
from evalib.intake.scoresheets import joined, with_grade_and_school, with_paper

# Units that a sheet may use and the store does not: what they become, and the factor.
UNITS = {"percent": ("share", 0.01), "ten_thousand_yuan": ("yuan", 10_000.0)}
# A share is not above this: retention and the like may exceed 1 a little.
LARGEST_SHARE = 1.5
# What a fact's name says of its unit; any other fact is neither.
_SHARES, _MONEY = ("percent", "share"), ("yuan", "ten_thousand_yuan")
_IS_SHARE, _IS_MONEY = r"_share(?:_|$)", r"_yuan$"


def derived(
    tables: Mapping[str, pd.DataFrame], columns: Columns, headers: Headers, *, papers_whole: bool
) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """The gathered tables with the columns that follow from others.

    Parameters
    ----------
    tables
        Rows with their places in hidden columns.
    papers_whole
        Whether all papers were read; without them no mark is told to lack one.

    Returns
    -------
    tuple
        The tables, and faults: marks whose paper and cohorts whose grade cannot be found,
        figures whose unit cannot be told.
    """
    found = {name: _with_open_key(name, frame) for name, frame in tables.items()}
    faults: list[Fault] = []
    for name in found:
        found[name], more = with_grades_of_cohorts(name, found[name], found.get("schools"), headers)
        faults += more
    if "pupils" in found:
        pupils = found["pupils"]
        by_grade = pupils["grade"].map(
            lambda grade: "primary" if grade <= 6 else "junior", na_action="ignore"
        )
        found["pupils"] = pupils.assign(stage=_said(pupils, "stage").fillna(by_grade.astype("str")))
    if "papers" in found:
        papers = found["papers"]
        spoken = papers["grade"].astype("str") + "-" + papers["subject"]
        if "term" in papers.columns:
            spoken = spoken + ("-" + papers["term"]).fillna("")
        found["papers"] = papers.assign(paper=_said(papers, "paper").fillna(spoken))
    if "scores" in found:
        scores = with_grade_and_school(found["scores"], found.get("pupils"))
        if "papers" in found and papers_whole:
            scores, more = with_paper(scores, found["papers"], columns, headers)
            faults += more
        found["scores"] = scores
    for name in ("achievements", "survey"):
        if name in found and "schools" in found:
            found[name] = _with_only_stage(found[name], found["schools"])
    if "district" in found:
        found["district"], more = _in_kept_units(found["district"], headers)
        faults += more
    return found, faults


def _with_open_key(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Every column of the key is there, if only as missing."""
    absent = [column for column in SCHEMAS[name].open_key if column not in frame.columns]
    return frame.assign(**{column: pd.Series(None, index=frame.index, dtype="str") for column in absent})


def _with_only_stage(frame: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """A school that has one stage in a year is meant by its code alone."""
    sections = schools[["year", "school_code", "stage"]].dropna().drop_duplicates()
    alone = sections[~sections.duplicated(["year", "school_code"], keep=False)]
    stages = pd.Series(alone["stage"].to_numpy(), index=joined(alone, "year", "school_code"), dtype="str")
    meant = joined(frame, "year", "school_code").map(stages).astype("str")
    return frame.assign(stage=frame["stage"].fillna(meant))


def _in_kept_units(district: pd.DataFrame, headers: Headers) -> tuple[pd.DataFrame, list[Fault]]:
    """Percent as shares, 万元 as 元; a fact without a value is no row.

    A figure of 0.95 beside the unit % may be what the spreadsheet shows as 95 %: only a
    sign in the cell or a figure that no share reaches says what is meant.
    """
    if "value" not in district.columns:
        return district.iloc[:0].assign(value=pd.Series(dtype="float64")), []
    rows = district[district["value"].notna()].copy()
    signed = rows["_percent"].eq(True)
    unit = _said(rows, "unit")
    shares = unit.isin(_SHARES)
    faults = _odd_units(rows, unit, signed & ~shares, headers)
    faults += faults_at(rows, signed & ~shares, "value", "percent_without_unit", headers)
    unclear = (unit == "percent") & ~signed & (rows["value"] != 0) & (rows["value"].abs() <= LARGEST_SHARE)
    faults += faults_at(rows, unclear.astype(bool), "value", "percent_ambiguous", headers)
    above = (unit == "share") & ~signed & (rows["value"] > LARGEST_SHARE)
    bounds = f"0–{LARGEST_SHARE:g}"
    faults += faults_at(rows, above.astype(bool), "value", "out_of_range", headers, bounds=bounds)
    rows["value"] = rows["value"].where(~(signed & (unit == "share")), rows["value"] * 0.01)
    for written, (kept, factor) in UNITS.items():
        here = unit == written
        rows["value"] = rows["value"].where(~here, rows["value"] * factor)
        if here.any():
            rows["unit"] = rows["unit"].mask(here, kept)
    faults += faults_at(rows, unit.eq("ten_thousand_yuan"), "unit", "fact_converted", headers, warning=True)
    return rows, faults


def _odd_units(
    rows: pd.DataFrame, unit: pd.Series[str], told: pd.Series[bool], headers: Headers
) -> list[Fault]:
    """Facts without the unit that they have: 98.4 of a share may be 98.4 % or 98.4 times the whole."""
    is_share, is_money = (
        rows["fact"].str.contains(name, regex=True, na=False).astype(bool) for name in (_IS_SHARE, _IS_MONEY)
    )
    odd = (is_share != unit.isin(_SHARES)) | (is_money != unit.isin(_MONEY))
    return faults_at(rows, odd & rows["fact"].notna() & ~told, "unit", "unit_not_of_fact", headers)


def _said(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    return frame[column] if column in frame.columns else pd.Series(None, index=frame.index, dtype="str")
