"""One district's annual review from files to catalogue: the order of the rooms."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evalib import places
from evalib.due import Due, looked_at
from evalib.errors import Fault
from evalib.making import Maker, held, maker_of
from evalib.ordering import check_notebooks, orders_for
from evalib.press.asked import Request
from evalib.press.contents import sha256_of
from evalib.press.freshness import Decision, Present, decide, present, with_basis
from evalib.press.holding import Held
from evalib.press.ledger import Fate, Ledger
from evalib.press.memory import Memory
from evalib.press.plan import check_stage, kinds_wanted, plan_reports, years_wanted
from evalib.press.production import DISK_FULL, Order
from evalib.press.standstill import RECORD, Seen, remember, seen
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import ReportKey

if TYPE_CHECKING:
    from evalib.intake.load import Loaded

__all__ = ["Request", "load_files", "orders_for", "run"]


# What runs call the files and folders that they make aside.
LEFT = re.compile(r"\.(?:verify-\w+|(?:index\.html|run\.json|\.?memory\.json)\.\d+|[\w~-]+-[a-z0-9_]{8})")


class Listener(Protocol):
    """Who is told how a run goes on."""

    def stage(self, key: str, **fields: Any) -> None:
        """A stage before the reports begins, or need not; `key` names its message."""

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """What the load noticed but did not stop for."""

    def start(self, count: int, reused: int) -> None:
        """So many reports will be made, so many are as they should be."""

    def step(self, fate: Fate) -> None:
        """One report's fate is known."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes
    ----------
    fates
        One a report that was due, in the order of completion.
    pages
        The catalogues to open, one a year.
    reused
        How many reports were as they should be.
    """

    fates: tuple[Fate, ...]
    pages: tuple[Path, ...]
    reused: int = 0

    @property
    def failed(self) -> tuple[Fate, ...]:
        """The reports that failed."""
        return tuple(fate for fate in self.fates if not fate.made)


def load_files(settings: Settings) -> Loaded:
    """Files as received become clean tables, whole or not at all; what they brought is returned.

    Raises
    ------
    DataError
        The files are missing or have faults; the store is as it was.
    """
    from evalib.intake.load import load

    return load(settings, Store(settings.store))


def run(settings: Settings, request: Request, listener: Listener, make: Maker | None = None) -> Outcome:
    """Load, review and publish what is due, make the reports that are, and write their catalogue.

    Raises
    ------
    ParameterError
        A notebook is missing or does not take our parameters, or a year, school, stage or
        group is not there; no report was run.
    DataError
        The files have faults; the store is as it was.
    OSError
        The output cannot be written, or there is no room left.
    """
    make = make or maker_of(settings)
    check_stage(request.stage)
    kinds = kinds_wanted(settings, **request.subject)
    # Whether there are groups is known once the files are loaded.
    certain = [kind for kind in kinds if kind != "group" or len(kinds) == 1]
    check_notebooks(settings, certain)
    with held(settings) as hold:
        memory, store = Memory(settings.output, settings.root), Store(settings.store)
        due, began = Due(settings, store, memory), seen(memory.contents, *looked_at(settings))
        _load(settings, due, listener)
        years = years_wanted(settings, store.years(), request.year)
        keys = keys_for(settings, store, years, request)
        check_notebooks(settings, {key.kind for key in keys}.difference(certain))
        _review(settings, due, years, listener)
        sweep(settings.output, years)
        now = present(settings, store, memory.contents)
        with Ledger(settings.output / RECORD) as ledger, _catalogued(settings, store, ledger, years) as pages:
            orders = orders_for(settings, keys, request.formats)
            decisions = decide(orders, [ledger.entry(key) for key in keys], now)
            fates = _make(decisions, now, ledger, request, listener, make, hold)
            if fates:
                sweep(settings.output, years)  # what a process that was killed had begun
        outcome = Outcome(tuple(fates), tuple(pages), len(decisions) - len(fates))
        if began == seen(memory.contents, *looked_at(settings)):
            _remember(settings, request, memory, ledger, orders, outcome, began)
        memory.save()
        return outcome


def _load(settings: Settings, due: Due, listener: Listener) -> None:
    if not due.load():
        listener.stage("stage_load_same", count=due.warnings)
        return
    listener.stage("stage_load")
    loaded = load_files(settings)
    due.loaded(len(loaded.warnings))
    due.memory.save()
    listener.warn(loaded.warnings)


def _review(settings: Settings, due: Due, years: Sequence[str], listener: Listener) -> None:
    if not due.measure(years):
        return
    from evalib.measuring import measure

    listener.stage("stage_review")
    measure(settings, years)
    due.measured(years)
    due.memory.save()


def keys_for(settings: Settings, store: Store, years: Sequence[str], request: Request) -> list[ReportKey]:
    """The reports of these years that a request asks for."""
    return plan_reports(
        settings,
        store,
        years,
        lang=request.lang,
        edition=request.edition,
        **request.subject,
    )


def _make(
    decisions: Sequence[Decision],
    now: Present,
    ledger: Ledger,
    request: Request,
    listener: Listener,
    make: Maker,
    hold: Held,
) -> list[Fate]:
    due = {one.order.key: one.order for one in decisions if one.action != "reuse"}
    listener.start(len(due), len(decisions) - len(due))
    fates: list[Fate] = []
    if not due:
        return fates
    with closing(make([*due.values()], request.workers)) as made:
        for fate in made:
            hold.check()
            order = due[fate.key]
            whole = with_basis(fate, order, now)
            ledger.record(whole)
            fates.append(whole)
            listener.step(whole)
            if fate.fault == DISK_FULL:
                # The others would fail in the same way, one after another.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(order.folder.parent))
            for name, digest in fate.files.items():
                now.contents.wrote(order.folder / name, digest)
    return fates


@contextmanager
def _catalogued(
    settings: Settings, store: Store, ledger: Ledger, years: Sequence[str]
) -> Iterator[list[Path]]:
    """Whatever ends the run, the catalogues tell what is there; they are in the list afterwards."""
    from evalib.press.catalogue import write_catalogue

    pages: list[Path] = []
    try:
        yield pages
    finally:
        pages += [write_catalogue(settings, store, ledger, year, settings.output / year) for year in years]


def _remember(
    settings: Settings,
    request: Request,
    memory: Memory,
    ledger: Ledger,
    orders: Sequence[Order],
    outcome: Outcome,
    began: Seen,
) -> None:
    """Let the next run know at once that nothing is due, if this one met its request in full."""
    if outcome.failed:
        return
    made = [
        order.folder / name for order in orders for name in (ledger.entry(order.key) or {}).get("files", {})
    ]
    for path in (*outcome.pages, settings.output / RECORD):
        if places.is_file(path):
            memory.contents.wrote(path, sha256_of(path))
    remember(
        memory,
        request.narrowing,
        looked_at=began,
        made=[*made, *outcome.pages, settings.store / "manifest.json"],
        reports=len(orders),
        pages=outcome.pages,
    )


def sweep(output: Path, years: Sequence[str]) -> None:
    """Remove what a killed run left half made; nobody else runs now. An object is never half made.

    Only what has a name that runs give is touched, and nothing behind a link.
    """
    if places.is_remote(output):
        return
    folders = [folder / year for year in years for folder in (output, output / "public")]
    found = [path for folder in folders if not folder.is_symlink() for path in folder.glob(".*")]
    found += output.glob(".*")
    for path in found:
        if not LEFT.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
