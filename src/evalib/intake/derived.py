"""What tables leave unsaid because it follows: a pupil's stage, a paper's name, a mark's paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns
from evalib.intake.located import Headers
from evalib.intake.schemas import SCHEMAS
from evalib.intake.scoresheets import joined, with_grade_and_school, with_paper

# Units that a sheet may use and the store does not: what they become, and the factor.
UNITS = {"percent": ("share", 0.01), "ten_thousand_yuan": ("yuan", 10_000.0)}
# A share above this was written in percent; retention and the like may exceed 1 a little.
LARGEST_SHARE = 1.5


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
        The tables, and faults of marks whose paper cannot be found.
    """
    found = {name: _with_open_key(name, frame) for name, frame in tables.items()}
    faults: list[Fault] = []
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
            scores, faults = with_paper(scores, found["papers"], columns, headers)
        found["scores"] = scores
    for name in ("achievements", "survey"):
        if name in found and "schools" in found:
            found[name] = _with_only_stage(found[name], found["schools"])
    if "district" in found:
        found["district"] = _in_kept_units(found["district"])
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


def _in_kept_units(district: pd.DataFrame) -> pd.DataFrame:
    """Percent as shares, 万元 as 元; a fact without a value is no row."""
    if "value" not in district.columns:
        return district.iloc[:0].assign(value=pd.Series(dtype="float64"))
    rows = district[district["value"].notna()].copy()
    if "unit" not in rows.columns:
        return rows
    for unit, (kept, factor) in UNITS.items():
        here = rows["unit"] == unit
        # A cell that the spreadsheet shows as 95 % holds 0.95.
        small = here & (kept == "share") & (rows["value"] <= LARGEST_SHARE)
        rows["value"] = rows["value"].where(~here | small, rows["value"] * factor)
        rows["unit"] = rows["unit"].mask(here, kept)
    return rows


def _said(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    return frame[column] if column in frame.columns else pd.Series(None, index=frame.index, dtype="str")
