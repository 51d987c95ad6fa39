"""Crossed fixed effects: against dense algebra, statsmodels, and over simulated districts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import statsmodels.api as sm

from evalib.statistics.crossed_effects import fit_crossed
from sampled import sampled


@dataclass
class District:
    outcome: np.ndarray
    prior: np.ndarray
    feeder: np.ndarray
    receiver: np.ndarray
    class_: np.ndarray
    truth: np.ndarray


def district(
    rng: np.random.Generator,
    feeders: int,
    receivers: int,
    *,
    class_sd: float = 0.2,
    sd: float = 0.1,
    together: float = 0.0,
) -> District:
    """Feeders of 15 to 120 pupils, most of whom go to the nearest receiver, a share into one class of it."""
    size = rng.integers(15, 121, feeders)
    feeder = np.repeat(np.arange(feeders), size)
    near = np.arange(feeders) * receivers // feeders
    receiver = (near[feeder] + rng.choice([0, 1, -1], len(feeder), p=[0.7, 0.2, 0.1])) % receivers
    own = rng.random(len(feeder)) < together
    class_ = 4 * receiver + np.where(own, feeder % 4, rng.integers(0, 4, len(feeder)))
    prior = rng.normal(size=len(feeder)) + 0.3 * rng.normal(size=feeders)[feeder]
    effect = sd * rng.normal(size=feeders)
    outcome = 0.7 * prior + effect[feeder] + 0.3 * rng.normal(size=receivers)[receiver]
    outcome += class_sd * rng.normal(size=4 * receivers)[class_] + 0.6 * rng.normal(size=len(feeder))
    return District(outcome, prior, feeder, receiver, class_, effect - effect[feeder].mean())


def dense(one: District, covariates: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Effects, their covariance and the class correlation by brute force, one component."""
    feeders = one.feeder.max() + 1
    columns = np.hstack(
        [np.eye(feeders)[one.feeder], np.eye(one.receiver.max() + 1)[one.receiver], covariates]
    )
    inverse = np.linalg.pinv(columns.T @ columns)
    size = np.bincount(one.feeder)
    rows = (np.eye(feeders) - size / size.sum()) @ inverse[:feeders] @ columns.T
    residual_maker = np.eye(len(columns)) - columns @ inverse @ columns.T
    member = np.eye(one.class_.max() + 1)[one.class_]
    residual = residual_maker @ one.outcome
    left = member.T @ residual_maker @ member
    moments = [[np.trace(residual_maker), np.trace(left)], [np.trace(left), (left * left).sum()]]
    within, between = np.linalg.solve(moments, [residual @ residual, ((member.T @ residual) ** 2).sum()])
    likeness = within * np.eye(len(columns)) + between * member @ member.T
    return rows @ one.outcome, rows @ likeness @ rows.T, between / (within + between)


@pytest.mark.parametrize(("feeders", "receivers"), [(12, 5), (5, 8), (6, 6)])
def test_effects_and_covariance_are_those_of_dense_algebra(feeders: int, receivers: int) -> None:
    one = district(np.random.default_rng(feeders), feeders, receivers)
    covariates = np.column_stack([one.prior, one.prior**2])
    fit = fit_crossed(one.outcome, covariates, one.feeder, one.receiver, one.class_)
    effect, covariance, correlation = dense(one, covariates)
    assert fit.class_correlation > 0.02
    np.testing.assert_allclose(fit.effect, effect, atol=1e-10)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-8, atol=1e-12)
    assert fit.class_correlation == pytest.approx(correlation, rel=1e-8)


def test_without_classes_effects_and_errors_are_those_of_least_squares_with_dummies() -> None:
    one = district(np.random.default_rng(3), 10, 4)
    fit = fit_crossed(one.outcome, one.prior[:, None], one.feeder, one.receiver)
    dummies = np.hstack([np.eye(10)[one.feeder], np.eye(4)[one.receiver][:, 1:], one.prior[:, None]])
    independent = sm.OLS(one.outcome, dummies).fit()
    size = np.bincount(one.feeder)
    centring = np.hstack([np.eye(10) - size / size.sum(), np.zeros((10, 4))])
    np.testing.assert_allclose(fit.effect, centring @ independent.params, atol=1e-8)
    np.testing.assert_allclose(
        fit.covariance, centring @ independent.cov_params() @ centring.T, rtol=1e-8, atol=1e-12
    )
    assert fit.coefficients[0] == pytest.approx(independent.params[-1], abs=1e-8)
    assert fit.degrees == independent.df_resid
    assert np.isnan(fit.class_correlation)


def test_order_of_pupils_and_numbering_are_irrelevant() -> None:
    rng = np.random.default_rng(4)
    one = district(rng, 8, 4)
    first = fit_crossed(one.outcome, one.prior[:, None], one.feeder, one.receiver, one.class_)
    shuffled, renamed = rng.permutation(len(one.outcome)), rng.permutation(8)
    second = fit_crossed(
        one.outcome[shuffled] + 5.0,
        one.prior[shuffled, None],
        renamed[one.feeder[shuffled]],
        3 - one.receiver[shuffled],
        one.class_[shuffled],
    )
    np.testing.assert_allclose(second.effect[renamed], first.effect, atol=1e-10)
    np.testing.assert_allclose(second.se[renamed], first.se, rtol=1e-8)


def test_a_feeder_whose_pupils_share_a_class_is_less_sure_than_one_whose_pupils_are_scattered() -> None:
    rng = np.random.default_rng(5)
    feeder = np.repeat(np.arange(6), 80)
    receiver = np.tile([0, 1], 240)
    class_ = 8 * receiver + rng.integers(0, 8, 480)
    class_[feeder == 0] = 8 * receiver[feeder == 0]
    outcome = rng.normal(size=480) + 0.5 * rng.normal(size=16)[class_]
    fit = fit_crossed(outcome, np.zeros((480, 0)), feeder, receiver, class_)
    assert fit.class_correlation > 0.05
    assert fit.se[0] > 1.5 * fit.se[1:].max()


def test_components_are_centred_each_on_its_own_and_a_feeder_alone_has_nothing_to_be_compared_with() -> None:
    rng = np.random.default_rng(6)
    feeder = np.repeat([0, 1, 2, 3, 5], 30)
    receiver = np.repeat([0, 0, 1, 1, 2], 30)
    fit = fit_crossed(rng.normal(size=150) + feeder, np.zeros((150, 0)), feeder, receiver, n_feeders=7)
    assert fit.component.tolist() == [0, 0, 1, 1, -1, 2, -1]
    assert fit.effect[0] + fit.effect[1] == pytest.approx(0.0, abs=1e-12)
    assert fit.effect[2] + fit.effect[3] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(fit.effect[4:]).all()
    assert np.isnan(fit.se[4:]).all()
    assert fit.covariance[0, 2] == pytest.approx(0.0, abs=1e-12)


def test_one_class_in_every_receiver_leaves_the_class_correlation_unknown() -> None:
    one = district(np.random.default_rng(7), 8, 4)
    fit = fit_crossed(one.outcome, one.prior[:, None], one.feeder, one.receiver, one.receiver)
    plain = fit_crossed(one.outcome, one.prior[:, None], one.feeder, one.receiver)
    assert np.isnan(fit.class_correlation)
    np.testing.assert_allclose(fit.se, plain.se)


def test_equal_outcomes_give_no_effect_and_no_error() -> None:
    one = district(np.random.default_rng(8), 6, 3)
    fit = fit_crossed(np.ones_like(one.outcome), one.prior[:, None], one.feeder, one.receiver, one.class_)
    np.testing.assert_allclose(fit.effect, 0.0, atol=1e-12)
    np.testing.assert_allclose(fit.se, 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": np.zeros(0), "covariates": np.zeros((0, 0))}, "no pupil"),
        ({"outcome": np.full(40, np.nan)}, "missing"),
        ({"covariates": np.full((40, 1), np.inf)}, "missing"),
        ({"covariates": np.zeros(40)}, "must be"),
        ({"feeder": np.zeros(39, int)}, "feeder must hold"),
        ({"receiver": np.zeros(40)}, "receiver must hold"),
        ({"class_": np.full(40, -1)}, "class codes"),
        ({"covariates": np.column_stack([np.arange(40.0), np.repeat([0, 1], 20)])}, "column 1"),
        ({"covariates": np.ones((40, 1))}, "column 0"),
        ({"feeder": np.arange(40)}, "no more pupils"),
    ],
)
def test_what_cannot_be_fitted_is_named(change: dict[str, np.ndarray], said: str) -> None:
    arguments = {
        "outcome": np.random.default_rng(0).normal(size=40),
        "covariates": np.zeros((40, 0)),
        "feeder": np.repeat([0, 1], 20),
        "receiver": np.tile([0, 1], 20),
        "class_": None,
    } | change
    with pytest.raises(ValueError, match=said):
        fit_crossed(**arguments)


@pytest.mark.proof
@pytest.mark.parametrize(("class_sd", "together"), sampled([(0.2, 0.0), (0.0, 0.0), (0.2, 0.5)]))
@pytest.mark.parametrize(("feeders", "receivers"), sampled([(26, 13), (100, 30)]))
def test_intervals_of_effects_cover(feeders: int, receivers: int, class_sd: float, together: float) -> None:
    """100 districts of 100 feeders or 400 of 26, four classes a receiver, 15 to 120 pupils a feeder."""
    rng = np.random.default_rng(20260901)
    districts = 10_000 // feeders
    inside, naive, z, effects = [], [], [], []
    for _ in range(districts):
        one = district(rng, feeders, receivers, class_sd=class_sd, together=together)
        curve = one.prior[:, None]
        fit = fit_crossed(one.outcome, curve, one.feeder, one.receiver, one.class_)
        plain = fit_crossed(one.outcome, curve, one.feeder, one.receiver)
        error = np.abs(fit.effect - one.truth)
        inside.append(error < 1.96 * fit.se)
        naive.append(error < 1.96 * plain.se)
        z.append((fit.effect - one.truth) / fit.se)
        effects.append(np.polyfit(one.truth, fit.effect, 1)[0])
    covered, without = float(np.mean(inside)), float(np.mean(naive))
    clusters = float(np.std([each.mean() for each in inside]) / np.sqrt(districts))
    print(
        f"\n{feeders} feeders, {receivers} receivers, class sd {class_sd}, {together:.0%} together: "
        f"cover {covered:.3f} (± {clusters:.4f}), without classes {without:.3f}, sd of z {np.std(z):.3f}, "
        f"slope on truth {np.mean(effects):.3f}"
    )
    assert 0.93 - 3 * clusters <= covered <= 0.96 + 3 * clusters
    assert abs(np.mean(effects) - 1.0) < 0.05
