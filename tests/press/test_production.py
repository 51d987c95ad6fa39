from __future__ import annotations

import errno
import importlib
import os
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from evalib.press.ledger import Fate
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


@pytest.mark.proof
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


@pytest.fixture
def drawn(monkeypatch, tmp_path: Path) -> list[str]:
    """What was executed and drawn; the notebook says what stands in `said.txt`."""
    execute, render = (
        importlib.import_module("evalib.press.execute"),
        importlib.import_module("evalib.press.render"),
    )
    done: list[str] = []

    def execute_report(notebook: Path, parameters, *, root: Path, outputs: Path | None = None):
        done.append("execute")
        cell = nbformat.v4.new_code_cell("results", id="results")
        said = (tmp_path / "said.txt").read_text()
        cell.outputs = [nbformat.v4.new_output("display_data", {execute.RESULTS: {"said": said, "read": []}})]
        return nbformat.v4.new_notebook(cells=[cell])

    def render_html(executed) -> str:
        done.append("html")
        return f"page of {executed.cells[0].outputs[0].data[execute.RESULTS]['said']}"

    def render_pdf(executed):
        done.append("pdf")
        return b"%PDF of " + nbformat.writes(executed).encode(), ()

    monkeypatch.setattr(execute, "execute_report", execute_report)
    monkeypatch.setattr(render, "render_html", render_html)
    monkeypatch.setattr(render, "render_pdf", render_pdf)
    (tmp_path / "said.txt").write_text("one")
    return done


def test_results_that_came_out_the_same_are_not_drawn_again(drawn: list[str], tmp_path: Path) -> None:
    one = order(tmp_path, "a")
    first = make_report(one)
    assert first.made, first.cause
    times = {path.name: path.stat().st_mtime_ns for path in one.folder.iterdir()}
    drawn.clear()
    second = make_report(replace(one, standing=first.files))
    assert drawn == ["execute"]
    assert second.files == first.files
    assert {path.name: path.stat().st_mtime_ns for path in one.folder.iterdir()} == times
    (tmp_path / "said.txt").write_text("two")
    third = make_report(replace(one, standing=first.files))
    assert "pdf" in drawn
    assert third.files.keys() == first.files.keys()
    assert not set(third.files.values()) & set(first.files.values())
    assert (one.folder / "report.html").read_text() == "page of two"


def test_a_page_is_drawn_from_the_kept_notebook_without_executing(drawn: list[str], tmp_path: Path) -> None:
    one = order(tmp_path, "a")
    first = make_report(replace(one, formats=("html",)))
    assert set(first.files) == {"report.html", "report.ipynb", "results.json"}
    drawn.clear()
    second = make_report(replace(one, execute=False, standing=first.files))
    assert "execute" not in drawn
    assert set(second.seconds) == {"pdf"}
    assert second.files == {**first.files, "report.pdf": second.files["report.pdf"]}


def test_another_result_removes_the_page_that_was_not_asked_for(drawn: list[str], tmp_path: Path) -> None:
    one = order(tmp_path, "a")
    first = make_report(one)
    (tmp_path / "said.txt").write_text("two")
    second = make_report(replace(one, formats=("html",), standing=first.files))
    assert set(second.files) == {path.name for path in one.folder.iterdir()}
    assert "report.pdf" not in second.files


@pytest.mark.parametrize(
    ("number", "fault", "said"),
    [(errno.ENOSPC, "disk_full", "make room"), (errno.EACCES, "report_not_written", "permissions")],
)
def test_what_the_disk_refuses_is_told_once_and_the_last_good_report_stays(
    drawn: list[str], tmp_path: Path, monkeypatch, number: int, fault: str, said: str
) -> None:
    first = make_report(order(tmp_path, "a"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def refused(path: Path, text: str, **named) -> None:
        raise OSError(number, os.strerror(number), str(path))

    (tmp_path / "said.txt").write_text("two")
    before[tmp_path / "said.txt"] = b"two"
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", refused)
        fates = [make_report(order(tmp_path, code)) for code in "ab"]
    assert {fate.fault for fate in fates} == {fault}
    assert len({fate.cause["en"] for fate in fates}) == 1
    assert said in fates[0].cause["en"]
    assert first.made
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_that_a_notebook_misses_is_not_told_as_a_fault_of_the_output(
    drawn: list[str], tmp_path: Path
) -> None:
    (tmp_path / "said.txt").unlink()
    fate = make_report(order(tmp_path, "a"))
    assert fate.fault == "unexpected"
    assert "said.txt" in fate.cause["en"]
