from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalib.press.contents import Contents, sha256_of
from evalib.press.memory import NAME, Memory
from evalib.press.standstill import JOURNAL, RECORD, remember, seen, standstill

REQUEST = {"year": None, "formats": ("html", "pdf")}
FILES = ("report.html", "report.pdf", "report.ipynb", "results.json")


def project(root: Path, reports: int) -> Path:
    """A project folder with reports that a run has just met; the params file's path."""
    output = root / "output" / "d"
    for path in (root / "params" / "d.yaml", root / "notebooks" / "n.ipynb", root / "files" / "学校.xlsx"):
        path.parent.mkdir(parents=True)
        path.write_text(path.name)
    made = []
    for number in range(reports):
        folder = output / "2024-2025" / f"{number:05d}-primary"
        folder.mkdir(parents=True)
        made += [folder / name for name in FILES]
    for path in (*made, output / RECORD, output / "2024-2025" / "index.html"):
        path.write_text(path.name)
    age(root)
    memory = Memory(output)
    for path in made:
        memory.contents.wrote(path, sha256_of(path))
    page = output / "2024-2025" / "index.html"
    remember(
        memory,
        REQUEST,
        looked_at=seen(memory.contents, [root / "notebooks" / "n.ipynb"], [root / "params", root / "files"]),
        made=[*made, page],
        reports=reports,
        pages=[page],
    )
    memory.save()
    return root / "params" / "d.yaml"


def age(root: Path) -> None:
    """Let every file be as old as files are."""
    then = time.time() - 60
    for path in root.rglob("*"):
        os.utime(path, (then, then))


def test_a_request_that_was_met_is_told_with_its_pages(tmp_path: Path) -> None:
    params = project(tmp_path / "a", 2)
    found = standstill(str(params), REQUEST)
    assert found is not None
    assert found.reports == 2
    assert [page.name for page in found.pages] == ["index.html"]
    assert standstill(str(params), {**REQUEST, "year": "2023-2024"}) is None
    assert standstill(str(params.with_name("none.yaml")), REQUEST) is None


CHANGES = {
    "a report's page is edited": lambda root, out: (out / "2024-2025/00000-primary/report.html").write_text(
        "x"
    ),
    "a report's file is removed": lambda root, out: (out / "2024-2025/00001-primary/results.json").unlink(),
    "the catalogue is removed": lambda root, out: (out / "2024-2025/index.html").unlink(),
    "the record is another": lambda root, out: (out / RECORD).write_text("{}"),
    "a killed run left its journal": lambda root, out: (out / JOURNAL).write_text(""),
    "a params file is edited": lambda root, out: (root / "params/d.yaml").write_text("d: 1"),
    "a params file is added": lambda root, out: (root / "params/frozen.yaml").write_text(""),
    "a workbook is edited": lambda root, out: (root / "files/学校.xlsx").write_text("other"),
    "a workbook is added": lambda root, out: (root / "files/成绩.xlsx").write_text(""),
    "a workbook is removed": lambda root, out: (root / "files/学校.xlsx").unlink(),
    "the notebook is edited": lambda root, out: (root / "notebooks/n.ipynb").write_text("{}"),
    "a module of the project's own is added": lambda root, out: (root / "own.py").write_text(""),
    "a lock file is added": lambda root, out: (root / "requirements.lock").write_text(""),
    "what was remembered is damaged": lambda root, out: (out / NAME).write_text('{"standing": {"a": 3}'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_looked_at_closely(tmp_path: Path, change: str) -> None:
    params = project(tmp_path, 2)
    CHANGES[change](tmp_path, tmp_path / "output" / "d")
    assert standstill(str(params), REQUEST) is None


def test_a_file_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    params = project(tmp_path, 1)
    (tmp_path / "files" / "学校.xlsx").touch()
    assert standstill(str(params), REQUEST) is not None


def test_an_updated_library_is_looked_at_closely(tmp_path: Path, monkeypatch) -> None:
    params = project(tmp_path, 1)
    monkeypatch.setattr("evalib.press.standstill.installed", lambda lock: "other")
    assert standstill(str(params), REQUEST) is None


def test_a_moved_project_still_stands(tmp_path: Path) -> None:
    project(tmp_path / "a", 1)
    (tmp_path / "a").rename(tmp_path / "b c")
    assert standstill(str(tmp_path / "b c" / "params" / "d.yaml"), REQUEST) is not None


def test_only_the_last_requests_are_kept(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "output" / "d")
    memory.contents = Contents(tmp_path)
    nothing = seen(memory.contents, [], [])
    for number in range(9):
        remember(memory, {"n": number}, looked_at=nothing, made=[], reports=0, pages=[])
    assert len(memory.standing) == 4


def test_for_a_thousand_reports_it_takes_well_under_a_second(tmp_path: Path) -> None:
    params = project(tmp_path, 1000)
    begun = time.process_time()
    found = standstill(str(params), REQUEST)
    assert time.process_time() - begun < 0.5
    assert found is not None
    assert found.reports == 1000


def test_nothing_slow_is_imported_to_say_that_nothing_changed(tmp_path: Path) -> None:
    project(tmp_path, 1)
    script = (
        "import sys; from evalib.cli import main; from evalib.press.standstill import standstill\n"
        "slow = {'pandas', 'numpy', 'pydantic', 'yaml', 'pyarrow', 'papermill', 'tqdm', 'nbformat'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
