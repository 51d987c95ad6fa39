"""Where in a workbook the faults are: cells to mark, notes on them, and a list for its first sheet."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from openpyxl.utils import get_column_letter

from evalib.errors import Fault, shown
from evalib.intake.workbooks import Grid, blank
from evalib.messages import message

# Spreadsheets open slowly beyond so many notes, and take no more links than 65,530 a sheet.
MOST_NOTES = 2_000
MOST_LINES = 20_000
# What a spreadsheet cuts a cell's text to.
LONGEST_TEXT = 32_767
# With these a spreadsheet may take a text for a formula.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
ERROR_COLOUR, WARNING_COLOUR = "FFC7CE", "FFEB9C"
AUTHOR = "evalib"
# What XML cannot hold.
_NOT_IN_CELLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Spots = Mapping[tuple[str, str], Mapping[str, tuple[int, int]]]
Place = tuple[str, int, int]


@dataclass(frozen=True)
class Mark:
    """A fault at one cell.

    Attributes
    ----------
    sheet
        As faults call it.
    row, column
        Counted from 1; both 0 if the fault is the whole sheet's or file's.
    title
        What the fault calls its column.
    text
        What is wrong in this cell and what to do.
    warning
        Whether it stops no load.
    order
        How many cells of the same fault come before.
    """

    sheet: str
    row: int
    column: int
    title: str
    text: str
    warning: bool
    order: int = 0

    @property
    def called(self) -> str:
        """The cell as a spreadsheet calls it, empty if there is none."""
        return f"{get_column_letter(self.column)}{self.row}" if self.row else ""


@dataclass(frozen=True)
class Noted:
    """A cell to colour.

    Attributes
    ----------
    note
        Everything that is wrong in it; empty beyond `MOST_NOTES` cells.
    warning
        Whether nothing in it stops a load.
    """

    note: str
    warning: bool


def cells_of(fault: Fault, spots: Spots) -> list[str]:
    """The cells of a fault such as "B14", or its column's header; none if its column is not known.

    Parameters
    ----------
    spots
        By file and sheet: what faults call a column → row and column of its header.
    """
    header = spots.get((fault.file, fault.sheet), {}).get(fault.column)
    if header is None:
        return []
    letter = get_column_letter(header[1])
    return [f"{letter}{row}" for row in fault.rows or header[:1]]


def marks_of(faults: Iterable[Fault], grids: Sequence[Grid], spots: Spots, lang: str) -> list[Mark]:
    """Every cell of every fault of one file.

    A fault of a row marks the row's first filled cell, one of a column its header, one
    in a merged area the area's first cell.

    Parameters
    ----------
    faults
        Of this file.
    grids
        Its sheets.
    spots
        As of `cells_of`.
    lang
        Language of the texts.
    """
    sheets = {grid.sheet: _Sheet(grid) for grid in grids}
    marks: list[Mark] = []
    for fault in faults:
        text = replace(fault, rows=fault.rows[:1]).what(lang)
        header = spots.get((fault.file, fault.sheet), {}).get(fault.column)
        sheet = sheets.get(fault.sheet)
        places = [(row, header[1] if header else 0) for row in fault.rows] or [header or (0, 0)]
        for order, (row, column) in enumerate(places):
            place = (row, column) if sheet is None or not row else sheet.cell(row, column)
            marks.append(Mark(fault.sheet, place[0], place[1] or 1, fault.column, text, fault.warning, order))
    return marks


class _Sheet:
    """One sheet's filled cells and merged areas."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.areas: dict[int, list[tuple[int, int, int]]] = {}

    def cell(self, row: int, column: int) -> tuple[int, int]:
        """The cell that can be marked for this one; the row's first filled one if column is 0."""
        if not column:
            cells = self.grid.rows[row - 1] if row <= len(self.grid.rows) else []
            column = next((place for place, cell in enumerate(cells, 1) if not blank(cell)), 1)
        if column not in self.areas:
            self.areas[column] = sorted(
                (top + 1, bottom + 1, left + 1)
                for (top, left), (bottom, right) in self.grid.merged
                if left < column <= right + 1
            )
        areas = self.areas[column]
        found = bisect_right(areas, (row, float("inf"), 0)) - 1
        if found >= 0 and areas[found][1] >= row:
            return areas[found][0], areas[found][2]
        return row, column


def notes(marks: Sequence[Mark]) -> dict[Place, Noted]:
    """Each cell to colour, with its note; every fault has its first cells noted.

    Returns
    -------
    dict
        By sheet, row and column.
    """
    texts: dict[Place, list[str]] = defaultdict(list)
    warned: dict[Place, bool] = defaultdict(lambda: True)
    for mark in sorted((mark for mark in marks if mark.row), key=lambda mark: mark.order):
        place = mark.sheet, mark.row, mark.column
        if mark.text not in texts[place]:
            texts[place].append(mark.text)
        warned[place] &= mark.warning
    return {
        place: Noted(fit("\n".join(said)) if number < MOST_NOTES else "", warned[place])
        for number, (place, said) in enumerate(texts.items())
    }


@dataclass(frozen=True)
class Listing:
    """The first sheet of a copy: what the faults are and where.

    Attributes
    ----------
    title
        Of the sheet; a load passes over it.
    above
        Lines above the table.
    heads
        Of the table's five columns: kind, sheet, cell, column, what to do.
    lines
        One a mark, in the order of the faults.
    below
        A line below the table, or nothing.
    """

    title: str
    above: tuple[str, ...]
    heads: tuple[str, ...]
    lines: tuple[tuple[Mark, tuple[str, ...]], ...]
    below: str


def listing(
    marks: Sequence[Mark], noted: Mapping[Place, Noted], faults: Sequence[Fault], lang: str, how: str
) -> Listing:
    """What the first sheet of a copy says.

    Parameters
    ----------
    how
        What to do with the copy.
    """
    errors = sum(not fault.warning for fault in faults)
    above = [
        message("check_counts", lang, errors=errors, warnings=len(faults) - errors),
        how,
        message("check_private", lang),
        message("check_notes_end", lang, count=MOST_NOTES) if len(noted) > MOST_NOTES else "",
    ]
    kinds = {warned: message("check_warning" if warned else "check_error", lang) for warned in (True, False)}
    kept = set(sorted(range(len(marks)), key=lambda place: marks[place].order)[:MOST_LINES])
    lines = []
    for place, mark in enumerate(marks):
        if place in kept:
            cells = (kinds[mark.warning], shown(mark.sheet), mark.called, shown(mark.title), fit(mark.text))
            lines.append((mark, cells))
    left = len(marks) - len(lines)
    return Listing(
        message("check_sheet", lang),
        tuple(above),
        tuple(message("check_heads", lang).split("|")),
        tuple(lines),
        message("check_more", lang, count=left) if left else "",
    )


def fit(text: str) -> str:
    """A text as a cell can hold it: no control characters, not too long."""
    return _NOT_IN_CELLS.sub("\ufffd", text)[:LONGEST_TEXT]
