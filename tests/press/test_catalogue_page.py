from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evalib import __version__
from evalib.press.catalogue import Entry, Standing, Whole, catalogue, write_catalogue
from evalib.press.ledger import Fate, Ledger
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.vocabulary import ReportKey
from evalib.wording import wording_of

ROOT = Path(__file__).parents[2]
YEAR = "2024-2025"
HOSTILE = "</style><script>alert(1)</script>"
WHOLE = Whole("区级报告", "", "", (("HTML", "district/report.html"),), "made")
ENTRY = Entry("1", "甲", "小学部", "城区", "", (Standing("● 不能区分", "same", "3"),) * 5, (), "none")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(ROOT / "params" / "sample.yaml")


def page(settings: Settings, *entries: Entry, lang: str = "zh", wholes: tuple[Whole, ...] = ()) -> str:
    return catalogue(settings, wording_of(settings, lang), YEAR, entries, wholes)


def test_the_policy_names_the_one_script_by_its_hash(settings: Settings) -> None:
    markup = page(settings, ENTRY)
    (script,) = re.findall(r"<script>(.*?)</script>", markup, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in markup
    assert "default-src 'none'" in markup


def test_hostile_words_are_text_wherever_they_stand(settings: Settings) -> None:
    one = replace(ENTRY, code=HOSTILE, name=HOSTILE, area=HOSTILE, group=HOSTILE, causes=(HOSTILE,))
    measures = settings.measures
    renamed = {
        key: value.model_copy(update={"name": value.name.model_copy(update={"zh": HOSTILE})})
        for key, value in measures.dimensions.items()
    }
    other = replace(settings, measures=measures.model_copy(update={"dimensions": renamed}))
    whole = Whole(HOSTILE, HOSTILE, HOSTILE, ((HOSTILE, HOSTILE),), "failed", (HOSTILE,))
    markup = page(other, one, replace(one, area="x", group="y"), wholes=(whole,))
    assert markup.count("<script>") == 1
    assert markup.count("</style>") == 1


def test_what_tells_nothing_apart_is_no_filter(settings: Settings) -> None:
    assert 'id="by-stage"' not in page(settings, ENTRY, ENTRY)
    both = page(settings, ENTRY, replace(ENTRY, stage="初中部", fate="made"))
    assert 'id="by-stage"' in both
    assert 'id="by-fate"' in both
    assert 'id="by-area"' not in both


def test_an_english_catalogue_is_english_to_its_last_word(settings: Settings) -> None:
    markup = page(settings, lang="en", wholes=(replace(WHOLE, name="District report"),))
    assert '<html lang="en">' in markup
    body = markup.partition("<body>")[2].partition("<script>")[0]
    assert not re.search("[\u4e00-\u9fff]", body)


@pytest.fixture
def written(settings: Settings, tmp_path: Path):
    """The catalogue of two sections, after their fates; what the first was made from may be given."""
    store = Store(tmp_path / "store")
    sections = pd.DataFrame(
        {"school_code": ["1", "2"], "stage": "primary", "name": ["甲", None], "area": "urban", "group": None}
    )
    published = pd.DataFrame(
        {
            "school_code": ["1", "1", "2"],
            "stage": "primary",
            "indicator": ["academic", "growth", "academic"],
            "subject": "",
            "reason": ["", "", "suppressed"],
            "standing": ["clearly_above", "none", ""],
            "standing_reason": ["", "too_few", ""],
        }
    )
    store.write({("published_sections", YEAR): sections, ("published", YEAR): published})
    now = {
        "evalib": __version__,
        "params": settings.fingerprint,
        "read": {f"published/{YEAR}": str(store.digest("published", YEAR))[:12]},
    }

    def one(**changed: object) -> str:
        ledger = Ledger(tmp_path / "run.json")
        ledger.record(Fate(ReportKey("school", YEAR, "1", "primary"), True, made_from={**now, **changed}))
        english = ReportKey("school", YEAR, "1", "primary", lang="en")
        ledger.record(Fate(english, True, made_from={**now, **changed}))
        ledger.record(Fate(ReportKey("school", YEAR, "2", "primary"), False, cause={"zh": "因", "en": "why"}))
        (tmp_path / "1-primary").mkdir(exist_ok=True)
        for name in ("report.html", "report.pdf", "report.en.html"):
            (tmp_path / "1-primary" / name).touch()
        return write_catalogue(settings, store, ledger, YEAR, tmp_path).read_text("utf-8")

    return one


def test_a_row_tells_standings_reasons_links_and_fate(written) -> None:
    rows = re.findall(r"<tr data.*?</tr>", written(), re.DOTALL)
    first, second = (re.sub(r"<[^>]+>|\s+", " ", row) for row in rows)
    assert "▲ 明确高于" in first
    assert "○ 数据不足 人数（或班级、年份）太少" in " ".join(first.split())
    assert "本次未评价" in first
    assert "已生成" in first
    assert re.findall(r'href="([^"]+)"', rows[0]) == [
        f"1-primary/{name}" for name in ("report.html", "report.pdf", "report.en.html")
    ]
    assert "学校 2" in second
    assert "为保护学生隐私不公布" in second
    assert "失败 因" in " ".join(second.split())
    assert 'data-standings="10000"' in rows[0]


def test_a_language_that_is_not_asked_for_is_linked_only_while_it_is_made_of_what_is_there(written) -> None:
    assert "1-primary/report.en.html" in written()
    stale = written(params="another")
    assert "1-primary/report.en.html" not in stale
    assert "1-primary/report.html" in stale


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"params": "0" * 12}, "参数在生成之后有变"),
        ({"evalib": "0.0.1"}, "程序在生成之后更新"),
        ({"read": {f"published/{YEAR}": "0" * 12}}, "数据在生成之后有变"),
        ({"read": {"published/1999-2000": "0" * 12}}, "数据在生成之后有变"),
    ],
)
def test_a_report_made_from_what_has_changed_since_is_out_of_date(written, changed, words: str) -> None:
    assert 'data-fate="made"' in written()
    markup = written(**changed)
    assert 'data-fate="stale"' in markup
    assert words in markup


@pytest.fixture
def whole(settings: Settings, tmp_path: Path):
    """The lines above the schools, of a district with a named and a nameless group, after these fates."""
    store = Store(tmp_path / "store")
    sections = pd.DataFrame(
        {
            "school_code": ["1", "2", "3"],
            "stage": "primary",
            "name": ["甲", "乙", "丙"],
            "group_code": ["JT02", "J/1", None],
            "group": ["乙集团", None, None],
        }
    )
    columns = ["school_code", "stage", "indicator", "subject", "reason", "standing", "standing_reason"]
    published = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    store.write({("published_sections", YEAR): sections, ("published", YEAR): published})

    def lines(*fates: Fate, files: tuple[str, ...] = (), **changed: object) -> list[str]:
        district = settings.district.model_copy(update=changed)
        here = replace(settings, district=district, outputs=tmp_path / "output")
        ledger = Ledger(here.output / "run.json")
        for fate in fates:
            ledger.record(fate)
        for name in files:
            (here.output / name).parent.mkdir(parents=True, exist_ok=True)
            (here.output / name).touch()
        path = write_catalogue(here, store, ledger, YEAR, here.output / YEAR)
        above = path.read_text("utf-8").partition('id="filters"')[0]
        return re.findall(r"<li>.*?</li>", above, re.DOTALL)

    return lines


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_the_district_and_its_groups_stand_above_the_schools_with_their_fate(whole) -> None:
    made = Fate(ReportKey("district", YEAR, "district", ""), True)
    failed = Fate(ReportKey("group", YEAR, "JT02", ""), False, cause={"zh": "因", "en": "why"})
    names = ("district/report.html", "district/report.pdf", "group-JT02/report.html")
    found = whole(made, failed, files=tuple(f"{YEAR}/{name}" for name in names))
    assert [words(line) for line in found] == [
        "区级报告 HTML PDF 已生成",
        "集团 J/1 未生成",
        "乙集团 JT02 HTML 失败 因 链接为此前生成的报告",
    ]
    links = [re.findall(r'href="([^"]+)"', line) for line in found]
    assert links == [["district/report.html", "district/report.pdf"], [], ["group-JT02/report.html"]]


def test_each_edition_has_a_line_and_each_language_its_links(whole) -> None:
    keys = [ReportKey("district", YEAR, "district", "", edition) for edition in ("restricted", "public")]
    names = [f"{YEAR}/district/report.en.html", f"public/{YEAR}/district/report.html"]
    found = whole(
        *(Fate(key, True) for key in keys),
        files=tuple(names),
        languages=["zh", "en"],
        editions=["restricted", "public"],
        reports=["district"],
    )
    assert [words(line) for line in found] == [
        "区级报告 内部版 HTML (en) 已生成",
        "区级报告 公开版 HTML 已生成",
    ]
    (link,) = re.findall(r'href="([^"]+)"', found[1])
    assert link == f"../public/{YEAR}/district/report.html"
    labels = [re.findall(r'aria-label="([^"]+)"', line) for line in found]
    assert labels[0] != labels[1]


def test_the_lines_are_in_the_first_language(whole) -> None:
    cause = {"zh": "因", "en": "why"}
    failed = Fate(ReportKey("district", YEAR, "district", "", lang="en"), False, cause=cause)
    found = whole(failed, languages=["en"])
    assert [words(line) for line in found] == [
        "District report failed why",
        "Group J/1 not made",
        "乙集团 JT02 not made",
    ]


def test_kinds_that_are_not_asked_for_have_no_line(whole) -> None:
    assert whole(reports=["school"]) == []
    assert [words(line) for line in whole(reports=["school", "group"])] == [
        "集团 J/1 未生成",
        "乙集团 JT02 未生成",
    ]


def test_a_report_about_the_district_is_out_of_date_when_what_it_read_is_another(whole) -> None:
    made_from = {"read": {f"published/{YEAR}": "0" * 12}}
    found = whole(Fate(ReportKey("district", YEAR, "district", ""), True, made_from=made_from))
    assert words(found[0]) == "区级报告 已过时 数据在生成之后有变"
