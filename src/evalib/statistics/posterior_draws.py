"""What is read off simulated districts: rank intervals, and how many are called by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from evalib.statistics.posterior import section_posterior

Floats = npt.NDArray[np.float64]

# Figures drawn for one indicator: of more than 500 sections fewer than 2,000 draws, which is enough
# there, since a rank among many is less jumpy and a number called is an average over many.
MOST_RANKED = 1_000_000
MOST_CALLED = 200_000


@dataclass(frozen=True)
class Ranks:
    """Where each section may stand in the order of all, 1 the best.

    Attributes
    ----------
    low, high
        (J,) best and worst place of the interval.
    top_quarter
        (J,) probability of being among the best J/4.
    """

    low: Floats
    high: Floats
    top_quarter: Floats


def rank_intervals(
    y: Floats,
    v: Floats,
    tau2: float,
    *,
    higher_is_better: bool = True,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Ranks:
    """How little of a section's rank is known.

    Parameters
    ----------
    y, v
        (J,) figures and their sampling variances, none missing.
    tau2
        Between-section variance, see `posterior.between_variance`.
    higher_is_better
        Whether rank 1 is the highest figure.
    draws, seed
        Districts drawn from the joint posterior (fewer where there are very many
        sections), and the seed of the draws.
    level
        Probability of the interval.

    Returns
    -------
    Interval of ranks and P(top quarter), the quarter being the best ⌊J/4⌋. Where τ² is 0
    nothing is known of the order: 1 to J, and a quarter's share for everyone.

    Raises
    ------
    ValueError
        `draws` is not positive or `level` not between 0 and 1.

    Notes
    -----
    Tempting, and wrong: ranking the posterior means, or each section's rank with the
    others held at theirs; both ignore that the others are uncertain as well.

    Examples
    --------
    >>> found = rank_intervals(np.array([0.0, 9.0, 5.0, 1.0]), np.full(4, 0.01), 10.0)
    >>> found.low, found.top_quarter
    (array([4., 1., 2., 3.]), array([0., 1., 0., 0.]))
    """
    if draws < 1 or not 0 < level < 1:
        raise ValueError("rank intervals need draws, and a level between 0 and 1")
    sections = len(y)
    best = sections // 4
    if tau2 == 0:
        everyone = np.ones(sections)
        return Ranks(everyone, everyone * sections, everyone * best / max(sections, 1))
    posterior = section_posterior(y, v, tau2)
    rng = np.random.default_rng(seed)
    count = _affordable(draws, sections, MOST_RANKED)
    # Single precision, and ranks in few bytes: sorting is what takes the time.
    theta = rng.standard_normal((count, sections), dtype=np.float32)
    theta *= np.sqrt(posterior.own_variance).astype(np.float32)
    common = np.sqrt(posterior.centre_variance) * rng.standard_normal((count, 1))
    theta += posterior.deviation.astype(np.float32)
    theta += (common * (1.0 - posterior.reliability)).astype(np.float32)
    order = np.argsort(-theta if higher_is_better else theta, axis=1)
    rank = np.empty((count, sections), dtype=np.min_scalar_type(sections))
    np.put_along_axis(rank, order, np.arange(1, sections + 1, dtype=rank.dtype)[None, :], axis=1)
    ordered = np.sort(np.ascontiguousarray(rank.T), axis=1, kind="stable")
    # A rank is whole: the interval runs from one that was drawn to one that was drawn.
    outside = int(np.floor((1.0 - level) / 2.0 * count))
    low, high = ordered[:, outside], ordered[:, count - 1 - outside]
    return Ranks(low.astype(float), high.astype(float), (ordered <= best).mean(axis=1))


def called_by_chance(
    v: Floats,
    w: Floats,
    delta: float | Floats,
    *,
    probable: float,
    tau2: float | None = None,
    earlier: Sequence[Floats] = (),
    draws: int = 400,
    seed: int = 0,
) -> Floats:
    """How probable each section is to be called different though nothing differs.

    Parameters
    ----------
    v, w
        (J,) sampling variances and weights of the reference.
    delta
        The smallest difference that matters: one for all, or (J,).
    probable
        From which posterior probability a difference is called one.
    tau2
        A between-section variance that was not estimated from these figures; None
        estimates it anew in every simulated district, as it was for the real one.
    earlier
        Sampling variances of earlier years that the estimate is pooled with.
    draws, seed
        Simulated districts (fewer where there are very many sections), and their seed.

    Returns
    -------
    (J,) share of the simulated districts in which the section was called above or below.
    Their sum is the number of sections expected to be called by chance.

    Notes
    -----
    Figures are drawn from N(0, V): all sections truly alike. Then everything is done as
    for the real district. Tempting, and wrong: 5 % of the sections, which is what tests at
    5 % would call; a posterior that shrinks calls far fewer, when nothing differs.
    """
    sections = len(v)
    rng = np.random.default_rng(seed)
    count = _affordable(draws, sections, MOST_CALLED)
    y = np.sqrt(v) * rng.standard_normal((count, sections))
    if tau2 is None:
        groups = [(y, v)] + [(np.sqrt(u) * rng.standard_normal((count, len(u))), u) for u in earlier]
        between = between_variances(groups)
    else:
        between = np.full(count, tau2)
    mean, sd = section_posterior(y, v, between).difference(w)
    called: Floats = (np.abs(mean) - delta > ndtri(probable) * sd).mean(axis=0)
    return called


def between_variances(groups: Sequence[tuple[Floats, Floats]]) -> Floats:
    """τ² of many simulated districts at once, near enough for counting.

    Parameters
    ----------
    groups
        (y, v) pairs, one a year: (R, J) figures of R districts and the (J,) sampling
        variances that they share.

    Returns
    -------
    (R,) the lowest point of the criterion of `posterior.between_variance` on a grid,
    mended by one straight line through its derivative: within a few percent of itself
    or of the median sampling variance.

    Examples
    --------
    >>> y = np.array([[-3.0, -1.0, 1.0, 3.0], [0.0, 0.1, 0.2, 0.1]])
    >>> between_variances([(y, np.full(4, 1.0))]).round()
    array([6., 0.])
    """
    every = np.concatenate([v for _, v in groups])
    widest = max(float(np.ptp(y, axis=1).max()) ** 2 for y, _ in groups) + float(every.max())
    grid = np.concatenate([[0.0], np.geomspace(1e-4 * float(np.median(every)), widest, 60)])
    criterion = np.zeros((len(groups[0][0]), len(grid)))
    slope = np.zeros_like(criterion)
    for y, v in groups:
        precision = 1.0 / (v[:, None] + grid)
        total, total2 = precision.sum(axis=0), (precision**2).sum(axis=0)
        mean = y @ precision / total
        criterion += np.log(total) - np.log(precision).sum(axis=0) + y**2 @ precision - mean**2 * total
        square = y**2 @ precision**2 - 2.0 * mean * (y @ precision**2) + mean**2 * total2
        slope += total - total2 / total - square
    at = criterion.argmin(axis=1)
    row = np.arange(len(at))
    # The root lies towards where the derivative has the other sign.
    other = np.clip(np.where(slope[row, at] < 0, at + 1, at - 1), 0, len(grid) - 1)
    here, there = slope[row, at], slope[row, other]
    share = np.divide(here, here - there, out=np.zeros(len(at)), where=here * there < 0)
    between: Floats = grid[at] + share * (grid[other] - grid[at])
    return between


def _affordable(draws: int, sections: int, most: int) -> int:
    return max(1, min(draws, most // max(sections, 1)))
