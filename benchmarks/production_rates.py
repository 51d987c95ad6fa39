"""Seconds a report of every way to make it, taken in turns, so that each meets the same machine.

The ways: forks of the warm template; stock papermill and nbconvert; and the floor, the same cells
run as a bare script in a process that has run them before, with no notebook and no page.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from measured import once, shown
from production_memory import check
from production_project import orders_of, pool

# How often the quick ways make the same reports while stock makes them once.
OFTEN = 3
PARALLEL = 2
Way = Callable[[Sequence[Any]], None]


def stock_report(order: Any) -> None:
    """A report by papermill and nbconvert as they come: a kernel for it alone, and nbconvert's own page."""
    import papermill
    from nbconvert import HTMLExporter

    order.folder.mkdir(parents=True, exist_ok=True)
    target = order.folder / "stock.ipynb"
    papermill.execute_notebook(
        str(order.notebook),
        str(target),
        order.parameters,
        kernel_name="python3",
        cwd=str(order.root),
        progress_bar=False,
        extra_arguments=["--IPKernelApp.log_level=50"],
    )
    content, _ = HTMLExporter().from_filename(str(target))
    (order.folder / "stock.html").write_text(content, encoding="utf-8")


def bare_report(order: Any) -> int:
    """The cells of a report, run in this process; how many outputs were drawn."""
    import nbformat

    os.chdir(order.root)
    names: dict[str, Any] = {}
    drawn = 0
    for cell in nbformat.read(order.notebook, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        value = shown(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names.update(order.parameters)
        if hasattr(value, "_repr_mimebundle_"):
            value._repr_mimebundle_()
            drawn += 1
    return drawn


def imported() -> None:
    """Load what stock reports need, so that no report waits for it."""
    import nbconvert
    import papermill  # noqa: F401

    nbconvert.HTMLExporter()


def of_pool(one: ProcessPoolExecutor, function: Callable[[Any], Any], often: int) -> Way:
    """Reports by a function in the processes of a pool."""

    def made(orders: Sequence[Any]) -> None:
        for _ in range(often):
            list(one.map(function, orders))

    return made


def of_template(template: Any, limits: Any, width: int, often: int) -> Way:
    """Reports in forks of a template, so many at a time."""
    from evalib.press.production import make_report
    from evalib.press.warm.rehearsal import make_here

    def made(orders: Sequence[Any]) -> None:
        fates = []
        for ticket, order in enumerate([*orders] * often):
            if template.in_flight == width:
                fates.append(template.ended())
            template.start(ticket, limits, make_here, make_report, order)
        while template.in_flight:
            fates.append(template.ended())
        if odd := [one for one in fates if one.end != "done"]:
            raise RuntimeError(f"a report's process ended: {odd[0].end}, {odd[0].value}")
        check([one.value for one in fates])

    return made


def rates(params: Path, *, rounds: int, reports: int) -> tuple[dict[str, list[float]], float]:
    """Seconds a report by way, one a round, and the seconds that the template's start took.

    Parameters
    ----------
    params
        The district, already reviewed.
    rounds, reports
        How many rounds, and how many reports each way makes a round.
    """
    from evalib.press.production import make_report
    from evalib.press.warm.caller import Template
    from evalib.press.warm.limits import Limits
    from evalib.press.warm.rehearsal import rehearse

    cores, limits = os.cpu_count() or 1, Limits(600, 1 << 31)
    found: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        html, both = (orders_of(params, folder, reports, one) for one in (("html",), ("html", "pdf")))
        template, start = once(lambda: Template(rehearse, make_report, both[0], True))
        stack.enter_context(template)
        ways: dict[str, tuple[Way, int]] = {}
        for width in dict.fromkeys((1, cores)):
            ways[f"warm, {width} at a time"] = (of_template(template, limits, width, OFTEN), OFTEN)
            floor = stack.enter_context(pool(width))
            list(floor.map(bare_report, [html[0]] * 2 * width))
            ways[f"bare cells, {width} at a time"] = (of_pool(floor, bare_report, OFTEN), OFTEN)
        for width in (1, PARALLEL):
            stock = stack.enter_context(pool(width))
            for one in [stock.submit(imported) for _ in range(2 * width)]:
                one.result()
            ways[f"stock, {width} at a time"] = (of_pool(stock, stock_report, 1), 1)
        pdf = of_template(template, limits, cores, OFTEN)
        for _ in range(rounds):
            for name, (way, often) in ways.items():
                found.setdefault(name, []).append(_each(way, html, often))
            found.setdefault(f"warm with PDF, {cores} at a time", []).append(_each(pdf, both, OFTEN))
    return found, start


def _each(way: Way, orders: Sequence[Any], often: int) -> float:
    _, took = once(lambda: way(orders))
    return took / (len(orders) * often)


def spread(times: Sequence[float]) -> str:
    """Median and least of some seconds."""
    return f"{statistics.median(times):.3f} s (least {min(times):.3f})"


def ratios(found: dict[str, list[float]], slow: str, quick: str) -> list[float]:
    """How many times as long one way took as another, round by round."""
    return [one / other for one, other in zip(found[slow], found[quick], strict=True)]
