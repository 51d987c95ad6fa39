"""Simulated: how often intervals of shares, changes and gaps hold what is true."""

from __future__ import annotations

import numpy as np
import pytest

from evalib.statistics.between_share import between_interval, between_share, change_interval, gap_interval

pytestmark = pytest.mark.proof

DISTRICTS = 800
# Three Monte-Carlo standard errors of a coverage of .95.
MARGIN = 3 * (0.95 * 0.05 / DISTRICTS) ** 0.5


def sampling_variances(sections: int, even: bool) -> np.ndarray:
    """Of means of 40 to 400 pupils who vary by 1, or of 120 everywhere."""
    pupils = np.full(sections, 120.0) if even else np.geomspace(40, 400, sections)
    return 2.0 / pupils


@pytest.mark.parametrize("sections", [12, 40])
@pytest.mark.parametrize("even", [True, False], ids=["even", "uneven"])
@pytest.mark.parametrize("between", [0.0, 0.05, 0.2])
def test_intervals_of_the_share_cover(sections: int, even: bool, between: float) -> None:
    rng = np.random.default_rng([sections, even, int(100 * between)])
    v = sampling_variances(sections, even)
    share = between**2
    held = 0
    for _ in range(DISTRICTS):
        y = rng.normal(0.0, np.sqrt(between**2 + v))
        found = between_share(y, v, 1.0)
        held += found.low <= share <= found.high
    print(f"{sections} sections, {'even' if even else 'uneven'}, sd {between}: {held / DISTRICTS:.3f}")
    # A share of 0 is missed on one side alone.
    wanted = 0.975 if between == 0 else 0.95
    assert abs(held / DISTRICTS - wanted) < MARGIN


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("between", [0.05, 0.2])
def test_a_change_is_seldom_called_where_there_is_none(correlation: float, between: float) -> None:
    rng = np.random.default_rng([int(10 * correlation), int(100 * between)])
    v = sampling_variances(20, even=False)
    called = 0
    mixing = np.linalg.cholesky(between**2 * np.array([[1.0, correlation], [correlation, 1.0]]))
    for _ in range(DISTRICTS // 2):
        true = rng.normal(size=(20, 2)) @ mixing.T
        years = [between_interval(true[:, k] + rng.normal(0.0, np.sqrt(v)), v) for k in (0, 1)]
        found = change_interval(years[1], years[0])
        called += not found.low <= 0.0 <= found.high
    print(f"correlation {correlation}, sd {between}: called {called / (DISTRICTS // 2):.3f}")
    assert called / (DISTRICTS // 2) <= 0.05 + MARGIN * 2**0.5


def test_a_large_change_is_called() -> None:
    rng = np.random.default_rng(8)
    v = sampling_variances(40, even=False)
    called = 0
    for _ in range(300):
        before, after = (rng.normal(0.0, np.sqrt(sd**2 + v)) for sd in (0.30, 0.12))
        found = change_interval(between_interval(after, v), between_interval(before, v))
        called += found.high < 0
    print(f"from .30 to .12 in 40 sections: called narrower {called / 300:.2f}")
    assert called / 300 > 0.8


@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize("apart", [0.0, 1.0, 6.0])
def test_intervals_of_the_gap_cover_whatever_the_true_scores(count: int, apart: float) -> None:
    rng = np.random.default_rng([count, int(apart)])
    sd = np.linspace(1.0, 3.0, count)
    true = np.linspace(0.0, apart, count)
    reach = gap_interval(np.zeros(count), sd**2).high
    gaps = np.ptp(true + rng.normal(size=(20_000, count)) * sd, axis=1)
    held = float(np.mean(np.abs(gaps - apart) <= reach))
    print(f"{count} members, {apart} apart: {held:.3f}")
    assert held >= 0.95 - 3 * (0.95 * 0.05 / 20_000) ** 0.5


def test_a_gap_of_two_that_are_picked_for_it_covers_too_little() -> None:
    """The tempting interval, of a difference between two, on the largest and the smallest of eight."""
    rng = np.random.default_rng(5)
    gaps = np.ptp(rng.normal(size=(20_000, 8)), axis=1)
    assert float(np.mean(gaps <= 1.96 * 2**0.5)) < 0.6
