"""G12 and Q1: what the teachers' and the pupils' tables themselves say, beside the district's fact."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalib.measures.retention import COUNTS, cohort_counts, retention_rate
from evalib.records import earlier
from evalib.review.articulation import FIRST_GRADES, LAST_GRADES
from evalib.review.district.by_facts import judged, refused, told_by
from evalib.review.district.facts import Facts, contradicted
from evalib.review.district.findings import NOT_MET, Finding
from evalib.review.district.handed import Handed, Problem, problem
from evalib.review.district.scope import in_scope, sections_of
from evalib.settings import BalanceIndicator, BalanceParams
from evalib.settings.balance import Retention, TeachersCertified


def certified(
    indicator: BalanceIndicator,
    rows: pd.DataFrame | None,
    sections: pd.DataFrame,
    handed: Handed,
    facts: Facts,
    within: float,
) -> tuple[Finding, Facts]:
    """G12: which share of the teachers holds a certificate, a person once; without the table by the fact.

    Parameters
    ----------
    rows, sections
        From `teachers.teacher_rows` and `scope.sections_of`.
    within
        How far the fact may be from it.

    Returns
    -------
    The finding, and the facts, of which one may now be contradicted. Where some teachers'
    certificates are not told, or a section handed in no teacher, the table decides only if
    they could not change the verdict.
    """
    rule = indicator.rule
    assert isinstance(rule, TeachersCertified)
    lacking = handed.lacks("teachers", "certified")
    if rows is None or lacking:
        return _of_fact(indicator, rule.fact, facts, lacking), facts
    holds = rows["certified"].fillna(False).astype(bool).groupby(rows["teacher"]).any()
    untold = rows["certified"].isna().groupby(rows["teacher"]).any()
    has, unknown = int(holds.sum()), int((untold & ~holds).sum())
    teachers = len(holds)
    evidence = {"teachers": teachers, "certified": has, "without": teachers - has - unknown}
    limit = indicator.limit()
    silent = without_teachers(rows, sections)
    if unknown or silent:
        reasons = []
        if unknown:
            evidence["unknown"] = unknown
            reasons.append(problem("no_data", "teachers.certified", teachers=unknown))
        surely_not = teachers > 0 and judged(limit, (has + unknown) / teachers) == NOT_MET
        if silent:
            reasons.append(problem("no_data", "teachers", sections=silent))
            # Any number of teachers might be lacking; only what must hold for all can be broken.
            surely_not &= limit is not None and limit.value == 1.0
        if not surely_not:
            return _of_fact(indicator, rule.fact, facts, reasons, evidence), facts
        return _computed(indicator, None, evidence, reasons, NOT_MET), facts
    share = has / teachers if teachers else None
    return _held_against(indicator, rule.fact, share, evidence, facts, within)


def without_teachers(rows: pd.DataFrame, sections: pd.DataFrame) -> int:
    """How many sections that count handed in no teacher."""
    keys = set(zip(rows["school_code"], rows["stage"], strict=True))
    somewhere = set(rows.loc[rows["stage"].isna(), "school_code"])
    there = sections[in_scope(sections)]
    return sum(
        (code, stage) not in keys and code not in somewhere
        for code, stage in zip(there["school_code"], there["stage"], strict=True)
    )


def retained(
    indicator: BalanceIndicator, handed: Handed, facts: Facts, params: BalanceParams
) -> tuple[Finding, Facts]:
    """Q1: which share of a stage's entrants was kept to its end, by the rolls of its years.

    As every section's own rate, over the district as one: who moved inside it was kept. Without
    the rolls by the fact, as where a section that counts is on no roll of one of the years.
    """
    rule = indicator.rule
    assert isinstance(rule, Retention)
    first, last = FIRST_GRADES[rule.stage], LAST_GRADES[rule.stage]
    rolls, lacking = [], []
    for back in reversed(range(last - first + 1)):
        roll = handed.table("pupils", back)
        if roll is None:
            lacking.append(problem("no_table", "pupils", years_back=back))
        elif "status" not in roll:
            lacking.append(problem("no_column", "pupils.status", years_back=back))
        elif silent := _without_pupils(handed, roll, rule.stage, back, params):
            lacking.append(problem("no_data", "pupils", sections=silent, years_back=back))
        else:
            rolls.append(roll)
    if not lacking:
        ended = rolls[-1]
        leaving = ended["stage"].eq(rule.stage) & ended["grade"].eq(last) & ended["status"].eq("graduated")
        if not leaving.any():
            lacking.append(problem("no_data", "pupils.status"))
    if lacking:
        return _of_fact(indicator, rule.fact, facts, lacking), facts
    counts = cohort_counts(rolls, rule.stage, first)[list(COUNTS)].sum()
    evidence = {name: int(counts[name]) for name in COUNTS}
    figures = {name: counts[[name]].to_numpy(float) for name in COUNTS if name != "open_transfers"}
    rate = float(retention_rate(**figures)[0])
    share, within = None if pd.isna(rate) else rate, params.agreeing_within
    return _held_against(indicator, rule.fact, share, evidence, facts, within)


def _without_pupils(handed: Handed, roll: pd.DataFrame, stage: str, back: int, params: BalanceParams) -> int:
    """How many sections of a stage that count are not on a year's roll; by that year's schools if told."""
    then = Handed(handed.store, earlier(handed.year, back))
    sections = sections_of(handed if then.table("schools") is None else then, params)
    there = sections[in_scope(sections) & sections["stage"].eq(stage)]
    return int((~there["school_code"].isin(roll.loc[roll["stage"].eq(stage), "school_code"])).sum())


def _held_against(
    indicator: BalanceIndicator,
    name: str,
    share: float | None,
    evidence: Mapping[str, int],
    facts: Facts,
    within: float,
) -> tuple[Finding, Facts]:
    """What the table says, unless the fact contradicts it: then neither is used."""
    fact = facts[name].used
    if share is not None and fact is not None and abs(share - fact) > within:
        facts = contradicted(facts, name, computed=share, told=fact, within=within)
        return _computed(indicator, None, {**evidence, name: fact}, refused([name], facts)), facts
    if share is None:
        return _of_fact(indicator, name, facts, [problem("no_data", next(iter(indicator.needs)))]), facts
    told = {**evidence, **told_by([name], facts)}
    return _computed(indicator, share, told, []), facts


def _computed(
    indicator: BalanceIndicator,
    share: float | None,
    evidence: Mapping[str, float],
    reasons: list[Problem],
    verdict: str | None = None,
) -> Finding:
    limit = indicator.limit()
    return Finding(
        indicator.id,
        verdict or judged(limit, share),
        value=share,
        unit=indicator.unit,
        limit=None if limit is None else limit.value,
        evidence=evidence,
        reasons=reasons,
    )


def _of_fact(
    indicator: BalanceIndicator,
    name: str,
    facts: Facts,
    lacking: list[Problem],
    evidence: Mapping[str, float] | None = None,
) -> Finding:
    """By the fact; what the table lacks is told only where the fact cannot stand in."""
    value = facts[name].used
    told = {**(evidence or {}), **told_by([name], facts)}
    reasons = [] if value is not None else [*lacking, *refused([name], facts)]
    return _computed(indicator, value, told, reasons)
