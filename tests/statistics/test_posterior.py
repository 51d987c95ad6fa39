from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics.posterior import (
    between_variance,
    difference_variance,
    largest_set,
    least_between_variance,
    posterior_differences,
    section_posterior,
    standing_probabilities,
)


def sections(seed: int, count: int = 30, tau: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.1, count)
    w = rng.uniform(0.5, 2, count)
    return 50 + tau * rng.normal(size=count) + np.sqrt(v) * rng.normal(size=count), v, w / w.sum()


def restricted_log_likelihood(groups, tau2: float) -> float:
    """By dense algebra, a year at a time."""
    total = 0.0
    for y, v in groups:
        inverse = np.linalg.inv(np.diag(v) + tau2 * np.eye(len(y)))
        one = np.ones(len(y))
        projection = inverse - np.outer(inverse @ one, inverse @ one) / (one @ inverse @ one)
        total += np.linalg.slogdet(inverse)[1] - np.log(one @ inverse @ one) - y @ projection @ y
    return total / 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("years", [1, 3])
def test_no_point_of_a_fine_grid_is_likelier_than_the_between_variance(seed: int, years: int) -> None:
    groups = [sections(10 * seed + year)[:2] for year in range(years)]
    found = between_variance(groups)
    grid = np.concatenate([np.linspace(0, 0.3, 601), found + np.linspace(-1e-4, 1e-4, 21)])
    best = max(restricted_log_likelihood(groups, tau2) for tau2 in grid if tau2 >= 0)
    assert restricted_log_likelihood(groups, found) >= best - 1e-9


def test_equal_sampling_variances_give_the_textbook_answer() -> None:
    y, _, _ = sections(1)
    assert_allclose(between_variance([(y, np.full(30, 0.02))]), y.var(ddof=1) - 0.02, rtol=1e-9)


def test_each_year_has_its_own_mean() -> None:
    y, v, _ = sections(2)
    assert_allclose(between_variance([(y, v), (y + 100, v)]), between_variance([(y, v), (y, v)]), rtol=1e-8)


def test_another_unit_changes_the_between_variance_by_its_square() -> None:
    y, v, _ = sections(3)
    assert_allclose(between_variance([(7 + 100 * y, 1e4 * v)]), 1e4 * between_variance([(y, v)]), rtol=1e-8)


def test_figures_closer_than_chance_have_no_between_variance() -> None:
    assert between_variance([(np.array([1.0, 1.1, 0.9, 1.0]), np.full(4, 1.0))]) == 0
    assert between_variance([(np.ones(5), np.full(5, 0.3))]) == 0


@pytest.mark.parametrize("tau2", [0.001, 0.04, 5.0])
def test_posterior_is_that_of_the_joint_gaussian(tau2: float) -> None:
    y, v, w = sections(4, count=12)
    # A prior on the mean so wide that it is flat.
    prior = tau2 * np.eye(12) + 1e7 * np.ones((12, 12))
    gain = prior @ np.linalg.inv(prior + np.diag(v))
    mean, covariance = 50 + gain @ (y - 50), prior - gain @ prior
    contrast = np.eye(12) - w
    found_mean, found_sd = posterior_differences(y, v, w, tau2)
    assert_allclose(found_mean, contrast @ mean, atol=1e-6)
    assert_allclose(found_sd, np.sqrt(np.diag(contrast @ covariance @ contrast.T)), rtol=1e-5)


def test_without_between_variance_every_section_is_indistinguishable() -> None:
    y, v, w = sections(5)
    mean, sd = posterior_differences(y, v, w, 0.0)
    above, below = standing_probabilities(mean, sd, 0.0)
    assert not sd.any()
    assert_allclose(mean, 0, atol=1e-12)
    above, below = standing_probabilities(mean, sd, 0.01)
    assert not above.any()
    assert not below.any()


def test_differences_balance_over_the_reference() -> None:
    y, v, w = sections(6)
    mean, _ = posterior_differences(y, v, w, 0.05)
    assert_allclose(w @ mean, 0, atol=1e-12)


def test_large_between_variance_leaves_figures_unshrunken() -> None:
    y, v, w = sections(7)
    mean, sd = posterior_differences(y, v, w, 1e6)
    assert_allclose(mean, y - w @ y, atol=1e-5)
    assert_allclose(sd, np.sqrt(difference_variance(v, w)), rtol=1e-4)


def test_variance_of_a_difference_is_its_quadratic_form() -> None:
    _, v, w = sections(8)
    contrast = np.eye(30) - w
    assert_allclose(difference_variance(v, w), np.diag(contrast @ np.diag(v) @ contrast.T))


def test_certain_difference_is_above_only_beyond_delta() -> None:
    above, below = standing_probabilities(
        np.array([0.11, 0.1, -0.2, np.nan]), np.array([0.0, 0.0, 0.0, 0.1]), 0.1
    )
    assert above[:3].tolist() == [1, 0, 0]
    assert below[:3].tolist() == [0, 0, 1]
    assert np.isnan(above[3])
    assert np.isnan(below[3])


def test_turning_the_sign_swaps_above_and_below() -> None:
    mean, sd = np.array([0.2, -0.3, 0.0]), np.array([0.1, 0.2, 0.3])
    above, below = standing_probabilities(mean, sd, 0.1)
    assert_allclose(standing_probabilities(-mean, sd, 0.1), (below, above))
    assert ((above + below) <= 1).all()


def test_each_section_may_have_its_own_smallest_difference() -> None:
    mean, sd, delta = np.array([0.2, 0.2, -0.2]), np.full(3, 0.1), np.array([0.1, 0.3, 0.1])
    found = standing_probabilities(mean, sd, delta)
    for section in range(3):
        alone = standing_probabilities(mean[[section]], sd[[section]], float(delta[section]))
        assert_allclose([one[section] for one in found], np.ravel(alone))


def test_many_districts_at_once_have_the_posteriors_of_each() -> None:
    y, v, w = sections(9, count=7)
    other = y[::-1] + 0.3
    mean, sd = section_posterior(np.array([y, other]), v, np.array([0.02, 0.0])).difference(w)
    assert_allclose((mean[0], sd[0]), posterior_differences(y, v, w, 0.02))
    assert not mean[1].any()
    assert not sd[1].any()


@pytest.mark.parametrize("seed", range(30))
def test_no_larger_set_of_claims_keeps_the_share_of_false_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probability = np.round(1 - 0.4 * rng.beta(0.5, 1.5, 9), rng.integers(1, 3))
    limit = rng.choice([0.0, 0.02, 0.05, 0.1])
    kept = largest_set(probability, limit)
    sizes = [
        size
        for size in range(1, 10)
        if any(1 - probability[list(some)].mean() <= limit + 1e-12 for some in combinations(range(9), size))
    ]
    assert kept.sum() == max(sizes, default=0)
    if kept.any():
        assert 1 - probability[kept].mean() <= limit + 1e-9
    if kept.any() and not kept.all():
        assert probability[kept].min() >= probability[~kept].max()


def test_a_claim_that_is_not_made_is_in_no_set() -> None:
    assert largest_set(np.array([np.nan, 0.97, np.nan]), 0.05).tolist() == [False, True, False]
    assert not largest_set(np.full(3, np.nan), 0.05).any()
    assert largest_set(np.zeros(0), 0.05).shape == (0,)


@pytest.mark.parametrize("seed", range(4))
def test_the_least_between_variance_is_where_the_likelihood_has_dropped(seed: int) -> None:
    groups = [sections(seed, tau=0.3)[:2], sections(seed + 50, count=12, tau=0.3)[:2]]
    best, least = between_variance(groups), least_between_variance(groups)
    assert 0 < least < best
    drop = 2 * (restricted_log_likelihood(groups, best) - restricted_log_likelihood(groups, least))
    assert_allclose(drop, 1.6448536**2, rtol=1e-5)


def test_figures_that_may_be_alike_leave_no_between_variance_that_must_be_believed() -> None:
    y, v, _ = sections(1, tau=0.05)
    assert between_variance([(y, v)]) >= 0
    assert least_between_variance([(y, v)]) == 0


TWO = np.array([1.0, 2.0])
HALF = np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: between_variance([]), "no group"),
        (lambda: least_between_variance([(TWO, TWO)], level=0.3), "level"),
        (lambda: largest_set(TWO, 1.5), "between 0 and 1"),
        (lambda: between_variance([(TWO[:1], TWO[:1])]), "at least two sections"),
        (lambda: between_variance([(TWO, TWO[:1])]), "one length"),
        (lambda: between_variance([(np.array([1.0, np.nan]), TWO)]), "figure is missing"),
        (lambda: between_variance([(TWO, np.array([1.0, 0.0]))]), "not positive"),
        (lambda: between_variance([(TWO, np.array([1.0, np.nan]))]), "sampling variance is missing"),
        (lambda: posterior_differences(TWO, TWO, TWO, 1.0), "sum to 1"),
        (lambda: posterior_differences(TWO, TWO, HALF[:1], 1.0), "one weight a section"),
        (lambda: posterior_differences(TWO, TWO, HALF, -1.0), "between-section variance"),
        (lambda: posterior_differences(TWO, TWO, HALF, float("nan")), "between-section variance"),
        (lambda: standing_probabilities(TWO, TWO, -0.1), "smallest difference"),
        (lambda: standing_probabilities(TWO, -TWO, 0.1), "standard deviation"),
        (lambda: difference_variance(-TWO, HALF), "not negative"),
        (lambda: difference_variance(TWO, TWO), "sum to 1"),
    ],
)
def test_bad_figures_are_refused_with_their_cause(call, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
