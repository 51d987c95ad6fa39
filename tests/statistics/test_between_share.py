"""Shares of variance between sections, their change, and gaps within groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2, studentized_range

from evalib.statistics.between_share import (
    Ranged,
    between_interval,
    between_share,
    change_interval,
    gap_interval,
)

# The trials of BCG against tuberculosis (Colditz et al. 1994): ill and well with it, ill and well without.
BCG = np.array(
    [
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)

figures = st.lists(st.floats(-3, 3), min_size=3, max_size=12)


def log_risk_ratios() -> tuple[np.ndarray, np.ndarray]:
    ill, well, ill_without, well_without = BCG.T
    n, n_without = ill + well, ill_without + well_without
    return np.log((ill / n) / (ill_without / n_without)), 1 / ill - 1 / n + 1 / ill_without - 1 / n_without


def errors(count: int) -> np.ndarray:
    return 0.05 + 0.02 * np.arange(count) ** 1.5


class TestBetween:
    def test_agrees_with_the_published_analysis_of_the_bcg_trials(self) -> None:
        # metafor's confint() of the REML fit, as its documentation prints it.
        found = between_interval(*log_risk_ratios())
        assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (0.3132, 0.1197, 1.1115)

    def test_with_equal_variances_the_ends_are_those_of_a_variance(self) -> None:
        y, v = np.array([-3.0, -1.0, 0.5, 2.0, 4.0]), np.full(5, 0.7)
        found = between_interval(y, v)
        sums = float(((y - y.mean()) ** 2).sum())
        low, high = (sums / chi2.ppf(one, 4) - 0.7 for one in (0.975, 0.025))
        assert found.value == pytest.approx(sums / 4 - 0.7)
        assert (found.low, found.high) == pytest.approx((low, high))

    def test_three_schools_that_do_not_differ_have_no_variance_between_them(self) -> None:
        found = between_interval(np.full(3, 0.4), np.full(3, 0.01))
        assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)

    def test_the_spread_of_small_schools_is_not_taken_for_a_difference(self) -> None:
        y, v = np.array([-0.2, 0.1, -0.1, 0.2]), np.full(4, 0.04)
        assert between_interval(y, v).value == 0.0
        assert between_interval(y, v).high > 0.0

    @pytest.mark.parametrize(
        ("y", "v", "told"),
        [
            ([1.0], [1.0], "two sections"),
            ([], [], "two sections"),
            ([1.0, 2.0], [1.0], "one length"),
            ([1.0, np.nan], [1.0, 1.0], "missing"),
            ([1.0, 2.0], [1.0, 0.0], "not positive"),
        ],
    )
    def test_what_cannot_be_estimated_is_an_error(self, y: list[float], v: list[float], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            between_interval(np.array(y), np.array(v))

    def test_a_level_lies_between_0_and_1(self) -> None:
        with pytest.raises(ValueError, match="level"):
            between_interval(np.array([1.0, 2.0]), np.ones(2), level=1.0)

    @given(figures, st.permutations(range(12)))
    def test_order_and_origin_do_not_matter(self, y: list[float], order: list[int]) -> None:
        values, v = np.array(y), errors(len(y))
        turned = [one for one in order if one < len(y)]
        one = between_interval(values, v)
        other = between_interval(values[turned] + 5.0, v[turned])
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), abs=1e-6)

    @given(figures, st.floats(0.1, 50))
    def test_a_share_has_no_unit(self, y: list[float], factor: float) -> None:
        values, v = np.array(y), errors(len(y))
        one = between_share(values, v, 2.0)
        other = between_share(factor * values, factor**2 * v, 2.0 * factor**2)
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), abs=1e-5)
        assert 0.0 <= one.low <= one.high

    def test_a_share_is_of_what_is_known_to_vary(self) -> None:
        y, v = np.array([0.1, 0.5, 0.9]), np.full(3, 0.001)
        assert between_share(y, v, 0.25).value == pytest.approx(4 * between_interval(y, v).value)
        with pytest.raises(ValueError, match="positive"):
            between_share(y, v, 0.0)

    def test_the_root_of_a_variance_is_a_standard_deviation(self) -> None:
        assert Ranged(4.0, 1.0, 9.0).root == Ranged(2.0, 1.0, 3.0)


class TestChange:
    def test_even_intervals_give_that_of_a_difference(self) -> None:
        found = change_interval(Ranged(5.0, 2.0, 8.0), Ranged(1.0, -3.0, 5.0))
        assert (found.value, found.low, found.high) == pytest.approx((4.0, -1.0, 9.0))

    def test_nothing_changed_is_no_change(self) -> None:
        one = Ranged(0.2, 0.1, 0.7)
        found = change_interval(one, one)
        assert found.value == 0.0
        assert found.low < 0.0 < found.high
        assert found.low == pytest.approx(-found.high)

    def test_turned_round_it_has_the_other_sign(self) -> None:
        now, then = Ranged(3.0, 2.5, 6.0), Ranged(1.0, 0.0, 1.5)
        one, other = change_interval(now, then), change_interval(then, now)
        assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low))

    def test_an_estimate_of_nought_has_no_reach_below(self) -> None:
        found = change_interval(Ranged(0.0, 0.0, 0.3), Ranged(0.0, 0.0, 0.4))
        assert (found.low, found.high) == pytest.approx((-0.4, 0.3))


class TestGap:
    @pytest.mark.parametrize("count", [2, 3, 6])
    def test_equal_errors_reach_as_far_as_the_studentised_range(self, count: int) -> None:
        found = gap_interval(np.arange(count, dtype=float) * 20, np.full(count, 4.0))
        reach = 2.0 * studentized_range.ppf(0.95, count, np.inf)
        assert found.value == 20.0 * (count - 1)
        assert (found.value - found.low, found.high - found.value) == pytest.approx((reach, reach), rel=1e-4)

    def test_two_members_have_the_interval_of_a_difference(self) -> None:
        found = gap_interval(np.array([1.0, 9.0]), np.array([1.0, 4.0]))
        reach = 1.959964 * 5**0.5
        assert (found.low, found.high) == pytest.approx((8.0 - reach, 8.0 + reach), rel=1e-4)

    def test_unequal_errors_agree_with_drawn_ones(self) -> None:
        sd = np.array([2.0, 0.5, 1.0, 0.02])
        drawn = np.random.default_rng(3).normal(size=(200_000, 4)) * sd
        reach = float(np.quantile(np.ptp(drawn, axis=1), 0.95))
        assert gap_interval(np.zeros(4), sd**2).high == pytest.approx(reach, rel=0.01)

    def test_a_gap_does_not_reach_below_nought(self) -> None:
        found = gap_interval(np.array([0.0, 0.1]), np.ones(2))
        assert found.low == 0.0
        assert found.high > 1.0

    @given(st.lists(st.floats(-30, 30), min_size=2, max_size=7), st.floats(0.1, 20))
    def test_order_and_unit_do_not_matter(self, y: list[float], factor: float) -> None:
        values, v = np.array(y), 1.0 + np.arange(len(y))
        one, other = gap_interval(values, v), gap_interval(factor * values[::-1], factor**2 * v[::-1])
        scaled = (factor * one.value, factor * one.low, factor * one.high)
        assert (other.value, other.low, other.high) == pytest.approx(scaled, rel=1e-6, abs=1e-6)

    @pytest.mark.parametrize(
        ("y", "v", "told"),
        [
            ([1.0], [1.0], "two or more"),
            ([1.0, 2.0], [1.0], "variance for each"),
            ([1.0, np.inf], [1.0, 1.0], "missing"),
            ([1.0, 2.0], [1.0, -1.0], "not positive"),
        ],
    )
    def test_what_has_no_gap_is_an_error(self, y: list[float], v: list[float], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            gap_interval(np.array(y), np.array(v))


def test_the_ends_are_where_q_meets_its_quantiles() -> None:
    """The defining equation, solved anew for unequal variances."""
    y, v = log_risk_ratios()

    def q(tau2: float) -> float:
        p = 1 / (v + tau2)
        return float((p * (y - (p * y).sum() / p.sum()) ** 2).sum())

    found = between_interval(y, v, level=0.8)
    low, high = (brentq(lambda t, k=k: q(t) - chi2.ppf(k, 12), 0.0, 100.0) for k in (0.9, 0.1))
    assert (found.low, found.high) == pytest.approx((low, high))
