"""强基衔接: foundations reached, pupils kept, weak starts made good, and settling in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline
from scipy.optimize import lsq_linear
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

QUARTERS = 4
DEGREE = 2


def reached_in_all(reached: Floats, subject: Codes, pupil: Codes, wanted: Codes) -> Floats:
    """Whether a pupil reached the cut in every core subject taught in the grade.

    Parameters
    ----------
    reached
        (R,) 1 at or above the paper's cut, 0 below, NaN for a paper not sat or without a cut.
    subject, pupil
        (R,) core subject, and pupil 0 … N − 1, of each record.
    wanted
        (N,) core subjects taught in each pupil's grade.

    Returns
    -------
    (N,) 1 or 0; NaN for a pupil who did not sit every one of them, or has none to sit. An
    absent pupil is neither: the rate is of those who sat.

    Examples
    --------
    >>> reached_in_all(
    ...     np.array([1.0, 1.0, 1.0, 0.0, 1.0]),
    ...     np.array([0, 1, 0, 1, 0]),
    ...     np.array([0, 0, 1, 1, 2]),
    ...     np.array([2, 2, 2]),
    ... )
    array([ 1.,  0., nan])
    """
    sat = np.isfinite(reached)
    pairs = np.unique(np.column_stack([pupil[sat], subject[sat]]), axis=0)
    subjects = np.bincount(pairs[:, 0], minlength=len(wanted))
    missed = np.bincount(pupil[sat], weights=1.0 - reached[sat], minlength=len(wanted))
    whole = (wanted > 0) & (subjects >= wanted)
    result: Floats = np.where(whole, (missed == 0).astype(float), np.nan)
    return result


def rank_share(score: Floats) -> Floats:
    """How far up the order each pupil stands, from just above 0 to just below 1.

    Parameters
    ----------
    score
        (N,) any scale; NaN for a pupil without.

    Returns
    -------
    (N,) (rank − ½)/n among those with a score; equal scores share their mean rank and
    so always fall on one side of a cut. NaN where there is no score.

    Examples
    --------
    >>> rank_share(np.array([3.0, 1.0, np.nan, 2.0, 4.0]))
    array([0.625, 0.125,   nan, 0.375, 0.875])
    """
    result = np.full(np.shape(score), np.nan)
    known = np.isfinite(score)
    if known.any():
        result[known] = (rankdata(score[known]) - 0.5) / known.sum()
    return result


def recovery(entry: Floats, later: Floats, share: float, knots: Floats) -> tuple[Floats, Flags]:
    """Whether a weak start was made good, less what pupils who started there mostly do.

    Parameters
    ----------
    entry
        (N,) score at entry of the district's entrants, NaN where unknown.
    later
        (N,) their score a year later, NaN where unknown.
    share
        The lowest share of the entrants that is a weak start, 0.25 for a quarter.
    knots
        Inner knots of the expectation, as quantiles of the weak starters' entry scores.

    Returns
    -------
    (N,) 1 or 0 (above the lowest share of the same entrants a year later, or not), less
    the share expected from the entry score: its mean over a section is a difference of
    rates. NaN for everyone else. (N,) who started weak, seen later or not.

    Notes
    -----
    The expectation is `monotone_curve`, fitted to the weak starters alone: the other
    quarters would bend the curve and are compared with nothing, and the differences then
    sum to exactly 0 over the district. A rate of 0/1 figures would have Wilson's
    interval; a difference from an expectation has that of a mean.

    Tempting, and wrong: the bare share that rises. A section whose weak starters are just
    under the cut sees more of them above it a year later, by regression to the mean alone.

    Examples
    --------
    >>> entry = np.arange(8.0)
    >>> difference, weak = recovery(entry, entry[::-1], 0.25, np.array([]))
    >>> difference[:3], weak[:3]
    (array([ 0.,  0., nan]), array([ True,  True, False]))
    """
    followed = np.isfinite(entry) & np.isfinite(later)
    weak = rank_share(entry) < share
    risen = rank_share(np.where(followed, later, np.nan)) >= share
    counted = weak & followed
    result = np.full(np.shape(entry), np.nan)
    if counted.any():
        outcome = risen[counted].astype(float)
        result[counted] = outcome - monotone_curve(entry[counted], outcome, knots)
    return result, weak


def monotone_curve(score: Floats, outcome: Floats, knots: Floats) -> Floats:
    """The outcome expected at each score, never falling as the score rises.

    Parameters
    ----------
    score, outcome
        (N,) no missing values.
    knots
        (K,) inner knots, as quantiles of the scores.

    Returns
    -------
    (N,) fitted values; their mean is the outcome's.

    Raises
    ------
    ValueError
        Shapes do not agree, or a value is missing.

    Notes
    -----
    Least squares on a free constant and quadratic I-splines with coefficients ≥ 0: each
    is a sum of B-splines from one on, and rises from 0 to 1 (Ramsay 1988, Statistical
    Science 3, 425–441).

    Examples
    --------
    >>> monotone_curve(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0, 0.0]), np.array([]))
    array([0.5, 0.5, 0.5, 0.5])
    """
    score, outcome = np.asarray(score, dtype=float), np.asarray(outcome, dtype=float)
    if score.ndim != 1 or score.shape != outcome.shape:
        raise ValueError(f"score and outcome must be (N,), not {score.shape} and {outcome.shape}")
    if not (np.isfinite(score).all() and np.isfinite(outcome).all()):
        raise ValueError("score or outcome hold missing values")
    mean = outcome.mean() if len(outcome) else 0.0
    if not len(score) or score.min() == score.max():
        return np.full(len(score), mean)
    low, high = score.min(), score.max()
    inner = np.unique(np.quantile(score, knots)) if len(knots) else np.zeros(0)
    inner = inner[(inner > low) & (inner < high)]
    edges = np.concatenate([[low] * (DEGREE + 1), inner, [high] * (DEGREE + 1)])
    basis = BSpline.design_matrix(score, edges, DEGREE).toarray()
    rising = np.cumsum(basis[:, ::-1], axis=1)[:, -2::-1]
    # A free constant is the same as columns and outcome about their means.
    centred = rising - rising.mean(axis=0)
    found = lsq_linear(centred, outcome - mean, bounds=(0.0, np.inf), method="bvls")
    fitted: Floats = mean + centred @ found.x
    return fitted


def transition_matrix(before: Floats, after: Floats) -> Codes:
    """How many pupils moved from which quarter at entry to which quarter a year later.

    Parameters
    ----------
    before, after
        (N,) rank shares of the district's entrants, see `rank_share`; for the matrix of
        one section the shares of its pupils in the district. NaN does not count.

    Returns
    -------
    (4, 4) pupils, quarter at entry down, quarter later across, lowest first.

    Examples
    --------
    >>> shares = rank_share(np.arange(8.0))
    >>> transition_matrix(shares, shares).tolist()
    [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2]]
    """
    both = np.isfinite(before) & np.isfinite(after)
    quarters = [np.minimum((QUARTERS * one[both]).astype(np.int64), QUARTERS - 1) for one in (before, after)]
    counts = np.zeros((QUARTERS, QUARTERS), dtype=np.int64)
    np.add.at(counts, tuple(quarters), 1)
    return counts


def scale_mean(mean: Floats, sd: Floats, answered: Floats) -> tuple[Floats, Floats]:
    """A section's mean over the areas of a survey, and how sure it is.

    Parameters
    ----------
    mean, sd
        (J, K) mean and standard deviation of the answers in each area, on the survey's
        scale; NaN where not handed in.
    answered
        (J, K) who answered.

    Returns
    -------
    (J,) mean over the areas, NaN unless all are there; (J,) its sampling variance, NaN
    where a deviation is missing or only one pupil answered.

    Notes
    -----
    variance = (Σ_k sd_k/√n_k / K)². The same pupils answer every area, and how alike
    their answers are is not handed in: this is the variance if they were wholly alike, the
    largest it can be. To take the areas for independent, Σ sd²/n / K², would understate it
    by up to a factor K. A census has no smaller variance than a sample here: as with every
    other figure, this year's pupils stand for those that the section might have had.

    Examples
    --------
    >>> value, variance = scale_mean(np.array([[4.0, 3.0]]), np.array([[1.0, 1.0]]), np.array([[100, 100]]))
    >>> float(value[0]), round(float(variance[0]), 6)
    (3.5, 0.01)
    """
    if not mean.shape[1]:
        return np.full(len(mean), np.nan), np.full(len(mean), np.nan)
    spread = np.where(answered > 1, sd / np.sqrt(np.maximum(answered, 1)), np.nan)
    value: Floats = np.where(answered > 0, mean, np.nan).mean(axis=1)
    variance: Floats = spread.mean(axis=1) ** 2
    return value, variance
