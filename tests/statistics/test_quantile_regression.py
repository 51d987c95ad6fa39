"""Quantile regressions beside a linear-programming solver, a published table and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.optimize import linprog
from statsmodels.datasets import engel

from evalib.statistics import quantile_regression
from evalib.statistics.quantile_regression import check_loss, independent_columns, quantile_regressions

HUNDRED = (np.arange(1, 101) - 0.5) / 100


def spline(x: np.ndarray) -> np.ndarray:
    """A cubic B-spline without its middle column, as growth percentiles use it."""
    reach = 0.1 * np.ptp(x)
    inner = np.unique(np.quantile(x, [0.2, 0.4, 0.6, 0.8]))
    edges = [x.min() - reach] * 4 + [knot for knot in inner if x.min() < knot < x.max()]
    basis = BSpline.design_matrix(x, np.array([*edges, *[x.max() + reach] * 4]), 3).toarray()
    return np.delete(basis, basis.shape[1] // 2, axis=1)


def curves(pupils: int, priors: int, step: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A design of splines and an outcome whose spread depends on them; rounded where a step is given."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=pupils)
    start = ability[:, None] + 0.5 * rng.normal(size=(pupils, priors))
    outcome = 0.8 * ability + 0.3 * np.exp(0.3 * ability) * rng.normal(size=pupils)
    if step:
        start, outcome = np.round(start / step) * step, np.round(outcome / step) * step
    design = np.column_stack([np.ones(pupils), *[spline(one) for one in start.T]])
    return design[:, independent_columns(design)], outcome


def plain(pupils: int, columns: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.column_stack([np.ones(pupils), rng.normal(size=(pupils, columns - 1))]), rng.normal(size=pupils)


def heavy_tails() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return np.column_stack([np.ones(300), rng.standard_cauchy((300, 3))]), rng.standard_cauchy(300)


def every_pupil_five_times() -> tuple[np.ndarray, np.ndarray]:
    design, outcome = curves(80, 1)
    return np.repeat(design, 5, axis=0), np.repeat(outcome, 5)


def yes_or_no() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return np.column_stack([np.ones(200), rng.integers(0, 3, 200)]), rng.integers(0, 2, 200).astype(float)


DESIGNS = {
    "one curve": curves(300, 1),
    "three curves": curves(400, 3),
    "heavy ties": curves(400, 2, step=0.5),
    "every pupil five times": every_pupil_five_times(),
    "yes or no": yes_or_no(),
    "heavy tails": heavy_tails(),
    "one pupil more than columns": plain(12, 11),
    "no constant": (plain(100, 4)[0][:, 1:], plain(100, 4)[1] + 5.0),
}


def least_loss(design: np.ndarray, outcome: np.ndarray, tau: float) -> float:
    """Of the linear programme, by HiGHS."""
    pupils, columns = design.shape
    cost = np.concatenate([np.zeros(columns), np.full(pupils, tau), np.full(pupils, 1 - tau)])
    both = np.hstack([design, np.eye(pupils), -np.eye(pupils)])
    bounds = [(None, None)] * columns + [(0, None)] * (2 * pupils)
    found = linprog(cost, A_eq=both, b_eq=outcome, bounds=bounds, method="highs")
    assert found.status == 0
    return float(found.fun)


def assert_as_good_as_the_linear_programme(design: np.ndarray, outcome: np.ndarray, every: int) -> None:
    fits = quantile_regressions(design, outcome, HUNDRED)
    for position in range(0, 100, every):
        tau = HUNDRED[position]
        least = least_loss(design, outcome, tau)
        own = check_loss(outcome - design @ fits.coefficients[position], tau)
        assert own == pytest.approx(least, rel=1e-8)
        assert fits.loss[position] == pytest.approx(least, rel=1e-8)
        assert abs(fits.gap[position]) < 1e-8 * least


@pytest.mark.parametrize("name", DESIGNS)
def test_no_other_fit_loses_less(name: str) -> None:
    assert_as_good_as_the_linear_programme(*DESIGNS[name], every=16)


@pytest.mark.proof
@pytest.mark.parametrize("name", DESIGNS)
def test_no_other_fit_loses_less_at_any_of_the_hundred_quantiles(name: str) -> None:
    assert_as_good_as_the_linear_programme(*DESIGNS[name], every=1)


@pytest.mark.proof
def test_every_fit_settles_whatever_the_ties() -> None:
    worst = 0.0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        design, outcome = curves(
            int(rng.integers(60, 3000)),
            int(rng.integers(1, 4)),
            step=float(rng.choice([0.0, 0.1, 0.5])),
            seed=seed,
        )
        fits = quantile_regressions(design, outcome, HUNDRED)
        worst = max(worst, float((fits.gap / fits.loss).max()))
    print(f"largest gap {worst:.1e} of the loss", end=" ")
    assert worst < 1e-6


def test_engel_curves_are_those_published() -> None:
    """Food expenditure on income, 235 households of 1857: the example of R's quantreg."""
    households = engel.load_pandas().data
    design = np.column_stack([np.ones(235), households["income"]])
    taus = np.array([0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95])
    fits = quantile_regressions(design, households["foodexp"].to_numpy(), taus)
    intercepts = [124.88004, 110.14157, 95.48354, 81.48225, 62.39659, 67.35087, 64.10396]
    slopes = [0.34336, 0.40177, 0.47410, 0.56018, 0.64401, 0.68630, 0.70907]
    np.testing.assert_allclose(fits.coefficients, np.column_stack([intercepts, slopes]), atol=1.1e-5)


def test_with_a_constant_alone_the_fit_is_the_sample_quantile() -> None:
    marks = np.array([30.0, 10.0, 20.0, 50.0, 40.0])
    fits = quantile_regressions(np.ones((5, 1)), marks, np.array([0.1, 0.3, 0.5, 0.7, 0.9]))
    np.testing.assert_allclose(fits.coefficients.ravel(), [10.0, 20.0, 30.0, 40.0, 50.0])
    # At the median 20 + 10 + 0 + 10 + 20, half of it.
    assert fits.loss[2] == pytest.approx(30.0)


def test_two_groups_have_their_own_quantiles() -> None:
    group = np.repeat([0.0, 1.0], 3)
    marks = np.array([1.0, 2.0, 3.0, 14.0, 15.0, 19.0])
    fits = quantile_regressions(np.column_stack([np.ones(6), group]), marks, np.array([0.5]))
    np.testing.assert_allclose(fits.coefficients, [[2.0, 13.0]])


def test_below_each_fit_lie_as_many_as_the_quantile_says() -> None:
    design, outcome = curves(900, 2)
    fits = quantile_regressions(design, outcome, HUNDRED)
    residual = outcome[:, None] - design @ fits.coefficients.T
    on_it = np.abs(residual) < 1e-9
    below = ((residual < 0) & ~on_it).sum(axis=0)
    assert (on_it.sum(axis=0) == design.shape[1]).all()
    assert (below <= 900 * HUNDRED).all()
    assert (below + on_it.sum(axis=0) >= 900 * HUNDRED).all()


def test_units_and_order_of_pupils_do_not_matter() -> None:
    design, outcome = curves(400, 1)
    order = np.random.default_rng(2).permutation(400)
    taus = np.array([0.105, 0.5, 0.905])
    one = quantile_regressions(design, outcome, taus)
    other = quantile_regressions(design[order] * 1000.0, 10.0 * outcome[order] + 7.0, taus)
    predicted = 10.0 * design @ one.coefficients.T + 7.0
    np.testing.assert_allclose(1000.0 * design @ other.coefficients.T, predicted, rtol=0, atol=1e-9)


def test_turned_round_the_upper_quantile_is_the_lower() -> None:
    design, outcome = curves(400, 1)
    upper = quantile_regressions(design, outcome, np.array([0.905]))
    lower = quantile_regressions(design, -outcome, np.array([0.095]))
    np.testing.assert_allclose(upper.coefficients, -lower.coefficients, atol=1e-9)


def test_equal_outcomes_are_fitted_by_themselves() -> None:
    fits = quantile_regressions(plain(50, 3)[0], np.full(50, 3.0), np.array([0.25, 0.75]))
    np.testing.assert_allclose(fits.coefficients, [[3.0, 0.0, 0.0]] * 2, atol=1e-12)
    np.testing.assert_allclose(fits.loss, 0.0, atol=1e-12)


def test_an_outcome_on_a_line_lies_on_it_at_every_quantile() -> None:
    design, _ = plain(80, 2)
    fits = quantile_regressions(design, design @ [1.0, 2.0], HUNDRED)
    np.testing.assert_allclose(fits.coefficients, np.tile([1.0, 2.0], (100, 1)), atol=1e-12)


def test_a_later_column_is_kept_though_one_before_it_falls_out() -> None:
    rng = np.random.default_rng(3)
    first, last = rng.normal(size=(2, 30))
    design = np.column_stack([np.ones(30), first, 2.0 * first - 3.0, np.zeros(30), last])
    assert independent_columns(design).tolist() == [0, 1, 4]


GOOD, MARKS, MEDIAN = *plain(20, 3), np.array([0.5])


@pytest.mark.parametrize(
    ("design", "outcome", "taus", "message"),
    [
        (GOOD, MARKS[:-1], MEDIAN, r"design must be \(N, p\)"),
        (GOOD[:, 0], MARKS, MEDIAN, r"design must be \(N, p\)"),
        (GOOD, np.where(np.arange(20) == 3, np.nan, MARKS), MEDIAN, "missing or infinite"),
        (np.where(GOOD > 1.5, np.inf, GOOD), MARKS, MEDIAN, "missing or infinite"),
        (np.column_stack([GOOD, GOOD @ [1.0, 2.0, 3.0]]), MARKS, MEDIAN, "column 3 of the design depends"),
        (GOOD[:3], MARKS[:3], MEDIAN, "3 pupils are too few for 3 columns"),
        (GOOD[:0], MARKS[:0], MEDIAN, "0 pupils are too few"),
        (GOOD[:, :0], MARKS, MEDIAN, "too few for 0 columns"),
        (GOOD, MARKS, np.array([0.5, 1.0]), "strictly between 0 and 1"),
        (GOOD, MARKS, np.array([]), "strictly between 0 and 1"),
        (GOOD, MARKS, np.array([0.5, 0.25]), "quantiles must increase"),
    ],
)
def test_what_cannot_be_fitted_is_named(design, outcome, taus, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quantile_regressions(design, outcome, taus)


def test_a_fit_that_is_not_proven_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(quantile_regression, "_WIDEST_GAP", -1.0)
    with pytest.raises(ValueError, match=r"quantile 0\.500 did not settle"):
        quantile_regressions(GOOD, MARKS, MEDIAN)


def test_where_one_parting_of_ties_does_not_settle_another_is_tried(monkeypatch) -> None:
    path, partings = quantile_regression._from_the_median_outwards, []

    def unlucky_at_first(rows: np.ndarray, parted: np.ndarray, taus: np.ndarray):
        partings.append(parted)
        if len(partings) == 1:
            raise ValueError("did not settle")
        return path(rows, parted, taus)

    expected = quantile_regressions(*curves(300, 1), HUNDRED).coefficients
    monkeypatch.setattr(quantile_regression, "_from_the_median_outwards", unlucky_at_first)
    found = quantile_regressions(*curves(300, 1), HUNDRED).coefficients
    assert (partings[0] != partings[1]).any()
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_exchanges_that_find_no_end_are_given_up(monkeypatch) -> None:
    monkeypatch.setattr(quantile_regression, "_ROUNDS", 1)
    with pytest.raises(ValueError, match="did not settle"):
        quantile_regressions(*curves(300, 3), HUNDRED)


@pytest.mark.parametrize("near", [0.3, 1.0])
def test_pupils_taken_for_far_do_not_change_the_fit(monkeypatch, near: float) -> None:
    design, outcome = curves(1500, 1)
    expected = quantile_regressions(design, outcome, HUNDRED).coefficients
    monkeypatch.setattr(quantile_regression, "_NEAR", near)
    found = quantile_regressions(design, outcome, HUNDRED).coefficients
    np.testing.assert_allclose(found, expected, atol=1e-9)
