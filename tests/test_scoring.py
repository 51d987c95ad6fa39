"""Which differences may be called one: pooling of years, weights, blocks and the dense posterior."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from evalib.scoring import add_standings
from evalib.settings import Settings, load_settings

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
YEARS = ("2020-2021", "2021-2022", "2022-2023", "2023-2024", "2024-2025", "2025-2026")
NOW = "2024-2025"
POOLED = ("2022-2023", "2023-2024", NOW)


def with_rules(**standing: float) -> Settings:
    measures = SETTINGS.measures
    rules = measures.standing.model_copy(update=standing)
    return replace(SETTINGS, measures=measures.model_copy(update={"standing": rules}))


def measured(
    year: str, sections: int = 20, *, spread: float = 0.15, indicator: str = "standard_score"
) -> pd.DataFrame:
    """One indicator of one stage; sizes differ widely, and the large sections are the good ones."""
    rng = np.random.default_rng([sections, int(year[:4])])
    n = np.round(np.geomspace(40, 900, sections))
    truth = spread * np.linspace(-1.5, 1.5, sections)
    variance = rng.uniform(0.8, 1.2, sections) / n
    value = truth + np.sqrt(variance) * rng.normal(size=sections) + 0.3 * rng.normal()
    return pd.DataFrame(
        {
            "year": year,
            "school_code": [f"s{number:03d}" for number in range(sections)],
            "stage": "primary",
            "indicator": indicator,
            "subject": "",
            "reason": "",
            "value": value,
            "variance": variance,
            "weight": n,
            "n": n,
            "standing_block": "",
        }
    )


def tau2_of(groups: list[pd.DataFrame]) -> float:
    """REML of the between-section variance, each year about its own mean, by matrices."""

    def criterion(log: float) -> float:
        total = 0.0
        for table in groups:
            y, v = table["value"].to_numpy(), table["variance"].to_numpy()
            inverse, ones = np.diag(1 / (v + math.exp(log))), np.ones(len(y))
            information = ones @ inverse @ ones
            left = y - ones @ inverse @ y / information
            total += np.log(v + math.exp(log)).sum() + math.log(information) + left @ inverse @ left
        return float(total)

    found = minimize_scalar(criterion, bounds=(-12, 2), method="bounded", options={"xatol": 1e-10})
    return math.exp(found.x)


def posterior(table: pd.DataFrame, tau2: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of θ_j − Σ w_k θ_k from the joint normal, μ flat, by matrices."""
    y, v, n = (table[name].to_numpy(float) for name in ("value", "variance", "weight"))
    sections = len(y)
    covariance = np.linalg.inv(np.diag(1 / v) + (np.eye(sections) - 1 / sections) / tau2)
    contrast = np.eye(sections) - np.outer(np.ones(sections), n / n.sum())
    return contrast @ covariance @ (y / v), np.sqrt(np.diag(contrast @ covariance @ contrast.T))


def assert_judged_by(judged: pd.DataFrame, groups: list[pd.DataFrame]) -> None:
    tau2 = tau2_of(groups)
    mean, sd = posterior(judged, tau2)
    assert_allclose(judged["between_variance"], tau2, rtol=1e-5)
    assert_allclose(judged["d_mean"], mean, rtol=1e-4, atol=1e-6)
    assert_allclose(judged["d_sd"], sd, rtol=1e-4)


@pytest.fixture(scope="module")
def years() -> dict[str, pd.DataFrame]:
    """Six years whose sections differ less and less."""
    return {year: measured(year, spread=0.24 - 0.03 * position) for position, year in enumerate(YEARS)}


def test_the_difference_is_taken_from_the_mean_over_pupils_not_over_sections() -> None:
    one = {NOW: measured(NOW)}
    judged = add_standings(one, NOW, SETTINGS)
    assert_judged_by(judged, [one[NOW]])
    equal = posterior(one[NOW].assign(weight=1.0), float(judged["between_variance"].iloc[0]))[0]
    # The large sections are the good ones: the unweighted mean is another reference.
    assert np.abs(judged["d_mean"] - equal).min() > 0.05


def test_three_years_steady_the_variance_of_few_sections_and_no_year_more(years) -> None:
    judged = add_standings(years, NOW, SETTINGS)
    assert_judged_by(judged, [years[year] for year in POOLED])
    shares = {year: tau2_of([years[year]]) for year in YEARS}
    assert min(shares.values()) < 0.8 * float(judged["between_variance"].iloc[0])


def test_what_is_said_of_a_year_does_not_know_the_years_after_it(years) -> None:
    without = {year: table for year, table in years.items() if year <= NOW}
    pd.testing.assert_frame_equal(add_standings(years, NOW, SETTINGS), add_standings(without, NOW, SETTINGS))


def test_the_number_of_pooled_years_is_that_of_the_params(years) -> None:
    judged = add_standings(years, NOW, with_rules(pooled_years=2))
    assert_judged_by(judged, [years[year] for year in POOLED[1:]])
    judged = add_standings(years, NOW, with_rules(pooled_years=1))
    assert_judged_by(judged, [years[NOW]])


@pytest.mark.parametrize(("sections", "pooled"), [(59, True), (60, False)])
def test_many_sections_judge_themselves_by_their_own_year(sections: int, pooled: bool) -> None:
    years = {year: measured(year, sections, spread=0.1 + 0.1 * (year == NOW)) for year in POOLED}
    judged = add_standings(years, NOW, SETTINGS)
    assert_judged_by(judged, [years[year] for year in POOLED] if pooled else [years[NOW]])


def test_an_earlier_year_of_too_few_sections_or_of_another_kind_is_left_out() -> None:
    others = [
        measured(POOLED[1], 30, spread=0.6).assign(stage="junior"),
        measured(POOLED[1], 30, spread=0.6).assign(subject="chinese"),
        measured(POOLED[1], 30, spread=0.6, indicator="value_added"),
        measured(POOLED[1], 12, spread=0.6).assign(reason="low_coverage"),
        measured(POOLED[1], 9, spread=0.6),
    ]
    years = {POOLED[1]: pd.concat(others, ignore_index=True), NOW: measured(NOW)}
    judged = add_standings(years, NOW, SETTINGS)
    assert_judged_by(judged, [years[NOW]])


def test_a_section_that_may_not_be_judged_moves_nobody() -> None:
    table = measured(NOW)
    plain = add_standings({NOW: table}, NOW, SETTINGS)
    extra = table.iloc[:3].assign(value=3.0, school_code=["t1", "t2", "t3"])
    extra["n"] = [29.0, 100.0, 100.0]
    extra["reason"] = ["", "low_coverage", ""]
    extra["variance"] = [0.01, 0.01, np.nan]
    judged = add_standings({NOW: pd.concat([table, extra], ignore_index=True)}, NOW, SETTINGS)
    pd.testing.assert_frame_equal(judged.iloc[:20], plain)
    assert judged["d_mean"].iloc[20:].isna().all()
    assert list(judged["standing"].iloc[20:]) == ["none", "", "none"]


def test_a_blocked_standing_is_not_said_though_its_section_counts_among_the_others() -> None:
    table = measured(NOW, spread=0.5)
    free = add_standings({NOW: table}, NOW, SETTINGS)
    assert free["standing"].iloc[-1] == "clearly_above"
    blocked = table.assign(standing_block="")
    blocked.loc[[0, 19], "standing_block"] = "low_reliability"
    judged = add_standings({NOW: blocked}, NOW, SETTINGS)
    assert list(judged["standing"].iloc[[0, 19]]) == ["none", "none"]
    assert list(judged["standing_reason"].iloc[[0, 19]]) == ["low_reliability", "low_reliability"]
    unchanged = free.index[1:19]
    pd.testing.assert_frame_equal(judged.loc[unchanged], free.loc[unchanged])


@pytest.mark.parametrize(("sections", "judged"), [(9, False), (10, True)])
def test_fewer_sections_than_the_minimum_are_not_compared(sections: int, judged: bool) -> None:
    found = add_standings({NOW: measured(NOW, sections, spread=0.5)}, NOW, SETTINGS)
    assert ("none" not in set(found["standing"])) == judged
    assert set(found["standing_reason"]) == ({""} if judged else {"too_few_sections"})
    assert found["d_mean"].notna().all() == judged


@pytest.mark.parametrize("indicator", ["standard_score", "pass_rate", "low_score_rate", "value_added"])
def test_words_follow_the_probability_of_a_difference_that_matters(indicator: str) -> None:
    params = next(one for one in SETTINGS.measures.indicators if one.id == indicator)
    judged = add_standings({NOW: measured(NOW, 40, spread=0.35, indicator=indicator)}, NOW, SETTINGS)
    better = judged["d_mean"] if params.direction == "higher" else -judged["d_mean"]
    delta = params.smallest_difference
    for side, name in ((better, "above"), (-better, "below")):
        chance = [1 - NormalDist(m, s).cdf(delta) for m, s in zip(side, judged["d_sd"], strict=True)]
        assert_allclose(judged[f"probability_{name}"], chance, atol=1e-9)
        clear, probable = judged[f"probability_{name}"].ge(0.95), judged[f"probability_{name}"].ge(0.8)
        assert (judged["standing"].eq(f"clearly_{name}") == clear).all()
        assert (judged["standing"].eq(f"probably_{name}") == (probable & ~clear)).all()
        assert clear.any()
    assert judged["standing"].isin(["not_distinguishable"]).any()


def test_a_figure_of_record_is_never_judged() -> None:
    judged = add_standings({NOW: measured(NOW, indicator="match_rate", spread=0.5)}, NOW, SETTINGS)
    assert set(judged["standing"]) == {""}
    assert judged["d_mean"].isna().all()


def test_sections_that_do_not_differ_are_not_distinguishable() -> None:
    table = measured(NOW)
    table["value"] = 0.2 + 1e-4 * np.arange(20)
    judged = add_standings({NOW: table}, NOW, SETTINGS)
    assert set(judged["standing"]) == {"not_distinguishable"}
    assert (judged[["d_mean", "d_sd", "between_variance"]] == 0).all(axis=None)
