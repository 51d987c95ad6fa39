from __future__ import annotations

import pandas as pd
import pytest

from evalib.intake.scoresheets import among, joined, looked_up

KEYS = pd.Series(["b", None, "z", "a", "b"], index=[9, 7, 5, 3, 1], dtype="str")


def test_joined_key_is_missing_where_a_part_is() -> None:
    frame = pd.DataFrame({"year": ["2024-2025", None], "grade": pd.array([3, 4], dtype="Int64")})
    assert joined(frame, "year", "grade").tolist()[0] == "2024-2025\x1f3"
    assert joined(frame, "year", "grade").isna().tolist() == [False, True]


@pytest.mark.parametrize("known", [["a", "b"], ["b", "a", "b", "c"], [], [None, "z"]])
def test_keys_among_others_are_those_that_isin_finds(known: list[str | None]) -> None:
    others = pd.Series(known, dtype="str")
    pd.testing.assert_series_equal(among(KEYS, others), KEYS.isin(others))


@pytest.mark.parametrize("dtype", ["float64", "Int64", "str"])
def test_value_under_each_key_is_the_one_that_map_finds(dtype: str) -> None:
    values = pd.Series([1, 2, 3], index=["a", "b", "c"]).astype(dtype)
    found = looked_up(KEYS, values)
    assert found.index.tolist() == KEYS.index.tolist()
    assert found.dtype == dtype
    assert found.isna().tolist() == [False, True, True, False, False]
    assert found.dropna().tolist() == values[["b", "a", "b"]].tolist()


def test_nothing_stands_under_a_key_where_nothing_is_known() -> None:
    assert looked_up(KEYS, pd.Series([], index=pd.Index([], dtype="str"), dtype="float64")).isna().all()
