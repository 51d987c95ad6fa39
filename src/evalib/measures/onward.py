"""升段衔接: how former pupils get on in the next stage, and who goes where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.statistics.crossed_effects import fit_crossed

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What a feeder's small flows are pooled under.
OTHERS = -1
# Terms of the curve of the prior score: straight, bent, and flatter or steeper at the ends.
POWERS = (1, 2, 3)


@dataclass(frozen=True)
class OnwardEffects:
    """How far each feeder's former pupils stand apart a year into the next stage.

    Attributes
    ----------
    effect, variance
        (F,) in the outcome's unit, Σ n·effect = 0 within each component; NaN for a feeder
        without pupils or connected with no other.
    n
        (F,) former pupils in the fit.
    component
        (F,) component of the feeder–receiver graph, −1 without pupils.
    peers
        (F,) feeders in the same component, itself included; 0 without pupils.
    class_correlation
        How alike classmates in the receivers are; NaN where it cannot be known.
    pupil_variance
        Variance of one pupil's error.
    """

    effect: Floats
    variance: Floats
    n: Codes
    component: Codes
    peers: Codes
    class_correlation: float
    pupil_variance: float


def onward_effects(
    outcome: Floats,
    prior: Floats,
    feeder: Codes,
    receiver: Codes,
    class_: Codes | None,
    n_feeders: int,
) -> OnwardEffects:
    """What former pupils bring beyond their last score, compared within the schools they went to.

    Parameters
    ----------
    outcome
        (N,) normal score one year into the next stage, in pupil standard deviations.
    prior
        (N,) last normal score before leaving.
    feeder, receiver
        (N,) section each pupil left, 0 … n_feeders − 1, and school each went to, from 0.
    class_
        (N,) class in the receiver, from 0; None where none is recorded: the variance is
        then too small if classes differ.
    n_feeders
        F.

    Raises
    ------
    ValueError
        As `fit_crossed`: a value is missing, or there are too few pupils.

    Notes
    -----
    A joint least-squares fit with feeder and receiver fixed and a cubic of the prior,
    which normal scores need no more than: by construction they are without the ceilings
    of marks. The slope is that within feeder and receiver; a prior score that is not
    wholly reliable leaves a part of its feeder's level in the effect.

    Tempting, and wrong: receivers' means taken off and the rest averaged by feeder. Of a
    receiver with 80 pupils from a feeder .4 above the others and 20 from another, the
    first is credited with .08 and the second with −.32.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> prior = rng.normal(size=400)
    >>> feeder, receiver = np.repeat([0, 1], 200), np.tile([0, 1], 200)
    >>> better = 0.4 * (feeder == 0)
    >>> found = onward_effects(0.7 * prior + better, prior, feeder, receiver, None, 2)
    >>> (found.effect + 0.0).round(4)
    array([ 0.2, -0.2])
    """
    curve = np.column_stack([prior**power for power in POWERS])
    fit = fit_crossed(outcome, curve, feeder, receiver, class_, n_feeders=n_feeders)
    seen = fit.component >= 0
    together = np.bincount(fit.component[seen])
    return OnwardEffects(
        effect=fit.effect,
        variance=np.diag(fit.covariance).copy(),
        n=np.bincount(feeder, minlength=n_feeders).astype(np.int64),
        component=fit.component,
        peers=np.where(seen, together[np.where(seen, fit.component, 0)], 0).astype(np.int64),
        class_correlation=fit.class_correlation,
        pupil_variance=fit.variance,
    )


def linked_pupils(feeder: Codes, receiver: Codes, minimum: int) -> Flags:
    """Which pupils are where schools they did not come from can be compared with theirs.

    Parameters
    ----------
    feeder, receiver
        (N,) codes from 0 of where each pupil came from and went to.
    minimum
        Pupils that make a feeder count in a receiver.

    Returns
    -------
    (N,) whether the pupil's receiver has two or more feeders with that many pupils.

    Examples
    --------
    >>> linked_pupils(np.array([0, 0, 1, 1, 0]), np.array([0, 0, 0, 0, 1]), 2)
    array([ True,  True,  True,  True, False])
    """
    if not len(feeder):
        return np.zeros(0, dtype=bool)
    flow = flows(feeder, receiver)
    linked: Flags = ((flow >= minimum).sum(axis=0) >= 2)[receiver]
    return linked


def flows(feeder: Codes, receiver: Codes) -> Codes:
    """(F, R) how many pupils went from each feeder to each receiver.

    Examples
    --------
    >>> flows(np.array([0, 0, 1]), np.array([1, 1, 0]))
    array([[0, 2],
           [1, 0]])
    """
    counts = np.zeros((int(feeder.max(initial=-1)) + 1, int(receiver.max(initial=-1)) + 1), np.int64)
    np.add.at(counts, (feeder, receiver), 1)
    return counts


def feeder_matrix(counts: Codes, minimum: int) -> pd.DataFrame:
    """Where each feeder's pupils went, without a flow so small that it names pupils.

    Parameters
    ----------
    counts
        (F, R) pupils by feeder and receiver, see `flows`.
    minimum
        Fewest pupils that may be shown.

    Returns
    -------
    One row a flow shown: feeder, receiver (−1: the small flows of the feeder together),
    pupils. A feeder's small flows are pooled; where even these are too few, its
    smallest flow joins them, since the total of a feeder is no secret and the rest could
    be told by subtraction. A feeder with fewer pupils than the minimum in all has one row
    without a number.

    Examples
    --------
    >>> feeder_matrix(np.array([[40, 12, 3], [2, 0, 0]]), 10)
       feeder  receiver  pupils
    0       0         0      40
    1       0        -1      15
    2       1        -1    <NA>
    """
    rows: list[tuple[int, int, int | None]] = []
    for feeder, row in enumerate(counts):
        shown = [int(one) for one in np.argsort(-row, kind="stable") if row[one] >= minimum]
        pooled = int(row.sum() - row[shown].sum())
        while 0 < pooled < minimum and shown:
            pooled += int(row[shown.pop()])
        rows += [(feeder, receiver, int(row[receiver])) for receiver in sorted(shown)]
        if pooled:
            rows.append((feeder, OTHERS, pooled if pooled >= minimum else None))
    table = pd.DataFrame(rows, columns=["feeder", "receiver", "pupils"])
    return table.astype({"feeder": "int64", "receiver": "int64", "pupils": "Int64"})
