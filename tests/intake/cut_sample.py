"""The invented district cut down to a few pupils: every table, every layout, a fast load."""

from __future__ import annotations

import functools
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
YEAR = "2024-2025"
# A primary school, and one of both stages: their codes are all that is kept of the district.
PRIMARY, THROUGH = "2150000001", "3150000012"
GRADES = {"三年级": PRIMARY, "七年级": THROUGH}
PUPILS_OF_A_GRADE = 4

Rows = list[list[Any]]
# Row and column, counted from 0, of the first and of the last cell.
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class Page:
    """One sheet: what stands above its headers, they, its records, what stands below."""

    name: str
    table: str
    above: Rows
    header: list[Any]
    records: Rows
    below: Rows = field(default_factory=list)
    hidden: bool = False
    merged: list[Range] = field(default_factory=list)

    @property
    def rows(self) -> Rows:
        return [*self.above, self.header, *self.records, *self.below]

    def sheet_row(self, record: int) -> int:
        """The row of a record as a spreadsheet counts it."""
        return len(self.above) + 2 + record

    def place(self, *headers: str) -> int:
        """Which column has one of these headers, counted from 0."""
        return next(place for place, header in enumerate(self.header) if header in headers)


@dataclass
class Book:
    """One file and its sheets."""

    file: str
    pages: list[Page]
    form: str = "xlsx"

    @property
    def stem(self) -> str:
        return self.file.rpartition(".")[0]

    def page(self, name: str) -> Page:
        return next(page for page in self.pages if page.name == name)

    @property
    def tables(self) -> list[Page]:
        """The pages that a load reads as tables."""
        return [page for page in self.pages if page.table and not page.hidden]


_TABLES = {
    "学校": "schools",
    "学生": "pupils",
    "试卷": "papers",
    "成绩": "scores",
    "体质健康": "fitness",
    "教师": "teachers",
    "办学条件": "resources",
    "问卷": "survey",
    "区级数据": "district",
}
_RECORDS = {"综合素质评价": "competence", "社团活动": "activities", "获奖成果": "achievements"}


def cut_sample(*only: str) -> list[Book]:
    """The cut district's workbooks; with `only`, those whose name begins with one of these words."""
    return [deepcopy(book) for book in _cut() if not only or book.file.startswith(only)]


def pupils_of_cut() -> dict[str, str]:
    """学籍号 → name, as the district's files have them."""
    return {
        record[page.place("学籍号")]: record[page.place("姓名")]
        for page in cut_sample("学生")[0].pages
        for record in page.records
    }


@functools.cache
def _cut() -> tuple[Book, ...]:
    books = [
        _book(path)
        for path in sorted(SAMPLE.glob("*.xlsx"))
        if not path.stem[-9:].startswith("20") or path.stem.endswith(YEAR)
    ]
    rolls = next(book for book in books if book.file.startswith("成绩"))
    kept = {grade: _pupils(rolls.page(grade), code, books) for grade, code in GRADES.items()}
    numbers = {number for few in kept.values() for number in few}
    return tuple(_cut_down(book, numbers) for book in books)


def _pupils(roll: Page, code: str, books: list[Book]) -> list[str]:
    """Pupils of one grade and school with names that no other text holds, those with most records first."""
    page = next(book for book in books if book.file.startswith("综合素质"))
    clubs, works = (
        {str(record[0]) for record in page.page(name).records} for name in ("社团活动", "获奖成果")
    )
    number, name, school = roll.place("学籍号"), roll.place("姓名"), roll.place("学校标识码")
    found = [
        row[number]
        for row in roll.records
        if row[school] == code and len(row[name]) == 3 and all(isinstance(mark, float) for mark in row[-3:])
    ]
    found.sort(key=lambda one: (one not in clubs) + (one not in works))
    return found[:PUPILS_OF_A_GRADE]


def _cut_down(book: Book, numbers: set[str]) -> Book:
    pages = [
        replace(page, records=[row for row in page.records if _stays(page, row, numbers)])
        for page in book.pages
        if page.table != "scores" or page.name in GRADES
    ]
    if book.stem in _TABLES and len(pages) > 1 and book.stem != "学校":
        pages = [page for page in pages if YEAR[:4] == page.name[:4]]
    return Book(book.file, pages)


def _stays(page: Page, row: list[Any], numbers: set[str]) -> bool:
    if page.table == "papers":
        return row[page.place("学年")] == YEAR and row[page.place("年级")] in GRADES
    if page.table in ("district", ""):
        return True
    if page.table == "survey":
        return row[page.place("学校标识码")] in ("", PRIMARY, THROUGH)
    if page.table == "teachers":
        return row[page.place("教师编号")][-1] == "1" and row[page.place("学校标识码")] in (PRIMARY, THROUGH)
    if page.table in ("schools", "resources"):
        return row[page.place("学校标识码")] in (PRIMARY, THROUGH)
    return row[page.place("学籍号")] in numbers


def _book(path: Path) -> Book:
    workbook = CalamineWorkbook.from_path(str(path))
    word = path.stem.partition("-")[0]
    pages = []
    for name in workbook.sheet_names:
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        table = _RECORDS.get(name, _TABLES.get(word, "")) if name != "说明" else ""
        pages.append(_page(name, table, rows))
    return Book(path.name, pages)


def _page(name: str, table: str, rows: Rows) -> Page:
    if not table:
        return Page(name, "", [], rows[0], rows[1:])
    head = next(place for place, row in enumerate(rows) if sum(cell != "" for cell in row) > 2)
    end = len(rows)
    while str(rows[end - 1][0]).startswith(("合计", "备注")):
        end -= 1
    return Page(name, table, rows[:head], rows[head], rows[head + 1 : end], rows[end:])
