"""Normal scores, match rate, low starters, and value added against what pupils were made from."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from evalib.measures.growth import (
    likeness_of_classmates,
    low_starters,
    match_rate,
    normal_score,
    value_added,
)


def stage(
    seed: int, sections: int = 30, section_sd: float = 0.3, class_sd: float = 0.2
) -> tuple[np.ndarray, ...]:
    """Outcome, section, class and true effects; three classes of 20 in a section, no covariates."""
    rng = np.random.default_rng(seed)
    class_ = np.repeat(np.arange(3 * sections), 20)
    section = class_ // 3
    truth = section_sd * rng.normal(size=sections)
    outcome = truth[section] + class_sd * rng.normal(size=3 * sections)[class_] + rng.normal(size=len(class_))
    return outcome, section, class_, truth


def test_normal_scores_are_van_der_waerden_scores_within_a_paper() -> None:
    score = np.array([10.0, 30.0, 20.0, 5.0, 5.0, 9.0])
    paper = np.array([0, 0, 0, 1, 1, 1])
    expected = norm.ppf([1 / 4, 3 / 4, 2 / 4, 1.5 / 4, 1.5 / 4, 3 / 4])
    assert_allclose(normal_score(score, paper), expected)


def test_scale_of_a_paper_is_irrelevant() -> None:
    score = np.random.default_rng(1).normal(size=50)
    paper = np.repeat([0, 1], 25)
    assert_allclose(normal_score(np.exp(3 * score), paper), normal_score(score, paper))


def test_absent_pupil_has_no_normal_score_and_does_not_move_others() -> None:
    found = normal_score(np.array([1.0, np.nan, 2.0, 3.0]), np.zeros(4, np.int64))
    assert np.isnan(found[1])
    assert_allclose(found[[0, 2, 3]], normal_score(np.array([1.0, 2.0, 3.0]), np.zeros(3, np.int64)))


def test_mark_of_zero_is_a_mark() -> None:
    assert np.isfinite(normal_score(np.array([0.0, 1.0]), np.zeros(2, np.int64))).all()


@pytest.mark.parametrize("score", [np.full(4, 7.0), np.full(4, np.nan), np.zeros(0)])
def test_paper_that_tells_nobody_apart_gives_no_score(score: np.ndarray) -> None:
    assert np.isnan(normal_score(score, np.zeros(len(score), np.int64))).all()


def test_match_rate_of_a_section_without_eligible_pupils_is_unknown_not_zero() -> None:
    rate, eligible = match_rate(np.array([True, False, False]), np.array([0, 0, 2]), 4)
    assert_allclose(rate, [0.5, np.nan, 0.0, np.nan])
    assert eligible.tolist() == [2, 0, 1, 0]


def test_low_starters_are_the_lowest_quarter_of_each_grade() -> None:
    prior = np.concatenate([np.arange(8.0), 100 + np.arange(4.0), [np.nan]])
    grade = np.repeat([3, 4], [8, 5])
    assert np.flatnonzero(low_starters(prior, grade, 0.25)).tolist() == [0, 1, 8]


def test_low_starters_at_the_same_start_are_all_in() -> None:
    assert low_starters(np.array([1.0, 1.0, 1.0, 2.0]), np.zeros(4, np.int64), 0.25).tolist() == [
        True
    ] * 3 + [False]


def test_without_priors_nobody_started_low() -> None:
    assert not low_starters(np.full(3, np.nan), np.zeros(3, np.int64), 0.25).any()
    assert low_starters(np.zeros(0), np.zeros(0, np.int64), 0.25).size == 0


def test_value_added_finds_what_sections_add() -> None:
    outcome, section, class_, truth = stage(2)
    found = value_added(outcome, np.zeros((len(outcome), 0)), section, class_, reliability_minimum=0.5)
    assert found.shown(0.5)
    assert found.classes == 90
    assert np.corrcoef(found.shrunken, truth)[0, 1] > 0.8
    assert (found.shrunken_se > found.conditional_se).all()
    ratio = found.variance_class / (found.variance_class + found.variance_residual)
    assert found.class_correlation is not None
    assert ratio < found.class_correlation < 1.5 * ratio


def test_known_class_correlation_is_taken_over() -> None:
    outcome, section, class_, _ = stage(3)
    nothing = np.zeros((len(outcome), 0))
    found = value_added(outcome, nothing, section, class_, reliability_minimum=0.5, alike=0.07)
    assert found.class_correlation == 0.07


def test_without_classes_there_is_no_class_correlation() -> None:
    outcome, section, _, _ = stage(4)
    nothing = np.zeros((len(outcome), 0))
    for class_ in (None, section + 100):
        found = value_added(outcome, nothing, section, class_, reliability_minimum=0.5)
        assert found.class_correlation is None
        assert found.classes == 0
        assert np.isnan(found.variance_class)


def test_errors_are_simulated_only_where_effects_are_shown() -> None:
    outcome, section, class_, _ = stage(5, sections=12)
    nothing = np.zeros((len(outcome), 0))

    def errors(minimum: float, below: int) -> np.ndarray:
        return value_added(
            outcome,
            nothing,
            section,
            class_,
            reliability_minimum=minimum,
            bootstrap_draws=20,
            bootstrap_below_sections=below,
            seed=1,
        ).shrunken_se

    assert not np.allclose(errors(0.1, 40), errors(0.1, 12))
    assert np.array_equal(errors(0.99, 40), errors(0.1, 12))


def test_sections_that_do_not_differ_are_not_shown() -> None:
    outcome, section, class_, _ = stage(6)
    outcome = outcome - (np.bincount(section, outcome) / np.bincount(section))[section]
    found = value_added(outcome, np.zeros((len(outcome), 0)), section, class_, reliability_minimum=0.0)
    assert found.at_boundary
    assert not found.shown(0.0)


def test_one_section_is_refused() -> None:
    with pytest.raises(ValueError, match="two sections"):
        value_added(np.arange(5.0), np.zeros((5, 0)), np.zeros(5, np.int64), None, reliability_minimum=0.5)


def test_sections_without_pupils_are_not_among_the_answers() -> None:
    outcome, section, class_, _ = stage(7)
    some = section != 4
    found = value_added(
        outcome[some], np.zeros((int(some.sum()), 0)), section[some], class_[some], reliability_minimum=0.5
    )
    assert 4 not in found.sections
    assert len(found.reliability) == 29


def test_likeness_of_classmates_is_that_of_the_pupils_given() -> None:
    outcome, section, class_, _ = stage(8, sections=80, class_sd=0.5)
    grade = np.tile([3, 4, 5], 80)[class_]
    found = likeness_of_classmates(outcome + 3.0 * grade, grade, section, class_)
    assert found is not None
    assert abs(found - 0.2) < 0.05


@pytest.mark.parametrize(
    ("class_", "why"),
    [(np.repeat(np.arange(4), 5), "one class a section"), (np.arange(20), "one pupil a class")],
)
def test_likeness_is_unknown_where_levels_cannot_be_told_apart(class_: np.ndarray, why: str) -> None:
    section = np.repeat(np.arange(4), 5)
    values = np.random.default_rng(9).normal(size=20)
    assert likeness_of_classmates(values, np.zeros(20, np.int64), section, class_) is None, why
