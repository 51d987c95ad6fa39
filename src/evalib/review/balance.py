"""学科均衡 and 班际均衡 of every section of a stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, balance
from evalib.records import Codes, Reasons, YearRecords
from evalib.review.stage import Builder, Figures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.statistics.influence import section_means
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]


def subject_balance(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """学科均衡: variance of a section's subject means, over the grades that have every subject.

    A pupil's standard scores in the K subjects, less their mean, are K figures of one pupil,
    so that their variances come from `section_means`, classes included, as any indicator's
    do. Only who sat all K subjects counts: every subject's mean is of the same pupils.
    """
    scores = _standard_scores(stage)
    if isinstance(scores, Reason):
        return [_silent(indicator, stage, scores)]
    table = scores.of_subjects()
    grade = scores.records.pupils["grade"].to_numpy(np.int64)
    subjects_of = scores.records.comparable().groupby("grade")["subject"].nunique()
    whole = np.isin(grade, subjects_of.index[subjects_of.eq(table.shape[1])])
    if table.shape[1] < 2 or not whole.any():
        return [_silent(indicator, stage, Reason.NOT_APPLICABLE)]
    sat_all = whole & np.isfinite(table).all(axis=1)
    deviation = np.where(sat_all[:, None], table - table.mean(axis=1, keepdims=True), np.nan)
    means = section_means(
        deviation, stage.one.section, stage.sections, class_=scores.records.class_codes, grade=grade
    )
    found = balance.subject_balance(means.mean, means.variance)
    few = stage.reasons(Reason.TOO_FEW)
    return [_figures(indicator, stage, found, stage.count(sat_all), stage.count(whole), few)]


def class_balance(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """班际均衡: of the variance of pupils' mean standard scores, the share between parallel classes."""
    scores = _standard_scores(stage)
    if isinstance(scores, Reason):
        return [_silent(indicator, stage, scores)]
    classes = scores.records.class_codes
    if classes is None:
        return [_silent(indicator, stage, Reason.NO_DATA)]
    grade = scores.records.pupils["grade"].to_numpy(np.int64)
    tested = np.isin(grade, scores.records.comparable()["grade"].unique())
    value = academic.pupil_mean(scores.score, scores.row, stage.pupils)
    codes = pd.DataFrame({"section": stage.one.section, "grade": grade, "class": classes})
    seen = codes[np.isfinite(value)]
    parallel = seen.groupby(["section", "grade"])["class"].transform("nunique").ge(2)
    counted = codes.index.isin(seen.index[parallel])
    minimum = stage.settings.measures.academic_balance.minimum_class_degrees
    found = balance.class_balance(
        np.where(counted, value, np.nan),
        stage.one.section,
        stage.sections,
        classes,
        grade,
        minimum_degrees=minimum,
    )
    why = np.where(found.degrees < minimum, Reason.TOO_FEW.value, Reason.NO_VARIANCE.value).astype(object)
    # With one class a grade there is nothing to balance.
    single = (stage.count(np.isfinite(value)) > 0) & (stage.count(counted) == 0)
    why = np.where(single, Reason.NOT_APPLICABLE.value, why).astype(object)
    return [_figures(indicator, stage, found, stage.count(counted), stage.count(tested | counted), why)]


BUILDERS: dict[str, Builder] = {"subject_balance": subject_balance, "class_balance": class_balance}


@dataclass(frozen=True)
class _Scores:
    """Standard scores of a stage's common papers, one a score record, and whose each is."""

    records: YearRecords
    score: Floats
    row: Codes

    def of_subjects(self) -> Floats:
        """(pupils, K) each pupil's standard score in each subject; NaN where there is none."""
        subject = self.records.comparable()["subject"].to_numpy()
        pupils = len(self.records.pupils)
        columns = [
            academic.pupil_mean(self.score[subject == one], self.row[subject == one], pupils)
            for one in sorted(set(subject))
        ]
        return np.column_stack(columns)


def _standard_scores(stage: Stage) -> _Scores | Reason:
    """The stage's standard scores, or why there are none."""
    if stage.one.records is None:
        return Reason.NO_DATA
    comparable = stage.one.records.comparable()
    if comparable.empty:
        return Reason.NO_COMPARABLE_PAPER
    marks = comparable["score"].to_numpy(float)
    score = academic.standard_score(marks, comparable["paper"].to_numpy())
    if not np.isfinite(score).any():
        return Reason.NO_VARIANCE if np.isfinite(marks).any() else Reason.NO_DATA
    return _Scores(stage.one.records, score, comparable["row"].to_numpy())


def _figures(
    indicator: IndicatorParams,
    stage: Stage,
    found: balance.Balance,
    n: Codes,
    expected: Codes,
    why_none: Reasons,
) -> SectionFigures:
    """A variance with its own interval; `why_none` where pupils count and there is none all the same."""
    nobody = (n == 0) & (why_none != Reason.NOT_APPLICABLE.value)
    why = np.where(nobody, Reason.NO_DATA.value, np.where(np.isfinite(found.value), "", why_none))
    absent = stage.one.absence()
    return SectionFigures(
        indicator=indicator,
        subject="",
        value=found.value,
        variance=np.full(stage.sections, np.nan),
        n=n.astype(float),
        expected=expected,
        because=np.where(absent == "", why, absent).astype(object),
        low=found.low,
        high=found.high,
    )


def _silent(indicator: IndicatorParams, stage: Stage, reason: Reason) -> SectionFigures:
    """No figure for any section, and why."""
    none = np.full(stage.sections, np.nan)
    nobody = np.zeros(stage.sections, np.int64)
    absent = stage.one.absence()
    because = np.where(absent == "", reason.value, absent).astype(object)
    return SectionFigures(indicator, "", none, none, nobody.astype(float), nobody, because, none, none)
