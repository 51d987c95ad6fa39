"""Every measure for every section of one year, computed once: the measurements table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, growth
from evalib.records import YearRecords, read_sections, read_year
from evalib.review_rows import Figures, mean_rows, share_rows
from evalib.settings import IndicatorParams, Settings
from evalib.statistics.influence import section_means
from evalib.store import Store
from evalib.vocabulary import STAGES, Reason, SchoolYear

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
# Reasons are objects: numpy would cut a longer one to the length of the first.
Reasons = npt.NDArray[np.object_]
Note = dict[str, Any]


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


@dataclass(frozen=True)
class StageYear:
    """One stage of one year, its sections and pupils as codes.

    Attributes
    ----------
    codes
        School codes of the sections, in order.
    records
        Pupils and score records of the stage; None where the tables are missing.
    section
        (pupils,) section of each pupil, a position in `codes`.
    """

    stage: str
    codes: list[str]
    records: YearRecords | None
    section: Codes

    def absence(self) -> Reasons:
        """(sections,) "no_data" for a section without a single score record, else empty."""
        having = np.zeros(len(self.codes), dtype=bool)
        if self.records is not None:
            having[np.unique(self.section[self.records.scores["row"].to_numpy()])] = True
        return np.where(having, "", Reason.NO_DATA.value).astype(object)


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
    last_year = read_year(store, str(SchoolYear(year).previous))
    rows: list[pd.DataFrame] = []
    notes: list[Note] = []
    for stage in STAGES:
        codes = sections.loc[sections["stage"].eq(stage), "school_code"].tolist()
        if codes:
            one = _stage_year(stage, codes, this_year)
            rows += _academic(one, settings)
            rows += _growth(one, last_year, settings, notes)
            notes += _paper_notes(one)
    measurements = pd.concat(rows, ignore_index=True)
    measurements.insert(0, "year", year)
    return Review(measurements, sections, _notes_table(year, notes))


def _stage_year(stage: str, codes: list[str], records: YearRecords | None) -> StageYear:
    if records is None:
        return StageYear(stage, codes, None, np.zeros(0, np.int64))
    inside = records.of_stage(stage)
    section = pd.Index(codes).get_indexer(pd.Index(inside.pupils["school_code"])).astype(np.int64)
    return StageYear(stage, codes, inside, section)


def _academic(one: StageYear, settings: Settings) -> list[pd.DataFrame]:
    """Standard scores and rates of all subjects together and of each subject."""
    indicators = [each for each in settings.measures.indicators if each.dimension == "academic"]
    subjects = sorted(set(one.records.comparable()["subject"])) if one.records else []
    rows = []
    for subject in ["", *subjects]:
        values, expected, reason = _academic_values(one, indicators, subject, settings)
        means = section_means(values, one.section, len(one.codes), **_clusters(one))
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
        if each.measure == "cut_rate" and records["full_mark"].isna().all():
            reason[reason[:, position] == "", position] = Reason.NO_FULL_MARK.value
    return values, expected, reason


def _record_values(each: IndicatorParams, records: pd.DataFrame, settings: Settings) -> Floats:
    score = records["score"].to_numpy(float)
    if each.measure == "standard_score":
        return academic.standard_score(score, records["paper"].to_numpy())
    cuts = settings.measures.cuts
    default = {"excellent": cuts.excellent, "pass": cuts.pass_, "low": cuts.low}[each.cut or "pass"]
    absent = records["sat"].isin(["absent", "voided"]).to_numpy()
    return academic.cut_reached(
        score,
        absent & (settings.measures.denominator == "entered"),
        records["full_mark"].to_numpy(float),
        records[f"{each.cut}_cut"].fillna(default).to_numpy(float),
        low=each.cut == "low",
    )


def _growth(
    one: StageYear, last_year: YearRecords | None, settings: Settings, notes: list[Note]
) -> list[pd.DataFrame]:
    """Value added and match rate from this year's scores and last year's."""
    wanted = {each.measure: each for each in settings.measures.indicators if each.dimension == "growth"}
    params = settings.measures.growth
    reason = one.absence()
    start = _starting_points(one, last_year)
    eligible, matched = start.eligible, start.matched
    none_prior = Reason.NO_DATA if one.records is None else Reason.NO_PRIOR
    if not eligible.any():
        reason = np.where(reason == "", none_prior.value, reason)
    rate, expected = growth.match_rate(matched[eligible], one.section[eligible], len(one.codes))
    reason = np.where((reason == "") & (expected == 0), none_prior.value, reason)
    matches = np.where(eligible, matched.astype(float), np.nan)[:, None]
    rows = []
    if "match_rate" in wanted:
        means = section_means(matches, one.section, len(one.codes), **_clusters(one))
        figures = Figures(one.stage, tuple(one.codes), wanted["match_rate"], "", expected, reason)
        rows.append(share_rows(figures, means, 0).assign(se=np.nan, low=np.nan, high=np.nan))
    if "value_added" in wanted:
        low = np.nan_to_num(rate, nan=1.0) < params.match_rate_minimum
        reason = np.where((reason == "") & low, Reason.LOW_COVERAGE.value, reason)
        figures = Figures(one.stage, tuple(one.codes), wanted["value_added"], "", expected, reason)
        rows.append(_value_added(one, start, figures, settings, notes))
    return rows


@dataclass(frozen=True)
class StartingPoints:
    """Where each pupil of a stage stood last year.

    Attributes
    ----------
    outcome, prior
        (pupils,) mean normal score this year and last year; NaN where there is none.
    eligible
        (pupils,) sat this year, in a grade whose pupils had comparable papers last year.
    matched
        (pupils,) eligible, and one grade below with scores last year.
    """

    outcome: Floats
    prior: Floats
    eligible: npt.NDArray[np.bool_]
    matched: npt.NDArray[np.bool_]


def _starting_points(one: StageYear, last_year: YearRecords | None) -> StartingPoints:
    if one.records is None:
        none = np.zeros(0)
        return StartingPoints(none, none, none.astype(bool), none.astype(bool))
    outcome = _normal_means(one.records)
    grade = one.records.pupils["grade"].to_numpy(float)
    prior = np.full(len(outcome), np.nan)
    eligible = np.zeros(len(outcome), dtype=bool)
    if last_year is not None:
        before = _normal_means(last_year)
        position = pd.Index(last_year.pupils["pupil"]).get_indexer(pd.Index(one.records.pupils["pupil"]))
        # A pupil who repeats or skips a grade has no comparable start.
        promoted = (position >= 0) & (last_year.pupils["grade"].to_numpy(float)[position] == grade - 1)
        prior[promoted] = before[position[promoted]]
        tested = set(last_year.comparable()["grade"])
        eligible = np.isfinite(outcome) & np.isin(grade - 1, list(tested))
    return StartingPoints(outcome, prior, eligible, eligible & np.isfinite(prior))


def _normal_means(records: YearRecords) -> Floats:
    comparable = records.comparable()
    score = growth.normal_score(comparable["score"].to_numpy(float), comparable["paper"].to_numpy())
    return academic.pupil_mean(score, comparable["row"].to_numpy(), len(records.pupils))


def _value_added(
    one: StageYear, start: StartingPoints, figures: Figures, settings: Settings, notes: list[Note]
) -> pd.DataFrame:
    params = settings.measures.growth
    matched = start.matched
    silent = figures.because
    empty = np.full((len(one.section), 1), np.nan)
    if len(np.unique(one.section[matched])) < params.minimum_sections:
        silent = np.where(silent == "", Reason.TOO_FEW_SECTIONS.value, silent)
        means = section_means(empty, one.section, len(one.codes), **_clusters(one))
        return mean_rows(figures.withheld(silent), means, 0)
    assert one.records is not None
    classes = one.records.class_codes
    try:
        found = growth.value_added(
            start.outcome[matched],
            start.prior[matched],
            one.records.pupils["grade"].to_numpy(np.int64)[matched],
            one.section[matched],
            None if classes is None else classes[matched],
            knots=np.array(params.spline_knots),
            pattern_minimum=params.pattern_minimum,
            bootstrap_draws=params.bootstrap_draws,
            bootstrap_below_sections=params.bootstrap_below_sections,
            seed=params.seed,
        )
    except ValueError:
        silent = np.where(silent == "", Reason.FIT_FAILED.value, silent)
        means = section_means(empty, one.section, len(one.codes), **_clusters(one))
        return mean_rows(figures.withheld(silent), means, 0)
    empty[matched, 0] = found.residual
    means = section_means(empty, one.section, len(one.codes), **_clusters(one))
    rows = mean_rows(figures, means, 0, centred=True)
    position = pd.Index(found.sections).get_indexer(pd.RangeIndex(len(one.codes)))
    known = position >= 0
    for name, column in (
        ("reliability", found.reliability),
        ("shrunken", found.shrunken),
        ("shrunken_se", found.shrunken_se),
    ):
        rows.loc[known, name] = column[position[known]]
    reliability = float(np.median(found.reliability))
    unreliable = found.at_boundary or reliability < params.shrunken_reliability_minimum
    if unreliable:
        rows["standing_block"] = Reason.LOW_RELIABILITY.value
        rows[["shrunken", "shrunken_se"]] = np.nan
    notes += _growth_notes(one, found, reliability, params.shrunken_reliability_minimum, classes is None)
    return rows


def _growth_notes(
    one: StageYear, found: growth.ValueAdded, reliability: float, minimum: float, no_classes: bool
) -> list[Note]:
    fields = {
        "pupils": len(found.residual),
        "sections": len(found.sections),
        "classes": found.classes,
        "variance_section": round(found.variance_section, 4),
        "variance_class": round(found.variance_class, 4),
        "variance_residual": round(found.variance_residual, 4),
        "reliability": round(reliability, 4),
    }
    said = [("growth_fit", fields)]
    if found.at_boundary:
        said.append(("growth_boundary", {}))
    elif reliability < minimum:
        said.append(("growth_unreliable", {"reliability": round(reliability, 4), "minimum": minimum}))
    if no_classes:
        said.append(("no_classes", {}))
    return [_note(one.stage, key, each) for key, each in said]


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
            notes.append(_note(one.stage, "paper_not_comparable", where))
        elif inside["score"].nunique() == 1:
            notes.append(_note(one.stage, "paper_constant", where))
    if len(scores) and scores["full_mark"].isna().all():
        notes.append(_note(one.stage, "scale_scores", {}))
    absent = int((one.absence() != "").sum())
    if absent:
        notes.append(_note(one.stage, "sections_without_scores", {"count": absent}))
    return notes


def _note(stage: str, key: str, fields: Note) -> Note:
    return {"stage": stage, "school_code": "", "note": key, "fields": fields}


def _notes_table(year: str, notes: list[Note]) -> pd.DataFrame:
    table = pd.DataFrame(notes, columns=["stage", "school_code", "note", "fields"])
    table["fields"] = [json.dumps(fields, ensure_ascii=False, sort_keys=True) for fields in table["fields"]]
    table.insert(0, "year", year)
    return table.astype("str")


def _clusters(one: StageYear) -> dict[str, Codes | None]:
    """The pupils' classes and grades, as the cluster variance needs them."""
    if one.records is None:
        return {"class_": None, "grade": None}
    return {"class_": one.records.class_codes, "grade": one.records.pupils["grade"].to_numpy(np.int64)}
