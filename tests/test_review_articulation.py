"""强基衔接 through the review: each builder's figures by hand, and a reason for each gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.records import read_district_year, stage_year
from evalib.review import articulation as review_articulation
from evalib.review import onward as review_onward
from evalib.review.stage import Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import load_settings
from evalib.store import Store

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
BUILDERS = {**review_articulation.BUILDERS, **review_onward.BUILDERS}
FIRST, LAST, NOW = "2022-2023", "2023-2024", "2024-2025"
SUBJECTS = ("chinese", "mathematics", "english")
PRIMARIES = [f"p{position:02d}" for position in range(14)]
JUNIORS = ["j0", "j1", "j2", "j3"]
SILENT = "p13"
Tables = dict[tuple[str, str], pd.DataFrame]


def tables() -> Tables:
    """Two cohorts of 40 pupils a primary: one crosses to junior now, the other is in its last grade.

    Pupils of p00 gain more than others after they have left; nobody of p13 has scores.
    Junior cohorts of three years, for retention, have no scores before grade 7.
    """
    rng = np.random.default_rng(11)
    crossing = _cohort(rng, "c", 6)
    crossing["later"] = 0.8 * crossing["ability"] + 0.6 * rng.normal(size=len(crossing))
    crossing.loc[crossing["school_code"].eq("p00"), "later"] += 0.8
    staying = _cohort(rng, "s", 5)
    staying["later"] = 0.8 * staying["ability"] + 0.6 * rng.normal(size=len(staying))
    junior = crossing.assign(grade=7, stage="junior", **{"class": rng.choice(list("ab"), len(crossing))})
    number = crossing["school_code"].str[1:].astype(int)
    target = (number + rng.choice([0, 0, 0, 1], len(crossing))) % 4
    junior["school_code"] = "j" + target.astype(str)
    old = {year: _seniors(grade) for year, grade in ((FIRST, 7), (LAST, 8), (NOW, 9))}
    found: Tables = {("pupils", FIRST): old[FIRST]}
    for year, young, level in (
        (LAST, [crossing, staying], "ability"),
        (NOW, [junior, staying.assign(grade=6)], "later"),
    ):
        people = pd.concat(young, ignore_index=True)
        grades = sorted(people["grade"].unique())
        papers = pd.DataFrame(
            [(f"{g}-{s}", g, s) for g in grades for s in SUBJECTS], columns=["paper", "grade", "subject"]
        )
        scores = people.merge(papers, on="grade")
        mark = 65 + 12 * scores[level] + 5 * rng.normal(size=len(scores))
        scores["score"] = np.clip(np.round(mark), 0, 100)
        scores["sat"] = "present"
        silent = scores["school_code"].eq(SILENT)
        found["papers", year] = papers.assign(full_mark=100.0, comparable=True)
        found["scores", year] = scores[~silent][["pupil", "paper", "school_code", "score", "sat"]]
        found["pupils", year] = pd.concat([people[list(old[year])], old[year]], ignore_index=True)
    for year in (FIRST, LAST, NOW):
        primary = pd.DataFrame({"school_code": PRIMARIES, "stage": "primary"})
        found["schools", year] = pd.concat(
            [primary, pd.DataFrame({"school_code": JUNIORS, "stage": "junior"})], ignore_index=True
        )
    found["survey", NOW] = _survey()
    return found


def _cohort(rng: np.random.Generator, name: str, grade: int) -> pd.DataFrame:
    people = pd.DataFrame({"school_code": np.repeat(PRIMARIES, 40)})
    people.insert(0, "pupil", [f"{name}{number:04d}" for number in range(len(people))])
    people["stage"], people["grade"], people["status"] = "primary", grade, "enrolled"
    people["class"] = np.tile(np.repeat(["a", "b"], 20), len(PRIMARIES))
    people["ability"] = rng.normal(size=len(people))
    return people


def _seniors(grade: int) -> pd.DataFrame:
    """j0: ten enter, one moves to j1 in the second year, one leaves to nowhere known, one drops out."""
    rows = [(f"o{number}", "j0", "enrolled" if grade < 9 else "graduated") for number in range(7)]
    rows += [(f"q{number}", "j1", "enrolled" if grade < 9 else "graduated") for number in range(5)]
    moves = {
        7: [("m", "j0", "enrolled"), ("t", "j0", "enrolled"), ("d", "j0", "enrolled")],
        8: [("m", "j1", "transferred_in"), ("t", "j0", "transferred_out"), ("d", "j0", "enrolled")],
        9: [("m", "j1", "graduated"), ("d", "j0", "left")],
    }
    people = pd.DataFrame(rows + moves[grade], columns=["pupil", "school_code", "status"])
    return people.assign(stage="junior", grade=grade, **{"class": "a"})


def _survey() -> pd.DataFrame:
    rows = [
        ("pupil", f"adaptation_{area}", code, stage, 50, 40, 3.0 + position, 0.8)
        for code, stage in (("p00", "primary"), ("p01", "primary"), ("j0", "junior"))
        for position, area in enumerate(("learning", "life"))
    ]
    rows += [("pupil", "adaptation_learning", "p02", "primary", 50, 40, 3.0, 0.8)]
    rows += [("parent", "satisfaction", "p00", "primary", 50, 40, 1.0, 0.1)]
    rows += [("pupil", "satisfaction", "p00", "primary", 50, 40, 1.0, 0.1)]
    columns = ["respondent", "item", "school_code", "stage", "eligible", "answered", "mean", "sd"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def whole() -> Tables:
    return tables()


def stage_of(folder: Path, found: Tables, name: str) -> Stage:
    # A store keeps what a later load does not bring: each district has its own.
    store = Store(folder / str(len(list(folder.iterdir()))))
    store.write({key: table.reset_index(drop=True) for key, table in found.items()})
    district = read_district_year(store, NOW)
    codes = district.sections.loc[district.sections["stage"].eq(name), "school_code"].tolist()
    return Stage(stage_year(name, codes, district.this), district, SETTINGS)


def built(stage: Stage, measure: str) -> Figures:
    (indicator,) = (one for one in SETTINGS.measures.indicators if one.measure == measure)
    (figures,) = BUILDERS[measure](indicator, stage)
    sections = len(stage.one.codes)
    assert len(figures.because) == len(figures.expected) == sections
    if isinstance(figures, PupilFigures):
        assert figures.values.shape == stage.one.section.shape
    else:
        assert all(len(one) == sections for one in (figures.value, figures.variance, figures.n))
        # A section has a figure or a reason.
        assert (np.isfinite(figures.value) | (figures.because != "")).all()
    return figures


def reasons(stage: Stage, measure: str) -> dict[str, str]:
    return dict(zip(stage.one.codes, built(stage, measure).because, strict=True))


def values(stage: Stage, measure: str) -> pd.Series:
    figures = built(stage, measure)
    if isinstance(figures, SectionFigures):
        return pd.Series(figures.value, index=stage.one.codes)
    means = pd.Series(figures.values).groupby(stage.one.section).mean()
    return means.set_axis([stage.one.codes[position] for position in means.index])


def without(found: Tables, *names: str, year: str | None = None) -> Tables:
    return {key: table for key, table in found.items() if key[0] not in names or year not in (None, key[1])}


# Foundations


def test_foundation_rate_is_that_of_a_hand_count(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, whole, "primary")
    wide = whole["scores", NOW].pivot(index=["school_code", "pupil"], columns="paper", values="score")
    passed = wide.dropna(axis=0, how="all").ge(60).where(wide.notna(), True).all(axis=1)
    by_hand = passed.groupby("school_code").mean()
    found = values(stage, "foundation_rate")
    assert found["p00"] == pytest.approx(by_hand["p00"])
    assert reasons(stage, "foundation_rate")[SILENT] == "no_data"
    assert built(stage, "foundation_rate").expected[0] == 40


def test_an_absent_pupil_leaves_the_foundation_rate_and_stays_expected(tmp_path: Path, whole: Tables) -> None:
    scores = whole["scores", NOW].copy()
    row = scores.index[scores["school_code"].eq("p01")][0]
    scores.loc[row, ["score", "sat"]] = [np.nan, "absent"]
    stage = stage_of(tmp_path, {**whole, ("scores", NOW): scores}, "primary")
    figures = built(stage, "foundation_rate")
    of_section = stage.one.section == 1
    assert np.isnan(figures.values[of_section]).sum() == 1
    assert figures.expected[1] == 40


def test_a_paper_of_ones_own_is_not_a_core_subject_taught_in_common(tmp_path: Path, whole: Tables) -> None:
    papers = whole["papers", NOW].copy()
    papers.loc[papers["paper"].eq("6-english"), "comparable"] = False
    stage = stage_of(tmp_path, {**whole, ("papers", NOW): papers}, "primary")
    assert reasons(stage, "foundation_rate")["p00"] == ""
    assert [one["fields"] for one in stage.notes] == [{"grades": [6]}]
    papers["comparable"] = False
    stage = stage_of(tmp_path, {**whole, ("papers", NOW): papers}, "primary")
    assert reasons(stage, "foundation_rate")["p00"] == "no_comparable_paper"


def test_scale_scores_have_no_foundation_cut(tmp_path: Path, whole: Tables) -> None:
    papers = whole["papers", NOW].drop(columns="full_mark")
    stage = stage_of(tmp_path, {**whole, ("papers", NOW): papers}, "primary")
    assert reasons(stage, "foundation_rate")["p00"] == "no_full_mark"


# Retention


def test_retention_follows_the_cohort_over_its_years(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, whole, "junior")
    found = values(stage, "retention_rate")
    # j0: seven of ten graduated, two transferred out, none in, one lost; j1: six, one of them in.
    assert found["j0"] == pytest.approx(0.9)
    assert found["j1"] == pytest.approx(1.0)
    assert np.isnan(built(stage, "retention_rate").variance).all()
    assert reasons(stage, "retention_rate")["j3"] == "not_applicable"
    # One pupil of j0 is nowhere: so few are not told as a number.
    still_open = [one for one in stage.notes if one["note"].startswith("open_transfers")]
    assert [(one["school_code"], one["note"], one["fields"]) for one in still_open] == [
        ("j0", "open_transfers_few", {"few": 10})
    ]


@pytest.mark.parametrize("gone", ["year", "status", "graduates", "primary"])
def test_retention_needs_every_year_and_the_graduates(tmp_path: Path, whole: Tables, gone: str) -> None:
    found = dict(whole)
    if gone == "year":
        found = without(found, "pupils", year=FIRST)
    elif gone == "status":
        found["pupils", LAST] = found["pupils", LAST].drop(columns="status")
    elif gone == "graduates":
        found["pupils", NOW] = found["pupils", NOW].replace({"status": {"graduated": "enrolled"}})
    stage = stage_of(tmp_path, found, "primary" if gone == "primary" else "junior")
    assert set(reasons(stage, "retention_rate").values()) == {"no_data"}


# Recovery


def test_recovery_follows_the_lowest_quarter_of_the_first_grade_with_a_known_start(
    tmp_path: Path, whole: Tables
) -> None:
    junior = stage_of(tmp_path, whole, "junior")
    figures = built(junior, "recovery_rate")
    # Too few junior sections for a curve, but the pupils are known: a quarter of 13 × 40.
    assert figures.expected.sum() == pytest.approx(130, abs=2)
    assert set(figures.because) == {"too_few_sections"}
    primary = stage_of(tmp_path, whole, "primary")
    found = built(primary, "recovery_rate")
    assert [one["fields"] for one in primary.notes] == [{"grade": 6}]
    assert reasons(primary, "recovery_rate")["p00"] == ""
    assert reasons(primary, "recovery_rate")[SILENT] == "no_data"
    assert np.nansum(found.values) == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(found.values).sum() == found.expected.sum()


def test_recovery_without_last_years_scores_has_no_prior(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, without(whole, "scores", year=LAST), "primary")
    assert reasons(stage, "recovery_rate")["p00"] == "no_prior"
    stage = stage_of(tmp_path, without(whole, "scores", year=NOW), "primary")
    assert set(reasons(stage, "recovery_rate").values()) == {"no_data"}


def test_quarters_of_the_district_are_even_and_sections_add_up_to_it(tmp_path: Path, whole: Tables) -> None:
    moves = review_onward.quarter_moves(stage_of(tmp_path, whole, "primary"))
    district = moves[moves["school_code"].eq("")]
    assert district["pupils"].sum() == 13 * 40
    assert district.groupby("entry")["pupils"].sum().tolist() == [130] * 4
    others = moves[moves["school_code"].ne("")].groupby(["entry", "later"])["pupils"].sum()
    assert others.tolist() == district["pupils"].tolist()
    assert review_onward.quarter_moves(stage_of(tmp_path, without(whole, "scores"), "primary")).empty


# Onward


def test_onward_progress_finds_the_feeder_whose_former_pupils_stand_out(
    tmp_path: Path, whole: Tables
) -> None:
    stage = stage_of(tmp_path, whole, "primary")
    figures = built(stage, "onward_progress")
    assert isinstance(figures, SectionFigures)
    found = values(stage, "onward_progress").drop(SILENT)
    assert found.idxmax() == "p00"
    assert found["p00"] - found.drop("p00").mean() == pytest.approx(0.8, abs=0.25)
    assert found @ figures.n[:-1] == pytest.approx(0.0, abs=1e-9)
    assert (np.sqrt(figures.variance[:-1]) < 0.3).all()
    assert figures.n[0] == figures.expected[0] == 40
    assert set(figures.more["standing_block"]) == {""}
    assert reasons(stage, "onward_progress")[SILENT] == "no_data"
    assert [one["note"] for one in stage.notes] == ["onward_fit"]


def test_the_last_stage_has_no_next_one(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, whole, "junior")
    assert set(reasons(stage, "onward_progress").values()) == {"not_applicable"}
    assert review_onward.feeder_flows(stage, 10).empty
    alone = {
        key: table[table["stage"].eq("primary")] if "stage" in table else table
        for key, table in whole.items()
    }
    stage = stage_of(tmp_path, alone, "primary")
    assert set(reasons(stage, "onward_progress").values()) == {"not_applicable"}


def test_former_pupils_who_meet_nobody_else_cannot_be_compared(tmp_path: Path, whole: Tables) -> None:
    pupils = whole["pupils", NOW].copy()
    of_feeder = pupils["pupil"].isin([f"c{number:04d}" for number in range(40)])
    pupils.loc[of_feeder, "school_code"] = "j9"
    schools = whole["schools", NOW]
    more = pd.concat([schools, pd.DataFrame({"school_code": ["j9"], "stage": ["junior"]})], ignore_index=True)
    stage = stage_of(tmp_path, {**whole, ("pupils", NOW): pupils, ("schools", NOW): more}, "primary")
    assert reasons(stage, "onward_progress")["p00"] == "not_applicable"
    assert reasons(stage, "onward_progress")["p01"] == ""


def test_leavers_who_are_lost_from_sight_are_low_coverage(tmp_path: Path, whole: Tables) -> None:
    pupils = whole["pupils", NOW]
    lost = pupils["pupil"].isin([f"c{number:04d}" for number in range(25)])
    stage = stage_of(tmp_path, {**whole, ("pupils", NOW): pupils[~lost]}, "primary")
    figures = built(stage, "onward_progress")
    assert figures.because[0] == "low_coverage"
    assert (figures.n[0], figures.expected[0]) == (15, 40)


def test_a_primary_that_opened_since_has_no_former_pupils(tmp_path: Path, whole: Tables) -> None:
    schools = whole["schools", NOW]
    newly = pd.concat(
        [schools, pd.DataFrame({"school_code": ["p99"], "stage": ["primary"]})], ignore_index=True
    )
    stage = stage_of(tmp_path, {**whole, ("schools", NOW): newly}, "primary")
    assert reasons(stage, "onward_progress")["p99"] == "no_data"
    pupils = whole["pupils", LAST]
    young = pupils[pupils["pupil"].eq("s0000")].assign(pupil="young", school_code="p99", grade=1)
    found = {**whole, ("schools", NOW): newly, ("pupils", LAST): pd.concat([pupils, young])}
    assert reasons(stage_of(tmp_path, found, "primary"), "onward_progress")["p99"] == "not_applicable"


def test_few_feeders_are_not_fitted(tmp_path: Path, whole: Tables) -> None:
    kept = ["p00", "p04", "p08"]
    pupils = whole["pupils", LAST]
    some = pupils[pupils["school_code"].isin(kept)]
    stage = stage_of(tmp_path, {**whole, ("pupils", LAST): some}, "primary")
    assert reasons(stage, "onward_progress")["p00"] == "too_few_sections"


def test_a_small_component_has_figures_and_no_standing(tmp_path: Path, whole: Tables) -> None:
    # Receivers j0 and j1 draw on six feeders, the others on the rest, and nobody crosses.
    pupils = whole["pupils", NOW].copy()
    feeder = pupils["pupil"].str[1:].where(pupils["pupil"].str.match(r"c\d{4}$")).astype(float) // 40
    for small, receivers in ((True, ["j0", "j1"]), (False, ["j2", "j3"])):
        inside = feeder.notna() & ((feeder < 6) == small)
        pupils.loc[inside, "school_code"] = np.tile(receivers, int(inside.sum()) // 2)
    stage = stage_of(tmp_path, {**whole, ("pupils", NOW): pupils}, "primary")
    figures = built(stage, "onward_progress")
    assert isinstance(figures, SectionFigures)
    assert np.isfinite(figures.value[:-1]).all()
    # Seven feeders are in the other component, the silent one apart.
    assert set(figures.more["standing_block"][:-1]) == {"too_few_sections"}
    assert figures.value[:6] @ figures.n[:6] == pytest.approx(0.0, abs=1e-9)
    assert [one["fields"]["components"] for one in stage.notes] == [2]


@pytest.mark.parametrize(
    ("gone", "year", "reason"),
    [("pupils", LAST, "no_data"), ("scores", LAST, "no_prior"), ("scores", NOW, "no_data")],
)
def test_onward_progress_without_a_table_says_which(
    tmp_path: Path, whole: Tables, gone: str, year: str, reason: str
) -> None:
    stage = stage_of(tmp_path, without(whole, gone, year=year), "primary")
    assert reasons(stage, "onward_progress")["p00"] == reason


def test_feeder_flows_show_no_small_number(tmp_path: Path, whole: Tables) -> None:
    flows = review_onward.feeder_flows(stage_of(tmp_path, whole, "primary"), 10)
    assert set(flows["feeder"]) == set(PRIMARIES)
    assert set(flows["receiver"]) <= {*JUNIORS, ""}
    assert flows.groupby("feeder")["pupils"].sum().tolist() == [40] * 14
    assert flows["pupils"].min() >= 10


# Adaptation


def test_adaptation_is_the_mean_over_areas_and_names_who_did_not_answer(
    tmp_path: Path, whole: Tables
) -> None:
    stage = stage_of(tmp_path, whole, "primary")
    figures = built(stage, "entry_adaptation")
    assert isinstance(figures, SectionFigures)
    assert figures.value[0] == pytest.approx(3.5)
    assert figures.variance[0] == pytest.approx(0.8**2 / 40)
    assert (figures.n[0], figures.expected[0]) == (40, 50)
    assert reasons(stage, "entry_adaptation")["p02"] == "low_coverage"
    assert reasons(stage, "entry_adaptation")["p03"] == "no_data"


def test_without_a_survey_there_is_no_adaptation(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, without(whole, "survey"), "junior")
    assert set(reasons(stage, "entry_adaptation").values()) == {"no_data"}
    survey = whole["survey", NOW]
    others = {**whole, ("survey", NOW): survey[survey["item"].eq("satisfaction")]}
    assert set(reasons(stage_of(tmp_path, others, "primary"), "entry_adaptation").values()) == {"no_data"}


def test_an_adaptation_without_spread_is_too_few(tmp_path: Path, whole: Tables) -> None:
    survey = whole["survey", NOW].assign(sd=np.nan)
    stage = stage_of(tmp_path, {**whole, ("survey", NOW): survey}, "primary")
    assert reasons(stage, "entry_adaptation")["p00"] == "too_few"


def test_without_pupils_every_measure_says_no_data(tmp_path: Path, whole: Tables) -> None:
    stage = stage_of(tmp_path, without(whole, "pupils", "survey"), "primary")
    for measure in BUILDERS:
        assert set(reasons(stage, measure).values()) == {"no_data"}, measure
