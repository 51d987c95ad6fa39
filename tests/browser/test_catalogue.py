"""The catalogue in use: search and filters, whole without script, quick with thousands of rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from evalib.press.catalogue import Entry, Standing, catalogue
from evalib.wording import wording_of
from made_reports import HOSTILE, Made
from watched import PHONE

pytestmark = pytest.mark.proof

ROWS = "tbody tr:not([hidden])"


def shown(page: Page) -> list[str]:
    """The codes of the rows that are seen."""
    return [row.get_attribute("data-standings") for row in page.locator(ROWS).all()]  # type: ignore[misc]


def told(page: Page) -> str:
    return page.locator("[role=status]").inner_text()


def test_a_name_a_code_or_a_group_finds_its_rows(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, _):
        total = page.locator("tbody tr").count()
        assert told(page) == f"显示 {total} 个，共 {total} 个学段部"
        for words, code in (
            ("2150000003", "2150000003"),
            ("<SCRIPT>", "2150000001"),
            ("{{7*7}}", "2150000002"),
        ):
            page.get_by_role("searchbox").fill(words)
            assert code in page.locator(ROWS).all_inner_texts()[0]
            assert told(page).startswith(f"显示 {page.locator(ROWS).count()} 个")
            assert page.locator(ROWS).count() < 5
        page.get_by_role("searchbox").fill("示例二小教育集团 镇")
        page.get_by_role("searchbox").fill("没有这样的学校")
        assert page.locator(ROWS).count() == 0
        assert told(page) == "没有符合条件的学段部"
        page.get_by_role("button", name="清除筛选").click()
        assert page.locator(ROWS).count() == total


def test_filters_by_stage_area_group_status_and_standing_work_together(browser, reports: Made) -> None:
    with browser.page(reports.catalogue, size=PHONE) as (page, _):
        total = page.locator("tbody tr").count()
        every = shown(page)
        page.get_by_label("学段").select_option("初中部")
        junior = page.locator(ROWS).count()
        assert 0 < junior < total
        page.get_by_label("所在").select_option("城区")
        assert page.locator(ROWS).count() < junior
        page.get_by_role("button", name="清除筛选").click()
        page.get_by_label("判断").select_option("45")
        assert sorted(shown(page)) == sorted(one for one in every if set(one) & set("45"))
        page.get_by_label("维度").select_option("0")
        assert sorted(shown(page)) == sorted(one for one in every if one[0] in "45")
        page.get_by_label("判断").select_option("0")
        assert sorted(shown(page)) == sorted(one for one in every if one[0] == "0")
        page.get_by_role("button", name="清除筛选").click()
        for fate, code in (("failed", "2150000003"), ("stale", "2150000004")):
            page.get_by_label("状态").select_option(fate)
            assert page.locator(ROWS).count() == 1
            assert code in page.locator(ROWS).inner_text()
        group = page.get_by_label("教育集团", exact=True).locator("option").nth(1).get_attribute("value")
        page.get_by_role("button", name="清除筛选").click()
        page.get_by_label("教育集团", exact=True).select_option(group)
        assert all(group in row for row in page.locator(ROWS).all_inner_texts())


def test_what_failed_says_why_and_what_is_out_of_date_says_what_changed(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, _):
        failed = page.locator("tr[data-fate=failed]").inner_text()
        stale = page.locator("tr[data-fate=stale]").inner_text()
    assert "<script>alert(1)</script>" in failed
    assert all(words in stale for words in ("数据在生成之后有变", "参数在生成之后有变", "程序在生成之后更新"))


def test_every_link_leads_to_a_file_that_opens(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, _):
        links = page.locator("tbody a").evaluate_all("(all) => all.map((one) => one.href)")
        names = page.locator("tbody a").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
        page.locator("tbody a").first.focus()
    assert len(links) == 2 * 5
    assert len(set(names)) == len(names)
    for link in links:
        assert Path(link.removeprefix("file://")).is_file()


def test_without_script_everything_is_there_as_a_plain_table(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, _):
        rows = page.locator("tbody tr").all_inner_texts()
    with browser.page(reports.catalogue, script=False) as (page, heard):
        assert page.locator("tbody tr").all_inner_texts() == rows
        assert not page.locator("#filters").is_visible()
        assert page.locator("tbody a").first.is_visible()
        assert heard.nothing_but(reports.catalogue)


def test_the_keyboard_finds_a_school_and_opens_its_report(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, _):
        # Above the search stand the reports of the district and of its groups.
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "INPUT":
                break
        page.keyboard.type("2150000001")
        page.keyboard.press("Enter")
        assert page.locator(ROWS).count() == 1
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "A":
                break
        assert (
            page.evaluate("document.activeElement.getAttribute('href')") == "2150000001-primary/report.html"
        )


def test_four_thousand_rows_stay_quick(browser, reports: Made, tmp_path: Path) -> None:
    standing = Standing("● 不能区分", "same", "3")
    links = (("HTML", "a/report.html"), ("PDF", "a/report.pdf"))
    one = Entry("", "", "小学部", "城区", "集团", (standing,) * 5, links, "made")
    entries = [replace(one, code=f"{k:010d}", name=f"示例{k}小") for k in range(4000)]
    path = tmp_path / "index.html"
    path.write_text(
        catalogue(reports.settings, wording_of(reports.settings, "zh"), "2024-2025", entries), "utf-8"
    )
    assert path.stat().st_size < 4_000_000
    with browser.page(path) as (page, _):
        opened = page.evaluate(
            "performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart"
        )
        milliseconds = page.evaluate(
            """() => ["1", "12", "123", "", "示例"].map((words) => {
              const search = document.getElementById("search"), start = performance.now();
              search.value = words;
              search.dispatchEvent(new Event("input", {bubbles: true}));
              document.body.getBoundingClientRect();
              return performance.now() - start;
            })"""
        )
        assert page.locator(ROWS).count() == 4000
    print(f"opened in {opened} ms; filtered in {[round(one) for one in milliseconds]} ms")
    # As one table that the browser lays out whole it took 1 to 3 s; a busy machine gets some room here.
    assert max(milliseconds) < 700


def test_hostile_names_are_found_like_others(browser, reports: Made) -> None:
    with browser.page(reports.catalogue) as (page, heard):
        for code, name in HOSTILE.items():
            page.get_by_role("searchbox").fill(name)
            assert code in page.locator(ROWS).all_inner_texts()[0]
        assert heard.nothing_but(reports.catalogue)
