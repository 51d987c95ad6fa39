"""A tiny district as the scenarios write it: four schools that keep every limit, and what a case changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evalib.intake.columns import Columns
from evalib.intake.derived import UNITS
from evalib.records import earlier
from evalib.store import Store

YEAR = "2024-2025"
# Name of a section → school code and stage; a school with two names here is a through-school.
CODES = {"甲小": "2150000001", "乙小": "2150000002", "丙中": "3150000003", "丁中": "3150000004"}
SCHOOLS: dict[str, dict[str, Any]] = {
    name: {"学段": "小学" if name.endswith("小") else "初中", "办学类型": name[-1:], "城乡类型": "城区"}
    | {"建校年份": 1990, "学生数": 100 if name.endswith("小") else 99}
    for name in CODES
}
KINDS = {"小": "小学", "中": "初中"}
RESOURCES = {
    "填报范围": "学段部",
    "教学及辅助用房面积": 1000,
    "室内体育用房面积": 100,
    "体育运动场馆面积": 1200,
    "教学仪器设备值（元）": 300000,
    "网络多媒体教室数": 4,
    "音乐专用教室数": 1,
    "音乐专用教室面积": 100,
    "美术专用教室数": 1,
    "美术专用教室面积": 95,
    "班级数": 6,
    "最大班额": 33,
}
TEACHERS = [
    {"人数": 4, "学历": "本科", "任教学科": "语文", "区级以上骨干": "否"},
    {"学历": "本科", "任教学科": "语文", "区级以上骨干": "否", "本年交流轮岗": "是"},
    {"学历": "本科", "任教学科": "体育", "区级以上骨干": "是", "本年交流轮岗": "是"},
    {"学历": "本科", "任教学科": "体育", "区级以上骨干": "是"},
]
FACTS: dict[str, Any] = {
    "学校规划布局合理": "是",
    "城乡义务教育四统一": "是",
    "不足百人学校按百人核定公用经费": "是",
    "特殊教育生均公用经费": "9000 元",
    "教师平均工资收入": "126000 元",
    "公务员平均工资收入": "124000 元",
    "教师五年培训满360学时比例": "100 %",
    "县级统筹分配教职工编制": "是",
    "符合交流条件教师数": "80 人",
    "交流轮岗教师数": "8 人",
    "交流轮岗骨干教师数": "4 人",
    "小学就近划片入学比例": "100 %",
    "初中就近划片入学比例": "97 %",
    "优质高中招生名额分配比例": "60 %",
    "留守儿童关爱体系健全": "是",
    "随迁子女公办及购买学位就读比例": "96 %",
    "残疾儿童少年入学率": "98 %",
    "学校管理与教学信息化": "是",
    "教师培训经费占公用经费比例": "5.2 %",
    "教师运用信息化手段教学": "是",
    "德育工作与校园文化水平良好": "是",
    "课程开齐开足": "是",
    "无过重课业负担": "是",
    "国家质量监测最低学科水平": "3 等级",
    "国家质量监测小学校际差异率": "12 %",
    "国家质量监测初中校际差异率": "14 %",
}
SURVEY = {
    name: {"调查方式": "普查", "应调查人数": 400, "发放问卷数": 400, "有效问卷数": 360, "满意人数": 330}
    for name in ("学生", "家长", "教师", "校长", "人大代表政协委员", "公众")
}
FIRST_GRADES = {"小学": range(1, 7), "初中": range(7, 10)}


class Words:
    """The words of sheets as the clean tables keep them."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.headers = {
            table: {header: name for name, column in entry.columns.items() for header in column.headers}
            for table, entry in columns.params.tables.items()
        }

    def clean(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row under its headers → the clean table's columns and values."""
        found = {}
        for header, value in row.items():
            name = self.headers[table][header]
            words = self.columns.words(table, name)
            kept = words[value] if words is not None and value is not None else value
            found[name] = {"true": True, "false": False}.get(kept, kept) if isinstance(kept, str) else kept
        return found

    def fact(self, name: str, told: str) -> dict[str, Any]:
        """A fact written as 是, 否 or a number and its unit, a share in percent too."""
        fact = self.columns.spellings["fact"][name]
        if told in ("是", "否"):
            return {"fact": fact, "value": float(told == "是"), "unit": "met"}
        value, _, unit = told.partition(" ")
        figure = float(value)
        if not unit:
            return {"fact": fact, "value": figure, "unit": None}
        written = self.columns.spellings["unit"][unit]
        kept, factor = UNITS.get(written, (written, 1.0))
        return {"fact": fact, "value": figure * factor, "unit": kept}


def write_district(store: Store, case: Mapping[str, Any], words: Words) -> None:
    """The tables of one case, in the store.

    Parameters
    ----------
    case
        Under the names of sheets what differs from the district that keeps every limit: 学校,
        办学条件, 教师, 区级数据, 问卷 by the name of the section or fact, `去掉的学校`;
        往年区级数据 by how many years back; 巩固 how many of the leavers' cohort went away;
        没有学生的学校 by section the years back of whose rolls it is not on, 全部离校 sections all of
        whose pupils have left; 没有的表, 没有的列.
    """
    gone = case.get("去掉的学校", [])
    schools = {
        name: {**SCHOOLS[name], **(case.get("学校", {}).get(name) or {})}
        for name in SCHOOLS
        if name not in gone
    }
    for name, told in (case.get("新增学校") or {}).items():
        schools[name] = {**told}
    codes = {name: told.pop("学校标识码", CODES.get(name, "")) for name, told in schools.items()}
    sizes = {name: told.pop("学生数", None) for name, told in schools.items()}
    tables = {
        ("schools", YEAR): _schools(schools, codes, words),
        ("resources", YEAR): _resources(case, schools, codes, words),
        ("teachers", YEAR): _teachers(case, schools, codes, words),
        ("district", YEAR): fact_rows({**FACTS, **case.get("区级数据", {})}, words),
        ("survey", YEAR): _survey(case, codes, schools, words),
    }
    for back, told in (case.get("往年区级数据") or {}).items():
        tables["district", earlier(YEAR, int(back))] = fact_rows(told, words)
    left = int(case.get("巩固", {}).get("离开人数", 0))
    for back in range(3):
        roll = _pupils(sizes, schools, codes, words, back, left)
        for name, years in (case.get("没有学生的学校") or {}).items():
            if back in years:
                roll = roll[~_of_section(roll, name, schools, codes, words)]
        for name in case.get("全部离校", []):
            roll.loc[_of_section(roll, name, schools, codes, words), "status"] = "transferred_out"
        tables["pupils", earlier(YEAR, back)] = roll
    for sheet, missing in (case.get("没有的列") or {}).items():
        table = _table(sheet, words)
        for place in [one for one in tables if one[0] == table]:
            names = [words.headers[table][header] for header in missing]
            tables[place] = tables[place].drop(columns=names)
    absent = {_table(sheet, words) for sheet in case.get("没有的表", [])}
    store.write({place: frame for place, frame in tables.items() if place[0] not in absent and len(frame)})


def _of_section(
    roll: pd.DataFrame, name: str, schools: Mapping[str, Any], codes: Mapping[str, str], words: Words
) -> pd.Series[bool]:
    stage = words.clean("pupils", {"学段": schools[name]["学段"]})["stage"]
    return roll["school_code"].eq(codes[name]) & roll["stage"].eq(stage)


def _table(sheet: str, words: Words) -> str:
    return next(name for name, entry in words.columns.params.tables.items() if sheet in entry.names)


def _schools(
    schools: Mapping[str, Mapping[str, Any]], codes: Mapping[str, str], words: Words
) -> pd.DataFrame:
    rows = []
    for name, told in schools.items():
        kind = KINDS.get(told["办学类型"], told["办学类型"])
        row = words.clean("schools", {**told, "学校名称": name} | ({"办学类型": kind}))
        rows.append({"school_code": codes[name], **row})
    return pd.DataFrame(rows)


def _resources(
    case: Mapping[str, Any], schools: Mapping[str, Any], codes: Mapping[str, str], words: Words
) -> pd.DataFrame:
    changes = case.get("办学条件", {})
    rows = []
    for name, told in schools.items():
        if changes.get(name, {}) is None:
            continue
        cells = {**RESOURCES, **changes.get(name, {}), "学段": told["学段"]}
        rows.append({"school_code": codes[name], **words.clean("resources", cells)})
    return pd.DataFrame(rows)


def _teachers(
    case: Mapping[str, Any], schools: Mapping[str, Any], codes: Mapping[str, str], words: Words
) -> pd.DataFrame:
    changes = case.get("教师", {})
    rows = []
    for name, told in schools.items():
        for place, group in enumerate(changes.get(name, TEACHERS) or []):
            cells = {"持教师资格证": "是", "本年交流轮岗": "否", "学段": told["学段"], **group}
            number, who = cells.pop("人数", 1), cells.pop("姓", f"{name}{place}")
            clean = words.clean("teachers", cells)
            rows += [{"teacher": f"{who}{at}", "school_code": codes[name], **clean} for at in range(number)]
    frame = pd.DataFrame(rows)
    flags = [one for one in ("certified", "county_backbone", "exchanged") if one in frame]
    return frame.astype(dict.fromkeys(flags, "boolean"))


def fact_rows(told: Mapping[str, str | None], words: Words) -> pd.DataFrame:
    """The table `district` of facts as `Words.fact` reads them; None is not told."""
    rows = [words.fact(name, value) for name, value in told.items() if value is not None]
    return pd.DataFrame(rows, columns=["fact", "value", "unit"]).astype({"fact": "str", "unit": "str"})


def _survey(
    case: Mapping[str, Any], codes: Mapping[str, str], schools: Mapping[str, Any], words: Words
) -> pd.DataFrame:
    rows = []
    told = {**SURVEY, **case.get("问卷", {})}
    for respondent, cells in told.items():
        for one in cells if isinstance(cells, list) else [cells] if cells else []:
            one = {**one} if "学校" in one else {**SURVEY["公众"], **one}
            school = one.pop("学校", None)
            row = words.clean("survey", {**one, "调查对象": respondent, "调查项目": "满意度"})
            if school:
                stage = schools[school]["学段"] if one.get("学段", "") is not None else None
                row |= {"school_code": codes[school], **words.clean("survey", {"学段": stage})}
            rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=[*dict.fromkeys([*frame.columns, "school_code", "stage"])])


def _pupils(
    sizes: Mapping[str, int | None],
    schools: Mapping[str, Any],
    codes: Mapping[str, str],
    words: Words,
    back: int,
    left: int,
) -> pd.DataFrame:
    """The rolls of a year; those of earlier years hold whoever is a grade higher now, and who left since."""
    rows = []
    for name, told in schools.items():
        if sizes[name] is None:
            continue
        grades = list(FIRST_GRADES[told["学段"]])
        stage = words.clean("pupils", {"学段": told["学段"]})["stage"]
        for at in range(int(sizes[name] or 0)):
            grade = grades[at % len(grades)] - back
            if grade >= grades[0]:
                status = "graduated" if grade == grades[-1] else "enrolled"
                rows.append((f"{name}{at}", codes[name], stage, grade, "1班", status))
        if back and stage == "junior" and grades[-1] - back >= grades[0] and name == "丙中":
            for at in range(left):
                rows.append((f"{name}走{at}", codes[name], stage, grades[-1] - back, "1班", "enrolled"))
    return pd.DataFrame(rows, columns=["pupil", "school_code", "stage", "grade", "class", "status"])


def store_of(folder: Path, case: Mapping[str, Any], words: Words) -> Store:
    """A case's district in a store of its own."""
    store = Store(folder)
    write_district(store, case, words)
    return store
