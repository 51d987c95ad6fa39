"""A run killed at random moments, run again, leaves what an undisturbed one leaves, byte for byte."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalib.press.memory import NAME
from evalib.sampling import invent_district, write_workbooks
from killable import COUNTED, END
from small_notebooks import only_schools

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to begin runs quickly"),
]

ROOT = Path(__file__).parents[1]
ROUNDS, KILLS_A_ROUND, SEED = 10, 5, 20260901
# Not the same in two runs, or of this machine alone.
APART = {NAME, ".lock"}


class Runs:
    """Begins runs and waits for them; see `killable`."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("killable.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, root: Path, *, line: int = 0, seconds: float | None = None) -> int:
        """A run's exit code, negative where a signal ended it: at a line, or after some seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{root}\t{line}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        if seconds is not None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        self.process.stdin.write("wait\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def runs() -> Iterator[Runs]:
    started = Runs()
    yield started
    started.close()


def tree(root: Path) -> dict[str, object]:
    """Every file of the output; of the record what does not tell of time and tries."""
    output = root / "output" / "sample"
    found: dict[str, object] = {}
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        if path.is_file() and path.name not in APART:
            found[name] = path.read_bytes()
    reports = json.loads(found["run.json"])["reports"]
    for entry in reports.values():
        del entry["seconds"], entry["attempts"]
    found["run.json"] = reports
    return found


def whole(root: Path) -> set[str]:
    """The pages that a reader sees right now; each must be whole."""
    pages = set()
    for path in (root / "output" / "sample" / "2024-2025").glob("[!.]*/report*.[hp]*"):
        lines = path.read_text("utf-8").split("\n")
        assert lines[-1] == END, path
        assert len(set(lines)) == 2, path
        pages.add(f"{path.parent.name}/{path.name}")
    return pages


def test_runs_killed_at_random_moments_end_as_undisturbed_ones(tmp_path: Path, runs: Runs) -> None:
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, disturbed / name)
    params = disturbed / "params" / "sample.yaml"
    text = params.read_text("utf-8")
    params.write_text(text.replace("languages: [zh]", "languages: [zh, en]"), encoding="utf-8")
    only_schools(params)
    district = invent_district(sections=10, years=1, seed=5)
    write_workbooks(district, disturbed / "data" / "sample", disturbed / "params")
    assert runs.run(disturbed) == 0
    shutil.copytree(disturbed, undisturbed)
    pages = whole(disturbed)
    assert len(pages) == 40
    moments = random.Random(SEED)
    killed = 0
    for one in range(ROUNDS):
        for root in (disturbed, undisturbed):
            notebook = root / "notebooks" / "school_report.ipynb"
            content = json.loads(notebook.read_text("utf-8"))
            content["metadata"]["round"] = one
            notebook.write_text(json.dumps(content), encoding="utf-8")
        begun = time.monotonic()
        assert runs.run(undisturbed) == 0
        took, lines = time.monotonic() - begun, int((undisturbed / COUNTED).read_text())
        # What a killed run made is not made again: each of these ends early enough to be one of several.
        for kill in range(KILLS_A_ROUND):
            if kill == 0:
                ended = runs.run(disturbed, seconds=moments.uniform(0, took))
            else:
                ended = runs.run(disturbed, line=moments.randint(1, lines // 3))
            killed += ended == -signal.SIGKILL
            assert whole(disturbed) == pages
        assert runs.run(disturbed) == 0
        left, wanted = tree(disturbed), tree(undisturbed)
        assert left.keys() == wanted.keys()
        assert {name for name in wanted if left[name] != wanted[name]} == set()
    assert killed > ROUNDS * KILLS_A_ROUND / 2
