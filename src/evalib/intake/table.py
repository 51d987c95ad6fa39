"""What a clean table is made of: typed columns, a key, and what a sheet of it must show.

`title` is a column's Chinese name, `description` the English one;
`metadata["kind"]` says how a cell becomes a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandera.pandas as pa

from evalib.vocabulary import STAGES

# The areas of the table `competence`; a wide sheet has a column for each and what is told of it.
AREAS_OF_COMPETENCE = ("moral", "academic", "health", "arts", "labour")
TOLD_OF_COMPETENCE = ("level", "hours", "evidence")

_DTYPES = {
    "year": "str",
    "code": "str",
    "pupil": "str",
    "teacher": "str",
    "token": "str",
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
        Columns whose values together occur once; in those that a row may lack,
        missing counts as a value.
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
    def open_key(self) -> tuple[str, ...]:
        """Columns of the key that a row may lack."""
        return tuple(name for name in self.key if not self.schema.columns[name].required)

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
    **{f"{area}_level": "word" for area in AREAS_OF_COMPETENCE},
    **{f"{area}_hours": "number" for area in AREAS_OF_COMPETENCE},
    **{f"{area}_evidence": "whole" for area in AREAS_OF_COMPETENCE},
}


def column(
    kind: str,
    zh: str,
    en: str,
    *,
    required: bool = False,
    words: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
) -> pa.Column:
    """A column of a clean table.

    Parameters
    ----------
    kind
        How a cell becomes a value: a key of the types above. A "token" is a name or
        number that only tells things apart, kept as a keyed pseudonym.
    zh, en
        Its name in Chinese, its description in English.
    required
        Whether every row has it.
    words
        The only values it may hold.
    low, high
        The range of a number, both ends included.
    """
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


def table(name: str, key: tuple[str, ...], columns: dict[str, pa.Column], **more: Any) -> Table:
    """A table from its columns; by default each but the key marks its sheets."""
    schema = pa.DataFrameSchema(columns, strict=True, ordered=True, name=name)
    marks = tuple(column for column in columns if column not in (*key, "scope"))
    return Table(name, key, schema, **{"marks": marks, **more})


def year_column() -> pa.Column:
    """The school year."""
    return column("year", "学年", "School year, as 2024-2025", required=True)


def school_column(required: bool = True) -> pa.Column:
    """The code of a school."""
    return column("code", "学校标识码", "School code, text", required=required)


def pupil_column(required: bool = True) -> pa.Column:
    """The pupil, a keyed pseudonym in the store."""
    return column("pupil", "学籍号", "Pupil: in the store a keyed pseudonym", required=required)


def stage_column(required: bool) -> pa.Column:
    """The stage of a school."""
    return column("word", "学段", "Stage of the school", required=required, words=STAGES)


def grade_column() -> pa.Column:
    """The grade of a pupil or paper."""
    return column("grade", "年级", "Grade: 0 kindergarten, 1 to 9", required=True, low=0, high=9)
