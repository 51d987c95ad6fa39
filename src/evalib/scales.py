"""The scale of the dimensions' scores: where each indicator's 50 lies and how far 10 points reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.settings import IndicatorParams, Settings
from evalib.statistics.posterior import between_variance
from evalib.vocabulary import STAGES


@dataclass(frozen=True)
class Mark:
    """One indicator's place on the scale of one stage.

    Attributes
    ----------
    centre
        What scores 50: the pupil-weighted mean of the base years.
    spread
        What 10 points reach: the larger of the between-section sd and of the smallest
        difference that matters, so that noise is not stretched where sections hardly
        differ. The sd of the figures themselves is mostly sampling error.
    between_variance
        τ² of the base years.

    Notes
    -----
    T = 50 + 10 · (±1) · (value − centre) / spread, the sign turned where lower is better;
    spread = √max(τ², δ²), δ the smallest difference that matters.
    """

    centre: float
    spread: float
    between_variance: float


@dataclass(frozen=True)
class Scale:
    """The scale of a district.

    Attributes
    ----------
    base_years
        The years that it comes from.
    provisional
        Whether it was made on the way, from the earliest year, rather than frozen in params.
    marks
        By stage and indicator.
    """

    base_years: tuple[str, ...]
    provisional: bool
    marks: Mapping[tuple[str, str], Mark]

    def between_variances(self) -> dict[tuple[str, str, str], float]:
        """τ² by stage, indicator and subject (of all together)."""
        return {(stage, name, ""): mark.between_variance for (stage, name), mark in self.marks.items()}


def scored(value: pd.Series[float], unit: str) -> pd.Series[float]:
    """Figures as they are scored: points per 100 pupils on log(1 + x), others as they are."""
    return value.map(np.log1p) if unit == "per_100" else value


def slope(value: pd.Series[float], unit: str) -> pd.Series[float]:
    """Derivative of `scored`, for sampling errors."""
    return 1.0 / (1.0 + value) if unit == "per_100" else value * 0.0 + 1.0


def smallest_scored(indicator: IndicatorParams, centre: float) -> float:
    """The smallest difference that matters, on the scale on which the indicator is scored."""
    smallest = float(indicator.smallest_difference or 0.0)
    if indicator.unit == "per_100":
        return float(np.log1p(np.expm1(centre) + smallest) - centre)
    return smallest


def scale_of(settings: Settings, years: Mapping[str, pd.DataFrame]) -> Scale:
    """The frozen scale of the district, or a provisional one from its earliest year.

    Parameters
    ----------
    years
        Measurements by school year.
    """
    if settings.frozen is not None:
        marks: dict[tuple[str, str], Mark] = {
            (stage, name): Mark(one.centre, one.spread, one.between_variance)
            for stage, of_stage in settings.frozen.stages.items()
            for name, one in of_stage.items()
        }
        return Scale(tuple(settings.frozen.base_years), False, marks)
    return base_scale(settings, years, sorted(years), earliest_alone=True)


def base_scale(
    settings: Settings,
    years: Mapping[str, pd.DataFrame],
    base_years: Sequence[str],
    *,
    earliest_alone: bool = False,
) -> Scale:
    """A scale from base years.

    Parameters
    ----------
    years
        Measurements by school year.
    base_years
        Which of them.
    earliest_alone
        Only the earliest of them in which an indicator has enough sections counts for it:
        growth has no figure in a district's first year.

    Returns
    -------
    Marks of the indicators that have a weight and, in some base year, figures of at
    least `minimum_sections` sections.
    """
    marks: dict[tuple[str, str], Mark] = {}
    minimum = settings.measures.standing.minimum_sections
    for indicator in settings.measures.indicators:
        if not indicator.weight:
            continue
        for stage in STAGES:
            found = []
            for year in base_years:
                rows = judged_rows(years[year], stage, indicator.id, settings)
                if len(rows) >= minimum:
                    found.append(rows)
            if found:
                marks[stage, indicator.id] = _mark(indicator, found[:1] if earliest_alone else found)
    return Scale(tuple(base_years[:1] if earliest_alone else base_years), True, marks)


def judged_rows(measurements: pd.DataFrame, stage: str, indicator: str, settings: Settings) -> pd.DataFrame:
    """The rows of one indicator, all subjects together, that have a figure on enough pupils."""
    chosen = (
        measurements["stage"].eq(stage)
        & measurements["indicator"].eq(indicator)
        & measurements["subject"].eq("")
        & measurements["reason"].eq("")
        & measurements["n"].ge(settings.disclosure.minimum_n_standing)
    )
    return measurements[chosen & measurements["variance"].gt(0) & measurements["weight"].gt(0)]


def _mark(indicator: IndicatorParams, found: Sequence[pd.DataFrame]) -> Mark:
    unit = indicator.unit
    groups = []
    for rows in found:
        value, variance = rows["value"], rows["variance"] * slope(rows["value"], unit) ** 2
        groups.append((np.asarray(scored(value, unit), np.float64), np.asarray(variance, np.float64)))
    weight = np.concatenate([rows["weight"].to_numpy(float) for rows in found])
    centre = float(np.average(np.concatenate([value for value, _ in groups]), weights=weight))
    tau2 = between_variance(groups)
    return Mark(centre, float(np.sqrt(max(tau2, smallest_scored(indicator, centre) ** 2))), tau2)


def scale_table(scale: Scale) -> pd.DataFrame:
    """The scale as a table: one row a stage and indicator."""
    rows = [
        {
            "stage": stage,
            "indicator": name,
            "centre": mark.centre,
            "spread": mark.spread,
            "between_variance": mark.between_variance,
            "provisional": scale.provisional,
            "base_years": " ".join(scale.base_years),
        }
        for (stage, name), mark in scale.marks.items()
    ]
    columns = ["stage", "indicator", "centre", "spread", "between_variance", "provisional", "base_years"]
    return pd.DataFrame(rows, columns=columns)


def scale_from(table: pd.DataFrame) -> Scale:
    """The scale that `scale_table` made a table of."""
    years = tuple(str(table["base_years"].iloc[0]).split()) if len(table) else ()
    numbers = table[["centre", "spread", "between_variance"]].to_numpy(float)
    keys = zip(table["stage"], table["indicator"], strict=True)
    marks = {
        (str(stage), str(name)): Mark(*map(float, row))
        for (stage, name), row in zip(keys, numbers, strict=True)
    }
    return Scale(years, bool(table["provisional"].all()), marks)
