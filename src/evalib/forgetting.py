"""A district's rows about persons are deleted by year; figures and pages stay.

Deleted are the tables of pupils and of teachers, whose rows stand for one person each:
`pupils`, `scores`, `fitness`, `competence`, `activities`, `teachers`, and of
`achievements` the rows that name a pupil. Kept are schools, papers, resources, surveys
(totals all), facts about the district, works of whole schools, and everything measured
and published. Of the numbers that changed only those stay whose pupil a year that is
left still has. Raw files, annotated copies and the key are the district's own to delete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalib.errors import DataError, ParameterError
from evalib.intake.aliases import ALIASES, OF_PUPILS
from evalib.intake.copies import default_folder
from evalib.intake.loadlog import with_forgotten
from evalib.intake.schemas import SCHEMAS
from evalib.settings import Settings
from evalib.settled import settle
from evalib.store import Changes, Slice, Store
from evalib.vocabulary import SchoolYear

# Every row stands for one pupil or one teacher.
PERSONAL = ("pupils", "scores", "fitness", "competence", "activities", "teachers")
# Some rows do: those that name a pupil.
PARTLY = "achievements"


@dataclass(frozen=True)
class Forgetting:
    """What will be deleted from a store, and what will take its place.

    Attributes
    ----------
    years
        The school years, earliest first.
    rows
        How many rows of each table go, by (table, year).
    tables
        Tables to be written: what stays of those that go in part, and what the years that
        were measured from them must know.
    removed
        Tables that go as a whole.
    unmeasured
        Years of which no figures are kept, since none were ever made.
    """

    years: tuple[str, ...]
    rows: dict[Slice, int]
    tables: dict[Slice, pd.DataFrame]
    removed: tuple[Slice, ...]
    unmeasured: tuple[str, ...]


def plan_forgetting(store: Store, params: str, years: Sequence[str], *, all_years: bool) -> Forgetting:
    """What forgetting some years means; nothing is changed.

    Parameters
    ----------
    params
        The district's params file, for a message.
    years
        School years; none if `all_years`.

    Raises
    ------
    ParameterError
        No year is given, or years and all of them; or one that the store does not have.
    DataError
        Nothing was ever loaded, or the store is damaged.
    """
    if bool(years) == all_years:
        raise ParameterError("forget_which")
    if not store.exists:
        raise DataError("no_store", path=str(store.folder), params=params)
    held = store.slices()
    known = sorted({year for table, year in held if table in SCHEMAS})
    wanted = tuple(known if all_years else sorted(set(years)))
    for year in wanted:
        _known_year(year, known)
    rows = {one: count for one, count in held.items() if one[0] in PERSONAL and one[1] in wanted}
    removed = list(rows)
    tables: dict[Slice, pd.DataFrame] = {}
    for year in wanted:
        works = store.read(PARTLY, year) if (PARTLY, year) in held else pd.DataFrame()
        named = works["pupil"].notna() if "pupil" in works else pd.Series(False, index=works.index)
        if named.any():
            rows[PARTLY, year] = int(named.sum())
            left = works[~named].drop(columns="pupil").dropna(axis=1, how="all").reset_index(drop=True)
            if left.empty:
                removed.append((PARTLY, year))
            else:
                tables[PARTLY, year] = left
    aliases = _aliases_left(store, removed, tables)
    if aliases is not None:
        if aliases.empty:
            removed.append(ALIASES)
        else:
            tables[ALIASES] = aliases
    if rows:
        tables |= settle(store, wanted, SCHEMAS)
    measured = store.years("measurements")
    return Forgetting(
        wanted, rows, tables, tuple(removed), tuple(one for one in wanted if one not in measured)
    )


def forget(store: Store, plan: Forgetting) -> None:
    """Delete what the plan says, all of it or nothing, and every file that the store does not know.

    The log of loads tells that it was done, in numbers of rows.
    """

    def log(_: Changes) -> str | None:
        return with_forgotten(store.log(), plan.rows)

    store.write(plan.tables, removed=plan.removed, log=log)


def copies_left(settings: Settings) -> Path | None:
    """The folder of annotated copies, which hold pupils' rows; None if there is none."""
    folder = default_folder(settings.files.resolve())
    return folder if folder.is_dir() else None


def _known_year(year: str, known: Sequence[str]) -> None:
    try:
        SchoolYear(year)
    except ValueError:
        raise ParameterError("not_a_school_year", value=year) from None
    if year not in known:
        raise ParameterError("year_without_data", year=year, years=", ".join(known) or "–")


def _aliases_left(
    store: Store, removed: Sequence[Slice], replaced: dict[Slice, pd.DataFrame]
) -> pd.DataFrame | None:
    """Changes of numbers whose pupil a table that stays has; None if nothing is kept of any."""
    if not store.has(*ALIASES):
        return None
    pupils: set[str] = set()
    for table, year in store.slices():
        if table in OF_PUPILS and (table, year) not in removed and (table, year) not in replaced:
            pupils |= set(store.read(table, year, ["pupil"]).get("pupil", pd.Series(dtype="str")).dropna())
    changes = store.read(*ALIASES)
    former = dict(zip(changes["current"], changes["former"], strict=True))

    def first(number: str) -> str:
        while number in former:
            number = former[number]
        return number

    return changes[changes["current"].map(first).isin(pupils)].reset_index(drop=True)
