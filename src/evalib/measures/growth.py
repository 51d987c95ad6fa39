"""增值发展: where pupils stand against pupils who started from the same place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline
from scipy.stats import norm, rankdata

from evalib.statistics.multilevel import fit_multilevel, parametric_bootstrap

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def normal_score(score: Floats, paper: Codes) -> Floats:
    """Scores as van der Waerden normal scores within their paper.

    Papers of different years and grades are not on one scale; ranks are.

    Parameters
    ----------
    score
        (R,) marks, NaN for a record without one.
    paper
        (R,) paper of each record, 0 … P − 1.

    Returns
    -------
    (R,) Φ⁻¹(rank / (n + 1)), ties sharing their mean rank; NaN where there is no
    mark or all marks of the paper are equal.

    Examples
    --------
    >>> normal_score(np.array([10.0, 20.0, 30.0]), np.zeros(3, int)).round(4)
    array([-0.6745,  0.    ,  0.6745])
    """
    result = np.full(score.shape, np.nan)
    order = np.argsort(paper, kind="stable")
    for records in np.split(order, np.flatnonzero(np.diff(paper[order])) + 1) if order.size else []:
        sat = records[np.isfinite(score[records])]
        marks = score[sat]
        if sat.size and marks.min() < marks.max():
            result[sat] = norm.ppf(rankdata(marks) / (sat.size + 1))
    return result


def prior_design(prior: Floats, grade: Codes, knots: Floats, pattern_minimum: int) -> Floats:
    """Covariates of the growth model: a curve of the prior score, a grade at a time.

    Parameters
    ----------
    prior
        (N,) last year's mean normal score of each matched pupil, no NaN.
    grade
        (N,) grade; each has its own intercept and its own curve.
    knots
        (K,) inner knots of the cubic spline, as quantiles of the grade's priors.
    pattern_minimum
        A grade with fewer pupils has a straight line in place of the spline.

    Returns
    -------
    (N, p) columns without the overall constant, full rank: for the first grade its
    curve, for each further grade a dummy and its curve.
    """
    blocks: list[Floats] = []
    for position, one in enumerate(np.unique(grade)):
        inside = grade == one
        curve = _curve(prior[inside], knots, int(inside.sum()) >= pattern_minimum)
        if position:
            curve = np.column_stack([np.ones(len(curve)), curve])
        block = np.zeros((prior.size, curve.shape[1]))
        block[inside] = curve
        blocks.append(block)
    return np.hstack(blocks) if blocks else np.zeros((prior.size, 0))


def _curve(prior: Floats, knots: Floats, spline: bool) -> Floats:
    """A basis for one grade without its constant: cubic B-splines, or the prior itself."""
    low, high = float(prior.min()), float(prior.max())
    inner = np.unique(np.quantile(prior, knots)) if spline else np.empty(0)
    inner = inner[(inner > low) & (inner < high)]
    if not spline or len(np.unique(prior)) < 5 + len(inner):
        return prior[:, None] if low < high else np.zeros((prior.size, 0))
    edges = np.concatenate([[low] * 4, inner, [high] * 4])
    basis: Floats = BSpline.design_matrix(prior, edges, 3).toarray()
    # The basis sums to one, the grade's constant: the middle column goes.
    return np.delete(basis, basis.shape[1] // 2, axis=1)


def match_rate(matched: npt.NDArray[np.bool_], section: Codes, sections: int) -> tuple[Floats, Codes]:
    """Share of the pupils with a score this year who have one of last year too.

    Parameters
    ----------
    matched
        (N,) whether each eligible pupil has a prior score.
    section
        (N,) section of each pupil, 0 … sections − 1.

    Returns
    -------
    (sections,) rate, NaN for a section without eligible pupils; (sections,) their number.

    Examples
    --------
    >>> match_rate(np.array([True, False, True]), np.array([0, 0, 1]), 3)
    (array([0.5, 1. , nan]), array([2, 1, 0]))
    """
    eligible = np.bincount(section, minlength=sections)
    found = np.bincount(section, weights=matched, minlength=sections)
    return np.divide(found, eligible, out=np.full(sections, np.nan), where=eligible > 0), eligible


@dataclass(frozen=True)
class ValueAdded:
    """The growth model of one stage and year.

    Attributes
    ----------
    residual
        (N,) each pupil's score less what the covariates predict.
    sections
        (J,) the sections that have pupils in the model.
    reliability, shrunken, shrunken_se
        (J,) of the section effects: 1 − 1/e_j, the shrunken effect, and the error of
        û − u with the fixed effects' uncertainty (from a parametric bootstrap that
        refits the variances where there are few sections).
    variance_section, variance_class, variance_residual
        Variance components; the class one is NaN where no class is recorded.
    classes
        Number of classes, 0 where none is recorded.
    at_boundary
        Whether the section variance is estimated as 0.
    """

    residual: Floats
    sections: Codes
    reliability: Floats
    shrunken: Floats
    shrunken_se: Floats
    variance_section: float
    variance_class: float
    variance_residual: float
    classes: int
    at_boundary: bool


def value_added(
    outcome: Floats,
    prior: Floats,
    grade: Codes,
    section: Codes,
    class_: Codes | None,
    *,
    knots: Floats,
    pattern_minimum: int,
    bootstrap_draws: int,
    bootstrap_below_sections: int,
    reliability_minimum: float,
    seed: int,
) -> ValueAdded:
    """How far pupils came compared with pupils who started from the same place.

    A multilevel model of this year's normal score on a curve of last year's, a grade
    at a time, with nested random intercepts section ⊃ class, by REML (section alone
    where no class is recorded, or every section has a single one).

    Parameters
    ----------
    outcome, prior
        (N,) mean normal scores of this year and of the year before, no NaN.
    grade, section, class_
        (N,) codes of each pupil; classes unique over sections.
    knots, pattern_minimum
        See `prior_design`.
    bootstrap_draws, bootstrap_below_sections, reliability_minimum, seed
        With fewer sections than this, errors of the shrunken effects come from so
        many simulated refits; not where the median reliability is below the minimum,
        for then no shrunken effect is shown.

    Raises
    ------
    ValueError
        Too few pupils for the columns, or columns that depend on each other.
    """
    sections, section = np.unique(section, return_inverse=True)
    if class_ is not None:
        class_ = np.unique(class_, return_inverse=True)[1]
        if class_.max() == section.max():
            # One class in every section: the two levels are one and the same.
            class_ = None
    design = prior_design(prior, grade, knots, pattern_minimum)
    fit = fit_multilevel(outcome, design, section, class_)
    shown = not fit.at_boundary and float(np.median(fit.reliability)) >= reliability_minimum
    if shown and fit.n_sections < bootstrap_below_sections:
        se = parametric_bootstrap(fit, bootstrap_draws, seed)
    else:
        se = fit.comparative_se
    return ValueAdded(
        residual=fit.residual,
        sections=sections,
        reliability=fit.reliability,
        shrunken=fit.section_effect,
        shrunken_se=se,
        variance_section=fit.variance_section,
        variance_class=fit.variance_class,
        variance_residual=fit.variance_residual,
        classes=fit.n_classes,
        at_boundary=fit.at_boundary,
    )
