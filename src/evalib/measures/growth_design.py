"""What the growth model knows of a pupil before the year: earlier scores and covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.statistics.prior_patterns import independent_columns, prior_design

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Starts:
    """Where pupils stood a year before, as `evalib.statistics.prior_patterns` wants it.

    Attributes
    ----------
    main
        (N,) the prior that says most; NaN where a pupil has none.
    others
        (N, Q) what the other priors say besides, NaN where a pupil lacks one.
    kind
        (N,) what the main prior is made of.
    """

    main: Floats
    others: Floats
    kind: Codes


def starts_of_mean(priors: Floats) -> Starts:
    """Starting points for a pupil's mean score: last year's mean, and how subjects differed from it.

    Parameters
    ----------
    priors
        (N, S) last year's normal scores by subject, NaN where a pupil has none.

    Returns
    -------
    The mean over the subjects a pupil has; the subjects' deviations from it without the
    pupil's last one, which the others imply. Means over different subjects are
    different kinds: they are not equally reliable.

    Examples
    --------
    >>> starts = starts_of_mean(np.array([[1.0, 0.0, np.nan], [np.nan, np.nan, np.nan]]))
    >>> starts.main, starts.others[0], starts.kind
    (array([0.5, nan]), array([0.5, nan, nan]), array([3, 0]))
    """
    having = np.isfinite(priors)
    count = having.sum(axis=1)
    total = np.where(having, priors, 0.0).sum(axis=1)
    main = np.divide(total, count, out=np.full(len(priors), np.nan), where=count > 0)
    others = priors - main[:, None]
    places = np.arange(priors.shape[1])
    others[places == np.where(having, places, -1).max(axis=1, initial=-1)[:, None]] = np.nan
    return Starts(main, others, having @ (1 << np.arange(priors.shape[1], dtype=np.int64)))


def starts_of_subject(priors: Floats, subject: int) -> Starts:
    """Starting points for the score in one subject: last year's in it, the others beside it.

    Parameters
    ----------
    priors
        (N, S) last year's normal scores by subject, NaN where a pupil has none.
    subject
        Position of the subject in `priors`; −1 where it had no paper last year.

    Returns
    -------
    The prior of the same subject as the main one. A pupil without it starts from the
    mean of the others, a kind of its own.

    Examples
    --------
    >>> starts = starts_of_subject(np.array([[1.0, 0.0], [np.nan, 0.4]]), 0)
    >>> starts.main, starts.others.ravel(), starts.kind
    (array([1. , 0.4]), array([ 0., nan]), array([0, 1]))
    """
    mean = starts_of_mean(priors)
    if subject < 0:
        return mean
    own = priors[:, subject]
    having = np.isfinite(own)
    others = np.where(having[:, None], np.delete(priors, subject, axis=1), np.nan)
    return Starts(np.where(having, own, mean.main), others, np.where(having, 0, 1))


@dataclass(frozen=True)
class Covariates:
    """Traits of pupils as columns.

    Attributes
    ----------
    columns
        (N, c) no missing values.
    names
        (c,) the trait that each column belongs to.
    """

    columns: Floats
    names: tuple[str, ...]


def pupil_covariates(traits: pd.DataFrame) -> Covariates:
    """Traits as covariates: a dummy for a yes or a sex, the figure itself for a number.

    Parameters
    ----------
    traits
        (N rows) a column a trait: text with at most two values (the first in the
        alphabet is the reference), true or false, or numbers; missing values allowed.

    Returns
    -------
    A column a trait and, where some pupils lack it, another that marks them: they are a
    group of their own. For a two-valued trait that is exact, for a number it takes those
    who lack it to be alike; a pattern of its own, as a missing prior has it, would cut
    every pattern of priors once more for a trait that says little beside them.

    Raises
    ------
    ValueError
        A text trait has more than two values.

    Examples
    --------
    >>> found = pupil_covariates(pd.DataFrame({"sex": ["male", "female", None]}))
    >>> found.columns.tolist(), found.names
    ([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]], ('sex', 'sex'))
    """
    columns: list[Floats] = []
    names: list[str] = []
    for name in traits.columns:
        trait = traits[name]
        known = trait.notna().to_numpy()
        figure = _figure(trait)
        columns.append(np.where(known, figure, 0.0))
        names.append(str(name))
        if not known.all():
            columns.append(np.where(known, 0.0, 1.0))
            names.append(str(name))
    whole = np.column_stack(columns) if columns else np.zeros((len(traits), 0))
    return Covariates(whole, tuple(names))


def _figure(trait: pd.Series[Any]) -> Floats:
    if pd.api.types.is_bool_dtype(trait) or pd.api.types.is_numeric_dtype(trait):
        return np.asarray(trait.astype("Float64").to_numpy(float, na_value=np.nan), dtype=float)
    values = sorted(trait.dropna().unique())
    if len(values) > 2:
        raise ValueError(f"covariate {trait.name} has {len(values)} values; at most two can be told apart")
    return np.asarray(trait.eq(values[-1] if values else "").fillna(False), dtype=float)


@dataclass(frozen=True)
class GrowthDesign:
    """The covariates of a growth model.

    Attributes
    ----------
    columns
        (N, p) without the overall constant, full rank over the pupils counted.
    counted
        (N,) pupils with a prior, in a grade where enough pupils have one.
    patterns
        Grades × patterns of priors with slopes of their own.
    used, left_out
        Traits that tell something that priors do not, and traits that are constant or
        follow from others.
    """

    columns: Floats
    counted: Bools
    patterns: int
    used: tuple[str, ...]
    left_out: tuple[str, ...]


def growth_design(
    starts: Starts, grade: Codes, covariates: Covariates, *, knots: Floats, pattern_minimum: int
) -> GrowthDesign:
    """Everything the model of growth predicts from: each pattern of priors by itself, then traits.

    Parameters
    ----------
    starts
        Earlier scores of the pupils.
    grade
        (N,) grade, or the year of a cohort: what shares neither intercept nor slope.
    covariates
        Traits; the same coefficient for all.
    knots, pattern_minimum
        See `evalib.statistics.prior_patterns.prior_design`.

    Returns
    -------
    X without its constant: for each pattern of known priors in each grade a column of its
    own, 1 for its pupils and 0 for others, beside a cubic spline of their main prior and a
    slope for each other prior they have; then the traits, the same coefficient for all,
    less those that do not vary or depend on the columns before them. Who counts, the number
    of patterns, the traits used and those left out.

    Notes
    -----
    Xβ = Σ_p 1[pattern p]·(α_p + f_p(main prior) + Σ_k β_pk · prior_k) + Σ_t γ_t · trait_t.
    Tempting, and wrong: one slope for all, a missing prior filled in with the mean and
    marked by an indicator: weak pupils come out too low.
    """
    of_priors = prior_design(
        starts.main, starts.others, starts.kind, grade, knots=knots, pattern_minimum=pattern_minimum
    )
    counted = of_priors.counted
    first = np.column_stack([np.ones(int(counted.sum())), of_priors.columns[counted]])
    kept = independent_columns(covariates.columns[counted], after=first)
    used = {covariates.names[place] for place in kept}
    return GrowthDesign(
        columns=np.column_stack([of_priors.columns, covariates.columns[:, kept]]),
        counted=counted,
        patterns=of_priors.patterns,
        used=tuple(name for name in dict.fromkeys(covariates.names) if name in used),
        left_out=tuple(name for name in dict.fromkeys(covariates.names) if name not in used),
    )


def section_start(main: Floats, counted: Bools, section: Codes) -> Floats:
    """The mean starting point of each pupil's section: who sits beside whom.

    Parameters
    ----------
    main
        (N,) main prior of each pupil.
    counted
        (N,) pupils in the model.
    section
        (N,) section of each pupil, from 0.

    Returns
    -------
    (N,) mean over the counted pupils of the section; 0 where it has none.

    Examples
    --------
    >>> section_start(np.array([1.0, 3.0, 5.0]), np.array([True, True, False]), np.array([0, 0, 1]))
    array([2., 2., 0.])
    """
    groups = int(section.max()) + 1 if len(section) else 0
    count = np.bincount(section[counted], minlength=groups)
    total = np.bincount(section[counted], weights=main[counted], minlength=groups)
    mean = np.divide(total, count, out=np.zeros(groups), where=count > 0)
    of_pupil: Floats = mean[section]
    return of_pupil
