"""Facts about the district that no review will use: told when they are loaded, which they are."""

from __future__ import annotations

import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.settings import BalanceParams
from evalib.settings.balance import WHOLE


def unused_facts(
    district: pd.DataFrame, balance: BalanceParams, columns: Columns, headers: Headers
) -> list[Fault]:
    """Facts in a unit that is not theirs, beyond what can be, or contradicting one another; warnings all.

    Parameters
    ----------
    district
        The rows with their places, units as the store keeps them.
    balance
        Units and ranges of the facts, and which cannot exceed which.
    """
    if not {"fact", "value"} <= set(district):
        return []
    rows = district[district["fact"].isin(list(balance.facts)) & district["value"].notna()]
    if rows.empty:
        return []
    known = [balance.facts[name] for name in rows["fact"]]
    unit = rows["unit"] if "unit" in rows else pd.Series(None, index=rows.index, dtype="str")
    other = pd.Series([said != fact.unit for said, fact in zip(unit, known, strict=True)], index=rows.index)
    beyond = pd.Series(
        [not fact.believable(value) for value, fact in zip(rows["value"], known, strict=True)],
        index=rows.index,
    )
    faults = []
    for name, group in rows[other].groupby("fact"):
        allowed = columns.word("unit", balance.facts[str(name)].unit)
        faults += _told(group, "unit", "fact_unit_unused", headers, unit=allowed)
    for name, group in rows[beyond & ~other].groupby("fact"):
        fact = balance.facts[str(name)]
        key = "fact_beyond_bounds_or_parts" if fact.unit in WHOLE else "fact_beyond_bounds"
        faults += _told(group, "value", key, headers, bounds=_between(*fact.bounds))
    good = rows[~other & ~beyond]
    for less, more in balance.never_more:
        whole = good[good["fact"].eq(more)].drop_duplicates("year").set_index("year")["value"]
        part = good[good["fact"].eq(less)]
        above = part["value"].astype(float) > part["year"].map(whole).astype(float)
        years = part.loc[above, "year"]
        pair = good[good["fact"].isin([less, more]) & good["year"].isin(years)]
        names = [columns.word("fact", one) for one in (less, more)]
        faults += _told(pair, "value", "facts_contradict", headers, part=names[0], whole=names[1])
    return faults


def _told(rows: pd.DataFrame, column: str, key: str, headers: Headers, **fields: str) -> list[Fault]:
    if rows.empty:
        return []
    everywhere = pd.Series(True, index=rows.index)
    return faults_at(rows, everywhere, column, key, headers, warning=True, **fields)


def _between(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:,.12g}–{high:,.12g}"
    return f"≥ {low:,.12g}" if low is not None else f"≤ {high:,.12g}"
