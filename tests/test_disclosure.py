from __future__ import annotations

import datetime

import pandas as pd

from evalib.disclosure import FIGURES, publish, publish_sections
from evalib.settings import DisclosureParams

LIMITS = DisclosureParams(dated=datetime.date(2026, 9, 1), minimum_n=10, minimum_n_standing=30, source="test")


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
        "d_mean": 0.1,
        "weight": n,
    }


def test_nine_pupils_are_withheld_and_so_is_their_number() -> None:
    shown = publish(pd.DataFrame([measurement(9)]), LIMITS).iloc[0]
    assert shown["reason"] == "suppressed"
    assert shown[FIGURES].isna().all()
    assert shown["standing"] == ""


def test_ten_pupils_are_shown_but_not_judged() -> None:
    shown = publish(pd.DataFrame([measurement(10)]), LIMITS).iloc[0]
    assert shown["value"] == 0.8
    assert (shown["standing"], shown["standing_reason"]) == ("none", "too_few")
    assert pd.isna(shown["d_mean"])


def test_thirty_pupils_are_judged() -> None:
    shown = publish(pd.DataFrame([measurement(30)]), LIMITS).iloc[0]
    assert shown["standing"] == "clearly_above"


def test_a_reason_that_would_tell_a_small_number_is_worded_as_suppression() -> None:
    shown = publish(pd.DataFrame([measurement(3, "too_few"), measurement(0, "low_coverage")]), LIMITS)
    assert shown["reason"].tolist() == ["suppressed", "low_coverage"]


def test_a_share_of_record_does_not_tell_its_few() -> None:
    rate = {**measurement(101), "value": 0.01, "se": float("nan")}
    assert publish(pd.DataFrame([rate]), LIMITS).iloc[0]["reason"] == "suppressed"
    many = {**rate, "value": 0.5}
    assert publish(pd.DataFrame([many]), LIMITS).iloc[0]["reason"] == ""


def test_a_section_without_data_keeps_its_reason() -> None:
    shown = publish(pd.DataFrame([measurement(0, "no_data")]), LIMITS).iloc[0]
    assert shown["reason"] == "no_data"


def test_working_columns_are_not_published() -> None:
    assert "weight" not in publish(pd.DataFrame([measurement(50)]), LIMITS)


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
