"""Figures: what they tell in words, their twins, and what a table's small drawings show."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from evalib.page import charts
from evalib.page.charts import Interval
from evalib.page.charts.compact import compacted
from evalib.page.charts.panels import stacks
from evalib.page.sparklines import Sparkline
from evalib.page.tables import Note, Pair, Standings, Table
from evalib.press.sanitize import reduce_html

TWIN = Table("图", ("a", "b"), (("甲", "1"),))
ROWS = [
    charts.ProfileRow("甲", "▲ 明确高于", Interval(58, 55, 61, "up"), (46, 54)),
    charts.ProfileRow("乙", "○ 没有维度分"),
    charts.ProfileRow("丙", "▼ 明确低于", Interval(41, 38, 44, "down"), (46, 54)),
]


def texts(svg: str) -> str:
    return " ".join(
        "".join(node.itertext()) for node in ET.fromstring(svg).iter() if node.tag.endswith("text")
    )


def test_a_figure_says_its_message_and_opens_its_table() -> None:
    chart = charts.profile("p", ROWS, axis="T", middle="全区", twin=TWIN, message="甲明确高于全区。")
    _, metadata = chart._repr_mimebundle_()
    faces = metadata["image/svg+xml"]
    assert faces["alt"] == "甲明确高于全区。"
    assert "<table" in faces["twin_html"]
    assert charts.profile("p", ROWS, axis="T", middle="全区", twin=TWIN).alternative == "图: 甲 1"


def test_the_profile_draws_rows_and_a_radar_of_the_same_dimensions() -> None:
    svg = charts.profile("p", ROWS, axis="T", middle="全区", twin=TWIN).svg
    for name in ("甲", "乙", "丙"):
        assert texts(svg).count(name) >= 2
    alone = charts.profile("p", ROWS[:2], axis="T", middle="全区", twin=TWIN).svg
    assert texts(alone).split().count("甲") == 1  # two spokes are no radar


def test_dots_in_a_bin_are_piled_up_and_none_is_lost() -> None:
    placed = stacks([0.0, 0.01, 0.02, 1.0], 0.0, 1.0, 10)
    assert [pile for _, pile in placed] == [0, 1, 2, 0]
    assert max(x for x, _ in placed) < 1.0


def test_a_thousand_sections_are_bars_and_not_a_thousand_dots() -> None:
    def drawn(count: int) -> int:
        spread = charts.Spread("甲", "", [k / count for k in range(count)], None, 0.5, 0.5)
        return len(charts.panorama("g", [spread], here="本校", twin=TWIN).svg)

    assert drawn(1000) < drawn(140)


def test_a_sparkline_is_its_words_and_leaves_a_gap_for_a_missing_year() -> None:
    spark = Sparkline("24% → — → 27%", [(0.24, 0.2, 0.28), None, (0.27, 0.22, 0.31)], 0.3)
    assert spark == "24% → — → 27%"
    assert spark.svg.count("<circle") == 2
    whole = Sparkline("1 → 2 → 3", [(1, 1, 1), (2, 2, 2), (3, 3, 3)])
    assert whole.html.count('class="run"') == 2
    assert 'class="run"' not in spark.html


def test_small_drawings_and_new_parts_come_through_to_the_page_as_they_were() -> None:
    spark = Sparkline('"><script>', [(1, 0, 2), (2, 1, 3)], 1.5)
    table = Table("表", ("a", "三年"), (("甲", spark),), notes=("附注",), lead="导语")
    html = table.html()
    assert reduce_html(html).replace("></line>", "/>").replace("></circle>", "/>") == html
    assert "<script" not in html
    for part in (Standings("总", (("甲", "高", "up"),)), Pair((Note("一", ("1",)), Note("二", ("2",))))):
        html = part._repr_mimebundle_()["text/html"]
        assert reduce_html(html) == html


@pytest.mark.parametrize("count", [0, 1, 400])
def test_a_caterpillar_of_any_number_of_sections_is_drawn(count: int) -> None:
    others = [Interval(k / 400, k / 400 - 0.1, k / 400 + 0.1) for k in range(count)]
    here = Interval(0.3, 0.1, 0.5, "up")
    chart = charts.caterpillar("c", others, here, reach=0.4, label="本校", axis="y", rank_axis="x", twin=TWIN)
    assert texts(chart.svg).count("本校") == 1


def test_bars_of_a_number_that_is_only_a_limit_are_not_filled() -> None:
    svg = charts.bars("b", [("甲", 26.0, "26", False), ("其他", 10.0, "少于 10", True)], twin=TWIN).svg
    shapes = [node for node in ET.fromstring(svg).iter() if node.tag.endswith("path")]
    styles = [node.get("style", "") for node in shapes]
    assert sum("fill: none" in one and "stroke-dasharray" in one for one in styles) == 1
    assert sum("fill: #aeb8c1" in one for one in styles) == 1
    assert "少于 10" in svg


def test_a_compacted_drawing_says_once_what_its_shapes_share_and_keeps_order_words_and_references() -> None:
    look, joined = 'style="fill: none; stroke: #17212b"', 'style="stroke-linejoin: miter"'
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><g id="a">'
        f'<defs><path id="m" d="M 0 0 \n L 1 1"/></defs><g><use xlink:href="#m" x="1" {look}/></g>'
        f'<g id="b"><use xlink:href="#m" x="2" {look}/><use xlink:href="#m" x="3" {look}/></g>'
        f'<path d="M 2 2" {joined}/><path d="M 3 3" {joined}/><path d="M 4 4" {joined}/>'
        f"<text {look}>a <tspan>b</tspan> c</text></g></svg>"
    )
    kept = 'style="fill: none; stroke: #17212b"'
    assert compacted(drawn, "n") == (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="n-1" d="M 0 0 L 1 1" /></defs>'
        f'<g {kept}><use href="#n-1" x="1" /><use href="#n-1" x="2" /><use href="#n-1" x="3" /></g>'
        f'<path d="M 2 2" {joined} /><path d="M 3 3" {joined} /><path d="M 4 4" {joined} />'
        f"<text {kept}>a <tspan>b</tspan> c</text></svg>"
    )
