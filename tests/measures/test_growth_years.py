"""What lasts over cohorts, and over years that share pupils."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.measures.growth_years import (
    covariances_of_years,
    growth_of_cohorts,
    growth_of_overlapping_years,
)


def cohorts(
    seed: int, sections: int = 40, size: int = 60, lasting_sd: float = 0.2, year_sd: float = 0.1
) -> tuple[np.ndarray, ...]:
    """Outcome, columns, section and year of each pupil; lasting effects of the sections."""
    rng = np.random.default_rng(seed)
    cell = np.repeat(np.arange(3 * sections), size)
    section, year = cell // 3, cell % 3
    truth = lasting_sd * rng.normal(size=sections)
    prior = rng.normal(size=len(cell))
    slope = np.array([0.6, 0.7, 0.8])[year]
    outcome = truth[section] + year_sd * rng.normal(size=3 * sections)[cell] + slope * prior
    outcome += 0.6 * rng.normal(size=len(cell))
    dummies = (year[:, None] == [1, 2]).astype(float)
    columns = np.column_stack([dummies, *(prior * (year == one) for one in range(3))])
    return outcome, columns, section, year, truth


def test_lasting_effects_are_recovered_with_their_errors() -> None:
    hits, shrunken, truths = [], [], []
    for seed in range(12):
        outcome, columns, section, year, truth = cohorts(seed)
        found = growth_of_cohorts(outcome, columns, section, year, 40)
        hits.append(np.abs(found.figure - truth - (found.figure - truth).mean()) < 1.96 * found.variance**0.5)
        shrunken.append(found.shrunken)
        truths.append(truth)
    effect, truth = np.concatenate(shrunken), np.concatenate(truths)
    # Of a best predictor: slope 1; correlation √reliability.
    assert abs(effect @ truth / (effect @ effect) - 1) < 0.08
    assert np.corrcoef(effect, truth)[0, 1] > 0.9
    assert 0.92 < np.mean(hits) < 0.975


def test_shrunken_effect_is_reliability_times_the_figure() -> None:
    outcome, columns, section, year, _ = cohorts(1)
    found = growth_of_cohorts(outcome, columns, section, year, 40)
    assert_allclose(found.shrunken, found.reliability * found.figure, atol=1e-10)
    assert_allclose(found.variance_section * (1 - found.reliability), found.conditional_se**2, rtol=1e-9)
    assert_allclose(found.reliability, found.variance_section / (found.variance_section + found.variance))
    assert (found.shrunken_se >= found.conditional_se).all()


def test_section_of_one_year_is_counted_as_such_and_surer_of_nothing() -> None:
    outcome, columns, section, year, _ = cohorts(2)
    some = (section != 5) | (year == 0)
    found = growth_of_cohorts(outcome[some], columns[some], section[some], year[some], 40)
    assert found.years[5] == 1
    assert found.pupils[5] == 60
    assert found.variance[5] > 2 * found.variance[6]


def test_section_that_no_year_knows_has_no_figure() -> None:
    outcome, columns, section, year, _ = cohorts(3)
    for gone in (7, 39):
        some = section != gone
        found = growth_of_cohorts(outcome[some], columns[some], section[some], year[some], 40)
        assert np.isnan([found.figure[gone], found.variance[gone], found.reliability[gone]]).all()
        assert found.years[gone] == found.pupils[gone] == 0
        assert np.isfinite(np.delete(found.figure, gone)).all()


def test_what_is_each_years_own_does_not_last() -> None:
    outcome, columns, section, year, _ = cohorts(4, lasting_sd=0.0, year_sd=0.25)
    found = growth_of_cohorts(outcome, columns, section, year, 40)
    assert not found.shown(0.5)
    assert found.variance_year > 3 * found.variance_section


def test_one_year_cannot_tell_what_lasts() -> None:
    outcome, _, section, _, _ = cohorts(5)
    with pytest.raises(ValueError, match="single class"):
        growth_of_cohorts(outcome, np.zeros((len(outcome), 0)), section, np.zeros(len(section), np.int64), 40)


def test_covariance_of_years_is_that_of_pupils_drawn_again() -> None:
    """A section's pupils drawn anew many times, two thirds of them there in both years."""
    rng = np.random.default_rng(6)
    covariance = np.array([[1.0, 0.6], [0.6, 1.2]])
    means = []
    for _ in range(4000):
        both = rng.multivariate_normal([0, 0], covariance, 20)
        first, second = rng.normal(size=10), np.sqrt(1.2) * rng.normal(size=10)
        means.append([np.r_[both[:, 0], first].mean(), np.r_[both[:, 1], second].mean()])
    truth = np.cov(np.array(means).T)
    found = []
    for _ in range(400):
        values = np.full((40, 2), np.nan)
        values[:20] = rng.multivariate_normal([0, 0], covariance, 20)
        values[20:30, 0], values[30:, 1] = rng.normal(size=10), np.sqrt(1.2) * rng.normal(size=10)
        place = np.zeros((40, 2), np.int64)
        found.append(covariances_of_years(values, place, place, np.array([[1 / 30, 1.2 / 30]]))[0, 0, 1])
    assert_allclose(np.mean(found), truth[0, 1], rtol=0.1)


def test_pupils_who_changed_section_tie_no_years_together() -> None:
    values = np.array([[1.0, 1.0], [-1.0, -1.0], [2.0, 1.0], [-2.0, -1.0]])
    section = np.array([[0, 1], [0, 1], [1, 0], [1, 0]])
    found = covariances_of_years(values, section, np.zeros((4, 2), np.int64), np.full((2, 2), 0.5))
    assert_allclose(found, np.array([np.eye(2) * 0.5] * 2))


def test_covariance_leaves_a_matrix_that_can_be_inverted() -> None:
    values = np.column_stack([np.arange(6.0)] * 2)
    place = np.zeros((6, 2), np.int64)
    found = covariances_of_years(values, place, place, np.full((1, 2), 1e-6))
    assert np.linalg.eigvalsh(found[0]).min() > 0


def test_overlapping_years_tell_pupils_from_sections() -> None:
    rng = np.random.default_rng(7)
    covariance = np.array([[0.010, 0.006], [0.006, 0.010]])
    truth = 0.15 * rng.normal(size=300)
    means = truth[:, None] + rng.multivariate_normal([0, 0], covariance, 300)
    found = growth_of_overlapping_years(means, np.array([covariance] * 300), np.full((300, 2), 80))
    assert_allclose(found.variance_section, 0.0225, rtol=0.25)
    assert 0.92 < np.mean(np.abs(found.figure - truth) < 1.96 * np.sqrt(found.variance)) < 0.98
    assert found.pupils.tolist() == [160] * 300
    assert (found.shrunken_se >= found.conditional_se).all()
    assert found.shown(0.5)


def test_year_without_a_figure_counts_no_pupils() -> None:
    means = np.array([[0.1, 0.2], [0.0, np.nan], [-0.1, -0.3], [np.nan, np.nan]])
    covariance = np.array([np.eye(2) * 0.01] * 4)
    found = growth_of_overlapping_years(means, covariance, np.array([[9, 9], [9, 0], [9, 9], [0, 0]]))
    assert found.years.tolist() == [2, 1, 2, 0]
    assert found.pupils.tolist() == [18, 9, 18, 0]
    assert np.isnan(found.figure[3])
