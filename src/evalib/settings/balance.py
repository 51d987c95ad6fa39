"""What `standards/balance_2017.yaml` may hold: the national indicators of quality and balance."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from evalib.settings.models import Bilingual, Share, Strict
from evalib.vocabulary import INITIATIVES, SchoolYear

StageName = Literal["primary", "junior"]
Status = Literal["read", "recalled"]
Unit = Literal["per_100", "m2", "yuan", "met", "share", "sections", "pupils", "level", "count"]
# Units of which there are no parts.
WHOLE: tuple[Unit, ...] = ("met", "count", "level", "pupils", "sections")
CountedFact = Literal["exchanged", "exchanged_backbone"]
Amount = Literal[
    "higher_degree_teachers",
    "backbone_teachers",
    "pe_and_arts_teachers",
    "teaching_area_less_indoor_sports",
    "sports_area_with_indoor",
    "equipment",
    "multimedia_rooms",
]


class BalanceLimit(Strict):
    """One limit of an indicator; exactly one of `at_least`, `at_most` and `below`."""

    aspect: str = ""
    stage: StageName | None = None
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one(self) -> BalanceLimit:
        if sum(one is not None for one in (self.at_least, self.at_most, self.below)) != 1:
            raise ValueError("a limit is one of at_least, at_most and below")
        return self

    @property
    def value(self) -> float:
        """The limit itself."""
        return next(one for one in (self.at_least, self.at_most, self.below) if one is not None)

    def kept_by(self, value: float) -> bool:
        """Whether an unrounded figure keeps the limit."""
        if self.at_least is not None:
            return value >= self.at_least
        if self.at_most is not None:
            return value <= self.at_most
        return value < self.value


class PerPupils(Strict):
    """An amount of a section for so many of its pupils."""

    kind: Literal["per_pupils"]
    amount: Amount
    per: int = Field(ge=1)
    counted: Literal["where_they_teach", "once", "once_or_shared"] | None = None


class FactsMet(Strict):
    """Facts of which each must be told to be so."""

    kind: Literal["facts_met"]
    facts: list[str] = Field(min_length=1)


class FactsAtLeast(Strict):
    """Facts against limits, one a stage where `stages` names them."""

    kind: Literal["facts_at_least"]
    facts: list[str] = Field(min_length=1)
    stages: list[StageName] = Field(default_factory=list)


class FactsMixed(Strict):
    """Facts that must be told to be so, and facts against limits named by their own aspect."""

    kind: Literal["facts_mixed"]
    met: list[str] = Field(min_length=1)
    facts: list[str] = Field(min_length=1)


class FactAtLeastFact(Strict):
    """One fact must not be below another."""

    kind: Literal["fact_at_least_fact"]
    fact: str
    other: str


class FactShare(Strict):
    """One fact as a share of another."""

    aspect: str
    over: str
    under: str


class SharesOfFacts(Strict):
    """Shares of one fact in another, each against its limit.

    `counted`: facts that the teachers' table counts too, which must agree with it.
    """

    kind: Literal["shares_of_facts"]
    shares: list[FactShare] = Field(min_length=1)
    counted: list[CountedFact] = Field(default_factory=list)


class Rooms(Strict):
    """Rooms for music and art: so many classes a room, and the area of each in m²."""

    kind: Literal["rooms"]
    classes_a_room: int = Field(ge=1)
    older_before: int
    area: dict[Literal["music", "art"], float]
    older_area: dict[Literal["music", "art"], float]


class SchoolSize(Strict):
    """Pupils of a school, with a limit of its own for those that have both stages."""

    kind: Literal["school_size"]


class LargestClass(Strict):
    """Pupils of a section's largest class."""

    kind: Literal["largest_class"]


class TeachersCertified(Strict):
    """Teachers with a certificate, by the teachers' table; without it by the fact."""

    kind: Literal["teachers_certified"]
    fact: str


class Retention(Strict):
    """Which share of a stage's entrants was kept, by the pupils' tables; without them by the fact."""

    kind: Literal["retention"]
    stage: StageName
    fact: str


class Monitoring(Strict):
    """The national monitoring's own figures; those of an earlier year count for so many years."""

    kind: Literal["monitoring"]
    level: str
    shares: dict[StageName, str]
    years_valid: int = Field(ge=1)


class Satisfaction(Strict):
    """The share that is satisfied in every group asked."""

    kind: Literal["satisfaction"]


Rule = Annotated[
    PerPupils
    | FactsMet
    | FactsAtLeast
    | FactsMixed
    | FactAtLeastFact
    | SharesOfFacts
    | Rooms
    | SchoolSize
    | LargestClass
    | TeachersCertified
    | Retention
    | Monitoring
    | Satisfaction,
    Field(discriminator="kind"),
]


def facts_of(rule: Rule) -> tuple[str, ...]:
    """The district's facts that a rule looks at."""
    if isinstance(rule, FactsMet | FactsAtLeast):
        return tuple(rule.facts)
    if isinstance(rule, FactsMixed):
        return (*rule.met, *rule.facts)
    if isinstance(rule, FactAtLeastFact):
        return (rule.fact, rule.other)
    if isinstance(rule, SharesOfFacts):
        return tuple(dict.fromkeys(name for one in rule.shares for name in (one.over, one.under)))
    if isinstance(rule, TeachersCertified | Retention):
        return (rule.fact,)
    if isinstance(rule, Monitoring):
        return (rule.level, *rule.shares.values())
    return ()


class BalanceIndicator(Strict):
    """One of the 32 national indicators."""

    id: str
    part: Literal["resources", "guarantee", "quality", "recognition"]
    initiative: str
    name: Bilingual
    clause: str
    rule: Rule
    unit: Unit
    limits: list[BalanceLimit] = Field(default_factory=list)
    needs: dict[str, list[str]] = Field(default_factory=dict)
    status: Status = "read"

    @field_validator("initiative")
    @classmethod
    def _known(cls, initiative: str) -> str:
        if initiative not in INITIATIVES:
            raise ValueError(f"one of {', '.join(INITIATIVES)}")
        return initiative

    @model_validator(mode="after")
    def _one_place(self) -> BalanceIndicator:
        if isinstance(self.rule, Satisfaction) and self.limits:
            raise ValueError(f"{self.id}: its limit stands under `satisfaction`")
        return self

    @property
    def whole_units(self) -> Literal["m2", "yuan", "teachers", "rooms"]:
        """What is needed to meet one of the seven resources, where it is told in whole units."""
        if self.unit in ("m2", "yuan"):
            return self.unit
        counted = isinstance(self.rule, PerPupils) and self.rule.counted
        return "teachers" if counted else "rooms"

    def limit(self, stage: str | None = None, aspect: str = "") -> BalanceLimit | None:
        """The limit of a stage and aspect; None where the indicator has none."""
        for one in self.limits:
            if one.aspect == aspect and one.stage in (None, stage or None):
                return one
        return None


class BalanceFact(Strict):
    """A fact the district tells of itself: its unit, and between which values it is believable."""

    unit: Unit
    low: float | None = None
    high: float | None = None
    name: Bilingual

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Lowest and highest believable value; what is told to be so or not is 1 or 0."""
        return (0.0, 1.0) if self.unit == "met" else (self.low, self.high)

    def believable(self, value: float) -> bool:
        """Whether the fact can have this value; what is counted is whole, and so is a level."""
        low, high = self.bounds
        inside = (low is None or value >= low) and (high is None or value <= high)
        return inside and (self.unit not in WHOLE or value == int(value))


class ThroughSchool(Strict):
    """How what a whole school shares is split between its stages: weights of a pupil.

    `without_senior`: kinds of schools that have no senior stage, whose pupils need not be told.
    `both_stages`: kinds that have a primary and a junior stage, so that one alone is not the school.
    """

    weights: dict[Literal["primary", "junior", "senior"], float]
    without_senior: list[str]
    both_stages: list[str]
    status: Status


class OutOfScope(Strict):
    """Schools that the indicators do not count."""

    kinds: list[str]
    teaching_points: list[str]
    teaching_point_below: int
    status: Status


class SectionRule(Strict):
    """How many of the resource indicators a section must meet, and how near the others must be."""

    least_met: int = Field(ge=0)
    floor_share: Share
    status: Status


class Variation(Strict):
    """Largest 差异系数 between the sections of a stage."""

    limits: dict[StageName, float]
    minimum_sections: int = Field(ge=2)
    status: Status

    def limit(self, stage: str) -> float | None:
        """The largest coefficient of a stage; None where there is none."""
        return {str(name): limit for name, limit in self.limits.items()}.get(stage)


class TeacherRules(Strict):
    """Which teachers the resource indicators count; a degree in no list is not judged."""

    degrees: dict[StageName, list[str]]
    degrees_below: dict[StageName, list[str]]
    subjects: list[str]
    small_rural_below: int
    status: Status


class SatisfactionRule(Strict):
    """Whom the survey asks, and what it must show."""

    item: str
    respondents: list[str] = Field(min_length=1)
    limit: Share
    response_minimum: Share
    interval_sections: int = Field(ge=2)
    status: Status


class BalanceParams(Strict):
    """The national indicators, their limits, and the facts that they look at."""

    dated: datetime.date
    source: str
    first_year: str
    through_school: ThroughSchool
    out_of_scope: OutOfScope
    section_rule: SectionRule
    variation: Variation
    teachers: TeacherRules
    satisfaction: SatisfactionRule
    indicators: list[BalanceIndicator] = Field(min_length=1)
    facts: dict[str, BalanceFact]
    never_more: list[tuple[str, str]] = Field(default_factory=list)
    agreeing_within: float = Field(ge=0)

    @field_validator("never_more", mode="before")
    @classmethod
    def _pairs(cls, pairs: list[list[str]]) -> list[tuple[str, ...]]:
        return [tuple(pair) for pair in pairs]

    @model_validator(mode="after")
    def _consistent(self) -> BalanceParams:
        SchoolYear(self.first_year)
        ids = [one.id for one in self.indicators]
        if len(set(ids)) < len(ids):
            raise ValueError("an indicator stands twice")
        if sum(isinstance(one.rule, Satisfaction) for one in self.indicators) != 1:
            raise ValueError("one indicator is of satisfaction")
        asked = {name for one in self.indicators for name in facts_of(one.rule)}
        unknown = sorted((asked | {name for pair in self.never_more for name in pair}) - set(self.facts))
        if unknown:
            raise ValueError(f"facts without an entry under `facts`: {', '.join(unknown)}")
        return self

    @property
    def resources(self) -> list[BalanceIndicator]:
        """The indicators that every section has, R1 to R7."""
        return [one for one in self.indicators if one.part == "resources"]

    def indicator(self, name: str) -> BalanceIndicator:
        """An indicator by its id.

        Raises
        ------
        KeyError
            There is none.
        """
        for one in self.indicators:
            if one.id == name:
                return one
        raise KeyError(name)
