"""Standard scores, rates and participation of every section of a stage, all subjects and each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic
from evalib.records import Reasons
from evalib.review.stage import Builder, Figures, PupilFigures, Stage
from evalib.settings import IndicatorParams
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]


def standard_score(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """平均标准分: each pupil's mean standard score over the papers sat."""
    return _of_records(indicator, stage, _standard_scores)


def cut_rate(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """优秀率, 合格率, 低分率: of each pupil's papers the share at or beyond a cut."""

    def reached(records: pd.DataFrame) -> Floats:
        measures = stage.settings.measures
        cut = str(indicator.cut)
        absent = records["sat"].isin(["absent", "voided"]).to_numpy()
        return academic.cut_reached(
            records["score"].to_numpy(float),
            absent & (measures.denominator == "entered"),
            records["full_mark"].to_numpy(float),
            records[f"{cut}_cut"].fillna(measures.cuts.of(cut)).to_numpy(float),
            low=cut == "low",
        )

    return _of_records(indicator, stage, reached)


def participation(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """参考率: of each pupil's papers the share with a valid mark."""

    def took_part(records: pd.DataFrame) -> Floats:
        return academic.took_part(records["score"].to_numpy(float), records["sat"].eq("exempt").to_numpy())

    return _of_records(indicator, stage, took_part)


BUILDERS: dict[str, Builder] = {
    "standard_score": standard_score,
    "cut_rate": cut_rate,
    "participation": participation,
}


def _standard_scores(records: pd.DataFrame) -> Floats:
    return academic.standard_score(records["score"].to_numpy(float), records["paper"].to_numpy())


def _of_records(
    indicator: IndicatorParams, stage: Stage, of_record: Callable[[pd.DataFrame], Floats]
) -> list[Figures]:
    """Pupils' means of a figure a record, of all subjects together and of each."""
    records = stage.one.records
    subjects = sorted(set(records.comparable()["subject"])) if records else []
    return [_of_subject(indicator, stage, subject, of_record) for subject in ["", *subjects]]


def _of_subject(
    indicator: IndicatorParams, stage: Stage, subject: str, of_record: Callable[[pd.DataFrame], Floats]
) -> Figures:
    because = stage.one.absence()
    values = np.full(stage.pupils, np.nan)
    expected = np.zeros(stage.sections, np.int64)
    if stage.one.records is None:
        return PupilFigures(indicator, subject, values, expected, because)
    records = stage.one.records.comparable(subject)
    if records.empty:
        return PupilFigures(
            indicator, subject, values, expected, _but(because, Reason.NO_COMPARABLE_PAPER.value)
        )
    tested = stage.one.records.pupils["grade"].isin(set(records["grade"])).to_numpy(copy=True)
    # Who sat another grade's paper counts, and so should count.
    tested[records["row"].to_numpy()] = True
    figures = of_record(records)
    return PupilFigures(
        indicator,
        subject,
        academic.pupil_mean(figures, records["row"].to_numpy(), stage.pupils),
        stage.count(tested),
        _but(because, _why_none(indicator, records, figures)),
    )


def _why_none(indicator: IndicatorParams, records: pd.DataFrame, figures: Floats) -> str:
    """Why nobody in the district has the figure; empty where somebody has."""
    if indicator.measure == "cut_rate" and records["full_mark"].isna().all():
        return Reason.NO_FULL_MARK.value
    if indicator.measure == "participation" and records["sat"].eq("present").all():
        # A district that hands in marks alone does not say who was absent.
        return Reason.NO_DATA.value
    if (
        indicator.measure == "standard_score"
        and np.isfinite(records["score"]).any()
        and not np.isfinite(figures).any()
    ):
        return Reason.NO_VARIANCE.value
    return ""


def _but(because: Reasons, reason: str) -> Reasons:
    """The reasons given, and `reason` for every section that has none."""
    return np.where(because == "", reason, because).astype(object)
