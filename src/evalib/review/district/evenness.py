"""R1 to R7 as findings: how many sections are at the limit, how even a stage is, what stands in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalib.measures.provision import UNDER, difference_coefficient
from evalib.review.district.findings import (
    DECIMALS,
    MET,
    NOT_MET,
    NOT_REPORTED,
    OUT_OF_SCOPE,
    Finding,
    missing_of,
    of_parts,
    worst,
)
from evalib.review.district.handed import Handed, problem
from evalib.settings import BalanceIndicator, BalanceParams
from evalib.vocabulary import SECTION_RULE, STAGES


def indicator_findings(
    indicator: BalanceIndicator, rows: pd.DataFrame, handed: Handed, params: BalanceParams
) -> list[Finding]:
    """An indicator's own finding and its parts by stage.

    Parameters
    ----------
    rows
        Of every section, with `verdict_of_rule` and `needed` of the rule over the seven.
    """
    parts: list[Finding] = []
    whole: list[str] = []
    inside = rows[rows["verdict"].ne(OUT_OF_SCOPE)]
    blocking = inside[inside["verdict_of_rule"].eq(NOT_MET) & inside["verdict"].isin(["near", UNDER])]
    needed: dict[str, dict[str, int]] = {}
    for stage in _stages(inside):
        own = inside[inside["stage"].eq(stage)]
        variation = _variation(indicator, stage, own, handed, params)
        parts += [_at_limit(indicator, stage, own, handed), variation]
        stopped = NOT_MET if blocking["stage"].eq(stage).any() else MET
        whole += [variation.verdict, stopped, NOT_REPORTED if own["missing"].ne("").any() else MET]
        units = _asked(own[own["verdict_of_rule"].eq(NOT_MET)], indicator.id)
        if units:
            needed[stage] = {indicator.whole_units: units}
    reasons = [] if whole else [problem("no_sections", "schools")]
    own_finding = of_parts(
        indicator.id,
        parts,
        reasons=reasons,
        verdict=worst(whole),
        unit=indicator.unit,
        sections=int(inside["missing"].eq("").sum()),
        in_the_way=len(blocking),
        needed=needed,
    )
    return [own_finding, *parts]


def _asked(failing: pd.DataFrame, name: str) -> int:
    """What the sections' least plans ask of one indicator, summed."""
    plans = [each for text in failing["needed"] for each in json.loads(text)]
    return sum(int(each["units"]) for each in plans if each["indicator"] == name)


def _at_limit(indicator: BalanceIndicator, stage: str, own: pd.DataFrame, handed: Handed) -> Finding:
    """How many sections of a stage are at the limit itself."""
    known = own[own["missing"].eq("")]
    short = known[known["verdict"].ne(MET)]
    verdict = NOT_MET if len(short) else NOT_REPORTED if len(known) < len(own) else MET
    units = int(short["short_of_limit"].sum())
    return Finding(
        indicator.id,
        verdict,
        aspect="sections",
        stage=stage,
        value=None if known.empty else 1.0 - len(short) / len(known),
        unit="share",
        sections=len(known),
        in_the_way=len(short),
        needed={stage: {indicator.whole_units: units}} if units else {},
        reasons=missing_of(own, handed),
    )


def _variation(
    indicator: BalanceIndicator, stage: str, own: pd.DataFrame, handed: Handed, params: BalanceParams
) -> Finding:
    """差异系数 between the sections of a stage; of all of them or of none."""
    known = own[own["missing"].eq("")]
    least, limit = params.variation.minimum_sections, params.variation.limit(stage)
    reasons = missing_of(own, handed)
    if len(own) < least:
        reasons.append(problem("no_sections", "schools", stage=stage, sections=len(own), least=least))
    value = np.nan
    if not reasons:
        pupils, amounts = (known[name].to_numpy(float) for name in ("pupils", "numerator"))
        value = difference_coefficient(pupils, amounts).value
        if np.isnan(value):
            # Nobody has any of it.
            reasons.append(problem("no_data", indicator.id, stage=stage))
    verdict = NOT_REPORTED
    if not reasons and limit is not None:
        verdict = MET if round(value, DECIMALS) <= limit else NOT_MET
    two = [problem("two_sections", "schools", stage=stage)] if len(own) == 2 and not reasons else []
    return Finding(
        indicator.id,
        verdict,
        aspect="variation",
        stage=stage,
        value=None if np.isnan(value) else value,
        unit="coefficient",
        limit=limit,
        sections=len(known),
        reasons=[*reasons, *two],
    )


def rule_findings(rows: pd.DataFrame, verdicts: pd.DataFrame, handed: Handed) -> list[Finding]:
    """The rule over the seven, a stage each."""
    found = []
    for stage in _stages(verdicts[verdicts["verdict"].ne(OUT_OF_SCOPE)]):
        own = verdicts[verdicts["stage"].eq(stage) & verdicts["verdict"].ne(OUT_OF_SCOPE)]
        known = own[own["verdict"].ne(NOT_REPORTED)]
        failing = known[known["verdict"].eq(NOT_MET)]
        units: dict[str, int] = {}
        for text in failing["needed"]:
            for each in json.loads(text):
                # What a school needs as a whole is told at one of its stages alone.
                if each["units"]:
                    units[each["indicator"]] = units.get(each["indicator"], 0) + int(each["units"])
        inside = rows[rows["stage"].eq(stage) & rows["verdict"].ne(OUT_OF_SCOPE)]
        found.append(
            Finding(
                SECTION_RULE,
                NOT_MET if len(failing) else NOT_REPORTED if len(known) < len(own) else MET,
                aspect="sections",
                stage=stage,
                value=None if known.empty else 1.0 - len(failing) / len(known),
                unit="share",
                limit=1.0,
                sections=len(known),
                in_the_way=len(failing),
                needed={stage: dict(sorted(units.items()))} if units else {},
                evidence={name: int(own["verdict"].eq(name).sum()) for name in (MET, NOT_MET, NOT_REPORTED)},
                reasons=missing_of(inside, handed),
            )
        )
    return found


def _stages(rows: pd.DataFrame) -> Sequence[str]:
    return [stage for stage in STAGES if rows["stage"].eq(stage).any()]
