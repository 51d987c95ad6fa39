"""The search for the variance ratios where Newton's method creeps: on the very edge of the boundary."""

from __future__ import annotations

import numpy as np
import pytest

from evalib.statistics import variance_ratios
from evalib.statistics.multilevel import fit_from_sums
from evalib.statistics.profiled_deviance import ProfiledDeviance
from evalib.statistics.sufficient_sums import MultilevelSums, multilevel_sums
from evalib.statistics.variance_ratios import lowest_deviance

# Below this spread of the section means (seed 2) the section variance is 0, above it is not.
HINGE = 1.0862662289


def sums_at(spread: float) -> MultilevelSums:
    """30 sections of 4 classes of 10 pupils, their section means spread by a factor."""
    rng = np.random.default_rng(2)
    class_ = np.repeat(np.arange(120), 10)
    section = class_ // 4
    outcome = 0.5 * rng.normal(size=120)[class_] + rng.normal(size=1200)
    mean = np.bincount(section, outcome) / 40
    outcome = outcome + (spread - 1.0) * mean[section]
    return multilevel_sums(outcome, np.zeros((1200, 0)), section, class_)


@pytest.fixture
def fallbacks(monkeypatch) -> list[tuple[float, float] | None]:
    """What the bounded search answered, each time it was needed."""
    answers: list[tuple[float, float] | None] = []
    search = variance_ratios._bounded_optimum

    def recorded(criterion, point):
        answers.append(search(criterion, point))
        return answers[-1]

    monkeypatch.setattr(variance_ratios, "_bounded_optimum", recorded)
    return answers


@pytest.mark.parametrize("below", [1e-5, 3e-5])
def test_where_newton_creeps_towards_zero_the_answer_is_zero(below: float, fallbacks) -> None:
    criterion = ProfiledDeviance(sums_at(HINGE - below).centred(), reml=True)
    section, class_ = lowest_deviance(criterion)
    assert fallbacks
    assert section == 0.0
    lowest = criterion.at(section, class_)
    assert lowest.gradient[0] > 0
    assert abs(lowest.gradient[1]) < 1e-6
    for other in np.logspace(-9, 1, 41):
        for factor in (0.8, 0.99, 1.0, 1.01, 1.25):
            assert criterion.at(other, factor * class_).deviance > lowest.deviance - 1e-9


def test_where_newton_creeps_inside_the_answer_is_inside(fallbacks) -> None:
    criterion = ProfiledDeviance(sums_at(HINGE + 1e-6).centred(), reml=True)
    section, class_ = lowest_deviance(criterion)
    assert fallbacks[-1] == (section, class_)
    assert 0 < section < 1e-5
    assert criterion.at(section, class_).deviance <= criterion.at(0.0, class_).deviance
    assert np.abs(criterion.at(section, class_).gradient * (section, class_)).max() < 1e-6


def test_elsewhere_newton_settles_by_itself(fallbacks) -> None:
    assert fit_from_sums(sums_at(1.5)).variance_section > 0
    assert fit_from_sums(sums_at(0.5)).at_boundary
    assert not fallbacks


def test_bounded_search_finds_the_optimum_of_newton() -> None:
    criterion = ProfiledDeviance(sums_at(1.5).centred(), reml=True)
    newton = lowest_deviance(criterion)
    bounded = variance_ratios._bounded_optimum(criterion, np.log([1e-3, 1.0]))
    assert bounded is not None
    np.testing.assert_allclose(bounded, newton, rtol=1e-6)


def test_bounded_search_on_the_boundary_says_so() -> None:
    criterion = ProfiledDeviance(sums_at(0.5).centred(), reml=True)
    assert variance_ratios._bounded_optimum(criterion, np.log([0.1, 0.1])) is None
