from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics.posterior import (
    between_variance,
    difference_variance,
    posterior_differences,
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


TWO = np.array([1.0, 2.0])
HALF = np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: between_variance([]), "no group"),
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
