from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evalib.annual import orders_for
from evalib.disclosure import (
    FIGURES,
    issued_year,
    publish,
    publish_influences,
    publish_notes,
    publish_parts,
    publish_sections,
)
from evalib.settings import DisclosureParams, load_settings
from evalib.vocabulary import ReportKey

LIMITS = DisclosureParams(dated=datetime.date(2026, 9, 1), minimum_n=10, minimum_n_standing=30, source="test")

PARAMS = Path(__file__).parents[1] / "params"
COUNTING = ["match_rate", "pass_rate", "achiever_share"]


def measurement(n: float, reason: str = "") -> dict[str, object]:
    return {
        "year": "2024-2025",
        "school_code": f"s{n}{reason}",
        "stage": "primary",
        "indicator": "pass_rate",
        "subject": "",
        "reason": reason,
        "value": 0.8,
        "se": 0.03,
        "n": n,
        "standing": "clearly_above",
        "standing_reason": "",
        "score_reason": "",
        "d_mean": 0.1,
        "weight": n,
    }


def test_nine_pupils_are_withheld_and_so_is_their_number() -> None:
    shown = publish(pd.DataFrame([measurement(9)]), LIMITS, COUNTING).iloc[0]
    assert shown["reason"] == "suppressed"
    assert shown[FIGURES].isna().all()
    assert shown["standing"] == ""


def test_ten_pupils_are_shown_but_not_judged() -> None:
    mean = {**measurement(10), "indicator": "standard_score"}
    shown = publish(pd.DataFrame([mean]), LIMITS, COUNTING).iloc[0]
    assert shown["value"] == 0.8
    assert (shown["standing"], shown["standing_reason"]) == ("none", "too_few")
    assert pd.isna(shown["d_mean"])


def test_thirty_pupils_are_judged() -> None:
    shown = publish(pd.DataFrame([measurement(30)]), LIMITS, COUNTING).iloc[0]
    assert shown["standing"] == "clearly_above"


def test_a_reason_that_would_tell_a_small_number_is_worded_as_suppression() -> None:
    shown = publish(
        pd.DataFrame([measurement(3, "too_few"), measurement(0, "low_coverage")]), LIMITS, COUNTING
    )
    assert shown["reason"].tolist() == ["suppressed", "low_coverage"]


@pytest.mark.parametrize(
    ("reached", "band"), [(0, "low"), (4, "low"), (5, ""), (95, ""), (96, "high"), (100, "high")]
)
def test_a_share_that_few_make_up_or_miss_becomes_a_band(reached: int, band: str) -> None:
    rate = {**measurement(100), "value": reached / 100}
    shown = publish(pd.DataFrame([rate]), LIMITS, COUNTING).iloc[0]
    assert (shown["band"], shown["reason"]) == (band, "suppressed" if band else "")
    assert pd.isna(shown["value"]) == bool(band)
    assert shown["n"] == 100


def of_subject(subject: str, reached: float, n: int = 100, **changed: object) -> dict[str, object]:
    return {**measurement(n), "school_code": "s", "subject": subject, "value": reached / n, **changed}


def test_the_rate_over_all_subjects_goes_with_one_of_them_and_tells_no_band() -> None:
    for over_all in (14.0, 3.0):
        rows = [of_subject("", over_all), of_subject("chinese", 3), of_subject("english", 25)]
        shown = publish(pd.DataFrame(rows), LIMITS, COUNTING)
        assert shown["reason"].tolist() == ["suppressed", "suppressed", ""]
        assert shown["band"].tolist() == ["", "low", ""]


def test_a_mean_over_all_subjects_goes_with_a_subject_of_nine() -> None:
    rows = [
        of_subject("", 50, indicator="standard_score"),
        of_subject("english", 5, n=9, indicator="standard_score"),
    ]
    shown = publish(pd.DataFrame(rows), LIMITS, COUNTING)
    assert shown["reason"].tolist() == ["suppressed", "suppressed"]
    assert shown["n"].isna().tolist() == [False, True]


def test_an_indicator_that_would_tell_another_goes_with_it() -> None:
    rows = [
        of_subject("", 2, indicator="achiever_share"),
        of_subject("", 40, indicator="achievement_points_per_100"),
    ]
    limits = LIMITS.model_copy(update={"goes_with": {"achievement_points_per_100": "achiever_share"}})
    assert publish(pd.DataFrame(rows), limits, COUNTING)["reason"].tolist() == ["suppressed", "suppressed"]
    assert publish(pd.DataFrame(rows), LIMITS, COUNTING)["reason"].tolist() == ["suppressed", ""]


def test_a_change_since_a_withheld_year_and_a_figure_over_it_are_withheld() -> None:
    last = publish(pd.DataFrame([of_subject("", 2, year="2023-2024")]), LIMITS, COUNTING)
    rows = [of_subject("", 20, change=0.18), of_subject("", 30, indicator="three_years")]
    limits = LIMITS.model_copy(update={"made_of_years": {"three_years": "pass_rate"}})
    alone = publish(pd.DataFrame(rows), limits, COUNTING)
    assert alone["reason"].tolist() == ["", ""]
    assert alone.loc[0, "change"] == 0.18
    after = publish(pd.DataFrame(rows), limits, COUNTING, before={"2023-2024": last})
    assert after["reason"].tolist() == ["", "suppressed"]
    assert pd.isna(after.loc[0, "change"])


def test_coverage_tells_a_band_where_few_are_missing() -> None:
    rows = [
        {**measurement(96), "expected": 100.0, "coverage": 0.96},
        {**measurement(95), "expected": 100.0, "coverage": 0.95},
    ]
    shown = publish(pd.DataFrame(rows), LIMITS, COUNTING)
    assert shown["coverage_band"].tolist() == ["high", ""]
    assert shown["coverage"].isna().tolist() == [True, False]


def test_what_was_handed_out_stays_withheld_and_what_was_shown_hides_nothing() -> None:
    rows = [of_subject("", 14), of_subject("chinese", 3), of_subject("english", 25)]
    issued = issued_year(publish(pd.DataFrame(rows), LIMITS, COUNTING), datetime.date(2026, 9, 1))
    mended = [of_subject("", 14), of_subject("chinese", 12), of_subject("english", 25)]
    again = publish(pd.DataFrame(mended), LIMITS, COUNTING, issued=issued)
    assert again["reason"].tolist() == ["suppressed", "suppressed", ""]
    assert again["band"].tolist() == ["", "low", ""]
    shown = issued_year(publish(pd.DataFrame(mended), LIMITS, COUNTING), datetime.date(2026, 9, 1))
    worse = publish(pd.DataFrame(rows), LIMITS, COUNTING, issued=shown)
    assert worse["reason"].tolist() == ["", "suppressed", ""]


def test_notes_tell_few_as_few_and_the_district_to_the_nearest_ten() -> None:
    fields = ['{"count": 3}', '{"count": 12}', '{"pupils": 3362}', '{"count": 1}']
    names = ["works_without_pupils", "awards_not_listed", "growth_fit", "sections_without_scores"]
    told = publish_notes(pd.DataFrame({"note": names, "fields": fields}), LIMITS)["fields"]
    assert [json.loads(one) for one in told] == [
        {"count": "≤ 4"},
        {"count": 12},
        {"pupils": 3360},
        {"count": 1},
    ]


def test_a_figure_of_record_that_counts_nobody_is_shown() -> None:
    balance = {**measurement(200), "indicator": "class_balance", "value": 0.02, "se": float("nan")}
    assert publish(pd.DataFrame([balance]), LIMITS, COUNTING).iloc[0]["reason"] == ""


def test_indicators_to_weigh_anew_are_those_of_the_page_alone() -> None:
    rows = [
        {**measurement(50), "dimension": "academic", "variance": 0.001, "expected": 60.0},
        {**measurement(9), "dimension": "academic", "variance": 0.01, "expected": 10.0},
        {
            **measurement(40),
            "dimension": "academic",
            "indicator": "academic",
            "variance": 0.02,
            "expected": 50,
        },
        {**measurement(45), "dimension": "academic", "subject": "chinese", "variance": 0.02, "expected": 50},
    ]
    measured = pd.DataFrame(rows)
    parts = publish_parts(measured, publish(measured, LIMITS, COUNTING))
    assert parts["n"].tolist()[0] == 50
    assert len(parts) == 2
    assert parts.loc[1, ["value", "variance", "weight", "n"]].isna().all()


def test_influences_of_a_section_that_is_not_shown_are_not_published() -> None:
    published = pd.DataFrame(
        {
            "stage": "primary",
            "school_code": ["a", "b"],
            "dimension": "academic",
            "indicator": "academic",
            "reason": ["", "suppressed"],
        }
    )
    moments = pd.DataFrame({"stage": "primary", "school_code": ["a", "b"], "score": "academic", "n": [50, 9]})
    assert publish_influences(moments, published)["school_code"].tolist() == ["a"]


def test_a_section_without_data_keeps_its_reason() -> None:
    shown = publish(pd.DataFrame([measurement(0, "no_data")]), LIMITS, COUNTING).iloc[0]
    assert shown["reason"] == "no_data"


def test_working_columns_are_not_published() -> None:
    assert "weight" not in publish(pd.DataFrame([measurement(50)]), LIMITS, COUNTING)


def test_small_rolls_and_small_shares_are_withheld() -> None:
    sections = pd.DataFrame(
        {
            "school_code": list("abcd"),
            "pupils_on_roll": pd.array([9, 100, 100, 100], dtype="Int64"),
            "migrant_share": [0.5, 0.04, 0.05, 0.96],
        }
    )
    shown = publish_sections(sections, LIMITS)
    assert shown["pupils_on_roll"].isna().tolist() == [True, False, False, False]
    assert shown["pupils_on_roll_withheld"].tolist() == [True, False, False, False]
    assert shown["migrant_share"].isna().tolist() == [True, True, False, True]


def test_public_edition_may_be_asked_for_and_lies_apart(tmp_path: Path) -> None:
    shutil.copytree(PARAMS, tmp_path / "params")
    path = tmp_path / "params" / "sample.yaml"
    text = path.read_text("utf-8").replace("editions: [restricted]", "editions: [restricted, public]")
    path.write_text(text, "utf-8")
    settings = load_settings(path)
    keys = [ReportKey("school", "2024-2025", "s", "primary", one) for one in settings.district.editions]
    restricted, public = orders_for(settings, keys)
    assert restricted.folder == settings.output / "2024-2025" / "s-primary"
    assert public.folder == settings.output / "public" / "2024-2025" / "s-primary"
