"""Value added and match rate of every section of one stage and year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, growth
from evalib.records import StageYear, YearRecords
from evalib.review_rows import Figures, Note, mean_rows, note, share_rows
from evalib.settings import Settings
from evalib.statistics.influence import section_means
from evalib.statistics.intervals import normal_interval
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]


def growth_rows(
    one: StageYear, last_year: YearRecords | None, settings: Settings, notes: list[Note]
) -> list[pd.DataFrame]:
    """Value added and match rate from this year's scores and last year's."""
    wanted = {each.measure: each for each in settings.measures.indicators if each.dimension == "growth"}
    params = settings.measures.growth
    reason = one.absence()
    start = _starting_points(one, last_year)
    eligible, matched = start.eligible, start.matched
    if eligible.any() and start.without_prior:
        notes.append(note(one.stage, "grades_without_prior", {"grades": list(start.without_prior)}))
    rate, expected = growth.match_rate(matched[eligible], one.section[eligible], len(one.codes))
    reason = np.where((reason == "") & (expected == 0), _why_none(one, start), reason)
    matches = np.where(eligible, matched.astype(float), np.nan)[:, None]
    rows = []
    if "match_rate" in wanted:
        means = section_means(matches, one.section, len(one.codes), **one.clusters)
        figures = Figures(one.stage, tuple(one.codes), wanted["match_rate"], "", expected, reason)
        rows.append(share_rows(figures, means, 0))
    if "value_added" in wanted:
        low = np.nan_to_num(rate, nan=1.0) < params.match_rate_minimum
        reason = np.where((reason == "") & low, Reason.LOW_COVERAGE.value, reason)
        figures = Figures(one.stage, tuple(one.codes), wanted["value_added"], "", expected, reason)
        rows.append(_value_added(one, start, figures, settings, notes))
    return rows


def _why_none(one: StageYear, start: StartingPoints) -> str:
    """Why sections have nobody whose growth could be measured."""
    if one.records is None:
        return Reason.NO_DATA.value
    if not np.isfinite(start.outcome).any():
        comparable = one.records.comparable()
        if comparable.empty:
            return Reason.NO_COMPARABLE_PAPER.value
        marks = np.isfinite(comparable["score"]).any()
        return Reason.NO_VARIANCE.value if marks else Reason.NO_DATA.value
    return Reason.NO_PRIOR.value


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
    without_prior
        Grades that sat this year whose pupils had no comparable paper last year.
    """

    outcome: Floats
    prior: Floats
    eligible: npt.NDArray[np.bool_]
    matched: npt.NDArray[np.bool_]
    without_prior: tuple[int, ...] = ()


def _starting_points(one: StageYear, last_year: YearRecords | None) -> StartingPoints:
    if one.records is None:
        none = np.zeros(0)
        return StartingPoints(none, none, none.astype(bool), none.astype(bool))
    outcome = _normal_means(one.records)
    grade = one.records.pupils["grade"].to_numpy(float)
    prior = np.full(len(outcome), np.nan)
    eligible = np.zeros(len(outcome), dtype=bool)
    without: tuple[int, ...] = ()
    if last_year is not None:
        before = _normal_means(last_year)
        position = pd.Index(last_year.pupils["pupil"]).get_indexer(pd.Index(one.records.pupils["pupil"]))
        # A pupil who repeats or skips a grade has no comparable start.
        promoted = (position >= 0) & (last_year.pupils["grade"].to_numpy(float)[position] == grade - 1)
        prior[promoted] = before[position[promoted]]
        tested = set(last_year.comparable()["grade"])
        sat = np.isfinite(outcome)
        eligible = sat & np.isin(grade - 1, list(tested))
        without = tuple(int(one) for one in np.unique(grade[sat & ~eligible]))
    return StartingPoints(outcome, prior, eligible, eligible & np.isfinite(prior), without)


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
    if one.records is None or len(np.unique(one.section[matched])) < params.minimum_sections:
        silent = np.where(silent == "", Reason.TOO_FEW_SECTIONS.value, silent)
        means = section_means(empty, one.section, len(one.codes), **one.clusters)
        return mean_rows(figures.withheld(silent), means, 0)
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
            reliability_minimum=params.shrunken_reliability_minimum,
            seed=params.seed,
        )
    except ValueError as error:
        notes.append(note(one.stage, "growth_not_fitted", {"cause": str(error)}))
        silent = np.where(silent == "", Reason.FIT_FAILED.value, silent)
        means = section_means(empty, one.section, len(one.codes), **one.clusters)
        return mean_rows(figures.withheld(silent), means, 0)
    empty[matched, 0] = found.residual
    means = section_means(empty, one.section, len(one.codes), **one.clusters)
    rows = mean_rows(figures, means, 0, centred=True)
    position = pd.Index(found.sections).get_indexer(pd.RangeIndex(len(one.codes)))
    known = position >= 0
    for name, column in (
        ("reliability", found.reliability),
        ("shrunken", found.shrunken),
        ("shrunken_se", found.shrunken_se),
    ):
        rows.loc[known, name] = column[position[known]]
    rows["shrunken_low"], rows["shrunken_high"] = normal_interval(rows["shrunken"], rows["shrunken_se"])
    reliability = float(np.median(found.reliability))
    unreliable = found.at_boundary or reliability < params.shrunken_reliability_minimum
    if unreliable:
        rows["standing_block"] = Reason.LOW_RELIABILITY.value
        rows[["shrunken", "shrunken_se", "shrunken_low", "shrunken_high"]] = np.nan
    notes += _growth_notes(one, found, reliability, params.shrunken_reliability_minimum)
    return rows


def _growth_notes(one: StageYear, found: growth.ValueAdded, reliability: float, minimum: float) -> list[Note]:
    fields: Note = {
        "pupils": len(found.residual),
        "sections": len(found.sections),
        "variance_section": round(found.variance_section, 4),
        "variance_residual": round(found.variance_residual, 4),
        "reliability": round(reliability, 4),
    }
    if found.classes:
        fields |= {"classes": found.classes, "variance_class": round(found.variance_class, 4)}
    said = [("growth_fit" if found.classes else "growth_fit_without_classes", fields)]
    if found.at_boundary:
        said.append(("growth_boundary", {}))
    elif reliability < minimum:
        said.append(("growth_unreliable", {"reliability": round(reliability, 4), "minimum": minimum}))
    return [note(one.stage, key, each) for key, each in said]
