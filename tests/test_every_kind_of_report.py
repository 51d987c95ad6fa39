"""One run makes the reports of schools, groups and the district; each kind depends on its own notebook."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from evalib import again, annual, making
from evalib.cli import main
from evalib.errors import ReportError
from evalib.press.asked import Request
from evalib.press.ledger import Fate, sha256_of
from evalib.press.production import Order
from evalib.preview import preview
from evalib.sampling import invent_district, write_workbooks
from evalib.settings import Settings, load_settings
from killable import Silent
from small_notebooks import write_notebook

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
YEAR = "2024-2025"
HTML = Request(formats=("html",))
KEYS = {"school": "notebook", "group": "group_notebook", "district": "district_notebook"}


@dataclass
class Project:
    """A project folder whose reports are made from small notebooks."""

    root: Path

    @property
    def params(self) -> Path:
        return self.root / "params" / "sample.yaml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.params)

    @property
    def output(self) -> Path:
        return self.root / "output" / "sample"

    @property
    def year(self) -> Path:
        return self.output / YEAR

    def change(self, kind: str, *sources: str) -> None:
        write_notebook(self.root / "notebooks" / f"small_{kind}.ipynb", kind, *sources)

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.output.rglob("*") if path.is_file()}

    def told(self, command: str, *arguments: str) -> Result:
        """What a command says, in this process."""
        return CliRunner().invoke(main, [command, str(self.params), *arguments, "--only", "html"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[Order], list[Fate]]:
    """A district of ten sections with one group after its first run: what was asked for, what was made."""
    project = Project(tmp_path_factory.mktemp("a district"))
    shutil.copytree(ROOT / "params", project.root / "params")
    named = "".join(f"{key}: notebooks/small_{kind}.ipynb\n" for kind, key in KEYS.items())
    project.params.write_text(f"{project.params.read_text('utf-8')}\n{named}", encoding="utf-8")
    project.change("school", "print(school_code)")
    project.change("group", "print('of', group_code)")
    project.change("district", "print('of', year)")
    district = invent_district(sections=10, years=1, seed=5)
    write_workbooks(district, project.root / "data" / "sample", project.root / "params")
    asked: list[Order] = []

    def heard(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
        asked.extend(orders)
        yield from making.maker_of(project.settings)(orders, workers)

    return project, asked, list(annual.run(project.settings, HTML, Silent(), heard).fates)


@pytest.fixture
def project(made: tuple[Project, list[Order], list[Fate]], tmp_path: Path) -> Project:
    """The project after its first run, to be changed."""
    shutil.copytree(made[0].root, tmp_path / "copy")
    return Project(tmp_path / "copy")


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports that hold their notebook's source, made here at once."""

    def make(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
        yield from map(_plain, orders)

    for module in (annual, again):
        monkeypatch.setattr(module, "maker_of", lambda settings, cluster=None: make)


def _plain(order: Order) -> Fate:
    source = "\n".join(cell.source for cell in nbformat.read(order.notebook, as_version=4).cells)
    if "1 / 0" in source:
        return Fate.failed(order.key, ReportError("cell_failed", cell=3, cause="ZeroDivisionError"))
    order.folder.mkdir(parents=True, exist_ok=True)
    names = (order.notebook_name, order.results_name, "report.html")
    for name in names:
        stamp = str(time.time_ns()) if "time_ns" in source else ""
        (order.folder / name).write_text(json.dumps({"source": source, "stamp": stamp}))
    files = {name: sha256_of(order.folder / name) for name in names}
    return Fate(order.key, True, files=files, made_from={"read": {}})


def test_groups_are_made_after_schools_and_the_district_last(made) -> None:
    project, asked, fates = made
    assert [order.key.kind for order in asked] == ["school"] * 10 + ["group", "district"]
    assert [fate.cause for fate in fates if not fate.made] == []
    assert [fate.key.kind for fate in fates] == ["school"] * 10 + ["group", "district"]
    for folder, words in (("group-JT01", "of JT01"), ("district", f"of {YEAR}")):
        names = {path.name for path in (project.year / folder).iterdir()}
        assert names == {"report.html", "report.ipynb", "results.json"}
        assert words in (project.year / folder / "report.html").read_text("utf-8")


def test_the_catalogue_leads_to_each_of_them(made) -> None:
    page = (made[0].year / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"]+)"', page)
    assert links[:2] == ["district/report.html", "group-JT01/report.html"]
    assert len(links) == 12
    assert all((made[0].year / link).is_file() for link in links)
    assert "示例一小教育集团" in page.partition('id="filters"')[0]


def test_reports_of_every_kind_are_made_again_with_the_same_bytes(project: Project) -> None:
    ended = project.told("verify", "--sample", "3")
    assert ended.exit_code == 0, ended.output
    assert "3 份报告逐字节相同" in ended.stdout


@pytest.mark.usefixtures("plainly")
def test_a_report_that_differs_is_told_by_name(project: Project) -> None:
    project.change("group", "import time; print(time.time_ns())")
    assert project.told("run", "--kind", "group").exit_code == 0
    ended = project.told("verify", "--group", "JT01")
    assert ended.exit_code == 4
    assert f"{YEAR}/集团 JT01/restricted/zh：results.json" in ended.stdout


@pytest.mark.usefixtures("plainly")
def test_a_changed_notebook_makes_its_own_kind_due_alone(project: Project) -> None:
    def due() -> list[str]:
        decisions = preview(project.settings, HTML).decisions
        return [one.order.key.folder for one in decisions if one.action != "reuse"]

    assert due() == []
    project.change("district", "print('another')")
    assert due() == ["district"]
    told = project.told("explain", "--kind", "district").stdout
    assert f"{YEAR}/区级报告（restricted，zh）：" in told
    assert "笔记本有变化" in told
    ended = project.told("run")
    assert "生成 1 份报告，沿用 11 份" in ended.stdout
    assert "区级报告" in ended.stderr
    assert due() == []
    project.change("group", "print('another')")
    assert due() == ["group-JT01"]
    project.change("school", "print('another')")
    assert len(due()) == 11


@pytest.mark.usefixtures("plainly")
def test_a_further_run_knows_each_notebook_for_what_it_was_made_from(project: Project) -> None:
    project.change("district", "print('another')")
    assert "生成 1 份报告" in project.told("run").stdout
    assert "没有变化：12 份报告" in project.told("run").stdout
    project.change("district", "print('once more')")
    assert "生成 1 份报告" in project.told("run").stdout


@pytest.mark.usefixtures("plainly")
def test_a_failed_group_report_is_told_by_name_with_a_command_that_makes_it_again(project: Project) -> None:
    project.change("group", "1 / 0")
    ended = project.told("run")
    assert ended.exit_code == 4
    assert f"1 份报告：{YEAR}/集团 JT01" in ended.stderr
    page = (project.year / "index.html").read_text("utf-8")
    assert "ZeroDivisionError" in page.partition('id="filters"')[0]
    (command,) = re.findall(r"evalib run (.*)", ended.stderr)
    assert "--group JT01 --year" in command
    project.change("group", "print('mended')")
    mended = project.told("run", *shlex.split(command)[1:])
    assert "生成 1 份报告，沿用 0 份" in mended.stdout, mended.output
    assert "ZeroDivisionError" not in (project.year / "index.html").read_text("utf-8")


@pytest.mark.usefixtures("plainly")
def test_a_missing_notebook_ends_the_run_before_anything_is_made(project: Project) -> None:
    before = project.files()
    (project.root / "notebooks" / "small_group.ipynb").unlink()
    project.change("school", "print('another')")
    ended = project.told("run")
    assert ended.exit_code == 2
    assert "small_group.ipynb" in ended.stderr
    assert "group_notebook" in ended.stderr
    assert project.files() == before
    assert project.told("run", "--kind", "school").exit_code == 0


@pytest.mark.usefixtures("plainly")
def test_events_tell_the_kind(project: Project) -> None:
    for kind in ("district", "group"):
        project.change(kind, "print('another')")
    lines = project.told("run", "--json").stdout.splitlines()
    reports = [one for one in map(json.loads, lines) if one["event"] == "report"]
    assert [(one["kind"], one["school"], one["group"]) for one in reports] == [
        ("group", "", "JT01"),
        ("district", "", ""),
    ]
