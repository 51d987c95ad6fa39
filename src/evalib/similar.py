"""The second reference: how a section compares with those most like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from evalib.scoring.rows import groups
from evalib.settings import Settings
from evalib.statistics.intervals import normal_interval
from evalib.vocabulary import STAGES

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SIMILAR_COLUMNS = ["similar_reference", "similar_difference", "similar_low", "similar_high"]
# Feature of params → column of the sections table.
COLUMNS = {
    "size": "pupils_on_roll",
    "area": "area",
    "migrant_share": "migrant_share",
    "ses": "ses",
    "entry": "entry",
}


@dataclass(frozen=True)
class Alike:
    """The sections of one stage and who is most like each of them.

    Attributes
    ----------
    codes
        School codes of the sections, sorted.
    neighbours
        (J, k) positions in `codes` of the k most similar sections, the most similar first,
        the section itself not among them; −1 throughout where a section lacks a feature,
        and k = 0 where the stage has too few sections.
    used, left_out
        Features that the likeness is made of, and those wished for that the district lacks
        or in which its sections do not differ.
    """

    codes: tuple[str, ...]
    neighbours: Codes
    used: tuple[str, ...]
    left_out: tuple[str, ...]


def alike(sections: pd.DataFrame, stage: str, features: Sequence[str], k: int) -> Alike:
    """The k sections of a stage that are most like each.

    Parameters
    ----------
    sections
        One row a section of the year: school_code, stage, and of `pupils_on_roll`,
        `area`, `migrant_share`, `ses`, `entry` (mean score at the start) what there is.
    stage
        Whose sections.
    features
        Of size, area, migrant_share, ses, entry those that count.
    k
        How many neighbours.

    Returns
    -------
    Neighbours by Mahalanobis distance. Fewer than 2k sections with all features used: no
    neighbours, since half of the stage would be alike.

    Notes
    -----
    Size enters as its logarithm, area as one yes or no a kind. A feature that fewer than
    half of the sections have, or in which they do not differ, is left out; then a section
    that lacks one of the others has no neighbours and is nobody's. d² = (a − b)ᵀS⁺(a − b),
    S⁺ the pseudo-inverse of the covariance: features that tell the same count once.
    Tempting, and wrong: the Euclidean distance of standardised features, in which two
    that tell the same count twice.

    Examples
    --------
    >>> size = [100, 110, 400, 420]
    >>> table = pd.DataFrame({"school_code": list("abcd"), "stage": "junior", "pupils_on_roll": size})
    >>> alike(table, "junior", ["size", "ses"], 1).neighbours.ravel()
    array([1, 0, 3, 2])
    """
    mine = sections[sections["stage"].eq(stage)].sort_values("school_code")
    columns: dict[str, pd.DataFrame] = {}
    for name in features:
        figures = _feature(mine, name)
        if figures is not None:
            columns[name] = figures
    left_out = tuple(name for name in features if name not in columns)
    none = Alike(tuple(mine["school_code"]), np.empty((len(mine), 0), np.int64), tuple(columns), left_out)
    if not columns:
        return none
    table = pd.concat(columns, axis=1)
    whole = np.flatnonzero(table.notna().all(axis=1))
    if len(whole) < 2 * k:
        return none
    place = _whitened(table.to_numpy(float)[whole])
    if not place.shape[1]:
        return none
    found = np.asarray(cKDTree(place).query(place, k=k + 1)[1])
    own = found == np.arange(len(whole))[:, None]
    # Among several that are the same in everything, the section itself may not be found.
    own[~own.any(axis=1), -1] = True
    neighbours = np.full((len(mine), k), -1, np.int64)
    neighbours[whole] = whole[found[~own].reshape(len(whole), k)]
    return Alike(none.codes, neighbours, none.used, left_out)


def add_similar(measurements: pd.DataFrame, sections: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Every measured row with its difference from the sections most like its own.

    Parameters
    ----------
    measurements
        Rows of one year: stage, indicator, subject, school_code, reason, value,
        difference, variance, weight.
    sections
        The sections of the year, see `alike`.
    settings
        How many neighbours, and which features.

    Returns
    -------
    The rows with `similar_reference`, the mean of the similar sections weighted by the
    pupils counted, `similar_difference` from it and its 95 % interval `similar_low`,
    `similar_high`. Missing where the row has no figure, the section no neighbours, or
    fewer than half of its neighbours a figure; the interval also for figures of record.

    Notes
    -----
    The section is not among its neighbours: variance V_j + Σ w_k² V_k. Differences from the
    district are compared, not values: two sections' dimensions may be made of different
    indicators.
    """
    similar = settings.measures.standing.similar
    found = {stage: alike(sections, stage, similar.features, similar.sections) for stage in STAGES}
    joined = measurements.assign(**dict.fromkeys(SIMILAR_COLUMNS, np.nan))
    pieces = []
    for (stage, _, _), rows in groups(measurements).items():
        if stage in found and found[stage].neighbours.shape[1]:
            pieces.append(_compared(rows, found[stage]))
    if pieces:
        written = pd.concat(pieces)
        joined.loc[written.index, SIMILAR_COLUMNS] = written
    return joined


def _compared(rows: pd.DataFrame, stage: Alike) -> pd.DataFrame:
    """(rows, 4) the similar columns of one indicator."""
    position = pd.Index(stage.codes).get_indexer(pd.Index(rows["school_code"]))
    shown = rows["reason"].eq("").to_numpy() & rows["difference"].notna().to_numpy() & (position >= 0)
    by_section = np.full((3, len(stage.codes)), np.nan)
    for line, name in zip(by_section, ("difference", "variance", "weight"), strict=True):
        line[position[shown]] = rows[name].to_numpy(float)[shown]
    neighbours = stage.neighbours[position]
    difference, variance, weight = (
        np.where(neighbours >= 0, line[neighbours], np.nan) for line in by_section
    )
    weight = np.where(np.isfinite(difference), np.nan_to_num(weight), 0.0)
    enough = shown & ((weight > 0).sum(axis=1) >= neighbours.shape[1] / 2)
    share = np.divide(
        weight, weight.sum(axis=1, keepdims=True), where=enough[:, None], out=np.zeros_like(weight)
    )
    mean = (share * np.nan_to_num(difference)).sum(axis=1)
    apart = np.where(enough, rows["difference"].to_numpy(float) - mean, np.nan)
    spread = rows["variance"].to_numpy(float) + (share**2 * np.where(share > 0, variance, 0.0)).sum(axis=1)
    low, high = normal_interval(apart, np.sqrt(spread))
    reference = rows["value"].to_numpy(float) - apart
    columns = np.column_stack([reference, apart, low, high])
    return pd.DataFrame(columns, index=rows.index, columns=SIMILAR_COLUMNS)


def _feature(sections: pd.DataFrame, name: str) -> pd.DataFrame | None:
    """A feature as numbers, a column or several; None where it is missing or tells nobody apart."""
    column = COLUMNS[name]
    if column not in sections:
        return None
    given = sections[column]
    if given.notna().sum() * 2 < len(sections):
        return None
    if name == "area":
        figures = pd.get_dummies(given, dtype=float)
        figures.loc[given.isna()] = np.nan
    else:
        numbers = given.astype("Float64").to_numpy(float, na_value=np.nan)
        if name == "size":
            numbers = np.log(np.where(numbers > 0, numbers, np.nan))
        figures = pd.DataFrame({name: numbers}, index=sections.index)
    spread = figures.max() - figures.min()
    varying = figures.loc[:, spread > 1e-9 * figures.abs().max()]
    return None if varying.empty else varying


def _whitened(table: Floats) -> Floats:
    """Coordinates in which the Euclidean distance is Mahalanobis', directions without spread dropped."""
    spread = table.std(axis=0)
    standard = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    values, vectors = np.linalg.eigh(standard.T @ standard / len(table))
    kept = values > 1e-9 * max(values.max(), 1e-300)
    whitened: Floats = standard @ vectors[:, kept] / np.sqrt(values[kept])
    return whitened
