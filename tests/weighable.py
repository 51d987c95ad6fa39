"""An invented stage whose dimensions can be weighed anew, without files: pupils, figures, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from evalib.dimensions import add_dimensions
from evalib.disclosure import publish, publish_influences, publish_parts
from evalib.records import StageYear, YearRecords
from evalib.review.influences import influences
from evalib.review.rows import measured_rows
from evalib.review.stage import Figures, PupilFigures, SectionFigures, Stage
from evalib.scales import Scale, base_scale
from evalib.scoring.standings import add_standings
from evalib.settings import IndicatorParams, Settings, load_settings

YEARS = ("2022-2023", "2023-2024", "2024-2025")
NOW = YEARS[-1]
SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
UNSURE = 3
OF_SECTIONS = ("onward_progress",)


def code(position: int) -> str:
    return f"21500{position:05d}"


def with_weights(weights: Mapping[str, float]) -> Settings:
    measures = SETTINGS.measures
    indicators = [
        one.model_copy(update={"weight": weights.get(one.id, one.weight)}) for one in measures.indicators
    ]
    return replace(SETTINGS, measures=measures.model_copy(update={"indicators": indicators}))


def with_sensitivity(settings: Settings = SETTINGS, **changes: Any) -> Settings:
    measures = settings.measures
    sensitivity = measures.sensitivity.model_copy(update=changes)
    return replace(settings, measures=measures.model_copy(update={"sensitivity": sensitivity}))


class District:
    """Some years of one stage, measured.

    The truth of a section in an indicator is half of the section's and half of its own, so that
    weights matter. Section 0 lacks the first indicator of each dimension, section 1 has nothing,
    section 2 so few pupils that its figures are not shown, section 3 a figure without a variance.
    """

    def __init__(
        self,
        sections: int = 30,
        dimensions: Sequence[str] = ("academic", "articulation"),
        years: Sequence[str] = YEARS,
        seed: int = 4,
    ) -> None:
        self.settings = SETTINGS
        self.measurements: dict[str, pd.DataFrame] = {}
        self.influences: dict[str, pd.DataFrame] = {}
        wanted = [one for one in SETTINGS.measures.indicators if one.dimension in dimensions and one.weight]
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=sections)
        own = {one.id: rng.normal(size=sections) for one in wanted}
        for year in years:
            self._measure(np.random.default_rng([seed, int(year[:4])]), year, sections, wanted, shared, own)
        self.scale: Scale = base_scale(SETTINGS, self.measurements, list(years)[:1], earliest_alone=True)

    def _measure(
        self,
        rng: np.random.Generator,
        year: str,
        sections: int,
        wanted: list[IndicatorParams],
        shared: np.ndarray,
        own: dict[str, np.ndarray],
    ) -> None:
        size = rng.integers(40, 300, sections)
        size[2] = 7
        section = np.repeat(np.arange(sections), size)
        pupils = pd.DataFrame(
            {
                "pupil": [f"p{number}" for number in range(len(section))],
                "school_code": [code(one) for one in section],
                "stage": "primary",
                "grade": rng.integers(4, 6, len(section)),
                "class": rng.choice(list("abc"), len(section)),
            }
        )
        records = YearRecords(pupils, pd.DataFrame({"row": []}), pd.DataFrame())
        one = StageYear("primary", [code(k) for k in range(sections)], records, section)
        stage = Stage(one, cast(Any, None), SETTINGS)
        talent = rng.normal(size=len(section))
        figures: list[Figures] = []
        seen: set[str] = set()
        for indicator in wanted:
            truth = 0.25 * shared + 0.25 * own[indicator.id]
            first = indicator.dimension not in seen
            seen.add(indicator.dimension)
            figures.append(_figure(rng, stage, indicator, truth, talent, first))
        table = measured_rows(stage, figures)
        table.insert(0, "year", year)
        self.measurements[year] = table
        self.influences[year] = influences(stage, figures)

    def scored(self, settings: Settings | None = None) -> dict[str, pd.DataFrame]:
        """Measurements with rows for the dimensions that were measured."""
        return {
            year: add_dimensions(table, self.influences[year], self.scale, settings or SETTINGS)
            for year, table in self.measurements.items()
        }

    def judged(self, name: str, settings: Settings | None = None) -> pd.DataFrame:
        """The judged rows of one indicator or dimension."""
        scored = self.scored(settings)
        rows = {
            year: table[table["indicator"].eq(name)].reset_index(drop=True) for year, table in scored.items()
        }
        return add_standings(rows, NOW, settings or SETTINGS)

    def published(self) -> dict[tuple[str, str], pd.DataFrame]:
        """The tables that a page may read, of every year, and the judged rows of the last."""
        tables = {}
        scored = self.scored()
        for year in scored:
            judged = add_standings(scored, year, SETTINGS)
            shown = publish(judged, SETTINGS.disclosure, SETTINGS.measures.counting)
            tables["published", year] = shown
            tables["published_parts", year] = publish_parts(judged, shown)
            tables["published_influences", year] = publish_influences(self.influences[year], shown)
        return tables


def _figure(
    rng: np.random.Generator,
    stage: Stage,
    indicator: IndicatorParams,
    truth: np.ndarray,
    talent: np.ndarray,
    lacking: bool,
) -> Figures:
    because = stage.reasons()
    because[1] = "no_data"
    section = stage.one.section
    if lacking:
        because[0] = "no_data"
    sign = 1.0 if indicator.direction == "higher" else -1.0
    if indicator.id in OF_SECTIONS:
        n = np.bincount(section, minlength=stage.sections).astype(float)
        variance = 1.0 / n
        value = truth + np.sqrt(variance) * rng.normal(size=stage.sections)
        value = np.where(because == "", value, np.nan)
        variance[UNSURE] = np.nan
        return SectionFigures(indicator, "", value, variance, n, n, because)
    latent = truth[section] + 0.7 * talent + 0.7 * rng.normal(size=len(section))
    values = sign * latent
    if indicator.unit == "rate":
        values = (values > 0.2).astype(float)
    elif indicator.unit == "per_100":
        values = 20.0 * np.exp(values)
    values[np.isin(section, np.flatnonzero(because != ""))] = np.nan
    values[rng.random(len(values)) < 0.1] = np.nan
    expected = np.bincount(section, minlength=stage.sections).astype(np.int64)
    return PupilFigures(indicator, "", values, expected, because)
