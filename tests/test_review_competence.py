"""Competence over a small district whose every share can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.records import read_district_year, stage_year
from evalib.review.competence import BUILDERS
from evalib.review.rows import measured_rows
from evalib.review.stage import PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams, Settings, load_settings
from evalib.store import Store

YEAR = "2024-2025"
ROOT = Path(__file__).parents[1]
# s0 hands in everything, s1 some, s2 nothing, s3 has nobody on the roll.
SIZES = {"s0": 12, "s1": 8, "s2": 5, "s3": 0}


def with_quota(quota: dict[str, float]) -> Settings:
    """The shipped settings with a quota and a smallest number of pupils of the test's own."""
    settings = load_settings(ROOT / "params" / "sample.yaml")
    of_competence = settings.measures.competence.model_copy(update={"quota": quota})
    return replace(
        settings,
        measures=settings.measures.model_copy(update={"competence": of_competence}),
        disclosure=settings.disclosure.model_copy(update={"minimum_n": 3}),
    )


SETTINGS = with_quota({"arts": 0.3, "moral": 0.5})


def roll() -> pd.DataFrame:
    rows = [(f"{code}-{number}", code) for code, size in SIZES.items() for number in range(size)]
    pupils = pd.DataFrame(rows, columns=["pupil", "school_code"])
    pupils["stage"], pupils["grade"], pupils["class"] = "junior", 8, "1"
    pupils["sex"] = np.where(pupils.index % 2, "female", "male")
    pupils["status"] = "enrolled"
    # One who left, with records that must not count.
    gone = pupils.iloc[:1].assign(pupil="s0-gone", status="transferred_out")
    return pd.concat([pupils, gone], ignore_index=True)


def results(pupils: list[str], **changes: float) -> pd.DataFrame:
    """Boys' results of the published example, 93.9, and as good ones for girls."""
    table = pd.DataFrame({"pupil": pupils})
    items = {
        "height_cm": 165.0, "weight_kg": 58.0, "lung_capacity_ml": 3500.0, "run_50m_s": 8.0,
        "sit_and_reach_cm": 11.6, "standing_jump_cm": 220.0, "pull_ups": 16.0, "run_1000m_s": 220.0,
        "sit_ups": 51.0, "run_800m_s": 210.0,
    }  # fmt: skip
    return table.assign(**{**items, **changes}).assign(exempt=pd.array([False] * len(pupils), "boolean"))


def competence(rows: list[tuple[str, str, str | None, float | None, int | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["pupil", "area", "level", "hours", "evidence"])
    return table.astype({"level": "str", "hours": "float64", "evidence": "Int64"})


def stage_with(
    tmp_path: Path, pupils: pd.DataFrame | None = None, settings: Settings = SETTINGS, **tables: pd.DataFrame
) -> Stage:
    store = Store(tmp_path)
    schools = pd.DataFrame({"school_code": list(SIZES), "stage": "junior"})
    clean = {"schools": schools, "pupils": roll() if pupils is None else pupils, **tables}
    store.write({(name, YEAR): table.assign(year=YEAR) for name, table in clean.items()})
    district = read_district_year(store, YEAR)
    return Stage(stage_year("junior", list(SIZES), district.this), district, settings)


def indicator(measure: str, cut: str | float | None = None, **columns: str) -> IndicatorParams:
    text = {"zh": "一", "en": "one"}
    record = measure == "fitness_coverage"
    return IndicatorParams.model_validate(
        {
            "id": "one", "name": text, "about": text, "dimension": "competence", "measure": measure,
            "columns": columns, "cut": cut, "direction": "higher", "unit": "rate", "source": text,
            "smallest_difference": None if record else 0.03, "standing": not record, "status": "settled",
        }
    )  # fmt: skip


def rows_of(stage: Stage, measure: str, cut: str | float | None = None, **columns: str) -> pd.DataFrame:
    asked = indicator(measure, cut, **columns)
    return measured_rows(stage, BUILDERS[measure](asked, stage)).set_index("school_code")


def test_fitness_shares_count_pupils_with_a_total(tmp_path: Path) -> None:
    fitness = pd.concat(
        [
            results([f"s0-{number}" for number in range(6)]),
            results(["s0-6", "s0-7"], lung_capacity_ml=2000.0, run_50m_s=9.9, sit_and_reach_cm=-1.0,
                   standing_jump_cm=174.0, pull_ups=5.0, run_1000m_s=305.0, sit_ups=21.0, run_800m_s=290.0),
            results(["s0-8"], run_50m_s=np.nan),
            results(["s0-9"]).assign(exempt=True),
            results(["s1-0"], run_50m_s=np.nan),
            results(["s0-gone"]),
        ]
    )  # fmt: skip
    stage = stage_with(tmp_path, fitness=fitness)
    good, passed = rows_of(stage, "fitness_share", 80), rows_of(stage, "fitness_share", 60)
    assert good.loc["s0", ["value", "n", "expected"]].tolist() == [6 / 8, 8, 11]
    # The weak two stand on the lowest passing step of their items, or above it.
    assert passed.loc["s0", "value"] == 1.0
    # s1 was tested and has no total; the others handed in nothing.
    assert good["reason"].tolist() == ["", "no_data", "no_data", "no_data"]
    coverage = rows_of(stage, "fitness_coverage")
    assert coverage.loc["s0", ["value", "n", "expected"]].tolist() == [8 / 11, 11, 11]
    assert coverage.loc["s1", "value"] == 0.0
    assert coverage.loc["s2", "reason"] == "no_data"
    assert coverage[["se", "low", "high"]].isna().all(axis=None)
    assert good.loc["s0", "low"] < 0.75 < good.loc["s0", "high"]


def test_section_whose_pupils_are_all_exempt_has_nobody_to_test(tmp_path: Path) -> None:
    exempt = results([f"s1-{number}" for number in range(8)]).assign(exempt=True)
    stage = stage_with(tmp_path, fitness=pd.concat([results(["s0-0"]), exempt]))
    for measure, cut in (("fitness_share", 60), ("fitness_coverage", None)):
        rows = rows_of(stage, measure, cut)
        assert rows.loc["s1", "reason"] == "not_applicable"
        assert rows.loc["s1", "expected"] == 0


def test_without_the_column_of_exemptions_nobody_is_exempt(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, fitness=results(["s0-0"]).drop(columns="exempt"))
    assert rows_of(stage, "fitness_coverage").loc["s0", ["value", "expected"]].tolist() == [1 / 12, 12]


def test_without_sex_fitness_is_not_scored_and_the_reader_is_told(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, roll().drop(columns="sex"), fitness=results(["s0-0"]))
    assert (rows_of(stage, "fitness_share", 60)["reason"] == "no_data").all()
    assert [note["note"] for note in stage.notes] == ["fitness_without_sex"]


def test_items_that_nobody_handed_in_leave_the_total_missing(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, fitness=results(["s0-0"])[["pupil", "height_cm", "weight_kg"]])
    assert (rows_of(stage, "fitness_share", 60)["reason"] == "no_data").all()


@pytest.mark.parametrize(
    ("measure", "cut", "columns"),
    [
        ("fitness_share", 80, {}),
        ("fitness_coverage", None, {}),
        ("level_share", "B", {"area": "arts"}),
        ("hours_share", 30, {"area": "labour"}),
        ("evidence_share", 3, {"area": "moral"}),
        ("recorded_share", None, {"area": "health"}),
    ],
)
def test_table_that_was_not_handed_in_is_no_data_for_every_section(
    tmp_path: Path, measure: str, cut: str | float | None, columns: dict[str, str]
) -> None:
    for stage in (stage_with(tmp_path / "a"), stage_with(tmp_path / "b", roll().iloc[:0])):
        rows = rows_of(stage, measure, cut, **columns)
        assert rows.index.tolist() == list(SIZES)
        assert (rows["reason"] == "no_data").all()
        assert rows["value"].isna().all()
        assert not stage.notes


def test_year_without_a_roll_is_no_data(tmp_path: Path) -> None:
    store = Store(tmp_path)
    schools = pd.DataFrame({"year": YEAR, "school_code": list(SIZES), "stage": "junior"})
    store.write({("schools", YEAR): schools, ("fitness", YEAR): results(["s0-0"]).assign(year=YEAR)})
    district = read_district_year(store, YEAR)
    stage = Stage(stage_year("junior", list(SIZES), district.this), district, SETTINGS)
    assert (rows_of(stage, "fitness_share", 60)["reason"] == "no_data").all()
    assert (rows_of(stage, "recorded_share", area="health")["reason"] == "no_data").all()


RECORDS = competence(
    [
        # s0: levels of arts A A A B C, hours of labour 30 0 none, evidence 3 2
        *[(f"s0-{number}", "arts", level, None, None) for number, level in enumerate("AAABC")],
        ("s0-0", "labour", None, 30.0, None),
        ("s0-1", "labour", None, 0.0, None),
        ("s0-2", "labour", "B", None, None),
        ("s0-0", "moral", "A", None, 3),
        ("s0-1", "moral", "B", None, 2),
        ("s0-2", "health", None, None, None),
        ("s0-3", "health", "C", None, None),
        ("s0-gone", "arts", "D", 40.0, 9),
        # s1: arts A B B B, exactly within no quota of .3 (1 of 4)
        *[(f"s1-{number}", "arts", level, None, None) for number, level in enumerate("ABBB")],
    ]
)


def test_each_share_has_the_pupils_with_such_a_record_for_denominator(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, competence=RECORDS)
    arts = rows_of(stage, "level_share", "B", area="arts")
    assert arts.loc["s0", ["value", "n", "expected"]].tolist() == [4 / 5, 5, 12]
    assert arts.loc["s1", "value"] == 1.0
    labour = rows_of(stage, "hours_share", 30, area="labour")
    # Zero hours are a value; hours that nobody wrote down are not.
    assert labour.loc["s0", ["value", "n"]].tolist() == [1 / 2, 2]
    assert labour["reason"].tolist() == ["", "no_data", "no_data", "no_data"]
    moral = rows_of(stage, "evidence_share", 3, area="moral")
    assert moral.loc["s0", ["value", "n"]].tolist() == [1 / 2, 2]


def test_recorded_share_is_of_all_pupils_on_the_roll(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, competence=RECORDS)
    health = rows_of(stage, "recorded_share", area="health")
    # A blank row records nothing.
    assert health.loc["s0", ["value", "n", "expected"]].tolist() == [1 / 12, 12, 12]
    assert health.loc["s1", "reason"] == "no_data"


def test_column_that_the_district_does_not_have_is_no_data(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, competence=RECORDS.drop(columns=["hours", "evidence"]))
    assert (rows_of(stage, "hours_share", 30, area="labour")["reason"] == "no_data").all()
    assert rows_of(stage, "level_share", "B", area="arts").loc["s0", "value"] == 4 / 5


def test_quota_that_was_not_kept_is_told_of_its_school_once(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, competence=RECORDS)
    for measure, cut, area in (("level_share", "B", "arts"), ("hours_share", 30, "labour")):
        rows_of(stage, measure, cut, area=area)
    told = [(note["note"], note["school_code"], note["fields"]) for note in stage.notes]
    # 3 of 5 in the arts is above .3; 1 of 2 in moral conduct is not above .5; 1 of 4 is below.
    assert told == [("quota_breached", "s0", {"area": "arts"})]


def test_quota_is_not_told_of_fewer_pupils_than_may_be_shown(tmp_path: Path) -> None:
    two = competence([("s0-0", "arts", "A", None, None), ("s0-1", "arts", "A", None, None)])
    stage = stage_with(tmp_path, competence=two)
    assert rows_of(stage, "level_share", "B", area="arts").loc["s0", "value"] == 1.0
    assert not stage.notes


def test_share_of_the_best_level_is_of_record_where_it_is_a_quota(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, competence=RECORDS)
    bound = BUILDERS["level_share"](indicator("level_share", "A", area="arts"), stage)[0]
    assert isinstance(bound, SectionFigures)
    rows = measured_rows(stage, [bound]).set_index("school_code")
    assert rows.loc["s0", ["value", "n", "expected"]].tolist() == [3 / 5, 5, 12]
    assert rows[["se", "low", "high", "difference_se"]].isna().all(axis=None)
    assert rows["reason"].tolist() == ["", "", "no_data", "no_data"]
    free = stage_with(tmp_path / "free", settings=with_quota({}), competence=RECORDS)
    assert isinstance(
        BUILDERS["level_share"](indicator("level_share", "A", area="arts"), free)[0], PupilFigures
    )
    assert not free.notes
