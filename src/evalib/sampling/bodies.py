"""Raw items of the national fitness test, plausible for each grade and sex."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalib.sampling.pupils import People, Roll
from evalib.sampling.schools import Floats, Random, Sections

SECTION_SD = 0.20
LASTING_SHARE = 0.45
NOT_TESTED_SHARE = 0.010
ITEM_MISSING_SHARE = 0.012
EXEMPT_SHARE = 0.005
# A pupil at PASSING has the value that scores 60, one at GOOD the value that scores 90.
PASSING, GOOD = -1.5, 1.3
# Grades 1 to 9; means and spreads of height (cm) and of the body mass index.
HEIGHT = {
    True: (122.0, 127.5, 133.0, 138.5, 144.0, 150.5, 157.5, 164.5, 169.0),
    False: (121.0, 126.5, 132.5, 139.0, 145.5, 151.5, 156.0, 158.5, 159.5),
}
HEIGHT_SD = (5.2, 5.4, 5.7, 6.0, 6.6, 7.2, 7.4, 7.0, 6.3)
BMI = {
    True: (15.9, 16.3, 16.8, 17.4, 18.0, 18.6, 19.3, 19.9, 20.4),
    False: (15.5, 15.8, 16.2, 16.7, 17.3, 17.9, 18.7, 19.3, 19.8),
}
BMI_LOG_SD = 0.135


def _grades(*values: float | None) -> Floats:
    return np.array([np.nan if value is None else value for value in values])


_N = None
# National standard of 2014: the value that scores 60 and the value that scores 90, grades 1 to 9,
# by sex (True: boys). Missing where the item is not tested. Times are seconds.
ITEMS: dict[str, dict[bool, tuple[Floats, Floats]]] = {
    "lung_capacity_ml": {
        True: (
            _grades(700, 800, 900, 1100, 1300, 1500, 1700, 2000, 2300),
            _grades(1500, 1800, 2100, 2400, 2700, 3000, 3400, 3700, 4000),
        ),
        False: (
            _grades(600, 700, 800, 900, 1050, 1200, 1350, 1500, 1650),
            _grades(1200, 1400, 1600, 1800, 2050, 2300, 2550, 2800, 2950),
        ),
    },
    "run_50m_s": {
        True: (
            _grades(12.6, 12.0, 11.5, 11.1, 10.8, 10.6, 10.2, 9.9, 9.7),
            _grades(10.4, 9.8, 9.3, 8.9, 8.6, 8.4, 8.0, 7.7, 7.5),
        ),
        False: (
            _grades(13.8, 12.8, 12.0, 11.5, 11.1, 11.0, 10.9, 10.8, 10.7),
            _grades(11.2, 10.2, 9.4, 8.9, 8.5, 8.4, 8.3, 8.2, 8.1),
        ),
    },
    "sit_and_reach_cm": {
        True: (
            _grades(0.0, -0.4, -0.8, -2.2, -2.6, -4.0, -2.6, -1.4, -0.2),
            _grades(13.0, 13.2, 13.4, 13.6, 13.8, 14.0, 14.2, 15.8, 17.8),
        ),
        False: (
            _grades(2.4, 2.3, 2.2, 2.1, 2.0, 1.9, 2.0, 2.9, 3.7),
            _grades(16.0, 16.3, 16.6, 16.9, 17.2, 17.5, 18.4, 19.3, 20.1),
        ),
    },
    "rope_jumps": {
        True: (
            _grades(17, 25, 34, 45, 56, 65, _N, _N, _N),
            _grades(99, 107, 116, 127, 138, 147, _N, _N, _N),
        ),
        False: (
            _grades(17, 27, 39, 49, 58, 66, _N, _N, _N),
            _grades(103, 113, 125, 135, 144, 152, _N, _N, _N),
        ),
    },
    "sit_ups": {
        True: (
            _grades(_N, _N, 16, 17, 18, 19, _N, _N, _N),
            _grades(_N, _N, 42, 43, 44, 45, _N, _N, _N),
        ),
        False: (
            _grades(_N, _N, 16, 17, 18, 19, 20, 21, 22),
            _grades(_N, _N, 42, 43, 44, 45, 46, 47, 48),
        ),
    },
    "shuttle_run_s": {
        True: (
            _grades(_N, _N, _N, _N, 138, 132, _N, _N, _N),
            _grades(_N, _N, _N, _N, 102, 96, _N, _N, _N),
        ),
        False: (
            _grades(_N, _N, _N, _N, 143, 139, _N, _N, _N),
            _grades(_N, _N, _N, _N, 107, 103, _N, _N, _N),
        ),
    },
    "standing_jump_cm": {
        True: (
            _grades(_N, _N, _N, _N, _N, _N, 155, 170, 185),
            _grades(_N, _N, _N, _N, _N, _N, 211, 226, 240),
        ),
        False: (
            _grades(_N, _N, _N, _N, _N, _N, 140, 144, 146),
            _grades(_N, _N, _N, _N, _N, _N, 184, 188, 190),
        ),
    },
    "pull_ups": {
        True: (
            _grades(_N, _N, _N, _N, _N, _N, 4, 5, 6),
            _grades(_N, _N, _N, _N, _N, _N, 11, 12, 13),
        ),
        False: (_grades(*[_N] * 9), _grades(*[_N] * 9)),
    },
    "run_800m_s": {
        True: (_grades(*[_N] * 9), _grades(*[_N] * 9)),
        False: (
            _grades(_N, _N, _N, _N, _N, _N, 295, 290, 285),
            _grades(_N, _N, _N, _N, _N, _N, 229, 224, 219),
        ),
    },
    "run_1000m_s": {
        True: (
            _grades(_N, _N, _N, _N, _N, _N, 320, 305, 295),
            _grades(_N, _N, _N, _N, _N, _N, 255, 240, 230),
        ),
        False: (_grades(*[_N] * 9), _grades(*[_N] * 9)),
    },
}
# Most boys cannot do the pull-ups the standard asks for, and are known for it.
HANDICAP = {"pull_ups": -2.2}
DECIMALS = {"run_50m_s": 1, "sit_and_reach_cm": 1}
LOWEST = {
    "pull_ups": 0.0,
    "sit_ups": 0.0,
    "rope_jumps": 0.0,
    "sit_and_reach_cm": -25.0,
    "lung_capacity_ml": 400.0,
}


def fitness_of_year(
    rng: Random, plan: Sections, people: People, roll: Roll, effect: Floats, *, last: bool
) -> pd.DataFrame:
    """One row a pupil tested or exempt: position `row` in the roll, raw items, exempt.

    Parameters
    ----------
    effect
        (S,) lasting effect of each section on its pupils' fitness, pupil standard deviations.
    last
        Whether this is the last year, in which one section hands in nothing.

    Returns
    -------
    Items that are not tested in a pupil's grade and sex, or were missed, are missing;
    an exempt pupil has none.
    """
    tested = ~roll.suspended & (rng.random(len(roll.pupil)) >= NOT_TESTED_SHARE)
    if last:
        tested &= roll.section != plan.no_fitness
    row = np.flatnonzero(tested)
    pupil, step = roll.pupil[row], roll.grade[row] - 1
    male = people.male[pupil]
    form = SECTION_SD * effect[roll.section[row]] + np.sqrt(LASTING_SHARE) * people.body[pupil, 0]
    own_sd = np.sqrt(1.0 - LASTING_SHARE)
    stature = 0.95 * people.body[pupil, 1] + 0.31 * rng.standard_normal(len(row))
    build = 0.90 * people.body[pupil, 2] + 0.44 * rng.standard_normal(len(row))
    height = _by_sex(HEIGHT, male, step) + np.array(HEIGHT_SD)[step] * stature
    index = _by_sex(BMI, male, step) * np.exp(BMI_LOG_SD * build)
    columns: dict[str, Floats] = {
        "height_cm": np.round(height, 1),
        "weight_kg": np.round(index * (height / 100) ** 2, 1),
    }
    for item, standard in ITEMS.items():
        passing = np.where(male, standard[True][0][step], standard[False][0][step])
        good = np.where(male, standard[True][1][step], standard[False][1][step])
        z = form + own_sd * rng.standard_normal(len(row)) + HANDICAP.get(item, 0.0)
        value = passing + (good - passing) * (z - PASSING) / (GOOD - PASSING)
        # Nobody is twice as fast as the good: beyond it, gains shrink.
        value = np.where(z > GOOD, good + (good - passing) * 0.6 * (z - GOOD) / (GOOD - PASSING), value)
        columns[item] = np.round(np.maximum(value, LOWEST.get(item, -np.inf)), DECIMALS.get(item, 0))
    table = pd.DataFrame(columns)
    missed = rng.random(table.shape) < ITEM_MISSING_SHARE
    exempt = rng.random(len(row)) < EXEMPT_SHARE
    table = table.mask(missed | exempt[:, None])
    table.insert(0, "row", row)
    table["exempt"] = exempt
    return table


def _by_sex(means: Mapping[bool, tuple[float, ...]], male: np.ndarray, step: np.ndarray) -> Floats:
    mean: Floats = np.where(male, np.array(means[True])[step], np.array(means[False])[step])
    return mean
