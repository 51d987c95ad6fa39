"""Workbooks that are archives, looked over before they are read: how large, and where formulas failed.

The reader allocates every cell from A1 to the last one and dies, past any
exception, when memory runs out; so the last cell is looked for first.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

# About 1000 times the largest table of a district; more is a stray cell far below the last row.
MOST_CELLS = 20_000_000
# What a workbook may hold once unpacked.
MOST_BYTES = 2_000_000_000

_CHUNK = 1 << 20
_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_FAILED = re.compile(rb"""\bt\s*=\s*["']e["']""")


@dataclass(frozen=True)
class Extent:
    """The reach of a sheet's cells.

    Attributes
    ----------
    rows, columns
        The last row and the last column with a cell that holds something, counted from 1.
    errors
        Rows that hold a formula's error value such as #N/A.
    """

    rows: int
    columns: int
    errors: tuple[int, ...]

    @property
    def too_large(self) -> bool:
        """Whether the reader would need more cells than any table has."""
        return self.rows * self.columns > MOST_CELLS


def unpacks_too_large(path: Path) -> bool:
    """Whether a zip archive says that it unpacks to more than any workbook; False for other files."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return sum(part.file_size for part in archive.infolist()) > MOST_BYTES


def sheet_extents(path: Path) -> dict[str, Extent]:
    """The extent of each sheet of an .xlsx or .xlsm, by the sheet's name.

    Raises
    ------
    Exception
        Whatever a damaged archive makes `zipfile` raise; checksums are compared on the way.
    """
    with zipfile.ZipFile(path) as archive:
        return {sheet: _extent(archive, part) for sheet, part in _sheet_parts(archive)}


def _extent(archive: zipfile.ZipFile, part: str) -> Extent:
    row = column = last_row = last_column = 0
    errors: set[int] = set()
    for kind, attributes in _tags(archive, part):
        place = _PLACE.search(attributes)
        if kind == b"row":
            row, column = int(place[2]) if place else row + 1, 0
            continue
        if place:
            row, column = int(place[2]), _number(place[1])
        else:
            column += 1
        # A cell that is only coloured, often down to the very last row, takes the reader no room.
        if not attributes.endswith(b"/"):
            last_row, last_column = max(last_row, row), max(last_column, column)
        if _FAILED.search(attributes):
            errors.add(row)
    return Extent(last_row, last_column, tuple(sorted(errors)))


def _tags(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes]]:
    """Start tags of rows and cells, whatever the size of the part."""
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            held = rest + chunk
            start = held.rfind(b"<")
            open_tag = start >= 0 and b">" not in held[start:]
            if open_tag and len(held) - start > _CHUNK:
                raise ValueError("a tag without an end")
            whole, rest = (held[:start], held[start:]) if open_tag else (held, b"")
            for tag in _TAG.finditer(whole):
                yield tag[1], tag[2]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    # The reader finds parts whatever their case, and so must this.
    names = {name.casefold(): name for name in archive.namelist()}
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names.keys():
        return
    try:
        links = ElementTree.fromstring(archive.read(names["xl/_rels/workbook.xml.rels"]))
        book = ElementTree.fromstring(archive.read(names["xl/workbook.xml"]))
    except ElementTree.ParseError:
        return
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in book.iterfind(".//{*}sheet"):
        identifier = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        target = targets.get(identifier, "")
        part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        if part.casefold() in names:
            yield sheet.get("name", ""), names[part.casefold()]
