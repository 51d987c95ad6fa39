"""Levels, hours and evidence with a column for each area → one row a pupil and area."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake.recognition import Sheet
from evalib.intake.table import AREAS_OF_COMPETENCE, TOLD_OF_COMPETENCE

# By area: the clean column → the one that a wide sheet writes it in.
WIDE = {area: {told: f"{area}_{told}" for told in TOLD_OF_COMPETENCE} for area in AREAS_OF_COMPETENCE}


def long_levels(frame: pd.DataFrame, sheet: Sheet) -> tuple[pd.DataFrame, list[Fault]]:
    """A sheet with one row a pupil as rows of pupil and area; a long sheet as it is.

    An area of which nothing is told has no row; a zero is told.

    Returns
    -------
    tuple
        The rows, each value with the header it stands under, and faults: columns of
        the long form beside those of the wide one.
    """
    wide = {
        area: {told: name for told, name in names.items() if name in frame} for area, names in WIDE.items()
    }
    names = [name for columns in wide.values() for name in columns.values()]
    if not names:
        return frame, []
    other = sheet.headers[names[0]]
    faults = [
        Fault(sheet.file, "column_twice", sheet.name, sheet.headers[column], fields={"other": other})
        for column in ("area", *TOLD_OF_COMPETENCE)
        if column in frame
    ]
    kept = frame.drop(
        columns=[*names, *(column for column in ("area", *TOLD_OF_COMPETENCE) if column in frame)]
    )
    parts = []
    for area, columns in wide.items():
        if not columns:
            continue
        headers: dict[str, Any] = {f"_header_{told}": sheet.headers[name] for told, name in columns.items()}
        values = {told: frame[name] for told, name in columns.items()}
        told_of = frame[list(columns.values())].notna().any(axis=1)
        parts.append(kept.assign(area=area, **values, **headers)[told_of])
    return pd.concat(parts, ignore_index=True).astype({"area": "str"}), faults
