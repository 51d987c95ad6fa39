"""Everything `review_year` prints of one stage against the same figures computed again."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from evalib.scoring.standings import add_standings
from irregular_stage import (
    NEWLY_BUILT,
    NOW,
    SETTINGS,
    SILENT,
    SMALL,
    SUBJECTS,
    Tables,
    invented,
    measurements,
    printed,
    with_params,
)
from plain_review import (
    Z95,
    figure_of,
    of_pupils,
    recomputed_mean,
    recomputed_share,
    records,
    starts,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return invented()


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tables: Tables) -> pd.DataFrame:
    return measurements(tmp_path_factory.mktemp("recomputed"), tables)


@pytest.fixture(scope="module")
def by_sat(tmp_path_factory, tables: Tables) -> pd.DataFrame:
    """The same under the denominator of those who sat."""
    settings = with_params(SETTINGS, denominator="sat", minimum_sections=99)
    return measurements(tmp_path_factory.mktemp("sat"), tables, settings)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float = 1e-9) -> None:
    for name in expected.columns:
        assert_allclose(
            found.loc[expected.index, name], expected[name], rtol=tolerance, atol=tolerance, err_msg=name
        )


@pytest.mark.parametrize("subject", ["", *SUBJECTS])
def test_standard_scores_are_those_of_the_definition(
    tables: Tables, measured: pd.DataFrame, subject: str
) -> None:
    table = records(tables, NOW, on_roll=True)
    table = table[table["subject"].eq(subject)] if subject else table
    expected = recomputed_mean(of_pupils(table, figure_of(table, "standard_score", "entered")))
    assert SILENT not in expected.index
    found = printed(measured, "standard_score", subject)
    assert set(found.index[found["reason"].eq("")]) == set(expected.index)
    assert 0.02 < expected["class_correlation"].iloc[0] < 0.5  # classes are felt
    assert_same(found, expected)


@pytest.mark.parametrize("denominator", ["entered", "sat"])
@pytest.mark.parametrize("indicator", ["excellent_rate", "pass_rate", "low_score_rate"])
def test_rates_are_those_of_the_definition(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, indicator: str, denominator: str, by_sat
) -> None:
    table = records(tables, NOW, on_roll=True)
    judged = measured if denominator == "entered" else by_sat
    for subject in ("", *SUBJECTS):
        some = table[table["subject"].eq(subject)] if subject else table
        expected = recomputed_share(of_pupils(some, figure_of(some, indicator, denominator)))
        assert_same(printed(judged, indicator, subject), expected)


def test_participation_is_that_of_the_definition_and_has_no_interval(
    tables: Tables, measured: pd.DataFrame
) -> None:
    table = records(tables, NOW, on_roll=True)
    expected = recomputed_share(of_pupils(table, figure_of(table, "participation", "entered")))
    found = printed(measured, "participation")
    assert_same(found, expected[["value", "n", "reference", "difference"]])
    assert found.loc[expected.index, ["se", "low", "high"]].isna().all(axis=None)


def test_expected_pupils_are_those_on_roll_in_the_grades_that_sat(
    tables: Tables, measured: pd.DataFrame
) -> None:
    roll = tables["pupils", NOW]
    roll = roll[~roll["status"].isin(["left", "transferred_out"]) & roll["grade"].isin([4, 5])]
    expected = roll.groupby("school_code").size()
    found = printed(measured, "standard_score")
    assert_allclose(found["expected"], expected.reindex(found.index))
    shown = found[found["reason"].eq("")]
    assert_allclose(shown["coverage"], shown["n"] / shown["expected"])
    assert found.loc[SILENT, "reason"] == "no_data"


def test_shrunken_intervals_are_made_of_the_errors(measured: pd.DataFrame) -> None:
    found = printed(measured, "value_added").dropna(subset=["shrunken"])
    assert len(found) == 12
    reach = Z95 * found["shrunken_se"]
    assert_allclose(found["shrunken_low"], found["shrunken"] - reach)
    assert_allclose(found["shrunken_high"], found["shrunken"] + reach)


def test_match_rate_counts_who_was_one_grade_below_with_marks(tables: Tables, measured: pd.DataFrame) -> None:
    groups = starts(tables).groupby("school_code")
    expected = pd.DataFrame(
        {"value": groups["prior"].agg(lambda one: one.notna().mean()), "n": groups.size()}
    )
    found = printed(measured, "match_rate")
    assert_same(found, expected)
    assert found.loc[NEWLY_BUILT, "value"] < 0.7
    assert printed(measured, "value_added").loc[NEWLY_BUILT, "reason"] == "low_coverage"


def test_standings_are_those_of_the_joint_posterior(measured: pd.DataFrame) -> None:
    judged = add_standings({NOW: measured}, NOW, SETTINGS)
    smallest = {"standard_score": 0.1, "low_score_rate": 0.03, "value_added": 0.1}
    for indicator, delta in smallest.items():
        found = printed(judged, indicator)
        of_use = found[found["reason"].eq("") & found["n"].ge(30)]
        assert SMALL not in of_use.index
        y, v, n = (of_use[name].to_numpy() for name in ("value", "variance", "n"))
        assert len(y) >= 10

        def criterion(log: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            total = np.diag(v + np.exp(log))
            inverse, ones = np.linalg.inv(total), np.ones(len(y))
            information = ones @ inverse @ ones
            left = y - ones @ inverse @ y / information
            return float(np.linalg.slogdet(total)[1] + np.log(information) + left @ inverse @ left)

        grid = np.linspace(-12, 2, 57)
        start = min(grid, key=criterion)
        tau2 = np.exp(
            minimize(
                lambda x, c=criterion: c(x[0]), [start], method="Nelder-Mead", options={"xatol": 1e-9}
            ).x[0]
        )
        assert_allclose(of_use["between_variance"], tau2, rtol=1e-4)
        precision = np.diag(1 / v) + (np.eye(len(y)) - 1 / len(y)) / tau2
        covariance = np.linalg.inv(precision)
        contrast = np.eye(len(y)) - np.outer(np.ones(len(y)), n / n.sum())
        mean = contrast @ covariance @ (y / v)
        sd = np.sqrt(np.diag(contrast @ covariance @ contrast.T))
        assert_allclose(of_use["d_mean"], mean, rtol=1e-3, atol=1e-5)
        assert_allclose(of_use["d_sd"], sd, rtol=1e-3)
        sign = -1 if indicator == "low_score_rate" else 1
        for one, column in ((1, "probability_above"), (-1, "probability_below")):
            chance = [1 - NormalDist(one * sign * m, s).cdf(delta) for m, s in zip(mean, sd, strict=True)]
            assert_allclose(of_use[column], chance, atol=1e-3)
        above, below = of_use["probability_above"], of_use["probability_below"]
        words = np.where(above >= 0.95, "clearly_above", np.where(above >= 0.8, "probably_above", ""))
        words = np.where(below >= 0.95, "clearly_below", np.where(below >= 0.8, "probably_below", words))
        words = np.where(words == "", "not_distinguishable", words)
        # Where the model that knows the intake judges otherwise, nothing is claimed.
        words = np.where(of_use["standing_reason"].eq("models_disagree"), "none", words)
        assert (of_use["standing"].to_numpy() == words).all()
        assert len(set(of_use["standing"])) >= 2
