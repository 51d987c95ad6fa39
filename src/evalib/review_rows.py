"""Estimates of one indicator over the sections of a stage, as rows of the measurements table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.records import Codes, Reasons
from evalib.settings import IndicatorParams
from evalib.statistics.influence import SectionMeans
from evalib.statistics.intervals import (
    design_effect_of_shares,
    normal_interval,
    standing_variance_of_share,
    wilson_interval,
)
from evalib.statistics.posterior import difference_variance
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
# A remark on the data: which stage and school it concerns, its sentence, and the sentence's fields.
Note = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What an indicator's rows say besides their numbers.

    Attributes
    ----------
    stage, codes
        The stage and the school codes of its sections.
    indicator, subject
        Which indicator, of which subject ("" for all together).
    expected
        (sections,) pupils who should count.
    because
        (sections,) the reason why there is no figure, or empty.
    """

    stage: str
    codes: tuple[str, ...]
    indicator: IndicatorParams
    subject: str
    expected: Codes
    because: Reasons

    def withheld(self, because: Reasons) -> Figures:
        """The same with other reasons."""
        return replace(self, because=because)


def mean_rows(figures: Figures, means: SectionMeans, position: int, *, centred: bool = False) -> pd.DataFrame:
    """Rows of an indicator that is a mean: normal interval from its clustered variance.

    Parameters
    ----------
    position
        Which column of `means`.
    centred
        True for value added: the figure printed is the difference from the reference.
    """
    value, variance = means.mean[:, position], means.variance[:, position]
    rows = _rows(figures, means, position, value, variance)
    if centred:
        rows["value"], rows["reference"] = rows["difference"], 0.0
        rows["se"] = rows["difference_se"]
        rows["low"], rows["high"] = rows["difference_low"], rows["difference_high"]
    else:
        rows["se"] = np.sqrt(variance)
        rows["low"], rows["high"] = normal_interval(value, np.sqrt(variance))
    return _silenced(rows)


def share_rows(figures: Figures, means: SectionMeans, position: int) -> pd.DataFrame:
    """Rows of an indicator that is a share: Wilson interval on the effective number of pupils."""
    share, n = means.mean[:, position], means.n[:, position]
    effect = design_effect_of_shares(share, n, means.variance0[:, position], means.design_effect[:, position])
    own = standing_variance_of_share(share, n, effect)
    rows = _rows(figures, means, position, share, own)
    known = rows["reference"].dropna()
    if len(known):
        rows["variance"] = standing_variance_of_share(share, n, effect, reference=float(known.iloc[0]))
    rows["se"] = np.sqrt(own)
    rows["low"], rows["high"] = wilson_interval(share, n, effect)
    rows["design_effect"] = effect
    if not figures.indicator.standing:
        # A figure of record, not an estimate.
        rows[["se", "low", "high"]] = np.nan
    return _silenced(rows)


def _rows(
    figures: Figures, means: SectionMeans, position: int, value: Floats, variance: Floats
) -> pd.DataFrame:
    n = means.n[:, position]
    counted = figures.because == ""
    because = np.where(counted & (n == 0), Reason.NO_DATA.value, figures.because)
    known = np.isfinite(value) & np.isfinite(variance)
    because = np.where(counted & (n > 0) & ~known, Reason.TOO_FEW.value, because)
    weight = np.where(np.isfinite(variance) & (because == ""), n, 0).astype(float)
    share = weight / weight.sum() if weight.sum() > 0 else weight
    used = weight > 0
    reference = float(share[used] @ value[used]) if used.any() else np.nan
    spread = np.full(len(value), np.nan)
    if used.any():
        spread[used] = np.sqrt(difference_variance(variance[used], share[used]))
    difference = value - reference
    difference_low, difference_high = normal_interval(difference, spread)
    expected = figures.expected.astype(float)
    return pd.DataFrame(
        {
            "school_code": pd.Series(figures.codes, dtype="str"),
            "stage": figures.stage,
            "dimension": figures.indicator.dimension,
            "indicator": figures.indicator.id,
            "subject": figures.subject,
            "reason": because,
            "value": value,
            "se": np.nan,
            "low": np.nan,
            "high": np.nan,
            "n": n.astype(float),
            "expected": expected,
            "coverage": np.divide(n, expected, out=np.full(len(n), np.nan), where=expected > 0),
            "variance": variance,
            "weight": weight,
            "reference": reference,
            "difference": difference,
            "difference_se": spread,
            "difference_low": difference_low,
            "difference_high": difference_high,
            "class_correlation": means.class_correlation[position],
            "design_effect": means.design_effect[:, position],
            "reliability": np.nan,
            "shrunken": np.nan,
            "shrunken_se": np.nan,
            "shrunken_low": np.nan,
            "shrunken_high": np.nan,
            "standing_block": "",
        }
    ).astype(dict.fromkeys(["stage", "dimension", "indicator", "subject", "reason", "standing_block"], "str"))


def _silenced(rows: pd.DataFrame) -> pd.DataFrame:
    """A withheld row keeps its counts and its reason, and no figure."""
    silent = rows["reason"].ne("")
    names = ["value", "se", "low", "high", "reference", "difference", "difference_low", "difference_high"]
    rows.loc[silent, names] = np.nan
    return rows


def note(stage: str, key: str, fields: Note) -> Note:
    """A remark that concerns every section of a stage."""
    return {"stage": stage, "school_code": "", "note": key, "fields": fields}
