"""The invented district's sheets: clean tables in the words and shapes that a district uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalib.intake.columns import Columns
from evalib.intake.schemas import GONE
from evalib.intake.table import TOLD_OF_COMPETENCE
from evalib.sampling.district import InventedDistrict

STAGES = ("primary", "junior")
NATIONAL_GRADES = {grade: str(10 + grade if grade <= 6 else 14 + grade) for grade in range(1, 10)}
HAN = "01"
CLOCKED = ("shuttle_run_s", "run_800m_s", "run_1000m_s")
NOTE = "本文件夹中的学校、学生、教师与成绩全部为虚构，仅供试用；学籍号使用不存在的行政区划 999999。"

Cells = Sequence[Any]


@dataclass(frozen=True)
class Page:
    """A worksheet: what stands above its headers, the headers with their cells, what stands below."""

    name: str
    columns: dict[str, Cells]
    title: str = ""
    below: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Sheets:
    """The sheets of every workbook, in the district's words."""

    district: InventedDistrict
    columns: Columns

    def schools(self) -> Iterable[Page]:
        """A sheet a year, a title above the headers, and one sheet that holds no table."""
        for year in self.district.years:
            rows = self._year("schools", year)
            title = f"{self.district.name}{_spoken(year)}学校名单"
            yield Page(_spoken(year), self._columns("schools", rows, without=["year"]), title)
        yield Page("说明", {NOTE: []})

    def papers(self) -> Iterable[Page]:
        """One sheet for all years, a remark below the table."""
        below = ("备注：“全区统一”为“否”的试卷由各校自行命题，成绩不可比",)
        yield Page("试卷", self._columns("papers", self.district.tables["papers"]), below=below)

    def pupils(self, year: str) -> Iterable[Page]:
        """The register, a sheet a stage; the year stands in the file's name alone."""
        rows = self._year("pupils", year).merge(self.district.pupil_identities, on="pupil")
        for stage in STAGES:
            part = rows[rows["stage"].eq(stage)].sort_values(["school_code", "grade", "class", "pupil"])
            columns = self._columns("pupils", part, without=["year", "pupil"])
            identity: dict[str, Cells] = {
                self.columns.header("pupils", "pupil"): part["national_number"].tolist(),
                "姓名": part["name"].tolist(),
            }
            yield Page(self.columns.word("stage", stage), identity | columns)

    def scores(self, year: str) -> Iterable[Page]:
        """A sheet a grade, a column a subject, and a word in place of a mark for who was absent."""
        papers = self._year("papers", year)[["paper", "grade", "subject"]]
        scores = self._year("scores", year).merge(papers, on="paper")
        words = {sat: self.columns.word("sat", sat) for sat in ("absent", "exempt", "voided")}
        scores["mark"] = (
            scores["score"].astype(object).where(scores["sat"].eq("present"), scores["sat"].map(words))
        )
        wide = scores.pivot(index="pupil", columns="subject", values="mark")
        subjects = [name for name in self.columns.params.values["subject"] if name in wide]
        rows = self._on_roll(year).merge(self.district.pupil_identities, on="pupil")
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
            yield Page(spoken, columns | marks, title)

    def fitness(self, year: str) -> Iterable[Page]:
        """After the national upload sheet, with the school in front and the exempt at the end."""
        rows = self._year("fitness", year).merge(self._on_roll(year).drop(columns="year"), on="pupil")
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
            yield Page(self.columns.word("stage", stage), columns)

    def teachers(self) -> Iterable[Page]:
        """A sheet a year."""
        for year in self.district.years:
            rows = self._year("teachers", year).merge(self.district.teacher_identities, on="teacher")
            identity: dict[str, Cells] = {
                self.columns.header("teachers", "teacher"): rows["staff_number"].tolist(),
                "教师姓名": rows["name"].tolist(),
            }
            yield Page(_spoken(year), identity | self._columns("teachers", rows, without=["year", "teacher"]))

    def resources(self) -> Iterable[Page]:
        """A sheet a year, with a total below the table."""
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
            yield Page(_spoken(year), columns, title, below)

    def records(self, year: str) -> Iterable[Page]:
        """Competence with one row a pupil and without names, activities and awards a row each."""
        numbers = self.district.pupil_identities.set_index("pupil")["national_number"]
        rows = self._year("competence", year)
        columns: dict[str, Cells] = {}
        if len(rows):
            wide = rows.pivot(index="pupil", columns="area", values=list(TOLD_OF_COMPETENCE))
            columns[self.columns.header("competence", "pupil")] = numbers[wide.index].tolist()
            told, area = (wide.columns.get_level_values(level) for level in (0, 1))
            wide.columns = area + "_" + told
            columns |= self._columns("competence", wide.dropna(axis=1, how="all"))
        yield Page("综合素质评价", columns)
        rows = self._year("activities", year)
        pupils: dict[str, Cells] = {
            self.columns.header("activities", "pupil"): numbers[rows["pupil"]].tolist()
        }
        yield Page("社团活动", pupils | self._columns("activities", rows, without=["year", "pupil"]))
        rows = self._year("achievements", year)
        pupils = {self.columns.header("achievements", "pupil"): self._words(None, rows["pupil"].map(numbers))}
        yield Page("获奖成果", pupils | self._columns("achievements", rows, without=["year", "pupil"]))

    def survey(self) -> Iterable[Page]:
        """A sheet a year, a row a respondent, item and section."""
        for year in self.district.years:
            rows = self._year("survey", year)
            title = f"{self.district.name}{_spoken(year)}问卷调查汇总"
            yield Page(_spoken(year), self._columns("survey", rows, without=["year"]), title)

    def facts(self) -> Iterable[Page]:
        """Shares in percent, as offices write them."""
        for year in self.district.years:
            rows = self._year("district", year)
            share = rows["unit"].eq("share")
            rows["value"] = rows["value"].where(~share, (rows["value"] * 100).round(1))
            rows["unit"] = rows["unit"].mask(share, "percent")
            yield Page(_spoken(year), self._columns("district", rows, without=["year"]))

    def _on_roll(self, year: str) -> pd.DataFrame:
        rows = self._year("pupils", year)
        return rows[~rows["status"].isin(GONE)]

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


def _spoken(year: str) -> str:
    return f"{year.replace('-', '—')}学年"


def _clock(seconds: float) -> str:
    minute, second = divmod(round(seconds), 60)
    return f"{minute}'{second:02d}\""
