from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from evalib.page.district.initiatives import InitiativesPage
from evalib.page.district.parts import Parts
from evalib.page.district.stated import Holding
from evalib.page.tables import NOTHING, Lead, Table
from evalib.vocabulary import INITIATIVES
from reviewed_tables import YEARS, changed, reviewed, view_of
from shown import faces, line, parts, table_with


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed(tmp_path_factory.mktemp("initiatives") / "district")


def held(root: Path, name: str, **of_view: Any) -> tuple[str, str, str, str]:
    """Outcome, stated figure, what the data say, and the remark."""
    view = view_of(root, **of_view)
    figures = [figure for one in view.settings.initiatives.initiatives for figure in one.figures]
    found = Holding(view).held(next(figure for figure in figures if figure.id == name))
    return found.outcome, found.stated, found.said, found.remark


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("departments", ("agrees", "36", "36", "数据不低于公布的数字")),
        ("good_schools", ("falls_short", "20", "19", "比公布的少 1")),
        ("budget_share", ("agrees", "25%", "25.2%", "数据不低于公布的数字")),
        ("places", ("falls_short", "11,000（3 年合计）", "9,003（3 年合计）", "比公布的少 1,997")),
        ("projects", ("cannot", "20（3 年合计）", "16（2 年合计）", "缺2022—2023 学年的数据")),
        ("repaired", ("agrees", "65（3 年合计）", "90（3 年合计）", "数据不低于公布的数字")),
        ("ladder_expert", ("falls_short", "18", "17", "比公布的少 1")),
        ("named_exchange", ("agrees", "5%", "5.6%", "数据不低于公布的数字")),
        ("groups", ("falls_short", "3", "2", "比公布的少 1")),
        ("communities", ("cannot", "2", "—", "区级数据没有“学校共同体数”")),
        ("evaluation_methods", ("cannot", "3", "—", "没有数据可以对照")),
        ("retention", ("cannot", "99%", "—", "没有数据可以对照")),  # Q1 is of three years, not of nine
    ],
)
def test_a_stated_figure_is_held_against_the_data(
    root: Path, figure: str, expected: tuple[str, str, str, str]
) -> None:
    assert held(root, figure) == expected


def test_a_fact_that_was_refused_is_nothing_to_hold_a_figure_against(root: Path) -> None:
    outcome, _, said, remark = held(root, "pay_rises")
    assert (outcome, said) == ("cannot", "—")
    assert remark == "“教师平均工资收入”的单位是“万元”，应为“元”，没有采用"


def test_what_only_rises_is_looked_at_year_by_year(root: Path, tmp_path: Path) -> None:
    outcome, stated, said, remark = held(root, "spending_rises")
    assert (outcome, stated, remark) == ("agrees", "只增不减", "逐年没有减少")
    assert said.replace("\u00a0", " ") == "14,260 → 14,670 → 15,080 元"

    def fell(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_facts":
            table.loc[table["fact"].eq("spending_per_pupil_yuan"), "value"] = 14_669.0
        return table

    outcome, _, _, remark = held(changed(root, tmp_path / "fell", fell), "spending_rises")
    assert (outcome, remark) == ("falls_short", "2024—2025 学年比此前减少")


def test_one_year_shows_no_rise(root: Path) -> None:
    outcome, _, _, remark = held(root, "spending_rises", year=YEARS[0])
    assert (outcome, remark) == ("cannot", "只有一年的数据，看不出增减")


@pytest.mark.parametrize(("rural", "outcome"), [(1_081.0, "agrees"), (1_080.0, "falls_short")])
def test_above_means_above(root: Path, tmp_path: Path, rural: float, outcome: str) -> None:
    def told(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_facts":
            table.loc[table["fact"].eq("public_funds_rural_yuan"), "value"] = rural
        return table

    assert held(changed(root, tmp_path / "told", told), "rural_above_urban")[0] == outcome


def test_satisfaction_is_held_group_by_group(root: Path, tmp_path: Path) -> None:
    outcome, _, said, remark = held(root, "satisfied")
    assert outcome == "falls_short"
    assert said == "最低：家长 85%"
    assert "低于公布的：家长；" in remark

    def pleased(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_satisfaction":
            table["share"] = table["share"].clip(lower=0.95)
        return table

    outcome, _, _, remark = held(changed(root, tmp_path / "pleased", pleased), "satisfied")
    assert outcome == "cannot"  # two groups have no figure
    assert remark == "没有数据或不公布数值的对象：人大代表、政协委员、其他群众"


def test_a_districts_own_figures_take_the_place_of_the_model_districts(root: Path) -> None:
    assert held(root, "studios")[1] == "24"  # params/sample.yaml; the model district states 57


def test_a_district_that_states_nothing_is_held_against_no_number(root: Path, tmp_path: Path) -> None:
    silent = Path(shutil.copytree(root, tmp_path / "silent"))
    path = silent / "params" / "sample.yaml"
    path.write_text(path.read_text("utf-8").partition("stated:")[0], encoding="utf-8")
    for lang, nothing in (("zh", "没有登记公布的数字"), ("en", "has registered no stated figures")):
        page = InitiativesPage(view_of(silent, lang))
        lead, _, note = parts(page.conditions())
        assert nothing in faces(note)["text/plain"]
        assert not re.search("公布的数字|Stated figures", faces(lead)["text/plain"])
        assert page.overview().rows[1][2] == "—"
        assert [row[0] for row in parts(page.care())[2].rows] == [
            {"zh": "乡村生均公用经费高于城区", "en": "Rural public funds per pupil above urban"}[lang]
        ]
        assert page.brief() == ""
        ladder = parts(page.teachers())[3]
        assert line(ladder.twin, {"zh": "学科骨干", "en": "Subject backbone"}[lang])[1:] == ("44", "46", "48")
        assert not re.search("公布|[Ss]tated", ladder.twin.caption + " ".join(ladder.twin.heads))
        assert not re.search("公布|[Ss]tated", ladder.svg)


def test_every_initiative_has_its_indicators_and_all_32_stand_once(root: Path) -> None:
    page = InitiativesPage(view_of(root))
    ids = []
    for name in INITIATIVES:
        lead, indicators, figures, *_ = parts(getattr(page, name)())
        assert isinstance(lead, Lead)
        assert isinstance(indicators, Table)
        assert isinstance(figures, Table)
        ids += [row[0].split()[0] for row in indicators.rows]
    assert sorted(ids) == sorted(one.id for one in page.view.settings.balance.indicators)


def test_the_lead_counts_what_agrees_what_falls_short_and_what_cannot_be_held(root: Path) -> None:
    page = InitiativesPage(view_of(root))
    said = faces(parts(page.conditions())[0])["text/plain"]
    assert "公布的数字与承诺 5 项：与数据相符 2，低于公布 2，无从对照 1" in said
    assert "数据低于公布的：规划的优质学校、三年新增学位。" in said
    assert line(page.overview(), "办学条件")[2] == "✓ 相符 2、× 低于公布 2、○ 无从对照 1"


def test_the_ladder_shows_persons_by_rung_and_year_beside_the_stated_figure(root: Path) -> None:
    view = view_of(root)
    chart = parts(InitiativesPage(view).teachers())[3]
    assert line(chart.twin, "学科骨干")[1:] == ("44", "46", "48", "40")
    assert view.told["rung_0_2024-2025"] == 48
    assert "2024—2025 学年各层级的人数：学科骨干 48" in chart.alternative
    assert "公布 40" in chart.svg


def test_without_tiers_and_facts_the_ladder_is_not_drawn(root: Path, tmp_path: Path) -> None:
    lesser = reviewed(tmp_path / "less", without=("balance_staffing",))
    shown = parts(InitiativesPage(view_of(lesser)).teachers())
    assert (
        "“2531”梯队，无从画出" in faces(shown[3])["text/plain"] or "无从画出" in faces(shown[3])["text/plain"]
    )


def test_exchange_leaves_out_a_year_whose_facts_contradict_each_other(root: Path) -> None:
    table = table_with(InitiativesPage(view_of(root)).teachers(), "教师交流轮岗")
    assert line(table, "交流轮岗的教师（区级")[1:] == ("28", "—", "28")
    assert line(table, "占符合条件的教师")[1:] == ("12.4%", "—", "12.4%")
    assert line(table, "占名优教师")[1:] == ("5.6%", "5.6%", "5.6%")


def test_counted_teachers_on_exchange_stand_beside_the_facts(root: Path) -> None:
    view = view_of(root)
    table = table_with(InitiativesPage(view).teachers(), "教师交流轮岗")
    names = [row[0] for row in table.rows]
    fact = names.index("其中骨干教师（区级数据）")
    assert table.rows[fact + 1][:2] == ("其中县级以上骨干（教师表）", "6")
    assert line(table, "占交流轮岗的教师（区级数据）")[1:] == ("17.9%", "—", "17.9%")
    assert line(table, "占标为交流轮岗的教师（教师表）")[1] == "22.2%"
    assert view.told["counted_exchanged_backbone_2024-2025"] == 6
    english = table_with(InitiativesPage(view_of(root, "en")).teachers(), "Exchange of teachers")
    assert line(english, "Backbone teachers of county level among them (teachers' table)")[1] == "6"


def test_a_coefficient_of_variation_is_called_one_and_stands_beside_its_limit(root: Path) -> None:
    def cell(lang: str, indicator: str) -> str:
        page = InitiativesPage(view_of(root, lang))
        shown = table_with(page.conditions(), "归在其下" if lang == "zh" else "placed under it")
        return str(line(shown, f"{indicator} ")[1]).replace("\u00a0", " ")

    zh, en = cell("zh", "R4"), cell("en", "R4")
    assert zh == "差异系数 小学部 0.310（≤ 0.50）、初中部 0.330（≤ 0.45）；未达到的学段部 0 / 11"
    assert en == (
        "Coefficient of variation: Primary 0.310 (≤ 0.50), Junior secondary 0.330 (≤ 0.45); "
        "sections in the way: 0 of 11"
    )
    assert cell("zh", "R6").startswith("差异系数 小学部 × 0.500004（≤ 0.50）、")


def test_pupils_kept_for_nine_years_are_not_held_against_three(root: Path) -> None:
    for lang, name in (("zh", "义务教育巩固率"), ("en", "Pupils kept through compulsory education")):
        figures = parts(InitiativesPage(view_of(root, lang)).care())[2]
        assert line(figures, name)[-1].startswith("○")


def test_a_cell_shows_each_part_as_an_output_of_its_own() -> None:
    table = Table("甲", ("乙",), (("丙",),))
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            Parts((Lead("一"), NOTHING, table))._ipython_display_()
    finally:
        InteractiveShell.clear_instance()
    shown = [one.data["text/plain"] for one in captured.outputs]
    assert shown == ["一", "甲\n乙\n丙"]


def test_in_brief_the_outcomes_of_all_stated_figures_are_added_up(root: Path) -> None:
    view = view_of(root)
    page = InitiativesPage(view)
    said = page.brief()
    page.overview()
    own = {key: count for key, count in view.told.items() if not key.startswith("stated_all_")}
    sums = {
        name: sum(count for key, count in own.items() if re.fullmatch(rf"stated_\w+_{name}", key))
        for name in ("agrees", "falls_short", "cannot")
    }
    assert sums == {name: view.told[f"stated_all_{name}"] for name in sums}
    figures = [f"{count:g} 项" for count in (sum(sums.values()), *sums.values())]
    assert re.findall(r"\d+ 项", said) == figures
