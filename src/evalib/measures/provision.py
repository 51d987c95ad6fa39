"""优质均衡: what a section has for its pupils, against limits, and how evenly a stage has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# How a section stands to one limit, from the best.
MET, NEAR, UNDER, MISSING = "met", "near", "under", "missing"
# Decimals that a figure is taken to have: what lies beyond is noise of binary fractions.
_DECIMALS = 9


@dataclass(frozen=True)
class DifferenceCoefficient:
    """差异系数 of a stage.

    Attributes
    ----------
    value
        spread / mean, without a unit.
    spread
        S, the standard deviation between sections, a pupil counting once.
    mean
        The district's value: all that there is over all pupils.
    """

    value: float
    spread: float
    mean: float


def difference_coefficient(pupils: Floats, amounts: Floats) -> DifferenceCoefficient:
    """How unevenly sections have something for their pupils.

    Parameters
    ----------
    pupils
        (J,) pupils of each section, above 0.
    amounts
        (J,) what each section has: teachers, m², yuan, rooms.

    Returns
    -------
    The coefficient with its parts; NaN where the district has nothing at all.

    Raises
    ------
    ValueError
        Shapes do not agree, there is no section, a section has no pupils, or a figure is
        missing or negative.

    Notes
    -----
    With x_j = amount/pupils, P = Σ pupils and x̄ = Σ amounts / P,

        S = √(Σ (pupils_j / P)(x_j − x̄)²),   coefficient = S / x̄

    (教督〔2017〕6号, by the worked example published with the rule: 0.5153, printed as 0.52).
    Tempting, and wrong: the standard deviation of the x_j over their plain mean, which for
    the same five schools is 0.4888 and turns a fail at 0.50 into a pass. The coefficient of
    amounts per hundred pupils is the same.

    Examples
    --------
    >>> pupils = np.array([45.0, 37, 89, 76, 55])
    >>> found = difference_coefficient(pupils, np.array([279.0, 137, 935, 160, 402]))
    >>> round(found.mean, 4), round(found.spread, 4), round(found.value, 4)
    (6.3344, 3.2639, 0.5153)
    """
    pupils, amounts = np.asarray(pupils, dtype=float), np.asarray(amounts, dtype=float)
    if pupils.shape != amounts.shape or pupils.ndim != 1 or not len(pupils):
        raise ValueError("a difference coefficient needs pupils and amounts of one or more sections")
    if not (np.all(np.isfinite(pupils)) and np.all(np.isfinite(amounts))):
        raise ValueError("a section lacks its pupils or its amount")
    if np.any(pupils <= 0) or np.any(amounts < 0):
        raise ValueError("pupils must be above 0, amounts not below")
    share = pupils / pupils.sum()
    mean = float(amounts.sum() / pupils.sum())
    spread = float(np.sqrt(share @ (amounts / pupils - mean) ** 2))
    return DifferenceCoefficient(spread / mean if mean > 0 else math.nan, spread, mean)


def through_school_split(amount: float, pupils: Floats, weights: Floats, *, whole: bool) -> Floats:
    """What each stage of a school has of what the school has as a whole.

    Parameters
    ----------
    amount
        What the school has, not below 0.
    pupils
        (K,) pupils of each stage; 0 for a stage that it does not have.
    weights
        (K,) what a pupil of each stage weighs: 1 primary, 1.1 junior, 1.32 senior.
    whole
        Whether only whole units can be given away, as rooms and books; `amount` is one then.

    Returns
    -------
    (K,) shares by weighted pupils that add up to `amount`. Whole units are given to the end of
    each stage in turn, rounded down: what the first stages leave over goes to those after, as
    in the published example, where 9,711.6 and 13,514.4 become 9,711 and 13,515.

    Raises
    ------
    ValueError
        Shapes do not agree, a figure is missing or negative, the school has no pupils, or
        `amount` is not whole though its shares must be.

    Examples
    --------
    >>> through_school_split(23226, np.array([166.0, 210.0]), np.array([1.0, 1.1]), whole=True)
    array([ 9711., 13515.])
    """
    pupils, weights = np.asarray(pupils, dtype=float), np.asarray(weights, dtype=float)
    if pupils.shape != weights.shape or pupils.ndim != 1:
        raise ValueError("a split needs a weight for the pupils of each stage")
    figures = np.array([amount, *pupils, *weights])
    if not np.all(np.isfinite(figures)) or np.any(figures < 0):
        raise ValueError("a figure of the split is missing or negative")
    weighted = pupils * weights
    if weighted.sum() <= 0:
        raise ValueError("a school without pupils has nothing to split")
    exact: Floats = amount * weighted / weighted.sum()
    if not whole:
        return exact
    if amount != math.floor(amount):
        raise ValueError("only whole units can be split into whole units")
    until = np.floor(np.round(amount * np.cumsum(weighted) / weighted.sum(), _DECIMALS))
    split: Floats = np.diff(until, prepend=0.0)
    return split


def standing_to_limit(amount: float, pupils: float, per: int, limit: float, floor: float) -> str:
    """Whether a section's amount for so many pupils reaches a limit, or at least its floor.

    Parameters
    ----------
    amount, pupils
        What the section has, and for how many; pupils above 0.
    per
        Pupils that the limit speaks of: 100 or 1.
    limit, floor
        The least that is enough, and the least of it that may be let pass.

    Returns
    -------
    "met", "near" (under the limit, not under the floor) or "under"; of unrounded figures.

    Examples
    --------
    >>> standing_to_limit(21, 500, 100, 4.2, 3.57), standing_to_limit(20, 500, 100, 4.2, 3.57)
    ('met', 'near')
    """
    has, counted = _exact(amount) * per, _exact(pupils)
    if has >= _exact(limit) * counted:
        return MET
    return NEAR if has >= _exact(floor) * counted else UNDER


def units_needed(amount: float, pupils: float, per: int, least: float) -> int:
    """How many more whole units a section must have to reach `least` for so many pupils.

    Teachers, rooms, m² and yuan alike are counted in whole units, upwards; 0 where none is
    needed. Figures are decimal, not binary: 4.2 for every hundred of 500 pupils are 21.

    Examples
    --------
    >>> units_needed(20, 500, 100, 4.2), units_needed(20, 501, 100, 4.2), units_needed(9, 100, 100, 0.9)
    (1, 2, 0)
    """
    return max(0, math.ceil(_exact(least) * _exact(pupils) / per - _exact(amount)))


def school_units_needed(
    amount: float, pupils: Floats, weights: Floats, per: int, least: Sequence[float], *, whole: bool
) -> int:
    """How many more whole units a school must have for each of its stages to reach its `least`.

    Parameters
    ----------
    amount, pupils, weights, whole
        As `through_school_split` has them.
    per
        Pupils that the figures of `least` speak of.
    least
        A figure a stage; 0 where nothing is asked of it.

    Returns
    -------
    The smallest number after which the split leaves enough to every stage: what is added is
    split again, so that a stage that lacks one room may need the school to have two more.

    Examples
    --------
    The primary stage needs 45 m² of what is split 100 : 110 with the junior stage.

    >>> halves, weights = np.array([100.0, 100.0]), np.array([1.0, 1.1])
    >>> school_units_needed(900, halves, weights, 1, [4.5, 0.0], whole=False)
    45
    """
    weighted = [_exact(one) * _exact(weight) for one, weight in zip(pupils, weights, strict=True)]
    asked = [_exact(one) * _exact(count) / per for one, count in zip(least, pupils, strict=True)]
    # Rounding down may give a stage almost one whole unit more or less than its exact share.
    ends = [
        (need - whole) * sum(weighted) / share
        for need, share in zip(asked, weighted, strict=True)
        if need > 0 and share > 0
    ]
    more = max(0, math.floor(max(ends, default=Fraction(0)) - _exact(amount)))
    while True:
        split = through_school_split(amount + more, pupils, weights, whole=whole)
        short = [units_needed(*one) for one in zip(split, pupils, [per] * len(split), least, strict=True)]
        if not any(short):
            return more
        more += 1


def section_verdict(standings: Sequence[str], least_met: int) -> str:
    """Whether a section passes: all but so many limits reached, the others' floors at least.

    Parameters
    ----------
    standings
        "met", "near", "under" or "missing" for each indicator.
    least_met
        How many must be met: 6 of 7.

    Returns
    -------
    "not_met" as soon as one is under its floor or too many are short of their limit, whatever
    is missing; else "not_reported" where any is missing; else "met".

    Examples
    --------
    >>> section_verdict(["met"] * 6 + ["near"], 6), section_verdict(["met"] * 5 + ["near", "missing"], 6)
    ('met', 'not_reported')
    >>> section_verdict(["near", "near"] + ["missing"] * 5, 6)
    'not_met'
    """
    short = sum(one in (NEAR, UNDER) for one in standings)
    if UNDER in standings or short > len(standings) - least_met:
        return "not_met"
    return "not_reported" if MISSING in standings else "met"


def least_needed(
    to_limit: Sequence[int | None],
    to_floor: Sequence[int | None],
    required: Sequence[float],
    least_met: int,
) -> dict[int, int]:
    """The least that makes a section pass, by position of the indicator, in whole units.

    Parameters
    ----------
    to_limit, to_floor
        Units that each indicator still needs; None where it is not known.
    required
        Units that each needs in all at its limit, above 0.
    least_met
        How many must reach their limit; the others may stay at their floor.

    Returns
    -------
    Units above 0 alone. Of all choices which indicators stay at the floor, the one that asks
    for the fewest indicators to be raised; of these the one with the smallest sum of units
    over units required, since teachers and m² cannot be added up; then the first. What is not
    known asks for nothing, so that the answer is the least in any case.

    Examples
    --------
    One teacher of 21 is nearer than 400 of 3,750 m²: the area may stay at its floor.

    >>> least_needed([1, 400], [0, 0], [21, 3750], 1)
    {0: 1}
    """
    known = [place for place, one in enumerate(to_limit) if one]
    spared = min(len(to_limit) - least_met, len(known))
    plans = []
    for stay in combinations(known, max(spared, 0)):
        units = {place: (to_floor[place] if place in stay else to_limit[place]) or 0 for place in known}
        plan = {place: one for place, one in units.items() if one}
        plans.append((len(plan), sum(one / required[place] for place, one in plan.items()), stay, plan))
    return min(plans, key=lambda plan: plan[:3])[3]


def _exact(figure: float) -> Fraction:
    """A figure as the decimal number that it is written as."""
    return Fraction(repr(round(float(figure), _DECIMALS)))
