"""What processes hold: as Linux tells it, while warm reports are made, and over four thousand cheap ones."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGA = 1e6
PAUSE = 0.02
CHEAP, MARKS = 4000, 4


def status_bytes(pid: int, field: str) -> int:
    """A field of a process's status, such as VmHWM, the most it ever held; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0


def peak_bytes(pid: int) -> int:
    """The most resident memory that a process ever held."""
    return status_bytes(pid, "VmHWM")


def own_bytes(pid: int) -> int:
    """The pages that a process shares with no other and has written itself; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024
    return 0


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(one) for one in (task / "children").read_text("ascii").split()]
    return found


def template_of(pid: int) -> int | None:
    """The template process that a process started, if it runs."""
    for one in children(pid):
        with contextlib.suppress(OSError):
            if b"evalib.press.warm.template" in Path(f"/proc/{one}/cmdline").read_bytes():
                return one
    return None


@dataclass(frozen=True)
class Held:
    """The most bytes that were held: by the template, and by one report's process of its own."""

    template: int
    child: int
    reports: int


def held_by_reports(params: Path, count: int, formats: tuple[str, ...]) -> Held:
    """Make some reports and look at every process all the while, which slows them."""
    from production_project import orders_of

    from evalib import annual
    from evalib.settings import load_settings

    most = {"template": 0, "child": 0}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(PAUSE):
            template = template_of(os.getpid())
            if template is not None:
                most["template"] = max(most["template"], peak_bytes(template))
                most["child"] = max([most["child"], *map(own_bytes, children(template))])

    watcher = threading.Thread(target=look)
    with tempfile.TemporaryDirectory() as folder:
        orders = orders_of(params, Path(folder), count, formats)
        watcher.start()
        try:
            fates = list(annual.maker_of(load_settings(params))(orders, None))
        finally:
            ended.set()
            watcher.join()
    check(fates)
    return Held(most["template"], most["child"], len(fates))


def check(fates: Sequence[Any]) -> None:
    """Refuse figures of reports that were not made.

    Raises
    ------
    RuntimeError
        Some failed.
    """
    failed = [fate for fate in fates if not fate.made]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(fates)} reports failed: {failed[0].cause.get('en')}")


def cheap(order: Any) -> Any:
    """A fate as large as a real report's, of a report that is not made."""
    from evalib.press.ledger import Fate

    def sha(name: str) -> str:
        return hashlib.sha256(f"{order.key.code} {name}".encode()).hexdigest()

    names = ("report.html", "report.ipynb", "report.pdf", "results.json")
    read = {f"{table}/{order.key.year}": sha(str(table)) for table in range(12)}
    return Fate(
        order.key,
        True,
        seconds={"execute": 0.0},
        files={name: sha(name) for name in names},
        made_from={
            "evalib": "0",
            "params": sha("params"),
            "read": read,
            **{name: sha(name) for name in names},
        },
    )


def flat(count: int = CHEAP) -> list[tuple[int, int, int]]:
    """Megabytes by number of cheap reports made and recorded: that number, the parent's, the template's."""
    from evalib.press.ledger import Ledger

    marks = {count * part // MARKS for part in range(1, MARKS + 1)}
    found, fates = [], []
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "run.json") as ledger:
        for fate in _cheap_ones(Path(folder), count):
            ledger.record(fate)
            fates.append(fate)
            if len(fates) in marks:
                template = template_of(os.getpid()) or 0
                found.append(
                    (len(fates), status_bytes(os.getpid(), "VmRSS"), status_bytes(template, "VmRSS"))
                )
    check(fates)
    return found


def _cheap_ones(folder: Path, count: int) -> Iterator[Any]:
    from evalib.press.production import Order
    from evalib.press.warm.limits import Limits
    from evalib.press.warm.pool import make_warm
    from evalib.vocabulary import ReportKey

    orders = [
        Order(
            key=ReportKey("school", "2024-2025", f"{number:010d}", "primary"),
            notebook=folder / "none.ipynb",
            params=folder / "none.yaml",
            root=folder,
            folder=folder / str(number),
            stem="report",
        )
        for number in range(count)
    ]
    return make_warm(orders, make=cheap, limits=Limits(60, 1 << 30), cold=_never)


def _never(orders: Sequence[Any], threads: tuple[str, ...]) -> Iterator[Any]:
    raise RuntimeError(f"not forked: {', '.join(threads)}")
    yield
