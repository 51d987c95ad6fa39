"""三年增值: what sections add at one grade step, year after year."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import growth_design, growth_years
from evalib.records import Codes, Reasons, YearRecords
from evalib.review.growth_models import (
    GrowthPupils,
    growth_model,
    growth_pupils,
    normal_means,
    why_no_score,
)
from evalib.review.stage import Figures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.statistics.influence import section_means
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]


def value_added_3y(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """三年增值: over cohorts of one grade; over all grades where no grade is configured for the stage."""
    cohorts = _cohorts(stage)
    expected = sum((one.expected for one in cohorts), np.zeros(stage.sections, np.int64))
    because = _because(stage, cohorts, expected)
    found = None
    if (because == "").any():
        try:
            found = _over_years(stage, cohorts)
        except ValueError as error:
            stage.note("growth_years_not_fitted", {"cause": str(error)})
            because = np.where(because == "", Reason.FIT_FAILED.value, because)
    if found is None:
        nothing = np.full(stage.sections, np.nan)
        nobody = np.zeros(stage.sections)
        return [SectionFigures(indicator, "", nothing, nothing, nobody, expected, because, centred=True)]
    _say_what_lasts(stage, len(cohorts), found)
    return [
        SectionFigures(
            indicator,
            "",
            np.where(because == "", found.figure, np.nan),
            np.where(because == "", found.variance, np.nan),
            found.pupils.astype(float),
            expected,
            because,
            centred=True,
            more=_effects(stage, found),
        )
    ]


@dataclass(frozen=True)
class _Cohort:
    """One year's pupils in the grade that is followed, or in all.

    `pupil` (N,) names them; `expected` and `matched` (sections,) count those who should
    have a start, and who have one.
    """

    pupil: pd.Series[str]
    pupils: GrowthPupils
    expected: Codes
    matched: Codes


def _cohorts(stage: Stage) -> list[_Cohort]:
    """This year's and earlier years' pupils, latest first, where the year before is known too."""
    grades = stage.settings.measures.growth.cohort_grade
    grade = next((one for name, one in grades.items() if name == stage.one.stage), None)
    found = []
    for everyone, before in zip(
        [stage.district.this, *stage.district.before], stage.district.before, strict=False
    ):
        if everyone is None or before is None:
            continue
        records = _members(everyone, stage.one.stage, grade)
        section = pd.Index(stage.one.codes).get_indexer(pd.Index(records.pupils["school_code"]))
        pupils = growth_pupils(records, before, section.astype(np.int64), stage.settings)
        # A section that is no more is not judged, and speaks for no other.
        pupils = replace(pupils, tested=pupils.tested & (section >= 0))
        matched = pupils.matched("")
        if matched.any():
            counts = (
                np.bincount(section[some], minlength=stage.sections).astype(np.int64)
                for some in (pupils.eligible(""), matched)
            )
            found.append(_Cohort(records.pupils["pupil"], pupils, *counts))
    return found


def _members(records: YearRecords, stage: str, grade: int | None) -> YearRecords:
    """A year's pupils of one stage, or of one grade of it: papers are of a grade, and so are ranks."""
    if grade is None:
        return records.of_stage(stage)
    wanted = records.pupils["stage"].where(records.pupils["grade"].eq(grade), "")
    return replace(records, pupils=records.pupils.assign(stage=wanted)).of_stage(stage)


def _because(stage: Stage, cohorts: list[_Cohort], expected: Codes) -> Reasons:
    """(sections,) why there is no figure over years, or nothing."""
    params = stage.settings.measures.growth
    if len(cohorts) < 2:
        return _why_no_cohorts(stage)
    matched = np.sum([one.matched for one in cohorts], axis=0)
    seen = np.sum([one.matched > 0 for one in cohorts], axis=0)
    because = np.where(expected == 0, Reason.NO_DATA.value, stage.reasons())
    because = np.where((because == "") & (seen < 2), Reason.TOO_FEW.value, because)
    low = matched < params.match_rate_minimum * expected
    because = np.where((because == "") & low, Reason.LOW_COVERAGE.value, because)
    if (seen >= 2).sum() < params.minimum_sections:
        because = np.where(because == "", Reason.TOO_FEW_SECTIONS.value, because)
    return because


def _why_no_cohorts(stage: Stage) -> Reasons:
    """(sections,) why no two years have starts and scores: for want of this year's, or of earlier ones."""
    records = stage.one.records
    reason = Reason.NO_PRIOR.value
    if records is None or not np.isfinite(normal_means(records)).any():
        reason = why_no_score(records, np.zeros(stage.pupils, dtype=bool))
    absent = stage.one.absence()
    return np.where(absent == "", reason, absent).astype(object)


def _over_years(stage: Stage, cohorts: list[_Cohort]) -> growth_years.LastingGrowth:
    if stage.one.stage in stage.settings.measures.growth.cohort_grade:
        return _of_cohorts(stage, cohorts)
    return _of_overlapping_years(stage, cohorts)


def _of_cohorts(stage: Stage, cohorts: list[_Cohort]) -> growth_years.LastingGrowth:
    params = stage.settings.measures.growth
    subjects = sorted({subject for one in cohorts for subject in one.pupils.prior_subjects})
    members = [one.pupils.matched("") for one in cohorts]
    priors = [
        pd.DataFrame(one.pupils.priors[some], columns=list(one.pupils.prior_subjects))
        for one, some in zip(cohorts, members, strict=True)
    ]
    traits = [one.pupils.traits[some] for one, some in zip(cohorts, members, strict=True)]
    year = np.repeat(np.arange(len(cohorts)), [int(some.sum()) for some in members]).astype(np.int64)
    design = growth_design.growth_design(
        growth_design.starts_of_mean(pd.concat(priors).reindex(columns=subjects).to_numpy(float)),
        year,
        growth_design.pupil_covariates(pd.concat(traits, ignore_index=True)),
        knots=np.array(params.spline_knots),
        pattern_minimum=params.pattern_minimum,
    )
    counted = design.counted
    pairs = list(zip(cohorts, members, strict=True))
    outcome = np.concatenate([one.pupils.outcomes[""][some] for one, some in pairs])
    section = np.concatenate([one.pupils.section[some] for one, some in pairs])
    return growth_years.growth_of_cohorts(
        outcome[counted], design.columns[counted], section[counted], year[counted], stage.sections
    )


def _of_overlapping_years(stage: Stage, cohorts: list[_Cohort]) -> growth_years.LastingGrowth:
    names = pd.Index(pd.concat([one.pupil for one in cohorts]).unique())
    shape = (len(names), len(cohorts))
    values, section, grade = np.full(shape, np.nan), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    means, variances, counts = [], [], []
    for place, one in enumerate(cohorts):
        model = growth_model(one.pupils, "", stage.settings)
        if model.found is None:
            raise ValueError(model.cause)
        inside = np.flatnonzero(np.isfinite(model.residual))
        row = names.get_indexer(pd.Index(one.pupil.iloc[inside]))
        values[row, place] = model.residual[inside]
        section[row, place], grade[row, place] = one.pupils.section[inside], one.pupils.grade[inside]
        alike = model.found.class_correlation
        of_year = section_means(
            model.residual[inside, None],
            one.pupils.section[inside],
            stage.sections,
            class_=None if one.pupils.classes is None else one.pupils.classes[inside],
            grade=one.pupils.grade[inside],
            known_correlation=None if alike is None else np.array([alike]),
        )
        known = np.isfinite(of_year.variance[:, 0])
        means.append(np.where(known, of_year.mean[:, 0], np.nan))
        variances.append(of_year.variance[:, 0])
        counts.append(of_year.n[:, 0])
    covariances = growth_years.covariances_of_years(values, section, grade, np.column_stack(variances))
    return growth_years.growth_of_overlapping_years(
        np.column_stack(means), covariances, np.column_stack(counts)
    )


def _effects(stage: Stage, found: growth_years.LastingGrowth) -> dict[str, Floats | Reasons]:
    more: dict[str, Floats | Reasons] = {"reliability": found.reliability}
    if not found.shown(stage.settings.measures.growth.shrunken_reliability_minimum):
        return more | {"standing_block": stage.reasons(Reason.LOW_RELIABILITY)}
    return more | {
        "shrunken": found.shrunken,
        "shrunken_se": found.shrunken_se,
        "conditional_se": found.conditional_se,
    }


def _say_what_lasts(stage: Stage, years: int, found: growth_years.LastingGrowth) -> None:
    minimum = stage.settings.measures.growth.shrunken_reliability_minimum
    reliability = round(float(np.median(found.reliability[found.years > 0])), 4)
    fields = {
        "years": years,
        "sections": int((found.years > 0).sum()),
        "variance_section": round(found.variance_section, 4),
        "variance_year": round(found.variance_year, 4),
        "reliability": reliability,
    }
    stage.note("growth_years_fit", fields)
    if found.at_boundary:
        stage.note("growth_years_boundary")
    elif reliability < minimum:
        stage.note("growth_years_unreliable", {"reliability": reliability, "minimum": minimum})
