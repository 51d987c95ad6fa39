"""Run the studies, the proofs that take minutes each, and keep what came of each of them.

`make study`, or `python benchmarks/studies.py tests/intake` for some of them, whose rows are put in place.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from measured import RESULTS, ROOT, machine, table

PAGE = RESULTS / "studies.md"
HEAD = ("study", "outcome", "minutes", "date", "what it printed")


def main() -> int:
    """Run the tests that are marked, and write a row a test; those that were not run keep theirs."""
    begun = machine()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "studies.xml"
        command = [sys.executable, "-m", "pytest", "-m", "study", "-n", "auto", "--dist", "worksteal"]
        status = subprocess.run(
            [*command, f"--junitxml={report}", "-o", "junit_logging=system-out", *sys.argv[1:]],
            cwd=ROOT,
            check=False,
        ).returncode
        found = rows_of(report)
    kept = {**known(), **found}
    note = f"`make study`: proofs that take minutes each. The last run: {begun}."
    parts = ["# Studies", note, table(HEAD, [list(kept[name]) for name in sorted(kept)])]
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return status


def rows_of(report: Path) -> dict[str, tuple[str, ...]]:
    """A row a test of a run."""
    rows = {}
    for case in ET.parse(report).iter("testcase"):
        failed = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        name = f"`{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}`".replace("|", "¦")
        said = "; ".join((case.findtext("system-out") or "").split("\n")).strip("; ").replace("|", "¦")
        outcome = "failed" if failed else "skipped" if skipped else "passed"
        minutes = f"{float(case.get('time', 0)) / 60:.1f}"
        rows[name] = (name, outcome, minutes, str(datetime.date.today()), said)
    return rows


def known() -> dict[str, tuple[str, ...]]:
    """The rows of earlier runs."""
    if not PAGE.exists():
        return {}
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]
    return {line[0]: line for line in cells if len(line) == len(HEAD)}


if __name__ == "__main__":
    sys.exit(main())
