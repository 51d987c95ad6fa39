"""What a through-school needs as a whole: applied and reviewed again, its stages pass; told once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalib.intake.columns import load_columns
from evalib.measures.provision import school_units_needed, through_school_split, units_needed
from evalib.review.district.yearly import review_district
from evalib.settings import load_settings
from scenario_district import YEAR, Words, store_of

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
SETTINGS = load_settings(ROOT / "params" / "sample.yaml")
WORDS = Words(load_columns(ROOT / "params"))
NOTHING = pd.DataFrame(columns=["stage", "subject", "indicator", "reason", "value", "variance"], dtype="str")
SCHOOL = "3150000003"
HEADERS = {
    "R4": "教学及辅助用房面积",
    "R5": "体育运动场馆面积",
    "R6": "教学仪器设备值（元）",
    "R7": "网络多媒体教室数",
}
ENOUGH = [{"人数": 40, "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}]
Tables = dict[str, pd.DataFrame]


def reviewed(folder: Path, case: dict[str, Any]) -> Tables:
    return review_district(store_of(folder, copy.deepcopy(case), WORDS), SETTINGS, YEAR, NOTHING)


def through_school(sizes: tuple[int, int], told: dict[str, int], senior: int = 0) -> dict[str, Any]:
    """A district with one school of both stages, which tells what it has as a whole."""
    kind = "十二年一贯制" if senior else "九年一贯制"
    same = {"办学类型": kind} | ({"高中部学生数": senior} if senior else {})
    primary = {"学校标识码": SCHOOL, "学段": "小学", "城乡类型": "城区", "建校年份": 1990, "学生数": sizes[0]}
    return {
        "学校": {"丙中": {**same, "学生数": sizes[1]}},
        "新增学校": {"丙小": {**primary, **same}},
        "办学条件": {name: {"填报范围": "全校", **told} for name in ("丙小", "丙中")},
        "教师": dict.fromkeys(("甲小", "乙小", "丙小", "丙中", "丁中"), ENOUGH),
    }


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(8))
def test_with_what_a_through_school_needs_its_stages_pass(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    sizes = (int(rng.integers(60, 400)), int(rng.integers(60, 400)))
    senior = int(rng.integers(50, 400)) if seed % 4 == 0 else 0
    everyone = sum(sizes) + senior
    shares = {"R4": (3, 7), "R5": (5, 11), "R6": (1500, 2800), "R7": (0.012, 0.03)}
    told = {HEADERS[one]: int(everyone * rng.uniform(*ends)) + 1 for one, ends in shares.items()}
    told[HEADERS["R4"]] += 100
    case = through_school(sizes, told, senior)
    before = reviewed(tmp_path / "before", case)["balance_verdicts"]
    mine = before[before["school_code"].eq(SCHOOL)]
    assert mine["verdict"].eq("not_met").any()
    plan = [each for text in mine["needed"] for each in json.loads(text)]
    units = {each["indicator"]: each["units"] for each in plan if each["units"]}
    assert len(units) == sum(each["units"] > 0 for each in plan), "told once"
    more = copy.deepcopy(case)
    for name in ("丙小", "丙中"):
        for indicator, count in units.items():
            more["办学条件"][name][HEADERS[indicator]] += count
    after = reviewed(tmp_path / "after", more)["balance_verdicts"]
    assert after.loc[after["school_code"].eq(SCHOOL), "verdict"].eq("met").all()
    # One unit less of anything is too little.
    for indicator in units:
        less = copy.deepcopy(more)
        for name in ("丙小", "丙中"):
            less["办学条件"][name][HEADERS[indicator]] -= 1
        short = reviewed(tmp_path / f"less-{indicator}", less)["balance_verdicts"]
        assert short.loc[short["school_code"].eq(SCHOOL), "verdict"].eq("not_met").any()


def test_units_of_a_school_are_the_fewest_whose_split_is_enough() -> None:
    rng = np.random.default_rng(5)
    weights = np.array([1.0, 1.1, 1.32])
    for whole in (True, False):
        for _ in range(60):
            pupils = np.array([*rng.integers(20, 400, 2), rng.integers(0, 2) * 200], float)
            amount, least = float(rng.integers(0, 12)), [2.3, 2.4 * rng.integers(0, 2), 0.0]
            found = school_units_needed(amount, pupils, weights, 100, least, whole=whole)
            enough = [
                not any(
                    units_needed(has, count, 100, one)
                    for has, count, one in zip(
                        through_school_split(amount + more, pupils, weights, whole=whole),
                        pupils,
                        least,
                        strict=True,
                    )
                )
                for more in range(found + 1)
            ]
            assert enough.index(True) == found


def test_the_need_of_a_school_is_told_at_one_stage_and_the_other_says_where(tmp_path: Path) -> None:
    told = {**dict(zip(HEADERS.values(), (600, 5000, 900000, 9), strict=True)), "音乐专用教室数": 0}
    tables = reviewed(tmp_path, through_school((100, 99), {**told, "音乐专用教室面积": 0}))
    verdicts = tables["balance_verdicts"].query(f"school_code == '{SCHOOL}'").set_index("stage")["needed"]
    assert json.loads(verdicts["junior"]) == [{"indicator": "R4", "units": 437}]
    assert json.loads(verdicts["primary"]) == [{"indicator": "R4", "units": 0, "with": "junior"}]
    rows = tables["balance_sections"].query(f"school_code == '{SCHOOL}' and verdict == 'under'")
    short = rows.set_index(["indicator", "aspect", "stage"])["short_of_limit"].sort_index()
    assert short["R4", "", "junior"] > 437
    assert short["R4", "", "primary"] == 0
    assert list(short["G3", "music"]) == [1, 0]
    found = tables["balance_indicators"].query("respondent == ''")
    found = found.set_index(["indicator", "aspect", "stage"])["needed"].sort_index()
    assert json.loads(found["R4", "", ""]) == {"junior": {"m2": 437}}
    assert json.loads(found["R", "sections", "primary"]) == {}


def test_a_few_schools_are_no_census_even_without_the_pupils_table(tmp_path: Path) -> None:
    asked = {"调查方式": "普查", "应调查人数": 900, "发放问卷数": 900, "有效问卷数": 800, "满意人数": 760}
    rows = [{"学校": "甲小", **asked}, {"学校": "乙小", **asked, "满意人数": 600}]
    with_rolls = reviewed(tmp_path / "with", {"问卷": {"家长": rows}})
    without = reviewed(tmp_path / "without", {"问卷": {"家长": rows}, "没有的表": ["学生"]})
    for tables in (with_rolls, without):
        parent = tables["balance_satisfaction"].set_index("respondent").loc["parent"]
        assert parent["design"] == "sample"
        assert np.isnan(parent["low"]), "two schools of four give no interval"
    everyone = [{"学校": name, **asked} for name in ("甲小", "乙小", "丙中", "丁中")]
    whole = reviewed(tmp_path / "whole", {"问卷": {"家长": everyone}})["balance_satisfaction"]
    parent = whole.set_index("respondent").loc["parent"]
    assert parent["design"] == "census"
    assert parent["low"] < parent["share"] < parent["high"]


def test_schools_rows_count_where_they_are_of_every_section(tmp_path: Path) -> None:
    asked = {"调查方式": "普查", "应调查人数": 100, "发放问卷数": 100, "有效问卷数": 90, "满意人数": 88}
    schools = [{"学校": name, **asked} for name in ("甲小", "乙小", "丙中", "丁中")]
    district = {**asked, "应调查人数": 400, "发放问卷数": 400, "满意人数": 10}
    tables = reviewed(tmp_path, {"问卷": {"家长": [district, *schools]}})
    parent = tables["balance_satisfaction"].set_index("respondent").loc["parent"]
    assert (parent["units"], parent["verdict"]) == (4, "met")
