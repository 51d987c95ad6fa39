"""From report keys to reports in place: one process a core, one failure stops nobody."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalib.errors import EvalError, ReportError, told
from evalib.press.asked import FORMATS
from evalib.press.ledger import Fate, sha256_of
from evalib.vocabulary import ReportKey

# No room on the disk, in the quota, or for so large a file: the next report fares no better.
NO_ROOM = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
DISK_FULL = "disk_full"


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
    execute
        Whether the notebook is run; if not, the one kept in `folder` is drawn again.
    standing
        SHA-256 of each file in `folder` that can stay if the notebook comes out as it did.
    outputs
        The folder of the districts' outputs that the notebook reads, where it is not the project's.
    """

    key: ReportKey
    notebook: Path
    params: Path
    root: Path
    folder: Path
    stem: str
    formats: tuple[str, ...] = FORMATS
    execute: bool = True
    standing: Mapping[str, str] = field(default_factory=dict)
    outputs: Path | None = None

    @property
    def notebook_name(self) -> str:
        """What the executed notebook is called in the folder."""
        return f"{self.stem}.ipynb"

    @property
    def results_name(self) -> str:
        """What the results are called in the folder."""
        return f"{self.stem.replace('report', 'results', 1)}.json"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that a notebook of the key's kind declares.

        The params file is told as it is named from the project root.
        """
        return {
            **_subject(self.key),
            "year": self.key.year,
            "lang": self.key.lang,
            "edition": self.key.edition,
            "params": self.params.relative_to(self.root).as_posix(),
        }


def _subject(key: ReportKey) -> dict[str, Any]:
    """What a report is about, in the words of its notebook; nothing where it is the whole district."""
    match key.kind:
        case "school":
            return {"school_code": key.code, "stage": key.stage}
        case "group":
            return {"group_code": key.code}
        case _:
            return {}


def of_each_kind(orders: Iterable[Order]) -> dict[str, list[Order]]:
    """Orders by kind of report, each kind of a notebook of its own; kinds and orders keep their order."""
    found: dict[str, list[Order]] = {}
    for order in orders:
        found.setdefault(order.key.kind, []).append(order)
    return found


def make_report(order: Order) -> Fate:
    """Make one report aside and move it into place when it is whole.

    A notebook that came out to the byte as the one in place leaves the pages that stand
    beside it. A failure of this report is returned as its fate, never raised: the others
    go on. The last good report, if there is one, stays.
    """
    seconds: dict[str, float] = {}
    aside: Path | None = None
    try:
        order.folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{order.folder.name}-", dir=order.folder.parent))
        return _made(order, aside, seconds)
    except EvalError as error:
        return Fate.failed(order.key, error, seconds)
    except OSError as error:
        return Fate.failed(order.key, _of_system(error, order), seconds)
    except Exception as error:  # the one place that records a report's fate
        cause = ReportError("unexpected", kind=type(error).__name__, text=told(str(error)))
        return Fate.failed(order.key, cause, seconds)
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _made(order: Order, aside: Path, seconds: dict[str, float]) -> Fate:
    # Heavy imports happen in the worker, once, and not where orders are only planned.
    from evalib.press.execute import results_of
    from evalib.press.render import render_html, render_pdf

    executed = _executed(order, seconds)
    results = results_of(executed)
    _write_json(aside / order.results_name, results)
    _write_json(aside / order.notebook_name, executed, indent=1)
    notebook = sha256_of(aside / order.notebook_name)
    same = order.standing.get(order.notebook_name) == notebook
    standing = dict(order.standing) if same else {}
    wanted = [one for one in order.formats if f"{order.stem}.{one}" not in standing]
    missing: tuple[str, ...] = ()
    if "html" in wanted:
        with _timed(seconds, "html"):
            (aside / f"{order.stem}.html").write_text(render_html(executed), encoding="utf-8")
    if "pdf" in wanted:
        with _timed(seconds, "pdf"):
            content, missing = render_pdf(executed)
            (aside / f"{order.stem}.pdf").write_bytes(content)
    made = {path.name: sha256_of(path) for path in sorted(aside.iterdir())}
    order.folder.mkdir(exist_ok=True)
    for name, digest in made.items():
        if standing.get(name) != digest:
            (aside / name).replace(order.folder / name)
    files = dict(sorted({**standing, **made}.items()))
    for name in {f"{order.stem}.{ending}" for ending in FORMATS} - set(files):
        # A page of an earlier run beside a new one would tell other numbers.
        (order.folder / name).unlink(missing_ok=True)
    sources = _sources(results)
    return Fate(order.key, True, seconds=seconds, files=files, missing_glyphs=missing, made_from=sources)


def _executed(order: Order, seconds: dict[str, float]) -> Any:
    """The executed notebook: run now, or the one that is kept."""
    if not order.execute:
        import nbformat

        return nbformat.from_dict(json.loads((order.folder / order.notebook_name).read_text("utf-8")))
    from evalib.press.execute import execute_report

    with _timed(seconds, "execute"):
        return execute_report(order.notebook, order.parameters, root=order.root, outputs=order.outputs)


def _of_system(error: OSError, order: Order) -> ReportError:
    """What the system refused; of the output in the same words for every report of a year."""
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    place = order.folder.parent
    if error.errno in NO_ROOM:
        return ReportError(DISK_FULL, path=str(place), cause=reason)
    if error.filename is not None and Path(os.fsdecode(error.filename)).is_relative_to(place):
        return ReportError("report_not_written", path=str(place), cause=reason)
    return ReportError("unexpected", kind=type(error).__name__, text=told(str(error)))


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
        return Fate.failed(order.key, ReportError("worker_died"))


class _timed:
    """Adds the seconds a block took to a mapping."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds, self.name = seconds, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self.seconds[self.name] = round(time.perf_counter() - self.start, 4)


def _sources(results: dict[str, Any]) -> dict[str, Any]:
    """What a report's results say of where it comes from; `read` alone where they say what was read."""
    sources: dict[str, Any] = {name: results[name] for name in ("evalib", "params") if name in results}
    if "read" in results:
        sources["read"] = {f"{one['table']}/{one['year']}": one["sha256"] for one in results["read"]}
    return sources


def _write_json(path: Path, content: Any, indent: int | None = None) -> None:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=indent, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
