"""Measurement rows as standings need them: by indicator, with the rule that each is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.settings import Settings
from evalib.vocabulary import DIMENSIONS, OVERALL

Floats = npt.NDArray[np.float64]
# What is judged together: one indicator (or dimension) of one subject in one stage.
Key = tuple[str, str, str]
KEY = ["stage", "indicator", "subject"]


@dataclass(frozen=True)
class Rule:
    """How the rows of one indicator or dimension are judged.

    Attributes
    ----------
    measure
        What computed it; "" for a dimension.
    higher_is_better
        Which direction is good.
    judged
        False for a figure of record.
    smallest
        The smallest difference that matters, in the unit; NaN where each row has its own.
    """

    measure: str
    higher_is_better: bool
    judged: bool
    smallest: float


def rules(settings: Settings) -> dict[str, Rule]:
    """The rule of every indicator, dimension and of the overall score, by its id."""
    found = {name: Rule("", True, True, np.nan) for name in (*DIMENSIONS, OVERALL)}
    for one in settings.measures.indicators:
        smallest = np.nan if one.smallest_difference is None else one.smallest_difference
        found[one.id] = Rule(one.measure, one.direction == "higher", one.standing, smallest)
    return found


def groups(measurements: pd.DataFrame) -> dict[Key, pd.DataFrame]:
    """The rows that are judged together, by stage, indicator and subject."""
    grouped = measurements.groupby(KEY, sort=True)
    return {(str(key[0]), str(key[1]), str(key[2])): rows for key, rows in grouped}


def smallest_differences(rows: pd.DataFrame, rule: Rule) -> pd.Series[float]:
    """The smallest difference that matters of each row: its own, else the rule's."""
    general = pd.Series(rule.smallest, index=rows.index, dtype=float)
    return rows["smallest"].astype(float).fillna(general) if "smallest" in rows else general


def usable(rows: pd.DataFrame, minimum_n: int) -> pd.Series[bool]:
    """Sections that are judged and judge others: too few pupils give a variance nobody knows."""
    known = rows["reason"].eq("") & rows["variance"].gt(0) & rows["weight"].gt(0)
    return known & rows["n"].ge(minimum_n) & rows["difference"].notna()
