"""Every measure for every section of one year, computed once: the measurements table."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic
from evalib.records import Codes, Reasons, StageYear, read_sections, read_year, stage_year
from evalib.review_growth import growth_rows
from evalib.review_rows import Figures, Note, mean_rows, note, share_rows
from evalib.settings import IndicatorParams, Settings
from evalib.statistics.influence import section_means
from evalib.store import Store
from evalib.vocabulary import STAGES, Reason, SchoolYear

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Review:
    """One year of one district, measured.

    Attributes
    ----------
    measurements
        One row a section, indicator and subject ("" for all subjects together).
    sections
        What is known of each section itself: name, area, pupils on roll.
    notes
        What a reader must know of the data, by stage.
    """

    measurements: pd.DataFrame
    sections: pd.DataFrame
    notes: pd.DataFrame


def review_year(store: Store, settings: Settings, year: str) -> Review:
    """Measure every section of one year.

    Parameters
    ----------
    store
        The clean tables: `schools`, and where the district has them `pupils`,
        `papers`, `scores` of this year, and of the year before for growth.
    settings
        Indicators, cuts and thresholds.
    year
        School year.

    Returns
    -------
    A row for every section and indicator: an estimate, or the reason why there is
    none. No section is dropped.
    """
    sections = read_sections(store, year)
    this_year = read_year(store, year)
    last_year = read_year(store, str(SchoolYear(year).previous), on_roll=False)
    rows: list[pd.DataFrame] = []
    notes: list[Note] = []
    for stage in STAGES:
        codes = sections.loc[sections["stage"].eq(stage), "school_code"].tolist()
        if codes:
            one = stage_year(stage, codes, this_year)
            rows += _academic(one, settings)
            rows += growth_rows(one, last_year, settings, notes)
            notes += _paper_notes(one)
    measurements = pd.concat(rows, ignore_index=True)
    measurements.insert(0, "year", year)
    return Review(measurements, sections, _notes_table(year, notes))


def _academic(one: StageYear, settings: Settings) -> list[pd.DataFrame]:
    """Standard scores and rates of all subjects together and of each subject."""
    indicators = [each for each in settings.measures.indicators if each.dimension == "academic"]
    subjects = sorted(set(one.records.comparable()["subject"])) if one.records else []
    rows = []
    for subject in ["", *subjects]:
        values, expected, reason = _academic_values(one, indicators, subject, settings)
        means = section_means(values, one.section, len(one.codes), **one.clusters)
        for position, each in enumerate(indicators):
            figures = Figures(one.stage, tuple(one.codes), each, subject, expected, reason[:, position])
            build = share_rows if each.unit == "rate" else mean_rows
            rows.append(build(figures, means, position))
    return rows


def _academic_values(
    one: StageYear, indicators: list[IndicatorParams], subject: str, settings: Settings
) -> tuple[Floats, Codes, Reasons]:
    """(pupils, K) a pupil's figure, (sections,) pupils who should count, (sections, K) reasons."""
    reason = np.repeat(one.absence()[:, None], len(indicators), axis=1)
    expected = np.zeros(len(one.codes), np.int64)
    if one.records is None:
        return np.zeros((0, len(indicators))), expected, reason
    records = one.records.comparable(subject)
    pupils = len(one.records.pupils)
    values = np.full((pupils, len(indicators)), np.nan)
    if records.empty:
        reason = np.where(reason == "", Reason.NO_COMPARABLE_PAPER.value, reason)
        return values, expected, reason
    tested = one.records.pupils["grade"].isin(set(records["grade"])).to_numpy()
    expected = np.bincount(one.section[tested], minlength=len(one.codes))
    for position, each in enumerate(indicators):
        record = _record_values(each, records, settings)
        values[:, position] = academic.pupil_mean(record, records["row"].to_numpy(), pupils)
        counted = reason[:, position] == ""
        if each.measure == "cut_rate" and records["full_mark"].isna().all():
            reason[counted, position] = Reason.NO_FULL_MARK.value
        elif each.measure == "participation" and records["sat"].eq("present").all():
            # A district that hands in marks alone does not say who was absent.
            reason[counted, position] = Reason.NO_DATA.value
        elif (
            each.measure == "standard_score"
            and np.isfinite(records["score"]).any()
            and not np.isfinite(record).any()
        ):
            reason[counted, position] = Reason.NO_VARIANCE.value
    return values, expected, reason


def _record_values(each: IndicatorParams, records: pd.DataFrame, settings: Settings) -> Floats:
    score = records["score"].to_numpy(float)
    if each.measure == "standard_score":
        return academic.standard_score(score, records["paper"].to_numpy())
    if each.measure == "participation":
        return academic.took_part(score, records["sat"].eq("exempt").to_numpy())
    default = settings.measures.cuts.of(each.cut or "pass")
    absent = records["sat"].isin(["absent", "voided"]).to_numpy()
    return academic.cut_reached(
        score,
        absent & (settings.measures.denominator == "entered"),
        records["full_mark"].to_numpy(float),
        records[f"{each.cut}_cut"].fillna(default).to_numpy(float),
        low=each.cut == "low",
    )


def _paper_notes(one: StageYear) -> list[Note]:
    """Papers that compare nobody, and sections without scores."""
    if one.records is None:
        return []
    notes = []
    scores = one.records.scores
    for paper in np.unique(scores["paper"]):
        inside = scores[scores["paper"].eq(paper)]
        where = {"grade": int(inside["grade"].iloc[0]), "subject": str(inside["subject"].iloc[0])}
        if not inside["comparable"].iloc[0]:
            notes.append(note(one.stage, "paper_not_comparable", where))
        elif not inside["last_term"].iloc[0]:
            notes.append(note(one.stage, "paper_of_earlier_term", where))
        elif inside["score"].nunique() == 1:
            notes.append(note(one.stage, "paper_constant", where))
    if one.records.class_codes is None:
        notes.append(note(one.stage, "no_classes", {}))
    absent = int((one.absence() != "").sum())
    if absent:
        notes.append(note(one.stage, "sections_without_scores", {"count": absent}))
    return notes


def _notes_table(year: str, notes: list[Note]) -> pd.DataFrame:
    table = pd.DataFrame(notes, columns=["stage", "school_code", "note", "fields"])
    table["fields"] = [json.dumps(fields, ensure_ascii=False, sort_keys=True) for fields in table["fields"]]
    table.insert(0, "year", year)
    return table.astype("str")
