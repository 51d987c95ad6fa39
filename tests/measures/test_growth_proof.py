"""What value added claims, over invented stages whose true effects are known. Run by `make proof`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from evalib.measures.growth import value_added
from evalib.measures.growth_design import growth_design, pupil_covariates, starts_of_mean
from evalib.measures.growth_years import growth_of_cohorts
from evalib.statistics.influence import section_means
from evalib.statistics.posterior import difference_variance
from sampled import sampled

pytestmark = pytest.mark.proof

KNOTS = np.array([0.25, 0.5, 0.75])
SECTION_SD = 0.15


@dataclass
class Study:
    """(districts, sections): whether intervals hold, figures, shrunken effects and what is true."""

    hits: np.ndarray
    known_hits: np.ndarray
    figures: np.ndarray
    shrunken: np.ndarray
    truths: np.ndarray


def invented(rng: np.random.Generator, sections: int) -> dict[str, np.ndarray]:
    """Four grades, most with a single class, some with two or three: as in a district's primary schools."""
    per_grade = rng.choice([1, 2, 3], sections, p=[0.7, 0.25, 0.05])
    class_section = np.repeat(np.arange(sections), 4 * per_grade)
    class_grade = np.concatenate([np.repeat(np.arange(4), one) for one in per_grade])
    class_ = np.repeat(np.arange(len(class_section)), rng.integers(20, 41, len(class_section)))
    section, grade = class_section[class_], class_grade[class_]
    ability = rng.normal(size=len(class_)) + 0.3 * rng.normal(size=sections)[section]
    # Starts are taken without error: what error in them does is another indicator's business.
    priors = ability[:, None] + 0.4 * rng.normal(size=(len(class_), 3))
    known = priors.copy()
    known[rng.random(known.shape) < 0.02] = np.nan
    truth = SECTION_SD * rng.normal(size=sections)
    male = rng.random(len(class_)) < 0.5
    outcome = 0.75 * priors.mean(axis=1) - 0.04 * priors.mean(axis=1) ** 2 - 0.1 * male
    outcome += truth[section] + np.sqrt(0.02) * rng.normal(size=len(class_section))[class_]
    outcome += 0.5 * rng.normal(size=len(class_))
    return {
        "outcome": outcome,
        "priors": known,
        "grade": grade,
        "section": section,
        "class": class_,
        "male": male,
        "truth": truth,
    }


@cache
def study(sections: int, districts: int) -> Study:
    rng = np.random.default_rng(sections)
    kept: list[list[np.ndarray]] = [[] for _ in range(5)]
    for _ in range(districts):
        one = invented(rng, sections)
        design = growth_design(
            starts_of_mean(one["priors"]),
            one["grade"],
            pupil_covariates(pd.DataFrame({"sex": np.where(one["male"], "male", "female")})),
            knots=KNOTS,
            pattern_minimum=200,
        )
        counted = design.counted
        section, class_, grade = one["section"][counted], one["class"][counted], one["grade"][counted]
        found = value_added(
            one["outcome"][counted], design.columns[counted], section, class_, reliability_minimum=0.5
        )
        assert found.class_correlation is not None
        most_likely = found.variance_class / (found.variance_class + found.variance_residual)
        both = np.column_stack([found.residual, found.residual])
        means = section_means(
            both,
            section,
            sections,
            class_=class_,
            grade=grade,
            known_correlation=np.array([found.class_correlation, most_likely]),
        )
        weight = means.n[:, 0] / means.n[:, 0].sum()
        figure = means.mean[:, 0] - weight @ means.mean[:, 0]
        aim = one["truth"] - weight @ one["truth"]
        reach = [1.959964 * np.sqrt(difference_variance(means.variance[:, k], weight)) for k in range(2)]
        new = (*(np.abs(figure - aim) <= some for some in reach), figure, found.shrunken, one["truth"])
        for column, some in zip(kept, new, strict=True):
            column.append(some)
    return Study(*(np.array(column) for column in kept))


@pytest.mark.parametrize(("sections", "districts"), sampled([(27, 120), (12, 250), (40, 100), (100, 40)]))
def test_intervals_of_value_added_cover_with_few_sections_and_with_many(
    sections: int, districts: int
) -> None:
    found = study(sections, districts)
    covered, error = found.hits.mean(), found.hits.mean(axis=1).std(ddof=1) / np.sqrt(districts)
    print(
        f"{sections} sections: covers {100 * covered:.2f} % ± {300 * error:.2f}; "
        f"with the most likely class correlation {100 * found.known_hits.mean():.2f} %",
        end=" ",
    )
    assert 0.93 - 3 * error <= covered <= 0.96 + 3 * error


def test_effects_are_recovered() -> None:
    found = study(100, 40)
    figures, shrunken, truths = found.figures.ravel(), found.shrunken.ravel(), found.truths.ravel()
    slope = float(np.polyfit(truths, figures, 1)[0])
    of_shrunken = float(shrunken @ truths / (shrunken @ shrunken))
    agreement = float(np.corrcoef(figures, truths)[0, 1])
    print(
        f"figure on truth: slope {slope:.3f}; truth on shrunken effect: slope {of_shrunken:.3f}; "
        f"correlation {agreement:.3f}, shrunken {np.corrcoef(shrunken, truths)[0, 1]:.3f}",
        end=" ",
    )
    assert abs(slope - 1) < 0.03
    assert abs(of_shrunken - 1) < 0.05
    assert agreement > 0.85


def test_errors_from_influence_values_are_those_of_a_bootstrap_over_classes() -> None:
    rng = np.random.default_rng(1)
    sections, classes, draws = 120, 60, 300
    class_ = np.repeat(np.arange(sections * classes), rng.integers(8, 25, sections * classes))
    section = class_ // classes
    residual = np.sqrt(0.08) * rng.normal(size=sections * classes)[class_] + rng.normal(size=len(class_))
    means = section_means(residual[:, None], section, sections, class_=class_)
    size, total = (
        np.bincount(class_).reshape(sections, -1),
        np.bincount(class_, residual).reshape(sections, -1),
    )
    times = rng.multinomial(classes, np.full(classes, 1 / classes), (draws, sections))
    again = (times * total).sum(axis=2) / (times * size).sum(axis=2)
    bootstrap = again.std(axis=0, ddof=1) * np.sqrt(classes / (classes - 1))
    ratio = float(np.sqrt(means.variance[:, 0]).mean() / bootstrap.mean())
    print(f"influence values to bootstrap: {ratio:.4f}", end=" ")
    assert abs(ratio - 1) < 0.03


def test_intervals_over_three_years_cover() -> None:
    rng = np.random.default_rng(2)
    hits, errors, effects, truths = [], [], [], []
    for _ in range(100):
        sections = 40
        cell = np.repeat(np.arange(3 * sections), rng.integers(20, 90, 3 * sections))
        some = np.isin(cell, rng.choice(3 * sections, 100, replace=False))
        cell = cell[some]
        section, year = cell // 3, cell % 3
        truth = 0.12 * rng.normal(size=sections)
        prior = rng.normal(size=len(cell))
        outcome = truth[section] + 0.15 * rng.normal(size=3 * sections)[cell] + 0.7 * prior
        outcome += 0.5 * rng.normal(size=len(cell))
        columns = np.column_stack([year == 1, year == 2, *(prior * (year == one) for one in range(3))])
        found = growth_of_cohorts(outcome, columns.astype(float), section, year, sections)
        seen = found.years > 1
        weight = np.where(seen, found.pupils, 0) / found.pupils[seen].sum()
        difference = np.nan_to_num(found.figure) - weight @ np.nan_to_num(found.figure)
        aim = truth - weight @ truth
        reach = 1.959964 * np.sqrt(difference_variance(np.nan_to_num(found.variance), weight))
        hits.append(np.abs(difference - aim)[seen] <= reach[seen])
        if found.shown(0.5):
            errors.append(np.abs(found.shrunken - truth)[seen] <= 1.959964 * found.shrunken_se[seen])
        effects.append(found.shrunken[seen])
        truths.append(truth[seen])
    covered = float(np.concatenate(hits).mean())
    error = float(np.std([one.mean() for one in hits], ddof=1) / np.sqrt(len(hits)))
    effect, true = np.concatenate(effects), np.concatenate(truths)
    print(
        f"three years: covers {100 * covered:.2f} % ± {300 * error:.2f}; shrunken, where shown in "
        f"{len(errors)} of 100, {100 * np.concatenate(errors).mean():.2f} %; truth on shrunken effect: "
        f"slope {effect @ true / (effect @ effect):.3f}, correlation {np.corrcoef(effect, true)[0, 1]:.3f}",
        end=" ",
    )
    assert 0.93 - 3 * error <= covered <= 0.96 + 3 * error
