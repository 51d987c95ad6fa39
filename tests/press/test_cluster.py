"""Reports made by a cluster's workers are those made here, whatever becomes of a worker meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from clusters import BUCKET, Cluster, parent_of, s3_server, until
from evalib import annual, making, places
from evalib.errors import EvalError, ParameterError
from evalib.press.asked import Request
from evalib.press.cluster import coordinator
from evalib.press.cluster.coordinator import LOCAL, maker_on
from evalib.press.cluster.desk import made_cold
from evalib.press.ledger import Fate
from evalib.press.memory import NAME
from evalib.press.production import Order
from evalib.press.warm.limits import Limits
from evalib.sampling import invent_district, write_workbooks
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.vocabulary import ReportKey
from small_notebooks import write_notebook

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="workers keep a process to fork"),
    # Dask's own clients and servers close their sockets when they are collected.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[2]
REQUEST = Request(stage="primary", formats=("html",))
LIMITS = Limits(60, 1 << 30)
SECONDS = 10.0
APART = {NAME, ".lock", "loads.jsonl"}


class Told:
    """Keeps what a run tells, and lets a test act on it."""

    def __init__(self, step=lambda fate: None) -> None:
        self.due, self.reused, self._step = 0, 0, step

    def stage(self, key: str, **fields: Any) -> None: ...

    def warn(self, warnings: object) -> None: ...

    def start(self, count: int, reused: int) -> None:
        self.due, self.reused = count, reused

    def step(self, fate: Fate) -> None:
        self._step(fate)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small district, its reports of one stage made here."""
    root = tmp_path_factory.mktemp("a project")
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "requirements.lock", root)
    write_workbooks(invent_district(sections=10, years=1, seed=5), root / "data" / "sample", root / "params")
    settings = load_settings(root / "params" / "sample.yaml")
    told = Told()
    assert not annual.run(settings, REQUEST, told).failed
    assert told.due >= 6
    return settings


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server():
        yield f"s3://{BUCKET}"


@pytest.fixture(scope="module")
def cluster(settings: Settings) -> Iterator[Cluster]:
    """A worker with two threads."""
    started = Cluster(2)
    yield started
    started.close()


def tree(output: Path) -> dict[str, object]:
    """Every file of an output; of the record what does not tell of time and tries."""
    if places.is_remote(output):
        names = list(places.stamps(output))
    else:
        names = [path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()]
    found: dict[str, object] = {
        name: places.read(output / name) for name in sorted(names) if Path(name).name not in APART
    }
    reports = json.loads(found["run.json"])["reports"]
    for entry in reports.values():
        del entry["seconds"], entry["attempts"]
    found["run.json"] = reports
    return found


def elsewhere(settings: Settings, outputs: str) -> Settings:
    """The same district, loaded and reviewed, without a report, its outputs in another place."""
    moved = load_settings(settings.path, outputs)
    for path in (settings.output / NAME, *settings.store.rglob("*")):
        if path.is_file():
            target = moved.output / path.relative_to(settings.output).as_posix()
            places.make_folder(target.parent)
            places.replace(target, path.read_bytes())
    return moved


def test_a_cluster_that_loses_a_worker_leaves_in_a_bucket_what_a_run_leaves_here(
    settings: Settings, s3: str
) -> None:
    cluster, killed = Cluster(1, 1), []

    def kill(fate: Fate) -> None:
        if not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    try:
        moved, told = elsewhere(settings, f"{s3}/killed"), Told(kill)
        outcome = annual.run(moved, REQUEST, told, making.maker_of(moved, cluster.address))
        assert killed
        assert not outcome.failed
        assert len(outcome.fates) == len({fate.key for fate in outcome.fates}) == told.due
        assert tree(moved.output) == tree(settings.output)
        again = Told()
        annual.run(moved, REQUEST, again, making.maker_of(moved, cluster.address))
        assert (again.due, again.reused) == (0, told.due)
        until(lambda: not cluster.templates())
    finally:
        cluster.close()


def test_a_folder_that_the_workers_share_is_written_as_by_a_run_here(
    settings: Settings, cluster: Cluster, tmp_path: Path
) -> None:
    moved = elsewhere(settings, str(tmp_path / "shared"))
    outcome = annual.run(moved, REQUEST, Told(), making.maker_of(moved, cluster.address))
    assert not outcome.failed
    assert tree(moved.output) == tree(settings.output)


def test_a_run_here_writes_the_same_to_a_bucket_and_draws_again_from_it(settings: Settings, s3: str) -> None:
    moved = elsewhere(settings, f"{s3}/here")
    school = next((settings.output / "2024-2025").glob("*-primary")).name.split("-")[0]
    narrow = Request(stage="primary", school=school, formats=("html",))
    assert len(annual.run(moved, narrow, Told()).fates) == 1
    folder = moved.output / "2024-2025" / f"{school}-primary"
    for name in ("report.html", "report.ipynb", "results.json"):
        assert places.read(folder / name) == places.read(settings.output / "2024-2025" / folder.name / name)
    places.replace(folder / "report.html", b"edited by hand")
    (fate,) = annual.run(moved, narrow, Told()).fates
    assert "execute" not in fate.seconds
    assert places.read(folder / "report.html") == places.read(
        settings.output / "2024-2025" / folder.name / "report.html"
    )


def test_two_runs_on_one_output_in_a_bucket_are_refused(settings: Settings, s3: str) -> None:
    moved = elsewhere(settings, f"{s3}/twice")
    with making.held(moved), pytest.raises(ParameterError, match="另一次运行") as refused:
        annual.run(moved, REQUEST, Told())
    assert refused.value.exit_code == 2
    assert ".lock" not in places.stamps(moved.output)


# Reports that say nothing, and do harm where their school's code says so.
HARM = {
    "itself": "import os; os.kill(os.getpid(), 9)",
    "template": "import os; os.kill(os.getppid(), 9)",
    "worker": (
        "import os, pathlib\n"
        "stat = pathlib.Path(f'/proc/{os.getppid()}/stat').read_text()\n"
        "os.kill(int(stat.rpartition(')')[2].split()[1]), 9)"
    ),
    "long": "import time; time.sleep(600)",
}


@dataclass(frozen=True)
class Harmful:
    """A notebook in the district's project, and orders for it."""

    settings: Settings
    folder: Path

    def orders(self, *codes: str) -> list[Order]:
        root = self.settings.root
        return [
            Order(
                key=ReportKey("school", "2024-2025", code, "primary", "restricted", "zh"),
                notebook=root / "notebooks" / "harmful.ipynb",
                params=self.settings.path,
                root=root,
                folder=self.folder / code,
                stem="report",
                formats=(),
            )
            for code in codes
        ]


@pytest.fixture
def harmful(settings: Settings, tmp_path: Path) -> Harmful:
    names = ("school_code", "stage", "year", "lang", "edition", "params")
    parameters = nbformat.v4.new_code_cell(
        "\n".join(f'{name}: str = ""' for name in names), metadata={"tags": ["parameters"]}, id="parameters"
    )
    harm = "\n".join(
        f"if school_code.startswith({code!r}):\n    exec({source!r})" for code, source in HARM.items()
    )
    emit = (
        "from IPython.display import display\n"
        "display({'application/vnd.evalib.results+json': {'code': school_code}}, raw=True)"
    )
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in (("harm", harm), ("emit", emit))]
    notebook = nbformat.v4.new_notebook(cells=[parameters, *cells])
    nbformat.write(notebook, settings.root / "notebooks" / "harmful.ipynb")
    return Harmful(settings, tmp_path / "reports")


def fates_of(fates: Iterator[Fate]) -> dict[str, str]:
    """The fault of each report by its code; a report twice is one too many."""
    found: dict[str, str] = {}
    for fate in fates:
        assert fate.key.code not in found
        found[fate.key.code] = "" if fate.made else fate.fault
    return found


def test_each_kind_is_made_from_its_own_notebook_by_the_same_workers(
    harmful: Harmful, cluster: Cluster, tmp_path: Path
) -> None:
    root = harmful.settings.root
    orders = harmful.orders("1", "2")
    for kind, code in (("group", "JT01"), ("group", "JT02"), ("district", "district")):
        path = root / "notebooks" / f"small_{kind}.ipynb"
        shown = "group_code" if kind == "group" else "year"
        notebook = write_notebook(path, kind, f"print('of', {shown})")
        key = ReportKey(kind, "2024-2025", code, "")
        orders.append(
            Order(key, notebook, harmful.settings.path, root, tmp_path / "made" / key.folder, "report", ())
        )
    make = maker_on(cluster.address, harmful.settings, LIMITS, SECONDS)
    assert set(fates_of(make(orders, None)).values()) == {""}
    for folder, words in (("group-JT02", "of JT02"), ("district", "of 2024-2025")):
        assert words in (tmp_path / "made" / folder / "report.ipynb").read_text("utf-8")
    until(lambda: not cluster.templates())


class Watching(coordinator._Hands):
    """Counts the reports in hand."""

    most = 0

    def _submit(self, order: Order) -> None:
        super()._submit(order)
        Watching.most = max(self.most, len(self.hands))


@pytest.mark.study
def test_what_kills_its_process_or_the_template_or_never_ends_fails_alone(
    harmful: Harmful, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinator, "_Hands", Watching)
    harmless = [str(number) for number in range(20)]
    orders = harmful.orders(*harmless[:1], "itself", *harmless[1:5], "template", "long", *harmless[5:])
    make = maker_on(cluster.address, harmful.settings, Limits(4, 1 << 30), SECONDS)
    found = fates_of(make(orders, None))
    failed = {code: fault for code, fault in found.items() if fault}
    assert failed == {"itself": "report_killed", "template": "worker_died", "long": "report_timed_out"}
    assert len(found) == len(orders)
    assert all(worker.poll() is None for worker in cluster.workers)
    assert Watching.most == coordinator.AHEAD * 2
    assert (harmful.folder / "7" / "results.json").read_text() == '{"code": "7"}\n'


@pytest.mark.study
def test_a_report_that_kills_every_worker_fails_alone(harmful: Harmful) -> None:
    orders = harmful.orders("1", "worker", "2", "3", "4")
    found = fates_of(maker_on(LOCAL, harmful.settings, LIMITS, SECONDS)(orders, 2))
    assert found == {"1": "", "2": "", "3": "", "4": "", "worker": "worker_died"}


def test_a_run_that_is_stopped_leaves_nothing_and_touches_nobody_elses_tasks(
    harmful: Harmful, cluster: Cluster
) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as other:
        theirs = other.submit(_slow_answer, 2.0, pure=False)
        make = maker_on(cluster.address, harmful.settings, LIMITS, SECONDS)
        with closing(make(harmful.orders("1", *(f"long{n}" for n in range(9))), None)) as fates:
            assert next(fates).key.code == "1"
            more = other.submit(_slow_answer, 1.0, pure=False)
            assert len(cluster.templates()) > 1
        assert theirs.result(timeout=20) == 42
        assert more.result(timeout=20) == 42
        until(lambda: not cluster.templates())
        benches = other.run(_plugins)
        assert not [name for names in benches.values() for name in names if name.startswith("evalib")]
        until(lambda: not any(other.processing().values()))


def _slow_answer(seconds: float) -> int:
    time.sleep(seconds)
    return 42


def _plugins(dask_worker: Any) -> list[str]:
    return list(dask_worker.plugins)


def refusal(make: making.Maker, orders: list[Order]) -> EvalError:
    with pytest.raises(EvalError) as refused:
        list(make(orders, None))
    return refused.value


def test_a_scheduler_that_does_not_answer_is_told_within_seconds(harmful: Harmful) -> None:
    began = time.monotonic()
    make = maker_on("tcp://127.0.0.1:9", harmful.settings, LIMITS, 2.0)
    error = refusal(make, harmful.orders("1"))
    assert (error.key, error.exit_code) == ("cluster_unreachable", 2)
    assert "tcp://127.0.0.1:9" in error.text("en")
    assert time.monotonic() - began < 10


def test_a_cluster_without_workers_is_told(harmful: Harmful) -> None:
    empty = Cluster()
    try:
        error = refusal(maker_on(empty.address, harmful.settings, LIMITS, 1.0), harmful.orders("1"))
    finally:
        empty.close()
    assert error.key == "cluster_no_worker"
    assert empty.address in error.text("en")


def test_a_worker_with_other_libraries_is_named_with_the_difference(
    harmful: Harmful, cluster: Cluster, monkeypatch
) -> None:
    here = coordinator.installation(harmful.settings.root / "requirements.lock")
    other = {**here, "pandas": "2.0.0"}
    monkeypatch.setattr(coordinator, "installation", lambda lock: other)
    error = refusal(maker_on(cluster.address, harmful.settings, LIMITS, SECONDS), harmful.orders("1"))
    assert error.key == "cluster_worker_differs"
    assert f"pandas: 2.0.0 ≠ {here['pandas']}" in error.text("en")
    assert "tcp://127.0.0.1:" in error.text("en")


def test_a_worker_that_came_later_is_held_against_the_caller_too(
    harmful: Harmful, cluster: Cluster, monkeypatch
) -> None:
    here = coordinator.installation(harmful.settings.root / "requirements.lock")
    monkeypatch.setattr(coordinator, "installation", lambda lock: {**here, "pandas": "2.0.0"})
    monkeypatch.setattr(coordinator, "_check", lambda *arguments: None)
    error = refusal(maker_on(cluster.address, harmful.settings, LIMITS, SECONDS), harmful.orders("1"))
    assert error.key == "cluster_worker_differs"


def test_a_worker_that_sees_another_folder_is_told(harmful: Harmful, cluster: Cluster, monkeypatch) -> None:
    monkeypatch.setattr(Store, "state", property(lambda store: "another"))
    error = refusal(maker_on(cluster.address, harmful.settings, LIMITS, SECONDS), harmful.orders("1"))
    assert error.key == "cluster_output_differs"
    assert str(harmful.settings.store) in error.text("en")


def test_templates_end_with_their_worker_and_a_scheduler_that_goes_away_is_told(harmful: Harmful) -> None:
    lost = Cluster(1)
    try:
        make = maker_on(lost.address, harmful.settings, LIMITS, 3.0)
        with closing(make(harmful.orders("1", "long"), None)) as fates:
            next(fates)
            (template,) = (one for one in lost.templates() if parent_of(one) == lost.workers[0].pid)
            os.kill(lost.workers[0].pid, signal.SIGKILL)
            until(lambda: not lost.templates(), 10)
            os.kill(lost.scheduler.pid, signal.SIGKILL)
            with pytest.raises(EvalError) as told:
                next(fates)
    finally:
        lost.close()
    assert template
    assert (told.value.key, told.value.exit_code) == ("cluster_lost", 4)


def said(order: Order) -> Fate:
    """Stands for making a report."""
    print("not the answer")
    if order.key.code == "template":
        os._exit(3)
    return Fate(order.key, True, files={"process": str(os.getpid())})


@pytest.mark.study
def test_a_worker_that_cannot_fork_makes_reports_in_processes_started_anew(harmful: Harmful) -> None:
    good, bad = harmful.orders("1", "template")
    fate = made_cold(good, said, LIMITS)
    assert fate.made
    assert fate.files["process"] != str(os.getpid())
    assert made_cold(bad, said, LIMITS).fault == "worker_died"
    assert made_cold(good, said, Limits(0.01, 1 << 30)).fault == "report_timed_out"
