"""S1: who is satisfied, one group of respondents at a time, never pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.measures.satisfaction import satisfied_share
from evalib.review.district.findings import (
    DECIMALS,
    LOW_RESPONSE,
    MET,
    NOT_MET,
    NOT_REPORTED,
    Finding,
    of_parts,
)
from evalib.review.district.handed import Handed, Problem, problem
from evalib.settings import BalanceIndicator, BalanceParams

TABLE_COLUMNS = [
    *("respondent", "verdict", "share", "low", "high", "population", "invited", "answered", "satisfied"),
    *("response", "design", "units"),
]
NEEDED = ("respondent", "item", "design", "eligible", "answered", "satisfied")
COUNTS = ["eligible", "invited", "answered", "satisfied"]
ASKED_COLUMNS = ["respondent", "school_code", "stage", *COUNTS]


def opinions(
    indicator: BalanceIndicator, handed: Handed, sections: pd.DataFrame, params: BalanceParams
) -> tuple[list[Finding], pd.DataFrame, pd.DataFrame]:
    """S1 with a part for every group of respondents, and the table of those that were asked.

    Returns
    -------
    The findings, and a row a group that was asked anything: verdict, share with interval,
    `population`, `invited`, `answered`, `satisfied`, `response` (answered of invited), design
    ("census", "sample", "mixed"; everybody at some of the schools is a sample), `units`
    (schools' rows, 1 where the district was asked as one). Then the rows that these are sums
    of: respondent, school_code, stage, and the four counts.
    """
    lacking = handed.lacks("survey", *NEEDED)
    survey = None if lacking else handed.table("survey")
    parts: list[Finding] = []
    rows: list[dict[str, object]] = []
    asked: list[pd.DataFrame] = []
    for respondent in params.satisfaction.respondents:
        own = None if survey is None else _asked(survey, respondent, params.satisfaction.item, sections)
        if own is None or own.empty:
            reasons = lacking or [problem("no_data", "survey.respondent", respondent=respondent)]
            parts.append(_silent(indicator, respondent, reasons))
            continue
        part, row = _group(indicator, respondent, own, sections, params)
        parts.append(part)
        rows.append(row)
        if not _counted_twice(own):
            asked.append(own.assign(invited=_invited(own))[ASKED_COLUMNS])
    table = pd.DataFrame(rows, columns=TABLE_COLUMNS)
    whole = of_parts(indicator.id, parts, unit=indicator.unit, limit=_limit(params))
    each = pd.concat(asked, ignore_index=True) if asked else pd.DataFrame(columns=ASKED_COLUMNS)
    return [whole, *parts], table, each.astype(dict.fromkeys(COUNTS, float))


def _asked(survey: pd.DataFrame, respondent: str, item: str, sections: pd.DataFrame) -> pd.DataFrame:
    """The rows of a group: of schools or the district's own, so that nobody counts twice.

    Where both were handed in those of schools, if they are of every section: a part does not
    stand in for the whole.
    """
    rows = survey[survey["respondent"].eq(respondent) & survey["item"].eq(item)]
    rows = rows.reindex(columns=[*dict.fromkeys([*rows.columns, *COUNTS, "weight", "school_code", "stage"])])
    rows = rows.astype(dict.fromkeys([*COUNTS, "weight"], float))
    here = rows["school_code"].notna()
    if here.all() or not here.any():
        return rows
    return rows[here] if _every_section(rows[here], sections) else rows[~here]


def _group(
    indicator: BalanceIndicator,
    respondent: str,
    rows: pd.DataFrame,
    sections: pd.DataFrame,
    params: BalanceParams,
) -> tuple[Finding, dict[str, object]]:
    rules = params.satisfaction
    designs = sorted(set(rows["design"].dropna()))
    design = "" if rows["design"].isna().any() else designs[0] if len(designs) == 1 else "mixed"
    of_schools = bool(rows["school_code"].notna().all())
    heard = rows[rows["answered"].gt(0) & rows["eligible"].gt(0)]
    some_schools = of_schools and not _every_section(heard, sections)
    if design == "census" and some_schools:
        design = "sample"
    invited = _invited(rows)
    reasons = _gaps(rows.assign(invited=invited), design)
    twice = _counted_twice(rows)
    if twice:
        reasons.append(problem("contradiction", "survey.stage"))
    answered = float(rows["answered"].sum())
    response = answered / float(invited.sum()) if invited.notna().all() and invited.sum() > 0 else np.nan
    row: dict[str, object] = {
        "respondent": respondent,
        "verdict": NOT_REPORTED,
        "share": np.nan,
        "low": np.nan,
        "high": np.nan,
        "population": float(rows["eligible"].sum()) if rows["eligible"].notna().all() else np.nan,
        "invited": float(invited.sum()) if invited.notna().all() else np.nan,
        "answered": answered,
        "satisfied": float(rows["satisfied"].sum()) if rows["satisfied"].notna().all() else np.nan,
        "response": response,
        "design": design,
        "units": len(rows),
    }
    if twice:
        row |= dict.fromkeys(("population", "invited", "answered", "satisfied", "response"), np.nan)
    if reasons:
        return _silent(indicator, respondent, reasons), row
    people = heard["eligible"] * heard["weight"].fillna(1.0)
    if heard.empty or people.sum() <= 0:
        return _silent(
            indicator, respondent, [problem("no_data", "survey.answered", respondent=respondent)]
        ), row
    found = satisfied_share(
        people.to_numpy(float),
        heard["answered"].to_numpy(float),
        heard["satisfied"].to_numpy(float),
        heard["design"].eq("sample").to_numpy(bool),
        sampled_schools=some_schools,
        interval_schools=rules.interval_sections,
    )
    verdict = MET if round(found.share, DECIMALS) >= rules.limit else NOT_MET
    if verdict == MET and response < rules.response_minimum:
        verdict = LOW_RESPONSE
    row |= {"verdict": verdict, "share": found.share, "low": found.low, "high": found.high}
    finding = Finding(
        indicator.id,
        verdict,
        respondent=respondent,
        value=found.share,
        unit=indicator.unit,
        limit=rules.limit,
        low=None if np.isnan(found.low) else found.low,
        high=None if np.isnan(found.high) else found.high,
    )
    return finding, row


def _invited(rows: pd.DataFrame) -> pd.Series[float]:
    """Where everybody was asked, those asked are those who could be."""
    return rows["invited"].fillna(rows["eligible"].where(rows["design"].eq("census")))


def _gaps(rows: pd.DataFrame, design: str) -> list[Problem]:
    """What is missing of a group's rows, or what cannot be."""
    gaps = [problem("no_data", f"survey.{name}") for name in COUNTS if rows[name].isna().any()]
    if not design:
        gaps.append(problem("no_data", "survey.design"))
    for less, more in (("satisfied", "answered"), ("answered", "invited"), ("invited", "eligible")):
        if rows[less].gt(rows[more]).any():
            gaps.append(problem("contradiction", f"survey.{less}", other=f"survey.{more}"))
    return gaps


def _counted_twice(rows: pd.DataFrame) -> bool:
    """Whether a school was asked as one and by stage too, so that nobody knows who counts once."""
    whole = rows.loc[rows["school_code"].notna() & rows["stage"].isna(), "school_code"]
    return bool((rows["school_code"].isin(whole) & rows["stage"].notna()).any())


def _every_section(heard: pd.DataFrame, sections: pd.DataFrame) -> bool:
    """Whether every section of the district was heard, so that schools are no sample.

    One without a single pupil has nobody to hear; one whose pupils are not known has.
    """
    there = sections[~sections["pupils"].eq(0)]
    keys = set(zip(heard["school_code"], heard["stage"], strict=True))
    whole = set(heard.loc[heard["stage"].isna(), "school_code"])
    return all(
        (code, stage) in keys or code in whole
        for code, stage in zip(there["school_code"], there["stage"], strict=True)
    )


def _silent(indicator: BalanceIndicator, respondent: str, reasons: list[Problem]) -> Finding:
    return Finding(indicator.id, NOT_REPORTED, respondent=respondent, unit=indicator.unit, reasons=reasons)


def _limit(params: BalanceParams) -> float:
    return params.satisfaction.limit
