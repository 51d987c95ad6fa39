"""Files as received → grids of cells, whatever the format."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from evalib.errors import Fault

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES = (*WORKBOOKS, ".csv", ".parquet")
# What a district may take for a table and this reader does not.
FOREIGN = (".et", ".ett", ".numbers", ".tsv", ".zip", ".rar", ".7z", ".mdb", ".accdb", ".dbf", ".sav", ".dta")

_ERROR_CELL = re.compile(rb'<c r="[A-Z]+(\d+)"[^>]*\bt="e"')


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
    """

    file: str
    sheet: str
    rows: list[list[Any]]
    errors: tuple[int, ...] = ()


def find_files(folder: Path) -> tuple[list[Path], list[Fault]]:
    """The files of a folder that can hold tables, by name, and warnings about others.

    Files that an office program keeps open (`~$…`) and hidden files are passed over.
    """
    places = [folder] if folder.is_file() else sorted(folder.rglob("*"), key=lambda path: path.as_posix())
    paths = [path for path in places if path.is_file() and not path.name.startswith(("~$", "."))]
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
        all, a warning for each hidden sheet.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            return [Grid(name, "", _csv_rows(path.read_bytes()))], []
        if suffix == ".parquet":
            return [Grid(name, "", _parquet_rows(path))], []
        return _workbook(path, name)
    except UnicodeDecodeError:
        return [], [Fault(name, "encoding_unknown")]
    except (CalamineError, OSError, ValueError, csv.Error, pa.ArrowException, zipfile.BadZipFile):
        return [], [Fault(name, "file_unreadable")]


def _workbook(path: Path, name: str) -> tuple[list[Grid], list[Fault]]:
    workbook = CalamineWorkbook.from_path(str(path))
    errors = _error_rows(path) if path.suffix.lower() in (".xlsx", ".xlsm") else {}
    grids, faults = [], []
    for sheet in workbook.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if sheet.visible != SheetVisibleEnum.Visible:
            faults.append(Fault(name, "hidden_sheet", sheet=sheet.name, warning=True))
            continue
        rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
        grids.append(Grid(name, sheet.name, rows, errors.get(sheet.name, ())))
    return grids, faults


def _error_rows(path: Path) -> dict[str, tuple[int, ...]]:
    """Rows with error values by sheet, found in the markup: the reader turns them into blanks."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for sheet, part in _sheet_parts(archive):
            rows = sorted({int(row) for row in _ERROR_CELL.findall(archive.read(part))})
            if rows:
                found[sheet] = tuple(rows)
    return found


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return
    try:
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    except ElementTree.ParseError:
        return
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in book.iterfind(".//{*}sheet"):
        identifier = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        target = targets.get(identifier, "")
        part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        if part in names:
            yield sheet.get("name", ""), part


def _csv_rows(content: bytes) -> list[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _parquet_rows(path: Path) -> list[list[Any]]:
    frame = pd.read_parquet(path)
    cells = frame.astype(object).where(frame.notna(), "")
    return [[str(name) for name in frame.columns], *cells.to_numpy().tolist()]
