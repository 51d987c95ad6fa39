"""A real load, in its own process, killed: the store is as before or as after, and the next one completes."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from trial_district import IDS, YEAR, District, pupil_id

from evalib.intake.load import load
from evalib.store import Store
from sampled import sampled

# The command line, in a process that kills itself before its n-th step on disk and tells how many there were.
KILLED = """
import os, signal, sys
step, count = int(sys.argv[1]), 0
def counted(real):
    def call(*given, **named):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    return call
from evalib import annual
from evalib.cli import main
for name in ("fsync", "replace", "unlink", "link"):
    setattr(os, name, counted(getattr(os, name)))
try:
    main(["load", sys.argv[2]])
finally:
    print(count)
"""


def run(district: District, step: int = 0) -> tuple[int, int]:
    """How the command line ended that was to be killed before a step, and its steps if it was not."""
    command = [sys.executable, "-c", KILLED, str(step), str(district.settings.path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, int(ended.stdout.split()[-1]) if ended.returncode == 0 else 0


def state(store: Store) -> dict[Any, Any]:
    """What the store says, table by table; reading compares every hash."""
    if not store.exists:
        return {}
    return {place: store.read(*place).to_csv() for place in store.slices()}


def left_aside(output: Path) -> list[str]:
    return [path.name for path in output.glob("store/**/.*") if path.is_file()]


def changed(district: District) -> None:
    """A later delivery: marks corrected, and a pupil whose number changed."""
    district.sheet("成绩.xlsx", "三年级")[1][4] = 91
    district.sheet("学生.xlsx")[2][6] = "3班"
    district.books["学籍号变更.xlsx"] = {"变更": [["原学籍号", "现学籍号"], [pupil_id(90), IDS[0]]]}


@pytest.mark.proof
@pytest.mark.parametrize("first", sampled([True, False]))
def test_load_killed_before_any_step_is_whole(tmp_path: Path, first: bool) -> None:
    ready = District(tmp_path / "ready", identities="real")
    ready.write()
    if not first:
        load(ready.settings, ready.store)
        changed(ready)
        ready.write()
    before = state(ready.store)
    folder = ready.root

    def copied(name: str) -> District:
        shutil.copytree(folder, tmp_path / name)
        return District(tmp_path / name, books=ready.books, identities="real")

    ended, steps = run(copied("whole"))
    assert ended == 0
    after = state(District(tmp_path / "whole", identities="real").store)
    points = random.Random(20260901).sample(range(1, steps + 1), 3 if first else 6)
    assert steps > 12
    ends = set()
    for step in sorted(points):
        trial = copied(f"at-{step}")
        assert run(trial, step)[0] == -signal.SIGKILL
        now = state(trial.store)
        if first:
            # Each trial has made a key of its own: what the tables are called is all that can be compared.
            assert now.keys() in ({}.keys(), after.keys())
        else:
            assert now in (before, after)
        ends.add(bool(now.keys() == after.keys()) if first else now == after)
        load(trial.settings, trial.store)
        again = state(trial.store)
        assert again.keys() == after.keys()
        assert first or again == after
        assert len(trial.store.log().splitlines()) == (1 if first else 2)
        assert not left_aside(trial.settings.output)
        assert not list(trial.folder.glob("identity.key.*"))
        json.loads((trial.settings.store / "manifest.json").read_text("utf-8"))
    assert False in ends


@pytest.mark.proof
def test_load_killed_at_any_time_is_whole(district: District) -> None:
    district.write()
    load(district.settings, district.store)
    before = state(district.store)
    changed(district)
    district.write()
    started = time.monotonic()
    command = [sys.executable, "-m", "evalib", "load", str(district.settings.path)]
    other = District(district.root / "other", books=district.books)
    other.write()
    subprocess.run([*command[:-1], str(other.settings.path)], check=True, capture_output=True)
    usual = time.monotonic() - started
    after: dict[Any, Any] | None = None
    chance = random.Random(7)
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.4, 1.0) * usual)
        process.kill()
        process.wait()
        now = state(district.store)
        if now != before:
            after = after or now
        assert now in (before, after)
        assert set(district.store.read("scores", YEAR)["paper"]) == {
            "3-chinese",
            "3-mathematics",
            "7-chinese",
        }
    subprocess.run(command, check=True, capture_output=True)
    assert after in (None, state(district.store))
    assert not left_aside(district.settings.output)
