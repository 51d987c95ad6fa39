"""Somebody who holds the district's page beside every school's, and wants what neither tells.

Knows the rule book: whose numbers a sum is of and how it is rounded, that a band leaves five numbers,
how shares, coefficients of variation and shares of variance are computed. Whatever fits all that is
printed is a possible truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import linprog

from disclosure_attacker import LEAST, Possible
from evalib.statistics.between_share import between_share

NEAREST = 10  # the published rounding of numbers of pupils


def rounded(number: float) -> int:
    return NEAREST * round(number / NEAREST)


def beside(numbers: np.ndarray, digits: int, limit: float, at_least: bool) -> np.ndarray:
    """Numbers as they are printed: rounded, but never across the limit that they are judged by."""
    near, unit = np.round(numbers, digits), 10.0**-digits
    kept, seen = ((one >= limit) if at_least else (one <= limit) for one in (np.round(numbers, 12), near))
    return np.where(kept == seen, near, np.round(near + unit * np.sign(numbers - near), digits))


def ends_of(share: float, limit: float, half: float = 0.0005) -> tuple[float, float]:
    """Between which numbers a share lies that is printed beside the limit it must reach, to `half` a digit.

    The last before the limit stands for all that would round to the limit; the limit for what reaches it.
    """
    if share >= limit:
        return (limit if share - 2 * half < limit - 1e-9 else share - half), share + half
    return share - half, (limit if share + 2 * half > limit - 1e-9 else share + half)


def rolls_left(
    told: Sequence[float],
    answered: float,
    response: float,
    asked: Iterable[int],
    hidden_counts: bool,
    low_response: float,
) -> set[int]:
    """Values that a withheld roll below ten can have, where all parents, or pupils, of a district are asked.

    Parameters
    ----------
    told
        Population and invited, rounded.
    answered, response
        As printed.
    asked
        Those asked at every section whose roll is printed, which is that roll.
    hidden_counts
        Whether the rule book counts the section of the withheld roll with the others.
    low_response
        The response beside which it is printed.
    """
    shown, found = sum(asked), set()
    for roll in range(2 * LEAST):
        whole = shown + roll * hidden_counts
        printed = beside(np.array(answered / whole), 3, low_response, at_least=True)
        fits = all(rounded(whole) == one for one in told) and printed == response
        if fits and answered <= whole:
            found.add(roll)
    return found


def kept_left(
    cohorts: Sequence[int], told: Sequence[float | None], share: float | None, limit: float
) -> list[int]:
    """How many values the number of those who left a section can have, for each that is told as a band.

    Parameters
    ----------
    cohorts
        Each section's pupils who should have been kept, as printed.
    told
        Each section's number who left, None where its page says "n − 4 or more" alone.
    share
        The district's share that was kept, to three digits; None where it is not told.
    limit
        What the share must reach; it is printed on its side of it.
    """
    possible = Possible()
    places = [possible.number(0, LEAST - 1) if left is None else possible.number(left, left) for left in told]
    if share is not None:
        whole = float(sum(cohorts))
        low, high = ends_of(share, limit)
        possible.know(dict.fromkeys(places, 1.0), (1 - high) * whole, (1 - low) * whole)
    return [
        sum(possible.solution({place: (value, value)}) is not None for value in range(LEAST))
        for place, left in zip(places, told, strict=True)
        if left is None
    ]


def satisfied_left(answered: int, band: str, met: bool, limit: float) -> int:
    """How many numbers of satisfied people fit a band and the verdict, of a group asked as one."""
    numbers = range(LEAST) if band == "low" else range(answered - LEAST + 1, answered + 1)
    return sum((round(one / answered, 9) >= limit) == met for one in numbers)


def resources_left(
    pupils: np.ndarray,
    amounts: np.ndarray,
    hidden: np.ndarray,
    verdicts: np.ndarray,
    told: float,
    levels: tuple[float, float],
    limit: float,
    worlds: int = 200_000,
) -> list[set[int]]:
    """Values of each withheld roll for which whole amounts give the coefficient and the verdicts told.

    Parameters
    ----------
    pupils, amounts
        (J,) of every section of a stage. Printed rolls are known; no page says how much a section has.
    hidden
        (J,) whether a section's roll is withheld.
    verdicts
        (J,) met, near or under, as they are counted; the attacker is granted whose each is.
    told
        The coefficient to two digits.
    levels
        The limit and its floor, of an amount a pupil.
    limit
        The largest coefficient allowed; it is printed on its side of it.

    Returns
    -------
    For each withheld roll the values found among so many worlds drawn at random.
    """
    rng = np.random.default_rng(11)
    rolls = np.where(hidden, rng.integers(1, 2 * LEAST, size=(worlds, len(pupils))), pupils)
    # Few or many, whichever: nobody knows.
    most = np.log1p(2.0 * max(float(amounts.max()), 5.0))
    world = np.round(np.expm1(rng.random((worlds, len(pupils))) * most))
    each = np.round(world / rolls, 11)
    judged = np.where(each >= levels[0], "met", np.where(each >= levels[1], "near", "under"))
    mean = world.sum(axis=1) / rolls.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((rolls * (world / rolls - mean[:, None]) ** 2).sum(axis=1) / rolls.sum(axis=1))
        fits = (judged == verdicts).all(axis=1) & (beside(spread / mean, 2, limit, at_least=False) == told)
    return [set(rolls[fits, k].astype(int).tolist()) for k in np.flatnonzero(hidden)]


def sums_left(
    values: np.ndarray, printed: np.ndarray, half: np.ndarray, variances: np.ndarray, n: np.ndarray
) -> float:
    """How far apart the sums of scores can lie that fit every printed mean and the printed share of variance.

    The share is linearised to find two candidates; both are then held against the share itself.
    """
    share = between_share(values, variances, 1.0)
    ends = (share.value, share.low, share.high)
    gradients = []
    for key in ("value", "low", "high"):
        moved = []
        for k in range(len(values)):
            there = values.copy()
            there[k] += 1e-5
            moved.append((getattr(between_share(there, variances, 1.0), key) - getattr(share, key)) / 1e-5)
        gradients.append(moved)
    matrix = np.array([*gradients, *(-np.array(gradients))])
    room = np.array([0.0005 - abs(one - round(one, 3)) for one in ends]).clip(min=0.0)
    bounds = list(zip(printed - half - values, printed + half - values, strict=True))
    sums = []
    for sign in (1.0, -1.0):
        found = linprog(sign * n, A_ub=matrix, b_ub=np.tile(0.5 * room, 2), bounds=bounds)
        assert found.status == 0
        step, reached = 1.0, 0.0
        while step > 0.01:
            there = between_share(values + step * found.x, variances, 1.0)
            if all(
                round(getattr(there, key), 3) == round(one, 3)
                for key, one in zip(("value", "low", "high"), ends, strict=True)
            ):
                reached = float(n @ (step * found.x))
                break
            step *= 0.8
        sums.append(reached)
    return max(sums) - min(sums)
