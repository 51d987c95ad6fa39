"""The table of production figures: each with its aim, beside what else can make a report.

Rates, whole runs, memory and a profile are measured here, in one run, on an invented district of a hundred
sections; what other benchmarks have measured is read from their pages in `results/`. It takes half an hour.
`--quick` is for trying it out: a district of ten sections, a few reports each, and figures that say little.
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
from collections.abc import Sequence
from pathlib import Path

from measured import ROOT, keeper, machine, once, table, tell
from production_memory import CHEAP, MEGA, Held, flat, held_by_reports
from production_profile import steps
from production_project import SMALL, WHOLE, Project, apart, new_project
from production_rates import PARALLEL, rates, ratios, spread
from production_rows import Row, elsewhere
from production_runs import Run, Still, run, still

KILO = 1e3
# Bytes that a run may keep of each report: its fate and its entry in the record, as Python holds them.
KEPT = 10 * KILO
HEAD = ("figure", "aim", "measured", "", "how")
NOT_COPIED = (".git", ".venv", "output", "raw", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")


def rate_rows(found: dict[str, list[float]], start: float, reports: int) -> list[Row]:
    """Against stock, and against the floor."""
    cores = os.cpu_count() or 1
    warm, alone, floor = f"warm, {cores} at a time", "warm, 1 at a time", "bare cells, 1 at a time"
    stock, two = "stock, 1 at a time", f"stock, {PARALLEL} at a time"
    rounds = len(found[warm])

    def against(other: str) -> tuple[str, float]:
        times = ratios(found, other, warm)
        middle = statistics.median(times)
        return f"{middle:.1f} × (rounds {min(times):.1f}–{max(times):.1f})", middle

    first, middle = against(stock)
    second, parallel = against(two)
    above = statistics.median(ratios(found, alone, floor))
    together = statistics.median(ratios(found, warm, f"bare cells, {cores} at a time"))
    how = f"{rounds} rounds of {reports} reports by each, HTML; the template's start, {start:.1f} s, apart"
    return [
        Row(
            "reports per second, HTML, against stock papermill + nbconvert in sequence, same notebook",
            "≥ 30 ×",
            first,
            middle >= 30,
            f"a report {spread(found[warm])} on {cores} cores, stock {spread(found[stock])}; {how}",
        ),
        Row(
            f"the same against stock papermill + nbconvert in {PARALLEL} parallel processes",
            "≥ 15 ×",
            second,
            parallel >= 15,
            f"stock {spread(found[two])} a report; the same rounds",
        ),
        Row(
            "whole pipeline against the floor: the same cells as a bare warm script, no notebook, no page",
            "≤ 1.3 ×",
            f"{above:.2f} ×; {cores} at a time {together:.2f} ×",
            above <= 1.3,
            f"one at a time {spread(found[alone])}, bare {spread(found[floor])}: the cells' source run in a "
            "process that has run it before, every output drawn as for the notebook; the same rounds",
        ),
    ]


def run_rows(first: Run, rest: Run, again: Run, same: Still) -> list[Row]:
    """What a thousand reports take, made and not made."""
    hundred = statistics.mean([first.rate(), again.rate()])
    ratio, edge = rest.rate() / hundred, max(2, len(rest.ends) // 10)
    drift = rest.rate(-edge) / rest.rate(0, edge)
    middle, few = statistics.median(same.seconds), len(first.ends)
    return [
        Row(
            f"nothing changed, {same.reports:,} reports",
            "≤ 1 s, 0 executions",
            f"{middle:.2f} s, {same.executions} executions",
            middle <= 1 and same.executions == 0,
            f"`evalib run` over real reports, median of {len(same.seconds)}, "
            f"the first {same.seconds[0]:.2f} s, the slowest {max(same.seconds):.2f} s",
        ),
        Row(
            f"reports per second at {len(rest.ends):,} against at {few:,}",
            "≥ 0.95",
            f"{ratio:.2f}",
            ratio >= 0.95,
            f"HTML: {rest.rate():.2f} a second against {first.rate():.2f} before and {again.rate():.2f} "
            "after, between the first report and the last; with the template's start "
            f"{rest.whole_rate:.2f} against {first.whole_rate:.2f} and {again.whole_rate:.2f}; "
            f"the last tenth of the long run against its first {drift:.2f}",
        ),
    ]


def memory_rows(
    project: Project, rest: Run, held: dict[str, Held], cheap: Sequence[tuple[int, int, int]]
) -> list[Row]:
    """What the processes hold, and whether it grows."""
    template = max(rest.template_peak, *(one.template for one in held.values()))
    own = max(one.child for one in held.values())
    children = ", ".join(f"{formats} {one.child / MEGA:.0f} MB" for formats, one in held.items())
    count = sum(one.reports for one in held.values())
    quarters = [len(rest.ends) * part // 4 - 1 for part in range(1, 5)]
    grown = "; ".join(
        f"{at + 1:,}: {rest.parent[at] / MEGA:.0f} + {rest.template[at] / MEGA:.0f}" for at in quarters
    )
    grown_cheap = "; ".join(f"{at:,}: {one / MEGA:.0f} + {other / MEGA:.0f}" for at, one, other in cheap)
    more = (sum(cheap[-1][1:]) - sum(cheap[0][1:])) / (cheap[-1][0] - cheap[0][0])
    return [
        Row(
            "peak memory: parent, a child's own pages",
            "≤ 500 MB, ≤ 150 MB",
            f"{rest.parent_peak / MEGA:.0f} MB, its template {template / MEGA:.0f} MB; "
            f"a child {own / MEGA:.0f} MB",
            max(rest.parent_peak, template) <= 500 * MEGA and own <= 150 * MEGA,
            f"the parent of {len(rest.ends):,} real reports, the store ready (reading and reviewing the "
            f"files takes {project.bytes / MEGA:.0f} MB); the pages that a child has written itself, looked "
            f"at all the while over {count} reports: {children}",
        ),
        Row(
            f"{cheap[-1][0]:,} reports with flat memory",
            f"≤ {KEPT / KILO:.0f} kB a report, what its entry in the record takes",
            f"{more / KILO:.1f} kB a report",
            more <= KEPT,
            "resident MB, parent + template, by number of reports: cheap ones (forked and recorded, not "
            f"made) {grown_cheap}; real ones {grown}",
        ),
    ]


def fresh_row(asked: bool) -> Row:
    """A first run in a copy of this tree, with no environment yet."""
    row = Row(
        "first run on a fresh machine, `make report` included install",
        "≤ 90 s",
        how="`--fresh` was not given",
    )
    if not asked:
        return row
    say("a first run")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS")
    }
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "evalib"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))

        def made(target: str) -> None:
            command = ["make", target, f"PYTHON={python}"]
            subprocess.run(command, cwd=tree, env=environment, check=True, stdout=sys.stderr)

        took = [once(lambda target=target: made(target))[1] for target in ("setup", "report")]
        count = len(list(tree.glob("output/sample/*/*/report.html")))
    how = f"`make setup` {took[0]:.0f} s, `make report` {took[1]:.0f} s: {count} reports, HTML and PDF"
    return Row(row.figure, row.aim, f"{sum(took):.0f} s", sum(took) <= 90, how)


def spent(found: Sequence[tuple[str, float]]) -> str:
    """The table of a report's steps."""
    whole = found[-1][1]
    return table(
        ("step", "median", "share"),
        [(words, f"{1000 * took:.0f} ms", f"{took / whole:.0%}") for words, took in found],
    )


def say(part: str) -> None:
    """Tell on standard error what is measured now."""
    print(f"{time.strftime('%H:%M:%S')} {part} …", file=sys.stderr, flush=True)


def told(rows: list[Row]) -> list[Row]:
    """The same rows, told on standard error too, for whoever waits for the page."""
    for row in rows:
        print(f"    {row.figure}: {row.measured} ({row.how})", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="try it out on little")
    parser.add_argument("--reports", type=int, default=1000, help="reports in all, at least (1000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every way to make reports (5)")
    parser.add_argument(
        "--fresh", action="store_true", help="measure `make report` in a new copy too: minutes"
    )
    keeper(parser)
    asked = parser.parse_args()
    # For every way alike, as for the reports themselves.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    begun, (sections, years) = machine(), SMALL if asked.quick else WHOLE
    long, few = (8, 4) if asked.quick else (asked.reports, 100)
    each, rounds, looked, many = (2, 1, 2, 400) if asked.quick else (4, asked.rounds, 10, CHEAP)
    fresh = fresh_row(asked.fresh)
    with tempfile.TemporaryDirectory() as folder:
        say("a district, read and reviewed")
        project = new_project(Path(folder), small=asked.quick, reports=max(long, 2 * few))
        params = project.params
        say("rates")
        found, start = rates(params, rounds=rounds, reports=each)
        by_rate = told(rate_rows(found, start, each))
        say("runs")
        first = apart(run, params, few)
        rest = apart(run, params)
        same = still(params, 2 if asked.quick else 5)
        again = apart(run, params, None, few)
        by_run = told(run_rows(first, rest, again, same))
        say("memory")
        held = {
            " and ".join(formats).upper(): apart(held_by_reports, params, looked, formats)
            for formats in (("html",), ("html", "pdf"))
        }
        cheap = apart(flat, many)
        by_memory = told(memory_rows(project, rest, held, cheap))
        say("a report's time")
        parts = apart(steps, params, looked)
    rows = [
        *by_rate[:2],
        elsewhere("pdf"),
        by_rate[2],
        by_run[0],
        *(elsewhere(name) for name in ("multilevel", "review", "province")),
        by_run[1],
        *by_memory,
        elsewhere("figures"),
        fresh,
    ]
    tell(
        "production",
        "How a thousand reports get made: every aim, and what was measured",
        [
            f"An invented district of {sections} sections and {years} school years, {project.reports:,} "
            "reports in its sweep of years, languages and editions. Ratios are of figures taken in turns in "
            "this run. Where another page is named, its date and machine are the figure's.",
            table(HEAD, [row.cells() for row in rows]),
            "## Where a report's time goes",
            f"HTML and PDF, one at a time, {looked} reports: medians of timers in each report's own process, "
            "which need not add up; what the cells' time divides into is by cProfile in as many more.",
            spent(parts),
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
