"""Growth percentiles beside the linear programme, the model they were drawn from, and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.optimize import linprog
from scipy.stats import kstest, norm

from evalib.measures import growth_percentiles as measure
from evalib.measures.growth_percentiles import (
    PriorKnots,
    growth_percentiles,
    percentile_design,
    percentiles_by_prior_decile,
    prior_knots,
    shrunken_percentiles,
)
from evalib.statistics.influence import section_means
from evalib.statistics.posterior import difference_variance
from sampled import sampled

QUANTILES = np.array([0.2, 0.4, 0.6, 0.8])
LIMITS = {"pupils_a_column": 40, "minimum_pupils": 500}


def pupils(count: int, priors: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """This year's scores, and those of up to three years before."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=count)
    start = 0.9 * ability[:, None] + 0.4 * rng.normal(size=(count, priors))
    return 0.9 * ability + 0.4 * rng.normal(size=count), start


def found_for(outcome: np.ndarray, priors: np.ndarray, grade: np.ndarray | None = None, **limits: int):
    grade = np.full(len(outcome), 5) if grade is None else grade
    return growth_percentiles(
        outcome, priors, grade, prior_knots(priors, grade, QUANTILES, 0.1), **(LIMITS | limits)
    )


def test_percentiles_are_those_of_a_linear_programme_on_a_spline_of_scipy() -> None:
    outcome, priors = pupils(250, 1)
    low, high = priors.min(), priors.max()
    reach = 0.1 * (high - low)
    inner = np.quantile(priors, QUANTILES)
    edges = np.concatenate([[low - reach] * 4, inner, [high + reach] * 4])
    # All columns of the basis in place of a constant and all but one: the same curves.
    basis = BSpline.design_matrix(priors[:, 0], edges, 3).toarray()
    predicted = np.empty((250, 100))
    for position in range(100):
        tau = (position + 0.5) / 100
        found = linprog(
            -outcome, A_eq=basis.T, b_eq=(1 - tau) * basis.sum(axis=0), bounds=(0, 1), method="highs"
        )
        predicted[:, position] = -(basis @ found.eqlin.marginals)
    predicted = np.sort(np.round(predicted, 5), axis=1)
    expected = (predicted < outcome[:, None]).sum(axis=1).clip(1, 99)
    own = found_for(outcome, priors, minimum_pupils=200).percentile
    # Which side of its own fit a pupil falls on is a matter of the last decimals.
    assert np.abs(own - expected).max() <= 1
    assert (own == expected).mean() > 0.9


def test_percentiles_are_even_and_those_of_the_model_that_made_the_scores() -> None:
    rng = np.random.default_rng(2)
    start = rng.normal(size=(4000, 1))
    spread = 0.4 + 0.2 * norm.cdf(start[:, 0])
    share = rng.random(4000)
    outcome = np.tanh(start[:, 0]) + spread * norm.ppf(share)
    percentile = found_for(outcome, start).percentile
    assert np.abs(percentile - 100 * share).mean() < 1.5
    assert kstest(percentile / 100, "uniform").pvalue > 0.2
    table = percentiles_by_prior_decile(percentile, start[:, 0])
    assert np.abs(table - 0.1).max() < 0.05
    assert np.abs(table.mean(axis=0) - 0.1).max() < 0.01


def test_a_linear_model_of_the_score_is_read_even_at_both_ends() -> None:
    outcome, priors = pupils(4000, 2)
    found = found_for(outcome, priors)
    assert found.percentile.min() == 1
    assert found.percentile.max() == 99
    assert abs(found.percentile.mean() - 50) < 0.15
    for tenth in percentiles_by_prior_decile(found.percentile, priors[:, 0]):
        assert 0.05 < tenth[0] < 0.15
        assert 0.05 < tenth[9] < 0.15


def test_the_highest_order_that_a_pupil_has_is_used() -> None:
    outcome, priors = pupils(1800, 3)
    priors[::2, 2] = np.nan
    priors[::4, 1] = np.nan
    priors[::8, 0] = np.nan
    found = found_for(outcome, priors)
    unbroken = np.isfinite(priors).cumprod(axis=1).sum(axis=1)
    np.testing.assert_array_equal(found.order, unbroken)
    assert set(found.order) == {0, 1, 2, 3}
    # A pupil with one prior is compared with all who have it, whatever else they have.
    alone = found_for(outcome, priors[:, :1])
    one = found.order == 1
    np.testing.assert_array_equal(found.percentile[one], alone.percentile[one])


def test_a_gap_last_year_leaves_no_start_however_many_years_lie_behind_it() -> None:
    outcome, priors = pupils(900, 3)
    priors[:3, 0] = np.nan
    priors[3, 1] = np.nan
    found = found_for(outcome, priors)
    assert np.isnan(found.percentile[:3]).all()
    assert found.order[:5].tolist() == [0, 0, 0, 1, 3]
    assert not found.too_few.any()


def test_a_prior_is_dropped_where_pupils_are_too_few_for_its_columns() -> None:
    # Two priors are 1 + 7 + 7 columns.
    outcome, priors = pupils(600, 2)
    assert (found_for(outcome, priors).order == 2).all()
    assert (found_for(outcome[:599], priors[:599]).order == 1).all()


def test_too_few_pupils_are_not_fitted_and_say_so() -> None:
    outcome, priors = pupils(500, 1)
    assert np.isfinite(found_for(outcome, priors).percentile).all()
    found = found_for(outcome[:499], priors[:499])
    assert np.isnan(found.percentile).all()
    assert found.too_few.all()


def test_each_grade_is_fitted_on_its_own_and_a_small_one_does_not_silence_the_others() -> None:
    outcome, priors = pupils(1000, 1)
    grade = np.where(np.arange(1000) < 700, 5, 6)
    found = found_for(outcome, priors, grade)
    np.testing.assert_array_equal(found.percentile[:700], found_for(outcome[:700], priors[:700]).percentile)
    assert np.isnan(found.percentile[700:]).all()
    np.testing.assert_array_equal(found.too_few, grade == 6)


def test_a_score_of_zero_is_a_score_and_a_missing_one_is_none() -> None:
    outcome, priors = pupils(700, 1)
    outcome[0], priors[1, 0] = 0.0, 0.0
    outcome[2], priors[3, 0] = np.nan, np.nan
    found = found_for(outcome, priors)
    assert np.isfinite(found.percentile[:2]).all()
    assert np.isnan(found.percentile[2:4]).all()
    assert not found.too_few[2:4].any()


def test_nobody_and_nobody_with_a_score_are_no_percentiles() -> None:
    none = found_for(np.empty(0), np.empty((0, 3)))
    assert none.percentile.shape == none.order.shape == none.too_few.shape == (0,)
    outcome, priors = pupils(600, 2)
    missing = found_for(np.full(600, np.nan), priors)
    assert np.isnan(missing.percentile).all()
    assert not missing.too_few.any()
    without = found_for(outcome, np.full((600, 2), np.nan))
    assert np.isnan(without.percentile).all()
    assert not without.too_few.any()


def test_one_pupil_is_too_few() -> None:
    assert found_for(np.array([0.3]), np.array([[0.1]])).too_few.tolist() == [True]


def test_scores_that_are_all_equal_rank_nobody() -> None:
    _, priors = pupils(600, 1)
    with pytest.raises(ValueError, match="all equal"):
        found_for(np.full(600, 1.0), priors)


def test_priors_that_are_all_equal_leave_the_rank_among_all() -> None:
    outcome, _ = pupils(1000, 1)
    found = found_for(outcome, np.zeros((1000, 1)))
    rank = (outcome[:, None] > outcome).sum(axis=1)
    # Ten pupils to a percentile.
    assert np.abs(found.percentile - (rank + 0.5) / 10).max() <= 1.0


def test_priors_of_few_distinct_values_rank_within_each_value() -> None:
    outcome, _ = pupils(900, 1)
    group = np.repeat([-1.0, 0.0, 2.0], 300)
    found = found_for(outcome + 5 * group, group[:, None])
    for one in (-1.0, 0.0, 2.0):
        inside = outcome[group == one]
        rank = (inside[:, None] > inside).sum(axis=1)
        assert np.abs(found.percentile[group == one] - (rank + 0.5) / 3).max() <= 1.0


def test_scores_and_grades_must_belong_together() -> None:
    outcome, priors = pupils(10, 1)
    with pytest.raises(ValueError, match="priors must be"):
        growth_percentiles(outcome, priors[:9], np.full(10, 5), {}, **LIMITS)
    with pytest.raises(ValueError, match="priors must be"):
        growth_percentiles(outcome, priors[:, 0], np.full(10, 5), {}, **LIMITS)


def test_a_design_is_as_wide_as_its_knots_say() -> None:
    _, priors = pupils(800, 3)
    bends = [prior_knots(priors, np.full(800, 5), QUANTILES, 0.1)[5, back] for back in (1, 2, 3)]
    assert percentile_design(priors, bends).shape == (800, 22)
    assert percentile_design(priors[:, :0], []).shape == (800, 1)


def test_frozen_knots_hold_scores_beyond_them_to_the_boundary() -> None:
    bend = PriorKnots((-0.5, 0.0, 0.5), -1.0, 1.0)
    inside = np.linspace(-1.0, 1.0, 50)
    beyond = np.concatenate([inside, [-3.0, 3.0]])[:, None]
    design = percentile_design(beyond, [bend])
    np.testing.assert_allclose(design[50], design[0], atol=1e-12)
    np.testing.assert_allclose(design[51], design[49], atol=1e-12)


def test_percentiles_from_frozen_knots_do_not_move_with_this_years_priors() -> None:
    outcome, priors = pupils(800, 1)
    frozen = {(5, 1): PriorKnots((-0.8, -0.2, 0.3, 0.9), -4.0, 4.0)}
    grade = np.full(800, 5)
    found = growth_percentiles(outcome, priors, grade, frozen, **LIMITS)
    own = found_for(outcome, priors)
    assert 0 < np.abs(found.percentile - own.percentile).mean() < 1.5


def test_without_knots_of_a_prior_it_is_not_used() -> None:
    outcome, priors = pupils(800, 2)
    frozen = {(5, 1): prior_knots(priors, np.full(800, 5), QUANTILES, 0.1)[5, 1]}
    found = growth_percentiles(outcome, priors, np.full(800, 5), frozen, **LIMITS)
    assert (found.order == 1).all()
    assert growth_percentiles(outcome, priors, np.full(800, 5), {}, **LIMITS).too_few.all()


def test_order_of_pupils_does_not_matter() -> None:
    outcome, priors = pupils(700, 1)
    order = np.random.default_rng(3).permutation(700)
    other = found_for(outcome[order], priors[order]).percentile
    np.testing.assert_array_equal(found_for(outcome, priors).percentile[order], other)


def test_the_median_of_a_section_would_err_more_than_its_mean() -> None:
    outcome, priors = pupils(6000, 1)
    sections = found_for(outcome, priors).percentile.reshape(100, 60)
    assert np.median(sections, axis=1).std() > 1.4 * sections.mean(axis=1).std()


def test_the_table_by_prior_decile_counts_by_hand() -> None:
    prior = np.arange(20.0)
    percentile = np.where(np.arange(20) % 2 == 0, 9.0, 10.0)
    percentile[-1] = 99.0
    table = percentiles_by_prior_decile(percentile, prior)
    np.testing.assert_allclose(table[0], [0.5, 0.5, *[0.0] * 8])
    np.testing.assert_allclose(table[9], [0.5, *[0.0] * 8, 0.5])
    assert np.isnan(percentiles_by_prior_decile(np.full(5, np.nan), np.arange(5.0))).all()


def drawn(
    rng: np.random.Generator, section_sd: float, sections: int = 60
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, priors, section, class and the sections' true mean percentiles of one grade."""
    size = rng.integers(20, 45, 3 * sections)
    class_ = np.repeat(np.arange(3 * sections), size)
    section = class_ // 3
    effect, class_sd, own_sd = section_sd * rng.normal(size=sections), 0.15, 0.6
    start = rng.normal(size=(len(section), 1))
    outcome = 0.75 * start[:, 0] + effect[section] + class_sd * rng.normal(size=3 * sections)[class_]
    outcome += own_sd * rng.normal(size=len(section))
    within = class_sd**2 + own_sd**2
    # A pupil of section j falls above one drawn from all of the district with probability Φ.
    weight = np.bincount(section) / len(section)
    truth = 100 * norm.cdf((effect[:, None] - effect) / np.sqrt(2 * within)) @ weight
    return outcome, start, section, class_, truth


@pytest.mark.proof
@pytest.mark.parametrize("section_sd", sampled([0.1, 0.0, 0.2]))
def test_intervals_of_mean_percentiles_cover_the_true_differences(section_sd: float) -> None:
    rng = np.random.default_rng(round(100 * section_sd) + 7)
    hits, slopes = [], []
    for _ in range(60):
        outcome, start, section, class_, truth = drawn(rng, section_sd)
        percentile = found_for(outcome, start).percentile
        means = section_means(
            percentile[:, None], section, 60, class_=class_, grade=np.zeros(len(section), int)
        )
        weight = means.n[:, 0] / means.n[:, 0].sum()
        off = means.mean[:, 0] - weight @ means.mean[:, 0] - (truth - weight @ truth)
        hits.append(np.abs(off) <= 1.96 * np.sqrt(difference_variance(means.variance[:, 0], weight)))
        if section_sd:
            slopes.append(np.polyfit(truth, means.mean[:, 0], 1)[0])
    covered = np.mean(hits, axis=1)
    error = covered.std(ddof=1) / np.sqrt(len(covered))
    print(
        f"covers {100 * covered.mean():.2f} % ± {300 * error:.2f}, slope {np.mean(slopes or [np.nan]):.3f}",
        end=" ",
    )
    assert 0.93 - 3 * error <= covered.mean() <= 0.96 + 3 * error
    assert not slopes or abs(np.mean(slopes) - 1) < 3 * np.std(slopes) / np.sqrt(len(slopes)) + 0.02


@pytest.mark.proof
def test_percentiles_are_even_at_every_order_and_start() -> None:
    outcome, priors = pupils(20_000, 3, seed=5)
    for back in (1, 2, 3):
        found = found_for(outcome, priors[:, :back])
        table = percentiles_by_prior_decile(found.percentile, priors[:, 0])
        fit = kstest(found.percentile / 100, "uniform")
        print(f"order {back}: shares {table.min():.3f}–{table.max():.3f}, KS {fit.statistic:.4f}", end=" ")
        # Whole percentiles stand a hundredth apart.
        assert fit.statistic < 0.011
        assert np.abs(table - 0.1).max() < 4 * np.sqrt(0.09 / 2000)


def test_shrunken_means_lie_between_the_section_and_the_district() -> None:
    outcome, start, section, class_, truth = drawn(np.random.default_rng(11), 0.3, sections=30)
    percentile = found_for(outcome, start).percentile
    found = shrunken_percentiles(percentile, section, class_)
    mean = np.bincount(section, percentile) / np.bincount(section)
    assert found.sections.tolist() == list(range(30))
    assert found.shrunken.std() < mean.std()
    assert np.abs(found.shrunken - truth).mean() < np.abs(mean - truth).mean()
    assert (found.conditional_se <= found.shrunken_se).all()
    assert np.corrcoef(found.shrunken, truth)[0, 1] > 0.9


def test_one_class_in_every_section_is_one_level() -> None:
    outcome, start, section, _, _ = drawn(np.random.default_rng(12), 0.3, sections=12)
    percentile = found_for(outcome, start).percentile
    alone = shrunken_percentiles(percentile, section, None)
    same = shrunken_percentiles(percentile, section, section + 7)
    np.testing.assert_array_equal(alone.shrunken, same.shrunken)


def test_one_section_cannot_be_drawn_towards_others() -> None:
    with pytest.raises(ValueError, match="section"):
        shrunken_percentiles(np.arange(1.0, 60.0), np.zeros(59, int), None)


def test_the_hundred_quantiles_stand_in_the_middle_of_each_percent() -> None:
    assert measure.TAUS[[0, 49, 99]].tolist() == [0.005, 0.495, 0.995]
