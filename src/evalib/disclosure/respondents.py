"""Who was asked, who answered and who is satisfied: no roll follows from it, and a few people are a band."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from evalib.disclosure.beside import all_beside
from evalib.disclosure.cells import HIGH, LOW
from evalib.settings import BalanceParams, DisclosureParams
from evalib.settings.balance import BalanceLimit, Satisfaction

# The review's rows of sections, which nobody is shown.
ASKED = "asked_by_section"
# Groups of respondents whose number is one of pupils.
OF_PUPILS = ("pupil", "parent")
SHARE_DIGITS = 3  # of a share as printed in percent
COUNTS = {"population": "eligible", "invited": "invited", "answered": "answered", "satisfied": "satisfied"}


def told_satisfaction(
    rows: pd.DataFrame,
    asked: pd.DataFrame,
    hidden: pd.MultiIndex,
    params: BalanceParams,
    limits: DisclosureParams,
) -> pd.DataFrame:
    """Shares and counts of respondents.

    Parameters
    ----------
    rows
        The review's `balance_satisfaction`.
    asked
        Its `ASKED`: counts by respondent and section; school_code missing where the district
        was asked as one, stage where a school was.
    hidden
        Sections, by school code and stage, whose roll is withheld.
    params
        What share must be satisfied, and which response is low.
    limits
        `minimum_n`, `minimum_numerator`, `round_counts_to`.

    Returns
    -------
    The rows with `band`. Where fewer than `minimum_numerator` are satisfied, or are not, that is
    told instead of their number and share; of fewer answers than `minimum_n` nothing is told but
    the verdict. The pupils and parents counted, and their response, are those of sections whose
    roll is told; population and invited are rounded to `round_counts_to`. Rounded shares and
    responses stay on their own side of the limit.

    Notes
    -----
    Tempting, and wrong: to round the sum over all sections. Where every pupil's parents are asked
    it is the district's roll, and less every roll that is told it is the one that is not; wherever
    an edge between two rounded sums falls among that section's possible rolls, it cuts them. And
    where everybody answers, the answers are the roll as well.
    """
    shown = rows.astype(dict.fromkeys(COUNTS, float))
    rule = params.satisfaction
    place = pd.MultiIndex.from_frame(asked[["school_code", "stage"]]).isin(hidden)
    place |= asked["stage"].isna() & asked["school_code"].isin(hidden.get_level_values("school_code"))
    untold = asked[place & asked["respondent"].isin(OF_PUPILS)]
    for respondent, less in untold.groupby("respondent"):
        own = shown["respondent"].eq(respondent)
        for name, column in COUNTS.items():
            shown.loc[own, name] -= less[column].sum()
        shown.loc[own, "response"] = shown.loc[own, "answered"] / shown.loc[own, "invited"]
        share = all_beside(shown.loc[own, "share"], SHARE_DIGITS, BalanceLimit(at_least=rule.limit))
        ends = shown.loc[own, ["low", "high"]].astype(float).round(SHARE_DIGITS)
        shown.loc[own, "share"] = share
        shown.loc[own, "low"] = ends["low"].clip(upper=share)
        shown.loc[own, "high"] = ends["high"].clip(lower=share)
    few = shown["answered"].lt(limits.minimum_n)
    low = shown["satisfied"].lt(limits.minimum_numerator) & ~few
    high = (shown["answered"] - shown["satisfied"]).lt(limits.minimum_numerator) & ~few & ~low
    band = np.select([low, high], [LOW, HIGH], "")
    shown.insert(shown.columns.get_loc("response"), "band", pd.Series(band, index=shown.index, dtype="str"))  # type: ignore[arg-type]
    shown.loc[few | low | high, ["share", "low", "high", "satisfied"]] = np.nan
    shown.loc[few, ["answered", "response"]] = np.nan
    of_pupils = shown["respondent"].isin(OF_PUPILS)
    for name in ("population", "invited"):
        rounded = (shown[name] / limits.round_counts_to).round() * limits.round_counts_to
        shown[name] = shown[name].mask(of_pupils, rounded)
    least = BalanceLimit(at_least=rule.response_minimum)
    shown["response"] = all_beside(shown["response"].astype(float), SHARE_DIGITS, least)
    return shown


def told_opinions(found: pd.DataFrame, satisfaction: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """S1's parts as the table of satisfaction tells them."""
    names = [one.id for one in params.indicators if isinstance(one.rule, Satisfaction)]
    told = satisfaction.set_index("respondent")
    shown = found.copy()
    for place, row in found[found["indicator"].isin(names) & found["respondent"].ne("")].iterrows():
        if row["respondent"] not in told.index:
            continue
        own = told.loc[row["respondent"]]
        for name, column in (("value", "share"), ("low", "low"), ("high", "high")):
            shown.loc[place, name] = own[column]
        evidence = json.loads(row["evidence"])
        if own["band"]:
            evidence["band"] = own["band"]
        shown.loc[place, "evidence"] = json.dumps(evidence, ensure_ascii=False)
    return shown
