"""Satisfaction of a group: weighted by who is there, with the intervals of its two designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalib.measures.satisfaction import Satisfied, satisfied_share

N, A, X = np.array([900.0, 100]), np.array([100.0, 100]), np.array([90.0, 50])


def of(n: Any = N, a: Any = A, x: Any = X, *, drawn: bool = False, sampled: bool = False) -> Satisfied:
    n, a, x = (np.asarray(one, dtype=float) for one in (n, a, x))
    return satisfied_share(n, a, x, np.full(n.shape, drawn), sampled_schools=sampled, interval_schools=6)


def test_schools_count_by_their_people_not_by_their_answers() -> None:
    assert of().share == pytest.approx(0.86)
    assert of().share != pytest.approx(X.sum() / A.sum())


def test_interval_of_all_schools_by_hand() -> None:
    smooth = (X + 2) / (A + 4)
    reach = 1.959964 * np.sqrt(np.sum((N / 1000) ** 2 * smooth * (1 - smooth) / A))
    found = of()
    assert (found.low, found.high) == pytest.approx((0.86 - reach, 0.86 + reach), abs=1e-6)


def test_drawing_at_random_narrows_the_interval_and_answering_does_not() -> None:
    wide, narrow = of(), of(drawn=True)
    assert narrow.share == wide.share
    assert wide.low < narrow.low < narrow.high < wide.high
    everyone = of(n=A, drawn=True)
    assert everyone.low == everyone.high == everyone.share


def test_interval_of_sampled_schools_by_hand() -> None:
    n, a, x = np.full(6, 100.0), np.full(6, 50.0), np.array([40.0, 45, 50, 35, 42, 48])
    p = x.sum() / a.sum()
    z = (x / a - p) / 6
    reach = 2.570582 * np.sqrt(6 / 5 * np.sum(z**2))
    found = of(n, a, x, sampled=True)
    assert (found.share, found.low) == pytest.approx((p, p - reach), abs=1e-6)
    assert found.high == pytest.approx(min(p + reach, 1.0), abs=1e-6)


def test_fewer_than_six_sampled_schools_have_no_interval() -> None:
    found = of(np.full(5, 100.0), np.full(5, 50.0), np.full(5, 40.0), sampled=True)
    assert found.share == pytest.approx(0.8)
    assert np.isnan([found.low, found.high]).all()


def test_school_where_everybody_is_satisfied_is_not_certain() -> None:
    found = of([100.0], [40.0], [40.0])
    assert found.share == found.high == 1.0
    assert 0.9 < found.low < 1.0


def test_order_and_splitting_a_row_do_not_change_the_share() -> None:
    assert of(N[::-1], A[::-1], X[::-1]) == of()
    halves = of(np.repeat(N / 2, 2), np.repeat(A / 2, 2), np.repeat(X / 2, 2))
    assert halves.share == pytest.approx(of().share)


@pytest.mark.parametrize(
    ("n", "a", "x", "word"),
    [
        ([], [], [], "schools"),
        ([10.0], [5.0, 5], [1.0], "schools"),
        ([10.0], [0.0], [0.0], "without"),
        ([0.0], [5.0], [1.0], "without"),
        ([10.0], [5.0], [6.0], "satisfied"),
        ([10.0], [np.nan], [1.0], "missing"),
    ],
)
def test_impossible_counts_are_refused(n: Any, a: Any, x: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        of(n, a, x)
