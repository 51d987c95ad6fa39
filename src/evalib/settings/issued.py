"""What `params/issued/<district>.yaml` holds: which cells of the years already handed out were withheld."""

from __future__ import annotations

import datetime

from pydantic import Field

from evalib.settings.models import Strict


class IssuedCells(Strict):
    """The withheld sections of one indicator, stage and subject, by school code and why.

    `few`: fewer pupils than may be shown; `low`, `high`: the band that was printed;
    `others`: withheld for what it would have told of another cell. Sections not named
    here were shown, or had no figure.
    """

    stage: str
    indicator: str
    subject: str = ""
    few: list[str] = Field(default_factory=list)
    low: list[str] = Field(default_factory=list)
    high: list[str] = Field(default_factory=list)
    others: list[str] = Field(default_factory=list)


class IssuedYear(Strict):
    """One school year as it was handed out."""

    dated: datetime.date
    cells: list[IssuedCells]


class IssuedParams(Strict):
    """Every year handed out, by school year."""

    years: dict[str, IssuedYear]
    source: str
