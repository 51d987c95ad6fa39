"""How far a dimension's scores and standings depend on its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from evalib.sensitivity.judging import ABOVE, BELOW, NONE, SAME, SIDES
from evalib.sensitivity.weighing import Judged, Weighing

Floats = npt.NDArray[np.float64]

RANGE = (0.05, 0.95)


@dataclass(frozen=True)
class WeightEffects:
    """What weights drawn around those of params do.

    Attributes
    ----------
    sections
        One row a section: `school_code`; `score`, (T − 50)/10 with the weights of params;
        `score_low`, `score_high`, the 5th and 95th percentile of its scores; the standard
        deviations `sampling_sd` (pupils), `method_sd` (weights) and `total_sd` (both);
        `standing` with the weights of params ("above", "not_distinguishable", "below" or
        "none"); the shares of draws `above`, `not_distinguishable`, `below`, `none`, the last
        of them where the indicators that count hold too little of the weight for a score;
        `kept`, of the draws in which the section is judged the share in which it stands
        where it does with the weights of params; missing where it is not judged with these.
    weights
        One row an indicator: `indicator`, `weight`, `weight_low`, `weight_high`, `weight_sd`
        of the draws, and `silence`, the reason why it is no part of the score this year.
    changed, judged
        (R,) how many sections stand elsewhere than with the weights of params, in each draw,
        and of how many: those that are judged with both.
    """

    sections: pd.DataFrame
    weights: pd.DataFrame
    changed: npt.NDArray[np.int64]
    judged: npt.NDArray[np.int64]

    def unsettled(self, share: float) -> pd.DataFrame:
        """The sections whose standing changes in at least such a share of draws, most often first."""
        rows = self.sections[1.0 - self.sections["kept"] >= share - 1e-12]
        return rows.sort_values(["kept", "school_code"])


def drawn_weights(weights: Floats, draws: int, relative_sd: float, seed: int) -> Floats:
    """Weights drawn from a Dirichlet distribution around the given ones.

    Parameters
    ----------
    weights
        (K,) weights, not negative; a weight of 0 stays 0.
    draws
        R.
    relative_sd
        The relative standard deviation of the weights: its mean square over the weights,
        each counted by its weight. 0 draws the weights themselves every time.
    seed
        Of the draws.

    Returns
    -------
    (R, K) weights, each row with sum 1; their mean is `weights`.

    Raises
    ------
    ValueError
        Negative weights or none at all, or a spread that no Dirichlet distribution has.

    Notes
    -----
    With concentration c a weight w has the relative variance (1 − w)/(w(c + 1)): smaller
    weights move more, as a share of themselves. Σ w (1 − w)/(w(c + 1)) = (K − 1)/(c + 1),
    so c = (K − 1)/s² − 1. Tempting, and wrong: every weight uniform over a range, then
    divided by their sum, which moves their means.

    Examples
    --------
    >>> drawn_weights(np.array([3.0, 1.0]), 2, 0.0, 0)
    array([[0.75, 0.25],
           [0.75, 0.25]])
    """
    weights = np.asarray(weights, float)
    if not ((weights >= 0).all() and weights.sum() > 0):
        raise ValueError("weights must not be negative or all 0")
    share = weights / weights.sum()
    drawn = np.tile(share, (draws, 1))
    positive = share > 0
    concentration = _concentration(int(positive.sum()), relative_sd)
    if np.isfinite(concentration):
        rng = np.random.default_rng(seed)
        drawn[:, positive] = rng.dirichlet(concentration * share[positive], draws)
    return drawn


def _concentration(positive: int, relative_sd: float) -> float:
    if relative_sd == 0 or positive == 1:
        return np.inf
    concentration = (positive - 1) / relative_sd**2 - 1.0
    if relative_sd < 0 or concentration <= 0:
        raise ValueError(f"{positive} weights cannot have a relative standard deviation of {relative_sd}")
    return concentration


def weight_effects(weighing: Weighing) -> WeightEffects:
    """How far every section's score moves with the weights, and which standings change.

    Parameters
    ----------
    weighing
        The dimension; its settings say how many draws are made and how far weights vary.

    Notes
    -----
    Every draw is judged by itself, with its own variances, τ² and δ. The two kinds of
    uncertainty add up by the law of total variance: E[V(weights)] is sampling, the variance
    of the score over the draws is method. Adding half-ranges instead counts neither.
    """
    params = weighing.settings.measures.sensitivity
    default = weighing.weights
    drawn = drawn_weights(default, params.draws, params.weight_sd, params.seed)
    judged = weighing.judged(np.vstack([default, drawn]))
    low, high = np.quantile(drawn, RANGE, axis=0)
    weights = pd.DataFrame(
        {
            "indicator": weighing.indicators,
            "weight": default,
            "weight_low": low,
            "weight_high": high,
            "weight_sd": drawn.std(axis=0),
            "silence": weighing.silence,
        }
    )
    return WeightEffects(
        sections=_movements(weighing.codes, judged),
        weights=weights,
        changed=judged.changed[1:].sum(axis=1),
        judged=judged.both[1:].sum(axis=1),
    )


def _movements(codes: list[str], judged: Judged) -> pd.DataFrame:
    """A row a section; the first weighing is that of params, the others are draws."""
    score, variance, side = judged.scores.score[1:], judged.scores.variance[1:], judged.side[1:]
    there = np.isfinite(score)
    count = there.sum(axis=0)
    sampling = _over_draws(variance, count)
    method = _over_draws((score - _over_draws(score, count)) ** 2, count)
    low, high = _quantiles(score, there)
    default = judged.side[0]
    return pd.DataFrame(
        {
            "school_code": codes,
            "score": judged.scores.score[0],
            "score_low": low,
            "score_high": high,
            "sampling_sd": np.sqrt(sampling),
            "method_sd": np.sqrt(method),
            "total_sd": np.sqrt(sampling + method),
            "standing": [SIDES[one] for one in default],
            **{SIDES[one]: (side == one).mean(axis=0) for one in (ABOVE, SAME, BELOW, NONE)},
            "kept": 1.0 - _over_draws(judged.changed[1:].astype(float), judged.both[1:].sum(axis=0)),
        }
    )


def _over_draws(figures: Floats, count: npt.NDArray[np.int64]) -> Floats:
    """(J,) mean over the draws in which there is a score; NaN where there is none."""
    mean: Floats = np.divide(
        np.nansum(figures, axis=0), count, out=np.full(len(count), np.nan), where=count > 0
    )
    return mean


def _quantiles(score: Floats, there: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    some = there.any(axis=0)
    found = np.full((2, score.shape[1]), np.nan)
    found[:, some] = np.nanquantile(score[:, some], RANGE, axis=0)
    return found[0], found[1]


def weight_importance(weighing: Weighing, school_code: str | None = None) -> pd.DataFrame:
    """Which weights matter: Sobol indices of the standings that change, or of one section's score.

    Parameters
    ----------
    weighing
        The dimension; its settings say how far weights vary and from how many points
        (a power of two) the indices come.
    school_code
        The section whose score is asked about; None asks about the number of standings
        that differ from those of params.

    Returns
    -------
    One row an indicator: `indicator`, `first_order` (the share of the variance that goes
    with this weight alone) and `total` (with all that it does together with others). Both 0
    where nothing moves; missing where the section has none of the indicators. A draw that
    leaves what counts less than half of the weight is asked all the same.

    Notes
    -----
    Weights of one dimension sum to 1 and are not independent; Sobol indices ask for
    independent inputs. A Dirichlet draw is independent gamma draws over their sum, and the
    indices are those of the gamma draws. By `scipy.stats.sobol_indices` (Saltelli et al.
    2010), scrambled Sobol' points. From n points an index of 0 may come out a few hundredths
    off, below 0 too.

    Raises
    ------
    KeyError
        The stage has no such section.
    """
    params = weighing.settings.measures.sensitivity
    default = weighing.weights
    concentration = _concentration(len(default), params.weight_sd)
    names = pd.Series(weighing.indicators, name="indicator")
    if not np.isfinite(concentration):
        return pd.DataFrame({"indicator": names, "first_order": 0.0, "total": 0.0})
    section = None if school_code is None else _position(weighing.codes, school_code)
    first_judged = weighing.judged(default[None, :]).side[0] != NONE
    whole = weighing.with_composite(weight_minimum=0.0)

    def outcome(gammas: Floats) -> Floats:
        if section is None:
            changed = whole.judged(np.vstack([default, gammas.T])).changed[1:, first_judged]
            count: Floats = changed.sum(axis=1)[None, :].astype(float)
            return count
        return whole.scores(gammas.T).score[:, section][None, :]

    found = stats.sobol_indices(
        func=outcome,
        n=params.sobol_points,
        dists=[stats.gamma(a=concentration * weight) for weight in default],
        rng=np.random.default_rng(params.seed),
    )
    first, total = np.ravel(found.first_order), np.ravel(found.total_order)
    if section is not None and not np.isfinite(whole.scores(default[None, :]).score[0, section]):
        first, total = np.full(len(names), np.nan), np.full(len(names), np.nan)
    return pd.DataFrame({"indicator": names, "first_order": first, "total": total})


def _position(codes: list[str], school_code: str) -> int:
    if school_code not in codes:
        raise KeyError(school_code)
    return codes.index(school_code)
