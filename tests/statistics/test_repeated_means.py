"""What lasts and what is a year's own, from yearly figures with known errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from evalib.statistics.repeated_means import RepeatedMeans, repeated_means


def drawn(
    seed: int, sections: int, section_sd: float, year_sd: float, years: int = 3, shared: float = 0.4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figures, covariances with shared pupils, and lasting effects."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.003, 0.02, sections)
    covariance = size[:, None, None] * (shared + (1 - shared) * np.eye(years))
    lasting = section_sd * rng.normal(size=sections)
    error = np.einsum("jyz,jz->jy", np.linalg.cholesky(covariance), rng.normal(size=(sections, years)))
    figures = lasting[:, None] + year_sd * rng.normal(size=(sections, years)) + error
    return figures + np.linspace(0, 0.3, years), covariance, lasting


def dense(figures: np.ndarray, covariance: np.ndarray, section: float, year: float) -> dict[str, np.ndarray]:
    """The same by one matrix over all figures that were seen."""
    sections, years = figures.shape
    whole = np.zeros((sections * years, sections * years))
    for j in range(sections):
        block = slice(j * years, (j + 1) * years)
        whole[block, block] = covariance[j] + section + year * np.eye(years)
    seen = np.isfinite(figures).ravel()
    v = whole[np.ix_(seen, seen)]
    x = np.tile(np.eye(years), (sections, 1))[seen]
    y = figures.ravel()[seen]
    member = np.repeat(np.eye(sections), years, axis=0)[seen]
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    uncertainty = np.linalg.inv(information)
    beta = uncertainty @ x.T @ inverse @ y
    left = y - x @ beta
    deviance = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + left @ inverse @ left
    deviance += (len(y) - x.shape[1]) * np.log(2 * np.pi)
    projection = inverse - inverse @ x @ uncertainty @ x.T @ inverse
    own = section * member.T
    return {
        "deviance": np.array(deviance),
        "means": beta,
        "shrunken": own @ inverse @ left,
        "comparative_se": np.sqrt(section - np.diag(own @ projection @ own.T)),
    }


@pytest.mark.parametrize("gaps", [False, True], ids=["every year", "years unseen"])
def test_it_is_the_dense_algebra_at_its_lowest_deviance(gaps: bool) -> None:
    figures, covariance, _ = drawn(1, 14, 0.15, 0.08)
    if gaps:
        figures[[0, 3], [1, 2]] = np.nan
        figures[5, :2] = np.nan
    found = repeated_means(figures, covariance)
    truth = dense(figures, covariance, found.variance_section, found.variance_year)
    assert_allclose(found.deviance, truth["deviance"], rtol=1e-8)
    assert_allclose(found.year_means, truth["means"], atol=1e-8)
    assert_allclose(found.reliability * found.figure, truth["shrunken"], atol=1e-8)
    assert_allclose(found.comparative_se, truth["comparative_se"], atol=1e-8)
    other = minimize(
        lambda logs: float(dense(figures, covariance, *np.exp(logs))["deviance"]),
        np.log([0.02, 0.01]),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-11},
    )
    assert_allclose([found.variance_section, found.variance_year], np.exp(other.x), rtol=1e-3)
    assert found.deviance <= other.fun + 1e-7


def test_hand_case_of_two_years_without_error() -> None:
    """Balanced and exact: analysis of variance. Means .25 .05 −.30, differences .1 −.1 0."""
    figures = np.array([[0.3, 0.2], [0.0, 0.1], [-0.3, -0.3]])
    found = repeated_means(figures, np.array([1e-9 * np.eye(2)] * 3))
    assert_allclose(found.variance_year, 0.005, rtol=1e-4)
    assert_allclose(found.variance_section, 0.0775 - 0.0025, rtol=1e-4)
    assert_allclose(found.figure, [0.25, 0.05, -0.3], atol=1e-9)
    assert_allclose(found.variance, 0.0025, rtol=1e-4)


def test_variances_and_effects_are_recovered() -> None:
    figures, covariance, lasting = drawn(2, 1000, 0.12, 0.06)
    found = repeated_means(figures, covariance)
    assert_allclose([found.variance_section, found.variance_year], [0.0144, 0.0036], rtol=0.15)
    assert 0.93 < np.mean(np.abs(found.figure - lasting) < 1.96 * np.sqrt(found.variance)) < 0.97
    shrunken = found.reliability * found.figure
    assert abs(shrunken @ lasting / (shrunken @ shrunken) - 1) < 0.05


def test_pupils_in_both_years_are_not_taken_for_something_that_lasts() -> None:
    figures, covariance, _ = drawn(3, 600, 0.0, 0.0, shared=0.8)
    honest = repeated_means(figures, covariance)
    blind = repeated_means(figures, covariance * np.eye(3))
    assert honest.variance_section < 0.001
    assert blind.variance_section > 0.004


def test_nothing_that_lasts_is_a_legal_answer() -> None:
    figures = np.array([[0.2, -0.2], [-0.2, 0.2], [0.1, -0.1], [-0.1, 0.1]])
    found = repeated_means(figures, np.full((4, 2, 2), 0.001) * np.eye(2))
    assert found.variance_section == 0
    assert not found.reliability.any()
    assert not found.comparative_se.any()


def test_section_never_seen_has_no_figure() -> None:
    figures, covariance, _ = drawn(4, 8, 0.2, 0.05)
    figures[2] = np.nan
    found = repeated_means(figures, covariance)
    assert np.isnan([found.figure[2], found.variance[2], found.reliability[2]]).all()
    assert np.isfinite(np.delete(found.figure, 2)).all()


def test_year_that_nobody_saw_changes_nothing() -> None:
    figures, covariance, _ = drawn(5, 8, 0.2, 0.05)
    figures[:, 1] = np.nan
    found = repeated_means(figures, covariance)
    fewer = repeated_means(figures[:, [0, 2]], covariance[:, [0, 2]][:, :, [0, 2]])
    assert np.isnan(found.year_means[1])
    for name in ("figure", "variance", "reliability"):
        assert_allclose(getattr(found, name), getattr(fewer, name), rtol=1e-9)


def test_unit_changes_the_answer_by_that_unit_alone() -> None:
    figures, covariance, _ = drawn(6, 12, 0.2, 0.1)

    def scaled(by: float) -> RepeatedMeans:
        return repeated_means(by * figures, by**2 * covariance)

    assert_allclose(scaled(100.0).figure, 100 * scaled(1.0).figure, rtol=1e-4)
    assert_allclose(scaled(100.0).variance_section, 1e4 * scaled(1.0).variance_section, rtol=1e-4)


def test_all_figures_equal_is_no_difference() -> None:
    found = repeated_means(np.full((5, 3), 0.4), np.eye(3) * np.full((5, 1, 1), 0.01))
    assert found.variance_section == 0
    assert_allclose(found.figure, 0.0, atol=1e-12)


@pytest.mark.parametrize(
    "figures",
    [np.zeros((0, 2)), np.zeros((1, 2)), np.full((4, 2), np.nan), np.array([[1.0, np.nan]] * 4)],
    ids=["empty", "one section", "all missing", "one year each"],
)
def test_too_little_to_tell_is_refused(figures: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two sections must be seen in two years"):
        repeated_means(figures, np.zeros((len(figures), 2, 2)))


def test_shapes_that_do_not_agree_are_refused() -> None:
    with pytest.raises(ValueError, match="covariances must be"):
        repeated_means(np.zeros((4, 2)), np.zeros((4, 3, 3)))
    with pytest.raises(ValueError, match="vary"):
        repeated_means(np.zeros((4, 2)), np.zeros((4, 2, 2)))
