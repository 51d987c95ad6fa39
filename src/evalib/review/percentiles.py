"""增值发展: mean growth percentile of every section of a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, growth, growth_percentiles
from evalib.measures.growth_percentiles import GrowthPercentiles
from evalib.records import Codes, Reasons, YearRecords
from evalib.review.growth_models import why_no_score
from evalib.review.stage import Builder, Figures, PupilFigures, Stage
from evalib.settings import IndicatorParams
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def mean_growth_percentile(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """成长百分位: mean over a section's pupils of their percentile among pupils with the same starts."""
    records = stage.one.records
    if records is None:
        nobody = np.zeros(stage.sections, np.int64)
        values = np.full(stage.pupils, np.nan)
        return [PupilFigures(indicator, "", values, nobody, stage.reasons(Reason.NO_DATA))]
    paths = _paths(stage, records)
    because, expected = _because(stage, paths), stage.count(paths.eligible)
    values = np.full(len(paths.outcome), np.nan)
    more: dict[str, Any] = {}
    if (because == "").any():
        try:
            found = _percentiles(stage, paths)
            values = found.percentile
            more = _shrunken(stage, values, records.class_codes)
        except ValueError as error:
            stage.note("growth_percentiles_not_fitted", {"cause": str(error)})
            because = np.where(because == "", Reason.FIT_FAILED.value, because)
            return [PupilFigures(indicator, "", np.full(len(values), np.nan), expected, because)]
        because = np.where(
            (because == "") & (stage.count(np.isfinite(values)) == 0), Reason.TOO_FEW.value, because
        )
        _say_how_it_was_fitted(stage, paths, found)
    return [PupilFigures(indicator, "", values, expected, because, more=more)]


BUILDERS: dict[str, Builder] = {"mean_growth_percentile": mean_growth_percentile}


@dataclass(frozen=True)
class _Paths:
    """Where the stage's pupils stand and stood, as mean normal scores, NaN where there is none.

    `outcome` (N,) this year; `priors` (N, K) one, two … K years ago, each year one grade
    lower; `grade` (N,); `eligible` (N,) with an outcome, in a grade whose pupils had
    comparable papers last year.
    """

    outcome: Floats
    priors: Floats
    grade: Codes
    eligible: Bools

    @property
    def matched(self) -> Bools:
        return self.eligible & np.isfinite(self.priors[:, 0])


def _paths(stage: Stage, records: YearRecords) -> _Paths:
    grade = records.pupils["grade"].to_numpy(np.int64)
    outcome = _normal_mean(records, grade)
    priors = np.full((len(grade), stage.settings.measures.growth.percentiles.priors), np.nan)
    tested = np.zeros(len(grade), dtype=bool)
    for back, before in enumerate(stage.district.before[: priors.shape[1]], start=1):
        if before is None:
            continue
        then = before.pupils["grade"].to_numpy(np.int64)
        known = _normal_mean(before, grade - back)
        position = pd.Index(before.pupils["pupil"]).get_indexer(pd.Index(records.pupils["pupil"]))
        # A pupil who repeated or skipped a grade has no comparable start.
        promoted = (position >= 0) & (then[position] == grade - back)
        priors[promoted, back - 1] = known[position[promoted]]
        if back == 1:
            tested = np.isin(grade - 1, before.comparable()["grade"].unique())
    return _Paths(outcome, priors, grade, np.isfinite(outcome) & tested)


def _normal_mean(records: YearRecords, grades: Codes) -> Floats:
    """(pupils,) mean over a pupil's comparable papers in these grades of the normal score."""
    comparable = records.comparable()
    comparable = comparable[comparable["grade"].isin(np.unique(grades))]
    score = growth.normal_score(comparable["score"].to_numpy(float), comparable["paper"].to_numpy())
    return academic.pupil_mean(score, comparable["row"].to_numpy(), len(records.pupils))


def _because(stage: Stage, paths: _Paths) -> Reasons:
    """(sections,) why there is no mean percentile, or nothing."""
    params = stage.settings.measures.growth
    because = stage.one.absence()
    scored = np.isfinite(paths.outcome)
    nobody = np.where(stage.count(scored) > 0, Reason.NO_PRIOR.value, why_no_score(stage.one.records, scored))
    because = np.where((because == "") & (stage.count(paths.eligible) == 0), nobody, because)
    rate, _ = growth.match_rate(
        paths.matched[paths.eligible], stage.one.section[paths.eligible], stage.sections
    )
    low = np.nan_to_num(rate, nan=1.0) < params.match_rate_minimum
    because = np.where((because == "") & low, Reason.LOW_COVERAGE.value, because)
    if (stage.count(paths.matched) > 0).sum() < params.minimum_sections:
        because = np.where(because == "", Reason.TOO_FEW_SECTIONS.value, because)
    return because


def _percentiles(stage: Stage, paths: _Paths) -> GrowthPercentiles:
    params = stage.settings.measures.growth.percentiles
    knots = growth_percentiles.prior_knots(paths.priors, paths.grade, np.array(params.knots), params.boundary)
    return growth_percentiles.growth_percentiles(
        np.where(paths.matched, paths.outcome, np.nan),
        paths.priors,
        paths.grade,
        knots,
        pupils_a_column=params.pupils_a_column,
        minimum_pupils=params.minimum_pupils,
    )


def _shrunken(stage: Stage, percentile: Floats, classes: Codes | None) -> dict[str, Any]:
    """Reliability and, where sections are many and can be told from chance at all, shrunken means."""
    params = stage.settings.measures.growth
    counted = np.isfinite(percentile)
    if len(np.unique(stage.one.section[counted])) < params.minimum_sections:
        return {}
    found = growth_percentiles.shrunken_percentiles(
        percentile[counted],
        stage.one.section[counted],
        None if classes is None else classes[counted],
    )

    def of_all(of_seen: Floats) -> Floats:
        widened = np.full(stage.sections, np.nan)
        widened[found.sections] = of_seen
        return widened

    more: dict[str, Any] = {"reliability": of_all(found.reliability)}
    if found.at_boundary or np.median(found.reliability) < params.shrunken_reliability_minimum:
        return more | {"standing_block": stage.reasons(Reason.LOW_RELIABILITY)}
    # Of few sections the variances are too little known for the errors below.
    if len(found.sections) < params.bootstrap_below_sections:
        return more
    return more | {
        "shrunken": of_all(found.shrunken),
        "shrunken_se": of_all(found.shrunken_se),
        "conditional_se": of_all(found.conditional_se),
    }


def _say_how_it_was_fitted(stage: Stage, paths: _Paths, found: GrowthPercentiles) -> None:
    """A note on how many pupils were compared on how many years, and how evenly percentiles fall."""
    if found.too_few.any():
        grades = [int(one) for one in np.unique(paths.grade[found.too_few])]
        stage.note("growth_percentile_too_few", {"grades": grades})
    counted = found.order > 0
    if counted.any():
        tables = [
            growth_percentiles.percentiles_by_prior_decile(
                found.percentile[paths.grade == one], paths.priors[paths.grade == one, 0]
            )
            for one in np.unique(paths.grade[counted])
        ]
        fields: dict[str, Any] = {
            "pupils": int(counted.sum()),
            "priors": int(found.order.max()),
            "lowest": round(float(np.nanmin(tables)), 3),
            "highest": round(float(np.nanmax(tables)), 3),
        }
        stage.note("growth_percentile_fit", fields)
