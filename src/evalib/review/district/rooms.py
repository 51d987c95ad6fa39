"""G3: rooms for music and art, so many for the classes of every school, and large enough."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from evalib.review.district.amounts import Resources
from evalib.review.district.findings import (
    MET,
    NOT_MET,
    NOT_REPORTED,
    OUT_OF_SCOPE,
    Finding,
    missing_of,
    of_parts,
)
from evalib.review.district.handed import Handed, all_missing, bare, problem
from evalib.review.district.scope import in_scope
from evalib.review.district.shared import told_once
from evalib.settings import BalanceIndicator
from evalib.settings.balance import Rooms
from evalib.vocabulary import STAGES

TOO_SMALL = "area"


def room_rows(indicator: BalanceIndicator, resources: Resources, year: str) -> pd.DataFrame:
    """Every section's rooms of either kind, in the columns of `balance_sections`.

    Returns
    -------
    `value` and `numerator` are rooms, `limit` the rooms that the classes ask for, `reason`
    "area" where there are enough and their area together is too small. `short_of_limit` counts
    rooms, `short_of_floor` the m² that are missing for that many rooms. What a through-school
    has as a whole is judged as a whole, for both of its sections, and what it needs is told
    at the first of them that is judged, 0 at the other.

    Notes
    -----
    Rooms asked for: one for every 12 classes begun. Areas are handed in for all rooms of a
    kind together: less than so many rooms at the limit proves that one is too small, and
    no less is taken to be enough. Rooms beyond those asked for may be smaller. The laxer
    areas hold for schools opened before a year; where nobody told the year, areas between
    the two limits cannot be judged.
    """
    rule = indicator.rule
    assert isinstance(rule, Rooms)
    sections = resources.sections
    classes, no_classes = resources.of_school("classes")
    opened = pd.to_numeric(sections["opened"]).astype(float)
    parts = []
    for kind in rule.area:
        rooms, no_rooms = resources.of_school(f"{kind}_rooms")
        areas, no_areas = resources.of_school(f"{kind}_area_m2")
        # Without a room there is no area to tell.
        missing = all_missing(no_classes, no_rooms, no_areas.mask(rooms.eq(0), ""))
        found = sections[["school_code", "stage"]].assign(
            year=year, indicator=indicator.id, aspect=kind, value=rooms, numerator=rooms, pupils=np.nan
        )
        found["limit"] = (classes / rule.classes_a_room).map(math.ceil, na_action="ignore").astype(float)
        found["floor"] = np.nan
        older, newer = rule.older_area[kind], rule.area[kind]
        lax = pd.Series(older, index=sections.index).where(opened.lt(rule.older_before), newer)
        area = areas.fillna(0.0)
        asked = np.minimum(rooms, found["limit"])
        between = opened.isna() & rooms.gt(0) & area.lt(newer * asked) & area.ge(older * asked)
        missing = missing.mask(missing.eq("") & between & rooms.ge(found["limit"]), "schools.opened")
        missing = all_missing(missing, resources.unlisted_stage, sections["unknown"])
        found["missing"] = missing.where(in_scope(sections), "")
        short, small = rooms.lt(found["limit"]), area.lt(lax * asked)
        found["verdict"] = np.where(short | small, "under", MET)
        found["reason"] = np.where(small & ~short, TOO_SMALL, "")
        found["short_of_limit"] = (found["limit"] - rooms).clip(lower=0.0)
        found["short_of_floor"] = np.ceil((lax * found["limit"] - area).clip(lower=0.0).round(9))
        judged = found["missing"].eq("") & in_scope(sections)
        second = judged & ~told_once(judged, resources.is_shared, sections["school_code"])
        found.loc[second, ["short_of_limit", "short_of_floor"]] = 0.0
        parts.append(_silenced(found, sections))
    return pd.concat(parts, ignore_index=True)


def _silenced(rows: pd.DataFrame, sections: pd.DataFrame) -> pd.DataFrame:
    """Rows of which something is missing, or which are out of scope, judge nothing."""
    lacking, out = rows["missing"].ne(""), ~in_scope(sections)
    place = rows["missing"].map(bare)
    rows["verdict"] = rows["verdict"].mask(lacking, NOT_REPORTED).mask(out, OUT_OF_SCOPE)
    rows["reason"] = rows["reason"].mask(lacking, place).mask(out, sections["out"])
    rows.loc[lacking | out, ["short_of_limit", "short_of_floor"]] = np.nan
    return rows


def room_findings(indicator: BalanceIndicator, rows: pd.DataFrame, handed: Handed) -> list[Finding]:
    """G3 with a part for music and one for art; every section must keep both."""
    parts = []
    for kind, own in rows[rows["verdict"].ne(OUT_OF_SCOPE)].groupby("aspect", sort=False):
        known = own[own["verdict"].ne(NOT_REPORTED)]
        failing = known[known["verdict"].ne(MET)]
        parts.append(
            Finding(
                indicator.id,
                NOT_MET if len(failing) else NOT_REPORTED if len(known) < len(own) else MET,
                aspect=str(kind),
                value=None if known.empty else 1.0 - len(failing) / len(known),
                unit="share",
                limit=1.0,
                sections=len(known),
                in_the_way=len(failing),
                needed=_needed(failing),
                evidence={
                    "rooms_missing": int(failing["short_of_limit"].sum()),
                    "too_small": int(failing["reason"].eq(TOO_SMALL).sum()),
                },
                reasons=missing_of(own, handed),
            )
        )
    inside = rows[rows["verdict"].ne(OUT_OF_SCOPE)]
    keys = ["school_code", "stage"]
    told = inside[~inside["verdict"].eq(NOT_REPORTED)]
    failing = told.loc[told["verdict"].ne(MET), keys].drop_duplicates()
    reasons = [] if parts else [problem("no_sections", "schools")]
    whole = of_parts(
        indicator.id,
        parts,
        reasons=reasons,
        unit=indicator.unit,
        sections=len(told[keys].drop_duplicates()),
        in_the_way=len(failing),
    )
    return [whole, *parts]


def _needed(failing: pd.DataFrame) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for stage in STAGES:
        own = failing[failing["stage"].eq(stage)]
        units = {"rooms": int(own["short_of_limit"].sum()), "m2": int(own["short_of_floor"].sum())}
        units = {what: count for what, count in units.items() if count}
        if units:
            found[stage] = units
    return found
