"""Weighing anew: the same as making every score again, and what is made of the draws."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from evalib.dimensions import add_dimensions
from evalib.errors import ParameterError
from evalib.review.yearly import review_year
from evalib.scales import base_scale
from evalib.scoring.standings import CLAIMS, add_standings
from evalib.sensitivity import (
    Weighing,
    alternatives,
    comparison,
    cut_effects,
    cut_summary,
    drawn_weights,
    shifted,
    weight_effects,
    weight_importance,
)
from evalib.sensitivity.judging import SIDES, between_variances
from evalib.settings import Settings
from evalib.statistics.posterior import between_variance
from evalib.store import Store
from irregular_stage import SETTINGS as IRREGULAR
from irregular_stage import invented
from weighable import NOW, SETTINGS, District, code, with_sensitivity, with_weights

pytestmark = pytest.mark.proof

DIMENSIONS = ("academic", "articulation")
LACKING, NOTHING, TINY = 0, 1, 2


@pytest.fixture(scope="module")
def district() -> District:
    return District()


def weighing(district: District, dimension: str = "academic", settings: Settings = SETTINGS) -> Weighing:
    return Weighing(
        district.measurements, district.influences, district.scale, settings, NOW, "primary", dimension
    )


def side(standing: pd.Series) -> list[str]:
    """What the standings of the review say, without how surely."""
    words = standing.where(standing.isin(CLAIMS), "none").str.rpartition("_")[2]
    return list(words.where(standing.ne("not_distinguishable"), "not_distinguishable"))


def said(one: Weighing, weights: np.ndarray) -> list[list[str]]:
    return [[SIDES[entry] for entry in row] for row in one.judged(weights).side]


def rows_of(judged: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = judged[judged["indicator"].eq(name) & judged["subject"].eq("")]
    return rows.set_index("school_code")


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_many_weighings_equal_a_loop_over_params(district: District, dimension: str) -> None:
    one = weighing(district, dimension)
    weights = drawn_weights(one.weights, 3, 0.5, 1)
    found = one.judged(weights)
    for draw, row in enumerate(weights):
        settings = with_weights(dict(zip(one.indicators, row, strict=True)))
        rows = rows_of(district.judged(dimension, settings), dimension).loc[one.codes]
        for name in ("score", "variance", "difference"):
            wanted = rows["value" if name == "score" else name].where(rows["reason"].eq(""))
            assert_allclose(getattr(found.scores, name)[draw], wanted, atol=1e-13)
        assert said(one, weights)[draw] == side(rows["standing"])
    assert len({tuple(row) for row in said(one, weights)}) > 1


def test_published_tables_give_the_standings_of_the_page(district: District) -> None:
    tables = district.published()
    parts = {year: tables["published_parts", year] for year in district.measurements}
    moments = {year: tables["published_influences", year] for year in district.measurements}
    for dimension in DIMENSIONS:
        one = Weighing(parts, moments, district.scale, SETTINGS, NOW, "primary", dimension)
        rows = rows_of(tables["published", NOW], dimension).loc[one.codes]
        assert said(one, one.weights[None, :])[0] == side(rows["standing"])
        assert np.isnan(one.judged(one.weights[None, :]).scores.score[0, TINY])


@pytest.mark.parametrize("position", range(4))
def test_all_the_weight_on_one_indicator_gives_that_indicator(district: District, position: int) -> None:
    one = weighing(district)
    rows = rows_of(district.scored()[NOW], one.indicators[position]).loc[one.codes]
    scores = one.scores(np.eye(4)[[position]])
    assert_allclose(scores.score[0], rows["score"], atol=1e-13)
    part = one.years[0].parts[position]
    se = np.sqrt(part.variance) * np.abs(part.coefficient)
    if part.indicator.unit != "rate":  # the interval of a share comes from Wilson's variance
        assert_allclose(np.sqrt(scores.variance[0]), se, atol=1e-10)
    assert np.isnan(scores.score[0, LACKING]) == (position == 0)


def test_weights_need_not_sum_to_one(district: District) -> None:
    one = weighing(district)
    once, thrice = (one.judged(one.weights[None, :] * times) for times in (1, 3))
    assert_allclose(once.scores.score, thrice.scores.score, atol=1e-13)
    assert_array_equal(once.side, thrice.side)


@pytest.mark.parametrize(
    "weights", [np.ones((2, 3)), np.ones(4), -np.ones((1, 4)), np.zeros((1, 4)), np.full((1, 4), np.nan)]
)
def test_weights_that_are_none_are_refused(district: District, weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights"):
        weighing(district).judged(weights)


def test_unknown_stage_is_told(district: District) -> None:
    with pytest.raises(ParameterError, match="primary"):
        replace(weighing(district), stage="junior").judged(np.ones((1, 4)))


def test_section_that_lacks_a_part_is_weighed_on_the_others(district: District) -> None:
    one = weighing(district)
    first, second, third, fourth = 0.4, 0.2, 0.3, 0.1
    scores = one.scores(np.array([[first, second, third, fourth]]))
    parts = [part.score[LACKING] for part in one.years[0].parts]
    wanted = np.average(parts[1:], weights=[second, third, fourth])
    assert scores.score[0, LACKING] == pytest.approx(wanted)
    assert np.isnan(one.scores(np.array([[0.51, 0.2, 0.2, 0.09]])).score[0, LACKING])


def test_section_without_figures_is_named_and_never_judged(district: District) -> None:
    rows = weight_effects(weighing(district, settings=with_sensitivity(draws=100))).sections
    nothing, tiny = rows.loc[NOTHING], rows.loc[TINY]
    assert nothing["school_code"] == code(NOTHING)
    assert np.isnan(nothing["score"])
    assert np.isnan(nothing["total_sd"])
    assert np.isfinite(tiny["score"])
    for row in (nothing, tiny):
        assert row["standing"] == "none"
        assert row["none"] == 1
        assert np.isnan(row["kept"])


class TestDraws:
    def test_mean_and_spread_are_those_asked_for(self) -> None:
        weights = np.array([0.4, 0.15, 0.25, 0.2])
        drawn = drawn_weights(weights, 200_000, 0.25, 3)
        assert_allclose(drawn.sum(axis=1), 1)
        assert_allclose(drawn.mean(axis=0), weights, atol=0.001)
        relative = drawn.std(axis=0) / weights
        assert np.sqrt(weights @ relative**2) == pytest.approx(0.25, abs=0.002)

    def test_every_weight_has_the_spread_where_all_are_equal(self) -> None:
        drawn = drawn_weights(np.full(5, 2.0), 200_000, 0.3, 3)
        assert_allclose(drawn.std(axis=0) / 0.2, 0.3, atol=0.003)

    def test_same_seed_same_draws(self) -> None:
        one, same, other = (drawn_weights(np.ones(3), 5, 0.2, seed) for seed in (1, 1, 2))
        assert_array_equal(one, same)
        assert np.abs(one - other).max() > 0.01

    def test_weight_of_zero_and_a_single_weight_stay(self) -> None:
        assert_array_equal(drawn_weights(np.array([0.0, 0.5, 0.5]), 9, 0.3, 1)[:, 0], 0)
        assert_array_equal(drawn_weights(np.array([0.7]), 9, 0.3, 1), 1)

    @pytest.mark.parametrize(
        ("weights", "spread"), [([-1.0, 2.0], 0.2), ([0.0, 0.0], 0.2), ([1.0, 1.0], 1.0), ([1.0, 1.0], -0.1)]
    )
    def test_impossible_draws_are_refused(self, weights: list[float], spread: float) -> None:
        with pytest.raises(ValueError, match="weights"):
            drawn_weights(np.array(weights), 5, spread, 1)


class TestWeightEffects:
    def test_no_spread_no_movement(self, district: District) -> None:
        one = weighing(district, settings=with_sensitivity(weight_sd=0.0, draws=100))
        found = weight_effects(one)
        rows = found.sections.dropna(subset=["score"])
        assert_allclose(rows["score_low"], rows["score"], atol=1e-13)
        assert_allclose(rows["score_high"], rows["score"], atol=1e-13)
        assert_allclose(rows["method_sd"], 0, atol=1e-13)
        assert_allclose(rows["total_sd"], rows["sampling_sd"], atol=1e-13)
        assert (rows["kept"].dropna() == 1).all()
        assert not found.changed.any()
        assert found.unsettled(0.05).empty
        assert (weight_importance(one)[["first_order", "total"]] == 0).all(axis=None)

    def test_uncertainties_add_up_to_that_of_draws_of_both(self, district: District) -> None:
        one = weighing(district, settings=with_sensitivity(draws=1000))
        rows = weight_effects(one).sections
        params = one.settings.measures.sensitivity
        scores = one.scores(drawn_weights(one.weights, params.draws, params.weight_sd, params.seed))
        noise = np.random.default_rng(1).normal(size=(200, *scores.score.shape))
        both = (scores.score + noise * np.sqrt(scores.variance)).std(axis=(0, 1))
        judged = rows["standing"].ne("none").to_numpy() & (rows.index != LACKING)
        assert_allclose(rows["total_sd"][judged], both[judged], rtol=0.01)
        assert (rows["method_sd"][judged] > 0.02).any()

    def test_shares_sum_to_one_and_the_kept_is_the_default_one(self, district: District) -> None:
        found = weight_effects(weighing(district))
        rows = found.sections
        sides = ["above", "not_distinguishable", "below", "none"]
        assert_allclose(rows[sides].sum(axis=1), 1)
        judged = rows[rows["standing"].ne("none")]
        for row in judged.to_dict("records"):
            assert row["kept"] == pytest.approx(row[row["standing"]] / (1 - row["none"]))
        changed = (1 - judged["kept"]) * (1 - judged["none"])
        assert found.changed.mean() == pytest.approx(changed.sum())
        assert found.judged.mean() == pytest.approx((1 - judged["none"]).sum())
        assert judged.loc[LACKING, "none"] > 0
        assert 0 < len(found.unsettled(0.05)) < len(judged)
        assert found.unsettled(0.05)["kept"].is_monotonic_increasing
        assert (found.unsettled(0.05)["kept"] <= 0.95).all()

    def test_sections_in_another_order_say_the_same(self, district: District) -> None:
        turned = {year: table.iloc[::-1] for year, table in district.measurements.items()}
        one = weighing(district, settings=with_sensitivity(draws=200))
        found, other = (weight_effects(each).sections for each in (one, replace(one, measurements=turned)))
        other = other.set_index("school_code").loc[found["school_code"]].reset_index()
        pd.testing.assert_frame_equal(found, other, atol=1e-12)

    def test_indicator_that_is_not_reliable_is_said_to_be_silent(self, district: District) -> None:
        one = weighing(district).with_composite(reliability_minimum=1.0)
        found = weight_effects(one)
        assert set(found.weights["silence"]) == {"low_reliability"}
        assert found.sections["score"].isna().all()
        assert not found.changed.any()

    def test_few_sections_are_not_judged(self) -> None:
        small = District(9, years=(NOW,))
        found = weight_effects(weighing(small, settings=with_sensitivity(draws=100)))
        assert (found.sections["standing"] == "none").all()

    def test_thousands_of_weighings_take_less_than_a_second(self) -> None:
        large = District(100, dimensions=("competence",), years=(NOW,))
        settings = with_weights({"health_screening_coverage": 0.1})
        one = weighing(large, "competence", settings)
        one = replace(one, measurements=_with_sixth(large), influences=large.influences)
        assert (len(one.codes), len(one.indicators)) == (100, 6)
        begun = time.process_time()
        weight_effects(one)
        assert time.process_time() - begun < 1.0


def _with_sixth(district: District) -> Mapping[str, pd.DataFrame]:
    """One more indicator, of other people than the pupils on the roll."""
    table = district.measurements[NOW]
    more = table[table["indicator"].eq("labour_reached_rate")].assign(indicator="health_screening_coverage")
    return {NOW: pd.concat([table, more], ignore_index=True)}


def test_between_variance_of_many_weighings_is_that_of_each() -> None:
    rng = np.random.default_rng(2)
    y, v = rng.normal(size=(40, 30)), rng.uniform(0.2, 3, (40, 30))
    y[:10] *= 1e-3
    used = rng.random((40, 30)) < 0.8
    then, w = rng.normal(size=(40, 25)), rng.uniform(0.2, 3, (40, 25))
    there = np.repeat(rng.random(40) < 0.5, 25).reshape(40, 25)
    found = between_variances([(y, v, used), (then, w, there)])
    for row in range(40):
        groups = [(y[row, used[row]], v[row, used[row]])]
        if there[row].any():
            groups.append((then[row], w[row]))
        assert found[row] == pytest.approx(between_variance(groups), rel=1e-6, abs=1e-9)
    assert (found == 0).any()
    assert (found > 0.1).any()


class TestImportance:
    def test_indices_of_a_section_agree_with_conditional_variances(self, district: District) -> None:
        one = weighing(district, settings=with_sensitivity(sobol_points=1024))
        found = weight_importance(one, code(7)).set_index("indicator")
        # Almost linear in the weights: the variance explained by each gamma draw, by regression.
        concentration = 3 / 0.25**2 - 1
        gammas = np.random.default_rng(8).gamma(concentration * one.weights, size=(20_000, 4))
        score = one.scores(gammas).score[:, 7]
        share = np.array([np.corrcoef(gammas[:, k], score)[0, 1] ** 2 for k in range(4)])
        assert_allclose(found["first_order"], share, atol=0.06)
        assert (found["total"] >= found["first_order"] - 0.05).all()

    def test_indicator_that_is_silent_does_not_move_a_score(self, district: District) -> None:
        one = weighing(district)
        scale = replace(
            one.scale, marks={key: mark for key, mark in one.scale.marks.items() if key[1] != "pass_rate"}
        )
        found = weight_importance(one.on_scale(scale), code(7)).set_index("indicator")
        assert found.loc["pass_rate", "total"] == pytest.approx(0, abs=1e-12)
        assert found["total"].max() > 0.3

    def test_section_without_indicators_has_no_indices_and_an_unknown_one_is_an_error(
        self, district: District
    ) -> None:
        one = weighing(district, settings=with_sensitivity(sobol_points=64))
        assert weight_importance(one, code(NOTHING))["total"].isna().all()
        assert weight_importance(one, code(LACKING))["total"].notna().all()
        with pytest.raises(KeyError):
            weight_importance(one, "s99")

    def test_standings_depend_on_weights_together(self, district: District) -> None:
        found = weight_importance(weighing(district))
        assert found["total"].sum() > found["first_order"].sum()
        assert list(found["indicator"]) == weighing(district).indicators


class TestAlternatives:
    def test_geometric_mean_by_hand(self, district: District) -> None:
        one = weighing(district)
        weights = np.array([[0.4, 0.1, 0.3, 0.2]])
        scores = one.scores(weights, geometric=True)
        t = np.array([50 + 10 * part.score for part in one.years[0].parts])[:, 5]
        assert 50 + 10 * scores.score[0, 5] == pytest.approx(np.prod(t ** weights[0]))
        assert (scores.score <= one.scores(weights).score + 1e-12)[np.isfinite(scores.score)].all()

    def test_geometric_mean_of_equal_indicators_is_that_indicator(self, district: District) -> None:
        one = weighing(district)
        for draw in np.eye(4):
            usual, other = (one.scores(draw[None, :], geometric=kind) for kind in (False, True))
            assert_allclose(usual.score, other.score, atol=1e-12)
            assert_allclose(usual.variance, other.variance, rtol=1e-10)

    def test_geometric_variance_is_that_of_small_changes(self, district: District) -> None:
        plain = {year: table.assign(classes_recorded=False) for year, table in district.influences.items()}
        for dimension in DIMENSIONS:
            one = replace(weighing(district, dimension), influences=plain)
            found = one.scores(one.weights[None, :], geometric=True).variance[0]
            t = np.array([50 + 10 * part.score for part in one.years[0].parts])
            for section in (5, 6, 7):
                gradient = [
                    (
                        np.prod((t[:, section] + 1e-4 * row) ** one.weights)
                        - np.prod((t[:, section] - 1e-4 * row) ** one.weights)
                    )
                    / 2e-4
                    for row in np.eye(4)
                ]
                same = one.scores(np.array([gradient])).variance[0, section] * np.sum(gradient) ** 2
                assert found[section] == pytest.approx(same, rel=1e-6)

    def test_a_row_an_alternative_with_what_changes(self, district: District) -> None:
        rows = alternatives(weighing(district)).set_index("alternative")
        assert list(rows.index) == [
            "geometric_mean",
            "scale_of_the_year",
            "equal_weights",
            "every_indicator",
        ]
        equal = rows.loc["equal_weights"]
        judged = weighing(district).judged(np.vstack([weighing(district).weights, np.ones(4)]))
        assert equal["changed"] == judged.changed[1].sum() == len(equal["sections"])
        assert set(equal["sections"]) == {code(k) for k in np.flatnonzero(judged.changed[1])}
        assert rows.loc["every_indicator", "largest_move"] == 0
        assert (rows["rank_correlation"] > 0.9).all()

    def test_scale_of_the_year_that_is_the_base_year_changes_nothing(self) -> None:
        alone = District(years=(NOW,))
        row = alternatives(weighing(alone)).set_index("alternative").loc["scale_of_the_year"]
        assert row["largest_move"] == 0
        assert row["changed"] == 0

    def test_nothing_in_common_is_missing_not_zero(self) -> None:
        small = District(9, years=(NOW,))
        one = weighing(small).with_composite(reliability_minimum=1.0)
        judged = one.judged(one.weights[None, :])
        row = comparison(one.codes, judged, judged)
        assert row["scored"] == row["judged"] == row["changed"] == 0
        assert np.isnan([row["median_move"], row["largest_move"], row["rank_correlation"]]).all()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("cuts") / "store")
    store.write(invented())
    return store


@pytest.fixture(scope="module")
def effects(store: Store) -> pd.DataFrame:
    return cut_effects(store, IRREGULAR, NOW, [{"pass": 0.1}, {"pass": 0.0, "low": 0.0}])


class TestCuts:
    def test_figures_are_those_of_a_whole_review_with_the_other_cut(
        self, store: Store, effects: pd.DataFrame
    ) -> None:
        settings = shifted(IRREGULAR, {"pass": 0.1})
        reviews = {year: review_year(store, settings, year) for year in store.years()}
        measured = {year: review.measurements for year, review in reviews.items()}
        scale = base_scale(settings, measured, sorted(measured), earliest_alone=True)
        scored = {
            year: add_dimensions(measured[year], review.influences, scale, settings)
            for year, review in reviews.items()
        }
        judged = add_standings(scored, NOW, settings)
        for name in ("pass_rate", "academic", "foundation_rate", "articulation"):
            rows = rows_of(judged, name)
            of_one = effects[effects["change"].eq(0) & effects["indicator"].eq(name)]
            of_one = of_one.set_index("school_code").loc[rows.index]
            shown = rows["reason"].eq("") & rows["n"].ge(IRREGULAR.disclosure.minimum_n)
            assert_allclose(of_one["value_after"], rows["value"].where(shown), atol=1e-12)
            assert list(of_one["standing_after"]) == side(rows["standing"])

    def test_only_what_the_cut_reaches_is_told(self, effects: pd.DataFrame) -> None:
        first, second = (set(effects.loc[effects["change"].eq(k), "indicator"]) for k in (0, 1))
        assert first == {"pass_rate", "academic", "foundation_rate", "articulation"}
        assert second == first | {"low_score_rate"}

    def test_step_of_nothing_changes_nothing(self, effects: pd.DataFrame) -> None:
        rows = effects[effects["change"].eq(1)]
        assert_array_equal(rows["value"], rows["value_after"])
        assert list(rows["standing"]) == list(rows["standing_after"])
        assert (cut_summary(rows, "primary")["changed"] == 0).all()

    def test_stricter_cut_is_passed_by_fewer_and_told_in_the_summary(self, effects: pd.DataFrame) -> None:
        rows = cut_summary(effects[effects["change"].eq(0)], "primary").set_index("indicator")
        assert rows.loc["pass_rate", "mean_after"] < rows.loc["pass_rate", "mean"] - 0.03
        here = effects[effects["change"].eq(0) & effects["indicator"].eq("pass_rate")]
        both = here["standing"].ne("none") & here["standing_after"].ne("none")
        moved = here[both & here["standing"].ne(here["standing_after"])]
        assert rows.loc["pass_rate", "sections"] == tuple(sorted(moved["school_code"]))
        assert cut_summary(effects, "junior").empty

    def test_figure_on_too_few_pupils_is_not_told(self, effects: pd.DataFrame) -> None:
        few = effects["n"].isna()
        assert few.any()
        assert effects.loc[few, ["value", "n"]].isna().all(axis=None)

    def test_no_change_no_rows(self, store: Store) -> None:
        assert cut_effects(store, IRREGULAR, NOW, []).empty

    @pytest.mark.parametrize("shifts", [{"pas": 0.1}, {"standard_score": 1.0}, {"pass": 0.5}, {"low": -0.4}])
    def test_what_is_no_cut_is_refused(self, shifts: dict[str, float]) -> None:
        with pytest.raises(ParameterError):
            shifted(IRREGULAR, shifts)

    def test_cut_of_its_own_moves_that_indicator_alone(self) -> None:
        found = shifted(IRREGULAR, {"activity_share": 5.0}).measures
        before = {one.id: one.cut for one in IRREGULAR.measures.indicators}
        after = {one.id: one.cut for one in found.indicators}
        assert after.pop("activity_share") == before.pop("activity_share") + 5
        assert after == before
        assert found.cuts == IRREGULAR.measures.cuts
        with pytest.raises(ParameterError):
            shifted(IRREGULAR, {"activity_share": -500.0})
