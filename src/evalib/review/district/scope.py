"""The sections of a year as the national indicators see them: which count, and for how many pupils."""

from __future__ import annotations

import pandas as pd

from evalib.records import OFF_ROLL, read_sections
from evalib.review.district.handed import Handed
from evalib.settings import BalanceParams

# The word for which a section without a pupil is out of scope.
EMPTY = "no_pupils"
COLUMNS = ["school_code", "stage", "kind", "area", "opened", "senior_pupils"]
# A place that is missing for a section whose school's kind nobody told: it might not count at all.
KIND = "schools.kind"


def sections_of(handed: Handed, params: BalanceParams) -> pd.DataFrame:
    """Every section of the year, by school code and stage.

    Returns
    -------
    school_code, stage; kind, area (missing where not told), opened, senior_pupils;
    `pupils` on the roll, as everywhere in this library, and `school_pupils` over the stages
    of the school (missing where one stage's are); `stages` of the school; `through`, whether
    it has both stages; `half`, whether it is of a kind that has both and only one is known;
    `out` the word for which the section is out of scope, else empty; `unknown` "schools.kind"
    where that cannot be told.

    Notes
    -----
    A section without a row among the pupils may have handed in none, so that its number is
    missing. It is 0, and the section out of scope, where all of its pupils have left or its
    resources tell that it has no class.
    """
    schools = handed.table("schools")
    if schools is None:
        raise KeyError("schools")
    found = schools.reindex(columns=COLUMNS).sort_values(["school_code", "stage"], ignore_index=True)
    rolls = read_sections(handed.store, handed.year).set_index(["school_code", "stage"])["pupils_on_roll"]
    keys = pd.MultiIndex.from_frame(found[["school_code", "stage"]])
    found["pupils"] = rolls.reindex(keys).astype("Float64").astype(float).to_numpy()
    found["pupils"] = found["pupils"].mask(found["pupils"].isna() & _without_pupils(handed, keys), 0.0)
    by_school = found.groupby("school_code")
    found["school_pupils"] = by_school["pupils"].transform(lambda one: one.sum(skipna=False))
    found["stages"] = by_school["stage"].transform("size")
    found["through"] = found["stages"].gt(1)
    kind = found["kind"].astype(object).where(found["kind"].notna(), "").astype(str).str.strip()
    found["kind"] = kind
    found["half"] = kind.isin(params.through_school.both_stages) & ~found["through"]
    rules = params.out_of_scope
    points = kind.isin(rules.teaching_points)
    small = found["school_pupils"].lt(rules.teaching_point_below).fillna(False)
    out = kind.where(kind.isin(rules.kinds) | (points & small), "")
    found["out"] = out.mask(out.eq("") & found["pupils"].eq(0), EMPTY)
    found["unknown"] = kind.eq("").map({True: KIND, False: ""})
    return found


def _without_pupils(handed: Handed, keys: pd.MultiIndex) -> pd.Series[bool]:
    """Sections that told that nobody is there: every pupil of theirs has left, or they have no class."""
    pupils, resources = handed.table("pupils"), handed.table("resources")
    here = pd.Series(False, index=range(len(keys)))
    if pupils is None:
        return here
    section = ["school_code", "stage"]
    here |= keys.isin(pd.MultiIndex.from_frame(pupils[section]))
    if resources is not None and "classes" in resources:
        own = resources[resources["classes"].eq(0).fillna(False).astype(bool)]
        here |= keys.isin(pd.MultiIndex.from_frame(own[section]))
    return here


def in_scope(sections: pd.DataFrame) -> pd.Series[bool]:
    """The sections that count."""
    return sections["out"].eq("")


def on_roll(handed: Handed) -> pd.DataFrame | None:
    """The pupils on the roll at the year's end, a row each; None where no table was handed in."""
    pupils = handed.table("pupils")
    if pupils is None or "status" not in pupils:
        return pupils
    return pupils[~pupils["status"].isin(OFF_ROLL)]
