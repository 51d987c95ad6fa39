"""Intervals of means and shares, from their variance or their effective number of pupils."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]


def normal_interval(value: npt.ArrayLike, se: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Where a mean may lie, given its standard error.

    Parameters
    ----------
    value, se
        Any shapes that broadcast, in one unit; NaN gives NaN.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    low, high

    Raises
    ------
    ValueError
        A standard error is negative, or `level` is not between 0 and 1.

    Examples
    --------
    >>> low, high = normal_interval(0.0, 1.0)
    >>> round(float(high), 3)
    1.96
    """
    value, se = np.asarray(value, dtype=float), np.asarray(se, dtype=float)
    if np.any(se < 0):
        raise ValueError("a standard error cannot be negative")
    reach = _quantile(level) * se
    return value - reach, value + reach


def wilson_interval(
    share: npt.ArrayLike, n: npt.ArrayLike, design_effect: npt.ArrayLike = 1.0, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Where a share may lie, by Wilson's score method on the effective number of pupils.

    Parameters
    ----------
    share
        Share between 0 and 1, both included; its count need not be whole. NaN gives NaN.
    n
        Pupils that count; 0 gives NaN.
    design_effect
        How many times too large n is as a number of independent pupils.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    low, high
        Within 0 and 1. The interval p ± 1.96 √(p(1−p)/n) leaves the unit interval and
        covers far too little near its ends.

    Raises
    ------
    ValueError
        A share outside 0 to 1, a negative n, a design effect that is not positive, or
        `level` not between 0 and 1.

    Notes
    -----
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with n / design_effect for n.
    Wilson (1927), Journal of the American Statistical Association 22, 209–212; values
    to check against in Newcombe (1998), Statistics in Medicine 17, 857–872.

    Examples
    --------
    >>> low, high = wilson_interval(81 / 263, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    share, n, design_effect = _shares(share, n, design_effect)
    square = _quantile(level) ** 2 * _inverse(n, design_effect)
    middle = (share + square / 2) / (1 + square)
    reach = np.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    # Rounding must not put the ends of 0 and 1 elsewhere.
    low = np.where(share == 0, share, np.maximum(middle - reach, 0.0))
    high = np.where(share == 1, share, np.minimum(middle + reach, 1.0))
    known = np.isfinite(square)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def standing_variance_of_share(
    share: npt.ArrayLike,
    n: npt.ArrayLike,
    design_effect: npt.ArrayLike = 1.0,
    reference: float | None = None,
) -> Floats:
    """Sampling variance of a share that is never zero, for comparing sections.

    A section in which everybody passed is not thereby certain: two successes and two
    failures are added before p(1 − p)/n is taken.

    Parameters
    ----------
    share, n, design_effect
        As in `wilson_interval`.
    reference
        The share of all sections together. A share that is high by chance has too small
        a variance of its own, and one that is low by chance too small a one at the
        reference: with it the larger of the two is taken, so that neither is called
        different too easily.

    Returns
    -------
    p̃(1 − p̃)D/n with p̃ = (share·n + 2)/(n + 4), at least r(1 − r)D/n for a reference r;
    NaN where n is 0 or the share is NaN.

    Raises
    ------
    ValueError
        As `wilson_interval`.

    Examples
    --------
    >>> float(standing_variance_of_share(1.0, 60).round(6))
    0.000505
    """
    share, n, design_effect = _shares(share, n, design_effect)
    steadied = (share * n + 2) / (n + 4)
    unit = steadied * (1 - steadied)
    if reference is not None:
        unit = np.maximum(unit, reference * (1 - reference))
    variance: Floats = unit * _inverse(n, design_effect)
    return variance


def design_effect_of_shares(
    share: npt.ArrayLike, n: npt.ArrayLike, variance0: npt.ArrayLike, design_effect: npt.ArrayLike
) -> Floats:
    """Design effect of a share that is first averaged over each pupil's subjects.

    A pupil's share over several subjects varies less than a single yes or no, so
    p(1 − p)/n is too large a variance for it, by a factor that hardly differs between
    sections and is taken from all of them together.

    Parameters
    ----------
    share, n
        (J,) share and counting pupils of each section of a stage.
    variance0
        (J,) sampling variance without regard to classes, as `section_means` gives it.
    design_effect
        (J,) design effect of classes.

    Returns
    -------
    (J,) f·D with f = Σ_j V⁰_j / Σ_j p_j(1 − p_j)/n_j over the sections whose variance is
    known; f = 1 where no section's share varies.

    Raises
    ------
    ValueError
        As `wilson_interval`.

    Examples
    --------
    >>> design_effect_of_shares([0.5, 0.5], [100, 100], [0.00125, 0.00125], [1.0, 2.0])
    array([0.5, 1. ])
    """
    share, n, design_effect = _shares(share, n, design_effect)
    variance0 = np.asarray(variance0, dtype=float)
    binomial = share * (1 - share) * _inverse(n, 1.0)
    known = np.isfinite(variance0) & np.isfinite(binomial)
    expected = float(binomial[known].sum())
    factor = float(variance0[known].sum()) / expected if expected > 0 else 1.0
    effect: Floats = design_effect * (factor if factor > 0 else 1.0)
    return effect


def _shares(
    share: npt.ArrayLike, n: npt.ArrayLike, design_effect: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    share, n, design_effect = (np.asarray(one, dtype=float) for one in (share, n, design_effect))
    # A pupil mean of ones may exceed 1 by rounding.
    if np.any(share < -1e-9) or np.any(share > 1 + 1e-9):
        raise ValueError("a share lies between 0 and 1")
    if np.any(n < 0):
        raise ValueError("a number of pupils cannot be negative")
    if np.any(design_effect <= 0):
        raise ValueError("a design effect is positive")
    return np.clip(share, 0.0, 1.0), n, design_effect


def _inverse(n: Floats, design_effect: npt.ArrayLike) -> Floats:
    """1 / effective n; NaN for nobody."""
    n, design_effect = np.broadcast_arrays(n, design_effect)
    inverse: Floats = np.divide(design_effect, n, out=np.full(n.shape, np.nan), where=n > 0)
    return inverse


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return float(ndtri(0.5 + level / 2))
