"""Variances of weighted sums of indicators of the same pupils, for any weights, without the pupils."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class InfluenceMoments:
    """What sections' pupils say of every weighted sum of K indicators: quadratic forms and sizes.

    Attributes
    ----------
    spread
        (J, K, K) Σ ψψᵀ over a section's pupils, each ψ_k scaled by √(n_k/(n_k − grades));
        NaN for a pair with an indicator whose pupils are no more than their grades.
    simple, clustered
        (J, K, K) Σ uuᵀ over pupils, and Σ s_c s_cᵀ over classes with s_c = Σu, of the
        grades in which two or more classes count; u = n·ψ.
    n
        (J,) pupils that count for at least one of the indicators.
    spare, free, apart
        (J,) Σ(N − 1), Σ(N − Σm²/N) and Σ(Σm² − 2Σm³/N + (Σm²)²/N²) over those grades.
    left
        (J,) share of the class variance that centring within grades leaves, over all grades.
    class_size
        (J,) Σm²/Σm, the class that a pupil sits in, on average.
    """

    spread: Floats
    simple: Floats
    clustered: Floats
    n: Floats
    spare: Floats
    free: Floats
    apart: Floats
    left: Floats
    class_size: Floats


@dataclass(frozen=True)
class CompositeVariance:
    """How sure a weighted sum is in each section.

    Attributes
    ----------
    variance
        (…, J) variance0 · design_effect; NaN where a part with weight has none.
    variance0, design_effect
        (…, J) as in `influence.SectionMeans`.
    class_correlation
        (…) ρ of the sum itself, pooled over the sections; NaN where it cannot be known.
    """

    variance: Floats
    variance0: Floats
    design_effect: Floats
    class_correlation: Floats


def influence_moments(
    values: Floats,
    section: Codes,
    n_sections: int,
    *,
    class_: Codes | None = None,
    grade: Codes | None = None,
) -> InfluenceMoments:
    """Moments of the pupils' influence values, from which any weighted sum's variance follows.

    Parameters
    ----------
    values
        (N, K) each pupil's figure for each indicator; NaN where the pupil does not count.
    section, n_sections, class_, grade
        As in `influence.section_means`.

    Notes
    -----
    ψ_ik = (x_ik − x̄_gk)/n_k for a pupil of grade g that counts for k, else 0, with n_k the
    section's pupils that count for k: one n for all indicators makes a sum's standard
    error a third too small where 200 of 300 pupils count for a part. A sum has
    ψ_i = Σ_k c_k ψ_ik and hence a class correlation of its own; the parts' design
    effects do not add up to it, since pupils and classes may correlate differently.
    """
    pupils = len(values)
    grade = np.zeros(pupils, np.int64) if grade is None else grade
    counts = np.isfinite(values)
    anyone = counts.any(axis=1)
    cells, cell = np.unique(np.column_stack([section, grade]), axis=0, return_inverse=True)
    cell_section = cells[:, 0].astype(np.int64)
    to_section = _indicator(cell_section, n_sections)
    in_cell = _indicator(cell, len(cells))
    filled = np.where(counts, values, 0.0)
    size_k = in_cell @ counts.astype(float)
    n_k = to_section @ size_k
    spare_k = n_k - to_section @ (size_k > 0).astype(float)
    centred = np.where(counts, filled - _ratio(in_cell @ filled, size_k, 0.0)[cell], 0.0)
    psi = centred * _ratio(np.ones_like(n_k), n_k, 0.0)[section]
    size = in_cell @ anyone.astype(float)
    n = to_section @ size
    u = psi * n[section][:, None]
    scaled = psi * np.sqrt(_ratio(n_k, spare_k))[section]
    scaled[~counts] = 0.0
    classes = np.arange(len(cells))[cell] if class_ is None else class_
    n_classes = int(classes.max()) + 1 if pupils else 0
    in_class = _indicator(classes, n_classes)
    class_cell = np.zeros(n_classes, np.int64)
    class_cell[classes] = cell
    of_cell = _indicator(class_cell, len(cells))
    class_size = in_class @ anyone.astype(float)
    square, cube = of_cell @ class_size**2, of_cell @ class_size**3
    mean_square = _ratio(square, size, 0.0)
    several = (of_cell @ (class_size > 0).astype(float) >= 2).astype(float)
    free = size - mean_square
    to_several = to_section @ sparse.diags_array(several)
    class_u = in_class @ u
    return InfluenceMoments(
        spread=_products(to_section @ in_cell, scaled),
        simple=_products(to_several @ in_cell, u),
        clustered=_products(to_several @ of_cell, class_u),
        n=n,
        spare=to_several @ (size - 1.0),
        free=to_several @ free,
        apart=to_several @ (square - 2.0 * _ratio(cube, size, 0.0) + mean_square**2),
        left=_ratio(to_section @ free, n - to_section @ (size > 0).astype(float), 0.0),
        class_size=_ratio(to_section @ square, n),
    )


def composite_variance(
    moments: InfluenceMoments, coefficients: Floats, *, classes_recorded: bool = True
) -> CompositeVariance:
    """Sampling variance of Σ_k c_jk x̄_jk in every section, with a class correlation of its own.

    Parameters
    ----------
    moments
        From `influence_moments`.
    coefficients
        (…, J, K) weights of the sum, by section because sections may lack parts; leading
        axes are draws.
    classes_recorded
        False leaves the design effect at 1.

    Returns
    -------
    For one indicator with weight 1 the same as `influence.section_means`.
    """
    c = np.asarray(coefficients, float)
    # A part that a section lacks has weight 0 there and must not turn the rest into NaN.
    lacking = np.isnan(np.einsum("jkk->jk", moments.spread))
    blind = ((c != 0) & lacking).any(axis=-1)
    spread = np.nan_to_num(moments.spread)
    variance0 = _forms(spread, c)
    correlation = np.full(c.shape[:-2], np.nan)
    design_effect = np.ones(c.shape[:-1])
    if classes_recorded:
        correlation = _pooled_correlation(moments, c)
        known = np.nan_to_num(correlation)[..., None]
        variance0 = variance0 / (1.0 - known * (1.0 - moments.left))
        design_effect = 1.0 + (np.nan_to_num(moments.class_size, nan=1.0) - 1.0) * known
    variance0 = np.where(blind | (moments.n == 0), np.nan, variance0)
    return CompositeVariance(variance0 * design_effect, variance0, design_effect, correlation)


def _pooled_correlation(moments: InfluenceMoments, c: Floats) -> Floats:
    """ρ of the sum from the two moment equations of `influence.section_means`, pooled over sections."""
    simple = _forms(moments.simple, c).sum(axis=-1)
    clustered = _forms(moments.clustered, c).sum(axis=-1)
    spare, free, apart = (float(one.sum()) for one in (moments.spare, moments.free, moments.apart))
    if not spare * apart - free**2 > 1e-9 * spare * apart:
        return np.full(simple.shape, np.nan)
    within = np.maximum(simple * apart - clustered * free, 0.0)
    between = np.maximum(clustered * spare - simple * free, 0.0)
    return _ratio(between, within + between)


def _forms(matrices: Floats, c: Floats) -> Floats:
    """(…, J) cᵀMc for every section."""
    forms: Floats = np.einsum("...jk,...jk->...j", np.einsum("...jk,jkl->...jl", c, matrices), c)
    return forms


def _products(groups: sparse.csr_array, values: Floats) -> Floats:
    """(G, K, K) sums over groups of the products of every two columns."""
    columns = values.shape[1]
    summed = np.zeros((groups.shape[0], columns, columns))
    for first in range(columns):
        for second in range(first, columns):
            summed[:, first, second] = groups @ (values[:, first] * values[:, second])
            summed[:, second, first] = summed[:, first, second]
    return summed


def _ratio(over: Floats, under: Floats, otherwise: float = np.nan) -> Floats:
    over, under = np.broadcast_arrays(over, under)
    ratio: Floats = np.divide(over, under, out=np.full(over.shape, otherwise), where=under > 0)
    return ratio


def _indicator(codes: Codes, groups: int) -> sparse.csr_array:
    members = len(codes)
    return sparse.csr_array((np.ones(members), (codes, np.arange(members))), shape=(groups, members))
