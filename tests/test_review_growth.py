"""Growth from clean tables to rows: who is matched, what predicts, what is withheld and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import plain_review
from evalib.records import read_district_year, stage_year
from evalib.review.growth import BUILDERS
from evalib.review.rows import measured_rows
from evalib.review.stage import Note, Stage
from evalib.settings import Settings
from evalib.store import Store
from irregular_stage import (
    LAST,
    NEWLY_BUILT,
    NOW,
    SETTINGS,
    SILENT,
    SMALL,
    SUBJECTS,
    Tables,
    changed,
    invented,
    with_params,
)

YEARS = ("2021-2022", "2022-2023", "2023-2024", "2024-2025")


@dataclass
class Found:
    """Rows and notes of one stage."""

    rows: pd.DataFrame
    notes: list[Note]

    def of(self, indicator: str, subject: str = "") -> pd.DataFrame:
        some = self.rows[self.rows["indicator"].eq(indicator) & self.rows["subject"].eq(subject)]
        return some.set_index("school_code").sort_index()

    def note(self, key: str) -> Note:
        return next(one["fields"] for one in self.notes if one["note"] == key)

    @property
    def said(self) -> list[str]:
        return [one["note"] for one in self.notes]


def reviewed(
    root: Path, tables: Tables, settings: Settings = SETTINGS, measures: tuple[str, ...] = ()
) -> Found:
    store = Store(root / "store")
    store.write(tables)
    district = read_district_year(store, NOW)
    codes = district.sections.loc[district.sections["stage"].eq("primary"), "school_code"].tolist()
    stage = Stage(stage_year("primary", codes, district.this), district, settings)
    figures = []
    for indicator in settings.measures.indicators:
        if indicator.measure in (measures or BUILDERS):
            figures += BUILDERS[indicator.measure](indicator, stage)
    found = Found(measured_rows(stage, figures), stage.notes)
    shown = found.rows["reason"].eq("")
    assert found.rows.loc[shown, "value"].notna().all()
    assert found.rows.loc[~shown, ["value", "low", "high"]].isna().all(axis=None)
    return found


@pytest.fixture(scope="module")
def tables() -> Tables:
    return invented()


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tables: Tables) -> Found:
    return reviewed(tmp_path_factory.mktemp("growth"), tables)


# --- value added, computed again -------------------------------------------------------------


def plain_starts(tables: Tables, subject: str = "") -> pd.DataFrame:
    """Pupils with a figure this year; last year's by subject where they were one grade below."""
    now = plain_review.records(tables, NOW, on_roll=True)
    now = now[now["subject"].eq(subject)] if subject else now
    pupils = plain_review.normal_scores(now).rename(columns={"x": "outcome"})
    last = plain_review.records(tables, LAST, on_roll=False)
    last["grade"] = last["grade"] + 1
    for one in SUBJECTS:
        known = plain_review.normal_scores(last[last["subject"].eq(one)]).rename(columns={"x": one})
        pupils = pupils.merge(known[["pupil", "grade", one]], on=["pupil", "grade"], how="left")
    return pupils


def plain_design(pupils: pd.DataFrame, subject: str = "") -> pd.DataFrame:
    """A column for everything that a grade's pattern of priors has; pupils who have none are dropped.

    Patterns here: both priors, spline and a slope for the other; one of them, too few for
    themselves, on a line together; under ten, left out.
    """
    pupils = pupils[pupils[list(SUBJECTS)].notna().any(axis=1)].reset_index(drop=True)
    pupils["main"] = pupils[list(SUBJECTS)].mean(axis=1)
    pupils["other"] = pupils[SUBJECTS[0]] - pupils["main"]
    if subject:
        beside = next(one for one in SUBJECTS if one != subject)
        pupils["main"] = pupils[subject].fillna(pupils["main"])
        pupils["other"] = pupils[beside]
    both = pupils[list(SUBJECTS)].notna().all(axis=1)
    columns = {}
    for grade in sorted(pupils["grade"].unique()):
        full = (pupils["grade"].eq(grade) & both).to_numpy()
        rest = (pupils["grade"].eq(grade) & ~both).to_numpy()
        x, z = pupils["main"].to_numpy(), pupils["other"].fillna(0).to_numpy()
        assert full.sum() >= 200
        knots = np.quantile(x[full], [0.25, 0.5, 0.75])
        parts = [np.ones_like(x), x, x**2, x**3, *(np.maximum(x - knot, 0) ** 3 for knot in knots), z]
        columns |= {f"{grade} full {place}": np.where(full, one, 0) for place, one in enumerate(parts)}
        if rest.sum() >= 10:
            columns |= {
                f"{grade} rest {place}": np.where(rest, one, 0) for place, one in enumerate(parts[:2])
            }
        else:
            pupils.loc[rest, "outcome"] = np.nan
    kept = pupils["outcome"].notna().to_numpy()
    table = pupils[kept].reset_index(drop=True)
    # Another basis of the same curves, so that the matrices are well-conditioned.
    basis = np.linalg.qr(np.column_stack(list(columns.values()))[kept])[0]
    return table.assign(design=list(basis))


def plain_growth(monkeypatch, table: pd.DataFrame) -> plain_review.Growth:
    monkeypatch.setattr(plain_review, "design", lambda pupils: np.vstack(pupils["design"]))
    return plain_review.Growth(table)


def plain_correlation(model: plain_review.Growth) -> float:
    """Mean class correlation over the likelihood, by a midpoint rule on both ratios."""
    s2, c2, e2 = model.variances
    best = model.deviance(s2, c2, e2)[0]
    weights, ratios = [], []
    # The residual variance is taken at its best for each pair of ratios.
    freedom = len(model.y) - model.x.shape[1]
    for one in (np.arange(14) + 0.5) / 14 * 6 * s2 / e2:
        for other in (np.arange(20) + 0.5) / 20 * 4 * c2 / e2:
            deviance, beta, _ = model.deviance(one, other, 1.0)
            square = 0.0
            for rows in model.rows:
                left = model.y[rows] - model.x[rows] @ beta
                square += left @ np.linalg.solve(model._block(rows, one, other, 1.0), left)
            profiled = deviance - square + freedom * (1 + np.log(square / freedom))
            weights.append(np.exp((best - profiled) / 2))
            ratios.append(other / (1 + other))
    return float(np.average(ratios, weights=weights))


def plain_sections(table: pd.DataFrame, rho: float) -> pd.DataFrame:
    """Mean, n and clustered variance of each section at a given class correlation."""
    rows = {}
    for code, section in table.groupby("school_code"):
        square = free = sizes = 0.0
        n, grades = len(section), section["grade"].nunique()
        for _, cell in section.groupby("grade"):
            m = cell["class"].fillna("none").value_counts().to_numpy(float)
            square += ((cell["x"] - cell["x"].mean()) ** 2).sum()
            free += m.sum() - (m**2).sum() / m.sum()
            sizes += (m**2).sum()
        v0 = square / (n * (n - grades)) / (1 - rho * (1 - free / (n - grades)))
        rows[code] = {"mean": section["x"].mean(), "n": n, "v": v0 * (1 + (sizes / n - 1) * rho)}
    return pd.DataFrame(rows).T


def assert_rows(found: pd.DataFrame, section: pd.DataFrame) -> None:
    section = section.drop(index=NEWLY_BUILT)
    assert set(found.index[found["reason"].eq("")]) == set(section.index)
    table = plain_review.differences(section["mean"], section["n"], section["v"])
    for name, column in (
        ("value", table["difference"]),
        ("low", table["difference_low"]),
        ("high", table["difference_high"]),
        ("variance", section["v"]),
        ("n", section["n"]),
    ):
        assert_allclose(found.loc[section.index, name], column, rtol=5e-6, atol=5e-6, err_msg=name)


@pytest.mark.parametrize("subject", ["", *SUBJECTS])
def test_value_added_is_that_of_the_definition(
    monkeypatch, tables: Tables, measured: Found, subject: str
) -> None:
    table = plain_design(plain_starts(tables, subject), subject)
    model = plain_growth(monkeypatch, table)
    found = measured.of("value_added", subject)
    rho = found["class_correlation"].iloc[0]
    assert_rows(found, plain_sections(table.assign(x=model.residual), rho))
    shown = found.loc[model.sections]
    for name, column in (
        ("reliability", model.reliability),
        ("shrunken", model.shrunken),
    ):
        assert_allclose(shown[name], column, rtol=2e-5, atol=2e-5, err_msg=name)
    if subject:
        assert_allclose(shown["shrunken_se"], model.comparative_se, rtol=1e-4)
    else:
        assert_allclose(rho, plain_correlation(model), rtol=0.02)
        low = pd.Series(False, index=table.index)
        for grade in table["grade"].unique():
            inside = table["grade"].eq(grade)
            limit = table.loc[inside, "main"].sort_values().iloc[int(np.ceil(0.25 * inside.sum())) - 1]
            low |= inside & table["main"].le(limit)
        weak = measured.of("low_start_growth")
        assert_rows(
            weak, plain_sections(table.assign(x=model.residual)[low], weak["class_correlation"].iloc[0])
        )


def test_intake_model_adds_the_sections_mean_start(monkeypatch, tables: Tables, measured: Found) -> None:
    table = plain_design(plain_starts(tables))
    start = table.groupby("school_code")["main"].transform("mean").to_numpy()
    with_start = np.linalg.qr(np.column_stack([np.vstack(table["design"]), start]))[0]
    model = plain_growth(monkeypatch, table.assign(design=list(with_start)))
    found = measured.of("value_added_intake")
    section = plain_sections(table.assign(x=model.residual), found["class_correlation"].iloc[0])
    # The start by itself, given all other columns, for the error of its slope.
    s2, c2, e2 = model.variances
    basis = np.vstack(table["design"])
    beside = start - basis @ (basis.T @ start)
    model.x = np.column_stack([basis, beside / np.linalg.norm(beside)])
    slope_error = np.sqrt(model.deviance(s2, c2, e2)[2][-1, -1]) / np.linalg.norm(beside)
    mean = table.groupby("school_code")["main"].mean()
    away = mean - np.average(mean, weights=section["n"])
    assert_rows(found, section.assign(v=section["v"] + (slope_error * away) ** 2))


def test_match_rate_counts_who_was_one_grade_below_with_any_mark(tables: Tables, measured: Found) -> None:
    starts = plain_starts(tables)
    rate = starts[list(SUBJECTS)].notna().any(axis=1).groupby(starts["school_code"]).mean()
    found = measured.of("match_rate")
    assert_allclose(found.loc[rate.index, "value"], rate)
    assert found.loc[rate.index, "se"].isna().all()
    note = measured.note("growth_excluded")
    assert note["without_prior"] == len(starts) - starts[list(SUBJECTS)].notna().any(axis=1).sum()


def test_errors_of_the_mean_are_simulated_where_sections_are_few(tmp_path: Path, tables: Tables) -> None:
    def errors(name: str, **params: float) -> pd.Series:
        settings = with_params(SETTINGS, **params)
        return reviewed(tmp_path / name, tables, settings, ("value_added",)).of("value_added")["shrunken_se"]

    known, simulated = errors("many", bootstrap_below_sections=5), errors("few", bootstrap_draws=60)
    assert (simulated.dropna() != known.dropna()).all()
    assert_allclose(simulated.mean(), known.mean(), rtol=0.15)


def test_conditional_error_stands_beside_the_comparative_one(tmp_path: Path, tables: Tables) -> None:
    settings = with_params(SETTINGS, bootstrap_below_sections=5)
    found = reviewed(tmp_path, tables, settings, ("value_added",)).of("value_added").dropna(subset="shrunken")
    assert len(found) == 12
    assert (found["conditional_se"] < found["shrunken_se"]).all()


# --- reasons and notes -----------------------------------------------------------------------


def test_each_gap_has_its_own_reason(measured: Found) -> None:
    found = measured.of("value_added")["reason"]
    assert found[SILENT] == "no_data"
    assert found[NEWLY_BUILT] == "low_coverage"
    assert measured.of("match_rate").loc[NEWLY_BUILT, "value"] < 0.7
    # Too few of a grade for a class correlation to matter, enough for a figure.
    assert measured.of("value_added").loc[SMALL, "n"] < 30
    assert set(measured.of("low_start_growth")["reason"]) <= {"", "no_data", "low_coverage", "too_few"}


def test_without_the_year_before_there_is_no_prior(tmp_path: Path, tables: Tables) -> None:
    only = {key: table for key, table in tables.items() if key[1] == NOW}
    found = reviewed(tmp_path, only)
    for indicator in (
        "value_added",
        "value_added_intake",
        "low_start_growth",
        "value_added_3y",
        "match_rate",
    ):
        reasons = found.of(indicator)["reason"]
        assert set(reasons.drop(SILENT)) == {"no_prior"}, indicator
    assert found.said == []


@pytest.mark.parametrize("name", ["pupils", "scores", "papers"])
def test_without_a_table_there_is_no_data(tmp_path: Path, tables: Tables, name: str) -> None:
    found = reviewed(tmp_path, {key: table for key, table in tables.items() if key != (name, NOW)})
    assert set(found.of("value_added")["reason"]) == {"no_data"}
    assert set(found.of("match_rate")["reason"]) == {"no_data"}
    assert set(found.of("value_added_3y")["reason"]) <= {"no_data", "no_prior"}


def test_equal_marks_have_no_variance(tmp_path: Path, tables: Tables) -> None:
    flat = changed(tables, "scores", NOW, lambda scores: scores.assign(score=scores["score"] * 0 + 60.0))
    found = reviewed(tmp_path, flat)
    assert set(found.of("value_added")["reason"].drop(SILENT)) == {"no_variance"}


def test_equal_marks_last_year_are_no_start(tmp_path: Path, tables: Tables) -> None:
    flat = changed(tables, "scores", LAST, lambda scores: scores.assign(score=scores["score"] * 0 + 60.0))
    found = reviewed(tmp_path, flat)
    assert set(found.of("value_added")["reason"].drop(SILENT)) == {"low_coverage"}


def test_subject_of_equal_marks_leaves_the_other_subject_alone(tmp_path: Path, tables: Tables) -> None:
    def flatten(scores: pd.DataFrame) -> pd.DataFrame:
        some = scores["paper"].str.endswith("chinese") & scores["score"].notna()
        return scores.assign(score=scores["score"].mask(some, 60.0))

    found = reviewed(tmp_path, changed(tables, "scores", NOW, flatten), measures=("value_added",))
    assert set(found.of("value_added", "chinese")["reason"].drop(SILENT)) == {"no_variance"}
    assert found.of("value_added", "mathematics")["reason"].eq("").sum() == 11


def test_subject_without_a_paper_last_year_starts_from_the_others(tmp_path: Path, tables: Tables) -> None:
    def keep(papers: pd.DataFrame) -> pd.DataFrame:
        return papers[papers["subject"].ne("chinese")]

    found = reviewed(tmp_path, changed(tables, "papers", LAST, keep), measures=("value_added",))
    assert found.of("value_added", "chinese")["reason"].eq("").sum() == 11


def test_marks_that_repeat_last_years_cannot_be_fitted(tmp_path: Path) -> None:
    tables, _ = four_years()

    def mathematics(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["paper"].str.endswith("mathematics")]

    for year in (LAST, NOW):
        tables = changed(changed(tables, "papers", year, mathematics), "scores", year, mathematics)
    before = tables["scores", LAST].set_index("pupil")["score"]
    same = changed(
        tables, "scores", NOW, lambda scores: scores.assign(score=scores["pupil"].map(before)).dropna()
    )
    found = reviewed(tmp_path, same, measures=("value_added", "low_start_growth"))
    for indicator in ("value_added", "low_start_growth"):
        assert set(found.of(indicator)["reason"]) == {"fit_failed"}
    assert "explain the outcome completely" in found.note("growth_not_fitted")["cause"]


def test_groups_by_start_make_up_value_added_and_no_two_of_them_tell_a_small_third(measured: Found) -> None:
    whole = measured.of("value_added")
    low, middle, high = (measured.of(f"{one}_start_growth") for one in ("low", "middle", "high"))
    fewest = SETTINGS.disclosure.minimum_n
    shown = middle["reason"].eq("")
    assert shown.any()
    assert shown.equals(high["reason"].eq(""))
    groups = (low[shown], middle[shown], high[shown])
    assert all((one["n"] >= fewest).all() for one in groups)
    assert_allclose(sum(one["n"] for one in groups), whole.loc[shown, "n"])
    small = whole["reason"].eq("") & ~shown
    assert small.any()
    assert set(middle.loc[small, "reason"]) == {"too_few"}


def test_too_few_sections_have_no_value_added(tmp_path: Path, tables: Tables) -> None:
    found = reviewed(tmp_path, tables, with_params(SETTINGS, minimum_sections=13))
    for indicator in ("value_added", "low_start_growth"):
        assert set(found.of(indicator)["reason"]) == {"too_few_sections", "no_data", "low_coverage"}


def test_school_of_three_pupils_has_a_reason_or_a_figure_and_no_nan(tmp_path: Path, tables: Tables) -> None:
    here = tables["pupils", NOW]
    of_small = here[here["school_code"].eq(SMALL) & here["grade"].isin([4, 5])]
    three = of_small["pupil"].iloc[:3]

    def thin(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["school_code"].ne(SMALL) | table["pupil"].isin(three)]

    fewer = changed(changed(tables, "pupils", NOW, thin), "scores", NOW, thin)
    found = reviewed(tmp_path, fewer)
    assert found.of("value_added").loc[SMALL, "n"] == 3
    assert found.of("low_start_growth").loc[SMALL, "reason"] in ("too_few", "")


def with_traits(tables: Tables) -> Tables:
    rng = np.random.default_rng(1)
    names = pd.concat([tables["pupils", year]["pupil"] for year in (LAST, NOW)]).unique()
    traits = pd.DataFrame(
        {
            "pupil": names,
            "sex": rng.choice(["male", "female"], len(names)),
            "migrant": rng.random(len(names)) < 0.3,
            "special_needs": False,
        }
    )
    traits["left_behind"] = ~traits["migrant"]
    traits.loc[rng.random(len(names)) < 0.1, "sex"] = None
    return changed(tables, "pupils", NOW, lambda pupils: pupils.merge(traits, on="pupil"))


def test_covariates_that_say_nothing_new_are_named(tmp_path: Path, tables: Tables) -> None:
    wanted = ["sex", "migrant", "left_behind", "special_needs", "free_lunch"]
    found = reviewed(tmp_path, with_traits(tables), with_params(SETTINGS, covariates=wanted))
    assert found.note("growth_predictors")["covariates"] == ["sex", "migrant"]
    assert found.note("growth_covariates_left_out")["covariates"] == ["left_behind", "special_needs"]
    assert found.of("value_added")["reason"].eq("").sum() == 11


def test_covariates_are_those_of_the_params(tmp_path: Path, tables: Tables) -> None:
    found = reviewed(
        tmp_path, with_traits(tables), with_params(SETTINGS, covariates=["sex"]), ("value_added",)
    )
    assert found.note("growth_predictors")["covariates"] == ["sex"]
    none = reviewed(tmp_path / "none", tables, SETTINGS, ("value_added",))
    assert none.note("growth_predictors")["covariates"] == []
    assert "growth_covariates_left_out" not in none.said


def test_where_sections_cannot_be_told_apart_there_is_no_standing(tmp_path: Path, tables: Tables) -> None:
    found = reviewed(tmp_path, tables, with_params(SETTINGS, shrunken_reliability_minimum=0.999))
    rows = found.of("value_added")
    assert set(rows["standing_block"]) == {"low_reliability"}
    assert rows[["shrunken", "shrunken_se", "conditional_se"]].isna().all(axis=None)
    assert rows["reliability"].notna().any()
    assert "growth_unreliable" in found.said


def test_order_of_rows_is_irrelevant(tmp_path: Path, tables: Tables, measured: Found) -> None:
    rng = np.random.default_rng(2)
    mixed = {key: table.iloc[rng.permutation(len(table))] for key, table in tables.items()}
    mixed = {key: table.reset_index(drop=True) for key, table in mixed.items()}
    found = reviewed(tmp_path, mixed, measures=("value_added", "low_start_growth"))
    for indicator in ("value_added", "low_start_growth"):
        assert_allclose(found.of(indicator)["value"], measured.of(indicator)["value"], rtol=1e-5, atol=1e-7)


# --- three years -----------------------------------------------------------------------------


def four_years(sections: int = 14, size: int = 24, lasting_sd: float = 0.35) -> tuple[Tables, pd.Series]:
    """Grades 4 to 6 of every year, pupils moving up; and what each section adds every year."""
    rng = np.random.default_rng(3)
    codes = [f"s{place:02d}" for place in range(sections)]
    truth = pd.Series(lasting_sd * rng.normal(size=sections), codes)
    people = pd.DataFrame(
        [
            (code, entry, room)
            for code in codes
            for entry in range(-2, 4)
            for room in "ab"
            for _ in range(size // 2)
        ],
        columns=["school_code", "entry", "class"],
    )
    people["pupil"] = [f"p{place:05d}" for place in range(len(people))]
    people["stage"], people["status"] = "primary", "enrolled"
    ability = rng.normal(size=len(people))
    found: Tables = {}
    for place, year in enumerate(YEARS):
        people["grade"] = 4 + place - people["entry"]
        ability = 0.8 * ability + truth[people["school_code"]].to_numpy() + 0.5 * rng.normal(size=len(people))
        here = people["grade"].between(4, 6)
        roll = people[here].drop(columns="entry").reset_index(drop=True)
        papers = [(f"{grade}-{subject}", grade, subject) for grade in (4, 5, 6) for subject in SUBJECTS]
        table = pd.DataFrame(papers, columns=["paper", "grade", "subject"])
        found["papers", year] = table.assign(
            term="second", full_mark=100.0, comparable=pd.array([True] * 6, "boolean")
        )
        marks = roll.assign(level=ability[here])[["pupil", "school_code", "grade", "level"]].merge(
            table, on="grade"
        )
        marks["score"] = (60 + 10 * marks["level"] + 4 * rng.normal(size=len(marks))).round(1)
        found["scores", year] = marks[["pupil", "school_code", "paper", "score"]].assign(sat="present")
        found["pupils", year] = roll
        found["schools", year] = roll[["school_code", "stage"]].drop_duplicates(ignore_index=True)
    return found, truth


def without(tables: Tables, code: str, years: tuple[str, ...]) -> Tables:
    for year in years:
        for name in ("pupils", "scores"):
            tables = changed(tables, name, year, lambda table: table[table["school_code"].ne(code)])
    return tables


OVERLAPPING = with_params(SETTINGS, cohort_grade={})
THREE_YEARS = ("value_added_3y",)


@pytest.mark.parametrize("settings", [SETTINGS, OVERLAPPING], ids=["cohorts", "overlapping"])
def test_three_years_find_what_lasts(tmp_path: Path, settings: Settings) -> None:
    tables, truth = four_years()
    found = reviewed(tmp_path, tables, settings, THREE_YEARS)
    rows = found.of("value_added_3y")
    assert rows["reason"].eq("").all()
    assert np.corrcoef(rows["value"], truth)[0, 1] > 0.85
    assert (rows["standing_block"] == "").all()
    assert (rows["conditional_se"] <= rows["shrunken_se"]).all()
    assert found.note("growth_years_fit")["years"] == 3
    of_cohorts = settings is SETTINGS
    assert (rows["n"] == (3 if of_cohorts else 6) * 24).all()
    assert (rows["n"] == rows["expected"]).all()


def test_section_of_one_cohort_is_too_few(tmp_path: Path) -> None:
    tables, _ = four_years()
    # Not there before last year: its first cohort with a start is this year's.
    found = reviewed(tmp_path, without(tables, "s03", YEARS[:2]), SETTINGS, THREE_YEARS).of("value_added_3y")
    assert found.loc["s03", "reason"] == "too_few"
    assert found.drop(index="s03")["reason"].eq("").all()


def test_two_cohorts_are_enough_and_one_is_none(tmp_path: Path) -> None:
    tables, _ = four_years()
    for first, expected in ((1, {""}), (2, {"no_prior"})):
        some = {key: table for key, table in tables.items() if key[1] in YEARS[first:]}
        rows = reviewed(tmp_path / str(first), some, SETTINGS, THREE_YEARS).of("value_added_3y")
        assert set(rows["reason"]) == expected


def test_what_does_not_last_is_not_judged(tmp_path: Path) -> None:
    tables, _ = four_years(lasting_sd=0.0)
    found = reviewed(tmp_path, tables, SETTINGS, THREE_YEARS)
    assert set(found.of("value_added_3y")["standing_block"]) == {"low_reliability"}
    assert {"growth_years_boundary", "growth_years_unreliable"} & set(found.said)


def test_cohorts_too_badly_matched_have_low_coverage(tmp_path: Path) -> None:
    tables, _ = four_years()
    half = set(pd.concat([tables["pupils", year] for year in YEARS])["pupil"].unique()[::2])

    def lose(scores: pd.DataFrame) -> pd.DataFrame:
        of_five = scores["paper"].str.startswith("5") & scores["school_code"].eq("s05")
        return scores[~(of_five & scores["pupil"].isin(half))]

    for year in YEARS:
        tables = changed(tables, "scores", year, lose)
    found = reviewed(tmp_path, tables, SETTINGS, THREE_YEARS).of("value_added_3y")
    assert found.loc["s05", "reason"] == "low_coverage"


def test_too_few_sections_over_years(tmp_path: Path) -> None:
    tables, _ = four_years(sections=9)
    found = reviewed(tmp_path, tables, SETTINGS, THREE_YEARS).of("value_added_3y")
    assert set(found["reason"]) == {"too_few_sections"}
