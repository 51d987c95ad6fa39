"""A dimension's score with other weights: from published parts, for many weighings at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.combining import Scores, YearParts, joined, weigh, year_parts
from evalib.errors import ParameterError
from evalib.scales import Scale
from evalib.sensitivity.judging import NONE, Sides, sides
from evalib.settings import Settings

Floats = npt.NDArray[np.float64]

# Draws × sections × indicators taken at once, so that they stay in the processor's cache.
_BATCH = 150_000


@dataclass(frozen=True)
class Judged:
    """Scores of R weighings and where each section stands in them."""

    scores: Scores
    side: Sides

    @property
    def changed(self) -> npt.NDArray[np.bool_]:
        """(R, J) a section judged in the first weighing and in this one that stands elsewhere here."""
        changed: npt.NDArray[np.bool_] = self.both & (self.side != self.side[0])
        return changed

    @property
    def both(self) -> npt.NDArray[np.bool_]:
        """(R, J) a section judged in the first weighing and in this one."""
        judged: npt.NDArray[np.bool_] = (self.side != NONE) & (self.side[0] != NONE)
        return judged


@dataclass(frozen=True)
class Weighing:
    """One dimension of one stage in one year.

    Attributes
    ----------
    measurements, influences
        By school year: `published_parts` and `published_influences`, or `measurements` and
        `influences` of the store. The years before `year` steady the between-section
        variance where a stage has few sections.
    scale
        Where 50 lies and how far 10 points reach.
    settings
        Weights, reliability asked for, probabilities.
    year, stage, dimension
        What is weighed.

    Notes
    -----
    From the published tables sections below the disclosure limit take no part: a published
    standing may rest on a few more figures than can be weighed here.
    """

    measurements: Mapping[str, pd.DataFrame]
    influences: Mapping[str, pd.DataFrame]
    scale: Scale
    settings: Settings
    year: str
    stage: str
    dimension: str

    @cached_property
    def codes(self) -> list[str]:
        """School codes of the sections, in the order of every result.

        Raises
        ------
        ParameterError
            The year has no section of this stage.
        """
        table = self.measurements[self.year]
        found = list(dict.fromkeys(table.loc[table["stage"].eq(self.stage), "school_code"]))
        if not found:
            known = ", ".join(dict.fromkeys(table["stage"]))
            raise ParameterError("not_allowed", name="stage", value=self.stage, allowed=known)
        return found

    @property
    def indicators(self) -> list[str]:
        """Ids of the indicators that have a weight, in the order of the weights."""
        return [part.indicator.id for part in self.years[0].parts]

    @property
    def weights(self) -> Floats:
        """(K,) the weights of params, which here sum to 1."""
        weight = np.array([part.indicator.weight for part in self.years[0].parts], float)
        share: Floats = weight / weight.sum()
        return share

    @property
    def silence(self) -> list[str]:
        """Why an indicator is no part of the score this year, or empty, one an indicator."""
        minimum = self.settings.measures.composite.reliability_minimum
        return [part.silence(minimum) for part in self.years[0].parts]

    @cached_property
    def years(self) -> tuple[YearParts, ...]:
        """The year itself, then those before it that are pooled with it."""
        until = sorted(one for one in self.measurements if one <= self.year)
        pooled = until[-self.settings.measures.standing.pooled_years :]
        return tuple(self._year(one) for one in reversed(pooled))

    def on_scale(self, scale: Scale) -> Weighing:
        """The same on another scale."""
        return replace(self, scale=scale)

    def with_composite(self, **changes: float) -> Weighing:
        """The same with other rules of combination, such as `reliability_minimum`."""
        measures = self.settings.measures
        composite = measures.composite.model_copy(update=changes)
        changed = measures.model_copy(update={"composite": composite})
        return replace(self, settings=replace(self.settings, measures=changed))

    def scores(self, weights: Floats, *, geometric: bool = False) -> Scores:
        """The scores of the year under other weights; see `judged`."""
        pieces = [
            weigh(self.years[0], one, self.settings, geometric=geometric) for one in self._batches(weights)
        ]
        return joined(pieces)

    def judged(self, weights: Floats, *, geometric: bool = False) -> Judged:
        """Scores and standings under other weights, each weighing judged by itself.

        Parameters
        ----------
        weights
            (R, K) weights of the indicators, not negative; a row need not sum to 1.
        geometric
            T as the weighted geometric mean of the indicators' T, which lets less be made
            up for elsewhere; a T below 1 counts as 1. Its variance by the delta method.

        Raises
        ------
        ValueError
            Weights that are not (R, K), negative, missing, or all 0 in a row.
        """
        weights = np.asarray(weights, float)
        if weights.ndim != 2 or weights.shape[1] != len(self.indicators):
            raise ValueError(f"each weighing needs {len(self.indicators)} weights, not shape {weights.shape}")
        if not (np.isfinite(weights).all() and (weights >= 0).all() and (weights.sum(axis=1) > 0).all()):
            raise ValueError("weights must not be missing, negative or all 0")
        pooled_below = self.settings.measures.standing.pooled_below_sections
        pieces, side = [], []
        for one in self._batches(weights):
            now = weigh(self.years[0], one, self.settings, geometric=geometric)
            earlier: list[Scores] = []
            if (now.judged(self.settings).sum(axis=1) < pooled_below).any():
                earlier = [weigh(year, one, self.settings, geometric=geometric) for year in self.years[1:]]
            pieces.append(now)
            side.append(sides(now, earlier, self.settings))
        return Judged(joined(pieces), np.concatenate(side))

    def _batches(self, weights: Floats) -> list[Floats]:
        """The weighings, a few at a time."""
        rows = max(1, _BATCH // (len(self.codes) * len(self.indicators)))
        return [weights[start : start + rows] for start in range(0, len(weights), rows)]

    def _year(self, year: str) -> YearParts:
        measurements, influences = self.measurements[year], self.influences[year]
        codes = self.codes
        if year != self.year:
            here = measurements["stage"].eq(self.stage)
            codes = list(dict.fromkeys(measurements.loc[here, "school_code"]))
        return year_parts(
            measurements, influences, self.stage, codes, self.dimension, self.scale, self.settings
        )
