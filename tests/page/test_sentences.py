"""Whatever the estimates are, no sentence claims what its estimate does not bear."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalib.page.findings import Speaker, bears_a_sentence, first_findings, smallest_of
from evalib.page.overview import surely_near
from evalib.settings import load_settings
from evalib.vocabulary import STANDINGS, Reason
from evalib.wording import mark, wording_of

SETTINGS = load_settings(Path(__file__).parents[2] / "params" / "sample.yaml")
JUDGED = SETTINGS.measures.judged
WORDS = {lang: wording_of(SETTINGS, lang) for lang in ("zh", "en")}
SPEAKERS = {lang: Speaker(SETTINGS.sentences, words) for lang, words in WORDS.items()}
FEWEST = SETTINGS.disclosure.minimum_n_standing

figures = st.one_of(st.none(), st.floats(-3, 3), st.just(float("nan")))


@st.composite
def estimates(draw: st.DrawFn) -> dict[str, object]:
    """A row of the published table such as no review would make, too."""
    indicator = draw(st.sampled_from(sorted(JUDGED)))
    value, reference = draw(figures), draw(figures)
    known = value is not None and reference is not None
    return {
        "indicator": indicator,
        "dimension": JUDGED[indicator].dimension,
        "subject": draw(st.sampled_from(["", "chinese"])),
        "label": "某指标",
        "reason": draw(st.sampled_from(["", "", "", Reason.SUPPRESSED.value])),
        "value": value,
        "se": draw(st.one_of(st.none(), st.floats(0.001, 1))),
        "low": draw(figures),
        "high": draw(figures),
        "n": draw(st.sampled_from([0.0, 9.0, 29.0, 30.0, 400.0])),
        "reference": reference,
        "difference": value - reference if known else None,
        "smallest": draw(st.one_of(st.none(), st.floats(0.01, 1))),
        "standing": draw(st.sampled_from(["", "none", *STANDINGS])),
        "standing_reason": draw(st.sampled_from(["", Reason.TOO_FEW.value])),
        "d_mean": draw(st.floats(-1, 1)),
        "d_sd": draw(st.floats(0.01, 1)),
        "change_probability": None,
    }


# What each claim looks like in words.
ABOVE = {"zh": r"(明确|可能)(高于|好于)|高出", "en": r"(clearly|probably) (above|better)|higher on average"}
BELOW = {"zh": r"(明确|可能)(低于|差于)|平均低", "en": r"(clearly|probably) (below|worse)|lower on average"}


@pytest.mark.parametrize("lang", ["zh", "en"])
@given(row=estimates())
@settings(max_examples=100, deadline=None)
def test_no_sentence_claims_what_the_estimate_does_not_bear(lang: str, row: dict) -> None:
    indicator = JUDGED[row["indicator"]]
    for speak in (SPEAKERS[lang].about_indicator, SPEAKERS[lang].about_dimension):
        said = speak(row, indicator)
        if not said:
            continue
        assert row["reason"] == ""
        assert "nan" not in said.replace("某指标", "")
        assert not re.search(r"\{|None|（区间 ）|\(interval \)", said)
        side = mark(row["standing"] or "none")
        above, below = re.search(ABOVE[lang], said), re.search(BELOW[lang], said)
        if above or below:
            better = row["value"] - row["reference"]
            better = -better if indicator.direction == "lower" else better
            assert row["n"] >= FEWEST
            assert side == ("up" if above else "down")
            assert better > 0 if above else better < 0
        if row["n"] < FEWEST:
            assert side == "na"
        gap = re.search(r"约合 ([\d,]+) 名|about ([\d,]+) pupils", said)
        if gap:
            told = int((gap[1] or gap[2]).replace(",", ""))
            assert indicator.unit == "rate"
            assert told == round(abs(row["value"] - row["reference"]) * row["n"]) > 0
            assert row["subject"] or row["indicator"] not in ("excellent_rate", "pass_rate", "low_score_rate")


@given(row=estimates())
@settings(max_examples=100, deadline=None)
def test_likeness_is_claimed_only_of_a_whole_interval_within_the_smallest_difference(row: dict) -> None:
    indicator = JUDGED[row["indicator"]]
    if bears_a_sentence(row, indicator) and surely_near(row, smallest := smallest_of(row, indicator)):
        assert row["standing"] in STANDINGS
        assert abs(row["low"] - row["reference"]) < smallest
        assert abs(row["high"] - row["reference"]) < smallest


@given(rows=st.lists(estimates(), max_size=12))
@settings(max_examples=40, deadline=None)
def test_first_findings_are_the_largest_of_those_told_apart_and_of_both_sides(rows: list[dict]) -> None:
    told = [row for row in rows if mark(row["standing"] or "") in ("up", "down")]
    found = first_findings(rows)
    assert len(found) <= 3
    assert all(row in told for row in found)
    assert {mark(row["standing"]) for row in found} == {mark(row["standing"]) for row in told}
    if told:
        assert max(told, key=lambda row: abs(row["d_mean"] / row["d_sd"]))["indicator"] in {
            row["indicator"] for row in found
        }


def test_an_estimate_that_bears_its_standing_is_told() -> None:
    row = {
        "indicator": "activity_share",
        "dimension": "talents",
        "subject": "",
        "label": "社团参与率",
        "reason": "",
        "value": 0.6,
        "se": 0.03,
        "low": 0.54,
        "high": 0.66,
        "n": 200.0,
        "reference": 0.5,
        "difference": 0.1,
        "smallest": None,
        "standing": "clearly_above",
        "standing_reason": "",
    }
    said = SPEAKERS["zh"].about_indicator(row, JUDGED["activity_share"])
    assert said == "社团参与率 60%（区间 54%–66%），全区 50%，明确高于全区；差距约合 20 名学生。"
    below = {**row, "standing": "clearly_below"}
    assert SPEAKERS["zh"].about_indicator(below, JUDGED["activity_share"]) == ""


def test_every_sentence_exists_in_both_languages() -> None:
    for sentence in SETTINGS.sentences:
        assert sentence.zh, sentence.id
        assert sentence.en != sentence.zh, sentence.id
        assert not re.search(r"[一-鿿，。；：（）]", sentence.en), sentence.id
