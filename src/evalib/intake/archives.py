"""Workbooks that are archives, looked over before they are read: how large, and where formulas lack a value.

The reader allocates every cell from A1 to the last one and dies, past any
exception, when memory runs out; so the last cell is looked for first.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from evalib.intake.extents import Extent, exact_extent, extent_of
from evalib.intake.otherextents import binary_extent, open_document_extents

# What a workbook may hold once unpacked.
MOST_BYTES = 2_000_000_000

_CHUNK = 1 << 20
_SHEETS = "xl/worksheets/"


def unpacks_too_large(path: Path) -> bool:
    """Whether a zip archive says that it unpacks to more than any workbook; False for other files."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return sum(part.file_size for part in archive.infolist()) > MOST_BYTES


def compare_checksums(path: Path, *, sheets_too: bool) -> None:
    """Reads every part of a zip archive to its end, where its checksum stands; other files pass.

    The reader stops where a part's content ends and never sees that a text in it was changed.

    Parameters
    ----------
    sheets_too
        False if `sheet_extents` compares those of the sheets.

    Raises
    ------
    Exception
        Whatever a damaged archive makes `zipfile` raise.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            if sheets_too or not part.filename.startswith(_SHEETS):
                with archive.open(part) as stream:
                    while stream.read(_CHUNK):
                        pass


def sheet_extents(path: Path) -> dict[str, Extent]:
    """The extent of each sheet of a workbook that is an archive, by the sheet's name.

    The sheets of an .xlsb are told without their names: the widest and the longest, as "".

    Raises
    ------
    Exception
        Whatever a damaged archive makes `zipfile` raise; checksums are compared on the way.
    """
    suffix = path.suffix.lower()
    with zipfile.ZipFile(path) as archive:
        if suffix == ".ods":
            return open_document_extents(_chunks(archive, "content.xml"))
        if suffix == ".xlsb":
            parts = [one for one in archive.namelist() if one.lower().startswith(_SHEETS)]
            sheets = [
                binary_extent(_chunks(archive, part)) for part in parts if part.lower().endswith(".bin")
            ]
            return {"": max(sheets, key=lambda one: one.rows * one.columns)} if sheets else {}
        return {sheet: _extent(archive, part) for sheet, part in _sheet_parts(archive)}


def _extent(archive: zipfile.ZipFile, part: str) -> Extent:
    extent = extent_of(_chunks(archive, part))
    if not extent.too_large:
        return extent
    rows, columns = exact_extent(_chunks(archive, part))
    return replace(extent, rows=rows, columns=columns)


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


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
