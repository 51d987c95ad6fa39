"""Mean growth percentiles over a small district of one grade, and every reason for having none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.records import read_district_year, stage_year
from evalib.review import percentiles as review_percentiles
from evalib.review.percentiles import BUILDERS
from evalib.review.rows import measured_rows
from evalib.review.stage import Stage
from evalib.settings import load_settings
from evalib.store import Store

YEARS = ("2022-2023", "2023-2024", "2024-2025")
YEAR = YEARS[-1]
SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
MEASURE = "mean_growth_percentile"
INDICATOR = next(one for one in SETTINGS.measures.indicators if one.measure == MEASURE)
# Besides the sections with marks: one that hands in none, one whose pupils are all new to the district.
SILENT, NEW = "t0", "t1"


def district(
    size: int = 50, sections: int = 12, gain: float = 0.8, unlike: int = 2
) -> dict[tuple[str, str], pd.DataFrame]:
    """Clean tables of three years of the pupils who are in grade 5 in the last.

    In the last year s00 goes ahead by `gain`, s01 falls behind by as much, and so on in
    turn for as many sections as are `unlike`; the others do as all do.
    """
    rng = np.random.default_rng(1)
    codes = [*(f"s{number:02}" for number in range(sections)), SILENT, NEW]
    pupils = pd.DataFrame(
        [(f"{code}-{number}", code, str(number % 2)) for code in codes for number in range(size)],
        columns=["pupil", "school_code", "class"],
    )
    ability = rng.normal(size=len(pupils))
    gains = {f"s{number:02}": gain * (-1) ** number for number in range(unlike)}
    moved = pupils["school_code"].map(gains).fillna(0.0)
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for back, year in enumerate(reversed(YEARS)):
        known = pupils if back == 0 else pupils[pupils["school_code"].ne(NEW)]
        mark = 100 + 20 * (0.9 * ability + 0.4 * rng.normal(size=len(pupils)) + (moved if back == 0 else 0))
        tables["schools", year] = pd.DataFrame({"school_code": codes, "stage": "primary"})
        tables["pupils", year] = known.assign(stage="primary", grade=5 - back, status="enrolled")
        tables["papers", year] = pd.DataFrame(
            {
                "paper": ["m"],
                "term": ["second"],
                "grade": [5 - back],
                "subject": ["mathematics"],
                "comparable": [True],
                "full_mark": [200.0],
            }
        )
        sat = known["school_code"].ne(SILENT) | (back > 0)
        tables["scores", year] = pd.DataFrame(
            {"paper": "m", "pupil": known["pupil"], "score": mark[known.index].round(1), "sat": "present"}
        )[sat]
    return {key: table.assign(year=key[1]).reset_index(drop=True) for key, table in tables.items()}


def stage_of(folder: Path, tables: dict[tuple[str, str], pd.DataFrame]) -> Stage:
    store = Store(folder)
    store.write(tables)
    found = read_district_year(store, YEAR)
    codes = found.sections["school_code"].tolist()
    return Stage(stage_year("primary", codes, found.this), found, SETTINGS)


def rows_of(stage: Stage) -> pd.DataFrame:
    (figures,) = BUILDERS[MEASURE](INDICATOR, stage)
    return measured_rows(stage, [figures]).set_index("school_code")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Stage, pd.DataFrame]:
    stage = stage_of(tmp_path_factory.mktemp("whole"), district())
    return stage, rows_of(stage)


def test_sections_that_go_ahead_or_fall_behind_are_found(whole) -> None:
    rows = whole[1]
    assert rows.loc["s00", "value"] > 75
    assert rows.loc["s01", "value"] < 25
    assert rows.loc["s02":"s11", "value"].between(35, 65).all()
    assert rows.loc["s00", ["n", "expected"]].tolist() == [50, 50]
    assert rows["reference"].dropna().unique() == pytest.approx(rows["value"].mean(), abs=0.01)
    assert rows.loc["s00", "reference"] == pytest.approx(50, abs=0.5)
    assert (rows.loc["s00":"s11", "low"] < rows.loc["s00":"s11", "value"]).all()


def test_of_few_sections_only_the_reliability_is_given(whole) -> None:
    rows = whole[1]
    assert rows.loc["s00":"s11", "reliability"].between(0.5, 1).all()
    assert rows.loc[[SILENT, NEW], "reliability"].isna().all()
    assert rows["shrunken"].isna().all()
    assert rows["standing_block"].eq("").all()


def test_shrunken_means_lie_nearer_to_the_district(tmp_path: Path) -> None:
    rows = rows_of(stage_of(tmp_path, district(size=16, sections=40, unlike=40)))
    assert rows.loc["s00", "reference"] < rows.loc["s00", "shrunken"] < rows.loc["s00", "value"]
    assert rows.loc["s01", "value"] < rows.loc["s01", "shrunken"] < rows.loc["s01", "reference"]
    assert (rows["shrunken_low"] < rows["shrunken_high"])["s00":"s39"].all()
    assert rows.loc[[NEW], ["shrunken", "reliability"]].isna().all(axis=None)


def test_sections_that_do_not_differ_are_not_judged(tmp_path: Path) -> None:
    rows = rows_of(stage_of(tmp_path, district(gain=0.0)))
    assert rows["standing_block"].eq("low_reliability").all()
    assert rows["shrunken"].isna().all()
    assert rows.loc["s00":"s11", "value"].between(40, 60).all()


def test_no_section_is_dropped_and_each_without_a_figure_says_why(whole) -> None:
    rows = whole[1]
    assert rows["reason"].tolist() == [""] * 12 + ["no_data", "low_coverage"]
    assert rows.loc[NEW, ["n", "expected"]].tolist() == [0, 50]


def test_the_note_says_how_many_pupils_and_years_and_how_even(whole) -> None:
    (remark,) = whole[0].notes
    assert remark["note"] == "growth_percentile_fit"
    # Of 600 pupils two curves of 7 columns and a constant can be fitted, a third cannot.
    fields = remark["fields"]
    assert (fields["pupils"], fields["priors"]) == (600, 1 + 1)
    assert 0 <= fields["lowest"] < 0.1 < fields["highest"] < 0.3


def test_no_pupils_percentile_is_in_notes_or_rows(whole) -> None:
    stage, rows = whole
    assert not any("-" in str(value) for remark in stage.notes for value in remark["fields"].values())
    assert len(rows) == 14


def test_who_repeated_a_grade_has_no_comparable_start(tmp_path: Path) -> None:
    tables = district()
    then = tables["pupils", YEARS[1]]
    tables["pupils", YEARS[1]] = then.assign(
        grade=then["grade"].mask(then["pupil"].isin(["s00-0", "s00-1"]), 5)
    )
    rows = rows_of(stage_of(tmp_path, tables))
    assert rows.loc["s00", ["n", "expected"]].tolist() == [48, 50]
    assert rows.loc["s01", ["n", "expected"]].tolist() == [50, 50]


def test_without_the_year_before_last_one_prior_serves(tmp_path: Path) -> None:
    tables = {key: table for key, table in district().items() if key[1] != YEARS[0]}
    stage = stage_of(tmp_path, tables)
    assert rows_of(stage).loc["s00", "value"] > 75
    assert stage.notes[0]["fields"]["priors"] == 1


def only(reason: str) -> list[str]:
    return [reason] * 12 + ["no_data", "no_data" if reason == "no_data" else "no_prior"]


def test_without_last_year_there_is_no_prior(tmp_path: Path) -> None:
    tables = {key: table for key, table in district(20).items() if key[1] != YEARS[1]}
    assert rows_of(stage_of(tmp_path, tables))["reason"].tolist() == only("no_prior")


def test_a_year_without_scores_is_no_data(tmp_path: Path) -> None:
    tables = {key: table for key, table in district(20).items() if key != ("scores", YEAR)}
    stage = stage_of(tmp_path, tables)
    assert rows_of(stage)["reason"].tolist() == ["no_data"] * 14
    assert not stage.notes


def test_a_year_without_pupils_is_no_data(tmp_path: Path) -> None:
    tables = {key: table for key, table in district(20).items() if key != ("pupils", YEAR)}
    assert rows_of(stage_of(tmp_path, tables))["reason"].tolist() == ["no_data"] * 14


def test_papers_of_each_school_compare_nobody(tmp_path: Path) -> None:
    tables = district(20)
    tables["papers", YEAR] = tables["papers", YEAR].assign(comparable=False)
    reasons = rows_of(stage_of(tmp_path, tables))["reason"]
    assert reasons.tolist() == ["no_comparable_paper"] * 12 + ["no_data", "no_comparable_paper"]


def test_marks_that_are_all_equal_rank_nobody(tmp_path: Path) -> None:
    tables = district(20)
    tables["scores", YEAR] = tables["scores", YEAR].assign(score=70.0)
    reasons = rows_of(stage_of(tmp_path, tables))["reason"]
    assert reasons.tolist() == ["no_variance"] * 12 + ["no_data", "no_variance"]


def test_a_grade_with_too_few_pupils_is_named(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, district(size=41))
    reasons = rows_of(stage)["reason"]
    assert reasons.tolist() == ["too_few"] * 12 + ["no_data", "low_coverage"]
    (remark,) = stage.notes
    assert (remark["note"], remark["fields"]) == ("growth_percentile_too_few", {"grades": [5]})


def test_few_sections_are_not_compared(tmp_path: Path) -> None:
    reasons = rows_of(stage_of(tmp_path, district(size=80, sections=8)))["reason"]
    assert reasons.tolist() == ["too_few_sections"] * 8 + ["no_data", "low_coverage"]


def test_a_fit_that_fails_is_named(tmp_path: Path, monkeypatch) -> None:
    def failing(stage: Stage, paths: object) -> None:
        raise ValueError("the regression of quantile 0.500 did not settle")

    monkeypatch.setattr(review_percentiles, "_percentiles", failing)
    stage = stage_of(tmp_path, district(20))
    assert rows_of(stage)["reason"].tolist() == ["fit_failed"] * 12 + ["no_data", "low_coverage"]
    assert stage.notes[0]["note"] == "growth_percentiles_not_fitted"
    assert stage.notes[0]["fields"] == {"cause": "the regression of quantile 0.500 did not settle"}
