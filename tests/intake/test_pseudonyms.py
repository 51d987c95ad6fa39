from __future__ import annotations

import hashlib
import hmac

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_district import pupil_id

from evalib.intake.pseudonyms import FIXED_KEY, KEY_BYTES, Identities, has_valid_check


def valid(*pupil_ids: str) -> list[bool]:
    return has_valid_check(pd.Series(list(pupil_ids), dtype="str")).tolist()


def test_published_identity_numbers_carry_their_check_character() -> None:
    # The two worked examples of GB 11643-1999.
    assert valid("G11010519491231002X", "G440524188001010014") == [True, True]


def test_number_with_l_carries_none() -> None:
    assert valid("L110105194912310021", "J110105194912310021") == [True, False]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(min_value=0, max_value=999), st.integers(min_value=1, max_value=17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: int, place: int, shift: int) -> None:
    right = pupil_id(number)
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    assert valid(right, wrong) == [True, False]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(min_value=0, max_value=999), st.integers(min_value=1, max_value=16))
def test_two_neighbours_swapped_are_always_found(number: int, place: int) -> None:
    right = pupil_id(number)
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert valid(swapped) == [swapped == right]


def test_no_pupils_no_checks() -> None:
    assert valid() == []


def test_pseudonym_is_the_start_of_the_keyed_hash() -> None:
    expected = hmac.new(FIXED_KEY, b"pupil:G1", hashlib.sha256).hexdigest()[:20]
    assert Identities(FIXED_KEY).pseudonyms(pd.Series(["G1"], dtype="str"), "pupil").tolist() == [expected]


def test_same_identity_same_pseudonym_and_another_under_another_key_or_kind() -> None:
    column = pd.Series(["a", "b", "a", None], dtype="str")
    first = Identities(b"1" * KEY_BYTES)
    pseudonyms = first.pseudonyms(column, "pupil")
    assert pseudonyms[0] == pseudonyms[2] != pseudonyms[1]
    assert pd.isna(pseudonyms[3])
    assert set(pseudonyms.dropna()).isdisjoint(first.pseudonyms(column, "teacher").dropna())
    assert set(pseudonyms.dropna()).isdisjoint(
        Identities(b"2" * KEY_BYTES).pseudonyms(column, "pupil").dropna()
    )


@pytest.mark.parametrize("column", [pd.Series([], dtype="str"), pd.Series([None, None], dtype="str")])
def test_nothing_becomes_nothing(column: pd.Series[str]) -> None:
    pseudonyms = Identities(FIXED_KEY).pseudonyms(column, "pupil")
    assert pseudonyms.isna().all()
    assert pseudonyms.dtype == column.dtype


def test_key_is_shown_nowhere() -> None:
    assert "evalib" not in repr(Identities(FIXED_KEY)).replace("Identities", "")
