"""The tables of the district's review as they may be shown: no roll that is withheld can be worked out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalib.disclosure.beside import rounded_beside
from evalib.disclosure.kept import told_retention
from evalib.disclosure.respondents import ASKED, SHARE_DIGITS, told_opinions, told_satisfaction
from evalib.settings import BalanceParams, DisclosureParams
from evalib.settings.balance import BalanceLimit, PerPupils, SchoolSize
from evalib.vocabulary import SECTION_RULE, STAGES

KEYS = ["school_code", "stage"]
OUT_OF_SCOPE = "out_of_scope"
SHORT = ["short_of_limit", "short_of_floor"]
# Decimals of a share as printed in percent, and of a coefficient.
COEFFICIENT_DIGITS = 2
Tables = Mapping[str, pd.DataFrame]


def publish_district(
    tables: Tables,
    sections: pd.DataFrame,
    params: BalanceParams,
    limits: DisclosureParams,
    published: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """The review's tables with what would tell of a few pupils taken out.

    Parameters
    ----------
    tables
        From `review.district.yearly.review_district`.
    sections
        The year's published sections, which say whose roll is withheld.
    params
        Which indicators a through-school's stages share, and which count persons.
    limits
        `minimum_n`, `minimum_numerator`, `round_counts_to`.
    published
        The year's published figures of sections; None where no section's own are told.

    Returns
    -------
    The same tables but `ASKED`. Of a section whose roll is withheld no amount, figure, or need is told, its
    verdicts are; nor what a through-school shares with such a section, nor the least that the school
    needs at any stage. Where a stage has such sections, its 差异系数 is told to two digits, on its
    verdict's side of the limit, and what it needs is told of the others:
    `needs_untold` counts the sections that are left out. Who was asked, and pupils kept: see
    `respondents` and `kept`.

    Notes
    -----
    Tempting, and wrong: to leave a sibling's plan its teachers. The plan is the least over all
    stages together, so that what may stay at its floor at one follows from the other's roll.
    """
    hidden = sections.loc[sections["pupils_on_roll_withheld"].astype(bool), KEYS]
    own = pd.MultiIndex.from_frame(hidden)
    shown = dict(tables)
    shown["balance_sections"] = _sections(tables["balance_sections"], own, params, limits)
    verdicts = tables["balance_verdicts"].copy()
    verdicts.loc[_of_schools(verdicts, own), "needed"] = "[]"
    shown["balance_verdicts"] = verdicts
    found = _without_hidden(tables, own, params)
    satisfaction = told_satisfaction(tables["balance_satisfaction"], shown.pop(ASKED), own, params, limits)
    shown["balance_satisfaction"] = satisfaction
    found = told_opinions(found, satisfaction, params)
    found, facts = told_retention(found, tables["balance_facts"], published, params, limits)
    shown |= {"balance_indicators": found, "balance_facts": facts}
    share = tables["balance_own_share"].copy()
    for name in ("share", "low", "high"):
        share[name] = share[name].astype(float).round(SHARE_DIGITS)
    shown["balance_own_share"] = share
    return shown


def _among(rows: pd.DataFrame, keys: pd.MultiIndex) -> pd.Series[bool]:
    return pd.Series(pd.MultiIndex.from_frame(rows[KEYS]).isin(keys), index=rows.index)


def _of_schools(rows: pd.DataFrame, keys: pd.MultiIndex) -> pd.Series[bool]:
    """Rows of schools that have such a section, their other stages too."""
    return rows["school_code"].isin(keys.get_level_values("school_code"))


def _sections(
    rows: pd.DataFrame, own: pd.MultiIndex, params: BalanceParams, limits: DisclosureParams
) -> pd.DataFrame:
    rules = {one.id: one.rule for one in params.indicators}
    per_pupil = rows["indicator"].map(lambda name: isinstance(rules[name], PerPupils))
    # What a whole school has, or how many pupils: one stage's share of it tells the other's.
    shared = rows["indicator"].map(
        lambda name: isinstance(rules[name], SchoolSize) or getattr(rules[name], "counted", "") is None
    )
    hidden = _among(rows, own)
    of_school = _of_schools(rows, own) & shared
    few = rows["indicator"].map(lambda name: rules[name].kind == "largest_class") & rows["value"].lt(
        limits.minimum_n
    )
    pupils = rows["pupils"].notna()
    shown = rows.copy()
    shown.loc[hidden, "pupils"] = np.nan
    silent = (hidden & (per_pupil | pupils)) | of_school | few
    shown.loc[silent, ["value", "numerator", *SHORT]] = np.nan
    return shown


def _without_hidden(tables: Tables, own: pd.MultiIndex, params: BalanceParams) -> pd.DataFrame:
    """The findings without what sections of a withheld roll, or what is shared with them, add to a stage."""
    rows, verdicts = tables["balance_sections"], tables["balance_verdicts"]
    of_resources = {one.id for one in params.resources}
    shared = {one.id for one in params.resources if getattr(one.rule, "counted", "") is None}
    silent = _among(rows, own) | (_of_schools(rows, own) & rows["indicator"].isin(shared))
    inside = rows["indicator"].isin(of_resources) & rows["verdict"].ne(OUT_OF_SCOPE)
    amounts = rows[inside & silent]
    plans = verdicts[_of_schools(verdicts, own) & verdicts["verdict"].ne(OUT_OF_SCOPE)]
    found = tables["balance_indicators"]
    told = [
        row if row["indicator"] not in {*of_resources, SECTION_RULE} else _less_hidden(row, amounts, plans)
        for row in found.to_dict("records")
    ]
    return pd.DataFrame(told, columns=found.columns).astype(found.dtypes.to_dict())


def _less_hidden(row: dict[Any, Any], amounts: pd.DataFrame, plans: pd.DataFrame) -> dict[Any, Any]:
    """One finding without them: a figure or sum of amounts, or a sum of sections' least plans."""
    name, of_amounts = row["indicator"], row["indicator"] != SECTION_RULE and row["aspect"] != ""
    left_out = amounts[amounts["indicator"].eq(name)] if of_amounts else plans
    stages = sorted(set(left_out["stage"]) & ({row["stage"]} if row["stage"] else set(STAGES)))
    if not stages:
        return row
    if row["aspect"] == "variation":
        limit = None if pd.isna(row["limit"]) else BalanceLimit(at_most=row["limit"])
        return {**row, "value": rounded_beside(row["value"], COEFFICIENT_DIGITS, limit)}
    needed, evidence = json.loads(row["needed"]), json.loads(row["evidence"])
    for stage in stages:
        of_stage = left_out[left_out["stage"].eq(stage)]
        less = {name: int(of_stage["short_of_limit"].sum())} if of_amounts else _plans(of_stage)
        needed = _less(needed, stage, less, name)
        evidence["needs_untold"] = evidence.get("needs_untold", 0) + len(of_stage)
    return {**row, "needed": _json(needed), "evidence": _json(evidence)}


def _plans(verdicts: pd.DataFrame) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in verdicts["needed"]:
        for each in json.loads(text):
            found[each["indicator"]] = found.get(each["indicator"], 0) + int(each["units"])
    return found


def _less(
    needed: dict[str, dict[str, int]], stage: str, less: Mapping[str, int], name: str
) -> dict[str, dict[str, int]]:
    """Needs of a stage less those of some sections; an indicator's own are told by their unit alone."""
    left = {
        what: units - less.get(what if name == SECTION_RULE else name, 0)
        for what, units in needed.get(stage, {}).items()
    }
    left = {what: units for what, units in left.items() if units > 0}
    rest = {one: units for one, units in needed.items() if one != stage}
    return {**rest, stage: left} if left else rest


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
