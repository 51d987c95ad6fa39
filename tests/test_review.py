from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.review.yearly import Review, review_year
from evalib.scoring.standings import add_standings
from evalib.settings import load_settings
from evalib.store import Store

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
LAST, NOW = "2023-2024", "2024-2025"
SECTIONS = 14
SILENT, TINY, NEW = "s11", "s12", "s13"


def tables(*, full_mark: float | None = 100.0, comparable: bool = True, classes: bool = True) -> dict:
    """Fourteen primary schools: grade 4 last year is grade 5 now; one silent, one tiny, one new."""
    rng = np.random.default_rng(7)
    pupils, marks = [], []
    for position in range(SECTIONS):
        code = f"s{position:02d}"
        for number in range(3 if code == TINY else 60):
            pupils.append((f"{code}-{number}", code, f"{number % 2}"))
            ability = rng.normal() + (1.2 if position == 0 else 0.0)
            marks.append((50 + 12 * ability + 5 * rng.normal(), 50 + 12 * ability + 5 * rng.normal()))
    people = pd.DataFrame(pupils, columns=["pupil", "school_code", "class"])
    people["stage"] = "primary"
    score = np.clip(np.round(np.array(marks), 1), 0, 100)
    found = {}
    for position, (year, grade) in enumerate(((LAST, 4), (NOW, 5))):
        here = people.assign(grade=grade)
        paper = pd.DataFrame({"paper": [f"{grade}-m"], "grade": grade, "subject": "mathematics"})
        paper["comparable"] = comparable
        if full_mark is not None:
            paper["full_mark"] = full_mark
        scores = here[["pupil", "school_code"]].assign(
            paper=f"{grade}-m", score=score[:, position], sat="present"
        )
        absent = [SILENT] + ([NEW] if year == LAST else [])
        found["pupils", year] = here.drop(columns="class") if not classes else here
        found["papers", year] = paper
        found["scores", year] = scores[~scores["school_code"].isin(absent)].reset_index(drop=True)
        found["schools", year] = here[["school_code", "stage"]].drop_duplicates(ignore_index=True)
    return found


def review(tmp_path: Path, found: dict) -> Review:
    store = Store(tmp_path / "store")
    store.write(found)
    return review_year(store, SETTINGS, NOW)


def rows(review: Review, indicator: str, subject: str = "") -> pd.DataFrame:
    found = review.measurements
    return found[found["indicator"].eq(indicator) & found["subject"].eq(subject)].set_index("school_code")


def test_every_section_has_a_row_for_every_indicator_and_no_figure_is_silently_missing(
    tmp_path: Path,
) -> None:
    found = review(tmp_path, tables()).measurements
    whole = found[found["subject"].eq("")]
    assert len(whole) == SECTIONS * len(SETTINGS.measures.indicators)
    assert (found["value"].isna() == found["reason"].ne("")).all()


def test_each_gap_has_its_own_reason(tmp_path: Path) -> None:
    found = review(tmp_path, tables())
    assert rows(found, "standard_score").loc[SILENT, "reason"] == "no_data"
    assert rows(found, "value_added").loc[SILENT, "reason"] == "no_data"
    assert rows(found, "value_added").loc[NEW, "reason"] == "low_coverage"
    assert rows(found, "match_rate").loc[NEW, "value"] == 0.0
    assert rows(found, "standard_score").loc[NEW, "reason"] == ""


def test_figures_agree_with_a_hand_calculation(tmp_path: Path) -> None:
    found = tables()
    measured = review(tmp_path, found)
    score = found["scores", NOW]["score"]
    z = (score - score.mean()) / score.std()
    mine = found["scores", NOW]["school_code"].eq("s00")
    row = rows(measured, "standard_score").loc["s00"]
    assert row["value"] == pytest.approx(z[mine].mean())
    assert row["n"] == 60
    assert row["coverage"] == 1.0
    assert rows(measured, "pass_rate").loc["s00", "value"] == pytest.approx(score[mine].ge(60).mean())
    assert rows(measured, "low_score_rate").loc["s00", "value"] == pytest.approx(score[mine].lt(40).mean())
    assert row["low"] < row["value"] < row["high"]


def test_reference_is_the_mean_over_pupils_of_all_sections(tmp_path: Path) -> None:
    found = rows(review(tmp_path, tables()), "standard_score")
    counted = found[found["reason"].eq("")]
    expected = np.average(counted["value"], weights=counted["n"])
    assert counted["reference"].nunique() == 1
    assert counted["reference"].iloc[0] == pytest.approx(expected)


def test_an_absent_pupil_is_not_a_zero_but_does_not_pass(tmp_path: Path) -> None:
    found = tables()
    scores = found["scores", NOW]
    first = scores.index[scores["school_code"].eq("s01")][0]
    scores.loc[first, ["score", "sat"]] = [np.nan, "absent"]
    measured = review(tmp_path, found)
    assert rows(measured, "standard_score").loc["s01", "n"] == 59
    passed = rows(measured, "pass_rate").loc["s01"]
    assert passed["n"] == 60
    others = scores[scores["school_code"].eq("s01")]["score"].dropna()
    assert passed["value"] == pytest.approx(others.ge(60).sum() / 60)


def test_an_exempt_pupil_leaves_both_sides_of_a_rate(tmp_path: Path) -> None:
    found = tables()
    scores = found["scores", NOW]
    first = scores.index[scores["school_code"].eq("s01")][0]
    scores.loc[first, ["score", "sat"]] = [np.nan, "exempt"]
    assert rows(review(tmp_path, found), "pass_rate").loc["s01", "n"] == 59


def test_value_added_is_centred_on_the_district_and_finds_no_growth_where_only_level_differs(
    tmp_path: Path,
) -> None:
    found = rows(review(tmp_path, tables()), "value_added")
    counted = found[found["reason"].eq("")]
    assert np.average(counted["value"], weights=counted["n"]) == pytest.approx(0.0, abs=1e-12)
    # s00 stands far above in level, and started as high.
    assert abs(counted.loc["s00", "value"]) < 0.3
    assert counted.loc["s00", "low"] < counted.loc["s00", "value"] < counted.loc["s00", "high"]


def test_scale_scores_have_no_cut_rates(tmp_path: Path) -> None:
    found = review(tmp_path, tables(full_mark=None))
    reasons = set(rows(found, "pass_rate").drop(index=SILENT)["reason"])
    assert reasons == {"no_full_mark"}
    assert (rows(found, "standard_score").drop(index=SILENT)["reason"] == "").all()


def test_a_paper_that_is_not_common_compares_nobody(tmp_path: Path) -> None:
    found = review(tmp_path, tables(comparable=False))
    assert set(rows(found, "standard_score").drop(index=SILENT)["reason"]) == {"no_comparable_paper"}
    assert "paper_not_comparable" in set(found.notes["note"])


def test_without_classes_the_note_says_so(tmp_path: Path) -> None:
    assert "no_classes" in set(review(tmp_path, tables(classes=False)).notes["note"])


@pytest.mark.parametrize(
    ("gone", "indicator", "reason"),
    [("scores", "standard_score", "no_data"), ("papers", "value_added", "no_data")],
)
def test_a_table_that_is_missing_is_no_data(tmp_path: Path, gone: str, indicator: str, reason: str) -> None:
    found = tables()
    del found[gone, NOW]
    assert set(rows(review(tmp_path, found), indicator)["reason"]) == {reason}


def test_the_first_year_has_no_prior(tmp_path: Path) -> None:
    found = {key: table for key, table in tables().items() if key[1] == NOW}
    reasons = rows(review(tmp_path, found), "value_added")["reason"]
    assert set(reasons.drop(SILENT)) == {"no_prior"}


def test_equal_marks_give_a_reason_and_no_nan(tmp_path: Path) -> None:
    found = tables()
    found["scores", NOW]["score"] = 70.0
    measured = review(tmp_path, found)
    assert set(rows(measured, "standard_score").drop(index=SILENT)["reason"]) == {"no_variance"}
    assert set(rows(measured, "value_added").drop(index=SILENT)["reason"]) == {"no_variance"}
    assert "paper_constant" in set(measured.notes["note"])


def test_order_of_pupils_is_irrelevant(tmp_path: Path) -> None:
    found = tables()
    first = review(tmp_path / "a", found).measurements
    for key in found:
        found[key] = found[key].sample(frac=1, random_state=1).reset_index(drop=True)
    second = review(tmp_path / "b", found).measurements
    pd.testing.assert_frame_equal(first, second, check_exact=False, rtol=1e-9, atol=1e-12)


def test_standings_call_the_outlier_and_not_the_rest(tmp_path: Path) -> None:
    measured = review(tmp_path, tables()).measurements
    judged = add_standings({NOW: measured}, NOW, SETTINGS)
    scores = judged[judged["indicator"].eq("standard_score") & judged["subject"].eq("")].set_index(
        "school_code"
    )
    assert scores.loc["s00", "standing"] == "clearly_above"
    assert (scores["standing"] == "not_distinguishable").sum() >= 9
    assert (judged.loc[judged["indicator"].eq("match_rate"), "standing"] == "").all()


def test_too_few_sections_have_no_standing(tmp_path: Path) -> None:
    measured = review(tmp_path, tables()).measurements
    few = measured[measured["school_code"].lt("s05")]
    judged = add_standings({NOW: few}, NOW, SETTINGS)
    scores = judged[judged["indicator"].eq("standard_score")]
    assert set(scores["standing"]) == {"none"}
    assert set(scores["standing_reason"]) == {"too_few_sections"}


def test_where_lower_is_better_fewer_is_above(tmp_path: Path) -> None:
    measured = review(tmp_path, tables()).measurements
    low = measured["indicator"].eq("low_score_rate") & measured["reason"].eq("")
    measured.loc[low, "value"] = np.where(measured.loc[low, "school_code"].eq("s00"), 0.05, 0.40)
    measured.loc[low, "variance"] = 0.02**2
    judged = add_standings({NOW: measured}, NOW, SETTINGS)
    rates = judged[low & judged["subject"].eq("")].set_index("school_code")
    assert rates.loc["s00", "standing"] == "clearly_above"
    assert rates.loc["s00", "d_mean"] < 0
