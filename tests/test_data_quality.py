"""What a load remarked on the data reaches the page, and no small number does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evalib.disclosure import publish_remarks
from evalib.intake.load import load
from evalib.measuring import measure
from evalib.page.findings import Speaker
from evalib.page.reports import QUALITY_NOTES, School
from evalib.page.view import View
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.wording import wording_of

ROOT = Path(__file__).parents[1]
BEFORE, NOW = "2023-2024", "2024-2025"
HOSTILE = '<script>alert(1)</script>"]#sys.version'
REMARKS = {
    "schools_gone": {"before": BEFORE, "count": 7, "names": ["示例一小", HOSTILE]},
    "mean_shifted": {"before": BEFORE, "grade": 4, "subject": "chinese", "now": 0.51, "then": 0.7},
    "pupils_unmatched": {"before": BEFORE, "share": 0.21},
    "rows_without_pupil": {"count": 10},
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "params", root / "params")
    return load_settings(root / "params" / "sample.yaml")


def table(remarks: dict[str, dict[str, object]], stage: str = "primary") -> pd.DataFrame:
    rows = [(stage, "", note, json.dumps(fields)) for note, fields in remarks.items()]
    return pd.DataFrame(rows, columns=["stage", "school_code", "note", "fields"]).astype("str")


def school(settings: Settings, remarks: pd.DataFrame, lang: str = "zh") -> School:
    store = Store(settings.store)
    store.write({("published_notes", NOW): publish_remarks(remarks, settings.disclosure).assign(year=NOW)})
    words = wording_of(settings, lang)
    speaker = Speaker(settings.sentences, words)
    return School(View(settings, store, words, speaker, "2150000001", "primary", NOW, (NOW,)))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_remark_is_a_sentence_with_its_figures(settings: Settings, lang: str) -> None:
    said = school(settings, table(REMARKS), lang).data_quality().paragraphs
    assert len(said) == 4
    for sentence, figures in zip(
        said, (["7", "示例一小", "…"], ["51%", "70%"], ["21%"], ["10"]), strict=True
    ):
        assert all(figure in sentence for figure in figures), sentence
        assert "{" not in sentence
    if lang == "zh":
        assert "四年级语文" in said[1]
        assert "2023—2024 学年" in said[1]


def test_nine_rows_are_fewer_than_ten(settings: Settings) -> None:
    (said,) = school(settings, table({"rows_without_pupil": {"count": 9}})).data_quality().paragraphs
    assert "少于 10" in said
    assert "9" not in said
    assert "9" not in "".join(Store(settings.store).read("published_notes", NOW)["fields"])


def test_nothing_to_remark_is_said_too(settings: Settings) -> None:
    (said,) = school(settings, table({})).data_quality().paragraphs
    assert said == next(one.zh for one in settings.sentences if one.id == "quality_nothing")


def test_remarks_on_another_stage_are_not_told(settings: Settings) -> None:
    (said,) = school(settings, table(REMARKS, stage="junior")).data_quality().paragraphs
    assert said == next(one.zh for one in settings.sentences if one.id == "quality_nothing")


def test_a_schools_name_is_text_on_the_page(settings: Settings) -> None:
    bundle = school(settings, table(REMARKS)).data_quality()._repr_mimebundle_()
    assert "<script>" not in bundle["text/html"]
    assert '"]#sys' not in bundle["text/vnd.typst"].replace('\\"', "")


def test_every_quality_note_has_a_sentence(settings: Settings) -> None:
    sentences = {one.id for one in settings.sentences}
    assert {*QUALITY_NOTES, "quality_nothing"} <= sentences
    assert {*REMARKS, "rows_without_pupil_few", "schools_gone_unnamed"} == set(QUALITY_NOTES)


@pytest.mark.proof
def test_project_star_says_how_many_pupils_it_lost(tmp_path: Path) -> None:
    for name in ("params", "data/star"):
        shutil.copytree(ROOT / name, tmp_path / name)
    star = load_settings(tmp_path / "params" / "star.yaml")
    load(star, Store(star.store))
    measure(star, ["1988-1989"])
    notes = Store(star.store).read("published_notes", "1988-1989").set_index("note")["fields"]
    assert json.loads(notes["pupils_unmatched"]) == {"before": "1987-1988", "share": 0.21}


def test_the_notebook_shows_the_note() -> None:
    text = (ROOT / "notebooks" / "school_report.ipynb").read_text("utf-8")
    assert "school.data_quality()" in text
    assert "## 数据质量" in text
    assert "## Data quality" in text
