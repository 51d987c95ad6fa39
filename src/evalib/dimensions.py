"""Indicators become the score of each dimension: T points on the district's scale, with their interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.combining import Part, Scores, YearParts, weigh, year_parts
from evalib.review.rows import TEXT, differences
from evalib.scales import Scale
from evalib.settings import Settings
from evalib.statistics.intervals import normal_interval
from evalib.vocabulary import DIMENSIONS, OVERALL, STAGES, Reason

Floats = npt.NDArray[np.float64]
Reasons = npt.NDArray[np.object_]


def add_dimensions(
    measurements: pd.DataFrame, influences: pd.DataFrame, scale: Scale, settings: Settings
) -> pd.DataFrame:
    """One year's measurements with a row for every section and dimension, and each indicator's score.

    Parameters
    ----------
    measurements, influences
        From the review of the year.
    scale
        Where 50 lies and how far 10 points reach.

    Returns
    -------
    The measurements with the columns `score` ((T − 50)/10), `score_reason` (why an
    indicator with a weight is no part of the score) and `smallest` (δ of a dimension), and
    rows whose `indicator` is the dimension's name; "overall" where params turn it on.

    Notes
    -----
    T = Σ_k w_k T_k / Σ_k w_k over the indicators that are reliable enough and that the
    section has, if they hold at least half of the weight that can apply to it; see
    `combining.weigh`. δ = Σ w·10δ_k/s_k T points.
    """
    pieces = [measurements.assign(score=np.nan, score_reason="", smallest=np.nan)]
    wanted = [*DIMENSIONS, *([OVERALL] if settings.measures.composite.overall else [])]
    for stage in STAGES:
        codes = list(dict.fromkeys(measurements.loc[measurements["stage"].eq(stage), "school_code"]))
        for dimension in wanted if codes else []:
            year = year_parts(measurements, influences, stage, codes, dimension, scale, settings)
            if not year.parts:
                continue
            pieces.append(_rows(measurements, stage, codes, dimension, year, settings))
            if dimension != OVERALL:
                _write_scores(pieces[0], stage, codes, year.parts, settings)
    joined = pd.concat(pieces, ignore_index=True)
    names = [*TEXT, "school_code", "score_reason"]
    joined[names] = joined[names].fillna("")
    return joined.astype(dict.fromkeys(names, "str"))


def _write_scores(
    measurements: pd.DataFrame, stage: str, codes: list[str], parts: Sequence[Part], settings: Settings
) -> None:
    for part in parts:
        here = measurements["stage"].eq(stage) & measurements["indicator"].eq(part.indicator.id)
        here &= measurements["subject"].eq("")
        position = pd.Index(codes).get_indexer(pd.Index(measurements.loc[here, "school_code"]))
        measurements.loc[here, "score"] = part.score[position]
        shown = here & measurements["reason"].eq("")
        measurements.loc[shown, "score_reason"] = part.silence(
            settings.measures.composite.reliability_minimum
        )


def _rows(
    measurements: pd.DataFrame,
    stage: str,
    codes: list[str],
    dimension: str,
    year: YearParts,
    settings: Settings,
) -> pd.DataFrame:
    share = np.array([_weight(part, dimension, settings) for part in year.parts])
    found = weigh(year, share[None, :], settings)
    value, variance, difference, n = (
        one[0] for one in (found.score, found.variance, found.difference, found.n)
    )
    because = _reasons(year.parts, found, settings)
    _, _, spread = differences(np.nan_to_num(difference), variance, n)
    roll = _expected(measurements, stage, codes, [part.indicator.id for part in year.parts])
    low, high = normal_interval(value, np.sqrt(variance))
    difference_low, difference_high = normal_interval(difference, spread)
    rows = pd.DataFrame(
        {
            "school_code": pd.Series(codes, dtype="str"),
            "stage": stage,
            "dimension": dimension,
            "indicator": dimension,
            "subject": "",
            "reason": because,
            "value": value,
            "se": np.sqrt(variance),
            "low": low,
            "high": high,
            "n": n,
            "expected": roll,
            "coverage": np.divide(n, roll, out=np.full(len(n), np.nan), where=roll > 0),
            "variance": variance,
            "weight": n,
            "reference": value - difference,
            "difference": difference,
            "difference_se": spread,
            "difference_low": difference_low,
            "difference_high": difference_high,
            "class_correlation": found.class_correlation[0],
            "design_effect": found.design_effect[0],
            "smallest": found.smallest[0],
            "weight_available": found.held[0] / share.sum(),
        }
    )
    rows.insert(0, "year", measurements["year"].iloc[0])
    return rows


def _weight(part: Part, dimension: str, settings: Settings) -> float:
    """The part's share of the whole; in an overall score every dimension has the same."""
    if dimension != OVERALL:
        return part.indicator.weight
    own = [one.weight for one in settings.measures.indicators if one.dimension == part.indicator.dimension]
    return part.indicator.weight / sum(own) / len(DIMENSIONS)


def _reasons(parts: Sequence[Part], found: Scores, settings: Settings) -> Reasons:
    """(J,) why a section has no score; where one reason alone stands behind the lack, it is told."""
    composite = settings.measures.composite
    held, whole = found.held[0], found.whole[0]
    short = (held < composite.weight_minimum * whole - 1e-12) | (held == 0)
    none = ~np.isfinite(found.score[0])
    because = np.where(none, Reason.TOO_FEW.value, "").astype(object)
    because[short] = Reason.LOW_COVERAGE.value
    for section in np.flatnonzero(short):
        why = {str(part.because[section]) or part.silence(composite.reliability_minimum) for part in parts}
        why.discard("")
        if len(why) == 1:
            because[section] = why.pop()
    return because


def _expected(measurements: pd.DataFrame, stage: str, codes: list[str], names: list[str]) -> Floats:
    """(J,) the most pupils that any of the indicators expects of a section."""
    own = measurements[measurements["stage"].eq(stage) & measurements["indicator"].isin(names)]
    return np.asarray(own.groupby("school_code")["expected"].max().reindex(codes), np.float64)
