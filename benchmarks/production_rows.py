"""A row of the table of production figures, and the rows that other benchmarks have measured already.

Those are read out of the pages in `results/`, with the page's name and date; where there is no
page, or the page has no such figure, the row says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from measured import RESULTS

NOT_MEASURED = "not measured"
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_DATE = re.compile(r"\((\d{4}-\d{2}-\d{2})\)")


@dataclass(frozen=True)
class Row:
    """One figure of the table.

    Attributes
    ----------
    figure, aim
        What is measured, and what it should be.
    measured
        What it is; empty where it was not measured.
    met
        Whether the aim is; None where it was not measured.
    how
        How it was measured, or where it stands.
    """

    figure: str
    aim: str
    measured: str = ""
    met: bool | None = None
    how: str = ""

    def cells(self) -> list[str]:
        """The row as a Markdown table has it."""
        verdict = NOT_MEASURED if self.met is None else "met" if self.met else "missed"
        return [self.figure, self.aim, self.measured, verdict, self.how]


class Page:
    """The figures of one page in `results/`.

    Parameters
    ----------
    path
        The page.

    Attributes
    ----------
    source
        Its name and its date, if it has one.
    """

    def __init__(self, path: Path) -> None:
        text = path.read_text("utf-8")
        dated = _DATE.search(text)
        self.source = f"`{path.name}`, {dated.group(1) if dated else 'undated'}"
        self.tables: list[list[dict[str, str]]] = []
        head: list[str] = []
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|"):
                head = []
            elif not head:
                head = cells
                self.tables.append([])
            elif set(line) - set("|- "):
                self.tables[-1].append(dict(zip(head, cells, strict=False)))

    def rows(self, column: str, beginning: str) -> list[dict[str, str]]:
        """The rows, of whichever table, whose cell in a column begins so."""
        return [row for table in self.tables for row in table if row.get(column, "\0").startswith(beginning)]

    def row(self, column: str, beginning: str) -> dict[str, str]:
        """The first of them.

        Raises
        ------
        LookupError
            There is none.
        """
        found = self.rows(column, beginning)
        if not found:
            raise LookupError(beginning)
        return found[0]


def number(row: Mapping[str, str], column: str) -> float:
    """The first number in a cell.

    Raises
    ------
    LookupError
        The row has no such cell, or the cell no number.
    """
    found = _NUMBER.search(row.get(column, ""))
    if found is None:
        raise LookupError(column)
    return float(found.group().replace(",", ""))


Reading = Callable[[Page], tuple[str, bool]]


def _pdf(page: Page) -> tuple[str, bool]:
    others = [*page.rows("PDF of the same report", "Chromium"), *page.rows("PDF of the same report", "Weasy")]
    if not others:
        raise LookupError("another PDF")
    times = [number(row, "÷ ours") for row in others]
    told = [f"{time:.1f} × {row['PDF of the same report']}" for time, row in zip(times, others, strict=True)]
    both = {row["PDF of the same report"].split()[0] for row in others} == {"Chromium", "WeasyPrint"}
    return "; ".join(told), both and min(times) >= 10


def _figures(page: Page) -> tuple[str, bool]:
    row = page.row("what", "all")
    whole = number(row, "measured")
    each = whole / number(row, "what")
    return f"{whole:.0f} ms, {each:.0f} ms", whole <= 300 and each <= 25


def _multilevel(page: Page) -> tuple[str, bool]:
    told, times = [], []
    for name in ("statsmodels", "lme4"):
        row = page.row("", name)
        if "not installed" in row["by the clock"]:
            told.append(f"{name}: not installed")
            continue
        times.append(number(row, "÷ ours"))
        told.append(f"{name}: {times[-1]:.0f} ×, β differs by {row['largest difference of β']} at most")
    if not times:
        raise LookupError("another fit")
    return "; ".join(told), min(times) >= 100 and len(times) == 2


def _review(page: Page) -> tuple[str, bool]:
    without = number(page.row("step", "review without"), "by the clock")
    every = number(page.row("step", "review, every"), "by the clock")
    return f"{without:.2f} s; with growth percentiles {every:.2f} s", without <= 2 and every <= 10


def _province(page: Page) -> tuple[str, bool]:
    told, met = [], True
    largest = max(number(row, "pupils") for table in page.tables for row in table)
    for what in dict.fromkeys(row["measures"] for table in page.tables for row in table):
        rows = sorted(page.rows("measures", what), key=lambda row: number(row, "pupils"))
        last = rows[-1]
        stopped = number(last, "pupils") < largest or "stopped" in last["review"]
        met &= not stopped and number(last, "peak memory") <= 8
        told.append(f"{what}, {last['pupils']} pupils: {last['review']}, {last['peak memory']}")
        if not stopped and len(rows) > 1:
            more = number(last, "pupils") / number(rows[0], "pupils")
            cost = number(last, "review") / number(rows[0], "review")
            told[-1] += f" ({cost:.1f} × the time of a {more:.0f}th of the pupils)"
            met &= cost <= more
    return "; ".join(told), met


# What the figure is, its aim, the page that has it, and how it is read there.
ELSEWHERE: dict[str, tuple[str, str, str, Reading]] = {
    "pdf": ("PDF against headless-browser print and against WeasyPrint", "≥ 10 ×", "page", _pdf),
    "multilevel": (
        "multilevel fit from arrays in memory, 1 M pupils × 4,000 sections, against lme4 and statsmodels",
        "≥ 100 × and the same estimates",
        "multilevel",
        _multilevel,
    ),
    "review": (
        "review of one district-year, 100 sections, 40,000 pupils, all measures",
        "≤ 2 s; with growth percentiles ≤ 10 s",
        "review",
        _review,
    ),
    "province": (
        "review at 4,000 sections, 3 M pupils",
        "completes in 8 GB; cost grows no faster than the data",
        "memory",
        _province,
    ),
    "figures": ("all figures of a report, a figure", "≤ 300 ms, ≤ 25 ms", "page", _figures),
}


def elsewhere(name: str, folder: Path = RESULTS) -> Row:
    """A row of `ELSEWHERE`, out of the page that has it."""
    figure, aim, of_page, reading = ELSEWHERE[name]
    path = folder / f"{of_page}.md"
    if not path.is_file():
        return Row(figure, aim, how=f"no `{path.name}`")
    page = Page(path)
    try:
        measured, met = reading(page)
    except (LookupError, ValueError):
        return Row(figure, aim, how=f"{page.source}, has no such figure")
    return Row(figure, aim, measured, met, page.source)
