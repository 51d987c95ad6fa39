from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalib.annual import sweep
from evalib.measuring import measure
from evalib.sampling import InventedDistrict, invent_district, write_workbooks
from evalib.settings import Settings, load_settings
from evalib.store import Store
from small_notebooks import only_schools

ROOT = Path(__file__).parents[1]


def project(root: Path) -> Settings:
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    only_schools(root / "params" / "sample.yaml")
    return load_settings(root / "params" / "sample.yaml")


def fill(store: Store, district: InventedDistrict) -> None:
    store.write(
        {
            (name, str(year)): rows.drop(columns="year").reset_index(drop=True)
            for name, table in district.tables.items()
            for year, rows in table.groupby("year")
        }
    )


@pytest.mark.study
def test_what_is_said_of_a_year_does_not_depend_on_the_year_asked_for(tmp_path: Path) -> None:
    settings = project(tmp_path)
    store = Store(settings.store)
    fill(store, invent_district(sections=22, years=5, seed=3))
    earlier, latest = store.years()[-2:]
    measure(settings, [earlier])
    before = store.fingerprint([("published", earlier)])
    measure(settings, [latest])
    assert store.fingerprint([("published", earlier)]) == before
    assert len(store.years("published")) == 4  # three shown with each year, two years asked for


def processes_of(mark: str) -> list[int]:
    """Process ids whose environment carries the mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to see processes")
@pytest.mark.study
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_leaves_no_process_and_the_next_run_makes_all(
    tmp_path: Path, how: signal.Signals
) -> None:
    settings = project(tmp_path)
    write_workbooks(invent_district(sections=10, years=2, seed=5), settings.files, settings.path.parent)
    command = [sys.executable, "-m", "evalib", "run", "params/sample.yaml", "--only", "html"]
    mark = f"EVALIB_PROOF={tmp_path}"
    environment = {**os.environ, "EVALIB_PROOF": str(tmp_path)}
    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    record = settings.output / "run.json"
    deadline = time.monotonic() + 60
    while not record.with_suffix(".jsonl").is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.7)
    run.send_signal(how)
    run.wait(30)
    gone = time.monotonic() + 20
    while processes_of(mark) and time.monotonic() < gone:
        time.sleep(0.2)
    assert processes_of(mark) == []
    assert run.returncode == (130 if how != signal.SIGKILL else -signal.SIGKILL)
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    entries = json.loads(record.read_text("utf-8"))["reports"]
    assert {entry["fate"] for entry in entries.values()} == {"made"}
    year = settings.output / "2024-2025"
    assert len(list(year.glob("*/report.html"))) == len(entries) == 10
    assert not list(year.glob(".*"))


def test_only_what_runs_leave_half_made_is_swept_away(tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "output", tmp_path / "elsewhere"
    year = output / "2024-2025"
    theirs = [year / ".git" / "x", year / ".notes", elsewhere / ".a-primary-abcd1234"]
    ours = [
        *(year / name for name in (".2150000001-primary-ab_d1234/report.html", ".index.html.17")),
        *(output / name for name in (".run.json.17", "..memory.json.17", ".verify-k3j2h1g0/x")),
    ]
    for path in (*theirs, *ours):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (output / "2023-2024").symlink_to(elsewhere)
    sweep(output, ["2023-2024", "2024-2025"])
    assert [path for path in theirs if not path.exists()] == []
    assert [path for path in ours if path.exists()] == []
