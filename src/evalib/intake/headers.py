"""Headers over one row or several → for each column the texts it may go by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalib.intake.columns import Columns, Match, plain
from evalib.intake.workbooks import Grid, blank

# 学科 over 成绩 and 等级 below a school's name: more rows than this are no header.
DEEPEST = 3

# What a sheet adds to a column that is kept: places and grades that follow from the values.
_FOLLOWS = re.compile(
    r"(?:等级|等第|评分|评级|名次|排名|排位|得分率|标准分|附加分|(?:班|班级|年级|校|全区)(?:排|排名|名次))$"
)
_UNIT_ABOVE = re.compile(r"单位[:：]?(万元|元)")


@dataclass(frozen=True)
class Header:
    """What stands above one column.

    Attributes
    ----------
    row
        Index of the lowest row in which this header has text.
    texts
        Texts it may go by, the fullest first.
    parts
        How many rows each of `texts` is made of.
    """

    row: int
    texts: tuple[str, ...]
    parts: tuple[int, ...]


def header_block(grid: Grid, first: int, depth: int) -> dict[int, Header]:
    """The headers of a block of rows, by place from the left.

    A merged cell counts for every column it covers; where no cell of the block is
    merged, a text counts for the blank cells to its right that have text below.

    Parameters
    ----------
    first, depth
        Index of the block's first row, and how many rows it has.
    """
    rows = grid.rows[first : first + depth]
    width = max(map(len, rows))
    texts = [[_text(row[k]) if k < len(row) else "" for k in range(width)] for row in rows]
    covered = [line[:] for line in texts]
    if depth > 1:
        _spread(grid, first, texts, covered)
    found = {}
    for place in range(width):
        own = [level for level in range(depth) if texts[level][place]]
        if not own:
            continue
        lowest = own[-1]
        upper = [covered[level][place] for level in range(lowest) if covered[level][place]]
        found[place] = _header(first + lowest, upper, texts[lowest][place])
    return found


def match_header(header: Header, table: str, columns: Columns, unit: str) -> tuple[Match, str, int] | None:
    """What a header stands for, the text that says so, and of how many rows that is made.

    Parameters
    ----------
    unit
        The unit that the lines above the headers give for all amounts of money, or empty.
    """
    for text, parts in zip(header.texts, header.parts, strict=True):
        found = columns.match(table, text)
        if found is None and unit:
            found = columns.match(table, f"{text}({unit})")
        if found is not None:
            return found, text, parts
    return None


def lacks_unit(header: Header, table: str, columns: Columns) -> bool:
    """Whether this is an amount of money that says neither 元 nor 万元."""
    return columns.has_money(table) and any(columns.match(table, f"{text}(万元)") for text in header.texts)


def follows_from_others(header: Header, table: str, columns: Columns) -> bool:
    """Whether the column is a rank, grade or points of another: known, and never kept."""
    for text in header.texts:
        base = _FOLLOWS.sub("", plain(text))
        if base != plain(text) and (columns.match(table, base) or columns.passed_over(base)):
            return True
    return False


def money_unit(lines: str) -> str:
    """元 or 万元, where the lines above the headers say 单位：万元."""
    found = _UNIT_ABOVE.search(plain(lines))
    return found[1] if found else ""


def _text(cell: Any) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else "" if blank(cell) else str(cell)


def _header(row: int, upper: Sequence[str], lowest: str) -> Header:
    texts: dict[str, int] = {}
    for start in range(len(upper)):
        above = "".join(upper[start:])
        parts = len(upper) - start + 1
        texts.setdefault(above + lowest, parts)
        texts.setdefault(f"{above}({lowest.strip('()（）')})", parts)
    texts.setdefault(lowest, 1)
    return Header(row, tuple(texts), tuple(texts.values()))


def _spread(grid: Grid, first: int, texts: list[list[str]], covered: list[list[str]]) -> None:
    """Gives the text of a merged cell to every column it covers, in all rows but the last."""
    depth = len(texts)
    merged = [
        ((top, left), (bottom, right))
        for (top, left), (bottom, right) in grid.merged
        if first <= top < first + depth
    ]
    for (top, left), (_, right) in merged:
        level = top - first
        for place in range(left, min(right + 1, len(texts[level]))):
            covered[level][place] = texts[level][left]
    if merged:
        return
    for level in range(depth - 1):
        for place in range(1, len(texts[level])):
            if not covered[level][place] and any(texts[below][place] for below in range(level + 1, depth)):
                covered[level][place] = covered[level][place - 1]
