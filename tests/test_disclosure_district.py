"""What the district's review may show: no withheld roll can be worked out, few people are a band."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalib.disclosure import publish_district, publish_sections
from evalib.disclosure.beside import rounded_beside
from evalib.disclosure.kept import told_retention
from evalib.disclosure.respondents import told_satisfaction
from evalib.intake.columns import load_columns
from evalib.records import read_sections
from evalib.review.district.yearly import review_district
from evalib.settings import Settings, load_settings
from evalib.settings.balance import BalanceLimit
from scenario_district import YEAR, Words, store_of

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
SETTINGS = load_settings(ROOT / "params" / "sample.yaml")
LIMITS = SETTINGS.disclosure
WORDS = Words(load_columns(ROOT / "params"))
NOTHING = pd.DataFrame(columns=["stage", "subject", "indicator", "reason", "value", "variance"], dtype="str")
SMALL = 7
Tables = dict[str, pd.DataFrame]
CASE: dict[str, Any] = {
    "学校": {"甲小": {"学生数": SMALL}, "丙中": {"办学类型": "九年一贯制"}},
    "新增学校": {
        "丙小": {
            "学校标识码": "3150000003",
            "学段": "小学",
            "办学类型": "九年一贯制",
            "城乡类型": "城区",
            "建校年份": 1990,
            "学生数": 9,
        },
        "戊中": {
            "学校标识码": "3150000005",
            "学段": "初中",
            "办学类型": "初中",
            "城乡类型": "城区",
            "建校年份": 1990,
            "学生数": 99,
        },
    },
    "办学条件": {
        "甲小": {"教学及辅助用房面积": 120, "教学仪器设备值（元）": 1000},
        "乙小": {"教学仪器设备值（元）": 100},
        "丙中": {"填报范围": "全校"},
        "丙小": {"填报范围": "全校"},
    },
    "问卷": {"家长": {"应调查人数": 1234, "发放问卷数": 1233, "有效问卷数": 1200, "满意人数": 1100}},
}


def shown(case: Mapping[str, Any], folder: Path, settings: Settings = SETTINGS) -> tuple[Tables, Tables]:
    """The review's tables, and what of them may be shown."""
    store = store_of(folder, case, WORDS)
    tables = review_district(store, settings, YEAR, NOTHING)
    sections = publish_sections(read_sections(store, YEAR), LIMITS)
    return tables, publish_district(tables, sections, settings.balance, LIMITS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Tables]:
    return shown(CASE, tmp_path_factory.mktemp("small"))


def test_a_year_before_the_rule_is_published_without_a_verdict(
    small: tuple[Tables, Tables], tmp_path: Path
) -> None:
    balance = SETTINGS.balance.model_copy(update={"first_year": "2025-2026"})
    _, after = shown(CASE, tmp_path, replace(SETTINGS, balance=balance))
    assert set(after) == set(small[1])
    for name, table in after.items():
        assert list(table.columns) == list(small[1][name].columns), name
        if "verdict" in table:
            assert set(table["verdict"]) == {"not_reported"}, name
    rows = after["balance_sections"].query("school_code == '2150000001'")
    hidden = rows[rows["indicator"].str.startswith("R")]
    assert hidden[["value", "numerator", "pupils"]].isna().all(axis=None)


def test_nothing_of_a_small_section_but_its_verdicts_is_told(small: tuple[Tables, Tables]) -> None:
    before, after = (one["balance_sections"].query("school_code == '2150000001'") for one in small)
    assert before["pupils"].dropna().eq(SMALL).all()
    hidden = after[after["indicator"].str.startswith("R") | after["indicator"].isin(["G4", "G5"])]
    told = ["value", "numerator", "pupils", "short_of_limit", "short_of_floor"]
    assert hidden[told].isna().all(axis=None)
    assert hidden["verdict"].tolist() == before.loc[hidden.index, "verdict"].tolist()
    verdicts = small[1]["balance_verdicts"].set_index("school_code")
    assert verdicts.loc["2150000001", "needed"] == "[]"


def test_a_through_school_s_other_stage_does_not_tell_the_small_one(small: tuple[Tables, Tables]) -> None:
    rows = small[1]["balance_sections"].query("school_code == '3150000003' and stage == 'junior'")
    shared = rows[rows["indicator"].isin(["R4", "R5", "R6", "R7", "G4"])]
    assert shared[["value", "numerator"]].isna().all(axis=None)
    assert rows.query("indicator == 'R1'")["pupils"].notna().all()


# One school of two stages, the primary one small, with too little for the junior one.
POOR = {"填报范围": "全校", "教学及辅助用房面积": 1760, "体育运动场馆面积": 9000, "网络多媒体教室数": 20}
THROUGH: dict[str, Any] = {
    "学校": {"丙中": {"办学类型": "九年一贯制", "学生数": 300}},
    "新增学校": {"丙小": {**CASE["新增学校"]["丙小"], "学生数": SMALL}},
    "办学条件": {
        name: {**POOR, "教学仪器设备值（元）": 900_000, "音乐专用教室数": 2, "美术专用教室数": 2}
        for name in ("丙小", "丙中")
    },
    "教师": {
        "丙中": [
            {"人数": 12, "学历": "本科", "任教学科": "语文", "区级以上骨干": "否"},
            {"人数": 3, "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"},
        ],
        "丙小": [{"人数": 2, "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}],
    },
}


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Tables, Tables]]:
    """By the roll of the small stage of a through-school."""
    return {roll: with_roll(roll, tmp_path_factory.mktemp(f"through-{roll}")) for roll in (3, 9)}


def with_roll(roll: int, folder: Path) -> tuple[Tables, Tables]:
    return shown({**THROUGH, "新增学校": {"丙小": {**THROUGH["新增学校"]["丙小"], "学生数": roll}}}, folder)


def asked(needed: str) -> dict[str, int]:
    return {one["indicator"]: one["units"] for one in json.loads(needed)}


def test_what_a_through_school_needs_does_not_tell_the_roll_of_its_small_stage(
    through: dict[int, tuple[Tables, Tables]],
) -> None:
    school, junior = "school_code == '3150000003'", "stage == 'junior'"
    plans = {
        roll: asked(before["balance_verdicts"].query(f"{school} and {junior}")["needed"].iloc[0])
        for roll, (before, _) in through.items()
    }
    # Even whether it is teachers or rooms that the junior stage needs follows from the other's roll.
    assert plans == {3: {"R4": 96}, 9: {"R1": 1}}
    of_resources = "indicator.str.startswith('R') and aspect != 'variation'"
    for name, which, columns in (
        ("balance_verdicts", school, ["verdict", "needed"]),
        ("balance_sections", f"{school} and {junior}", ["indicator", "verdict", "value", "short_of_limit"]),
        ("balance_indicators", of_resources, ["verdict", "in_the_way", "needed", "evidence"]),
    ):
        one, other = (after[name].query(which)[columns] for _, after in through.values())
        assert len(one)
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("which", ["small", "through"])
def test_needs_of_a_stage_are_the_sum_of_the_needs_that_are_told(
    which: str, request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(which)
    after = made[9][1] if which == "through" else made[1]
    found, rows, verdicts = (after[f"balance_{one}"] for one in ("indicators", "sections", "verdicts"))
    units = {one.id: one.whole_units for one in SETTINGS.balance.resources}
    for stage in ("primary", "junior"):
        plans: dict[str, int] = {}
        for text in verdicts.loc[verdicts["stage"].eq(stage), "needed"]:
            for name, count in asked(text).items():
                plans[name] = plans.get(name, 0) + count
        (rule,) = found.query("indicator == 'R' and stage == @stage")["needed"]
        assert json.loads(rule).get(stage, {}) == plans
        for name, unit in units.items():
            (own,) = found.query("indicator == @name and aspect == ''")["needed"]
            assert json.loads(own).get(stage, {}).get(unit, 0) == plans.get(name, 0)
            (part,) = found.query("indicator == @name and aspect == 'sections' and stage == @stage")["needed"]
            inside = rows.query("indicator == @name and stage == @stage")
            assert json.loads(part).get(stage, {}).get(unit, 0) == inside["short_of_limit"].sum()


def test_a_sum_of_needs_tells_how_many_sections_are_left_out_of_it(
    through: dict[int, tuple[Tables, Tables]],
) -> None:
    found = through[9][1]["balance_indicators"].query("indicator.str.startswith('R')")
    left_out = {
        (row.indicator, row.aspect, row.stage): json.loads(row.evidence).get("needs_untold", 0)
        for row in found.itertuples()
        if row.aspect != "variation"
    }
    for name in ("R1", "R4"):
        assert left_out[name, "", ""] == 2
        assert left_out[name, "sections", "primary"] == 1
    assert (left_out["R1", "sections", "junior"], left_out["R4", "sections", "junior"]) == (0, 1)
    assert (left_out["R", "sections", "primary"], left_out["R", "sections", "junior"]) == (1, 1)


def test_needs_of_the_district_less_those_of_the_sections_tell_nothing(small: tuple[Tables, Tables]) -> None:
    before, after = small
    found = after["balance_indicators"]
    parts = found[found["aspect"].eq("sections") & found["stage"].eq("primary")]
    parts = parts[parts["indicator"].str.startswith("R")]
    assert [json.loads(one)["needs_untold"] for one in parts["evidence"]] == [2] * 8
    was = before["balance_indicators"].query(
        "indicator == 'R6' and stage == 'primary' and aspect == 'sections'"
    )
    now = found.query("indicator == 'R6' and stage == 'primary' and aspect == 'sections'")
    assert was["needed"].iloc[0] != now["needed"].iloc[0]


def test_a_coefficient_over_a_small_section_is_told_in_two_digits(small: tuple[Tables, Tables]) -> None:
    before, after = (one["balance_indicators"].query("aspect == 'variation'") for one in small)
    # What a through-school shares depends on its small stage at the other one too.
    of_small = after["stage"].eq("primary") | after["indicator"].isin(["R4", "R5", "R6", "R7"])
    assert of_small.sum() == 11
    assert (before["value"][of_small].round(2) != before["value"][of_small]).sum() >= 7
    for row, was in zip(after[of_small].itertuples(), before[of_small].itertuples(), strict=True):
        if np.isfinite(was.value):
            assert abs(row.value - was.value) < 0.01
            assert (row.value, row.evidence) == (round(row.value, 2), "{}")
            assert row.verdict == was.verdict == ("met" if row.value <= row.limit else "not_met")
    pd.testing.assert_frame_equal(after[~of_small], before[~of_small])


def test_numbers_of_parents_and_pupils_are_rounded_so_that_no_roll_is_the_rest(
    small: tuple[Tables, Tables],
) -> None:
    told = small[1]["balance_satisfaction"].set_index("respondent")
    assert told.loc["parent", ["population", "invited"]].tolist() == [1230, 1230]
    assert told.loc["pupil", "population"] == 400
    assert told.loc["head", "population"] == 400
    text = " ".join(map(str, small[1]["balance_indicators"]["evidence"]))
    assert "1234" not in text
    whole = sum((7, 100, 9, 99, 99, 99))
    assert f": {whole}" not in text


def test_no_table_tells_the_pupils_of_the_district(small: tuple[Tables, Tables]) -> None:
    total = {"primary": SMALL + 100 + 9, "junior": 3 * 99, "": SMALL + 109 + 3 * 99}
    for name, table in small[1].items():
        if name == "balance_facts":
            continue
        for column in table.select_dtypes("number"):
            assert not table[column].isin(list(total.values())).any(), (name, column)
    cohort = json.loads(small[1]["balance_indicators"].query("indicator == 'Q1'")["evidence"].iloc[0])
    assert cohort["entrants"] % LIMITS.round_counts_to == 0
    assert not {"died", "transferred_out", "graduated"} & set(cohort)


def test_parents_of_a_section_whose_roll_is_withheld_are_counted_nowhere_but_in_the_share(
    tmp_path: Path,
) -> None:
    asked = {"调查方式": "普查", "应调查人数": 100, "发放问卷数": 100, "有效问卷数": 100, "满意人数": 90}
    few = {"调查方式": "普查", "应调查人数": SMALL, "发放问卷数": SMALL, "有效问卷数": SMALL, "满意人数": 1}
    parents = [{"学校": "甲小", **few}, *({"学校": one, **asked} for one in ("乙小", "丙中", "丁中"))]
    case = {"学校": {"甲小": {"学生数": SMALL}}, "问卷": {"家长": parents}}
    before, after = (
        one["balance_satisfaction"].set_index("respondent").loc["parent"] for one in shown(case, tmp_path)
    )
    assert before[["population", "answered", "satisfied"]].tolist() == [300 + SMALL, 300 + SMALL, 271]
    told = after[["population", "invited", "answered", "satisfied", "response"]]
    assert told.tolist() == [300, 300, 300, 270, 1.0]
    assert (after["share"], after["verdict"]) == (round(before["share"], 3), before["verdict"])


@pytest.mark.parametrize(
    ("satisfied", "band"), [(400, "high"), (396, "high"), (395, ""), (5, ""), (4, "low"), (0, "low")]
)
def test_a_few_people_are_told_as_a_band(satisfied: int, band: str, tmp_path: Path) -> None:
    case = {
        "问卷": {"校长": {"应调查人数": 400, "发放问卷数": 400, "有效问卷数": 400, "满意人数": satisfied}}
    }
    _, after = shown(case, tmp_path)
    row = after["balance_satisfaction"].set_index("respondent").loc["head"]
    part = after["balance_indicators"].set_index("respondent").loc["head"]
    assert row["band"] == band
    assert pd.isna(row["share"]) == pd.isna(row["satisfied"]) == pd.isna(part["value"]) == bool(band)
    assert json.loads(part["evidence"]).get("band", "") == band
    assert row["verdict"] == part["verdict"] == ("met" if satisfied >= 340 else "not_met")


def test_fewer_answers_than_may_be_shown_tell_no_figure(tmp_path: Path) -> None:
    case = {"问卷": {"校长": {"应调查人数": 9, "发放问卷数": 9, "有效问卷数": 9, "满意人数": 6}}}
    _, after = shown(case, tmp_path)
    row = after["balance_satisfaction"].set_index("respondent").loc["head"]
    assert row[["share", "low", "high", "satisfied", "answered", "response"]].isna().all()
    assert row["verdict"] == "not_met"


def test_pupils_kept_but_a_few_are_a_band_and_no_number(tmp_path: Path) -> None:
    few = shown({"巩固": {"离开人数": 3}}, tmp_path / "few")
    row = few[1]["balance_indicators"].query("indicator == 'Q1'").iloc[0]
    assert few[0]["balance_indicators"].query("indicator == 'Q1'")["value"].notna().all()
    assert np.isnan(row["value"])
    assert json.loads(row["evidence"])["band"] == "high"
    assert row["verdict"] == "met"
    many = shown({"巩固": {"离开人数": 12}}, tmp_path / "many")[1]["balance_indicators"]
    assert many.query("indicator == 'Q1'")["value"].iloc[0] == round(66 / 78, 3)


def test_a_share_that_contradicts_a_fact_is_told_as_printed_or_not_at_all(tmp_path: Path) -> None:
    for left, told in ((3, []), (12, [round(66 / 78, 3)])):
        case = {"巩固": {"离开人数": left}, "区级数据": {"初中三年巩固率": "70 %"}}
        tables = shown(case, tmp_path / str(left))[1]
        found = tables["balance_indicators"].query("indicator == 'Q1'")["reason"].iloc[0]
        fact = tables["balance_facts"].query("fact == 'junior_retention_share'")["problem"].iloc[0]
        for text in (found, fact):
            assert [one["computed"] for one in json.loads(text) if "computed" in one] == told
            assert json.loads(text)[0]["what"] == "contradiction"


def test_a_district_without_small_sections_loses_nothing_of_its_resources(tmp_path: Path) -> None:
    before, after = shown({}, tmp_path)
    for name in ("balance_sections", "balance_verdicts"):
        pd.testing.assert_frame_equal(before[name], after[name])
    kept = before["balance_indicators"]["indicator"].str.startswith(("R", "G"))
    pd.testing.assert_frame_equal(before["balance_indicators"][kept], after["balance_indicators"][kept])


AT_LEAST, AT_MOST, BELOW = (
    BalanceLimit(at_least=0.95),
    BalanceLimit(at_most=0.45),
    BalanceLimit(below=0.15),
)


@pytest.mark.parametrize(
    ("value", "digits", "limit", "told"),
    [
        (0.9496, 3, AT_LEAST, 0.949),
        (0.949999, 3, AT_LEAST, 0.949),
        (0.95, 3, AT_LEAST, 0.95),
        (0.9499999999999999, 3, AT_LEAST, 0.95),  # 0.95 in binary fractions, as the review takes it
        (0.9504, 3, AT_LEAST, 0.95),
        (0.9474, 3, AT_LEAST, 0.947),
        (0.454, 2, AT_MOST, 0.46),
        (0.45, 2, AT_MOST, 0.45),
        (0.45000000000000007, 2, AT_MOST, 0.45),
        (0.446, 2, AT_MOST, 0.45),
        (0.1496, 3, BELOW, 0.149),
        (0.15, 3, BELOW, 0.15),
        (0.1504, 3, BELOW, 0.15),
        (0.8334, 3, BalanceLimit(at_least=0.8333), 0.834),  # a limit of more digits than are told
        (0.8337, 3, BalanceLimit(at_least=0.8338), 0.833),
        (0.9496, 3, None, 0.95),
    ],
)
def test_a_rounded_figure_stays_on_the_side_of_its_limit(
    value: float, digits: int, limit: BalanceLimit | None, told: float
) -> None:
    assert rounded_beside(value, digits, limit) == told


@pytest.mark.parametrize("side", ["at_least", "at_most", "below"])
@pytest.mark.parametrize("digits", [2, 3])
def test_no_rounded_figure_contradicts_a_verdict_or_strays_a_unit(side: str, digits: int) -> None:
    rng, unit = np.random.default_rng(5), 10.0**-digits
    moved = 0
    for bound in (0.45, 0.5, 0.85, 0.95, 0.1 + 0.2, 1 / 3):
        limit = BalanceLimit(**{side: bound})
        for value in [*(bound + unit * rng.uniform(-3, 3, 200)), bound, bound + 1e-15, bound - 1e-15]:
            told = rounded_beside(value, digits, limit)
            assert limit.kept_by(told) == limit.kept_by(round(value, 12)), (value, bound)
            assert abs(told - value) < unit
            assert told == round(told, digits)
            moved += told != round(value, digits)
    assert moved > 20
    assert np.isnan(rounded_beside(np.nan, digits, BalanceLimit(**{side: 0.5})))


@pytest.mark.parametrize(("left", "told", "met"), [(30, 0.949, False), (31, 0.948, False), (29, 0.951, True)])
def test_pupils_kept_are_told_on_the_side_of_the_limit_that_the_verdict_says(
    left: int, told: float, met: bool
) -> None:
    evidence = {"entrants": 595, "transferred_in": 0, "transferred_out": 0, "died": 0}
    evidence["graduated"] = 595 - left
    row = {"indicator": "Q1", "value": (595 - left) / 595, "reason": "[]", "evidence": json.dumps(evidence)}
    facts = pd.DataFrame({"fact": ["junior_retention_share"], "problem": [""]})
    found, _ = told_retention(pd.DataFrame([row]), facts, None, SETTINGS.balance, LIMITS)
    assert found["value"].tolist() == [told]
    assert met == (row["value"] >= 0.95) == (told >= 0.95)


def test_shares_of_parents_and_responses_are_told_on_the_side_of_their_limit() -> None:
    counts = {"population": 4000.0, "invited": 3999.0, "answered": 1999.0, "satisfied": 1699.0}
    own = {"respondent": "parent", "share": 0.84968, "low": 0.84962, "high": 0.8497, **counts}
    few = {"eligible": 7.0, "invited": 7.0, "answered": 3.0, "satisfied": 1.0}
    asked_there = pd.DataFrame([{"respondent": "parent", "school_code": "1", "stage": "primary", **few}])
    hidden = pd.MultiIndex.from_tuples([("1", "primary")], names=["school_code", "stage"])
    rows = pd.DataFrame([{**own, "response": 1999 / 3999}])
    row = told_satisfaction(rows, asked_there, hidden, SETTINGS.balance, LIMITS).iloc[0]
    assert SETTINGS.balance.satisfaction.response_minimum == 0.5
    assert (1999 - 3) / (3999 - 7) == 0.5
    assert row["response"] == 0.5
    assert (row["low"], row["share"], row["high"]) == (0.849, 0.849, 0.85)
    rows = rows.assign(share=0.8504, low=0.82, high=np.nan, answered=1998.0)
    row = told_satisfaction(rows, asked_there, hidden, SETTINGS.balance, LIMITS).iloc[0]
    assert (row["low"], row["share"], row["response"]) == (0.82, 0.85, 0.499)
    assert np.isnan(row["high"])


@pytest.mark.parametrize(
    ("value", "verdict", "told"),
    [(0.504, "not_met", 0.51), (0.5, "met", 0.5), (0.496, "met", 0.5), (0.5061, "not_met", 0.51)],
)
def test_a_coefficient_in_two_digits_does_not_contradict_its_verdict(
    value: float, verdict: str, told: float, small: tuple[Tables, Tables], tmp_path: Path
) -> None:
    tables = dict(small[0])
    found = tables["balance_indicators"].copy()
    own = found["indicator"].eq("R6") & found["aspect"].eq("variation") & found["stage"].eq("primary")
    found.loc[own, ["value", "verdict"]] = [value, verdict]
    tables["balance_indicators"] = found
    sections = publish_sections(read_sections(store_of(tmp_path, CASE, WORDS), YEAR), LIMITS)
    after = publish_district(tables, sections, SETTINGS.balance, LIMITS)["balance_indicators"]
    assert found.loc[own, "limit"].tolist() == [0.5]
    assert after.loc[own, ["value", "verdict"]].to_numpy().tolist() == [[told, verdict]]
