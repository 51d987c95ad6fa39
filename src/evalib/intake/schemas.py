"""The clean tables: for each its columns, types, allowed values and key, once.

A schema is the check that every load passes, and the source of the data
dictionary and the template. `title` is the Chinese name, `description` the
English one; `metadata["kind"]` says how a cell becomes a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandera.pandas as pa

from evalib.vocabulary import STAGES

AREAS = ("urban", "town", "rural")
SEXES = ("male", "female")
SAT = ("present", "absent", "exempt", "voided")
STATUSES = (
    "enrolled",
    "transferred_in",
    "transferred_out",
    "graduated",
    "left",
    "suspended",
    "repeating",
    "died",
)
# Those who are no longer taught in the school whose row carries the status.
GONE = ("transferred_out", "graduated", "left", "died")

_DTYPES = {
    "year": "str",
    "code": "str",
    "pupil": "str",
    "teacher": "str",
    "text": "str",
    "word": "str",
    "grade": "int64",
    "whole": "Int64",
    "calendar_year": "Int64",
    "number": "float64",
    "share": "float64",
    "minutes": "float64",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Table:
    """A clean table.

    Attributes
    ----------
    name
        As in the store: "schools", "pupils", ...
    key
        Columns whose values together occur once.
    schema
        Types, allowed values and descriptions of its columns, in their order.
    needed
        Whether no load can do without it.
    context
        Columns that a sheet may carry, that help to read it, and that are not kept.
    derived
        Key or needed columns that a sheet may leave out because they follow from others.
    marks
        Columns of which a sheet of this table has at least one.
    """

    name: str
    key: tuple[str, ...]
    schema: pa.DataFrameSchema
    needed: bool
    context: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in the order they are kept."""
        return tuple(self.schema.columns)

    @property
    def dtypes(self) -> dict[str, str]:
        """The pandas type of each column."""
        return {name: _DTYPES[self.kind(name)] for name in self.schema.columns}

    @property
    def demanded(self) -> tuple[str, ...]:
        """Columns that a sheet must have; the year may stand in its name instead."""
        needed = (name for name, column in self.schema.columns.items() if column.required)
        return tuple(name for name in needed if name not in (*self.derived, "year"))

    def kind(self, column: str) -> str:
        """How a cell of `column` becomes a value: "code", "word", "number", ..."""
        if column in self.schema.columns:
            return str(self.schema.columns[column].metadata["kind"])
        return _CONTEXT_KINDS[column]

    def words(self, column: str) -> tuple[str, ...]:
        """The values that `column` may hold; empty if it is free."""
        fixed = {"flag": ("true", "false"), "grade": tuple("0123456789")}.get(self.kind(column), ())
        entry = self.schema.columns.get(column)
        return fixed if fixed or entry is None else tuple(entry.metadata["words"])


_CONTEXT_KINDS = {
    "school_code": "code",
    "class": "code",
    "term": "word",
    "subject": "word",
    "sex": "word",
    "grade": "grade",
}


def _column(
    kind: str,
    zh: str,
    en: str,
    *,
    required: bool = False,
    words: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
) -> pa.Column:
    checks: list[Any] = []
    if words is not None:
        checks.append(pa.Check.isin(list(words), error="words"))
    if low is not None or high is not None:
        lowest = float("-inf") if low is None else low
        highest = float("inf") if high is None else high
        checks.append(pa.Check.in_range(lowest, highest, error="range"))
    metadata = {"kind": kind, "words": tuple(words or ()), "low": low, "high": high}
    return pa.Column(
        _DTYPES[kind],
        checks=checks,
        nullable=not required,
        required=required,
        title=zh,
        description=en,
        metadata=metadata,
    )


def _table(name: str, key: tuple[str, ...], columns: dict[str, pa.Column], **more: Any) -> Table:
    schema = pa.DataFrameSchema(columns, strict=True, ordered=True, name=name)
    marks = tuple(column for column in columns if column not in (*key, "scope"))
    return Table(name, key, schema, **{"marks": marks, **more})


def _year() -> pa.Column:
    return _column("year", "学年", "School year, as 2024-2025", required=True)


def _school(required: bool = True) -> pa.Column:
    return _column("code", "学校标识码", "School code, text", required=required)


def _pupil() -> pa.Column:
    return _column("pupil", "学籍号", "Pupil: in the store a keyed pseudonym", required=True)


def _stage(required: bool) -> pa.Column:
    return _column("word", "学段", "Stage of the school", required=required, words=STAGES)


def _grade() -> pa.Column:
    return _column("grade", "年级", "Grade: 0 kindergarten, 1 to 9", required=True, low=0, high=9)


_SCHOOLS = _table(
    "schools",
    ("year", "school_code", "stage"),
    {
        "year": _year(),
        "school_code": _school(),
        "stage": _stage(required=True),
        "name": _column("text", "学校名称", "Name"),
        "kind": _column("text", "办学类型", "Kind of school: 小学, 初中, 九年一贯制, …"),
        "area": _column("word", "城乡类型", "Urban, town or rural", words=AREAS),
        "side": _column("word", "东西片区", "East or west of the district", words=("east", "west")),
        "group_code": _column("code", "教育集团代码", "Code of the education group"),
        "group": _column("text", "教育集团", "Education group"),
        "group_role": _column(
            "word", "集团角色", "Role in the group", words=("lead", "branch", "new", "ally")
        ),
        "pair_code": _column("code", "结对代码", "Code of the east-west pair"),
        "opened": _column("calendar_year", "建校年份", "Year of opening", low=1000, high=2999),
        "titles": _column("text", "特色称号", "Recognised features"),
        "senior_pupils": _column("whole", "高中部学生数", "Pupils of the senior stage", low=0),
    },
    needed=True,
    marks=("stage", "name", "kind"),
)

_PUPILS = _table(
    "pupils",
    ("year", "pupil", "school_code"),
    {
        "year": _year(),
        "pupil": _pupil(),
        "school_code": _school(),
        "stage": _stage(required=True),
        "grade": _grade(),
        "class": _column("code", "班级", "Class: a name that is unique within school and grade"),
        "sex": _column("word", "性别", "Sex", words=SEXES),
        "migrant": _column("flag", "随迁子女", "Child of migrant workers"),
        "left_behind": _column("flag", "留守儿童", "Left-behind child"),
        "special_needs": _column("flag", "特殊需要", "Special educational needs"),
        "free_lunch": _column("flag", "免费午餐", "Receives free or reduced-price lunch"),
        "ses": _column("number", "社会经济地位", "Socio-economic status, any scale, higher is better off"),
        "status": _column("word", "学籍状态", "Status on the roll this year", words=STATUSES),
    },
    needed=True,
    derived=("stage",),
    marks=("grade", "class"),
)

_PAPERS = _table(
    "papers",
    ("year", "paper"),
    {
        "year": _year(),
        "paper": _column("code", "试卷编号", "Paper", required=True),
        "term": _column("word", "学期", "Term", words=("first", "second")),
        "grade": _grade(),
        "subject": _column("word", "学科", "Subject", required=True),
        "full_mark": _column("number", "满分", "Full mark; missing for scale scores", low=1),
        "comparable": _column("flag", "全区统一", "One paper for the whole district"),
        "excellent_cut": _column(
            "share", "优秀线", "Excellent from this share of the full mark", low=0, high=1
        ),
        "pass_cut": _column("share", "合格线", "Passed from this share of the full mark", low=0, high=1),
        "low_cut": _column("share", "低分线", "Low below this share of the full mark", low=0, high=1),
    },
    needed=True,
    derived=("paper",),
    marks=("subject",),
)

_SCORES = _table(
    "scores",
    ("year", "paper", "pupil"),
    {
        "year": _year(),
        "paper": _column("code", "试卷编号", "Paper", required=True),
        "pupil": _pupil(),
        "school_code": _school(),
        "score": _column("number", "成绩", "Mark reached; missing unless the pupil sat", low=0),
        "sat": _column("word", "考试状态", "Present, absent, exempt or voided", required=True, words=SAT),
    },
    needed=True,
    context=("term", "grade", "subject", "class"),
    derived=("paper", "school_code", "sat"),
    marks=("score", "sat"),
)

_FITNESS = _table(
    "fitness",
    ("year", "pupil"),
    {
        "year": _year(),
        "pupil": _pupil(),
        "height_cm": _column("number", "身高", "Height, cm", low=80, high=230),
        "weight_kg": _column("number", "体重", "Weight, kg", low=10, high=200),
        "lung_capacity_ml": _column("number", "肺活量", "Lung capacity, ml", low=100, high=9999),
        "run_50m_s": _column("number", "50米跑", "50 m, seconds", low=5, high=30),
        "sit_and_reach_cm": _column(
            "number", "坐位体前屈", "Sit-and-reach, cm, may be negative", low=-40, high=50
        ),
        "rope_jumps": _column("number", "一分钟跳绳", "Rope jumps a minute", low=0, high=400),
        "sit_ups": _column("number", "一分钟仰卧起坐", "Sit-ups a minute", low=0, high=120),
        "shuttle_run_s": _column("minutes", "50米×8往返跑", "50 m × 8, seconds", low=60, high=599),
        "standing_jump_cm": _column("number", "立定跳远", "Standing long jump, cm", low=20, high=400),
        "pull_ups": _column("number", "引体向上", "Pull-ups", low=0, high=99),
        "run_800m_s": _column("minutes", "800米跑", "800 m, seconds", low=100, high=999),
        "run_1000m_s": _column("minutes", "1000米跑", "1000 m, seconds", low=120, high=999),
        "exempt": _column("flag", "免测", "Exempt from the test"),
    },
    needed=False,
    context=("school_code", "grade", "class", "sex"),
)

_TEACHERS = _table(
    "teachers",
    ("year", "teacher", "school_code"),
    {
        "year": _year(),
        "teacher": _column("teacher", "教师编号", "Teacher: in the store a keyed pseudonym", required=True),
        "school_code": _school(),
        "stage": _stage(required=False),
        "subject": _column("word", "任教学科", "Subject taught"),
        "degree": _column("word", "学历", "Highest degree"),
        "certified": _column("flag", "持教师资格证", "Holds a teaching certificate"),
        "title": _column("word", "职称", "Professional title or rung of the career ladder"),
        "tier": _column("word", "骨干层级", "Rung of the district's ladder of leading teachers"),
        "county_backbone": _column("flag", "区级以上骨干", "Backbone teacher of county level or above"),
        "exchanged": _column("flag", "本年交流轮岗", "On exchange between schools this year"),
        "training_hours": _column("number", "培训学时", "Hours of training this year", low=0),
        "experience_years": _column("number", "教龄", "Years of teaching", low=0, high=70),
    },
    needed=False,
    marks=("teacher",),
)

_RESOURCES = _table(
    "resources",
    ("year", "school_code", "stage"),
    {
        "year": _year(),
        "school_code": _school(),
        "stage": _stage(required=True),
        "scope": _column(
            "word", "填报范围", "Of this section, or of the whole school", words=("section", "school")
        ),
        "teaching_area_m2": _column("number", "教学及辅助用房面积", "Teaching area, m²", low=0),
        "indoor_sports_m2": _column("number", "室内体育用房面积", "Indoor sports area, m²", low=0),
        "sports_area_m2": _column("number", "体育运动场馆面积", "Sports area, m²", low=0),
        "equipment_yuan": _column("number", "教学仪器设备值", "Value of teaching equipment, yuan", low=0),
        "multimedia_rooms": _column("whole", "网络多媒体教室数", "Multimedia classrooms", low=0),
        "music_rooms": _column("whole", "音乐专用教室数", "Music rooms", low=0),
        "music_area_m2": _column("number", "音乐专用教室面积", "Area of the music rooms, m²", low=0),
        "art_rooms": _column("whole", "美术专用教室数", "Art rooms", low=0),
        "art_area_m2": _column("number", "美术专用教室面积", "Area of the art rooms, m²", low=0),
        "classes": _column("whole", "班级数", "Classes", low=0),
        "largest_class": _column("whole", "最大班额", "Pupils of the largest class", low=0),
        "resource_rooms": _column("whole", "资源教室数", "Resource rooms", low=0),
        "counselling_rooms": _column("whole", "心理辅导室数", "Counselling rooms", low=0),
    },
    needed=False,
)

SCHEMAS: dict[str, Table] = {
    table.name: table for table in (_SCHOOLS, _PUPILS, _PAPERS, _SCORES, _FITNESS, _TEACHERS, _RESOURCES)
}
