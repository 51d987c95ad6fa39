"""Figures over the sections of a stage become rows of the measurements table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.records import Reasons
from evalib.review.stage import Figures, PupilFigures, SectionFigures, Stage
from evalib.statistics.influence import SectionMeans, section_means
from evalib.statistics.intervals import (
    design_effect_of_shares,
    normal_interval,
    standing_variance_of_share,
    wilson_interval,
)
from evalib.statistics.posterior import difference_variance
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]

# Columns taken together: the memory of a step is so many times a column of pupils.
BATCH = 8
Columns = dict[str, npt.NDArray[Any]]
# What a withheld row does not say.
SILENT = ("value", "se", "low", "high", "reference", "difference", "difference_low", "difference_high")
TEXT = ["stage", "dimension", "indicator", "subject", "reason", "standing_block"]


def measured_rows(stage: Stage, figures: Sequence[Figures]) -> pd.DataFrame:
    """A row for every section of each of the figures, in their order.

    Parameters
    ----------
    figures
        What the builders handed back.

    Returns
    -------
    For each figure and section: value, interval, counts, reference and difference, or the
    reason why there is none. Means have a normal interval from their clustered variance,
    shares Wilson's on the effective number of pupils.
    """
    rows: dict[int, Columns] = {}
    of_pupils = [(place, one) for place, one in enumerate(figures) if isinstance(one, PupilFigures)]
    for start in range(0, len(of_pupils), BATCH):
        batch = of_pupils[start : start + BATCH]
        means = section_means(
            np.column_stack([one.values for _, one in batch]),
            stage.one.section,
            stage.sections,
            **stage.one.clusters,
            known_correlation=np.array([one.class_correlation or np.nan for _, one in batch]),
        )
        for position, (place, one) in enumerate(batch):
            build = _share_columns if one.indicator.unit == "rate" else _mean_columns
            rows[place] = _finished(build(stage, one, means, position), one)
    for place, figure in enumerate(figures):
        if isinstance(figure, SectionFigures):
            rows[place] = _finished(_section_columns(stage, figure), figure)
    names = dict.fromkeys(name for place in range(len(figures)) for name in rows[place])
    nothing = np.full(stage.sections, np.nan)
    table = {
        name: np.concatenate([rows[place].get(name, nothing) for place in range(len(figures))])
        for name in names
    }
    return pd.DataFrame(table).astype(dict.fromkeys(["school_code", *TEXT], "str"))


def _mean_columns(stage: Stage, one: PupilFigures, means: SectionMeans, position: int) -> Columns:
    value, variance = means.mean[:, position], means.variance[:, position]
    columns = _columns_of_means(stage, one, means, position, value, variance)
    columns["se"] = np.sqrt(variance)
    columns["low"], columns["high"] = normal_interval(value, columns["se"])
    return _centred(columns) if one.centred else columns


def _share_columns(stage: Stage, one: PupilFigures, means: SectionMeans, position: int) -> Columns:
    share, n = means.mean[:, position], means.n[:, position]
    effect = design_effect_of_shares(share, n, means.variance0[:, position], means.design_effect[:, position])
    own = standing_variance_of_share(share, n, effect)
    columns = _columns_of_means(stage, one, means, position, share, own)
    reference = columns["reference"][0]
    if np.isfinite(reference):
        columns["variance"] = standing_variance_of_share(share, n, effect, reference=float(reference))
    columns["se"] = np.sqrt(own)
    columns["low"], columns["high"] = wilson_interval(share, n, effect)
    columns["design_effect"] = effect
    if not one.indicator.standing:
        # A figure of record, not an estimate.
        columns |= dict.fromkeys(["se", "low", "high"], np.full(stage.sections, np.nan))
    return columns


def _columns_of_means(
    stage: Stage, one: PupilFigures, means: SectionMeans, position: int, value: Floats, variance: Floats
) -> Columns:
    n = means.n[:, position].astype(float)
    counted = one.because == ""
    because = np.where(counted & (n == 0), Reason.NO_DATA.value, one.because)
    known = np.isfinite(value) & np.isfinite(variance)
    because = np.where(counted & (n > 0) & ~known, Reason.TOO_FEW.value, because)
    columns = _columns(stage, one, because, value, variance, n)
    columns["class_correlation"] = np.full(stage.sections, means.class_correlation[position])
    columns["design_effect"] = means.design_effect[:, position]
    return columns


def _section_columns(stage: Stage, one: SectionFigures) -> Columns:
    because = np.where((one.because == "") & ~np.isfinite(one.value), Reason.NO_DATA.value, one.because)
    columns = _columns(stage, one, because, one.value, one.variance, np.asarray(one.n, float))
    columns["se"] = np.sqrt(one.variance)
    columns["low"], columns["high"] = normal_interval(one.value, columns["se"])
    if one.low is not None and one.high is not None:
        columns["low"], columns["high"] = one.low, one.high
    return _centred(columns) if one.centred else columns


def _columns(
    stage: Stage, one: Figures, because: Reasons, value: Floats, variance: Floats, n: Floats
) -> Columns:
    sections = stage.sections
    nothing = np.full(sections, np.nan)
    weight = np.where(because == "", n, 0.0)
    reference, difference, spread = differences(value, variance, weight)
    low, high = normal_interval(difference, spread)
    expected = np.asarray(one.expected, float)
    indicator = one.indicator
    texts = {
        "stage": stage.one.stage,
        "dimension": indicator.dimension,
        "indicator": indicator.id,
        "subject": one.subject,
    }
    return {
        "school_code": np.array(stage.one.codes, dtype=object),
        **{name: np.full(sections, text, dtype=object) for name, text in texts.items()},
        "reason": np.asarray(because, dtype=object),
        "value": value,
        "se": nothing,
        "low": nothing,
        "high": nothing,
        "n": n,
        "expected": expected,
        "coverage": np.divide(n, expected, out=np.full(sections, np.nan), where=expected > 0),
        "variance": variance,
        "weight": weight,
        "reference": np.full(sections, reference),
        "difference": difference,
        "difference_se": spread,
        "difference_low": low,
        "difference_high": high,
        "class_correlation": nothing,
        "design_effect": nothing,
        "reliability": nothing,
        "shrunken": nothing,
        "shrunken_se": nothing,
        "conditional_se": nothing,
        "standing_block": np.full(sections, "", dtype=object),
    }


def differences(value: Floats, variance: Floats, weight: Floats) -> tuple[float, Floats, Floats]:
    """The reference of a figure, and each section's difference from it.

    Parameters
    ----------
    value, variance
        (J,) figures and their sampling variances; a variance of NaN is taken as none
        where it adds to others'.
    weight
        (J,) pupils counted; 0 for a section that is no part of the reference.

    Returns
    -------
    The weighted mean (NaN where no section has weight), (J,) differences, and (J,) their
    standard errors, which know that the section is part of the reference.
    """
    used = weight > 0
    if not used.any():
        nothing = np.full(len(value), np.nan)
        return np.nan, nothing, nothing
    share = weight[used] / weight.sum()
    reference = float(share @ value[used])
    spread = np.full(len(value), np.nan)
    known = np.isfinite(variance[used])
    squared = difference_variance(np.where(known, variance[used], 0.0), share)
    spread[used] = np.sqrt(np.where(known, squared, np.nan))
    return reference, value - reference, spread


def _centred(columns: Columns) -> Columns:
    """Columns whose printed figure is the difference from the reference."""
    columns["value"], columns["reference"] = columns["difference"], np.zeros(len(columns["value"]))
    columns["se"] = columns["difference_se"]
    columns["low"], columns["high"] = columns["difference_low"], columns["difference_high"]
    return columns


def _finished(columns: Columns, one: Figures) -> Columns:
    """The builder's own columns; then a withheld row keeps its counts and its reason, and no figure."""
    sections = len(columns["reason"])
    columns |= {name: np.broadcast_to(np.asarray(column), sections) for name, column in one.more.items()}
    low, high = normal_interval(columns["shrunken"], columns["shrunken_se"])
    columns |= {"shrunken_low": low, "shrunken_high": high}
    silent = columns["reason"] != ""
    return columns | {name: np.where(silent, np.nan, columns[name]) for name in SILENT}
