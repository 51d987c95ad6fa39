"""One report a process: how each can end, told apart, and the others go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report
from evalib.press.warm.caller import Template, TemplateGone
from evalib.press.warm.limits import Limits
from evalib.press.warm.pool import make_warm
from evalib.press.warm.processes import foreign_threads
from evalib.vocabulary import ReportKey

pytestmark = pytest.mark.proof

FIXTURES = Path(__file__).parent / "fixtures"
LIMITS = Limits(seconds=20, bytes=200 << 20)


def order(root: Path, name: str, code: str = "") -> Order:
    """A report that is a fixture notebook."""
    key = ReportKey("school", "2024-2025", code or name, "primary")
    notebook = FIXTURES / f"warm_{name}.ipynb"
    return Order(key, notebook, root / "any.yaml", root, root / "out" / key.folder, "report", ())


def never_cold(orders: Sequence[Order], threads: tuple[str, ...]) -> Iterator[Fate]:
    raise AssertionError(f"not forked: {threads}")
    yield


def fates(orders: Sequence[Order], **options) -> dict[str, Fate]:
    given = {"make": make_report, "limits": LIMITS, "cold": never_cold, "workers": 2, **options}
    return {fate.key.code: fate for fate in make_warm(orders, **given)}


ENDS = {
    "good": "",
    "figures": "",
    "starts_threads": "",
    "error_ends_it": "no cell tagged `parameters`",
    "kills_itself": "the signal SIGKILL",
    "faults_in_c": "the signal SIGSEGV",
    "leaves_quietly": "exit code 0",
    "never_ends": "stopped after 20 seconds",
    "eats_memory": "stopped beyond 200 MB",
    "asks_for_too_much": "cell 3 asked for more memory",
    "figure_as_text": "figure of cell 3",
    "exits": "DeadKernelError",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Fate], Path]:
    root = tmp_path_factory.mktemp("ends")
    return fates([order(root, name) for name in ENDS]), root


@pytest.mark.parametrize("name", ENDS)
def test_each_end_is_told_by_its_name(name: str, ended: tuple[dict[str, Fate], Path]) -> None:
    fate = ended[0][name]
    assert fate.made == (not ENDS[name]), fate.cause
    assert ENDS[name] in fate.cause.get("en", "")


def test_nothing_runs_on_after_the_reports(ended: tuple[dict[str, Fate], Path]) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        assert words[:2] != [b"sleep", b"3613"]


def test_a_failed_report_leaves_no_report(ended: tuple[dict[str, Fate], Path]) -> None:
    made, root = ended
    whole = {path.parent.name for path in root.rglob("report.ipynb")}
    assert whole == {fate.key.folder for fate in made.values() if fate.made}


def pid_of(one: Order) -> Fate:
    return Fate(one.key, True, seconds={"pid": os.getpid(), "parent": os.getppid()})


def kill_template_once(one: Order) -> Fate:
    """Ends the template under its children the first time, or each time for one order."""
    mark = one.root / "killed"
    if one.key.code == "deadly" or (one.key.code == "once" and not mark.exists()):
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return Fate(one.key, True)


def test_every_report_has_a_process_of_its_own(tmp_path: Path) -> None:
    made = fates([order(tmp_path, "none", str(k)) for k in range(5)], make=pid_of)
    assert len({fate.seconds["pid"] for fate in made.values()}) == 5
    assert len({fate.seconds["parent"] for fate in made.values()}) == 1


def test_a_template_that_dies_costs_no_report_but_the_one_that_kills_it(tmp_path: Path) -> None:
    codes = ("a", "once", "b", "deadly", "c")
    made = fates([order(tmp_path, "none", code) for code in codes], make=kill_template_once)
    assert {code: fate.made for code, fate in made.items()} == {code: code != "deadly" for code in codes}


def with_a_thread(*_: object) -> None:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def test_a_template_with_a_thread_is_not_forked() -> None:
    with pytest.raises(TemplateGone) as caught:
        Template(with_a_thread)
    assert len(caught.value.threads) == 1


def nothing() -> None:
    """Prepare nothing."""


def leave_a_child() -> int:
    return subprocess.Popen(["sleep", "3600"]).pid


def alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}") / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_what_a_report_started_ends_with_it() -> None:
    with Template(nothing) as template:
        template.start(7, LIMITS, leave_a_child)
        ended = template.ended()
    assert (ended.ticket, ended.end) == (7, "done")
    assert gone(ended.value)


CALLER = """
import os, sys, time
from evalib.press.warm.caller import Template
from evalib.press.warm.limits import Limits
if __name__ == "__main__":
    template = Template(time.sleep, 0)
    template.start(0, Limits(60, 1 << 30), time.sleep, 3600)
    time.sleep(0.5)
    print(template._process.pid, flush=True)
    time.sleep(3600)
"""


def test_when_the_caller_is_killed_template_and_reports_end(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    caller = subprocess.Popen(
        [sys.executable, str(tmp_path / "caller.py")], stdout=subprocess.PIPE, text=True, env=environment
    )
    with caller:
        template = int(caller.stdout.readline())
        children = Path(f"/proc/{template}/task/{template}/children").read_text().split()
        assert len(children) == 1
        caller.kill()
    assert gone(template)
    assert gone(int(children[0]))


def test_a_native_thread_is_seen() -> None:
    before = len(foreign_threads())
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert len(foreign_threads()) == before + 1
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("first", ["kills_itself", "starts_threads", "never_ends"])
def test_a_first_report_that_does_harm_is_the_only_one_to_fail(first: str, tmp_path: Path) -> None:
    names = (first, "good", "figures")
    limits = Limits(seconds=8, bytes=LIMITS.bytes)
    made = fates([order(tmp_path, name) for name in names], limits=limits)
    assert {name: made[name].made for name in names} == {name: not ENDS[name] for name in names}


def hang() -> None:
    """Never ready."""
    subprocess.run(["sleep", "3600"], check=False)


def test_a_template_that_is_never_ready_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(TemplateGone):
        Template(hang, limits=Limits(seconds=3, bytes=1 << 30))
    assert time.monotonic() - start < 20


HANGING = """
import subprocess, threading, time
from evalib.press.warm.caller import Template
if __name__ == "__main__":
    look = ["pgrep", "-f", "^sleep 3611"]
    def tell():
        while not (found := subprocess.run(look, capture_output=True, text=True).stdout):
            time.sleep(0.1)
        print(found, flush=True)
    threading.Thread(target=tell).start()
    Template(subprocess.run, ["sleep", "3611"])
"""


def test_when_the_caller_is_killed_in_the_midst_of_the_rehearsal_it_ends_too(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(HANGING)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    command = [sys.executable, str(tmp_path / "caller.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as caller:
        sleeper = int(caller.stdout.readline())
        assert alive(sleeper)
        caller.kill()
    assert gone(sleeper)


def test_reports_that_nobody_waits_for_any_more_are_ended(tmp_path: Path) -> None:
    orders = [order(tmp_path, "none", str(k)) for k in range(4)]
    making = make_warm(orders, make=slow_after_first, limits=LIMITS, cold=never_cold, workers=2)
    first = next(making)
    making.close()
    assert gone(int(first.seconds["parent"]))


def slow_after_first(one: Order) -> Fate:
    if one.key.code != "0":
        time.sleep(3600)
    return pid_of(one)


def leave_a_file() -> str:
    """A temporary file that nobody removes."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        return file.name


def test_temporary_files_go_with_their_process() -> None:
    with Template(leave_a_file) as template:
        shared = list(Path(tempfile.gettempdir()).glob("evalib-*"))
        template.start(0, LIMITS, leave_a_file)
        left = Path(template.ended().value)
        assert not left.exists()
        assert left.parent.parent in shared
    assert not left.parent.parent.exists()
