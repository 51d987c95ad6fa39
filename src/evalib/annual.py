"""One district's annual review from files to catalogue: the order of the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalib.disclosure import publish, publish_sections
from evalib.errors import Fault
from evalib.intake.load import load
from evalib.press.catalogue import write_catalogue
from evalib.press.ledger import Fate, Ledger
from evalib.press.plan import plan_reports, years_wanted
from evalib.press.production import FORMATS, Order, make_reports
from evalib.review import review_year
from evalib.scoring import add_standings
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import ReportKey


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


def load_files(settings: Settings) -> tuple[Fault, ...]:
    """Files as received become clean tables, whole or not at all; the warnings are returned.

    Raises
    ------
    DataError
        The files are missing or have faults; the store is as it was.
    """
    return load(settings, Store(settings.store)).warnings


def measure(settings: Settings, years: Sequence[str]) -> None:
    """Review, judge and publish some years of a loaded district.

    The years before that steady the standings and stand in the trend lines are
    reviewed with them.
    """
    store = Store(settings.store)
    needed = _with_history(store.years(), years, settings.measures.standing.pooled_years)
    reviews = {year: review_year(store, settings, year) for year in needed}
    measurements = {year: review.measurements for year, review in reviews.items()}
    tables = {}
    for year, review in reviews.items():
        judged = add_standings(measurements, year, settings)
        tables["measurements", year] = judged
        tables["published", year] = publish(judged, settings.disclosure)
        tables["published_sections", year] = publish_sections(review.sections, settings.disclosure)
        tables["published_notes", year] = review.notes
    store.write(tables)


def orders_for(
    settings: Settings, keys: Sequence[ReportKey], formats: tuple[str, ...] = FORMATS
) -> list[Order]:
    """What the press needs to make each report."""
    first = settings.district.languages[0]
    return [
        Order(
            key=key,
            notebook=settings.root / settings.district.notebook,
            params=settings.path,
            root=settings.root,
            folder=edition_folder(settings, key.edition) / key.year / key.folder,
            stem="report" if key.lang == first else f"report.{key.lang}",
            formats=formats,
        )
        for key in keys
    ]


def edition_folder(settings: Settings, edition: str) -> Path:
    """Where an edition's years lie: the public one apart from the restricted."""
    return settings.output if edition == "restricted" else settings.output / edition


def run(
    settings: Settings,
    *,
    year: str | None = None,
    school: str | None = None,
    stage: str | None = None,
    formats: tuple[str, ...] = FORMATS,
    workers: int | None = None,
    on_stage: Callable[[str], None] = lambda key: None,
    on_warnings: Callable[[tuple[Fault, ...]], None] = lambda warnings: None,
    on_start: Callable[[int], None] = lambda count: None,
    on_fate: Callable[[Fate], None] = lambda fate: None,
) -> Outcome:
    """Load, review, publish, and make the reports asked for with their catalogue.

    Raises
    ------
    ParameterError
        A year, school or stage that is not there; no report was run.
    DataError
        The files have faults; the store is as it was.
    """
    on_stage("stage_load")
    on_warnings(load_files(settings))
    store = Store(settings.store)
    years = years_wanted(settings, store.years(), year)
    on_stage("stage_review")
    measure(settings, years)
    keys = plan_reports(settings, store, years, school=school, stage=stage)
    orders = orders_for(settings, keys, formats)
    on_start(len(orders))
    ledger = Ledger(settings.output / "run.json")
    fates = []
    try:
        for fate in make_reports(orders, workers=workers):
            ledger.record(fate)
            fates.append(fate)
            on_fate(fate)
    finally:
        pages = tuple(
            write_catalogue(settings, store, ledger, one, edition, edition_folder(settings, edition) / one)
            for edition in settings.district.editions
            for one in years
        )
    return Outcome(tuple(fates), pages)


def _with_history(known: Sequence[str], years: Sequence[str], depth: int) -> list[str]:
    """The years asked for and, for each, those before it that its standings and trends use."""
    needed: set[str] = set()
    for year in years:
        until = [one for one in known if one <= year]
        needed.update(until[-depth:])
    return sorted(needed)
