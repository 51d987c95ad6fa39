"""Cells as people type them → values of one type, and which cells cannot be read.

Every function takes a column of raw cells (text, numbers, dates, truth values,
"" where blank) and returns the values, missing where blank or unreadable, and a
mask of the unreadable ones.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evalib.intake.columns import plain
from evalib.intake.titles import school_year

# What people type into a cell that is to stay empty.
EMPTY = frozenset(["", "-", "--", "－", "—", "——", "―", "–", "/", "\\", "n/a", "na", "null", "none"])
# From here on a whole number held as a float has lost digits.
EXACT_BELOW = 2**53
# The old identity number; today's has 18 places, 学籍号 a letter more.
IDENTITY_DIGITS = 15

# A cell of text that is longer is something else than a name.
LONGEST_TEXT = 200

# Commas and blanks part thousands and nothing else: 87,5 and 87 5 are slips, not 875.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.[0-9]*)?")
_LONG_NUMBER = re.compile(rf"\d{{{IDENTITY_DIGITS}}}")

# Left behind by copying from pages and PDF; they change nothing.
_NO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff")
# Controls, turns of the direction of writing, halves of characters, and what is no character.
_NOT_SHOWN = frozenset(["Cc", "Cf", "Cs", "Co", "Cn"])

Values = tuple["pd.Series[Any]", "pd.Series[bool]"]


def text(cells: pd.Series[Any]) -> Values:
    """Text on one line, without blanks around it; whole numbers without a decimal point.

    Unreadable is what is longer than `LONGEST_TEXT` or cannot be shown: control characters,
    and those that turn the direction of writing around.
    """
    return _each(cells, _as_line, "str")


def code(cells: pd.Series[Any]) -> Values:
    """A code: full-width characters narrowed, no blanks; a number only while it is exact.

    Examples
    --------
    >>> code(pd.Series([2150000001.0, "２１５ ", 2.5], dtype=object))[0].tolist()
    ['2150000001', '215', nan]
    """
    return _each(cells, _as_code, "str")


def number(cells: pd.Series[Any]) -> Values:
    """A finite number; text such as "１，２３４.5" is read, truth values and dates are not.

    Examples
    --------
    >>> number(pd.Series([0, " 87.5", "八十", ""], dtype=object))[0].tolist()
    [0.0, 87.5, nan, nan]
    """
    return _each(cells, _as_number, "float64")


def whole(cells: pd.Series[Any]) -> Values:
    """A whole number, while it is exact."""
    values, unreadable = number(cells)
    broken = values.notna() & ((values % 1 != 0) | (values.abs() >= EXACT_BELOW))
    return values.mask(broken).astype("Int64"), unreadable | broken


def share(cells: pd.Series[Any]) -> Values:
    """A share from 0 to 1, written as 85%, or all of the column as 0.85 or as 85.

    Numbers without a sign are percent if one of them is above 1. Then one above 0 that
    is not above 1 could be either, and is unreadable: see `mixed_shares`.

    Examples
    --------
    >>> share(pd.Series([60, "85%", 0], dtype=object))[0].tolist()
    [0.6, 0.85, 0.0]
    """
    values, unreadable = _each(cells, _as_percent, "float64")
    unsigned = ~with_percent_sign(cells)
    mixed = mixed_shares(cells)
    as_written = unsigned & ~bool((values[unsigned] > 1).any())
    return values.where(as_written, values / 100).mask(mixed), unreadable | mixed


def mixed_shares(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells of a column of shares could be a fraction or percent: 0.6 beside 85."""
    values, _ = _each(cells, _as_percent, "float64")
    unsigned = values.mask(with_percent_sign(cells))
    return (unsigned > 0) & (unsigned <= 1) & bool((unsigned > 1).any())


def figure(cells: pd.Series[Any]) -> Values:
    """A number, or one with a percent sign, which stays percent: 95% is 95."""
    return _each(cells, _as_percent, "float64")


def with_percent_sign(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells are written with a percent sign."""
    held = [
        isinstance(cell, str) and unicodedata.normalize("NFKC", cell).strip().endswith("%") for cell in cells
    ]
    return pd.Series(held, index=cells.index, dtype=bool)


def minutes(cells: pd.Series[Any]) -> Values:
    """Seconds of a run, written as 3'45", 3:45, 3.45 (minutes and seconds) or 225.

    A spreadsheet's time is one too, whether 3:45 was taken for a quarter to four or not.

    Examples
    --------
    >>> minutes(pd.Series(["3'45\\"", 3.45, 225, "3′5″"], dtype=object))[0].tolist()
    [225.0, 225.0, 225.0, 185.0]
    """
    return _each(cells, _as_seconds, "float64")


def calendar_year(cells: pd.Series[Any]) -> Values:
    """A calendar year, from 2012, 2012年9月 or a date."""
    return _each(cells, _as_calendar_year, "Int64")


def year(cells: pd.Series[Any]) -> Values:
    """A school year as 2024-2025."""
    return _each(cells, lambda cell: school_year(_as_text(cell)) or None, "str")


def word(cells: pd.Series[Any], words: Mapping[str, str]) -> Values:
    """The clean value for each word; `words` maps plain spellings to clean values."""
    return _each(cells, lambda cell: words.get(_as_word(cell)), "str")


def flag(cells: pd.Series[Any], words: Mapping[str, str]) -> Values:
    """True or false, from truth values or the words for them."""
    values, unreadable = _each(cells, lambda cell: words.get(_as_word(cell)), "str")
    return values.map({"true": True, "false": False}).astype("boolean"), unreadable


def grade(cells: pd.Series[Any], words: Mapping[str, str]) -> Values:
    """A grade, 0 to 9, from 三年级, 初一, 3 or the code 13 of the national fitness sheet."""
    return _each(cells, lambda cell: words.get(_as_word(cell)), "Int64", through=int)


def like_identities(cells: pd.Series[Any], *, numbers: bool = False) -> pd.Series[bool]:
    """Which cells hold a run of 15 digits or more, as 学籍号 and identity numbers have.

    Blanks and invisible characters between the digits do not hide them; nor does a
    spreadsheet that made a number of the text.

    Parameters
    ----------
    numbers
        Whether these are numbers, which may have as many decimals as they like.

    Examples
    --------
    >>> like_identities(pd.Series(["L2999 9992 0150 9310 19", 1.1e17, "2150000001"])).tolist()
    [True, True, False]
    """
    held = [_is_like_identity(cell, numbers) for cell in cells]
    return pd.Series(held, index=cells.index, dtype=bool)


def _is_like_identity(cell: Any, number: bool) -> bool:
    if isinstance(cell, str):
        # No character stands for more than two digits.
        if 2 * len(cell) < IDENTITY_DIGITS:
            return False
        shown = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
        if number:
            shown = shown.partition(".")[0]
        if not shown.isprintable() or " " in shown:
            shown = "".join(one for one in shown if not _is_invisible(one))
        return _LONG_NUMBER.search(shown) is not None
    return isinstance(cell, int | float) and abs(cell) >= 10 ** (IDENTITY_DIGITS - 1)


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character).startswith("C")


def blank_cells(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells hold nothing, or only a sign for nothing such as a dash."""
    held = [_is_blank(cell) for cell in cells]
    return pd.Series(held, index=cells.index, dtype=bool)


def _each(cells: pd.Series[Any], read: Any, dtype: str, through: Any = None) -> Values:
    """Reads each cell; `read` gives None for what it cannot read."""
    typed = cells.tolist()
    held = [not _is_blank(cell) for cell in typed]
    values = [read(cell) if one else None for cell, one in zip(typed, held, strict=True)]
    unreadable = [one and value is None for value, one in zip(values, held, strict=True)]
    if through is not None:
        values = [value if value is None else through(value) for value in values]
    return pd.Series(values, index=cells.index, dtype=dtype), pd.Series(
        unreadable, index=cells.index, dtype=bool
    )


def _is_blank(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.strip().casefold() in EMPTY
    return cell is None or bool(cell != cell)


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT_BELOW:
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell).strip()


def _as_word(cell: Any) -> str:
    """A word as `words` lists them; nothing if it carries a small or circled digit: 2¹ is not 21."""
    typed = _as_text(cell)
    noted = not typed.isascii() and any(unicodedata.category(one) == "No" for one in typed)
    return "" if noted else plain(typed)


def _as_line(cell: Any) -> str | None:
    line = " ".join(_as_text(cell).split())
    if line.isprintable():
        return line if len(line) <= LONGEST_TEXT else None
    shown = "".join(one for one in line if one not in _NO_WIDTH)
    fit = len(shown) <= LONGEST_TEXT and not any(unicodedata.category(one) in _NOT_SHOWN for one in shown)
    return shown if fit else None


def _as_code(cell: Any) -> str | None:
    if isinstance(cell, str):
        narrow = "".join(_narrow(cell[: 2 * LONGEST_TEXT]).split())
        return _as_line(narrow)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    exact = float(cell).is_integer() and abs(cell) < EXACT_BELOW
    return str(int(cell)) if exact else None


def _as_number(cell: Any) -> float | None:
    if isinstance(cell, str):
        cell = " ".join(_narrow(cell).split()).replace("−", "-")
        if _GROUPED.fullmatch(cell):
            cell = cell.replace(",", "").replace(" ", "")
        if not cell.isascii() or "_" in cell or " " in cell:
            return None
    elif isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _narrow(typed: str) -> str:
    """Full-width characters narrowed; small and circled digits stay, which are notes and no digits."""
    if typed.isascii():
        return typed
    return "".join(
        one if unicodedata.category(one) == "No" else unicodedata.normalize("NFKC", one) for one in typed
    )


def _as_percent(cell: Any) -> float | None:
    if isinstance(cell, str):
        cell = _narrow(cell).strip().removesuffix("%")
    return _as_number(cell)


def _as_seconds(cell: Any) -> float | None:
    clock = _spreadsheet_time(cell)
    if clock is not None:
        hours, minute, second = clock
        # A spreadsheet takes 3:45 for a quarter to four, and 0:03:45 for what it is.
        if hours and second:
            return None
        return 60.0 * hours + minute if hours else 60.0 * minute + second
    value = _as_number(cell)
    if value is not None:
        # 3.45 is three minutes forty-five, as the national sheet has it: no such run takes ten seconds.
        return value if value >= 10 else _clock(int(value), round(100 * (value % 1), 6))
    if not isinstance(cell, str):
        return None
    marks = _narrow(cell)
    for mark in ("′", "’", "‘", "分", ":"):
        marks = marks.replace(mark, "'")
    for mark in ("″", "”", "“", '"', "秒", "''", "′′"):
        marks = marks.replace(mark, "")
    parts = "".join(marks.split()).split("'")
    if len(parts) == 3 and parts[0].isdecimal() and int(parts[0]) == 0:
        del parts[0]
    if len(parts) != 2 or not parts[0].isdecimal():
        return None
    seconds = _as_number(parts[1] or "0")
    return None if seconds is None else _clock(int(parts[0]), seconds)


def _spreadsheet_time(cell: Any) -> tuple[int, int, float] | None:
    """Hours, minutes and seconds of a time of day or a duration."""
    if isinstance(cell, datetime.time):
        return cell.hour, cell.minute, cell.second + cell.microsecond / 1e6
    if isinstance(cell, datetime.timedelta) and cell >= datetime.timedelta():
        # The reader works in days: what is off by less than a millisecond is rounding.
        total = round(cell.total_seconds(), 3)
        return int(total // 3600), int(total % 3600 // 60), total % 60
    return None


def _clock(minute: int, seconds: float) -> float | None:
    return 60.0 * minute + seconds if 0 <= seconds < 60 else None


def _as_calendar_year(cell: Any) -> int | None:
    if isinstance(cell, datetime.date):
        return cell.year
    digits = _as_text(cell)[:4]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) == 4 else None
