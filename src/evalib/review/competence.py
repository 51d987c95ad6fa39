"""综合素质 of one stage: fitness by the national standard, and the year's records by area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import competence, fitness
from evalib.records import Codes, Reasons
from evalib.review.stage import Builder, Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.settings.indicators import AREAS
from evalib.settings.standards import GRADES, SEXES, FitnessParams
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]

BODY_ITEMS = ("height_cm", "weight_kg")
BEST = "A"


@dataclass(frozen=True)
class _Tested:
    """(N,) fitness totals and who is to be tested; (J,) sections with a row that can be scored."""

    total: Floats
    due: Bools
    handed_in: Bools


@dataclass(frozen=True)
class _Recorded:
    """One area's records: (N,) level, hours and evidence; (J,) sections with a row of the area."""

    level: Words
    hours: Floats
    evidence: Floats
    handed_in: Bools


def fitness_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils whose fitness total reaches the cut, of those with a total."""
    tested = _tested(stage)
    reached = competence.amount_reached(tested.total, _number(indicator))
    return [_fitness_figures(indicator, stage, reached)]


def fitness_coverage(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of the pupils to be tested who took every item: neither the exempt nor kindergarten are."""
    tested = _tested(stage)
    whole = np.where(tested.due, np.isfinite(tested.total).astype(float), np.nan)
    return [_fitness_figures(indicator, stage, whole)]


def level_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils rated at least the level, of those rated.

    Where the best level is a quota its share is a rule and not a result: a figure of
    record, without interval or standing.
    """
    records = _recorded(stage, indicator.columns["area"])
    reached = competence.level_reached(records.level, str(indicator.cut))
    figures = _area_figures(indicator, stage, records, reached)
    if indicator.cut == BEST and indicator.columns["area"] in stage.settings.measures.competence.quota:
        return [_of_record(stage, figures)]
    return [figures]


def hours_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils with at least so many hours, of those with hours recorded."""
    records = _recorded(stage, indicator.columns["area"])
    reached = competence.amount_reached(records.hours, _number(indicator))
    return [_area_figures(indicator, stage, records, reached)]


def evidence_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils with at least so much evidence, of those with evidence counted."""
    records = _recorded(stage, indicator.columns["area"])
    reached = competence.amount_reached(records.evidence, _number(indicator))
    return [_area_figures(indicator, stage, records, reached)]


def recorded_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils on the roll of whom the area has any record."""
    records = _recorded(stage, indicator.columns["area"])
    told = competence.recorded(records.level, records.hours, records.evidence)
    return [_area_figures(indicator, stage, records, told.astype(float))]


def fitness_standard(params: FitnessParams) -> fitness.FitnessStandard:
    """The national standard as the measure takes it: a rule a sex, grade and item."""
    rules = {
        (sex == "male", grade): {
            item: _item_rule(params, item, sex, grade, weight)
            for item, weight in params.weights_of(sex, grade).items()
        }
        for sex in SEXES
        for grade in GRADES
    }
    return fitness.FitnessStandard(rules, float(params.bonus.at_most))


def _item_rule(params: FitnessParams, item: str, sex: str, grade: int, weight: int) -> fitness.ItemRule:
    if item == fitness.BODY_MASS_INDEX:
        normal_from, normal_to, obese_from = params.body_mass_index.of(sex)[grade]
        given = params.body_mass_index.scores
        # The index has one decimal, so what is above normal starts a tenth higher.
        bands = np.array([0.0, normal_from, normal_to + 0.1, obese_from])
        scores = np.array([given.underweight, given.normal, given.overweight, given.obese], float)
        return fitness.ItemRule(weight, fitness.Steps(bands, scores))
    steps = params.items[item]
    known = [(value, score) for value, score in zip(steps.of(sex)[grade], steps.scores, strict=True)]
    values, scores = np.array([pair for pair in known if pair[0] is not None], float)[::-1].T
    falling = steps.better == "lower"
    extra = params.bonus.items.get(item)
    bonus = None
    if extra is not None and grade in extra.grades:
        beyond = values[-1] + (-1.0 if falling else 1.0) * np.array(extra.beyond, float)
        bonus = fitness.Steps(beyond, np.array(extra.points, float), falling)
    return fitness.ItemRule(weight, fitness.Steps(values, scores, falling), bonus)


def _tested(stage: Stage) -> _Tested:
    tested: _Tested = stage.once("fitness", lambda: _fitness(stage))
    return tested


def _fitness(stage: Stage) -> _Tested:
    table, records = stage.district.table("fitness"), stage.one.records
    missing = np.full(stage.pupils, np.nan)
    nowhere = np.zeros(stage.sections, dtype=bool)
    if table is None or records is None:
        return _Tested(missing, np.zeros(stage.pupils, dtype=bool), nowhere)
    row = stage.one.rows_of(table["pupil"])
    table, row = table[row >= 0], row[row >= 0]
    grade = records.pupils["grade"].to_numpy(np.int64)
    due = np.isin(grade, list(GRADES))
    if "exempt" in table:
        due[row[table["exempt"].fillna(False).to_numpy(bool)]] = False
    handed_in = _sections_of(stage, row)
    if "sex" not in records.pupils or records.pupils["sex"].isna().all():
        if handed_in.any():
            stage.note("fitness_without_sex")
        # Whoever took the items, nobody can be scored: a coverage of 0 would say that nobody came.
        return _Tested(missing, due, nowhere)
    params = stage.settings.fitness
    items = {
        item: _at(stage, row, _numbers(table[item])) for item in (*BODY_ITEMS, *params.items) if item in table
    }
    boy = _numbers(records.pupils["sex"].map({"male": 1.0, "female": 0.0}))
    total = fitness.fitness_scores(items, boy, grade, fitness_standard(params)).total
    return _Tested(np.where(due, total, np.nan), due, handed_in)


def _fitness_figures(indicator: IndicatorParams, stage: Stage, values: Floats) -> PupilFigures:
    tested = _tested(stage)
    due = stage.count(tested.due)
    because = np.where(tested.handed_in & (due == 0), Reason.NOT_APPLICABLE.value, _absence(tested.handed_in))
    return PupilFigures(indicator, "", _silent(stage, values, because), due, because.astype(object))


def _recorded(stage: Stage, area: str) -> _Recorded:
    records: dict[str, _Recorded] = stage.once("competence", lambda: _competence(stage))
    return records[area]


def _competence(stage: Stage) -> dict[str, _Recorded]:
    """The records of every area; a quota that was not kept is told on the way.

    Of fewer rated pupils than may be shown nothing is told: it would be a pupil's level.
    """
    table = stage.district.table("competence")
    if table is None:
        table = pd.DataFrame({"pupil": [], "area": []}, dtype="str")
    table = table.reindex(columns=["pupil", "area", "level", "hours", "evidence"])
    row = stage.one.rows_of(table["pupil"])
    areas = {}
    for area in AREAS:
        inside = table["area"].eq(area).to_numpy(bool) & (row >= 0)
        of_area, at = table[inside], row[inside]
        level = np.full(stage.pupils, None, dtype=object)
        level[at] = of_area["level"].to_numpy(object)
        hours, evidence = (_at(stage, at, _numbers(of_area[name])) for name in ("hours", "evidence"))
        areas[area] = _Recorded(level, hours, evidence, _sections_of(stage, at))
    for area, highest in stage.settings.measures.competence.quota.items():
        level = areas[area].level
        over = competence.quota_exceeded(level, stage.one.section, stage.sections, highest)
        rated = stage.count(np.isfinite(competence.level_reached(level, BEST)))
        for position in np.flatnonzero(over & (rated >= stage.settings.disclosure.minimum_n)):
            stage.note("quota_breached", {"area": area}, stage.one.codes[position])
    return areas


def _area_figures(
    indicator: IndicatorParams, stage: Stage, records: _Recorded, values: Floats
) -> PupilFigures:
    because = _absence(records.handed_in)
    on_roll = stage.count(np.ones(stage.pupils, dtype=bool))
    return PupilFigures(indicator, "", _silent(stage, values, because), on_roll, because)


def _of_record(stage: Stage, figures: PupilFigures) -> SectionFigures:
    counted = np.isfinite(figures.values)
    n = stage.count(counted).astype(float)
    reached = np.bincount(
        stage.one.section[counted], weights=figures.values[counted], minlength=stage.sections
    )
    value = np.divide(reached, n, out=np.full(stage.sections, np.nan), where=n > 0)
    variance = np.full(stage.sections, np.nan)
    return SectionFigures(
        figures.indicator, "", value, variance, n, figures.expected.astype(float), figures.because
    )


def _number(indicator: IndicatorParams) -> float:
    if not isinstance(indicator.cut, float | int):
        raise ValueError(f"{indicator.measure} needs a number for a cut")
    return float(indicator.cut)


def _numbers(column: pd.Series[Any]) -> Floats:
    return np.asarray(column.astype("Float64").to_numpy(float, na_value=np.nan), dtype=float)


def _at(stage: Stage, row: Codes, values: Floats) -> Floats:
    """(N,) the values in the rows of their pupils, NaN for the others."""
    spread = np.full(stage.pupils, np.nan)
    spread[row] = values
    return spread


def _sections_of(stage: Stage, row: Codes) -> Bools:
    """(J,) which sections the pupils in these rows belong to."""
    there = np.zeros(stage.sections, dtype=bool)
    there[stage.one.section[row]] = True
    return there


def _absence(handed_in: Bools) -> Reasons:
    return np.where(handed_in, "", Reason.NO_DATA.value).astype(object)


def _silent(stage: Stage, values: Floats, because: Reasons) -> Floats:
    """Pupils of a section that handed in nothing do not count, not even as zeros."""
    return np.where(because[stage.one.section] == "", values, np.nan)


BUILDERS: dict[str, Builder] = {
    "fitness_share": fitness_share,
    "fitness_coverage": fitness_coverage,
    "level_share": level_share,
    "hours_share": hours_share,
    "evidence_share": evidence_share,
    "recorded_share": recorded_share,
}
