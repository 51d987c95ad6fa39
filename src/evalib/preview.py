"""What a run would do and why, without doing it: `evalib plan` and `evalib explain`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from evalib.annual import keys_for
from evalib.due import Due
from evalib.ordering import orders_for
from evalib.press.asked import Request
from evalib.press.freshness import Action, Decision, decide, present
from evalib.press.ledger import Entry, Ledger
from evalib.press.memory import Memory
from evalib.press.plan import check_stage, kinds_wanted, years_wanted
from evalib.press.standstill import RECORD
from evalib.settings import Settings
from evalib.store import Store

STAGES_OF: dict[Action, tuple[str, ...]] = {
    "execute": ("execute", "html", "pdf"),
    "render": ("html", "pdf"),
    "reuse": (),
}


@dataclass(frozen=True)
class Preview:
    """What a run would do.

    Attributes
    ----------
    load
        Whether the files would be read again; then which reports are due is known only afterwards.
    files
        Files that changed since they were read.
    review
        Whether the figures would be computed again.
    decisions
        One a report, as of the store as it is; empty before the first load.
    seconds
        How long the reports would take; None where no report was timed yet.
    """

    load: bool
    files: tuple[str, ...]
    review: bool
    decisions: tuple[Decision, ...]
    seconds: float | None

    @property
    def counts(self) -> dict[Action, int]:
        """How many reports would be executed, drawn again, and reused."""
        found = Counter(one.action for one in self.decisions)
        return {action: found[action] for action in STAGES_OF}


def preview(settings: Settings, request: Request) -> Preview:
    """What a run with this request would do; nothing is written.

    Raises
    ------
    ParameterError
        A year, school, stage or group is not there.
    """
    check_stage(request.stage)
    kinds_wanted(settings, **request.subject)
    memory, store = Memory(settings.output, settings.root), Store(settings.store)
    due = Due(settings, store, memory)
    load = due.load()
    files = tuple(due.changed_files()) if load else ()
    if not store.exists:
        return Preview(True, files, True, (), None)
    years = years_wanted(settings, store.years(), request.year)
    keys = keys_for(settings, store, years, request)
    ledger = Ledger(settings.output / RECORD)
    entries = [ledger.entry(key) for key in keys]
    orders = orders_for(settings, keys, request.formats)
    decisions = tuple(decide(orders, entries, present(settings, store, memory.contents)))
    seconds = expected_seconds(decisions, ledger.reports.values(), request.workers)
    return Preview(load, files, due.measure(years), decisions, seconds)


def expected_seconds(
    decisions: Sequence[Decision], entries: Iterable[Entry], workers: int | None
) -> float | None:
    """How long what is due would take, by the median time of each step in the record.

    It is that of reports of the same kind, or of all where none of the kind was timed yet.

    Returns
    -------
    Seconds; None where a step that is due was never timed.
    """
    timed: dict[tuple[str, str], list[float]] = {}
    for entry in entries:
        key = entry.get("key")
        kind = str(key.get("kind")) if isinstance(key, dict) else ""
        for step, seconds in entry.get("seconds", {}).items():
            for whose in {kind, ""}:
                timed.setdefault((whose, step), []).append(float(seconds))
    due = [one for one in decisions if one.action != "reuse"]
    whole = 0.0
    for one in due:
        for step in STAGES_OF[one.action]:
            if step != "execute" and step not in one.order.formats:
                continue
            known = timed.get((one.order.key.kind, step)) or timed.get(("", step))
            if known is None:
                return None
            whole += median(known)
    return whole / min(workers or os.cpu_count() or 1, max(1, len(due)))
