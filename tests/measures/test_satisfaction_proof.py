"""Intervals of satisfaction cover what they claim over simulated districts; a smoothed estimate would not."""

from __future__ import annotations

import numpy as np
import pytest

from evalib.measures.satisfaction import satisfied_share

pytestmark = pytest.mark.proof

DISTRICTS = 3000
SATISFIED, SPREAD, ANSWERING = 0.92, 0.45, 0.8


def district(rng: np.random.Generator, schools: int, size: int):  # type: ignore[no-untyped-def]
    """People of each school, and the share of them that is satisfied."""
    n = rng.integers(size // 2, 2 * size, schools)
    odds = SATISFIED / (1 - SATISFIED) * np.exp(SPREAD * rng.standard_normal(schools))
    return n, odds / (1 + odds)


def answers(rng: np.random.Generator, n, share):  # type: ignore[no-untyped-def]
    a = np.maximum(rng.binomial(n, ANSWERING), 1)
    return a, rng.binomial(a, share)


@pytest.mark.parametrize(("schools", "size"), [(40, 25), (40, 100), (27, 200)])
def test_interval_of_all_schools_covers(schools: int, size: int) -> None:
    rng = np.random.default_rng(7)
    hits = smoothed = 0
    for _ in range(DISTRICTS):
        n, share = district(rng, schools, size)
        a, x = answers(rng, n, share)
        truth, part = float(n @ share / n.sum()), n / n.sum()
        nobody = np.zeros(schools, dtype=bool)
        found = satisfied_share(n, a, x, nobody, sampled_schools=False, interval_schools=6)
        hits += found.low <= truth <= found.high
        tilde = (x + 2) / (a + 4)
        reach = 1.96 * np.sqrt(np.sum(part**2 * tilde * (1 - tilde) / a))
        smoothed += abs(float(part @ tilde) - truth) <= reach
    print(
        f"{schools} schools of {size}: {hits / DISTRICTS:.3f}, smoothed estimate {smoothed / DISTRICTS:.3f}"
    )
    assert 0.94 <= hits / DISTRICTS <= 0.995
    assert smoothed / DISTRICTS < 0.6


@pytest.mark.parametrize("sampled", [6, 12, 30])
def test_interval_of_sampled_schools_covers(sampled: int) -> None:
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(DISTRICTS):
        n, share = district(rng, 120, 100)
        truth = float(n @ share / n.sum())
        drawn = rng.choice(120, sampled, replace=False)
        a, x = answers(rng, n[drawn], share[drawn])
        nobody = np.zeros(sampled, dtype=bool)
        found = satisfied_share(n[drawn], a, x, nobody, sampled_schools=True, interval_schools=6)
        hits += found.low <= truth <= found.high
    print(f"{sampled} of 120 schools: {hits / DISTRICTS:.3f}")
    assert 0.91 <= hits / DISTRICTS <= 0.975
