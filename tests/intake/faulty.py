"""Changes of a workbook that no load may pass over, each with the fault that must be told."""

from __future__ import annotations

import datetime
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cut_sample import Book, Page
from harmless import any_page, numeric, places
from mutations import PLANTED, Formula, Told, comma_separated, edited, files_of, kind, match, xlsx

from evalib.intake.schemas import SCHEMAS


@dataclass(frozen=True)
class Faulty:
    """Files in place of the book's, and what must be told of the first of them."""

    told: Told
    files: dict[str, bytes] = field(default_factory=dict)


Fail = Callable[[random.Random, Book], Faulty | None]

NO_NUMBERS: tuple[Any, ...] = (
    "八十",
    "87,5",
    "87 5",
    "1.234,5",
    "1，23",
    "90分",
    "=90",
    "--5",
    "0x10",
    "1_000",
    "٣",
    "½",
    "②",
    "9²",
    "inf",
    "nan",
    "1e999",
    "NaN%",
    "#DIV/0!",
    "90/100",
    "<b>9</b>",
    "９o",
    True,
    False,
    datetime.date(2024, 9, 1),
    datetime.time(3, 45),
)
UNKNOWN_WORDS: tuple[Any, ...] = (
    PLANTED,
    "？",
    "是的是的",
    77.0,
    "<script>",
    "=1+1",
    "小学初中",
    datetime.date(2024, 9, 1),
)
NOT_SHOWN = ("x\u202ey", "甲\x07乙", "长" * 10_000, "甲\ue000", "a\u2066b")


def is_kept(page: Page, place: int) -> bool:
    """Whether a load reads the column, and not only knows it."""
    found = match(page, place)
    table = SCHEMAS[page.table]
    wide = page.table == "competence" and found is not None and "_" in found.column
    return found is not None and (found.subject or found.column in table.columns or wide)


def a_cell(rng: random.Random, book: Book, *kinds: str) -> tuple[Page, int, int] | None:
    found = [
        (page, row, place)
        for page in book.tables
        for place in places(page, *kinds)
        if is_kept(page, place)
        for row, record in enumerate(page.records)
        if record[place] != ""
    ]
    return rng.choice(found) if found else None


def at(page: Page, row: int, place: int, *keys: str) -> Told:
    return Told(keys, page.name, str(page.header[place]).strip(), page.sheet_row(row))


def _typed(
    rng: random.Random, book: Book, kinds: tuple[str, ...], values: tuple[Any, ...], keys: tuple[str, ...]
) -> Faulty | None:
    found = a_cell(rng, book, *kinds)
    if found is None:
        return None
    page, row, place = found
    page.records[row][place] = rng.choice(values)
    return Faulty(at(page, row, place, *keys), files_of(book))


# cells


def no_number(rng: random.Random, book: Book) -> Faulty | None:
    keys = ("unreadable_number", "unreadable_whole", "unreadable_share", "unreadable_score")
    return _typed(rng, book, ("number", "whole", "share", "mark"), NO_NUMBERS, keys)


def no_whole_number(rng: random.Random, book: Book) -> Faulty | None:
    return _typed(
        rng, book, ("whole",), (1.5, "1.5", 2.0**60, "1e300"), ("unreadable_whole", "identity_in_column")
    )


def no_run(rng: random.Random, book: Book) -> Faulty | None:
    typed = ("3'65\"", 3.65, "三分", "3'4'5", "'45", True, "1:2:3:4", datetime.date(2024, 9, 1), "3:4²")
    return _typed(rng, book, ("minutes",), typed, ("unreadable_minutes",))


def no_word(rng: random.Random, book: Book) -> Faulty | None:
    keys = ("unreadable_word", "unreadable_flag", "unreadable_grade")
    return _typed(rng, book, ("word", "flag", "grade"), UNKNOWN_WORDS, keys)


def text_that_cannot_be_shown(rng: random.Random, book: Book) -> Faulty | None:
    found = a_cell(rng, book, "text", "token", "teacher")
    if found is None:
        return None
    page, row, place = found
    page.records[row][place] = rng.choice(NOT_SHOWN)
    return Faulty(at(page, row, place, "text_not_allowed"), files_of(book))


def identity_in_a_kept_column(rng: random.Random, book: Book) -> Faulty | None:
    person = (
        "11010519491231002X",
        "G11010519491231002X",
        "1101 0519 4912 310021",
        1.1010519491231e17,
        "1.1E+17",
    )
    found = a_cell(rng, book, "number", "whole", "mark", "text")
    if found is None:
        return None
    page, row, place = found
    spelled = person if kind(page, place) != "text" else person[:4]
    typed = [
        one
        for one in spelled
        if kind(page, place) == "text" or (not str(one).startswith("G") and "X" not in str(one))
    ]
    page.records[row][place] = rng.choice(typed)
    return Faulty(at(page, row, place, "identity_in_column"), files_of(book))


def out_of_range(rng: random.Random, book: Book) -> Faulty | None:
    found = [
        (page, row, place, low, high)
        for page in book.tables
        for place in places(page, "number", "whole")
        for row, record in enumerate(page.records)
        if numeric(record[place]) and (matched := match(page, place)) is not None
        for low, high in [_bounds(page.table, matched.column)]
        if low is not None
    ]
    if not found:
        return None
    page, row, place, low, high = rng.choice(found)
    typed = [low - 1, f"{low - 1!r}", -(10.0**9)] + ([high + 1, f"{high + 1:,}"] if high is not None else [])
    page.records[row][place] = rng.choice(typed)
    return Faulty(at(page, row, place, "out_of_range", "negative_score"), files_of(book))


def _bounds(table: str, column: str) -> tuple[float | None, float | None]:
    entry = SCHEMAS[table].schema.columns.get(column)
    return (None, None) if entry is None else (entry.metadata["low"], entry.metadata["high"])


def negative_mark(rng: random.Random, book: Book) -> Faulty | None:
    return _typed(rng, book, ("mark",), (-1.0, "-0.5", "−3", "－２"), ("negative_score",))


def wrong_pupil_number(rng: random.Random, book: Book) -> Faulty | None:
    found = a_cell(rng, book, "pupil")
    if found is None:
        return None
    page, row, place = found
    number = str(page.records[row][place])
    other = "0123456789X".replace(number[-1], "")
    wrong: dict[Any, str] = {
        number[:-1] + rng.choice(other): "pupil_id_check",
        number[1:]: "pupil_id_form",
        number[:-1]: "pupil_id_form",
        number + "0": "pupil_id_form",
        f"Q{number[1:]}": "pupil_id_form",
        "../../x": "pupil_id_form",
        "<script>": "pupil_id_form",
        2.0151113e17: "unreadable_pupil",
        datetime.date(2024, 9, 1): "unreadable_pupil",
        True: "unreadable_pupil",
    }
    typed = rng.choice(list(wrong))
    page.records[row][place] = typed
    return Faulty(at(page, row, place, wrong[typed]), files_of(book))


def wrong_school_code(rng: random.Random, book: Book) -> Faulty | None:
    found = [
        (page, row, place)
        for page in book.tables
        for place in places(page, "code")
        if (matched := match(page, place)) is not None
        and matched.column == "school_code"
        and "school_code" in SCHEMAS[page.table].columns
        for row, record in enumerate(page.records)
        if record[place]
    ]
    if not found:
        return None
    page, row, place = rng.choice(found)
    code = str(page.records[row][place])
    hostile = [code[:-1], code + "0", float(code[:-1]), "../../x", "<script>alert(1)</script>", "0" * 11]
    hostile += ["长" * 10_000, "=1+1", f"{code}²", 21500000.5, datetime.date(2024, 9, 1), f"{code}\u202e"]
    page.records[row][place] = rng.choice(hostile)
    keys = ("school_code_form_national", "unreadable_code", "text_not_allowed", "identity_in_column")
    return Faulty(at(page, row, place, *keys), files_of(book))


def blank_where_needed(rng: random.Random, book: Book) -> Faulty | None:
    found = [
        (page, row, place)
        for page in book.tables
        for place in range(len(page.header))
        if (matched := match(page, place)) is not None and matched.column in SCHEMAS[page.table].demanded
        for row, record in enumerate(page.records)
        if record[place] != "" and not (page.table == "pupils" and matched.column == "stage")
    ]
    if not found:
        return None
    page, row, place = rng.choice(found)
    page.records[row][place] = rng.choice(["", " ", "-"])
    return Faulty(at(page, row, place, "missing_value"), files_of(book))


def record_twice(rng: random.Random, book: Book) -> Faulty | None:
    page = any_page(rng, book)
    # Two marks are of one paper only where the papers can be read.
    if page is None or page.table == "scores":
        return None
    row = rng.randrange(len(page.records))
    page.records.append(list(page.records[row]))
    return Faulty(
        Told(("duplicate_rows",), page.name, row=page.sheet_row(len(page.records) - 1)), files_of(book)
    )


def error_in_a_cell(rng: random.Random, book: Book) -> Faulty | None:
    found = a_cell(rng, book, "number", "whole", "mark", "word", "text", "flag")
    if found is None:
        return None
    page, row, place = found
    page.records[row][place] = Formula("=1/0", rng.choice(["#DIV/0!", "#N/A", "#REF!", "#VALUE!"]))
    return Faulty(Told(("error_cells",), page.name, row=page.sheet_row(row)), files_of(book))


def numbers_in_one_merged_cell(rng: random.Random, book: Book) -> Faulty | None:
    found = a_cell(rng, book, "number", "whole", "mark", "minutes", "pupil", "teacher")
    if found is None or found[1] + 1 >= len(found[0].records):
        return None
    page, row, place = found
    page.records[row + 1][place] = ""
    first = page.sheet_row(row) - 1
    page.merged.append(((first, place), (first + 1, place)))
    return Faulty(at(page, row, place, "merged_cells"), files_of(book))


# headers and sheets


def column_gone(rng: random.Random, book: Book) -> Faulty | None:
    found = [
        (page, place)
        for page in book.tables
        for place in range(len(page.header))
        if (matched := match(page, place)) is not None
        and matched.column in SCHEMAS[page.table].demanded
        and (page.table != "scores" or matched.column != "grade")
    ]
    page, place = rng.choice(found)
    if rng.random() < 0.5:
        page.header[place] = rng.choice(["", "甲乙丙丁", PLANTED])
    else:
        for row in (*page.above, page.header, *page.records, *page.below):
            del row[place : place + 1]
    # Teachers without their number look like schools, each of which is then listed many times.
    keys = ("missing_column", "sheet_unrecognised", "duplicate_rows")
    return Faulty(Told(keys, page.name), files_of(book))


def headers_gone(rng: random.Random, book: Book) -> Faulty | None:
    page = any_page(rng, book)
    if page is None:
        return None
    page.header = [f"列{place}" for place in range(len(page.header))]
    return Faulty(Told(("sheet_unrecognised",), page.name), files_of(book))


def column_twice(rng: random.Random, book: Book) -> Faulty | None:
    found = a_cell(rng, book, "number", "whole", "word", "flag", "code", "pupil", "mark")
    if found is None:
        return None
    page, _, place = found
    page.header.append(page.header[place])
    for record in page.records:
        record.append(record[place])
    return Faulty(Told(("column_twice",), page.name), files_of(book))


# whole files


def cut_short(rng: random.Random, book: Book) -> Faulty | None:
    content = files_of(book)[book.file]
    kept = rng.choice([1, 4, 22, 100, len(content) - 1, len(content) - 23, rng.randrange(len(content))])
    return Faulty(Told(("file_unreadable",)), {book.file: content[:kept]})


def nothing_in_it(rng: random.Random, book: Book) -> Faulty | None:
    blank = Page("Sheet1", "", [], [""], [])
    content = rng.choice([b"", xlsx([blank]), b"\0" * 4096, rng.randbytes(2000), b"PK\x05\x06" + b"\0" * 18])
    return Faulty(Told(("file_unreadable", "file_empty")), {book.file: content})


def another_format(rng: random.Random, book: Book) -> Faulty | None:
    page = book.tables[0]
    contents = [
        comma_separated(page, "utf-8"),
        "<html><table><tr><td>学籍号</td></tr></table></html>".encode(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        b"%PDF-1.7\n" + rng.randbytes(500),
        b"\x1f\x8b\x08" + rng.randbytes(500),
    ]
    return Faulty(Told(("file_unreadable",)), {book.file: rng.choice(contents)})


def odd_encoding(rng: random.Random, book: Book) -> Faulty | None:
    page = book.tables[0]
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "big5", "utf-7"])
    try:
        content = comma_separated(page, encoding)
    except UnicodeEncodeError:
        return None
    keys = ("encoding_unknown", "sheet_unrecognised", "file_unreadable", "file_cut_short")
    return Faulty(Told(keys), {f"{book.stem}.csv": content})


def stray_cell_far_below(rng: random.Random, book: Book) -> Faulty | None:
    cell = rng.choice([b'<c r="XFD1048576"><v>1</v></c>', b'<c r="AZZ900000" t="str"><v>x</v></c>'])
    row = cell[6:].partition(b'"')[0].lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    more = b'<row r="' + row + b'">' + cell + b"</row></sheetData>"
    content = edited(
        files_of(book)[book.file], "xl/worksheets/sheet1.", lambda part: part.replace(b"</sheetData>", more)
    )
    return Faulty(Told(("sheet_too_large",), book.pages[0].name), {book.file: content})


def bomb(rng: random.Random, book: Book) -> Faulty | None:
    """An archive whose directory tells of more than any workbook holds."""
    made = io.BytesIO(files_of(book)[book.file])
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"0" * 1000)
    content = bytearray(made.getvalue())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (4_000_000_000).to_bytes(4, "little")
    return Faulty(Told(("file_too_large", "file_unreadable")), {book.file: bytes(content)})


def entities(rng: random.Random, book: Book) -> Faulty | None:
    """A part of XML that grows a billion times when it is read."""
    text = b'<!DOCTYPE x [<!ENTITY a "hahahahaha">' + b"".join(
        b'<!ENTITY %c "%s">' % (99 + k, b"&%c;" % (98 + k if k else 97) * 10) for k in range(9)
    )
    part = rng.choice(["xl/worksheets/sheet1.", "xl/sharedStrings", "xl/workbook.xml"])

    def change(content: bytes) -> bytes:
        head, _, rest = content.partition(b"?>")
        return head + b"?>" + text + b"]>" + rest.replace(b"<v>", b"<v>&k;", 1).replace(b"<t>", b"<t>&k;", 1)

    return Faulty(Told(()), {book.file: edited(files_of(book)[book.file], part, change)})


FAULTY: tuple[Fail, ...] = (
    no_number,
    no_whole_number,
    no_run,
    no_word,
    text_that_cannot_be_shown,
    identity_in_a_kept_column,
    out_of_range,
    wrong_pupil_number,
    wrong_school_code,
    blank_where_needed,
    record_twice,
    error_in_a_cell,
    numbers_in_one_merged_cell,
    column_gone,
    headers_gone,
    column_twice,
    cut_short,
    nothing_in_it,
    another_format,
    odd_encoding,
    stray_cell_far_below,
    bomb,
)
