"""An education group's page: who is named, what is drawn, how far members lie apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalib.errors import ParameterError
from evalib.page.charts import Chart
from evalib.page.cover import PAGE, RESULTS
from evalib.page.district.groups import Group, open_group
from evalib.page.district.parts import Parts
from evalib.page.tables import Note, Table
from evalib.statistics.between_share import gap_interval
from whole_district import GROUPS, HOSTILE, NAMES, NOW, YEARS, lay, level, public

EDITIONS = ("restricted", "public")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("a district")
    lay(root)
    return root


def group(root: Path, code: str = "JT01", edition: str = "restricted", lang: str = "zh") -> Group:
    return open_group(code, NOW, lang=lang, edition=edition, params=str(root / "params" / "sample.yaml"))


def everything(one: Group) -> list[Any]:
    shown = [one.cover(), one.context(), one.roll(), one.five(), one.gap(), one.shared_staff()]
    shown += [one.definitions(), one.provenance()]
    flat = [part for whole in shown for part in (whole if isinstance(whole, Parts) else (whole,))]
    return [*flat, one.results()]


def text_of(one: Group) -> str:
    return json.dumps([part._repr_mimebundle_() for part in everything(one)], ensure_ascii=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("code", sorted(GROUPS))
def test_every_part_draws_itself(root: Path, code: str, edition: str, lang: str) -> None:
    text = text_of(group(root, code, edition, lang))
    assert "None" not in text
    assert "nan" not in text.lower().replace("nance", "")


def test_a_hostile_name_is_text_on_every_face(root: Path) -> None:
    named = False
    for part in everything(group(root)):
        bundle = part._repr_mimebundle_()
        faces, words = bundle if isinstance(bundle, tuple) else (bundle, {})
        drawn = [faces.get("text/html", ""), faces.get("image/svg+xml", "")]
        drawn.append(str(words.get("image/svg+xml", {}).get("twin_html", "")))
        assert not any("<script" in one for one in drawn)
        named |= HOSTILE in faces.get("text/plain", "")
    assert named


def test_the_restricted_edition_lists_members_and_the_public_one_counts_them(root: Path) -> None:
    inside, outside = (group(root, edition=edition) for edition in EDITIONS)
    table = inside.roll()
    assert isinstance(table, Table)
    assert [row[2] for row in table.rows] == ["领办校", "分校", "未填报", "未填报", "未填报"]
    assert '<a href="../A01-primary/report.html">' in table.html()
    assert outside.roll().paragraphs == ("本集团有 5 个学段部；公开版不列名单。",)
    assert not [name for name in NAMES.values() if name in text_of(outside)]
    assert not [code for code in NAMES if code in text_of(outside)]


def test_the_public_page_reads_public_tables_alone(root: Path) -> None:
    one = group(root, edition="public")
    everything(one)
    read = {entry["table"] for entry in one.results()._repr_mimebundle_()[RESULTS]["read"]}
    assert read == {
        "public",
        "public_sections",
        "published_members",
        "published_scale",
        "balance_shared_staff",
    }


def test_in_public_no_row_of_the_figure_is_one_section(root: Path) -> None:
    (chart,) = group(root, edition="public").five()
    shown = public(NOW)
    for dimension, name in (("academic", "学业质量"), ("talents", "特色特长")):
        own = shown[shown["indicator"].eq(dimension) & shown["school_code"].isin(GROUPS["JT01"])]
        wanted = [f"{50 + 10 * one:.1f}" for one in sorted(own["value"])]
        printed = [row[2] for row in chart.twin.rows if row[0] == name]
        assert [f"{float(one):.1f}" for one in printed] == wanted


def test_a_group_of_two_is_told_and_not_drawn_in_public_and_drawn_with_names_inside(root: Path) -> None:
    inside, outside = (group(root, "JT02", edition).five() for edition in EDITIONS)
    assert [type(one) for one in inside] == [Chart, Chart]
    assert "示例A05校" in next(iter(inside)).svg
    assert [type(one) for one in outside] == [Note, Note]
    assert next(iter(outside)).paragraphs == ("小学部：有分数的成员少于 3 个，不画出。",)


def test_a_gap_is_the_highest_less_the_lowest_with_the_range_of_the_errors(root: Path) -> None:
    (table,) = group(root).gap()
    scores = np.array([50 + 10 * level(code, "competence", NOW) for code in GROUPS["JT01"]])
    found = gap_interval(scores, np.full(5, 16.0))
    row = next(row for row in table.rows if row[0] == "综合素质")
    assert row[1] == f"{found.value:.1f}（{found.low:.1f}–{found.high:.1f}）"
    assert found.value == pytest.approx(np.ptp(scores))


def test_the_spread_has_the_errors_taken_off(root: Path) -> None:
    one = group(root)
    one.gap()
    scores = [10 * level(code, "competence", NOW) for code in GROUPS["JT01"]]
    assert one.view.told["spread_competence_primary"] == pytest.approx(
        (np.var(scores, ddof=1) - 16) ** 0.5, rel=1e-4
    )


def test_the_gap_changed_among_members_seen_in_both_years(root: Path) -> None:
    one = group(root)
    (table,) = one.gap()
    seen = ["A01", "A02", "A03", "A04"]
    then, now = (np.ptp([10 * level(code, "academic", year) for code in seen]) for year in (YEARS[0], NOW))
    told = one.view.told
    assert told["gap_change_academic_primary_then"] == pytest.approx(then)
    assert told["gap_change_academic_primary_now"] == pytest.approx(now)
    assert told["gap_change_academic_primary_change"] == pytest.approx(now - then, abs=1e-6)
    assert any("1 个学段部后来才加入" in note for note in table.notes)


def test_a_single_member_of_a_stage_has_no_gap(root: Path) -> None:
    primary, junior = group(root, "JT02").gap()
    assert isinstance(primary, Table)
    assert {row[2] for row in primary.rows} == {"—"}  # two members: no spread of their own
    assert isinstance(junior, Note)


def test_shared_staff_by_year_and_none_where_there_is_no_table(root: Path) -> None:
    rows = group(root).shared_staff().rows
    assert rows == (
        ("在两所及以上成员校任教", "3", "3", "3"),
        ("从一所成员校交流到另一所", "—", "2", "2"),
    )
    assert isinstance(group(root, "JT02").shared_staff(), Note)


def test_a_group_without_a_name_is_called_by_its_code(root: Path) -> None:
    titles = [group(root, code).cover()._repr_mimebundle_()[PAGE]["title"] for code in ("JT01", "JT02")]
    assert titles == ["示例一集团", "集团 JT02"]


def test_an_unknown_group_is_told_with_the_nearest(root: Path) -> None:
    with pytest.raises(ParameterError, match="最接近的是“JT01”"):
        group(root, "JT1")


def test_a_code_that_a_launcher_read_as_a_number_is_its_digits(root: Path) -> None:
    with pytest.raises(ParameterError, match="“7”"):
        open_group(7, NOW, params=str(root / "params" / "sample.yaml"))
