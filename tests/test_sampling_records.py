"""The invented district's registers, competence, talents, surveys and facts, against their truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalib.intake.schemas import GONE
from evalib.sampling import InventedDistrict, invent_district

LAST = "2024-2025"
BEFORE = "2023-2024"
SECTION = ["school_code", "stage"]


@pytest.fixture(scope="module")
def usual() -> InventedDistrict:
    return invent_district()


@pytest.fixture(scope="module")
def large() -> InventedDistrict:
    """Many sections, so that what sections do shows in correlations."""
    return invent_district(sections=240, years=2)


def of_year(district: InventedDistrict, table: str, year: str) -> pd.DataFrame:
    rows = district.tables[table]
    return rows[rows["year"].eq(year)]


def on_roll(district: InventedDistrict, year: str) -> pd.DataFrame:
    pupils = of_year(district, "pupils", year)
    return pupils[~pupils["status"].isin(GONE)]


def with_section(district: InventedDistrict, table: str, year: str) -> pd.DataFrame:
    roll = on_roll(district, year)[["pupil", "grade", *SECTION]]
    rows = of_year(district, table, year)
    return rows.drop(columns=SECTION, errors="ignore").merge(roll, on="pupil")


def correlation(district: InventedDistrict, found: pd.Series, effect: str) -> float:
    """Between a figure of sections and their true effect."""
    truth = district.truth.effects.set_index(SECTION)[effect]
    both = pd.concat([found.rename("found"), truth], axis=1).dropna()
    return float(both["found"].corr(both[effect]))


# registers


def test_every_status_occurs(usual):
    assert set(usual.tables["pupils"]["status"]) == {
        "enrolled",
        "transferred_in",
        "transferred_out",
        "graduated",
        "left",
        "suspended",
        "repeating",
        "died",
    }


def test_the_last_grade_of_a_stage_is_graduated_unless_suspended(usual):
    pupils = usual.tables["pupils"]
    there = pupils[~pupils["status"].isin(GONE)]
    final = there["grade"].isin([6, 9])
    assert set(there[final]["status"]) <= {"graduated", "suspended"}
    assert not there[~final]["status"].eq("graduated").any()


def test_who_left_a_school_stands_in_its_register_a_year_later_and_has_no_marks(usual):
    pupils = usual.tables["pupils"]
    out = pupils[pupils["status"].eq("transferred_out")]
    assert set(out["year"]) == set(usual.years[1:])
    previous = dict(zip(usual.years[1:], usual.years[:-1], strict=True))
    earlier = pupils[~pupils["status"].isin(GONE)][["year", "pupil", "school_code"]]
    met = out.assign(year=out["year"].map(previous)).merge(earlier, on=["year", "pupil", "school_code"])
    assert len(met) == len(out)
    scores = usual.tables["scores"]
    assert scores.merge(out, on=["year", "pupil", "school_code"]).empty


def test_a_move_within_the_district_is_told_by_both_schools(usual):
    pupils = usual.tables["pupils"]
    came = pupils[pupils["status"].eq("transferred_in")]
    left = pupils[pupils["status"].eq("transferred_out")]
    both = came.merge(left, on=["year", "pupil"], suffixes=("", "_before"))
    assert len(both) > 100
    assert (both["school_code"] != both["school_code_before"]).all()
    assert both["grade"].equals(both["grade_before"].rename("grade"))


def test_who_comes_back_from_suspension_repeats_the_grade(usual):
    pupils = usual.tables["pupils"]
    again = pupils[pupils["status"].eq("repeating")]
    previous = dict(zip(usual.years[1:], usual.years[:-1], strict=True))
    before = again.assign(year=again["year"].map(previous))[["year", "pupil"]]
    before = before.merge(pupils[~pupils["status"].isin(GONE)])
    assert len(before) == len(again) > 0
    assert before["status"].eq("suspended").all()
    grades = before.set_index("pupil")["grade"]
    assert again.set_index("pupil")["grade"].reindex(grades.index).equals(grades)


def test_retention_of_a_junior_cohort_follows_from_the_registers(usual):
    pupils = usual.tables["pupils"]
    pupils = pupils[pupils["stage"].eq("junior")]
    steps = list(zip(usual.years, (7, 8, 9), strict=True))
    cohort = pd.concat([pupils[pupils["year"].eq(year) & pupils["grade"].eq(grade)] for year, grade in steps])
    first = cohort[cohort["year"].eq(usual.years[0])]
    entered = first.groupby("school_code")["pupil"].agg(set)
    rates = []
    for code, entrants in entered.items():
        here = cohort[cohort["school_code"].eq(code)]
        graduated = set(here[here["status"].eq("graduated")]["pupil"])
        out = set(here[here["status"].eq("transferred_out")]["pupil"])
        dead = set(here[here["status"].eq("died")]["pupil"])
        came = set(here[~here["status"].isin(GONE)]["pupil"]) - entrants
        rates.append((len(graduated) + len(out) - len(came)) / (len(entrants) - len(dead)))
        gone = set(here[here["status"].eq("left")]["pupil"])
        # Everybody is accounted for, but for those suspended, who are a year behind.
        missing = (entrants | came) - graduated - out - dead - gone
        assert len(missing) <= 0.02 * len(entrants) + 1
    assert len(rates) == 12
    assert all(0.95 < rate <= 1.0 for rate in rates)
    assert min(rates) < 1


def test_no_pupil_of_the_register_alone_has_marks_or_fitness(usual):
    again = usual.tables["pupils"][usual.tables["pupils"]["status"].eq("repeating")]
    for table in ("scores", "fitness", "competence", "activities"):
        assert usual.tables[table].merge(again[["year", "pupil"]], on=["year", "pupil"]).empty


# effects into a stage


def test_a_former_school_adds_its_effect_in_the_first_junior_year(large):
    ability = large.truth.pupils.pivot(index="pupil", columns="year", values="ability")
    left = on_roll(large, BEFORE).set_index("pupil")
    left = left[left["grade"].eq(6)]
    arrived = on_roll(large, LAST).set_index("pupil")
    both = arrived[arrived["grade"].eq(7)].join(left[SECTION].add_suffix("_before"), how="inner")
    both = both.join(ability)
    start = both[BEFORE]
    # The weakest quarter is lifted besides.
    both = both[start >= start.quantile(0.25)]
    own = both[LAST] - large.truth.persistence * both[BEFORE]
    own = own - own.groupby(both["school_code"]).transform("mean")
    effect = large.truth.effects.set_index(SECTION)["onward"]
    given = effect.reindex(pd.MultiIndex.from_frame(both[["school_code_before", "stage_before"]])).to_numpy()
    given = given - pd.Series(given, index=both.index).groupby(both["school_code"]).transform("mean")
    slope = (own * given).sum() / (given**2).sum()
    error = own.std() / np.sqrt((given**2).sum())
    assert slope == pytest.approx(1, abs=4 * error)
    assert error < 0.2


def test_the_weakest_quarter_of_entrants_is_lifted_by_its_section(large):
    ability = large.truth.pupils.pivot(index="pupil", columns="year", values="ability")
    roll = on_roll(large, LAST).set_index("pupil").join(ability).dropna(subset=[BEFORE, LAST])
    roll = roll[roll["grade"].eq(4)]
    weak = roll[BEFORE] < roll[BEFORE].quantile(0.25)
    change = roll[LAST] - large.truth.persistence * roll[BEFORE]
    means = change.groupby([roll["school_code"], roll["stage"], weak]).mean().unstack()
    assert correlation(large, means[True] - means[False], "recovery") > 0.4


def test_without_effects_into_a_stage_there_are_none():
    truth = invent_district(sections=10, years=1, onward_sd=0, recovery_sd=0, record_sd=0).truth
    effects = truth.effects.drop(columns=[*SECTION, "fitness"])
    assert (effects.fillna(0) == 0).all(axis=None)
    assert truth.effects["onward"].isna().equals(truth.effects["stage"].eq("junior"))


# competence and talents


def test_levels_hours_and_evidence_follow_their_sections(large):
    rows = with_section(large, "competence", BEFORE)
    arts = rows[rows["area"].eq("arts")]
    good = arts["level"].isin(["A", "B"]).groupby([arts["school_code"], arts["stage"]]).mean()
    assert correlation(large, good, "arts") > 0.8
    labour = rows[rows["area"].eq("labour")]
    assert correlation(large, labour.groupby(SECTION)["hours"].mean(), "labour") > 0.8
    moral = rows[rows["area"].eq("moral")]
    assert correlation(large, moral.groupby(SECTION)["evidence"].mean(), "moral") > 0.7


def test_grades_a_are_a_quota_that_one_section_breaches(usual):
    rows = with_section(usual, "competence", BEFORE)
    best = rows["level"].eq("A").groupby([rows["school_code"], rows["stage"], rows["area"]]).mean().unstack()
    breached = (best > 0.45).any(axis=1)
    assert list(best[breached].index) == [usual.truth.peculiar["over_quota"]]
    assert best[~breached].max(axis=None) < 0.40


def test_hours_belong_to_labour_and_evidence_to_moral_conduct(usual):
    rows = usual.tables["competence"]
    assert set(rows[rows["hours"].notna()]["area"]) == {"labour"}
    assert set(rows[rows["evidence"].notna()]["area"]) == {"moral"}
    assert rows["hours"].eq(0).any()
    assert rows["evidence"].eq(0).any()
    assert set(rows["level"]) == {"A", "B", "C", "D"}


def test_one_section_hands_in_no_records_in_the_last_year(usual):
    silent = usual.truth.peculiar["no_records"]
    for table in ("competence", "activities", "achievements"):
        for year in usual.years:
            rows = with_section(usual, table, year)
            here = rows["school_code"].eq(silent[0]) & rows["stage"].eq(silent[1])
            assert here.any() == (year != LAST), table
    own = of_year(usual, "achievements", LAST)
    assert not own["school_code"].eq(silent[0]).any()


def test_activities_and_achievements_follow_their_sections(large):
    roll = on_roll(large, BEFORE).groupby(SECTION).size()
    active = with_section(large, "activities", BEFORE).drop_duplicates("pupil").groupby(SECTION).size()
    assert correlation(large, active.reindex(roll.index, fill_value=0) / roll, "activity") > 0.8
    works = of_year(large, "achievements", BEFORE).dropna(subset=["pupil"]).drop_duplicates("work")
    rate = works.groupby(SECTION).size().reindex(roll.index, fill_value=0) / roll
    assert correlation(large, np.log(rate + 0.005), "achievement") > 0.6


def test_a_team_has_a_row_a_member_and_a_work_a_row_a_level(usual):
    works = usual.tables["achievements"]
    of_pupils = works[works["pupil"].notna()]
    groups = of_pupils.groupby(["year", "work", "level"])
    assert (groups.size() == groups["team_size"].first()).all()
    assert groups["pupil"].nunique().equals(groups.size())
    assert (groups.size() > 1).any()
    assert (of_pupils.groupby(["year", "work"])["level"].nunique() > 1).any()
    own = works[works["pupil"].isna()]
    assert len(own) > 10
    assert own["school_code"].notna().all()
    assert not own["work"].isin(of_pupils["work"]).any()


# survey and facts


def test_entrants_answer_in_four_areas_as_their_section_made_them(large):
    rows = of_year(large, "survey", BEFORE)
    rows = rows[rows["item"].str.startswith("adaptation_")]
    assert set(rows["respondent"]) == {"pupil"}
    entrants = on_roll(large, BEFORE)
    entrants = entrants[
        entrants["grade"].isin([1, 7]) & entrants["status"].isin(["enrolled", "transferred_in"])
    ]
    counted = rows.merge(entrants.groupby(SECTION).size().rename("entrants"), on=SECTION)
    assert (counted["eligible"] == counted["entrants"]).mean() > 0.95
    for area in ("learning", "life", "social", "rules"):
        part = rows[rows["item"].eq(f"adaptation_{area}")].set_index(SECTION)
        assert correlation(large, part["mean"].astype(float), f"adaptation_{area}") > 0.7


def test_nobody_answers_who_was_not_asked(usual):
    rows = usual.tables["survey"]
    assert (rows["answered"] <= rows["invited"]).all()
    assert (rows["invited"] <= rows["eligible"]).all()
    assert (rows["satisfied"] <= rows["answered"]).fillna(True).all()
    assert rows["mean"].dropna().between(1, 5).all()
    assert rows.loc[rows["answered"].le(1), "sd"].isna().all()
    assert set(rows["respondent"]) == {"pupil", "parent", "teacher", "head", "deputy", "public"}
    district = rows["respondent"].isin(["head", "deputy", "public"])
    assert rows["school_code"].isna().equals(district)


def test_facts_are_told_once_a_year_and_some_are_not_told(usual):
    facts = usual.tables["district"].pivot(index="fact", columns="year", values="value")
    assert facts.loc["monitoring_lowest_level"].notna().tolist() == [False, True, False]
    assert facts.loc["teacher_pay_yuan", usual.years[0]] < facts.loc["civil_servant_pay_yuan", usual.years[0]]
    assert facts.loc["teacher_pay_yuan", LAST] > facts.loc["civil_servant_pay_yuan", LAST]
    assert (facts.loc["public_funds_rural_yuan"] > facts.loc["public_funds_urban_yuan"]).all()
    shares = usual.tables["district"].query("unit == 'share'")["value"]
    assert shares.between(0, 1).all()
    assert "no_overburden" not in facts.index
