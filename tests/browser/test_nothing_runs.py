"""A page asks nobody for anything, says nothing, and whatever a school is called, nothing runs."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

from evalib.press.render import render_html
from made_reports import HOSTILE, Made

pytestmark = pytest.mark.proof

MARKS = "\u202e\u2067" + "名" * 100 + '\u2066"><img src=x onerror=alert(1)>' + "長" * 60
TRY = """
async () => {
  const blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
  const made = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const add = (tag, properties) => document.body.append(made(tag, properties));
  add("script", {textContent: "document.title = 'ran'"});
  add("script", {src: "https://asked.test/a.js"});
  add("img", {src: "https://asked.test/a.png"});
  add("iframe", {src: "https://asked.test/"});
  add("link", {rel: "stylesheet", href: "https://asked.test/a.css"});
  add("base", {href: "https://asked.test/"});
  add("div", {innerHTML: "<b onclick=\\"document.title = 'ran'\\">x</b>"});
  document.querySelector("b[onclick]").click();
  try { await fetch("https://asked.test/"); } catch { }
  await new Promise((done) => setTimeout(done, 100));
  const title = document.title;
  const form = made("form", {action: "https://asked.test/"});
  document.body.append(form);
  form.submit();
  await new Promise((done) => setTimeout(done, 200));
  return {title, blocked};
}
"""
REFUSED = {
    *("base-uri", "connect-src", "form-action", "frame-src", "img-src"),
    *("script-src-attr", "script-src-elem", "style-src-elem"),
}


def pages(reports: Made) -> dict[str, Path]:
    return {**reports.every("html"), "catalogue": reports.catalogue}


def lived_through(page: Page) -> None:
    """Scroll, open, focus and hover everything, so that whatever waits for a reader gets one."""
    page.evaluate(
        """() => {
          document.querySelectorAll("details").forEach((one) => { one.open = true; });
          document.querySelectorAll("a, [tabindex], input, select").forEach((one) => one.focus());
          scrollTo(0, document.documentElement.scrollHeight);
        }"""
    )
    page.locator("h1").hover()
    page.wait_for_timeout(100)


def test_a_page_asks_for_itself_alone_and_says_nothing(browser, reports: Made) -> None:
    for case, path in pages(reports).items():
        with browser.page(path) as (page, heard):
            title = page.title()
            lived_through(page)
            assert heard.nothing_but(path), (case, heard)
            assert page.title() == title, case
            assert page.evaluate("performance.getEntriesByType('resource').length") == 0, case


def test_a_page_that_asks_or_speaks_would_be_heard(browser, tmp_path: Path) -> None:
    path = tmp_path / "speaks.html"
    path.write_text("<img src='https://asked.test/a.png'><script>alert(1); console.log('said')</script>")
    with browser.page(path) as (page, heard):
        page.wait_for_timeout(100)
    assert "https://asked.test/a.png" in heard.requests
    assert "said" in heard.messages
    assert heard.dialogs == ["1"]


def test_hostile_names_stand_on_the_page_as_they_were_given(browser, reports: Made) -> None:
    shown = {
        reports.report("2150000001"): "2150000001",
        reports.report("2150000001", lang="en"): "2150000001",
        reports.report("2150000025"): "2150000025",
        reports.report("2150000027"): "2150000027",
        reports.report("3150000012", stage="junior"): "3150000012",
    }
    for path, code in shown.items():
        with browser.page(path) as (page, _):
            name = HOSTILE[code]
            assert name in page.locator("h1").inner_text()
            assert name in page.title()
            assert page.locator("script, img, iframe, object, embed, b[onclick]").count() == 0
    with browser.page(reports.catalogue) as (page, _):
        names = page.locator("tbody th").all_inner_texts()
        for name in HOSTILE.values():
            assert any(name in one for one in names), name
        assert page.locator("script").count() == 1


def test_marks_that_turn_text_around_do_no_harm_even_past_intake(
    browser, reports: Made, tmp_path: Path
) -> None:
    """Intake refuses them; a notebook that was executed elsewhere may hold them all the same."""
    text = reports.star_report("ipynb").read_text("utf-8")
    assert "001" in text
    book = nbformat.reads(text.replace("学校 001", json.dumps(MARKS)[1:-1]), as_version=4)
    path = tmp_path / "marks.html"
    path.write_text(render_html(book), encoding="utf-8")
    with browser.page(path) as (page, heard):
        lived_through(page)
        assert page.locator("h1").inner_text().startswith(MARKS[:60])
        assert page.locator("img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert heard.nothing_but(path), heard


@pytest.mark.parametrize("case", ["full", "catalogue"])
def test_the_content_policy_is_in_force(browser, reports: Made, case: str) -> None:
    path = pages(reports)[case]
    with browser.page(path) as (page, heard):
        title = page.title()
        tried = page.evaluate(TRY)
    assert tried["title"] == title
    assert set(tried["blocked"]) >= REFUSED
    assert heard.requests == [path.as_uri()]


def test_the_catalogue_runs_its_own_script_and_no_other(browser, reports: Made, tmp_path: Path) -> None:
    text = reports.catalogue.read_text("utf-8")
    path = tmp_path / "other.html"
    path.write_text(text.replace('"use strict";', '"use strict"; document.title = "ran";'), encoding="utf-8")
    with browser.page(path) as (page, heard):
        assert page.title() != "ran"
        assert page.locator("#filters").is_hidden()
    assert any("Content Security Policy" in one for one in heard.messages)
