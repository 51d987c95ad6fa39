"""What changed more between two school years than a district usually does."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from trial_district import PARAMS

from evalib.intake.columns import Columns, load_columns
from evalib.intake.plausible import between_years, warnings_told
from evalib.messages import MESSAGES
from evalib.settings import load_settings
from evalib.store import Store

BEFORE, NOW = "2023-2024", "2024-2025"
Tables = dict[tuple[str, str], pd.DataFrame]


@pytest.fixture(scope="module")
def columns() -> Columns:
    return load_columns(PARAMS)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def year(of: str, *, first: int = 0, mean: float = 70.0, schools: int = 3, pupils: int = 100) -> Tables:
    """A year's tables: pupils `first` to `first + pupils`, in grade 3 before and grade 4 now."""
    names = [f"p{number}" for number in range(first, first + pupils)]
    grade = 3 if of == BEFORE else 4
    codes = [f"s{number}" for number in range(schools)]
    return {
        ("schools", of): pd.DataFrame(
            {"year": of, "school_code": codes, "stage": "primary", "name": [f"示例{code}" for code in codes]}
        ),
        ("pupils", of): pd.DataFrame(
            {"year": of, "pupil": names, "school_code": "s0", "stage": "primary", "grade": grade}
        ),
        ("papers", of): pd.DataFrame(
            {
                "year": [of],
                "paper": ["4-chinese"],
                "grade": [4],
                "subject": ["chinese"],
                "full_mark": [100.0],
                "comparable": pd.array([True], "boolean"),
            }
        ),
        ("scores", of): pd.DataFrame({"year": of, "paper": "4-chinese", "pupil": names, "score": mean}),
    }


def notes(found: Tables, of: str = NOW) -> dict[str, dict[str, object]]:
    table = found["warnings", of]
    return {str(row.note): json.loads(str(row.fields)) for row in table.itertuples()}


def remarks(tables: Tables, store: Store, columns: Columns) -> dict[str, dict[str, object]]:
    return notes(between_years(tables, store, columns.params.between_years))


def test_two_like_years_are_not_remarkable(store: Store, columns: Columns) -> None:
    assert remarks({**year(BEFORE), **year(NOW)}, store, columns) == {}


def test_a_first_year_is_compared_with_nothing(store: Store, columns: Columns) -> None:
    found = between_years(year(NOW), store, columns.params.between_years)
    assert list(found) == [("warnings", NOW)]
    assert notes(found) == {}


def test_a_school_that_is_gone_is_named(store: Store, columns: Columns) -> None:
    found = remarks({**year(BEFORE), **year(NOW, schools=2)}, store, columns)
    assert found == {"schools_gone": {"before": BEFORE, "count": 1, "names": ["示例s2"]}}


def test_of_many_schools_only_some_are_named_and_as_text(store: Store, columns: Columns) -> None:
    tables = {**year(BEFORE, schools=20), **year(NOW, schools=1)}
    tables["schools", BEFORE]["name"] = "x\x1b[2J\u202e" + tables["schools", BEFORE]["name"]
    found = between_years(tables, store, columns.params.between_years)
    (fields,) = notes(found).values()
    assert fields["count"] == 19
    assert len(fields["names"]) == 6
    (told,) = warnings_told(found, "data/x", columns)
    for lang in ("zh", "en"):
        assert "19" in told.text(lang)
        assert "…" in told.text(lang)
        assert not {"\x1b", "\u202e"} & set(told.text(lang))


@pytest.mark.parametrize(("mean", "told"), [(55.0, False), (54.9, True), (85.0, False), (85.1, True)])
def test_a_mean_that_jumped_is_told(store: Store, columns: Columns, mean: float, told: bool) -> None:
    found = remarks({**year(BEFORE, mean=70.0), **year(NOW, mean=mean)}, store, columns)
    assert ("mean_shifted" in found) == told
    if told:
        assert found["mean_shifted"] == {
            "before": BEFORE, "grade": 4, "subject": "chinese", "now": round(mean / 100, 2), "then": 0.7
        }  # fmt: skip


def test_another_full_mark_is_no_jump(store: Store, columns: Columns) -> None:
    tables = {**year(BEFORE, mean=70.0), **year(NOW, mean=105.0)}
    tables["papers", NOW]["full_mark"] = 150.0
    assert remarks(tables, store, columns) == {}


def test_a_paper_of_one_school_is_not_compared(store: Store, columns: Columns) -> None:
    tables = {**year(BEFORE, mean=70.0), **year(NOW, mean=20.0)}
    tables["papers", NOW]["comparable"] = pd.array([False], "boolean")
    assert remarks(tables, store, columns) == {}


@pytest.mark.parametrize(("first", "told"), [(12, False), (13, True)])
def test_pupils_not_found_again_are_told_as_a_share(
    store: Store, columns: Columns, first: int, told: bool
) -> None:
    found = remarks({**year(BEFORE), **year(NOW, first=first)}, store, columns)
    assert found == ({"pupils_unmatched": {"before": BEFORE, "share": 0.13}} if told else {})


def test_who_leaves_a_stage_or_left_the_roll_is_not_looked_for(store: Store, columns: Columns) -> None:
    tables = {**year(BEFORE), **year(NOW, first=50)}
    tables["pupils", BEFORE].loc[:49, "grade"] = 6
    assert remarks(tables, store, columns) == {}
    tables["pupils", BEFORE]["grade"] = 3
    tables["pupils", BEFORE]["status"] = ["transferred_out"] * 50 + ["enrolled"] * 50
    assert remarks(tables, store, columns) == {}


def test_fewer_than_thirty_pupils_say_nothing(store: Store, columns: Columns) -> None:
    few = {**year(BEFORE, pupils=29), **year(NOW, first=900, pupils=29, mean=10.0)}
    assert remarks(few, store, columns) == {}
    enough = {**year(BEFORE, pupils=30), **year(NOW, first=900, pupils=30, mean=10.0)}
    assert set(remarks(enough, store, columns)) == {"mean_shifted", "pupils_unmatched"}


def test_the_year_before_may_lie_in_the_store(store: Store, columns: Columns) -> None:
    store.write(year(BEFORE))
    assert "pupils_unmatched" in remarks(year(NOW, first=50), store, columns)


def test_a_year_in_the_store_is_judged_anew_when_the_one_before_it_comes(
    store: Store, columns: Columns
) -> None:
    store.write(year(NOW, first=50))
    found = between_years(year(BEFORE), store, columns.params.between_years)
    assert set(found) == {("warnings", BEFORE), ("warnings", NOW)}
    assert "pupils_unmatched" in notes(found)


def test_rows_without_pupil_are_counted_for_a_report_and_not_told_twice(
    store: Store, columns: Columns
) -> None:
    tables = year(NOW)
    tables["fitness", NOW] = pd.DataFrame({"year": NOW, "pupil": ["p1", "x", "y"]})
    found = between_years(tables, store, columns.params.between_years)
    assert notes(found) == {"rows_without_pupil": {"count": 2}}
    assert warnings_told(found, "data/x", columns) == []


def test_every_remark_is_a_message_and_a_sentence_in_both_languages(store: Store, columns: Columns) -> None:
    tables = {**year(BEFORE), **year(NOW, first=50, mean=10.0, schools=2)}
    told = warnings_told(between_years(tables, store, columns.params.between_years), "data/x", columns)
    assert {fault.key for fault in told} == {"schools_gone", "mean_shifted", "pupils_unmatched"}
    sentences = {one.id for one in load_settings(PARAMS / "sample.yaml").sentences}
    for fault in told:
        assert fault.warning
        assert fault.key in sentences
        assert fault.key in MESSAGES
        assert "{" not in fault.text("zh") + fault.text("en")
        assert "四年级语文" in fault.text("zh") or fault.key != "mean_shifted"
        assert "50%" in fault.text("en") or fault.key != "pupils_unmatched"
