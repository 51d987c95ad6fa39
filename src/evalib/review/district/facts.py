"""What a district tells of itself: used in its own unit and range alone, and where nothing contradicts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from evalib.review.district.handed import Problem, problem
from evalib.settings import BalanceParams


@dataclass(frozen=True)
class Fact:
    """One fact of one year.

    Attributes
    ----------
    name, year
        Which fact, of which school year.
    value
        As told; None where nothing is.
    unit, source
        As told, or empty.
    problems
        Why it is not used; empty where it is.
    """

    name: str
    year: str
    value: float | None = None
    unit: str = ""
    source: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def used(self) -> float | None:
        """Its value, unless something is wrong with it."""
        return None if self.problems else self.value

    def with_problem(self, what: str, **fields: object) -> Fact:
        """The same fact, not to be used."""
        return replace(self, problems=(*self.problems, problem(what, f"district.{self.name}", **fields)))


Facts = Mapping[str, Fact]


def facts_of(table: pd.DataFrame | None, params: BalanceParams, year: str) -> dict[str, Fact]:
    """Every fact that the params know, by name, with what is wrong with it.

    Parameters
    ----------
    table
        The clean table `district` of the year: fact, value, unit, source; None where it was
        not handed in.
    params
        Which facts there are, their units and ranges, and which cannot exceed which.

    Notes
    -----
    A load has converted the units that it can (% and 万元, where they are written, and says so).
    Nothing is converted here, and a figure beside an empty unit is not taken to be in the
    right one: 12.6 may be 12.6 元 or 12.6 万元.
    """
    told: dict[str, dict[str, object]] = {}
    if table is not None and {"fact", "value"} <= set(table):
        told = {str(row["fact"]): row for row in table.astype(object).to_dict("records")}  # type: ignore[misc]
    found = {}
    for name, known in params.facts.items():
        row = told.get(name)
        value = None if row is None or pd.isna(row["value"]) else float(row["value"])  # type: ignore[arg-type,call-overload]
        fact = Fact(name, year, value, _text(row, "unit"), _text(row, "source"))
        if table is None:
            fact = replace(fact, problems=(problem("no_table", "district"),))
        elif value is None:
            fact = fact.with_problem("no_fact")
        elif fact.unit != known.unit:
            fact = fact.with_problem("wrong_unit", unit=fact.unit, expected=known.unit)
        elif not known.believable(value):
            low, high = known.bounds
            fact = fact.with_problem("out_of_range", value=value, low=low, high=high)
        found[name] = fact
    return _uncontradicted(found, params.never_more)


def contradicted(facts: Mapping[str, Fact], name: str, **fields: object) -> dict[str, Fact]:
    """The same facts, one of which other tables contradict."""
    return {**facts, name: facts[name].with_problem("contradiction", **fields)}


def _uncontradicted(facts: dict[str, Fact], never_more: Sequence[tuple[str, str]]) -> dict[str, Fact]:
    """Where a part exceeds its whole neither is used."""
    pairs = [
        (less, more)
        for less, more in never_more
        if (part := facts[less].used) is not None and (whole := facts[more].used) is not None and part > whole
    ]
    for less, more in pairs:
        facts = contradicted(facts, less, other=more)
        facts = contradicted(facts, more, other=less)
    return facts


def _text(row: Mapping[str, object] | None, column: str) -> str:
    value = None if row is None else row.get(column)
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


def fact_table(facts: Mapping[str, Fact]) -> pd.DataFrame:
    """fact, value, unit, source, and `problems` as they are, one row a fact."""
    rows = [(one.name, one.value, one.unit, one.source, list(one.problems)) for one in facts.values()]
    return pd.DataFrame(rows, columns=["fact", "value", "unit", "source", "problem"]).astype({"value": float})
