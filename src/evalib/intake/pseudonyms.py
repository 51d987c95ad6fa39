"""Identities → keyed pseudonyms, and the check of 学籍号.

A pseudonym is the first 20 hexadecimal digits (80 bits) of HMAC-SHA-256 of the
identity under the district's key: the same pupil has the same pseudonym every
year, and without the key nobody gets back. Invented and public data use a fixed
key, so that their results repeat everywhere.

The key is made once, on the first load, in a file that only its owner may read and
that git ignores. The store keeps the key's mark (a keyed hash of a fixed text, which
says nothing about the key), so that another key is noticed before it gives every
pupil a second pseudonym.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from evalib.errors import DataError, Fault
from evalib.places import flush_folder
from evalib.settings import Settings
from evalib.store import Store

FIXED_KEY = b"evalib: invented and public data"
KEY_BYTES = 32
DIGITS = 20
# The slice of the store that holds the key's mark.
MARK = ("identity_key", "all")
_MARKED = b"evalib: which key"
_ASIDE = ".making"

# 学籍号: a letter, an 18-character body whose last place is a digit or X.
PUPIL_ID = r"[GJL][0-9]{17}[0-9X]"
# ISO 7064 MOD 11-2 (as in GB 11643 for the national identity number).
_WEIGHTS = np.array([2**power % 11 for power in range(17, 0, -1)])
_CHECKS = np.array([ord(one) for one in "10X98765432"])


@dataclass(frozen=True)
class Identities:
    """Turns identities into pseudonyms under one key.

    Parameters
    ----------
    key
        32 bytes; shown nowhere.
    """

    key: bytes = field(repr=False)

    def pseudonyms(self, identities: pd.Series[str], kind: str) -> pd.Series[str]:
        """Pseudonyms in place of identities.

        Parameters
        ----------
        identities
            Text; missing stays missing.
        kind
            "pupil", "teacher" or "token": a number that is two of them gets two pseudonyms.
        """
        known = {one: self._pseudonym(one, kind) for one in set(identities.dropna())}
        return pd.Series([known.get(one) for one in identities], index=identities.index, dtype="str")

    @property
    def mark(self) -> pd.DataFrame:
        """What tells this key from others and nothing else of it, for the store."""
        digest = hmac.digest(self.key, _MARKED, "sha256").hex()[:DIGITS]
        return pd.DataFrame({"mark": pd.Series([digest], dtype="str")})

    def _pseudonym(self, identity: str, kind: str) -> str:
        return hmac.digest(self.key, f"{kind}:{identity}".encode(), "sha256").hex()[:DIGITS]


def open_identities(settings: Settings) -> Identities:
    """The district's pseudonyms: its key is read, or made on first use.

    Raises
    ------
    DataError
        The key file is missing although a store exists, is not a key, or is not the
        key that the store was made with. Another key would give every pupil a second
        pseudonym.
    """
    store = Store(settings.store)
    path = key_file(settings)
    if settings.district.identities == "invented":
        return _checked(Identities(FIXED_KEY), store, f"{settings.path.name}, identities: invented")
    if not path.exists():
        if store.exists:
            raise DataError("identity_key_missing", path=str(path), folder=str(settings.store))
        _make_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise DataError("identity_key_damaged", path=str(path), size=KEY_BYTES)
    return _checked(Identities(key), store, str(path))


def key_warnings(settings: Settings) -> list[Fault]:
    """A warning if others than its owner may read or change the key."""
    path = key_file(settings)
    if settings.district.identities == "invented" or os.name == "nt" or not path.is_file():
        return []
    if not path.stat().st_mode & 0o077:
        return []
    name = path.relative_to(settings.root).as_posix()
    return [Fault(name, "identity_key_open", fields={"path": str(path)}, warning=True)]


def _checked(identities: Identities, store: Store, path: str) -> Identities:
    """The same, unless the store was made with another key; one without a mark tells nothing."""
    if store.has(*MARK) and not store.read(*MARK).equals(identities.mark):
        raise DataError("identity_key_changed", path=path, folder=str(store.folder))
    return identities


def key_file(settings: Settings) -> Path:
    """Where a district's key lies: below `data/`, at a place that git ignores."""
    return settings.root / "data" / settings.name / "identity.key"


def has_valid_check(pupil_ids: pd.Series[str]) -> pd.Series[bool]:
    """Whether each 学籍号 ends in the check character its first 17 digits demand.

    ISO 7064 MOD 11-2: c = (12 − Σ digit·2^(place) mod 11) mod 11, 10 written X.
    Numbers with G (national identity number) and J carry it; those with L do not
    and always pass.

    Parameters
    ----------
    pupil_ids
        Text of the form `[GJL]\\d{17}[\\dX]`, none missing.

    Examples
    --------
    >>> has_valid_check(pd.Series(["G11010519491231002X", "G110105194912310021"])).tolist()
    [True, False]
    """
    if pupil_ids.empty:
        return pd.Series([], index=pupil_ids.index, dtype=bool)
    characters = np.array(pupil_ids.tolist(), dtype="U19").view(np.uint32).reshape(-1, 19)
    remainders = (characters[:, 1:18] - ord("0")) @ _WEIGHTS % 11
    valid = (_CHECKS[remainders] == characters[:, 18]) | (characters[:, 0] == ord("L"))
    return pd.Series(valid, index=pupil_ids.index)


def number_faults(numbers: pd.Series[str]) -> dict[str, pd.Series[bool]]:
    """By message key: which 学籍号, in capitals, have the wrong form or fail their check."""
    formed = numbers.str.fullmatch(PUPIL_ID, na=False)
    valid = has_valid_check(numbers[formed]).reindex(numbers.index, fill_value=True)
    return {"pupil_id_form": numbers.notna() & ~formed, "pupil_id_check": ~valid}


def _make_key(path: Path) -> None:
    """Random bytes that only the owner may read, there whole or not at all.

    Of two processes that make one at the same time, the first to link it has made the
    key; the other one's bytes go, and both read the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_ASIDE}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    except OSError:
        # A file system without links, or another process has swept the aside file.
        if not path.exists():
            aside.replace(path)
    for left in path.parent.glob(f"{path.name}.*{_ASIDE}"):
        left.unlink(missing_ok=True)
    flush_folder(path.parent)
