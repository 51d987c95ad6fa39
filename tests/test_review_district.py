"""The district's review: what must not matter does not, what is missing is named, totals are sums."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalib.intake.columns import load_columns
from evalib.review.district import persons
from evalib.review.district.by_facts import by_facts
from evalib.review.district.facts import facts_of
from evalib.review.district.handed import Handed
from evalib.review.district.monitoring import own_shares
from evalib.review.district.staffing import counted
from evalib.review.district.yearly import review_district
from evalib.settings import load_settings
from evalib.settings.balance import PerPupils
from evalib.store import Store
from scenario_district import FACTS, RESOURCES, YEAR, Words, fact_rows, store_of

ROOT = Path(__file__).parents[1]
SETTINGS = load_settings(ROOT / "params" / "sample.yaml")
WORDS = Words(load_columns(ROOT / "params"))
NOTHING = pd.DataFrame(columns=["stage", "subject", "indicator", "reason", "value", "variance"], dtype="str")
Tables = dict[str, pd.DataFrame]
# A district with sections that fall short in several ways.
UNEVEN: dict[str, Any] = {
    "办学条件": {
        "甲小": {
            "教学及辅助用房面积": 400,
            "网络多媒体教室数": 1,
            "音乐专用教室数": 0,
            "音乐专用教室面积": 0,
        },
        "乙小": {"最大班额": 55},
        "丙中": {"教学仪器设备值（元）": 90000, "体育运动场馆面积": 500},
        "丁中": {"教学仪器设备值（元）": 230000, "体育运动场馆面积": 880},
    },
    "学校": {"甲小": {"学生数": 180}, "乙小": {"学生数": 330}},
}


def reviewed(store: Store) -> Tables:
    return review_district(store, SETTINGS, YEAR, NOTHING)


def own(found: pd.DataFrame) -> pd.DataFrame:
    """The indicators' own rows."""
    return found[found["aspect"].eq("") & found["stage"].eq("") & found["respondent"].eq("")]


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return reviewed(store_of(tmp_path_factory.mktemp("uneven"), UNEVEN, WORDS))


def test_tables_are_those_that_are_written_each_year(uneven: Tables) -> None:
    assert set(uneven) == {
        *("published_members", "balance_sections", "balance_verdicts", "balance_indicators"),
        *("balance_facts", "balance_staffing", "balance_shared_staff", "balance_satisfaction"),
        *("balance_own_share", "asked_by_section"),
    }
    assert all(table["year"].eq(YEAR).all() for table in uneven.values())
    assert list(own(uneven["balance_indicators"])["indicator"]) == [
        one.id for one in SETTINGS.balance.indicators
    ]
    assert set(uneven["balance_facts"]["fact"]) == set(SETTINGS.balance.facts)


def test_district_totals_are_the_sums_of_its_sections(uneven: Tables) -> None:
    found, rows, verdicts = (uneven[f"balance_{name}"] for name in ("indicators", "sections", "verdicts"))
    counted = 0
    for one in SETTINGS.balance.resources:
        for part in found[found["indicator"].eq(one.id) & found["aspect"].eq("sections")].itertuples():
            inside = rows[rows["indicator"].eq(one.id) & rows["stage"].eq(part.stage)]
            assert part.sections == len(inside)
            assert part.in_the_way == inside["verdict"].ne("met").sum()
            units = json.loads(part.needed).get(part.stage, {})
            assert sum(units.values()) == inside["short_of_limit"].sum()
            counted += int(part.in_the_way)
        plans = [
            each for text in verdicts["needed"] for each in json.loads(text) if each["indicator"] == one.id
        ]
        whole = json.loads(own(found).set_index("indicator").loc[one.id, "needed"])
        asked = sum(each["units"] for each in plans)
        assert sum(sum(units.values()) for units in whole.values()) == asked
    assert counted > 5, "the district falls short somewhere"
    for part in found[found["indicator"].eq("R")].itertuples():
        inside = verdicts[verdicts["stage"].eq(part.stage)]
        assert part.in_the_way == inside["verdict"].eq("not_met").sum()
    rooms = rows[rows["indicator"].eq("G3") & rows["aspect"].eq("music")]
    part = found[found["indicator"].eq("G3") & found["aspect"].eq("music")].iloc[0]
    assert json.loads(part["needed"])["primary"] == {
        "rooms": rooms["short_of_limit"].sum(),
        "m2": rooms["short_of_floor"].sum(),
    }


def test_with_what_is_needed_every_section_passes(uneven: Tables, tmp_path: Path) -> None:
    amounts = {
        "R4": "教学及辅助用房面积",
        "R5": "体育运动场馆面积",
        "R6": "教学仪器设备值（元）",
        "R7": "网络多媒体教室数",
    }
    codes = {"2150000001": "甲小", "2150000002": "乙小", "3150000003": "丙中", "3150000004": "丁中"}
    case = json.loads(json.dumps(UNEVEN, ensure_ascii=False))
    case["教师"] = {
        "甲小": [{"人数": 30, "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}],
        "乙小": [{"人数": 30, "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}],
    }
    before = reviewed(store_of(tmp_path / "before", case, WORDS))["balance_verdicts"]
    assert before["verdict"].eq("not_met").any()
    for row in before.itertuples():
        for each in json.loads(row.needed):
            cells = case["办学条件"].setdefault(codes[row.school_code], {})
            header = amounts[each["indicator"]]
            cells[header] = cells.get(header, RESOURCES[header]) + each["units"]
    after = reviewed(store_of(tmp_path / "after", case, WORDS))["balance_verdicts"]
    assert after["verdict"].eq("met").all()


def test_all_evidence_is_shown_somewhere_and_every_name_for_it_is_used(uneven: Tables) -> None:
    found = uneven["balance_indicators"]
    of_rule = found["indicator"].eq("R")
    rests_on = {
        name: {key for text in rows for key in json.loads(text)}
        for name, rows in (
            ("rule", found.loc[of_rule, "evidence"]),
            ("indicators", found.loc[~of_rule, "evidence"]),
        )
    }
    assert rests_on["rule"] == {"met", "not_met", "not_reported"}  # the columns of the page's counts
    prefix = "evidence_"
    named = {one.removeprefix(prefix) for one in SETTINGS.wording["balance"] if one.startswith(prefix)} - {
        "of"
    }
    assert rests_on["indicators"] <= named | set(SETTINGS.balance.facts)
    assert named <= {*persons.COUNTS, "teachers", "certified", "without", "unknown"} | {
        *("open_transfers", "rooms_missing", "too_small", "year")
    }


def test_before_the_rule_nothing_is_judged_and_what_there_was_is_kept(uneven: Tables, tmp_path: Path) -> None:
    balance = SETTINGS.balance.model_copy(update={"first_year": "2025-2026"})
    store = store_of(tmp_path, UNEVEN, WORDS)
    tables = review_district(store, replace(SETTINGS, balance=balance), YEAR, NOTHING)
    found = tables["balance_indicators"]
    assert list(found["indicator"]) == [one.id for one in SETTINGS.balance.indicators]
    assert set(found["verdict"]) == {"not_reported"}
    assert found[["value", "in_the_way"]].isna().all(axis=None)
    for text in found["reason"]:
        assert json.loads(text) == [{"what": "no_rule", "where": "", "first": "2025-2026"}]
    for name in ("sections", "verdicts", "satisfaction"):
        table, judged = tables[f"balance_{name}"], uneven[f"balance_{name}"]
        assert set(table["verdict"]) == {"not_reported"}
        assert list(table.columns) == list(judged.columns)
        assert table.dtypes.equals(judged.dtypes)
    rows = tables["balance_sections"]
    pd.testing.assert_series_equal(rows["value"], uneven["balance_sections"]["value"])
    assert rows[["limit", "short_of_limit"]].isna().all(axis=None)
    assert set(rows["reason"]) == {"no_rule"}
    assert set(tables["balance_verdicts"]["needed"]) == {"[]"}
    for name in ("balance_facts", "balance_staffing", "published_members"):
        pd.testing.assert_frame_equal(tables[name], uneven[name])


def test_the_rules_first_year_is_judged(uneven: Tables, tmp_path: Path) -> None:
    balance = SETTINGS.balance.model_copy(update={"first_year": YEAR})
    tables = review_district(
        store_of(tmp_path, UNEVEN, WORDS), replace(SETTINGS, balance=balance), YEAR, NOTHING
    )
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, uneven[name])


def test_order_of_rows_does_not_matter(uneven: Tables, tmp_path: Path) -> None:
    store = store_of(tmp_path, UNEVEN, WORDS)
    rng = np.random.default_rng(3)
    shuffled = {
        place: store.read(*place).iloc[rng.permutation(rows)].reset_index(drop=True)
        for place, rows in store.slices().items()
    }
    store.write(shuffled)
    for name, table in reviewed(store).items():
        pd.testing.assert_frame_equal(table, uneven[name])


def test_a_thousandth_of_money_changes_no_coefficient(uneven: Tables, tmp_path: Path) -> None:
    store = store_of(tmp_path, UNEVEN, WORDS)
    resources = store.read("resources", YEAR)
    store.write({("resources", YEAR): resources.assign(equipment_yuan=resources["equipment_yuan"] / 1000)})
    then, now = (
        one["balance_indicators"].query("indicator == 'R6' and aspect == 'variation'")["value"]
        for one in (uneven, reviewed(store))
    )
    assert now.to_numpy() == pytest.approx(then.to_numpy(), rel=1e-12)


def test_a_district_without_a_single_other_table_reports_nothing_and_says_why(tmp_path: Path) -> None:
    store = store_of(tmp_path, {}, WORDS)
    store.write({}, removed=[place for place in store.slices() if place[0] != "schools"])
    tables = reviewed(store)
    found = own(tables["balance_indicators"])
    assert len(found) == 32
    assert found["verdict"].eq("not_reported").all()
    for reasons in found["reason"]:
        assert json.loads(reasons)
        assert {one["what"] for one in json.loads(reasons)} <= {"no_table", "no_column"}
    assert tables["balance_sections"]["value"].isna().all()
    assert tables["balance_verdicts"]["verdict"].eq("not_reported").all()
    assert not len(tables["balance_staffing"])
    assert not len(tables["balance_satisfaction"])
    assert set(tables["balance_facts"]["problem"]) == {'[{"what": "no_table", "where": "district"}]'}


@pytest.mark.parametrize("sheet", ["学生", "教师", "办学条件", "问卷", "区级数据"])
def test_a_missing_table_never_makes_anything_met(uneven: Tables, sheet: str, tmp_path: Path) -> None:
    whole = own(uneven["balance_indicators"])
    less = own(reviewed(store_of(tmp_path, {**UNEVEN, "没有的表": [sheet]}, WORDS))["balance_indicators"])
    worse = (less["verdict"].to_numpy() == "met") & (whole["verdict"].to_numpy() != "met")
    assert not list(whole["indicator"][worse])
    gone = less.loc[less["verdict"].ne(whole["verdict"]), "verdict"]
    assert len(gone)
    assert set(gone) <= {"not_reported"}


@pytest.mark.parametrize(
    ("name", "told", "what"),
    [
        ("教师平均工资收入", "12.6", "wrong_unit"),
        ("教师平均工资收入", "12.6 %", "wrong_unit"),
        ("教师平均工资收入", "126000", "wrong_unit"),
        ("教师平均工资收入", "12.6 元", "out_of_range"),
        ("教育支出占一般公共预算比例", "130 %", "out_of_range"),
        ("教育支出占一般公共预算比例", "0.3 万元", "wrong_unit"),
        ("交流轮岗教师数", "300 人", "contradiction"),
        ("交流轮岗教师数", "-1 人", "out_of_range"),
        ("课程开齐开足", "2 是否达到", "out_of_range"),
        ("交流轮岗教师数", "12.5 人", "out_of_range"),
        ("课程开齐开足", None, "no_fact"),
    ],
)
def test_a_faulty_fact_is_named_and_not_used(name: str, told: str | None, what: str) -> None:
    facts = facts_of(fact_rows({**FACTS, name: told}, WORDS), SETTINGS.balance, YEAR)
    one = facts[WORDS.columns.spellings["fact"][name]]
    assert [(each["what"], each["where"]) for each in one.problems] == [(what, f"district.{one.name}")]
    assert one.used is None
    others = [each for each in facts.values() if each.name not in (one.name, "exchange_eligible")]
    assert all(
        each.used is not None for each in others if each.value is not None and "exchanged" not in each.name
    )


def test_shares_of_teachers_tell_how_many_more_it_takes() -> None:
    told = {"交流轮岗教师数": "33 人", "交流轮岗骨干教师数": "3 人", "符合交流条件教师数": "400 人"}
    facts = facts_of(fact_rows({**FACTS, **told}, WORDS), SETTINGS.balance, YEAR)
    _, *parts = by_facts(SETTINGS.balance.indicator("G11"), facts, ["primary", "junior"])
    assert [(one.verdict, one.needed) for one in parts] == [
        ("not_met", {"": {"teachers": 7}}),
        ("not_met", {"": {"teachers": 4}}),
    ]


def test_facts_that_contradict_each_other_are_both_refused() -> None:
    told = pd.DataFrame({"fact": ["exchanged", "exchange_eligible"], "value": [30.0, 20], "unit": "count"})
    facts = facts_of(told, SETTINGS.balance, YEAR)
    assert [facts[name].used for name in ("exchanged", "exchange_eligible")] == [None, None]
    assert [facts[name].value for name in ("exchanged", "exchange_eligible")] == [30, 20]
    assert facts["exchanged"].problems[0]["other"] == "exchange_eligible"


def test_all_32_are_met_just_where_every_section_passes_and_every_stage_is_even(uneven: Tables) -> None:
    found, verdicts = own(uneven["balance_indicators"]), uneven["balance_verdicts"]
    rows = uneven["balance_sections"]
    resources = [one.id for one in SETTINGS.balance.resources]
    failing = verdicts.loc[verdicts["verdict"].eq("not_met"), "school_code"]
    short = rows[rows["school_code"].isin(failing) & rows["verdict"].isin(["near", "under"])]
    blamed = set(found.loc[found["indicator"].isin(resources) & found["in_the_way"].gt(0), "indicator"])
    assert blamed == set(short["indicator"]) & set(resources)
    assert blamed
    assert found.set_index("indicator").loc[sorted(blamed), "verdict"].eq("not_met").all()


def test_a_person_who_teaches_twice_counts_once_among_the_district_s_teachers(tmp_path: Path) -> None:
    shared = {"姓": "共", "学历": "本科", "任教学科": "体育", "区级以上骨干": "是", "骨干层级": "学科骨干"}
    store = store_of(
        tmp_path, {"教师": {"甲小": [shared], "丙中": [{**shared, "本年交流轮岗": "是"}]}}, WORDS
    )
    found = reviewed(store)["balance_staffing"].set_index(["stage", "measure"])["value"]
    assert found["", "teachers"] == 1 + 7 + 7
    assert found["primary", "teachers"] + found["junior", "teachers"] == found["", "teachers"] + 1
    assert found["", "tier:学科骨干"] == found["", "named"] == found["", "named_exchanged"] == 1


def test_what_nobody_told_of_a_teacher_is_no_count_of_the_others(tmp_path: Path) -> None:
    untold = {"姓": "未", "学历": "本科", "任教学科": "体育", "区级以上骨干": "是", "本年交流轮岗": None}
    moved = {**untold, "姓": "交", "本年交流轮岗": "是"}
    store = store_of(tmp_path, {"教师": {"甲小": [untold, moved]}}, WORDS)
    found = reviewed(store)["balance_staffing"].set_index(["stage", "measure"])["value"]
    assert found["primary", "county_backbone"] >= 2
    for measure in ("exchanged", "exchanged_backbone", "named_exchanged"):
        assert not {("", measure), ("primary", measure)} & set(found.index)


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (["school", "school"], 2),
        (["section", "section"], 4),
        ([None, None], None),
        (["school", "section"], None),
    ],
)
def test_resource_rooms_count_once_where_a_school_said_whose_they_are(
    tmp_path: Path, scopes: list[str | None], told: int | None
) -> None:
    rows = pd.DataFrame({"school_code": "3150000001", "stage": ["primary", "junior"], "resource_rooms": 2.0})
    counts = []
    for order in ([0, 1], [1, 0]):
        store = Store(tmp_path / str(order[0]))
        store.write({("resources", YEAR): rows.assign(scope=pd.Series(scopes, dtype="str")).iloc[order]})
        found = counted(Handed(store, YEAR))
        counts.append(dict(zip(found["measure"], found["value"], strict=True)).get("resource_rooms"))
    assert counts == [told, told]


def measured(sections: int, told: int) -> pd.DataFrame:
    """Standard scores of a stage's sections, of some of which none may be shown."""
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "stage": "primary",
            "subject": "chinese",
            "indicator": "standard_score",
            "reason": ["" if k < told else "withheld" for k in range(sections)],
            "value": rng.normal(0, 0.3, sections),
            "variance": 0.01,
        }
    )


@pytest.mark.parametrize(
    ("sections", "told", "known"), [(10, 10, True), (9, 9, False), (20, 15, False), (20, 16, True)]
)
def test_the_own_estimate_needs_as_many_sections_as_the_page_of_what_lies_between_them(
    sections: int, told: int, known: bool
) -> None:
    found = own_shares(measured(sections, told), SETTINGS.measures).iloc[0]
    assert found["sections"] == told
    assert np.isfinite(found["share"]) == known


def test_groups_share_who_teaches_at_two_members_and_who_moved_between_them(tmp_path: Path) -> None:
    members = {"教育集团代码": "JT01", "教育集团": "甲集团"}
    both = {"学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}
    case = {
        "学校": {"甲小": members, "乙小": members},
        "教师": {"甲小": [{**both, "姓": "共"}], "乙小": [{**both, "姓": "共"}, {**both, "姓": "来"}]},
    }
    store = store_of(tmp_path, case, WORDS)
    found = reviewed(store)["balance_shared_staff"].set_index("measure")["value"]
    assert found["taught_in_two"] == 1
    assert np.isnan(found["moved_within"]), "last year's teachers are not known"
    last = store.read("teachers", YEAR).query("teacher == '来0'").assign(school_code="2150000001")
    store.write({("teachers", "2023-2024"): last, ("schools", "2023-2024"): store.read("schools", YEAR)})
    found = reviewed(store)["balance_shared_staff"].set_index("measure")["value"]
    assert found["moved_within"] == 1


def test_members_of_groups_are_told_and_empty_where_there_are_none(uneven: Tables) -> None:
    members = uneven["published_members"]
    assert list(members) == ["year", "school_code", "stage", "group_code", "group", "group_role", "pair_code"]
    assert members[["group_code", "group", "group_role", "pair_code"]].eq("").all(axis=None)


def test_limits_and_lists_of_the_params_decide(tmp_path: Path) -> None:
    store = store_of(tmp_path, {}, WORDS)
    balance = SETTINGS.balance
    stricter = balance.model_copy(
        update={"variation": balance.variation.model_copy(update={"minimum_sections": 3})}
    )
    found = review_district(store, replace(SETTINGS, balance=stricter), YEAR, NOTHING)["balance_indicators"]
    assert own(found).set_index("indicator").loc["R1", "verdict"] == "not_reported"
    everywhere = [
        one.model_copy(update={"rule": one.rule.model_copy(update={"counted": "where_they_teach"})})
        if isinstance(one.rule, PerPupils) and one.id == "R2"
        else one
        for one in balance.indicators
    ]
    shared = {"姓": "共", "学历": "本科", "任教学科": "体育", "区级以上骨干": "是"}
    twice = store_of(tmp_path / "twice", {"教师": {"甲小": [shared], "乙小": [shared]}}, WORDS)
    counted = balance.model_copy(update={"indicators": everywhere})
    rows = review_district(twice, replace(SETTINGS, balance=counted), YEAR, NOTHING)["balance_sections"]
    assert rows.query("indicator == 'R2' and stage == 'primary'")["numerator"].tolist() == [1, 1]
