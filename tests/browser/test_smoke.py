"""One quick look with a real browser; everything else in this folder is a proof."""

from __future__ import annotations

from pathlib import Path

import nbformat

from evalib.press.render import render_html

HEALTHY = Path(__file__).parents[1] / "press" / "fixtures" / "healthy.ipynb"


def test_a_page_shows_itself_asks_nobody_and_says_nothing(browser, tmp_path: Path) -> None:
    path = tmp_path / "healthy.html"
    path.write_text(render_html(nbformat.read(HEALTHY, as_version=4)), encoding="utf-8")
    with browser.page(path) as (page, heard):
        assert page.locator("h1").inner_text() == "示例三小（小学部）"
        assert '<script>alert("x")</script>' in page.locator("main").inner_text()
        assert page.locator("main svg").first.bounding_box()["width"] > 300
    assert heard.nothing_but(path), heard
