"""What sections have for their pupils: the published examples, and what must not change a verdict."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalib.measures.provision import (
    difference_coefficient,
    least_needed,
    section_verdict,
    standing_to_limit,
    through_school_split,
    units_needed,
)

# The worked example published with the rule.
PUPILS = np.array([45.0, 37, 89, 76, 55])
AMOUNTS = np.array([279.0, 137, 935, 160, 402])
COUNTS = st.lists(
    st.tuples(st.integers(1, 3000), st.floats(0, 1e6, allow_nan=False, width=32)), min_size=1, max_size=12
).filter(lambda rows: sum(amount for _, amount in rows) > 1)


def test_published_difference_coefficient() -> None:
    found = difference_coefficient(PUPILS, AMOUNTS)
    assert round(found.mean, 4) == 6.3344
    assert round(found.spread, 4) == 3.2639
    assert round(found.value, 4) == 0.5153
    unweighted = np.std(AMOUNTS / PUPILS) / np.mean(AMOUNTS / PUPILS)
    assert round(float(unweighted), 4) == 0.4888, "the tempting one, which passes at 0.50"


def test_published_split_of_a_through_school() -> None:
    split = through_school_split(23226, np.array([166.0, 210.0]), np.array([1.0, 1.1]), whole=True)
    assert split.tolist() == [9711, 13515]


@given(COUNTS, st.randoms(use_true_random=False))
def test_order_of_sections_and_unit_do_not_matter(rows: list[tuple[int, float]], shuffle) -> None:  # type: ignore[no-untyped-def]
    pupils, amounts = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = difference_coefficient(pupils, amounts).value
    shuffle.shuffle(rows)
    pupils, amounts = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert difference_coefficient(pupils, amounts * 10_000).value == pytest.approx(found, rel=1e-9)


@given(COUNTS)
def test_merging_alike_sections_changes_nothing(rows: list[tuple[int, float]]) -> None:
    pupils, amounts = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = difference_coefficient(pupils, amounts).value
    doubled = difference_coefficient(np.repeat(pupils / 2, 2), np.repeat(amounts / 2, 2)).value
    assert doubled == pytest.approx(found, rel=1e-9, abs=1e-12)


def test_one_section_and_equal_sections_do_not_differ() -> None:
    assert difference_coefficient(np.array([90.0]), np.array([3.0])).value == 0
    assert difference_coefficient(np.array([90.0, 30]), np.array([9.0, 3])).value == pytest.approx(0)


def test_a_district_that_has_nothing_has_no_coefficient() -> None:
    assert math.isnan(difference_coefficient(np.array([90.0, 30]), np.array([0.0, 0])).value)


@pytest.mark.parametrize(
    ("pupils", "amounts"),
    [([], []), ([1.0], [1.0, 2]), ([0.0, 3], [1.0, 1]), ([1.0, np.nan], [1.0, 1]), ([1.0, 3], [-1.0, 1])],
)
def test_coefficient_refuses_what_it_cannot_weigh(pupils: list[float], amounts: list[float]) -> None:
    with pytest.raises(ValueError, match=r"section|pupils"):
        difference_coefficient(np.array(pupils), np.array(amounts))


@given(
    st.integers(0, 100_000), st.lists(st.integers(0, 3000), min_size=3, max_size=3).filter(any), st.booleans()
)
def test_shares_of_a_school_add_up(amount: int, pupils: list[int], whole: bool) -> None:
    split = through_school_split(amount, np.array(pupils, float), np.array([1.0, 1.1, 1.32]), whole=whole)
    assert split.sum() == pytest.approx(amount)
    assert (split >= 0).all()
    assert all(share == 0 for share, count in zip(split, pupils, strict=True) if not count)
    if whole:
        assert (split == np.floor(split)).all()


@pytest.mark.parametrize(
    ("amount", "pupils", "whole"),
    [
        (1.5, [1.0, 1], True),
        (3, [0.0, 0], True),
        (-1, [1.0, 1], False),
        (np.nan, [1.0, 1], False),
        (3, [1.0], True),
    ],
)
def test_split_refuses_what_cannot_be_shared(amount: float, pupils: list[float], whole: bool) -> None:
    with pytest.raises(ValueError, match=r"split|whole|pupils"):
        through_school_split(amount, np.array(pupils), np.array([1.0, 1.1]), whole=whole)


@pytest.mark.parametrize("limit", [4.2, 5.3, 0.9, 2.3, 2.4, 1.0])
def test_exactly_the_limit_is_enough_whatever_binary_fractions_say(limit: float) -> None:
    for pupils in range(1000, 5001, 1000):
        enough = round(limit * pupils / 100)
        assert standing_to_limit(enough, pupils, 100, limit, limit * 0.85) == "met"
        assert units_needed(enough, pupils, 100, limit) == 0
        assert units_needed(enough - 1, pupils, 100, limit) == 1
        assert units_needed(enough, pupils + 1, 100, limit) == 1


@given(st.integers(0, 200), st.integers(1, 4000))
def test_units_needed_are_the_fewest_that_reach_the_limit(amount: int, pupils: int) -> None:
    more = units_needed(amount, pupils, 100, 4.2)
    assert standing_to_limit(amount + more, pupils, 100, 4.2, 3.57) == "met"
    assert more == 0 or standing_to_limit(amount + more - 1, pupils, 100, 4.2, 3.57) != "met"


@pytest.mark.parametrize(
    ("standings", "verdict"),
    [
        (["met"] * 7, "met"),
        (["met"] * 6 + ["near"], "met"),
        (["met"] * 6 + ["under"], "not_met"),
        (["met"] * 5 + ["near"] * 2, "not_met"),
        (["met"] * 6 + ["missing"], "not_reported"),
        (["met"] * 5 + ["near", "missing"], "not_reported"),
        (["missing"] * 6 + ["under"], "not_met"),
        (["missing"] * 5 + ["near"] * 2, "not_met"),
        (["missing"] * 7, "not_reported"),
    ],
)
def test_rule_of_six_of_seven(standings: list[str], verdict: str) -> None:
    assert section_verdict(standings, 6) == verdict
    assert section_verdict(standings[::-1], 6) == verdict


def test_least_needed_leaves_the_dearest_at_its_floor() -> None:
    limits = [2, 0, 0, 400, 0, 0, 0]
    floors = [1, 0, 0, 0, 0, 0, 0]
    required = [21.0, 5, 5, 4500, 7500, 2e6, 11]
    assert least_needed(limits, floors, required, 6) == {0: 2}, "two teachers, the area may stay"
    assert least_needed([2, *limits[1:3], 9000, *limits[4:]], floors, required, 6) == {0: 2}
    both_under = least_needed([2, 0, 0, 400, 0, 0, 0], [1, 0, 0, 300, 0, 0, 0], required, 6)
    assert both_under == {0: 1, 3: 400}, "the smaller sum of shares of what is required"


def test_least_needed_asks_nothing_of_what_is_not_known() -> None:
    assert least_needed([None, 3, 4], [None, 0, 2], [1.0, 30, 10], 2) == {2: 4}


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=7, max_size=7))
def test_with_what_is_needed_the_section_passes(gaps: list[tuple[int, int]]) -> None:
    limits = [max(gap) for gap in gaps]
    floors = [min(gap) for gap in gaps]
    plan = least_needed(limits, floors, [100.0] * 7, 6)
    standings = [
        "met"
        if plan.get(place, 0) >= limits[place]
        else "near"
        if plan.get(place, 0) >= floors[place]
        else "under"
        for place in range(7)
    ]
    assert section_verdict(standings, 6) == "met"
