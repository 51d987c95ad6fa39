"""Moments of the pupils' influence values, as a table: what scores of dimensions need of the pupils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.review.stage import Figures, Stage
from evalib.statistics.composites import InfluenceMoments, influence_moments
from evalib.vocabulary import DIMENSIONS, OVERALL

Floats = npt.NDArray[np.float64]

FORMS = ("spread", "simple", "clustered")
SIZES = ("n", "spare", "free", "apart", "left", "class_size")
COLUMNS = ["stage", "score", "school_code", "first", "second", *FORMS, *SIZES, "classes_recorded"]


def influences(stage: Stage, figures: Sequence[Figures]) -> pd.DataFrame:
    """Moments of each dimension's weighted indicators, and of all of them where an overall score is on.

    Returns
    -------
    One row a section and pair of indicators: `score` names the dimension (or "overall"),
    `first` and `second` the indicators, in the order of params, first ≤ second; then the
    two entries' forms and the section's sizes. See `statistics.composites`.
    """
    scored = [
        one for one in figures if one.values is not None and not one.subject and one.indicator.weight > 0
    ]
    groups = {name: [one for one in scored if one.indicator.dimension == name] for name in DIMENSIONS}
    if stage.settings.measures.composite.overall:
        groups[OVERALL] = scored
    tables = [_table(stage, name, group) for name, group in groups.items() if group]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(tables, ignore_index=True)


def _table(stage: Stage, score: str, group: Sequence[Figures]) -> pd.DataFrame:
    clusters = stage.one.clusters
    moments = influence_moments(
        np.column_stack([one.values for one in group if one.values is not None]),
        stage.one.section,
        stage.sections,
        **clusters,
    )
    names = [one.indicator.id for one in group]
    first, second = np.triu_indices(len(names))
    pairs = len(first)
    columns: dict[str, object] = {
        "stage": stage.one.stage,
        "score": score,
        "school_code": np.repeat(np.array(stage.one.codes, dtype=object), pairs),
        "first": np.tile(np.array(names, dtype=object)[first], stage.sections),
        "second": np.tile(np.array(names, dtype=object)[second], stage.sections),
    }
    columns |= {form: getattr(moments, form)[:, first, second].ravel() for form in FORMS}
    columns |= {size: np.repeat(getattr(moments, size), pairs) for size in SIZES}
    columns["classes_recorded"] = clusters["class_"] is not None
    return pd.DataFrame(columns)[COLUMNS].astype(
        dict.fromkeys(["stage", "score", "school_code", "first", "second"], "str")
    )


def moments_of(table: pd.DataFrame, codes: Sequence[str]) -> tuple[InfluenceMoments, list[str], bool]:
    """The moments of one stage and score from their table, sections in the order of `codes`.

    Returns
    -------
    Moments, the names of their indicators, and whether classes are recorded. A section
    that the table does not have counts nobody.
    """
    names = list(dict.fromkeys(table["first"]))
    row = pd.Index(codes).get_indexer(pd.Index(table["school_code"]))
    kept = row >= 0
    table, row = table[kept], row[kept]
    first, second = (pd.Index(names).get_indexer(pd.Index(table[name])) for name in ("first", "second"))
    parts: Mapping[str, Floats] = {
        **{form: _matrix(table[form], row, first, second, len(codes), len(names)) for form in FORMS},
        **{size: _sizes(table[size], row, len(codes)) for size in SIZES},
    }
    return (
        InfluenceMoments(**{one.name: parts[one.name] for one in fields(InfluenceMoments)}),
        names,
        bool(table["classes_recorded"].any()),
    )


def _matrix(
    entries: pd.Series[float],
    row: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    sections: int,
    names: int,
) -> Floats:
    matrix = np.full((sections, names, names), 0.0)
    matrix[row, first, second] = entries.to_numpy(float)
    matrix[row, second, first] = entries.to_numpy(float)
    return matrix


def _sizes(entries: pd.Series[float], row: np.ndarray, sections: int) -> Floats:
    sizes = np.zeros(sections)
    sizes[row] = entries.to_numpy(float)
    return sizes
