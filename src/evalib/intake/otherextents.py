"""How far the cells of a sheet reach in OpenDocument (.ods) and binary workbooks (.xlsb)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from evalib.intake.extents import LONGEST_ROW, Extent, Place

_TAG = re.compile(rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_NAME = re.compile(rb"""\stable:name\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REPEATED = re.compile(rb"""\stable:number-(?:rows|columns)-repeated\s*=\s*["'](\d+)["']""")
_VALUE = re.compile(rb"\soffice:(?:value-type|value|string-value)\s*=")
_FORMULA = re.compile(rb"\stable:formula\s*=")
_FAILED = re.compile(rb"""\scalcext:value-type\s*=\s*["']error["']""")

# Records of an .xlsb sheet (MS-XLSB 2.3): the header of a row, and cells that hold something.
_ROW_RECORD = 0
_CELL_RECORDS = range(2, 12)


def open_document_extents(chunks: Iterable[bytes]) -> dict[str, Extent]:
    """The extent of each table of an OpenDocument spreadsheet, by its name.

    One tag can stand for a million rows: repeated rows and cells are counted as often as
    the reader makes cells of them, blank ones only before a filled one.

    Parameters
    ----------
    chunks
        The bytes of content.xml, cut anywhere.
    """
    found: dict[str, Extent] = {}
    name, row, column = "", 0, 0
    repeat_row = 1
    rows = columns = widest = 0
    errors: set[int] = set()
    uncomputed: list[Place] = []
    for closing, kind, attributes in _tags(chunks):
        repeated = _REPEATED.search(attributes)
        count = int(repeated[1]) if repeated else 1
        if kind == b"table":
            if not closing:
                title = _NAME.search(attributes)
                name = (
                    html.unescape((title[1] or title[2] or b"").decode("utf-8", "replace")) if title else ""
                )
                row = rows = columns = 0
                errors, uncomputed = set(), []
            found[name] = Extent(rows, columns, tuple(sorted(errors)), tuple(uncomputed))
        elif kind == b"table-row":
            if not closing:
                column, widest, repeat_row = 0, 0, count
            if closing or attributes.endswith(b"/"):
                row += repeat_row
                rows, columns = (row if widest else rows), max(columns, widest)
        elif not closing:
            column += count
            if _VALUE.search(attributes) or not attributes.endswith(b"/"):
                widest = column
            if _FAILED.search(attributes):
                errors.add(row + 1)
            elif _FORMULA.search(attributes) and not _VALUE.search(attributes):
                uncomputed.append((row + 1, column))
    return found


def binary_extent(chunks: Iterable[bytes]) -> Extent:
    """The extent of a sheet of an .xlsb.

    Parameters
    ----------
    chunks
        The bytes of the sheet's part, cut anywhere.
    """
    row = rows = columns = 0
    for kind, content in _records(chunks):
        if kind == _ROW_RECORD:
            row = int.from_bytes(content[:4], "little") + 1
        elif kind in _CELL_RECORDS:
            rows = max(rows, row)
            columns = max(columns, int.from_bytes(content[:4], "little") + 1)
    return Extent(rows, columns)


def _tags(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    rest = b""
    for chunk in chunks:
        held = rest + chunk
        start = held.rfind(b"<")
        whole, rest = (held[:start], held[start:]) if b">" not in held[start:] and start >= 0 else (held, b"")
        if len(rest) > LONGEST_ROW:
            raise ValueError("a tag without an end")
        for tag in _TAG.finditer(whole):
            yield tag[1], tag[2], tag[3]


def _records(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each record's kind and the first bytes of its content; kind and size are numbers of 7 bits a byte."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        place = 0
        while True:
            kind, start = _varied(rest, place, 2)
            size, start = _varied(rest, start, 4)
            if start < 0 or start + size > len(rest):
                break
            yield kind, rest[start : start + 4]
            place = start + size
        rest = rest[place:]


def _varied(content: bytes, place: int, longest: int) -> tuple[int, int]:
    """A number of at most `longest` bytes and where it ends; -1 if it is cut."""
    number = 0
    for shift in range(longest):
        if not 0 <= place + shift < len(content):
            return 0, -1
        byte = content[place + shift]
        number |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return number, place + shift + 1
    return number, place + longest
