"""Growth over several years: what a section adds year after year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalib.statistics.multilevel import fit_multilevel, unshrunken_effects
from evalib.statistics.repeated_means import repeated_means

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LastingGrowth:
    """What sections add over several years.

    Attributes
    ----------
    figure, variance
        (J,) unshrunken effect of each section, in pupil standard deviations, and its
        sampling variance; NaN for a section that no year knows.
    pupils, years
        (J,) pupils over all years, and years, in which the section was seen.
    reliability, shrunken, shrunken_se, conditional_se
        (J,) 1 − 1/e_j; the shrunken effect û; the error of û − u with the fixed effects'
        uncertainty; the error given the fixed effects.
    variance_section, variance_year
        Variance between sections that lasts, and of a section's own years.
    at_boundary
        Whether the lasting variance is estimated as 0.
    """

    figure: Floats
    variance: Floats
    pupils: Codes
    years: Codes
    reliability: Floats
    shrunken: Floats
    shrunken_se: Floats
    conditional_se: Floats
    variance_section: float
    variance_year: float
    at_boundary: bool

    def shown(self, reliability_minimum: float) -> bool:
        """Whether anything lasting can be told from chance."""
        seen = self.years > 0
        return not self.at_boundary and float(np.median(self.reliability[seen])) >= reliability_minimum


def growth_of_cohorts(
    outcome: Floats, columns: Floats, section: Codes, year: Codes, sections: int
) -> LastingGrowth:
    """What sections add at one grade step, over cohorts that share no pupil.

    Parameters
    ----------
    outcome
        (N,) normal scores of the year in which the pupil was in the grade, no NaN.
    columns
        (N, p) what predicts them, a block a year: see `evalib.measures.growth_design`.
    section
        (N,) section of each pupil, 0 … sections − 1.
    year
        (N,) year of each pupil, from 0.
    sections
        J; a section may have nobody.

    Raises
    ------
    ValueError
        As the multilevel fit; also where every section has a single year.

    Notes
    -----
    Nested random intercepts section ⊃ section × year, years fixed through the columns.
    Yearly effects and classes are not told apart: a section has one year's classes in
    one grade. With r = y − Xβ̂, n_c pupils in cell c (a section's year) and
    λ = σ²_section×year/σ², the unshrunken figure is H_j/m_j, H_j = Σ_c Σ_{i∈c} r_i/(1 + n_c λ)
    and m_j = Σ_c n_c/(1 + n_c λ), with variance σ²/m_j.
    Stability is read from the variance components; tempting, and wrong, is to
    correlate one year's shrunken effects with another's.

    Examples
    --------
    >>> section = np.repeat(np.arange(3), 8)
    >>> year = np.tile(np.repeat([0, 1], 4), 3)
    >>> score = np.array([-1.0, 0.5, 1.0])[section] + np.tile([-0.3, -0.1, 0.1, 0.3], 6) + 0.1 * year
    >>> found = growth_of_cohorts(score, year[:, None].astype(float), section, year, 3)
    >>> found.figure.round(2), found.years
    (array([-1.17,  0.33,  0.83]), array([2, 2, 2]))
    """
    cells, cell = np.unique(section * (int(year.max()) + 1) + year, return_inverse=True)
    fit = fit_multilevel(outcome, columns, section, cell)
    figure, variance = unshrunken_effects(fit, section, cell)
    pupils = np.bincount(section, minlength=sections)

    def of_all(found: Floats) -> Floats:
        widened = np.full(sections, np.nan)
        widened[: len(found)] = found
        widened[pupils == 0] = np.nan
        return widened

    return LastingGrowth(
        figure=of_all(figure),
        variance=of_all(variance),
        pupils=pupils.astype(np.int64),
        years=np.bincount(cells // (int(year.max()) + 1), minlength=sections).astype(np.int64),
        reliability=of_all(fit.reliability),
        shrunken=of_all(fit.section_effect),
        shrunken_se=of_all(fit.comparative_se),
        conditional_se=of_all(fit.conditional_se),
        variance_section=fit.variance_section,
        variance_year=fit.variance_class,
        at_boundary=fit.at_boundary,
    )


def growth_of_overlapping_years(means: Floats, covariances: Floats, pupils: Codes) -> LastingGrowth:
    """What sections add, from yearly figures that share pupils.

    Parameters
    ----------
    means
        (J, Y) mean residual of each section in each year's own model; NaN where it was
        not seen.
    covariances
        (J, Y, Y) their sampling covariances: see `covariances_of_years`.
    pupils
        (J, Y) pupils behind each.

    Raises
    ------
    ValueError
        Fewer than two sections were seen in two years.

    Notes
    -----
    r̄_j ~ N(β_y, σ²_s 11ᵀ + σ²_sy I + V_j), variances by REML. The unshrunken figure is
    the mean over years weighted by (σ²_sy I + V_j)⁻¹.

    Examples
    --------
    >>> means = np.array([[0.3, 0.2], [0.0, 0.1], [-0.3, -0.3]])
    >>> found = growth_of_overlapping_years(means, np.array([np.eye(2)] * 3) * 0.01, np.full((3, 2), 50))
    >>> found.figure.round(2), found.at_boundary
    (array([ 0.25,  0.05, -0.3 ]), False)
    """
    found = repeated_means(means, covariances)
    seen = np.isfinite(means)
    return LastingGrowth(
        figure=found.figure,
        variance=found.variance,
        pupils=np.where(seen, pupils, 0).sum(axis=1).astype(np.int64),
        years=seen.sum(axis=1).astype(np.int64),
        reliability=found.reliability,
        shrunken=found.reliability * found.figure,
        shrunken_se=found.comparative_se,
        conditional_se=np.sqrt(found.variance_section * (1.0 - found.reliability)),
        variance_section=found.variance_section,
        variance_year=found.variance_year,
        at_boundary=found.variance_section == 0.0,
    )


def covariances_of_years(values: Floats, section: Codes, grade: Codes, variances: Floats) -> Floats:
    """Sampling covariances of a section's means over years, from the pupils that years share.

    Parameters
    ----------
    values
        (P, Y) each pupil's residual in each year; NaN where there is none.
    section, grade
        (P, Y) the pupil's section, 0 … J − 1, and grade in each year; whatever where
        there is no residual.
    variances
        (J, Y) sampling variances of the yearly means, classes allowed for.

    Returns
    -------
    (J, Y, Y) the variances on the diagonal; beside it Σψψ′ over the pupils who were in
    the section in both years, ψ the influence value of a year, centred within grade.

    Examples
    --------
    >>> values = np.array([[1.0, 1.0], [-1.0, -1.0]])
    >>> places = np.zeros((2, 2), np.int64)
    >>> covariances_of_years(values, places, places, np.ones((1, 2)))
    array([[[1. , 0.5],
            [0.5, 1. ]]])
    """
    sections, years = variances.shape
    influence = np.zeros(values.shape)
    for year in range(years):
        inside = np.flatnonzero(np.isfinite(values[:, year]))
        if not inside.size:
            continue
        place = section[inside, year]
        cell = np.unique(np.column_stack([place, grade[inside, year]]), axis=0, return_inverse=True)[1]
        mean = np.bincount(cell, values[inside, year]) / np.bincount(cell)
        count = np.bincount(place, minlength=sections)
        influence[inside, year] = (values[inside, year] - mean[cell]) / count[place]
    found = np.zeros((sections, years, years))
    for one in range(years):
        found[:, one, one] = np.nan_to_num(variances[:, one])
        for other in range(one):
            both = np.isfinite(values[:, [one, other]]).all(axis=1)
            both &= section[:, one] == section[:, other]
            shared = np.bincount(
                section[both, one], influence[both, one] * influence[both, other], minlength=sections
            )
            # No more than the variances allow: classes are in these and not in the product.
            limit = 0.99 * np.sqrt(found[:, one, one] * found[:, other, other])
            found[:, one, other] = found[:, other, one] = np.clip(shared, -limit, limit)
    return found
