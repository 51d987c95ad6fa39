"""What every section has: rooms, areas, equipment, teachers; what a school shares is split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from evalib.review.district.handed import CONTRADICTORY, Handed, all_missing
from evalib.review.district.shared import SharedAmount
from evalib.review.district.teachers import counted_teachers
from evalib.settings.balance import BalanceParams, PerPupils
from evalib.vocabulary import STAGES

# amount → the columns of `resources` it is made of, their signs, and whether only whole units exist.
OF_RESOURCES: dict[str, tuple[dict[str, int], bool]] = {
    "teaching_area_less_indoor_sports": ({"teaching_area_m2": 1, "indoor_sports_m2": -1}, False),
    "sports_area_with_indoor": ({"sports_area_m2": 1, "indoor_sports_m2": 1}, False),
    "equipment": ({"equipment_yuan": 1}, False),
    "multimedia_rooms": ({"multimedia_rooms": 1}, True),
}


class Amount(NamedTuple):
    """What every section has, what is missing to tell it, and by code what schools have as a whole."""

    number: pd.Series[float]
    missing: pd.Series[str]
    of_schools: Mapping[str, SharedAmount]


@dataclass(frozen=True)
class Resources:
    """The rows of `resources` by section, and which of them speak of a whole school.

    Attributes
    ----------
    sections
        From `scope.sections_of`.
    rows
        The table's rows in the order of `sections`; `scope` "section", "school", or "" where
        that cannot be told; missing where a section has no row.
    """

    sections: pd.DataFrame
    rows: pd.DataFrame

    def of_school(self, column: str) -> tuple[pd.Series[float], pd.Series[str]]:
        """A figure as it was handed in, of the section or of its whole school, and what is missing.

        A section without a row of its own takes the one that speaks of its whole school.
        """
        figure = pd.to_numeric(self.rows[column]).astype(float)
        whole = self.rows["scope"].eq("school")
        told = figure.where(whole).groupby(self.sections["school_code"])
        mixed = self._speaks("school") & self._speaks("section")
        lowest, highest = told.transform("min"), told.transform("max")
        meant = whole | (self._speaks("school") & self.rows["scope"].isna())
        found = figure.mask(meant, highest)
        place = f"resources.{column}"
        lack = np.select(
            [
                self.rows["scope"].eq(""),
                mixed,
                meant & lowest.ne(highest) & lowest.notna(),
                found.isna(),
            ],
            ["resources.scope", f"{CONTRADICTORY}resources.scope", CONTRADICTORY + place, place],
            "",
        )
        missing = pd.Series(lack, index=self.sections.index, dtype=object)
        return found.where(missing.eq("")), missing

    @property
    def is_shared(self) -> pd.Series[bool]:
        """Sections of which only the whole school's figures are known, and which are one stage of several."""
        several = self.sections["through"] | self.sections["half"] | self.sections["senior"].ne(0)
        return self._of_whole & several

    @property
    def unlisted_stage(self) -> pd.Series[str]:
        """ "schools.stage" where a whole school tells a figure and one stage is not listed, else empty."""
        unlisted = self._of_whole & self.sections["half"]
        return pd.Series("", index=self.sections.index, dtype=object).mask(unlisted, "schools.stage")

    @property
    def _of_whole(self) -> pd.Series[bool]:
        """Sections whose figures are their school's."""
        scope = self.rows["scope"]
        return scope.eq("school") | (self._speaks("school") & scope.isna())

    def _speaks(self, scope: str) -> pd.Series[bool]:
        """Sections of schools with a row of this scope."""
        return self.rows["scope"].eq(scope).groupby(self.sections["school_code"]).transform("any")


def resources_of(handed: Handed, sections: pd.DataFrame, params: BalanceParams) -> Resources:
    """The resources of the year's sections; an empty frame's worth where none were handed in."""
    sections = sections.assign(senior=_senior(sections, params))
    told = handed.table("resources")
    columns = [
        *dict.fromkeys(name for parts, _ in OF_RESOURCES.values() for name in parts),
        *("music_rooms", "music_area_m2", "art_rooms", "art_area_m2", "classes", "largest_class"),
    ]
    keys = pd.MultiIndex.from_frame(sections[["school_code", "stage"]])
    if told is None:
        rows = pd.DataFrame(np.nan, index=sections.index, columns=columns)
        return Resources(sections, rows.assign(scope=pd.Series(np.nan, index=rows.index, dtype=object)))
    rows = told.set_index(["school_code", "stage"]).reindex(keys).reindex(columns=["scope", *columns])
    here = keys.isin(pd.MultiIndex.from_frame(told[["school_code", "stage"]]))
    rows = rows.reset_index(drop=True).set_axis(sections.index)
    scope = rows["scope"].astype(object)
    # The one stage of a school has what the school has, whatever the row speaks of.
    alone = ~sections["through"] & ~sections["half"] & sections["senior"].eq(0)
    unsaid = pd.Series(here, index=sections.index) & scope.isna()
    rows["scope"] = scope.mask(unsaid & alone, "section").mask(unsaid & ~alone, "")
    return Resources(sections, rows)


def amount_of(
    rule: PerPupils, resources: Resources, teachers: pd.DataFrame | None, params: BalanceParams
) -> Amount:
    """What every section has of a rule's amount, and what is missing to tell it.

    Parameters
    ----------
    teachers
        From `teachers.teacher_rows`; None where no table was handed in.

    Returns
    -------
    Numbers in the order of the sections; a place such as "resources.teaching_area_m2", or empty;
    and by code what schools share.
    """
    sections = resources.sections
    if rule.amount in OF_RESOURCES:
        return _of_resources(*OF_RESOURCES[rule.amount], resources, params, rule.per)
    if teachers is None:
        nothing = pd.Series(np.nan, index=sections.index)
        return Amount(nothing, pd.Series("teachers", index=sections.index, dtype=object), {})
    counted = rule.counted or "where_they_teach"
    return Amount(*counted_teachers(teachers, sections, params.teachers, rule.amount, counted), {})


def _of_resources(
    parts: dict[str, int], whole_units: bool, resources: Resources, params: BalanceParams, per: int
) -> Amount:
    sections = resources.sections
    total = pd.Series(0.0, index=sections.index)
    missing = pd.Series("", index=sections.index, dtype=object)
    for column, sign in parts.items():
        figure, lack = resources.of_school(column)
        total = total + sign * figure
        missing = all_missing(missing, lack)
    # More indoor sports rooms than teaching rooms of which they are a part.
    missing = missing.mask(missing.eq("") & total.lt(0), f"{CONTRADICTORY}resources.{list(parts)[-1]}")
    missing = all_missing(missing, resources.unlisted_stage)
    shared = resources.is_shared & missing.eq("")
    of_schools: dict[str, SharedAmount] = {}
    for code in sections.loc[shared, "school_code"].unique():
        here = sections["school_code"].eq(code)
        own = here & shared
        pupils = sections.loc[here].set_index("stage")["pupils"].reindex(list(STAGES), fill_value=0.0)
        senior = sections.loc[here, "senior"]
        if senior.nunique() > 1:
            missing[own] = f"{CONTRADICTORY}schools.senior_pupils"
        elif senior.isna().any():
            missing[own] = "schools.senior_pupils"
        elif pupils.isna().any() or pupils.sum() + senior.iloc[0] <= 0:
            missing[own] = "pupils"
        else:
            weights = [params.through_school.weights[one] for one in (*STAGES, "senior")]  # type: ignore[index]
            school = SharedAmount(
                float(total[own].iloc[0]),
                np.array([*pupils, senior.iloc[0]]),
                np.array(weights),
                per,
                whole_units,
            )
            of_schools[str(code)] = school
            total[own] = sections.loc[own, "stage"].map(school.split()).astype(float)
    return Amount(total.where(missing.eq("")), missing, of_schools)


def _senior(sections: pd.DataFrame, params: BalanceParams) -> pd.Series[float]:
    """Pupils of the senior stage; none in kinds of schools that have no such stage, else missing.

    What one row of a school tells holds for its others that tell nothing.
    """
    told = pd.to_numeric(sections["senior_pupils"]).astype(float)
    told = told.fillna(told.groupby(sections["school_code"]).transform("first"))
    return told.mask(told.isna() & sections["kind"].isin(params.through_school.without_senior), 0.0)
