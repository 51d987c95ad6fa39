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

from evalib.scoring.standings import CLAIMS, add_standings, told_apart
from evalib.settings import Settings, load_settings
from evalib.statistics.posterior import difference_variance

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
YEARS = ("2020-2021", "2021-2022", "2022-2023", "2023-2024", "2024-2025", "2025-2026")
NOW = "2024-2025"
POOLED = ("2022-2023", "2023-2024", NOW)


def with_rules(**standing: float | str) -> Settings:
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
            "dimension": "growth" if "value_added" in indicator else "academic",
            "subject": "",
            "reason": "",
            "value": value,
            "difference": value - n @ value / n.sum(),
            "difference_se": np.sqrt(difference_variance(variance, n / n.sum())),
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
    assert_posterior(judged, tau2)


def assert_posterior(judged: pd.DataFrame, tau2: float) -> None:
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
        measured(POOLED[1], 9, spread=0.6).assign(school_code=[f"t{number}" for number in range(9)]),
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
    table["difference"] = 0.2 + 1e-4 * np.arange(20)
    judged = add_standings({NOW: table}, NOW, SETTINGS)
    assert set(judged["standing"]) == {"not_distinguishable"}
    assert (judged[["d_mean", "d_sd", "between_variance"]] == 0).all(axis=None)


def test_the_difference_is_judged_where_sections_have_references_of_their_own() -> None:
    """As those of a dimension do, made of the indicators that each section has."""
    table = measured(NOW)
    lifted = 10.0 * (np.arange(20) % 2)
    moved = table.assign(value=table["value"] + lifted)
    plain, judged = (add_standings({NOW: one}, NOW, SETTINGS) for one in (table, moved))
    pd.testing.assert_frame_equal(judged.drop(columns="value"), plain.drop(columns="value"))


def dimension(**columns: object) -> pd.DataFrame:
    table = measured(NOW, spread=0.5).assign(**columns)
    return table.assign(indicator="academic", dimension="academic")


def test_a_dimension_is_judged_by_the_smallest_difference_of_each_row() -> None:
    smallest = np.where(np.arange(20) % 2, 0.05, 0.4)
    judged = add_standings({NOW: dimension(smallest=smallest)}, NOW, SETTINGS)
    chance = [
        1 - NormalDist(mean, sd).cdf(delta)
        for mean, sd, delta in zip(judged["d_mean"], judged["d_sd"], smallest, strict=True)
    ]
    assert_allclose(judged["probability_above"], chance, atol=1e-9)
    assert {"clearly_above", "clearly_below"} <= set(judged["standing"])


def test_a_dimension_without_a_smallest_difference_is_not_judged() -> None:
    assert set(add_standings({NOW: dimension()}, NOW, SETTINGS)["standing"]) == {""}
    some = np.where(np.arange(20) < 3, np.nan, 0.1)
    judged = add_standings({NOW: dimension(smallest=some)}, NOW, SETTINGS)
    assert set(judged["standing"].iloc[:3]) == {"none"}
    assert "none" not in set(judged["standing"].iloc[3:])


def test_the_smallest_difference_of_a_row_goes_before_its_indicator() -> None:
    table = measured(NOW, spread=0.5)
    own = add_standings({NOW: table.assign(smallest=0.5)}, NOW, SETTINGS)
    none = add_standings({NOW: table.assign(smallest=np.nan)}, NOW, SETTINGS)
    plain = add_standings({NOW: table}, NOW, SETTINGS)
    assert (own["probability_above"] <= plain["probability_above"]).all()
    assert own["probability_above"].sum() < plain["probability_above"].sum()
    assert none["standing"].tolist() == plain["standing"].tolist()


@pytest.mark.parametrize(("sections", "used"), [(59, True), (60, False)])
def test_a_frozen_variance_serves_where_sections_are_few(sections: int, used: bool) -> None:
    years = {year: measured(year, sections) for year in POOLED}
    frozen = {("primary", "standard_score", ""): 0.5, ("junior", "standard_score", ""): 0.7}
    judged = add_standings(years, NOW, SETTINGS, frozen)
    assert_posterior(judged, 0.5 if used else tau2_of([years[NOW]]))
    other = {("primary", "standard_score", "chinese"): 0.5}
    pd.testing.assert_frame_equal(
        add_standings(years, NOW, SETTINGS, other), add_standings(years, NOW, SETTINGS)
    )


def with_intake(table: pd.DataFrame, shift: np.ndarray, **columns: object) -> pd.DataFrame:
    """Value added, and what the model with the section's intake says instead."""
    intake = table.assign(indicator="value_added_intake", difference=table["difference"] + shift, **columns)
    return pd.concat([table, intake], ignore_index=True)


def test_where_two_models_say_different_things_value_added_claims_nothing() -> None:
    table = measured(NOW, 40, spread=0.5, indicator="value_added")
    plain = add_standings({NOW: table}, NOW, SETTINGS)
    top = int(table["difference"].argmax())
    shift = np.zeros(40)
    shift[top] = -2.5
    judged = add_standings({NOW: with_intake(table, shift)}, NOW, SETTINGS)
    # What value added would say alone, against what the other model says.
    side, other = (
        one["standing"].map({word: word[-5:] for word in CLAIMS}).fillna("").to_numpy()
        for one in (plain, judged.iloc[40:])
    )
    differ = side != other
    assert differ[top]
    assert differ.sum() < 20
    mine = judged.iloc[:40]
    assert set(mine.loc[differ, "standing"]) == {"none"}
    assert set(mine.loc[differ, "standing_reason"]) == {"models_disagree"}
    assert mine.loc[differ, ["rank_low", "p_top_quarter", "called_by_chance"]].isna().all(axis=None)
    assert mine.loc[~differ, "standing"].tolist() == plain.loc[~differ, "standing"].tolist()
    assert mine["d_mean"].notna().all()  # both stay shown
    assert judged["standing"].iloc[40 + top] == "clearly_below"


def test_score_of_growth_claims_nothing_where_the_models_of_value_added_disagree() -> None:
    table = measured(NOW, 40, spread=0.5, indicator="value_added")
    score = table.assign(indicator="growth", smallest=0.1)
    alone = add_standings({NOW: pd.concat([table, score], ignore_index=True)}, NOW, SETTINGS).iloc[40:]
    top = int(table["difference"].argmax())
    assert alone["standing"].iloc[top] == "clearly_above"
    shift = np.zeros(40)
    shift[top] = -2.5
    both = pd.concat([with_intake(table, shift), score], ignore_index=True)
    judged = add_standings({NOW: both}, NOW, SETTINGS).iloc[80:]
    assert judged["standing"].iloc[top] == "none"
    assert judged["standing_reason"].iloc[top] == "models_disagree"
    assert judged["standing"].ne("none").any()


def test_clearly_and_probably_the_same_are_no_disagreement_and_no_model_is_none() -> None:
    table = measured(NOW, 40, spread=0.5, indicator="value_added")
    plain = add_standings({NOW: table}, NOW, SETTINGS)
    wide = with_intake(table, np.zeros(40), variance=4 * table["variance"])
    judged = add_standings({NOW: wide}, NOW, SETTINGS)
    changed = judged["standing"].iloc[:40].to_numpy() != judged["standing"].iloc[40:].to_numpy()
    agreed = judged["standing_reason"].iloc[:40].eq("").to_numpy()
    assert (changed & agreed).any()
    silent = with_intake(table, np.full(40, -9.0), reason="fit_failed")
    judged = add_standings({NOW: silent}, NOW, SETTINGS)
    assert judged["standing"].iloc[:40].tolist() == plain["standing"].tolist()
    other = with_intake(table, -2 * table["difference"].to_numpy(), subject="chinese")
    judged = add_standings({NOW: other}, NOW, SETTINGS)
    assert judged["standing"].iloc[:40].tolist() == plain["standing"].tolist()


def test_claims_taken_together_are_the_largest_set_of_which_five_percent_are_false() -> None:
    table = measured(NOW, 60, spread=0.2)
    table["standing_block"] = np.where(np.arange(60) % 9 == 4, "low_reliability", "")
    plain = add_standings({NOW: table}, NOW, SETTINGS)
    judged = add_standings({NOW: table}, NOW, with_rules(adjust="fdr"))
    best = plain[["probability_above", "probability_below"]].max(axis=1)
    claims = plain.index[plain["standing"].isin(CLAIMS)]
    order = best[claims].sort_values(ascending=False)
    kept = max(size for size in range(len(order) + 1) if size == 0 or 1 - order.iloc[:size].mean() <= 0.05)
    clear = judged.index[judged["standing"].str.startswith("clearly")]
    assert set(clear) == set(order.index[:kept])
    assert kept > plain["standing"].str.startswith("clearly").sum()
    rest = order.index[kept:]
    assert judged.loc[rest, "standing"].str.startswith("probably").all()
    assert len(rest)
    others = plain.index.difference(claims)
    assert judged.loc[others, "standing"].tolist() == plain.loc[others, "standing"].tolist()
    assert (judged["standing"].str.rpartition("_")[2] == plain["standing"].str.rpartition("_")[2]).all()


def test_ranks_run_from_the_best_whatever_the_direction() -> None:
    for indicator, best in (("pass_rate", 19), ("low_score_rate", 0)):
        judged = add_standings({NOW: measured(NOW, spread=0.5, indicator=indicator)}, NOW, SETTINGS)
        worst = 19 - best
        assert judged["rank_low"].iloc[best] < 3
        assert judged["rank_high"].iloc[worst] > 18
        assert judged["p_top_quarter"].iloc[best] > 0.9
        assert_allclose(judged["p_top_quarter"].sum(), 5)


def test_a_section_that_is_not_judged_has_no_rank() -> None:
    table = measured(NOW)
    table.loc[3, "standing_block"] = "low_reliability"
    table.loc[4, "n"] = 20.0
    judged = add_standings({NOW: table}, NOW, SETTINGS)
    ranks = judged[["rank_low", "rank_high", "p_top_quarter", "called_by_chance"]]
    assert ranks.iloc[[3, 4]].isna().all(axis=None)
    assert ranks.drop(index=[3, 4]).notna().all(axis=None)
    assert ranks["rank_high"].max() <= 19


def test_sections_told_apart_stand_beside_the_number_expected_by_chance() -> None:
    differing = told_apart(add_standings({NOW: measured(NOW, 40, spread=0.4)}, NOW, SETTINGS))
    assert differing.judged == 40
    assert differing.called > 15
    assert 0 <= differing.by_chance < 1
    nothing = told_apart(add_standings({NOW: measured(NOW, 40, indicator="match_rate")}, NOW, SETTINGS))
    assert (nothing.judged, nothing.called, nothing.by_chance) == (0, 0, 0)


def test_an_unknown_order_of_rows_changes_nothing_but_the_draws() -> None:
    years = {year: measured(year) for year in POOLED}
    judged = add_standings(years, NOW, SETTINGS)
    turned = {year: table.iloc[::-1].reset_index(drop=True) for year, table in years.items()}
    again = add_standings(turned, NOW, SETTINGS).iloc[::-1].reset_index(drop=True)
    drawn = ["rank_low", "rank_high", "p_top_quarter", "called_by_chance"]
    pd.testing.assert_frame_equal(again.drop(columns=drawn), judged.drop(columns=drawn))
    assert_allclose(again["p_top_quarter"], judged["p_top_quarter"], atol=0.06)


def test_a_year_without_rows_is_judged_too() -> None:
    empty = measured(NOW).iloc[:0]
    assert add_standings({NOW: empty, POOLED[1]: measured(POOLED[1])}, NOW, SETTINGS).empty
