"""A faulty workbook → a copy in which the faulty cells are marked, noted and listed.

An .xlsx keeps its formats where it is not too large; of any other file the cells are
written anew. Values are those that were read: a formula becomes what it showed, and no
formula is ever written.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from evalib.errors import Fault
from evalib.intake.marks import (
    AUTHOR,
    ERROR_COLOUR,
    STARTS_FORMULA,
    WARNING_COLOUR,
    Listing,
    Noted,
    Place,
    Spots,
    fit,
    listing,
    marks_of,
    notes,
)
from evalib.intake.rewritten import is_check_sheet, rewritten
from evalib.intake.workbooks import Grid
from evalib.messages import message

# Keeping formats takes about 1 kB of memory and 30 µs a cell, writing anew a quarter of that.
MOST_KEPT_CELLS = 100_000
MOST_KEPT_BYTES = 50_000_000
# Of a workbook with still more cells the faults are listed alone.
MOST_CELLS = 3_000_000

# What openpyxl raises at a workbook that spreadsheets write otherwise than it expects.
_ODD = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    ElementTree.ParseError,
)


def annotated_copy(
    path: Path, grids: Sequence[Grid], faults: Sequence[Fault], spots: Spots, lang: str, *, whole: bool = True
) -> bytes:
    """A workbook (.xlsx) to mend and to hand in again.

    Parameters
    ----------
    path
        The file as received.
    grids
        Its visible sheets as they were read.
    faults
        Of this file, warnings among them.
    spots
        By file and sheet: what faults call a column → row and column of its header.
    lang
        Language of notes and list.
    whole
        Whether `grids` are all that the file holds; of a part no copy can be handed in.

    Returns
    -------
    bytes
        Its first sheet lists the faults, with links; a load passes over that sheet.
        Where `whole` is false, or of more than `MOST_CELLS` cells, that list is all there is.
    """
    cells = sum(len(row) for grid in grids for row in grid.rows)
    marks = marks_of(faults, grids, spots, lang)
    noted = notes(marks)
    complete = whole and cells <= MOST_CELLS
    told = listing(marks, noted, faults, lang, message("check_how" if complete else "check_list_only", lang))
    if complete and cells <= MOST_KEPT_CELLS and path.suffix.lower() in (".xlsx", ".xlsm"):
        try:
            with warnings.catch_warnings():
                # Of what it cannot keep (a drawing, a newer kind of drop-down) nothing is needed here.
                warnings.simplefilter("ignore")
                return _kept(path, grids, noted, told)
        except _ODD:
            pass
    return rewritten(grids if complete else (), noted, told)


def _kept(path: Path, grids: Sequence[Grid], noted: Mapping[Place, Noted], told: Listing) -> bytes:
    """The workbook as it is, but for what is marked.

    Raises
    ------
    Exception
        One of `_ODD`, if the workbook is one that openpyxl cannot keep.
    """
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_KEPT_BYTES:
            raise ValueError("too large to keep")
    book = load_workbook(path, data_only=True, keep_links=False)
    if not {grid.sheet for grid in grids} <= set(book.sheetnames):
        raise LookupError("sheets under other names")
    for title in [title for title in book.sheetnames if is_check_sheet(title)]:
        del book[title]
    for sheet in book.worksheets:
        _make_plain(sheet)
    for (title, row, column), one in noted.items():
        if title in book.sheetnames:
            _mark(book[title], row, column, one)
    _list(book, told)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _make_plain(sheet: Worksheet) -> None:
    """Marks text as text where it could pass for a formula, and takes away notes of an earlier check."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, MergedCell):
                continue
            if isinstance(cell.value, str) and cell.data_type != "e":
                if cell.value.startswith(STARTS_FORMULA):
                    cell.quotePrefix = True
                cell.data_type = "s"
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment = None
                if str(cell.fill.fgColor.rgb)[-6:] in (ERROR_COLOUR, WARNING_COLOUR):
                    cell.fill = PatternFill()


def _mark(sheet: Worksheet, row: int, column: int, one: Noted) -> None:
    cell = sheet.cell(row, column)
    cell.fill = PatternFill("solid", fgColor=f"FF{WARNING_COLOUR if one.warning else ERROR_COLOUR}")
    if one.note and not isinstance(cell, MergedCell):
        before = [cell.comment.text] if cell.comment is not None else []
        cell.comment = Comment("\n".join([*before, one.note]), AUTHOR, height=110, width=320)


def _list(book: Workbook, told: Listing) -> None:
    sheet = book.create_sheet(told.title, 0)
    for row, text in enumerate((told.title, *told.above), 1):
        _put_text(sheet.cell(row, 1), text)
    first = len(told.above) + 2
    sheet["A1"].font = Font(bold=True, size=14)
    for column, text in enumerate(told.heads, 1):
        _put_text(sheet.cell(first, column), text)
        sheet.cell(first, column).font = Font(bold=True)
    for row, (mark, texts) in enumerate(told.lines, first + 1):
        for column, text in enumerate(texts, 1):
            _put_text(sheet.cell(row, column), text)
        if mark.row and mark.sheet in book.sheetnames:
            target = mark.sheet.replace("'", "''")
            sheet.cell(row, 3).hyperlink = Hyperlink(ref="", location=f"'{target}'!{mark.called}")
            sheet.cell(row, 3).font = Font(color="FF0563C1", underline="single")
        colour = WARNING_COLOUR if mark.warning else ERROR_COLOUR
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=f"FF{colour}")
        sheet.cell(row, 5).alignment = Alignment(wrap_text=True, vertical="top")
    if told.below:
        _put_text(sheet.cell(first + len(told.lines) + 1, 1), told.below)
    for letter, width in zip("ABCDE", (8, 18, 10, 18, 90), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"A{first + 1}"
    for one in book.worksheets:
        one.sheet_view.tabSelected = one is sheet
    book.active = 0


def _put_text(cell: Cell, text: str) -> None:
    cell.value = fit(text)
    cell.data_type = "s"
    if text.startswith(STARTS_FORMULA):
        cell.quotePrefix = True
