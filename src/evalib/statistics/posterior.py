"""Standings: which sections differ from their reference, given how much sections differ at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]


def between_variance(groups: Sequence[tuple[Floats, Floats]]) -> float:
    """How much sections truly differ: τ² by REML, sampling variances known.

    Parameters
    ----------
    groups
        (y, v) pairs, one a year: (J,) figures and their (J,) sampling variances. Each
        year has its own mean, all have one τ².

    Returns
    -------
    τ², 0 if the figures differ no more than their sampling variances let expect.

    Raises
    ------
    ValueError
        No group, fewer than two sections in one, shapes that do not agree, a missing
        figure, or a sampling variance that is not positive.

    Notes
    -----
    The lowest point of Σ_groups [Σ log(v + τ²) + log Σ 1/(v + τ²) + Σ (y − μ̂)²/(v + τ²)],
    found as a root of its derivative. The variance of the figures themselves is not τ²:
    for small sections it is mostly sampling error.

    Examples
    --------
    >>> even = np.full(4, 1.0)
    >>> round(between_variance([(np.array([-3.0, -1.0, 1.0, 3.0]), even)]), 6)
    5.666667
    """
    if not groups:
        raise ValueError("there is no group of sections to compare")
    checked = [_figures(y, v) for y, v in groups]
    largest = max(float(np.ptp(y)) ** 2 + float(v.max()) for y, v in checked)
    grid = largest * np.logspace(-10, 1, 45)
    slopes = [_slope(checked, tau2) for tau2 in (0.0, *grid)]
    points = [0.0, *grid]
    candidates = [0.0] if slopes[0] >= 0 else []
    for low, high, before, after in zip(points, points[1:], slopes, slopes[1:], strict=False):
        if before < 0 <= after:
            candidates.append(
                float(brentq(lambda tau2: _slope(checked, tau2), low, high, xtol=1e-14 * largest))
            )
    return min(candidates, key=lambda tau2: _criterion(checked, tau2))


def least_between_variance(groups: Sequence[tuple[Floats, Floats]], level: float = 0.95) -> float:
    """The smallest τ² that the figures leave believable, for claims that must not rest on luck.

    Parameters
    ----------
    groups
        As in `between_variance`.
    level
        Probability that τ² is larger, between .5 and 1.

    Returns
    -------
    Lower one-sided limit by the profile of the restricted likelihood, often 0.

    Raises
    ------
    ValueError
        As `between_variance`, or `level` is out of range.

    Notes
    -----
    The τ² below the best one at which −2 log-likelihood is higher by z², z the normal
    quantile of `level`. The best τ² itself is too large half of the time, and it is then
    that most claims are made.

    Examples
    --------
    >>> y = np.array([-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0])
    >>> round(least_between_variance([(y, np.full(7, 1.0))]), 2)
    7.22
    """
    if not 0.5 < level < 1:
        raise ValueError(f"a lower limit needs a level between 0.5 and 1, not {level}")
    best = between_variance(groups)
    checked = [_figures(y, v) for y, v in groups]
    highest = _criterion(checked, best) + float(ndtri(level)) ** 2
    if _criterion(checked, 0.0) <= highest:
        return 0.0
    return float(brentq(lambda tau2: _criterion(checked, tau2) - highest, 0.0, best, xtol=1e-12 * best))


@dataclass(frozen=True)
class SectionPosterior:
    """Where the sections' true figures may lie together, given what was measured.

    θ_j = centre + deviation_j + √own_variance_j z_j + (1 − reliability_j) √centre_variance z₀,
    all z independent and standard normal. Leading axes, where there are any, are repeated
    districts.

    Attributes
    ----------
    centre, centre_variance
        (…) estimated mean of the sections μ̂ and its variance.
    deviation
        (…, J) posterior mean less the centre, r(y − μ̂).
    own_variance
        (…, J) rV: the uncertainty that a section does not share with the others.
    reliability
        (…, J) r = τ²/(τ² + V).
    """

    centre: Floats
    centre_variance: Floats
    deviation: Floats
    own_variance: Floats
    reliability: Floats

    def difference(self, w: Floats) -> tuple[Floats, Floats]:
        """(…, J) mean and sd of d_j = θ_j − Σ w_k θ_k, for (J,) weights w that sum to 1."""
        reference = self.deviation @ w
        # (e_j − w)ᵀ(1 − r), written so that τ² = 0 gives an exact 0.
        lean = (self.reliability @ w)[..., None] - self.reliability
        variance = self.own_variance * (1.0 - 2.0 * w) + (self.own_variance @ w**2)[..., None]
        variance = variance + lean**2 * np.asarray(self.centre_variance)[..., None]
        return self.deviation - reference[..., None], np.sqrt(np.maximum(variance, 0.0))


def section_posterior(y: Floats, v: Floats, tau2: npt.ArrayLike) -> SectionPosterior:
    """What the measured figures say of the sections' true ones, all together.

    Parameters
    ----------
    y
        (…, J) figures, without missing ones.
    v
        (J,) their sampling variances, positive.
    tau2
        (…) between-section variance, see `between_variance`.

    Notes
    -----
    y_j ~ N(θ_j, V_j), θ_j ~ N(μ, τ²), μ flat. With r = τ²/(τ² + V), the posterior of θ
    has mean μ̂ + r(y − μ̂) and covariance diag(rV) + (1 − r)(1 − r)ᵀ var(μ̂).

    Examples
    --------
    >>> section_posterior(np.array([0.0, 2.0]), np.array([1.0, 1.0]), 1.0).deviation
    array([-0.5,  0.5])
    """
    tau2 = np.asarray(tau2, dtype=float)
    precision = 1.0 / (v + tau2[..., None])
    total = precision.sum(axis=-1)
    centre = (precision * y).sum(axis=-1) / total
    reliability = tau2[..., None] * precision
    return SectionPosterior(
        centre=centre,
        centre_variance=1.0 / total,
        deviation=reliability * (y - centre[..., None]),
        own_variance=reliability * v,
        reliability=reliability,
    )


def posterior_differences(y: Floats, v: Floats, w: Floats, tau2: float) -> tuple[Floats, Floats]:
    """How far each section lies from the reference, as far as its figure can tell.

    Parameters
    ----------
    y, v
        (J,) figures and their sampling variances.
    w
        (J,) weights of the reference, which sum to 1; the section is in it.
    tau2
        Between-section variance, see `between_variance`.

    Returns
    -------
    mean, sd
        (J,) of d_j = θ_j − Σ w_k θ_k given the figures; both 0 everywhere if τ² is 0.

    Raises
    ------
    ValueError
        Shapes that do not agree, a missing figure, a sampling variance that is not
        positive, weights that are negative or do not sum to 1, or a negative τ².

    Notes
    -----
    From the joint posterior, see `section_posterior`.

    τ² and V are taken as known. From one year of few sections τ² is not: with 25 of
    them, fewer of the sections called "clearly above" deserve it than their
    probabilities say (simulated: 74 to 91 % at a between-section SD of .10 to .12 pupil
    SD, 91 to 96 % at .15). Pooling three years mends that for scores. For rates near the
    ends V also falls where the rate is high by chance; there the share stays at 56 to
    93 % between SDs of .10 and .15, whether of 24 sections or of 100.
    """
    y, v = _figures(y, v)
    w = _weights(w, len(y))
    if not tau2 >= 0:
        raise ValueError(f"a between-section variance cannot be {tau2}")
    return section_posterior(y, v, tau2).difference(w)


def standing_probabilities(mean: Floats, sd: Floats, delta: float | Floats) -> tuple[Floats, Floats]:
    """How probable it is that a difference matters, upwards and downwards.

    Parameters
    ----------
    mean, sd
        Posterior mean and sd of the differences; NaN gives NaN. Turn the sign of
        `mean` where lower is better.
    delta
        The smallest difference that matters, not negative, in the figure's unit; one
        for all, or (J,) one a section.

    Returns
    -------
    P(d > δ), P(d < −δ); with sd 0 each is 1 or 0.

    Raises
    ------
    ValueError
        `delta` or an sd is negative.

    Examples
    --------
    >>> above, below = standing_probabilities(np.array([0.1, 0.0]), np.array([0.05, 0.0]), 0.1)
    >>> above, below.round(4)
    (array([0.5, 0. ]), array([0., 0.]))
    """
    mean, sd = np.asarray(mean, dtype=float), np.asarray(sd, dtype=float)
    if not np.all(np.asarray(delta) >= 0):
        raise ValueError("the smallest difference that matters is missing or negative")
    if np.any(sd < 0):
        raise ValueError("a standard deviation cannot be negative")
    return _beyond(mean - delta, sd), _beyond(-mean - delta, sd)


def largest_set(probability: Floats, false_share: float) -> npt.NDArray[np.bool_]:
    """Which claims may be made together, when only so many of them may be false.

    Parameters
    ----------
    probability
        (J,) how probable each claim is; NaN for one that is not made.
    false_share
        Highest mean of 1 − P over the claims kept, 0 to 1.

    Returns
    -------
    (J,) the largest set of claims whose mean 1 − P is at most `false_share`; of equal
    probabilities the first.

    Raises
    ------
    ValueError
        `false_share` is not between 0 and 1.

    Notes
    -----
    The most probable claims come first, so that the mean only grows; a claim kept may be
    less probable than 1 − `false_share` itself. Müller, Parmigiani, Robert and Rousseau
    (2004), Journal of the American Statistical Association 99, 990–1001. Tempting, and
    something else: P ≥ 1 − `false_share` one by one, which is stricter.

    Examples
    --------
    >>> largest_set(np.array([0.99, 0.80, 0.92, np.nan]), 0.05)
    array([ True, False,  True, False])
    """
    probability = np.asarray(probability, dtype=float)
    if not 0 <= false_share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not at {false_share}")
    made = int(np.isfinite(probability).sum())
    order = np.argsort(-probability, kind="stable")[:made]
    mean = np.cumsum(1.0 - probability[order]) / np.arange(1, made + 1)
    kept = np.zeros(probability.shape, dtype=bool)
    # Rounding of the sum must not cost a claim.
    kept[order[: int((mean <= false_share + 1e-12).sum())]] = True
    return kept


def difference_variance(v: Floats, w: Floats) -> Floats:
    """Sampling variance of each section's printed difference from a reference it is part of.

    Parameters
    ----------
    v
        (J,) sampling variances of independent sections.
    w
        (J,) weights of the reference, which sum to 1.

    Returns
    -------
    (J,) (1 − 2w_j)V_j + Σ w_k² V_k.

    Raises
    ------
    ValueError
        Shapes that do not agree, a missing or negative variance, or weights that are
        negative or do not sum to 1.

    Examples
    --------
    >>> difference_variance(np.array([1.0, 1.0]), np.array([0.5, 0.5]))
    array([0.5, 0.5])
    """
    v = np.asarray(v, dtype=float)
    if v.ndim != 1 or not np.isfinite(v).all() or np.any(v < 0):
        raise ValueError("sampling variances must be a list of numbers that are not negative")
    w = _weights(w, len(v))
    variance: Floats = (1.0 - 2.0 * w) * v + w**2 @ v
    return variance


def _beyond(distance: Floats, sd: Floats) -> Floats:
    certain = sd == 0
    ratio = np.divide(distance, sd, out=np.zeros(np.broadcast(distance, sd).shape), where=~certain)
    probability: Floats = np.where(certain & np.isfinite(distance), distance > 0, ndtr(ratio))
    return np.where(np.isnan(distance) | np.isnan(sd), np.nan, probability)


def _slope(groups: Sequence[tuple[Floats, Floats]], tau2: float) -> float:
    """Derivative of `_criterion`: Σ [Σ p − Σp²/Σp − Σ p²(y − μ̂)²], p = 1/(v + τ²)."""
    total = 0.0
    for y, v in groups:
        precision = 1.0 / (v + tau2)
        residual = y - precision @ y / precision.sum()
        total += float(
            precision.sum()
            - precision @ precision / precision.sum()
            - (precision * residual) @ (precision * residual)
        )
    return total


def _criterion(groups: Sequence[tuple[Floats, Floats]], tau2: float) -> float:
    total = 0.0
    for y, v in groups:
        precision = 1.0 / (v + tau2)
        residual = y - precision @ y / precision.sum()
        total += math.log(precision.sum()) - float(np.log(precision).sum()) + float(precision @ residual**2)
    return total


def _figures(y: Floats, v: Floats) -> tuple[Floats, Floats]:
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    if y.ndim != 1 or y.shape != v.shape:
        raise ValueError(
            f"figures and variances must be two lists of one length, not {y.shape} and {v.shape}"
        )
    if len(y) < 2:
        raise ValueError("a comparison needs at least two sections")
    if not np.isfinite(y).all():
        raise ValueError("a figure is missing or infinite; leave that section out first")
    if not (np.isfinite(v).all() and np.all(v > 0)):
        raise ValueError(
            "a sampling variance is missing, infinite or not positive; leave that section out first"
        )
    return y, v


def _weights(w: Floats, sections: int) -> Floats:
    w = np.asarray(w, dtype=float)
    if w.shape != (sections,):
        raise ValueError(f"the reference needs one weight a section, not shape {w.shape}")
    if not (np.isfinite(w).all() and np.all(w >= 0) and abs(w.sum() - 1.0) < 1e-9):
        raise ValueError("the weights of the reference must not be negative and must sum to 1")
    return w
