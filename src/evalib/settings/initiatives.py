"""What `initiatives.yaml` may hold: the five initiatives (五化) and the figures stated for them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from evalib.settings.balance import BalanceParams
from evalib.settings.models import Bilingual, Strict
from evalib.settings.nearness import nearest
from evalib.vocabulary import INITIATIVES

Faults = list[tuple[str, dict[str, Any]]]


class StatedFigure(Strict):
    """A figure that the district states, and what it is held against.

    `fact` is the district's own table, `count` what our tables count, `rung` a rung of the
    ladder of teachers, `staffing` a share of teachers, `indicator` the national indicator of
    satisfaction. Where none is named there is nothing to hold it against, and that is said.
    `stated` of the relation `at_least` is an example: a district states its own.
    """

    id: str
    name: Bilingual
    unit: Literal["count", "share", "yuan"]
    relation: Literal["at_least", "rises", "above"]
    fact: str | None = None
    other: str | None = None
    count: Literal["groups", "pairs", "titled_schools", "resource_rooms"] | None = None
    rung: int | None = None
    staffing: Literal["named_exchanged_share"] | None = None
    indicator: str | None = None
    over_years: int = Field(default=1, ge=1)
    stated: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> StatedFigure:
        if self.relation == "at_least" and self.stated is None:
            raise ValueError(f"{self.id}: at_least needs a stated figure")
        if self.relation != "at_least" and self.stated is not None:
            raise ValueError(f"{self.id}: only at_least has a stated figure")
        if self.stated is not None and not self.can_be(self.stated):
            raise ValueError(f"{self.id}: a share is 0 to 1, any other figure 0 or more")
        if (self.relation == "above") != (self.other is not None):
            raise ValueError(f"{self.id}: above needs the other fact, and nothing else does")
        return self

    def can_be(self, stated: float) -> bool:
        """Whether somebody can state this of it: a share lies in 0 to 1, nothing is negative or endless."""
        return 0 <= stated <= 1 if self.unit == "share" else 0 <= stated < float("inf")


class Rung(Strict):
    """A rung of the ladder of teachers: the words of the teachers' table that mean it."""

    tiers: list[str] = Field(min_length=1)
    fact: str
    name: Bilingual


class Initiative(Strict):
    """One of the five, with its figures."""

    id: str
    name: Bilingual
    figures: list[StatedFigure]


class InitiativesParams(Strict):
    """`initiatives.yaml`."""

    dated: datetime.date
    source: str
    named_tiers: list[str]
    ladder: list[Rung] = Field(min_length=1)
    initiatives: list[Initiative]

    @model_validator(mode="after")
    def _whole(self) -> InitiativesParams:
        if [one.id for one in self.initiatives] != list(INITIATIVES):
            raise ValueError(f"the initiatives are {', '.join(INITIATIVES)}, in this order")
        ids = [figure.id for one in self.initiatives for figure in one.figures]
        if len(set(ids)) < len(ids):
            raise ValueError("a figure stands twice")
        rungs = [figure.rung for one in self.initiatives for figure in one.figures if figure.rung is not None]
        if any(not 0 <= rung < len(self.ladder) for rung in rungs):
            raise ValueError("a rung is a position in the ladder, from 0")
        return self

    @property
    def figures(self) -> list[StatedFigure]:
        """The figures of all five, in order."""
        return [figure for one in self.initiatives for figure in one.figures]

    def stated_by(self, stated: Mapping[str, float]) -> InitiativesParams:
        """The initiatives with the figures that a district states of itself, and with no other's.

        What only rises, or lies above something, states no number and stays.
        """

        def own(figures: list[StatedFigure]) -> list[StatedFigure]:
            known = [one for one in figures if one.relation != "at_least" or one.id in stated]
            return [one.model_copy(update={"stated": stated.get(one.id)}) for one in known]

        changed = [one.model_copy(update={"figures": own(one.figures)}) for one in self.initiatives]
        return self.model_copy(update={"initiatives": changed})


def faults_of_sources(initiatives: InitiativesParams, balance: BalanceParams) -> Faults:
    """Facts and indicators that the initiatives name and the national indicators' params do not know."""
    facts, asked = (
        sorted(balance.facts),
        [one.id for one in balance.indicators if one.rule.kind == "satisfaction"],
    )
    named = [
        (f"{one.id}.{key}", getattr(one, key)) for one in initiatives.figures for key in ("fact", "other")
    ]
    named += [(f"ladder.{at}.fact", rung.fact) for at, rung in enumerate(initiatives.ladder)]
    faults: Faults = [
        ("unknown_fact", {"name": name, "fact": fact, "nearest": nearest(fact, facts)})
        for name, fact in named
        if fact is not None and fact not in facts
    ]
    return faults + [
        ("stated_of_indicator", {"name": f"{one.id}.indicator", "allowed": ", ".join(asked)})
        for one in initiatives.figures
        if one.indicator is not None and one.indicator not in asked
    ]


def faults_of_stated(stated: Mapping[str, float], initiatives: InitiativesParams) -> Faults:
    """What a district cannot state: a figure of no initiative, one without a number, a share in percent."""
    figures = {one.id: one for one in initiatives.figures}
    faults: Faults = []
    for name, value in stated.items():
        figure, where = figures.get(name), f"stated.{name}"
        if figure is None:
            known = sorted(one.id for one in figures.values() if one.relation == "at_least")
            faults.append(("unknown_params_key", {"name": where, "nearest": nearest(name, known)}))
        elif figure.relation != "at_least":
            faults.append(("stated_without_number", {"name": where}))
        elif not figure.can_be(value):
            key = "stated_share" if figure.unit == "share" else "stated_negative"
            faults.append((key, {"name": where, "value": f"{value:g}"}))
    return faults
