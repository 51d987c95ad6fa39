"""The district's page over an invented district: what it counts, whom it names, and what it must not tell."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalib.errors import DataError, ParameterError
from evalib.page.cover import PAGE, RESULTS
from evalib.page.district.apart import size_of
from evalib.page.district.between import Between, Measured
from evalib.page.district.company import Company
from evalib.page.district.opening import District, open_district
from evalib.page.district.parts import Parts
from evalib.page.district.sections import Sections, move_of, quartiles
from evalib.page.tables import Note, Table
from evalib.settings import load_settings
from evalib.statistics.between_share import Ranged, change_interval
from evalib.store import Store
from whole_district import GROUPS, HOSTILE, JUNIOR, NAMES, NOW, PRIMARY, YEARS, lay, level, public, published

EDITIONS = ("restricted", "public")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("a district")
    lay(root)
    return root


def district(root: Path, edition: str = "restricted", lang: str = "zh", year: str = NOW) -> District:
    return open_district(year, lang=lang, edition=edition, params=str(root / "params" / "sample.yaml"))


def everything(one: District) -> list[Any]:
    """All that the notebook shows of the five dimensions, cell by cell."""
    pages = (one.academic, one.competence, one.talents, one.articulation, one.growth)
    shown = [one.cover(), one.context(), one.summary()]
    shown += [part for page in pages for part in (page.distribution(), page.standings())]
    shown += [one.between(), one.moves.shown(), one.groups_and_pairs(), one.definitions(), one.provenance()]
    flat = [part for whole in shown for part in (whole if isinstance(whole, Parts) else (whole,))]
    return [*flat, one.results()]


def faces(part: Any) -> dict[str, Any]:
    bundle = part._repr_mimebundle_()
    return {**bundle[0], "words": bundle[1]} if isinstance(bundle, tuple) else bundle


def text_of(one: District) -> str:
    return json.dumps([faces(part) for part in everything(one)], ensure_ascii=False)


def tables_of(part: Any) -> Iterator[Table]:
    for one in part if isinstance(part, Parts) else (part,):
        if isinstance(one, Table):
            yield one


class TestWhole:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.parametrize("year", [YEARS[0], NOW])
    def test_every_part_draws_itself(self, root: Path, lang: str, edition: str, year: str) -> None:
        for part in everything(district(root, edition, lang, year)):
            text = json.dumps(faces(part), ensure_ascii=False, allow_nan=False)
            assert "None" not in text
            assert "nan" not in text.lower().replace("nance", "")
            assert len(faces(part)) >= 2

    def test_a_hostile_name_is_text_on_every_face(self, root: Path) -> None:
        named = False
        for part in everything(district(root)):
            shown = faces(part)
            assert "<script" not in shown.get("text/html", "")
            assert "<script" not in shown.get("image/svg+xml", "")
            assert "<script" not in str(shown.get("words", {}).get("image/svg+xml", {}).get("twin_html", ""))
            named |= HOSTILE in shown.get("text/plain", "")
        assert named

    def test_the_restricted_edition_names_sections_and_the_public_one_none(self, root: Path) -> None:
        inside, outside = text_of(district(root)), text_of(district(root, "public"))
        told = [name for code, name in NAMES.items() if code != "A02" and name in inside]
        assert len(told) > 10
        assert not [name for name in NAMES.values() if name in outside]
        assert not [code for code in NAMES if f"../{code}" in outside]

    def test_the_public_page_is_made_of_public_tables_alone(self, root: Path) -> None:
        one = district(root, "public")
        everything(one)
        read = {entry["table"] for entry in one.results().content["read"]}
        assert {"public", "public_sections"} <= read
        assert read <= {
            "public",
            "public_sections",
            "published_members",
            "published_scale",
            "balance_shared_staff",
        }

    def test_nothing_of_the_unrounded_figures_reaches_the_public_page(
        self, root: Path, tmp_path: Path
    ) -> None:
        before = text_of(district(root, "public"))
        other = tmp_path / "other"
        shutil.copytree(root, other)
        store = Store(load_settings(other / "params" / "sample.yaml").store)
        for year in YEARS:
            figures = published(year)
            numbers = figures.select_dtypes("number").columns
            figures[numbers] = figures[numbers] * 0.9 + 0.02
            named = store.read("published_sections", year).assign(pupils_on_roll=77.0)
            store.write(
                {
                    ("published", year): figures,
                    ("measurements", year): figures,
                    ("published_sections", year): named,
                }
            )
        assert text_of(district(other, "public")) == before
        assert text_of(district(other)) != text_of(district(root))
        # And what is public does reach it.
        moved = public(NOW)
        moved["value"] += 0.1
        store.write({("public", NOW): moved})
        assert text_of(district(other, "public")) != before

    def test_every_figure_of_the_public_page_follows_from_figures_as_printed(self, root: Path) -> None:
        one = district(root, "public")
        everything(one)
        medians = {key: value for key, value in one.view.told.items() if key.endswith("_median")}
        assert len(medians) > 8
        shown = public(NOW)
        academic = shown[(shown["indicator"] == "academic") & (shown["stage"] == "primary")]["value"]
        assert medians["academic_primary_all_median"] == pytest.approx(50 + 10 * academic.median(), abs=1e-6)

    def test_bytes_are_the_same_twice(self, root: Path) -> None:
        assert text_of(district(root)) == text_of(district(root))

    def test_an_edition_a_language_or_a_year_that_there_is_not_is_told(self, root: Path) -> None:
        with pytest.raises(ParameterError, match="restricted, public"):
            district(root, "secret")
        with pytest.raises(ParameterError, match="zh, en"):
            district(root, lang="fr")
        with pytest.raises(DataError, match="2030-2031"):
            district(root, year="2030-2031")

    def test_results_hold_what_was_told_and_read_and_no_section_when_public(self, root: Path) -> None:
        one = district(root, "public")
        everything(one)
        results = one.results()._repr_mimebundle_()[RESULTS]
        json.dumps(results, allow_nan=False)
        assert (results["kind"], results["year"], results["edition"]) == ("district", NOW, "public")
        assert results["told"]["pupils_primary"] == 15 * 200
        assert not [key for key in results["told"] for code in NAMES if code in key]

    def test_the_cover_says_which_edition_it_is(self, root: Path) -> None:
        covers = [district(root, edition).cover()._repr_mimebundle_()[PAGE] for edition in EDITIONS]
        assert "内部版" in covers[0]["subtitle"]
        assert "公开版" in covers[1]["subtitle"]
        assert covers[0]["title"] == "示例区年度教育质量评价"


class TestWithoutAreas:
    def test_no_category_is_said_to_be_too_small(self, root: Path, tmp_path: Path) -> None:
        other = shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(other / "params" / "sample.yaml").store)
        names = ("published_sections", "public_sections")
        store.write({(one, NOW): store.read(one, NOW).assign(area=None) for one in names})
        assert not [note for note in district(other).academic.by_area().notes if "不单列" in note]


class TestStageWithoutScores:
    def test_its_reasons_stand_where_its_figures_would(self, root: Path, tmp_path: Path) -> None:
        other = shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(other / "params" / "sample.yaml").store)
        rows = store.read("published", NOW)
        junior = rows["stage"].eq("junior") & rows["indicator"].eq("academic")
        store.write({("published", NOW): rows.assign(reason=rows["reason"].mask(junior, "no_data"))})
        academic = district(other).academic
        said = "初中部：4 个学段部没有分数，没有数据。"
        assert said in academic.by_area().notes
        assert said in academic.distribution().message


class TestFirstPage:
    def test_pupils_are_those_of_sections_whose_roll_is_shown_and_it_says_so(self, root: Path) -> None:
        facts = dict(district(root).context().facts)
        assert facts["小学部在校生（15 个学段部合计，另 1 个不公布）"] == "3,000"
        assert facts["初中部在校生（4 个学段部合计）"] == "800"
        assert facts["学校"] == "20"

    def test_counts_of_standings_are_those_of_the_published_rows(self, root: Path) -> None:
        (chart, first) = district(root).summary()
        rows = {row[:2]: [int(one) for one in row[2:]] for row in chart.twin.rows}
        shown = published(NOW)
        for dimension, name in (("academic", "学业质量"), ("growth", "增值发展")):
            own = shown[(shown["indicator"] == dimension) & (shown["stage"] == "primary")]
            counted = rows["小学部", name]
            assert counted[0] == (own["standing"] == "clearly_below").sum()
            assert counted[4] == (own["standing"] == "clearly_above").sum()
            assert counted[5] == 1  # the one that is withheld
            assert sum(counted) == len(PRIMARY)
        assert any("小学部：五个维度共 75 个判断" in line for line in first.paragraphs)

    def test_a_year_without_a_year_before_says_that_nothing_can_be_compared(self, root: Path) -> None:
        (_, first) = district(root, year=YEARS[0]).summary()
        assert "没有可以比较的上年数据。" in first.paragraphs
        assert any("只有一个学年" in line for line in first.paragraphs)


class TestDimension:
    def test_the_distribution_is_of_all_sections_with_a_figure(self, root: Path) -> None:
        rows = {row[0]: row[1:] for row in district(root).academic.distribution().twin.rows}
        values = [50 + 10 * level(code, "academic", NOW) for code in PRIMARY if code != "A15"]
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        assert rows["小学部"][:4] == ("15", f"{low:.1f}", f"{middle:.1f}", f"{high:.1f}")
        assert {"小学部 · 城区", "小学部 · 镇区", "小学部 · 示例一集团"} <= set(rows)

    def test_categories_of_fewer_than_three_are_not_split_out(self, root: Path) -> None:
        one = district(root).academic
        assert not [row for row in one.distribution().twin.rows if "乡村" in row[0] or "JT02" in row[0]]
        table = one.by_area()
        assert [row[0] for row in table.rows] == ["小学部", "其中 城区", "其中 镇区", "初中部", "其中 城区"]
        assert any("少于 3 个学段部的类别不单列" in note for note in table.notes)

    def test_the_restricted_edition_draws_a_dot_a_section_and_the_public_one_none(self, root: Path) -> None:
        def dots(edition: str) -> int:
            return district(root, edition).academic.distribution().svg.count("<use ")

        assert dots("restricted") >= 2 * (15 + 8 + 5 + 4 + 4)
        assert dots("public") == 0

    def test_in_public_quartiles_need_five_sections(self, root: Path) -> None:
        rows = {row[0]: row[1:] for row in district(root, "public").academic.distribution().twin.rows}
        assert rows["初中部"] == ("4", "—", "—", "—") * 2
        assert rows["小学部 · 示例一集团"][1] != "—"
        inside = {row[0]: row[1:] for row in district(root).academic.distribution().twin.rows}
        assert inside["初中部"][1] != "—"

    def test_the_parts_of_a_stage_do_not_add_up_to_more_than_it(self, root: Path) -> None:
        rows = district(root).academic.by_area().rows
        whole, *parts = [[int(one) for one in row[1:8]] for row in rows[:3]]
        assert all(sum(column) <= total for *column, total in zip(*parts, whole, strict=True))
        assert sum(whole[1:]) == whole[0]

    def test_a_withheld_section_is_counted_with_its_reason(self, root: Path) -> None:
        notes = district(root).academic.by_area().notes
        assert "小学部：1 个学段部没有分数，为保护学生隐私不公布。" in notes

    def test_who_stands_out_or_moved_is_named_and_leads_to_its_page(self, root: Path) -> None:
        table = district(root).academic.named()
        better = [row for row in table.rows if row[2] == "变好"]
        assert [(row[0], row[3], str(row[4])) for row in better] == [("小学部", "1", "示例A01校")]
        assert '<a href="../A01-primary/report.html">示例A01校</a>' in table.html()
        assert '"../A01-primary/report.pdf"' in table.typst()
        assert not [row for row in table.rows if "不能区分" in row[1] and row[2] == "不能说有变化"]

    def test_the_other_language_leads_to_the_other_language(self, root: Path) -> None:
        assert '<a href="../A01-primary/report.en.html">' in district(root, lang="en").academic.named().html()

    def test_without_sections_reports_their_names_lead_nowhere(self, root: Path, tmp_path: Path) -> None:
        alone = shutil.copytree(root, tmp_path / "alone")
        params = alone / "params" / "sample.yaml"
        params.write_text(params.read_text("utf-8") + "\nreports: [group, district]\n", "utf-8")
        table = district(alone).academic.named()
        assert "示例A01校" in table.html()
        assert "../A01" not in table.html() + table.typst()

    def test_a_formula_is_one_link_away(self, root: Path) -> None:
        one = district(root)
        markup = one.academic.by_area().html()
        wanted = [part.split('"')[0] for part in markup.split('href="#')[1:]]
        assert wanted == ["def-academic", "def-standard_score", "def-standing", "def-change"]
        anchors = [part.split('"')[0] for part in one.definitions().html().split(' id="')[1:]]
        assert len(anchors) == len(set(anchors))
        every = [one.between(), one.moves.shown(), one.groups_and_pairs(), one.growth.standings()]
        for part in every:
            for table in tables_of(part):
                asked = {link.split('"')[0] for link in table.html().split('href="#')[1:]}
                assert asked <= set(anchors)
        assert set(wanted) <= set(anchors)

    def test_a_move_is_told_from_its_probability_and_turned_where_lower_is_better(self) -> None:
        row = {"change": 0.2, "change_probability": 0.81}
        assert move_of(row, 0.8) == "better"
        assert move_of(row, 0.8, "lower") == "worse"
        assert move_of({**row, "change": -0.2}, 0.8) == "worse"
        assert move_of({**row, "change_probability": 0.79}, 0.8) == "same"
        assert move_of({**row, "change_probability": None}, 0.8) == ""

    def test_what_chance_would_call_is_told_of_a_district_without_differences(self, root: Path) -> None:
        # Nineteen sections with a chance of .02 each.
        lead = district(root).academic.by_area().lead
        assert "即使各学段部其实没有差别，偶然被判为高于或低于的平均也有约 0.4 个。" in lead
        assert (
            "If no section really differed, about 0.4 would be told apart"
            in district(root, lang="en").academic.by_area().lead
        )

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_where_no_section_is_told_apart_nothing_is_said_of_chance(
        self, root: Path, tmp_path: Path, lang: str
    ) -> None:
        shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(tmp_path / "other" / "params" / "sample.yaml").store)
        figures = published(NOW)
        own = figures["indicator"].eq("academic") & figures["standing"].ne("")
        figures.loc[own, "standing"] = "not_distinguishable"
        store.write({("published", NOW): figures})
        one = district(tmp_path / "other", lang=lang)
        lead = one.academic.by_area().lead
        assert ("15" in lead, "按模型" in lead, "by the model" in lead.lower()) == (True, False, False)
        assert "academic_by_chance" not in one.view.told

    def test_a_dimension_without_any_score_says_so(self, root: Path) -> None:
        one = district(root, year=YEARS[0])
        said = "增值发展：今年没有一个学段部有可以公布的分数。"
        assert said in one.growth.distribution().paragraphs
        assert said in one.growth.by_area().paragraphs

    def test_quartiles_of_five_are_the_second_the_third_and_the_fourth(self) -> None:
        assert quartiles([5.0, 1.0, 2.0, 4.0, 3.0]) == (2.0, 3.0, 4.0)


class TestBetween:
    def test_shares_are_of_subjects_and_rates_and_scores_have_a_spread(self, root: Path) -> None:
        share, spread = tables_of(district(root).between())
        names = {row[0].partition(" · ")[0] for row in share.rows}
        assert {"语文平均标准分（T）", "数学增值", "体质健康优良率", "社团参与率", "基础达标率"} <= names
        assert (
            "平均标准分（T）" not in names
        )  # a mean over subjects varies less than 1, nobody knows by how much
        assert {row[0].partition(" · ")[0] for row in spread.rows} == {
            f"{one}维度分" for one in ("学业质量", "综合素质", "特色特长", "强基衔接", "增值发展")
        }

    def test_a_share_is_the_variance_of_the_true_scores(self, root: Path) -> None:
        one = Between(district(root).view)
        found, count = one.estimate(Measured("standard_score", "chinese", "primary", True), YEARS[0])
        true = [1.1 * 0.2 * level(code, "academic", YEARS[0]) for code in PRIMARY if code != "A14"]
        assert count == 15
        assert found.value == pytest.approx(np.var(true, ddof=1) - (1.2 * 0.07) ** 2, rel=1e-6)
        assert found.low < found.value < found.high

    def test_a_rate_is_held_against_the_variance_of_a_yes_or_no(self, root: Path) -> None:
        one = Between(district(root).view)
        found, _ = one.estimate(Measured("activity_share", "", "primary", True), NOW)
        true = [0.4 + 0.1 * level(code, "talents", NOW) for code in PRIMARY if code != "A15"]
        p = np.mean(true)
        assert found.value == pytest.approx((np.var(true, ddof=1) - 0.03**2) / (p * (1 - p)), rel=1e-6)

    def test_a_stage_of_four_sections_has_no_estimate(self, root: Path) -> None:
        assert all(
            row[0].endswith("小学部") for table in tables_of(district(root).between()) for row in table.rows
        )

    def test_where_many_are_withheld_nothing_is_estimated(self, root: Path, tmp_path: Path) -> None:
        shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(tmp_path / "other" / "params" / "sample.yaml").store)
        figures = published(NOW)
        held = figures["indicator"].eq("activity_share") & figures["school_code"].isin(["A01", "A02", "A03"])
        store.write({("published", NOW): figures.assign(reason=figures["reason"].mask(held, "suppressed"))})
        one = Between(district(tmp_path / "other").view)
        assert one.estimate(Measured("activity_share", "", "primary", True), NOW) is None
        assert one.estimate(Measured("foundation_rate", "", "primary", True), NOW) is not None

    def test_no_change_is_told_where_intervals_do_not_allow_it(self, root: Path) -> None:
        parts = list(district(root).between())
        assert "没有一项的学段部差异能说缩小或扩大" in parts[0].text
        assert {row[-1] for table in parts[1:] for row in table.rows} <= {"● 不能说有变化", "○ 无可比"}

    def test_a_narrowing_that_is_large_enough_is_told(self, root: Path, tmp_path: Path) -> None:
        shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(tmp_path / "other" / "params" / "sample.yaml").store)
        figures = published(NOW)
        own = figures["indicator"].eq("foundation_rate")
        figures.loc[own, "value"] = 0.6 + 0.2 * (figures.loc[own, "value"] - 0.6)
        store.write({("published", NOW): figures})
        one = district(tmp_path / "other")
        (lead, share, _) = one.between()
        (row,) = [row for row in share.rows if row[0] == "基础达标率 · 小学部"]
        assert row[-1] == "▼ 缩小"
        assert "能说缩小的：基础达标率 · 小学部" in lead.text
        assert any("能说缩小的" in line for line in list(one.summary())[1].paragraphs)


class TestMoves:
    def test_grids_count_every_judged_section_once(self, root: Path) -> None:
        rows = district(root).moves.grids().twin.rows
        own = [row for row in rows if row[:2] == ("小学部", "学业质量")]
        assert sum(int(one) for row in own for one in row[3:]) == 15
        assert sum(int(row[3]) for row in own) == 1
        assert sum(int(row[5]) for row in own) == 1
        assert sum(int(row[6]) for row in own) == 1  # the new section has no year before

    def test_moved_standings_are_counted_and_named_from_word_to_word(self, root: Path) -> None:
        table = district(root).moves.standings()
        (row,) = [row for row in table.rows if row[0] == "学业质量" and row[1] == "小学部"]
        assert sum(int(one) for one in row[2:5]) == 14  # judged in both years
        assert "示例A01校" in row[5] or "示例A16校" in row[5]
        assert "→" in row[5]

    def test_in_public_moved_standings_are_counts_alone(self, root: Path) -> None:
        table = district(root, "public").moves.standings()
        said = [row[5] for row in table.rows if "→" in row[5]]
        assert said
        assert all(part.strip()[-1] == "个" for one in said for part in one.split("；"))


class TestCompany:
    def test_a_group_is_compared_among_members_seen_in_both_years(self, root: Path) -> None:
        one = Company(district(root).view)
        then, now, change = one.mean_change("primary", "academic", frozenset(GROUPS["JT01"]))
        seen = ["A01", "A02", "A03", "A04"]
        first, last = (
            np.mean([10 * level(code, "academic", year) for code in seen]) for year in (YEARS[0], NOW)
        )
        assert (then.value, now.value) == pytest.approx((first, last))
        assert change.value == pytest.approx(last - first)
        # Two means of four sections with a standard error of 4 T points each.
        assert change.high - change.value == pytest.approx(1.96 * (2 * 16 / 4) ** 0.5, rel=1e-4)

    def test_members_that_joined_later_are_told(self, root: Path) -> None:
        one = Company(district(root).view)
        assert one.joined_later("primary", frozenset(GROUPS["JT01"])) == ["A14"]
        notes = district(root).groups_and_pairs().notes
        assert any(note.startswith("1 个学段部后来才加入") for note in notes)

    def test_nobody_joined_later_where_the_first_year_tells_no_groups(
        self, root: Path, tmp_path: Path
    ) -> None:
        other = shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(other / "params" / "sample.yaml").store)
        first = store.read("published_members", YEARS[0])
        store.write({("published_members", YEARS[0]): first.assign(group_code="")})
        assert Company(district(other).view).joined_later("primary", frozenset(GROUPS["JT01"])) is None
        assert not [note for note in district(other).groups_and_pairs().notes if "后来才加入" in note]

    def test_a_pair_is_east_less_west_and_one_across_stages_is_left_out_and_told(self, root: Path) -> None:
        one = Company(district(root).view)
        assert one.pairs("primary") == {
            "JD01": ("A07", "A08"),
            "JD02": ("A09", "A10"),
            "JD03": ("A11", "A12"),
        }
        assert one.pairs("junior") == {}
        then, _, change = one.pair_change("primary", "academic", one.pairs("primary"))
        gaps = [
            level(east, "academic", YEARS[0]) - level(west, "academic", YEARS[0])
            for east, west in one.pairs("primary").values()
        ]
        assert then.value == pytest.approx(10 * np.mean(gaps))
        assert change.value == pytest.approx(0.0, abs=1e-9)
        assert any("1 组结对不是同一学段" in note for note in district(root).groups_and_pairs().notes)

    @pytest.mark.parametrize(
        ("lang", "factor", "expected"),
        [
            ("zh", 3.0, r"西高于东 [\d.]+ → 西高于东 [\d.]+；差距扩大（\+[\d.]+，\+[\d.]+ 至 \+[\d.]+）"),
            ("en", 3.0, r"west ahead by [\d.]+ → west ahead by [\d.]+; gap larger \(\+.+ to \+.+\)"),
            ("zh", 1.0, r"西高于东 ([\d.]+) → 西高于东 \1；差距不能说有变化（.+）"),
            ("zh", 0.0, r"西高于东 [\d.]+ → 东西持平；差距缩小（−[\d.]+，−[\d.]+ 至 −[\d.]+）"),
            ("en", 0.0, r"west ahead by [\d.]+ → level; gap smaller \(−.+ to −.+\)"),
        ],
    )
    def test_pairs_say_who_is_ahead_and_whether_the_gap_became_larger(
        self, root: Path, tmp_path: Path, lang: str, factor: float, expected: str
    ) -> None:
        shutil.copytree(root, tmp_path / "other")
        store = Store(load_settings(tmp_path / "other" / "params" / "sample.yaml").store)
        for year in (YEARS[0], NOW):
            figures = published(year)
            for east, west in (("A07", "A08"), ("A09", "A10"), ("A11", "A12")):
                gap = -3.0 * (factor if year == NOW else 1.0)
                for code, value in ((east, 0.5 * gap), (west, -0.5 * gap)):
                    own = figures["indicator"].eq("academic") & figures["school_code"].eq(code)
                    figures.loc[own, ["value", "se"]] = (value, 0.4)
            store.write({("published", year): figures})
        one = district(tmp_path / "other", lang=lang)
        table = one.groups_and_pairs()
        (row,) = [row for row in table.rows if row[0] in ("东西结对", "East–west pairs")]
        assert re.fullmatch(expected, row[3].replace("\u00a0", " ")), row[3]
        assert not set("▲▼●") & set("".join(row))
        assert one.view.told["pairs_primary_academic_now"] == pytest.approx(-30 * factor)

    def test_a_gap_that_opens_the_other_way_is_not_called_smaller(self) -> None:
        # East ahead by 2 with any sign possible, then west surely by 27: the difference fell, the gap grew.
        then, now = size_of(Ranged(2.0, -6.0, 10.0)), size_of(Ranged(-27.0, -35.0, -19.0))
        assert (then.low, then.high) == (0.0, 10.0)
        assert change_interval(now, then).low > 0

    def test_a_dimension_that_began_later_starts_from_its_own_first_year(self, root: Path) -> None:
        heads = district(root).groups_and_pairs().heads
        assert heads[-1] == "增值发展（自2023—2024 学年）"
        assert heads[3] == "学业质量"

    def test_groups_lead_to_their_page_and_small_ones_are_left_out_in_public(self, root: Path) -> None:
        inside, outside = (district(root, edition).groups_and_pairs() for edition in EDITIONS)
        assert '<a href="../group-JT01/report.html">示例一集团</a>' in inside.html()
        assert any("集团 JT02" in row[0] for row in inside.rows)
        assert not any("JT02" in row[0] for row in outside.rows)
        assert any("2 个集团在一个学段的成员少于 3 个" in note for note in outside.notes)

    def test_a_district_without_groups_or_with_one_year_says_so(self, root: Path, tmp_path: Path) -> None:
        assert isinstance(district(root, year=YEARS[0]).groups_and_pairs(), Note)
        shutil.copytree(root, tmp_path / "other")
        settings = load_settings(tmp_path / "other" / "params" / "sample.yaml")
        store = Store(settings.store)
        for year in YEARS:
            store.write({("published_members", year): store.read("published_members", year).iloc[:0]})
        assert isinstance(district(tmp_path / "other").groups_and_pairs(), Note)
        assert Sections(district(tmp_path / "other").view).groups("primary") == []


def test_there_are_as_many_junior_sections_as_the_tests_suppose() -> None:
    assert (len(PRIMARY), len(JUNIOR)) == (16, 4)
