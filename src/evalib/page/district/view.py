"""What the published tables say of all sections of a district together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evalib.page.findings import Speaker
from evalib.settings import IndicatorParams, Settings
from evalib.store import Store
from evalib.vocabulary import STAGES
from evalib.wording import Wording

Row = dict[str, Any]


@dataclass(frozen=True)
class DistrictView:
    """All sections of a district in one year, seen through published tables alone.

    Attributes
    ----------
    settings, store
        The district's params and its clean tables.
    words, speaker
        Labels and sentences in the page's language.
    year
        Which school year.
    years
        The years to show, this one last, at most three.
    edition
        "restricted" names sections; "public" reads the public tables, names none, and gives
        nothing of one section.
    told
        Numbers that the page tells, by what they are.
    """

    settings: Settings
    store: Store
    words: Wording
    speaker: Speaker
    year: str
    years: tuple[str, ...]
    edition: str = "restricted"
    told: dict[str, float] = field(default_factory=dict)

    @property
    def names_sections(self) -> bool:
        """Whether sections may be named."""
        return self.edition == "restricted"

    @cached_property
    def judged(self) -> dict[str, IndicatorParams]:
        """Every dimension's score and every indicator by its id, in the order of a page."""
        return self.settings.measures.judged

    def rows(self, stage: str, year: str | None = None) -> list[Row]:
        """Measurements of all sections of a stage in one year, as the edition has them."""
        table = "published" if self.names_sections else "public"
        return [dict(row) for row in self.store.rows(table, year or self.year, stage)]

    @cached_property
    def sections(self) -> list[Row]:
        """What is said of each section itself: name, kind, area, pupils on roll."""
        table = "published_sections" if self.names_sections else "public_sections"
        return [dict(row) for row in self.store.rows(table, self.year)]

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages that the district has sections of."""
        here = {row["stage"] for row in self.sections}
        return tuple(stage for stage in STAGES if stage in here)

    def of_review(self, table: str, year: str | None = None) -> list[Row]:
        """A table of the district's review, with what is kept as JSON read; empty if there is none."""
        if not self.store.has(table, year or self.year):
            return []
        return [
            {key: _read(key, value) for key, value in row.items()}
            for row in self.store.rows(table, year or self.year)
        ]

    def tell(self, what: str, value: float) -> float:
        """Remember a number that the page tells, so that the results hold it; returns it."""
        self.told[what] = round(float(value), 6)
        return value


# Columns that hold JSON.
_JSON = frozenset({"needed", "evidence", "reason", "problem"})


def _read(key: str, value: Any) -> Any:
    if key in _JSON and isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value
