"""A project folder of its own for the benchmarks of production, and processes of their own to measure in."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from measured import ROOT
from production_memory import peak_bytes

# Sections and school years of the district: of a whole one, and of one to try things out on.
WHOLE, SMALL = (100, 3), (10, 1)
# How the sweep grows until it has so many reports: years, languages, editions.
SWEEPS = (
    ("latest", ["zh"], ["restricted"]),
    ("latest", ["zh", "en"], ["restricted"]),
    ("latest", ["zh", "en"], ["restricted", "public"]),
    ("all", ["zh", "en"], ["restricted", "public"]),
)


class Silent:
    """Hears how a run goes on and tells nothing."""

    def stage(self, key: str, **fields: Any) -> None: ...

    def warn(self, warnings: object) -> None: ...

    def start(self, count: int, reused: int) -> None: ...

    def step(self, fate: Any) -> None: ...


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, called in a new process that holds nothing else."""
    with pool(1) as one:
        return one.submit(function, *arguments).result()


def pool(workers: int) -> ProcessPoolExecutor:
    """Processes started anew."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@dataclass(frozen=True)
class Project:
    """A district that is read and reviewed, and whose reports are still to be made.

    Attributes
    ----------
    params
        Its params file, in a project folder of its own.
    reports
        How many reports its sweep has.
    bytes
        The most memory that reading and reviewing it took.
    """

    params: Path
    reports: int
    bytes: int


def new_project(root: Path, *, small: bool, reports: int) -> Project:
    """An invented district with a sweep of so many reports, or all that it has."""
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    sections, years = SMALL if small else WHOLE
    apart(_invented, root, sections, years)
    params, found, most = root / "params" / "sample.yaml", 0, 0
    for wanted, languages, editions in SWEEPS:
        content = yaml.safe_load(params.read_text("utf-8"))
        content |= {"years": wanted, "languages": languages, "editions": editions, "reports": ["school"]}
        params.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        found, peak = apart(_prepared, params)
        most = max(most, peak)
        if found >= reports:
            break
    return Project(params, found, most)


def _invented(root: Path, sections: int, years: int) -> None:
    from evalib.sampling import invent_district, write_workbooks

    district = invent_district(sections=sections, years=years)
    write_workbooks(district, root / "data" / "sample", root / "params")


def _nothing(orders: Sequence[Any], workers: int | None) -> Iterator[Any]:
    yield from ()


def _prepared(params: Path) -> tuple[int, int]:
    """Read and review what the sweep needs; how many reports it has, and the memory that took."""
    from evalib import annual
    from evalib.settings import load_settings

    # Formats that are not asked for later: this run leaves word that its request was met.
    outcome = annual.run(load_settings(params), annual.Request(formats=("pdf",)), Silent(), _nothing)
    return outcome.reused, peak_bytes(os.getpid())


def orders_of(params: Path, folder: Path, count: int, formats: tuple[str, ...] = ("html",)) -> list[Any]:
    """Orders of the latest year's restricted reports in Chinese, spread over the sections."""
    from evalib import annual
    from evalib.press.plan import plan_reports
    from evalib.settings import load_settings
    from evalib.store import Store

    settings = load_settings(params)
    store = Store(settings.store)
    keys = plan_reports(settings, store, store.years("published")[-1:], lang="zh", edition="restricted")
    spread = [keys[position * len(keys) // count] for position in range(min(count, len(keys)))]
    return [
        replace(order, folder=folder / order.key.folder)
        for order in annual.orders_for(settings, spread, formats)
    ]
