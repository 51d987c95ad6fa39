"""综合素质: what a year's records of a pupil reach, area by area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]

# From the best to the lowest.
LEVELS = ("A", "B", "C", "D")


def amount_reached(amount: Floats, cut: float) -> Floats:
    """Whether each pupil has at least so much: hours, pieces of evidence, a fitness total.

    Parameters
    ----------
    amount
        (N,) in the unit of `cut`; 0 is an amount, NaN is none recorded.
    cut
        The least that is enough, itself included.

    Returns
    -------
    (N,) 1 where amount ≥ cut, else 0; NaN for a pupil without a record, who does not
    count: a pupil whose hours nobody wrote down has not done none.

    Examples
    --------
    >>> amount_reached(np.array([30.0, 29.5, 0.0, np.nan]), 30)
    array([ 1.,  0.,  0., nan])
    """
    # Sums of tenths of an hour must not miss the cut by rounding.
    return np.where(np.isnan(amount), np.nan, (amount >= cut - 1e-9).astype(float))


def level_reached(level: Words, cut: str) -> Floats:
    """Whether each pupil is rated `cut` or better.

    Parameters
    ----------
    level
        (N,) "A" to "D", "A" the best; anything else (None, NaN) is not rated.
    cut
        The lowest level that is enough: "B" counts A and B.

    Returns
    -------
    (N,) 1, 0, or NaN for a pupil who was not rated.

    Raises
    ------
    ValueError
        `cut` is not a level.

    Examples
    --------
    >>> level_reached(np.array(["A", "B", "C", None], dtype=object), "B")
    array([ 1.,  1.,  0., nan])
    """
    if cut not in LEVELS:
        raise ValueError(f"the levels are {', '.join(LEVELS)}")
    reached = np.full(len(level), np.nan)
    for position, word in enumerate(LEVELS):
        reached[level == word] = float(position <= LEVELS.index(cut))
    return reached


def recorded(level: Words, hours: Floats, evidence: Floats) -> Bools:
    """Whether anything at all was recorded of each pupil.

    Parameters
    ----------
    level
        (N,) "A" to "D"; anything else is no record.
    hours, evidence
        (N,) 0 is a record, NaN is none.

    Returns
    -------
    (N,) True where one of the three is there: a row left blank records nothing.

    Examples
    --------
    >>> recorded(np.array([None, "C"], dtype=object), np.array([np.nan, np.nan]), np.array([0.0, np.nan]))
    array([ True,  True])
    """
    rated: Bools = np.isin(level.astype(str), LEVELS)
    return rated | np.isfinite(hours) | np.isfinite(evidence)


def quota_exceeded(level: Words, section: Codes, n_sections: int, highest: float) -> Bools:
    """Which sections gave more pupils the best level than a quota allows.

    Parameters
    ----------
    level
        (N,) "A" to "D"; anything else is not rated and is on neither side.
    section
        (N,) section of each pupil, 0 … n_sections − 1.
    highest
        The highest share of A among the rated, 0 to 1.

    Returns
    -------
    (n_sections,) True where A ÷ rated is above `highest`; 9 of 30 are 0.3, not more.

    Raises
    ------
    ValueError
        `highest` is not between 0 and 1.

    Examples
    --------
    >>> level = np.array(["A", "A", "B", "A", "C", None], dtype=object)
    >>> quota_exceeded(level, np.array([0, 0, 0, 1, 1, 1]), 2, 0.5)
    array([ True, False])
    """
    if not 0 <= highest <= 1:
        raise ValueError("a quota is a share between 0 and 1")
    best = level_reached(level, "A")
    rated = np.isfinite(best)
    many = np.bincount(section[rated], minlength=n_sections)
    best_many = np.bincount(section[rated], weights=best[rated], minlength=n_sections)
    exceeded: Bools = best_many > highest * many + 1e-9
    return exceeded
