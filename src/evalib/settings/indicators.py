"""What `measures.yaml` may hold: dimensions, indicators, and the limits of each measure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, field_validator, model_validator

from evalib.settings.models import Bilingual, Share, Strict, fields_of
from evalib.vocabulary import DIMENSIONS, OVERALL

# What an indicator's definition may fill in.
ABOUT_FIELDS = {"cut", "denominator", "match_rate_minimum"}
AREAS = ("moral", "academic", "health", "arts", "labour")
LEVELS = ("A", "B", "C", "D")
AWARD_LEVELS = ("nation", "province", "city", "district", "town", "school")
PLACES = ("first", "second", "third", "merit")

Unit = Literal[
    "t_score", "rate", "sd", "rate_difference", "per_100", "number", "percentile", "count", "scale"
]
Feature = Literal["size", "area", "migrant_share", "ses", "entry"]
Trait = Literal["sex", "migrant", "left_behind", "special_needs", "free_lunch", "ses"]
Area = Literal["moral", "academic", "health", "arts", "labour"]
CUT_NAMES = ("excellent", "pass", "low")


@dataclass(frozen=True)
class MeasureSpec:
    """What an indicator must say to use a measure.

    Attributes
    ----------
    units
        Units its figures may have.
    columns
        Keys that `columns` of the indicator holds, each with the words allowed.
    cut
        Which kind of cut it needs: "mark" (a name of `cuts`), "number", "level", or "" for none.
    of_record
        A figure without interval: it is never judged and has no weight.
    counts
        A share of pupils, so that value × n tells how many they are.
    """

    units: tuple[str, ...]
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cut: str = ""
    of_record: bool = False
    counts: bool = False


MEASURES: dict[str, MeasureSpec] = {
    "standard_score": MeasureSpec(("t_score",)),
    "cut_rate": MeasureSpec(("rate",), cut="mark", counts=True),
    "participation": MeasureSpec(("rate",), of_record=True, counts=True),
    "subject_balance": MeasureSpec(("number",), of_record=True),
    "class_balance": MeasureSpec(("rate",), of_record=True),
    "fitness_share": MeasureSpec(("rate",), cut="number", counts=True),
    "fitness_coverage": MeasureSpec(("rate",), of_record=True, counts=True),
    "level_share": MeasureSpec(("rate",), {"area": AREAS}, cut="level", counts=True),
    "hours_share": MeasureSpec(("rate",), {"area": AREAS}, cut="number", counts=True),
    "evidence_share": MeasureSpec(("rate",), {"area": AREAS}, cut="number", counts=True),
    "recorded_share": MeasureSpec(("rate",), {"area": AREAS}, counts=True),
    "activity_share": MeasureSpec(("rate",), cut="number", counts=True),
    "achiever_share": MeasureSpec(("rate",), counts=True),
    "achievement_points": MeasureSpec(("per_100",)),
    "field_breadth": MeasureSpec(("number",)),
    "recognised_features": MeasureSpec(("count",), of_record=True),
    "foundation_rate": MeasureSpec(("rate",), cut="mark", counts=True),
    "retention_rate": MeasureSpec(("rate",), of_record=True, counts=True),
    "recovery_rate": MeasureSpec(("rate_difference",)),
    "onward_progress": MeasureSpec(("sd",)),
    "entry_adaptation": MeasureSpec(("scale",)),
    "value_added": MeasureSpec(("sd",)),
    "value_added_intake": MeasureSpec(("sd",)),
    "match_rate": MeasureSpec(("rate",), of_record=True, counts=True),
    "low_start_growth": MeasureSpec(("sd",)),
    "middle_start_growth": MeasureSpec(("sd",)),
    "high_start_growth": MeasureSpec(("sd",)),
    "value_added_3y": MeasureSpec(("sd",)),
    "mean_growth_percentile": MeasureSpec(("percentile",)),
}


class Cuts(Strict):
    """Shares of the full mark."""

    excellent: Share
    pass_: Share = Field(alias="pass")
    low: Share
    source: str

    def of(self, cut: str) -> float:
        """The share of the full mark that a cut's name stands for."""
        return {"excellent": self.excellent, "pass": self.pass_, "low": self.low}[cut]


class SimilarParams(Strict):
    """Which sections are alike: how many of them, by which features."""

    sections: int = Field(ge=2)
    features: list[Feature] = Field(min_length=1)
    source: str


class StandingParams(Strict):
    """When a difference may be called one."""

    clear: Share
    probable: Share
    change: Share
    adjust: Literal["none", "fdr"]
    minimum_sections: int = Field(ge=2)
    pooled_below_sections: int
    pooled_years: int = Field(ge=1)
    rank_draws: int = Field(ge=100)
    seed: int
    similar: SimilarParams
    source: str


class PercentileParams(Strict):
    """How growth percentiles are fitted."""

    priors: int = Field(ge=1, le=3)
    knots: list[Share] = Field(min_length=1)
    boundary: Share
    pupils_a_column: int = Field(ge=1)
    minimum_pupils: int = Field(ge=2)
    source: str


class GrowthParams(Strict):
    """How value added is computed and when it may be shown."""

    match_rate_minimum: Share
    pattern_minimum: int = Field(ge=2)
    spline_knots: list[Share]
    covariates: list[Trait]
    minimum_sections: int = Field(ge=2)
    shrunken_reliability_minimum: Share
    bootstrap_below_sections: int
    bootstrap_draws: int = Field(ge=20)
    low_start: Share
    cohort_grade: dict[Literal["primary", "junior"], int]
    percentiles: PercentileParams
    seed: int
    source: str


class CompetenceParams(Strict):
    """Where the best level is a quota: its highest share, by area."""

    quota: dict[Area, Share]
    source: str


class TalentsParams(Strict):
    """Points of awards: first, second, third place and merit, by level."""

    points: dict[str, list[float]]
    cap: float = Field(gt=0)
    minimum_achievers: int = Field(ge=2)
    source: str

    @field_validator("points")
    @classmethod
    def _every_level(cls, points: dict[str, list[float]]) -> dict[str, list[float]]:
        if set(points) != set(AWARD_LEVELS):
            raise ValueError(f"the levels are {', '.join(AWARD_LEVELS)}")
        for level, row in points.items():
            if len(row) != len(PLACES) or row != sorted(row, reverse=True) or row[-1] < 0:
                raise ValueError(f"{level} needs points for {', '.join(PLACES)}, from high to low")
        return points


class ArticulationParams(Strict):
    """Limits of the articulation measures."""

    core_subjects: list[str] = Field(min_length=1)
    low_entry: Share
    feeder_minimum: int = Field(ge=1)
    linked_minimum: Share
    minimum_feeders: int = Field(ge=2)
    source: str


class ClassBalanceParams(Strict):
    """Limits of the balance measures."""

    minimum_class_degrees: int = Field(ge=1)
    source: str


class BetweenParams(Strict):
    """From which share of a stage's sections on the differences between them are estimated."""

    coverage_minimum: Share
    source: str


class CompositeParams(Strict):
    """How indicators become the score of a dimension."""

    reliability_minimum: Share
    weight_minimum: Share
    overall: bool
    name: Bilingual
    about: Bilingual
    source: str


class SensitivityParams(Strict):
    """How far weights and cuts are varied when it is asked what depends on them.

    `weight_sd` is the relative standard deviation of a weight, the root mean square over a
    dimension's weights; `cut_steps` the step to either side, by the name of a mark's cut or
    by the indicator whose own cut it is.
    """

    draws: int = Field(ge=100)
    weight_sd: float = Field(ge=0, le=0.5)
    sobol_points: int = Field(ge=64)
    unsettled: Share
    cut_steps: dict[str, float]
    seed: int
    source: str

    @field_validator("sobol_points")
    @classmethod
    def _power_of_two(cls, points: int) -> int:
        if points & (points - 1):
            raise ValueError("the number of points must be a power of two")
        return points


class DimensionParams(Strict):
    """One of the five dimensions; `lead` names the indicator drawn first."""

    name: Bilingual
    status: Literal["settled", "emerging"]
    lead: str


class IndicatorParams(Strict):
    """An indicator: which measure computes it and how it is read."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: Bilingual
    about: Bilingual
    dimension: str
    measure: str
    columns: dict[str, str] = Field(default_factory=dict)
    cut: str | float | None = None
    direction: Literal["higher", "lower"]
    unit: Unit
    weight: float = Field(default=0.0, ge=0)
    smallest_difference: float | None = Field(default=None, gt=0)
    standing: bool = True
    status: Literal["settled", "emerging"]
    source: Bilingual

    @field_validator("about")
    @classmethod
    def _known_fields(cls, about: Bilingual) -> Bilingual:
        unknown = fields_of(about.zh) - ABOUT_FIELDS
        if unknown:
            raise ValueError(f"no field is called {', '.join(sorted(unknown))}")
        return about

    @model_validator(mode="after")
    def _fits_its_measure(self) -> IndicatorParams:
        if self.measure not in MEASURES:
            raise ValueError(f"no measure is called {self.measure}; there are {', '.join(MEASURES)}")
        spec = MEASURES[self.measure]
        if self.unit not in spec.units:
            raise ValueError(f"the unit of {self.measure} is {' or '.join(spec.units)}")
        if set(self.columns) != set(spec.columns):
            raise ValueError(f"{self.measure} needs columns {sorted(spec.columns)}")
        for name, allowed in spec.columns.items():
            if self.columns[name] not in allowed:
                raise ValueError(f"columns.{name} must be one of {', '.join(allowed)}")
        if not self._cut_fits(spec.cut):
            raise ValueError(f"{self.measure} needs a cut that is {_CUT_WORDS[spec.cut]}")
        if spec.of_record and (self.standing or self.weight):
            raise ValueError(f"{self.measure} is a figure of record: standing must be false and weight 0")
        if self.standing and self.smallest_difference is None:
            raise ValueError("an indicator with a standing needs its smallest_difference")
        return self

    def _cut_fits(self, kind: str) -> bool:
        if kind == "mark":
            return self.cut in CUT_NAMES
        if kind == "level":
            return self.cut in LEVELS
        if kind == "number":
            return isinstance(self.cut, float | int) and self.cut >= 0
        return self.cut is None


_CUT_WORDS = {
    "mark": "excellent, pass or low",
    "level": "a level A to D",
    "number": "a number",
    "": "left out",
}


class MeasuresParams(Strict):
    """`measures.yaml`: indicators, cuts and thresholds."""

    dated: datetime.date
    denominator: Literal["entered", "sat"]
    cuts: Cuts
    standing: StandingParams
    composite: CompositeParams
    between: BetweenParams
    growth: GrowthParams
    competence: CompetenceParams
    talents: TalentsParams
    articulation: ArticulationParams
    academic_balance: ClassBalanceParams
    sensitivity: SensitivityParams
    dimensions: dict[str, DimensionParams]
    indicators: list[IndicatorParams]

    @property
    def counting(self) -> list[str]:
        """Indicators that are shares of pupils: value × n tells a number of them."""
        return [one.id for one in self.indicators if MEASURES[one.measure].counts]

    @property
    def judged(self) -> dict[str, IndicatorParams]:
        """Everything that may have a standing, by id: each dimension's score, then its indicators."""
        found: dict[str, IndicatorParams] = {}
        for name, dimension in self.dimensions.items():
            found[name] = self._score(name, dimension.name, dimension.status)
            found |= {one.id: one for one in self.indicators if one.dimension == name}
        if self.composite.overall:
            found[OVERALL] = self._score(OVERALL, self.composite.name, "emerging")
        return found

    def _score(self, id_: str, name: Bilingual, status: Literal["settled", "emerging"]) -> IndicatorParams:
        """A dimension's score as an indicator: it has no measure, and its δ stands in its rows."""
        return IndicatorParams.model_construct(
            id=id_,
            name=name,
            about=self.composite.about,
            dimension=id_,
            measure="",
            columns={},
            cut=None,
            direction="higher",
            unit="t_score",
            weight=0.0,
            smallest_difference=None,
            standing=True,
            status=status,
            source=None,
        )

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> MeasuresParams:
        if list(self.dimensions) != list(DIMENSIONS):
            raise ValueError(f"dimensions must be {', '.join(DIMENSIONS)}, in this order")
        ids = [one.id for one in self.indicators]
        for one in self.indicators:
            if one.dimension not in self.dimensions:
                raise ValueError(f"indicator {one.id}: unknown dimension {one.dimension}")
            if ids.count(one.id) > 1:
                raise ValueError(f"indicator {one.id} stands twice")
            if one.id in (*DIMENSIONS, OVERALL):
                raise ValueError(f"indicator {one.id}: this name belongs to a score")
        for name, dimension in self.dimensions.items():
            if dimension.lead not in ids:
                raise ValueError(f"lead indicator {dimension.lead} is not defined")
            if not any(one.weight for one in self.indicators if one.dimension == name):
                raise ValueError(f"no indicator of {name} has a weight")
        numeric = [one.id for one in self.indicators if MEASURES[one.measure].cut == "number"]
        for name, step in self.sensitivity.cut_steps.items():
            if name not in (*CUT_NAMES, *numeric) or step <= 0:
                raise ValueError(f"sensitivity.cut_steps: {name} is no cut, or its step not positive")
        return self
