"""Runs that can be killed many times a second: one process imports everything and forks a run a line.

A line on standard input is a project's folder and, behind a tab, at which line of Python in the
modules that write it kills itself (0: never); a line with the run's process id comes back, and
after another line, whatever it says, the exit code once the run has ended. Until then the id is
nobody else's. Files as received, store, plan, ledger,
pages' places and catalogue are real; only the notebook's cells and the drawing are stood in for.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat

from evalib import annual
from evalib.press import execute, render
from evalib.press.asked import Request
from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report
from evalib.settings import Settings, load_settings

# Modules in whose lines a run may end: those that put files in place, and what they do it with.
WRITING = ("production.py", "ledger.py", "journal.py", "memory.py", "catalogue.py", "places.py", "pathlib.py")
# Beside the params: how many such lines a run has.
COUNTED = "lines.txt"
# A page that takes several writes to disk.
LINES = 4000
END = "the end"


class Silent:
    """Hears of everything and tells nothing."""

    def stage(self, key: str, **fields: Any) -> None: ...

    def warn(self, warnings: object) -> None: ...

    def start(self, count: int, reused: int) -> None: ...

    def step(self, fate: Fate) -> None: ...


def executed(
    notebook: Path, parameters: Mapping[str, Any], *, root: Path, outputs: Path | None = None
) -> nbformat.NotebookNode:
    """A notebook that says what it was made from."""
    time.sleep(0.003)
    source = hashlib.sha256(notebook.read_bytes()).hexdigest()
    said = f"{parameters['school_code']} {parameters['lang']} {source}"
    cell = nbformat.v4.new_code_cell("results", id="results")
    cell.outputs = [nbformat.v4.new_output("display_data", {execute.RESULTS: {"said": said, "read": []}})]
    return nbformat.v4.new_notebook(cells=[cell])


def page(notebook: nbformat.NotebookNode) -> str:
    """A long page; its last line tells that it is whole."""
    said = notebook.cells[0].outputs[0].data[execute.RESULTS]["said"]
    return "\n".join([*[said] * LINES, END])


def one_after_another(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
    """Make reports in this process, so that killing it kills all of the run."""
    for order in orders:
        yield make_report(order)


class Moments:
    """Counts lines of the modules that write, and ends the process at one of them."""

    def __init__(self, last: int) -> None:
        self.last, self.passed = last, 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Moments | None:
        """Trace a call of those modules, then its lines."""
        if event == "call":
            return self if frame.f_code.co_filename.endswith(WRITING) else None
        if event == "line":
            self.passed += 1
            if self.passed == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def run(settings: Settings, last: int) -> int:
    """One run in this process."""
    os.chdir(settings.root)
    moments = Moments(last)
    sys.settrace(moments)
    execute.execute_report = executed
    render.render_html = page
    render.render_pdf = lambda notebook: (page(notebook).encode(), ())
    failed = annual.run(settings, Request(), Silent(), one_after_another).failed
    sys.settrace(None)
    (settings.root / COUNTED).write_text(str(moments.passed))
    return len(failed)


def main() -> None:
    """Fork a run for every folder named on standard input."""
    known: dict[str, Settings] = {}
    for line in iter(sys.stdin.readline, ""):
        root, last = line.rstrip("\n").split("\t")
        if root not in known:
            known[root] = load_settings(Path(root) / "params" / "sample.yaml")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = run(known[root], int(last))
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        sys.stdin.readline()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
