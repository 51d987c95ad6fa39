"""Pupils kept to the end of a stage, over the district: no section's few follow from it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from evalib.disclosure.beside import rounded_beside
from evalib.disclosure.cells import HIGH, LOW
from evalib.disclosure.respondents import SHARE_DIGITS
from evalib.settings import BalanceParams, DisclosureParams
from evalib.settings.balance import Retention
from evalib.vocabulary import Reason

# The sections' own rate, which their pages tell.
OF_SECTIONS = "retention_rate"
COMPUTED = "computed"
_EXACT = 1e-6


def told_retention(
    found: pd.DataFrame,
    facts: pd.DataFrame,
    published: pd.DataFrame | None,
    params: BalanceParams,
    limits: DisclosureParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The share of a stage's entrants that was kept, as it may be told beside the sections' own.

    Parameters
    ----------
    found, facts
        The review's `balance_indicators` and `balance_facts`.
    published
        The year's published figures of sections; None where none are told.
    params
        Which indicators are of this kind, and the district's fact beside each.
    limits
        `minimum_n`, `minimum_numerator`, `round_counts_to`.

    Returns
    -------
    Both tables. The share as printed, on its verdict's side of the limit, of a number of pupils
    to the nearest ten; a few who were kept or left are a band. Where the district's share less
    the sections' that are told would tell those of the others, it is not told, and nor is the
    share that contradicts a fact; the verdict always is.

    Notes
    -----
    The district's counts are the sums of the sections'. Those who left sections of which a page
    tells "n − 4 or more" alone are thus known together. Each of them can still have lost any
    number up to 4 as long as all of them together lost at least 4, and so few that any one could
    have lost nobody: 4 ≤ sum ≤ 4 (k − 1) for k such sections.
    """
    shown, told = found.copy(), facts.copy()
    for one in params.indicators:
        if not isinstance(one.rule, Retention):
            continue
        for place, row in found[found["indicator"].eq(one.id)].iterrows():
            evidence: dict[str, Any] = json.loads(row["evidence"])
            if "entrants" not in evidence:
                continue
            cohort = evidence["entrants"] - evidence["died"]
            kept = evidence["graduated"] + evidence["transferred_out"] - evidence["transferred_in"]
            few = cohort < limits.minimum_n or min(kept, abs(cohort - kept)) < limits.minimum_numerator
            rates = _sections(published, one.rule.stage)
            silent = few or not _stays_open(rates, cohort - kept, limits)
            counted: dict[str, Any] = {}
            if rates["band"].isin([HIGH]).all():
                counted["entrants"] = limits.round_counts_to * round(cohort / limits.round_counts_to)
            if pd.notna(row["value"]):
                shown.loc[place, "value"] = (
                    np.nan if silent else rounded_beside(row["value"], SHARE_DIGITS, one.limit())
                )
                if few:
                    counted["band"] = LOW if kept < limits.minimum_numerator else HIGH
            own = {name: evidence[name] for name in evidence if name in params.facts}
            shown.loc[place, "evidence"] = json.dumps({**counted, **own}, ensure_ascii=False)
            shown.loc[place, "reason"] = _less_told(row["reason"], silent)
            of_fact = told["fact"].eq(one.rule.fact)
            told.loc[of_fact, "problem"] = [_less_told(text, silent) for text in told.loc[of_fact, "problem"]]
    return shown, told


def _sections(published: pd.DataFrame | None, stage: str) -> pd.DataFrame:
    """The stage's sections whose own rate is withheld, and what the others' pages tell."""
    if published is None:
        return pd.DataFrame({"band": [], "left": []})
    rows = published[published["indicator"].eq(OF_SECTIONS) & published["stage"].eq(stage)]
    told = rows["reason"].eq("")
    left = float((rows["n"] * (1.0 - rows["value"]))[told].sum())
    withheld = rows[rows["reason"].eq(Reason.SUPPRESSED.value)]
    return withheld[["band"]].assign(left=left)


def _stays_open(withheld: pd.DataFrame, left: float, limits: DisclosureParams) -> bool:
    """Whether each withheld section can still have lost any number up to the limit."""
    if withheld.empty:
        return True
    if not withheld["band"].eq(HIGH).all():
        return False
    most = limits.minimum_numerator - 1
    of_withheld = left - float(withheld["left"].iloc[0])
    return most - _EXACT <= of_withheld <= most * (len(withheld) - 1) + _EXACT


def _less_told(text: str, silent: bool) -> str:
    """Reasons with the share that the tables come to as printed, or without it."""
    if not text:
        return text
    reasons = json.loads(text)
    for one in reasons:
        if COMPUTED in one and silent:
            del one[COMPUTED]
        elif COMPUTED in one:
            one[COMPUTED] = round(one[COMPUTED], SHARE_DIGITS)
    return json.dumps(reasons, ensure_ascii=False)
