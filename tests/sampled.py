"""Which cases of a long proof run with the proofs, and which only in the studies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], kept: int = 1) -> list[Any]:
    """The first cases; the others marked as parts of a study, which `make study` runs whole.

    A case is one value, or a tuple with one for each name.
    """
    return [
        pytest.param(
            *(one if isinstance(one, tuple) else (one,)), marks=() if at < kept else pytest.mark.study
        )
        for at, one in enumerate(cases)
    ]
