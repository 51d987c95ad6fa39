"""增值发展: value added, its check by intake, low starters and match rate of every section of a stage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import growth
from evalib.records import Codes, Reasons
from evalib.review.growth_models import (
    GrowthModel,
    GrowthPupils,
    growth_model,
    growth_pupils,
    why_no_score,
    with_intake,
)
from evalib.review.growth_years import value_added_3y
from evalib.review.stage import Builder, Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.statistics.influence import section_means
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]


def value_added(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """增值: mean residual of the growth model, of the mean over subjects and of each subject."""
    return [_mean_residual(indicator, stage, subject, intake=False) for subject in _subjects(stage)]


def value_added_intake(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """The same where the section's mean start is a covariate too."""
    return [
        _with_slope_error(stage, _mean_residual(indicator, stage, subject, intake=True))
        for subject in _subjects(stage)
    ]


def low_start_growth(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """低起点增值: mean residual, in the model of the mean, of those who started lowest in their grade."""
    return _growth_of_starters(indicator, stage, "low")


def middle_start_growth(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """中间起点增值: the same of those who started neither lowest nor highest in their grade."""
    return _growth_of_starters(indicator, stage, "middle")


def high_start_growth(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """高起点增值: the same of those who started highest in their grade, as large a share as the lowest."""
    return _growth_of_starters(indicator, stage, "high")


def _growth_of_starters(indicator: IndicatorParams, stage: Stage, which: str) -> list[Figures]:
    """Mean residual of one of the three groups that the model's pupils fall into by their start.

    The three make up all whom value added counts, so that any two and the whole tell the
    third: the middle and the highest are given only where none of the three is too small to
    be shown. Tempting, and wrong, are thirds: a third less the lowest quarter is a handful.
    """
    pupils = _pupils(stage)
    because, _ = _because(stage, "")
    if pupils is None or not (because == "").any():
        return [_silent(indicator, stage, "", because)]
    model = _model(stage, "", intake=False)
    share = stage.settings.measures.growth.low_start
    low = growth.low_starters(model.main, pupils.grade, share)
    high = growth.low_starters(-model.main, pupils.grade, share) & ~low
    counted = np.isfinite(model.residual)
    groups = {"low": low, "middle": counted & ~low & ~high, "high": high}
    chosen = groups[which]
    values = np.where(chosen, model.residual, np.nan)
    if model.found is None:
        because = np.where(because == "", Reason.FIT_FAILED.value, because)
        return [_silent(indicator, stage, "", because, stage.count(chosen))]
    expected = stage.count(chosen)
    alike = None
    if pupils.classes is not None:
        alike = growth.likeness_of_classmates(
            values[chosen], pupils.grade[chosen], pupils.section[chosen], pupils.classes[chosen]
        )
    few = expected == 0
    if which != "low":
        fewest = stage.settings.disclosure.minimum_n
        few = few | np.any([stage.count(one & counted) < fewest for one in groups.values()], axis=0)
    because = np.where((because == "") & few, Reason.TOO_FEW.value, because)
    return [PupilFigures(indicator, "", values, expected, because, centred=True, class_correlation=alike)]


def match_rate(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """匹配率: of the pupils with a score this year, those with one of last year."""
    pupils = _pupils(stage)
    if pupils is None:
        return [_silent(indicator, stage, "", stage.reasons(Reason.NO_DATA))]
    eligible, matched = pupils.eligible(""), pupils.matched("")
    because, expected = _who_is_expected(stage, pupils, "")
    return [PupilFigures(indicator, "", np.where(eligible, matched.astype(float), np.nan), expected, because)]


BUILDERS: dict[str, Builder] = {
    "value_added": value_added,
    "value_added_intake": value_added_intake,
    "low_start_growth": low_start_growth,
    "middle_start_growth": middle_start_growth,
    "high_start_growth": high_start_growth,
    "match_rate": match_rate,
    "value_added_3y": value_added_3y,
}


def entry_scores(stage: Stage) -> Floats:
    """(sections,) mean normal score that this year's pupils brought from last year; NaN where none did.

    What a section takes in, for finding the sections that are most like it.
    """
    pupils = _pupils(stage)
    if pupils is None or not pupils.priors.shape[1]:
        return np.full(stage.sections, np.nan)
    matched = np.asarray(np.isfinite(pupils.priors).any(axis=1))
    start = np.nanmean(pupils.priors[matched], axis=1)
    total = np.bincount(pupils.section[matched], weights=start, minlength=stage.sections)
    count = stage.count(matched)
    mean: Floats = np.divide(total, count, out=np.full(stage.sections, np.nan), where=count > 0)
    return mean


def _pupils(stage: Stage) -> GrowthPupils | None:
    """The stage's pupils with last year's scores, matched once; None without a pupil table."""

    def matched() -> GrowthPupils | None:
        records = stage.one.records
        if records is None:
            return None
        pupils = growth_pupils(records, stage.district.before[0], stage.one.section, stage.settings)
        if pupils.tested.any() and pupils.without_prior:
            stage.note("grades_without_prior", {"grades": list(pupils.without_prior)})
        return pupils

    found: GrowthPupils | None = stage.once("growth_pupils", matched)
    return found


def _subjects(stage: Stage) -> list[str]:
    pupils = _pupils(stage)
    return ["", *(pupils.subjects if pupils else ())]


def _model(stage: Stage, subject: str, *, intake: bool) -> GrowthModel:
    def fitted() -> GrowthModel:
        pupils = _pupils(stage)
        if pupils is None:
            raise ValueError("a growth model needs pupils")
        if intake:
            model = with_intake(_model(stage, subject, intake=False), pupils, subject, stage.settings)
        else:
            model = growth_model(pupils, subject, stage.settings, bootstrap=not subject)
        if model.found is None:
            stage.note("growth_not_fitted", {"cause": model.cause})
        elif not subject and not intake:
            _say_how_it_was_fitted(stage, pupils, model, model.found)
        return model

    found: GrowthModel = stage.once(f"growth_model_{subject}_{intake}", fitted)
    return found


def _mean_residual(indicator: IndicatorParams, stage: Stage, subject: str, *, intake: bool) -> PupilFigures:
    because, expected = _because(stage, subject)
    pupils = _pupils(stage)
    if pupils is None or not (because == "").any():
        return _silent(indicator, stage, subject, because, expected)
    model = _model(stage, subject, intake=intake)
    if model.found is None:
        because = np.where(because == "", Reason.FIT_FAILED.value, because)
        return _silent(indicator, stage, subject, because, expected)
    counted = stage.count(np.isfinite(model.residual))
    because = np.where((because == "") & (counted == 0), Reason.TOO_FEW.value, because)
    return PupilFigures(
        indicator,
        subject,
        model.residual,
        expected,
        because,
        centred=True,
        class_correlation=model.found.class_correlation,
        more=_effects(stage, model.found),
    )


def _with_slope_error(stage: Stage, figures: PupilFigures) -> Figures:
    """The same as figures of sections, their variance raised by how badly the slope of intake is known.

    Only sections tell it, so with few of them its error moves the residuals of whoever has
    an uncommon intake by as much as pupils and classes do.
    """
    if not np.isfinite(figures.values).any():
        return figures
    model = _model(stage, figures.subject, intake=True)
    alike = figures.class_correlation
    means = section_means(
        figures.values[:, None],
        stage.one.section,
        stage.sections,
        **stage.one.clusters,
        known_correlation=None if alike is None else np.array([alike]),
    )
    n, mean, variance = means.n[:, 0].astype(float), means.mean[:, 0], means.variance[:, 0]
    counted = np.isfinite(figures.values)
    start = np.bincount(
        stage.one.section[counted], weights=model.main[counted], minlength=stage.sections
    ) / np.maximum(n, 1.0)
    error = float(model.found.coefficient_se[-1]) if model.found else 0.0
    because = np.where(
        (figures.because == "") & ~np.isfinite(variance), Reason.TOO_FEW.value, figures.because
    )
    return SectionFigures(
        figures.indicator,
        figures.subject,
        mean,
        variance + (error * (start - np.average(start, weights=n))) ** 2,
        n,
        figures.expected,
        because,
        centred=True,
        more={
            **figures.more,
            "class_correlation": np.full(stage.sections, means.class_correlation[0]),
            "design_effect": means.design_effect[:, 0],
        },
    )


def _effects(stage: Stage, found: growth.ValueAdded) -> dict[str, Floats | Reasons]:
    """Reliability and, where sections can be told from chance at all, shrunken effects."""
    minimum = stage.settings.measures.growth.shrunken_reliability_minimum
    position = pd.Index(found.sections).get_indexer(pd.RangeIndex(stage.sections))
    known = position >= 0

    def of_all(of_seen: Floats) -> Floats:
        widened = np.full(stage.sections, np.nan)
        widened[known] = of_seen[position[known]]
        return widened

    more: dict[str, Floats | Reasons] = {"reliability": of_all(found.reliability)}
    if not found.shown(minimum):
        return more | {"standing_block": stage.reasons(Reason.LOW_RELIABILITY)}
    return more | {
        "shrunken": of_all(found.shrunken),
        "shrunken_se": of_all(found.shrunken_se),
        "conditional_se": of_all(found.conditional_se),
    }


def _silent(
    indicator: IndicatorParams, stage: Stage, subject: str, because: Reasons, expected: Codes | None = None
) -> PupilFigures:
    nobody = np.zeros(stage.sections, np.int64)
    return PupilFigures(
        indicator,
        subject,
        np.full(stage.pupils, np.nan),
        nobody if expected is None else expected,
        because,
        centred=indicator.unit == "sd",
    )


def _who_is_expected(stage: Stage, pupils: GrowthPupils, subject: str) -> tuple[Reasons, Codes]:
    """(sections,) why nobody's growth could be measured, or nothing; and pupils who should have a start."""
    because = stage.one.absence()
    expected = stage.count(pupils.eligible(subject))
    scored = np.isfinite(pupils.outcomes[subject])
    without = np.where(
        stage.count(scored) > 0, Reason.NO_PRIOR.value, why_no_score(stage.one.records, scored, subject)
    )
    return np.where((because == "") & (expected == 0), without, because), expected


def _because(stage: Stage, subject: str) -> tuple[Reasons, Codes]:
    """(sections,) why value added is not given, or nothing; and pupils who should count for it."""
    params = stage.settings.measures.growth
    pupils = _pupils(stage)
    if pupils is None:
        return stage.reasons(Reason.NO_DATA), np.zeros(stage.sections, np.int64)
    because, expected = _who_is_expected(stage, pupils, subject)
    eligible, matched = pupils.eligible(subject), pupils.matched(subject)
    rate, _ = growth.match_rate(matched[eligible], pupils.section[eligible], stage.sections)
    low = np.nan_to_num(rate, nan=1.0) < params.match_rate_minimum
    because = np.where((because == "") & low, Reason.LOW_COVERAGE.value, because)
    if (stage.count(matched) > 0).sum() < params.minimum_sections:
        because = np.where(because == "", Reason.TOO_FEW_SECTIONS.value, because)
    return because, expected


def _say_how_it_was_fitted(
    stage: Stage, pupils: GrowthPupils, model: GrowthModel, found: growth.ValueAdded
) -> None:
    """Notes on the model of the mean: who is in it, what it predicts from, what it found."""
    minimum = stage.settings.measures.growth.shrunken_reliability_minimum
    reliability = round(float(np.median(found.reliability)), 4)
    fields = {
        "pupils": len(found.residual),
        "sections": len(found.sections),
        "variance_section": round(found.variance_section, 4),
        "variance_residual": round(found.variance_residual, 4),
        "reliability": reliability,
    }
    if found.classes:
        fields |= {"classes": found.classes, "variance_class": round(found.variance_class, 4)}
    stage.note("growth_fit" if found.classes else "growth_fit_without_classes", fields)
    stage.note(
        "growth_predictors",
        {"patterns": model.design.patterns, "covariates": list(model.design.used)},
    )
    if model.design.left_out:
        stage.note("growth_covariates_left_out", {"covariates": list(model.design.left_out)})
    eligible, matched = int(pupils.eligible("").sum()), int(pupils.matched("").sum())
    counted = int(model.design.counted.sum())
    if eligible > counted:
        stage.note("growth_excluded", {"without_prior": eligible - matched, "few_alike": matched - counted})
    if found.at_boundary:
        stage.note("growth_boundary")
    elif reliability < minimum:
        stage.note("growth_unreliable", {"reliability": reliability, "minimum": minimum})
