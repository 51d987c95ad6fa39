"""A page printed from the browser: no row and no figure is cut by the end of a page, nothing is lost."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from made_reports import Made

pytestmark = pytest.mark.proof

PAPER = 665  # pixels between the margins of an A4 page
# What must stand on one page each, as the text that the browser writes for it. A name that runs from
# right to left is left out: a PDF holds its letters in the order of their places.
WHOLE = """() => [...document.querySelectorAll("tbody tr, figure svg, ol.first li, dl.context")]
  .filter((one) => one.checkVisibility())
  .map((one) => one.tagName === "svg"
    ? [...one.querySelectorAll("text")].map((text) => text.textContent).join("")
    : /[\u0590-\u06ff]/.test(one.innerText) ? [...one.cells].slice(1).map((cell) => cell.innerText).join("")
    : one.innerText)"""
CUT = "figure, tr, dl.context { break-inside: auto !important } tr { line-height: 60px !important }"


# Chromium's PDF names some characters by their radicals, and dashes by any dash that looks alike.
RADICALS = str.maketrans("⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻥⻨⻩⻬⻰", "见角贝车长门青韦页风飞食马骨鱼麦黄齐龙")


def bare(text: str) -> str:
    """What is left to compare: letters, figures and signs as they are meant, without any space."""
    alike = unicodedata.normalize("NFKC", text).translate(RADICALS)
    return re.sub(r"\s+", "", re.sub("[\u2010-\u2015\u2212]", "-", alike))


def cut(page: Page) -> tuple[list[str], int]:
    """What does not stand whole on exactly one printed page, and how many things there are."""
    page.emulate_media(media="print")
    wholes = [bare(text) for text in page.evaluate(WHOLE)]
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    pages = [bare(one.extract_text()) for one in printed.pages]
    return [text for text in wholes if text and not any(text in one for one in pages)], len(wholes)


CASES = ("full", "full, English", "without scores", "STAR", "catalogue", "district", "group, public, English")


def path_of(reports: Made, case: str) -> Path:
    return reports.catalogue if case == "catalogue" else reports.every("html")[case]


@pytest.mark.parametrize("case", CASES)
def test_no_row_and_no_figure_is_cut_in_print(browser, reports: Made, case: str) -> None:
    with browser.page(path_of(reports, case)) as (page, _):
        broken, count = cut(page)
    assert broken == []
    assert count > 10


@pytest.mark.parametrize("case", ["full", "full, English", "STAR", "district, public, English"])
def test_nothing_is_wider_than_the_paper(browser, reports: Made, case: str) -> None:
    with browser.page(path_of(reports, case), size=(PAPER, 940)) as (page, _):
        page.emulate_media(media="print")
        beyond = page.evaluate(
            """() => [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility())
              .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
              .map((one) => one.tagName + " " + one.textContent.trim().slice(0, 40))"""
        )
    assert beyond == []


def test_a_page_prints_the_same_from_a_dark_screen(browser, reports: Made) -> None:
    colours = """() => [...document.querySelectorAll("body, body *")].map((one) => {
      const style = getComputedStyle(one);
      return [style.color, style.backgroundColor, style.fill, style.stroke, style.borderBottomColor].join();
    })"""
    for path in (reports.report("2150000001"), reports.catalogue):
        seen = {}
        for scheme in ("light", "dark"):
            with browser.page(path, scheme=scheme) as (page, _):
                on_screen = page.evaluate(colours)
                page.emulate_media(media="print")
                seen[scheme] = (on_screen, page.evaluate(colours))
        assert seen["light"][1] == seen["dark"][1], path.name
        assert seen["light"][0] != seen["dark"][0], path.name


def test_the_check_finds_what_is_cut(browser, reports: Made) -> None:
    with browser.page(reports.report("2150000001")) as (page, _):
        page.add_style_tag(content=CUT)
        assert cut(page)[0]
