"""Teachers of every section: by degree where they teach, and persons counted once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from evalib.review.district.handed import Handed
from evalib.settings.balance import TeacherRules

Counted = Literal["where_they_teach", "once", "once_or_shared"]
KEYS = ["school_code", "stage"]


def teacher_rows(handed: Handed, sections: pd.DataFrame) -> pd.DataFrame | None:
    """The teachers' table, a row a person and school; None where it was not handed in.

    Returns
    -------
    teacher, school_code, stage (of a school with one stage its own, where the row has none),
    degree, subject, tier; certified, county_backbone, exchanged as true, false or missing;
    `first`: the row at which a person is counted once: where they are on exchange, else at
    the first school by code. Rows stand in that order.
    """
    told = handed.table("teachers")
    if told is None:
        return None
    texts, flags = ["degree", "subject", "tier"], ["certified", "county_backbone", "exchanged"]
    rows = told.reindex(columns=["teacher", *KEYS, *texts, *flags])
    rows = rows.astype(dict.fromkeys(flags, "boolean")).astype(dict.fromkeys(texts, object))
    alone = sections[~sections["through"]].set_index("school_code")["stage"]
    rows["stage"] = rows["stage"].astype(object).fillna(rows["school_code"].map(alone))
    away = rows["exchanged"].fillna(False).astype(bool)
    rows = rows.assign(_away=~away).sort_values(["teacher", "_away", *KEYS], ignore_index=True)
    return rows.assign(first=~rows.duplicated("teacher")).drop(columns="_away")


def counted_teachers(
    rows: pd.DataFrame, sections: pd.DataFrame, rules: TeacherRules, amount: str, counted: Counted
) -> tuple[pd.Series[float], pd.Series[str]]:
    """How many teachers of a kind every section has.

    Parameters
    ----------
    rows, sections
        From `teacher_rows`, and from `scope.sections_of`.
    rules
        Degrees, subjects, and which rural sections are small.
    amount
        "higher_degree_teachers", "backbone_teachers" or "pe_and_arts_teachers".
    counted
        "where_they_teach": at every section where they have a row; "once": a person at one
        section alone, the first where they teach one of the subjects if it is these that are
        counted; "once_or_shared": so too, but a small rural section has everyone who
        teaches there.

    Returns
    -------
    The number for each section, and what is missing to tell it, or empty. What nobody told of
    a teacher is not taken to be no: it leaves the section without a number, as does a degree
    in a word that the params do not place, and the area of a small section where the number
    depends on that.
    """
    flag, unknown = _kinds(rows, rules, amount)
    column = {"higher_degree_teachers": "degree", "backbone_teachers": "county_backbone"}.get(
        amount, "subject"
    )
    everyone, lacking_any = _counted(rows, sections, flag, unknown, column)
    if counted == "where_they_teach":
        return everyone, lacking_any
    person = flag.groupby(rows["teacher"]).transform("any")
    open_person = unknown.groupby(rows["teacher"]).transform("any") & ~person
    here, open_here = person & rows["first"], open_person & rows["first"]
    if column == "subject":
        here, open_here = _first(rows, flag), _first(rows, open_person & unknown)
    once, lacking = _counted(rows, sections, here, open_here, column)
    if counted == "once":
        return once, lacking
    small = sections["pupils"].lt(rules.small_rural_below)
    shared = small & sections["area"].eq("rural").fillna(False).astype(bool)
    found, lack = once.mask(shared, everyone), lacking.mask(shared, lacking_any)
    depends = small & sections["area"].isna() & once.ne(everyone) & lack.eq("")
    return found.mask(depends), lack.mask(depends, "schools.area")


def _first(rows: pd.DataFrame, chosen: pd.Series[bool]) -> pd.Series[bool]:
    """Of the chosen rows the first of every person."""
    return chosen & ~rows["teacher"].where(chosen).duplicated()


def _kinds(rows: pd.DataFrame, rules: TeacherRules, amount: str) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Which rows are of a teacher of the kind, and of which that cannot be told."""
    if amount == "backbone_teachers":
        return rows["county_backbone"].fillna(False).astype(bool), rows["county_backbone"].isna()
    if amount == "pe_and_arts_teachers":
        return rows["subject"].isin(rules.subjects), rows["subject"].isna()
    above, below = (
        pd.Series(
            [
                value in words.get(stage, [])
                for stage, value in zip(rows["stage"], rows["degree"], strict=True)
            ],
            index=rows.index,
            dtype=bool,
        )
        for words in (rules.degrees, rules.degrees_below)
    )
    return above, ~(above | below)


def _counted(
    rows: pd.DataFrame,
    sections: pd.DataFrame,
    counted: pd.Series[bool],
    unknown: pd.Series[bool],
    column: str,
) -> tuple[pd.Series[float], pd.Series[str]]:
    keys = pd.MultiIndex.from_frame(sections[KEYS])
    groups = pd.DataFrame({"counted": counted, "unknown": unknown, "all": True}).groupby(
        [rows["school_code"], rows["stage"]]
    )
    sums = groups.sum().reindex(keys).reset_index(drop=True).astype(float)
    nowhere = sections["school_code"].isin(rows.loc[rows["stage"].isna(), "school_code"])
    lack = np.select(
        [nowhere, sums["all"].isna(), sums["unknown"].gt(0)],
        ["teachers.stage", "teachers", f"teachers.{column}"],
        "",
    )
    missing = pd.Series(lack, index=sections.index, dtype=object)
    number = pd.Series(sums["counted"].to_numpy(), index=sections.index)
    return number.where(missing.eq("")), missing
