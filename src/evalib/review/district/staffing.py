"""Teachers counted: by rung of the district's ladder, on exchange, and shared within a group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.review.district.handed import Handed
from evalib.settings import InitiativesParams
from evalib.vocabulary import STAGES

STAFFING_COLUMNS, SHARED_COLUMNS = ["stage", "measure", "value"], ["group_code", "measure", "value"]
# Measure → the column it needs.
NEEDS = {
    "county_backbone": ("county_backbone",),
    "exchanged": ("exchanged",),
    "exchanged_backbone": ("exchanged", "county_backbone"),
    "named": ("tier",),
    "named_exchanged": ("tier", "exchanged"),
    "certified": ("certified",),
}
TAUGHT_IN_TWO, MOVED_WITHIN = "taught_in_two", "moved_within"


def staffing(rows: pd.DataFrame | None, handed: Handed, initiatives: InitiativesParams) -> pd.DataFrame:
    """Persons by stage and of the district ("" as stage), each once.

    Parameters
    ----------
    rows
        From `teachers.teacher_rows`; None where no table was handed in.

    Returns
    -------
    stage, measure, value: `teachers`, `tier:` and a word of the ladder or of the table,
    `county_backbone`, `exchanged`, `exchanged_backbone`, `named` (on a rung that has a name),
    `named_exchanged`, `certified`. No row where the table lacks the column, or leaves it blank for
    somebody; without a tier a person is on no rung.
    """
    if rows is None:
        return _table([], STAFFING_COLUMNS)
    words = [one for rung in initiatives.ladder for one in rung.tiers] + initiatives.named_tiers
    tiers = [*dict.fromkeys([*words, *sorted(set(rows["tier"].dropna()))])]
    found: list[tuple[str, str, float]] = []
    for stage in ("", *(one for one in STAGES if rows["stage"].eq(one).any())):
        own = rows if not stage else rows[rows["stage"].eq(stage)]
        flags = own[["certified", "county_backbone", "exchanged"]].fillna(False).astype(bool)
        persons = flags.assign(named=own["tier"].isin(initiatives.named_tiers)).groupby(own["teacher"]).any()
        holds = {
            "county_backbone": persons["county_backbone"],
            "exchanged": persons["exchanged"],
            "exchanged_backbone": persons["exchanged"] & persons["county_backbone"],
            "named": persons["named"],
            "named_exchanged": persons["named"] & persons["exchanged"],
            "certified": persons["certified"],
        }
        found.append((stage, "teachers", float(len(persons))))
        if not handed.lacks("teachers", "tier"):
            for word in tiers:
                found.append(
                    (stage, f"tier:{word}", float(own.loc[own["tier"].eq(word), "teacher"].nunique()))
                )
        found += [
            (stage, name, float(holds[name].sum()))
            for name, columns in NEEDS.items()
            if not handed.lacks("teachers", *columns)
            and own[[one for one in columns if one != "tier"]].notna().all(axis=None)
        ]
    return _table(found, STAFFING_COLUMNS)


def counted(handed: Handed) -> pd.DataFrame:
    """What else the tables count of the district: `titled_schools` and `resource_rooms`.

    Returns
    -------
    stage (""), measure, value, as `staffing` has them; a school's own rooms are counted once,
    though both of its stages tell them. No row where a table or column was not handed in, nor
    for rooms where a section left them blank, or a school with two stages did not say whose
    they are, or said both.
    """
    found: list[tuple[str, str, float]] = []
    schools, rooms = handed.table("schools"), handed.table("resources")
    if schools is not None and "titles" in schools:
        titled = schools.loc[schools["titles"].fillna("").ne(""), "school_code"]
        found.append(("", "titled_schools", float(titled.nunique())))
    if rooms is not None and "resource_rooms" in rooms and rooms["resource_rooms"].notna().all():
        scope = rooms.reindex(columns=["scope"])["scope"]
        several = rooms["school_code"].duplicated(keep=False)
        scopes = scope.groupby(rooms["school_code"]).transform("nunique")
        if not (several & (scope.isna() | scopes.gt(1))).any():
            once = rooms[~(scope.eq("school") & rooms["school_code"].duplicated())]
            found.append(("", "resource_rooms", float(once["resource_rooms"].sum())))
    return _table(found, STAFFING_COLUMNS)


def shared_staff(handed: Handed) -> pd.DataFrame:
    """Teachers that the members of an education group share, by group.

    Returns
    -------
    group_code, measure, value: `taught_in_two`, persons with rows at two members or more this
    year; `moved_within`, persons at one member last year and at another, not at that one, this
    year: missing where last year's teachers or members are not known. No row without groups.
    """
    now = _members(handed, 0)
    if now is None:
        return _table([], SHARED_COLUMNS)
    before = _members(handed, 1)
    found: list[tuple[str, str, float]] = []
    for group, rows in now.groupby("group_code"):
        where = rows.groupby("teacher")["school_code"].agg(set)
        found.append((str(group), TAUGHT_IN_TWO, float(where.map(len).ge(2).sum())))
        moved = np.nan
        if before is not None:
            then = before[before["group_code"].eq(group)].groupby("teacher")["school_code"].agg(set)
            both = where.index.intersection(then.index)
            moved = float(sum(bool(where[one] - then[one]) and bool(then[one] - where[one]) for one in both))
        found.append((str(group), MOVED_WITHIN, moved))
    return _table(found, SHARED_COLUMNS)


def _members(handed: Handed, years_back: int) -> pd.DataFrame | None:
    """Teachers at members of groups: teacher, school_code, group_code; None where that is not known."""
    schools, teachers = handed.table("schools", years_back), handed.table("teachers", years_back)
    if schools is None or teachers is None or "group_code" not in schools:
        return None
    groups = schools.dropna(subset="group_code").drop_duplicates("school_code")
    return teachers[["teacher", "school_code"]].merge(groups[["school_code", "group_code"]], on="school_code")


def _table(rows: list[tuple[str, str, float]], columns: list[str]) -> pd.DataFrame:
    texts = columns[:2]
    return pd.DataFrame(rows, columns=columns).astype({**dict.fromkeys(texts, "str"), "value": float})
