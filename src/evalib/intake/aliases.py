"""Pupils whose number changed: one pseudonym for all their numbers, in every table and year.

A sheet 学籍号变更 says of each change the number before (原学籍号) and after (现学籍号):
an L number that became a G number, or another one at a move. A pupil's pseudonym is
that of the first number ever used. Of the sheet only pseudonyms are kept, one row a
change, in the store's slice `ALIASES`; changes follow each other, so that L→L→G may
come in one sheet or in the sheets of three years.

Changes add up from load to load, in whatever order they come: each load replaces every
number by the first of its chain, in its own tables and in those of the store. Only
where a sheet contradicts what an earlier load was told of the same number does the
order matter: the sheet holds from then on, and a warning tells so. What was stored
under the contradicted change is put right when its files are loaded again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.changed_numbers import Change
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.intake.schemas import GONE, SCHEMAS
from evalib.intake.scoresheets import joined
from evalib.store import Slice, Store

# The slice of the store that holds the changes, as pseudonyms: columns `former` and `current`.
ALIASES = ("aliases", "all")
OF_PUPILS = tuple(name for name, table in SCHEMAS.items() if "pupil" in table.columns)


@dataclass(frozen=True)
class Aliases:
    """All changes of numbers that are known.

    Attributes
    ----------
    former
        Pseudonym of a number → that of the number before it.
    brought
        The rows that a load brings.
    replaced
        Pseudonyms of which an earlier load was told something else.
    """

    former: Mapping[str, str] = field(default_factory=dict)
    brought: tuple[Change, ...] = ()
    replaced: frozenset[str] = frozenset()

    @property
    def first(self) -> dict[str, str]:
        """Pseudonym of each number that is not a pupil's first → that of the first."""
        found = {}
        for number in self.former:
            first = number
            while first in self.former:
                first = self.former[first]
            found[number] = first
        return found

    @property
    def table(self) -> pd.DataFrame:
        """What the store keeps: one row a change."""
        rows = sorted((former, current) for current, former in self.former.items())
        return pd.DataFrame(rows, columns=["former", "current"], dtype="str")


def known_aliases(brought: Iterable[Change], store: Store) -> tuple[Aliases, list[Fault]]:
    """The changes of the files with those that the store has from earlier loads.

    Returns
    -------
    tuple
        The changes, none if a fault stops them; and faults: a number that changed from or
        into two, numbers that change in a circle; a warning where a sheet contradicts the
        store.
    """
    rows = tuple(brought)
    faults = _told_twice(rows)
    former = {change.current: change.former for change in rows}
    current = {change.former: change.current for change in rows}
    held = store.read(*ALIASES) if store.has(*ALIASES) else pd.DataFrame({"former": [], "current": []})
    replaced: set[str] = set()
    kept: dict[str, str] = {}
    for one, other in zip(held["former"].astype(str), held["current"].astype(str), strict=True):
        if former.get(other, one) != one or current.get(one, other) != other:
            replaced |= {one, other}
        else:
            kept[other] = one
    edges = {**kept, **former}
    faults = faults or _located(rows, "alias_circle", _in_circles(edges))
    if faults:
        return Aliases(brought=rows), faults
    faults += _located(rows, "alias_replaced", replaced, warning=True)
    return Aliases(edges, rows, frozenset(replaced)), faults


def _told_twice(rows: tuple[Change, ...]) -> list[Fault]:
    pairs = {(one.former, one.current) for one in rows}
    before, after = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    wrong = [one for one in rows if before[one.former] > 1 or after[one.current] > 1]
    return _faults(wrong, "alias_twice")


def _in_circles(former: Mapping[str, str]) -> set[str]:
    circles: set[str] = set()
    for start in former:
        seen = [start]
        while seen[-1] in former and former[seen[-1]] not in seen:
            seen.append(former[seen[-1]])
        if former.get(seen[-1]) in seen:
            circles |= set(seen[seen.index(former[seen[-1]]) :])
    return circles


def _located(rows: Iterable[Change], key: str, numbers: set[str], *, warning: bool = False) -> list[Fault]:
    return _faults([one for one in rows if {one.former, one.current} & numbers], key, warning=warning)


def _faults(
    rows: Iterable[Change], key: str, *, warning: bool = False, fields: dict[str, Any] | None = None
) -> list[Fault]:
    places: dict[tuple[str, str, str], list[int]] = {}
    for one in rows:
        places.setdefault((one.file, one.sheet, one.column), []).append(one.row)
    return [
        Fault(file, key, sheet, column, tuple(sorted(numbers)), dict(fields or {}), warning)
        for (file, sheet, column), numbers in sorted(places.items())
    ]


def with_first_numbers(frame: pd.DataFrame, first: Mapping[str, str]) -> pd.DataFrame:
    """Rows under the first number of their pupil; the hidden column `_number` keeps which it was."""
    if not first or "pupil" not in frame.columns:
        return frame
    changed = frame["pupil"].map(dict(first))
    return frame.assign(pupil=changed.fillna(frame["pupil"]).astype("str"), _number=frame["pupil"])


def under_both_numbers(pupils: pd.DataFrame, headers: Headers) -> tuple[pd.DataFrame, list[Fault]]:
    """Pupils who stand in one school and year under two of their numbers: told, and each kept once."""
    if "_number" not in pupils.columns:
        return pupils, []
    key = joined(pupils, "year", "school_code", "pupil")
    several = key.notna() & (pupils["_number"].groupby(key).transform("nunique") > 1)
    once = ~(several & key.duplicated())
    return pupils[once], faults_at(pupils, several, "pupil", "alias_same_year", headers)


def rewritten(
    store: Store, aliases: Aliases, brought: Iterable[Slice], columns: Columns
) -> tuple[dict[Slice, pd.DataFrame], list[Fault]]:
    """Tables of the store in which a pupil's number is not the first one, written anew.

    Parameters
    ----------
    brought
        Slices that the load replaces anyway.

    Returns
    -------
    tuple
        The tables by (table, year), only those that change; and faults, placed at the rows
        of the changes: pupils of whom a year has records under both numbers.
    """
    first = aliases.first if aliases.brought else {}
    tables: dict[Slice, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, year in sorted(set(store.slices()) - set(brought)) if first else ():
        if name not in OF_PUPILS:
            continue
        frame = store.read(name, year)
        if "pupil" not in frame.columns or not frame["pupil"].isin(first.keys()).any():
            continue
        mapped = with_first_numbers(frame, first)
        doubled = set(mapped.loc[_doubled(name, mapped), "pupil"])
        wrong = [one for one in aliases.brought if first.get(one.current, one.current) in doubled]
        names = columns.params.tables[name].names[0]
        faults += _faults(wrong, "alias_in_store", fields={"year": year, "names": names, "table": name})
        order = [column for column in dict.fromkeys(("school_code", *SCHEMAS[name].key)) if column in mapped]
        tables[name, year] = mapped[list(frame.columns)].sort_values(order).reset_index(drop=True)
    return tables, faults


def _doubled(name: str, frame: pd.DataFrame) -> pd.Series[bool]:
    """Rows that share their key, or are on the roll of two schools, since their numbers are one."""
    key = [column for column in SCHEMAS[name].key if column in frame.columns]
    doubled = frame.duplicated(key, keep=False) & frame["pupil"].notna()
    if name == "pupils":
        gone = frame["status"].isin(GONE) if "status" in frame.columns else doubled & False
        here = frame[~gone]
        doubled |= (here.groupby("pupil")["school_code"].transform("nunique") > 1).reindex(
            frame.index, fill_value=False
        )
    return doubled
