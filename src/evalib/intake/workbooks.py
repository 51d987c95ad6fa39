"""Files as received → grids of cells, whatever the format."""

from __future__ import annotations

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from evalib.errors import Fault
from evalib.intake.archives import MOST_BYTES, compare_checksums, sheet_extents, unpacks_too_large
from evalib.intake.extents import Extent, Place

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES = (*WORKBOOKS, ".csv", ".parquet")
# What a district may take for a table and this reader does not.
FOREIGN = (".et", ".ett", ".numbers", ".tsv", ".zip", ".rar", ".7z", ".mdb", ".accdb", ".dbf", ".sav", ".dta")

# Lies in a folder of annotated copies: nothing in there is read.
COPIES = ".evalib-copies.json"

# What the readers raise at a damaged or locked file; RuntimeError is `zipfile`'s for a password, and
# its child NotImplementedError for a compression that it does not know.
_DAMAGED = (
    CalamineError,
    OSError,
    ValueError,
    RuntimeError,
    EOFError,
    LookupError,
    struct.error,
    csv.Error,
    pa.ArrowException,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet, from its first row on.

    Attributes
    ----------
    file, sheet
        Where it stands; `sheet` is empty for a file that has only one.
    rows
        One list a row, "" where a cell is blank; row 1 of the sheet is `rows[0]`.
    errors
        Rows that hold a formula's error value such as #N/A (workbooks read it as blank).
    merged
        Merged cells: index of row and column of the first and of the last cell.
    uncomputed
        Row and column, counted from 1, of formulas saved without their value (workbooks
        read them as blank).
    """

    file: str
    sheet: str
    rows: list[list[Any]]
    errors: tuple[int, ...] = ()
    merged: tuple[Range, ...] = ()
    uncomputed: tuple[Place, ...] = ()


def find_files(folder: Path) -> tuple[list[Path], list[Fault]]:
    """The files of a folder that can hold tables, by name, and warnings about others.

    Files that an office program keeps open (`~$…`), hidden files, what lies in hidden folders
    and in folders of annotated copies are passed over.
    """
    places = [folder] if folder.is_file() else sorted(folder.rglob("*"), key=lambda path: path.as_posix())
    copies = {path.parent for path in places if path.name == COPIES}
    paths = [
        path
        for path in places
        if path.is_file()
        and not path.name.startswith("~$")
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and copies.isdisjoint(path.parents)
    ]
    tables = [path for path in paths if path.suffix.lower() in SUFFIXES]
    foreign = [path for path in paths if path.suffix.lower() in FOREIGN]
    allowed = " ".join(SUFFIXES)
    faults = [
        Fault(path.name, "format_not_read", fields={"allowed": allowed}, warning=True) for path in foreign
    ]
    return tables, faults


def read_grids(path: Path, name: str) -> tuple[list[Grid], list[Fault]]:
    """Every visible sheet of one file.

    Parameters
    ----------
    path
        An Excel or OpenDocument workbook, CSV (UTF-8 or GB18030) or Parquet.
    name
        What faults call the file.

    Returns
    -------
    tuple
        Grids in the file's order, and faults: one if the file cannot be read at
        all, is too large or has no filled cell to be seen; one for each sheet that
        is too large; a warning for each hidden sheet.
    """
    try:
        grids, faults = _read(path, name)
    except UnicodeDecodeError:
        return [], [Fault(name, "encoding_unknown")]
    except _CutShortError:
        return [], [Fault(name, "file_cut_short")]
    except _DAMAGED:
        return [], [Fault(name, "file_unreadable")]
    except BaseException as error:
        # A panic of the reader's Rust side is no Exception, and no module offers its class.
        if type(error).__name__ != "PanicException":
            raise
        return [], [Fault(name, "file_unreadable")]
    told = any(not fault.warning for fault in faults)
    if not told and all(blank_row(row) for grid in grids for row in grid.rows):
        faults.append(Fault(name, "file_empty"))
    return grids, faults


def blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell


def blank_row(row: Sequence[Any]) -> bool:
    """Whether a row holds nothing; told fast where there are a million of them."""
    return row.count("") == len(row) or all(blank(cell) for cell in row)


def _read(path: Path, name: str) -> tuple[list[Grid], list[Fault]]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return [Grid(name, "", _csv_rows(path.read_bytes()))], []
    if suffix == ".parquet":
        return [Grid(name, "", _parquet_rows(path))], []
    return _workbook(path, name)


def _workbook(path: Path, name: str) -> tuple[list[Grid], list[Fault]]:
    if unpacks_too_large(path):
        return [], [Fault(name, "file_too_large", fields={"gigabytes": MOST_BYTES // 10**9})]
    suffix = path.suffix.lower()
    extents = {} if suffix == ".xls" else sheet_extents(path)
    compare_checksums(path, sheets_too=suffix not in (".xlsx", ".xlsm", ".xlsb"))
    if suffix in (".ods", ".xlsb"):
        # Their reader makes every cell of every sheet at once.
        beyond = [_too_large(name, sheet, one) for sheet, one in extents.items() if one.too_large]
        if beyond:
            return [], beyond
    workbook = CalamineWorkbook.from_path(str(path))
    if not workbook.sheets_metadata:
        return [], [Fault(name, "file_unreadable")]
    grids: list[Grid] = []
    faults: list[Fault] = []
    for sheet in workbook.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != SheetVisibleEnum.Visible:
            faults.append(Fault(name, "hidden_sheet", sheet=sheet.name, warning=True))
            continue
        extent = extents.get(sheet.name, Extent(0, 0))
        if extent.too_large:
            faults.append(_too_large(name, sheet.name, extent))
            continue
        content = workbook.get_sheet_by_name(sheet.name)
        rows = content.to_python(skip_empty_area=False)
        merged = tuple(content.merged_cell_ranges or ())
        grids.append(Grid(name, sheet.name, rows, extent.errors, merged, extent.uncomputed))
    return grids, faults


def _too_large(name: str, sheet: str, extent: Extent) -> Fault:
    fields = {"height": extent.rows, "width": extent.columns}
    return Fault(name, "sheet_too_large", sheet=sheet, fields=fields)


class _CutShortError(ValueError):
    """A CSV that stops within a row."""


def _csv_rows(content: bytes) -> list[list[Any]]:
    """The rows down to the last filled one.

    Raises
    ------
    UnicodeDecodeError
        The text is neither UTF-8 nor GB18030.
    _CutShortError
        The file stops within a character, a quotation or a row.
    """
    text = _decoded(content)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise _CutShortError from None
        raise
    if not text.endswith(("\n", "\r")) and _stops_within_a_row(rows):
        raise _CutShortError
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    return list(rows)


def _decoded(content: bytes) -> str:
    if content.endswith(b"\0\0\0\0"):
        # What a disk leaves where nothing was written yet.
        raise _CutShortError
    cut = False
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at_end = error.reason == "unexpected end of data" and error.end == len(error.object)
        cut = at_end and not content[: error.start].isascii()
    if cut:
        raise _CutShortError
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        if error.reason == "incomplete multibyte sequence" and error.end == len(content):
            raise _CutShortError from None
        raise


def _stops_within_a_row(rows: list[list[str]]) -> bool:
    """Whether the last row has fewer cells than all others of the table; a remark below it may have one."""
    *others, last = rows or [[]]
    widths = {len(row) for row in others if len(row) > 1}
    if len(widths) != 1 or len(last) >= max(widths):
        return False
    return len(last) > 1 or (len(others[-1]) > 1 and last[:1] > [""] and last[0][:1] == others[-1][0][:1])


def _parquet_rows(path: Path) -> list[list[Any]]:
    frame = pd.read_parquet(path, page_checksum_verification=True)
    cells = frame.astype(object).where(frame.notna(), "")
    return [[str(name) for name in frame.columns], *cells.to_numpy().tolist()]
