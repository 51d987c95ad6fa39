"""国家学生体质健康标准: a pupil's total from the raw items of the national fitness test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BODY_MASS_INDEX = "body_mass_index"
# Items are read to a tenth at the finest; this is far below it and far above rounding noise.
_TOLERANCE = 1e-6
# Two body mass indices, from tenths of a cm and of a kg, can lie as close to a half as 1e-7.
_ROUNDING_NOISE = 1e-9


@dataclass(frozen=True)
class Steps:
    """A score that is reached from certain values on.

    Attributes
    ----------
    values
        (T,) in the item's unit: rising, or falling where a lower value is better.
    scores
        (T,) the score from each value on, up to the next. Short of the first it is 0.
    lower_is_better
        True for a run: a step is reached at or below its value.
    """

    values: Floats
    scores: Floats
    lower_is_better: bool = False


@dataclass(frozen=True)
class ItemRule:
    """What one item gives in one grade and sex.

    Attributes
    ----------
    weight
        Percent of the total, a whole number.
    steps
        Its score.
    bonus
        Its bonus points; None where there are none.
    """

    weight: int
    steps: Steps
    bonus: Steps | None = None


@dataclass(frozen=True)
class FitnessStandard:
    """The standard: what is tested in each grade, and how it scores.

    Attributes
    ----------
    rules
        By (is a boy, grade) the rule of each item, "body_mass_index" among them.
    most_bonus
        The most bonus points in all.
    """

    rules: Mapping[tuple[bool, int], Mapping[str, ItemRule]]
    most_bonus: float


@dataclass(frozen=True)
class FitnessScores:
    """What the test says of each pupil.

    Attributes
    ----------
    scores
        By item the score (N,), 0 to 100; NaN where the item is missing or not tested in
        the pupil's grade.
    bonus
        (N,) bonus points; NaN where the total is.
    total
        (N,) weighted score and bonus, to one decimal; NaN where an item is missing, sex
        is not known or the grade is not in the standard.
    """

    scores: Mapping[str, Floats]
    bonus: Floats
    total: Floats


def step_score(value: Floats, steps: Steps) -> Floats:
    """The score of the last step that each value reaches.

    Parameters
    ----------
    value
        (N,) in the item's unit; NaN where it is missing.
    steps
        Values and their scores.

    Returns
    -------
    (N,) a score of `steps`, 0 short of the first, NaN where the value is. A value within
    a millionth of a step has reached it, so that 7.9 + 0.1 s is 8.0 s. The tempting wrong
    formula interpolates between two steps: 81 and 83 do not exist.

    Examples
    --------
    >>> run = Steps(np.array([8.2, 8.0, 7.8]), np.array([80.0, 90.0, 100.0]), lower_is_better=True)
    >>> step_score(np.array([8.3, 8.1, 7.9 + 0.1, 7.0, np.nan]), run)
    array([  0.,  80.,  90., 100.,  nan])
    """
    sign = -1.0 if steps.lower_is_better else 1.0
    reached = np.searchsorted(sign * steps.values, sign * value + _TOLERANCE, side="right")
    ladder = np.concatenate([[0.0], steps.scores])
    score: Floats = np.where(np.isnan(value), np.nan, ladder[reached])
    return score


def body_mass_index(height_cm: Floats, weight_kg: Floats) -> Floats:
    """Weight for height, kg/m², rounded to the one decimal that its bands are written in.

    Parameters
    ----------
    height_cm, weight_kg
        (N,); NaN where missing.

    Returns
    -------
    (N,) weight ÷ (height in metres)², half rounded up: unrounded, 18.14 would lie between
    the bands "up to 18.1" and "from 18.2", and a binary 18.15 would round down.

    Raises
    ------
    ValueError
        A height or weight is not positive.

    Examples
    --------
    >>> body_mass_index(np.array([200.0, 150.0]), np.array([72.6, np.nan]))
    array([18.2,  nan])
    """
    if np.any(height_cm <= 0) or np.any(weight_kg <= 0):
        raise ValueError("a height or weight is not positive")
    return _to_one_decimal(weight_kg / (height_cm / 100.0) ** 2)


def fitness_scores(
    items: Mapping[str, Floats], boy: Floats, grade: Codes, standard: FitnessStandard
) -> FitnessScores:
    """Each pupil's item scores, bonus and total by the national standard.

    Parameters
    ----------
    items
        By item (N,) raw values: height_cm, weight_kg, lung_capacity_ml, run_50m_s, …;
        NaN where an item was not taken. An item that nobody has may be left out. Items
        that the pupil's grade and sex are not tested in are ignored.
    boy
        (N,) 1 a boy, 0 a girl, NaN not known.
    grade
        (N,) 1 to 9.
    standard
        Items, weights and steps.

    Returns
    -------
    total = Σ weight · score / 100 + min(Σ bonus, most), half rounded up to one decimal
    before anything is compared with it. A missing item makes the total missing; it is
    not a score of 0. An exempt pupil is for the caller to leave out.

    Raises
    ------
    ValueError
        Shapes do not agree, or a run, a height or a weight is not positive: a run of 0
        seconds is a fault, 0 pull-ups and a negative sit-and-reach are not.

    Notes
    -----
    Ministry of Education, 国家学生体质健康标准（2014年修订）. Weighted scores are whole
    hundredths, so the sum is exact and 89.85 + 4 = 93.85 becomes 93.9, never 93.8.

    Examples
    --------
    >>> rope = Steps(np.array([80.0, 99.0]), np.array([60.0, 100.0]))
    >>> more = Steps(np.array([101.0, 103.0]), np.array([1.0, 2.0]))
    >>> one_item = FitnessStandard({(True, 1): {"rope_jumps": ItemRule(100, rope, more)}}, 20)
    >>> jumps = {"rope_jumps": np.array([85.0, 102.0, np.nan])}
    >>> fitness_scores(jumps, np.ones(3), np.ones(3, int), one_item).total
    array([ 60., 101.,  nan])
    """
    pupils = len(grade)
    if any(len(values) != pupils for values in (boy, *items.values())):
        raise ValueError("items, sex and grade must hold one entry a pupil")
    values = dict(items)
    if "height_cm" in items and "weight_kg" in items:
        values[BODY_MASS_INDEX] = body_mass_index(items["height_cm"], items["weight_kg"])
    scores: dict[str, Floats] = {}
    weighted, bonus = np.full(pupils, np.nan), np.full(pupils, np.nan)
    for (is_boy, of_grade), rules in standard.rules.items():
        inside = np.flatnonzero((boy == is_boy) & (grade == of_grade))
        if not inside.size:
            continue
        weighted[inside], bonus[inside] = 0.0, 0.0
        for item, rule in rules.items():
            value = values[item][inside] if item in values else np.full(inside.size, np.nan)
            if rule.steps.lower_is_better and np.any(value <= 0):
                raise ValueError(f"{item} holds a time that is not positive")
            score = step_score(value, rule.steps)
            scores.setdefault(item, np.full(pupils, np.nan))[inside] = score
            weighted[inside] += rule.weight * score
            if rule.bonus is not None:
                bonus[inside] += step_score(value, rule.bonus)
    bonus = np.where(np.isnan(weighted), np.nan, np.minimum(bonus, standard.most_bonus))
    return FitnessScores(scores, bonus, _to_one_decimal(weighted / 100.0 + bonus))


def _to_one_decimal(value: Floats) -> Floats:
    rounded: Floats = np.floor(value * 10.0 + 0.5 + _ROUNDING_NOISE) / 10.0
    return rounded
