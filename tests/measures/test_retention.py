"""巩固率: every way of coming into a cohort and of going out of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalib.measures.retention import COUNTS, cohort_counts, retention_rate


def roll(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["pupil", "school_code", "grade", "status"])
    return table.assign(stage=np.where(table["grade"] > 6, "junior", "primary"))


def counts(*rolls: pd.DataFrame, school: str = "s") -> dict[str, int]:
    found = cohort_counts(rolls, "junior", 7)
    return {name: number for name, number in found.loc[school].items() if number}


def career(*steps: tuple[str, int, str] | None) -> list[pd.DataFrame]:
    """One pupil's rows, year by year."""
    return [roll(*([("p", *step)] if step else [])) for step in steps]


STAYS = (("s", 7, "enrolled"), ("s", 8, "enrolled"), ("s", 9, "graduated"))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (STAYS, {"entrants": 1, "graduated": 1}),
        # Came: in the entering year, later with and without the status, as one who repeats the grade.
        ((("s", 7, "transferred_in"), *STAYS[1:]), {"transferred_in": 1, "graduated": 1}),
        ((None, ("s", 8, "transferred_in"), STAYS[2]), {"transferred_in": 1, "graduated": 1}),
        ((None, None, STAYS[2]), {"transferred_in": 1, "graduated": 1}),
        ((("s", 8, "enrolled"), ("s", 8, "repeating"), STAYS[2]), {"transferred_in": 1, "graduated": 1}),
        # A status kept from the year of arrival is not a second arrival.
        (
            (None, ("s", 8, "transferred_in"), ("s", 9, "transferred_in")),
            {"transferred_in": 1},
        ),
        # Went: written off in the year or in the one after, found elsewhere, or kept down.
        (
            (("s", 7, "enrolled"), ("s", 8, "transferred_out"), None),
            {"entrants": 1, "transferred_out": 1, "open_transfers": 1},
        ),
        (
            (("s", 7, "transferred_out"), ("t", 8, "transferred_in"), ("t", 9, "graduated")),
            {"entrants": 1, "transferred_out": 1},
        ),
        ((("s", 7, "enrolled"), ("t", 8, "enrolled"), None), {"entrants": 1, "transferred_out": 1}),
        ((("s", 7, "enrolled"), ("s", 7, "repeating"), None), {"entrants": 1, "transferred_out": 1}),
        # There and back.
        (
            (("s", 7, "enrolled"), ("t", 8, "enrolled"), STAYS[2]),
            {"entrants": 1, "transferred_out": 1, "transferred_in": 1, "graduated": 1},
        ),
        # Lost: left, vanished, or did not graduate.
        ((("s", 7, "enrolled"), ("s", 8, "left"), None), {"entrants": 1}),
        ((("s", 7, "enrolled"), None, None), {"entrants": 1}),
        ((*STAYS[:2], ("s", 9, "suspended")), {"entrants": 1}),
        ((("s", 7, "enrolled"), ("s", 8, "died"), None), {"entrants": 1, "died": 1}),
    ],
)
def test_each_career_counts_where_it_belongs(
    steps: tuple[tuple[str, int, str] | None, ...], expected: dict[str, int]
) -> None:
    assert counts(*career(*steps)) == expected


def test_a_transfer_within_the_year_closes_when_the_pupil_is_on_another_roll() -> None:
    last = roll(("p", "s", 9, "transferred_out"), ("p", "t", 9, "graduated"))
    rolls = [roll(("p", "s", 7, "enrolled")), roll(("p", "s", 8, "enrolled")), last]
    assert counts(*rolls) == {"entrants": 1, "transferred_out": 1}
    assert counts(*rolls, school="t") == {"transferred_in": 1, "graduated": 1}


def test_kept_and_moved_pupils_make_a_whole_and_the_lost_do_not() -> None:
    first = roll(*((f"p{number}", "s", 7, "enrolled") for number in range(10)))
    second = roll(
        *((f"p{number}", "s", 8, "enrolled") for number in range(6)),
        ("p6", "s", 8, "transferred_out"),
        ("p7", "s", 8, "died"),
        ("p8", "s", 8, "left"),
        ("new", "s", 8, "transferred_in"),
    )
    third = roll(*((f"p{number}", "s", 9, "graduated") for number in range(6)), ("new", "s", 9, "graduated"))
    found = cohort_counts([first, second, third], "junior", 7).drop(columns="open_transfers")
    # Ten entered, one died; one left and one vanished.
    rate = retention_rate(**{name: found[name].to_numpy(float) for name in found})
    assert rate[0] == pytest.approx(7 / 9)


def test_an_unrecorded_arrival_can_lift_the_rate_above_one() -> None:
    one = np.ones(1)
    assert retention_rate(10 * one, 0 * one, 12 * one, 0 * one, 0 * one)[0] == pytest.approx(1.2)


def test_nobody_entered_is_missing_and_not_zero() -> None:
    nothing = np.zeros(2)
    rate = retention_rate(np.array([0.0, 1.0]), np.array([0.0, 0.0]), nothing, nothing, nothing)
    assert np.isnan(rate[0])
    assert rate[1] == 0.0


def test_other_cohorts_and_stages_are_left_alone() -> None:
    rows = (("a", "s", 6, "graduated"), ("b", "s", 8, "enrolled"), ("c", "s", 9, "graduated"))
    found = cohort_counts([roll(*rows)], "junior", 7)
    assert found.empty
    assert list(found) == list(COUNTS)


def test_without_a_roll_there_is_no_cohort() -> None:
    with pytest.raises(ValueError, match="rolls"):
        cohort_counts([], "junior", 7)
