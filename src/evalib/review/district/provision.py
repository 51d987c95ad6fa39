"""R1 to R7: every section against its limits, the rule over the seven, and how even a stage is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.measures.provision import (
    MISSING,
    NEAR,
    UNDER,
    least_needed,
    section_verdict,
    standing_to_limit,
    units_needed,
)
from evalib.review.district.amounts import Resources, amount_of
from evalib.review.district.evenness import indicator_findings, rule_findings
from evalib.review.district.findings import (
    MET,
    NOT_MET,
    NOT_REPORTED,
    OUT_OF_SCOPE,
    Finding,
    as_json,
)
from evalib.review.district.handed import Handed, all_missing, bare
from evalib.review.district.scope import in_scope
from evalib.review.district.shared import SharedAmount, school_needs
from evalib.settings import BalanceIndicator, BalanceParams
from evalib.settings.balance import PerPupils

SECTION_COLUMNS = [
    *("year", "school_code", "stage", "indicator", "aspect"),
    *("value", "numerator", "pupils", "limit", "floor"),
    *("verdict", "reason", "short_of_limit", "short_of_floor"),
]
VERDICT_COLUMNS = [
    *("year", "school_code", "stage", "verdict", "reason", "met", "near", "under", "missing", "needed"),
]


@dataclass(frozen=True)
class Provision:
    """What the sections of a year have.

    Attributes
    ----------
    sections
        A row a section and indicator, with the columns of `balance_sections` and `missing`,
        the places of what is missing.
    verdicts
        A row a section, with the columns of `balance_verdicts`.
    findings
        Of R1 to R7 and the rule over them.
    """

    sections: pd.DataFrame
    verdicts: pd.DataFrame
    findings: list[Finding]


def provision(
    handed: Handed, resources: Resources, teachers: pd.DataFrame | None, params: BalanceParams
) -> Provision:
    """The resource indicators of one year.

    Parameters
    ----------
    resources, teachers
        From `amounts.resources_of` and `teachers.teacher_rows`.

    Returns
    -------
    An indicator is met where its 差异系数 keeps its limit in every stage, and no section that
    fails the rule over the seven is short of it: so all seven are met just where every section
    passes and every stage is even. Whether every section is at the limit itself is told beside
    it, without a verdict on the indicator.
    """
    parts: list[pd.DataFrame] = []
    shared: dict[str, dict[str, SharedAmount]] = {}
    if not params.resources:
        return Provision(pd.DataFrame(columns=SECTION_COLUMNS), pd.DataFrame(columns=VERDICT_COLUMNS), [])
    for one in params.resources:
        part, of_schools = _rows(one, resources, teachers, params)
        parts.append(part)
        for code, amount in of_schools.items():
            shared.setdefault(code, {})[one.id] = amount
    rows = pd.concat(parts, ignore_index=True).assign(year=handed.year)
    verdicts = _verdicts(rows, shared, params).assign(year=handed.year)
    findings: list[Finding] = []
    for one in params.resources:
        own = rows[rows["indicator"].eq(one.id)].merge(
            verdicts[["school_code", "stage", "verdict", "needed"]],
            on=["school_code", "stage"],
            suffixes=("", "_of_rule"),
        )
        findings += indicator_findings(one, own, handed, params)
    findings += rule_findings(rows, verdicts, handed)
    return Provision(rows, verdicts[VERDICT_COLUMNS], findings)


def _rows(
    indicator: BalanceIndicator, resources: Resources, teachers: pd.DataFrame | None, params: BalanceParams
) -> tuple[pd.DataFrame, Mapping[str, SharedAmount]]:
    """Every section's row of an indicator, and what schools share of it."""
    rule = indicator.rule
    assert isinstance(rule, PerPupils)
    amount, missing, of_schools = amount_of(rule, resources, teachers, params)
    sections = resources.sections
    pupils = sections["pupils"].where(sections["pupils"].gt(0))
    found = sections[["school_code", "stage"]].assign(
        indicator=indicator.id,
        aspect="",
        value=amount * rule.per / pupils,
        numerator=amount,
        pupils=pupils,
        limit=[float(_limit(indicator, stage)) for stage in sections["stage"]],
        per=rule.per,
    )
    found["floor"] = found["limit"] * params.section_rule.floor_share
    no_roll = pd.Series(np.where(pupils.isna(), "pupils", ""), index=sections.index, dtype=object)
    lack = all_missing(missing, no_roll, sections["unknown"])
    found["missing"] = lack.where(in_scope(sections), "")
    found = found.join(_judged(found, sections["out"]))
    for code, school in of_schools.items():
        _told_of_school(found, found["school_code"].eq(code), school)
    return found, of_schools


def _told_of_school(rows: pd.DataFrame, here: pd.Series[bool], school: SharedAmount) -> None:
    """What a school must have more of what its stages share, told at the first that is short of it."""
    known = here & rows["verdict"].isin([MET, NEAR, UNDER])
    for name, target, verdicts in (
        ("short_of_limit", "limit", [NEAR, UNDER]),
        ("short_of_floor", "floor", [UNDER]),
    ):
        rows.loc[known, name] = 0.0
        short = rows.index[known & rows["verdict"].isin(verdicts)]
        if len(short):
            least = dict(zip(rows.loc[known, "stage"], rows.loc[known, target], strict=True))
            rows.loc[short[0], name] = float(school.needed(least))


def _limit(indicator: BalanceIndicator, stage: str) -> float:
    limit = indicator.limit(stage)
    return float("nan") if limit is None else limit.value


def _judged(rows: pd.DataFrame, out: pd.Series[str]) -> pd.DataFrame:
    """verdict, reason, short_of_limit, short_of_floor of every row."""
    found: list[tuple[str, str, float, float]] = []
    names = ["numerator", "pupils", "per", "limit", "floor", "missing"]
    for (has, pupils, per, limit, floor, missing), word in zip(
        rows[names].itertuples(index=False, name=None), out, strict=True
    ):
        if word:
            found.append((OUT_OF_SCOPE, word, np.nan, np.nan))
        elif missing:
            found.append((NOT_REPORTED, bare(missing), np.nan, np.nan))
        else:
            to_limit, to_floor = (float(units_needed(has, pupils, per, least)) for least in (limit, floor))
            found.append((standing_to_limit(has, pupils, per, limit, floor), "", to_limit, to_floor))
    return pd.DataFrame(
        found, columns=["verdict", "reason", "short_of_limit", "short_of_floor"], index=rows.index
    )


def _verdicts(
    rows: pd.DataFrame, shared: Mapping[str, Mapping[str, SharedAmount]], params: BalanceParams
) -> pd.DataFrame:
    """The rule over the seven for every section, with the least that makes it pass."""
    found = []
    for (code, stage), own in rows.groupby(["school_code", "stage"], sort=True):
        stands = [MISSING if one == NOT_REPORTED else one for one in own["verdict"]]
        counts = [stands.count(one) for one in (MET, "near", UNDER, MISSING)]
        row: tuple[object, ...] = (OUT_OF_SCOPE, own["reason"].iloc[0], *counts, "[]")
        if OUT_OF_SCOPE not in stands:
            verdict = section_verdict(stands, params.section_rule.least_met)
            lacking = dict.fromkeys(place for one in own["reason"] if one for place in one.split(","))
            needed = _least(own, params) if verdict == NOT_MET and code not in shared else []
            row = (verdict, ",".join(lacking), *counts, as_json(needed))
        found.append((code, stage, *row))
    table = pd.DataFrame(found, columns=VERDICT_COLUMNS[1:])
    at_floor = len(params.resources) - params.section_rule.least_met
    for code, amounts in shared.items():
        here = table["school_code"].eq(code)
        by_stage = dict(zip(table.loc[here, "stage"], table.loc[here, "verdict"], strict=True))
        needs = school_needs(rows[rows["school_code"].eq(code)], by_stage, amounts, at_floor)
        for stage, needed in needs.items():
            table.loc[here & table["stage"].eq(stage), "needed"] = as_json(needed)
    return table


def _least(own: pd.DataFrame, params: BalanceParams) -> list[dict[str, object]]:
    """The least that makes a section pass, as JSON has it."""
    required = (own["limit"] * own["pupils"] / own["per"]).tolist()
    limits, floors = (
        [None if np.isnan(one) else int(one) for one in own[name]]
        for name in ("short_of_limit", "short_of_floor")
    )
    plan = least_needed(limits, floors, required, params.section_rule.least_met)
    names = own["indicator"].tolist()
    return [{"indicator": names[place], "units": units} for place, units in sorted(plan.items())]
