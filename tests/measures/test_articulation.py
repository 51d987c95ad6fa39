"""强基衔接: foundations, weak starts made good, quarters, and the mean of a survey."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.optimize import minimize
from scipy.stats import norm

from evalib.measures.articulation import (
    monotone_curve,
    rank_share,
    reached_in_all,
    recovery,
    scale_mean,
    transition_matrix,
)
from evalib.statistics.influence import section_means
from evalib.statistics.posterior import difference_variance

KNOTS = np.array([0.25, 0.5, 0.75])


def test_a_pupil_reaches_the_foundation_only_in_every_subject_taught() -> None:
    # Pupils: all three passed; one failed; one not sat; grade with two subjects; no papers.
    reached = np.array([1, 1, 1, 1, 0, 1, 1, 1, np.nan, 1, 1], float)
    subject = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1])
    pupil = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3])
    found = reached_in_all(reached, subject, pupil, np.array([3, 3, 3, 2, 0]))
    np.testing.assert_array_equal(found, [1, 0, np.nan, 1, np.nan])


def test_an_absent_pupil_neither_reaches_nor_misses_the_foundation() -> None:
    alone = (np.zeros(1, int), np.zeros(1, int), np.array([1]))
    assert np.isnan(reached_in_all(np.array([np.nan]), *alone))[0]
    assert reached_in_all(np.array([0.0]), *alone)[0] == 0.0


def test_two_papers_of_one_subject_are_not_two_subjects() -> None:
    found = reached_in_all(np.ones(2), np.zeros(2, int), np.zeros(2, int), np.array([2]))
    assert np.isnan(found[0])


def test_nobody_has_no_foundation() -> None:
    nothing = np.zeros(0, int)
    assert reached_in_all(np.zeros(0), nothing, nothing, nothing).size == 0
    np.testing.assert_array_equal(reached_in_all(np.zeros(0), nothing, nothing, np.array([3])), [np.nan])


def test_equal_scores_fall_on_one_side_of_a_cut() -> None:
    share = rank_share(np.array([1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, np.nan]))
    assert len(set(share[:3])) == 1
    assert np.isnan(share[7])
    assert rank_share(np.full(4, 7.0)).tolist() == [0.5] * 4
    assert np.isnan(rank_share(np.full(2, np.nan))).all()
    assert rank_share(np.zeros(0)).size == 0


def test_monotone_curve_is_the_least_squares_curve_that_never_falls() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(size=400)
    outcome = (rng.random(400) < norm.cdf(np.sin(2 * score) + score)).astype(float)
    fitted = monotone_curve(score, outcome, KNOTS)
    assert np.diff(fitted[np.argsort(score)]).min() >= -1e-12
    assert fitted.mean() == pytest.approx(outcome.mean())
    # The same curve as steps of B-spline coefficients, by a general optimiser.
    edges = np.concatenate([[score.min()] * 3, np.quantile(score, KNOTS), [score.max()] * 3])
    basis = BSpline.design_matrix(score, edges, 2).toarray()

    def loss(steps: np.ndarray) -> float:
        return float(((outcome - basis @ np.cumsum(steps)) ** 2).sum())

    count = basis.shape[1]
    found = minimize(
        loss, np.full(count, 0.1), bounds=[(None, None)] + [(0, None)] * (count - 1), options={"ftol": 1e-14}
    )
    assert ((outcome - fitted) ** 2).sum() <= found.fun + 1e-6
    np.testing.assert_allclose(fitted, basis @ np.cumsum(found.x), atol=5e-3)


def test_a_falling_outcome_has_a_level_curve() -> None:
    score = np.arange(30.0)
    np.testing.assert_allclose(monotone_curve(score, -score, KNOTS), -14.5)


def test_the_curve_of_one_score_is_its_mean() -> None:
    np.testing.assert_allclose(monotone_curve(np.ones(4), np.array([0, 0, 0, 1.0]), KNOTS), 0.25)
    assert monotone_curve(np.zeros(0), np.zeros(0), KNOTS).size == 0
    np.testing.assert_allclose(monotone_curve(np.array([1.0]), np.array([1.0]), KNOTS), 1.0)


@pytest.mark.parametrize(
    ("score", "outcome", "said"),
    [(np.zeros(2), np.zeros(3), "must be"), (np.array([np.nan]), np.zeros(1), "missing")],
)
def test_a_curve_of_missing_values_is_refused(score: np.ndarray, outcome: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        monotone_curve(score, outcome, KNOTS)


def test_recovery_counts_only_weak_starters_and_sums_to_nothing_over_the_district() -> None:
    rng = np.random.default_rng(2)
    entry = rng.normal(size=400)
    later = 0.7 * entry + 0.7 * rng.normal(size=400)
    later[:30] = np.nan
    entry[380:] = np.nan
    values, weak = recovery(entry, later, 0.25, KNOTS)
    assert weak.sum() == 95
    counted = np.isfinite(values)
    assert (counted == (weak & np.isfinite(later))).all()
    assert values[counted].sum() == pytest.approx(0.0, abs=1e-9)
    # Each is 1 or 0 less a share.
    assert np.abs(values[counted]).max() <= 1.0


def test_a_section_just_under_the_cut_is_not_credited_with_regression_to_the_mean() -> None:
    rng = np.random.default_rng(3)
    entry = rng.normal(size=40_000)
    later = 0.7 * entry + np.sqrt(1 - 0.49) * rng.normal(size=40_000)
    values, weak = recovery(entry, later, 0.25, KNOTS)
    near = weak & (entry > np.quantile(entry, 0.20))
    risen = rank_share(later) >= 0.25
    assert risen[near].mean() > risen[weak].mean() + 0.1
    assert abs(values[near].mean()) < 0.03


def test_recovery_without_anybody_weak_or_followed_is_missing_and_not_zero() -> None:
    values, weak = recovery(np.full(5, np.nan), np.arange(5.0), 0.25, KNOTS)
    assert np.isnan(values).all()
    assert not weak.any()
    values, weak = recovery(np.arange(8.0), np.full(8, np.nan), 0.25, KNOTS)
    assert np.isnan(values).all()
    assert weak.sum() == 2
    values, weak = recovery(np.ones(8), np.ones(8), 0.25, KNOTS)
    assert not weak.any()


def test_transition_matrix_has_a_quarter_in_each_row_and_column() -> None:
    rng = np.random.default_rng(4)
    before, after = rank_share(rng.normal(size=80)), rank_share(rng.normal(size=80))
    counts = transition_matrix(before, after)
    assert counts.sum(axis=0).tolist() == counts.sum(axis=1).tolist() == [20] * 4
    assert transition_matrix(np.array([0.9, 0.1]), np.array([np.nan, 0.99])).tolist()[0] == [0, 0, 0, 1]
    assert transition_matrix(np.zeros(0), np.zeros(0)).sum() == 0


def test_scale_mean_is_of_all_areas_or_none() -> None:
    mean = np.array([[4.0, 3.0], [4.0, np.nan], [2.0, 2.0], [1.0, 5.0]])
    sd = np.array([[1.0, 0.8], [1.0, 0.8], [0.0, 0.0], [1.0, 1.0]])
    answered = np.array([[100, 100], [100, 0], [1, 1], [0, 0]])
    value, variance = scale_mean(mean, sd, answered)
    np.testing.assert_array_equal(value, [3.5, np.nan, 2.0, np.nan])
    assert variance[0] == pytest.approx((0.9 / 10) ** 2)
    assert np.isnan(variance[1:]).all()


def test_a_survey_without_areas_says_nothing() -> None:
    value, _ = scale_mean(np.zeros((2, 0)), np.zeros((2, 0)), np.zeros((2, 0)))
    assert np.isnan(value).all()


def test_scale_variance_is_never_below_that_of_the_answers_themselves() -> None:
    rng = np.random.default_rng(5)
    answers = rng.normal(size=(50, 1)) + rng.normal(size=(50, 4))
    _, variance = scale_mean(
        answers.mean(axis=0)[None], answers.std(axis=0, ddof=1)[None], np.full((1, 4), 50)
    )
    assert variance[0] >= answers.mean(axis=1).var(ddof=1) / 50


@pytest.mark.proof
@pytest.mark.parametrize("class_sd", [0.0, 0.15])
@pytest.mark.parametrize("sections", [13, 40])
def test_intervals_of_recovery_cover(sections: int, class_sd: float) -> None:
    """Sections of 2 to 8 classes of 35 entrants each, which push their pupils by 0.15 SD more or less."""
    rng = np.random.default_rng(20260901)
    section_sd, noise, slope = 0.15, 0.7, 0.7
    inside, truths, found = [], [], []
    for _ in range(10_000 // sections):
        classes = rng.integers(2, 9, sections)
        section = np.repeat(np.arange(sections), 35 * classes)
        class_ = np.repeat(np.arange(classes.sum()), 35)
        entry = rng.normal(size=len(section)) + 0.3 * rng.normal(size=sections)[section]
        push = section_sd * rng.normal(size=sections)
        later = slope * entry + push[section] + noise * rng.normal(size=len(section))
        later += class_sd * rng.normal(size=classes.sum())[class_]
        values, weak = recovery(entry, later, 0.25, KNOTS)
        means = section_means(values[:, None], section, sections, class_=class_)
        # Expected share above the cut in this section, less that in a section drawn at random.
        cut = np.quantile(later, 0.25)
        own = norm.cdf((slope * entry + push[section] - cut) / np.hypot(noise, class_sd))
        usual = norm.cdf((slope * entry - cut) / np.sqrt(noise**2 + class_sd**2 + section_sd**2))
        n = np.bincount(section[weak], minlength=sections)
        truth = np.bincount(section[weak], (own - usual)[weak], minlength=sections) / n
        # What is shown at all.
        shown = n >= 10
        share = n[shown] / n[shown].sum()
        se = np.sqrt(difference_variance(means.variance[shown, 0], share))
        truth, value = truth[shown], means.mean[shown, 0]
        truths.append(truth - share @ truth)
        found.append(value - share @ value)
        inside.append(np.abs(found[-1] - truths[-1]) < 1.96 * se)
    covered = float(np.mean(np.concatenate(inside)))
    clusters = float(np.std([each.mean() for each in inside]) / np.sqrt(len(inside)))
    slope_on_truth = float(np.polyfit(np.concatenate(truths), np.concatenate(found), 1)[0])
    print(
        f"\n{sections} sections, class sd {class_sd}: recovery intervals cover {covered:.3f} "
        f"(± {clusters:.4f}), slope on truth {slope_on_truth:.3f}"
    )
    assert 0.93 - 3 * clusters <= covered <= 0.96 + 3 * clusters
    assert abs(slope_on_truth - 1.0) < 0.1
