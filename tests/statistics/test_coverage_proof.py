"""What the intervals and standings claim, tested over simulated districts whose truth is known.

Every figure below is over 100 districts of 100 sections: 10,000 intervals. Sections have
two to eight classes of 8 to 55 pupils in one to four grades, so that many grades have a
single class. Bands are those claimed, widened by three Monte-Carlo standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from evalib.statistics.influence import SectionMeans, section_means
from evalib.statistics.intervals import (
    design_effect_of_shares,
    normal_interval,
    standing_variance_of_share,
    wilson_interval,
)
from evalib.statistics.multilevel import fit_multilevel, parametric_bootstrap
from evalib.statistics.posterior import (
    between_variance,
    difference_variance,
    posterior_differences,
    standing_probabilities,
)
from sampled import sampled

pytestmark = pytest.mark.proof

DISTRICTS = 100
SECTIONS = 100
CORRELATIONS = (0.05, 0.10)
SECTION_SDS = (0.0, 0.05, 0.1, 0.2)
SMALLEST_DIFFERENCE = 0.1
SMALLEST_DIFFERENCE_OF_RATES = 0.03
CLEAR, PROBABLE = 0.95, 0.80


@dataclass
class Roll:
    """Who sits where: section, class and grade of each pupil; section and grade of each class."""

    section: np.ndarray
    class_: np.ndarray
    grade: np.ndarray
    class_section: np.ndarray


def roll(rng: np.random.Generator, sections: int) -> Roll:
    class_section, class_grade, size = [], [], []
    for section in range(sections):
        classes = rng.integers(2, 9)
        grades = rng.integers(1, min(4, classes) + 1)
        # Some schools have small classes throughout, so that section sizes differ fifteenfold.
        low = rng.choice([8, 20, 30])
        class_section += [section] * classes
        class_grade += [*range(grades), *rng.integers(0, grades, classes - grades)]
        size += list(rng.integers(low, low + 26, classes))
    class_ = np.repeat(np.arange(len(size)), size)
    return Roll(
        np.array(class_section)[class_], class_, np.array(class_grade)[class_], np.array(class_section)
    )


def scores(rng: np.random.Generator, who: Roll, correlation: float) -> np.ndarray:
    """Pupils of variance 1 of which `correlation` lies between the classes of a section."""
    of_class = np.sqrt(correlation) * rng.normal(size=len(who.class_section))
    return of_class[who.class_] + np.sqrt(1 - correlation) * rng.normal(size=len(who.class_))


def means_of(values: np.ndarray, who: Roll, sections: int = SECTIONS) -> SectionMeans:
    return section_means(values[:, None], who.section, sections, class_=who.class_, grade=who.grade)


def assert_covers(hits: np.ndarray, low: float, high: float) -> None:
    """Hits are (districts, sections); districts are independent, sections of one nearly so."""
    covered = float(hits.mean())
    error = float(hits.mean(axis=1).std(ddof=1) / np.sqrt(len(hits)))
    print(f"covers {100 * covered:.2f} % ± {300 * error:.2f}", end=" ")
    assert low - 3 * error <= covered <= high + 3 * error


def assert_no_size_is_left_out(hits: np.ndarray, sizes: np.ndarray, least: float) -> None:
    quarter = np.digitize(sizes, np.quantile(sizes, [0.25, 0.5, 0.75]))
    for one in range(4):
        covered = float(hits[quarter == one].mean())
        error = np.sqrt(covered * (1 - covered) / (quarter == one).sum())
        print(f"quarter {one + 1}: {100 * covered:.1f} %", end=" ")
        assert covered >= least - 3 * error


@pytest.mark.parametrize("section_sd", sampled(SECTION_SDS[::-1], 2))
@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_intervals_of_means_cover(correlation: float, section_sd: float) -> None:
    rng = np.random.default_rng(round(1000 * correlation + 100 * section_sd))
    hits, sizes, found = [], [], []
    for _ in range(DISTRICTS):
        who = roll(rng, SECTIONS)
        # Grades differ much more than classes do; the section's own mix of grades is given.
        of_grade = rng.normal(size=4)[who.grade]
        truth = section_sd * rng.normal(size=SECTIONS)
        means = means_of(scores(rng, who, correlation) + of_grade + truth[who.section], who)
        truth += np.bincount(who.section, of_grade) / np.bincount(who.section)
        low, high = normal_interval(means.mean[:, 0], np.sqrt(means.variance[:, 0]))
        hits.append((low <= truth) & (truth <= high))
        sizes.append(means.n[:, 0])
        found.append(means.class_correlation[0])
    assert_covers(np.array(hits), 0.93, 0.96)
    assert_no_size_is_left_out(np.array(hits), np.array(sizes), 0.90)
    assert abs(np.mean(found) - correlation) < 0.01


@pytest.mark.parametrize("kind", ["one subject", "three subjects"])
@pytest.mark.parametrize("rate", sampled([0.05, 0.5, 0.2, 0.8, 0.95], 2))
@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_intervals_of_rates_cover(correlation: float, rate: float, kind: str) -> None:
    rng = np.random.default_rng(round(1000 * correlation + 100 * rate) + len(kind))
    hits, sizes = [], []
    for district in range(DISTRICTS):
        who = roll(rng, SECTIONS)
        spread = SECTION_SDS[district % len(SECTION_SDS)]
        truth = norm.cdf(norm.ppf(rate) + spread * rng.normal(size=SECTIONS)).clip(0.05, 0.95)
        if kind == "one subject":
            # A class's own rate, with the class correlation exactly as named.
            mean, strength = truth[who.class_section], 1 / correlation - 1
            of_class = rng.beta(mean * strength, (1 - mean) * strength)
            values = (rng.random(len(who.class_)) < of_class[who.class_]).astype(float)
        else:
            of_class = np.sqrt(correlation) * rng.normal(size=len(who.class_section))
            own = rng.normal(size=len(who.class_))
            passed = [
                norm.ppf(truth)[who.section]
                + of_class[who.class_]
                + np.sqrt((1 - correlation) / 2) * (own + rng.normal(size=len(own)))
                > 0
                for _ in range(3)
            ]
            values = np.mean(passed, axis=0)
        means = means_of(values, who)
        share, n = means.mean[:, 0], means.n[:, 0]
        effect = design_effect_of_shares(share, n, means.variance0[:, 0], means.design_effect[:, 0])
        low, high = wilson_interval(share, n, effect)
        hits.append((low <= truth) & (truth <= high))
        sizes.append(n)
    assert_covers(np.array(hits), 0.93, 0.975)
    assert_no_size_is_left_out(np.array(hits), np.array(sizes), 0.90)


@dataclass
class Growth:
    """A study of the growth model: (districts, sections) arrays, and one figure a district."""

    residual_hits: np.ndarray
    effect_hits: np.ndarray
    reliability: np.ndarray
    effects: np.ndarray
    truths: np.ndarray
    variances: np.ndarray


@cache
def growth(
    correlation: float, section_sd: float, districts: int = DISTRICTS, sections: int = SECTIONS
) -> Growth:
    rng = np.random.default_rng(round(1000 * correlation + 100 * section_sd) + sections)
    collected: list[list[np.ndarray]] = [[] for _ in range(6)]
    for _ in range(districts):
        who = roll(rng, sections)
        # Intake differs between sections and classes, as it does.
        prior = scores(rng, who, 0.1) + 0.4 * rng.normal(size=sections)[who.section]
        truth = section_sd * rng.normal(size=sections)
        outcome = 0.8 * prior - 0.05 * prior**2 + truth[who.section] + scores(rng, who, correlation)
        columns = [prior, prior**2, prior**3, *(who.grade == grade for grade in (1, 2, 3))]
        fit = fit_multilevel(outcome, np.column_stack(columns), who.section, who.class_)
        means = means_of(fit.residual, who, sections)
        weight = means.n[:, 0] / means.n.sum()
        difference = means.mean[:, 0] - weight @ means.mean[:, 0]
        low, high = normal_interval(difference, np.sqrt(difference_variance(means.variance[:, 0], weight)))
        aim = truth - weight @ truth
        error = fit.comparative_se
        if sections < 40 and not fit.at_boundary:
            error = parametric_bootstrap(fit, 100, seed=1)
        one = (
            (low <= aim) & (aim <= high),
            np.abs(fit.section_effect - truth) <= 1.959964 * error,
            fit.reliability,
            fit.section_effect,
            truth,
            np.array([fit.variance_section, fit.variance_class, fit.variance_residual]),
        )
        for kept, new in zip(collected, one, strict=True):
            kept.append(new)
    return Growth(*(np.array(kept) for kept in collected))


@pytest.mark.parametrize("section_sd", sampled(SECTION_SDS[::-1], 2))
@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_intervals_of_value_added_cover(correlation: float, section_sd: float) -> None:
    assert_covers(growth(correlation, section_sd).residual_hits, 0.93, 0.96)


@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_intervals_of_shrunken_effects_cover_where_they_are_printed(correlation: float) -> None:
    study = growth(correlation, 0.2)
    printed = np.median(study.reliability, axis=1) >= 0.5
    print(f"printed in {printed.sum()} of {DISTRICTS}", end=" ")
    assert_covers(study.effect_hits, 0.93, 0.97)


@pytest.mark.study
def test_intervals_of_shrunken_effects_cover_with_few_sections() -> None:
    study = growth(0.05, 0.2, districts=340, sections=30)
    printed = np.median(study.reliability, axis=1) >= 0.5
    print(f"printed in {printed.sum()} of 340", end=" ")
    assert_covers(study.effect_hits[printed], 0.93, 0.97)


@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_nested_fit_recovers_section_effects_and_variances(correlation: float) -> None:
    study = growth(correlation, 0.2)
    effects, truths = study.effects.ravel(), study.truths.ravel()
    # Of a best predictor, truth regressed on it has slope 1, and their correlation is √reliability.
    slope = float(effects @ truths / (effects @ effects))
    agreement = float(np.corrcoef(effects, truths)[0, 1])
    print(f"slope {slope:.3f}, correlation {agreement:.3f}", end=" ")
    assert abs(slope - 1) < 0.05
    assert abs(agreement - np.sqrt(study.reliability.mean())) < 0.03
    estimates = study.variances.mean(axis=0)
    errors = study.variances.std(axis=0, ddof=1) / np.sqrt(DISTRICTS)
    assert (np.abs(estimates - [0.04, correlation, 1 - correlation]) < 3 * errors + 0.001).all()


def test_sections_that_do_not_differ_have_no_reliability_when_classes_are_known_of() -> None:
    study = growth(0.10, 0.0)
    assert np.median(study.reliability) < 0.15


def measured(
    rng: np.random.Generator, indicator: str, correlation: float, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures, counted pupils and variances of one district in one year, as a standing needs them."""
    who = roll(rng, len(truth))
    values = scores(rng, who, correlation) + truth[who.section]
    if indicator == "rate":
        values = (values > -0.8).astype(float)
    means = means_of(values, who, len(truth))
    figure, n, variance = means.mean[:, 0], means.n[:, 0], means.variance[:, 0]
    if indicator == "rate":
        effect = design_effect_of_shares(figure, n, means.variance0[:, 0], means.design_effect[:, 0])
        variance = standing_variance_of_share(figure, n, effect, reference=figure @ n / n.sum())
    return figure, n, variance


@cache
def standings(
    indicator: str, correlation: float, section_sd: float, sections: int
) -> tuple[float, float, float]:
    """Shares of sections not distinguishable and clearly above, and of the latter truly above δ.

    Under 60 sections the between-section variance is pooled over three years.
    """
    rng = np.random.default_rng(round(1000 * correlation + 100 * section_sd) + sections)
    silent, above, deserved = [], [], []
    for _ in range(-(-DISTRICTS * SECTIONS // sections)):
        truth = section_sd * rng.normal(size=sections)
        years = [measured(rng, indicator, correlation, truth) for _ in range(3 if sections < 60 else 1)]
        figure, n, variance = years[0]
        weight = n / n.sum()
        tau2 = between_variance([(year[0], year[2]) for year in years])
        mean, sd = posterior_differences(figure, variance, weight, tau2)
        aim, delta = truth, SMALLEST_DIFFERENCE
        if indicator == "rate":
            aim, delta = norm.cdf(truth + 0.8), SMALLEST_DIFFERENCE_OF_RATES
        up, down = standing_probabilities(mean, sd, delta)
        silent.append(np.maximum(up, down) < PROBABLE)
        above.append(up >= CLEAR)
        deserved.append((aim - weight @ aim > delta)[up >= CLEAR])
    earned = np.concatenate(deserved)
    called = float(np.concatenate(above).mean())
    return float(np.concatenate(silent).mean()), called, float(earned.mean()) if earned.size else 1.0


INDICATORS = ("score", "rate")


@pytest.mark.parametrize("sections", [100, 24])
@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_when_nothing_differs_nearly_every_section_is_not_distinguishable(
    correlation: float, indicator: str, sections: int
) -> None:
    silent, _, _ = standings(indicator, correlation, 0.0, sections)
    print(f"not distinguishable {100 * silent:.2f} %", end=" ")
    assert silent >= 0.95


@pytest.mark.parametrize("sections", [100, 24])
@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("section_sd", sampled(SECTION_SDS[:0:-1]))
@pytest.mark.parametrize("correlation", sampled(CORRELATIONS))
def test_sections_called_clearly_above_are_truly_above(
    correlation: float, section_sd: float, indicator: str, sections: int
) -> None:
    _, called, earned = standings(indicator, correlation, section_sd, sections)
    print(f"called {100 * called:.2f} %, truly above {100 * earned:.1f} %", end=" ")
    assert called < 0.005 or earned >= 0.90


def test_rates_called_clearly_above_are_truly_above_in_districts_of_25_sections() -> None:
    _, called, earned = standings("rate", 0.10, 0.12, 25)
    print(f"called {100 * called:.2f} %, truly above {100 * earned:.1f} %", end=" ")
    assert called < 0.005 or earned >= 0.90
