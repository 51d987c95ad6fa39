"""A run one of whose processes is killed, run again, leaves what an undisturbed one leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalib.sampling import invent_district, write_workbooks
from sampled import sampled
from test_killed_runs import ROOT, tree

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="finds processes by /proc"),
]

SEED = 20261128


def started(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "evalib", "run", "params/sample.yaml", "--stage", "junior", "--only", "html"],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def descendants(pid: int) -> list[int]:
    """The processes that a process began, and theirs, as far as they are still there."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def gone(pids: list[int], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        left = [one for one in pids if Path(f"/proc/{one}").exists()]
        if not left:
            return True
        time.sleep(0.1)
    return False


def due_again(root: Path, one: int) -> None:
    notebook = root / "notebooks" / "school_report.ipynb"
    content = json.loads(notebook.read_text("utf-8"))
    content["metadata"]["round"] = one
    notebook.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("kills", sampled([2, 50]))
def test_a_killed_run_template_or_report_costs_nothing_that_a_further_run_does_not_make(
    tmp_path: Path, kills: int
) -> None:
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, disturbed / name)
    params = disturbed / "params" / "sample.yaml"
    params.write_text(f"{params.read_text('utf-8')}\nreports: [school]\n", encoding="utf-8")
    district = invent_district(sections=10, years=1, seed=5)
    write_workbooks(district, disturbed / "data" / "sample", disturbed / "params")
    begun = time.monotonic()
    assert started(disturbed).wait(300) == 0
    took = time.monotonic() - begun
    pages = sorted((disturbed / "output" / "sample" / "2024-2025").glob("[!.]*/report.html"))
    assert len(pages) >= 3
    contents = {page: page.read_bytes() for page in pages}
    shutil.copytree(disturbed, undisturbed)
    moments, hit = random.Random(SEED), 0
    for one in range(kills):
        due_again(disturbed, one)
        run = started(disturbed)
        time.sleep(moments.uniform(0.1, 0.9) * took)
        begun_by_it = descendants(run.pid)
        # The run itself every other time; else its template or one report's process, whichever is there.
        victim = moments.choice(begun_by_it) if one % 2 and begun_by_it else run.pid
        if run.poll() is None:
            hit += 1
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                hit -= 1
        ended = run.wait(300)
        if victim == run.pid:
            assert ended in (0, -signal.SIGKILL)
            assert gone(begun_by_it)
        else:
            assert ended in (0, 4)  # made by another process, or told as the one that failed
        # The notebook says the same, so the page a reader sees is the same page, and whole.
        assert {page: page.read_bytes() for page in pages} == contents
    assert hit >= kills / 2
    due_again(undisturbed, kills - 1)
    assert started(undisturbed).wait(300) == 0
    assert started(disturbed).wait(300) == 0
    left, wanted = tree(disturbed), tree(undisturbed)
    assert left.keys() == wanted.keys()
    assert {name for name in wanted if left[name] != wanted[name]} == set()
    assert not list(tmp_path.rglob(".*-*"))
