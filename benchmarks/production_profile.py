"""Where a warm report's time goes, by timers in its own process; within the cells, by cProfile."""

from __future__ import annotations

import cProfile
import importlib
import inspect
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from production_memory import check
from production_project import orders_of

# Step → the module, what holds the function, and its name.
TIMED = {
    "whole": ("evalib.press.production", None, "make_report"),
    "execute": ("evalib.press.execute", None, "execute_report"),
    "cells": ("evalib.press.warm.kernel", "LocalKernel", "answer"),
    "kept": ("papermill.execute", None, "write_ipynb"),
    "html": ("evalib.press.render", None, "render_html"),
    "pdf": ("evalib.press.render", None, "render_pdf"),
    "typst": ("evalib.press.render", None, "compile_pdf"),
}
# Share of the cells → ends of the file and the function's name in a profile.
WITHIN = {
    "figures": ("charts/style.py", "styled"),
    "store": ("evalib/store.py", "read"),
    "rows": ("page/view.py", "_rows"),
    "params": ("settings/__init__.py", "load_settings"),
}
_CELLS = ("warm/kernel.py", "answer")
Steps = dict[str, float]


class Timers:
    """Seconds spent in functions, which are replaced in this process for good."""

    def __init__(self) -> None:
        self.seconds: Steps = dict.fromkeys(TIMED, 0.0)
        for step, (module, holder, name) in TIMED.items():
            place = importlib.import_module(module)
            place = place if holder is None else getattr(place, holder)
            setattr(place, name, self._timed(step, getattr(place, name)))

    def _timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            async def awaited(*arguments: Any, **named: Any) -> Any:
                begin = time.perf_counter()
                try:
                    return await function(*arguments, **named)
                finally:
                    self.seconds[step] += time.perf_counter() - begin

            return awaited

        def called(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[step] += time.perf_counter() - begin

        return called


def timed_report(order: Any) -> tuple[Any, Steps, float, float]:
    """Make a report in this fork: its fate, the seconds of its steps, and when it began and ended."""
    begin = time.monotonic()
    from evalib.press import production
    from evalib.press.execute import executing_in_this_process

    timers = Timers()
    with executing_in_this_process():
        fate = production.make_report(order)
    return fate, timers.seconds, begin, time.monotonic()


def profiled_report(order: Any) -> tuple[Any, Steps]:
    """Make a report in this fork under a profile: its fate, and shares of the cells' seconds."""
    from evalib.press.execute import executing_in_this_process
    from evalib.press.production import make_report

    profile = cProfile.Profile()
    with executing_in_this_process():
        fate = profile.runcall(make_report, order)
    cumulative: dict[tuple[str, str], float] = {}
    for (file, _, name), (_, _, _, seconds, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        for wanted in (_CELLS, *WITHIN.values()):
            if name == wanted[1] and file.endswith(wanted[0]):
                cumulative[wanted] = cumulative.get(wanted, 0.0) + seconds
    whole = cumulative[_CELLS]
    return fate, {part: cumulative.get(wanted, 0.0) / whole for part, wanted in WITHIN.items()}


def steps(params: Path, count: int) -> list[tuple[str, float]]:
    """What the steps of a warm report, HTML and PDF, take: medians of several, one at a time."""
    from evalib.press.production import make_report
    from evalib.press.warm.caller import Template
    from evalib.press.warm.limits import Limits
    from evalib.press.warm.rehearsal import rehearse

    limits = Limits(600, 1 << 31)
    found: list[Steps] = []
    shares: list[Steps] = []
    with tempfile.TemporaryDirectory() as folder:
        orders = orders_of(params, Path(folder), count, ("html", "pdf"))
        with Template(rehearse, make_report, orders[0], True) as template:

            def forked(work: Callable[[Any], Any], order: Any) -> Any:
                template.start(0, limits, work, order)
                ended = template.ended()
                if ended.end != "done":
                    raise RuntimeError(f"a report's process ended: {ended.end}, {ended.value}")
                check([ended.value[0]])
                return ended.value

            for order in orders:
                asked = time.monotonic()
                _, seconds, begin, end = forked(timed_report, order)
                heard = time.monotonic()
                found.append({**seconds, "fork": begin - asked, "end": heard - end, "all": heard - asked})
            shares = [forked(profiled_report, order)[1] for order in orders]

    def median(of: Callable[[Steps], float], among: list[Steps] = found) -> float:
        return statistics.median(of(one) for one in among)

    cells = median(lambda one: one["cells"])
    within = {part: cells * median(lambda one, part=part: one[part], shares) for part in WITHIN}
    return [
        ("asked for, forked, and begun", median(lambda one: one["fork"])),
        (
            "papermill and nbclient around the cells",
            median(lambda one: one["execute"] - one["cells"] - one["kept"]),
        ),
        ("papermill's own writing of the notebook, to nowhere", median(lambda one: one["kept"])),
        ("cells", cells),
        ("– of these, drawing figures", within["figures"]),
        ("– of these, reading the store", within["store"]),
        ("– of these, rows of Python out of tables", within["rows"]),
        ("– of these, reading params", within["params"]),
        ("– of these, words, tables and the kernel", cells - sum(within.values())),
        ("HTML: nbconvert and templates", median(lambda one: one["html"])),
        ("PDF: nbconvert and what Typst is given", median(lambda one: one["pdf"] - one["typst"])),
        ("PDF: Typst", median(lambda one: one["typst"])),
        (
            "files written, hashed and moved into place",
            median(lambda one: one["whole"] - one["execute"] - one["html"] - one["pdf"]),
        ),
        ("process ended and its fate handed back", median(lambda one: one["end"])),
        ("all of it", median(lambda one: one["all"])),
    ]
