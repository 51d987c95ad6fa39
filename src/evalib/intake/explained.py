"""What staff are told of every table and column: `params/tables.yaml` beside schemas and headers."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, model_validator

from evalib.errors import FaultyParams
from evalib.intake.columns import Columns, load_columns
from evalib.intake.schemas import SCHEMAS
from evalib.intake.table import AREAS_OF_COMPETENCE, TOLD_OF_COMPETENCE, Table
from evalib.settings import Strict, read_params
from evalib.settings.models import Bilingual

FILE = "tables.yaml"
# Of the sheets of marks: one each.
GRADES = range(1, 10)
# What stands in a mark's place where there is none.
_WITHOUT_A_MARK = ("absent", "exempt", "voided")
# Kinds of cells that people write in ways worth telling.
_TOLD_KINDS = ("year", "minutes", "calendar_year")
# What a sheet of marks says beside them to find their paper.
_OF_PAPERS = ("term", "grade", "subject")
# Columns of a sheet with one row a pupil, which become one row a pupil and area.
_SPREAD = tuple(f"{area}_{told}" for area in AREAS_OF_COMPETENCE for told in TOLD_OF_COMPETENCE)
# More words than these fill a note; the sheet of words has them.
MOST_WORDS = 12


class ColumnWords(Strict):
    """What is filled into a column, and an example."""

    about: str
    example: str | int | float


class TableWords(Strict):
    """A table's name, what a row is, and its columns where they differ from other tables'."""

    name: Bilingual
    about: Bilingual
    columns: dict[str, ColumnWords] = Field(default={})


class NoteWords(Strict):
    """The parts that notes and explanations are put together from."""

    needed: str
    free: str
    derived: str
    matching: str
    allowed: str
    see: str
    range: str
    from_: str
    example: str
    dropped: str
    recognised: str
    mark: str
    refused: str
    column: str
    what: str
    need: str
    limit: str
    sample: str


class TablesParams(Strict):
    """`tables.yaml`: what staff are told of every table and column."""

    dated: datetime.date
    source: str
    instructions: list[str]
    note: NoteWords
    taught: dict[str, list[int]]
    national_fitness: list[str]
    kinds: dict[str, Bilingual]
    columns: dict[str, ColumnWords]
    tables: dict[str, TableWords]

    @model_validator(mode="after")
    def _tells_of_every_column(self) -> TablesParams:
        if set(self.tables) != set(SCHEMAS):
            raise ValueError(f"tables must be {', '.join(SCHEMAS)}")
        for name, table in SCHEMAS.items():
            own = self.tables[name].columns
            untold = [one for one in table.columns if one not in own and one not in self.columns]
            if untold:
                raise ValueError(f"{name}: nothing is told of {', '.join(untold)}")
            unknown = set(own) - {*table.columns, *table.context}
            if unknown:
                raise ValueError(f"{name}: there is no column {', '.join(sorted(unknown))}")
        if not {grade for grades in self.taught.values() for grade in grades} <= set(GRADES):
            raise ValueError(f"taught: grades are {GRADES[0]} to {GRADES[-1]}")
        return self


@dataclass(frozen=True)
class Explained:
    """A column of a workbook as staff are told of it.

    Attributes
    ----------
    column
        The clean column or the subject; empty for what is never kept.
    header
        As `columns.yaml` writes it first.
    kind
        How a cell is read: "code", "word", "number", ...; "mark" for a subject's column,
        "dropped" for what is never kept.
    need
        "needed", "free", "derived" (follows from other columns), "matching" (leads to the
        paper and is not kept), "recognised" (helps to check and is not kept) or "dropped".
    about, example
        What is filled in.
    words
        The Chinese words it may hold; empty if it is free.
    low, high
        The range of a number.
    """

    column: str
    header: str
    kind: str
    need: str
    about: str
    example: str = ""
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Explanations:
    """Look-ups over `tables.yaml` and `columns.yaml`.

    Attributes
    ----------
    params
        Content of `tables.yaml`, checked.
    columns
        Headers and words.
    """

    params: TablesParams
    columns: Columns

    def column(self, name: str, column: str, header: str = "") -> Explained:
        """A clean column, or one that a sheet may carry and that is not kept."""
        table = SCHEMAS[name]
        entry = table.schema.columns.get(column)
        told = self.told(name, column)
        metadata = (entry.metadata or {}) if entry is not None else {}
        return Explained(
            column,
            header or self.columns.header(name, column),
            table.kind(column),
            need_of(table, column),
            told.about if told else (entry.title or "") if entry is not None else "",
            str(told.example) if told else "",
            self.words(name, column),
            metadata.get("low"),
            metadata.get("high"),
        )

    def told(self, name: str, column: str) -> ColumnWords | None:
        """What `tables.yaml` says of a column of a table."""
        return self.params.tables[name].columns.get(column) or self.params.columns.get(column)

    def words(self, name: str, column: str) -> tuple[str, ...]:
        """The first Chinese word for each value that a column may hold; empty if it is free.

        Words of public data stand beside Chinese ones in some vocabularies: left out.
        """
        vocabulary = self.columns.params.tables[name].columns[column].values
        if vocabulary is None or column == "score":
            return ()
        possible = SCHEMAS[name].words(column)
        spellings = {
            value: words[0]
            for value, words in self.columns.params.values[vocabulary].items()
            if not possible or value in possible
        }
        chinese = {value: word for value, word in spellings.items() if not (word == value and word.isascii())}
        return tuple((chinese or spellings).values())

    def subject(self, subject: str) -> Explained:
        """The column of a subject on a sheet of scores."""
        told = self.told("scores", "score")
        header = self.columns.word("subject", subject)
        words = tuple(self.columns.word("sat", sat) for sat in _WITHOUT_A_MARK)
        example = str(told.example) if told else ""
        return Explained(subject, header, "mark", "free", "", example, words, low=0)

    def dropped(self, header: str) -> Explained:
        """A column of the national sheet that is never kept."""
        return Explained("", header, "dropped", "dropped", "")

    def lines(self, one: Explained) -> list[str]:
        """What a note on the header says: what, whether needed, words or range, example."""
        said = self.params.note
        if one.need in ("dropped", "recognised"):
            return [*filter(None, [one.about]), getattr(said, one.need)]
        lines = [*filter(None, [one.about]), getattr(said, one.need), *self.limits(one)]
        if one.kind in _TOLD_KINDS:
            lines.append(self.params.kinds[one.kind].zh)
        return [*lines, said.example.format(example=one.example)] if one.example else lines

    def limits(self, one: Explained) -> list[str]:
        """The words or the range of a column, in Chinese."""
        said = self.params.note
        words = "、".join(one.words)
        if one.kind == "mark":
            return [said.mark.format(words=words)]
        if one.words:
            return [said.see if len(one.words) > MOST_WORDS else said.allowed.format(words=words)]
        if one.low is not None and one.high is not None:
            return [said.range.format(low=f"{one.low:g}", high=f"{one.high:g}")]
        return [] if one.low is None else [said.from_.format(low=f"{one.low:g}")]


def need_of(table: Table, column: str) -> str:
    """Whether a column is needed, follows from others, may be blank, or is not kept."""
    if column not in table.schema.columns:
        if table.name == "scores" and column in _OF_PAPERS:
            return "matching"
        return "free" if column in _SPREAD else "recognised"
    if column in table.derived:
        return "derived"
    return "needed" if table.schema.columns[column].required else "free"


def load_explanations(folder: Path) -> Explanations:
    """Read `tables.yaml` and `columns.yaml` of a params folder.

    Raises
    ------
    ParameterError
        A file is missing or has faults, nothing is told of a column, or a subject is
        taught that `columns.yaml` does not have.
    """
    params, columns = read_params(folder / FILE, TablesParams), load_columns(folder)
    unknown = sorted(set(params.taught) - set(columns.params.values["subject"]))
    if unknown:
        what = f"there is no subject {', '.join(unknown)}"
        raise FaultyParams(str(folder / FILE), (("params_invalid", {"name": "taught", "what": what}),))
    return Explanations(params, columns)


def filled(entries: Iterable[Explained]) -> list[Explained]:
    """Each column once, by its header, in their order."""
    return list({one.header: one for one in entries}.values())
