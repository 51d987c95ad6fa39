"""Standings of many weighings of the same sections at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import elementwise

from evalib.combining import Scores
from evalib.settings import Settings
from evalib.statistics.posterior import standing_probabilities

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]

# Where a section stands, clearly or probably; NONE where it is not judged.
BELOW, SAME, ABOVE, NONE = -1, 0, 1, 9
SIDES = {ABOVE: "above", SAME: "not_distinguishable", BELOW: "below", NONE: "none"}

# τ² is looked for at 0 and on this grid, in units of all that could be there, then between two points.
_GRID = np.concatenate([[0.0], np.geomspace(1e-6, 10.0, 22)])


def sides(now: Scores, earlier: Sequence[Scores], settings: Settings) -> Sides:
    """Above the district, below it or not told apart from it, judged anew in every weighing.

    Parameters
    ----------
    now
        The year judged.
    earlier
        The years before, of the same weighings, which steady the between-section variance
        where few sections are judged.

    Returns
    -------
    (R, J) `ABOVE`, `SAME`, `BELOW`, or `NONE` where a section is not judged.

    Notes
    -----
    As in `scoring.add_standings`: τ² by REML, the posterior of d_j = (e_j − w)ᵀθ, and a
    side where P(|d_j| > δ) is at least `probable`. Clearly and probably are one side:
    what a claim rests on is asked here, not how surely it is made.
    """
    standing = settings.measures.standing
    used = now.judged(settings)
    enough = used.sum(axis=1) >= standing.minimum_sections
    few = used.sum(axis=1) < standing.pooled_below_sections
    groups = [(now.difference, now.variance, used & enough[:, None])]
    for then in earlier:
        there = then.judged(settings)
        taken = few & (there.sum(axis=1) >= standing.minimum_sections)
        groups.append((then.difference, then.variance, there & taken[:, None]))
    tau2 = between_variances(groups)
    mean, sd = _differences(now, used, tau2)
    above, below = standing_probabilities(mean, sd, np.where(used, now.smallest, 0.0))
    side = np.select([above >= standing.probable, below >= standing.probable], [ABOVE, BELOW], SAME)
    return np.where(used & enough[:, None], side, NONE).astype(np.int8)


def between_variances(groups: Sequence[tuple[Floats, Floats, Flags]]) -> Floats:
    """τ² by REML for each of R weighings.

    Parameters
    ----------
    groups
        (y, v, used), one a year: (R, J) figures, sampling variances, and which of them count.

    Returns
    -------
    (R,) what `posterior.between_variance` gives for each weighing; 0 where fewer than two
    figures count.

    Notes
    -----
    `posterior_draws.between_variances` serves simulated districts that share their sampling
    variances; here every weighing has its own.

    Examples
    --------
    >>> y = np.array([[-3.0, -1.0, 1.0, 3.0, np.nan]])
    >>> between_variances([(y, np.ones((1, 5)), np.isfinite(y))]).round(6)
    array([5.666667])
    """
    kept = [
        (np.where(used, y, 0.0), np.where(used, v, 1.0), used.astype(float))
        for y, v, used in groups
        if used.any()
    ]
    draws = len(groups[0][0])
    if not kept:
        return np.zeros(draws)
    reach = np.max([_reach(*group) for group in kept], axis=0)
    criterion = np.stack([_criterion(kept, share * reach) for share in _GRID])
    best = criterion.argmin(axis=0)
    low = _GRID[np.maximum(best - 1, 0)] * reach
    high = _GRID[np.minimum(best + 1, len(_GRID) - 1)] * reach
    rows = np.flatnonzero((_slope(kept, low) < 0) & (_slope(kept, high) > 0))
    tau2 = np.zeros(draws)
    if len(rows):
        found = elementwise.find_root(
            lambda at, row: _slope([tuple(one[row] for one in group) for group in kept], at),
            (low[rows], high[rows]),
            args=(rows,),
            tolerances={"xrtol": 1e-9, "fatol": 0.0},
        )
        tau2[rows] = found.x
    return tau2


def _reach(y: Floats, v: Floats, used: Floats) -> Floats:
    """(R,) more than the figures can differ by, squared."""
    there = used > 0
    widest = np.where(there, y, -np.inf).max(axis=1) - np.where(there, y, np.inf).min(axis=1)
    reach: Floats = np.where(there.any(axis=1), widest, 0.0) ** 2 + (v * used).max(axis=1)
    return reach


def _criterion(groups: Sequence[tuple[Floats, ...]], tau2: Floats) -> Floats:
    """(R,) Σ log(v + τ²) + log Σp + Σ p(y − μ̂)², p = 1/(v + τ²), over the years."""
    total = np.zeros(len(tau2))
    for y, v, used in groups:
        spread = v + tau2[:, None]
        precision = used / spread
        summed = precision.sum(axis=1)
        there = summed > 0
        safe = np.where(there, summed, 1.0)
        mean = (precision * y).sum(axis=1) / safe
        square = (precision * y * y).sum(axis=1) - mean**2 * safe
        total += (used * np.log(spread)).sum(axis=1) + np.log(safe) + square * there
    return total


def _slope(groups: Sequence[tuple[Floats, ...]], tau2: Floats) -> Floats:
    """(R,) derivative of `_criterion`."""
    total = np.zeros(len(tau2))
    for y, v, used in groups:
        precision = used / (v + tau2[:, None])
        summed = precision.sum(axis=1)
        safe = np.where(summed > 0, summed, 1.0)
        residual = precision * (y - ((precision * y).sum(axis=1) / safe)[:, None])
        total += summed - (precision**2).sum(axis=1) / safe - (residual**2).sum(axis=1)
    return total


def _differences(now: Scores, used: Flags, tau2: Floats) -> tuple[Floats, Floats]:
    """(R, J) posterior mean and sd of d_j; see `posterior.SectionPosterior.difference`."""
    y, v = np.where(used, now.difference, 0.0), np.where(used, now.variance, 1.0)
    pupils = np.where(used, now.n, 0.0)
    w = pupils / np.maximum(pupils.sum(axis=1, keepdims=True), 1.0)
    precision = used / (v + tau2[:, None])
    total = precision.sum(axis=1, keepdims=True)
    total = np.where(total > 0, total, 1.0)
    reliability = precision * tau2[:, None]
    deviation = reliability * (y - (precision * y).sum(axis=1, keepdims=True) / total)
    own = reliability * v
    lean = (reliability * w).sum(axis=1, keepdims=True) - reliability
    variance = own * (1.0 - 2.0 * w) + (own * w**2).sum(axis=1, keepdims=True) + lean**2 / total
    mean = deviation - (deviation * w).sum(axis=1, keepdims=True)
    return np.where(used, mean, 0.0), np.sqrt(np.where(used, np.maximum(variance, 0.0), 0.0))
