"""Every measure for every section of one year, computed once: the measurements table."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.records import StageYear, read_district_year, stage_year
from evalib.review import (
    academic,
    articulation,
    balance,
    competence,
    growth,
    onward,
    percentiles,
    talents,
)
from evalib.review.influences import influences
from evalib.review.rows import measured_rows
from evalib.review.stage import Builder, Note, Stage
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import STAGES

# measure → what computes it; every indicator of `measures.yaml` names one of these.
BUILDERS: dict[str, Builder] = {
    **academic.BUILDERS,
    **balance.BUILDERS,
    **competence.BUILDERS,
    **talents.BUILDERS,
    **articulation.BUILDERS,
    **onward.BUILDERS,
    **growth.BUILDERS,
    **percentiles.BUILDERS,
}


@dataclass(frozen=True)
class Review:
    """One year of one district, measured.

    Attributes
    ----------
    measurements
        One row a section, indicator and subject ("" for all subjects together).
    influences
        What the scores of dimensions need of the pupils: see `evalib.review.influences`.
    flows
        Where leavers of a stage went, small flows pooled: feeder, receiver, pupils.
    sections
        What is known of each section itself: name, area, pupils on roll.
    notes
        What a reader must know of the data, by stage.
    """

    measurements: pd.DataFrame
    influences: pd.DataFrame
    flows: pd.DataFrame
    sections: pd.DataFrame
    notes: pd.DataFrame


def review_year(store: Store, settings: Settings, year: str) -> Review:
    """Measure every section of one year.

    Parameters
    ----------
    store
        The clean tables: `schools`, and of the others what the district has; of the
        years before, `pupils`, `papers` and `scores` for growth.
    settings
        Indicators, cuts and thresholds.
    year
        School year.

    Returns
    -------
    A row for every section and indicator: an estimate, or the reason why there is
    none. No section is dropped.
    """
    district = read_district_year(store, year)
    rows: list[pd.DataFrame] = []
    moments: list[pd.DataFrame] = []
    flows: list[pd.DataFrame] = []
    notes: list[Note] = []
    for name in STAGES:
        codes = district.sections.loc[district.sections["stage"].eq(name), "school_code"].tolist()
        if codes:
            stage = Stage(stage_year(name, codes, district.this), district, settings)
            figures = [
                one
                for indicator in settings.measures.indicators
                for one in BUILDERS[indicator.measure](indicator, stage)
            ]
            rows.append(measured_rows(stage, figures))
            here = district.sections["stage"].eq(name)
            district.sections.loc[here, "entry"] = growth.entry_scores(stage)
            moments.append(influences(stage, figures))
            flows.append(onward.feeder_flows(stage, settings.disclosure.minimum_n))
            notes += stage.notes + _paper_notes(stage.one)
    measurements = pd.concat(rows, ignore_index=True)
    measurements.insert(0, "year", year)
    return Review(
        measurements,
        pd.concat(moments, ignore_index=True).assign(year=year),
        pd.concat(flows, ignore_index=True),
        district.sections,
        _notes_table(year, notes),
    )


def _paper_notes(one: StageYear) -> list[Note]:
    """Papers that compare nobody, and sections without scores."""
    if one.records is None:
        return []
    notes: list[Note] = []

    def note(key: str, fields: Note) -> None:
        notes.append({"stage": one.stage, "school_code": "", "note": key, "fields": fields})

    scores = one.records.scores
    for paper in np.unique(scores["paper"]):
        inside = scores[scores["paper"].eq(paper)]
        where = {"grade": int(inside["grade"].iloc[0]), "subject": str(inside["subject"].iloc[0])}
        if not inside["comparable"].iloc[0]:
            note("paper_not_comparable", where)
        elif not inside["last_term"].iloc[0]:
            note("paper_of_earlier_term", where)
        elif inside["score"].nunique() == 1:
            note("paper_constant", where)
    if len(one.section) and one.records.class_codes is None:
        note("no_classes", {})
    absent = int((one.absence() != "").sum())
    if absent:
        note("sections_without_scores", {"count": absent})
    return notes


def _notes_table(year: str, notes: list[Note]) -> pd.DataFrame:
    table = pd.DataFrame(notes, columns=["stage", "school_code", "note", "fields"])
    table["fields"] = [json.dumps(fields, ensure_ascii=False, sort_keys=True) for fields in table["fields"]]
    table.insert(0, "year", year)
    return table.astype("str")
