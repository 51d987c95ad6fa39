"""Foundations, retention and adaptation on entry of every section of a stage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, articulation, retention
from evalib.review.stage import Builder, Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]

FIRST_GRADES = {"primary": 1, "junior": 7}
LAST_GRADES = {"primary": 6, "junior": 9}
ADAPTATION = "adaptation_"


def foundation_rate(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """基础达标率: pupils at or above the cut in every core subject taught in their grade."""
    one, params = stage.one, stage.settings.measures
    because = one.absence()
    if one.records is None:
        nobody = np.zeros(stage.sections, np.int64)
        return [PupilFigures(indicator, "", np.zeros(0), nobody, because)]
    core = params.articulation.core_subjects
    records = one.records.comparable()
    records = records[records["subject"].isin(core)]
    cut = str(indicator.cut)
    reached = academic.cut_reached(
        records["score"].to_numpy(float),
        np.zeros(len(records), dtype=bool),
        records["full_mark"].to_numpy(float),
        records[f"{cut}_cut"].fillna(params.cuts.of(cut)).to_numpy(float),
        low=False,
    )
    taught = records.groupby("grade")["subject"].nunique()
    wanted = one.records.pupils["grade"].map(taught).fillna(0).to_numpy(np.int64)
    values = articulation.reached_in_all(
        reached,
        records["subject"].map(core.index).to_numpy(np.int64),
        records["row"].to_numpy(np.int64),
        wanted.astype(np.int64),
    )
    expected = stage.count(wanted > 0)
    reason = Reason.NO_COMPARABLE_PAPER
    if len(records) and records["full_mark"].isna().all():
        reason, expected = Reason.NO_FULL_MARK, np.zeros_like(expected)
    because = np.where((because == "") & (expected == 0), str(reason), because)
    partly = taught.index[taught < len(core)].tolist()
    if partly:
        stage.note("core_subjects_missing", {"grades": partly})
    return [PupilFigures(indicator, "", values, expected, because)]


def retention_rate(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """巩固率: what share of the cohort that entered together reached the stage's end."""
    name, codes = stage.one.stage, stage.one.codes
    first = FIRST_GRADES[name]
    years = LAST_GRADES[name] - first + 1
    rolls = [stage.district.table("pupils", back) for back in reversed(range(years))]
    nothing = np.full(stage.sections, np.nan)
    known = [roll for roll in rolls if roll is not None and "status" in roll]
    ended = known[-1] if known else None
    if len(known) < years or ended is None or not _graduated(ended, name).any():
        none, because = np.zeros(stage.sections), stage.reasons(Reason.NO_DATA)
        return [SectionFigures(indicator, "", nothing, nothing, none, none.astype(np.int64), because)]
    counts = retention.cohort_counts(known, name, first).reindex(codes, fill_value=0)
    columns = {each: counts[each].to_numpy(float) for each in retention.COUNTS}
    still_open = columns.pop("open_transfers")
    for code, count in zip(codes, still_open, strict=True):
        # Few are told as few: a number of one or two would point at children.
        few = stage.settings.disclosure.minimum_n
        if count >= few:
            stage.note("open_transfers", {"count": int(count)}, school_code=code)
        elif count:
            stage.note("open_transfers_few", {"few": few}, school_code=code)
    rate = retention.retention_rate(**columns)
    # A section that opened since, or has no last grade, took no such cohort in.
    because = np.where(columns["entrants"] == 0, Reason.NOT_APPLICABLE.value, "").astype(object)
    cohort = columns["entrants"] - columns["died"]
    return [SectionFigures(indicator, "", rate, nothing, cohort, cohort.astype(np.int64), because)]


def _graduated(roll: pd.DataFrame, stage: str) -> pd.Series[bool]:
    last = roll["stage"].eq(stage) & roll["grade"].eq(LAST_GRADES[stage])
    return last & roll["status"].eq("graduated")


def entry_adaptation(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """入学适应: mean of the entrants' survey over its areas."""
    survey = stage.district.table("survey")
    nothing, none = np.full(stage.sections, np.nan), np.zeros(stage.sections, np.int64)
    because = stage.reasons(Reason.NO_DATA)
    if survey is None or not {"school_code", "stage", "mean", "answered"} <= set(survey):
        return [SectionFigures(indicator, "", nothing, nothing, none.astype(float), none, because)]
    inside = survey["respondent"].eq("pupil") & survey["item"].str.startswith(ADAPTATION)
    answers = survey[inside & survey["stage"].eq(stage.one.stage)]
    wide = {name: _by_area(answers, name, stage.one.codes) for name in ("mean", "sd", "answered", "eligible")}
    answered = np.nan_to_num(wide["answered"])
    value, variance = articulation.scale_mean(wide["mean"], wide["sd"], answered)
    some, whole = (answered > 0).any(axis=1), np.isfinite(value)
    because = np.where(some & ~whole, Reason.LOW_COVERAGE.value, because)
    # One who answered alone has no spread to judge by.
    because = np.where(whole, np.where(np.isfinite(variance), "", Reason.TOO_FEW.value), because)
    count = answered.min(axis=1, initial=np.inf) if answered.size else none.astype(float)
    eligible = np.nan_to_num(wide["eligible"]).max(axis=1, initial=0.0).astype(np.int64)
    if "eligible" not in answers:
        stage.note("adaptation_without_eligible")
    return [SectionFigures(indicator, "", value, variance, count, eligible, because.astype(object))]


def _by_area(answers: pd.DataFrame, name: str, codes: list[str]) -> Floats:
    """(sections, areas) one column of the survey; NaN where there is none."""
    areas = sorted(set(answers["item"]))
    if name not in answers:
        return np.full((len(codes), len(areas)), np.nan)
    rows = answers.drop_duplicates(["school_code", "item"], keep="last")
    wide = rows.pivot(index="school_code", columns="item", values=name)
    return wide.reindex(index=codes, columns=areas).to_numpy(float, na_value=np.nan)


BUILDERS: dict[str, Builder] = {
    "foundation_rate": foundation_rate,
    "retention_rate": retention_rate,
    "entry_adaptation": entry_adaptation,
}
