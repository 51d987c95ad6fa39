"""What `initiatives.yaml` may hold: the five initiatives (五化) and the figures stated for them."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, model_validator

from evalib.settings.models import Bilingual, Strict
from evalib.vocabulary import INITIATIVES


class StatedFigure(Strict):
    """A figure that the district states, and what it is held against.

    `fact` is the district's own table, `count` what our tables count, `rung` a rung of the
    ladder of teachers, `staffing` a share of teachers, `indicator` a national indicator. Where
    none is named there is nothing to hold it against, and that is said.
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
        if (self.relation == "above") != (self.other is not None):
            raise ValueError(f"{self.id}: above needs the other fact, and nothing else does")
        return self


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
