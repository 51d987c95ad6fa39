"""What became of a report, by how the process ended that made it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from evalib.errors import EvalError, ReportError
from evalib.press.ledger import Fate
from evalib.press.warm.limits import Ended, Limits

if TYPE_CHECKING:
    from evalib.press.production import Order


def fate_of(order: Order, ended: Ended, limits: Limits) -> Fate:
    """What became of a report, by how its process ended."""
    if ended.end == "done":
        made: Fate = ended.value
        return made
    return Fate.failed(order.key, _cause(ended, limits))


def _cause(ended: Ended, limits: Limits) -> EvalError:
    match ended.end:
        case "timed_out":
            return ReportError("report_timed_out", seconds=f"{limits.seconds:g}")
        case "out_of_memory":
            return ReportError("report_out_of_memory", megabytes=limits.bytes // 2**20)
        case "killed":
            return ReportError("report_killed", signal=_signal_name(ended.detail))
        case "exited":
            return ReportError("report_exited", code=ended.detail)
        case _:
            return ReportError("unexpected", kind=ended.end, text=ended.value)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
