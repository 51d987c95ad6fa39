"""Seconds per report and stage, beside stock papermill and nbconvert on the same notebook.

Run as `make bench`. Everything is measured in one run on this machine; figures are
medians of a few repeats. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from evalib import annual
from evalib.press.execute import execute_report
from evalib.press.plan import plan_reports, years_wanted
from evalib.press.production import make_report, make_reports
from evalib.press.render import render_html, render_pdf
from evalib.settings import load_settings
from evalib.store import Store

BIN = Path(sys.executable).parent


def seconds(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def shell(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", nargs="?", default="params/sample.yaml")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reports", type=int, default=8, help="reports in the parallel run")
    options = parser.parse_args()
    settings = load_settings(options.params)
    repeats = options.repeats

    load = seconds(lambda: annual.load_files(settings), repeats)
    store = Store(settings.store)
    years = years_wanted(settings, store.years())
    review = seconds(lambda: annual.measure(settings, years), repeats)
    keys = plan_reports(settings, store, years, kind="school")
    with tempfile.TemporaryDirectory() as folder:
        orders = [
            replace(order, folder=Path(folder) / order.key.folder)
            for order in annual.orders_for(settings, keys)
        ]
        one = orders[0]
        executed = execute_report(one.notebook, one.parameters, root=one.root)
        render_html(executed), render_pdf(executed)
        execute = seconds(lambda: execute_report(one.notebook, one.parameters, root=one.root), repeats)
        html = seconds(lambda: render_html(executed), repeats)
        pdf = seconds(lambda: render_pdf(executed), repeats)
        whole = seconds(lambda: make_report(one), repeats)
        some = orders[: options.reports]
        together = seconds(lambda: list(make_reports(some)), 1) / len(some)

        out = Path(folder) / "stock.ipynb"
        given = [part for name, value in one.parameters.items() for part in ("-r", name, str(value))]
        stock_execute = seconds(
            lambda: shell(
                str(BIN / "papermill"), str(one.notebook), str(out), "--cwd", str(one.root), *given
            ),
            repeats,
        )
        stock_html = seconds(
            lambda: shell(str(BIN / "jupyter"), "nbconvert", "--to", "html", str(out)), repeats
        )
        own_html = seconds(
            lambda: shell(str(BIN / "jupyter"), "nbconvert", "--to", "evalib-html", str(out)), repeats
        )
        own_pdf = seconds(
            lambda: shell(str(BIN / "jupyter"), "nbconvert", "--to", "evalib-pdf", str(out)), repeats
        )

    stock = stock_execute + stock_html
    rows = [
        ("load, the whole district", load),
        (f"review, {len(store.years())} years of the whole district", review),
        ("execute, a report", execute),
        ("HTML, a report", html),
        ("PDF, a report", pdf),
        ("a report, all stages, one process", whole),
        (f"a report, {len(some)} reports on {os.cpu_count()} processes", together),
        ("stock papermill, shell", stock_execute),
        ("stock nbconvert --to html, shell", stock_html),
        ("nbconvert --to evalib-html, shell", own_html),
        ("nbconvert --to evalib-pdf, shell", own_pdf),
    ]
    print(
        f"{settings.name}: {len(keys)} sections; {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )
    for name, value in rows:
        print(f"  {name:<48}{value:8.3f} s")
    print(
        f"  stock papermill + nbconvert (HTML alone) ÷ a report here (HTML and PDF): {stock / together:.1f}"
    )


if __name__ == "__main__":
    main()
