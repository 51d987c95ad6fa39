"""The same rows in every format that a district hands in; .xls and .ods as small as they can be."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import xlsxwriter

Rows = Sequence[Sequence[Any]]
Range = tuple[int, int, int, int]

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xlsx(path: Path, rows: Rows, merged: Sequence[Range] = (), sheet: str = "Sheet1") -> None:
    """One sheet; `merged` are first row, first column, last row and last column, from 0."""
    options = {"strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        page = book.add_worksheet(sheet)
        for place, row in enumerate(rows):
            page.write_row(place, 0, row)
        for top, left, bottom, right in merged:
            page.merge_range(top, left, bottom, right, rows[top][left])


def ods(path: Path, rows: Rows, sheet: str = "Sheet1") -> None:
    """An OpenDocument spreadsheet of text and numbers."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"'
        f' xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="{escape(sheet)}">{body}'
        f"</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )


def xls(path: Path, rows: Rows, sheet: str = "Sheet1") -> None:
    """A workbook of Excel 97: one sheet of text and numbers in the container of its time."""
    cells = b"".join(
        _xls_cell(row, column, cell)
        for row, line in enumerate(rows)
        for column, cell in enumerate(line)
        if cell != ""
    )
    end, name = _record(0x0A, b""), sheet.encode("utf-16-le")
    begin = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0x1FAA, 1997, 0, 6))
    described = struct.pack("<HBB", 0, len(sheet), 1) + name
    page = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x1FAA, 1997, 0, 6))
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    start = len(begin) + len(_record(0x85, b"0000" + described)) + len(end)
    book = begin + _record(0x85, struct.pack("<I", start) + described) + end
    path.write_bytes(_container(book + page + _record(0x200, size) + cells + end))


def text(encoding: str) -> Callable[[Path, Rows], None]:
    """A writer of comma-separated text."""

    def write(path: Path, rows: Rows) -> None:
        lines = io.StringIO()
        csv.writer(lines).writerows(rows)
        path.write_bytes(lines.getvalue().encode(encoding))

    return write


def parquet(path: Path, rows: Rows) -> None:
    """The rows below the first, which names the columns; a column of text and numbers is all text."""
    frame = {}
    for name, *column in zip(*rows, strict=True):
        mixed = any(isinstance(cell, str) and cell for cell in column)
        frame[name] = [None if cell == "" else str(cell) if mixed else cell for cell in column]
    pd.DataFrame(frame).to_parquet(path)


FORMATS: dict[str, tuple[str, Callable[[Path, Rows], None]]] = {
    "xlsx": (".xlsx", xlsx),
    "xlsm": (".xlsm", xlsx),
    "xls": (".xls", xls),
    "ods": (".ods", ods),
    "utf-8": (".csv", text("utf-8")),
    "utf-8 with a mark": (".csv", text("utf-8-sig")),
    "gb18030": (".csv", text("gb18030")),
    "parquet": (".parquet", parquet),
}


def _ods_cell(cell: Any) -> str:
    if cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, int | float):
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p>'
            "</table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'


def _xls_cell(row: int, column: int, cell: Any) -> bytes:
    if isinstance(cell, int | float):
        return _record(0x203, struct.pack("<HHHd", row, column, 0, cell))
    label = struct.pack("<HHHHB", row, column, 0, len(cell), 1) + cell.encode("utf-16-le")
    return _record(0x204, label)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _container(stream: bytes) -> bytes:
    """A compound file with one stream, `Workbook`: header, allocation table, directory, stream."""
    # A stream below 4096 bytes would have to lie in another, of small sectors.
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    table = [_FAT, _END, *range(3, 2 + sectors), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, len(stream))
    directory = directory.ljust(_SECTOR, b"\0")
    return header + struct.pack(f"<{len(table)}I", *table) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    called = name.encode("utf-16-le")
    fields = struct.pack("<HBBIII", len(called) + 2, kind, 1, _FREE, _FREE, child)
    return called.ljust(64, b"\0") + fields + bytes(36) + struct.pack("<IQ", start, size)
