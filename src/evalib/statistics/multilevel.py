"""Exact ML and REML of random-intercept models: sections alone, or classes within sections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalib.statistics.profiled_deviance import Elimination, ProfiledDeviance
from evalib.statistics.refits import refitted_ratios
from evalib.statistics.sufficient_sums import MultilevelSums, multilevel_sums
from evalib.statistics.variance_ratios import lowest_deviance

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Method = Literal["REML", "ML"]


@dataclass(frozen=True)
class MultilevelFit:
    """A fitted model y = Xβ + section effect (+ class effect) + residual.

    Attributes
    ----------
    method
        "REML" or "ML".
    coefficients, standard_error
        (p + 1,) intercept first, on the original scale.
    covariance
        (p + 1, p + 1) of the coefficients.
    variance_section, variance_class, variance_residual
        Variance components; `variance_class` is NaN where no class was given.
    deviance
        −2 log likelihood (ML), or the REML criterion as lme4 defines it.
    section_effect
        (J,) shrunken effect û_j (BLUP); 0 for a section without pupils.
    conditional_se
        (J,) sd of u_j given the data and the coefficients (lme4's condVar).
    comparative_se
        (J,) sd of û_j − u_j, with the coefficients' uncertainty: for comparing sections.
    reliability
        (J,) 1 − 1/e_j; without classes nλ/(1 + nλ).
    class_effect
        (C,) shrunken class effect, empty where no class was given.
    n_pupils, n_sections, n_classes
        How many have pupils in the fit; `n_classes` is 0 where no class was given.
    at_boundary
        The section variance is estimated as exactly 0: every effect is 0 and its
        errors are 0 too; no interval may be made of them.
    residual
        (N,) y − Xβ̂, section and class effects still in it; empty after `fit_from_sums`.
    sums
        What was fitted to.
    """

    method: Method
    coefficients: Floats
    standard_error: Floats
    covariance: Floats
    variance_section: float
    variance_class: float
    variance_residual: float
    deviance: float
    section_effect: Floats
    conditional_se: Floats
    comparative_se: Floats
    reliability: Floats
    class_effect: Floats
    n_pupils: int
    n_sections: int
    n_classes: int
    at_boundary: bool
    residual: Floats
    sums: MultilevelSums


def fit_multilevel(
    outcome: Floats,
    covariates: Floats,
    section: Codes,
    class_: Codes | None = None,
    *,
    method: Method = "REML",
) -> MultilevelFit:
    """Fit a random-intercept model of pupils in sections, with classes between where recorded.

    Parameters
    ----------
    outcome
        (N,) outcome of each pupil, no missing values.
    covariates
        (N, p) covariates without the constant, which the fit adds; p may be 0.
    section
        (N,) section of each pupil, 0 … J − 1.
    class_
        (N,) class of each pupil, 0 … C − 1, unique across sections; None where no
        class is recorded. Leaving the classes out where they exist reads their
        variance as the sections' and makes every section look more certain than it is.
    method
        "REML" (default) or "ML".

    Raises
    ------
    ValueError
        Shapes do not agree or a value is missing; a covariate is constant or depends
        on those before it (its column is named); the outcome does not vary, over all
        or within groups; there are fewer than two sections, too few pupils, one class
        in every section, or one pupil in every group; a class lies in two sections.

    Notes
    -----
    Classes, then sections, are eliminated in closed form. With λ_c = σ²_class/σ²_e, λ_s =
    σ²_section/σ²_e, d_c = 1 + n_c λ_c, e_j = 1 + λ_s Σ_c n_c/d_c over the section's classes,
    L the Cholesky factor of [X y]ᵀV⁻¹[X y] (V the covariance of y over σ²_e), RSS = L²_pp
    and k = N − p, p the coefficients (ML: k = N), the deviance is

    Σ_c log d_c + Σ_j log e_j + 2 Σ_{i<p} log L_ii + k(1 + log(2π · RSS/k))

    (ML without its third term), L counted from 0. It is profiled to the two variance ratios
    and minimised exactly, the boundary of zero variance included, which is a legal answer.
    The method is that of lme4 (Bates et al. 2015, Journal of Statistical Software 67(1),
    section 3) specialised to nested intercepts.

    Examples
    --------
    >>> pupils = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    >>> fit = fit_multilevel(pupils, np.zeros((6, 0)), np.array([0, 0, 0, 1, 1, 1]))
    >>> round(fit.variance_residual, 4), round(fit.variance_section, 4)
    (1.0, 7.6667)
    """
    sums = multilevel_sums(outcome, covariates, section, class_)
    fit = fit_from_sums(sums, method=method)
    predicted = fit.coefficients[0] + np.asarray(covariates, dtype=float) @ fit.coefficients[1:]
    return replace(fit, residual=np.asarray(outcome, dtype=float) - predicted)


def fit_from_sums(sums: MultilevelSums, *, method: Method = "REML") -> MultilevelFit:
    """`fit_multilevel` from sums alone; the pupils' residuals are left out.

    Raises
    ------
    ValueError
        As `fit_multilevel`.
    """
    if method not in ("REML", "ML"):
        raise ValueError(f"method must be REML or ML, not {method!r}")
    centred = sums.centred()
    criterion = ProfiledDeviance(centred, reml=method == "REML")
    section_ratio, class_ratio = lowest_deviance(criterion)
    best = criterion.at(section_ratio, class_ratio)
    outcome_scale = criterion.scale[-1]
    variance = outcome_scale**2 * best.root[-1, -1] ** 2 / criterion.degrees
    coefficients, covariance = _coefficients(criterion, best, centred.origin, variance)
    effects = section_effects(criterion, best, section_ratio)
    class_effect = np.zeros(len(sums.group_sums) if sums.nested else 0)
    if sums.nested:
        contrast = np.append(-_standardised(best), 1.0)
        left_over = criterion.group_sums @ contrast - criterion.group_size * effects[criterion.section_of]
        class_effect[criterion.groups] = class_ratio * best.class_shrink * left_over * outcome_scale
    share = section_ratio / best.section_spread
    inverse_root = np.linalg.inv(best.root[:-1, :-1])
    uncertain = ((best.section_sums[:, :-1] @ inverse_root.T) ** 2).sum(axis=1)
    constant = 2.0 * criterion.degrees * np.log(outcome_scale)
    if method == "REML":
        constant += 2.0 * np.log(criterion.scale[:-1]).sum()

    def spread_out(of_seen: Floats, elsewhere: float) -> Floats:
        of_all = np.full(sums.n_sections, elsewhere)
        of_all[criterion.sections] = of_seen
        return of_all

    unseen_sd = float(np.sqrt(variance * section_ratio))
    return MultilevelFit(
        method=method,
        coefficients=coefficients,
        standard_error=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        variance_section=float(variance * section_ratio),
        variance_class=float(variance * class_ratio) if sums.nested else float("nan"),
        variance_residual=float(variance),
        deviance=float(best.deviance + constant),
        section_effect=spread_out(outcome_scale * effects, 0.0),
        conditional_se=spread_out(np.sqrt(variance * share), unseen_sd),
        comparative_se=spread_out(np.sqrt(variance * (share + share**2 * uncertain)), unseen_sd),
        reliability=spread_out(1.0 - 1.0 / best.section_spread, 0.0),
        class_effect=class_effect,
        n_pupils=round(float(sums.cross[0, 0])),
        n_sections=len(criterion.sections),
        n_classes=len(criterion.groups) if sums.nested else 0,
        at_boundary=section_ratio == 0.0,
        residual=np.zeros(0),
        sums=sums,
    )


def unshrunken_effects(
    fit: MultilevelFit, section: Codes, class_: Codes | None = None
) -> tuple[Floats, Floats]:
    """What each section's own pupils say of its effect, at the fitted variances.

    Parameters
    ----------
    fit
        From `fit_multilevel`, with residuals.
    section, class_
        (N,) the codes it was fitted to.

    Returns
    -------
    (J,) H_j/m_j of the residuals y − Xβ̂, a mean in which a class weighs
    n_c/(1 + n_c λ_c), and (J,) its variance about the section's effect, σ²/m_j, the
    coefficients taken as known; NaN for a section without pupils.

    Raises
    ------
    ValueError
        The fit has no residuals, or codes are not those of its pupils.

    Notes
    -----
    The shrunken effect is the reliability times this figure.

    Examples
    --------
    >>> pupils = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    >>> section = np.array([0, 0, 0, 1, 1, 1])
    >>> figure, variance = unshrunken_effects(fit_multilevel(pupils, np.zeros((6, 0)), section), section)
    >>> figure, variance.round(4)
    (array([-2.,  2.]), array([0.3333, 0.3333]))
    """
    group = section if class_ is None else class_
    if len(fit.residual) != len(section) or len(group) != len(section):
        raise ValueError("unshrunken effects need the residuals of the fit and a code for each")
    size = np.bincount(group).astype(float)
    of_section = np.zeros(len(size), dtype=np.int64)
    of_section[group] = section
    ratio = 0.0 if class_ is None else fit.variance_class / fit.variance_residual
    shrink = 1.0 / (1.0 + size * ratio)
    sections = len(fit.section_effect)
    left = np.bincount(of_section, shrink * np.bincount(group, fit.residual), minlength=sections)
    weight = np.bincount(of_section, shrink * size, minlength=sections)
    unseen = np.full(sections, np.nan)
    figure = np.divide(left, weight, out=unseen.copy(), where=weight > 0)
    variance = np.divide(fit.variance_residual, weight, out=unseen, where=weight > 0)
    return figure, variance


def section_effects(criterion: ProfiledDeviance, best: Elimination, section_ratio: float) -> Floats:
    """(J,) v̂_j = (λ_s/e_j)(H_jy − H_jxᵀβ̂) of the sections with pupils, in standardised units."""
    contrast = np.append(-_standardised(best), 1.0)
    effects: Floats = section_ratio / best.section_spread * (best.section_sums @ contrast)
    return effects


def _standardised(best: Elimination) -> Floats:
    return np.linalg.solve(best.root[:-1, :-1].T, best.root[-1, :-1]).astype(np.float64, copy=False)


def _coefficients(
    criterion: ProfiledDeviance, best: Elimination, means: Floats, variance: float
) -> tuple[Floats, Floats]:
    """Coefficients and covariance on the original scale, from standardised centred columns."""
    inverse_root = np.linalg.inv(best.root[:-1, :-1])
    back = np.diag(1.0 / criterion.scale[:-1])
    back[0, 1:] = -means[:-1] / criterion.scale[1:-1]
    coefficients = criterion.scale[-1] * (back @ _standardised(best))
    coefficients[0] += means[-1]
    covariance = variance * back @ inverse_root.T @ inverse_root @ back.T
    return coefficients, covariance


def parametric_bootstrap(fit: MultilevelFit, draws: int, seed: int) -> Floats:
    """Prediction error of each section's shrunken effect, the variances' own uncertainty included.

    With few sections the variance ratios are themselves uncertain, which
    `comparative_se` does not know. Outcomes are drawn from the fitted model, the
    variances estimated anew from each, and û_j − u_j measured against the drawn u_j.

    Parameters
    ----------
    fit
        From `fit_multilevel` or `fit_from_sums`.
    draws
        Simulated refits, at least 20.
    seed
        Of the random numbers; the same seed gives the same answer.

    Returns
    -------
    (J,) √ of the mean of (û_j − u_j)² over the draws.

    Raises
    ------
    ValueError
        Fewer than 20 draws, or the fit is at the boundary, where û = u = 0 in every
        draw would pass for certainty.

    Notes
    -----
    Only sums are drawn, which is exact and costs nothing a pupil: group means of the
    residuals are normal, their products with the covariates within groups are normal
    with covariance σ²W, W the covariates' cross products within groups, and what is
    left of their sum of squares is σ²χ² on N − groups − rank(W) degrees of freedom.
    """
    if draws < 20:
        raise ValueError(f"a bootstrap needs at least 20 draws, not {draws}")
    if fit.at_boundary:
        raise ValueError("the section variance is estimated as zero; there is no error to bootstrap")
    criterion = ProfiledDeviance(fit.sums.centred(), reml=fit.method == "REML")
    ratios = (
        fit.variance_section / fit.variance_residual,
        fit.variance_class / fit.variance_residual if fit.sums.nested else 0.0,
    )
    truth, cross, group_sums = _simulated_sums(criterion, ratios, draws, np.random.default_rng(seed))
    squares = np.zeros(len(criterion.sections))
    for draw, found in enumerate(refitted_ratios(criterion, ratios, cross, group_sums)):
        refit = criterion.with_outcome(cross[draw], group_sums[draw])
        squares += (section_effects(refit, refit.at(*found), found[0]) - truth[draw]) ** 2
    error = np.full(fit.sums.n_sections, np.sqrt(fit.variance_section))
    error[criterion.sections] = np.sqrt(fit.variance_residual * squares / draws)
    return error


def _simulated_sums(
    criterion: ProfiledDeviance, ratios: tuple[float, float], draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Section effects (draws, J), outcome products (draws, q) and group sums (draws, G), σ_e = 1, β = 0."""
    size = criterion.group_size
    sums = criterion.group_sums[:, :-1]
    effect = np.sqrt(ratios[0]) * rng.standard_normal((draws, len(criterion.sections)))
    of_group = effect[:, criterion.section_of]
    of_group = of_group + np.sqrt(ratios[1]) * rng.standard_normal((draws, len(size)))
    mean = of_group + rng.standard_normal((draws, len(size))) / np.sqrt(size)
    within = criterion.cross[:-1, :-1] - (sums / size[:, None]).T @ sums
    values, vectors = np.linalg.eigh(within)
    kept = values > 1e-10 * size.sum()
    spread = rng.standard_normal((draws, int(kept.sum())))
    left = size.sum() - len(size) - kept.sum()
    cross = np.empty((draws, sums.shape[1] + 1))
    cross[:, :-1] = mean @ sums + (spread * np.sqrt(values[kept])) @ vectors[:, kept].T
    cross[:, -1] = (mean**2) @ size + (spread**2).sum(axis=1)
    if left > 0:
        cross[:, -1] += rng.chisquare(left, draws)
    return effect, cross, mean * size
