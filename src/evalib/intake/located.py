"""Rows of a gathered table → faults at their places in the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.api.types import union_categoricals

from evalib.errors import Fault

Headers = Mapping[tuple[str, str], Mapping[str, str]]

# Where a row stands: the same of a whole sheet, so that a frame holds each name once.
_OF_SHEETS = ("_file", "_sheet")


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of several sheets as one."""
    places = {
        name: union_categoricals([part[name] for part in parts], sort_categories=True) for name in _OF_SHEETS
    }
    return pd.concat([part.drop(columns=[*_OF_SHEETS]) for part in parts], ignore_index=True).assign(**places)


def faults_at(
    frame: pd.DataFrame,
    mask: pd.Series[bool],
    column: str,
    key: str,
    headers: Headers,
    *,
    warning: bool = False,
    **fields: Any,
) -> list[Fault]:
    """One fault for every file, sheet and column that has rows of this kind.

    Parameters
    ----------
    frame
        Rows with their places in hidden columns.
    mask
        Which of them are at fault.
    column
        The clean column at fault. What a wide sheet writes under several headers (a mark,
        a level) brings the right one along, in the hidden column `_header_` and its name.
    headers
        By file and sheet: clean column → header as written.
    fields
        For the message. A callable gets the rows at fault of that place.
    """
    if not mask.any():
        return []
    faulty = frame[mask.to_numpy(dtype=bool)]
    if f"_header_{column}" in faulty.columns:
        titles = faulty[f"_header_{column}"]
    else:
        places = zip(faulty["_file"], faulty["_sheet"], strict=True)
        titles = pd.Series([headers.get(place, {}).get(column, "") for place in places], index=faulty.index)
    found = []
    for (file, sheet, title), group in faulty.groupby([faulty["_file"], faulty["_sheet"], titles], sort=True):
        rows = tuple(sorted({int(row) for row in group["_row"]}))
        filled = {name: value(group) if callable(value) else value for name, value in fields.items()}
        found.append(Fault(str(file), key, str(sheet), str(title), rows, filled, warning))
    return found
