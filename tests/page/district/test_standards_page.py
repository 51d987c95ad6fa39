from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from evalib.errors import FaultyParams
from evalib.page.district.emitted import review_rows
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.standards import StandardsPage
from evalib.page.district.terms import Terms, digits_beside
from evalib.page.tables import Lead, Note
from evalib.review.district.in_force import judged_in_force
from evalib.settings import load_settings
from review_shown import everything
from reviewed_tables import (
    HOSTILE,
    JUNIOR,
    PRIMARY,
    ROOT,
    YEARS,
    changed,
    reviewed,
    sections,
    tables,
    view_of,
)
from shown import faces, line, parts, table_with, words_of

SECTION_NAMES = [name for name in sections()["name"] if name != HOSTILE]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed(tmp_path_factory.mktemp("a folder with spaces") / "district")


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., Path]:
    return lambda *names: reviewed(tmp_path / "less", without=names)


@pytest.mark.parametrize("edition", ["restricted", "public"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_part_draws_itself_on_every_face(root: Path, lang: str, edition: str) -> None:
    for one in everything(root, lang, edition):
        text = json.dumps(faces(one), ensure_ascii=False)
        assert len(faces(one)) >= 2
        assert not re.search(r"\bnan\b|None|\{[a-z_]+\}", text)
        assert "<script" not in faces(one).get("text/html", "")
        assert "<script" not in faces(one).get("image/svg+xml", "")


def test_the_english_pages_hold_no_chinese_but_what_the_district_and_the_law_wrote(root: Path) -> None:
    said = " ".join(faces(one)["text/plain"] for one in everything(root, "en", "public"))
    settings = load_settings(root / "params" / "sample.yaml")
    said = said.replace(settings.balance.source, "")
    assert not re.findall(r"[一-鿿，。；：（）“”、]+", said.replace("“", "").replace("”", ""))


def test_the_public_edition_shows_no_section(root: Path) -> None:
    settings = load_settings(root / "params" / "sample.yaml")
    view = view_of(root, edition="public")
    said = json.dumps([faces(one) for one in everything(root, edition="public")], ensure_ascii=False)
    said += json.dumps(review_rows(view), ensure_ascii=False)
    for secret in (*SECTION_NAMES, HOSTILE, *sections()["school_code"]):
        assert secret not in said
    # Nor does it read what is of sections: without those tables it is the same.
    less = {name for name, _ in tables(settings)} & {"balance_sections", "balance_verdicts"}
    assert len(less) == 2
    assert not less & {name for name, _ in view.store.slices_read}


def test_the_public_edition_does_not_need_the_tables_of_sections(root: Path, without) -> None:
    lesser = without("balance_sections", "balance_verdicts")
    assert [faces(one) for one in everything(lesser, edition="public")] == [
        faces(one) for one in everything(root, edition="public")
    ]


def test_verdicts_are_counted_once_an_indicator_and_low_response_apart(root: Path) -> None:
    view = view_of(root)
    shown = parts(StandardsPage(view).verdict())
    counts = {key.removeprefix("indicators_"): value for key, value in view.told.items()}
    assert counts == {"met": 20, "met_low_response": 1, "not_met": 5, "not_reported": 6}
    assert sum(counts.values()) == len(view.settings.balance.indicators) == 32
    assert "达到 20 项，另有 1 项达到但回收率低，未达到 5 项，未报告 6 项" in faces(shown[0])["text/plain"]
    by_part = table_with(shown, "按四个部分")
    assert [sum(int(row[k]) for row in by_part.rows) for k in range(1, 5)] == [20, 1, 5, 6]


def test_an_indicator_without_a_row_is_not_reported(root: Path, tmp_path: Path) -> None:
    def dropped(name: str, table: pd.DataFrame) -> pd.DataFrame:
        return table[table["indicator"].ne("G1")] if name == "balance_indicators" else table

    view = view_of(changed(root, tmp_path / "less", dropped))
    StandardsPage(view).verdict()
    assert (view.told["indicators_met"], view.told["indicators_not_reported"]) == (19, 7)


def test_a_year_without_a_review_says_so_and_shows_no_verdict(root: Path, without) -> None:
    lesser = without("balance_indicators")
    shown = StandardsPage(view_of(lesser)).verdict()
    assert isinstance(shown, Note)
    assert "没有优质均衡的评估结果" in shown.paragraphs[0]


@pytest.mark.parametrize(
    ("indicator", "said"),
    [
        ("G3", "“办学条件”表的“音乐专用教室数”没有可用的数据（2 个学段部）"),
        ("G8", "“教师平均工资收入”的单位是“万元”，应为“元”，没有采用"),
        ("G12", "没有交“教师”表"),
        ("Q4", "“教师培训经费占公用经费比例”的数值超出可信范围（0% 至 100%），没有采用"),
        ("Q8", "区级数据没有“无过重课业负担”"),
    ],
)
def test_what_is_missing_or_refused_is_named(root: Path, indicator: str, said: str) -> None:
    page = StandardsPage(view_of(root))
    part = page.quality() if indicator.startswith("Q") else page.guarantee()
    row = line(table_with(part, "数值、限值与结论"), f"{indicator} ")
    assert row[3] == said
    assert row[-1] == "○ 未报告"


REASONS = [
    ("no_column", "teachers.degree", {}, "“教师”表没有填“学历”"),
    (
        "contradiction",
        "resources.scope",
        {"sections": 1},
        "“办学条件”表的“填报范围”前后矛盾，没有采用（1 个学段部）",
    ),
    (
        "contradiction",
        "district.exchanged",
        {"other": "exchange_eligible"},
        "“交流轮岗教师数”与“符合交流条件教师数”互相矛盾，都没有采用",
    ),
    (
        "wrong_unit",
        "district.exchanged",
        {"unit": "", "expected": "count"},
        "“交流轮岗教师数”的单位是“未填”，应为“个数”，没有采用",
    ),
    (
        "two_sections",
        "schools",
        {"stage": "junior"},
        "初中部：本学段只有两个学段部，差异系数要谨慎看待",
    ),
    (
        "no_sections",
        "schools",
        {"stage": "junior", "sections": 1, "least": 2},
        "初中部只有 1 个学段部，算差异系数至少要 2 个",
    ),
    (
        "contradiction",
        "district.certified_share",
        {"computed": 0.9832, "told": 1.0, "within": 0.01},
        "“教师持证上岗率”填报 100%，由各表算出的是 98.3%，互相矛盾，都没有采用",
    ),
    (
        "no_rule",
        "",
        {"first": "2017-2018"},
        "规则自2017—2018 学年起施行，此前的学年不作判断",
    ),
    ("no_data", "pupils", {"sections": 3}, "“学生”表没有可用的数据（3 个学段部）"),
    (
        "out_of_range",
        "district.repair_fund_yuan",
        {},
        "“维修改造资金”的数值超出可信范围（不小于 10,000\u00a0元），没有采用",
    ),
    ("out_of_range", "district.full_curriculum", {}, "“课程开齐开足”的数值超出可信范围（1 或 0），没有采用"),
    (
        "out_of_range",
        "district.exchanged",
        {},
        "“交流轮岗教师数”的数值超出可信范围（不小于 0、整数），没有采用",
    ),
]


@pytest.mark.parametrize(("what", "where", "fields", "said"), REASONS, ids=[one[1] for one in REASONS])
def test_every_reason_is_said_in_plain_words(
    root: Path, what: str, where: str, fields: dict[str, Any], said: str
) -> None:
    reason = {"what": what, "where": where, **fields}
    assert reasons_in_words(Terms(view_of(root)), [reason]) == [said]


@pytest.mark.parametrize(
    ("lang", "why", "of_section"),
    [
        ("zh", "规则自2025—2026 学年起施行", "这一学年规则尚未施行"),
        ("en", "the rule is in force from 2025–2026 on", "the rule was not yet in force this school year"),
    ],
)
def test_a_year_before_the_rule_says_so_on_every_page(
    root: Path, tmp_path: Path, lang: str, why: str, of_section: str
) -> None:
    balance = load_settings(root / "params" / "sample.yaml").balance
    later = balance.model_copy(update={"first_year": "2025-2026"})
    untold = {f"balance_{one}": pd.DataFrame() for one in ("sections", "verdicts", "satisfaction")}

    def before(name: str, table: pd.DataFrame) -> pd.DataFrame:
        return judged_in_force({**untold, name: table}, later, YEARS[-1])[name]

    folder = changed(root, tmp_path / "before", before)
    view = view_of(folder, lang)
    page = StandardsPage(view)
    page.verdict()
    assert view.told["indicators_not_reported"] == 32
    assert view.told["indicators_met"] == view.told["indicators_not_met"] == 0
    for part in (page.resources(), page.quality(), page.recognition()):
        assert why in " ".join(faces(one)["text/plain"] for one in parts(part))
    assert of_section in " ".join(faces(one)["text/plain"] for one in parts(page.passing()))
    for edition in ("restricted", "public"):
        said = json.dumps([faces(one) for one in everything(folder, lang, edition)], ensure_ascii=False)
        assert not re.search(r"\bnan\b|None|no_rule", said)


def recalled(root: Path, folder: Path, table: str) -> StandardsPage:
    """The page where one table of shared rules was recalled, and everything else was read."""
    other = Path(shutil.copytree(root, folder))
    path = other / "params" / "standards" / "balance_2017.yaml"
    content = yaml.safe_load(path.read_text("utf-8").replace("status: recalled", "status: read"))
    content[table]["status"] = "recalled" if table else "read"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return StandardsPage(view_of(other))


@pytest.mark.parametrize(("table", "marked"), [("teachers", ["R1", "R2", "R3"]), ("satisfaction", ["S1"])])
def test_a_recalled_rule_marks_every_indicator_that_rests_on_it(
    root: Path, tmp_path: Path, table: str, marked: list[str]
) -> None:
    page = recalled(root, tmp_path / table, table)
    rows = table_with(page.definitions(), "32 项指标怎样算").rows
    assert [row[0].split()[0] for row in rows if "‡" in row[2]] == marked
    limits = [row[0].split()[0] for row in rows if "‡" in row[1]]
    assert limits == [one for one in marked if one == "S1"]  # the seven's limits themselves were read
    assert any("‡" in note for note in table_with(page.verdict(), "按四个部分").notes)


def test_the_limit_of_satisfaction_stands_in_one_place(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root, tmp_path / "other"))
    path = other / "params" / "standards" / "balance_2017.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("  limit: 0.85\n", "  limit: 0.90\n"), encoding="utf-8")
    page = StandardsPage(view_of(other))
    assert "≥ 90%" in line(table_with(page.definitions(), "32 项指标怎样算"), "S1 ")[1].replace("\u00a0", " ")
    assert "限值 90%" in faces(parts(page.recognition())[0])["text/plain"]
    path.write_text(
        text.replace(
            "rule: {kind: satisfaction}\n", "rule: {kind: satisfaction}\n    limits: [{at_least: 0.85}]\n"
        ),
        encoding="utf-8",
    )
    with pytest.raises(FaultyParams, match="S1: its limit stands under"):
        load_settings(other / "params" / "sample.yaml")


def test_how_many_of_how_many_comes_from_the_params(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root, tmp_path / "five"))
    path = other / "params" / "standards" / "balance_2017.yaml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["section_rule"]["least_met"] = 4
    content["indicators"] = [one for one in content["indicators"] if one["id"] not in ("R7", "G1")]
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for lang, stale, told in (
        ("zh", r"7 项|七项|32 项|三年；|两项未达到", ("6 项中至少 4 项", "30 项指标", "3 项未达到或")),
        (
            "en",
            r"\bseven\b|\bsix in\b|of 7\b|the 32\b|32 indicators",
            ("at least 4 in 6", "the 30", "as soon as 3 fail"),
        ),
    ):
        said = " ".join(faces(one)["text/plain"] for one in everything(other, lang))
        assert not re.findall(stale, said)
        for one in told:
            assert one in said


def test_a_figure_shows_on_which_side_of_its_limit_it_lies(root: Path) -> None:
    page = StandardsPage(view_of(root))
    quality = table_with(page.quality(), "数值、限值与结论")
    assert line(quality, "Q2 ")[1:3] == ("94.996%", "≥\u00a095%")
    variation = table_with(page.resources(), "差异系数按学生数加权")
    row = line(variation, "R6 ")
    assert row[1] == "× 0.500004"
    assert row[-1] == "× 未达到"
    assert digits_beside("coefficient", 0.4, 0.5) == 3


def test_a_coefficient_is_marked_by_its_verdict_and_not_by_its_printed_figure(
    root: Path, tmp_path: Path
) -> None:
    def rounded(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_indicators":
            own = table["indicator"].eq("R6") & table["aspect"].eq("variation") & table["stage"].eq("primary")
            assert table.loc[own, "verdict"].eq("not_met").all()
            table.loc[own, "value"] = 0.50
        return table

    page = StandardsPage(view_of(changed(root, tmp_path / "rounded", rounded)))
    variation = table_with(page.resources(), "差异系数按学生数加权")
    assert line(variation, "R6 ")[1:3] == ("× 0.500", "0.390")
    assert "超过限值的有：小学部 R6 0.500" in page.trend().alternative


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh", "全校合计写在初中部"), ("en", "the whole school's need is told at: Junior secondary")],
)
def test_what_a_through_school_needs_stands_once_and_the_other_stage_leads_there(
    root: Path, tmp_path: Path, lang: str, said: str
) -> None:
    code = sections()["school_code"].iloc[PRIMARY]

    def shared(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name != "balance_sections":
            return table
        base = {"year": table["year"].iloc[0], "school_code": code, "indicator": "G3", "aspect": "music"}
        base |= {"value": 1.0, "numerator": 1.0, "limit": 2.0, "verdict": "under", "reason": ""}
        rows = [
            {**base, "stage": "primary", "short_of_limit": 0.0, "short_of_floor": 0.0},
            {**base, "stage": "junior", "short_of_limit": 1.0, "short_of_floor": 49.0},
            {**base, "school_code": "2150000001", "stage": "primary"},  # nobody can tell what it needs
        ]
        return pd.concat([table, pd.DataFrame(rows)], ignore_index=True)

    page = StandardsPage(view_of(changed(root, tmp_path / "through", shared), lang))
    table = table_with(page.guarantee(), "未达到的学段部" if lang == "zh" else "do not keep")
    alone, primary, junior = table.rows
    assert primary[-1] == said
    assert "49" in junior[-1]
    assert alone[-1] == "—"


def test_rules_of_our_own_are_not_said_to_be_of_the_regulation(root: Path) -> None:
    for lang, own, within in (("zh", "本系统自定", "2 个百分点"), ("en", "set here", "2 percentage points")):
        shown = StandardsPage(view_of(root, lang)).definitions()
        caption = "各项共用" if lang == "zh" else "Rules that the indicators share"
        rules = table_with(shown, caption)
        by_status = {row[0]: row[2] for row in rules.rows}
        assert list(by_status.values()).count(own) == 2
        facts = line(rules, "区级数据" if lang == "zh" else "The district's facts")
        assert facts[2] == own
        assert within in facts[1]


def test_the_words_of_pupils_kept_are_their_formula(root: Path) -> None:
    zh, en = (
        line(table_with(StandardsPage(view_of(root, lang)).definitions(), caption), "Q1 ")[1]
        for lang, caption in (("zh", "项指标怎样算"), ("en", "How each"))
    )
    assert "（毕业 + 转出 − 转入）÷（入学 − 死亡）" in zh
    assert "(graduated + transferred out − transferred in) ÷ (entrants − died)" in en
    assert "以 10 计" in zh


def test_every_count_behind_pupils_kept_has_a_name(root: Path, tmp_path: Path) -> None:
    counts = {"entrants": 851, "died": 1, "graduated": 830, "transferred_in": 20, "transferred_out": 30}

    def counted(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_indicators":
            table.loc[table["indicator"].eq("Q1"), "evidence"] = json.dumps({**counts, "open_transfers": 4})
        return table

    other = changed(root, tmp_path / "counted", counted)
    for lang, said in (
        ("zh", "入学人数 851；死亡 1；毕业 830；转入 20；转出 30；转出后去向不明 4"),
        ("en", "entrants 851; died 1; graduated 830; transferred in 20; transferred out 30; "),
    ):
        page = StandardsPage(view_of(other, lang))
        table = table_with(page.quality(), "数值、限值与结论" if lang == "zh" else "values, limits")
        assert line(table, "Q1 ")[3].startswith(said)


def test_what_it_would_take_is_told_in_whole_units_by_stage(root: Path) -> None:
    view = view_of(root)
    page = StandardsPage(view)
    variation = table_with(page.resources(), "差异系数按学生数加权")
    assert line(variation, "R3 ")[3:5] == ("1\u00a0/\u00a011", "小学部 2 名教师")
    limits = table_with(page.resources(), "补到限值还需多少")
    assert line(limits, "R6 ")[1:4] == ("≥\u00a02,000\u00a0元", "2\u00a0/\u00a08", "700,000 元")
    assert view.told["needed_R6_primary_yuan"] == 240_000


def untold(root: Path, to: Path, *, summed: bool = True, failing: bool = True) -> Path:
    """The same with two sections left out of the sums of needs of R3 and of the rule over the seven."""

    def left_out(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name == "balance_verdicts":
            table.loc[table["verdict"].eq("not_met"), "needed"] = "[]"
        if name != "balance_indicators":
            return table
        own = table["indicator"].isin(["R3", "R"]) & table["aspect"].ne("variation")
        own &= table["stage"].isin(["", "primary"])
        told = [json.dumps({**json.loads(one), "needs_untold": 2}) for one in table.loc[own, "evidence"]]
        table.loc[own, "evidence"] = told
        if not summed:
            table.loc[own, "needed"] = "{}"
        if not failing:
            table.loc[own, "in_the_way"] = 0.0
        return table

    return changed(root, to, left_out)


@pytest.mark.parametrize("edition", ["restricted", "public"])
@pytest.mark.parametrize(
    ("lang", "summed", "said"),
    [
        (
            "zh",
            True,
            (
                "小学部 2 名教师；有 2 个学段部的需要量不公布，未计入",
                "3 名教师；有 2 个学段部的需要量不公布，未计入",
                "R3 2 名教师、R6 240,000 元；有 2 个学段部的需要量不公布，未计入",
            ),
        ),
        ("zh", False, ("有 2 个学段部的需要量不公布，未计入",) * 3),
        ("en", False, ("sections whose needs are not shown and not counted: 2",) * 3),
    ],
)
def test_a_sum_of_needs_says_how_many_sections_are_left_out_of_it(
    root: Path, tmp_path: Path, lang: str, edition: str, summed: bool, said: tuple[str, str, str]
) -> None:
    view = view_of(untold(root, tmp_path / "untold", summed=summed), lang, edition)
    page = StandardsPage(view)
    captions = {"zh": ("差异系数按学生数加权", "补到限值还需多少", "各学段的学段部数")}
    captions["en"] = ("Verdicts on the 7", "Sections below each limit", ": sections by stage")
    variation, limits, counts = (
        table_with(shown, caption)
        for shown, caption in zip(
            (page.resources(), page.resources(), page.passing()), captions[lang], strict=True
        )
    )
    primary = "小学部" if lang == "zh" else "Primary"
    assert (line(variation, "R3 ")[4], line(limits, "R3 ")[3], line(counts, primary)[-1]) == said
    assert {view.told[f"needs_untold_{one}"] for one in ("R3", "R3_primary", "primary")} == {2}
    other = "不需要" if lang == "zh" else "none"
    assert line(limits, "R3 ")[6] == other
    assert "needs_untold" not in words_of(page.resources())


def test_where_no_section_fails_nothing_is_said_of_needs_left_out(root: Path, tmp_path: Path) -> None:
    page = StandardsPage(view_of(untold(root, tmp_path / "none", summed=False, failing=False)))
    assert line(table_with(page.resources(), "补到限值还需多少"), "R3 ")[3] == "不需要"
    assert line(table_with(page.resources(), "差异系数按学生数加权"), "R3 ")[4] == "—"


def test_what_a_section_needs_is_not_called_unknown_where_it_is_withheld(root: Path, tmp_path: Path) -> None:
    other = untold(root, tmp_path / "withheld")
    for lang, caption, said in (
        ("zh", "没有通过或不能判断", "不公布"),
        ("en", "do not pass or cannot be judged", "not shown"),
    ):
        table = table_with(StandardsPage(view_of(other, lang)).passing(), caption)
        assert line(table, "甲2小学")[2] == said


def test_recalled_limits_bear_their_mark_and_it_is_explained_once(root: Path) -> None:
    page = StandardsPage(view_of(root))
    limits = table_with(page.resources(), "补到限值还需多少")
    assert line(limits, "R2 ")[1] == "≥\u00a01‡"
    assert "‡" not in line(limits, "R1 ")[1]
    first = [
        page.verdict(),
        page.resources(),
        page.passing(),
        page.sections(),
        page.guarantee(),
        page.quality(),
    ]
    assert sum(words_of(shown).count("凭记忆录入") for shown in first) == 1


def test_every_section_stands_in_the_table_with_its_seven_figures(root: Path) -> None:
    shown = parts(StandardsPage(view_of(root)).sections())
    assert [len(table.rows) for table in shown] == [PRIMARY, JUNIOR]
    row = line(shown[0], "甲2小学")
    assert (row[3], row[6], row[8]) == ("× 0.54", "× 1,200", "× 未达到")
    near = line(shown[0], "甲1小学")
    assert near[4].startswith("△")
    assert near[8] == "✓ 达到"
    assert line(shown[0], "甲8小学")[1] == "○"
    assert set(line(shown[1], f"乙{JUNIOR - 1}中学")[1:8]) == {"—"}


def test_a_section_that_does_not_pass_is_told_with_the_least_it_would_take(root: Path) -> None:
    table = table_with(StandardsPage(view_of(root)).passing(), "没有通过或不能判断")
    assert [row[0] for row in table.rows] == ["甲2小学", "甲8小学"]
    assert line(table, "甲2小学")[1:] == ("达到 5、明显不足 2", "R3 2 名教师、R6 240,000 元", "× 未达到")
    assert line(table, "甲8小学")[2] == "办学条件（室内体育用房面积）；教师（学历）"


@pytest.mark.parametrize("edition", ["restricted", "public"])
def test_sections_are_counted_by_stage(root: Path, edition: str) -> None:
    table = table_with(StandardsPage(view_of(root, edition=edition)).passing(), "各学段的学段部数")
    assert line(table, "小学部")[1:4] == ("7", "1", "1")
    assert line(table, "初中部")[1:4] == ("3", "0", "0")
    assert line(table, "小学部")[-1] == "R3 2 名教师、R6 240,000 元"
    assert ("不在范围" in table.heads) == (edition == "restricted")


def test_names_lead_to_the_sections_and_numbers_to_their_rules(root: Path) -> None:
    html = "".join(faces(one).get("text/html", "") for one in everything(root))
    anchors = set(re.findall(r'id="(def-[\w]+)"', html))
    assert anchors == {f"def-{one.id}" for one in view_of(root).settings.balance.indicators}
    assert set(re.findall(r'href="#(def-\w+)"', html)) <= anchors
    assert 'href="../2150000001-primary/report.html"' in html


def test_the_trend_tells_what_is_above_its_limit_and_has_its_twin(root: Path) -> None:
    chart = StandardsPage(view_of(root)).trend()
    assert "超过限值的有：小学部 R6 0.500004" in chart.alternative
    assert len(chart.twin.rows) == 14
    assert chart.twin.rows[0][1:] == ("小学部", "0.200", "0.210", "0.220")
    assert StandardsPage(view_of(root)).trend().svg == chart.svg


def test_our_own_share_of_variance_gives_no_verdict(root: Path) -> None:
    chart = parts(StandardsPage(view_of(root)).quality())[1]
    assert "不作结论" in chart.twin.caption
    assert not re.search("达到|限值", chart.alternative + chart.svg)
    assert [row[1] for row in chart.twin.rows] == ["各科合计", "数学"]


def test_every_rule_stands_in_the_table_of_definitions_with_what_feeds_it(root: Path) -> None:
    view = view_of(root)
    table = table_with(StandardsPage(view).definitions(), "怎样算")
    assert [row[0].split()[0] for row in table.rows] == [one.id for one in view.settings.balance.indicators]
    assert "≥\u00a04.2" in line(table, "R1 ")[1]
    assert "教师（学段、学历）" in line(table, "R1 ")[3]
    assert "区级数据（教师平均工资收入、公务员平均工资收入）" in line(table, "G8 ")[3]
    assert line(table, "R2 ")[2] == "第五条（二） 凭记忆‡"
    english = table_with(StandardsPage(view_of(root, "en")).definitions(), "How each")
    assert line(english, "G15 ")[2] == "Article 6 (15), from the material at hand"


def test_every_table_and_column_that_the_params_name_has_words(root: Path) -> None:
    words = view_of(root).words.catalogue["balance"]
    for one in view_of(root).settings.balance.indicators:
        for table, columns in one.needs.items():
            assert f"table_{table}" in words
            assert {f"column_{column}" for column in columns} <= set(words), one.id


def test_satisfaction_is_shown_by_group_and_never_pooled(root: Path) -> None:
    lead, chart, table = parts(StandardsPage(view_of(root)).recognition())
    assert "△ 达到，回收率低" in faces(lead)["text/plain"]
    assert [row[0] for row in table.rows] == ["学生", "家长", "教师", "校长", "人大代表、政协委员"]
    assert line(table, "家长")[5:] == ("73.3%", "1,870", "84.996%", "84%–86%", "× 未达到")
    assert line(table, "校长")[6] == "≥ n − 4"
    assert "满意率低于 85% 的有：家长" in chart.alternative
    assert "限值 85%" in chart.svg
    assert len(chart.twin.rows) == 4  # who has no share is not drawn


def test_without_a_survey_nothing_is_drawn(root: Path, without) -> None:
    lesser = without("balance_satisfaction")
    shown = parts(StandardsPage(view_of(lesser)).recognition())
    assert "没有可用的满意度调查" in faces(shown[1])["text/plain"]
    assert len(shown) == 2


def test_results_hold_the_rows_and_the_public_ones_are_rounded_as_printed(root: Path) -> None:
    whole, public = (review_rows(view_of(root, edition=edition)) for edition in ("restricted", "public"))
    assert {"balance_sections", "balance_verdicts"} <= set(whole)
    assert not {"balance_sections", "balance_verdicts"} & set(public)
    json.dumps([whole, public], allow_nan=False)
    exchanged = [
        next(row["value"] for row in rows["balance_indicators"] if row["aspect"] == "exchanged")
        for rows in (whole, public)
    ]
    assert exchanged == [28 / 226, 0.124]


@pytest.mark.parametrize("edition", ["restricted", "public"])
def test_a_district_without_any_review_still_has_pages_that_claim_nothing(without, edition: str) -> None:
    names = {
        name
        for name, _ in tables(load_settings(ROOT / "params" / "sample.yaml"))
        if name.startswith("balance_")
    }
    lesser = without(*names, "published_members")
    shown = everything(lesser, edition=edition)
    said = " ".join(faces(one)["text/plain"] for one in shown)
    assert not re.search("[✓×] (达到|未达到|相符|低于公布)", said)
    assert said.count("○ 未报告") >= 32 - len(view_of(lesser).settings.balance.resources)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("zh", ("未达到的是 R3、R6、G4、G11、Q2。", "未报告的是 R5、G3、G8、G12、Q4、Q8。")),
        ("en", ("Not met: R3; R6; G4; G11; Q2.", "Not reported: R5; G3; G8; G12; Q4; Q8.")),
    ],
)
def test_in_brief_it_says_how_many_are_met_and_which_are_not(
    root: Path, lang: str, told: tuple[str, str]
) -> None:
    page = StandardsPage(view_of(root, lang))
    lead = next(one for one in page.verdict() if isinstance(one, Lead))
    said = page.brief()
    for one in page.view.settings.balance.indicators:
        name = f" {one.name.in_(lang)}"
        assert (f"{one.id}{name}" in said) == any(re.search(rf"\b{one.id}\b", text) for text in told)
        said = said.replace(name, "")
    assert said.replace("；", "、") == ("" if lang == "zh" else " ").join((lead.text, *told))


def test_in_brief_nothing_is_said_without_a_review(without: Callable[..., Path]) -> None:
    assert StandardsPage(view_of(without("balance_indicators"))).brief() == ""
