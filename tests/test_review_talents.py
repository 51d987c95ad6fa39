"""Talents over a small district whose every figure can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.records import read_district_year, stage_year
from evalib.review.rows import measured_rows
from evalib.review.stage import Stage
from evalib.review.talents import BUILDERS
from evalib.settings import IndicatorParams, load_settings
from evalib.store import Store

YEAR = "2024-2025"
SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
POINTS = SETTINGS.measures.talents.points
# s0 and s1 hand in, s2 does not, s3 has nobody on the roll; t0 is the junior stage of s0.
SIZES = {"s0": 20, "s1": 40, "s2": 5, "s3": 0}
UNITS = {"achievement_points": "per_100", "field_breadth": "number", "recognised_features": "count"}


def roll() -> pd.DataFrame:
    rows = [(f"{code}-{number}", code, "primary") for code, size in SIZES.items() for number in range(size)]
    rows += [(f"t0-{number}", "s0", "junior") for number in range(10)]
    pupils = pd.DataFrame(rows, columns=["pupil", "school_code", "stage"])
    return pupils.assign(grade=np.where(pupils["stage"].eq("primary"), 4, 8), status="enrolled")


def stage_with(tmp_path: Path, titles: list[str | None] | None = None, **tables: pd.DataFrame) -> Stage:
    store = Store(tmp_path)
    schools = pd.DataFrame({"school_code": [*SIZES, "s0"], "stage": ["primary"] * 4 + ["junior"]})
    if titles is not None:
        schools["titles"] = pd.Series(titles, dtype="str")
    clean = {"schools": schools, "pupils": roll(), **tables}
    store.write({(name, YEAR): table.assign(year=YEAR) for name, table in clean.items()})
    district = read_district_year(store, YEAR)
    return Stage(stage_year("primary", list(SIZES), district.this), district, SETTINGS)


def rows_of(stage: Stage, measure: str, cut: float | None = None) -> pd.DataFrame:
    text = {"zh": "一", "en": "one"}
    record = measure in ("field_breadth", "recognised_features")
    asked = IndicatorParams.model_validate(
        {
            "id": "one", "name": text, "about": text, "dimension": "talents", "measure": measure, "cut": cut,
            "direction": "higher", "unit": UNITS.get(measure, "rate"), "source": text, "standing": not record,
            "smallest_difference": None if record else 0.03, "status": "settled",
        }
    )  # fmt: skip
    return measured_rows(stage, BUILDERS[measure](asked, stage)).set_index("school_code")


def activities(*rows: tuple[str, str, str | None, float | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["pupil", "activity", "field", "hours"])
    return table.astype({"field": "str", "hours": "float64"})


def awards(
    *rows: tuple[str, str | None, str | None, str, str | None, int | None, bool | None],
) -> pd.DataFrame:
    """Work, pupil, school, level, place, team size, listed; a school's work is of its primary stage."""
    columns = ["work", "pupil", "school_code", "level", "place", "team_size", "listed"]
    table = pd.DataFrame(rows, columns=columns)
    table["stage"] = pd.Series(np.where(table["school_code"].notna(), "primary", None))
    words = dict.fromkeys(["pupil", "school_code", "stage", "place"], "str")
    return table.astype({**words, "team_size": "Int64", "listed": "boolean"})


def notes_of(stage: Stage) -> list[tuple[str, str, dict[str, int]]]:
    return [(note["note"], note["school_code"], note["fields"]) for note in stage.notes]


TAKEN_PART = activities(
    ("s0-0", "choir", "arts", 30.0),
    ("s0-0", "chess", "mind", 2.0),
    ("s0-1", "choir", "arts", 19.0),
    ("s0-2", "choir", "arts", None),
    ("s0-3", "robots", "science", 20.0),
    ("s1-0", "football", "sports", 40.0),
    ("s1-1", "football", None, 40.0),
    ("t0-0", "garden", "labour", 99.0),
    ("nobody", "choir", "arts", 99.0),
)


def test_activity_share_is_of_all_pupils_of_a_section_that_handed_in(tmp_path: Path) -> None:
    rows = rows_of(stage_with(tmp_path, activities=TAKEN_PART), "activity_share", 20)
    # One whose hours nobody wrote down does not count; those without a row are zeros.
    assert rows.loc["s0", ["value", "n", "expected"]].tolist() == [2 / 19, 19, 20]
    assert rows.loc["s1", ["value", "n"]].tolist() == [2 / 40, 40]
    assert rows["reason"].tolist() == ["", "", "no_data", "no_data"]
    assert rows.loc["s0", "low"] > 0


def test_section_without_a_single_hour_written_down_is_no_data(tmp_path: Path) -> None:
    silent = TAKEN_PART.assign(hours=TAKEN_PART["hours"].mask(TAKEN_PART["pupil"].str.startswith("s1")))
    rows = rows_of(stage_with(tmp_path / "b", activities=silent), "activity_share", 20)
    assert rows["reason"].tolist() == ["", "no_data", "no_data", "no_data"]
    without = stage_with(tmp_path / "c", activities=TAKEN_PART.drop(columns="hours"))
    assert (rows_of(without, "activity_share", 20)["reason"] == "no_data").all()
    assert rows_of(without, "field_breadth").loc["s1", "value"] == 1.0


def test_breadth_counts_pupils_by_field(tmp_path: Path) -> None:
    rows = rows_of(stage_with(tmp_path, activities=TAKEN_PART), "field_breadth")
    share = np.array([3, 1, 1]) / 5
    assert rows.loc["s0", "value"] == pytest.approx(np.exp(-(share @ np.log(share))))
    assert rows.loc["s0", ["n", "expected"]].tolist() == [4, 20]
    assert rows.loc["s1", ["value", "n"]].tolist() == [1.0, 1]
    assert rows["reason"].tolist() == ["", "", "no_data", "no_data"]
    assert rows.loc["s0", "low"] < rows.loc["s0", "value"] < rows.loc["s0", "high"]


def test_breadth_without_fields_is_no_data(tmp_path: Path) -> None:
    rows = rows_of(stage_with(tmp_path, activities=TAKEN_PART.drop(columns="field")), "field_breadth")
    assert (rows["reason"] == "no_data").all()


WON = awards(
    # A duet of s0: nation first and, with the same work, city first.
    ("duet", "s0-0", None, "nation", "1", 2, True),
    ("duet", "s0-0", None, "city", "1", 2, True),
    ("duet", "s0-1", None, "nation", "1", 2, True),
    # A team across schools and stages: one of its four is on the roll of s0.
    ("team", "s0-2", None, "province", "2", 4, True),
    ("team", "s1-0", None, "province", "2", 4, True),
    ("team", "t0-0", None, "province", "2", 4, True),
    # Not listed, and not known whether it is.
    ("market", "s0-3", None, "nation", "1", 1, False),
    ("fair", "s0-4", None, "nation", "1", 1, None),
    # A work of a school that names nobody.
    ("choir", None, "s1", "city", "1", 40, True),
)


def test_points_are_per_hundred_pupils_of_the_best_award_with_teams_split(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, achievements=WON)
    rows = rows_of(stage, "achievement_points")
    part = POINTS["province"][1] / 4
    assert rows.loc["s0", "value"] == pytest.approx(100 * (POINTS["nation"][0] + part) / 20)
    assert rows.loc["s1", "value"] == pytest.approx(100 * (POINTS["city"][0] + part) / 40)
    assert rows.loc["s0", ["n", "expected"]].tolist() == [20, 20]
    assert rows["reason"].tolist() == ["", "", "no_data", "no_data"]
    # Three achievers are too few for an interval.
    assert rows[["se", "low", "high", "difference_se"]].isna().all(axis=None)
    assert ("awards_not_listed", "", {"count": 2}) in notes_of(stage)
    assert ("works_without_pupils", "s1", {"count": 1}) in notes_of(stage)


def test_achievers_are_the_pupils_named_at_listed_events(tmp_path: Path) -> None:
    rows = rows_of(stage_with(tmp_path, achievements=WON), "achiever_share")
    assert rows.loc["s0", ["value", "n"]].tolist() == [3 / 20, 20]
    assert rows.loc["s1", ["value", "n"]].tolist() == [1 / 40, 40]
    assert rows["reason"].tolist() == ["", "", "no_data", "no_data"]


def test_works_that_name_nobody_do_not_make_a_section_without_achievers(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, achievements=WON[WON["pupil"].isna() | WON["pupil"].eq("s0-0")])
    assert rows_of(stage, "achiever_share").loc["s1", ["reason", "n"]].tolist() == ["no_data", 0]
    assert rows_of(stage, "achievement_points").loc["s1", "value"] == pytest.approx(
        100 * POINTS["city"][0] / 40
    )


def test_section_with_unlisted_awards_alone_handed_in_and_has_a_zero(tmp_path: Path) -> None:
    stage = stage_with(
        tmp_path,
        achievements=awards(
            ("market", "s0-3", None, "nation", "1", 1, False), ("duet", "s1-0", None, "city", "1", 1, True)
        ),
    )
    for measure in ("achiever_share", "achievement_points"):
        rows = rows_of(stage, measure)
        assert rows.loc["s0", ["value", "reason"]].tolist() == [0.0, ""]
        assert rows.loc["s2", "reason"] == "no_data"


def test_school_of_one_stage_need_not_say_which_its_work_is_of(tmp_path: Path) -> None:
    works = awards(("choir", None, "s1", "city", "1", 40, True), ("band", None, "s0", "city", "1", 40, True))
    rows = rows_of(stage_with(tmp_path, achievements=works.drop(columns="stage")), "achievement_points")
    # s0 has two stages, and nobody can tell which of them the band is of.
    assert rows["reason"].tolist() == ["no_data", "", "no_data", "no_data"]
    assert rows.loc["s1", "value"] == pytest.approx(100 * POINTS["city"][0] / 40)


@pytest.mark.parametrize("column", ["pupil", "school_code", "stage", "place", "team_size"])
def test_column_that_nobody_filled_is_no_fault(tmp_path: Path, column: str) -> None:
    kept = WON[WON["pupil"].isna()] if column == "pupil" else WON[WON["pupil"].notna()]
    stage = stage_with(tmp_path, achievements=kept.drop(columns=column))
    rows = rows_of(stage, "achievement_points")
    assert rows.loc["s1", "value"] > 0
    assert rows.loc["s2", "reason"] == "no_data"


def test_work_of_a_section_without_pupils_is_nobodys_share(tmp_path: Path) -> None:
    works = awards(("choir", None, "s3", "city", "1", 40, True), ("duet", "s0-0", None, "city", "1", 1, True))
    rows = rows_of(stage_with(tmp_path, achievements=works), "achievement_points")
    assert rows["reason"].tolist() == ["", "no_data", "no_data", "no_data"]


def test_fifteen_achievers_have_an_interval(tmp_path: Path) -> None:
    works = [(f"work {number}", f"s1-{number}", None, "city", "1", 1, True) for number in range(15)]
    works += [("duet", "s0-0", None, "city", "1", 1, True)]
    rows = rows_of(stage_with(tmp_path, achievements=awards(*works)), "achievement_points")
    mean = POINTS["city"][0] * 15 / 40
    assert rows.loc["s1", "value"] == pytest.approx(100 * mean)
    deviations = np.array([POINTS["city"][0] - mean] * 15 + [-mean] * 25)
    assert rows.loc["s1", "se"] == pytest.approx(100 * np.sqrt((deviations**2).sum() / 39 / 40))
    assert np.isnan(rows.loc["s0", "se"])


def test_without_the_list_of_events_no_award_can_count(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, achievements=WON.drop(columns="listed"))
    for measure in ("achiever_share", "achievement_points"):
        assert (rows_of(stage, measure)["reason"] == "no_data").all()
    assert notes_of(stage) == [("awards_without_list", "", {})]


def test_members_have_their_own_section_when_the_team_has_two(tmp_path: Path) -> None:
    works = awards(("pair", "s0-0", None, "city", "1", 2, True), ("pair", "s1-0", None, "city", "1", 2, True))
    rows = rows_of(stage_with(tmp_path, achievements=works), "achievement_points")
    assert rows.loc["s0", "value"] == pytest.approx(100 * POINTS["city"][0] / 2 / 20)
    assert rows.loc["s1", "value"] == pytest.approx(100 * POINTS["city"][0] / 2 / 40)


@pytest.mark.parametrize(
    ("measure", "cut"),
    [
        ("activity_share", 20),
        ("field_breadth", None),
        ("achiever_share", None),
        ("achievement_points", None),
        ("recognised_features", None),
    ],
)
def test_what_was_not_handed_in_is_no_data_for_every_section(
    tmp_path: Path, measure: str, cut: float | None
) -> None:
    empty = {"activities": activities(), "achievements": awards()}
    for stage in (stage_with(tmp_path / "a"), stage_with(tmp_path / "b", titles=[None] * 5, **empty)):
        rows = rows_of(stage, measure, cut)
        assert rows.index.tolist() == list(SIZES)
        assert (rows["reason"] == "no_data").all()
        assert rows["value"].isna().all()
        assert not stage.notes


def test_features_are_counted_and_none_is_zero(tmp_path: Path) -> None:
    stage = stage_with(
        tmp_path, titles=["足球特色学校、书法特色学校", None, "无", "绿色学校", "国防教育学校"]
    )
    rows = rows_of(stage, "recognised_features")
    assert rows["value"].tolist() == [2, 0, 0, 1]
    assert rows[["se", "low", "high"]].isna().all(axis=None)
    assert rows["n"].tolist() == [20, 40, 5, 0]
