"""What an invented district was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.sampling.learning import PERSISTENCE, Learning
from evalib.sampling.pupils import Roll
from evalib.sampling.rows import class_names
from evalib.sampling.schools import Sections

PECULIAR = ("too_small", "new", "no_scores", "no_fitness", "no_records", "over_quota")


@dataclass(frozen=True)
class Truth:
    """What the district was made from, for judging what is estimated from its tables.

    Attributes
    ----------
    sections
        school_code, stage, level: true level of its pupils at entry, in pupil standard
        deviations around a district mean of 0.
    growth
        year, school_code, stage, growth: true effect of the section on the change
        into that year, on the same scale; the first year has none.
    classes
        year, school_code, stage, grade, class, effect: the same for a class within it.
    pupils
        year, pupil, ability: true standing that year.
    effects
        school_code, stage and the section's effect on all else, in pupil standard
        deviations of the matter itself: fitness (each item), arts, labour (log hours),
        moral (log count of evidence), health, activity (a probit of taking part),
        achievement (half the log rate), adaptation_learning, adaptation_life,
        adaptation_social, adaptation_rules, recovery (extra change of the weakest
        quarter into grade 4 or 7) and onward (of a primary section on the change of its
        leavers into grade 7; missing in junior ones).
    peculiar
        school_code and stage of the sections that are not like others: `too_small`,
        `new`, `no_scores`, `no_fitness`, `no_records` (no competence, achievements and
        activities), all three in the last year; `over_quota` (more grades A than the
        quota, every year).
    persistence
        How much of a pupil's standing lasts a year: ability = persistence × ability
        last year + growth + effect of the class + the pupil's own change, into a stage
        also onward and recovery.
    """

    sections: pd.DataFrame
    growth: pd.DataFrame
    classes: pd.DataFrame
    pupils: pd.DataFrame
    effects: pd.DataFrame
    peculiar: dict[str, tuple[str, str]]
    persistence: float


def truth_of(
    plan: Sections,
    rolls: list[Roll],
    learning: Learning,
    effects: pd.DataFrame,
    names: list[str],
    keys: pd.Series[str],
) -> Truth:
    """The truth of a district.

    Parameters
    ----------
    effects
        From `effect_rows`.
    names
        The school years.
    keys
        Key of each pupil by number.
    """
    place = plan.table[["school_code", "stage"]]
    growth = [
        place.assign(year=name, growth=learning.growth[year]).iloc[np.unique(rolls[year].section)]
        for year, name in enumerate(names)
        if year
    ]
    columns = ["year", "school_code", "stage", "growth"]
    classes = learning.classes
    of_class = place.iloc[classes["section"].to_numpy(np.int64)].reset_index(drop=True)
    of_class.insert(0, "year", np.array(names)[classes["year"].to_numpy(np.int64)])
    of_class["grade"] = classes["grade"].to_numpy(np.int64)
    of_class["class"] = class_names(classes["room"].to_numpy(np.int64))
    of_class["effect"] = classes["effect"].to_numpy(float)
    pupils = [
        pd.DataFrame({"year": name, "pupil": keys.take(roll.pupil).array, "ability": ability})
        for name, roll, ability in zip(names, rolls, learning.ability, strict=True)
    ]
    sections = list(place.itertuples(index=False, name=None))
    return Truth(
        sections=place.assign(level=plan.level),
        growth=pd.concat(growth, ignore_index=True)[columns] if growth else pd.DataFrame(columns=columns),
        classes=of_class,
        pupils=pd.concat(pupils, ignore_index=True),
        effects=effects,
        peculiar={name: sections[getattr(plan, name)] for name in PECULIAR},
        persistence=PERSISTENCE,
    )
