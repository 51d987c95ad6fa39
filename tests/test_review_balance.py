"""学科均衡 and 班际均衡 of a stage: who counts, which variance, and why a section has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from evalib.records import StageYear, YearRecords
from evalib.review.balance import BUILDERS
from evalib.review.stage import SectionFigures, Stage
from evalib.settings import load_settings
from evalib.statistics.influence import section_means

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
INDICATORS = {one.measure: one for one in SETTINGS.measures.indicators}
SECTIONS, CLASSES, SIZE = 5, 4, 30
SUBJECTS = {4: ("chinese", "mathematics"), 5: ("chinese", "mathematics", "english")}
GRADES = tuple(SUBJECTS)


def stage_of(pupils: pd.DataFrame, scores: pd.DataFrame, sections: int = SECTIONS) -> Stage:
    one = StageYear(
        "primary",
        [f"s{number}" for number in range(sections)],
        YearRecords(pupils, scores, pd.DataFrame()),
        pupils["school_code"].str[1:].to_numpy(np.int64),
    )
    # No builder of balance looks at other tables or years.
    district: Any = None
    return Stage(one, district, SETTINGS)


def figures(measure: str, stage: Stage) -> SectionFigures:
    (found,) = BUILDERS[measure](INDICATORS[measure], stage)
    assert isinstance(found, SectionFigures)
    assert np.isnan(found.variance).all()  # of record: no standing
    return found


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two grades in four classes each; only grade 5 has English; section 0 is weak in it."""
    rng = np.random.default_rng(1)
    pupils = pd.DataFrame(
        [
            (f"s{section}", grade, f"c{name}")
            for section in range(SECTIONS)
            for grade in GRADES
            for name in range(CLASSES)
            for _ in range(SIZE)
        ],
        columns=["school_code", "grade", "class"],
    )
    pupils["stage"] = "primary"
    ability = rng.normal(size=len(pupils))
    rows = []
    for grade, subjects in SUBJECTS.items():
        mine = np.flatnonzero(pupils["grade"].eq(grade))
        for subject in subjects:
            mark = 60 + 8 * ability[mine] + 5 * rng.normal(size=len(mine))
            if subject == "english":
                mark -= 8 * pupils["school_code"].iloc[mine].eq("s0").to_numpy()
            rows.append(pd.DataFrame({"row": mine, "grade": grade, "subject": subject, "score": mark}))
    scores = pd.concat(rows, ignore_index=True)
    scores["paper"] = scores.groupby(["grade", "subject"]).ngroup()
    return pupils, scores.assign(sat="present", comparable=True, last_term=True)


def test_subject_balance_is_that_of_the_pupils_who_sat_every_subject(tables) -> None:
    pupils, scores = tables
    gone = scores["row"].eq(pupils.index[pupils["grade"].eq(5)][0]) & scores["subject"].eq("english")
    scores = scores.assign(score=scores["score"].mask(gone))
    found = figures("subject_balance", stage_of(pupils, scores))
    z = scores.assign(
        z=scores.groupby("paper")["score"].transform(lambda one: (one - one.mean()) / one.std())
    )
    wide = z[z["grade"].eq(5)].pivot(index="row", columns="subject", values="z").dropna()
    assert found.n.tolist() == [CLASSES * SIZE - 1] + (SECTIONS - 1) * [CLASSES * SIZE]
    assert found.expected.tolist() == SECTIONS * [CLASSES * SIZE]
    section = pupils["school_code"].str[1:].to_numpy(np.int64)[wide.index]
    classes = pd.factorize(pupils["school_code"] + pupils["class"])[0][wide.index]
    deviation = wide.to_numpy() - wide.to_numpy().mean(axis=1, keepdims=True)
    means = section_means(deviation, section, SECTIONS, class_=classes)
    expected = ((means.mean**2).sum(axis=1) - means.variance.sum(axis=1)) / 2
    assert_allclose(found.value, np.maximum(expected, 0))
    assert found.value[0] > 3 * found.value[1:].max()
    assert found.low is not None
    assert found.low[0] > 0
    assert not any(found.because)


def test_class_balance_sees_a_class_that_was_sorted(tables) -> None:
    pupils, scores = tables
    plain = figures("class_balance", stage_of(pupils, scores))
    sorted_ = pupils["school_code"].eq("s2") & pupils["class"].eq("c0")
    lifted = scores.assign(score=scores["score"] + 15 * sorted_.to_numpy()[scores["row"]])
    found = figures("class_balance", stage_of(pupils, lifted))
    assert found.n.tolist() == SECTIONS * [len(GRADES) * CLASSES * SIZE]
    assert found.value[2] > 0.2
    assert plain.value[2] < 0.1
    assert found.high is not None
    assert found.low is not None
    assert found.low[2] < found.value[2] < found.high[2]


def test_a_section_with_few_classes_or_without_scores_says_so(tables) -> None:
    pupils, scores = tables
    one_class = pupils["school_code"].eq("s1") & pupils["grade"].eq(4)
    pupils = pupils.assign(**{"class": pupils["class"].mask(one_class, "c0")})
    silent = scores["row"].isin(pupils.index[pupils["school_code"].eq("s3")])
    found = figures("class_balance", stage_of(pupils, scores[~silent]))
    assert found.because.tolist() == ["", "too_few", "", "no_data", ""]
    assert found.n[1] == CLASSES * SIZE  # a single class has no parallel
    assert figures("subject_balance", stage_of(pupils, scores[~silent])).because[3] == "no_data"


def without_classes(pupils: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pupils.assign(**{"class": None}), scores


def without_comparable(pupils: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pupils, scores.assign(comparable=False)


def with_equal_marks(pupils: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pupils, scores.assign(score=80.0)


def with_one_subject(pupils: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pupils, scores[scores["subject"].eq("english")]


def with_no_grade_of_all(pupils: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pupils, scores[~(scores["grade"].eq(5) & scores["subject"].eq("chinese"))]


@pytest.mark.parametrize(
    ("change", "of_subjects", "of_classes"),
    [
        (without_classes, "", "no_data"),
        (without_comparable, "no_comparable_paper", "no_comparable_paper"),
        (with_equal_marks, "no_variance", "no_variance"),
        (with_one_subject, "not_applicable", "too_few"),
        (with_no_grade_of_all, "not_applicable", ""),
    ],
)
def test_what_the_district_lacks_is_the_reason(tables, change, of_subjects: str, of_classes: str) -> None:
    pupils, scores = change(*tables)
    for measure, reason in (("subject_balance", of_subjects), ("class_balance", of_classes)):
        found = figures(measure, stage_of(pupils, scores))
        assert set(found.because) == {reason}
        assert (np.isfinite(found.value) == (found.because == "")).all()


def test_a_district_without_pupils_has_no_data(tables) -> None:
    stage = stage_of(*tables)
    empty = replace(stage, one=StageYear("primary", stage.one.codes, None, np.zeros(0, np.int64)))
    for measure in BUILDERS:
        assert set(figures(measure, empty).because) == {"no_data"}
