"""Pupils of a stage with what they knew a year before, and the growth models fitted to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import academic, growth, growth_design
from evalib.records import TRAITS, Codes, YearRecords
from evalib.settings import Settings
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class GrowthPupils:
    """Pupils of a stage and year, this year's scores and last year's.

    Attributes
    ----------
    subjects
        Subjects with comparable papers this year.
    outcomes
        Subject ("" for the mean over a pupil's papers) → (N,) normal scores.
    prior_subjects, priors
        Subjects of last year, and (N, S) normal scores in them of the pupils who were one
        grade below then.
    tested
        (N,) in a grade whose pupils had comparable papers last year.
    grade, section
        (N,) grade, and section as a position in the stage's codes; −1 elsewhere.
    classes
        (N,) class codes; None where none is recorded.
    traits
        (N rows) what the district has of the configured covariates.
    without_prior
        Grades with scores whose pupils had no comparable paper last year.
    """

    subjects: tuple[str, ...]
    outcomes: dict[str, Floats]
    prior_subjects: tuple[str, ...]
    priors: Floats
    tested: Bools
    grade: Codes
    section: Codes
    classes: Codes | None
    traits: pd.DataFrame
    without_prior: tuple[int, ...]

    def eligible(self, subject: str) -> Bools:
        """(N,) with a score this year, in a grade that could have one of last year."""
        return self.tested & np.isfinite(self.outcomes[subject])

    def matched(self, subject: str) -> Bools:
        """(N,) eligible, and with any score of last year."""
        return self.eligible(subject) & np.isfinite(self.priors).any(axis=1)

    def starts(self, subject: str) -> growth_design.Starts:
        """Starting points for a subject, or for the mean."""
        if not subject:
            return growth_design.starts_of_mean(self.priors)
        place = self.prior_subjects.index(subject) if subject in self.prior_subjects else -1
        return growth_design.starts_of_subject(self.priors, place)


def growth_pupils(
    records: YearRecords, before: YearRecords | None, section: Codes, settings: Settings
) -> GrowthPupils:
    """Match a stage's pupils with their scores one year and one grade before.

    Parameters
    ----------
    records
        The pupils of one stage and year with their scores.
    before
        The year before, all stages, those who left during that year included.
    section
        (N,) section of each pupil.
    settings
        Which covariates are used where the district has them.
    """
    pupils = len(records.pupils)
    grade = records.pupils["grade"].to_numpy(np.int64)
    comparable = records.comparable()
    subjects, scores = _scores_by_subject(comparable, pupils)
    # The mean is over papers: a subject may have had two.
    outcomes = {"": normal_means(records)}
    outcomes |= {subject: scores[:, place] for place, subject in enumerate(subjects)}
    prior_subjects: tuple[str, ...] = ()
    priors = np.full((pupils, 0), np.nan)
    tested = np.zeros(pupils, dtype=bool)
    without: tuple[int, ...] = ()
    if before is not None:
        earlier = before.comparable()
        earlier = earlier[earlier["grade"].isin(set(grade - 1))]
        prior_subjects, known = _scores_by_subject(earlier, len(before.pupils))
        priors = np.full((pupils, len(prior_subjects)), np.nan)
        position = pd.Index(before.pupils["pupil"]).get_indexer(pd.Index(records.pupils["pupil"]))
        # A pupil who repeats or skips a grade has no comparable start.
        promoted = (position >= 0) & (before.pupils["grade"].to_numpy(np.int64)[position] == grade - 1)
        priors[promoted] = known[position[promoted]]
        tested = np.isin(grade - 1, list(set(earlier["grade"])))
        sat = np.isfinite(outcomes[""])
        without = tuple(int(one) for one in np.unique(grade[sat & ~tested]))
    wanted = [name for name in settings.measures.growth.covariates if name in TRAITS]
    return GrowthPupils(
        subjects=subjects,
        outcomes=outcomes,
        prior_subjects=prior_subjects,
        priors=priors,
        tested=tested,
        grade=grade,
        section=section,
        classes=records.class_codes,
        traits=records.pupils[[name for name in wanted if name in records.pupils]],
        without_prior=without,
    )


def normal_means(records: YearRecords) -> Floats:
    """(pupils,) mean normal score over the comparable papers of the year; NaN without one."""
    comparable = records.comparable()
    return academic.pupil_mean(_normal(comparable), comparable["row"].to_numpy(), len(records.pupils))


def why_no_score(records: YearRecords | None, scored: Bools, subject: str = "") -> str:
    """Why a section has no normal score this year although it handed some in.

    Parameters
    ----------
    records
        The stage's pupils and scores.
    scored
        (N,) pupils of the stage who have one.
    subject
        Of which subject; "" for the mean.
    """
    if records is None or scored.any():
        return Reason.NO_DATA.value
    comparable = records.comparable(subject)
    if comparable.empty:
        return Reason.NO_COMPARABLE_PAPER.value if len(records.scores) else Reason.NO_DATA.value
    marks = np.isfinite(comparable["score"]).any()
    return Reason.NO_VARIANCE.value if marks else Reason.NO_DATA.value


def _normal(records: pd.DataFrame) -> Floats:
    return growth.normal_score(records["score"].to_numpy(float), records["paper"].to_numpy())


def _scores_by_subject(records: pd.DataFrame, pupils: int) -> tuple[tuple[str, ...], Floats]:
    """Subjects, and (pupils, subjects) normal scores; NaN where a pupil has none."""
    code, names = pd.factorize(records["subject"], sort=True)
    normal, row = _normal(records), records["row"].to_numpy()
    scores = np.full((pupils, len(names)), np.nan)
    for place in range(len(names)):
        inside = code == place
        scores[:, place] = academic.pupil_mean(normal[inside], row[inside], pupils)
    return tuple(str(name) for name in names), scores


@dataclass(frozen=True)
class GrowthModel:
    """One fitted growth model and what went into it.

    Attributes
    ----------
    found
        The fit; None where it failed.
    cause
        Why it failed, or empty.
    residual
        (N,) residual of each pupil of the stage; NaN for one who is not in the model.
    main
        (N,) main prior of each pupil in the model; NaN elsewhere.
    design
        What it predicts from.
    """

    found: growth.ValueAdded | None
    cause: str
    residual: Floats
    main: Floats
    design: growth_design.GrowthDesign


def growth_model(
    pupils: GrowthPupils, subject: str, settings: Settings, *, bootstrap: bool = False
) -> GrowthModel:
    """Fit the growth model of one subject, or of the mean.

    Parameters
    ----------
    pupils
        Of one stage and year.
    subject
        "" for the mean over subjects.
    settings
        Knots, minima, covariates.
    bootstrap
        Errors of shrunken effects by simulated refits where sections are few.
    """
    params = settings.measures.growth
    starts = pupils.starts(subject)
    design = growth_design.growth_design(
        replace(starts, main=np.where(pupils.matched(subject), starts.main, np.nan)),
        pupils.grade,
        growth_design.pupil_covariates(pupils.traits),
        knots=np.array(params.spline_knots),
        pattern_minimum=params.pattern_minimum,
    )
    main = np.where(design.counted, starts.main, np.nan)
    draws = params.bootstrap_draws if bootstrap else 0
    return _fitted(pupils, subject, settings, design, main, draws=draws)


def with_intake(plain: GrowthModel, pupils: GrowthPupils, subject: str, settings: Settings) -> GrowthModel:
    """The same model with the section's mean start as a further covariate."""
    start = growth_design.section_start(plain.main, plain.design.counted, pupils.section)
    design = replace(plain.design, columns=np.column_stack([plain.design.columns, start]))
    alike = plain.found.class_correlation if plain.found else None
    return _fitted(pupils, subject, settings, design, plain.main, alike=alike)


def _fitted(
    pupils: GrowthPupils,
    subject: str,
    settings: Settings,
    design: growth_design.GrowthDesign,
    main: Floats,
    *,
    alike: float | None = None,
    draws: int = 0,
) -> GrowthModel:
    params = settings.measures.growth
    counted = design.counted
    residual = np.full(len(counted), np.nan)
    try:
        found = growth.value_added(
            pupils.outcomes[subject][counted],
            design.columns[counted],
            pupils.section[counted],
            None if pupils.classes is None else pupils.classes[counted],
            reliability_minimum=params.shrunken_reliability_minimum,
            alike=alike,
            bootstrap_draws=draws,
            bootstrap_below_sections=params.bootstrap_below_sections if draws else 0,
            seed=params.seed,
        )
    except ValueError as error:
        return GrowthModel(None, str(error), residual, main, design)
    residual[counted] = found.residual
    return GrowthModel(found, "", residual, main, design)
