"""Files that are empty, broken or far too large: each a fault that stops the load."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from trial_district import District

from evalib.errors import Fault
from evalib.intake import archives, workbooks
from evalib.intake.archives import sheet_extents
from evalib.intake.workbooks import read_grids

SHEET = "xl/worksheets/sheet1.xml"
Change = Callable[[bytes], bytes | None]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "成绩.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("甲")
        sheet.write_row(0, 0, ["学年", "学籍号", "成绩"])
        sheet.write_row(1, 0, ["2024-2025", "x", 3])
    return path


def rewrite(path: Path, part: str, change: Change) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            changed = change(content) if name == part else content
            if changed is not None:
                archive.writestr(name, changed)


def with_cells(path: Path, markup: str) -> None:
    rewrite(path, SHEET, lambda content: content.replace(b"</sheetData>", markup.encode() + b"</sheetData>"))


def only_fault(path: Path) -> Fault:
    grids, (fault,) = read_grids(path, path.name)
    assert not fault.warning
    assert not [cell for grid in grids for row in grid.rows for cell in row if str(cell).strip()]
    return fault


# empty


@pytest.mark.parametrize("content", [b"", b"\n\n", b" ,,\r\n,\t,", b"\xef\xbb\xbf"])
def test_csv_without_a_filled_cell_is_a_fault(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "成绩.csv"
    path.write_bytes(content)
    assert only_fault(path).key == "file_empty"


def test_parquet_without_columns_is_a_fault(tmp_path: Path) -> None:
    pd.DataFrame().to_parquet(tmp_path / "成绩.parquet")
    assert only_fault(tmp_path / "成绩.parquet").key == "file_empty"


def test_workbook_of_blank_sheets_is_a_fault(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "成绩.xlsx") as workbook:
        workbook.add_worksheet().write(3, 3, " ")
        workbook.add_worksheet()
    assert only_fault(tmp_path / "成绩.xlsx").key == "file_empty"


def test_workbook_whose_filled_sheet_is_hidden_is_a_fault(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "成绩.xlsx") as workbook:
        workbook.add_worksheet()
        hidden = workbook.add_worksheet()
        hidden.write(0, 0, "学年")
        hidden.hide()
    _, faults = read_grids(tmp_path / "成绩.xlsx", "成绩.xlsx")
    assert [(fault.key, fault.warning) for fault in faults] == [("hidden_sheet", True), ("file_empty", False)]


def test_blank_sheet_beside_a_filled_one_is_no_fault(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "成绩.xlsx") as workbook:
        workbook.add_worksheet().write(0, 0, "学年")
        workbook.add_worksheet()
    assert read_grids(tmp_path / "成绩.xlsx", "成绩.xlsx")[1] == []


def test_empty_file_of_one_year_stops_the_load(district: District) -> None:
    district.write()
    (district.folder / "成绩-2023-2024.csv").write_bytes(b"")
    (fault,) = district.faults()
    assert (fault.key, fault.file) == ("file_empty", "成绩-2023-2024.csv")


def test_empty_file_may_be_the_table_that_is_missing_and_is_told_once(district: District) -> None:
    del district.books["成绩.xlsx"]
    district.write()
    (district.folder / "成绩.csv").write_bytes(b"")
    assert [fault.key for fault in district.faults()] == ["file_empty"]


# cut short

TABLE = "学年,学籍号,成绩\n2024-2025,x,3\n2024-2025,y,4\n2024-2025,z,5\n"


def csv_fault(tmp_path: Path, content: bytes) -> list[str]:
    path = tmp_path / "成绩.csv"
    path.write_bytes(content)
    return [fault.key for fault in read_grids(path, path.name)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("kept", ["2024-2025,z", "2024-2025,", "2024-20", '2024-2025,z,"5'])
def test_csv_that_stops_within_its_last_row_is_cut_short(tmp_path: Path, encoding: str, kept: str) -> None:
    whole = TABLE.rpartition("2024-2025")[0]
    assert csv_fault(tmp_path, (whole + kept).encode(encoding)) == ["file_cut_short"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_csv_that_stops_within_a_character_is_cut_short(tmp_path: Path, encoding: str) -> None:
    assert csv_fault(tmp_path, (TABLE + "2024-2025,z,缺").encode(encoding)[:-1]) == ["file_cut_short"]


def test_csv_whose_end_was_never_written_is_cut_short(tmp_path: Path) -> None:
    assert csv_fault(tmp_path, TABLE.encode() + bytes(512)) == ["file_cut_short"]


@pytest.mark.parametrize(
    "end", ["", "2024-2025,w,6", "备注：缺考须附说明", "备注：缺考须附说明\n", "2024-2025\n", ",,\n,,\n,,"]
)
def test_csv_without_a_last_line_end_or_with_a_remark_is_whole(tmp_path: Path, end: str) -> None:
    assert csv_fault(tmp_path, (TABLE + end).encode()) == []


def test_cut_csv_is_no_missing_table_as_well(district: District) -> None:
    rows = district.books.pop("学生.xlsx")["名册"][1:]
    district.write()
    text = "\n".join(",".join(map(str, row)) for row in rows)
    (district.folder / "学生.csv").write_text(text[:-6], encoding="utf-8")
    assert [fault.key for fault in district.faults()] == ["file_cut_short"]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_workbook_cut_anywhere_is_a_fault(book: Path, kept: float) -> None:
    book.write_bytes(book.read_bytes()[: int(kept * book.stat().st_size)])
    assert only_fault(book).key == "file_unreadable"


# damaged


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_workbook_without_a_part_that_it_needs_is_a_fault(book: Path, part: str) -> None:
    rewrite(book, part, lambda content: None)
    assert only_fault(book).key == "file_unreadable"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", SHEET])
@pytest.mark.parametrize("kept", [0.0, 0.4, 0.8])
def test_workbook_with_half_a_part_is_a_fault(book: Path, part: str, kept: float) -> None:
    rewrite(book, part, lambda content: content[: int(kept * len(content))])
    assert only_fault(book).key == "file_unreadable"


def test_stream_that_cannot_be_unpacked_is_a_fault(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        entry = archive.getinfo(SHEET)
    content = bytearray(book.read_bytes())
    start = entry.header_offset + 30 + len(SHEET)
    content[start : start + 8] = b"\xff" * 8
    book.write_bytes(content)
    with pytest.raises(zlib.error), zipfile.ZipFile(book) as archive:
        archive.read(SHEET)
    assert only_fault(book).key == "file_unreadable"


@pytest.mark.parametrize(
    ("offset", "value", "error"),
    [(6, 99, NotImplementedError), (10, 77, NotImplementedError), (8, 1, RuntimeError)],
    ids=["version", "compression", "password"],
)
def test_archive_of_another_kind_is_a_fault(
    book: Path, offset: int, value: int, error: type[Exception]
) -> None:
    content = bytearray(book.read_bytes())
    place = content.rindex(SHEET.encode()) - 46
    assert content[place : place + 4] == b"PK\x01\x02"
    content[place + offset] = value
    book.write_bytes(content)
    with pytest.raises(error), zipfile.ZipFile(book) as archive:
        archive.read(SHEET)
    assert only_fault(book).key == "file_unreadable"


def raising(error: BaseException) -> type:
    class Reader:
        @staticmethod
        def from_path(path: str) -> None:
            raise error

    return Reader


def test_panic_of_the_reader_is_a_fault(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})
    monkeypatch.setattr(workbooks, "CalamineWorkbook", raising(panic("index out of bounds")))
    assert only_fault(book).key == "file_unreadable"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_is_not_the_files_fault_goes_on(
    book: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(workbooks, "CalamineWorkbook", raising(error()))
    with pytest.raises(error):
        read_grids(book, book.name)


# too large


@pytest.mark.parametrize(
    ("markup", "height", "width"),
    [
        ('<row r="1048576"><c r="GS1048576"><v>1</v></c></row>', 1048576, 201),
        ('<row r="1048576"><c s="1" r="XFD1048576"><v>1</v></c></row>', 1048576, 16384),
        ("<x:row r='900000'><x:c t='n' r='ZZ900000'><x:v>1</x:v></x:c></x:row>", 900000, 702),
        ('<row r="1048576">' + "<c><v>1</v></c>" * 50 + "</row>", 1048576, 50),
    ],
)
def test_cell_far_below_the_data_is_a_fault_and_is_not_read(
    book: Path, markup: str, height: int, width: int
) -> None:
    with_cells(book, markup)
    fault = only_fault(book)
    assert (fault.key, fault.sheet) == ("sheet_too_large", "甲")
    assert fault.fields == {"height": height, "width": width}


def test_sheet_that_is_only_coloured_to_its_last_row_is_read(book: Path) -> None:
    with_cells(book, '<row r="1048576"><c r="XFD1048576" s="1"/></row>')
    (grid,), faults = read_grids(book, book.name)
    assert faults == []
    assert grid.rows[1] == ["2024-2025", "x", 3.0]


def test_hidden_sheet_is_not_read_however_large(book: Path) -> None:
    with xlsxwriter.Workbook(book) as workbook:
        workbook.add_worksheet("乙").write(0, 0, "学年")
        hidden = workbook.add_worksheet("甲")
        hidden.write(1048575, 16383, 1)
        hidden.hide()
    assert [fault.key for fault in read_grids(book, book.name)[1]] == ["hidden_sheet"]


def test_archive_that_unpacks_beyond_the_limit_is_a_fault(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", bytes(1_000_000))
    assert book.stat().st_size < 50_000
    assert only_fault(book).key == "file_too_large"


def test_extent_is_the_same_however_the_tags_are_cut_into_pieces(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cells(book, '<row r="7"><c r="AB7" t="e"><v>#N/A</v></c><c t="e"><v>#N/A</v></c></row>')
    whole = sheet_extents(book)
    assert (whole["甲"].rows, whole["甲"].columns, whole["甲"].errors) == (7, 29, (7,))
    monkeypatch.setattr(archives, "_CHUNK", 300)
    assert sheet_extents(book) == whole
