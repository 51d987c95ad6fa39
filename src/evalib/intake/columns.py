"""How districts write things: headers and words of `params/columns.yaml`, looked up."""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from evalib.intake.schemas import SCHEMAS
from evalib.settings import Strict, read_params

FILE = "columns.yaml"

_UNIT = re.compile(r"\((?:cm|kg|ml|s|m|m2|厘米|千克|公斤|毫升|秒|分钟|米|平方米|次|个|年|学时|间|人|班)\)$")
# Units that change a figure → how names of clean columns end that are kept in them.
_MEASURED = {
    **dict.fromkeys(("cm", "厘米"), "_cm"),
    **dict.fromkeys(("kg", "千克", "公斤"), "_kg"),
    **dict.fromkeys(("ml", "毫升"), "_ml"),
    **dict.fromkeys(("s", "秒", "分钟"), "_s"),
    **dict.fromkeys(("m", "米"), "_m"),
    **dict.fromkeys(("m2", "平方米"), "_m2"),
}
_MARK_SUFFIX = re.compile(r"(?:成绩|分数|得分)$")


class ColumnParams(Strict):
    """One clean column: the headers it goes by and the words its cells may hold."""

    headers: list[str] = Field(min_length=1)
    values: str | None = None
    scaled: dict[str, Annotated[float, Field(gt=0)]] = Field(default={})


class TableParams(Strict):
    """One clean table: words in the names of its sheets and files, and its columns."""

    names: list[str] = Field(min_length=1)
    columns: dict[str, ColumnParams]


class ChangedNumbersParams(Strict):
    """The sheet that lists pupils whose number changed.

    Parameters
    ----------
    names
        Words in the names of its sheets and files.
    former, current
        Headers of the number before and after the change.
    """

    names: list[str] = Field(min_length=1)
    former: list[str] = Field(min_length=1)
    current: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _have_one_meaning(self) -> ChangedNumbersParams:
        both = {plain(one) for one in self.former} & {plain(one) for one in self.current}
        if both:
            raise ValueError(f"changed_numbers: header {min(both)} stands for two columns")
        return self


class BetweenYears(Strict):
    """From when on a difference between two school years is told, as a warning.

    Parameters
    ----------
    mean_share
        Change of a paper's mean, as a share of its full mark.
    unmatched
        Share of last year's pupils that are not found again.
    least_pupils
        Fewer say nothing.
    """

    mean_share: Annotated[float, Field(gt=0, le=1)]
    unmatched: Annotated[float, Field(gt=0, lt=1)]
    least_pupils: Annotated[int, Field(ge=10)]
    source: str


class ColumnsParams(Strict):
    """`columns.yaml`: everything that a district's headers and cells may say."""

    dated: datetime.date
    source: str
    tables: dict[str, TableParams]
    values: dict[str, dict[str, list[str]]]
    identities: list[str]
    unused: list[str]
    summary_rows: list[str]
    ignored_sheets: list[str]
    changed_numbers: ChangedNumbersParams
    between_years: BetweenYears

    @model_validator(mode="after")
    def _refers_to_what_exists(self) -> ColumnsParams:
        if set(self.tables) != set(SCHEMAS):
            raise ValueError(f"tables must be {', '.join(SCHEMAS)}")
        for name, table in self.tables.items():
            _check_table(name, table, self.values)
        for name, words in self.values.items():
            meaning: dict[str, str] = {}
            for clean, spellings in words.items():
                for spelling in (clean, *spellings):
                    if meaning.setdefault(plain(spelling), clean) != clean:
                        raise ValueError(f"values.{name}: {spelling} has two meanings")
        return self


def _check_table(name: str, table: TableParams, values: dict[str, dict[str, list[str]]]) -> None:
    schema = SCHEMAS[name]
    if set(table.columns) != {*schema.columns, *schema.context}:
        odd = ", ".join(sorted({*schema.columns, *schema.context} ^ set(table.columns)))
        raise ValueError(f"{name}: columns missing or unknown: {odd}")
    owner: dict[str, str] = {}
    for column, entry in table.columns.items():
        for header in (*entry.headers, *entry.scaled):
            if owner.setdefault(plain(header), column) != column:
                raise ValueError(f"{name}: header {header} stands for two columns")
        possible = schema.words(column)
        if schema.kind(column) in ("word", "flag", "grade") and entry.values is None:
            raise ValueError(f"{name}.{column}: needs values")
        if entry.values is not None and entry.values not in values:
            raise ValueError(f"{name}.{column}: there are no values named {entry.values}")
        impossible = sorted(set(values[entry.values]) - set(possible)) if entry.values and possible else []
        if impossible:
            raise ValueError(f"values.{entry.values}: {name}.{column} cannot be {', '.join(impossible)}")


@dataclass(frozen=True)
class Match:
    """What a header stands for: a clean column, or a subject of a wide score sheet."""

    column: str
    factor: float = 1.0
    subject: bool = False


@dataclass(frozen=True)
class Columns:
    """Look-ups over `columns.yaml`.

    Attributes
    ----------
    params
        The file's content, checked.
    """

    params: ColumnsParams

    def header(self, table: str, column: str) -> str:
        """The canonical header of a clean column, as templates and samples write it."""
        return self.params.tables[table].columns[column].headers[0]

    def word(self, vocabulary: str, value: str) -> str:
        """The first Chinese word for a clean value, for instance 小学 for stage `primary`."""
        return self.params.values[vocabulary][value][0]

    def words(self, table: str, column: str) -> dict[str, str] | None:
        """Every spelling that a cell of this column may hold → clean value; None if it is free."""
        vocabulary = self.params.tables[table].columns[column].values
        return None if vocabulary is None else self.spellings[vocabulary]

    def allowed(self, table: str, column: str) -> str:
        """The words that a cell of this column may hold, for a message."""
        vocabulary = self.params.tables[table].columns[column].values
        if vocabulary is None:
            return ""
        return "、".join(spellings[0] for spellings in self.params.values[vocabulary].values())

    def aliases(self, table: str, column: str) -> str:
        """The headers that a column goes by, for a message."""
        return "、".join(self.params.tables[table].columns[column].headers)

    def match(self, table: str, header: str) -> Match | None:
        """What `header` stands for in a sheet of this table; None if nothing."""
        text = plain(header)
        found = self._headers[table].get(text)
        if found is None and text.endswith(")") and not self.odd_unit(table, header):
            found = self._headers[table].get(_UNIT.sub("", text))
        if found is None and table == "scores":
            subject = (self.words("scores", "subject") or {}).get(_MARK_SUFFIX.sub("", text))
            found = Match(subject, subject=True) if subject else None
        return found

    def odd_unit(self, table: str, header: str) -> bool:
        """Whether the header gives a known column a unit that its figures are not kept in."""
        text = plain(header)
        unit = _UNIT.search(text)
        found = self._headers[table].get(_UNIT.sub("", text))
        if unit is None or found is None or text in self._headers[table]:
            return False
        ending = _MEASURED.get(unit[0][1:-1])
        return ending is not None and not found.column.endswith(ending)

    def has_money(self, table: str) -> bool:
        """Whether a column of this table is written in more than one unit."""
        return any(entry.scaled for entry in self.params.tables[table].columns.values())

    def nearest(self, header: str) -> str:
        """The known header that comes closest to `header`, or nothing."""
        close = difflib.get_close_matches(plain(header), list(self._known), n=1, cutoff=0.6)
        return self._known[close[0]] if close else ""

    def passed_over(self, header: str) -> bool:
        """Whether the header is known and never kept: an identity, a number in a list, a total."""
        return plain(header) in self._passed_over

    @cached_property
    def spellings(self) -> dict[str, dict[str, str]]:
        """By vocabulary: every spelling, clean words included → clean value."""
        return {
            name: {plain(one): clean for clean, spellings in words.items() for one in (clean, *spellings)}
            for name, words in self.params.values.items()
        }

    @cached_property
    def _headers(self) -> dict[str, dict[str, Match]]:
        found: dict[str, dict[str, Match]] = {}
        for name, table in self.params.tables.items():
            found[name] = {column: Match(column) for column in table.columns}
            for column, entry in table.columns.items():
                found[name] |= {plain(header): Match(column) for header in entry.headers}
                found[name] |= {
                    plain(header): Match(column, factor) for header, factor in entry.scaled.items()
                }
        return found

    @cached_property
    def _known(self) -> dict[str, str]:
        tables = self.params.tables.values()
        entries = (entry for table in tables for entry in table.columns.values())
        return {plain(header): header for entry in entries for header in (*entry.headers, *entry.scaled)}

    @cached_property
    def _passed_over(self) -> frozenset[str]:
        return frozenset(plain(one) for one in (*self.params.identities, *self.params.unused))


def load_columns(folder: Path) -> Columns:
    """Read `columns.yaml` of a params folder.

    Raises
    ------
    ParameterError
        The file is missing, not YAML, has a key that is not allowed, or one
        header or word with two meanings.
    """
    return Columns(read_params(folder / FILE, ColumnsParams))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A header or word without what only looks different: width, blanks, case, a star.

    Examples
    --------
    >>> plain(" 学 籍 号＊")
    '学籍号'
    """
    narrow = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return "".join(narrow.split()).replace("*", "").casefold()
