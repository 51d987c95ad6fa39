"""A faulty workbook → a copy in which the faulty cells are marked, noted and listed.

Written with openpyxl, which keeps an .xlsx as it is but for what is changed. Values are
those that were read: a formula becomes what it showed, and no formula is ever written.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from evalib.errors import Fault, shown
from evalib.intake.workbooks import Grid, blank
from evalib.messages import message

# About 1 kB of memory a cell is needed to mark a workbook; of a larger one faults are listed alone.
MOST_CELLS = 300_000
# Spreadsheets open slowly beyond so many notes, and take no more links than 65,530 a sheet.
MOST_NOTES = 2_000
MOST_LINES = 20_000

ERROR_COLOUR, WARNING_COLOUR = "FFFFC7CE", "FFFFEB9C"
AUTHOR = "evalib"
_LONGEST_TITLE = 31
_LONGEST_TEXT = 32_767
_NOT_IN_TITLES = re.compile(r"[\\*?:/\[\]\x00-\x1f]")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# What openpyxl raises at a workbook that spreadsheets write otherwise than it expects.
_ODD = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    ElementTree.ParseError,
)

Spots = Mapping[tuple[str, str], Mapping[str, tuple[int, int]]]
# A fault at one cell: its sheet and cell where there is one, how it is called, the fault of this row alone.
_Mark = tuple[str, "Cell | None", str, Fault]


def annotated_copy(
    path: Path, grids: Sequence[Grid], faults: Sequence[Fault], spots: Spots, lang: str
) -> Workbook:
    """A workbook to mend and to hand in again.

    Parameters
    ----------
    path
        The file as received. An .xlsx keeps its formats; of any other the cells are
        written as text and numbers.
    grids
        Its visible sheets as they were read.
    faults
        Of this file, warnings among them.
    spots
        By file and sheet: what faults call a column → row and column of its header.
    lang
        Language of notes and list.

    Returns
    -------
    Workbook
        Its first sheet lists the faults, with links; a load passes over that sheet.
        Of more than `MOST_CELLS` cells that list is all there is.
    """
    whole = sum(len(row) for grid in grids for row in grid.rows) <= MOST_CELLS
    book, names = _opened(path, grids) if whole else (Workbook(), {})
    _without_earlier_check(book, keep=bool(names))
    for title in names.values():
        _make_text_stay_text(book[title])
    marks = [mark for fault in faults for mark in _marks(book, names, fault, spots)]
    noted = _mark_cells(marks, lang)
    _list_faults(book, marks, faults, lang, whole=whole, noted=noted)
    return book


def _opened(path: Path, grids: Sequence[Grid]) -> tuple[Workbook, dict[str, str]]:
    """The workbook, and sheet as faults call it → title of its sheet in there."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        try:
            with warnings.catch_warnings():
                # Of what it cannot keep (a drawing, a newer kind of drop-down) nothing is needed here.
                warnings.simplefilter("ignore")
                book = load_workbook(path, data_only=True, keep_links=False)
            if {grid.sheet for grid in grids} <= set(book.sheetnames):
                return book, {grid.sheet: grid.sheet for grid in grids}
        except _ODD:
            pass
    return _written(grids)


def _written(grids: Sequence[Grid]) -> tuple[Workbook, dict[str, str]]:
    book = Workbook()
    book.remove(book.active)
    names: dict[str, str] = {}
    for grid in grids:
        names[grid.sheet] = _title(grid.sheet or "Sheet1", set(names.values()))
        sheet = book.create_sheet(names[grid.sheet])
        for row, cells in enumerate(grid.rows, 1):
            for column, value in enumerate(cells, 1):
                if not blank(value):
                    _put(sheet.cell(row, column), value)
        for (top, left), (bottom, right) in grid.merged:
            sheet.merge_cells(
                start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1
            )
    return book, names


def _title(name: str, taken: set[str]) -> str:
    """A name that a sheet of an .xlsx can have, unlike those that are taken."""
    plain = _NOT_IN_TITLES.sub("_", name).strip("'")[:_LONGEST_TITLE] or "Sheet1"
    title, number = plain, 1
    while title.casefold() in {one.casefold() for one in taken}:
        number += 1
        title = f"{plain[: _LONGEST_TITLE - 5]} ({number})"
    return title


def _put(cell: Cell, value: Any) -> None:
    if isinstance(value, bool | datetime.date | datetime.time | datetime.timedelta) or (
        isinstance(value, int | float) and abs(value) < float("inf")
    ):
        cell.value = value
    else:
        _put_text(cell, str(value))


def _put_text(cell: Cell, text: str) -> None:
    cell.set_explicit_value(ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_LONGEST_TEXT], "s")
    if text.startswith(_STARTS_FORMULA):
        cell.quotePrefix = True


def _make_text_stay_text(sheet: Worksheet) -> None:
    """Text that a spreadsheet could take for a formula is marked as text."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, MergedCell) or not isinstance(cell.value, str):
                continue
            if cell.data_type == "f" or (cell.data_type != "e" and cell.value.startswith(_STARTS_FORMULA)):
                _put_text(cell, cell.value)


def _without_earlier_check(book: Workbook, *, keep: bool) -> None:
    """Takes away the list, notes and colours of a check before this one."""
    for title in {message("check_sheet", lang) for lang in ("zh", "en")} & set(book.sheetnames):
        del book[title]
    for sheet in book.worksheets if keep else ():
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment is not None and cell.comment.author == AUTHOR:
                    cell.comment = None
                    if cell.fill.fgColor.rgb in (ERROR_COLOUR, WARNING_COLOUR):
                        cell.fill = PatternFill()


def _marks(book: Workbook, names: Mapping[str, str], fault: Fault, spots: Spots) -> list[_Mark]:
    """The cells of a fault: those of its rows, or its column's header, or none."""
    title = names.get(fault.sheet)
    header = spots.get((fault.file, fault.sheet), {}).get(fault.column)
    places = [(row, header[1] if header else None) for row in fault.rows] or ([header] if header else [])
    if not places:
        return [(fault.sheet, None, "", fault)]
    marks: list[_Mark] = []
    for row, column in places:
        cell = None if title is None else _cell(book[title], row, column)
        called = cell.coordinate if cell is not None else f"{get_column_letter(column or 1)}{row}"
        marks.append((fault.sheet, cell, called, replace(fault, rows=(row,) if fault.rows else ())))
    return marks


def _cell(sheet: Worksheet, row: int, column: int | None) -> Cell:
    if column is None:
        filled = (cell for cell in sheet[row] if not isinstance(cell, MergedCell) and not blank(cell.value))
        return next(filled, sheet.cell(row, 1))
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        inside = (area for area in sheet.merged_cells.ranges if cell.coordinate in area)
        area = next(inside)
        cell = sheet.cell(area.min_row, area.min_col)
    return cell


def _mark_cells(marks: Sequence[_Mark], lang: str) -> int:
    """Colours and notes; how many cells have a note."""
    texts: dict[int, list[str]] = {}
    cells: dict[int, tuple[Cell, bool]] = {}
    for _, cell, _, fault in marks:
        if cell is None:
            continue
        said = texts.setdefault(id(cell), [])
        if fault.what(lang) not in said:
            said.append(fault.what(lang))
        _, only_warned = cells.get(id(cell), (cell, True))
        cells[id(cell)] = cell, only_warned and fault.warning
    for number, (key, (cell, only_warned)) in enumerate(cells.items()):
        cell.fill = PatternFill("solid", fgColor=WARNING_COLOUR if only_warned else ERROR_COLOUR)
        if number < MOST_NOTES:
            before = [cell.comment.text] if cell.comment is not None else []
            note = Comment("\n".join([*before, *texts[key]]), AUTHOR, height=110, width=320)
            cell.comment = note
    return min(len(cells), MOST_NOTES)


def _list_faults(
    book: Workbook, marks: Sequence[_Mark], faults: Sequence[Fault], lang: str, *, whole: bool, noted: int
) -> None:
    title = message("check_sheet", lang)
    sheet = book.create_sheet(title, 0)
    errors = sum(not fault.warning for fault in faults)
    sheet.append([title])
    counts = {"errors": errors, "warnings": len(faults) - errors}
    sheet.append([message("check_counts", lang, **counts)])
    sheet.append([message("check_how" if whole else "check_list_only", lang, cells=MOST_CELLS)])
    sheet.append([message("check_private", lang)])
    sheet.append([])
    sheet.append(message("check_heads", lang).split("|"))
    for line, (name, cell, called, fault) in enumerate(marks[:MOST_LINES], start=sheet.max_row + 1):
        kind = message("check_warning" if fault.warning else "check_error", lang)
        for column, text in enumerate((kind, name, called, fault.column, fault.what(lang)), 1):
            _put_text(sheet.cell(line, column), shown(text) if column in (2, 4) else text)
        if cell is not None:
            target = str(cell.parent.title).replace("'", "''")
            sheet.cell(line, 3).hyperlink = f"#'{target}'!{cell.coordinate}"
            sheet.cell(line, 3).font = Font(color="FF0563C1", underline="single")
        colour = WARNING_COLOUR if fault.warning else ERROR_COLOUR
        sheet.cell(line, 1).fill = PatternFill("solid", fgColor=colour)
        sheet.cell(line, 5).alignment = Alignment(wrap_text=True, vertical="top")
    if len(marks) > MOST_LINES:
        sheet.append([message("check_more", lang, count=len(marks) - MOST_LINES)])
    _dress(sheet)
    if noted == MOST_NOTES:
        sheet["A5"] = message("check_notes_end", lang, count=MOST_NOTES)
    for one in book.worksheets:
        one.sheet_view.tabSelected = one is sheet
    book.active = 0


def _dress(sheet: Worksheet) -> None:
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[6]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDE", (8, 18, 10, 18, 90), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A7"
