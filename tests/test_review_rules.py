"""Who counts, and as what: one rule of the review at a time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from irregular_stage import (
    LAST,
    NEWLY_BUILT,
    NOW,
    SETTINGS,
    SILENT,
    Tables,
    changed,
    invented,
    measurements,
    printed,
    with_params,
)
from plain_review import starts


@pytest.fixture(scope="module")
def tables() -> Tables:
    return invented()


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tables: Tables) -> pd.DataFrame:
    return measurements(tmp_path_factory.mktemp("recomputed"), tables)


@pytest.mark.parametrize("status", ["left", "transferred_out", "died"])
def test_who_left_the_roll_during_the_year_counts_nowhere(
    tmp_path: Path, tables: Tables, status: str
) -> None:
    """The figures are those of a district that never had the pupil in this year's files."""
    few = with_params(SETTINGS, bootstrap_below_sections=5)
    first = tables["pupils", NOW].query("school_code == 's00' and grade == 5")["pupil"].iloc[0]

    def leaves(roll: pd.DataFrame) -> pd.DataFrame:
        roll.loc[roll["pupil"].eq(first), "status"] = status
        return roll

    gone = changed(tables, "scores", NOW, lambda scores: scores[scores["pupil"].ne(first)])
    gone = changed(gone, "pupils", NOW, lambda roll: roll[roll["pupil"].ne(first)])
    one = measurements(tmp_path / "a", changed(tables, "pupils", NOW, leaves), few)
    two = measurements(tmp_path / "b", gone, few)
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("status", ["enrolled", "transferred_in", "graduated", "suspended"])
def test_who_is_on_the_roll_counts_whatever_the_status(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, status: str
) -> None:
    no_fit = with_params(SETTINGS, minimum_sections=99)

    def all_so(roll: pd.DataFrame) -> pd.DataFrame:
        on_roll = ~roll["status"].isin(["left", "transferred_out"])
        return roll.assign(status=roll["status"].mask(on_roll, status))

    found = measurements(tmp_path, changed(tables, "pupils", NOW, all_so), no_fit)
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(found[academic], measured[academic])


@pytest.mark.parametrize(
    ("sat", "entered", "passes"), [("absent", 1, 0), ("voided", 1, 0), ("exempt", 0, 0), ("present", 1, 1)]
)
@pytest.mark.parametrize("denominator", ["entered", "sat"])
def test_each_way_of_having_no_mark_counts_by_its_own_rule(
    tmp_path: Path, tables: Tables, sat: str, entered: int, passes: int, denominator: str
) -> None:
    """Of 11 pupils of one class, ten with full marks; full marks stand beside whatever the last one did."""
    no_fit = with_params(SETTINGS, denominator=denominator, minimum_sections=99)
    roll = tables["pupils", NOW]
    ids = roll[roll["school_code"].eq("s09") & roll["grade"].eq(4)]["pupil"].to_numpy()[:11]
    others = set(roll[roll["school_code"].eq("s09")]["pupil"]) - set(ids)

    def told(scores: pd.DataFrame) -> pd.DataFrame:
        scores = scores[~scores["pupil"].isin(others)].copy()
        mine = scores["pupil"].isin(ids)
        scores.loc[mine, ["score", "sat"]] = [120.0, "present"]
        scores.loc[scores["pupil"].eq(ids[-1]), "sat"] = sat
        return scores

    found = measurements(tmp_path, changed(tables, "scores", NOW, told), no_fit)
    counted = 10 + (entered if denominator == "entered" or sat == "present" else 0)
    assert printed(found, "pass_rate").loc["s09", "n"] == counted
    assert printed(found, "pass_rate").loc["s09", "value"] == pytest.approx((10 + passes) / counted)
    assert printed(found, "low_score_rate").loc["s09", "value"] == pytest.approx(
        (counted - 10 - passes) / counted
    )
    assert printed(found, "standard_score").loc["s09", "n"] == 10 + passes
    assert printed(found, "participation").loc["s09", "value"] == pytest.approx(
        (10 + passes) / (10 + entered)
    )


@pytest.mark.parametrize(
    ("grade", "matches"), [(4, True), (5, False), (3, False)], ids=["promoted", "repeats", "skips"]
)
def test_only_a_pupil_who_moved_up_one_grade_has_a_start(
    tmp_path: Path, tables: Tables, grade: int, matches: bool
) -> None:
    roll = tables["pupils", LAST]
    mine = roll["school_code"].eq("s00") & roll["grade"].eq(4)

    def was_in(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[mine, "grade"] = grade
        return table

    no_fit = with_params(SETTINGS, minimum_sections=99)
    found = changed(tables, "pupils", LAST, was_in)
    rate = printed(measurements(tmp_path, found, no_fit), "match_rate").loc["s00"]
    now = starts(tables).query("school_code == 's00'")
    kept = now if matches else now[now["grade"].eq(4)]
    assert rate["n"] == len(now)
    assert rate["value"] == pytest.approx(kept["prior"].notna().sum() / len(now))


@pytest.mark.parametrize("said", [False, None])
def test_a_paper_that_does_not_say_it_is_common_counts_in_nothing(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame, said: bool | None
) -> None:
    def english(papers: pd.DataFrame) -> pd.DataFrame:
        papers.loc[papers["subject"].eq("english"), "comparable"] = said
        return papers

    few = with_params(SETTINGS, minimum_sections=99)
    found = measurements(tmp_path, changed(tables, "papers", NOW, english), few)
    assert "english" not in set(found["subject"])
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(found[academic], measured[academic])


def test_a_paper_of_an_earlier_term_counts_in_nothing(
    tmp_path: Path, tables: Tables, measured: pd.DataFrame
) -> None:
    papers, scores = tables["papers", NOW], tables["scores", NOW]
    first = papers[papers["paper"].eq("5-mathematics")].assign(paper="5-mathematics-1", term="first")
    earlier = scores[scores["paper"].eq("5-mathematics")].assign(paper="5-mathematics-1", score=1.0)
    found = {
        **tables,
        ("papers", NOW): pd.concat([papers, first], ignore_index=True),
        ("scores", NOW): pd.concat([scores, earlier], ignore_index=True),
    }
    again = measurements(tmp_path, found, with_params(SETTINGS, minimum_sections=99))
    academic = measured["dimension"].eq("academic")
    pd.testing.assert_frame_equal(again[academic], measured[academic])


def test_too_few_sections_with_a_start_have_no_value_added(tmp_path: Path, tables: Tables) -> None:
    reasons = printed(
        measurements(tmp_path, tables, with_params(SETTINGS, minimum_sections=13)), "value_added"
    )["reason"]
    assert set(reasons.drop([SILENT, NEWLY_BUILT])) == {"too_few_sections"}
