"""Levels, hours and evidence of every pupil, and where grades A are a quota."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.intake.table import AREAS_OF_COMPETENCE
from evalib.sampling.effects import Effects
from evalib.sampling.pupils import People, Roll
from evalib.sampling.schools import Codes, Floats, Random, Sections

LASTING_SHARE = 0.5
LEVELS = pd.Series(["A", "B", "C", "D"], dtype="str")
# A goes to the best of a grade in a section, whatever they can do: this share of them,
# and in the section that breaches the quota that one.
QUOTA_USED = 0.38
QUOTA_BREACHED = 0.56
# B and C from here on, in pupil standard deviations.
B_FROM, C_FROM = -0.75, -1.9
NOT_SCREENED_SHARE = 0.05
UNRECORDED_SHARE = 0.02
NO_HOURS_SHARE = 0.004
LABOUR_HOURS, LABOUR_LOG_SD = 38.0, 0.28
MORAL_EVIDENCE, MORAL_LOG_SD = 4.2, 0.30


def invent_leanings(rng: Random, people: People) -> Floats:
    """(P, 5) lasting standing of every pupil in each area, standard normal."""
    return rng.standard_normal((len(people.entry), len(AREAS_OF_COMPETENCE)))


def competence_of_year(
    rng: Random,
    plan: Sections,
    roll: Roll,
    effects: Effects,
    leaning: Floats,
    ability: Floats,
    *,
    last: bool,
) -> pd.DataFrame:
    """One row a pupil and area with anything recorded: `row` in the roll, area, level, hours, evidence.

    Parameters
    ----------
    leaning
        From `invent_leanings`.
    ability
        (N,) standing in the marks, in the order of the roll: the academic area follows it.
    last
        Whether this is the last year, in which one section hands in nothing.
    """
    attending = ~roll.suspended
    if last:
        attending &= roll.section != plan.no_records
    row = np.flatnonzero(attending)
    section, pupil = roll.section[row], roll.pupil[row]
    count, areas = len(row), len(AREAS_OF_COMPETENCE)
    own = np.sqrt(LASTING_SHARE) * leaning[pupil] + np.sqrt(1 - LASTING_SHARE) * rng.standard_normal(
        (count, areas)
    )
    for place, area in enumerate(AREAS_OF_COMPETENCE):
        if area in effects.others:
            own[:, place] += effects.others[area][section]
    academic = AREAS_OF_COMPETENCE.index("academic")
    own[:, academic] = 0.9 * ability[row] + 0.45 * own[:, academic]
    level = np.where(own >= B_FROM, 1, np.where(own >= C_FROM, 2, 3))
    level[_best(plan, section, roll.grade[row], own)] = 0
    recorded = rng.random((count, areas)) >= UNRECORDED_SHARE
    recorded[:, AREAS_OF_COMPETENCE.index("health")] &= rng.random(count) >= NOT_SCREENED_SHARE
    hours = np.full((count, areas), np.nan)
    labour, moral = AREAS_OF_COMPETENCE.index("labour"), AREAS_OF_COMPETENCE.index("moral")
    hours[:, labour] = np.round(LABOUR_HOURS * np.exp(LABOUR_LOG_SD * own[:, labour]))
    hours[rng.random(count) < NO_HOURS_SHARE, labour] = 0.0
    evidence = np.full((count, areas), np.nan)
    evidence[:, moral] = rng.poisson(MORAL_EVIDENCE * np.exp(MORAL_LOG_SD * own[:, moral]))
    # Areas in the order of their names: the table needs no sorting.
    order = np.argsort(AREAS_OF_COMPETENCE)
    kept = recorded[:, order].ravel()
    names = pd.Series(sorted(AREAS_OF_COMPETENCE), dtype="str")
    return pd.DataFrame(
        {
            "row": np.repeat(row, areas)[kept],
            "area": names.take(np.tile(np.arange(areas), count)[kept]).reset_index(drop=True),
            "level": LEVELS.take(level[:, order].ravel()[kept]).reset_index(drop=True),
            "hours": hours[:, order].ravel()[kept],
            "evidence": evidence[:, order].ravel()[kept],
        }
    )


def _best(plan: Sections, section: Codes, grade: Codes, standing: Floats) -> np.ndarray:
    """(n, areas) whether the pupil is among the best of section and grade that the quota lets through."""
    cell = section * 10 + grade
    size = np.bincount(cell)
    share = np.where(np.arange(len(plan)) == plan.over_quota, QUOTA_BREACHED, QUOTA_USED)
    places = np.floor(share[section] * size[cell])
    best = np.zeros(standing.shape, bool)
    for area in range(standing.shape[1]):
        order = np.lexsort((-standing[:, area], cell))
        ordered = cell[order]
        rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        best[order, area] = rank < places[order]
    return best
