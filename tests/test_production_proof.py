"""What runs make again and what they leave, told and done by the command as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

from evalib.press.memory import NAME
from evalib.sampling import invent_district, write_workbooks
from small_notebooks import only_schools

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
SCHOOL, YEAR = "2150000001", "2024-2025"
APART = {NAME, ".lock", "loads.jsonl"}


@dataclass
class Project:
    """A project folder of its own, and the command run in it."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, command: str, *arguments: str, lang: str = "en", before: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        whole = [
            sys.executable,
            *before,
            "-m",
            "evalib",
            "--messages",
            lang,
            command,
            "params/sample.yaml",
            *arguments,
        ]
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            whole, cwd=self.root, env=environment, capture_output=True, text=True, timeout=300
        )

    @property
    def output(self) -> Path:
        return self.root / "output" / "sample"

    @property
    def report(self) -> Path:
        return self.output / YEAR / f"{SCHOOL}-primary"

    def record(self) -> dict:
        return json.loads((self.output / "run.json").read_text("utf-8"))["reports"]

    def entry(self, edition: str = "restricted", lang: str = "zh") -> dict:
        return self.record()[f"{YEAR}/{SCHOOL}-primary/{edition}/{lang}"]

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file that is there to be read, with its time of change."""
        found = (path for path in self.output.rglob("*") if path.is_file() and path.name not in APART)
        return {
            path.relative_to(self.output).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
            for path in found
        }


def new_project(root: Path, environment: Mapping[str, str] | None = None) -> Project:
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    only_schools(root / "params" / "sample.yaml")
    write_workbooks(invent_district(sections=10, years=1, seed=5), root / "data" / "sample", root / "params")
    return Project(root, environment or {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("a district"))
    ended = project.run("run", "--school", SCHOOL)
    assert ended.returncode == 0, ended.stderr
    return project


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    """The project after its first run, to be changed."""
    shutil.copytree(made.root, tmp_path / "copy")
    return Project(tmp_path / "copy")


def change_notebook(project: Project, source: str) -> None:
    path = project.root / "notebooks" / "school_report.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(-1, nbformat.v4.new_code_cell(source, id="changed"))
    nbformat.write(notebook, path)


def test_nothing_changed_runs_nothing_and_says_so(project: Project) -> None:
    before = project.files()
    for _ in range(2):  # the copy's files are other files: the first looks closely, the second need not
        ended = project.run("run", "--school", SCHOOL)
        assert ended.returncode == 0, ended.stderr
        assert "Nothing changed: all 1 reports are up to date" in ended.stdout
        assert str(project.output / YEAR / "index.html") in ended.stdout
        assert "Measuring" not in ended.stderr
        assert "Checking and reading" not in ended.stderr
    assert ended.stderr == ""
    after = project.files()
    assert {name: one[1] for name, one in after.items()} == {name: one[1] for name, one in before.items()}
    assert {name for name in before if before[name][0] != after[name][0]} <= {f"{YEAR}/index.html"}
    assert "1 reports: 1 reused, 0 drawn again, 0 executed." in project.run("plan", "--school", SCHOOL).stdout
    assert "Nothing that it is made from has changed" in project.run("explain", "--school", SCHOOL).stdout
    told = project.run("plan")
    assert "10 reports: 1 reused, 0 drawn again, 9 executed, about " in told.stdout


def test_a_lost_page_is_drawn_from_the_kept_notebook(project: Project) -> None:
    (project.report / "report.pdf").rename(project.root / "old.pdf")
    told = project.run("explain", "--school", SCHOOL).stdout
    assert "drawn again, not executed" in told
    assert "report.pdf" in told
    ended = project.run("run", "--school", SCHOOL)
    assert "1 reports made, 0 reused, 0 failed" in ended.stdout
    assert set(project.entry()["seconds"]) == {"pdf"}
    assert (project.report / "report.pdf").read_bytes() == (project.root / "old.pdf").read_bytes()


def test_a_changed_notebook_executes_and_pages_that_say_the_same_stay(project: Project) -> None:
    path = project.root / "notebooks" / "school_report.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["remark"] = "says nothing"
    nbformat.write(notebook, path)
    told = project.run("explain", "--school", SCHOOL).stdout
    assert "  executed:\n  - the notebook changed\n" in told
    before = project.files()
    assert project.run("run", "--school", SCHOOL).returncode == 0
    assert "execute" in project.entry()["seconds"]
    same = project.files()
    pages = f"{YEAR}/{SCHOOL}-primary/report"
    if same[f"{pages}.ipynb"][1] == before[f"{pages}.ipynb"][1]:
        assert same[f"{pages}.html"] == before[f"{pages}.html"]
    assert project.run("run", "--school", SCHOOL).stdout.startswith("Nothing changed")


def test_changed_files_are_read_again_and_equal_figures_change_no_report(project: Project) -> None:
    folder = project.root / "data" / "sample"
    (folder / "问卷.xlsx").rename(folder / "问卷调查.xlsx")
    told = project.run("plan", "--school", SCHOOL).stdout
    assert "Files changed (问卷.xlsx, 问卷调查.xlsx)" in told
    before = project.files()
    ended = project.run("run", "--school", SCHOOL)
    assert "Checking and reading the files" in ended.stderr
    assert "Measuring" not in ended.stderr
    assert "Nothing changed: all 1 reports" in ended.stdout
    after = project.files()
    assert {name: one[1] for name, one in after.items()} == {name: one[1] for name, one in before.items()}


def test_language_and_edition_replace_the_params_entries(project: Project) -> None:
    ended = project.run("run", "--school", SCHOOL, "--lang", "en", "--edition", "public", "--only", "html")
    assert ended.returncode == 0, ended.stderr
    folder = project.output / "public" / YEAR / f"{SCHOOL}-primary"
    assert {path.name for path in folder.iterdir()} == {
        "report.en.html",
        "report.en.ipynb",
        "results.en.json",
    }
    assert 'lang="en"' in (folder / "report.en.html").read_text("utf-8")
    assert project.entry("public", "en")["fate"] == "made"
    assert project.run("run", "--school", SCHOOL, "--lang", "fr").returncode == 2


def test_events_come_one_object_a_line(project: Project) -> None:
    (project.report / "report.html").unlink()
    ended = project.run("run", "--school", SCHOOL, "--json")
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["event"] for one in events] == ["stage", "start", "report", "end"]
    assert events[2]["school"] == SCHOOL
    assert events[-1]["made"] == 1
    again = project.run("run", "--school", SCHOOL, "--json")
    assert [json.loads(line)["event"] for line in again.stdout.splitlines()] == ["end"]


def test_verification_finds_every_byte_the_same_and_names_what_is_not(project: Project) -> None:
    before = project.files()
    ended = project.run("verify", "--all")
    assert ended.returncode == 0, ended.stderr
    assert "1 reports are the same to the byte" in ended.stdout
    assert "9 more reports are not up to date" in ended.stdout
    change_notebook(project, "import time; print(time.time_ns())")
    assert "There is no report to compare" in project.run("verify", "--school", SCHOOL).stdout
    assert project.run("run", "--school", SCHOOL).returncode == 0
    ended = project.run("verify", "--school", SCHOOL)
    assert ended.returncode == 4
    notebook = nbformat.read(project.report / "report.ipynb", as_version=4)
    cell = next(position for position, one in enumerate(notebook.cells, 1) if one.get("id") == "changed")
    assert f"report.ipynb differs first in cell {cell}/outputs/0/text" in ended.stdout
    assert not list(project.output.glob(".verify-*"))
    assert before.keys() == project.files().keys()


def test_failures_of_one_cause_are_told_once_and_a_later_run_makes_what_is_missing(project: Project) -> None:
    good = (project.report / "report.html").read_bytes()
    change_notebook(project, "{}['pass_rate']")
    ended = project.run("run", "--only", "html", "--stage", "primary")
    assert ended.returncode == 4
    assert ended.stderr.count("KeyError: 'pass_rate'") == 1
    failed = [one for one in project.record().values() if one["fate"] == "failed"]
    assert len(failed) > 1
    assert f"({len(failed)} reports, all {YEAR} primary restricted zh)" in ended.stderr
    assert (project.report / "report.html").read_bytes() == good
    (command,) = (
        line.partition("evalib ")[2] for line in ended.stderr.splitlines() if "make one again" in line
    )
    again = project.run("run", *command.split()[2:], "--only", "html")
    assert again.returncode == 4
    assert "KeyError: 'pass_rate'" in again.stderr
    assert max(one["attempts"] for one in project.record().values()) == 2
    shutil.copy(ROOT / "notebooks" / "school_report.ipynb", project.root / "notebooks")
    assert project.run("run", "--school", SCHOOL, "--only", "html").returncode == 0
    assert (project.report / "report.html").read_bytes() == good


# No file may grow beyond 40 kB, as on a disk or in a quota that is nearly full. The process sets its own
# limit: Python code between fork and exec of a process with threads now and then hangs for ever.
SMALL_FILES_ONLY = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.mark.skipif(os.name == "nt", reason="needs limits on the size of files")
def test_a_full_disk_is_told_once_and_the_last_good_reports_stay(project: Project) -> None:
    change_notebook(project, "1 + 1")
    before = project.files()
    settled = project.run("plan", "--school", SCHOOL)
    assert "1 executed" in settled.stdout
    ended = project.run("run", "--school", SCHOOL, before=("-c", SMALL_FILES_ONLY))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("disk space") == 1
    # It was the report that found no room, not what was done before it.
    assert {one["fault"] for one in project.record().values()} == {"disk_full"}
    reports = {name: one[1] for name, one in before.items() if "/report" in name or "/results" in name}
    after = project.files()
    assert len(reports) == 4
    assert {name: after[name][1] for name in reports} == reports
    assert project.run("run", "--school", SCHOOL).returncode == 0
    assert not list((project.output / YEAR).glob(".*"))


def test_an_output_that_cannot_be_written_is_told_at_once(project: Project) -> None:
    shutil.rmtree(project.root / "output")
    (project.root / "output").write_text("a file where a folder should be")
    for command in ("run", "plan", "explain", "verify"):
        ended = project.run(command, "--school", SCHOOL)
        assert "Traceback" not in ended.stderr, ended.stderr
        if command in ("run", "verify"):
            assert ended.returncode == 1
            assert "Cannot read or write" in ended.stderr


def another_day() -> dict[str, str]:
    """Surroundings in which it is six weeks later, by Debian's faketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found and os.environ.get("CI") != "true":
        pytest.skip("libfaketime is missing: apt-get install faketime")
    assert found, "libfaketime is missing: apt-get install faketime"
    return {"LD_PRELOAD": str(found[0]), "FAKETIME": "+45d", "NO_FAKE_STAT": "1"}


def test_the_same_bytes_on_another_day_in_other_folders_zones_locales_hash_seeds_and_numbers_of_workers(
    tmp_path: Path,
) -> None:
    surroundings = {
        "here": ({"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}, "1"),
        "a folder with 空格": (
            {"TZ": "America/St_Johns", "LC_ALL": "de_DE", "PYTHONHASHSEED": "2", **another_day()},
            "2",
        ),
    }
    trees = []
    for name, (environment, workers) in surroundings.items():
        one = new_project(tmp_path / name, environment)
        for more in (["--school", SCHOOL], ["--school", "2150000002", "--lang", "en", "--edition", "public"]):
            ended = one.run("run", *more, "--workers", workers)
            assert ended.returncode == 0, ended.stderr
        tree: dict[str, object] = {path: content for path, (_, content) in one.files().items()}
        for entry in (record := one.record()).values():
            del entry["seconds"]
        trees.append({**tree, "run.json": record})
        for path, content in tree.items():
            assert str(tmp_path).encode() not in content, path
    first, second = trees
    assert first.keys() == second.keys()
    assert {path for path in first if first[path] != second[path]} == set()
    assert sum("/report" in path for path in first) == 6
