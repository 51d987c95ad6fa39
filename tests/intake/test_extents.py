"""Sheets looked over before they are read: how far they reach, which formulas lack a value."""

from __future__ import annotations

import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook
from trial_district import PARAMS, District

from evalib.intake import extents
from evalib.intake.columns import load_columns
from evalib.intake.extents import exact_extent, extent_of
from evalib.intake.otherextents import binary_extent, open_document_extents
from evalib.intake.recognition import recognise
from evalib.intake.workbooks import read_grids

FLOAT = b'<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'


def xml(rows: str) -> bytes:
    content = f'<cols><col min="1"/></cols><sheetData>{rows}</sheetData><rowBreaks/>'
    return f"<worksheet>{content}</worksheet>".encode()


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[place : place + size] for place in range(0, len(content), size)]


SHEETS = {
    "references": ('<row r="3"><c r="B3"><v>1</v></c><c r="AA3" t="s"><v>0</v></c></row>', 3, 27),
    "none": ("<row><c><v>1</v></c><c/><c><v>1</v></c></row><row><c><v>2</v></c></row>", 2, 3),
    "mixed": ('<row r="7"><c r="C7"><v>1</v></c><c><v>1</v></c></row>', 7, 4),
    "prefix": ('<x:row r="9"><x:c r="D9"><x:v>1</x:v></x:c></x:row>', 9, 4),
    "quotes": ("<row r='2'><c s='1' r = 'E2'><v>1</v></c></row>", 2, 5),
    "other row": ('<row r="1"><c r="A90"><v>1</v></c></row>', 90, 1),
}


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_reach_is_found_however_a_sheet_is_written_and_cut(name: str, size: int) -> None:
    rows, height, width = SHEETS[name]
    found = extent_of(pieces(xml(rows), size))
    assert (found.rows, found.columns) == (height, width)
    assert exact_extent(pieces(xml(rows), size)) == (height, width)


def test_reach_is_never_less_than_what_holds_something() -> None:
    rows = '<row r="1"><c r="B1" s="1"/><c><is><t>x</t><rPr><color rgb="F"/></rPr></is></c></row><row r="5"/>'
    found = extent_of([xml(rows)])
    assert (found.rows, found.columns) >= exact_extent([xml(rows)]) == (1, 3)


def test_row_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extents, "LONGEST_ROW", 1000)
    with pytest.raises(ValueError, match="without an end"):
        extent_of(pieces(xml('<row r="1">' + "<c><v>1</v></c>" * 500 + "</row>"), 100))


# formulas


@pytest.mark.parametrize(
    ("cell", "uncomputed"),
    [
        ('<c r="B2"><f>A1+1</f><v/></c>', True),
        ('<c r="B2"><f>A1+1</f><v></v></c>', True),
        ('<c r="B2"><f>A1+1</f></c>', True),
        ('<c r="B2" s="3"><f t="shared" si="0"/></c>', True),
        ('<c r="B2"><f>A1+1</f><v>0</v></c>', False),
        ('<c r="B2" t="str"><f>""</f><v></v></c>', False),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', False),
        ('<c r="B2"><v>3</v></c>', False),
        ('<c r="B2"/>', False),
    ],
)
@pytest.mark.parametrize("size", [5, 10_000])
def test_formula_without_a_value_is_found_at_its_cell(cell: str, uncomputed: bool, size: int) -> None:
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c>{cell}</row>'
    assert extent_of(pieces(xml(rows), size)).uncomputed == (((2, 2),) if uncomputed else ())


def test_formula_in_cells_that_do_not_say_where_they_stand() -> None:
    rows = "<row><c/></row><row><c><v>1</v></c><c/><c><f>A1</f><v/></c></row>"
    assert extent_of([xml(rows)]).uncomputed == ((2, 3),)


def with_formulas(district: District, file: str, cells: dict[str, str]) -> None:
    """The file written by a program that computes nothing."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in district.books.pop(file).items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for place, formula in cells.items():
            sheet[place] = formula
    district.folder.mkdir(parents=True, exist_ok=True)
    book.save(district.folder / file)


def told(district: District) -> list[tuple[Any, ...]]:
    return [(fault.key, fault.sheet, fault.column, fault.rows) for fault in district.faults()]


def test_formula_that_was_never_computed_is_a_fault_and_no_blank(district: District) -> None:
    with_formulas(district, "办学条件.xlsx", {"D2": "=10+2.5", "E2": "=1+1"})
    assert told(district) == [
        ("formula_without_value", "办学条件", "教学仪器设备值（万元）", (2,)),
        ("formula_without_value", "办学条件", "班级数", (2,)),
    ]


def test_row_of_such_formulas_alone_is_told_and_not_passed_over(district: District) -> None:
    places = {f"{letter}3": f"={letter}2" for letter in "ABCDE"}
    with_formulas(district, "办学条件.xlsx", places)
    assert {(key, rows) for key, _, _, rows in told(district)} == {("formula_without_value", (3,))}


def test_formulas_in_totals_and_in_columns_that_are_not_used_are_no_fault(district: District) -> None:
    rows = district.sheet("办学条件.xlsx")
    rows[0].append("备注")
    rows.append(["合计"])
    with_formulas(district, "办学条件.xlsx", {"E3": "=SUM(E2:E2)", "F2": "=ROW()"})
    assert district.read().warnings == ()


# OpenDocument


def document(body: bytes) -> list[bytes]:
    return pieces(b'<a><table:table table:name="1&amp;2">' + body + b"</table:table></a>", 50)


@pytest.mark.parametrize(
    ("body", "height", "width"),
    [
        (b"<table:table-row>" + FLOAT * 3 + b"</table:table-row>", 1, 3),
        (
            b'<table:table-row table:number-rows-repeated="1000000">' + FLOAT * 30 + b"</table:table-row>",
            1_000_000,
            30,
        ),
        (
            b"<table:table-row>"
            + FLOAT.replace(b"cell ", b'cell table:number-columns-repeated="16384" ', 1)
            + b"</table:table-row>",
            1,
            16384,
        ),
        (
            b"<table:table-row>"
            + FLOAT
            + b'<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
            + b'<table:table-row table:number-rows-repeated="1048575">'
            + b'<table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
            1,
            1,
        ),
    ],
)
def test_repeated_rows_and_cells_of_a_document_count_as_often(body: bytes, height: int, width: int) -> None:
    (found,) = open_document_extents(document(body)).items()
    assert (found[0], found[1].rows, found[1].columns) == ("1&2", height, width)


def test_errors_and_formulas_without_a_value_of_a_document() -> None:
    body = (
        b"<table:table-row>" + FLOAT + b'<table:table-cell table:formula="of:=1"/></table:table-row>'
        b'<table:table-row><table:table-cell table:formula="of:=1/0" office:value-type="string" '
        b'calcext:value-type="error"><text:p>x</text:p></table:table-cell></table:table-row>'
    )
    found = open_document_extents(document(body))["1&2"]
    assert (found.uncomputed, found.errors) == (((1, 2),), (2,))


def test_document_that_repeats_a_row_a_million_times_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "成绩.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        row = b'<table:table-row table:number-rows-repeated="1048576">' + FLOAT * 100 + b"</table:table-row>"
        archive.writestr("content.xml", b"".join(document(row)))
    started = time.process_time()
    grids, faults = read_grids(path, path.name)
    assert (grids, [(one.key, one.sheet) for one in faults]) == ([], [("sheet_too_large", "1&2")])
    assert time.process_time() - started < 1


# binary workbooks


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + bytes([len(content)]) + content


def test_cell_far_below_of_a_binary_workbook_is_not_read(tmp_path: Path) -> None:
    cell = record(5, struct.pack("<IId", 16383, 0, 1.0))
    part = record(0, struct.pack("<I", 0) + bytes(20)) + cell + record(0, struct.pack("<I", 1048575)) + cell
    for size in (1, 3, 1000):
        found = binary_extent(pieces(part, size))
        assert (found.rows, found.columns) == (1048576, 16384)
    with zipfile.ZipFile(tmp_path / "a.xlsb", "w") as archive:
        archive.writestr("xl/worksheets/sheet1.bin", part)
    assert [one.key for one in read_grids(tmp_path / "a.xlsb", "a.xlsb")[1]] == ["sheet_too_large"]


def test_blank_cell_of_a_binary_workbook_takes_no_room() -> None:
    part = record(0, struct.pack("<I", 1048575)) + record(1, struct.pack("<II", 16383, 0))
    assert not binary_extent([part]).too_large


# a million rows


@pytest.mark.proof
def test_million_blank_rows_are_read_and_passed_over(tmp_path: Path) -> None:
    header, pupil = ["学年", "学籍号", "学校标识码", "年级"], ["2024-2025", "x", "2150000001", "三年级"]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True}) as book:
        sheet, coloured = book.add_worksheet(), book.add_format({"bg_color": "red"})
        sheet.write_row(0, 0, header)
        for row in range(1, 1_000_000):
            sheet.write_blank(row, 0, None, coloured)
        sheet.write_row(1_000_000, 0, pupil)
    lines = [",".join(header), ",".join(pupil), *[",,,"] * 1_000_000]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    started = time.process_time()
    columns = load_columns(PARAMS)
    for name, row in (("a.xlsx", 1_000_001), ("a.csv", 2)):
        (grid,), faults = read_grids(tmp_path / name, name)
        found = recognise(grid, columns).sheet
        assert faults == []
        assert found is not None
        assert (found.table, found.cells.index.tolist()) == ("pupils", [row])
    assert time.process_time() - started < 30
