"""增值发展: where pupils stand among the pupils who started from the same places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline

from evalib.statistics.multilevel import fit_multilevel
from evalib.statistics.quantile_regression import independent_columns, quantile_regressions

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TAUS: Floats = (np.arange(1, 101) - 0.5) / 100
# Of predictions.
DECIMALS = 5


@dataclass(frozen=True)
class PriorKnots:
    """Where the curve of one prior score bends, and where it ends.

    Attributes
    ----------
    inner
        (K,) inner knots, increasing.
    low, high
        Boundary knots; a score beyond them counts as the boundary.
    """

    inner: tuple[float, ...]
    low: float
    high: float


# By grade, and by how many years back the prior lies.
Knots = Mapping[tuple[int, int], PriorKnots]


def prior_knots(priors: Floats, grade: Codes, quantiles: Floats, boundary: float) -> Knots:
    """Knots of every grade's priors, to be frozen or used at once.

    Parameters
    ----------
    priors
        (N, K) mean normal scores one, two … K years ago; NaN where there is none.
    grade
        (N,) grade of this year.
    quantiles
        Shares of the pupils below each inner knot.
    boundary
        By what share of the range the boundaries lie outside it.

    Returns
    -------
    By (grade, years back); nothing where nobody of the grade has that prior.

    Examples
    --------
    >>> found = prior_knots(np.array([[0.0], [1.0], [2.0]]), np.full(3, 4), np.array([0.5]), 0.1)
    >>> found[4, 1]
    PriorKnots(inner=(1.0,), low=-0.2, high=2.2)
    """
    found = {}
    for one in np.unique(grade):
        for back, column in enumerate(priors[grade == one].T, start=1):
            known = column[np.isfinite(column)]
            if known.size:
                low, high = float(known.min()), float(known.max())
                beyond = boundary * (high - low)
                inner = tuple(float(knot) for knot in np.unique(np.quantile(known, quantiles)))
                found[int(one), back] = PriorKnots(inner, low - beyond, high + beyond)
    return found


def percentile_design(priors: Floats, knots: list[PriorKnots]) -> Floats:
    """A constant and a cubic B-spline of each prior, added up.

    Parameters
    ----------
    priors
        (N, k) no missing values.
    knots
        Of each prior.

    Returns
    -------
    (N, p) of full rank: p = 1 + 7k with four inner knots; fewer where priors have few
    distinct values, for columns that depend on those before them are left out, which
    changes no fitted value.
    """
    columns = [np.ones((len(priors), 1))]
    for prior, bend in zip(priors.T, knots, strict=True):
        inner = [knot for knot in bend.inner if bend.low < knot < bend.high]
        if bend.low < bend.high:
            edges = np.array([bend.low] * 4 + inner + [bend.high] * 4)
            basis = BSpline.design_matrix(np.clip(prior, bend.low, bend.high), edges, 3).toarray()
            # The basis sums to one, the constant: the middle column goes.
            columns.append(np.delete(basis, basis.shape[1] // 2, axis=1))
    design = np.hstack(columns)
    return design[:, independent_columns(design)]


@dataclass(frozen=True)
class GrowthPercentiles:
    """Every pupil's growth percentile.

    Attributes
    ----------
    percentile
        (N,) 1 … 99; NaN for a pupil without a score, without a prior, or in a grade
        with too few pupils. One pupil's carries an error of about 19: for means only.
    order
        (N,) how many priors the pupil was compared on, 0 for none.
    too_few
        (N,) pupils with score and prior in a grade that has too few of them to fit.
    """

    percentile: Floats
    order: Codes
    too_few: npt.NDArray[np.bool_]


def growth_percentiles(
    outcome: Floats,
    priors: Floats,
    grade: Codes,
    knots: Knots,
    *,
    pupils_a_column: int,
    minimum_pupils: int,
) -> GrowthPercentiles:
    """Each pupil's percentile among the pupils of the grade with the same priors.

    Parameters
    ----------
    outcome
        (N,) this year's mean normal score, NaN where there is none.
    priors
        (N, K) those of one, two … K years ago, NaN where there is none. Only priors of
        an unbroken row of years count: with a gap last year there is no start.
    grade
        (N,) grade of each pupil, each fitted on its own.
    knots
        See `prior_knots`; of this year, or frozen. Priors without knots are not used.
    pupils_a_column
        With fewer pupils to each column of the design the earliest prior is dropped.
    minimum_pupils
        With fewer pupils nothing is fitted.

    Raises
    ------
    ValueError
        Shapes do not agree, a grade's outcome does not vary, or a regression does not
        settle.

    Notes
    -----
    Student growth percentiles after Betebenner (2009, Educational Measurement: Issues
    and Practice 28(4), 42–51). The regressions of order k are fitted to all pupils of
    the grade with at least k priors; a pupil is read off those of the highest order
    that the pupil has. The quantiles (1:100 − .5)/100 of the outcome given the priors
    are rounded to 5 decimals and sorted, for neighbouring regressions may cross; the
    percentile is how many lie strictly below the score, 0 raised to 1 and 100 lowered to
    99. Each fit passes through as many pupils as it has columns. The score itself is not
    rounded, so that rounding of the prediction puts about half of them on either side;
    were they all taken for not below, a grade's mean would be 50 p/N of a point too low.

    Tempting, and wrong: percentiles within bins of last year's score (off by 10 points
    on average), and the median of a section for its mean (its error is 1.7 times as large).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> start = rng.normal(size=(600, 1))
    >>> now = 0.8 * start[:, 0] + 0.6 * rng.normal(size=600)
    >>> grade = np.full(600, 5)
    >>> knots = prior_knots(start, grade, np.array([0.2, 0.4, 0.6, 0.8]), 0.1)
    >>> found = growth_percentiles(now, start, grade, knots, pupils_a_column=40, minimum_pupils=500)
    >>> bool(abs(found.percentile.mean() - 50) < 0.5)
    True
    """
    outcome, priors = np.asarray(outcome, dtype=float), np.asarray(priors, dtype=float)
    if priors.ndim != 2 or outcome.shape != priors.shape[:1] or np.shape(grade) != outcome.shape:
        raise ValueError(f"priors must be (N, K) with N outcomes and grades, not {priors.shape}")
    unbroken = np.isfinite(priors).cumprod(axis=1).sum(axis=1)
    own = np.where(np.isfinite(outcome), unbroken, 0)
    percentile = np.full(len(outcome), np.nan)
    order = np.zeros(len(outcome), dtype=np.int64)
    for one in np.unique(grade[own > 0]):
        inside = grade == one
        bends = _of_grade(knots, int(one), priors.shape[1])
        highest = _highest_order(own[inside], bends, pupils_a_column, minimum_pupils)
        order[inside] = np.minimum(own[inside], highest)
        for back in np.unique(order[inside & (order > 0)]):
            pupils = np.flatnonzero(inside & (own >= back))
            read = order[pupils] == back
            design = percentile_design(priors[pupils, :back], bends[:back])
            percentile[pupils[read]] = _percentiles(design, outcome[pupils])[read]
    return GrowthPercentiles(percentile, order, (own > 0) & (order == 0))


def _of_grade(knots: Knots, grade: int, priors: int) -> list[PriorKnots]:
    """Knots of the priors of one grade, latest first, as far back as there are any."""
    bends = []
    for back in range(1, priors + 1):
        if (grade, back) not in knots:
            break
        bends.append(knots[grade, back])
    return bends


def _highest_order(own: Codes, bends: list[PriorKnots], pupils_a_column: int, minimum_pupils: int) -> int:
    """How many priors a grade has pupils enough for."""
    columns = 1
    for back, bend in enumerate(bends, start=1):
        columns += len(bend.inner) + 3
        pupils = int((own >= back).sum())
        if pupils < minimum_pupils or (back > 1 and pupils < pupils_a_column * columns):
            return back - 1
    return len(bends)


def _percentiles(design: Floats, outcome: Floats) -> Floats:
    if np.ptp(outcome) == 0:
        raise ValueError("the scores of a grade are all equal")
    fits = quantile_regressions(design, outcome, TAUS)
    predicted = np.sort(np.round(design @ fits.coefficients.T, DECIMALS), axis=1)
    below = (predicted < outcome[:, None]).sum(axis=1)
    percentile: Floats = np.clip(below, 1, 99).astype(float)
    return percentile


def percentiles_by_prior_decile(percentile: Floats, prior: Floats) -> Floats:
    """How evenly percentiles are spread among pupils of each start: the fit's own check.

    Parameters
    ----------
    percentile
        (N,) growth percentiles of one grade, NaN for a pupil without one.
    prior
        (N,) last year's mean normal score, from which the deciles are made.

    Returns
    -------
    (10, 10) of the pupils in each tenth of the prior (rows, weakest start first) the
    share whose percentile is 1–9, 10–19, … 90–99. A good fit has .095, .1, … .1, .105 in
    every row. NaN in a row without pupils.

    Examples
    --------
    >>> even = np.tile(np.arange(5.0, 100.0, 10.0), 10)
    >>> bool(np.allclose(percentiles_by_prior_decile(even, np.repeat(np.arange(10.0), 10)), 0.1))
    True
    """
    known = np.isfinite(percentile) & np.isfinite(prior)
    if not known.any():
        return np.full((10, 10), np.nan)
    cuts = np.quantile(prior[known], np.arange(1, 10) / 10)
    row = np.searchsorted(cuts, prior[known], side="left")
    column = (percentile[known] // 10).astype(np.int64)
    count = np.bincount(10 * row + column, minlength=100).reshape(10, 10).astype(float)
    total = count.sum(axis=1, keepdims=True)
    share: Floats = np.divide(count, total, out=np.full((10, 10), np.nan), where=total > 0)
    return share


@dataclass(frozen=True)
class ShrunkenPercentiles:
    """Sections' mean percentiles drawn towards the district's.

    Attributes
    ----------
    sections
        (J,) the sections that have pupils with a percentile.
    shrunken, shrunken_se
        (J,) district mean plus the shrunken effect of the section, and the error of the
        effect's estimate less the effect.
    conditional_se
        (J,) the error if the district mean and the variances were known.
    reliability
        (J,) 1 − 1/e_j of the section effect.
    at_boundary
        Whether the section variance is estimated as 0; nothing may then be said of any.
    """

    sections: Codes
    shrunken: Floats
    shrunken_se: Floats
    conditional_se: Floats
    reliability: Floats
    at_boundary: bool


def shrunken_percentiles(percentile: Floats, section: Codes, class_: Codes | None) -> ShrunkenPercentiles:
    """How much of a section's mean percentile is likely to be its own.

    A multilevel model of the percentiles with a constant alone, classes nested in
    sections, by REML.

    Parameters
    ----------
    percentile
        (N,) growth percentiles, no NaN.
    section, class_
        (N,) codes of each pupil; classes unique over sections, None where none is recorded.

    Raises
    ------
    ValueError
        There are fewer than two sections, or percentiles do not vary.

    Notes
    -----
    The errors take the variances for known: with few sections they are too small, and
    nothing shrunken should then be shown.
    """
    sections, section = np.unique(section, return_inverse=True)
    if class_ is not None:
        class_ = np.unique(class_, return_inverse=True)[1]
        if class_.max() == section.max():
            # One class in every section: the two levels are one and the same.
            class_ = None
    fit = fit_multilevel(percentile, np.zeros((len(percentile), 0)), section, class_)
    return ShrunkenPercentiles(
        sections=sections,
        shrunken=fit.coefficients[0] + fit.section_effect,
        shrunken_se=fit.comparative_se,
        conditional_se=fit.conditional_se,
        reliability=fit.reliability,
        at_boundary=fit.at_boundary,
    )
