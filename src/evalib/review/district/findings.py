"""Findings: one row an indicator and part, and how parts make up a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalib.review.district.handed import CONTRADICTORY, Handed, Problem, problem

MET, NOT_MET, NOT_REPORTED, LOW_RESPONSE = "met", "not_met", "not_reported", "met_low_response"
# What lies beyond is noise of binary fractions: 0.7000000000000001 is 0.7.
DECIMALS = 12
# Of a section that does not count.
OUT_OF_SCOPE = "out_of_scope"
# The worst of the parts is the verdict of the whole.
_WORST_FIRST = (NOT_MET, NOT_REPORTED, LOW_RESPONSE, MET)
TEXTS = ["indicator", "aspect", "stage", "respondent", "verdict", "unit"]
FIGURES = ["value", "limit", "low", "high", "sections", "in_the_way"]
COLUMNS = ["year", *TEXTS[:5], "value", "unit", *FIGURES[1:], "needed", "evidence", "reason"]


@dataclass(frozen=True)
class Finding:
    """What is found of an indicator, or of a part of it.

    Attributes
    ----------
    indicator, aspect, stage, respondent
        Which; the indicator's own verdict has the others empty.
    verdict
        "met", "not_met", "not_reported", "met_low_response".
    value, unit, limit, low, high
        The figure judged, its unit, limit and interval; None where there is none.
    sections, in_the_way
        Sections with data, and how many of them fail; None where no sections are meant.
    needed
        Whole units by stage, and by what is needed.
    evidence
        Named numbers and texts.
    reasons
        What is missing or refused.
    """

    indicator: str
    verdict: str
    aspect: str = ""
    stage: str = ""
    respondent: str = ""
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    sections: int | None = None
    in_the_way: int | None = None
    needed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    reasons: Sequence[Problem] = ()


def worst(verdicts: Iterable[str]) -> str:
    """The verdict over parts: not met if one is not, else not reported if one is not; met if all are.

    Without any part nothing is known.
    """
    found = set(verdicts)
    return next((one for one in _WORST_FIRST if one in found), NOT_REPORTED)


def of_parts(
    indicator: str, parts: Sequence[Finding], *, reasons: Sequence[Problem] = (), **more: Any
) -> Finding:
    """An indicator's own finding: the worst verdict of its parts, their sections and needs together."""
    counted = [one for one in parts if one.sections is not None]
    fields: dict[str, Any] = {
        "verdict": worst(one.verdict for one in parts),
        "reasons": distinct([*reasons, *(each for one in parts for each in one.reasons)]),
        "sections": sum(one.sections or 0 for one in counted) if counted else None,
        "in_the_way": sum(one.in_the_way or 0 for one in counted) if counted else None,
        "needed": together(one.needed for one in parts),
    }
    return Finding(indicator, **{**fields, **more})


def together(needs: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Whole units by stage and by what is needed, summed."""
    found: dict[str, dict[str, int]] = {}
    for need in needs:
        for stage, units in need.items():
            for what, count in units.items():
                of_stage = found.setdefault(stage, {})
                of_stage[what] = of_stage.get(what, 0) + count
    return found


def missing_of(rows: pd.DataFrame, handed: Handed) -> list[Problem]:
    """What is missing of some sections, each place once with how many sections it is missing for.

    Parameters
    ----------
    rows
        Rows of sections with `missing`: places joined by commas, empty where nothing is.
    """
    lacking = [where for places in rows["missing"] if places for where in places.split(",")]
    found = []
    for where in sorted(set(lacking)):
        count, place = lacking.count(where), where.removeprefix(CONTRADICTORY)
        if place == where:
            found.append(handed.missing(place, sections=count))
        else:
            found.append(problem("contradiction", place, sections=count))
    return distinct(found)


def distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Each problem once, in order."""
    return list({json.dumps(one, sort_keys=True): one for one in problems}.values())


def finding_table(year: str, findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as a table, what has several parts as JSON."""
    rows = [
        {
            "year": year,
            **{name: getattr(one, name) for name in (*TEXTS, *FIGURES)},
            "needed": as_json(one.needed),
            "evidence": as_json(one.evidence),
            "reason": as_json(list(one.reasons)),
        }
        for one in findings
    ]
    texts = ["year", *TEXTS, "needed", "evidence", "reason"]
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {**dict.fromkeys(texts, "str"), **dict.fromkeys(FIGURES, float)}
    )


def as_json(value: Any) -> str:
    """Compact JSON; keys stay in order."""
    return json.dumps(value, ensure_ascii=False)
