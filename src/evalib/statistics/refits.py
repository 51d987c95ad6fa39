"""Variance ratios of many outcomes of one design at once, as a bootstrap estimates them anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalib.statistics.profiled_deviance import ProfiledDeviance

Floats = npt.NDArray[np.float64]

# Points of each axis beside 0, and their reach as multiples of what the ratio is seen to be:
# the one drawn with, and the error that one section or class adds to it.
_POINTS = 30
_LOWEST, _HIGHEST = 1e-2, 20.0


def refitted_ratios(
    criterion: ProfiledDeviance, drawn_with: tuple[float, float], cross: Floats, group_sums: Floats
) -> Floats:
    """Where the deviance of each of many outcomes is lowest, near enough for a bootstrap.

    Parameters
    ----------
    criterion
        The design.
    drawn_with
        (λ_s, λ_c) that the outcomes were drawn with; λ_c is 0 without classes.
    cross, group_sums
        The outcomes, see `ProfiledDeviance.deviances`.

    Returns
    -------
    (R, 2) λ_s and λ_c of each, either of them 0 where that is best: the lowest point of a
    grid of both logarithms, mended by the quadratic through its neighbours. The deviance
    there is about a thousandth above the lowest, which moves a bootstrap's errors by less
    than one percent; least is lost where the ratios are well away from 0.

    Notes
    -----
    What an evaluation costs is the design's: on a grid that all outcomes share, hundreds of
    them cost little more than one. An exact search for each takes ten times as long.
    """
    section_axis, class_axis = _axes(criterion, drawn_with)
    of_classes = [criterion.deviances(section_axis, ratio, cross, group_sums) for ratio in class_axis]
    deviance = np.stack(of_classes, axis=2)
    draws = np.arange(len(cross))
    lowest = deviance.reshape(len(cross), -1).argmin(axis=1)
    place = np.array(np.unravel_index(lowest, deviance.shape[1:]))
    # The neighbours of 0 are no step of the logarithm away, and the last point has one alone.
    inside = (place > 1) & (place < np.array([[len(section_axis) - 1], [len(class_axis) - 1]]))

    def beside(section: int, class_: int) -> Floats:
        shift = np.where(inside, [[section], [class_]], 0)
        found: Floats = deviance[draws, place[0] + shift[0], place[1] + shift[1]]
        return found

    corners = beside(1, 1) - beside(1, -1) - beside(-1, 1) + beside(-1, -1)
    sides = [(beside(1, 0), beside(-1, 0)), (beside(0, 1), beside(0, -1))]
    slope: Floats = np.array([up - down for up, down in sides]) / 2.0
    curve: Floats = (
        np.array([up + down for up, down in sides]) - 2.0 * beside(0, 0) + np.where(inside, 0.0, 1.0)
    )
    step = _step(slope, curve, corners / 4.0)
    width = np.log(_HIGHEST / _LOWEST) / (_POINTS - 1)
    ratios: Floats = np.array([section_axis[place[0]], class_axis[place[1]]]) * np.exp(width * step)
    return ratios.T


def _axes(criterion: ProfiledDeviance, drawn_with: tuple[float, float]) -> tuple[Floats, Floats]:
    shrunk = criterion.group_size / (1.0 + criterion.group_size * drawn_with[1])
    of_section = np.bincount(criterion.section_of, shrunk)
    reach = np.concatenate([[0.0], np.geomspace(_LOWEST, _HIGHEST, _POINTS)])
    of_classes = reach * (drawn_with[1] + 1.0 / np.median(criterion.group_size))
    section_axis = reach * (drawn_with[0] + 1.0 / np.median(of_section))
    return section_axis, of_classes if criterion.nested else np.zeros(1)


def _step(slope: Floats, curve: Floats, mixed: Floats) -> Floats:
    """(2, R) Newton's step to the bottom of a quadratic, at most to the neighbouring points."""
    mixed = np.where(mixed**2 < 0.9 * curve[0] * curve[1], mixed, 0.0)
    volume = np.maximum(curve[0] * curve[1] - mixed**2, 1e-300)
    step: Floats = (mixed * slope[::-1] - curve[::-1] * slope) / volume
    return np.clip(step, -1.0, 1.0)
