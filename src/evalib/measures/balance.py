"""学科均衡, 班际均衡: how evenly a section's subjects and its parallel classes stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chndtr, fdtri

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Balance:
    """A variance of each section, with its interval; the smaller, the more even.

    Attributes
    ----------
    value, low, high
        (J,) never below 0; NaN where there is none.
    degrees
        (J,) degrees of freedom that the figure rests on.
    """

    value: Floats
    low: Floats
    high: Floats
    degrees: Floats


def subject_balance(deviation: Floats, variance: Floats, level: float = 0.95) -> Balance:
    """How far apart a section's subjects stand, sampling error taken off.

    Parameters
    ----------
    deviation
        (J, K) a section's mean in each subject less its mean over the K subjects, in pupil
        standard deviations of the subject; NaN in all K where there is none. Of the same
        pupils in every subject: those who sat them all.
    variance
        (J, K) sampling variance of each deviation (not of the subject's mean).
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    τ̂², the variance of the section's true subject means, truncated at 0: where the subjects
    differ less than chance lets expect, 0 is printed. Its root is in pupil standard
    deviations.

    Raises
    ------
    ValueError
        Shapes do not agree, there are fewer than two subjects, a variance is negative, or
        `level` is not between 0 and 1.

    Notes
    -----
    With subject means m, their covariance V and C = I − 11ᵀ/K,

        τ̂² = [mᵀCm − tr(CV)]/(K − 1),

    where mᵀCm is the sum of squared deviations and tr(CV) = tr(CVC) the sum of their
    sampling variances, whatever the covariances between subjects. The interval takes
    mᵀCm/v̄, v̄ = tr(CV)/(K − 1), for a noncentral χ² with K − 1 degrees of freedom and
    noncentrality (K − 1)τ²/v̄; with unequal variances it is an approximation, and no
    coverage is claimed (simulated with three subjects and classes: 94 to 98 %). Tempting,
    and wrong: the diagonal of V in place of tr(CV)/(K − 1), since pupils good in one subject
    are good in others (off by half); the variance of the means themselves, which grows as
    the section gets smaller.

    Examples
    --------
    >>> found = subject_balance(np.array([[0.2, 0.0, -0.2]]), np.full((1, 3), 0.005))
    >>> found.value.round(4), found.low.round(4), found.high.round(4)
    (array([0.0325]), array([0.004]), array([0.0977]))
    """
    deviation, variance = np.asarray(deviation, dtype=float), np.asarray(variance, dtype=float)
    if deviation.ndim != 2 or deviation.shape != variance.shape or deviation.shape[1] < 2:
        raise ValueError("subject balance needs (sections, subjects) deviations and variances of one shape")
    if np.any(variance < 0):
        raise ValueError("a sampling variance cannot be negative")
    _check_level(level)
    degrees = deviation.shape[1] - 1
    square, error = (deviation**2).sum(axis=1), variance.sum(axis=1) / degrees
    value = np.maximum(square / degrees - error, 0.0)
    ratio = np.divide(square, error, out=np.full(len(square), np.nan), where=error > 0)
    tail = (1.0 - level) / 2.0
    low = _noncentrality(ratio, degrees, 1.0 - tail) * error / degrees
    high = _noncentrality(ratio, degrees, tail) * error / degrees
    return Balance(value, low, high, np.where(np.isfinite(value), float(degrees), 0.0))


def class_balance(
    value: Floats,
    section: Codes,
    n_sections: int,
    class_: Codes,
    grade: Codes,
    *,
    minimum_degrees: int,
    level: float = 0.95,
) -> Balance:
    """Which share of the differences between a section's pupils lies between its parallel classes.

    Parameters
    ----------
    value
        (N,) each pupil's figure; NaN where the pupil does not count.
    section, class_, grade
        (N,) codes; a class, numbered from 0, lies in one section and grade.
    n_sections
        J.
    minimum_degrees
        Fewest degrees of freedom between classes for a figure.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    (J,) the between-class share, value and ends truncated at 0, where the classes differ
    less than chance lets expect; `degrees` counts classes less grades. NaN below
    `minimum_degrees`, and where no pupil differs from another.

    Raises
    ------
    ValueError
        Shapes do not agree, a code is out of range, a class lies in two sections or
        grades, or `level` is not between 0 and 1.

    Notes
    -----
    One-way analysis of variance pooled within the grades that have two or more classes.
    With N_g pupils of a grade in classes of n,

        MS_b = Σ_c n(x̄_c − x̄_g)²/df_b,   n₀ = Σ_g(N_g − Σ_c n²/N_g)/df_b,
        share = (MS_b − MS_w)/(MS_b + (n₀ − 1)MS_w) = (F − 1)/(F − 1 + n₀),

    its interval from F ÷ the quantiles of F(df_b, df_w) (Donner and Wells 1986, Biometrics
    42, 401–412; exact for classes of one size). Tempting, and wrong: the share of the sums
    of squares, which is (C − 1)/(N − 1) where classes do not differ at all; classes of
    all grades in one table, which takes grades for differences between classes.

    Examples
    --------
    >>> value, class_ = np.array([1.0, 3.0, 5.0, 7.0]), np.array([0, 0, 1, 1])
    >>> code = np.zeros(4, dtype=int)
    >>> class_balance(value, code, 1, class_, code, minimum_degrees=1).value.round(4)
    array([0.7778])
    """
    value = np.asarray(value, dtype=float)
    _check_level(level)
    _check_codes(value, section, n_sections, class_, grade)
    counted = np.isfinite(value)
    x, class_ = value[counted], np.asarray(class_)[counted]
    _, first, of_pupil = np.unique(class_, return_index=True, return_inverse=True)
    where = np.column_stack([section[counted], grade[counted]])
    if np.any(where[first][of_pupil] != where):
        raise ValueError("a class lies in two sections or grades; class codes must be unique across them")
    cells, cell = np.unique(where[first], axis=0, return_inverse=True)
    size = _sums(of_pupil, np.ones(len(x)), len(first))
    classes = _sums(cell, np.ones(len(cell)), len(cells))
    pupils = _sums(cell, size, len(cells))
    # About the grade's own mean: squares of large figures would cancel.
    grade_mean = _sums(cell[of_pupil], x, len(cells)) / pupils
    deviation = x - grade_mean[cell[of_pupil]]
    class_mean = _sums(of_pupil, deviation, len(size)) / size
    inside = _sums(of_pupil, (deviation - class_mean[of_pupil]) ** 2, len(size))
    several = classes[cell] >= 2
    section_of = cells[cell, 0].astype(np.int64)[several]

    def total(of_class: Floats) -> Floats:
        return _sums(section_of, of_class[several], n_sections)

    between_degrees = np.rint(total(1.0 - 1.0 / classes[cell]))
    within_degrees = total(size - 1.0)
    enough = between_degrees >= max(minimum_degrees, 1)
    between = _ratio(total(size * class_mean**2), between_degrees, enough)
    within = _ratio(total(inside), within_degrees, enough)
    usual_size = _ratio(total(size - size**2 / pupils[cell]), between_degrees, enough)
    # Equal figures leave rounding noise of their mean behind; that is no spread.
    level_of = _ratio(total(size * np.abs(grade_mean[cell])), total(size), enough)
    flat = between + within <= (1e-9 * level_of) ** 2
    between[flat] = np.nan
    tail = (1.0 - level) / 2.0
    low, high = (
        fdtri(np.maximum(between_degrees, 1.0), np.maximum(within_degrees, 1.0), p)
        for p in (1.0 - tail, tail)
    )
    return Balance(
        value=_share(between, within, usual_size),
        low=_share(between / low, within, usual_size),
        high=_share(between / high, within, usual_size),
        degrees=between_degrees,
    )


def _share(between: Floats, within: Floats, usual_size: Floats) -> Floats:
    """The between-class share of two mean squares, truncated at 0."""
    whole = between + (usual_size - 1.0) * within
    return np.maximum(_ratio(between - within, whole, whole > 0), 0.0)


def _sums(codes: Codes, figures: Floats, groups: int) -> Floats:
    return np.asarray(np.bincount(codes, figures, groups), dtype=float)


def _ratio(over: Floats, under: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(np.shape(over), np.nan), where=where & (under > 0))
    return ratio


def _noncentrality(x: Floats, degrees: int, probability: float) -> Floats:
    """λ ≥ 0 at which P(χ²_degrees(λ) ≤ x) is `probability`, by bisection; 0 where no λ is so small."""
    low = np.zeros(len(x))
    # P falls as λ grows; at twice x and a good deal more it is all but 0.
    high = 2.0 * np.nan_to_num(x) + 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        above = chndtr(np.nan_to_num(x), degrees, middle) > probability
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(np.isnan(x), np.nan, np.where(low > 0, (low + high) / 2.0, 0.0))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _check_codes(value: Floats, section: Codes, n_sections: int, class_: Codes, grade: Codes) -> None:
    for codes, what in ((section, "section"), (class_, "class"), (grade, "grade")):
        if np.shape(codes) != value.shape:
            raise ValueError(f"{what} must hold one code a pupil")
    if value.size and (section.min() < 0 or section.max() >= n_sections):
        raise ValueError("section codes must run from 0 to the number of sections less one")
