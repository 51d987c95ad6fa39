from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalib.intake import cells

WORDS = {"是": "true", "true": "true", "1": "true", "否": "false", "0": "false"}
GRADES = {"三年级": "3", "3": "3", "初一": "7"}


def read(reader: Callable[..., cells.Values], *raw: Any, words: dict[str, str] | None = None) -> list[Any]:
    """Values in order: None for blank, "?" for unreadable."""
    column = pd.Series(list(raw), dtype=object)
    values, unreadable = reader(column) if words is None else reader(column, words)
    pairs = zip(values, unreadable, strict=True)
    return ["?" if bad else None if pd.isna(value) else value for value, bad in pairs]


@pytest.mark.parametrize("sign", ["", "  ", "-", "—", "/", None, float("nan")])
def test_sign_for_nothing_is_blank_and_not_zero(sign: Any) -> None:
    assert read(cells.number, sign, 0, "0") == [None, 0.0, 0.0]


def test_numbers_stored_as_text_are_numbers() -> None:
    assert read(cells.number, "８７．５", " 1,200 ", "-3", "−3", "1e2") == [87.5, 1200.0, -3.0, -3.0, 100.0]


def test_what_is_no_number_is_unreadable() -> None:
    raw = ("八十", True, datetime.date(2024, 1, 2), "nan", "inf", "1_000", "12分", float("inf"))
    assert read(cells.number, *raw) == ["?"] * len(raw)


def test_codes_stored_as_numbers_are_text() -> None:
    assert read(cells.code, 2150000001.0, 7, "００7", " 2 1 ") == ["2150000001", "7", "007", "21"]


def test_code_that_lost_digits_is_unreadable() -> None:
    assert read(cells.code, 1e18, 2.5, True, datetime.date(2024, 1, 2)) == ["?"] * 4


@pytest.mark.parametrize(
    ("raw", "share"), [(0.85, 0.85), (85, 0.85), ("85%", 0.85), ("85％", 0.85), (1, 1.0), (0, 0.0)]
)
def test_share_is_read_in_every_spelling(raw: Any, share: float) -> None:
    assert read(cells.share, raw) == [pytest.approx(share)]


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("3'45\"", 225),
        ("3′45″", 225),
        ("3’45”", 225),
        ("3分45秒", 225),
        ("3:45", 225),
        (3.45, 225),
        ("3.5", 230),
        (225, 225),
        (datetime.time(3, 45), 225),
        ("4'", 240),
        ("3'75\"", "?"),
        (3.75, "?"),
        ("快", "?"),
    ],
)
def test_run_is_read_in_every_spelling(raw: Any, seconds: Any) -> None:
    assert read(cells.minutes, raw) == [pytest.approx(seconds) if seconds != "?" else "?"]


def test_flags_are_truth_values_words_or_digits() -> None:
    assert read(cells.flag, True, "是", 0, "否", "", "TRUE", "也许", words=WORDS) == [
        True,
        True,
        False,
        False,
        None,
        True,
        "?",
    ]


def test_grade_is_word_or_number() -> None:
    assert read(cells.grade, "三年级", 3.0, "初一", "", "高一", words=GRADES) == [3, 3, 7, None, "?"]


def test_true_and_one_in_one_column_are_told_apart() -> None:
    assert read(cells.number, True, 1, 1.0) == ["?", 1.0, 1.0]


def test_whole_number_with_a_fraction_is_unreadable() -> None:
    assert read(cells.whole, 3, "4", 2.5, "") == [3, 4, "?", None]


def test_calendar_year_is_read_from_year_month_or_date() -> None:
    assert read(cells.calendar_year, 2012.0, "2012年9月", datetime.date(2012, 9, 1), "九八") == [
        2012,
        2012,
        2012,
        "?",
    ]


@pytest.mark.parametrize(
    ("raw", "year"),
    [
        ("2024-2025", "2024-2025"),
        ("2024—2025学年", "2024-2025"),
        ("2024学年—2025学年", "2024-2025"),
        ("2024/2025", "2024-2025"),
        ("2024学年", "2024-2025"),
        ("2024-2026", "?"),
        ("2024", "?"),
    ],
)
def test_school_year_is_read_in_every_spelling(raw: str, year: str) -> None:
    assert read(cells.year, raw) == [year]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1))
def test_number_survives_being_written_as_text(numbers: list[float]) -> None:
    assert read(cells.number, *[repr(one) for one in numbers]) == numbers


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.one_of(st.text(), st.floats(), st.booleans(), st.none(), st.dates(), st.integers())))
def test_no_cell_whatever_breaks_a_reader(raw: list[Any]) -> None:
    for reader in (
        cells.number,
        cells.whole,
        cells.share,
        cells.minutes,
        cells.calendar_year,
        cells.year,
        cells.code,
    ):
        assert len(read(reader, *raw)) == len(raw)
    for reader in (cells.word, cells.flag, cells.grade):
        assert len(read(reader, *raw, words={})) == len(raw)
