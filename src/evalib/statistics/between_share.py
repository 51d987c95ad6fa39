"""How much of the variance between pupils lies between sections, and whether that has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import chi2

from evalib.statistics.posterior import between_variance

Floats = npt.NDArray[np.float64]

# Where a normal density is next to nothing, in standard deviations; and points of the quadrature.
_EDGE, _POINTS = 8.5, 200


@dataclass(frozen=True)
class Ranged:
    """A figure with the ends of its interval.

    Attributes
    ----------
    value, low, high
        In one unit; `low` ≤ `value` ≤ `high` is not forced, an interval may miss its figure.
    """

    value: float
    low: float
    high: float

    @property
    def root(self) -> Ranged:
        """The square root of each: of variances, standard deviations."""
        return Ranged(math.sqrt(self.value), math.sqrt(self.low), math.sqrt(self.high))

    def over(self, total: float) -> Ranged:
        """Each divided by a known total.

        Raises
        ------
        ValueError
            The total is not positive.
        """
        if not total > 0:
            raise ValueError(f"a share needs a total that is positive, not {total}")
        return Ranged(self.value / total, self.low / total, self.high / total)


def between_interval(y: Floats, v: Floats, level: float = 0.95) -> Ranged:
    """How much sections truly differ, τ², with the values of it that the figures leave believable.

    Parameters
    ----------
    y
        (J,) figures of the sections, without missing ones.
    v
        (J,) their sampling variances, known and positive.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    τ² by REML (`posterior.between_variance`), and the interval by the Q-profile method. Both
    ends are 0 where the figures differ less than chance alone would have them differ.

    Raises
    ------
    ValueError
        As `between_variance`, or `level` is not between 0 and 1.

    Notes
    -----
    With p = 1/(v + τ²) and μ̂ = Σpy/Σp, Q(τ²) = Σ p(y − μ̂)² follows χ² with J − 1 degrees of
    freedom at the true τ² and falls as τ² grows: the ends are where Q meets the quantiles of
    that distribution. Exact for normal figures with known variances, which the profile of the
    likelihood and τ̂² ± 1.96 se are not. Viechtbauer (2007), Statistics in Medicine 26, 37–52.

    Tempting, and wrong: the variance of the figures themselves as τ², which for small sections
    is mostly sampling error and falls when sections grow.

    Examples
    --------
    >>> found = between_interval(np.array([-3.0, -1.0, 1.0, 3.0]), np.full(4, 1.0))
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 2)
    (5.667, 1.139, 91.68)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    value = between_variance([(y, v)])
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    tail = (1.0 - level) / 2.0
    ends = [_profile_root(y, v, float(chi2.ppf(one, len(y) - 1))) for one in (1.0 - tail, tail)]
    return Ranged(value, ends[0], ends[1])


def between_share(y: Floats, v: Floats, total: float, level: float = 0.95) -> Ranged:
    """The share of the variance between pupils that lies between sections, with its interval.

    Parameters
    ----------
    y, v, level
        As in `between_interval`.
    total
        Variance between pupils of the whole district, known: 1 of standard scores, p(1 − p) of
        a yes or no.

    Returns
    -------
    τ²/total and its ends. Not cut off at 1.

    Raises
    ------
    ValueError
        As `between_interval`, or the total is not positive.

    Notes
    -----
    The total of a whole district is known so much better than τ² of its sections that its own
    error does not count. This is not the 差异系数, which is a coefficient of variation.

    Examples
    --------
    >>> y, v = np.array([-0.3, -0.1, 0.1, 0.3]), np.full(4, 0.01)
    >>> round(between_share(y, v, 1.0).value, 4)
    0.0567
    """
    return between_interval(y, v, level).over(total)


def change_interval(now: Ranged, then: Ranged) -> Ranged:
    """By how much a figure has changed, from the intervals of both, however lopsided they are.

    Parameters
    ----------
    now, then
        Figures of the same kind with intervals of the same level.

    Returns
    -------
    now − then with its interval.

    Notes
    -----
    d ± the root of the squared distances from each figure to the end that matters (the method
    of variance estimates recovery: Zou and Donner 2008, Statistics in Medicine 27, 1693–1702).
    For independent figures; two years of the same sections lean the same way, which makes the
    interval too wide rather than too narrow (simulated: 96 % covered without correlation, 97 to
    99 % at one of .5 to .9).

    Tempting, and wrong: to call a change wherever one figure lies outside the other's interval.

    Examples
    --------
    >>> found = change_interval(Ranged(5.0, 3.0, 8.0), Ranged(2.0, 1.0, 4.0))
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (3.0, 0.172, 6.162)
    """
    d = now.value - then.value
    down = math.hypot(max(now.value - now.low, 0.0), max(then.high - then.value, 0.0))
    up = math.hypot(max(now.high - now.value, 0.0), max(then.value - then.low, 0.0))
    return Ranged(d, d - down, d + up)


def gap_interval(y: Floats, v: Floats, level: float = 0.95) -> Ranged:
    """How far the largest and the smallest of a few figures lie apart, and may truly lie apart.

    Parameters
    ----------
    y
        (J,) figures of the sections, two or more, without missing ones.
    v
        (J,) their sampling variances, positive; errors independent.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    max y − min y, and the interval, which does not reach below 0.

    Raises
    ------
    ValueError
        Fewer than two figures, shapes that do not agree, a missing figure, a variance that is
        not positive, or `level` not between 0 and 1.

    Notes
    -----
    However the true figures lie, their gap differs from that of the measured ones by at most the
    range of the errors; so ± the `level` quantile of that range covers at least as often.
    P(range ≤ c) = Σ_i ∫ φ_i(x) Π_{j≠i} [Φ_j(x + c) − Φ_j(x)] dx, by the trapezoidal rule; with
    equal variances the studentised range of Tukey with known variance.

    Tempting, and wrong: the interval of a difference between two sections. The two were picked
    because they lie furthest apart, so that it covers too little, the less so the more there are.

    Examples
    --------
    >>> found = gap_interval(np.array([0.0, 1.0, 6.0]), np.full(3, 1.0))
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (6.0, 2.69, 9.31)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    if y.ndim != 1 or y.shape != v.shape or len(y) < 2:
        raise ValueError("a gap needs two or more figures and a variance for each")
    if not (np.isfinite(y).all() and np.isfinite(v).all() and np.all(v > 0)):
        raise ValueError("a figure is missing, or a variance is not positive; leave that section out first")
    sd = np.sqrt(v)
    largest = float(sd.max())
    # The range of errors exceeds the widest difference of two by the factor of a few at most.
    reach = float(brentq(lambda c: _within(c, sd) - level, 0.0, 2.0 * _EDGE * largest, xtol=1e-9 * largest))
    gap = float(np.ptp(y))
    return Ranged(gap, max(gap - reach, 0.0), gap + reach)


def _within(c: float, sd: Floats) -> float:
    """How probable it is that normal errors of these standard deviations lie within a range c."""
    x = np.linspace(-_EDGE, _EDGE, _POINTS) * sd.max()
    # The narrowest error needs points of its own: each is integrated on its own grid.
    total = 0.0
    for i, one in enumerate(sd):
        own = x / sd.max() * one
        density = np.exp(-0.5 * (own / one) ** 2) / (one * math.sqrt(2.0 * math.pi))
        others = np.delete(sd, i)[:, None]
        between = ndtr((own + c) / others) - ndtr(own / others)
        total += float(np.trapezoid(density * between.prod(axis=0), own))
    return total


def _q(y: Floats, v: Floats, tau2: float) -> float:
    precision = 1.0 / (v + tau2)
    centre = precision @ y / precision.sum()
    return float(precision @ (y - centre) ** 2)


def _profile_root(y: Floats, v: Floats, quantile: float) -> float:
    """τ² at which Q falls to a quantile; 0 where it is below it from the start."""
    if _q(y, v, 0.0) <= quantile:
        return 0.0
    # Q(τ²) ≤ Σ(y − ȳ)²/τ², so that the root lies below Σ(y − ȳ)²/quantile.
    highest = float(((y - y.mean()) ** 2).sum()) / quantile
    return float(brentq(lambda tau2: _q(y, v, tau2) - quantile, 0.0, highest, xtol=1e-12 * highest))
