"""Cells as they were read → a workbook written anew, with marks, notes and the list of faults."""

from __future__ import annotations

import datetime
import io
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import OverlappingRange
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from evalib.intake.marks import (
    AUTHOR,
    ERROR_COLOUR,
    STARTS_FORMULA,
    WARNING_COLOUR,
    Listing,
    Noted,
    Place,
    fit,
)
from evalib.intake.workbooks import Grid, blank
from evalib.messages import message
from evalib.vocabulary import LANGUAGES

# What Excel allows in a sheet's name, in UTF-16 units.
_LONGEST_TITLE = 31
_NOT_IN_TITLES = frozenset("\\*?:/[]")
# From here on a number loses digits in a spreadsheet.
_TOO_LONG = 10**15
# A merged area is written cell by cell.
_MOST_MERGED = 10_000
_ROWS_LOOKED_AT, _NARROWEST, _WIDEST = 50, 8, 40
# As text a number that someone types keeps its digits.
_TEXT = "@"
_DATE, _MOMENT, _TIME, _DURATION = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss", "[h]:mm:ss"


def rewritten(grids: Sequence[Grid], noted: Mapping[Place, Noted], told: Listing) -> bytes:
    """An .xlsx of these sheets, the list of faults before them.

    Parameters
    ----------
    grids
        The sheets; none, and the list is all there is.
    noted
        Cells to colour, by sheet, row and column.
    told
        What the first sheet says.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    writer = _Writer(book)
    names: dict[str, str] = {}
    for grid in grids:
        if not is_check_sheet(grid.sheet):
            names[grid.sheet] = sheet_title(grid.sheet, [told.title, *names.values()])
    writer.list(told, names)
    by_sheet: dict[str, dict[tuple[int, int], Noted]] = {name: {} for name in names}
    for (name, row, column), one in noted.items():
        if name in by_sheet:
            by_sheet[name][row - 1, column - 1] = one
    for grid in grids:
        if grid.sheet in names:
            writer.sheet(book.add_worksheet(names[grid.sheet]), grid, by_sheet[grid.sheet])
    book.close()
    return content.getvalue()


def is_check_sheet(name: str) -> bool:
    """Whether a sheet is the list of an earlier check."""
    return name.casefold() in {message("check_sheet", lang).casefold() for lang in LANGUAGES}


def sheet_title(name: str, taken: Sequence[str]) -> str:
    """A name that a sheet of an .xlsx can have, unlike those that are taken.

    Examples
    --------
    >>> sheet_title("../../x", []), sheet_title("甲", ["甲"])
    ('.._.._x', '甲 (2)')
    """
    allowed = "".join("_" if one in _NOT_IN_TITLES or not one.isprintable() else one for one in name)
    plain = _cut(allowed.strip("' "), _LONGEST_TITLE) or "Sheet1"
    title, number = plain, 1
    while title.casefold() in {one.casefold() for one in taken}:
        number += 1
        title = f"{_cut(plain, _LONGEST_TITLE - 6)} ({number})"
    return title


def _cut(text: str, length: int) -> str:
    return text.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore").rstrip("' ")


class _Writer:
    """Writes sheets of one book, each kind of format made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **looks: Any) -> Format | None:
        """A cell's looks; None for plain ones."""
        key = tuple(sorted((name, value) for name, value in looks.items() if value))
        if key and key not in self.formats:
            self.formats[key] = self.book.add_format(dict(key))
        return self.formats[key] if key else None

    def sheet(self, sheet: Worksheet, grid: Grid, noted: Mapping[tuple[int, int], Noted]) -> None:
        """The cells of one sheet, those at fault coloured and noted."""
        self._merge(sheet, grid)
        self._widths(sheet, grid)
        text = self.format(num_format=_TEXT)
        for row, cells in enumerate(grid.rows):
            for column, value in enumerate(cells):
                if value.__class__ is str and value and value[0] not in STARTS_FORMULA:
                    sheet.write_string(row, column, fit(value), text)
                elif not blank(value):
                    self._put(sheet, row, column, value, "")
        for (row, column), one in noted.items():
            cells = grid.rows[row] if row < len(grid.rows) else []
            value = cells[column] if column < len(cells) else ""
            self._put(sheet, row, column, value, WARNING_COLOUR if one.warning else ERROR_COLOUR)
            if one.note:
                looks = {"author": AUTHOR, "width": 320, "height": 110}
                sheet.write_comment(row, column, one.note, looks)

    def list(self, told: Listing, names: Mapping[str, str]) -> None:
        """The first sheet; cells link to the sheets' new names."""
        sheet = self.book.add_worksheet(told.title)
        sheet.write_string(0, 0, told.title, self.format(bold=True, font_size=14))
        for row, text in enumerate(told.above, 1):
            sheet.write_string(row, 0, text)
        first = len(told.above) + 1
        for column, text in enumerate(told.heads):
            sheet.write_string(first, column, text, self.format(bold=True))
        link, wrapped = self.format(font_color="0563C1", underline=1), self.format(text_wrap=1, valign="top")
        for row, (mark, texts) in enumerate(told.lines, first + 1):
            for column, text in enumerate(texts):
                self._put(sheet, row, column, text, "")
            colour = WARNING_COLOUR if mark.warning else ERROR_COLOUR
            sheet.write_string(row, 0, texts[0], self.format(bg_color=f"#{colour}"))
            if mark.row and mark.sheet in names:
                target = names[mark.sheet].replace("'", "''")
                sheet.write_url(row, 2, f"internal:'{target}'!{mark.called}", link, texts[2])
            sheet.write_string(row, 4, texts[4], wrapped)
        if told.below:
            sheet.write_string(first + len(told.lines) + 1, 0, told.below)
        for column, width in enumerate((8, 18, 10, 18, 90)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(first + 1, 0)

    def _put(self, sheet: Worksheet, row: int, column: int, value: Any, colour: str) -> None:
        looks: dict[str, Any] = {"bg_color": f"#{colour}" if colour else ""}
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value, self.format(**looks))
        elif isinstance(value, numbers.Real) and abs(float(value)) < _TOO_LONG:
            sheet.write_number(row, column, float(value), self.format(**looks))
        elif (form := _date_form(value)) is not None:
            sheet.write_datetime(row, column, value, self.format(num_format=form, **looks))
        elif blank(value):
            sheet.write_blank(row, column, None, self.format(num_format=_TEXT, **looks))
        else:
            text = fit(str(value))
            quoted = text.startswith(STARTS_FORMULA)
            looks |= {"num_format": _TEXT, "quote_prefix": quoted}
            sheet.write_string(row, column, text, self.format(**looks))

    def _widths(self, sheet: Worksheet, grid: Grid) -> None:
        """Columns as wide as the longest of their first cells, Chinese characters counted twice."""
        widths: dict[int, int] = {}
        for cells in grid.rows[1:_ROWS_LOOKED_AT]:
            for column, value in enumerate(cells):
                length = len(str(value).encode("gb18030", "replace"))
                widths[column] = max(widths.get(column, 0), length)
        for column, length in widths.items():
            sheet.set_column(column, column, min(max(length + 2, _NARROWEST), _WIDEST))

    def _merge(self, sheet: Worksheet, grid: Grid) -> None:
        width = max((len(row) for row in grid.rows), default=0)
        for (top, left), (bottom, right) in grid.merged:
            bottom, right = min(bottom, len(grid.rows) - 1), min(right, width - 1)
            several = bottom > top or right > left
            if several and top <= bottom and left <= right:
                if (bottom - top + 1) * (right - left + 1) > _MOST_MERGED:
                    continue
                try:
                    sheet.merge_range(top, left, bottom, right, "")
                except OverlappingRange:
                    continue


def _date_form(value: Any) -> str | None:
    """How a date or time is shown; None for what a spreadsheet can hold as text alone."""
    if isinstance(value, datetime.datetime):
        moment = value.hour or value.minute or value.second
        return (_MOMENT if moment else _DATE) if value.tzinfo is None and value.year >= 1900 else None
    if isinstance(value, datetime.date):
        return _DATE if value.year >= 1900 else None
    if isinstance(value, datetime.time):
        return _TIME
    return _DURATION if isinstance(value, datetime.timedelta) else None
