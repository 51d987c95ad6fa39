"""Which table a sheet is, where its headers stand, and which of its rows are records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns, Match, plain
from evalib.intake.schemas import SCHEMAS
from evalib.intake.table import Table
from evalib.intake.workbooks import Grid, blank
from evalib.vocabulary import SchoolYear

# Headers stand this far down at most.
HEADER_ROWS = 15

_YEAR = re.compile(r"(?<!\d)([0-9]{4})(?:学年度?)?\s*[-—–－~～至/_]+\s*([0-9]{4})(?!\d)")
_YEAR_ALONE = re.compile(r"^([0-9]{4})学年度?$")
_GRADE = re.compile(r"[一二三四五六七八九1-9]年级|[小初][一二三四五六]")


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
    year, grade
        From the sheet's name, the lines above its headers or the file's name; empty if unsaid.
    """

    file: str
    name: str
    table: str
    headers: dict[str, str]
    matches: dict[str, Match]
    cells: pd.DataFrame
    year: str
    grade: str


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
    """

    table: str = ""
    sheet: Sheet | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    table: Table
    row: int
    places: dict[int, Match]
    rank: tuple[int, ...]


def recognise(grid: Grid, columns: Columns) -> Recognised:
    """The table that a grid holds.

    The header row is the one among the first rows where most headers of one
    table are found; a tie goes to the table whose needed columns are all there,
    then to the one that the sheet or file is named after.

    Faults come with it, and a warning for each header that is not used.
    """
    if plain(grid.sheet) in {plain(name) for name in columns.params.ignored_sheets}:
        return Recognised()
    filled = [index for index, row in enumerate(grid.rows) if any(not blank(cell) for cell in row)]
    if not filled:
        return Recognised()
    candidates = [
        _candidate(grid, index, table, columns)
        for index in filled[:HEADER_ROWS]
        for table in SCHEMAS.values()
    ]
    best = max(candidates, key=lambda one: one.rank)
    found = {match.column for match in best.places.values()}
    absent = [name for name in best.table.demanded if name not in found]
    if not _is_table(best, found, absent):
        return Recognised(faults=[_unrecognised(grid, best, found, columns)])
    faults = _column_faults(grid, best, absent, columns)
    stopped = any(not fault.warning for fault in faults)
    return Recognised(best.table.name, None if stopped else _sheet(grid, best, columns), faults)


def school_year(text: str) -> str:
    """A school year as 2024-2025, from 2024—2025学年, 2024/2025 or 2024学年; empty if it is none.

    Examples
    --------
    >>> school_year("2024—2025学年"), school_year("2024-2026")
    ('2024-2025', '')
    """
    alone = _YEAR_ALONE.match(plain(text))
    if alone:
        return f"{alone[1]}-{int(alone[1]) + 1}"
    for start, end in _YEAR.findall(text):
        try:
            return SchoolYear(f"{start}-{end}").text
        except ValueError:
            continue
    return ""


def _candidate(grid: Grid, index: int, table: Table, columns: Columns) -> _Candidate:
    places = {}
    for place, cell in enumerate(grid.rows[index]):
        match = columns.match(table.name, cell) if isinstance(cell, str) and cell.strip() else None
        if match is not None:
            places[place] = match
    found = {match.column for match in places.values()}
    marked = any(match.subject or match.column in table.marks for match in places.values())
    complete = all(name in found for name in table.demanded)
    named = plain(grid.sheet) + plain(PurePosixPath(grid.file).stem)
    names = (*columns.params.tables[table.name].names, table.name)
    by_name = any(plain(name) in named for name in names)
    return _Candidate(table, index, places, (len(found) if marked else 0, complete, by_name, -index))


def _is_table(best: _Candidate, found: set[str], absent: list[str]) -> bool:
    return best.rank[0] >= 2 and 2 * len(absent) <= len(best.table.demanded) and bool(found)


def _unrecognised(grid: Grid, best: _Candidate, found: set[str], columns: Columns) -> Fault:
    """Names only known headers: an unrecognised row may hold anything, names of pupils included."""
    table = best.table
    looked_for = "、".join(columns.header(table.name, name) for name in table.demanded)
    missing = [name for name in table.demanded if name not in found]
    texts = [
        cell
        for place, cell in enumerate(grid.rows[best.row])
        if isinstance(cell, str) and place not in best.places
    ]
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
        header = columns.header(table.name, name)
        fields = {"aliases": columns.aliases(table.name, name)}
        faults.append(Fault(grid.file, "missing_column", grid.sheet, header, fields=fields))
    seen: dict[str, str] = {}
    for place, cell in enumerate(grid.rows[best.row]):
        if blank(cell):
            continue
        header = str(cell).strip()
        match = best.places.get(place)
        if match is None:
            if not columns.passed_over(header):
                fields = {"near": columns.nearest(header) or "–"}
                faults.append(
                    Fault(grid.file, "unused_column", grid.sheet, _letter(place), fields=fields, warning=True)
                )
        elif match.column in seen:
            fields = {"other": seen[match.column]}
            faults.append(Fault(grid.file, "column_twice", grid.sheet, header, fields=fields))
        else:
            seen[match.column] = _letter(place)
    return faults


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
    for index in range(best.row + 1, len(grid.rows)):
        row = grid.rows[index]
        if any(not blank(cell) for cell in row):
            numbers.append(index + 1)
            records.append(row if len(row) >= width else [*row, *[""] * (width - len(row))])
    header = grid.rows[best.row]
    demanded = [place for place, match in best.places.items() if match.column in best.table.demanded]
    words = tuple(plain(word) for word in columns.params.summary_rows)
    kept = [k for k, row in enumerate(records) if not _no_record(row, header, demanded, words)]
    cells = pd.DataFrame(
        {
            match.column: pd.Series([records[k][place] for k in kept], dtype=object)
            for place, match in best.places.items()
        }
    )
    cells.index = pd.Index([numbers[k] for k in kept], name="row")
    above = " ".join(str(cell) for row in grid.rows[: best.row] for cell in row if isinstance(cell, str))
    sources = (grid.sheet, above, PurePosixPath(grid.file).stem)
    grade = _GRADE.search(plain(grid.sheet))
    return Sheet(
        file=grid.file,
        name=grid.sheet,
        table=best.table.name,
        headers={match.column: str(header[place]).strip() for place, match in best.places.items()},
        matches={match.column: match for match in best.places.values()},
        cells=cells,
        year=next(filter(None, (school_year(text) for text in sources)), ""),
        grade=grade[0] if grade else "",
    )


def _no_record(
    row: Sequence[Any], header: Sequence[Any], demanded: list[int], words: tuple[str, ...]
) -> bool:
    """A total, a remark below the table, or the headers again on the next printed page."""
    if all(row[place] == header[place] for place in demanded):
        return True
    first = next(place for place, cell in enumerate(row) if not blank(cell))
    if not isinstance(row[first], str) or any(place != first and not blank(row[place]) for place in demanded):
        return False
    return plain(row[first]).startswith(words)
