"""What every timing needs: the machine in words, medians, and a page to keep the figures on."""

from __future__ import annotations

import argparse
import ast
import datetime
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results")
CPU = Path("/proc/cpuinfo")


def machine() -> str:
    """Processor, versions and threads, in one line."""
    model = platform.machine()
    if CPU.is_file():
        names = [line for line in CPU.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "one a core")
    return (
        f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"pandas {pd.__version__}, BLAS threads {threads}, load {os.getloadavg()[0]:.1f} at the start"
    )


def seconds(action: Callable[[], Any], repeats: int, *, warm: bool = True) -> float:
    """Median seconds by the clock, after one run that does not count."""
    if warm:
        action()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def once(action: Callable[[], Any]) -> tuple[Any, float]:
    """What an action gives, and its seconds by the clock."""
    begin = time.perf_counter()
    found = action()
    return found, time.perf_counter() - begin


def shown(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a kernel does: its last line's value, if it has one."""
    *before, last = ast.parse(source).body
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "cell", "exec"), names)
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keeper(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark keep what it prints."""
    parser.add_argument("--keep", action="store_true", help="write the page in benchmarks/results/ too")


def tell(name: str, title: str, parts: Sequence[str], *, begun: str, keep: bool) -> None:
    """Print a page of figures and, where asked, keep it as `results/<name>.md`.

    `begun` is `machine()` at the start of the run: by its end the load is the run's own.
    """
    words = [one for one in sys.argv[1:] if one != "--keep"]
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *words])
    note = f"`{command}`, one run ({datetime.date.today()}). {begun}."
    page = "\n\n".join([f"# {title}", note, *parts]) + "\n"
    print(page)
    if keep:
        (RESULTS / f"{name}.md").write_text(page, encoding="utf-8")
