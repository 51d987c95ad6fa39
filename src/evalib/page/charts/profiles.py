"""The five dimensions: a dot with its interval in each row, and the same as a radar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts.style import (
    BAND,
    COLOURS,
    DASHES,
    INK,
    LINE,
    SMALL,
    SOFT,
    WIDTH,
    Chart,
    Interval,
    Pane,
    Sheet,
    in_house_style,
    reach_of,
    wrapped,
)
from evalib.page.tables import Table

ROW, RADAR = 0.285, 2.02  # inches


@dataclass(frozen=True)
class ProfileRow:
    """A dimension's row: a point with the district's spread and mean this year, or why there is none."""

    label: str
    words: str
    point: Interval | None = None
    band: tuple[float, float] | None = None
    reference: float | None = None


@in_house_style
def profile(
    name: str, rows: Sequence[ProfileRow], *, axis: str, middle: str, twin: Table, message: str = ""
) -> Chart:
    """The dimensions as dots with intervals on one T axis, and as a radar beside it.

    Parameters
    ----------
    rows
        One a dimension, T points (50: the district in the base years); one without a figure says so.
    axis, middle
        Words below the axis, and at 50.
    """
    height = max(ROW * len(rows) + 0.68, RADAR + 0.05)
    sheet = Sheet(height)
    with_radar = len(rows) >= 3
    left = reach_of([row.label for row in rows], bold=True)
    right = reach_of([row.words for row in rows]) + 0.1
    room = WIDTH - left - right - (RADAR + 0.15 if with_radar else 0)
    pane = sheet.pane(left, 0.24, room, ROW * len(rows))
    low, high = _limits([row.point for row in rows if row.point], 35, 65)
    pane.limits((low, high), (len(rows) - 0.5, -0.5))
    pane.middle(x=50)
    pane.axes.text(
        50,
        1 + 4 / 72 / pane.height,
        middle,
        ha="center",
        fontsize=SMALL,
        color=SOFT,
        transform=pane.axes.get_xaxis_transform(),
    )
    pane.lines([((low, k), (high, k)) for k in range(len(rows))], LINE, 0.8, zorder=0)
    bands = [((row.band[0], k), (row.band[1], k)) for k, row in enumerate(rows) if row.band]
    pane.lines(bands, BAND, 11, capstyle="round", zorder=0.5)
    now = [
        ((row.reference, k - 0.33), (row.reference, k + 0.33))
        for k, row in enumerate(rows)
        if row.reference is not None
    ]
    pane.lines(now, INK, 1.6, zorder=2)
    for position, row in enumerate(rows):
        colour = COLOURS[row.point.mark] if row.point else SOFT
        if row.point:
            pane.across(row.point, position)
        beside = pane.axes.get_yaxis_transform()
        pane.axes.text(-left / room, position, row.label, va="center", fontweight="bold", transform=beside)
        pane.axes.text(1 + 0.1 / room, position, row.words, color=colour, va="center", transform=beside)
    pane.scale_across(wrapped(axis, room + right), ticks=6)
    if with_radar:
        _radar(sheet.pane(WIDTH - RADAR, (height - RADAR) / 2, RADAR, RADAR), rows, (low, high))
    return Chart(name, sheet.svg(name), twin, message)


def _radar(pane: Pane, rows: Sequence[ProfileRow], reach: tuple[float, float]) -> None:
    """A spoke a dimension, 50 a dotted ring; dimensions without a figure leave a gap."""
    low, high = reach
    angles = [math.pi / 2 - 2 * math.pi * k / len(rows) for k in range(len(rows))]
    start = low - 0.12 * (high - low)
    edge = high - start

    def place(value: float, angle: float) -> tuple[float, float]:
        distance = (min(max(value, low), high) - start) / edge
        return distance * math.cos(angle), distance * math.sin(angle)

    side = 1.34
    pane.limits((-side, side), (-side, side))
    around = [2 * math.pi * k / 90 for k in range(91)]
    rings = [ring for ring in range(int(math.ceil(low / 10) * 10), int(high) + 1, 10) if ring != 50]
    pane.lines([[place(ring, one) for one in around] for ring in rings], LINE, 0.7)
    pane.lines([[place(50, one) for one in around]], INK, 0.9, linestyles=[DASHES])
    pane.lines([[place(low, angle), place(high, angle)] for angle in angles], LINE, 0.8)
    known = [row.point for row in rows]
    corners = [place(point.value, angle) for point, angle in zip(known, angles, strict=True) if point]
    if all(known):
        pane.axes.fill(*zip(*corners, strict=True), color=BAND, alpha=0.6, linewidth=0, zorder=1)
    sides = [
        [place(a.value, angles[k]), place(b.value, angles[(k + 1) % len(rows)])]
        for k, a in enumerate(known)
        if a and (b := known[(k + 1) % len(rows)])
    ]
    pane.lines(sides, SOFT, 1.1, zorder=2)
    for row, angle in zip(rows, angles, strict=True):
        x, y = math.cos(angle), math.sin(angle)
        down = y < -0.5
        words = wrapped(row.label, 0.8)
        room = side * (1 - reach_of(words.split("\n"), size=SMALL) / RADAR)
        pane.axes.text(
            min(max(x, -room), room),
            y - 0.1 if down else y + (0.06 if y > 0.5 else 0.14),
            words,
            ha="center",
            va="top" if down else "bottom",
            linespacing=1.1,
            fontsize=SMALL,
            color=INK if row.point else SOFT,
        )
        if row.point:
            ends = [place(row.point.low, angle), place(row.point.high, angle)]
            pane.lines([ends], COLOURS[row.point.mark], 3.5, alpha=0.45, capstyle="round", zorder=3)
            pane.dot(*place(row.point.value, angle), row.point.mark, 6)


def _limits(points: Sequence[Interval], low: float, high: float) -> tuple[float, float]:
    """The usual limits, widened in steps of five where an interval goes beyond."""
    while any(point.low < low for point in points):
        low -= 5
    while any(point.high > high for point in points):
        high += 5
    return low, high
