"""What each file of params/ may hold: strict models, extra keys forbidden."""

from __future__ import annotations

import datetime
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evalib.vocabulary import STAGES, STANDINGS, Reason, SchoolYear

Share = Annotated[float, Field(ge=0, le=1)]
Lang = Literal["zh", "en"]


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


# Where a district's file names the notebook of each kind of report.
NOTEBOOK_KEYS = {"school": "notebook", "group": "group_notebook", "district": "district_notebook"}


class DistrictParams(Strict):
    """One district's file: where its files lie and which reports are wanted."""

    district: Bilingual
    files: str
    years: Literal["latest", "all"] | list[str] = "latest"
    languages: list[Lang] = Field(default=["zh"], min_length=1)
    editions: list[Literal["restricted", "public"]] = Field(default=["restricted"], min_length=1)
    identities: Literal["invented", "real"]
    school_codes: Literal["national", "own"] = "national"
    weights: dict[str, float] = Field(default_factory=dict)
    stated: dict[str, float] = Field(default_factory=dict)
    reports: list[Literal["school", "group", "district"]] = Field(
        default=["school", "group", "district"], min_length=1
    )
    notebook: str = "notebooks/school_report.ipynb"
    group_notebook: str = "notebooks/group_report.ipynb"
    district_notebook: str = "notebooks/district_report.ipynb"

    @property
    def notebooks(self) -> dict[str, str]:
        """The notebook of each kind of report, as it is named from the project root."""
        return {kind: getattr(self, key) for kind, key in NOTEBOOK_KEYS.items()}

    @field_validator("years")
    @classmethod
    def _school_years(cls, years: Any) -> Any:
        if isinstance(years, list):
            for year in years:
                SchoolYear(year)
            if not years:
                raise ValueError("name at least one school year, or write latest or all")
        return years

    @field_validator("weights")
    @classmethod
    def _not_negative(cls, weights: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= weight < float("inf") for weight in weights.values()):
            raise ValueError("a weight is 0 or more")
        return weights

    @field_validator("years", "languages", "editions", "reports")
    @classmethod
    def _once(cls, entries: Any) -> Any:
        if isinstance(entries, list) and len(set(entries)) < len(entries):
            raise ValueError("an entry stands twice")
        return entries


class DisclosureParams(Strict):
    """`disclosure.yaml`: how few pupils may be shown.

    `minimum_sections_shown` is how many sections a quantile on the district's public page needs,
    `minimum_sections_split` how many a category has at least that is shown apart.
    `goes_with` names, for an indicator, the one whose small numbers it would tell;
    `made_of_years` the indicator whose single years a figure over several years adds up.
    """

    dated: datetime.date
    minimum_n: int = Field(ge=1)
    minimum_numerator: int = Field(default=5, ge=1)
    minimum_n_standing: int = Field(ge=1)
    round_counts_to: int = Field(default=10, ge=1)
    minimum_sections_shown: int = Field(default=5, ge=4)
    minimum_sections_split: int = Field(default=3, ge=2)
    goes_with: dict[str, str] = Field(default_factory=dict)
    made_of_years: dict[str, str] = Field(default_factory=dict)
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
    traits: dict[str, Bilingual]
    competence_areas: dict[str, Bilingual]
    sides: dict[str, Bilingual]
    definitions_changed: dict[str, Bilingual] = Field(default_factory=dict)
    subjects: dict[str, Bilingual]
    grades: dict[str, Bilingual]
    reasons: dict[str, Bilingual]
    standings: StandingWords
    balance: dict[str, Bilingual]

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
        "dimension",
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
