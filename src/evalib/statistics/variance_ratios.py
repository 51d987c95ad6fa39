"""Where the deviance of a multilevel model is lowest: its variance ratios, boundaries included."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize

from evalib.statistics.profiled_deviance import CLASS, SECTION, Elimination, ProfiledDeviance

Floats = npt.NDArray[np.float64]

_AXIS = np.logspace(-8, 5, 14)
_GRID = (1e-3, 1e-2, 1e-1, 1.0)
# Newton's steps shrink quadratically: after one below this in log λ, nothing is left to gain.
_STEP = 1e-5
# Beyond these bounds λ is 0 or ∞.
_LOWEST, _HIGHEST = math.log(1e-8), math.log(1e6)


def lowest_deviance(criterion: ProfiledDeviance) -> tuple[float, float]:
    """(λ_s, λ_c) of the lowest deviance, boundaries included; λ_c is 0 without classes.

    Parameters
    ----------
    criterion
        What to minimise.

    Raises
    ------
    ValueError
        The deviance falls without end: there is no variation within groups.
    """
    if not criterion.nested:
        return _axis_optimum(criterion, SECTION)[0], 0.0
    section, at_section = _axis_optimum(criterion, SECTION)
    class_, at_class = _axis_optimum(criterion, CLASS)
    edge, lowest = (
        ((section, 0.0), at_section) if at_section.deviance < at_class.deviance else ((0.0, class_), at_class)
    )
    begin = min(
        ((one, other) for one in _GRID for other in _GRID), key=lambda ratios: criterion.at(*ratios).deviance
    )
    interior = _interior_optimum(criterion, begin)
    if interior is None and edge[0] == 0.0 and at_class.gradient[SECTION] < 0 and class_ > 0:
        interior = _interior_optimum(criterion, (1e-4, class_))
    if interior is not None and criterion.at(*interior).deviance < lowest.deviance:
        return interior
    return edge


def _axis_optimum(criterion: ProfiledDeviance, axis: int) -> tuple[float, Elimination]:
    """The lowest point where the other ratio is 0: the boundary, or a root of the derivative in log λ."""

    def at(ratio: float) -> Elimination:
        return criterion.at(ratio, 0.0) if axis == SECTION else criterion.at(0.0, ratio)

    slope = [float(at(ratio).gradient[axis]) for ratio in (0.0, *_AXIS)]
    candidates = [0.0] if not slope[0] < 0 or slope[1] > 0 else []
    for low, high, before, after in zip(_AXIS, _AXIS[1:], slope[1:], slope[2:], strict=False):
        if before < 0 <= after:
            root = brentq(
                lambda log: float(at(math.exp(log)).gradient[axis]), math.log(low), math.log(high), xtol=1e-13
            )
            candidates.append(math.exp(root))
    if not candidates:
        raise ValueError("the deviance falls without end: the outcome does not vary within the groups")
    return min(((ratio, at(ratio)) for ratio in candidates), key=lambda pair: pair[1].deviance)


def _interior_optimum(criterion: ProfiledDeviance, start: tuple[float, float]) -> tuple[float, float] | None:
    """Newton's method in (log λ_s, log λ_c) with the exact gradient; None if it runs into a boundary.

    Where a ratio is all but 0 and its derivative too, its curvature drowns in the rounding of the
    other's and Newton creeps: a bounded search then ends what it began.
    """
    point = np.log(start)
    here = criterion.at(*np.exp(point))
    for _ in range(100):
        slope = here.gradient * np.exp(point)
        if not np.isfinite(slope).all():
            return None
        step = _newton_step(criterion, point, slope)
        if np.abs(step).max() < _STEP:
            point = point + step
            return math.exp(point[0]), math.exp(point[1])
        # Rounding of the deviance itself must not stop the last steps.
        allowed = here.deviance + 1e-10 * abs(here.deviance)
        while True:
            beyond = criterion.at(*np.exp(point + step))
            if beyond.deviance <= allowed or np.abs(step).max() < _STEP:
                break
            step = step / 2
        point, here = point + step, beyond
        if point.min() < _LOWEST:
            return None
        if point.max() > _HIGHEST:
            raise ValueError("the deviance falls without end: the outcome does not vary within the groups")
    return _bounded_optimum(criterion, point)


def _bounded_optimum(criterion: ProfiledDeviance, point: Floats) -> tuple[float, float] | None:
    """The lowest point within the bounds of log λ, by L-BFGS-B; None if it lies on the lower bound."""
    origin = criterion.at(*np.exp(point)).deviance

    def at(logs: Floats) -> tuple[float, Floats]:
        found = criterion.at(*np.exp(logs))
        return found.deviance - origin, found.gradient * np.exp(logs)

    found = minimize(
        at,
        point,
        jac=True,
        method="L-BFGS-B",
        bounds=[(_LOWEST, _HIGHEST)] * 2,
        options={"ftol": 0.0, "gtol": 1e-9},
    )
    ratios = np.exp(found.x)
    at_zero = min(criterion.at(0.0, ratios[CLASS]).deviance, criterion.at(ratios[SECTION], 0.0).deviance)
    # Near a bound the slope is flat: what is no better than 0 itself is 0.
    if at_zero <= origin + found.fun:
        return None
    return float(ratios[SECTION]), float(ratios[CLASS])


def _newton_step(criterion: ProfiledDeviance, point: Floats, slope: Floats) -> Floats:
    width = 1e-4
    curvature = np.empty((2, 2))
    for axis in (SECTION, CLASS):
        shift = np.zeros(2)
        shift[axis] = width
        sides = [
            criterion.at(*np.exp(point + sign * shift)).gradient * np.exp(point + sign * shift)
            for sign in (1, -1)
        ]
        curvature[axis] = (sides[0] - sides[1]) / (2 * width)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    # Where the deviance is not convex, its curvature is taken with the sign turned: still downhill.
    values = np.maximum(np.abs(values), 1e-9 * np.abs(values).max() + 1e-300)
    step: Floats = -vectors @ ((vectors.T @ slope) / values)
    return step * min(1.0, 2.0 / np.abs(step).max()) if np.any(step) else step
