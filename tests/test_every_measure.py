"""Every measure that params configure, on every table at its edges: a figure or a reason, never a gap.

The measures come from params and the pages from the front door, so that a new one cannot
be forgotten here.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalib.page.district.parts import Parts
from evalib.page.findings import Speaker
from evalib.page.reports import School
from evalib.page.view import View
from evalib.settings import load_settings
from evalib.settings.indicators import MEASURES
from evalib.vocabulary import DIMENSIONS, STAGES, Reason
from evalib.wording import wording_of
from small_district import NOW, PERSONAL, Outcome, Tables, small_district

# Sixteen whole reviews: more than the fast tests have time for.
pytestmark = pytest.mark.proof

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
INDICATORS = {one.id: one for one in SETTINGS.measures.indicators}
REASONS = {str(one) for one in Reason}
ONE, THREE, OTHER, SILENT, YOUNG = (f"215000000{number}" for number in (2, 3, 4, 5, 6))
JUNIOR = "3150000002"

Change = Callable[[Tables], Tables]
IRREGULAR = "schools of one, of three, silent and with kindergarten"
PAPERS = "a constant paper, a grade without a common one"
COLLINEAR = "one class and a collinear covariate"


def now(change: Callable[[pd.DataFrame], pd.DataFrame], *names: str) -> Change:
    """A change of this year's tables of these names."""

    def changed(tables: Tables) -> Tables:
        return tables | {
            (name, NOW): change(tables[name, NOW].copy()).reset_index(drop=True) for name in names
        }

    return changed


def without(*names: str) -> Change:
    return lambda tables: {
        key: table for key, table in tables.items() if key[1] != NOW or key[0] not in names
    }


def columns_gone(*names: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.drop(columns=list(names), errors="ignore")


def only_schools(tables: Tables) -> Tables:
    return {key: table for key, table in tables.items() if key[1] != NOW or key[0] == "schools"}


def empty(tables: Tables) -> Tables:
    return {
        key: table.iloc[:0] if key[1] == NOW and key[0] != "schools" else table
        for key, table in tables.items()
    }


def some_pupils(tables: Tables, kept: pd.Series[bool]) -> Tables:
    """This year with those pupils of the roll alone."""
    roll = tables["pupils", NOW]
    gone = set(roll.loc[~kept, "pupil"])
    changed = {(name, NOW): tables[name, NOW] for name in PERSONAL}
    return tables | {key: table[~table["pupil"].isin(gone)] for key, table in changed.items()}


def one_section(tables: Tables) -> Tables:
    """One section a stage."""
    tables = some_pupils(tables, tables["pupils", NOW]["school_code"].isin([OTHER, JUNIOR]))
    return now(lambda rows: rows[rows["school_code"].isin([OTHER, JUNIOR])], "schools", "survey")(tables)


def one_pupil_and_three(tables: Tables) -> Tables:
    roll = tables["pupils", NOW]
    place = roll.groupby("school_code").cumcount()
    gone = (roll["school_code"].eq(ONE) & place.ge(1)) | (roll["school_code"].eq(THREE) & place.ge(3))
    return some_pupils(tables, ~gone)


def all_equal(table: pd.DataFrame) -> pd.DataFrame:
    """Every figure the same, of every pupil and section."""
    figures = ["score", "level", "hours", "evidence", "field", "place", "mean", "sd", "team_size", "titles"]
    fitness = [
        name for name in table if str(name).rpartition("_")[2] in {"cm", "kg", "ml", "s", "jumps", "ups"}
    ]
    for name in [one for one in [*figures, *fitness] if one in table]:
        known = table[name].dropna()
        if len(known):
            table[name] = table[name].where(table[name].isna(), known.iloc[0])
    return table


def all_missing(table: pd.DataFrame) -> pd.DataFrame:
    """The keys are there and nothing else."""
    keys = {"pupil", "school_code", "stage", "grade", "paper", "subject", "area", "activity", "work"}
    keys |= {"respondent", "item", "comparable", "sat"}
    for name in table.columns.difference(list(keys)):
        table[name] = pd.Series(np.nan, index=table.index).astype(table[name].dtype)
    return table


def exempt(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**({"sat": "exempt", "score": np.nan} if "sat" in table else {"exempt": True}))


def not_common(papers: pd.DataFrame) -> pd.DataFrame:
    return papers.assign(comparable=papers["comparable"] & ~papers["grade"].isin([5, 8]))


def constant(tables: Tables) -> Tables:
    """One paper on which everyone has the same mark."""
    papers = tables["papers", NOW]
    one = papers[papers["grade"].eq(4) & papers["subject"].eq("mathematics")]["paper"]
    return now(lambda rows: rows.assign(score=rows["score"].mask(rows["paper"].isin(one), 70.0)), "scores")(
        tables
    )


def collinear_in_one_class(roll: pd.DataFrame) -> pd.DataFrame:
    return roll.assign(special_needs=roll["sex"].eq("male")).assign(**{"class": "1"})


def kindergarten(roll: pd.DataFrame) -> pd.DataFrame:
    """A section's youngest are not in school yet."""
    youngest = roll["school_code"].eq(YOUNG) & roll["grade"].eq(4)
    return roll.assign(grade=roll["grade"].mask(youngest, 0))


def silent(tables: Tables) -> Tables:
    """A school on the roll that hands nothing in."""
    roll = tables["pupils", NOW]
    own = set(roll.loc[roll["school_code"].eq(SILENT), "pupil"])
    tables = now(lambda rows: rows[~rows["pupil"].isin(own)], *PERSONAL[1:])(tables)
    return now(lambda rows: rows[~rows["school_code"].eq(SILENT)], "survey", "achievements")(tables)


def in_turn(*changes: Change) -> Change:
    """Several changes that do not touch one another."""

    def changed(tables: Tables) -> Tables:
        for change in changes:
            tables = change(tables)
        return tables

    return changed


EDGES: dict[str, Change] = {
    "unchanged": in_turn(),
    "no table at all": only_schools,
    "empty tables": empty,
    "no pupils, but the rest": without("pupils"),
    "a roll and nothing else": without("papers", "scores", *PERSONAL[2:], "survey"),
    "everyone gone": now(lambda roll: roll.assign(status="left"), "pupils"),
    "one section": one_section,
    IRREGULAR: in_turn(one_pupil_and_three, silent, now(kindergarten, "pupils")),
    "all equal": now(all_equal, *PERSONAL[1:], "survey", "schools"),
    "all missing": now(all_missing, *PERSONAL[1:], "papers", "survey"),
    "everyone exempt": now(exempt, "scores", "fitness"),
    "no common paper": now(lambda papers: papers.assign(comparable=False), "papers"),
    PAPERS: in_turn(constant, now(not_common, "papers")),
    COLLINEAR: now(collinear_in_one_class, "pupils"),
    "no year before": lambda tables: {key: table for key, table in tables.items() if key[1] == NOW},
    "keys alone": in_turn(
        now(columns_gone("class", "sex"), "pupils"),
        now(
            columns_gone("full_mark", "term", "exempt", "hours", "evidence", "field", "place", "team_size"),
            *("papers", "fitness", "competence", "activities", "achievements"),
        ),
    ),
}
# What a change leaves to be said of the sections that had a figure before it, by indicator.
ACADEMIC = ("standard_score", "excellent_rate", "pass_rate", "low_score_rate", "participation")
BALANCE = ("subject_balance", "class_balance")
FITNESS = ("fitness_good_rate", "fitness_pass_rate", "fitness_coverage")
OF_ONE_YEAR = (
    "value_added",
    "value_added_intake",
    "low_start_growth",
    "middle_start_growth",
    "high_start_growth",
    "mean_growth_percentile",
    "match_rate",
)
GROWTH = (*OF_ONE_YEAR, "value_added_3y", "recovery_rate", "onward_progress")
# These need no roll: one stands in the list of schools, one in the survey.
WITHOUT_ROLL = ("recognised_features", "entry_adaptation")
OF_PUPILS = tuple(name for name in INDICATORS if name not in WITHOUT_ROLL)
ALL = (*OF_PUPILS, "entry_adaptation")

EXPECTED: list[tuple[str, tuple[str, ...], str]] = [
    ("no table at all", ALL, "no_data"),
    ("empty tables", ALL, "no_data"),
    ("no pupils, but the rest", OF_PUPILS, "no_data"),
    ("no pupils, but the rest", WITHOUT_ROLL, ""),
    ("a roll and nothing else", (*ACADEMIC, *BALANCE, *FITNESS, *GROWTH, "arts_good_rate"), "no_data"),
    ("everyone gone", OF_PUPILS, "no_data"),
    ("one section", (*OF_ONE_YEAR[:-1], "value_added_3y", "recovery_rate"), "too_few_sections"),
    ("one section", (*ACADEMIC[:4], "match_rate", "arts_good_rate", "entry_adaptation"), ""),
    ("all equal", ("standard_score", *BALANCE, *GROWTH), "no_variance"),
    ("all equal", ("pass_rate", "arts_good_rate", "fitness_good_rate", "entry_adaptation"), ""),
    ("all missing", ("standard_score", *GROWTH, *FITNESS[:2], "arts_good_rate", "activity_share"), "no_data"),
    ("all missing", ("pass_rate", "foundation_rate"), "no_full_mark"),
    ("everyone exempt", (*ACADEMIC, *BALANCE, *GROWTH, "foundation_rate"), "no_data"),
    ("no common paper", (*ACADEMIC, *BALANCE, *GROWTH, "foundation_rate"), "no_comparable_paper"),
    ("no common paper", (*FITNESS, "arts_good_rate", "activity_share"), ""),
    ("no year before", (*OF_ONE_YEAR, "value_added_3y", "recovery_rate"), "no_prior"),
    ("no year before", ("onward_progress", "retention_rate"), "no_data"),
    ("no year before", (*ACADEMIC, *BALANCE, *FITNESS), ""),
    (COLLINEAR, ("class_balance",), "not_applicable"),
    (COLLINEAR, (*ACADEMIC, *GROWTH), ""),
    (PAPERS, ("standard_score", *OF_ONE_YEAR), ""),
    (IRREGULAR, ("recognised_features",), ""),
    ("keys alone", ("excellent_rate", "pass_rate", "low_score_rate", "foundation_rate"), "no_full_mark"),
    ("keys alone", ("labour_reached_rate", "activity_share", "field_breadth"), "no_data"),
    ("keys alone", ("class_balance", *FITNESS), "no_data"),
    ("keys alone", ("standard_score", *GROWTH, "arts_good_rate", "achievement_points_per_100"), ""),
]
# Which note tells a reader what a change left out.
TOLD = [
    ("unchanged", "growth_excluded"),
    ("all missing", "awards_without_list"),
    ("keys alone", "fitness_without_sex"),
    ("keys alone", "no_classes"),
    (COLLINEAR, "growth_covariates_left_out"),
    (IRREGULAR, "grades_without_prior"),
    (IRREGULAR, "sections_without_scores"),
    (PAPERS, "paper_constant"),
    (PAPERS, "paper_not_comparable"),
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Callable[[str], Outcome]:
    """What the change of that name comes to, once."""
    of_district = small_district(tmp_path_factory.mktemp("edges"), SETTINGS)
    return functools.cache(lambda name: of_district.outcome(name, EDGES[name]))


@pytest.fixture(params=EDGES)
def edge(request, outcome: Callable[[str], Outcome]) -> Outcome:
    return outcome(request.param)


def without_interval(rows: pd.DataFrame) -> pd.Series[bool]:
    """Figures that may stand without one: of record, points of few achievers, breadth of one pupil."""
    record = [one.id for one in INDICATORS.values() if MEASURES[one.measure].of_record]
    alone = rows["indicator"].eq("field_breadth") & rows["n"].eq(1)
    return rows["indicator"].isin([*record, "achievement_points_per_100"]) | alone


def test_every_section_has_a_row_for_every_measure(edge: Outcome) -> None:
    sections = edge.review.sections[["stage", "school_code"]]
    rows = edge.review.measurements
    whole = rows.loc[rows["subject"].eq(""), ["stage", "school_code", "indicator"]]
    expected = sections.merge(pd.Series(list(INDICATORS), name="indicator"), how="cross")
    assert len(whole) == len(expected) == len(whole.merge(expected))
    keys = ["stage", "school_code", "indicator", "subject"]
    assert not edge.judged.duplicated(keys).any()
    pd.testing.assert_frame_equal(edge.judged[keys], edge.published[keys])
    scores = edge.published[edge.published["indicator"].eq(edge.published["dimension"])]
    assert len(scores) == len(sections) * len(DIMENSIONS)


def test_every_row_has_a_finite_figure_or_a_known_reason(edge: Outcome) -> None:
    for rows in (edge.judged, edge.published):
        shown = rows["reason"].eq("")
        assert set(rows.loc[~shown, "reason"]) <= REASONS
        assert np.isfinite(rows.loc[shown, "value"]).all()
        assert not np.isinf(rows[shown].select_dtypes("number")).any(axis=None)
        assert rows.loc[~shown, ["value", "se", "low", "high", "difference"]].isna().all(axis=None)
        ends = rows[shown & ~without_interval(rows)]
        assert set(ends.loc[ends[["low", "high"]].isna().any(axis=1), "indicator"]) == set()
        known = rows[shown & rows["low"].notna()]
        assert (known["low"] <= known["value"] + 1e-12).all()
        assert (known["value"] <= known["high"] + 1e-12).all()


def test_every_standing_or_its_lack_is_told(edge: Outcome) -> None:
    rows = edge.published
    none = rows["standing"].eq("none")
    assert set(rows.loc[none, "standing_reason"]) <= REASONS
    assert set(rows.loc[~none, "standing_reason"]) <= {""}
    assert set(rows["score_reason"]) <= REASONS | {""}
    assert rows.loc[rows["reason"].ne(""), "standing"].eq("").all()
    for one in INDICATORS.values():
        silent = rows.loc[rows["indicator"].eq(one.id) & rows["reason"].eq(""), "standing"].eq("")
        assert silent.any() != one.standing or silent.empty, one.id


def test_no_more_pupils_count_than_should(edge: Outcome) -> None:
    rows = edge.judged
    assert set(rows.loc[rows["n"].gt(rows["expected"]) & rows["expected"].gt(0), "indicator"]) == set()
    assert rows["n"].ge(0).all()
    assert rows["coverage"].dropna().between(0, 1).all()
    nobody = rows["reason"].eq("") & rows["n"].eq(0)
    # A school's titles are its own, whoever is on its roll.
    assert set(rows.loc[nobody, "indicator"]) <= {"recognised_features"}


def test_no_published_figure_is_of_too_few_pupils(edge: Outcome) -> None:
    rows = edge.published[edge.published["indicator"].ne("recognised_features")]
    assert rows.loc[rows["reason"].eq(""), "n"].ge(SETTINGS.disclosure.minimum_n).all()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_note_has_its_sentence_with_all_its_fields(edge: Outcome, lang: str) -> None:
    notes = edge.review.notes
    assert set(notes["school_code"]) <= {"", *edge.review.sections["school_code"]}
    # As of every school at once.
    everyone = SimpleNamespace(rows=lambda table, year: notes.assign(school_code="").to_dict("records"))
    told = [text for stage in STAGES for _, text in school(everyone, OTHER, stage, lang).view.notes]
    assert len(told) == len(notes)
    assert all(whole(text) for text in told)


@pytest.mark.parametrize(("name", "indicators", "reason"), EXPECTED)
def test_each_edge_has_its_own_reason(
    outcome: Callable[[str], Outcome], name: str, indicators: tuple[str, ...], reason: str
) -> None:
    keys = ["stage", "school_code", "indicator"]
    before, after = (
        found.review.measurements.query("subject == ''").set_index(keys)["reason"]
        for found in (outcome("unchanged"), outcome(name))
    )
    shown = after[after.index.isin(before.index[before.eq("")])]
    for indicator in indicators:
        own = shown[shown.index.get_level_values("indicator") == indicator]
        few = name == "one section" and "_start_growth" in indicator
        # Nobody need be left for these to begin with: few of one section start alike, or stay long enough.
        assert len(own) or few or indicator == "retention_rate"
        # Where few sat to begin with, they may be too few for this.
        assert own.empty or (set(own) <= {"", "too_few"} if reason == "" else set(own) == {reason}), indicator


def test_few_pupils_are_too_few_or_suppressed_and_never_shown(outcome: Callable[[str], Outcome]) -> None:
    found = outcome(IRREGULAR)
    measured, shown = (
        rows[rows["subject"].eq("")].set_index(["school_code", "indicator"])["reason"]
        for rows in (found.review.measurements, found.published)
    )
    for indicator in ("standard_score", "value_added", "subject_balance"):
        assert measured[ONE, indicator] == "too_few"
        assert shown[ONE, indicator] == shown[THREE, indicator] == "suppressed"
    assert measured[THREE, "pass_rate"] == ""
    assert shown[THREE, "pass_rate"] == shown[ONE, "pass_rate"] == "suppressed"


def test_a_silent_school_has_a_reason_in_every_measure_of_what_it_did_not_hand_in(
    outcome: Callable[[str], Outcome],
) -> None:
    rows = outcome(IRREGULAR).review.measurements
    own = rows[rows["school_code"].eq(SILENT) & rows["subject"].eq("")].set_index("indicator")["reason"]
    # Its former pupils and its titles are told by others.
    others = ("onward_progress", "recognised_features", "value_added_3y")
    assert set(own.drop([*others])) == {"no_data"}


def test_kindergarten_is_not_expected_at_the_fitness_test(outcome: Callable[[str], Outcome]) -> None:
    found = outcome(IRREGULAR)
    roll = found.store.read("pupils", NOW).query("school_code == @YOUNG")
    roll = roll[~roll["status"].isin(["left", "transferred_out", "died"])]
    table = found.store.read("fitness", NOW)
    exempt_ones = set(table.loc[table["exempt"].fillna(False).astype(bool), "pupil"])
    due = roll["grade"].gt(0) & ~roll["pupil"].isin(exempt_ones)
    assert roll["grade"].eq(0).any()
    rows = found.review.measurements.query("school_code == @YOUNG").set_index("indicator")
    assert rows.loc["fitness_coverage", ["n", "expected"]].tolist() == [due.sum(), due.sum()]


def test_what_is_withheld_is_no_part_of_a_score(edge: Outcome) -> None:
    """Figures of a section that are not said must not come in by a dimension's door."""
    parts_of = edge.judged[
        edge.judged["subject"].eq("") & edge.judged["indicator"].ne(edge.judged["dimension"])
    ]
    weighed = parts_of[parts_of["indicator"].map(lambda name: INDICATORS[name].weight > 0)]
    some = weighed[weighed["reason"].eq("")].groupby(["stage", "school_code", "dimension"]).size()
    scores = edge.judged[edge.judged["indicator"].eq(edge.judged["dimension"]) & edge.judged["reason"].eq("")]
    keys = pd.MultiIndex.from_frame(scores[["stage", "school_code", "dimension"]])
    assert keys.isin(some.index).all()
    assert parts_of.loc[parts_of["reason"].ne(""), "score"].isna().all()


def test_one_section_has_figures_and_no_standing(outcome: Callable[[str], Outcome]) -> None:
    rows = outcome("one section").judged
    judged = rows[rows["reason"].eq("") & rows["standing"].ne("")]
    assert len(judged)
    assert set(judged["standing"]) == {"none"}
    assert set(judged["standing_reason"]) == {"too_few_sections"}


@pytest.mark.parametrize(("name", "note"), TOLD)
def test_what_is_left_out_is_told(outcome: Callable[[str], Outcome], name: str, note: str) -> None:
    assert note in set(outcome(name).review.notes["note"])


def test_a_collinear_covariate_is_left_out_by_name(outcome: Callable[[str], Outcome]) -> None:
    notes = outcome(COLLINEAR).review.notes
    fields = notes.loc[notes["note"].eq("growth_covariates_left_out"), "fields"].map(json.loads)
    assert all("special_needs" in one["covariates"] for one in fields)


@pytest.mark.parametrize(
    ("name", "code", "lang"),
    [
        ("unchanged", OTHER, "en"),
        ("no table at all", OTHER, "zh"),
        ("empty tables", OTHER, "en"),
        ("no pupils, but the rest", OTHER, "zh"),
        ("one section", OTHER, "en"),
        (IRREGULAR, ONE, "zh"),
        ("all equal", OTHER, "zh"),
        ("no year before", OTHER, "en"),
        (IRREGULAR, SILENT, "zh"),
        (IRREGULAR, YOUNG, "en"),
    ],
)
def test_every_part_of_the_page_draws(
    outcome: Callable[[str], Outcome], name: str, code: str, lang: str
) -> None:
    for part, shown in parts(school(outcome(name).store, code, "primary", lang)).items():
        for one in shown if isinstance(shown, Parts) else (shown,):
            bundle = one._repr_mimebundle_()
            faces = bundle[0] if isinstance(bundle, tuple) else bundle
            assert whole(json.dumps(faces, ensure_ascii=False)), part


def whole(text: str) -> bool:
    """Whether a text is without the marks of a missing value."""
    return "nan" not in text.lower().replace("nance", "") and "None" not in text


def school(store: Any, code: str, stage: str, lang: str) -> School:
    words = wording_of(SETTINGS, lang)
    speaker = Speaker(SETTINGS.sentences, words)
    return School(View(SETTINGS, store, words, speaker, code, stage, NOW, (NOW,)))


def parts(one: School) -> dict[str, Any]:
    """Everything that a notebook may ask of a school, by name."""
    owners = {"": one, **{f"{name}.": getattr(one, name) for name in DIMENSIONS}}
    return {
        prefix + name: getattr(owner, name)()
        for prefix, owner in owners.items()
        for name in dir(type(owner))
        if not name.startswith("_") and callable(getattr(type(owner), name))
    }
