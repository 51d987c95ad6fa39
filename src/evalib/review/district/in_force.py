"""Years before the rule: what the sections had is told, and nothing of it is judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalib.review.district.findings import NOT_REPORTED, Finding, finding_table
from evalib.review.district.handed import problem
from evalib.settings import BalanceParams

NO_RULE = "no_rule"
LIMITS = ["limit", "floor", "short_of_limit", "short_of_floor"]
COUNTS = ["met", "near", "under", "missing"]


def judged_in_force(
    tables: Mapping[str, pd.DataFrame], params: BalanceParams, year: str
) -> dict[str, pd.DataFrame]:
    """The review's tables, without any verdict for a year before the rule's first.

    Parameters
    ----------
    tables
        Of `yearly.review_district`, as the rule would have them.
    params
        Since which school year the rule is in force.
    year
        The year reviewed.

    Returns
    -------
    The same tables from `first_year` on. Before it every indicator is "not_reported" for
    "no_rule" and has no parts; sections and groups of respondents keep their figures and have
    "not_reported" for a verdict, no limit, and nothing that they need. What was told of the
    year, and our own estimates, are no verdicts and stay.
    """
    if year >= params.first_year:
        return dict(tables)
    reasons = (problem(NO_RULE, "", first=params.first_year),)
    silent = [Finding(one.id, NOT_REPORTED, unit=one.unit, reasons=reasons) for one in params.indicators]
    unjudged = {"verdict": NOT_REPORTED, "reason": NO_RULE}
    return {
        **tables,
        "balance_indicators": finding_table(year, silent),
        "balance_sections": tables["balance_sections"].assign(**unjudged, **dict.fromkeys(LIMITS, np.nan)),
        "balance_verdicts": tables["balance_verdicts"].assign(
            **unjudged, **dict.fromkeys(COUNTS, 0), needed="[]"
        ),
        "balance_satisfaction": tables["balance_satisfaction"].assign(verdict=NOT_REPORTED),
    }
