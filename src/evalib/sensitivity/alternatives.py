"""The same dimension made in another way: aggregation, scale, weights, and what that changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from evalib.scales import base_scale
from evalib.sensitivity.judging import NONE
from evalib.sensitivity.weighing import Judged, Weighing

Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]

ALTERNATIVES = ("geometric_mean", "scale_of_the_year", "equal_weights", "every_indicator")


def alternatives(weighing: Weighing) -> pd.DataFrame:
    """What other defensible ways of making the score would change.

    Returns
    -------
    One row an alternative, with the columns of `comparison` and `alternative`:

    - `geometric_mean`: of the indicators' T instead of their arithmetic mean; a low
      indicator is made up for less.
    - `scale_of_the_year`: 50 and 10 points from this year alone instead of the base years.
    - `equal_weights`: the same weight for every indicator.
    - `every_indicator`: those too that are not reliable enough this year.

    See Also
    --------
    comparison : the columns.
    """
    default = weighing.weights[None, :]
    measured = {weighing.year: weighing.measurements[weighing.year]}
    own = base_scale(weighing.settings, measured, [weighing.year])
    usual = weighing.judged(default)
    others = {
        "geometric_mean": weighing.judged(default, geometric=True),
        "scale_of_the_year": weighing.on_scale(own).judged(default),
        "equal_weights": weighing.judged(np.ones_like(default)),
        "every_indicator": weighing.with_composite(reliability_minimum=0.0).judged(default),
    }
    rows = [{"alternative": name, **comparison(weighing.codes, usual, others[name])} for name in ALTERNATIVES]
    return pd.DataFrame(rows)


def comparison(codes: list[str], usual: Judged, other: Judged) -> dict[str, object]:
    """What changes between two ways of making the same sections' scores.

    Parameters
    ----------
    codes
        (J,) school codes.
    usual, other
        One weighing each.

    Returns
    -------
    `scored`, sections with a score in both; `median_move` and `largest_move` of the score,
    (T − 50)/10; `rank_correlation`, Spearman's; `judged`, sections judged in both;
    `changed`, how many of them stand elsewhere, and `sections`, their codes;
    `only_usual` and `only_other`, sections judged in one of the two alone. Missing where
    fewer than two sections have both scores.
    """
    before, after = usual.scores.score[0], other.scores.score[0]
    both = np.isfinite(before) & np.isfinite(after)
    move = np.abs(after - before)[both]
    first, second = usual.side[0], other.side[0]
    judged = (first != NONE) & (second != NONE)
    moved = judged & (first != second)
    return {
        "scored": int(both.sum()),
        "median_move": float(np.median(move)) if both.any() else np.nan,
        "largest_move": float(move.max()) if both.any() else np.nan,
        "rank_correlation": _rank_correlation(before[both], after[both]),
        "judged": int(judged.sum()),
        "changed": int(moved.sum()),
        "sections": tuple(code for code, one in zip(codes, moved, strict=True) if one),
        "only_usual": int(((first != NONE) & (second == NONE)).sum()),
        "only_other": int(((first == NONE) & (second != NONE)).sum()),
    }


def _rank_correlation(first: Floats, second: Floats) -> float:
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
