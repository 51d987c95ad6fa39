"""What changed since last year: the figure, its error, and which direction may be announced."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from evalib.scoring.change import ERRORS_UNLIKE, add_changes
from evalib.scoring.standings import add_standings
from evalib.statistics.posterior import least_between_variance, posterior_differences
from sampled import sampled
from test_scoring import NOW, POOLED, SETTINGS, measured, with_rules

LAST, BEFORE = POOLED[1], POOLED[0]


@pytest.fixture(scope="module")
def years() -> dict[str, pd.DataFrame]:
    """Three years of one indicator whose sections change places."""
    return {year: measured(year, 30, spread=0.2 * turn) for year, turn in ((BEFORE, 1), (LAST, -1), (NOW, 1))}


def pair(now: pd.DataFrame, last: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    change = (now["difference"] - last["difference"]).to_numpy()
    return change, ERRORS_UNLIKE * (now["variance"] + last["variance"]).to_numpy()


def test_a_change_is_the_difference_of_two_differences_with_both_errors(years) -> None:
    judged = add_standings(years, NOW, SETTINGS)
    now, last = years[NOW], years[LAST]
    assert_allclose(judged["change"], now["difference"] - last["difference"])
    assert_allclose(judged["change_se"], np.hypot(now["difference_se"], last["difference_se"]))


@pytest.mark.parametrize("pooled_years", [2, 3])
def test_its_direction_has_the_probability_of_the_posterior_of_both_years(years, pooled_years: int) -> None:
    judged = add_standings(years, NOW, with_rules(pooled_years=pooled_years))
    change, variance = pair(years[NOW], years[LAST])
    groups = [(change, variance), pair(years[LAST], years[BEFORE])][: pooled_years - 1]
    weight = (years[NOW]["weight"] + years[LAST]["weight"]).to_numpy()
    mean, sd = posterior_differences(change, variance, weight / weight.sum(), least_between_variance(groups))
    up = 1 - norm.cdf(0, mean, sd)
    assert_allclose(judged["change_probability"], np.where(change > 0, up, 1 - up), atol=1e-9)
    assert judged["change_probability"].max() > 0.95
    assert judged["change_probability"].min() < 0.75


def test_a_direction_is_that_of_the_figure_where_lower_is_better(years) -> None:
    lower = {year: table.assign(indicator="low_score_rate") for year, table in years.items()}
    found, plain = (add_standings(one, NOW, SETTINGS) for one in (lower, years))
    for name in ("change", "change_probability"):
        assert_allclose(found[name], plain[name])


def test_where_sections_change_no_more_than_by_chance_nothing_is_announced() -> None:
    now = measured(NOW, 40, spread=0.4)
    drawn = np.random.default_rng(3).normal(size=40)
    last = now.assign(year=LAST, difference=now["difference"] + np.sqrt(now["variance"]) * drawn)
    judged = add_standings({NOW: now, LAST: last}, NOW, SETTINGS)
    assert_allclose(judged["change_probability"], 0.5)
    assert set(judged["standing"]) > {"clearly_above", "clearly_below"}


def test_without_last_year_nothing_has_changed(years) -> None:
    for some in ({NOW: years[NOW]}, {NOW: years[NOW], BEFORE: years[BEFORE]}):
        judged = add_standings(some, NOW, SETTINGS)
        assert judged[["change", "change_se", "change_probability"]].isna().all(axis=None)


def test_a_section_without_one_of_the_years_has_no_change_and_moves_nobody(years) -> None:
    plain = add_standings({NOW: years[NOW].iloc[3:], LAST: years[LAST].iloc[3:]}, NOW, SETTINGS)
    last = years[LAST].drop(index=0)
    last.loc[1, "reason"] = "no_data"
    now = years[NOW].copy()
    now.loc[2, ["reason", "difference"]] = "too_few", np.nan
    judged = add_standings({NOW: now, LAST: last}, NOW, SETTINGS)
    assert judged.loc[:2, ["change", "change_se", "change_probability"]].isna().all(axis=None)
    assert_allclose(judged.loc[3:, "change_probability"], plain["change_probability"])


def test_a_blocked_or_small_section_may_change_but_nothing_is_said_of_it(years) -> None:
    now, last = years[NOW].copy(), years[LAST].copy()
    now.loc[0, "standing_block"] = "low_reliability"
    last.loc[1, "standing_block"] = "low_reliability"
    last.loc[2, "n"] = 20.0
    judged = add_standings({NOW: now, LAST: last}, NOW, SETTINGS)
    assert judged.loc[:2, ["change", "change_se"]].notna().all(axis=None)
    assert judged.loc[:2, "change_probability"].isna().all()
    assert judged.loc[3:, "change_probability"].notna().all()


def test_a_figure_of_record_changes_without_a_probability(years) -> None:
    of_record = {
        year: table.assign(indicator="match_rate", difference_se=np.nan) for year, table in years.items()
    }
    judged = add_standings(of_record, NOW, SETTINGS)
    assert judged["change"].notna().all()
    assert judged[["change_se", "change_probability"]].isna().all(axis=None)


@pytest.mark.parametrize(("sections", "said"), [(9, False), (10, True)])
def test_fewer_sections_than_the_minimum_announce_nothing(sections: int, said: bool) -> None:
    years = {NOW: measured(NOW, 30), LAST: measured(LAST, 30).iloc[:sections]}
    judged = add_standings(years, NOW, SETTINGS)
    assert judged["change_probability"].notna().sum() == (sections if said else 0)


@pytest.mark.proof
@pytest.mark.parametrize("sections", sampled([50, 25, 100, 300]))
def test_of_the_changes_announced_four_in_five_have_the_right_sign(sections: int) -> None:
    """Wherever at least one section in a hundred is announced."""
    districts = 6000 // sections
    shape = (districts, sections)
    template = pd.concat([measured(NOW, sections).assign(subject=f"{one:03d}") for one in range(districts)])
    template = template.reset_index(drop=True)
    for spread in (0.1, 0.2):
        for lasting in (0.5, 0.8, 0.95):
            for errors in (-0.15, 0.0, 0.4):
                rng = np.random.default_rng([sections, int(100 * spread), int(100 * lasting)])
                n = np.round(np.exp(rng.uniform(np.log(30), np.log(300), shape)))
                v, w = 3.0 / n, n / n.sum(axis=1, keepdims=True)
                truth = spread * _three_years(rng, shape, [1, lasting, lasting**2])
                y = truth + np.sqrt(v)[..., None] * _three_years(rng, shape, [1, errors, 0])
                y, truth = (one - (w[..., None] * one).sum(axis=1, keepdims=True) for one in (y, truth))
                same = template.assign(n=n.ravel(), weight=n.ravel(), variance=v.ravel())
                tables = {
                    year: same.assign(year=year, difference=y[..., at].ravel())
                    for at, year in enumerate((BEFORE, LAST, NOW))
                }
                judgeable = tables[NOW].assign(standing="not_distinguishable")
                judged = add_changes(judgeable, tables, NOW, SETTINGS)
                told = judged["change_probability"].to_numpy() >= SETTINGS.measures.standing.change
                true = (truth[..., 2] - truth[..., 1]).ravel()
                share = told.mean()
                correct = (np.sign(judged["change"].to_numpy()) == np.sign(true))[told].sum() / max(
                    told.sum(), 1
                )
                print(
                    f"{sections} sections, sd {spread}, years alike {lasting}, errors {errors}: "
                    f"announced {100 * share:.2f} %, right {100 * correct:.1f} %"
                )
                if share >= 0.01:
                    assert correct >= 0.8 - 3 * np.sqrt(0.16 / told.sum())


def _three_years(rng: np.random.Generator, shape: tuple[int, int], correlation: list[float]) -> np.ndarray:
    lag = np.abs(np.subtract.outer(range(3), range(3)))
    return rng.normal(size=(*shape, 3)) @ np.linalg.cholesky(np.array(correlation)[lag]).T
