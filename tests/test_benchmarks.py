"""The table of production figures reads what other benchmarks measured, and never makes a figure up."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PAGE = """# Sizes

`python benchmarks/bench_page.py`, one run (2026-11-28). A machine.

| what | measured | not more than |
| --- | --- | --- |
| HTML | 241 kB | 400 kB |
| all 10 figures, warm | {drawing} ms | 300 ms |
| all figures, the first time in a process | 374 ms | – |

| PDF of the same report | time | size | ÷ ours |
| --- | --- | --- | --- |
| evalib-pdf | 0.5 s | 492 kB | 1 |
| Chromium 1, warm | 6 s | 1386 kB | {browser} |
| WeasyPrint 70.0, warm | 8 s | 868 kB | 16.5 |
"""
MEMORY = """# Memory

One run (2026-11-24).

| pupils | measures | sections | rows with a figure | review | peak memory |
| --- | --- | --- | --- | --- | --- |
| 300,000 | every measure | 750 | 28,500 of 38,250 | 45.0 s | 3.92 GB |
| 3,000,000 | every measure | 7,500 | 285,000 of 382,500 | {review} | {peak} |
"""


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("production_rows")


def test_a_figure_is_told_with_its_page_and_date(rows: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE.format(drawing=250, browser="12.0"), "utf-8")
    row = rows.elsewhere("figures", tmp_path)
    assert row.measured == "250 ms, 25 ms"
    assert row.met is True
    assert row.how == "`page.md`, 2026-11-28"
    pdf = rows.elsewhere("pdf", tmp_path)
    assert pdf.measured == "12.0 × Chromium 1, warm; 16.5 × WeasyPrint 70.0, warm"
    assert pdf.met is True


def test_an_aim_is_missed_by_the_worst_of_its_figures(rows: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE.format(drawing=251, browser="9.9"), "utf-8")
    assert rows.elsewhere("figures", tmp_path).met is False
    assert rows.elsewhere("pdf", tmp_path).met is False


@pytest.mark.parametrize(
    ("review", "peak", "met"),
    [("450.0 s", "8.00 GB", True), ("451.0 s", "7.00 GB", False), ("100.0 s", "8.01 GB", False)],
)
def test_a_province_is_held_against_memory_and_growth(
    rows: ModuleType, tmp_path: Path, review: str, peak: str, met: bool
) -> None:
    (tmp_path / "memory.md").write_text(MEMORY.format(review=review, peak=peak), "utf-8")
    assert rows.elsewhere("province", tmp_path).met is met


def test_a_stopped_review_meets_no_aim(rows: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "memory.md").write_text(MEMORY.format(review="stopped", peak="more than 16 GB"), "utf-8")
    row = rows.elsewhere("province", tmp_path)
    assert row.met is False
    assert row.measured == "every measure, 3,000,000 pupils: stopped, more than 16 GB"


@pytest.mark.parametrize("name", ["pdf", "multilevel", "review", "province", "figures"])
@pytest.mark.parametrize("page", [None, "# Nothing\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"])
def test_what_no_page_has_is_not_measured(
    rows: ModuleType, tmp_path: Path, name: str, page: str | None
) -> None:
    if page is not None:
        (tmp_path / f"{rows.ELSEWHERE[name][2]}.md").write_text(page, "utf-8")
    row = rows.elsewhere(name, tmp_path)
    assert row.met is None
    assert row.cells()[2:4] == ["", "not measured"]


@pytest.mark.parametrize("name", ["pdf", "multilevel", "review", "province", "figures"])
def test_the_kept_pages_have_every_figure(rows: ModuleType, name: str) -> None:
    row = rows.elsewhere(name)
    assert row.met is not None, row.how
    assert row.measured
