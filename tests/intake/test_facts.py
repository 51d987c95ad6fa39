"""Facts that no review will use are told when they are loaded, with their place, and stop nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from trial_district import YEAR, District

HEADER = ["学年", "指标", "数值", "单位", "来源"]
GOOD = [YEAR, "课程开齐开足", 1, "是否达到", "督导"]


@pytest.fixture
def district(tmp_path: Path) -> District:
    return District(tmp_path)


def warned(district: District, *rows: list[Any]) -> list[tuple[str, str, str, str, tuple[int, ...]]]:
    told = [[YEAR, *row, "统计"] for row in rows]
    district.books["区级数据.xlsx"] = {"区级": [HEADER, GOOD, *told]}
    loaded = district.read()
    assert len(loaded.tables["district", YEAR]) == 1 + len(rows)
    return [(one.key, one.file, one.sheet, one.column, one.rows) for one in loaded.warnings]


@pytest.mark.parametrize(
    ("rows", "key", "column", "places"),
    [
        ([["交流轮岗教师数", 12, ""]], "fact_unit_unused", "单位", (3,)),
        ([["交流轮岗教师数", 12, "学时"]], "fact_unit_unused", "单位", (3,)),
        ([["无过重课业负担", 1, "个"]], "fact_unit_unused", "单位", (3,)),
        ([["国家质量监测最低学科水平", 3, ""]], "fact_unit_unused", "单位", (3,)),
        ([["教师平均工资收入", 12.6, "元"]], "fact_beyond_bounds", "数值", (3,)),
        ([["教育支出占一般公共预算比例", "130%", "%"]], "fact_beyond_bounds", "数值", (3,)),
        ([["无过重课业负担", 2, "是否达到"]], "fact_beyond_bounds_or_parts", "数值", (3,)),
        ([["交流轮岗教师数", 12.5, "人"]], "fact_beyond_bounds_or_parts", "数值", (3,)),
        ([["教师平均工资收入", 12.6, "万元"]], "fact_converted", "单位", (3,)),
        (
            [["交流轮岗教师数", 30, "人"], ["符合交流条件教师数", 20, "人"]],
            "facts_contradict",
            "数值",
            (3, 4),
        ),
    ],
)
def test_unused_fact_is_a_warning_where_it_stands(
    district: District, rows: list[list[Any]], key: str, column: str, places: tuple[int, ...]
) -> None:
    assert warned(district, *rows) == [(key, "区级数据.xlsx", "区级", column, places)]


def test_ten_thousand_yuan_that_were_yuan_are_told_twice(district: District) -> None:
    told = warned(district, ["教师平均工资收入", 126000, "万元"])
    assert [(key, rows) for key, *_, rows in told] == [("fact_converted", (3,)), ("fact_beyond_bounds", (3,))]


@pytest.mark.parametrize(
    "row",
    [
        ["教师平均工资收入", 126000, "元"],
        ["教师持证上岗率", 99.5, "%"],
        ["交流轮岗教师数", 0, "人"],
        ["无过重课业负担", 0, "是否达到"],
    ],
)
def test_fact_in_its_unit_is_no_warning(district: District, row: list[Any]) -> None:
    assert warned(district, row) == []


def test_facts_of_two_years_do_not_contradict_each_other(district: District) -> None:
    rows = [[YEAR, "交流轮岗教师数", 30, "人", ""], ["2023-2024", "符合交流条件教师数", 20, "人", ""]]
    district.books["区级数据.xlsx"] = {"区级": [HEADER, *rows]}
    assert not [one for one in district.read().warnings if one.key == "facts_contradict"]


def test_warning_says_in_both_languages_what_to_do(district: District) -> None:
    district.books["区级数据.xlsx"] = {"区级": [HEADER, [YEAR, "教师平均工资收入", 12.6, "元", ""]]}
    (warning,) = district.read().warnings
    assert warning.warning
    assert "5,000–1,000,000" in warning.text("zh")
    assert "不会采用" in warning.text("zh")
    assert "will not use" in warning.text("en")
