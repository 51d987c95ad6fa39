"""What the district's review may show: no withheld roll can be worked out, few people are a band."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalib.disclosure import publish_district, publish_sections
from evalib.intake.columns import load_columns
from evalib.records import read_sections
from evalib.review.district.yearly import review_district
from evalib.settings import load_settings
from scenario_district import YEAR, Words, store_of

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


def shown(case: Mapping[str, Any], folder: Path) -> tuple[Tables, Tables]:
    """The review's tables, and what of them may be shown."""
    store = store_of(folder, case, WORDS)
    tables = review_district(store, SETTINGS, YEAR, NOTHING)
    sections = publish_sections(read_sections(store, YEAR), LIMITS)
    return tables, publish_district(tables, sections, SETTINGS.balance, LIMITS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Tables]:
    return shown(CASE, tmp_path_factory.mktemp("small"))


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


def test_needs_of_the_district_less_those_of_the_sections_tell_nothing(small: tuple[Tables, Tables]) -> None:
    before, after = small
    found, rows = after["balance_indicators"], after["balance_sections"]
    parts = found[found["aspect"].eq("sections") & found["stage"].eq("primary") & found["indicator"].ne("R")]
    for part in parts.itertuples():
        inside = rows[rows["indicator"].eq(part.indicator) & rows["stage"].eq("primary")]
        told = sum(json.loads(part.needed).get("primary", {}).values())
        assert told == inside["short_of_limit"].sum(), part.indicator
        assert json.loads(part.evidence)["needs_untold"] == 2
    was = before["balance_indicators"].query(
        "indicator == 'R6' and stage == 'primary' and aspect == 'sections'"
    )
    now = found.query("indicator == 'R6' and stage == 'primary' and aspect == 'sections'")
    assert was["needed"].iloc[0] != now["needed"].iloc[0]


def test_a_coefficient_over_a_small_section_is_told_in_two_digits(small: tuple[Tables, Tables]) -> None:
    before, after = (one["balance_indicators"].query("aspect == 'variation'") for one in small)
    primary = after["stage"].eq("primary")
    assert primary.any()
    for row, was in zip(after[primary].itertuples(), before[primary].itertuples(), strict=True):
        if np.isfinite(was.value):
            assert row.value == round(was.value, 2)
            assert (row.evidence, row.verdict) == ("{}", was.verdict)
    pd.testing.assert_frame_equal(after[~primary], before[~primary])


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
