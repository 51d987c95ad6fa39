"""Weighted means of a dimension's indicators: scores, variances and references, for many weights at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.review.influences import moments_of
from evalib.scales import Mark, Scale, scored, slope, smallest_scored
from evalib.settings import IndicatorParams, Settings
from evalib.statistics.composites import InfluenceMoments, composite_variance
from evalib.vocabulary import OVERALL, Reason

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Reasons = npt.NDArray[np.object_]

# A T score that a geometric mean can still take; lower ones count as this.
_LOWEST_T = 1.0


@dataclass(frozen=True)
class Part:
    """One indicator of a dimension over the sections of a stage.

    Attributes
    ----------
    indicator, mark
        What it is, and its place on the scale.
    score
        (J,) (T − 50)/10, direction applied; NaN where there is no figure.
    coefficient
        (J,) derivative of the score in the indicator's own unit.
    variance
        (J,) sampling variance of the indicator in its own unit.
    weight
        (J,) pupils behind the figure; 0 where there is none.
    because
        (J,) the reason why there is no figure, or empty.
    reliability
        τ²/(τ² + median V) with the scale's τ² and this year's V; NaN without figures.
    """

    indicator: IndicatorParams
    mark: Mark | None
    score: Floats
    coefficient: Floats
    variance: Floats
    weight: Floats
    because: Reasons
    reliability: float

    @property
    def available(self) -> Flags:
        """(J,) sections with a figure and its variance: without one a score would look too sure."""
        return np.isfinite(self.score) & np.isfinite(self.variance)

    @property
    def mean(self) -> float:
        """The district's mean score, over all sections with a figure, by pupils."""
        used = (self.weight > 0) & np.isfinite(self.score)
        return float(np.average(self.score[used], weights=self.weight[used])) if used.any() else np.nan

    @property
    def smallest(self) -> float:
        """The smallest difference that matters, as a score."""
        if self.mark is None:
            return 0.0
        return smallest_scored(self.indicator, self.mark.centre) / self.mark.spread

    def silence(self, minimum: float) -> str:
        """Why it is no part of any score this year; empty where it is."""
        if self.mark is None:
            return Reason.TOO_FEW_SECTIONS.value
        return "" if self.reliability >= minimum else Reason.LOW_RELIABILITY.value


def parts_of(
    measurements: pd.DataFrame,
    stage: str,
    codes: list[str],
    dimension: str,
    scale: Scale,
    settings: Settings,
) -> list[Part]:
    """The weighted indicators of a dimension ("overall": of all), sections in the order of `codes`."""
    of_stage = measurements[measurements["stage"].eq(stage) & measurements["subject"].eq("")]
    parts = []
    for indicator in settings.measures.indicators:
        if indicator.weight and dimension in (indicator.dimension, OVERALL):
            rows = of_stage[of_stage["indicator"].eq(indicator.id)].set_index("school_code").reindex(codes)
            parts.append(_part(rows, indicator, scale.marks.get((stage, indicator.id)), settings))
    return parts


def _part(rows: pd.DataFrame, indicator: IndicatorParams, mark: Mark | None, settings: Settings) -> Part:
    shown = rows["reason"].eq("")
    value = rows["value"].where(shown).astype(float)
    sign = 1.0 if indicator.direction == "higher" else -1.0
    centre, spread = (mark.centre, mark.spread) if mark else (np.nan, np.nan)
    variance = rows["variance"].where(shown).astype(float)
    coefficient = sign * slope(value, indicator.unit) / spread
    enough = shown & rows["n"].ge(settings.disclosure.minimum_n_standing)
    on_scale = (variance * slope(value, indicator.unit) ** 2)[enough].dropna()
    reliability = np.nan
    if mark and len(on_scale):
        reliability = mark.between_variance / (mark.between_variance + float(on_scale.median()))
    return Part(
        indicator=indicator,
        mark=mark,
        score=np.asarray(sign * (scored(value, indicator.unit) - centre) / spread, np.float64),
        coefficient=np.asarray(coefficient, np.float64),
        variance=np.asarray(variance, np.float64),
        weight=np.asarray(rows["weight"].where(shown, 0.0).fillna(0.0), np.float64),
        because=rows["reason"].fillna(Reason.NO_DATA.value).to_numpy(object),
        reliability=reliability,
    )


@dataclass(frozen=True)
class YearParts:
    """The indicators of one dimension of one stage in one year, ready to be weighed.

    Attributes
    ----------
    parts
        One an indicator with a weight in params.
    moments, names, classes_recorded
        Moments of the pupils' influence values, and whose; see `influences.moments_of`.
    """

    parts: tuple[Part, ...]
    moments: InfluenceMoments
    names: tuple[str, ...]
    classes_recorded: bool


def year_parts(
    measurements: pd.DataFrame,
    influences: pd.DataFrame,
    stage: str,
    codes: list[str],
    dimension: str,
    scale: Scale,
    settings: Settings,
) -> YearParts:
    """The weighted indicators of a dimension with their moments, sections in the order of `codes`."""
    parts = parts_of(measurements, stage, codes, dimension, scale, settings)
    own = influences["stage"].eq(stage) & influences["score"].eq(dimension)
    moments, names, recorded = moments_of(influences[own], codes)
    return YearParts(tuple(parts), moments, tuple(names), recorded)


@dataclass(frozen=True)
class Scores:
    """A dimension's scores of J sections under R weighings.

    Attributes
    ----------
    score, variance
        (R, J) the score as (T − 50)/10 and its sampling variance; NaN where a section has none.
    difference
        (R, J) the score less the district's on the same indicators.
    smallest
        (R, J) the smallest difference that matters.
    n
        (R, J) pupils behind it, 0 where there is no score.
    held, whole
        (R, J) the weight that a section's score rests on, and that of all it could have.
    class_correlation, design_effect
        (R,) ρ of the sum itself, (R, J) its design effect.
    """

    score: Floats
    variance: Floats
    difference: Floats
    smallest: Floats
    n: Floats
    held: Floats
    whole: Floats
    class_correlation: Floats
    design_effect: Floats

    def judged(self, settings: Settings) -> Flags:
        """(R, J) sections that are judged and judge others."""
        known: Flags = np.isfinite(self.difference) & (self.variance > 0) & (self.n > 0)
        return known & (self.n >= settings.disclosure.minimum_n_standing)


def joined(pieces: Sequence[Scores]) -> Scores:
    """Weighings made one after another, as one."""
    names = [one.name for one in fields(Scores)]
    return Scores(**{name: np.concatenate([getattr(one, name) for one in pieces]) for name in names})


def weigh(year: YearParts, weights: Floats, settings: Settings, *, geometric: bool = False) -> Scores:
    """Scores of every section under R sets of weights.

    Parameters
    ----------
    year
        The indicators, K of them.
    weights
        (R, K) weights, not negative; a row need not sum to 1.
    settings
        Reliability and share of the weight asked for.
    geometric
        T as the weighted geometric mean of the indicators' T; a T below 1 counts as 1. Its
        variance by the delta method.

    Returns
    -------
    Scores of the sections that have figures for enough of the weight, NaN for the others.

    Notes
    -----
    T = Σ_k w_k T_k / Σ_k w_k over the indicators that are reliable enough and that the
    section has; the reference is the same sum of the district's means on the same set.
    V = cᵀMc of the pupils' influence values with c_k = w_k · 10/s_k · (±1) (see
    `statistics.composites`); figures of others than the pupils on the roll add theirs.
    """
    composite = settings.measures.composite
    parts = year.parts
    usable = np.array([not part.silence(composite.reliability_minimum) for part in parts])
    score = np.column_stack([part.score for part in parts])
    available = np.column_stack([part.available for part in parts]) & usable
    beside = np.column_stack([part.because == Reason.NOT_APPLICABLE.value for part in parts])
    held, whole = weights @ available.T, weights @ ~beside.T

    def mean(figures: Floats) -> Floats:
        """(R, J) weighted mean of (J, K) figures over what each section has."""
        summed = weights @ np.where(available, figures, 0.0).T
        over: Floats = np.divide(summed, held, out=np.zeros_like(held), where=held > 0)
        return over

    reference = np.broadcast_to([part.mean for part in parts], score.shape)
    coefficient = np.column_stack([part.coefficient for part in parts])
    if geometric:
        value, same_set = (np.exp(mean(np.log(_t(one)))) for one in (score, reference))
        # The derivative of a weighted geometric mean is the mean over the figure, times the weight.
        coefficient = np.where(50.0 + 10.0 * score < _LOWEST_T, 0.0, coefficient / _t(score))
        rise, value, same_set = value, (value - 50.0) / 10.0, (same_set - 50.0) / 10.0
    else:
        value, same_set, rise = mean(score), mean(reference), np.ones_like(held)
    rise = np.divide(rise, held, out=np.zeros_like(held), where=held > 0)
    derivative = weights[:, None, :] * np.where(available, coefficient, 0.0)
    derivative *= rise[..., None]
    variance, n, correlation, effect = _variance(year, derivative)
    enough = (held >= composite.weight_minimum * whole - 1e-12) & (held > 0)
    shown = enough & (n > 0) & np.isfinite(variance)
    return Scores(
        score=np.where(shown, value, np.nan),
        variance=np.where(shown, variance, np.nan),
        difference=np.where(shown, value - same_set, np.nan),
        smallest=mean(np.broadcast_to([part.smallest for part in parts], score.shape)),
        n=np.where(shown, n, 0.0),
        held=held,
        whole=whole,
        class_correlation=correlation,
        design_effect=effect,
    )


def _t(score: Floats) -> Floats:
    """Scores as T, of which a logarithm can be taken."""
    return np.maximum(50.0 + 10.0 * score, _LOWEST_T)


def _variance(year: YearParts, derivative: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(R, J) variance and pupils of the weighted sum, (R,) ρ, (R, J) design effect."""
    shape = derivative.shape[:-1]
    variance, n = np.zeros(shape), np.zeros(shape)
    ids = [part.indicator.id for part in year.parts]
    for position, part in enumerate(year.parts):
        if part.indicator.id not in year.names:
            rise = derivative[..., position]
            variance += np.where(rise != 0, rise**2 * part.variance, 0.0)
            n = np.maximum(n, np.where(rise != 0, part.weight, 0.0))
    if not year.names:
        return variance, n, np.full(shape[0], np.nan), np.ones(shape)
    coefficients = derivative[..., [ids.index(name) for name in year.names]]
    found = composite_variance(year.moments, coefficients, classes_recorded=year.classes_recorded)
    some = coefficients.any(axis=-1)
    return (
        variance + np.where(some, found.variance, 0.0),
        np.where(some, year.moments.n, n),
        found.class_correlation,
        found.design_effect,
    )
