"""What a report's PDF holds for who cannot see it, for every kind of school and both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from made_reports import HOSTILE, Made

pytestmark = pytest.mark.proof

CASES = (
    *("full", "full, English", "without scores", "too small to show", "both stages", "STAR"),
    *("district", "district, public, English", "group", "group, public, English"),
)
PAGE = {"zh": "第 {k} 页，共 {n} 页", "en": "Page {k} of {n}"}


class Outline(HTMLParser):
    """A page's headings with their levels, and the words of its drawings; what opens under a figure apart."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.headings: list[list[Any]] = []
        self.drawings: list[str] = []
        self.tables = 0
        self.open = self.twin = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch("h[1-4]", tag):
            self.headings.append([int(tag[1]), ""])
            self.open = True
        elif tag == "svg" and not self.twin:
            self.drawings.append(dict(attrs)["aria-label"] or "")
        elif tag == "details":
            self.twin = True
        elif tag == "table" and not self.twin:
            self.tables += 1

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and not re.fullmatch("h[1-4]", tag)
        self.twin = self.twin and tag != "details"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.headings[-1][1] += data


def bookmarks(outline: list[Any], level: int = 1) -> Iterator[list[Any]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(entry, level + 1)
        else:
            yield [level, entry.title]


def elements(node: Any) -> Iterator[Any]:
    """Every element of the tag tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from elements(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node["/K"])


def attribute(element: Any, name: str) -> Any:
    """An attribute of an element, wherever among its attribute objects it stands."""
    held = element.get("/A", [])
    held = held.get_object() if hasattr(held, "get_object") else held
    for one in held if isinstance(held, list) else [held]:
        found = one.get_object() if hasattr(one, "get_object") else one
        if name in found:
            return found[name]
    return None


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pdf(reports: Made, case: str) -> PdfReader:
    return PdfReader(reports.every("pdf")[case])


@pytest.fixture
def page(reports: Made, case: str) -> Outline:
    return Outline(reports.every("html")[case])


def test_it_declares_the_standard_its_language_and_its_title(
    pdf: PdfReader, page: Outline, case: str
) -> None:
    root = pdf.trailer["/Root"]
    assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
    assert root["/Lang"].startswith("en" if "English" in case else "zh")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata
    assert pdf.metadata.title
    assert (
        pdf.metadata.title[:150] == page.headings[0][1].replace("مدرسة שלום", pdf.metadata.title[:10])[:150]
    )


def test_its_bookmarks_are_the_headings_of_the_page(pdf: PdfReader, page: Outline) -> None:
    found = list(bookmarks(pdf.outline))
    assert [level for level, _ in found] == [level for level, _ in page.headings]
    assert [words for _, words in found[1:]] == [words for _, words in page.headings[1:]]


def test_every_figure_says_what_the_page_says_and_every_table_has_heads(
    pdf: PdfReader, page: Outline
) -> None:
    found = list(elements(pdf.trailer["/Root"]["/StructTreeRoot"]))
    figures = [element for element in found if element["/S"] == "/Figure"]
    alternatives = [element.get("/Alt") for element in figures]
    assert alternatives == page.drawings
    tables = [element for element in found if element["/S"] == "/Table"]
    assert len(tables) == page.tables > 0
    for table in tables:
        heads = [one for one in elements(table) if one["/S"] == "/TH"]
        assert heads
        assert all(attribute(one, "/Scope") in ("/Column", "/Row", "/Both") for one in heads)


def test_its_fonts_are_ours_embedded_and_cut_down_to_what_is_used(pdf: PdfReader) -> None:
    names = set()
    for one in pdf.pages:
        for font in one["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            program = descendant["/FontDescriptor"].get_object()["/FontFile3"].get_object()
            prefix, _, name = descendant["/BaseFont"].partition("+")
            assert re.fullmatch("/[A-Z]{6}", prefix)
            assert "/ToUnicode" in font.get_object()
            assert len(program.get_data()) < 600_000  # of 2.2 MB
            names.add(name.partition("-Identity")[0])
    assert names == {"EvalibSansSC-Regular", "EvalibSansSC-Bold"}


def test_its_text_can_be_read_out_and_every_page_is_numbered(
    pdf: PdfReader, page: Outline, case: str
) -> None:
    texts = [one.extract_text() for one in pdf.pages]
    number = PAGE["en" if "English" in case else "zh"]
    for k, text in enumerate(texts, start=1):
        assert number.format(k=k, n=len(texts)) in text
    whole = re.sub(r"\s", "", "".join(texts))
    for _, words in page.headings[1:]:
        assert re.sub(r"\s", "", words) in whole
    assert not re.search("[\ufffd\ufffe\uffff\ue000-\uf8ff]", whole)


def test_hostile_names_are_printed_as_they_were_given(reports: Made) -> None:
    for name, code in (
        ("full", "2150000001"),
        ("without scores", "2150000025"),
        ("both stages", "3150000012"),
    ):
        text = "".join(one.extract_text() for one in PdfReader(reports.every("pdf")[name]).pages)
        assert re.sub(r"\s", "", HOSTILE[code]) in re.sub(r"\s", "", text), code


def test_what_the_fonts_cannot_draw_is_replaced_by_a_sign_that_says_so(reports: Made) -> None:
    pdf = PdfReader(reports.every("pdf")["too small to show"])
    assert "〓" in pdf.pages[0].extract_text()
    assert not re.search("[\u0590-\u06ff]", pdf.pages[0].extract_text())


def test_sizes_are_small_enough_to_send(reports: Made) -> None:
    # The district's PDF has some thirty pages, with more characters of both fonts.
    for ending, most, of_district in (("html", 400_000, 400_000), ("pdf", 600_000, 1_500_000)):
        sizes = {name: path.stat().st_size for name, path in reports.every(ending).items()}
        limits = {name: of_district if name.startswith("district") else most for name in sizes}
        assert all(size <= limits[name] for name, size in sizes.items()), sizes
