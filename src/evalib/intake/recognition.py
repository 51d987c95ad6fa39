"""Which table a sheet is, where its headers stand, and which of its rows are records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns, Match, plain
from evalib.intake.headers import (
    DEEPEST,
    Header,
    follows_from_others,
    header_block,
    lacks_unit,
    match_header,
    money_unit,
)
from evalib.intake.schemas import SCHEMAS
from evalib.intake.table import Table
from evalib.intake.titles import grade_said, school_year, stage_said
from evalib.intake.workbooks import Grid, blank, blank_row

# Headers stand this far down at most.
HEADER_ROWS = 15
# Lines above the headers that say something of the whole sheet stand this far down at most.
TITLE_ROWS = 200

# Kinds of columns in which one merged cell says the same of every record beside it.
_SAID_OF_SEVERAL = ("year", "code", "word", "grade", "text", "flag")


@dataclass(frozen=True)
class Sheet:
    """A sheet that is one of the tables.

    Attributes
    ----------
    file, name
        Where it stands.
    table
        Which clean table it holds.
    headers
        Clean column (or subject) → the header as the sheet writes it.
    matches
        Clean column (or subject) → what its header stands for.
    cells
        Object columns by clean column or subject; the index holds row numbers
        as a spreadsheet shows them. Only columns of the table and its context.
    year, grade, stage
        From the sheet's name, the lines above its headers or the file's name; empty if unsaid.
    merged
        Rows by clean column (or subject) in which one cell stands for several records
        and is not repeated, because what it holds is told of a single one.
    """

    file: str
    name: str
    table: str
    headers: dict[str, str]
    matches: dict[str, Match]
    cells: pd.DataFrame
    year: str
    grade: str
    stage: str = ""
    merged: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Recognised:
    """What a grid turned out to be.

    Attributes
    ----------
    table
        The clean table, or empty if it is none or not to be read.
    sheet
        Its cells, or None if there are none or a fault stops it.
    faults
        Faults and warnings about its headers.
    spots
        What faults call a column (its header, or its letter) → row and column of that
        header, counted from 1.
    """

    table: str = ""
    sheet: Sheet | None = None
    faults: list[Fault] = field(default_factory=list)
    spots: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    """A reading of some rows as the headers of a table: matches and titles by place."""

    table: Table
    first: int
    depth: int
    block: dict[int, Header]
    places: dict[int, Match]
    titles: dict[int, str]
    by_name: bool
    rank: tuple[int, ...]

    @property
    def below(self) -> int:
        """Index of the first row below the headers."""
        return self.first + self.depth

    @property
    def columns(self) -> set[str]:
        """The clean columns (and subjects) that are found."""
        return {match.column for match in self.places.values()}


def recognise(grid: Grid, columns: Columns) -> Recognised:
    """The table that a grid holds.

    The header row is the one among the first rows where most headers of one
    table are found; a tie goes to the table whose needed columns are all there,
    then to the one that the sheet or file is named after.

    Faults come with it, and a warning for each header that is not used.
    """
    if plain(grid.sheet) in {plain(name) for name in columns.params.ignored_sheets}:
        return Recognised()
    filled = list(islice((k for k, row in enumerate(grid.rows) if not blank_row(row)), HEADER_ROWS))
    if not filled:
        return Recognised()
    best = _best(_candidates(grid, filled, columns))
    found = {match.column for match in best.places.values()}
    if "grade" in best.table.demanded and grade_said(grid.sheet):
        found.add("grade")
    absent = [name for name in best.table.demanded if name not in found]
    if not _is_table(best, found, absent):
        return Recognised(faults=[_unrecognised(grid, best, found, columns)])
    faults = _column_faults(grid, best, absent, columns)
    stopped = any(not fault.warning for fault in faults)
    sheet = None if stopped else _sheet(grid, best, columns)
    return Recognised(best.table.name, sheet, faults, _spots(best))


def _candidates(grid: Grid, starts: list[int], columns: Columns) -> list[_Candidate]:
    found = []
    units = {first: money_unit(_lines_above(grid, first)) for first in starts}
    for first in starts:
        block = header_block(grid, first, 1)
        found += [
            _candidate(grid, first, 1, block, table, columns, units[first]) for table in SCHEMAS.values()
        ]
    for depth in range(2, DEEPEST + 1):
        for first in starts:
            rows = grid.rows[first : first + depth]
            if len(rows) < depth or not all(_could_be_header(row) for row in rows):
                continue
            block = header_block(grid, first, depth)
            found += [
                _candidate(grid, first, depth, block, table, columns, units[first])
                for table in SCHEMAS.values()
            ]
    return found


def _best(candidates: Sequence[_Candidate]) -> _Candidate:
    """The reading that ranks first, unless the sheet is named after a table of which more is found.

    Without its mark such a sheet is not that table, and is not taken for a lesser one: staff
    whose numbers are missing are no list of schools.
    """
    best = max(candidates, key=lambda one: one.rank)
    named = [one for one in candidates if one.by_name and len(one.columns) > len(best.columns)]
    return max(named, key=lambda one: (len(one.columns), one.rank)) if named and not best.by_name else best


def _could_be_header(row: Sequence[Any]) -> bool:
    """Text alone, none of it a number: a record has one nearly always."""
    filled = [cell for cell in row if not blank(cell)]
    return bool(filled) and all(isinstance(cell, str) and not cell.strip()[0].isdecimal() for cell in filled)


def _candidate(
    grid: Grid,
    first: int,
    depth: int,
    block: dict[int, Header],
    table: Table,
    columns: Columns,
    unit: str,
) -> _Candidate:
    places: dict[int, Match] = {}
    titles: dict[int, str] = {}
    joined = 0
    without_unit: set[str] = set()
    for place, header in block.items():
        matched = match_header(header, table.name, columns, unit)
        titles[place] = header.texts[-1]
        if matched is not None:
            places[place], titles[place], parts = matched
            joined += parts > 1
        elif lacks_unit(header, table.name, columns):
            # Not read, and yet no other table has it.
            without_unit.add(titles[place])
    found = {match.column for match in places.values()}
    told = len(found) + len(without_unit)
    marked = bool(without_unit) or any(
        match.subject or match.column in table.marks for match in places.values()
    )
    complete = all(name in found for name in table.demanded)
    named = plain(grid.sheet) + plain(PurePosixPath(grid.file).stem)
    names = (*columns.params.tables[table.name].names, table.name)
    by_name = any(plain(name) in named for name in names)
    rank = (told if marked else 0, complete, joined, by_name, -depth, -first)
    return _Candidate(table, first, depth, block, places, titles, by_name, rank)


def _is_table(best: _Candidate, found: set[str], absent: list[str]) -> bool:
    return best.rank[0] >= 2 and 2 * len(absent) <= len(best.table.demanded) and bool(found)


def _unrecognised(grid: Grid, best: _Candidate, found: set[str], columns: Columns) -> Fault:
    """Names only known headers: an unrecognised row may hold anything, names of pupils included."""
    table = best.table
    looked_for = "、".join(columns.header(table.name, name) for name in table.demanded)
    missing = [name for name in table.demanded if name not in found]
    texts = [text for place, text in best.titles.items() if place not in best.places]
    near = list(dict.fromkeys(filter(None, (columns.nearest(text) for text in texts if text.strip()))))
    fields = {
        "table": columns.params.tables[table.name].names[0],
        "looked_for": looked_for,
        "missing": "、".join(columns.header(table.name, name) for name in missing) or "–",
        "near": "、".join(near) or "–",
    }
    return Fault(grid.file, "sheet_unrecognised", sheet=grid.sheet, fields=fields)


def _column_faults(grid: Grid, best: _Candidate, absent: list[str], columns: Columns) -> list[Fault]:
    """A header that is not known may hold anything, a pupil's name included: its letter stands for it."""
    table = best.table
    faults = []
    for name in absent:
        needed = columns.header(table.name, name)
        fields = {"aliases": columns.aliases(table.name, name)}
        faults.append(Fault(grid.file, "missing_column", grid.sheet, needed, fields=fields))
    seen: dict[str, str] = {}
    for place, header in best.block.items():
        title = best.titles[place]
        match = best.places.get(place)
        if match is None:
            letter = _letter(place)
            if lacks_unit(header, table.name, columns):
                faults.append(Fault(grid.file, "unit_unsaid", grid.sheet, letter))
            elif any(columns.odd_unit(table.name, text) for text in header.texts):
                faults.append(Fault(grid.file, "unit_not_of_column", grid.sheet, letter))
            elif not (
                any(columns.passed_over(text) for text in header.texts)
                or follows_from_others(header, table.name, columns)
            ):
                fields = {"near": columns.nearest(title) or "–"}
                faults.append(
                    Fault(grid.file, "unused_column", grid.sheet, letter, fields=fields, warning=True)
                )
        elif match.column in seen:
            fields = {"other": seen[match.column]}
            faults.append(Fault(grid.file, "column_twice", grid.sheet, title, fields=fields))
        else:
            seen[match.column] = _letter(place)
    return faults


def _spots(best: _Candidate) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for place, header in best.block.items():
        name = best.titles[place] if place in best.places else _letter(place)
        found.setdefault(name, (header.row + 1, place + 1))
    return found


def _letter(place: int) -> str:
    """A column as a spreadsheet names it: 0 is A, 26 is AA."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        letters, place = chr(ord("A") + rest) + letters, place - 1
    return letters


def _sheet(grid: Grid, best: _Candidate, columns: Columns) -> Sheet:
    width = max(best.places) + 1
    numbers, records = [], []
    for index in range(best.below, len(grid.rows)):
        row = grid.rows[index]
        if not blank_row(row):
            numbers.append(index + 1)
            records.append(row if len(row) >= width else [*row, *[""] * (width - len(row))])
    demanded = [place for place, match in best.places.items() if match.column in best.table.demanded]
    words = tuple(plain(word) for word in columns.params.summary_rows)
    again = _headers_again(
        [_padded(row, width) for row in grid.rows[best.first : best.below]], best, demanded
    )
    kept = [
        k
        for k, row in enumerate(records)
        if not (any(pick(row) == header for pick, header in again) or _is_summary(row, demanded, words))
    ]
    cells = pd.DataFrame(
        {
            match.column: pd.Series([records[k][place] for k in kept], dtype=object)
            for place, match in best.places.items()
        }
    )
    cells.index = pd.Index([numbers[k] for k in kept], name="row")
    sources = (grid.sheet, _lines_above(grid, best.first), PurePosixPath(grid.file).stem)
    return Sheet(
        file=grid.file,
        name=grid.sheet,
        table=best.table.name,
        headers={match.column: best.titles[place] for place, match in best.places.items()},
        matches={match.column: match for match in best.places.values()},
        cells=cells,
        year=next(filter(None, (school_year(text) for text in sources)), ""),
        grade=grade_said(grid.sheet),
        stage=next(filter(None, (stage_said(text) for text in sources)), ""),
        merged=_spread_merged(grid, best, cells),
    )


def _spread_merged(grid: Grid, best: _Candidate, cells: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Repeats what a merged cell says of all its records; gives back the rows where that may not be."""
    told: dict[str, set[int]] = {}
    for (top, left), (bottom, right) in grid.merged:
        rows = [row for row in range(top + 1, bottom + 2) if row in cells.index]
        value = grid.rows[top][left] if top < len(grid.rows) and left < len(grid.rows[top]) else ""
        if top < best.below or not rows or blank(value):
            continue
        for place in range(left, right + 1):
            match = best.places.get(place)
            if match is None or (top + 1 in rows and len(rows) == 1 and left == right):
                continue
            if left == right and not match.subject and best.table.kind(match.column) in _SAID_OF_SEVERAL:
                for row in rows:
                    cells.at[row, match.column] = value
            else:
                told.setdefault(match.column, set()).update(rows)
    return {column: tuple(sorted(rows)) for column, rows in told.items()}


def _lines_above(grid: Grid, first: int) -> str:
    return " ".join(
        str(cell) for row in grid.rows[: min(first, TITLE_ROWS)] for cell in row if isinstance(cell, str)
    )


def _padded(row: Sequence[Any], width: int) -> list[Any]:
    return [*row, *[""] * (width - len(row))]


def _headers_again(
    headers: list[list[Any]], best: _Candidate, demanded: list[int]
) -> list[tuple[itemgetter[Any], Any]]:
    """What tells a row of headers, as the next printed page has it once more: cells, and what they hold."""
    found = []
    for header in headers:
        # Of several rows of headers some may say nothing of the columns that are demanded.
        compared = demanded if any(not blank(header[place]) for place in demanded) else list(best.places)
        pick = itemgetter(*compared)
        found.append((pick, pick(header)))
    return found


def _is_summary(row: Sequence[Any], demanded: list[int], words: tuple[str, ...]) -> bool:
    """A total, or a remark below the table."""
    first = next(place for place, cell in enumerate(row) if not blank(cell))
    if not isinstance(row[first], str) or any(place != first and not blank(row[place]) for place in demanded):
        return False
    return plain(row[first]).startswith(words)
