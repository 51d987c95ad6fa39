"""A word that somebody may have meant, as a clause for a message."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from evalib.messages import message


def nearest(name: str, known: list[str]) -> Nearest:
    """The known name closest to `name`, as a clause for a message; empty if none is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return Nearest(close[0] if close else "")


@dataclass(frozen=True)
class Nearest:
    """A suggestion that a message renders in its own language."""

    name: str

    def __format__(self, lang: str) -> str:
        return message("nearest", lang or "zh", name=self.name) if self.name else ""
