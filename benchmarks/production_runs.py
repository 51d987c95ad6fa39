"""Real runs of a whole sweep: a hundred reports, the rest of a thousand, a hundred again, and none."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measured import once
from production_memory import check, peak_bytes, status_bytes, template_of
from production_project import Silent

SEED = 20260901
FORMATS = ("html",)


@dataclass
class Run(Silent):
    """A run, as it was heard.

    Attributes
    ----------
    begun
        When the reports began, after whatever comes before them.
    ends
        Seconds from then to the end of each report.
    parent, template
        Bytes at the end of each report.
    parent_peak, template_peak
        The most bytes that were held.
    """

    begun: float = 0.0
    ends: list[float] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    template: list[int] = field(default_factory=list)
    parent_peak: int = 0
    template_peak: int = 0

    def start(self, count: int, reused: int) -> None:
        """The clock starts."""
        self.begun = time.perf_counter()

    def step(self, fate: Any) -> None:
        """A report more."""
        check([fate])
        self.ends.append(time.perf_counter() - self.begun)
        template = template_of(os.getpid()) or 0
        self.parent.append(status_bytes(os.getpid(), "VmRSS"))
        self.template.append(status_bytes(template, "VmRSS"))
        self.parent_peak = peak_bytes(os.getpid())
        self.template_peak = max(self.template_peak, peak_bytes(template))

    def rate(self, first: int = 0, last: int | None = None) -> float:
        """Reports a second between two of them, the start of the template left out."""
        ends = self.ends[first:last]
        return (len(ends) - 1) / (ends[-1] - ends[0])

    @property
    def whole_rate(self) -> float:
        """Reports a second from the run's start to its last report."""
        return len(self.ends) / self.ends[-1]


def run(params: Path, most: int | None = None, again: int = 0) -> Run:
    """Make the reports that are due, in an order that mixes years, editions and languages.

    Parameters
    ----------
    most
        No more of them than this.
    again
        Take so many reports away first.
    """
    from evalib import annual
    from evalib.settings import load_settings

    settings, heard = load_settings(params), Run()
    if again:
        _take_away(settings, again)
    make = annual.maker_of(settings)

    # A run cut short would leave word that all is met: the command is asked only after a whole one.
    def mixed(orders: Sequence[Any], workers: int | None) -> Iterator[Any]:
        shuffled = random.Random(SEED).sample([*orders], len(orders))
        yield from make(shuffled[:most], workers)

    annual.run(settings, annual.Request(formats=FORMATS), heard, mixed)
    return heard


def _take_away(settings: Any, count: int) -> None:
    """Remove the executed notebooks of some reports, so that they are due once more."""
    from evalib import annual
    from evalib.press.plan import plan_reports, years_wanted
    from evalib.store import Store

    store = Store(settings.store)
    keys = plan_reports(settings, store, years_wanted(settings, store.years()))
    orders = annual.orders_for(settings, keys, FORMATS)
    for order in random.Random(SEED + 1).sample(orders, count):
        (order.folder / order.notebook_name).unlink()


@dataclass(frozen=True)
class Still:
    """What `evalib run` did when nothing had changed, once a time it was asked."""

    reports: int
    executions: int
    seconds: tuple[float, ...]


def still(params: Path, repeats: int) -> Still:
    """Ask for the same once more, by the command, and count what it makes."""
    command = [sys.executable, "-m", "evalib", "run", str(params), "--only", "html", "--json"]
    seconds, executions, reused = [], 0, 0
    for _ in range(repeats):
        ended, took = once(
            lambda: subprocess.run(
                command, cwd=params.parent.parent, check=True, capture_output=True, text=True
            )
        )
        seconds.append(took)
        events = [json.loads(line) for line in ended.stdout.splitlines()]
        executions += sum(one["event"] == "report" for one in events)
        reused = events[-1]["reused"]
    return Still(reused, executions, tuple(seconds))
