"""The reports of the district and its groups, above the catalogue's table."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from evalib.press.catalogue import Entry, Standing, Whole, catalogue
from evalib.settings import load_settings
from evalib.wording import wording_of
from watched import DESKTOP, PHONE

pytestmark = pytest.mark.proof

SETTINGS = load_settings(Path(__file__).parents[2] / "params" / "sample.yaml")
CAUSE = "第 7 个单元格出错：KeyError: 'balance_indicators'"
LINES = [
    Whole(
        "区级报告", "", "内部版", (("HTML", "d.html"), ("PDF", "d.pdf"), ("HTML (en)", "d.en.html")), "made"
    ),
    Whole("区级报告", "", "公开版", (), "none"),
    Whole("示例一小教育集团", "JT01", "内部版", (("HTML", "a.html"), ("PDF", "a.pdf")), "failed", (CAUSE,)),
    Whole("名" * 60, "JT02", "内部版", (("HTML", "b.html"),), "stale", ("数据在生成之后有变",)),
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    standings = (Standing("● 不能区分", "same", "3"),) * 5
    links = (("HTML", "s.html"), ("PDF", "s.pdf"))
    entries = [
        Entry(f"{k:010d}", f"示例{k}小", "小学部", "城区", "", standings, links, "made") for k in range(9)
    ]
    path = tmp_path / "index.html"
    page = catalogue(SETTINGS, wording_of(SETTINGS, "zh"), "2024-2025", entries, LINES)
    path.write_text(page, encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 800)])
def test_the_lines_are_without_violation_and_fit_every_window(browser, written: Path, size) -> None:
    for scheme in ("light", "dark"):
        with browser.page(written, size=size, scheme=scheme) as (page, heard):
            assert [one["id"] for one in Axe().run(page).response["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            assert heard.nothing_but(written)


def test_they_stand_above_the_table_and_no_filter_takes_them_away(browser, written: Path) -> None:
    with browser.page(written) as (page, _):
        lines = page.locator(".wholes li")
        assert lines.count() == len(LINES)
        above, below = page.locator(".wholes").bounding_box(), page.locator("table").bounding_box()
        assert above["y"] + above["height"] <= below["y"]
        page.get_by_role("searchbox").fill("0000000003")
        assert page.locator("tbody tr:not([hidden])").count() == 1
        assert all(line.is_visible() for line in lines.all())
        names = page.locator("a").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
        assert len(set(names)) == len(names)
        assert CAUSE in lines.nth(2).inner_text()
        assert "链接为此前生成的报告" in lines.nth(2).inner_text()


def test_without_script_they_say_the_same(browser, written: Path) -> None:
    with browser.page(written) as (page, _):
        told = page.locator(".wholes").inner_text()
    with browser.page(written, script=False) as (page, heard):
        assert page.locator(".wholes").inner_text() == told
        assert page.locator(".wholes a").first.is_visible()
        assert heard.nothing_but(written)
