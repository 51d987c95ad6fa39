"""The clean tables of one year as handed in, and in which words something is missing of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalib.records import earlier
from evalib.store import Store

# What stands in the way of a figure: `what`, `where` ("table" or "table.column"), and more fields.
Problem = dict[str, Any]
# Before a place of which two tables or rows say different things.
CONTRADICTORY = "contradiction:"


@dataclass(frozen=True)
class Handed:
    """The tables of one year of a district.

    Attributes
    ----------
    store, year
        Where they are, and which school year.
    """

    store: Store
    year: str
    _read: dict[tuple[str, str], pd.DataFrame | None] = field(default_factory=dict, repr=False)

    def table(self, name: str, years_back: int = 0) -> pd.DataFrame | None:
        """A table of this year or an earlier one; None where it was not handed in."""
        year = earlier(self.year, years_back)
        if (name, year) not in self._read:
            self._read[name, year] = self.store.read(name, year) if self.store.has(name, year) else None
        return self._read[name, year]

    def lacks(self, name: str, *columns: str) -> list[Problem]:
        """Which of these columns, or that the whole table, was not handed in; empty if all are there."""
        found = self.table(name)
        if found is None:
            return [problem("no_table", name)]
        return [problem("no_column", f"{name}.{one}") for one in columns if one not in found]

    def missing(self, where: str, **fields: Any) -> Problem:
        """What is missing, of sections that name a place such as "resources.classes"."""
        name, _, column = where.partition(".")
        lacking = self.lacks(name, *([column] if column else []))
        return lacking[0] if lacking else problem("no_data", where, **fields)


def all_missing(*places: pd.Series[str]) -> pd.Series[str]:
    """Places of what is missing, several of one section joined by commas; empty where nothing is.

    Examples
    --------
    >>> all_missing(pd.Series(["a.b", ""]), pd.Series(["c", ""])).tolist()
    ['a.b,c', '']
    """
    rows = zip(*places, strict=True)
    said = [",".join(dict.fromkeys(one for one in row if one)) for row in rows]
    return pd.Series(said, index=places[0].index, dtype=object)


def bare(places: str) -> str:
    """The same places without the mark of what contradicts itself."""
    return places.replace(CONTRADICTORY, "")


def problem(what: str, where: str, **fields: Any) -> Problem:
    """One thing that stands in the way of a figure."""
    return {"what": what, "where": where, **fields}
