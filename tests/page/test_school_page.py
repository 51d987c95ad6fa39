from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalib.disclosure import FIGURES, PUBLISHED
from evalib.errors import DataError, ParameterError
from evalib.page import charts
from evalib.page.cover import PAGE, RESULTS
from evalib.page.reports import School, open_school
from evalib.settings import load_settings
from evalib.store import Store

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert(1)</script>"]#sys.version'
YEARS = ("2023-2024", "2024-2025")


def published(year: str) -> pd.DataFrame:
    """Twelve invented sections; the first stands out, the second is withheld, the third unjudged."""
    rows = []
    for position in range(12):
        code = f"21500000{position:02d}"
        high = position == 0
        base = {
            "year": year,
            "school_code": code,
            "stage": "primary",
            "subject": "",
            "reason": "",
            "n": 120.0,
            "coverage": 0.97,
            "standing": "clearly_above" if high else "not_distinguishable",
            "standing_reason": "",
            "score_reason": "",
            "d_mean": 0.3 if high else 0.0,
            "d_sd": 0.05,
        }
        z = 0.4 if high else 0.02 * position
        score = {
            "dimension": "academic",
            "indicator": "standard_score",
            "value": z,
            "se": 0.06,
            "reference": 0.0,
        }
        rate = {"dimension": "academic", "indicator": "pass_rate", "value": 0.8, "se": 0.03, "reference": 0.7}
        low = {
            "dimension": "academic",
            "indicator": "low_score_rate",
            "value": 0.1,
            "se": 0.02,
            "reference": 0.05,
        }
        added = {
            "dimension": "growth",
            "indicator": "value_added",
            "value": 0.1,
            "se": 0.05,
            "reference": 0.0,
        }
        match = {"dimension": "growth", "indicator": "match_rate", "value": 0.93, "reference": 0.9}
        more = {**rate, "subject": "chinese", "d_mean": 0.31 if high else 0.0}
        weighed = {**score, "score": z / 0.25, "similar_reference": 0.1, "similar_difference": z - 0.1}
        weighed |= {"similar_low": z - 0.2, "similar_high": z, "change": 0.1, "change_se": 0.04}
        weighed |= {"change_probability": 0.93 if high else 0.5}
        academic = {**score, "indicator": "academic", "smallest": 0.4, "change": 0.1, "change_se": 0.04}
        academic["change_probability"] = weighed["change_probability"]
        growth = {**added, "indicator": "growth", "smallest": 0.5}
        of_dimensions = (academic, growth)
        for one in (weighed, {**score, "subject": "chinese"}, rate, more, low, added, match, *of_dimensions):
            row = {**base, **one}
            row["difference"] = row["value"] - row["reference"]
            if "se" in row:
                row["low"], row["high"] = row["value"] - 2 * row["se"], row["value"] + 2 * row["se"]
            if one is low and high:
                row["standing"], row["d_mean"] = "probably_below", -0.04
            if position == 1:
                row = {**row, "reason": "suppressed", **dict.fromkeys(FIGURES, np.nan)}
            if position == 2:
                row.update(standing="none", standing_reason="too_few", n=20.0)
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=PUBLISHED)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("a folder with spaces")
    shutil.copytree(ROOT / "params", root / "params")
    store = Store(load_settings(root / "params" / "sample.yaml").store)
    sections = pd.DataFrame(
        {
            "school_code": [f"21500000{k:02d}" for k in range(12)],
            "stage": "primary",
            "name": [HOSTILE, *(f"示例{k}小" for k in range(11))],
            "area": "town",
            "pupils_on_roll": pd.array([612, None, *[300] * 10], dtype="Int64"),
            "pupils_on_roll_withheld": [False, True, *[False] * 10],
            "migrant_share": [0.31, *[0.2] * 11],
        }
    )
    notes = pd.DataFrame(
        {
            "stage": ["primary", "primary"],
            "school_code": ["", "2150000005"],
            "note": ["paper_not_comparable", "no_classes"],
            "fields": [json.dumps({"grade": 3, "subject": "english"}), "{}"],
        }
    )
    scale = {"indicator": "standard_score", "centre": 0.0, "spread": 0.25, "between_variance": 0.06}
    scale |= {"stage": "primary", "provisional": True, "base_years": YEARS[0]}
    flows = {
        "feeder": ["2150000000"] * 2,
        "receiver": ["3150000001", ""],
        "pupils": pd.array([40, None], "Int64"),
    }
    for year in YEARS:
        store.write(
            {
                ("published_scale", year): pd.DataFrame([scale]),
                ("published_flows", year): pd.DataFrame(flows),
                ("schools", year): sections[["school_code", "stage"]],
                ("published", year): published(year),
                ("published_sections", year): sections,
                ("published_notes", year): notes,
            }
        )
    return root


def school(root: Path, position: int = 0, lang: str = "zh") -> School:
    params = str(root / "params" / "sample.yaml")
    return open_school(f"21500000{position:02d}", "primary", YEARS[-1], lang=lang, params=params)


def html(shown: object) -> str:
    return shown._repr_mimebundle_()["text/html"]


def everything(one: School) -> list[object]:
    pages = (one.academic, one.competence, one.talents, one.articulation, one.growth)
    parts = [one.cover(), one.context(), one.standings(), one.profile(), one.first_findings(), one.limits()]
    parts += [one.changes(), one.similar(), one.scale(), one.not_said(), one.models()]
    parts += [page.indicators() for page in pages] + [page.glance() for page in pages]
    parts += [page.headline() for page in pages]
    parts += [one.academic.subjects(), one.competence.composition(), one.articulation.flows()]
    parts += [one.growth.caterpillar(), one.growth.parts(), one.growth.model(), one.definitions_changed()]
    return [*parts, one.precision(), one.definitions(), one.rules(), one.provenance(), one.results()]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("position", [0, 1, 2, 5])
def test_every_part_draws_itself_for_every_kind_of_section(root: Path, lang: str, position: int) -> None:
    for part in everything(school(root, position, lang)):
        bundle = part._repr_mimebundle_()
        faces = bundle[0] if isinstance(bundle, tuple) else bundle
        text = json.dumps(faces, ensure_ascii=False)
        assert len(faces) >= 2
        assert "nan" not in text.lower().replace("nance", "")
        assert "None" not in text


def test_a_hostile_name_is_text_on_every_face(root: Path) -> None:
    title = school(root).cover()._repr_mimebundle_()[PAGE]["title"]
    assert HOSTILE in title  # the exporter escapes the cover
    for part in everything(school(root)):
        bundle = part._repr_mimebundle_()
        faces = bundle[0] if isinstance(bundle, tuple) else bundle
        assert "<script" not in faces.get("text/html", "")
        assert "<script" not in faces.get("image/svg+xml", "")


def test_dimensions_not_evaluated_say_so(root: Path) -> None:
    said = html(school(root).not_said())
    assert "综合素质、特色特长、强基衔接：本次未评价" in said
    assert "三年级英语：试卷不是全区统一卷" in said
    assert "班级记录" not in said  # that note belongs to another school


def test_a_dimension_without_any_figure_gives_its_reasons_and_no_table(root: Path) -> None:
    said = html(school(root, 1).academic.indicators())
    assert "平均标准分（T）、合格率、低分率：为保护学生隐私不公布" in said
    assert "120" not in said
    assert "<table" not in said


def test_a_withheld_figure_shows_neither_value_nor_number_of_pupils(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "apart")
    store = Store(load_settings(tmp_path / "apart" / "params" / "sample.yaml").store)
    table = published(YEARS[-1])
    held = table["indicator"].eq("pass_rate")
    table.loc[held, "reason"] = "suppressed"
    table.loc[held, [one for one in FIGURES if one in table]] = np.nan
    store.write({("published", YEARS[-1]): table})
    rows = school(tmp_path / "apart").academic.indicators().rows
    row = next(row for row in rows if row[0] == "合格率")
    assert set(row[1:-1]) == {"—"}
    assert row[-1] == "为保护学生隐私不公布"


def test_an_unjudged_figure_says_why(root: Path) -> None:
    said = html(school(root, 2).not_said())
    assert "平均标准分（T）" in said
    assert "有数值，不作判断（人数（或班级、年份）太少）" in said


def test_first_findings_hold_both_directions_and_count_pupils(root: Path) -> None:
    found = school(root).first_findings().findings
    assert len(found) == 3
    assert {mark for _, _, mark in found} == {"up", "down"}
    rate = next(text for text, _, _ in found if "合格率" in text)
    assert "80%" in rate
    assert "全区 70%" in rate
    assert "12 名学生" in rate


def test_where_lower_is_better_the_words_say_worse(root: Path) -> None:
    row = next(row for row in school(root).academic.indicators().rows if "低分率" in row[0])
    assert row[0] == "低分率（越低越好）"
    assert row[-1] == "▼ 可能差于"


def test_nothing_stands_out_is_said_in_so_many_words(root: Path) -> None:
    assert "没有一项指标与全区的差异能确定大于" in html(school(root, 5).first_findings())


def test_results_hold_every_number_and_what_was_read(root: Path) -> None:
    results = school(root).results()._repr_mimebundle_()[RESULTS]
    json.dumps(results, allow_nan=False)
    assert {row["year"] for row in results["measurements"]} == set(YEARS)
    read = {"published", "published_scale", "published_flows", "published_sections", "published_notes"}
    assert {one["table"] for one in results["read"]} <= read
    assert {"published", "published_sections", "published_notes"} <= {one["table"] for one in results["read"]}
    withheld = school(root, 1).results()._repr_mimebundle_()[RESULTS]
    assert {row["reason"] for row in withheld["measurements"]} == {"suppressed"}
    assert {row["n"] for row in withheld["measurements"]} == {None}


def test_figures_have_the_same_bytes_twice_and_ids_of_their_own(root: Path) -> None:
    first, again = school(root).profile(), school(root).profile()
    assert first.svg == again.svg
    assert "<text" in first.svg  # text stays text
    assert "综合素质" in first.svg
    ids = [part.split('"')[0] for part in first.svg.split(' id="')[1:]]
    assert ids
    assert all(one.startswith("profile-") for one in ids)
    assert "date" not in first.svg.lower()


def test_figures_name_no_other_school(root: Path) -> None:
    for chart in (school(root).academic.glance(), school(root).growth.caterpillar()):
        assert "示例1小" not in json.dumps(chart._repr_mimebundle_(), ensure_ascii=False)


def test_unknown_section_year_and_choice_are_told(root: Path) -> None:
    params = str(root / "params" / "sample.yaml")
    with pytest.raises(ParameterError, match="最接近的是“2150000003”"):
        open_school("21500000003", "primary", YEARS[-1], params=params)
    with pytest.raises(DataError, match="2030-2031"):
        open_school("2150000001", "primary", "2030-2031", params=params)
    with pytest.raises(ParameterError, match="primary, junior"):
        open_school("2150000001", "primry", YEARS[-1], params=params)
    with pytest.raises(ParameterError, match="-r school_code"):
        open_school(1, "primary", YEARS[-1], params=params)


def test_a_code_that_papermill_read_as_a_number_is_its_digits(root: Path) -> None:
    params = str(root / "params" / "sample.yaml")
    assert open_school(2150000001, "primary", YEARS[-1], params=params).view.school_code == "2150000001"


def test_a_section_that_nobody_could_judge_is_not_said_to_be_ordinary(root: Path) -> None:
    said = html(school(root, 2).first_findings())
    assert "都不能作判断" in said
    assert "没有一项指标" not in said


def test_a_withheld_roll_is_not_called_unreported(root: Path) -> None:
    assert "<dd>不公布</dd>" in html(school(root, 1).context())
    assert "未填报" not in html(school(root, 1).context())


@pytest.mark.parametrize("n", [29, 30])
@pytest.mark.parametrize(
    ("indicator", "subject", "standing"),
    [
        ("value_added", "", "clearly_above"),
        ("value_added", "", "probably_below"),
        ("value_added", "", "not_distinguishable"),
        ("pass_rate", "chinese", "clearly_below"),
        ("pass_rate", "", "probably_above"),
        ("standard_score", "", "not_distinguishable"),
    ],
)
def test_a_standing_on_fewer_pupils_than_a_sentence_needs_is_not_said(
    root: Path, indicator: str, subject: str, standing: str, n: int
) -> None:
    view = school(root).view
    row = {**view.row(indicator, subject), "standing": standing, "n": float(n)}
    row["value"] = row["reference"] + (0.1 if standing.endswith("above") else -0.1)
    said = view.speaker.about_indicator(row, view.judged[indicator])
    assert bool(said) == (n >= 30)


def test_every_sentence_that_names_a_standing_needs_as_many_pupils_as_a_standing_does(root: Path) -> None:
    settings = load_settings(root / "params" / "sample.yaml")
    needed = {one.minimum_n for one in settings.sentences if set(one.trigger.standings) - {"none"}}
    assert needed == {settings.disclosure.minimum_n_standing}


@pytest.fixture
def apart(tmp_path: Path, root: Path) -> Path:
    """The same district, its subjects far from the mean of all subjects."""
    shutil.copytree(root, tmp_path / "apart")
    store = Store(load_settings(tmp_path / "apart" / "params" / "sample.yaml").store)
    for year in YEARS:
        table = published(year)
        subject = table["subject"].ne("") & table["indicator"].eq("standard_score")
        table.loc[subject, ["value", "low", "high"]] -= 2.0
        store.write({("published", year): table})
    return tmp_path / "apart"


@pytest.fixture
def drawn(monkeypatch) -> dict[str, tuple]:
    """What each chart was asked to draw, by its name."""
    asked: dict[str, tuple] = {}
    for kind in ("profile", "dot_table", "panorama", "caterpillar"):
        draw = getattr(charts, kind)

        def recorded(name, *arguments, draw=draw, **words):
            asked[name] = arguments
            return draw(name, *arguments, **words)

        monkeypatch.setattr(charts, kind, recorded)
    return asked


def test_profile_is_drawn_in_t_points_before_the_middle_half_of_all_subjects(apart: Path, drawn) -> None:
    assert school(apart).profile()
    rows = drawn["profile"][0]
    # Values .4, then .04 to .22 by .02; the second section is withheld.
    values = [54.0, *(50 + 0.2 * position for position in range(2, 12))]
    score, added = rows[0], rows[4]
    assert (score.point.value, score.point.low, score.point.high) == pytest.approx((54.0, 52.8, 55.2))
    assert score.band == pytest.approx(tuple(np.quantile(values, [0.25, 0.75])))
    assert (added.point.value, added.point.low, added.point.high) == pytest.approx((51.0, 50.0, 52.0))
    assert added.band == pytest.approx((51.0, 51.0))
    assert [row.band for row in rows[1:4]] == [None] * 3


def test_scores_are_drawn_in_t_points_and_growth_in_its_own_unit(apart: Path, drawn) -> None:
    one = school(apart)
    assert all(
        (one.academic.subjects(), one.academic.glance(), one.growth.glance(), one.growth.caterpillar())
    )

    def ends(interval: charts.Interval) -> tuple[float, float, float]:
        return interval.value, interval.low, interval.high

    scores, rates = drawn["subjects"][1]
    assert ends(scores.points[0]) == pytest.approx((34.0, 32.8, 35.2))
    assert ends(rates.points[0]) == pytest.approx((80.0, 74.0, 86.0))
    assert rates.references == pytest.approx([70.0])
    spread, years, moves = drawn["glance-academic"][0]
    assert spread.others == pytest.approx([50 + 0.2 * position for position in range(2, 12)])
    assert ends(spread.here) == pytest.approx((54.0, 52.8, 55.2))
    assert [ends(point) for point in years.points] == [pytest.approx((54.0, 52.8, 55.2))] * 2
    status, change = moves.here
    assert ends(status) == pytest.approx((54.0, 52.8, 55.2))
    assert ends(change) == pytest.approx((1.0, 1.0 - 0.784, 1.0 + 0.784))
    assert change.mark == "up"
    assert [point.value for point in drawn["glance-growth"][0][0].points] == pytest.approx([51.0, 51.0])
    growth, mine = drawn["caterpillar"]
    assert len(growth) == 10
    assert ends(mine) == pytest.approx((0.1, 0.0, 0.2))


def test_printed_scores_are_t_points_of_the_drawn_ones(root: Path) -> None:
    cells = school(root).academic.indicators().rows[0]
    assert cells[1] == "54.0"
    assert cells[5] == "50.0"
    assert "52.8" in cells[2]
    assert "55.2" in cells[2]


def test_changes_are_told_only_where_they_are_sure_enough(root: Path) -> None:
    said = html(school(root).changes())
    assert "学业质量：与全区相比，估计比上年好 1.0" in said
    assert "平均标准分（T）：与全区相比，估计比上年好 1.0（变好的概率 93%）" in said
    assert "没有一项指标能说" in html(school(root, 5).changes())


def test_a_score_says_what_it_is_made_of_and_that_its_base_is_provisional(root: Path) -> None:
    table = school(root).scale()
    assert "基准暂定：2023—2024 学年" in table.caption
    row = next(row for row in table.rows if "平均标准分" in row[1])
    assert row[2:] == ("40%", "66.0", "计入")


def test_similar_sections_are_a_second_reference(root: Path) -> None:
    (row,) = [row for row in school(root).similar().rows if "平均标准分" in row[0]]
    assert row[1:4] == ("54.0", "51.0", "+3.0")


def test_small_flows_have_no_number(root: Path) -> None:
    rows = school(root).articulation.flows().twin.rows
    assert rows == (("其他学校", "40"), ("其他学校", "少于 10"))


def test_a_dimension_without_a_score_falls_back_on_its_lead_indicator(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "apart")
    store = Store(load_settings(tmp_path / "apart" / "params" / "sample.yaml").store)
    table = published(YEARS[-1])
    table.loc[table["indicator"].eq("academic"), "reason"] = "low_coverage"
    store.write({("published", YEARS[-1]): table})
    assert "平均标准分" in html(school(tmp_path / "apart").academic.headline())
