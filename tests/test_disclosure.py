from __future__ import annotations

import datetime

import pandas as pd

from evalib.disclosure import FIGURES, publish, publish_influences, publish_parts, publish_sections
from evalib.settings import DisclosureParams

LIMITS = DisclosureParams(dated=datetime.date(2026, 9, 1), minimum_n=10, minimum_n_standing=30, source="test")

COUNTING = ["match_rate"]


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
    shown = publish(pd.DataFrame([measurement(10)]), LIMITS, COUNTING).iloc[0]
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


def test_a_share_of_record_does_not_tell_its_few() -> None:
    rate = {**measurement(101), "indicator": "match_rate", "value": 0.01, "se": float("nan")}
    assert publish(pd.DataFrame([rate]), LIMITS, COUNTING).iloc[0]["reason"] == "suppressed"
    many = {**rate, "value": 0.5}
    assert publish(pd.DataFrame([many]), LIMITS, COUNTING).iloc[0]["reason"] == ""


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
            "migrant_share": [0.5, 0.05, 0.5, 0.95],
        }
    )
    shown = publish_sections(sections, LIMITS)
    assert shown["pupils_on_roll"].isna().tolist() == [True, False, False, False]
    assert shown["pupils_on_roll_withheld"].tolist() == [True, False, False, False]
    assert shown["migrant_share"].isna().tolist() == [True, True, False, True]
