"""How far the cells of a sheet reach, and which formulas have no value, read from its bytes.

A look at every row, not at every cell: a sheet of a million cells takes a fraction of
what reading it takes. What it gives is an upper bound where that is small enough, and
exact where the bound is too large.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# About 1000 times the largest table of a district; more is a stray cell far below the last row.
MOST_CELLS = 20_000_000
# A row that is longer holds something else than cells.
LONGEST_ROW = 1 << 26

Place = tuple[int, int]

_START = re.compile(rb"<sheetData(?=[\s/>])[^>]*>")
_END = b"</sheetData"
_ROW, _CELL, _FORMULA = b"<row", b"<c", b"<f"
_PREFIX = re.compile(rb"<(/?)\w+:")
# What a block holds somewhere if names of its tags have a prefix.
_PREFIXED = (b":sheetData", b":row", b":c", b":f", b":v")
_ROW_NUMBER = re.compile(rb"""[^>]*?\sr\s*=\s*["'](\d+)["']""")
_CELLS = re.compile(rb"<c(?=[\s/>])([^>]*)>")
_REFERENCES = re.compile(rb"""<c\s(?:[^>]*?\s)??r\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_FAILED = re.compile(rb"""\st\s*=\s*["']e["']""")
_IS_TEXT = re.compile(rb"""\st\s*=\s*["']str["']""")
# A formula, then no value or an empty one.
_UNCOMPUTED = re.compile(
    rb"<c(?=[\s>])([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f\s*>)\s*(?:</c\s*>|<v\s*/>|<v\s*>\s*</v)"
)


@dataclass(frozen=True)
class Extent:
    """The reach of a sheet's cells.

    Attributes
    ----------
    rows, columns
        The last row and the last column with a cell that holds something, counted from 1;
        where the sheet is not too large, perhaps a later one that is blank.
    errors
        Rows that hold a formula's error value such as #N/A.
    uncomputed
        Row and column of formulas that were saved without their value.
    """

    rows: int
    columns: int
    errors: tuple[int, ...] = ()
    uncomputed: tuple[Place, ...] = ()

    @property
    def too_large(self) -> bool:
        """Whether the reader would need more cells than any table has."""
        return self.rows * self.columns > MOST_CELLS


def extent_of(chunks: Iterable[bytes]) -> Extent:
    """The reach of a sheet, an upper bound, and its formulas without a value or with an error.

    Parameters
    ----------
    chunks
        The bytes of the sheet's XML, cut anywhere; every one is read.

    Raises
    ------
    ValueError
        A row is longer than any.
    """
    found = _Reach()
    for block in _blocks(chunks):
        found.add(block)
    return Extent(found.rows, found.columns, tuple(sorted(found.errors)), tuple(found.uncomputed))


def exact_extent(chunks: Iterable[bytes]) -> Place:
    """The last row and the last column with a cell that holds something, cell by cell.

    A cell that is only coloured, often down to the very last row, takes the reader no room.
    """
    row = column = last_row = last_column = 0
    for block in _blocks(chunks):
        for piece in block.split(_ROW)[1:]:
            number = _ROW_NUMBER.match(piece)
            row, column = int(number[1]) if number else row + 1, 0
            for cell in _CELLS.finditer(piece):
                place = _PLACE.search(cell[1])
                column = column_number(place[1]) if place else column + 1
                row = int(place[2]) if place else row
                if not cell[1].endswith(b"/"):
                    last_row, last_column = max(last_row, row), max(last_column, column)
    return last_row, last_column


def column_number(letters: bytes) -> int:
    """A column as a spreadsheet names it, counted from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


class _Reach:
    """What was seen so far."""

    def __init__(self) -> None:
        self.row = self.rows = self.columns = 0
        self.errors: set[int] = set()
        self.uncomputed: list[Place] = []

    def add(self, block: bytes) -> None:
        """Take in a block of whole rows."""
        places = _REFERENCES.findall(block)
        if places:
            self.rows = max(self.rows, max(map(int, {digits for _, digits in places})))
            self.columns = max(self.columns, max(map(column_number, {letters for letters, _ in places})))
        cells = block.count(_CELL)
        failed = _FAILED.search(block) is not None
        open_formulas = _FORMULA in block and _UNCOMPUTED.search(block) is not None
        for piece in block.split(_ROW)[1:]:
            number = _ROW_NUMBER.match(piece)
            self.row = int(number[1]) if number else self.row + 1
            self.rows = max(self.rows, self.row)
            if not places:
                self.columns = max(self.columns, piece.count(_CELL))
            elif len(places) != cells:
                self.columns = max(self.columns, *_columns(piece), 0)
            if failed and any(_FAILED.search(cell[1]) for cell in _CELLS.finditer(piece)):
                self.errors.add(self.row)
            if open_formulas:
                self._add_uncomputed(piece)

    def _add_uncomputed(self, piece: bytes) -> None:
        for cell in _UNCOMPUTED.finditer(piece):
            # A formula whose result is the empty text is saved with an empty value.
            if not _IS_TEXT.search(cell[1]):
                columns = _columns(piece[: cell.end(1) + 1])
                self.uncomputed.append((self.row, columns[-1]))


def _columns(piece: bytes) -> list[int]:
    """The column of each cell of a row; one that does not say it follows the one before."""
    columns = [0]
    for cell in _CELLS.finditer(piece):
        place = _PLACE.search(cell[1])
        columns.append(column_number(place[1]) if place else columns[-1] + 1)
    return columns[1:]


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The rows of a sheet in blocks of whole rows, tags without prefixes; all chunks are drawn."""
    rest = b""
    started = ended = False
    for chunk in chunks:
        if ended:
            continue
        rest += chunk
        if len(rest) > LONGEST_ROW:
            raise ValueError("a row without an end")
        if any(one in rest for one in _PREFIXED):
            rest = _PREFIX.sub(rb"<\1", rest)
        if not started:
            start = _START.search(rest)
            if start is None:
                # What stands before the rows is short; only a tag cut in two matters.
                rest = rest[-(1 << 16) :]
                continue
            started, rest = True, rest[start.end() :]
        end = rest.find(_END)
        ended = end >= 0
        cut = end if ended else rest.rfind(_ROW)
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
    if started and not ended:
        yield rest
