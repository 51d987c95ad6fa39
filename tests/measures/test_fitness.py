"""The national fitness standard, as it stands in params, against hand cases and a plain computation."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from evalib.measures.fitness import FitnessScores, body_mass_index, fitness_scores
from evalib.review.competence import fitness_standard
from evalib.settings import read_params
from evalib.settings.standards import FitnessParams

PARAMS = read_params(Path(__file__).parents[2] / "params" / "standards" / "fitness_2014.yaml", FitnessParams)
STANDARD = fitness_standard(PARAMS)
EVERY = [(sex, grade) for sex in ("male", "female") for grade in range(1, 10)]

# A grade-8 boy of the published worked example.
BOY = {
    "height_cm": 165.0,
    "weight_kg": 58.0,  # 21.3 kg/m²
    "lung_capacity_ml": 3500.0,
    "run_50m_s": 8.0,
    "sit_and_reach_cm": 11.6,
    "standing_jump_cm": 220.0,
    "pull_ups": 16.0,
    "run_1000m_s": 220.0,
}
GIRL = {
    "height_cm": 125.0,
    "weight_kg": 25.0,  # 16.0 kg/m²
    "lung_capacity_ml": 1400.0,
    "run_50m_s": 11.0,
    "sit_and_reach_cm": 18.6,
    "rope_jumps": 117.0,
}


def scored(items: dict[str, float], sex: str | None, grade: int) -> FitnessScores:
    boy = {"male": 1.0, "female": 0.0, None: np.nan}[sex]
    arrays = {name: np.array([value]) for name, value in items.items()}
    return fitness_scores(arrays, np.array([boy]), np.array([grade]), STANDARD)


def score_of(item: str, sex: str, grade: int, value: float) -> float:
    items = {"height_cm": 100.0, "weight_kg": value} if item == "body_mass_index" else {item: value}
    return float(scored(items, sex, grade).scores[item][0])


def test_published_example_scores_93_9() -> None:
    result = scored(BOY, "male", 8)
    assert {item: float(score[0]) for item, score in result.scores.items()} == {
        "body_mass_index": 100.0,
        "lung_capacity_ml": 85.0,
        "run_50m_s": 78.0,
        "sit_and_reach_cm": 80.0,
        "standing_jump_cm": 85.0,
        "pull_ups": 100.0,
        "run_1000m_s": 100.0,
    }
    assert result.bonus[0] == 4.0
    assert result.total[0] == 93.9


@pytest.mark.parametrize(
    ("item", "sex", "grade", "value", "score"),
    [
        ("body_mass_index", "male", 8, 15.6, 80),
        ("body_mass_index", "male", 8, 15.7, 100),
        ("body_mass_index", "male", 8, 22.5, 100),
        ("body_mass_index", "male", 8, 22.54, 100),
        ("body_mass_index", "male", 8, 22.55, 80),
        ("body_mass_index", "male", 8, 25.2, 80),
        ("body_mass_index", "male", 8, 25.3, 60),
        ("body_mass_index", "female", 1, 13.2, 80),
        ("body_mass_index", "female", 1, 19.3, 60),
        ("lung_capacity_ml", "male", 1, 1700, 100),
        ("lung_capacity_ml", "male", 1, 1699, 95),
        ("lung_capacity_ml", "female", 9, 1450, 10),
        ("lung_capacity_ml", "female", 9, 1449, 0),
        ("run_50m_s", "male", 8, 7.5, 100),
        ("run_50m_s", "male", 8, 7.51, 95),
        ("run_50m_s", "female", 3, 13.0, 10),
        ("run_50m_s", "female", 3, 13.1, 0),
        ("sit_and_reach_cm", "male", 6, -4.0, 60),
        ("sit_and_reach_cm", "male", 6, -4.1, 50),
        ("sit_and_reach_cm", "female", 4, 19.5, 100),
        ("sit_and_reach_cm", "female", 4, 17.0, 90),
        ("rope_jumps", "male", 2, 117, 100),
        ("rope_jumps", "female", 6, 65, 50),
        ("sit_ups", "male", 3, 47, 95),
        ("sit_ups", "female", 9, 52, 100),
        ("sit_ups", "female", 7, 9, 0),
        ("shuttle_run_s", "male", 5, 96, 100),
        ("shuttle_run_s", "female", 6, 139.5, 50),
        ("standing_jump_cm", "male", 9, 239, 85),
        ("standing_jump_cm", "female", 7, 170, 80),
        ("pull_ups", "male", 7, 8, 76),
        ("pull_ups", "male", 7, 0, 0),
        ("pull_ups", "male", 9, 1, 10),
        ("run_1000m_s", "male", 7, 235, 100),
        ("run_1000m_s", "male", 9, 395.5, 0),
        ("run_800m_s", "female", 8, 245, 78),
        ("run_800m_s", "female", 8, 246, 76),
    ],
)
def test_steps_are_those_of_the_standard(item: str, sex: str, grade: int, value: float, score: int) -> None:
    assert score_of(item, sex, grade, value) == score


@pytest.mark.parametrize(("sex", "grade"), EVERY)
def test_every_grade_is_tested_in_its_own_items_and_weights(sex: str, grade: int) -> None:
    weights = {item: rule.weight for item, rule in STANDARD.rules[sex == "male", grade].items()}
    expected = {"body_mass_index": 15, "lung_capacity_ml": 15, "run_50m_s": 20}
    if grade <= 2:
        expected |= {"sit_and_reach_cm": 30, "rope_jumps": 20}
    elif grade <= 4:
        expected |= {"sit_and_reach_cm": 20, "rope_jumps": 20, "sit_ups": 10}
    elif grade <= 6:
        expected |= {"sit_and_reach_cm": 10, "rope_jumps": 10, "sit_ups": 20, "shuttle_run_s": 10}
    else:
        expected |= {"sit_and_reach_cm": 10, "standing_jump_cm": 10}
        expected |= (
            {"pull_ups": 10, "run_1000m_s": 20} if sex == "male" else {"sit_ups": 10, "run_800m_s": 20}
        )
    assert weights == expected
    assert sum(weights.values()) == 100


@pytest.mark.parametrize(("sex", "grade"), EVERY)
def test_better_value_never_scores_less_and_scores_are_steps(sex: str, grade: int) -> None:
    for item, rule in STANDARD.rules[sex == "male", grade].items():
        if item == "body_mass_index":
            continue
        best, worst = rule.steps.values[-1], rule.steps.values[0]
        reach = abs(best - worst)
        values = np.linspace(
            max(min(best, worst) - reach, -40 if "reach" in item else 0.1), 2 * reach + best, 900
        )
        items = {item: values}
        scores = fitness_scores(
            items, np.full(900, float(sex == "male")), np.full(900, grade), STANDARD
        ).scores[item]
        rising = scores[::-1] if rule.steps.lower_is_better else scores
        assert (np.diff(rising) >= 0).all(), item
        assert set(scores) == {0.0, *rule.steps.scores}, item
        # From good on every score has a step; below, the standard leaves some out for pull-ups alone.
        assert set(rule.steps.scores) >= {100, 95, 90, 85, 80, 60}


def test_eight_seconds_are_eight_seconds_however_they_were_added_up() -> None:
    assert score_of("run_50m_s", "female", 8, 7.9 + 0.1) == score_of("run_50m_s", "female", 8, 8.0) == 100
    assert score_of("run_1000m_s", "male", 8, (3 + 40 / 60) * 60) == score_of("run_1000m_s", "male", 8, 220.0)
    assert score_of("run_50m_s", "male", 6, 8.1 + 0.1) == 100


def test_body_mass_index_is_rounded_half_up_before_it_is_banded() -> None:
    index = body_mass_index(np.array([100.0, 200.0, 100.0]), np.array([18.14, 72.6, 18.149]))
    assert index.tolist() == [18.1, 18.2, 18.1]
    # Boys of grade 1: normal up to 18.1, overweight from 18.2, and nothing in between.
    assert score_of("body_mass_index", "male", 1, 18.14) == 100
    assert score_of("body_mass_index", "male", 1, 18.15) == 80


def test_whole_bonus_is_at_most_twenty_and_each_item_has_its_own_most() -> None:
    strong = {**BOY, "pull_ups": 60.0, "run_1000m_s": 130.0}
    assert scored(strong, "male", 8).bonus[0] == 20.0
    assert scored({**BOY, "pull_ups": 60.0, "run_1000m_s": 300.0}, "male", 8).bonus[0] == 10.0
    assert scored({**GIRL, "rope_jumps": 390.0}, "female", 1).bonus[0] == 20.0


def test_bonus_beyond_the_most_is_not_counted() -> None:
    arrays = {name: np.array([value]) for name, value in BOY.items()}
    result = fitness_scores(arrays, np.ones(1), np.array([8]), replace(STANDARD, most_bonus=3))
    assert result.bonus[0] == 3.0
    assert result.total[0] == 92.9


@pytest.mark.parametrize(("jumps", "bonus"), [(117, 0), (118, 0), (119, 1), (120, 1), (157, 20), (156, 19)])
def test_two_jumps_above_the_best_mark_give_a_point(jumps: float, bonus: float) -> None:
    result = scored({**GIRL, "rope_jumps": jumps}, "female", 1)
    assert result.bonus[0] == bonus
    assert result.total[0] == 100.0 + bonus


def test_missing_item_makes_the_total_missing_and_not_low() -> None:
    for item in BOY:
        assert np.isnan(scored({**BOY, item: np.nan}, "male", 8).total[0])
        left_out = {name: value for name, value in BOY.items() if name != item}
        assert np.isnan(scored(left_out, "male", 8).total[0])


def test_zero_pull_ups_are_a_result() -> None:
    result = scored({**BOY, "pull_ups": 0.0}, "male", 8)
    # 10 % of 100 points and 2 points of bonus less.
    assert result.total[0] == 81.9


def test_item_of_another_sex_or_grade_is_ignored() -> None:
    more = {**BOY, "sit_ups": 3.0, "run_800m_s": 900.0, "rope_jumps": np.nan}
    assert scored(more, "male", 8).total[0] == 93.9


@pytest.mark.parametrize("item", ["run_50m_s", "run_1000m_s", "height_cm", "weight_kg"])
def test_run_of_zero_seconds_is_a_fault(item: str) -> None:
    with pytest.raises(ValueError, match="not positive"):
        scored({**BOY, item: 0.0}, "male", 8)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry a pupil"):
        fitness_scores({"run_50m_s": np.ones(2)}, np.ones(3), np.ones(3, int), STANDARD)


def test_unknown_sex_or_grade_has_no_total() -> None:
    assert np.isnan(scored(BOY, None, 8).total[0])
    assert np.isnan(scored(BOY, "male", 0).total[0])


def test_nobody_and_nothing() -> None:
    nobody = fitness_scores({}, np.zeros(0), np.zeros(0, int), STANDARD)
    assert nobody.total.size == 0
    nothing = fitness_scores({}, np.ones(3), np.full(3, 8), STANDARD)
    assert np.isnan(nothing.total).all()
    assert np.isnan(nothing.bonus).all()


def plain_total(items: dict[str, float], sex: str, grade: int) -> Decimal | None:
    """The total of one pupil, step by step and in decimals, straight from the params file."""
    weighted, bonus = Decimal(0), 0
    for item, weight in PARAMS.weights_of(sex, grade).items():
        if item == "body_mass_index":
            height, weight_kg = Decimal(str(items["height_cm"])), Decimal(str(items["weight_kg"]))
            if height.is_nan() or weight_kg.is_nan():
                return None
            index = (weight_kg / (height / 100) ** 2).quantize(Decimal("0.1"), ROUND_HALF_UP)
            normal_from, normal_to, obese_from = (
                Decimal(str(edge)) for edge in PARAMS.body_mass_index.of(sex)[grade]
            )
            weighted += weight * (
                100 if normal_from <= index <= normal_to else 60 if index >= obese_from else 80
            )
            continue
        value = Decimal(str(items[item]))
        if value.is_nan():
            return None
        steps, run = PARAMS.items[item], PARAMS.items[item].better == "lower"
        row = [None if edge is None else Decimal(str(edge)) for edge in steps.of(sex)[grade]]
        reached = [
            score
            for edge, score in zip(row, steps.scores, strict=True)
            if edge is not None and (value <= edge if run else value >= edge)
        ]
        weighted += weight * max(reached, default=0)
        extra = PARAMS.bonus.items.get(item)
        if extra is not None and grade in extra.grades and row[0] is not None:
            gain = row[0] - value if run else value - row[0]
            pairs = zip(extra.points, extra.beyond, strict=True)
            bonus += max((points for points, beyond in pairs if gain >= beyond), default=0)
    total = weighted / 100 + min(bonus, PARAMS.bonus.at_most)
    return total.quantize(Decimal("0.1"), ROUND_HALF_UP)


def test_many_pupils_at_once_have_the_totals_of_a_plain_computation() -> None:
    rng = np.random.default_rng(20261124)
    pupils = 900
    grade, boy = rng.integers(1, 10, pupils), rng.integers(0, 2, pupils)
    items = {
        "height_cm": np.round(rng.normal(145, 12, pupils), 1),
        "weight_kg": np.round(rng.normal(40, 9, pupils).clip(15), 1),
    }
    for item, steps in PARAMS.items.items():
        values = np.full(pupils, np.nan)
        for position in range(pupils):
            row = steps.of("male" if boy[position] else "female").get(int(grade[position]))
            if row is not None:
                known = [value for value in row if value is not None]
                low, high = min(known), max(known)
                # On the steps as often as beside and beyond them.
                near = rng.choice(known) if rng.random() < 0.5 else rng.uniform(low, high)
                values[position] = round(near + rng.choice([0, 0.1, -0.1, 0.3 * (high - low)]), 1)
        items[item] = np.where(rng.random(pupils) < 0.01, np.nan, values)
    items = {
        name: np.where(values > 0, values, np.nan) if "reach" not in name else values
        for name, values in items.items()
    }
    totals = fitness_scores(items, boy.astype(float), grade, STANDARD).total
    for position in range(pupils):
        one = {name: float(values[position]) for name, values in items.items()}
        expected = plain_total(one, "male" if boy[position] else "female", int(grade[position]))
        assert (
            (str(totals[position]) == str(expected)) if expected is not None else np.isnan(totals[position])
        )
    assert np.isfinite(totals).sum() > 700
