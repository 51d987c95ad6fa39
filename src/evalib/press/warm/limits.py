"""How long and how large one report may be, and how its process can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

End = Literal["done", "timed_out", "out_of_memory", "killed", "exited", "failed", "unsafe"]


@dataclass(frozen=True)
class Limits:
    """What one report may use; beyond it, its process is killed and the others go on.

    Attributes
    ----------
    seconds
        Wall-clock time from its start to its completion record.
    bytes
        Memory of its own, with that of the processes it started: resident beyond what it
        shares with the template.
    """

    seconds: float
    bytes: int


@dataclass(frozen=True)
class Ended:
    """How a forked process ended.

    Attributes
    ----------
    ticket
        The number that the caller gave its request.
    end
        "done": its completion record is whole. "timed_out", "out_of_memory": killed at a
        limit. "killed": by a signal from elsewhere. "exited": it left without a record,
        even with exit code 0. "failed": its work raised. "unsafe": it was never forked.
    value
        What the work returned, or for "failed" what it raised, as text.
    detail
        The signal or the exit code; 0 otherwise.
    seconds
        Wall-clock time.
    own_bytes
        The most memory of its own that was seen.
    """

    ticket: int
    end: End
    value: Any = None
    detail: int = 0
    seconds: float = 0.0
    own_bytes: int = 0
