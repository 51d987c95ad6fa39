"""Identities → keyed pseudonyms, and the check of 学籍号.

A pseudonym is the first 20 hexadecimal digits (80 bits) of HMAC-SHA-256 of the
identity under the district's key: the same pupil has the same pseudonym every
year, and without the key nobody gets back. Invented and public data use a fixed
key, so that their results repeat everywhere.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from evalib.errors import DataError
from evalib.settings import Settings
from evalib.store import Store

FIXED_KEY = b"evalib: invented and public data"
KEY_BYTES = 32
DIGITS = 20

# 学籍号: a letter, an 18-character body whose last place is a digit or X.
PUPIL_ID = r"[GJL][0-9]{17}[0-9X]"
# ISO 7064 MOD 11-2 (as in GB 11643 for the national identity number).
_WEIGHTS = np.array([2**power % 11 for power in range(17, 0, -1)])
_CHECKS = np.array(list("10X98765432"))


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
        known = {one: self._pseudonym(one, kind) for one in identities.dropna().unique()}
        return identities.map(known).astype("str")

    def _pseudonym(self, identity: str, kind: str) -> str:
        return hmac.digest(self.key, f"{kind}:{identity}".encode(), "sha256").hex()[:DIGITS]


def open_identities(settings: Settings) -> Identities:
    """The district's pseudonyms: its key is read, or made on first use.

    Raises
    ------
    DataError
        The key file is missing although a store exists, or is not a key. Another
        key would give every pupil a second pseudonym.
    """
    if settings.district.identities == "invented":
        return Identities(FIXED_KEY)
    path = key_file(settings)
    if not path.exists():
        if Store(settings.store).exists:
            raise DataError("identity_key_missing", path=str(path), folder=str(settings.store))
        _make_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise DataError("identity_key_damaged", path=str(path), size=KEY_BYTES)
    return Identities(key)


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
    characters = np.array(pupil_ids.tolist(), dtype="U19").view("U1").reshape(-1, 19)
    remainders = characters[:, 1:18].astype(np.int64) @ _WEIGHTS % 11
    valid = (_CHECKS[remainders] == characters[:, 18]) | (characters[:, 0] == "L")
    return pd.Series(valid, index=pupil_ids.index)


def _make_key(path: Path) -> None:
    """Random bytes that only the owner may read; a key cut short is found by its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
