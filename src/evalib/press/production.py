"""From report keys to reports in place: one process a core, one failure stops nobody."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalib.errors import EvalError, ReportError
from evalib.press.ledger import Fate, sha256_of
from evalib.vocabulary import ReportKey

FORMATS = ("html", "pdf")


@dataclass(frozen=True)
class Order:
    """Everything a worker needs to make one report.

    Attributes
    ----------
    key
        Which report.
    notebook, params, root
        The notebook, the district's params file, the project root.
    folder
        Where the report's files go.
    stem
        Their name without ending: `report`, or `report.en` for a further language.
    formats
        Which of "html", "pdf".
    """

    key: ReportKey
    notebook: Path
    params: Path
    root: Path
    folder: Path
    stem: str
    formats: tuple[str, ...] = FORMATS

    @property
    def parameters(self) -> dict[str, Any]:
        """The notebook's parameters; the params file as it is named from the project root."""
        return {
            "school_code": self.key.code,
            "stage": self.key.stage,
            "year": self.key.year,
            "lang": self.key.lang,
            "edition": self.key.edition,
            "params": self.params.relative_to(self.root).as_posix(),
        }


def make_report(order: Order) -> Fate:
    """Make one report aside and move it into place when it is whole.

    A failure of this report is returned as its fate, never raised: the others go on.
    The last good report, if there is one, stays.
    """
    # Heavy imports happen in the worker, once, and not where orders are only planned.
    from evalib.press.execute import execute_report, results_of
    from evalib.press.render import render_html, render_pdf

    seconds: dict[str, float] = {}
    aside: Path | None = None
    try:
        order.folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{order.folder.name}-", dir=order.folder.parent))
        with _timed(seconds, "execute"):
            executed = execute_report(order.notebook, order.parameters, root=order.root)
        results = results_of(executed)
        _write_json(aside / f"{order.stem.replace('report', 'results', 1)}.json", results)
        _write_json(aside / f"{order.stem}.ipynb", executed, indent=1)
        missing: tuple[str, ...] = ()
        if "html" in order.formats:
            with _timed(seconds, "html"):
                (aside / f"{order.stem}.html").write_text(render_html(executed), encoding="utf-8")
        if "pdf" in order.formats:
            with _timed(seconds, "pdf"):
                content, missing = render_pdf(executed)
                (aside / f"{order.stem}.pdf").write_bytes(content)
        files = {path.name: sha256_of(path) for path in sorted(aside.iterdir())}
        order.folder.mkdir(exist_ok=True)
        for name in files:
            (aside / name).replace(order.folder / name)
        for name in {f"{order.stem}.{ending}" for ending in FORMATS} - set(files):
            # A page of an earlier run beside a new one would tell other numbers.
            (order.folder / name).unlink(missing_ok=True)
        sources = _sources(results)
        return Fate(order.key, True, seconds=seconds, files=files, missing_glyphs=missing, made_from=sources)
    except EvalError as error:
        return Fate(order.key, False, cause=_both(error), seconds=seconds)
    except Exception as error:  # the one place that records a report's fate
        cause = ReportError("unexpected", kind=type(error).__name__, text=str(error)[:300])
        return Fate(order.key, False, cause=_both(cause), seconds=seconds)
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def make_reports(
    orders: Sequence[Order], *, workers: int | None = None, make: Callable[[Order], Fate] = make_report
) -> Iterator[Fate]:
    """Make reports in worker processes and hand back each fate as it is known.

    Parameters
    ----------
    orders
        What to make.
    workers
        Processes; as many as there are cores when not given.

    Yields
    ------
    One fate an order, in the order of completion. If a worker dies, the reports that
    may have been in its hands are made again one a process, so that the one report
    that kills its process is the only one that fails; then the rest go on together.
    """
    count = min(workers or os.cpu_count() or 1, max(1, len(orders)))
    remaining = list(orders)
    while remaining:
        finished: set[ReportKey] = set()
        try:
            for fate in _pooled(remaining, count, make):
                finished.add(fate.key)
                yield fate
            return
        except BrokenProcessPool:
            remaining = [order for order in remaining if order.key not in finished]
            # A pool hands out orders in turn: to each worker one, and one ahead.
            suspects, remaining = remaining[: 2 * count], remaining[2 * count :]
            for order in suspects:
                yield _alone(order, make)


def _pooled(orders: Iterable[Order], count: int, make: Callable[[Order], Fate]) -> Iterator[Fate]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_end_with, initargs=(os.getpid(),))
    try:
        waiting: set[Future[Fate]] = {pool.submit(make, order) for order in orders}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with(parent: int) -> None:
    """End this worker when the run that started it is gone, however it ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def _alone(order: Order, make: Callable[[Order], Fate]) -> Fate:
    try:
        return next(_pooled([order], 1, make))
    except BrokenProcessPool:
        return Fate(order.key, False, cause=_both(ReportError("worker_died")))


class _timed:
    """Adds the seconds a block took to a mapping."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds, self.name = seconds, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self.seconds[self.name] = round(time.perf_counter() - self.start, 4)


def _sources(results: dict[str, Any]) -> dict[str, Any]:
    """What a report's results say of where it comes from, hashes shortened as in its fingerprint."""
    sources: dict[str, Any] = {name: results[name] for name in ("evalib", "params") if name in results}
    read = {f"{one['table']}/{one['year']}": one["sha256"][:12] for one in results.get("read", [])}
    return {**sources, "read": read}


def _both(error: EvalError) -> dict[str, str]:
    return {lang: error.text(lang) for lang in ("zh", "en")}


def _write_json(path: Path, content: Any, indent: int | None = None) -> None:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
