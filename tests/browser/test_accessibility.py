"""axe-core finds no violation, and a page fits every window, in both schemes, in both languages."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from evalib.press.render import render_html
from made_reports import Made
from sampled import sampled
from watched import DESKTOP, PHONE

pytestmark = pytest.mark.proof

# The district's and a group's, each in one edition and language.
WHOLE = ("district", "district, public, English", "group", "group, public, English")
CASES = (
    *("full", "full, English", "without scores", "too small to show", "both stages", "STAR", "catalogue"),
    *WHOLE,
)
# Both widths and both schemes first; a district's page has a hundred tables, and each takes its time.
WINDOWS = ((DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light"))
# Between them they have every part that a page may have.
FIRST = ("full", "STAR", "catalogue", "district")


def path_of(reports: Made, case: str) -> Path:
    return reports.catalogue if case == "catalogue" else reports.every("html")[case]


def violations(page: Page) -> list[str]:
    # Twins of figures lie in closed details: they are judged open.
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("case", sampled(sorted(CASES, key=lambda one: one not in FIRST), len(FIRST)))
def test_axe_finds_no_violation(browser, reports: Made, case: str) -> None:
    found = {}
    with browser.page(path_of(reports, case)) as (page, _):
        for size, scheme in WINDOWS[:2] if case in WHOLE else WINDOWS:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme=scheme)
            found[size, scheme] = violations(page)
    assert found == {window: [] for window in found}
    assert len(found) >= 2


def test_axe_would_find_a_table_without_heads_and_a_faint_word(browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text('<html><title>t</title><img src="data:,"><p style="color:#ccc">faint</p></html>')
    with browser.page(path) as (page, _):
        kinds = {one.partition(":")[0] for one in violations(page)}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= kinds


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1600])
def test_no_page_is_wider_than_its_window(browser, reports: Made, case: str, width: int) -> None:
    with browser.page(path_of(reports, case), size=(width, 800)) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_can_be_twice_as_large_without_loss(browser, reports: Made) -> None:
    """WCAG 1.4.4 and 1.4.12: larger text and wider spacing cut nothing off."""
    spacing = (
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
        "html { font-size: 200% } body { font-size: 32px !important }"
    )
    for path in (reports.report("2150000001"), reports.catalogue):
        with browser.page(path) as (page, _):
            page.add_style_tag(content=spacing)
            assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP[0]


@pytest.mark.parametrize("case", CASES)
def test_a_reader_of_the_tree_finds_one_title_landmarks_and_table_heads(
    browser, reports: Made, case: str
) -> None:
    with browser.page(path_of(reports, case), size=PHONE) as (page, _):
        session = page.context.new_cdp_session(page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
        headings = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => +one.tagName[1])"
        )
    assert roles.count("main") == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    # Whatever a narrow window does to the look of a table, it is one for who hears it.
    assert {"table", "row", "rowheader", "columnheader", "cell"} <= set(roles)


def test_every_drawing_has_words_of_its_own(browser, reports: Made) -> None:
    for case, path in reports.every("html").items():
        with browser.page(path) as (page, _):
            words = page.locator("main svg[role=img]").evaluate_all(
                "(all) => all.map((one) => one.getAttribute('aria-label'))"
            )
            bare = page.locator("main svg:not([role=img])").count()
        assert all(words), case
        assert len(set(words)) == len(words), case
        assert bare == 0, case


def test_the_fixture_page_of_every_kind_of_block_is_without_violation(browser, tmp_path: Path) -> None:
    import nbformat

    book = nbformat.read(Path(__file__).parents[1] / "press" / "fixtures" / "healthy.ipynb", as_version=4)
    path = tmp_path / "healthy.html"
    path.write_text(render_html(book), encoding="utf-8")
    with browser.page(path) as (page, _):
        assert violations(page) == []


@pytest.mark.parametrize("case", [case for case in CASES if case != "catalogue"])
def test_no_word_of_a_drawing_is_cut_off_or_covered_by_another(browser, reports: Made, case: str) -> None:
    with browser.page(path_of(reports, case)) as (page, _):
        cut, covered = page.evaluate(
            """() => {
              const cut = [], covered = [];
              for (const drawing of document.querySelectorAll("figure svg")) {
                const frame = drawing.getBoundingClientRect();
                const words = [...drawing.querySelectorAll("text")].filter((one) => one.textContent.trim())
                  .map((one) => [one, one.getBoundingClientRect()]);
                for (const [one, box] of words) {
                  if (box.left < frame.left - 1 || box.right > frame.right + 1) cut.push(one.textContent);
                  for (const [other, its] of words) {
                    const wide = Math.min(box.right, its.right) - Math.max(box.left, its.left);
                    const high = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
                    if (other !== one && wide > 4 && high > box.height / 2) covered.push(one.textContent);
                  }
                }
              }
              return [cut, covered];
            }"""
        )
    assert cut == []
    assert covered == []
