"""Files changed on purpose, a district to read them, and what must never happen to it."""

from __future__ import annotations

import csv
import datetime
import functools
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import xlsxwriter
from cut_sample import Book, Page, cut_sample, pupils_of_cut
from pandas.testing import assert_frame_equal
from trial_district import PARAMS, District

from evalib.errors import Fault, FaultyFiles
from evalib.intake.columns import Columns, Match, load_columns
from evalib.intake.load import load
from evalib.intake.schemas import SCHEMAS
from evalib.store import Store

Tables = dict[tuple[str, str], pd.DataFrame]

AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)
_DATE, _TIME = {"num_format": "yyyy-mm-dd"}, {"num_format": "hh:mm:ss"}


@dataclass(frozen=True)
class Formula:
    """A cell that computes; `shows` is what the spreadsheet kept of its result."""

    text: str
    shows: Any


@dataclass(frozen=True)
class Told:
    """A fault that must be told: one of these keys, at this place."""

    keys: tuple[str, ...]
    sheet: str = ""
    column: str = ""
    row: int = 0

    def found(self, faults: Iterable[Fault], file: str) -> bool:
        return any(
            fault.file == file
            and fault.key in self.keys
            and (not self.sheet or fault.sheet == self.sheet)
            and (not self.column or fault.column == self.column)
            and (not self.row or self.row in fault.rows)
            for fault in faults
        )


@functools.cache
def columns() -> Columns:
    return load_columns(PARAMS)


def match(page: Page, place: int) -> Match | None:
    return columns().match(page.table, str(page.header[place]))


def kind(page: Page, place: int) -> str:
    """How a load reads a column: "number", "word", ...; empty if it does not."""
    found = match(page, place)
    if found is None:
        return ""
    return "mark" if found.subject else SCHEMAS[page.table].kind(found.column)


# writing


def files_of(book: Book) -> dict[str, bytes]:
    """The book as bytes, in its form: one file, or one a sheet where a file has only one."""
    if book.form == "xlsx":
        return {book.file: xlsx(book.pages)}
    if book.form == "stored":
        return {book.file: repacked(xlsx(book.pages))}
    if book.form == "coloured":
        return {book.file: edited(xlsx(book.pages), "xl/worksheets/", _to_the_last_cell)}
    if book.form == "ods":
        return {f"{book.stem}.ods": ods(book.pages)}
    pages = book.tables
    names = [f"{book.stem}-{page.name}" if len(pages) > 1 else f"{book.stem} {page.name}" for page in pages]
    if book.form == "parquet":
        return {f"{name}.parquet": parquet(page) for name, page in zip(names, pages, strict=True)}
    return {f"{name}.csv": comma_separated(page, book.form) for name, page in zip(names, pages, strict=True)}


def xlsx(pages: Sequence[Page]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {**AS_TEXT, "in_memory": True}) as book:
        formats = {key: book.add_format(style) for key, style in (("date", _DATE), ("time", _TIME))}
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for number, row in enumerate(page.rows):
                for place, cell in enumerate(row):
                    _write(sheet, number, place, cell, formats)
            for (top, left), (bottom, right) in page.merged:
                sheet.merge_range(top, left, bottom, right, None)
                _write(sheet, top, left, page.rows[top][left], formats)
            if page.hidden:
                sheet.hide()
        shown = [sheet for page, sheet in zip(pages, book.worksheets(), strict=True) if not page.hidden]
        shown[0].activate()
        shown[0].set_first_sheet()
    return made.getvalue()


def _write(sheet: Any, row: int, place: int, cell: Any, formats: Mapping[str, Any]) -> None:
    if isinstance(cell, Formula):
        sheet.write_formula(row, place, cell.text, None, cell.shows)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, datetime.time | datetime.timedelta):
        sheet.write_datetime(row, place, cell, formats["time"])
    elif isinstance(cell, datetime.date):
        sheet.write_datetime(row, place, cell, formats["date"])
    elif isinstance(cell, str):
        if cell:
            sheet.write_string(row, place, cell)
    else:
        sheet.write_number(row, place, cell)


def repacked(content: bytes) -> bytes:
    """The same parts in another order, packed another way."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in sorted(old.namelist(), reverse=True):
            new.writestr(name, old.read(name))
    return made.getvalue()


def edited(content: bytes, parts: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with the parts whose names begin so changed, checksums right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part) if name.startswith(parts) else part)
    return made.getvalue()


def _to_the_last_cell(sheet: bytes) -> bytes:
    """Says that it reaches to the last cell of all, which is coloured and blank."""
    sheet = re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:XFD1048576"/>', sheet)
    last = b'<row r="1048576" s="1"><c r="XFD1048576" s="1"/></row>'
    return sheet.replace(b"</sheetData>", last + b"</sheetData>")


def ods(pages: Sequence[Page]) -> bytes:
    spaces = ("office", "table", "text", "style")
    names = " ".join(f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in spaces)
    tables = "".join(
        f'<table:table table:name="{escape(page.name)}">{"".join(map(_ods_row, page.rows))}</table:table>'
        for page in pages
        if not page.hidden
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = f'<?xml version="1.0"?><office:document-content {names}>{body}</office:document-content>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return made.getvalue()


def _ods_row(row: Sequence[Any]) -> str:
    cells = []
    for cell in row:
        if cell == "":
            cells.append("<table:table-cell/>")
        elif isinstance(cell, str):
            said = f"<text:p>{escape(cell)}</text:p>"
            cells.append(f'<table:table-cell office:value-type="string">{said}</table:table-cell>')
        else:
            cells.append(f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>')
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def comma_separated(page: Page, encoding: str) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n" if encoding == "utf-8" else "\r\n")
    writer.writerows([[as_typed(cell) for cell in row] for row in page.rows])
    return made.getvalue().encode(encoding)


def parquet(page: Page) -> bytes:
    frame = pd.DataFrame({str(name): _typed(page, place) for place, name in enumerate(page.header)})
    made = io.BytesIO()
    frame.to_parquet(made, index=False)
    return made.getvalue()


def _typed(page: Page, place: int) -> list[Any]:
    cells = [record[place] for record in page.records]
    if any(isinstance(cell, str) and cell for cell in cells):
        return [as_typed(cell) or None for cell in cells]
    return [None if cell == "" else cell for cell in cells]


def as_typed(cell: Any) -> str:
    """A cell as a person or an export writes it into a text file."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


# reading


class Trial(District):
    """A district loaded once, whose files are changed, read again and put back."""

    def __init__(self, root: Path, books: Sequence[Book], school_codes: str = "national") -> None:
        super().__init__(root, school_codes=school_codes)
        self.known = self.settings
        self.originals = {name: content for book in books for name, content in files_of(book).items()}
        self._put(self.originals)
        load(self.known, self.kept)
        self.before = self.tables()
        self.tree = tree(root)

    @property
    def kept(self) -> Store:
        return Store(self.known.store)

    def tables(self) -> Tables:
        """Every table of the store, read back; a slice that is damaged is an error."""
        store = self.kept
        return {(name, year): store.read(name, year) for name in SCHEMAS for year in store.years(name)}

    def outcome(
        self, changed: Mapping[str, bytes], *, without: Iterable[str] = ()
    ) -> tuple[Tables | None, tuple[Fault, ...]]:
        """What a load of the changed files leaves in the store, or None; and what it told.

        The store is as before, byte for byte, or whole; nothing else on the disk has
        changed; no identity stands in a message. Afterwards all is as it was.
        """
        without = set(without)
        for name in without:
            (self.folder / name).unlink()
        self._put(changed)
        handed_in = tree(self.folder)
        try:
            return self._read()
        finally:
            assert tree(self.folder) == handed_in
            for name in changed:
                (self.folder / name).unlink(missing_ok=True)
            lost = {*changed, *without} & self.originals.keys()
            self._put({name: self.originals[name] for name in lost})

    def _read(self) -> tuple[Tables | None, tuple[Fault, ...]]:
        try:
            told = load(self.known, self.kept).warnings
        except FaultyFiles as error:
            told = error.faults
            assert told
            assert outside(tree(self.root), self.folder) == outside(self.tree, self.folder)
            assert_nobody_named(error.text("zh") + error.text("en"))
            return None, told
        for fault in told:
            assert_nobody_named(fault.text("zh") + fault.text("en"))
        tables = self.tables()
        now = outside(tree(self.root), self.folder)
        assert outside(now, self.known.store) == outside(outside(self.tree, self.folder), self.known.store)
        for path, content in now.items():
            assert_nobody_named(content.decode("latin-1"))
            assert_nobody_named(content.decode("utf-8", "ignore"), str(path))
        for frame in tables.values():
            assert_nobody_named(frame.to_csv())
        self._restore()
        return tables, told

    def _put(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _restore(self) -> None:
        held = {path: content for path, content in self.tree.items() if path.is_relative_to(self.known.store)}
        for path in tree(self.known.store):
            if path not in held:
                path.unlink()
        for path, content in held.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)


def tree(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {
        Path(place) / name: (Path(place) / name).read_bytes()
        for place, _, names in os.walk(folder)
        for name in names
    }


def outside(files: Mapping[Path, bytes], folder: Path) -> dict[Path, bytes]:
    return {path: content for path, content in files.items() if not path.is_relative_to(folder)}


@functools.cache
def _identities() -> re.Pattern[str]:
    """Names, 学籍号, identity numbers and birth dates of the cut district, in the usual spellings."""
    said = set()
    for number, name in pupils_of_cut().items():
        year, month, day = number[7:11], number[11:13], number[13:15]
        said |= {name, number, number[1:], number[1:16], f"{year}{month}{day}"}
        said |= {f"{year}{sign}{month}{sign}{day}" for sign in "-/."}
        said |= {f"{year}{sign}{int(month)}{sign}{int(day)}" for sign in "-/."}
        said.add(f"{year}年{int(month)}月{int(day)}日")
    for page in cut_sample("教师")[0].pages:
        said |= {record[page.place("教师姓名")] for record in page.records}
    said.add(PLANTED)
    return re.compile("|".join(map(re.escape, sorted(said, key=len, reverse=True))))


PLANTED = "欧阳示例"


def assert_nobody_named(text: str, place: str = "") -> None:
    found = _identities().search(text)
    assert found is None, place or text
    assert "Traceback" not in text


def assert_same(found: Tables | None, expected: Tables, why: object = "") -> None:
    """Tables are equal in every row, column and type; numbers up to rounding in the last digit."""
    assert found is not None, why
    assert found.keys() == expected.keys(), why
    for key, frame in expected.items():
        try:
            assert_frame_equal(found[key], frame, check_exact=False, rtol=1e-12, atol=0)
        except AssertionError as error:
            raise AssertionError(f"{key} {why}\n{error}") from None
