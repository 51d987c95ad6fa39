"""Indicators that the district's own facts decide: told to be so, or against a limit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalib.review.district.facts import Facts
from evalib.review.district.findings import (
    DECIMALS,
    MET,
    NOT_MET,
    NOT_REPORTED,
    Finding,
    distinct,
    of_parts,
    worst,
)
from evalib.review.district.handed import Problem, problem
from evalib.settings import BalanceIndicator
from evalib.settings.balance import (
    BalanceLimit,
    FactAtLeastFact,
    FactsAtLeast,
    FactsMet,
    FactsMixed,
    SharesOfFacts,
)

ByFacts = FactsMet | FactsAtLeast | FactsMixed | FactAtLeastFact | SharesOfFacts


def by_facts(indicator: BalanceIndicator, facts: Facts, stages: Sequence[str]) -> list[Finding]:
    """An indicator's own finding, and its parts where it has some.

    Parameters
    ----------
    facts
        Of the year, from `facts.facts_of`.
    stages
        That the district has sections of.

    Returns
    -------
    "not_reported" with its reasons as soon as a fact is missing or refused, unless another
    part already decides against it.
    """
    rule = indicator.rule
    if isinstance(rule, FactsMet):
        return [_told(indicator, rule.facts, facts)]
    if isinstance(rule, FactsAtLeast):
        return _at_least(indicator, rule, facts, stages)
    if isinstance(rule, FactsMixed):
        return _mixed(indicator, rule, facts)
    if isinstance(rule, FactAtLeastFact):
        return [_against_other(indicator, rule, facts)]
    assert isinstance(rule, SharesOfFacts)
    return _shares(indicator, rule, facts)


def judged(limit: BalanceLimit | None, value: float | None) -> str:
    """The verdict of one unrounded figure; not reported without one.

    A figure is decimal: 0.7000000000000001, which 70 % becomes as a share, is 0.7.
    """
    if value is None or limit is None:
        return NOT_REPORTED
    return MET if limit.kept_by(round(value, DECIMALS)) else NOT_MET


def told_by(names: Sequence[str], facts: Facts) -> dict[str, float]:
    """The facts that are used, by name."""
    return {name: value for name in names if (value := facts[name].used) is not None}


def refused(names: Sequence[str], facts: Facts) -> list[Problem]:
    """What is wrong with any of these facts."""
    return distinct([each for name in names for each in facts[name].problems])


def _told(indicator: BalanceIndicator, names: Sequence[str], facts: Facts) -> Finding:
    told = told_by(names, facts)
    verdicts = [NOT_REPORTED if name not in told else MET if told[name] == 1 else NOT_MET for name in names]
    return Finding(
        indicator.id,
        worst(verdicts),
        value=told.get(names[0]) if len(names) == 1 else None,
        unit=indicator.unit,
        evidence=told,
        reasons=refused(names, facts),
    )


def _of_fact(
    indicator: BalanceIndicator, name: str, facts: Facts, limit: BalanceLimit | None, stage: str = ""
) -> Finding:
    value = facts[name].used
    return Finding(
        indicator.id,
        judged(limit, value),
        stage=stage,
        value=value,
        unit=indicator.unit,
        limit=None if limit is None else limit.value,
        evidence=told_by([name], facts),
        reasons=refused([name], facts),
    )


def _at_least(
    indicator: BalanceIndicator, rule: FactsAtLeast, facts: Facts, stages: Sequence[str]
) -> list[Finding]:
    if not rule.stages:
        parts = [_of_fact(indicator, name, facts, indicator.limit()) for name in rule.facts]
        return parts if len(parts) == 1 else [of_parts(indicator.id, parts, unit=indicator.unit)]
    parts = [
        _of_fact(indicator, name, facts, indicator.limit(stage), stage)
        for name, stage in zip(rule.facts, rule.stages, strict=True)
        if stage in stages
    ]
    reasons = [] if parts else [problem("no_sections", "schools")]
    evidence = {name: value for one in parts for name, value in one.evidence.items()}
    return [
        of_parts(indicator.id, parts, reasons=reasons, unit=indicator.unit, evidence=evidence),
        *parts,
    ]


def _mixed(indicator: BalanceIndicator, rule: FactsMixed, facts: Facts) -> list[Finding]:
    parts = [_told(indicator, rule.met, facts)]
    parts += [_of_fact(indicator, name, facts, indicator.limit(aspect=name)) for name in rule.facts]
    last = parts[-1]
    names = [*rule.met, *rule.facts]
    return [
        of_parts(
            indicator.id,
            parts,
            value=last.value if len(rule.facts) == 1 else None,
            unit=indicator.unit,
            limit=last.limit if len(rule.facts) == 1 else None,
            evidence=told_by(names, facts),
        )
    ]


def _against_other(indicator: BalanceIndicator, rule: FactAtLeastFact, facts: Facts) -> Finding:
    names = [rule.fact, rule.other]
    told = told_by(names, facts)
    value, other = told.get(rule.fact), told.get(rule.other)
    verdict = NOT_REPORTED if value is None or other is None else MET if value >= other else NOT_MET
    return Finding(
        indicator.id,
        verdict,
        value=value,
        unit=indicator.unit,
        limit=other,
        evidence=told,
        reasons=refused(names, facts),
    )


def _shares(indicator: BalanceIndicator, rule: SharesOfFacts, facts: Facts) -> list[Finding]:
    parts = []
    for one in rule.shares:
        names = [one.over, one.under]
        told = told_by(names, facts)
        reasons = refused(names, facts)
        share = None
        if len(told) == 2:
            if told[one.under] > 0:
                share = told[one.over] / told[one.under]
            else:
                reasons = [*reasons, problem("no_data", f"district.{one.under}")]
        limit = indicator.limit(aspect=one.aspect)
        verdict = judged(limit, share)
        short = 0
        if verdict == NOT_MET and limit is not None and one.over in rule.counted:
            short = math.ceil(round(limit.value * told[one.under] - told[one.over], DECIMALS))
        parts.append(
            Finding(
                indicator.id,
                verdict,
                aspect=one.aspect,
                value=share,
                unit=indicator.unit,
                limit=None if limit is None else limit.value,
                needed={"": {"teachers": short}} if short else {},
                evidence=told,
                reasons=reasons,
            )
        )
    evidence = {name: value for one in parts for name, value in one.evidence.items()}
    return [of_parts(indicator.id, parts, unit=indicator.unit, evidence=evidence), *parts]
