"""One district's annual review from files to catalogue: the order of the rooms."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evalib.errors import Fault
from evalib.intake.load import Loaded, load
from evalib.measuring import measure
from evalib.press.catalogue import write_catalogue
from evalib.press.execute import check_parameters
from evalib.press.ledger import Fate, Ledger, only_run
from evalib.press.plan import check_stage, plan_reports, years_wanted
from evalib.press.production import FORMATS, Order, make_reports
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import ReportKey


@dataclass(frozen=True)
class Request:
    """Which of a district's reports are wanted.

    Attributes
    ----------
    year, school, stage
        Only these, where given; a year replaces the params file's entry.
    formats
        Which of "html", "pdf".
    workers
        Processes; one a core when not given.
    """

    year: str | None = None
    school: str | None = None
    stage: str | None = None
    formats: tuple[str, ...] = FORMATS
    workers: int | None = None


class Listener(Protocol):
    """Who is told how a run goes on."""

    def stage(self, key: str) -> None:
        """A stage before the reports begins; `key` names its message."""

    def warn(self, warnings: tuple[Fault, ...]) -> None:
        """What the load noticed but did not stop for."""

    def start(self, count: int) -> None:
        """So many reports will be made."""

    def step(self, fate: Fate) -> None:
        """One report's fate is known."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes
    ----------
    fates
        One a report, in the order of completion.
    pages
        The catalogues to open, one a year.
    """

    fates: tuple[Fate, ...]
    pages: tuple[Path, ...]

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
    return load(settings, Store(settings.store))


def orders_for(
    settings: Settings, keys: Sequence[ReportKey], formats: tuple[str, ...] = FORMATS
) -> list[Order]:
    """What the press needs to make each report; the public edition lies apart, to be handed out whole."""
    first = settings.district.languages[0]
    tops = {"restricted": settings.output, "public": settings.output / "public"}
    return [
        Order(
            key=key,
            notebook=settings.root / settings.district.notebook,
            params=settings.path,
            root=settings.root,
            folder=tops[key.edition] / key.year / key.folder,
            stem="report" if key.lang == first else f"report.{key.lang}",
            formats=formats,
        )
        for key in keys
    ]


def run(settings: Settings, request: Request, listener: Listener) -> Outcome:
    """Load, review, publish, and make the reports asked for with their catalogue.

    Raises
    ------
    ParameterError
        The notebook does not take our parameters, or a year, school or stage is not
        there; no report was run.
    DataError
        The files have faults; the store is as it was.
    """
    check_stage(request.stage)
    (any_order,) = orders_for(settings, [ReportKey("school", "", "", "")])
    check_parameters(any_order.notebook, any_order.parameters)
    with only_run(settings.output):
        listener.stage("stage_load")
        listener.warn(load_files(settings).warnings)
        store = Store(settings.store)
        years = years_wanted(settings, store.years(), request.year)
        keys = plan_reports(settings, store, years, school=request.school, stage=request.stage)
        listener.stage("stage_review")
        measure(settings, years)
        for year in years:
            _sweep(settings.output / year)
            _sweep(settings.output / "public" / year)
        listener.start(len(keys))
        return _make(settings, store, years, orders_for(settings, keys, request.formats), request, listener)


def _make(
    settings: Settings,
    store: Store,
    years: Sequence[str],
    orders: Sequence[Order],
    request: Request,
    listener: Listener,
) -> Outcome:
    ledger = Ledger(settings.output / "run.json")
    fates = []
    try:
        for fate in make_reports(orders, workers=request.workers):
            ledger.record(fate)
            fates.append(fate)
            listener.step(fate)
    finally:
        # Whatever ends the run, the catalogue tells what is there.
        pages = tuple(
            write_catalogue(settings, store, ledger, year, settings.output / year) for year in years
        )
    return Outcome(tuple(fates), pages)


def _sweep(folder: Path) -> None:
    """Remove what a killed run left half made; nobody else runs now."""
    for path in folder.glob(".*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
