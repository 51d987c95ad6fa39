"""增值发展: where pupils stand against pupils who started from the same place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from evalib.statistics.class_correlation import class_correlation
from evalib.statistics.multilevel import fit_multilevel, parametric_bootstrap

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


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
            result[sat] = ndtri(rankdata(marks) / (sat.size + 1))
    return result


def match_rate(matched: Bools, section: Codes, sections: int) -> tuple[Floats, Codes]:
    """Share of the pupils with a score this year who have one of last year too.

    Parameters
    ----------
    matched
        (N,) whether each eligible pupil has a prior score.
    section
        (N,) section of each pupil, 0 … sections − 1.

    Returns
    -------
    (sections,) matched ÷ eligible, NaN for a section without eligible pupils; (sections,)
    the eligible: pupils with a score this year, in a grade whose pupils had comparable
    papers one grade lower last year. Matched are those of them with any score there.

    Examples
    --------
    >>> match_rate(np.array([True, False, True]), np.array([0, 0, 1]), 3)
    (array([0.5, 1. , nan]), array([2, 1, 0]))
    """
    eligible = np.bincount(section, minlength=sections)
    found = np.bincount(section, weights=matched, minlength=sections)
    return np.divide(found, eligible, out=np.full(sections, np.nan), where=eligible > 0), eligible


def low_starters(prior: Floats, grade: Codes, share: float) -> Bools:
    """Pupils who started lowest in their grade.

    Parameters
    ----------
    prior
        (N,) last year's mean normal score, NaN where there is none.
    grade
        (N,) grade of each pupil.
    share
        How much of each grade, 0.25 for the lowest quarter; ties at the limit belong to it.

    Returns
    -------
    (N,) whether prior ≤ q, q the `share`-quantile of the priors of the pupil's grade: the
    least prior that at least that share of the grade does not exceed, so ties at the limit
    are in. False for a pupil without a prior.

    Examples
    --------
    >>> low_starters(np.array([1.0, 2.0, 3.0, 4.0, np.nan]), np.zeros(5, np.int64), 0.25)
    array([ True, False, False, False, False])
    """
    low = np.zeros(len(prior), dtype=bool)
    for one in np.unique(grade):
        inside = np.flatnonzero((grade == one) & np.isfinite(prior))
        if inside.size:
            # The quantile of the ranks that leaves at most `share` below: no interpolation.
            limit = np.quantile(prior[inside], share, method="inverted_cdf")
            low[inside] = prior[inside] <= limit
    return low


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
    conditional_se
        (J,) the error of û given coefficients and variances: smaller, and not for
        comparing sections.
    coefficient_se
        (p,) errors of the columns' coefficients.
    variance_section, variance_class, variance_residual
        Variance components; the class one is NaN where no class is recorded.
    class_correlation
        How alike classmates are in their residuals; None where no class is recorded.
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
    conditional_se: Floats
    coefficient_se: Floats
    variance_section: float
    variance_class: float
    variance_residual: float
    class_correlation: float | None
    classes: int
    at_boundary: bool

    def shown(self, reliability_minimum: float) -> bool:
        """Whether section effects can be told from chance: a variance, and a median reliability, above it."""
        return not self.at_boundary and float(np.median(self.reliability)) >= reliability_minimum


def value_added(
    outcome: Floats,
    columns: Floats,
    section: Codes,
    class_: Codes | None,
    *,
    reliability_minimum: float,
    alike: float | None = None,
    bootstrap_draws: int = 0,
    bootstrap_below_sections: int = 0,
    seed: int = 0,
) -> ValueAdded:
    """How far pupils came compared with pupils who started from the same place.

    A multilevel model of this year's normal score on what was known before, with nested
    random intercepts section ⊃ class, by REML (section alone where no class is recorded,
    or every section has a single one).

    Parameters
    ----------
    outcome
        (N,) normal scores of this year, no NaN.
    columns
        (N, p) what predicts them, without the constant: see
        `evalib.measures.growth_design.growth_design`.
    section, class_
        (N,) codes of each pupil; classes unique over sections.
    reliability_minimum
        No shrunken effect is shown where the median reliability is below it.
    alike
        The class correlation, where a model of the same pupils and scores has found it.
    bootstrap_draws, bootstrap_below_sections, seed
        With fewer sections than this, errors of shrunken effects that are shown come
        from so many simulated refits.

    Raises
    ------
    ValueError
        Too few pupils for the columns, or columns that depend on each other.

    Notes
    -----
    y = Xβ + u_section + u_class + e. What a page prints is r̄_j − Σ_k w_k r̄_k, with r =
    y − Xβ̂, r̄_j its mean over the n_j pupils of section j, unshrunken, and w_k = n_k/Σn;
    its class correlation is that of this model. Reliability of u_j: 1 − 1/e_j, with e_j =
    1 + λ_s Σ_c n_c/(1 + n_c λ_c) over the section's classes, λ_s = σ²_section/σ²_e, λ_c =
    σ²_class/σ²_e. Tempting, and wrong: sections alone where classes exist (their variance
    is read as the sections').

    Examples
    --------
    >>> section = np.repeat(np.arange(4), 5)
    >>> score = np.array([0.0, 0.0, 1.0, 1.0])[section] + np.tile([-0.2, -0.1, 0.0, 0.1, 0.2], 4)
    >>> found = value_added(score, np.zeros((20, 0)), section, None, reliability_minimum=0.5)
    >>> found.residual[:5].round(2), found.reliability.round(2)
    (array([-0.7, -0.6, -0.5, -0.4, -0.3]), array([0.99, 0.99, 0.99, 0.99]))
    """
    sections, section = np.unique(section, return_inverse=True)
    if class_ is not None:
        class_ = np.unique(class_, return_inverse=True)[1]
        if class_.max() == section.max():
            # One class in every section: the two levels are one and the same.
            class_ = None
    fit = fit_multilevel(outcome, columns, section, class_)
    found = ValueAdded(
        residual=fit.residual,
        sections=sections,
        reliability=fit.reliability,
        shrunken=fit.section_effect,
        shrunken_se=fit.comparative_se,
        conditional_se=fit.conditional_se,
        coefficient_se=fit.standard_error[1:],
        variance_section=fit.variance_section,
        variance_class=fit.variance_class,
        variance_residual=fit.variance_residual,
        class_correlation=alike or class_correlation(fit) if class_ is not None else None,
        classes=fit.n_classes,
        at_boundary=fit.at_boundary,
    )
    if fit.n_sections < bootstrap_below_sections and found.shown(reliability_minimum):
        return replace(found, shrunken_se=parametric_bootstrap(fit, bootstrap_draws, seed))
    return found


def likeness_of_classmates(values: Floats, grade: Codes, section: Codes, class_: Codes) -> float | None:
    """Class correlation of a figure that some pupils have, from a nested model of its own.

    Parameters
    ----------
    values
        (N,) the pupils' figures, no NaN.
    grade, section, class_
        (N,) codes of each pupil; grades have means of their own, classes are unique
        over sections.

    Returns
    -------
    See `evalib.statistics.class_correlation`; None where classes and sections, or
    classes and pupils, cannot be told apart.

    Examples
    --------
    >>> class_ = np.repeat(np.arange(8), 3)
    >>> values = np.array([0.0, 1, 0, 1, 2, 3, 2, 3])[class_] + np.tile([-1.0, 0.0, 1.0], 8)
    >>> 0 < likeness_of_classmates(values, np.zeros(24, np.int64), class_ // 2, class_) < 1
    True
    """
    dummies = (grade[:, None] == np.unique(grade)[1:]).astype(float)
    try:
        fit = fit_multilevel(
            values, dummies, *(np.unique(one, return_inverse=True)[1] for one in (section, class_))
        )
    except ValueError:
        return None
    return class_correlation(fit)
