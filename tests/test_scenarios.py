"""优质均衡 in the words of the district: every case of `scenarios/` through the real review."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from evalib.intake.columns import load_columns
from evalib.review.district.yearly import review_district
from evalib.settings import Settings, load_settings
from scenario_district import YEAR, Words, store_of

ROOT = Path(__file__).parents[1]
SETTINGS = load_settings(ROOT / "params" / "sample.yaml")
WORDS = Words(load_columns(ROOT / "params"))
FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
CASES = [
    pytest.param(content["指标"], case, id=f"{path.stem}-{number}")
    for path in FILES
    for content in [yaml.safe_load(path.read_text("utf-8"))]
    for number, case in enumerate(content["情形"], 1)
]
VERDICTS = {
    "达到": "met",
    "未达到": "not_met",
    "未报告": "not_reported",
    "达到，回收率低": "met_low_response",
}
OF_SECTION = {
    "达到": "met",
    "接近": "near",
    "未达": "under",
    "未报告": "not_reported",
    "不计": "out_of_scope",
}
BY_RULE = {"通过": "met", "不通过": "not_met", "未报告": "not_reported", "不计": "out_of_scope"}
STAGES = {"小学": "primary", "初中": "junior"}
UNITS = {"名教师": "teachers", "平方米": "m2", "元": "yuan", "间": "rooms"}
REASONS = {
    "无此表": "no_table",
    "无此列": "no_column",
    "未填报": "no_fact",
    "单位不符": "wrong_unit",
    "超出范围": "out_of_range",
    "互相矛盾": "contradiction",
    "学校太少": "no_sections",
    "缺数据": "no_data",
    "只有两所": "two_sections",
}
NO_MEASUREMENTS = pd.DataFrame(
    columns=["stage", "subject", "indicator", "reason", "value", "variance"], dtype="str"
)


def test_every_indicator_has_cases_that_are_met_not_met_and_not_reported() -> None:
    told: dict[str, set[str]] = {}
    for case in CASES:
        indicator, content = case.values
        told.setdefault(indicator, set()).add(content["结论"])  # type: ignore[index,call-overload]
    assert sorted(told) == sorted(one.id for one in SETTINGS.balance.indicators)
    for indicator, verdicts in told.items():
        assert {"达到", "未达到", "未报告"} <= verdicts, indicator


def test_every_file_says_its_rule_and_every_case_what_it_is_about() -> None:
    for path in FILES:
        content = yaml.safe_load(path.read_text("utf-8"))
        assert content["规则"], path.name
        assert all(case["说明"] for case in content["情形"]), path.name


@pytest.mark.proof
@pytest.mark.parametrize(("indicator", "case"), CASES)
def test_case_ends_as_it_says(indicator: str, case: dict[str, Any], tmp_path: Path) -> None:
    store = store_of(tmp_path, case, WORDS)
    tables = review_district(store, only(indicator), YEAR, NO_MEASUREMENTS)
    found = tables["balance_indicators"]
    rows = found[found["indicator"].eq(indicator)]
    own = rows[rows["aspect"].eq("") & rows["stage"].eq("") & rows["respondent"].eq("")]
    assert len(own) == 1
    whole = own.iloc[0]
    assert whole["verdict"] == VERDICTS[case["结论"]], case["说明"]
    if case["结论"] == "未报告":
        assert json.loads(whole["reason"]), "what is not reported says why"
    for told in case.get("原因", []):
        place, word = told.split()
        reasons = {(one["where"], one["what"]) for one in json.loads(whole["reason"])}
        assert (place, REASONS[word]) in reasons, reasons
    if "数值" in case:
        assert whole["value"] == pytest.approx(case["数值"], abs=5e-5)
    for stage, value in case.get("差异系数", {}).items():
        part = rows[rows["aspect"].eq("variation") & rows["stage"].eq(STAGES[stage])].iloc[0]
        assert part["value"] == pytest.approx(value, abs=5e-5)
    for what, value in case.get("分项", {}).items():
        part = rows[rows["aspect"].eq(what) | rows["stage"].eq(STAGES.get(what, "–"))]
        assert list(part["verdict"]) == [VERDICTS[value]]
    for respondent, verdict in case.get("各类对象", {}).items():
        word = WORDS.columns.spellings["respondent"][respondent]
        assert list(rows.loc[rows["respondent"].eq(word), "verdict"]) == [VERDICTS[verdict]]
    if "未达学校数" in case:
        assert whole["in_the_way"] == case["未达学校数"]
    if "还需" in case:
        wanted = {
            STAGES[stage]: {UNITS[what]: count for what, count in units.items()}
            for stage, units in case["还需"].items()
        }
        assert json.loads(whole["needed"]) == wanted
    _check_sections(indicator, case, tables, store)


def only(indicator: str) -> Settings:
    """The settings with this indicator alone, or with the seven of the rule that it belongs to."""
    balance = SETTINGS.balance
    one = balance.indicator(indicator)
    kept = balance.resources if one in balance.resources else [one]
    return replace(SETTINGS, balance=balance.model_copy(update={"indicators": kept}))


def test_the_district_that_keeps_every_limit_meets_all_32(tmp_path: Path) -> None:
    tables = review_district(store_of(tmp_path, {}, WORDS), SETTINGS, YEAR, NO_MEASUREMENTS)
    own = own_verdicts(tables["balance_indicators"])
    assert own == {one.id: "met" for one in SETTINGS.balance.indicators}
    assert len(own) == 32


def own_verdicts(found: pd.DataFrame) -> dict[str, str]:
    """Each indicator's own verdict, in the order of the table."""
    own = found[found["aspect"].eq("") & found["stage"].eq("") & found["respondent"].eq("")]
    return dict(zip(own["indicator"], own["verdict"], strict=True))


def _check_sections(
    indicator: str, case: dict[str, Any], tables: dict[str, pd.DataFrame], store: Any
) -> None:
    names = store.read("schools", YEAR).set_index(["name"])[["school_code", "stage"]]
    for name, verdict in case.get("各校", {}).items():
        code, stage = names.loc[name]
        sections = tables["balance_sections"]
        mine = sections["school_code"].eq(code) & sections["stage"].eq(stage)
        own = sections[mine & sections["indicator"].eq(indicator)]
        assert set(own["verdict"]) == {OF_SECTION[verdict]}, (name, own)
    for name, verdict in case.get("七项规则", {}).items():
        code, stage = names.loc[name]
        verdicts = tables["balance_verdicts"]
        own = verdicts[verdicts["school_code"].eq(code) & verdicts["stage"].eq(stage)].iloc[0]
        assert own["verdict"] == BY_RULE[verdict], (name, dict(own))
    for name, needed in case.get("学校还需", {}).items():
        code, stage = names.loc[name]
        verdicts = tables["balance_verdicts"]
        own = verdicts[verdicts["school_code"].eq(code) & verdicts["stage"].eq(stage)].iloc[0]
        assert {one["indicator"]: one["units"] for one in json.loads(own["needed"])} == needed
