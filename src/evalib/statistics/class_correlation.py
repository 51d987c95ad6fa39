"""How alike classmates are, from a nested model, with what the data leave open about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evalib.statistics.multilevel import MultilevelFit
from evalib.statistics.profiled_deviance import ProfiledDeviance

Floats = npt.NDArray[np.float64]

# With more classes beyond the first of each section the correlation is known well enough as it is.
_MANY_CLASSES = 200
_NODES = 12
# exp(−10): what lies beyond this rise of the deviance weighs nothing.
_FAR = 20.0


def class_correlation(fit: MultilevelFit) -> float:
    """Correlation of classmates of a section, σ²_c / (σ²_c + σ²_e), allowing for its uncertainty.

    Parameters
    ----------
    fit
        A nested fit: classes within sections.

    Returns
    -------
    The mean of the correlation over the likelihood (REML or ML, as fitted) of both
    variance ratios, above 0 and below 1.

    Raises
    ------
    ValueError
        The fit has no classes.

    Notes
    -----
    A section's class variance is not seen in the section itself, so a variance of its
    mean rests on this figure. Classes of different grades of a section speak for it
    too, once grades have intercepts of their own: where most grades have a single class,
    pooling within grades knows it half as well. Taken at its most likely value it is
    right on average and yet intervals cover too little, since a variance that comes out
    too small costs more hits than one too large by as much gains; the mean over a skewed
    likelihood is larger, and makes up for it. Priors are flat in the variance ratios.
    """
    if not fit.sums.nested:
        raise ValueError("the fit has no classes; there is no class correlation")
    ratios = fit.variance_section / fit.variance_residual, fit.variance_class / fit.variance_residual
    at_best = ratios[1] / (1.0 + ratios[1])
    if fit.n_classes - fit.n_sections > _MANY_CLASSES and ratios[1] > 0:
        return at_best
    criterion = ProfiledDeviance(fit.sums.centred(), reml=fit.method == "REML")
    best = criterion.at(*ratios).deviance
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)

    def spread(rise: Callable[[float], float], at: float) -> Floats:
        low, high = _reach(rise, at, -1.0), _reach(rise, at, 1.0)
        return low + (high - low) * (nodes + 1.0) / 2.0

    of_section = spread(lambda ratio: criterion.at(ratio, ratios[1]).deviance - best, ratios[0])
    of_class = spread(lambda ratio: criterion.at(ratios[0], ratio).deviance - best, ratios[1])
    rise = np.array([[criterion.at(one, other).deviance for other in of_class] for one in of_section]) - best
    likelihood = weights * (weights @ np.exp(-rise / 2.0))
    return float(likelihood @ (of_class / (1.0 + of_class)) / likelihood.sum())


def _reach(rise: Callable[[float], float], start: float, sign: float) -> float:
    """How far from `start` the likelihood of a variance ratio is still felt; 0 at the least."""
    step = 0.25 * max(start, 0.02)
    ratio = start
    while rise(ratio) < _FAR:
        ratio += sign * step
        step *= 1.5
        if ratio <= 0.0:
            return 0.0
        if ratio > 1e4:
            break
    return ratio
