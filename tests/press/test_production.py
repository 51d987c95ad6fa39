from __future__ import annotations

import json
import os
from pathlib import Path

from evalib.press.ledger import Fate, Ledger, name_of
from evalib.press.production import Order, make_report, make_reports
from evalib.vocabulary import ReportKey

ROOT = Path(__file__).parents[2]


def order(tmp_path: Path, code: str, notebook: Path = ROOT / "notebooks" / "none.ipynb") -> Order:
    key = ReportKey("school", "2024-2025", code, "primary")
    folder = tmp_path / "2024-2025" / key.folder
    return Order(key, notebook, tmp_path / "params" / "sample.yaml", tmp_path, folder, "report")


def fake_make(one: Order) -> Fate:
    if one.key.code == "deadly":
        os._exit(3)
    return Fate(one.key, made=one.key.code != "bad")


def test_one_failing_report_does_not_stop_the_others(tmp_path: Path) -> None:
    orders = [order(tmp_path, code) for code in ("a", "bad", "b")]
    fates = {fate.key.code: fate.made for fate in make_reports(orders, workers=2, make=fake_make)}
    assert fates == {"a": True, "bad": False, "b": True}


def test_a_report_that_kills_its_process_is_the_only_one_to_fail(tmp_path: Path) -> None:
    orders = [order(tmp_path, code) for code in ("a", "deadly", "b")]
    fates = {fate.key.code: fate for fate in make_reports(orders, workers=2, make=fake_make)}
    assert {code: fate.made for code, fate in fates.items()} == {"a": True, "deadly": False, "b": True}
    assert "进程意外结束" in fates["deadly"].cause["zh"]


def test_a_failed_report_leaves_the_last_good_one_and_nothing_else(tmp_path: Path) -> None:
    one = order(tmp_path, "a")
    one.folder.mkdir(parents=True)
    (one.folder / "report.html").write_text("last year's good page")
    fate = make_report(one)
    assert not fate.made
    assert "none.ipynb" in fate.cause["en"]
    assert [path.name for path in one.folder.parent.iterdir()] == [one.folder.name]
    assert (one.folder / "report.html").read_text() == "last year's good page"


def test_the_record_keeps_other_reports_and_tells_causes(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    first, second = (ReportKey("school", "2024-2025", code, "primary") for code in "ab")
    Ledger(path).record(Fate(first, True, seconds={"execute": 1.0}, files={"report.html": "00"}))
    Ledger(path).record(Fate(second, False, cause={"zh": "因", "en": "cause"}))
    ledger = Ledger(path)
    assert (ledger.fate(first), ledger.fate(second)) == ("made", "failed")
    assert ledger.cause(second, "en") == "cause"
    assert json.loads(path.read_text("utf-8"))["reports"][name_of(first)]["seconds"] == {"execute": 1.0}


def test_a_record_that_cannot_be_read_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("{")
    ledger = Ledger(path)
    ledger.record(Fate(ReportKey("school", "2024-2025", "a", "primary"), True))
    assert len(json.loads(path.read_text("utf-8"))["reports"]) == 1
