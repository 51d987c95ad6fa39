"""社会认可度: which share of a group of people is satisfied, asked school by school or as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Satisfied:
    """A share with its interval, 0 to 1; the interval is NaN where none can be given."""

    share: float
    low: float
    high: float


def satisfied_share(
    population: Floats,
    answered: Floats,
    satisfied: Floats,
    drawn: Bools,
    *,
    sampled_schools: bool,
    interval_schools: int,
    level: float = 0.95,
) -> Satisfied:
    """Which share of a group is satisfied, and between which ends it may lie.

    Parameters
    ----------
    population
        (J,) N_j, people of the group at each school, above 0; one entry where the district was
        asked as a whole.
    answered, satisfied
        (J,) a_j above 0, and x_j of them.
    drawn
        (J,) whether those who were asked were drawn at random.
    sampled_schools
        Whether these are some schools of all, not all of them.
    interval_schools
        Fewest sampled schools for an interval.
    level
        Probability of the interval, between 0 and 1.

    Returns
    -------
    The share, and p ± q·√variance within 0 and 1; q is the normal quantile, for sampled schools
    Student's with J − 1 degrees of freedom.

    Raises
    ------
    ValueError
        Shapes do not agree, there is no school, or counts are missing or impossible.

    Notes
    -----
    With N = Σ N_j, p_j = x_j/a_j and p̃_j = (x_j + 2)/(a_j + 4),

        p = Σ N_j p_j / N,
        variance = Σ (N_j/N)² s_j²(1 − f_j)/a_j,        s_j² = p̃_j(1 − p̃_j),   all schools,
        variance = J/(J − 1) Σ z_j²,                    z_j = N_j(p_j − p)/N,   sampled schools,

    and f_j = a_j/N_j where people were drawn at random, else 0: those who chose to answer are
    no random part of the others. The smoothed share stands in the variance alone, where it
    keeps a school in which everybody is satisfied from counting as certain. Tempting, and
    wrong: p̃_j in the estimate too, which draws every school towards one half; with 92 %
    satisfied and 25 answers a school the estimate falls by 6 points, and its interval
    covers the truth almost never (tests/measures/test_satisfaction_proof.py).

    Examples
    --------
    >>> one = satisfied_share(np.array([800.0]), np.array([400.0]), np.array([360.0]), np.array([True]),
    ...     sampled_schools=False, interval_schools=6)
    >>> round(one.share, 3), round(one.low, 3), round(one.high, 3)
    (0.9, 0.879, 0.921)
    """
    population, answered, satisfied = (
        np.asarray(one, dtype=float) for one in (population, answered, satisfied)
    )
    _check(population, answered, satisfied, np.asarray(drawn))
    share = satisfied / answered
    part = population / population.sum()
    p = float(part @ share)
    quantile = float(ndtri(0.5 + level / 2.0))
    if sampled_schools:
        schools = len(population)
        if schools < max(interval_schools, 2):
            return Satisfied(p, np.nan, np.nan)
        variance = schools / (schools - 1) * float(np.sum((part * (share - p)) ** 2))
        quantile = float(stdtrit(schools - 1, 0.5 + level / 2.0))
    else:
        smoothed = (satisfied + 2.0) / (answered + 4.0)
        asked = np.where(drawn, np.minimum(answered / population, 1.0), 0.0)
        variance = float(np.sum(part**2 * smoothed * (1.0 - smoothed) * (1.0 - asked) / answered))
    reach = quantile * float(np.sqrt(variance))
    return Satisfied(p, max(p - reach, 0.0), min(p + reach, 1.0))


def _check(population: Floats, answered: Floats, satisfied: Floats, drawn: Bools) -> None:
    shapes = {one.shape for one in (population, answered, satisfied, drawn)}
    if len(shapes) > 1 or population.ndim != 1 or not len(population):
        raise ValueError("a share of those satisfied needs counts of one or more schools")
    counts = np.concatenate([population, answered, satisfied])
    if not np.all(np.isfinite(counts)):
        raise ValueError("a count is missing")
    if np.any(population <= 0) or np.any(answered <= 0):
        raise ValueError("a school without people, or without answers, has no share")
    if np.any(satisfied < 0) or np.any(satisfied > answered):
        raise ValueError("no more people can be satisfied than answered")
