from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_district import District, pupil_id

from evalib.errors import DataError
from evalib.intake.pseudonyms import (
    FIXED_KEY,
    KEY_BYTES,
    MARK,
    Identities,
    has_valid_check,
    key_file,
    key_warnings,
    open_identities,
)
from evalib.store import Store


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


# the key of a district with real pupils


def test_key_is_ignored_by_git_wherever_a_district_has_it(district: District) -> None:
    district.identities = "real"
    path = key_file(district.settings).relative_to(district.root).as_posix()
    shutil.copy(Path(__file__).parents[2] / ".gitignore", district.root)
    subprocess.run(["git", "init", "--quiet", str(district.root)], check=True)
    command = ["git", "-C", str(district.root), "check-ignore", path, f"{path}.77.making"]
    ignored = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == [path, f"{path}.77.making"]


def test_two_processes_that_make_a_key_at_once_read_the_same(district: District) -> None:
    district.identities = "real"
    settings = district.settings
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: open_identities(settings).key, range(16)))
    assert len(keys) == 1
    assert [path.name for path in key_file(settings).parent.iterdir()] == ["identity.key"]


@pytest.mark.parametrize("name", ["fsync", "link"])
def test_key_cut_short_by_a_power_cut_is_no_key(
    district: District, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    district.identities = "real"
    settings = district.settings

    def cut(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, name, cut)
    with pytest.raises(KeyboardInterrupt):
        open_identities(settings)
    monkeypatch.undo()
    assert not key_file(settings).exists()
    assert len(open_identities(settings).key) == KEY_BYTES
    assert [path.name for path in key_file(settings).parent.iterdir()] == ["identity.key"]


def test_file_system_without_links_has_a_key_all_the_same(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    district.identities = "real"

    def refused(*given: object, **named: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refused)
    first = open_identities(district.settings)
    assert open_identities(district.settings) == first
    assert key_file(district.settings).stat().st_mode & 0o777 == 0o600


def test_a_backup_of_the_key_is_left_alone(district: District) -> None:
    district.identities = "real"
    path = key_file(district.settings)
    path.parent.mkdir(parents=True)
    backup = path.with_name("identity.key.bak")
    backup.write_bytes(b"1" * KEY_BYTES)
    open_identities(district.settings)
    assert backup.read_bytes() == b"1" * KEY_BYTES


def test_key_that_others_may_read_is_a_warning_that_says_what_to_run(district: District) -> None:
    district.identities = "real"
    open_identities(district.settings)
    assert key_warnings(district.settings) == []
    key_file(district.settings).chmod(0o640)
    (warning,) = key_warnings(district.settings)
    assert warning.warning
    assert f"chmod 600 {key_file(district.settings)}" in warning.text("zh")
    assert f"chmod 600 {key_file(district.settings)}" in warning.text("en")


def test_other_key_than_the_stores_is_refused_and_the_right_one_is_taken_again(district: District) -> None:
    district.identities = "real"
    settings = district.settings
    right = open_identities(settings)
    Store(settings.store).write({MARK: right.mark})
    key_file(settings).write_bytes(b"2" * KEY_BYTES)
    with pytest.raises(DataError) as caught:
        open_identities(settings)
    assert caught.value.key == "identity_key_changed"
    assert str(key_file(settings)) in caught.value.text("en")
    key_file(settings).write_bytes(right.key)
    assert open_identities(settings) == right


def test_district_that_turns_from_real_to_invented_is_refused(district: District) -> None:
    district.identities = "real"
    settings = district.settings
    Store(settings.store).write({MARK: open_identities(settings).mark})
    district.identities = "invented"
    with pytest.raises(DataError) as caught:
        open_identities(district.settings)
    assert caught.value.key == "identity_key_changed"


def test_mark_says_nothing_of_the_key_and_differs_between_keys() -> None:
    first, second = (Identities(one * KEY_BYTES).mark["mark"][0] for one in (b"1", b"2"))
    assert first != second
    assert (b"1" * KEY_BYTES).hex()[:6] not in first
