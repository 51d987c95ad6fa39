"""The sensitivity page says what the draws found, of sections by their names, in both languages."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from evalib.errors import DataError, ParameterError
from evalib.page import sensitivities
from evalib.page.charts import Chart
from evalib.page.sensitivities import SensitivityPage, open_sensitivity
from evalib.page.tables import Note, Table
from evalib.scales import scale_table
from evalib.settings import load_settings
from evalib.store import Store

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from weighable import NOW, District, code, with_sensitivity  # noqa: E402 - beside the tests, not in the package

pytestmark = pytest.mark.proof

HOSTILE = '<script>alert(1)</script>"]#sys.version'
UNNAMED = 4


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("district")
    shutil.copytree(ROOT / "params", root / "params")
    measures = root / "params" / "measures.yaml"
    fewer = measures.read_text("utf-8").replace("draws: 2000\n  weight_sd", "draws: 400\n  weight_sd")
    measures.write_text(fewer.replace("sobol_points: 512", "sobol_points: 64"), "utf-8")
    settings = load_settings(root / "params" / "sample.yaml")
    district = District()
    tables = district.published()
    for year in district.measurements:
        names = [f"第{position}小学" for position in range(30)]
        names[5] = HOSTILE
        tables["published_scale", year] = scale_table(district.scale)
        tables["published_sections", year] = pd.DataFrame(
            {
                "school_code": [code(position) for position in range(30)],
                "stage": "primary",
                "name": [None if position == UNNAMED else name for position, name in enumerate(names)],
            }
        )
    Store(settings.store).write(tables)
    return str(root / "params" / "sample.yaml")


@pytest.fixture(scope="module")
def page(params: str) -> SensitivityPage:
    return open_sensitivity("primary", NOW, lang="zh", params=params)


def test_lead_counts_what_the_draws_counted(page: SensitivityPage) -> None:
    judged = page.effects.sections["standing"].ne("none").sum()
    unsettled = len(page.effects.unsettled(0.05))
    text = page.lead().text
    assert f"学业质量：{judged} 个学段部有判断" in text
    assert f"平均有 {page.effects.changed.mean():.1f} 个" in text
    assert f"{unsettled} 个的判断取决于权重" in text
    assert unsettled > 0


def test_standings_name_the_sections_that_change(page: SensitivityPage) -> None:
    rows = page.standings().rows
    assert [row[0] for row in rows] == ["高于全区", "不能区分", "低于全区"]
    found = page.effects.unsettled(0.05)
    assert sum(int(row[3]) for row in rows) == len(found)
    said = "".join(row[4] for row in rows)
    for one in found["school_code"]:
        name = page._section(one)
        assert name in said
    assert page._section(code(UNNAMED)) == f"学校 {code(UNNAMED)}"


def test_scores_stand_from_high_to_low_as_t_points(page: SensitivityPage) -> None:
    table = page.scores()
    shown = page.effects.sections.dropna(subset=["score"])
    assert len(table.rows) == len(shown)
    best = shown.loc[shown["score"].idxmax()]
    assert table.rows[0][0] == page._section(best["school_code"])
    assert float(table.rows[0][1]) == pytest.approx(50 + 10 * best["score"], abs=0.5)
    sampling, method, total = (float(cell) for cell in table.rows[0][3:6])
    assert total == pytest.approx(np.hypot(sampling, method), abs=0.11)


def test_figure_shows_only_sections_that_change_with_a_twin(page: SensitivityPage) -> None:
    chart = page.ranges()
    assert isinstance(chart, Chart)
    found = page.effects.unsettled(0.05).head(sensitivities.DRAWN)
    assert [row[0] for row in chart.twin.rows] == [page._section(one) for one in found["school_code"]]


def test_weights_alternatives_and_rules_are_whole_in_both_languages(params: str) -> None:
    for lang in ("zh", "en"):
        page = open_sensitivity("primary", NOW, lang=lang, params=params)
        weights, alternatives, rules = page.weights(), page.alternatives(), page.rules()
        assert [len(one.rows) for one in (weights, alternatives, rules)] == [4, 4, 5]
        assert page.cover().content["title"]
        for table in (weights, alternatives, rules, page.standings(), page.scores()):
            assert isinstance(table, Table)
            assert all(len(row) == len(table.heads) for row in table.rows)
            assert "nan" not in table.html()


def test_hostile_name_stays_text(page: SensitivityPage) -> None:
    assert page._section(code(5)) == HOSTILE
    html = page.scores().html()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_without_movement_nothing_depends_on_the_weights(page: SensitivityPage) -> None:
    settings = with_sensitivity(page.settings, weight_sd=0.0, draws=100)
    still = replace(page, settings=settings, weighing=replace(page.weighing, settings=settings))
    assert "平均有 0.0 个" in still.lead().text
    assert isinstance(still.ranges(), Note)
    assert [row[3:] for row in still.standings().rows] == [("0", "—")] * 3


def test_draws_without_any_score_are_told_apart_from_standings_that_change(page: SensitivityPage) -> None:
    marks = {key: one for key, one in page.weighing.scale.marks.items() if key[1] != "standard_score"}
    scale = replace(page.weighing.scale, marks=marks)
    short = replace(page, weighing=page.weighing.on_scale(scale))
    unscored = (short.effects.judged == 0).mean()
    assert 0.02 < unscored < 0.3
    assert f"在 {unscored:.0%} 的抽取中没有任何分数" in short.lead().text
    assert short.effects.sections["kept"].max() == 1
    assert "没有任何分数" not in page.lead().text


def test_dimension_without_figures_says_so(params: str) -> None:
    page = open_sensitivity("primary", NOW, lang="en", params=params, dimension="talents")
    assert "no section is judged" in page.lead().text
    assert isinstance(page.ranges(), Note)
    assert page.scores().rows == ()
    assert len(page.weights().rows) == 3
    assert page.results().content["sections"][0]["score"] is None


def test_dimension_without_cuts_says_so(params: str) -> None:
    page = open_sensitivity("primary", NOW, lang="en", params=params, dimension="growth")
    assert isinstance(page.cuts(), Note)


def test_cuts_are_told_by_name_with_both_means(
    page: SensitivityPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def effects(
        store: Store, settings: object, year: str, changes: list[dict[str, float]], wanted: list[str]
    ) -> pd.DataFrame:
        assert wanted == ["academic"]
        asked.extend(changes)
        return pd.DataFrame(
            {
                "change": [0, 0, 0],
                "stage": ["primary", "primary", "junior"],
                "dimension": "academic",
                "indicator": ["excellent_rate", "academic", "academic"],
                "school_code": code(3),
                "value": [0.2, 0.31, 0.3],
                "n": 100.0,
                "standing": ["above", "above", "below"],
                "value_after": [0.3, 0.21, 0.3],
                "n_after": 100.0,
                "standing_after": ["above", "not_distinguishable", "above"],
            }
        )

    monkeypatch.setattr(sensitivities.sensitivity, "cut_effects", effects)
    table = page.cuts()
    assert isinstance(table, Table)
    assert {"excellent": -0.05} in asked
    assert len(asked) == 6
    assert table.rows == (
        ("优秀线 85% → 80%", "优秀率", "20%", "30%", "1", "0", "—"),
        ("优秀线 85% → 80%", "学业质量", "53.1", "52.1", "1", "1", "第3小学"),
    )


def test_results_hold_every_section_and_what_was_read(page: SensitivityPage) -> None:
    content = page.results().content
    assert len(content["sections"]) == 30
    assert content["dimension"] == "academic"
    assert {one["table"] for one in content["read"]} >= {"published_parts", "published_influences"}


@pytest.mark.parametrize(
    "wrong", [{"stage": "middle"}, {"lang": "fr"}, {"dimension": "overall"}, {"stage": "junior"}]
)
def test_argument_that_is_not_allowed_is_told(params: str, wrong: dict[str, str]) -> None:
    given = {"stage": "primary", "year": NOW, "params": params, **wrong}
    with pytest.raises(ParameterError):
        open_sensitivity(**given)


def test_year_without_scores_is_told(params: str) -> None:
    with pytest.raises(DataError):
        open_sensitivity("primary", "2030-2031", params=params)


@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_notebook_runs_from_top_to_bottom(params: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(params).parents[1]
    (root / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(root / folder)
    monkeypatch.setattr(SensitivityPage, "cuts", lambda page: None)
    notebook = nbformat.read(ROOT / "notebooks" / "sensitivity.ipynb", as_version=4)
    names: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "cell", "exec"), names)
    assert isinstance(names["page"], SensitivityPage)
