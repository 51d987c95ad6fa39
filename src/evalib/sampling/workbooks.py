"""The invented district's files, as a district hands them in: Chinese headers, one file a table or year."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from evalib.intake.columns import load_columns
from evalib.sampling.compaction import compacted
from evalib.sampling.district import InventedDistrict
from evalib.sampling.sheets import Cells, Page, Sheets

# A fixed date in the file's properties, so that bytes repeat.
CREATED = datetime.datetime(2025, 7, 15)
# Text stays text: nothing that begins with = + - @ is ever a formula, nothing a link.
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# Books whose cells do not say where they stand: the largest, and one kind of workbook that exists.
IMPLICIT = ("学生", "体质健康", "综合素质")


def write_workbooks(
    district: InventedDistrict, folder: str | Path, params: str | Path = "params"
) -> list[Path]:
    """Write the district's workbooks.

    Schools, papers, teachers, resources, survey and district have one workbook each;
    pupils, scores, fitness and records one a year. Some sheets carry a title above the headers or a total
    below them, some say the year only in their name, as real ones do. Pupils and
    teachers appear with their invented names and numbers, for intake to drop.

    Parameters
    ----------
    district
        From `invent_district`.
    folder
        Made if missing; files of the same names are replaced, others stay.
    params
        Folder with `columns.yaml`, whose first header of each column is written.

    Returns
    -------
    The files, in the order of their names. The same district gives the same bytes.

    Raises
    ------
    ParameterError
        `columns.yaml` is missing or wrong.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sheets = Sheets(district, load_columns(Path(params)))
    books: dict[str, Iterable[Page]] = {
        "学校.xlsx": sheets.schools(),
        "试卷.xlsx": sheets.papers(),
        "教师.xlsx": sheets.teachers(),
        "办学条件.xlsx": sheets.resources(),
        "问卷.xlsx": sheets.survey(),
        "区级数据.xlsx": sheets.facts(),
    }
    for year in district.years:
        books[f"学生-{year}.xlsx"] = sheets.pupils(year)
        books[f"成绩-{year}.xlsx"] = sheets.scores(year)
        books[f"体质健康-{year}.xlsx"] = sheets.fitness(year)
        books[f"综合素质-{year}.xlsx"] = sheets.records(year)
    for name, pages in books.items():
        book = compacted(_book(pages, district.name), implicit=name.startswith(IMPLICIT))
        (folder / name).write_bytes(book)
    return sorted(folder / name for name in books)


def _book(pages: Iterable[Page], author: str) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, AS_TEXT) as book:
        book.set_properties({"created": CREATED, "author": author})
        head = book.add_format({"bold": True, "bottom": 1})
        for page in pages:
            sheet = book.add_worksheet(page.name)
            top = 0
            if page.title:
                sheet.write_string(0, 0, page.title)
                top = 1
            for place, (header, cells) in enumerate(page.columns.items()):
                sheet.write_string(top, place, header, head)
                _write_cells(sheet, top + 1, place, cells)
            sheet.freeze_panes(top + 1, 0)
            sheet.set_column(0, len(page.columns) - 1, 14)
            bottom = top + 1 + max((len(cells) for cells in page.columns.values()), default=0)
            for place, cell in enumerate(page.below):
                _write_cells(sheet, bottom, place, [cell])
    return made.getvalue()


def _write_cells(sheet: Worksheet, top: int, place: int, cells: Cells) -> None:
    for row, cell in enumerate(cells, top):
        if isinstance(cell, str):
            sheet.write_string(row, place, cell)
        elif cell is not None and cell == cell:
            sheet.write_number(row, place, cell)
