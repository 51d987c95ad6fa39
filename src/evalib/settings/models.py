"""What each file of params/ may hold: strict models, extra keys forbidden."""

from __future__ import annotations

import datetime
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evalib.vocabulary import DIMENSIONS, STAGES, STANDINGS, Reason, SchoolYear

Share = Annotated[float, Field(ge=0, le=1)]
Lang = Literal["zh", "en"]


# What an indicator's definition may fill in.
ABOUT_FIELDS = {"cut", "denominator", "match_rate_minimum"}
# What a sentence may fill in, by what it is about; notes bring fields of their own.
SENTENCE_FIELDS: dict[str, set[str]] = {
    "indicator": {
        "name",
        "value",
        "size",
        "interval",
        "reference",
        "standing",
        "pupils",
        "reason",
        "smallest",
    },
    "withheld": {"name", "reason"},
    "nothing_stands_out": set(),
    "nothing_can_be_said": set(),
    "nothing_can_be_judged": set(),
    "everything_said": set(),
}


class Strict(BaseModel):
    """Extra keys forbidden, types not guessed, values frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Bilingual(Strict):
    """A text that a reader sees, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _same_fields(self) -> Bilingual:
        if fields_of(self.zh) != fields_of(self.en):
            raise ValueError(f"zh and en do not name the same fields: “{self.zh}”, “{self.en}”")
        return self

    def in_(self, lang: str) -> str:
        """The text in `lang`."""
        return self.zh if lang == "zh" else self.en


class DistrictParams(Strict):
    """One district's file: where its files lie and which reports are wanted."""

    district: Bilingual
    files: str
    years: Literal["latest", "all"] | list[str] = "latest"
    languages: list[Lang] = Field(default=["zh"], min_length=1)
    editions: list[Literal["restricted"]] = Field(default=["restricted"], min_length=1)
    identities: Literal["invented", "real"]
    school_codes: Literal["national", "own"] = "national"
    notebook: str = "notebooks/school_report.ipynb"

    @field_validator("years")
    @classmethod
    def _school_years(cls, years: Any) -> Any:
        if isinstance(years, list):
            for year in years:
                SchoolYear(year)
            if not years:
                raise ValueError("name at least one school year, or write latest or all")
        return years

    @field_validator("years", "languages", "editions")
    @classmethod
    def _once(cls, entries: Any) -> Any:
        if isinstance(entries, list) and len(set(entries)) < len(entries):
            raise ValueError("an entry stands twice")
        return entries


class Cuts(Strict):
    """Shares of the full mark."""

    excellent: Share
    pass_: Share = Field(alias="pass")
    low: Share
    source: str

    def of(self, cut: str) -> float:
        """The share of the full mark that a cut's name stands for."""
        return {"excellent": self.excellent, "pass": self.pass_, "low": self.low}[cut]


class StandingParams(Strict):
    """When a difference may be called one."""

    clear: Share
    probable: Share
    minimum_sections: int = Field(ge=2)
    pooled_below_sections: int
    pooled_years: int = Field(ge=1)
    source: str


class GrowthParams(Strict):
    """How value added is computed and when it may be shown."""

    match_rate_minimum: Share
    pattern_minimum: int = Field(ge=2)
    spline_knots: list[Share]
    minimum_sections: int = Field(ge=2)
    shrunken_reliability_minimum: Share
    bootstrap_below_sections: int
    bootstrap_draws: int = Field(ge=20)
    seed: int
    source: str


class DimensionParams(Strict):
    """A dimension of the review."""

    name: Bilingual
    status: Literal["settled", "emerging"]
    lead: str | None = None


class IndicatorParams(Strict):
    """An indicator: which measure computes it and how it is read."""

    id: str
    name: Bilingual
    about: Bilingual
    dimension: str
    measure: str
    cut: Literal["excellent", "pass", "low"] | None = None
    direction: Literal["higher", "lower"]
    unit: Literal["t_score", "rate", "sd"]
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


class MeasuresParams(Strict):
    """`measures.yaml`: indicators, cuts and thresholds."""

    dated: datetime.date
    denominator: Literal["entered", "sat"]
    cuts: Cuts
    standing: StandingParams
    growth: GrowthParams
    dimensions: dict[str, DimensionParams]
    indicators: list[IndicatorParams]

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
        for dimension in self.dimensions.values():
            if dimension.lead is not None and dimension.lead not in ids:
                raise ValueError(f"lead indicator {dimension.lead} is not defined")
        return self


class DisclosureParams(Strict):
    """`disclosure.yaml`: how few pupils may be shown."""

    dated: datetime.date
    minimum_n: int = Field(ge=1)
    minimum_n_standing: int = Field(ge=1)
    source: str


class StandingWords(Strict):
    """Words for standings, where higher is better and where lower is."""

    higher: dict[str, Bilingual]
    lower: dict[str, Bilingual]
    none: Bilingual
    of_record: Bilingual


class WordingParams(Strict):
    """`wording.yaml`: the labels that a reader sees."""

    labels: dict[str, Bilingual]
    status: dict[str, Bilingual]
    stages: dict[str, Bilingual]
    areas: dict[str, Bilingual]
    sides: dict[str, Bilingual]
    subjects: dict[str, Bilingual]
    grades: dict[str, Bilingual]
    reasons: dict[str, Bilingual]
    standings: StandingWords

    @model_validator(mode="after")
    def _whole(self) -> WordingParams:
        groups = {
            "stages": (self.stages, STAGES),
            "reasons": (self.reasons, [one.value for one in Reason]),
            "standings.higher": (self.standings.higher, STANDINGS),
            "standings.lower": (self.standings.lower, STANDINGS),
        }
        for name, (given, wanted) in groups.items():
            missing = [one for one in wanted if one not in given]
            if missing:
                raise ValueError(f"{name} lacks {', '.join(missing)}")
        return self


class Trigger(Strict):
    """When a sentence may be said."""

    about: Literal[
        "indicator",
        "withheld",
        "note",
        "nothing_stands_out",
        "nothing_can_be_said",
        "nothing_can_be_judged",
        "everything_said",
    ]
    indicator: str | None = None
    unit: str | None = None
    one_subject: bool | None = None
    standings: list[str] = []

    @field_validator("standings")
    @classmethod
    def _known(cls, standings: list[str]) -> list[str]:
        unknown = set(standings) - {*STANDINGS, "none"}
        if unknown:
            raise ValueError(f"no standing is called {', '.join(sorted(unknown))}")
        return standings


class Sentence(Strict):
    """A reviewed sentence: when it may be said and in which words."""

    id: str
    trigger: Trigger
    minimum_n: int = 0
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _known_fields(self) -> Sentence:
        used = fields_of(self.zh)
        if used != fields_of(self.en):
            raise ValueError(f"{self.id}: zh and en do not name the same fields")
        known = SENTENCE_FIELDS.get(self.trigger.about)
        if known is not None and not used <= known:
            raise ValueError(f"{self.id}: no field is called {', '.join(sorted(used - known))}")
        return self


class SentencesParams(Strict):
    """`sentences.yaml`: the reviewed sentences, the first that fits is said."""

    dated: datetime.date
    sentences: list[Sentence]


def fields_of(text: str) -> set[str]:
    """The names in braces that a text wants filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}
