from __future__ import annotations

import numpy as np
import pytest

from evalib.measures.competence import amount_reached, level_reached, quota_exceeded, recorded


def words(*values: str | float | None) -> np.ndarray:
    return np.array(values, dtype=object)


def test_zero_hours_are_a_value_and_missing_ones_are_not() -> None:
    reached = amount_reached(np.array([0.0, np.nan, 29.9, 30.0, 31.0]), 30)
    np.testing.assert_array_equal(reached, [0, np.nan, 0, 1, 1])


def test_cut_of_zero_is_reached_by_zero_and_not_by_nothing() -> None:
    np.testing.assert_array_equal(amount_reached(np.array([0.0, np.nan]), 0), [1, np.nan])


def test_hours_that_add_up_to_the_cut_reach_it() -> None:
    hours = sum([0.1] * 300)
    assert hours != 30
    assert amount_reached(np.array([hours]), 30)[0] == 1
    assert amount_reached(np.array([30.0]), hours)[0] == 1


@pytest.mark.parametrize(
    ("cut", "reached"), [("A", [1, 0, 0, 0]), ("B", [1, 1, 0, 0]), ("C", [1, 1, 1, 0]), ("D", [1, 1, 1, 1])]
)
def test_level_counts_those_at_least_as_good(cut: str, reached: list[int]) -> None:
    np.testing.assert_array_equal(level_reached(words("A", "B", "C", "D"), cut), reached)


def test_pupil_not_rated_is_not_rated_low() -> None:
    np.testing.assert_array_equal(level_reached(words(None, np.nan, "D"), "B"), [np.nan, np.nan, 0])


def test_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="A, B, C, D"):
        level_reached(words("A"), "E")


def test_anything_told_is_a_record_and_a_blank_row_is_none() -> None:
    level = words("D", None, None, None, np.nan)
    hours = np.array([np.nan, 0.0, np.nan, np.nan, np.nan])
    evidence = np.array([np.nan, np.nan, 0.0, np.nan, np.nan])
    assert recorded(level, hours, evidence).tolist() == [True, True, True, False, False]


def test_quota_is_exceeded_only_above_its_share_of_the_rated() -> None:
    # 3 of 10 rated, 4 of 10, 1 of 3 rated among seven, nobody rated
    level = words(*"AAABBBBBCC", *"AAAABBBBCC", "A", "B", "B", None, None, None, None, None, None)
    section = np.repeat([0, 1, 2, 3], [10, 10, 7, 2])
    assert quota_exceeded(level, section, 4, 0.3).tolist() == [False, True, True, False]
    assert quota_exceeded(level, section, 4, 1.0).tolist() == [False] * 4
    assert quota_exceeded(level, section, 4, 0.0).tolist() == [True, True, True, False]


def test_nobody_is_nothing() -> None:
    assert amount_reached(np.zeros(0), 1).size == 0
    assert level_reached(words(), "B").size == 0
    assert recorded(words(), np.zeros(0), np.zeros(0)).size == 0
    assert quota_exceeded(words(), np.zeros(0, int), 2, 0.3).tolist() == [False, False]


def test_quota_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quota_exceeded(words("A"), np.zeros(1, int), 1, 30)
