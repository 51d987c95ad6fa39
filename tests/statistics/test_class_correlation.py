"""How alike classmates are, read from a nested fit with its uncertainty."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics import class_correlation as module
from evalib.statistics.class_correlation import class_correlation
from evalib.statistics.multilevel import MultilevelFit, fit_multilevel
from evalib.statistics.profiled_deviance import ProfiledDeviance


def fitted(seed: int, sections: int, class_sd: float, classes: int = 4, size: int = 15) -> MultilevelFit:
    rng = np.random.default_rng(seed)
    class_ = np.repeat(np.arange(sections * classes), size)
    section = class_ // classes
    y = 0.2 * rng.normal(size=sections)[section] + class_sd * rng.normal(size=sections * classes)[class_]
    return fit_multilevel(y + rng.normal(size=len(class_)), np.zeros((len(class_), 0)), section, class_)


def ratio(fit: MultilevelFit) -> float:
    return fit.variance_class / (fit.variance_class + fit.variance_residual)


def test_it_is_the_mean_over_the_likelihood_of_both_ratios() -> None:
    fit = fitted(1, 15, 0.4)
    criterion = ProfiledDeviance(fit.sums.centred(), reml=True)

    # A midpoint rule, fine enough to be exact.
    steps = (np.arange(60) + 0.5) / 60
    likelihood = np.array(
        [
            [np.exp((fit.deviance - criterion.at(0.8 * one, 0.8 * other).deviance) / 2) for other in steps]
            for one in steps
        ]
    ).sum(axis=0)
    mean = likelihood @ (0.8 * steps / (1 + 0.8 * steps)) / likelihood.sum()
    assert_allclose(class_correlation(fit), mean, rtol=2e-3)


@pytest.mark.parametrize("sections", [10, 20, 40])
def test_with_few_classes_it_is_more_than_the_most_likely_value(sections: int) -> None:
    fit = fitted(2, sections, 0.3)
    assert class_correlation(fit) > 1.01 * ratio(fit)


def test_with_many_classes_both_are_the_same(monkeypatch) -> None:
    fit = fitted(3, 80, 0.3)
    assert class_correlation(fit) == ratio(fit)
    monkeypatch.setattr(module, "_MANY_CLASSES", 10_000)
    assert_allclose(class_correlation(fit), ratio(fit), rtol=0.04)


def test_where_classes_seem_not_to_differ_it_is_small_but_not_zero() -> None:
    rng = np.random.default_rng(4)
    class_ = np.repeat(np.arange(40), 15)
    y = rng.normal(size=600)
    y -= (np.bincount(class_, y) / 15)[class_]
    y += rng.normal(size=10)[class_ // 4]
    fit = fit_multilevel(y, np.zeros((600, 0)), class_ // 4, class_)
    assert fit.variance_class == 0
    assert 0 < class_correlation(fit) < 0.02


def test_it_is_right_on_average() -> None:
    found = [class_correlation(fitted(seed, 12, 0.3)) for seed in range(30)]
    truth = 0.09 / 1.09
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert truth < np.mean(found) + 3 * error
    assert np.mean(found) < 1.25 * truth + 3 * error


def test_fit_without_classes_has_none() -> None:
    with pytest.raises(ValueError, match="no classes"):
        class_correlation(fit_multilevel(np.arange(8.0), np.zeros((8, 0)), np.arange(8) // 4))
