from __future__ import annotations

from typing import Any

import pytest
from taken_in import columns

from evalib.intake.headers import (
    Header,
    follows_from_others,
    header_block,
    lacks_unit,
    match_header,
    money_unit,
)
from evalib.intake.workbooks import Grid, Range


def block(rows: list[list[Any]], merged: tuple[Range, ...] = ()) -> dict[int, tuple[str, ...]]:
    grid = Grid("a.xlsx", "一", rows, merged=merged)
    return {place: header.texts for place, header in header_block(grid, 0, len(rows)).items()}


def test_header_of_one_row_goes_by_its_text() -> None:
    assert block([["学籍号", "", " 语文\n成绩 ", 2024]]) == {0: ("学籍号",), 2: ("语文 成绩",), 3: ("2024",)}


def test_merged_cell_counts_for_every_column_it_covers() -> None:
    rows = [["学籍号", "语文", "", "备注"], ["", "成绩", "等级", ""]]
    found = block(rows, (((0, 1), (0, 2)), ((0, 0), (1, 0))))
    assert found[1][0] == "语文成绩"
    assert found[2] == ("语文等级", "语文(等级)", "等级")
    assert (found[0], found[3]) == (("学籍号",), ("备注",))


def test_text_counts_for_blank_cells_to_its_right_where_nothing_is_merged() -> None:
    found = block([["语文", "", "数学", ""], ["成绩", "等级", "成绩", "等级"]])
    assert [texts[0] for texts in found.values()] == ["语文成绩", "语文等级", "数学成绩", "数学等级"]


def test_text_does_not_count_for_its_neighbours_where_cells_are_merged() -> None:
    found = block([["语文", "", "数学"], ["成绩", "等级", "成绩"]], (((0, 0), (0, 1)),))
    assert found[2][0] == "数学成绩"
    found = block([["语文", "", ""], ["成绩", "等级", "总分"]], (((0, 0), (0, 1)),))
    assert found[2] == ("总分",)


def test_three_rows_are_joined_from_the_top_and_less_of_them_below() -> None:
    found = block([["期末", ""], ["语文", ""], ["成绩", "等级"]])
    assert found[0] == ("期末语文成绩", "期末语文(成绩)", "语文成绩", "语文(成绩)", "成绩")


def test_unit_below_a_header_is_its_unit() -> None:
    header = header_block(Grid("a.xlsx", "一", [["身高", "体重"], ["厘米", "（千克）"]]), 0, 2)
    found = [match_header(header[place], "fitness", columns(), "") for place in (0, 1)]
    assert [one[0].column for one in found if one] == ["height_cm", "weight_kg"]


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("单位：万元", "万元"),
        ("（单位:元）", "元"),
        ("单 位 ： 万 元", "万元"),
        ("填报单位：示例区 单位万元", "万元"),
        ("填报单位：示例区", ""),
        ("单位：平方米", ""),
        ("", ""),
    ],
)
def test_unit_above_the_headers_is_read(line: str, unit: str) -> None:
    assert money_unit(line) == unit


def test_unit_above_the_headers_counts_for_money_alone() -> None:
    money, area = Header(1, ("教学仪器设备值",), (1,)), Header(1, ("教学用房面积",), (1,))
    found = match_header(money, "resources", columns(), "万元")
    assert found is not None
    assert (found[0].column, found[0].factor) == ("equipment_yuan", 10_000)
    found = match_header(area, "resources", columns(), "万元")
    assert found is not None
    assert (found[0].column, found[0].factor) == ("teaching_area_m2", 1)


def test_money_that_says_no_unit_lacks_one() -> None:
    assert lacks_unit(Header(0, ("教学仪器设备值",), (1,)), "resources", columns())
    assert not lacks_unit(Header(0, ("教学用房面积",), (1,)), "resources", columns())
    assert not lacks_unit(Header(0, ("教学仪器设备值",), (1,)), "scores", columns())


@pytest.mark.parametrize(
    ("header", "follows"),
    [
        ("语文等级", True),
        ("语文班级排名", True),
        ("数学得分率", True),
        ("总分排名", True),
        ("身高等级", False),
        ("等级", False),
        ("操行等级", False),
    ],
)
def test_rank_or_level_of_a_column_that_is_read_follows_from_it(header: str, follows: bool) -> None:
    assert follows_from_others(Header(0, (header,), (1,)), "scores", columns()) == follows
