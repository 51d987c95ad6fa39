"""The invented district's files, as a district hands them in: Chinese headers, one file a table or year."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from evalib.intake.columns import Columns, load_columns
from evalib.sampling.district import InventedDistrict

# A fixed date in the file's properties, so that bytes repeat.
CREATED = datetime.datetime(2025, 7, 15)
# Text stays text: nothing that begins with = + - @ is ever a formula, nothing a link.
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
STAGES = ("primary", "junior")
NATIONAL_GRADES = {grade: str(10 + grade if grade <= 6 else 14 + grade) for grade in range(1, 10)}
HAN = "01"
CLOCKED = ("shuttle_run_s", "run_800m_s", "run_1000m_s")
NOTE = "本文件夹中的学校、学生、教师与成绩全部为虚构，仅供试用；学籍号使用不存在的行政区划 999999。"

Cells = Sequence[Any]


@dataclass(frozen=True)
class _Page:
    """A worksheet: what stands above its headers, the headers with their cells, what stands below."""

    name: str
    columns: dict[str, Cells]
    title: str = ""
    below: tuple[Any, ...] = ()


def write_workbooks(
    district: InventedDistrict, folder: str | Path, params: str | Path = "params"
) -> list[Path]:
    """Write the district's workbooks.

    Schools, papers, teachers and resources have one workbook each; pupils, scores
    and fitness one a year. Some sheets carry a title above the headers or a total
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
    writer = _Writer(district, load_columns(Path(params)))
    books: dict[str, Iterable[_Page]] = {
        "学校.xlsx": writer.schools(),
        "试卷.xlsx": writer.papers(),
        "教师.xlsx": writer.teachers(),
        "办学条件.xlsx": writer.resources(),
    }
    for year in district.years:
        books[f"学生-{year}.xlsx"] = writer.pupils(year)
        books[f"成绩-{year}.xlsx"] = writer.scores(year)
        books[f"体质健康-{year}.xlsx"] = writer.fitness(year)
    for name, pages in books.items():
        _write(folder / name, pages, district.name)
    return sorted(folder / name for name in books)


@dataclass(frozen=True)
class _Writer:
    """The sheets of every workbook, in the district's words."""

    district: InventedDistrict
    columns: Columns

    def schools(self) -> Iterable[_Page]:
        for year in self.district.years:
            rows = self._year("schools", year)
            title = f"{self.district.name}{_spoken(year)}学校名单"
            yield _Page(_spoken(year), self._columns("schools", rows, without=["year"]), title)
        yield _Page("说明", {NOTE: []})

    def papers(self) -> Iterable[_Page]:
        below = ("备注：“全区统一”为“否”的试卷由各校自行命题，成绩不可比",)
        yield _Page("试卷", self._columns("papers", self.district.tables["papers"]), below=below)

    def pupils(self, year: str) -> Iterable[_Page]:
        rows = self._year("pupils", year).merge(self.district.pupil_identities, on="pupil")
        for stage in STAGES:
            part = rows[rows["stage"].eq(stage)].sort_values(["school_code", "grade", "class", "pupil"])
            columns = self._columns("pupils", part, without=["year", "pupil"])
            identity: dict[str, Cells] = {
                self.columns.header("pupils", "pupil"): part["national_number"].tolist(),
                "姓名": part["name"].tolist(),
            }
            yield _Page(self.columns.word("stage", stage), identity | columns)

    def scores(self, year: str) -> Iterable[_Page]:
        papers = self._year("papers", year)[["paper", "grade", "subject"]]
        scores = self._year("scores", year).merge(papers, on="paper")
        words = {sat: self.columns.word("sat", sat) for sat in ("absent", "exempt", "voided")}
        scores["mark"] = (
            scores["score"].astype(object).where(scores["sat"].eq("present"), scores["sat"].map(words))
        )
        wide = scores.pivot(index="pupil", columns="subject", values="mark")
        subjects = [name for name in self.columns.params.values["subject"] if name in wide]
        rows = self._year("pupils", year).merge(self.district.pupil_identities, on="pupil")
        rows = rows.join(wide, on="pupil", how="inner").sort_values(["school_code", "class", "pupil"])
        for grade, part in rows.groupby("grade"):
            spoken = self.columns.word("grade", str(grade))
            marks: dict[str, Cells] = {
                self.columns.word("subject", subject): part[subject].tolist() for subject in subjects
            }
            columns = self._columns("pupils", part[["school_code", "class"]])
            columns[self.columns.header("scores", "pupil")] = part["national_number"].tolist()
            columns["姓名"] = part["name"].tolist()
            title = f"{self.district.name}{_spoken(year)}第二学期{spoken}学业质量监测成绩表"
            yield _Page(spoken, columns | marks, title)

    def fitness(self, year: str) -> Iterable[_Page]:
        """After the national upload sheet, with the school in front and the exempt at the end."""
        rows = self._year("fitness", year).merge(self._year("pupils", year).drop(columns="year"), on="pupil")
        rows = rows.merge(self.district.pupil_identities, on="pupil")
        items = [
            str(name) for name in self.district.tables["fitness"] if name not in ("year", "pupil", "exempt")
        ]
        for stage in STAGES:
            part = rows[rows["stage"].eq(stage)].sort_values(["school_code", "grade", "class", "pupil"])
            measured = {item: part[item].tolist() for item in items}
            for item in CLOCKED:
                measured[item] = [None if value != value else _clock(value) for value in measured[item]]
            columns: dict[str, Cells] = {
                self.columns.header("fitness", "school_code"): part["school_code"].tolist(),
                "年级编号": part["grade"].map(NATIONAL_GRADES).tolist(),
                "班级编号": part["class"].tolist(),
                self.columns.header("fitness", "pupil"): part["national_number"].tolist(),
                "民族代码": [HAN] * len(part),
                "姓名": part["name"].tolist(),
                **self._columns("pupils", part[["sex"]]),
                "出生日期": part["born"].tolist(),
                "家庭住址": [None] * len(part),
            }
            columns |= {self.columns.header("fitness", item): measured[item] for item in items}
            columns |= self._columns("fitness", part[["exempt"]])
            yield _Page(self.columns.word("stage", stage), columns)

    def teachers(self) -> Iterable[_Page]:
        for year in self.district.years:
            rows = self._year("teachers", year).merge(self.district.teacher_identities, on="teacher")
            identity: dict[str, Cells] = {
                self.columns.header("teachers", "teacher"): rows["staff_number"].tolist(),
                "教师姓名": rows["name"].tolist(),
            }
            yield _Page(
                _spoken(year), identity | self._columns("teachers", rows, without=["year", "teacher"])
            )

    def resources(self) -> Iterable[_Page]:
        schools = self.district.tables["schools"][["year", "school_code", "stage", "name"]]
        for year in self.district.years:
            rows = self._year("resources", year).merge(schools, on=["year", "school_code", "stage"])
            columns: dict[str, Cells] = {self.columns.header("schools", "name"): rows["name"].tolist()}
            columns |= self._columns("resources", rows, without=["year"])
            # The total counts what a through-school repeats in its second row only once.
            classes = rows.drop_duplicates("school_code")["classes"].sum()
            place = list(columns).index(self.columns.header("resources", "classes"))
            below = ("合计", *[None] * (place - 1), int(classes))
            title = f"{self.district.name}{_spoken(year)}办学条件统计表"
            yield _Page(_spoken(year), columns, title, below)

    def _year(self, table: str, year: str) -> pd.DataFrame:
        rows = self.district.tables[table]
        return rows[rows["year"].eq(year)].reset_index(drop=True)

    def _columns(self, table: str, rows: pd.DataFrame, without: Iterable[str] = ()) -> dict[str, Cells]:
        """The clean columns of a table among those of `rows`, under Chinese headers, in Chinese words."""
        known = self.columns.params.tables[table].columns
        return {
            entry.headers[0]: self._words(entry.values, rows[name])
            for name, entry in known.items()
            if name in rows and name not in without
        }

    def _words(self, vocabulary: str | None, column: pd.Series[Any]) -> Cells:
        cells = [
            None if missing else cell for cell, missing in zip(column.tolist(), column.isna(), strict=True)
        ]
        if vocabulary is None:
            return cells
        keys = [str(cell).lower() if isinstance(cell, bool) else str(cell) for cell in cells]
        words = {key: self.columns.word(vocabulary, key) for key in set(keys) - {"None"}}
        return [words.get(key) for key in keys]


def _write(path: Path, pages: Iterable[_Page], author: str) -> None:
    with xlsxwriter.Workbook(str(path), AS_TEXT) as book:
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


def _write_cells(sheet: Worksheet, top: int, place: int, cells: Cells) -> None:
    for row, cell in enumerate(cells, top):
        if isinstance(cell, str):
            sheet.write_string(row, place, cell)
        elif cell is not None and cell == cell:
            sheet.write_number(row, place, cell)


def _spoken(year: str) -> str:
    return f"{year.replace('-', '—')}学年"


def _clock(seconds: float) -> str:
    minute, second = divmod(round(seconds), 60)
    return f"{minute}'{second:02d}\""
