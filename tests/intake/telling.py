"""Changes of a workbook that change what it says, each with the one difference it must make."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from cut_sample import Book, Page
from harmless import any_page, numeric, places
from mutations import Tables, columns, kind, match

from evalib.intake.columns import plain
from evalib.intake.pseudonyms import FIXED_KEY, Identities
from evalib.intake.schemas import SCHEMAS


@dataclass(frozen=True)
class Difference:
    """What must have changed in one table: cells of one row, or rows that are gone.

    Attributes
    ----------
    cells
        Column → value before and after, as the sheet says them.
    owner
        Pseudonym of the pupil or code of the school whose row it is; empty if it has none.
    gone
        How many rows are gone.
    """

    table: str
    cells: tuple[tuple[str, Any, Any], ...] = ()
    owner: str = ""
    gone: int = 0


Telling = Callable[[random.Random, Book], Difference | None]


def owner(page: Page, record: list[Any]) -> str:
    for place, cell in enumerate(record):
        if kind(page, place) == "pupil" and cell:
            found = Identities(FIXED_KEY).pseudonyms(pd.Series([cell], dtype="str"), "pupil")
            return str(found.iloc[0])
    for place, cell in enumerate(record):
        found_match = match(page, place)
        if found_match is not None and found_match.column == "school_code":
            return str(cell)
    return ""


def another_number(rng: random.Random, book: Book) -> Difference | None:
    page = any_page(rng, book)
    if page is None:
        return None
    fixed = {"eligible", "invited", "answered", "team_size", "full_mark"}
    found = [
        (record, place)
        for place in places(page, "number", "whole")
        if (matched := match(page, place)) is not None and matched.column not in fixed
        for record in page.records
        if numeric(record[place]) and record[place] > 1
    ]
    if not found:
        return None
    record, place = rng.choice(found)
    before = record[place]
    whole = kind(page, place) == "whole"
    after = before - 1 if whole else round(before * rng.choice([0.97, 0.99, 1.01]), 3)
    record[place] = rng.choice([after, f"{after!r}", f" {after!r} "])
    column = match(page, place).column  # type: ignore[union-attr]
    factor = (
        {"%": 0.01, "万元": 1e4}.get(record[page.place("单位")], 1.0) if page.table == "district" else 1.0
    )
    return Difference(page.table, ((_kept(column), before * factor, after * factor),), owner(page, record))


def another_run(rng: random.Random, book: Book) -> Difference | None:
    page = any_page(rng, book, "fitness")
    runs = (
        [(record, place) for record in page.records for place in places(page, "minutes") if record[place]]
        if page
        else []
    )
    if page is None or not runs:
        return None
    record, place = rng.choice(runs)
    minute, second = map(int, record[place].strip('"').split("'"))
    before, after = 60 * minute + second, 60 * minute + (second + 7) % 60
    record[place] = rng.choice([f"{minute}'{after % 60}\"", f"{minute}:{after % 60:02d}", float(after)])
    return Difference("fitness", ((match(page, place).column, before, after),), owner(page, record))  # type: ignore[union-attr]


def another_word(rng: random.Random, book: Book) -> Difference | None:
    page = any_page(rng, book)
    if page is None:
        return None
    found = [
        (record, place)
        for place in places(page, "word", "flag")
        if (matched := match(page, place)) is not None and matched.column not in _leading(page.table)
        for record in page.records
        if record[place]
    ]
    if not found:
        return None
    record, place = rng.choice(found)
    column = match(page, place).column  # type: ignore[union-attr]
    words = columns().words(page.table, column) or {}
    before = words[plain(record[place])]
    record[place] = rng.choice([word for word, clean in words.items() if clean != before])
    told = tuple({"true": True, "false": False}.get(word, word) for word in (before, words[record[place]]))
    if (
        page.table in ("fitness", "competence")
        and column in SCHEMAS[page.table].context
        and "_level" not in column
    ):
        return Difference(page.table)
    return Difference(page.table, ((_kept(column), *told),), owner(page, record))


def _leading(table: str) -> set[str]:
    """Columns that other rows are found by, or that say how others are read."""
    others = {"papers": {"term", "subject"}, "district": {"unit"}, "pupils": {"status"}}
    return {*SCHEMAS[table].key, "stage", *others.get(table, set())}


def another_name(rng: random.Random, book: Book) -> Difference | None:
    page = any_page(rng, book, "schools")
    if page is None:
        return None
    record, place = rng.choice(page.records), page.place("学校名称")
    before, after = (
        record[place],
        rng.choice(["<script>alert(1)</script>", "=1+1", "@示例", "-1", "+示例", "'甲'"]),
    )
    record[place] = after
    return Difference("schools", (("name", before, after),), owner(page, record))


def _mark(rng: random.Random, book: Book) -> tuple[Page, list[Any], int] | None:
    page = any_page(rng, book, "scores")
    if page is None:
        return None
    found = [
        (record, place) for record in page.records for place in places(page, "mark") if numeric(record[place])
    ]
    return (page, *rng.choice(found)) if found else None


def another_mark(rng: random.Random, book: Book) -> Difference | None:
    found = _mark(rng, book)
    if found is None:
        return None
    page, record, place = found
    before, after = record[place], rng.choice([0.0, 0.5, 1.0, round(record[place] / 2, 2), 99.5])
    record[place] = rng.choice([after, repr(after), f"{after!r}　"])
    cells = (("score", before, after),) if before != after else ()
    return Difference("scores", cells, owner(page, record))


def no_mark(rng: random.Random, book: Book) -> Difference | None:
    found = _mark(rng, book)
    if found is None:
        return None
    page, record, place = found
    before = record[place]
    words = {"缺考": "absent", "免考": "exempt", "作弊": "voided", " 缺 考": "absent", "未考": "absent"}
    record[place] = rng.choice(list(words))
    cells = (("score", before, math.nan), ("sat", "present", words[record[place]]))
    return Difference("scores", cells, owner(page, record))


def blank_mark(rng: random.Random, book: Book) -> Difference | None:
    found = _mark(rng, book)
    if found is None:
        return None
    page, record, place = found
    record[place] = rng.choice(["", " ", "-", "—", "－"])
    return Difference("scores", owner=owner(page, record), gone=1)


def record_gone(rng: random.Random, book: Book) -> Difference | None:
    page = any_page(rng, book)
    if page is None or page.table in ("schools", "pupils", "papers") or len(page.records) < 2:
        return None
    record = page.records.pop(rng.randrange(len(page.records)))
    gone = 1
    if page.table == "scores":
        gone = sum(record[place] != "" for place in places(page, "mark"))
    if page.table == "competence":
        areas = {
            str(found.column).partition("_")[0]
            for place, cell in enumerate(record)
            if (found := match(page, place)) is not None and cell != "" and "_" in found.column
        }
        gone = len(areas)
    return Difference(page.table, owner=owner(page, record), gone=gone)


TELLING: tuple[Telling, ...] = (
    another_number,
    another_run,
    another_word,
    another_name,
    another_mark,
    no_mark,
    blank_mark,
    record_gone,
)


def _kept(column: str) -> str:
    """A wide column of competence is kept as what it tells of its area."""
    for told in ("level", "hours", "evidence"):
        if column.endswith(f"_{told}") and column != "training_hours":
            return told
    return column


def assert_only_these(found: Tables | None, before: Tables, expected: list[Difference], why: object) -> None:
    """The tables differ in these places and nowhere else."""
    assert found is not None, why
    assert found.keys() == before.keys(), why
    for table in SCHEMAS:
        wanted = [one for one in expected if one.table == table]
        years = [key for key in before if key[0] == table]
        cells: list[tuple[str, Any, Any, str]] = []
        gone: list[str] = []
        for key in years:
            more, lost = _differences(table, before[key], found[key])
            cells += more
            gone += lost
        told = [(*cell, one.owner) for one in wanted for cell in one.cells]
        assert len(cells) == len(told), (why, table, cells, told)
        for cell in cells:
            match_ = next((one for one in told if all(map(_alike, cell, one))), None)
            assert match_ is not None, (why, table, cell, told)
            told.remove(match_)
        assert sorted(gone) == sorted(one.owner for one in wanted for _ in range(one.gone)), (why, table)


def _differences(
    table: str, old: pd.DataFrame, new: pd.DataFrame
) -> tuple[list[tuple[str, Any, Any, str]], list[str]]:
    """Cells that changed, with whose they are, and whose rows are gone."""
    key = [column for column in SCHEMAS[table].key if column in old.columns]
    who = next((column for column in ("pupil", "school_code") if column in old.columns), "")
    # A column that nobody has any more is gone from the table: its cells are missing.
    assert [column for column in old.columns if column in new.columns] == list(new.columns)
    new = new.reindex(columns=old.columns)
    left, right = (
        {
            tuple(map(str, row)): one
            for row, one in zip(frame[key].to_numpy(), frame.to_dict("records"), strict=True)
        }
        for frame in (old, new)
    )
    assert right.keys() <= left.keys()
    cells = []
    for place, row in right.items():
        for column, value in row.items():
            if not _alike(left[place][column], value):
                cells.append((str(column), left[place][column], value, _owner(row, who)))
    return cells, [_owner(left[place], who) for place in left.keys() - right.keys()]


def _owner(row: dict[Any, Any], who: str) -> str:
    if who == "pupil" and pd.isna(row["pupil"]):
        who = "school_code"
    return "" if not who or pd.isna(row[who]) else str(row[who])


def _alike(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    if isinstance(one, float | int) and isinstance(other, float | int) and not isinstance(one, bool):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
