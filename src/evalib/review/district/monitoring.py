"""Q9: the national monitoring's own figures, and our own estimate of what lies between schools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalib.records import earlier
from evalib.review.district.by_facts import judged
from evalib.review.district.facts import Fact, facts_of
from evalib.review.district.findings import Finding, of_parts
from evalib.review.district.handed import Handed
from evalib.settings import BalanceIndicator, BalanceParams, MeasuresParams
from evalib.settings.balance import Monitoring
from evalib.statistics.between_share import between_share

LEVEL, SHARE = "level", "between_share"
STANDARD_SCORE = "standard_score"
SHARE_COLUMNS = ["stage", "subject", "share", "low", "high", "sections"]


def monitored(
    indicator: BalanceIndicator,
    handed: Handed,
    facts: Mapping[str, Fact],
    params: BalanceParams,
    stages: Sequence[str],
) -> list[Finding]:
    """Q9 by the national monitoring alone, the last that still counts; its year is evidence.

    Returns
    -------
    A part for the level, one a stage for the share between schools; all of the last year of
    which anything was told. A figure of that year that is refused or lacking is not replaced
    by one of a year before it.
    """
    rule = indicator.rule
    assert isinstance(rule, Monitoring)
    by_year = [facts] + [
        facts_of(handed.table("district", back), params, earlier(handed.year, back))
        for back in range(1, rule.years_valid)
    ]
    wanted = [(rule.level, LEVEL, "", "level")]
    wanted += [(name, SHARE, stage, "share") for stage, name in rule.shares.items() if stage in stages]
    last = _last([name for name, *_ in wanted], by_year)
    parts = []
    for name, aspect, stage, unit in wanted:
        fact = last[name]
        found, reasons = (None, list(fact.problems)) if fact.used is None else (fact, [])
        limit = indicator.limit(stage, aspect)
        parts.append(
            Finding(
                indicator.id,
                judged(limit, None if found is None else found.used),
                aspect=aspect,
                stage=stage,
                value=None if found is None else found.used,
                unit=unit,
                limit=None if limit is None else limit.value,
                evidence={} if found is None else {"year": found.year},
                reasons=reasons,
            )
        )
    years = sorted({str(one.evidence["year"]) for one in parts if "year" in one.evidence})
    evidence = {"year": ", ".join(years)} if years else {}
    return [of_parts(indicator.id, parts, unit=indicator.unit, evidence=evidence), *parts]


def _last(names: Sequence[str], by_year: Sequence[Mapping[str, Fact]]) -> Mapping[str, Fact]:
    """The facts of the last year that told one of these; of this year where none did."""
    return next((one for one in by_year if any(one[name].value is not None for name in names)), by_year[0])


def own_shares(measurements: pd.DataFrame, params: MeasuresParams) -> pd.DataFrame:
    """Which share of the variance of pupils' standard scores lies between sections, noise taken off.

    Parameters
    ----------
    measurements
        The year's, with `value` and `variance` of the indicator `standard_score`; a `reason` where
        a section has none that may be shown.
    params
        How many sections have to have a figure, and which share of the stage's.

    Returns
    -------
    stage, subject, share with its interval, sections; missing where fewer sections have a
    figure, as on the page of what lies between them. Our own estimate from this district's
    papers, without a verdict: the limit speaks of the national monitoring. A subject each, as
    the limit does.

    Notes
    -----
    Standard scores have variance 1 over the pupils of a paper, so that τ² is the share; see
    `statistics.between_share`.
    """
    scores = measurements[measurements["indicator"].eq(STANDARD_SCORE) & measurements["subject"].ne("")]
    rows = []
    for (stage, subject), own in scores.groupby(["stage", "subject"], sort=True):
        figures = own.loc[own["reason"].eq(""), ["value", "variance"]].astype(float)
        figures = figures[figures["variance"].gt(0) & figures["value"].notna()]
        least = max(params.standing.minimum_sections, params.between.coverage_minimum * len(own))
        found = (np.nan, np.nan, np.nan)
        if len(figures) >= least:
            share = between_share(figures["value"].to_numpy(), figures["variance"].to_numpy(), 1.0)
            found = (min(share.value, 1.0), min(share.low, 1.0), min(share.high, 1.0))
        rows.append((stage, subject, *found, len(figures)))
    return pd.DataFrame(rows, columns=SHARE_COLUMNS)
