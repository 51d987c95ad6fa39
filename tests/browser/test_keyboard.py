"""The keyboard alone reaches everything that can be used, in order, and what has the focus is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from made_reports import Made
from watched import PHONE

pytestmark = pytest.mark.proof

USABLE = "a[href], summary, button, input, select, [tabindex='0']"
NUMBER = """(selector) => {
  const found = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  found.forEach((one, position) => { one.dataset.position = position; });
  return found.length;
}"""
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    position: one === document.body ? null : one.dataset.position ?? one.tagName,
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def walked(page: Page, key: str = "Tab") -> list[dict]:
    """What has the focus, press after press, until it leaves the page."""
    expected = page.evaluate(NUMBER, USABLE)
    steps = []
    for _ in range(expected + 2):
        page.keyboard.press(key)
        step = page.evaluate(FOCUSED)
        if step["position"] is None:
            break
        steps.append(step)
    return steps


@pytest.mark.parametrize("case", ["full", "full, English", "STAR", "catalogue"])
def test_tab_reaches_everything_usable_in_order_and_leaves_again(browser, reports: Made, case: str) -> None:
    path = reports.catalogue if case == "catalogue" else reports.every("html")[case]
    with browser.page(path, size=PHONE) as (page, _):
        count = page.evaluate(NUMBER, USABLE)
        steps = walked(page)
    assert [step["position"] for step in steps][:count] == [str(k) for k in range(count)]
    assert all(step["seen"] for step in steps[:count])
    assert all(step["inside"] for step in steps[:count])
    assert count > 8


def test_the_first_stop_leads_past_the_contents(browser, reports: Made) -> None:
    with browser.page(reports.report("2150000001")) as (page, _):
        page.keyboard.press("Tab")
        skip = page.locator("a.skip")
        assert skip.evaluate("(one) => one === document.activeElement")
        page.wait_for_timeout(100)
        assert skip.bounding_box()["y"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('nav') === null")


def test_every_entry_of_the_contents_leads_to_its_heading(browser, reports: Made) -> None:
    with browser.page(reports.report("2150000001")) as (page, _):
        entries = page.locator("nav a")
        assert entries.count() >= 7
        for k in range(entries.count()):
            entries.nth(k).focus()
            page.keyboard.press("Enter")
            target = page.evaluate("document.querySelector(':target')?.tagName")
            assert target == "H2"
            words = page.evaluate("document.querySelector(':target').textContent")
            assert words == entries.nth(k).inner_text()


def test_a_table_wider_than_a_phone_is_moved_by_the_arrow_keys(browser, reports: Made) -> None:
    with browser.page(reports.report("2150000001"), size=PHONE) as (page, _):
        wide = page.evaluate(
            """() => [...document.querySelectorAll(".scroll, .drawing")].filter(
                (one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
              ).map((one) => { one.dataset.wide = ""; return one.tabIndex; })"""
        )
        assert all(index == 0 for index in wide)
        for one in page.locator("[data-wide]").all()[:3]:
            one.focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(300)
            assert one.evaluate("(one) => one.scrollLeft") > 0


def test_a_figures_table_opens_and_closes_by_enter(browser, reports: Made) -> None:
    with browser.page(reports.report("2150000001")) as (page, _):
        summary = page.locator("summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("details").first.evaluate("(one) => one.open")
        assert page.locator("details table").first.is_visible()
        page.keyboard.press("Enter")
        assert not page.locator("details").first.evaluate("(one) => one.open")


def test_what_can_be_touched_is_large_enough(browser, reports: Made) -> None:
    """WCAG 2.5.8: 24 by 24 pixels, links within a sentence apart."""
    for path in (reports.report("2150000001"), reports.catalogue):
        with browser.page(path, size=PHONE) as (page, _):
            small = page.evaluate(
                """() => [...document.querySelectorAll("a, summary, button, input, select")].filter(
                    (one) => one.checkVisibility() && !one.closest("p, .skip")
                  ).map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
                  .filter(([, box]) => box.width < 24 || box.height < 24).map(([words]) => words)"""
            )
        assert small == [], Path(path).name
