"""Reports of several kinds in one run: each kind's template branches off one that has everything loaded."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report
from evalib.press.warm.caller import Branch, Template, TemplateGone, Trunk
from evalib.press.warm.limits import Limits
from evalib.press.warm.pool import make_warm
from evalib.vocabulary import DISTRICT, KINDS, ReportKey
from small_notebooks import write_notebook

pytestmark = pytest.mark.proof

LIMITS = Limits(seconds=20, bytes=200 << 20)


def orders(root: Path, kind: str, codes: Sequence[str], *sources: str) -> list[Order]:
    notebook = write_notebook(root / f"{kind}.ipynb", kind, *sources)
    keys = [ReportKey(kind, "2024-2025", code, "primary" if kind == "school" else "") for code in codes]
    return [
        Order(key, notebook, root / "any.yaml", root, root / "out" / key.folder, "report", ()) for key in keys
    ]


def never_cold(orders: Sequence[Order], threads: tuple[str, ...]) -> Iterator[Fate]:
    raise AssertionError(f"not forked: {threads}")
    yield


def made(wanted: Sequence[Order], **options) -> list[Fate]:
    given = {"make": make_report, "limits": LIMITS, "cold": never_cold, "workers": 2, **options}
    return list(make_warm(wanted, **given))


def said(order: Order) -> str:
    return (order.folder / "report.ipynb").read_text("utf-8")


def test_each_kind_starts_from_what_is_loaded_and_not_from_what_another_has_rehearsed(tmp_path: Path) -> None:
    setting = "import decimal, os\ndecimal.getcontext().prec = 5"
    shown = "import decimal\nprint('precision', decimal.getcontext().prec, len(os.environ.get('X', '')))"
    schools = orders(tmp_path, "school", ["1", "2", "3"], setting, "os.environ['X'] = 'set'")
    groups = orders(tmp_path, "group", ["a", "b"], "import os", shown)
    district = orders(tmp_path, "district", [DISTRICT], "import os", shown)
    fates = made([*schools, *groups, *district])
    assert [fate.cause for fate in fates if not fate.made] == []
    kinds = [fate.key.kind for fate in fates]
    assert kinds == sorted(kinds, key=KINDS.index)
    for order in (*groups, *district):
        assert "precision 28 0" in said(order)


def whose(one: Order) -> Fate:
    return Fate(one.key, True, seconds={"pid": os.getpid(), "template": os.getppid()})


def test_kinds_have_templates_of_their_own_that_share_what_is_loaded(tmp_path: Path) -> None:
    wanted = [order for kind in KINDS for order in orders(tmp_path, kind, ["1", "2"])]
    fates = made(wanted, make=whose)
    templates = {kind: {f.seconds["template"] for f in fates if f.key.kind == kind} for kind in KINDS}
    assert all(len(pids) == 1 for pids in templates.values())
    assert len(set.union(*templates.values())) == 3
    assert len({fate.seconds["pid"] for fate in fates}) == 6
    for pids in templates.values():
        assert gone(int(*pids))


def kills_its_template(one: Order) -> Fate:
    if one.key.code == "deadly":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return Fate(one.key, True)


def test_what_kills_one_kinds_template_costs_no_other_report(tmp_path: Path) -> None:
    wanted = [
        *orders(tmp_path, "school", ["1", "deadly", "2", "3"]),
        *orders(tmp_path, "group", ["a", "b"]),
        *orders(tmp_path, "district", [DISTRICT]),
    ]
    fates = made(wanted, make=kills_its_template)
    assert {fate.key.code for fate in fates if not fate.made} == {"deadly"}
    assert len(fates) == len(wanted)


def test_a_rehearsal_that_never_ends_is_given_up_and_its_kind_is_told_alone(tmp_path: Path) -> None:
    wanted = [
        *orders(tmp_path, "school", ["1", "2"], "print('quick')"),
        *orders(tmp_path, "group", ["a", "b"], "import time\ntime.sleep(600)"),
        *orders(tmp_path, "district", [DISTRICT]),
    ]
    fates = {fate.key: fate for fate in made(wanted, limits=replace(LIMITS, seconds=3))}
    faults = {key.kind: {one.fault for one in fates.values() if one.key.kind == key.kind} for key in fates}
    assert faults == {"school": {""}, "group": {"report_timed_out"}, "district": {""}}


def nothing() -> None:
    """Prepares nothing."""


def number() -> int:
    return os.getpid()


def harmful() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not Path(f"/proc/{pid}").exists()


def asked(template: Template) -> int:
    template.start(0, LIMITS, number)
    return int(template.ended().value)


def test_branches_end_alone_and_all_of_them_with_their_trunk(tmp_path: Path, monkeypatch) -> None:
    deep = tmp_path / ("long" * 20) / ("name" * 20)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Template(nothing) as trunk:
        one, other = Branch(trunk, nothing), Branch(trunk, nothing, limits=LIMITS)
        assert asked(one) != asked(other)
        one.close()
        assert gone(one._pid)
        assert asked(other)
        with pytest.raises(TemplateGone):
            Branch(trunk, harmful)
        third = Branch(trunk, nothing)
        assert asked(third)
    assert gone(other._pid)
    assert gone(third._pid)
    other.close(), third.close()
    assert list(deep.iterdir()) == []


def test_a_trunk_that_died_is_loaded_again() -> None:
    trunk = Trunk(nothing)
    with trunk.begin(nothing) as first:
        assert asked(first)
    os.kill(trunk._loaded._pid, signal.SIGKILL)
    assert gone(first._pid)
    trunk._loaded._process.wait(10)
    with trunk.begin(nothing) as second:
        assert asked(second)
    trunk.close()
    assert gone(second._pid)
