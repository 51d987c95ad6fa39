"""Variances of weighted sums: from moments alone, with a class correlation of the sum's own."""

from __future__ import annotations

import numpy as np
import pytest

from evalib.statistics.composites import composite_variance, influence_moments
from evalib.statistics.influence import section_means


class Roll:
    """Pupils in classes of unequal size in grades of sections."""

    def __init__(self, rng: np.random.Generator, sections: int) -> None:
        section, class_, grade = [], [], []
        for one in range(sections):
            for of_grade in range(int(rng.integers(1, 4))):
                for _ in range(int(rng.integers(1, 4))):
                    size = int(rng.integers(8, 45))
                    number = class_[-1] + 1 if class_ else 0
                    section += [one] * size
                    class_ += [number] * size
                    grade += [of_grade] * size
        self.section, self.class_, self.grade = map(np.array, (section, class_, grade))
        self.sections = sections

    def moments(self, values: np.ndarray, classes: bool = True):
        return influence_moments(
            values, self.section, self.sections, class_=self.class_ if classes else None, grade=self.grade
        )

    def means(self, values: np.ndarray):
        return section_means(values, self.section, self.sections, class_=self.class_, grade=self.grade)


@pytest.fixture
def roll() -> Roll:
    return Roll(np.random.default_rng(3), 25)


def alike(
    rng: np.random.Generator, roll: Roll, correlation: float, shared: np.ndarray, link: float
) -> np.ndarray:
    """Pupils of variance 1, `correlation` of it between classes, linked to `shared` within classes alone."""
    of_class = rng.normal(size=roll.class_.max() + 1)
    own = link * shared + np.sqrt(1 - link**2) * rng.normal(size=len(shared))
    return np.sqrt(correlation) * of_class[roll.class_] + np.sqrt(1 - correlation) * own


def test_one_indicator_has_the_variance_of_its_mean(roll: Roll) -> None:
    rng = np.random.default_rng(5)
    value = alike(rng, roll, 0.1, rng.normal(size=len(roll.section)), 0.5)
    value[rng.random(len(value)) < 0.3] = np.nan
    means = roll.means(value[:, None])
    found = composite_variance(roll.moments(value[:, None]), np.ones((roll.sections, 1)))
    np.testing.assert_allclose(found.variance, means.variance[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.design_effect, means.design_effect[:, 0], rtol=1e-12)
    assert found.class_correlation == pytest.approx(means.class_correlation[0], rel=1e-12)


def test_sum_over_the_same_pupils_has_the_variance_of_their_sums(roll: Roll) -> None:
    rng = np.random.default_rng(6)
    shared = rng.normal(size=len(roll.section))
    values = np.column_stack([alike(rng, roll, 0.1, shared, 0.8), alike(rng, roll, 0.0, shared, -0.6)])
    weights = np.array([0.7, -2.0])
    direct = roll.means((values @ weights)[:, None])
    found = composite_variance(roll.moments(values), np.tile(weights, (roll.sections, 1)))
    np.testing.assert_allclose(found.variance, direct.variance[:, 0], rtol=1e-10)
    assert found.class_correlation == pytest.approx(direct.class_correlation[0], rel=1e-10)


def test_draws_of_weights_are_taken_together(roll: Roll) -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(len(roll.section), 3))
    moments = roll.moments(values)
    draws = rng.dirichlet([1, 1, 1], size=4)
    coefficients = np.repeat(draws[:, None, :], roll.sections, axis=1)
    together = composite_variance(moments, coefficients)
    for draw in range(4):
        alone = composite_variance(moments, coefficients[draw])
        np.testing.assert_allclose(together.variance[draw], alone.variance)
        assert together.class_correlation[draw] == pytest.approx(alone.class_correlation)


def test_each_part_is_divided_by_its_own_pupils() -> None:
    """Two halves of a school, each counted for one part: the variances of two means of 50 add up."""
    rng = np.random.default_rng(8)
    values = rng.normal(size=(100, 2))
    values[:50, 1] = values[50:, 0] = np.nan
    moments = influence_moments(values, np.zeros(100, int), 1)
    found = composite_variance(moments, np.array([[1.0, 1.0]]), classes_recorded=False)
    apart = np.nanvar(values, axis=0, ddof=1) / 50
    assert found.variance[0] == pytest.approx(apart.sum(), rel=1e-12)


def test_part_that_nobody_counts_for_is_no_part_of_the_variance() -> None:
    values = np.column_stack([np.arange(6.0), np.full(6, np.nan)])
    moments = influence_moments(values, np.zeros(6, int), 1)
    found = composite_variance(moments, np.array([[1.0, 0.0]]), classes_recorded=False)
    assert found.variance[0] == pytest.approx(np.arange(6.0).var(ddof=1) / 6)
    blind = composite_variance(moments, np.array([[0.5, 0.5]]), classes_recorded=False)
    assert blind.variance[0] == 0.25 * found.variance[0]


def test_one_pupil_tells_nothing_of_its_part() -> None:
    values = np.array([[1.0, 3.0], [2.0, np.nan], [4.0, np.nan]])
    moments = influence_moments(values, np.zeros(3, int), 1)
    assert np.isnan(composite_variance(moments, np.array([[0.5, 0.5]]), classes_recorded=False).variance[0])
    assert np.isfinite(
        composite_variance(moments, np.array([[1.0, 0.0]]), classes_recorded=False).variance[0]
    )


def test_section_without_pupils_has_no_variance() -> None:
    moments = influence_moments(np.array([[1.0], [2.0]]), np.array([0, 0]), 2)
    found = composite_variance(moments, np.ones((2, 1)), classes_recorded=False)
    assert np.isfinite(found.variance[0])
    assert np.isnan(found.variance[1])


def test_no_pupils_at_all_give_no_variance() -> None:
    moments = influence_moments(np.zeros((0, 2)), np.zeros(0, int), 3)
    found = composite_variance(moments, np.ones((3, 2)))
    assert np.isnan(found.variance).all()
    assert np.isnan(found.class_correlation)


@pytest.mark.proof
@pytest.mark.parametrize("correlations", [(0.05, 0.05), (0.02, 0.20), (0.10, 0.0)])
def test_intervals_of_sums_cover_the_truth(correlations: tuple[float, float]) -> None:
    """100 districts of 100 sections; parts whose pupils correlate and whose classes do not, one of them
    counted for two thirds of the pupils: 93 to 96 % and three Monte-Carlo standard errors."""
    hits, assembled = [], []
    for seed in range(100):
        rng = np.random.default_rng([11, seed])
        roll = Roll(rng, 100)
        shared = rng.normal(size=len(roll.section))
        values = np.column_stack([alike(rng, roll, one, shared, 0.8) for one in correlations])
        values[rng.random(len(values)) < 1 / 3, 1] = np.nan
        found = composite_variance(roll.moments(values), np.full((100, 2), 0.5))
        means = roll.means(values)
        value = means.mean.mean(axis=1)
        hits.append(np.abs(value) <= 1.96 * np.sqrt(found.variance))
        parts = (means.variance[:, 0] + means.variance[:, 1]) / 4
        assembled.append(np.abs(value) <= 1.96 * np.sqrt(parts))
    of_district = np.array(hits).mean(axis=1)
    margin = 3 * of_district.std(ddof=1) / np.sqrt(len(of_district))
    print(
        f"\nclass correlations {correlations}: {of_district.mean():.4f} of 10,000 intervals of sums; "
        f"taking the parts as independent {np.mean(assembled):.4f}"
    )
    assert 0.93 - margin <= of_district.mean() <= 0.96 + margin
