"""Sizes of a report and the time its figures, HTML and PDF take, beside a browser's and WeasyPrint's PDF.

`python benchmarks/bench_page.py` prints all but WeasyPrint, which is no dependency of ours: give the
Python of an environment that has it by `--weasyprint PATH`. Everything is measured in one run on the
same report; nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measured import keeper, machine, once, seconds, shown, table, tell
from playwright.sync_api import sync_playwright

from evalib import annual
from evalib.press.execute import execute_report
from evalib.press.plan import plan_reports, years_wanted
from evalib.press.production import Order
from evalib.press.render import render_html, render_pdf
from evalib.settings import load_settings
from evalib.store import Store

FIGURE = "image/svg+xml"
ROOT = [] if not hasattr(os, "geteuid") or os.geteuid() else ["--no-sandbox"]
WEASYPRINT = """
import statistics, sys, time
import weasyprint
times = []
for _ in range(int(sys.argv[3]) + 1):
    begin = time.perf_counter()
    weasyprint.HTML(sys.argv[1]).write_pdf(sys.argv[2], pdf_variant="pdf/ua-1")
    times.append(time.perf_counter() - begin)
print(weasyprint.__version__, times[0], statistics.median(times[1:]))
"""


def order_for(params: str, school: str) -> Order:
    """The order of one section's report of the latest year; the district is reviewed if it is not yet."""
    settings = load_settings(params)
    store = Store(settings.store)
    if not store.exists or not store.years("published"):
        annual.load_files(settings)
        annual.measure(settings, years_wanted(settings, store.years()))
    keys = plan_reports(settings, store, store.years("published")[-1:], school=school)
    first = settings.district.languages[0]
    return annual.orders_for(settings, [key for key in keys if key.lang == first])[0]


def figures(notebook: Any, order: Order) -> tuple[int, float, float]:
    """How many figures a report has, the seconds of their cells and of its whole page, in this process."""
    names: dict[str, Any] = {}
    count, drawing = 0, 0.0
    start = time.perf_counter()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        begin = time.perf_counter()
        value = shown(cell.source, names)
        found = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
        bundle = found[0] if isinstance(found, tuple) else found
        if FIGURE in bundle:
            count += 1
            drawing += time.perf_counter() - begin
    return count, drawing, time.perf_counter() - start


def by_browser(html: Path, folder: Path, repeats: int) -> list[tuple[str, float, int]]:
    """Chromium's PDF of the same HTML: as one command, and from a browser that stays open."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        return []
    out = folder / "browser.pdf"
    command = [path, "--headless", *ROOT, f"--print-to-pdf={out}", html.as_uri()]
    cold = seconds(lambda: subprocess.run(command, check=True, capture_output=True), repeats)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ROOT)
        page = browser.new_page()

        def printed() -> None:
            page.goto(html.as_uri())
            page.pdf(path=out, tagged=True, outline=True, prefer_css_page_size=True)

        warm = seconds(printed, repeats)
        version = browser.version
        browser.close()
    size = out.stat().st_size
    return [(f"Chromium {version}, one command", cold, size), (f"Chromium {version}, warm", warm, size)]


def by_weasyprint(python: str | None, html: Path, folder: Path, repeats: int) -> list[tuple[str, float, int]]:
    if python is None:
        return []
    out = folder / "weasyprint.pdf"
    command = [python, "-c", WEASYPRINT, str(html), str(out), str(repeats)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    size = out.stat().st_size
    return [(f"WeasyPrint {said[0]}, warm", float(said[2]), size)]


def median_of(action: Callable[[], tuple[int, float, float]], repeats: int) -> tuple[int, float, float]:
    found = [action() for _ in range(repeats)]
    return found[0][0], *(statistics.median(one[k] for one in found) for k in (1, 2))  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("params", nargs="?", default="params/sample.yaml")
    parser.add_argument("--school", default="2150000001")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--weasyprint", metavar="PYTHON", help="of an environment that has WeasyPrint")
    keeper(parser)
    options = parser.parse_args()
    begun, repeats = machine(), options.repeats
    order = order_for(options.params, options.school)
    executed = execute_report(order.notebook, order.parameters, root=order.root)
    html, first_html = once(lambda: render_html(executed))
    (pdf, _), first_pdf = once(lambda: render_pdf(executed))
    warm_html = seconds(lambda: render_html(executed), repeats)
    warm_pdf = seconds(lambda: render_pdf(executed), repeats)
    os.chdir(order.root)
    _, first_drawing, _ = figures(executed, order)
    count, drawing, page = median_of(lambda: figures(executed, order), repeats)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "report.html"
        path.write_text(html, encoding="utf-8")
        others = by_browser(path, Path(name), repeats)
        others += by_weasyprint(options.weasyprint, path, Path(name), repeats)

    size = len(html.encode())
    ours = [
        ("HTML", f"{size / 1000:.0f} kB", "400 kB"),
        ("PDF", f"{len(pdf) / 1000:.0f} kB", "600 kB"),
        (f"all {count} figures, warm", f"{1000 * drawing:.0f} ms", "300 ms"),
        ("all figures, the first time in a process", f"{1000 * first_drawing:.0f} ms", "–"),
        ("every cell of the page, warm", f"{1000 * page:.0f} ms", "–"),
        ("HTML, warm", f"{1000 * warm_html:.0f} ms", "–"),
        ("HTML, the first", f"{1000 * first_html:.0f} ms", "–"),
        ("PDF, warm", f"{1000 * warm_pdf:.0f} ms", "200 ms"),
        ("PDF, the first", f"{1000 * first_pdf:.0f} ms", "–"),
    ]
    beside = [("evalib-pdf (Typst, PDF/UA-1), warm", f"{warm_pdf:.3f} s", f"{len(pdf) / 1000:.0f} kB", "1")]
    for words, took, bytes_ in others:
        beside.append((words, f"{took:.3f} s", f"{bytes_ / 1000:.0f} kB", f"{took / warm_pdf:.1f}"))
    parts = [
        f"One report: school {options.school}, {order.key.stage}, {order.key.year}. Medians of {repeats}.",
        table(("what", "measured", "not more than"), ours),
        table(("PDF of the same report", "time", "size", "÷ ours"), beside),
    ]
    tell("page", "Sizes and speed of a report's page", parts, begun=begun, keep=options.keep)


if __name__ == "__main__":
    sys.exit(main())
