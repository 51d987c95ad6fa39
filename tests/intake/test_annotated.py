"""Copies to mend: every kind of file and cell, no formula, nothing lost that a load reads."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from evalib.errors import Fault
from evalib.intake import annotated, marks
from evalib.intake.annotated import annotated_copy
from evalib.intake.rewritten import sheet_title
from evalib.intake.workbooks import Grid, read_grids

FORMULAS = ["=1+1", "+1", "-1-2", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", '=HYPERLINK("x")']
HEADER = ["学校标识码", "年级", "备注"]
SPOTS = {("甲.xlsx", "学生"): {"学校标识码": (1, 1), "年级": (1, 2)}}


def book_at(path: Path, rows: list[list[Any]], sheet: str = "学生") -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def fault(*rows: int, column: str = "年级", sheet: str = "学生", warning: bool = False) -> Fault:
    return Fault("甲.xlsx", "missing_value", sheet, column, rows, warning=warning)


def copied(path: Path, faults: list[Fault], spots: Any = None, lang: str = "zh") -> openpyxl.Workbook:
    grids, _ = read_grids(path, "甲.xlsx")
    content = annotated_copy(path, grids, faults, SPOTS if spots is None else spots, lang)
    path.with_name("copy.xlsx").write_bytes(content)
    return openpyxl.load_workbook(io.BytesIO(content))


def values(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows without what is blank at their end."""
    return [[cell for cell in row if cell not in ("", None)] for row in rows]


def read_again(path: Path) -> list[Grid]:
    """What a load would read of the copy: all but the list of faults."""
    return read_grids(path.with_name("copy.xlsx"), "copy.xlsx")[0][1:]


def parts(path: Path) -> str:
    with zipfile.ZipFile(path.with_name("copy.xlsx")) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return "".join(archive.read(name).decode() for name in names)


@pytest.fixture(params=["kept", "rewritten"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to a copy: formats kept, and written anew as for a large workbook."""
    if request.param == "rewritten":
        monkeypatch.setattr(annotated, "MOST_KEPT_CELLS", 0)
    return str(request.param)


def test_no_formula_is_written_and_text_stays_text(tmp_path: Path, way: str) -> None:
    path = tmp_path / "甲.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("学生")
        sheet.write_row(0, 0, HEADER)
        for row, text in enumerate(FORMULAS, 1):
            sheet.write_string(row, 2, text)
        sheet.write_formula(20, 2, "=1+1", value=2)
        sheet.write_formula(21, 2, '="a"&"b"', value="ab")
        hidden = book.add_worksheet("藏")
        hidden.write_string(0, 0, FORMULAS[0])
        hidden.write_formula(1, 0, "=1+1", value=2)
        hidden.hide()
    book = copied(path, [fault(2), fault(3, column="备注")], {("甲.xlsx", "学生"): {"备注": (1, 3)}})
    assert "<f>" not in parts(path)
    assert "<f " not in parts(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or cell.quotePrefix, cell.coordinate
                if str(cell.value).startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix, cell.coordinate
    assert values(read_again(path)[0].rows) == values(read_grids(path, "x")[0][0].rows)
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_state == "hidden"] == (
        ["藏"] if way == "kept" else []
    )


def test_every_kind_of_cell_reads_as_before(tmp_path: Path, way: str) -> None:
    cells: list[Any] = [
        "G12345",
        1,
        0,
        2.5,
        True,
        datetime.date(2024, 9, 1),
        "0012",
        "１２",
        " a ",
        "<b>&",
        "缺考",
    ]
    cells += [
        datetime.datetime(2024, 9, 1, 8, 30),
        datetime.time(0, 3, 45),
        datetime.timedelta(hours=30),
        999999999999999,
        "\U0001f600",
    ]
    path = book_at(tmp_path / "甲.xlsx", [HEADER, *[[cell, "", ""] for cell in cells]])
    copied(path, [fault(*range(2, 2 + len(cells)), column="学校标识码")])
    assert values(read_again(path)[0].rows) == values(read_grids(path, "x")[0][0].rows)


def test_formats_drop_downs_and_notes_of_staff_are_kept(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "学生"
    sheet.append(HEADER)
    sheet["B2"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet["A2"].comment = Comment("请核对", "张")
    sheet.column_dimensions["B"].width = 33
    sheet.add_data_validation(DataValidation("list", formula1='"一年级,二年级"', sqref="B2:B9"))
    book.save(tmp_path / "甲.xlsx")
    copy = copied(tmp_path / "甲.xlsx", [fault(2), fault(2, column="学校标识码")])["学生"]
    assert copy["A2"].comment.text.startswith("请核对\n")
    assert copy.column_dimensions["B"].width == 33
    assert len(copy.data_validations.dataValidation) == 1
    assert copy["B2"].fill.fgColor.rgb == "FFFFC7CE"


def test_marks_of_an_earlier_check_go(tmp_path: Path, way: str) -> None:
    path = book_at(tmp_path / "甲.xlsx", [HEADER, ["a", "b", "c"], ["d", "e", "f"]])
    copied(path, [fault(2)], lang="en")
    path.write_bytes(path.with_name("copy.xlsx").read_bytes())
    book = copied(path, [fault(3)])
    assert book.sheetnames == ["检查结果", "学生"]
    assert book["学生"]["B2"].comment is None
    assert book["学生"]["B3"].comment is not None
    if way == "kept":
        assert book["学生"]["B2"].fill.fill_type is None


def test_warnings_have_a_colour_of_their_own_and_errors_win(tmp_path: Path, way: str) -> None:
    path = book_at(tmp_path / "甲.xlsx", [HEADER, ["a", "b", "c"], ["d", "e", "f"]])
    sheet = copied(path, [fault(2, warning=True), fault(3, warning=True), fault(3)])["学生"]
    assert sheet["B2"].fill.fgColor.rgb == "FFFFEB9C"
    assert sheet["B3"].fill.fgColor.rgb == "FFFFC7CE"


def test_fault_of_a_merged_cell_marks_its_first_cell_and_the_merge_stays(tmp_path: Path, way: str) -> None:
    book = openpyxl.Workbook()
    book.active.title = "学生"
    for row in (HEADER, ["a", "三年级", ""], ["b", "", ""], ["c", "", ""]):
        book.active.append(row)
    book.active.merge_cells("B2:B4")
    book.save(tmp_path / "甲.xlsx")
    copy = copied(tmp_path / "甲.xlsx", [fault(3), fault(4)])
    assert copy["学生"]["B2"].comment is not None
    assert [str(one) for one in copy["学生"].merged_cells.ranges] == ["B2:B4"]
    assert [row[2].value for row in copy["检查结果"].iter_rows(min_row=7)] == ["B2", "B2"]


def test_fault_of_a_row_a_column_or_a_sheet_is_marked_where_it_can_be(tmp_path: Path, way: str) -> None:
    path = book_at(tmp_path / "甲.xlsx", [HEADER, [None, None, "c"]])
    book = copied(
        path, [fault(2, column=""), fault(column="年级"), fault(column="没有"), fault(9, column="")]
    )
    assert [row[2].value for row in book["检查结果"].iter_rows(min_row=7)] == ["C2", "B1", None, "A9"]
    assert book["学生"]["C2"].comment is not None
    assert book["学生"]["B1"].comment is not None


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".ods"])
def test_files_of_other_formats_get_a_workbook(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"甲{suffix}"
    rows: list[list[Any]] = [HEADER, ["2150000001", "三年级", "=1+1"], ["2150000001", "", "x"]]
    if suffix == ".csv":
        path.write_text("\n".join(",".join(row) for row in rows), encoding="gb18030")
    elif suffix == ".parquet":
        import pandas as pd

        pd.DataFrame(rows[1:], columns=HEADER).to_parquet(path)
    else:
        path.write_bytes(ods("学生", rows))
    grids, faults = read_grids(path, "甲.xlsx")
    assert not faults
    sheet = grids[0].sheet
    book = copied(path, [fault(3, sheet=sheet)], {("甲.xlsx", sheet): {"年级": (1, 2)}})
    assert book.sheetnames == ["检查结果", sheet or "Sheet1"]
    assert book.worksheets[1]["B3"].comment is not None
    assert values(read_again(path)[0].rows) == values(rows)
    assert "<f>" not in parts(path)


def ods(name: str, rows: list[list[Any]]) -> bytes:
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = "".join(
        f"<table:table-row>{''.join(cell.format(text) for text in row)}</table:table-row>" for row in rows
    )
    body = f'<office:spreadsheet><table:table table:name="{name}">{lines}</table:table></office:spreadsheet>'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        document = (
            f"<office:document-content {spaces}><office:body>{body}</office:body></office:document-content>"
        )
        archive.writestr("content.xml", document)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return content.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../../x", "<script>", "a:b", "'", "", "长" * 80, "\U0001f600" * 20, "检查结果", "x\x1b", "HISTORY"],
)
def test_any_name_of_a_sheet_becomes_one_that_a_workbook_can_have(name: str) -> None:
    title = sheet_title(name, ["检查结果"])
    assert 0 < len(title.encode("utf-16-le")) <= 62
    assert not set("\\*?:/[]") & set(title)
    assert title != "检查结果"
    with xlsxwriter.Workbook(io.BytesIO()) as book:
        book.add_worksheet(title)


def test_long_and_hostile_names_of_sheets_are_copied_apart(tmp_path: Path) -> None:
    names = ["长" * 40 + "甲", "长" * 40 + "乙", "../../x", "'=1+1'!A1"]
    path = tmp_path / "甲.ods"
    tables = [ods(name.replace("'", "&apos;"), [HEADER, [name[-1], "", "x"]]) for name in names]
    grids = []
    for table in tables:
        path.write_bytes(table)
        grids += read_grids(path, "甲.xlsx")[0]
    assert [grid.sheet for grid in grids] == names
    spots = {("甲.xlsx", name): {"年级": (1, 2)} for name in names}
    content = annotated_copy(path, grids, [fault(2, sheet=name) for name in names], spots, "zh")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 5
    for sheet, name, line in zip(
        book.worksheets[1:], names, book.worksheets[0].iter_rows(min_row=7), strict=True
    ):
        assert sheet["A2"].value == name[-1]
        assert sheet["B2"].comment is not None
        target = sheet.title.replace("'", "''")
        assert line[2].hyperlink.location == f"'{target}'!B2"


def test_every_fault_has_notes_and_lines_where_there_are_too_many(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST_NOTES", 4)
    monkeypatch.setattr(marks, "MOST_LINES", 4)
    path = book_at(tmp_path / "甲.xlsx", [HEADER, *[["a", "b", "c"]] * 30])
    book = copied(path, [fault(*range(2, 30)), fault(3, 4, column="学校标识码")])
    sheet = book["学生"]
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment] == [
        "B2", "A3", "B3", "A4"
    ]  # fmt: skip
    assert all(sheet[f"B{row}"].fill.fgColor.rgb == "FFFFC7CE" for row in range(2, 30))
    lines = [row[2].value for row in book["检查结果"].iter_rows(min_row=7)]
    assert lines == ["B2", "B3", "A3", "A4", None]
    assert "另有 26 处" in str(book["检查结果"]["A11"].value)


def test_a_workbook_that_cannot_be_kept_is_written_anew(tmp_path: Path) -> None:
    path = book_at(tmp_path / "甲.xlsx", [HEADER, ["a", "b", "c"]])
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, b"<styleSheet><odd" if name == "xl/styles.xml" else part)
    grids = [Grid("甲.xlsx", "学生", [HEADER, ["a", "b", "c"]])]
    copy = annotated_copy(path, grids, [fault(2)], SPOTS, "zh")
    assert openpyxl.load_workbook(io.BytesIO(copy))["学生"]["B2"].comment is not None


def test_of_a_part_or_of_too_much_the_faults_are_listed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book_at(tmp_path / "甲.xlsx", [HEADER, ["a", "b", "c"]])
    grids, _ = read_grids(path, "甲.xlsx")
    part = annotated_copy(path, grids, [fault(2)], SPOTS, "zh", whole=False)
    monkeypatch.setattr(annotated, "MOST_CELLS", 5)
    for content in (part, annotated_copy(path, grids, [fault(2)], SPOTS, "zh")):
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert book.sheetnames == ["检查结果"]
        assert "只列问题" in str(book.worksheets[0]["A3"].value)
        assert book.worksheets[0]["C7"].value == "B2"


@pytest.mark.proof
def test_hundred_thousand_rows_are_copied_and_marked(tmp_path: Path) -> None:
    rows = [HEADER, *([f"{number:010d}", "三年级", number] for number in range(100_000))]
    grids = [Grid("甲.xlsx", "学生", rows)]
    copy = annotated_copy(tmp_path / "甲.xlsx", grids, [fault(*range(2, 100_002))], SPOTS, "zh")
    path = tmp_path / "copy.xlsx"
    path.write_bytes(copy)
    again, faults = read_grids(path, "copy.xlsx")
    assert not faults
    assert again[1].rows == rows
    assert len(again[0].rows) == 6 + marks.MOST_LINES + 1
