"""Notes on the data: a number of few is told as few, the district's pupils to the nearest ten."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from evalib.settings import DisclosureParams

# Fields of notes that count the district's pupils, and those that count some pupils or records.
OF_DISTRICT = ("pupils",)
OF_SOME = ("count", "few_alike", "without_prior")
# Notes whose count is of sections, which are no secret.
OF_SECTIONS = ("sections_without_scores",)
# Remarks of a load whose count is one of pupils' records.
COUNTS_PUPILS = frozenset(["rows_without_pupil"])


def publish_notes(notes: pd.DataFrame, limits: DisclosureParams) -> pd.DataFrame:
    """The notes with numbers that tell nobody of a few pupils.

    Parameters
    ----------
    notes
        year, stage, school_code, note and `fields`, the sentence's fields as JSON.
    limits
        `minimum_numerator`: fewer pupils than this become "≤ 4"; `round_counts_to`: the
        district's pupils are rounded to it, since their sum less every n that is printed
        would be the n of the section that is too small to show.
    """
    told = [
        json.dumps(
            {name: _told(note, name, one, limits) for name, one in json.loads(fields).items()},
            ensure_ascii=False,
            sort_keys=True,
        )
        for note, fields in zip(notes["note"], notes["fields"], strict=True)
    ]
    return notes.assign(fields=pd.Series(told, index=notes.index, dtype="str"))


def publish_remarks(remarks: pd.DataFrame, limits: DisclosureParams) -> pd.DataFrame:
    """What a load remarked on a year's data, as notes of a page.

    Parameters
    ----------
    remarks
        One row each: stage, school_code, note and its fields as JSON. Their shares are of
        30 pupils or more, or as many as the district says.
    limits
        Fewest pupils behind a figure.

    Returns
    -------
    The same rows. A number of pupils' records below `minimum_n` becomes "fewer than", under
    the note's name with `_few` behind it.
    """
    notes = []
    for row in remarks.to_dict("records"):
        fields = json.loads(row["fields"])
        if row["note"] in COUNTS_PUPILS and fields["count"] < limits.minimum_n:
            fields = {"few": limits.minimum_n}
            row = {**row, "note": f"{row['note']}_few"}
        notes.append({**row, "fields": json.dumps(fields, ensure_ascii=False, sort_keys=True)})
    return pd.DataFrame(notes, columns=list(remarks.columns)).astype("str")


def _told(note: str, name: str, value: Any, limits: DisclosureParams) -> Any:
    if name in OF_DISTRICT and isinstance(value, int):
        return limits.round_counts_to * round(value / limits.round_counts_to)
    if name in OF_SOME and note not in OF_SECTIONS and isinstance(value, int):
        return value if value >= limits.minimum_numerator else f"≤ {limits.minimum_numerator - 1}"
    return value
