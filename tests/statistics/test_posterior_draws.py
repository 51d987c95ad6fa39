from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from evalib.statistics.posterior import (
    between_variance,
    posterior_differences,
    section_posterior,
    standing_probabilities,
)
from evalib.statistics.posterior_draws import between_variances, called_by_chance, rank_intervals


def district(seed: int, sections: int = 40, tau: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.005, 0.05, sections)
    return tau * rng.normal(size=sections) + np.sqrt(v) * rng.normal(size=sections), v


def test_two_sections_rank_by_the_probability_that_one_is_above_the_other() -> None:
    y, v, tau2 = np.array([0.0, 0.3, 5.0, 6.0]), np.array([0.02, 0.05, 0.01, 0.01]), 9.0
    found = rank_intervals(y, v, tau2, draws=20_000)
    posterior = section_posterior(y, v, tau2)
    lean = np.sqrt(posterior.centre_variance) * (posterior.reliability[0] - posterior.reliability[1])
    apart = posterior.deviation[1] - posterior.deviation[0]
    above = norm.cdf(apart / np.sqrt(posterior.own_variance[:2].sum() + lean**2))
    assert 0.8 < above < 0.95
    # The first two share ranks 3 and 4.
    assert found.low[:2].tolist() == [3, 3]
    assert found.high[:2].tolist() == [4, 4]
    turned = rank_intervals(y, v, tau2, draws=20_000, higher_is_better=False)
    assert_allclose(turned.top_quarter[0], above, atol=0.01)
    assert_allclose(turned.top_quarter.sum(), 1)


def test_turning_the_direction_turns_the_ranks() -> None:
    y, v = district(1)
    up = rank_intervals(y, v, 0.04)
    down = rank_intervals(-y, v, 0.04, higher_is_better=False)
    assert_allclose(up.low, down.low, atol=2)
    assert_allclose(up.top_quarter, down.top_quarter, atol=0.06)
    best, worst = int(y.argmax()), int(y.argmin())
    assert up.low[best] == 1
    assert up.high[worst] == 40
    assert (up.low <= up.high).all()


def test_quarters_hold_a_quarter() -> None:
    y, v = district(2, sections=43)
    assert_allclose(rank_intervals(y, v, 0.04).top_quarter.sum(), 10)


def test_sections_that_do_not_differ_may_have_any_rank() -> None:
    y, v = district(3)
    found = rank_intervals(y, v, 0.0)
    assert set(found.low) == {1}
    assert set(found.high) == {40}
    assert_allclose(found.top_quarter, 0.25)


def test_the_same_seed_gives_the_same_ranks() -> None:
    y, v = district(4)
    first, again, other = (rank_intervals(y, v, 0.04, seed=seed) for seed in (7, 7, 8))
    assert first.top_quarter.tolist() == again.top_quarter.tolist()
    assert first.top_quarter.tolist() != other.top_quarter.tolist()


def test_rank_intervals_hold_the_true_rank() -> None:
    rng = np.random.default_rng(5)
    held, told = [], []
    for seed in range(80):
        v = rng.uniform(0.005, 0.05, 50)
        truth = 0.2 * rng.normal(size=50)
        found = rank_intervals(truth + np.sqrt(v) * rng.normal(size=50), v, 0.04, draws=500, seed=seed)
        rank = 1 + (truth[:, None] < truth).sum(axis=1)
        held.append((found.low <= rank) & (rank <= found.high))
        told.append((found.top_quarter, rank <= 12))
    assert 0.94 < np.mean(held) < 0.98
    said, was = (np.concatenate(one) for one in zip(*told, strict=True))
    for low, high in ((0.05, 0.3), (0.3, 0.7), (0.7, 0.95)):
        some = (said > low) & (said <= high)
        assert_allclose(said[some].mean(), was[some].mean(), atol=0.04)


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.3])
def test_between_variance_of_many_districts_is_near_that_of_each(tau: float) -> None:
    rng = np.random.default_rng(6)
    v, u = rng.uniform(0.005, 0.05, 40), rng.uniform(0.005, 0.05, 25)
    now = tau * rng.normal(size=(30, 40)) + np.sqrt(v) * rng.normal(size=(30, 40))
    last = tau * rng.normal(size=(30, 25)) + np.sqrt(u) * rng.normal(size=(30, 25))
    found = between_variances([(now, v), (last, u)])
    exact = [between_variance([(now[one], v), (last[one], u)]) for one in range(30)]
    assert_allclose(found, exact, rtol=0.04, atol=0.03 * float(np.median(v)))


@pytest.mark.parametrize("tau2", [None, 0.01])
def test_called_by_chance_is_what_the_real_procedure_calls_when_nothing_differs(tau2) -> None:
    rng = np.random.default_rng(8)
    v = rng.uniform(0.002, 0.02, 30)
    w = rng.dirichlet(np.full(30, 5.0))
    delta = rng.uniform(0.005, 0.02, 30)
    called = np.zeros(30)
    for _ in range(600):
        y = np.sqrt(v) * rng.normal(size=30)
        between = between_variance([(y, v)]) if tau2 is None else tau2
        mean, sd = posterior_differences(y, v, w, between)
        above, below = standing_probabilities(mean, sd, delta)
        called += (above >= 0.8) | (below >= 0.8)
    found = called_by_chance(v, w, delta, probable=0.8, tau2=tau2, draws=2000)
    assert_allclose(found.sum(), called.sum() / 600, rtol=0.2)
    assert found.sum() > 0.3
    assert (found >= 0).all()


def test_earlier_years_make_chance_call_fewer() -> None:
    v, w = np.full(20, 0.01), np.full(20, 0.05)
    alone = called_by_chance(v, w, 0.01, probable=0.8, draws=4000)
    pooled = called_by_chance(v, w, 0.01, probable=0.8, draws=4000, earlier=[v, v])
    assert pooled.sum() < 0.8 * alone.sum()


def test_many_sections_get_fewer_draws_and_all_their_ranks() -> None:
    y, v = district(9, sections=4000)
    found = rank_intervals(y, v, 0.04)
    assert found.high.max() == 4000
    assert len(np.unique(found.top_quarter)) < 300
    assert called_by_chance(v, np.full(4000, 1 / 4000), 0.01, probable=0.8).shape == (4000,)


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"level": 1.0}])
def test_bad_input_is_named(wrong) -> None:
    with pytest.raises(ValueError, match="draws"):
        rank_intervals(np.zeros(3), np.ones(3), 1.0, **wrong)


def test_order_of_sections_does_not_matter_where_ranks_are_certain() -> None:
    y, v = np.array([0.0, 1.0, 2.0]), np.full(3, 1e-6)
    for order in permutations(range(3)):
        found = rank_intervals(y[list(order)], v, 1.0)
        assert found.low.tolist() == found.high.tolist() == [3 - one for one in order]
