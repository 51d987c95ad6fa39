"""Variance ratios of many outcomes at once, beside an exact search for each."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics.multilevel import section_effects
from evalib.statistics.profiled_deviance import ProfiledDeviance
from evalib.statistics.refits import refitted_ratios
from evalib.statistics.sufficient_sums import multilevel_sums
from evalib.statistics.variance_ratios import lowest_deviance

DRAWS = 40


class Outcomes:
    """One design and outcomes drawn for it with known variance ratios, as sums in its columns."""

    def __init__(self, seed: int, ratios: tuple[float, float], *, nested: bool, reml: bool = True) -> None:
        rng = np.random.default_rng(seed)
        of_class = np.repeat(np.arange(15), rng.integers(1, 5, 15))
        class_ = np.repeat(np.arange(len(of_class)), rng.integers(2, 40, len(of_class)))
        section = of_class[class_]
        covariates = rng.normal(size=(len(class_), 2))
        y = rng.normal(size=(DRAWS, len(class_)))
        self.effect = np.sqrt(ratios[0]) * rng.normal(size=(DRAWS, 15))
        y += self.effect[:, section] + np.sqrt(ratios[1]) * rng.normal(size=(DRAWS, len(of_class)))[:, class_]
        sums = multilevel_sums(y[0], covariates, section, class_ if nested else None)
        self.criterion = ProfiledDeviance(sums.centred(), reml=reml)
        columns = np.column_stack([np.ones(len(section)), covariates - covariates.mean(axis=0)])
        columns /= self.criterion.scale[:-1]
        self.cross = np.column_stack([y @ columns, (y**2).sum(axis=1)])
        group = class_ if nested else section
        self.group_sums = np.array([np.bincount(group, one) for one in y])
        self.near = refitted_ratios(self.criterion, ratios, self.cross, self.group_sums)

    def each(self):
        for cross, group_sums in zip(self.cross, self.group_sums, strict=True):
            yield self.criterion.with_outcome(cross, group_sums)


@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
def test_deviance_of_many_outcomes_is_that_of_each(reml: bool) -> None:
    drawn = Outcomes(1, (0.1, 0.1), nested=True, reml=reml)
    many = drawn.criterion.deviances(np.array([0.0, 0.2, 3.0]), 0.15, drawn.cross, drawn.group_sums)
    one_by_one = [[one.at(ratio, 0.15).deviance for ratio in (0.0, 0.2, 3.0)] for one in drawn.each()]
    assert_allclose(many, one_by_one, rtol=1e-12)


def test_an_outcome_that_the_covariates_explain_has_no_deviance() -> None:
    drawn = Outcomes(1, (0.1, 0.1), nested=True)
    criterion = drawn.criterion
    nothing = np.zeros((1, 4)), np.zeros((1, len(criterion.groups)))
    assert criterion.deviances(np.array([0.0, 1.0]), 0.0, *nothing).tolist() == [[np.inf, np.inf]]


@pytest.mark.parametrize(
    ("ratios", "nested"),
    [((0.3, 0.1), True), ((0.02, 0.03), True), ((0.001, 0.2), True), ((0.2, 0.0), True), ((0.2, 0.0), False)],
)
def test_ratios_are_all_but_those_of_an_exact_search(ratios: tuple[float, float], nested: bool) -> None:
    drawn = Outcomes(2, ratios, nested=nested)
    above, exact, near = [], np.zeros(15), np.zeros(15)
    for one, found, effect in zip(drawn.each(), drawn.near, drawn.effect, strict=True):
        lowest = lowest_deviance(one)
        above.append(one.at(*found).deviance - one.at(*lowest).deviance)
        exact += (section_effects(one, one.at(*lowest), lowest[0]) - effect) ** 2
        near += (section_effects(one, one.at(*found), found[0]) - effect) ** 2
    assert min(above) > -1e-8
    assert np.mean(above) < 0.005
    assert_allclose(np.sqrt(near), np.sqrt(exact), rtol=0.015)


def test_without_classes_no_ratio_of_theirs_is_found() -> None:
    assert not Outcomes(3, (0.2, 0.0), nested=False).near[:, 1].any()


def test_outcomes_of_like_sections_have_no_section_variance_half_of_the_time() -> None:
    zero = (Outcomes(4, (0.0, 0.1), nested=True).near[:, 0] == 0).mean()
    assert 0.3 < zero < 0.8
