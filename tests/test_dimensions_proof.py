"""What the scores of dimensions claim, over simulated districts whose truth is known.

The dimension has a mean and a rate that is better the lower, of the same pupils: they go
together within pupils and not between classes, whose correlations differ, and the rate is
of two thirds of the pupils. A third part is no mean over pupils, and a fifth of the
sections lack it. Figures go through the same rows, moments, weighing and standings as a
district's. At least 10,000 intervals each; bands are widened by three Monte-Carlo errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from evalib import dimensions
from evalib.records import StageYear, YearRecords
from evalib.review.influences import influences
from evalib.review.rows import measured_rows
from evalib.review.stage import Figures, PupilFigures, SectionFigures, Stage
from evalib.scales import Mark, Scale, base_scale
from evalib.scoring import standings
from evalib.settings import load_settings
from evalib.vocabulary import STANDINGS
from sampled import sampled

pytestmark = pytest.mark.proof

INTERVALS = 10_000
DIMENSION, STAGE = "academic", "primary"
WEIGHTS = {"standard_score": 0.4, "low_score_rate": 0.3, "onward_progress": 0.3}
SIGNS = np.array([1.0, -1.0, 1.0])
CUT = -0.84
# Settled in base years in which sections differed by .3 pupil standard deviations.
FROZEN = Scale(
    ("2019-2020",),
    False,
    {
        (STAGE, "standard_score"): Mark(0.05, 0.30, 0.0900),
        (STAGE, "low_score_rate"): Mark(0.21, 0.08, 0.0064),
        (STAGE, "onward_progress"): Mark(0.00, 0.30, 0.0900),
    },
)
YEARS = ("2022-2023", "2023-2024", "2024-2025")
NOW = YEARS[-1]
CORRELATIONS = ((0.05, 0.10), (0.10, 0.05))
SECTION_SDS = (0.0, 0.05, 0.1, 0.2)
READ = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
CHOSEN = [
    READ.measures.judged[name].model_copy(update={"weight": weight, "dimension": DIMENSION})
    for name, weight in WEIGHTS.items()
]
SETTINGS = replace(READ, measures=READ.measures.model_copy(update={"indicators": CHOSEN}))


def stage_of(rng: np.random.Generator, sections: int, sizes: str) -> Stage:
    """Sections of two to eight classes of 8 to 55 pupils in up to four grades; or four of 30."""
    rows = []
    for section in range(sections):
        classes = 4 if sizes == "equal" else int(rng.integers(2, 9))
        grades = 2 if sizes == "equal" else int(rng.integers(1, min(4, classes) + 1))
        low = rng.choice([8, 20, 30])
        for class_ in range(classes):
            grade = class_ % grades if class_ < grades or sizes == "equal" else int(rng.integers(grades))
            size = 30 if sizes == "equal" else int(rng.integers(low, low + 26))
            rows.append((section, grade, class_, size))
    table = np.array(rows)
    section, grade, class_ = np.repeat(table[:, :3], table[:, 3], axis=0).T
    codes = [f"{number:03d}" for number in range(sections)]
    pupils = pd.DataFrame(
        {
            "school_code": pd.Series(codes, dtype="str").take(section).array,
            "stage": STAGE,
            "grade": grade,
            "class": class_.astype(str),
        }
    )
    records = YearRecords(pupils, pd.DataFrame({"row": []}), pd.DataFrame())
    return Stage(StageYear(STAGE, codes, records, section), cast(Any, None), SETTINGS)


def figures_of(
    rng: np.random.Generator, stage: Stage, truth: np.ndarray, correlations: tuple[float, float]
) -> list[Figures]:
    """One year's figures; `truth` is (J, 3) of what sections add, in pupil standard deviations."""
    section, room = stage.one.section, stage.one.clusters["class_"]
    assert room is not None
    of_class = rng.normal(size=(room.max() + 1, 2)) * np.sqrt(correlations)
    own = rng.normal(size=(len(section), 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    latent = truth[section, :2] + of_class[room] + own * np.sqrt(1 - np.array(correlations))
    low = (latent[:, 1] < CUT).astype(float)
    low[rng.random(len(low)) < 1 / 3] = np.nan
    n = np.bincount(section, minlength=stage.sections)
    variance = 3.0 / n
    onward = truth[:, 2] + np.sqrt(variance) * rng.normal(size=stage.sections)
    because = stage.reasons()
    because[rng.random(stage.sections) < 0.2] = "not_applicable"
    score, rate, progress = CHOSEN
    return [
        PupilFigures(score, "", latent[:, 0], n, stage.reasons()),
        PupilFigures(rate, "", low, n, stage.reasons()),
        SectionFigures(progress, "", onward, variance, n.astype(float), n.astype(float), because),
    ]


def true_scores(measured: pd.DataFrame, truth: np.ndarray, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """(J,) each section's true score on what it has, and the district's true one on the same."""
    parts = [measured[measured["indicator"].eq(name)] for name in WEIGHTS]
    marks = [scale.marks[STAGE, name] for name in WEIGHTS]
    level = np.column_stack([truth[:, 0], norm.cdf(CUT - truth[:, 1]), truth[:, 2]])
    score = SIGNS * (level - [mark.centre for mark in marks]) / [mark.spread for mark in marks]
    pupils = np.column_stack([part["weight"].to_numpy(float) for part in parts])
    # An indicator that was not reliable that year is no part of any score.
    counted = [(part["reason"].eq("") & part["score_reason"].eq("")).to_numpy() for part in parts]
    has = np.column_stack(counted) * list(WEIGHTS.values())
    whole = (score * pupils).sum(axis=0) / pupils.sum(axis=0)
    return (score * has).sum(axis=1) / has.sum(axis=1), has @ whole / has.sum(axis=1)


@dataclass
class Study:
    """(districts, sections) each: where intervals hold, sizes, what is said, and what is so."""

    scores: np.ndarray
    differences: np.ndarray
    sizes: np.ndarray
    said: np.ndarray
    true: np.ndarray
    smallest: np.ndarray


@cache
def study(
    correlations: tuple[float, float],
    section_sd: float,
    sections: int = 100,
    sizes: str = "unequal",
    provisional: bool = False,
) -> Study:
    """Districts reviewed; under 60 sections the between-section variance is of three years.

    With a provisional scale the year is the district's first: its own centre and spread serve.
    """
    with pytest.MonkeyPatch.context() as patched:
        # What is told beside a standing, and other dimensions, take most of the time and change nothing.
        patched.setattr(standings, "called_by_chance", lambda v, *_, **__: np.zeros(len(v)))
        patched.setattr(standings, "add_changes", lambda judged, *_: judged)
        patched.setattr(dimensions, "DIMENSIONS", (DIMENSION,))
        return _study(correlations, section_sd, sections, sizes, provisional)


def _study(
    correlations: tuple[float, float], section_sd: float, sections: int, sizes: str, provisional: bool
) -> Study:
    rng = np.random.default_rng([round(100 * section_sd), round(100 * correlations[0]), sections])
    kept = []
    for _ in range(-(-INTERVALS // sections)):
        stage = stage_of(rng, sections, sizes)
        truth = section_sd * rng.normal(size=(sections, 3)) @ np.linalg.cholesky(0.5 + 0.5 * np.eye(3)).T
        scored = {}
        for year in YEARS if sections < 60 else YEARS[-1:]:
            figures = figures_of(rng, stage, truth, correlations)
            measured = measured_rows(stage, figures).assign(year=year)
            scale = base_scale(SETTINGS, {year: measured}, [year]) if provisional else FROZEN
            table = dimensions.add_dimensions(measured, influences(stage, figures), scale, SETTINGS)
            scored[year] = table[table["indicator"].eq(DIMENSION)].reset_index(drop=True)
        found = standings.add_standings(scored, NOW, SETTINGS)
        own, whole = true_scores(table, truth, scale)
        kept.append(
            (
                found["low"].le(own) & found["high"].ge(own),
                found["difference_low"].le(own - whole) & found["difference_high"].ge(own - whole),
                found["n"],
                found["standing"],
                own - whole,
                found["smallest"],
            )
        )
    return Study(*(np.array(one) for one in zip(*kept, strict=True)))


def assert_covers(name: str, hits: np.ndarray) -> None:
    """Between 93 and 96 %; districts are independent."""
    covered = float(hits.mean())
    error = float(hits.mean(axis=1).std(ddof=1) / np.sqrt(len(hits)))
    print(f"{name}: covers {100 * covered:.2f} % ± {300 * error:.2f} of {hits.size}", end="; ")
    assert 0.93 - 3 * error <= covered <= 0.96 + 3 * error, name


def assert_no_size_is_left_out(study: Study) -> None:
    quarter = np.digitize(study.sizes, np.quantile(study.sizes, [0.25, 0.5, 0.75]))
    shares = [float(study.scores[quarter == one].mean()) for one in range(4)]
    print("by size " + ", ".join(f"{100 * one:.1f}" for one in shares), end=" ")
    assert min(shares) >= 0.90


@pytest.mark.parametrize("section_sd", sampled(SECTION_SDS[::-1]))
@pytest.mark.parametrize("correlations", sampled((one,) for one in CORRELATIONS))
def test_intervals_of_scores_and_their_differences_cover(
    correlations: tuple[float, float], section_sd: float
) -> None:
    found = study(correlations, section_sd)
    assert_covers("score", found.scores)
    assert_covers("difference", found.differences)
    assert_no_size_is_left_out(found)


@pytest.mark.study
@pytest.mark.parametrize("section_sd", [0.2, 0.0])
def test_intervals_of_scores_cover_where_classes_are_of_one_size(section_sd: float) -> None:
    found = study(CORRELATIONS[0], section_sd, sizes="equal")
    assert_covers("score", found.scores)
    assert_covers("difference", found.differences)


@pytest.mark.study
@pytest.mark.parametrize("sections", [100, 40])
def test_intervals_of_scores_cover_on_a_scale_of_the_same_year(sections: int) -> None:
    found = study(CORRELATIONS[0], 0.3, sections, provisional=True)
    assert_covers("score", found.scores)
    assert_covers("difference", found.differences)


@pytest.mark.parametrize("sections", sampled([100, 40]))
def test_when_nothing_differs_nearly_every_dimension_is_not_distinguishable(sections: int) -> None:
    said = study(CORRELATIONS[1], 0.0, sections).said
    judged = np.isin(said, STANDINGS)
    silent = float((said[judged] == "not_distinguishable").mean())
    print(f"not distinguishable {100 * silent:.2f} % of {judged.sum()}", end=" ")
    assert judged.mean() > 0.9
    assert silent >= 0.95


@pytest.mark.parametrize("sections", sampled([100, 40]))
@pytest.mark.parametrize("section_sd", sampled(SECTION_SDS[:0:-1]))
def test_dimensions_called_clearly_above_are_truly_above(section_sd: float, sections: int) -> None:
    found = study(CORRELATIONS[1], section_sd, sections)
    above = found.said == "clearly_above"
    called = float(above.mean())
    earned = float((found.true > found.smallest)[above].mean()) if above.any() else 1.0
    print(f"called {100 * called:.2f} %, truly above {100 * earned:.1f} %", end=" ")
    assert called < 0.005 or earned >= 0.90


def test_scores_follow_the_truth() -> None:
    """Sections that differ by .2 pupil standard deviations: the figures' own error takes the rest."""
    found = study(CORRELATIONS[0], 0.2)
    called = np.isin(found.said, [word for word in STANDINGS if word != "not_distinguishable"])
    side = np.where(np.char.find(found.said.astype(str), "above") >= 0, 1.0, -1.0)
    right = float((side * found.true > 0)[called].mean())
    print(f"called {100 * called.mean():.1f} %, of these on the right side {100 * right:.1f} %", end=" ")
    assert called.mean() > 0.1
    assert right > 0.95
