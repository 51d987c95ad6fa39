"""A section's own page tells its seven resources as the district's page does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.page.district.evidence import needs_in_words
from evalib.page.district.own import own_resources
from evalib.page.district.passing import Passing
from evalib.page.district.standards import StandardsPage
from evalib.page.district.terms import Terms
from evalib.page.tables import Note, Table
from evalib.page.view import View
from reviewed_tables import changed, reviewed, view_of
from shown import table_with


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed(tmp_path_factory.mktemp("a folder with spaces") / "district")


def own(root: Path, code: str, stage: str, edition: str = "restricted", lang: str = "zh") -> Table | Note:
    of = view_of(root, lang, edition)
    section = (of.settings, of.store, of.words, of.speaker, code, stage, of.year, of.years, edition)
    return own_resources(View(*section))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sections_page_has_the_figures_of_the_districts_page_to_the_digit(root: Path, lang: str) -> None:
    compared = 0
    view = view_of(root, lang)
    for stage in view.stages:
        table = Passing(view).sections_table(stage)
        assert table is not None
        codes = sorted(row["school_code"] for row in view.sections if row["stage"] == stage)
        for code, line in zip(codes, table.rows, strict=True):
            mine = own(root, code, stage, lang=lang)
            if isinstance(mine, Note):
                continue
            for cell, row in zip(line[1:-1], mine.rows, strict=True):
                sign, _, figure = str(cell).partition(" ")
                assert row[4].startswith(sign)
                assert row[1].startswith(figure)
                compared += bool(figure)
    assert compared > 20


def test_a_figure_leads_to_its_rule_on_the_districts_page(root: Path) -> None:
    mine = own(root, "2150000001", "primary")
    assert isinstance(mine, Table)
    assert '<a href="../district/report.html#def-R1">R1 ' in mine.html()
    assert '"../district/report.pdf"' in mine.typst()
    rules = table_with(StandardsPage(view_of(root)).definitions(), "项指标怎样算")
    assert 'id="def-R1"' in rules.html()


def test_the_public_edition_has_none(root: Path) -> None:
    view = view_of(root)
    row = view.sections[0]
    public = own(root, row["school_code"], row["stage"], "public")
    assert isinstance(public, Note)
    assert "内部版" in public.paragraphs[0]


def test_where_nothing_was_handed_in_that_is_said(root: Path) -> None:
    none = own(root, "0", "primary")
    assert isinstance(none, Note)
    assert "未报告" in none.paragraphs[0]


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh", "全校合计写在初中部"), ("en", "the whole school's need is told at: Junior secondary")],
)
def test_what_a_whole_school_needs_is_told_once_and_pointed_to(root: Path, lang: str, said: str) -> None:
    terms = Terms(view_of(root, lang))
    needed = [
        {"indicator": "R4", "units": 0, "with": "junior"},
        {"indicator": "R5", "units": 0, "with": "junior"},
    ]
    assert needs_in_words(terms, None, needed) == [said]


@pytest.mark.parametrize(("stage", "said"), [("primary", "2 名教师"), ("junior", "全校合计写在小学部")])
def test_what_a_whole_school_is_short_of_stands_at_one_stage(
    root: Path, tmp_path: Path, stage: str, said: str
) -> None:
    def one_school(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if "school_code" in table:
            table["school_code"] = table["school_code"].replace("3150000000", "2150000000")
        if name == "balance_sections":
            here = table["school_code"].eq("2150000000") & table["indicator"].eq("R3")
            table.loc[here, "verdict"] = "under"
            table.loc[here, "short_of_limit"] = [2.0, 0.0]
        return table

    mine = own(changed(root, tmp_path / "one", one_school), "2150000000", stage)
    assert isinstance(mine, Table)
    assert [row[3] for row in mine.rows if row[0].startswith("R3")] == [said]


@pytest.mark.parametrize(
    ("lang", "reason", "said"),
    [
        ("zh", "特殊教育学校", "不在评估范围：特殊教育学校"),
        ("en", "特殊教育学校", "out of the evaluation's scope: schools of special education"),
        ("zh", "no_pupils", "不在评估范围：没有学生"),
        ("en", "no_pupils", "out of the evaluation's scope: no pupils"),
        ("zh", "schools.kind", "学校（办学类型）"),
    ],
)
def test_a_section_without_verdicts_says_why_in_its_language(
    root: Path, tmp_path: Path, lang: str, reason: str, said: str
) -> None:
    def unjudged(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_sections":
            here = table["school_code"].eq("2150000000")
            table.loc[here, ["verdict", "reason", "short_of_limit"]] = ["not_reported", reason, np.nan]
        return table

    mine = own(changed(root, tmp_path / "one", unjudged), "2150000000", "primary", lang=lang)
    assert isinstance(mine, Table)
    assert {row[3] for row in mine.rows} == {said}
