"""Measurements become standings: which differences from the district may be called one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.settings import IndicatorParams, Settings
from evalib.statistics.posterior import between_variance, posterior_differences, standing_probabilities
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]

STANDING_COLUMNS: dict[str, Any] = {
    "standing": "",
    "standing_reason": "",
    "d_mean": np.nan,
    "d_sd": np.nan,
    "probability_above": np.nan,
    "probability_below": np.nan,
    "between_variance": np.nan,
}


def add_standings(years: Mapping[str, pd.DataFrame], year: str, settings: Settings) -> pd.DataFrame:
    """One year's measurements with a standing for every figure that may have one.

    Parameters
    ----------
    years
        Measurements by school year, `year` among them; earlier years steady the
        between-section variance where a stage has few sections.
    year
        The year to judge.
    settings
        Smallest differences, probabilities and minimum numbers of sections.

    Returns
    -------
    The measurements of `year` with `standing`, `standing_reason`, the posterior mean
    and sd of the difference from the reference (`d_mean`, `d_sd`, in the indicator's
    unit), the probabilities of a difference beyond the smallest that matters (better,
    worse; the sign is turned where lower is better) and the between-section variance.

    Notes
    -----
    y_j ~ N(θ_j, V_j), θ_j ~ N(μ, τ²), τ² by REML; d_j = (e_j − w)ᵀθ from the joint
    posterior. τ² = 0 makes every section `not_distinguishable`.
    """
    judged = years[year].assign(**STANDING_COLUMNS)
    recent = sorted(one for one in years if one <= year)[-settings.measures.standing.pooled_years :]
    indicators = {one.id: one for one in settings.measures.indicators}
    for (stage, indicator, subject), rows in judged.groupby(["stage", "indicator", "subject"], sort=True):
        params = indicators[str(indicator)]
        if params.standing and params.smallest_difference is not None:
            earlier = [_same(years[one], stage, indicator, subject) for one in recent if one != year]
            verdict = _judge(rows, earlier, params, settings)
            judged.loc[verdict.index, verdict.columns] = verdict
    return judged


def _judge(
    rows: pd.DataFrame, earlier: list[pd.DataFrame], params: IndicatorParams, settings: Settings
) -> pd.DataFrame:
    standing = settings.measures.standing
    few = settings.disclosure.minimum_n_standing
    usable = _usable(rows, few)
    verdict = pd.DataFrame(STANDING_COLUMNS, index=rows.index)
    shown = rows["reason"].eq("")
    verdict.loc[shown, "standing"] = "none"
    blocked = rows["standing_block"].where(shown, "")
    if usable.sum() < standing.minimum_sections:
        verdict.loc[shown, "standing_reason"] = Reason.TOO_FEW_SECTIONS.value
        return verdict
    judged = rows[usable]
    y, v, w = (judged[name].to_numpy(float) for name in ("value", "variance", "weight"))
    groups = [(y, v)]
    if len(y) < standing.pooled_below_sections:
        for table in earlier:
            usable_then = table[_usable(table, few)]
            if len(usable_then) >= standing.minimum_sections:
                groups.append((usable_then["value"].to_numpy(float), usable_then["variance"].to_numpy(float)))
    tau2 = between_variance(groups)
    mean, sd = posterior_differences(y, v, w / w.sum(), tau2)
    sign = 1.0 if params.direction == "higher" else -1.0
    above, below = standing_probabilities(sign * mean, sd, float(params.smallest_difference or 0.0))
    verdict.loc[usable, "d_mean"] = mean
    verdict.loc[usable, "d_sd"] = sd
    verdict.loc[usable, "probability_above"] = above
    verdict.loc[usable, "probability_below"] = below
    verdict.loc[usable, "between_variance"] = tau2
    verdict.loc[usable, "standing"] = _words(above, below, standing.clear, standing.probable)
    held = blocked.ne("")
    verdict.loc[held, "standing"] = "none"
    verdict.loc[held, "standing_reason"] = blocked[held]
    return verdict


def _words(above: Floats, below: Floats, clear: float, probable: float) -> npt.NDArray[np.str_]:
    return np.select(
        [above >= clear, below >= clear, above >= probable, below >= probable],
        ["clearly_above", "clearly_below", "probably_above", "probably_below"],
        "not_distinguishable",
    )


def _usable(rows: pd.DataFrame, minimum_n: int) -> pd.Series[bool]:
    """Sections that are judged and judge others: too few pupils give a variance nobody knows."""
    known = rows["reason"].eq("") & rows["variance"].gt(0) & rows["weight"].gt(0)
    return known & rows["n"].ge(minimum_n)


def _same(measurements: pd.DataFrame, stage: Any, indicator: Any, subject: Any) -> pd.DataFrame:
    same = measurements["stage"].eq(stage) & measurements["indicator"].eq(indicator)
    return measurements[same & measurements["subject"].eq(subject)]
