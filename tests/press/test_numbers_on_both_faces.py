"""Every number on HTML and PDF is a rounding of one in `results.json`, and both faces hold the same ones."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from pypdf import PdfReader

from evalib.settings import Settings
from evalib.wording import Wording, wording_of
from made_reports import Made

pytestmark = pytest.mark.proof

CASES = ("full", "full, English", "without scores", "too small to show", "both stages", "STAR")
NUMBER = re.compile(r"[−+]?\d[\d,]*(?:\.\d+)?%?")
# A column's head and the figures under it; where a table is of differences, its interval is theirs.
COLUMNS = {
    "value": ("value",),
    "interval": ("low", "high"),
    "pupils": ("n",),
    "coverage": ("coverage",),
    "district": ("reference",),
    "difference": ("difference",),
    "similar": ("similar_reference",),
    "similar_difference": ("similar_difference",),
}
OF_DIFFERENCES = {**COLUMNS, "interval": ("similar_low", "similar_high")}
NO_QUANTITY = re.compile(r"\b[0-9a-f]{12}\b|evalib \d+(?:\.\d+)*")
Row = dict[str, Any]


def numbers(text: str) -> list[str]:
    """What a reader takes for a number; fingerprints and versions are none."""
    return NUMBER.findall(NO_QUANTITY.sub(" ", text))


def close(printed: str, exact: float) -> bool:
    """Whether the printed number is a rounding of the exact one, at the digits printed."""
    text = printed.rstrip("%").replace(",", "").replace("−", "-")
    digits = len(text.partition(".")[2])
    return abs(float(text) - exact) <= 0.5 * 10**-digits * (1 + 1e-6)


class Reading(HTMLParser):
    """A page's rows, other blocks of text and drawings' words, in order; not its contents, foot and twins."""

    BLOCKS = ("p", "li", "dt", "dd", "tr", "caption", "figcaption", "h1", "h2", "h3", "text")
    UNREAD = ("nav", "style", "title", "footer", "details")

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.blocks: list[tuple[str, list[str]]] = []
        self.unread: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.UNREAD:
            self.unread.append(tag)
        elif tag in self.BLOCKS:
            self.blocks.append((tag, [""]))
        elif tag in ("td", "th", "span", "br") and self.blocks:
            self.blocks[-1][1].append("")

    def handle_endtag(self, tag: str) -> None:
        if self.unread and tag == self.unread[-1]:
            self.unread.pop()

    def handle_data(self, data: str) -> None:
        if not self.unread and self.blocks:
            self.blocks[-1][1][-1] += data

    @property
    def numbers(self) -> Counter[str]:
        return Counter(one for _, cells in self.blocks for cell in cells for one in numbers(cell))

    def rows(self) -> Iterator[tuple[list[str], list[str]]]:
        """Every row of a table with its heads."""
        heads: list[str] = []
        for tag, cells in self.blocks:
            if tag == "caption":
                heads = []
            elif tag == "tr" and not heads:
                heads = cells[1:]
            elif tag == "tr":
                yield heads, cells[1:]

    def sentences(self) -> Iterator[str]:
        """Every other block but the words of drawings; what is said of a term goes with the term."""
        term = ""
        for tag, cells in self.blocks:
            if tag not in ("tr", "text"):
                yield " ".join([term, *cells] if tag == "dd" else cells)
            term = " ".join(cells) if tag == "dt" else term if tag == "dd" else ""


def exact_values(rows: Iterable[Row]) -> list[float]:
    """Every figure of some measurements in each unit it may be printed in, gaps in pupils too."""
    found: list[float] = []
    for row in rows:
        for value in row.values():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found += (value, 100 * value, 50 + 10 * value, 10 * value, -value, -100 * value, -10 * value)
        found.append(abs(row.get("difference") or 0) * (row.get("n") or 0))
        found += (float(one) for name in ("band", "coverage_band") for one in numbers(str(row.get(name, ""))))
    return found


def in_print(unit: str, key: str, value: float | None) -> float:
    """A figure in the unit it is printed in."""
    if value is None or key == "n":
        return math.nan if value is None else value
    if key == "coverage" or unit in ("rate", "rate_difference"):
        return 100 * value
    if unit == "t_score":
        return 10 * value + (0 if "difference" in key or key in OF_DIFFERENCES["interval"] else 50)
    return value


def known(settings: Settings) -> list[float]:
    """Constants: every number in the params' own words and settings, as a share in per cent too."""
    found = {95.0, 50.0, 10.0}
    folder = settings.path.parent
    for path in (*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")):
        plain = path.read_text("utf-8")
        found |= {abs(float(one.rstrip("%").replace(",", "").replace("−", "-"))) for one in numbers(plain)}
    return [*found, *(100 * one for one in found if one <= 1)]


class Told:
    """What the results say, ready to be asked whether a printed number is theirs."""

    def __init__(self, results: Row, settings: Settings, words: Wording) -> None:
        self.notes = [" ".join(text.split()) for text in results["notes"]]
        self.constants = known(settings)
        years = [float(year) for row in results["measurements"] for year in row["year"].split("-")]
        lists = [*results["flows"], results["profile"], {"count": results["sections_compared"]}]
        self.facts = [*exact_values(lists), *results["told"].values(), *dict.fromkeys(years)]
        self.named: dict[str, list[float]] = {}
        self.rows: dict[str, Row] = {}
        self.units = {key: one.unit for key, one in settings.measures.judged.items()}
        self.heads = {words.label(key): key for key in COLUMNS}
        for row in results["measurements"]:
            name = settings.measures.judged[row["indicator"]].name.in_(words.lang)
            if row["subject"]:
                subject = words.known(row["subject"], "subjects")
                name = words.label("subject_indicator", subject=subject, indicator=name)
            for one in (name, words.label("lower_is_better", name=name)):
                self.named.setdefault(one, []).extend(exact_values([row]))
                if row["year"] == results["year"]:
                    self.rows[one] = row

    def foreign_in_row(self, heads: list[str], cells: list[str]) -> list[str]:
        """Numbers of a table's row that are no rounding of the figure that their column names."""
        named = [self.heads.get(head.strip(), "") for head in heads]
        row = self.rows.get(cells[0].strip())
        if row is None or not {"value", "similar", "difference"} & set(named):
            return self._foreign(cells, [cell.strip() for cell in cells[:2]])
        columns = OF_DIFFERENCES if "similar_difference" in named else COLUMNS
        foreign = []
        for key, cell in zip(named[1:], cells[1:], strict=True):
            band = row.get({"value": "band", "coverage": "coverage_band"}.get(key, ""), "")
            if band:
                foreign += [] if cell.strip() == band else numbers(cell)
                continue
            if not key:
                foreign += self._foreign([cell], [cells[0].strip()])
                continue
            exact = [in_print(self.units[row["indicator"]], one, row[one]) for one in columns[key]]
            foreign += [one for one, x in zip(numbers(cell), exact, strict=False) if not close(one, x)]
            foreign += numbers(cell)[len(exact) :]
        return foreign

    def _foreign(self, cells: list[str], labels: list[str]) -> list[str]:
        """Numbers that none of the labelled indicators, the school's facts and the params have."""
        own = [value for label in labels for value in self.named.get(label, [])]
        exact = [*own, *self.facts, *self.constants]
        return [one for cell in cells for one in numbers(cell) if not any(close(one, x) for x in exact)]

    def foreign_in_sentence(self, text: str) -> list[str]:
        """Numbers of a sentence that neither its indicator, nor a note, nor the school's facts have."""
        plain = " ".join(text.split())
        if any(note in plain or plain in note for note in self.notes):
            return []
        return self._foreign([plain], [one for one in self.named if one in plain])


def read(reports: Made, case: str) -> tuple[Told, Reading]:
    html = reports.every("html")[case]
    settings = reports.star if case == "STAR" else reports.settings
    words = wording_of(settings, "en" if "English" in case else "zh")
    results = json.loads(
        html.with_name(html.name.replace("report", "results").replace("html", "json")).read_text()
    )
    return Told(results, settings, words), Reading(html.read_text("utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_every_number_on_the_page_is_a_rounding_of_one_in_the_results(reports: Made, case: str) -> None:
    told, page = read(reports, case)
    foreign = [(cells, found) for heads, cells in page.rows() if (found := told.foreign_in_row(heads, cells))]
    foreign += [([text], found) for text in page.sentences() if (found := told.foreign_in_sentence(text))]
    assert foreign == []
    assert sum(page.numbers.values()) > 50


@pytest.mark.parametrize("case", CASES)
def test_both_faces_hold_the_same_numbers(reports: Made, case: str) -> None:
    _, page = read(reports, case)
    reader = PdfReader(reports.every("pdf")[case])
    printed = Counter(one for sheet in reader.pages for one in numbers(sheet.extract_text()))
    assert page.numbers - printed == Counter()
    # What the PDF has more of: page numbers in contents and feet, running heads, heads of tables repeated.
    furniture = {str(number) for number in range(1, len(reader.pages) + 1)} | {"95%"}
    assert {one for one in printed - page.numbers if one not in furniture} <= set(
        numbers(running_head(reader))
    )


def running_head(reader: PdfReader) -> str:
    """What is written at the top of every page but the first."""
    return reader.pages[1].extract_text().strip().splitlines()[0] if len(reader.pages) > 1 else ""


def test_a_number_of_a_table_that_is_off_by_one_in_its_last_digit_is_found(reports: Made) -> None:
    told, page = read(reports, "full")
    tried = missed = 0
    for heads, cells in page.rows():
        for position, head in enumerate(heads):
            found = numbers(cells[position])
            if cells[0].strip() in told.rows and head.strip() in told.heads and found:
                changed = re.sub(r"\d(?=\D*$)", lambda last: str((int(last[0]) + 1) % 10), found[0])
                other = cells[position].replace(found[0], changed, 1)
                tried += 1
                missed += not told.foreign_in_row(heads, [*cells[:position], other, *cells[position + 1 :]])
    print(f"{tried - missed} of {tried} changed numbers are found")
    assert tried > 100
    assert missed < tried / 50
