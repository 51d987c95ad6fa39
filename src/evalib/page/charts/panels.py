"""A dimension at a glance: where its lead indicator lies in the district, three years, status and change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts.style import (
    GHOST,
    INK,
    LINE,
    SMALL,
    SOFT,
    WIDTH,
    Chart,
    Interval,
    Pane,
    Sheet,
    around,
    in_house_style,
    number,
)
from evalib.page.tables import Table

TOP, HEIGHT, GAP = 0.42, 1.32, 0.62  # inches
MANY = 150  # sections from which bins stand for dots


@dataclass(frozen=True)
class Spread:
    """All sections' figures of one indicator, this one marked."""

    title: str
    axis: str
    others: Sequence[float]
    here: Interval | None
    centre: float
    reach: float
    factor: float = 1.0


@dataclass(frozen=True)
class Years:
    """One indicator over the years; a year without a figure stays empty."""

    title: str
    years: Sequence[str]
    points: Sequence[Interval | None]
    references: Sequence[float | None]
    reach: float


@dataclass(frozen=True)
class Moves:
    """Status across and change upwards: every section a dot, this one with both intervals."""

    title: str
    across: str
    upwards: str
    others: Sequence[tuple[float, float]]
    here: tuple[Interval, Interval] | None
    corners: tuple[str, str, str, str]
    centre: float = 50.0


Panel = Spread | Years | Moves


@in_house_style
def panorama(name: str, panels: Sequence[Panel], *, here: str, twin: Table, message: str = "") -> Chart:
    """Up to three panels side by side.

    Parameters
    ----------
    panels
        What each shows.
    here
        The words that mark this section.
    """
    below = any(isinstance(one, Moves) or (isinstance(one, Spread) and one.axis) for one in panels)
    sheet = Sheet(TOP + HEIGHT + (0.44 if below else 0.26))
    lefts = [0.06 if isinstance(one, Spread) else 0.34 for one in panels]
    room = (WIDTH - sum(lefts) - GAP * 0.5 * (len(panels) - 1) - 0.1) / len(panels)
    left = 0.0
    for panel, margin in zip(panels, lefts, strict=True):
        pane = sheet.pane(left + margin, TOP, room, HEIGHT)
        match panel:
            case Spread():
                _spread(pane, panel, here)
            case Years():
                _years(pane, panel)
            case Moves():
                _moves(pane, panel)
        pane.axes.text(
            -margin / room,
            1 + 18 / 72 / HEIGHT,
            panel.title,
            fontsize=SMALL,
            fontweight="bold",
            transform=pane.axes.transAxes,
        )
        left += margin + room + GAP * 0.5
    return Chart(name, sheet.svg(name), twin, message)


def stacks(values: Sequence[float], low: float, high: float, bins: int) -> list[tuple[float, int]]:
    """Values as dots piled up in bins: the middle of each one's bin, and how many lie below it.

    >>> stacks([1.0, 1.1, 3.9], 0.0, 4.0, 4)
    [(1.5, 0), (1.5, 1), (3.5, 0)]
    """
    width = (high - low) / bins
    piled: dict[int, int] = {}
    placed = []
    for value in sorted(values):
        position = min(max(int((value - low) / width), 0), bins - 1)
        placed.append((low + (position + 0.5) * width, piled.get(position, 0)))
        piled[position] = piled.get(position, 0) + 1
    return placed


def _spread(pane: Pane, panel: Spread, here: str) -> None:
    known = [Interval(one, one, one) for one in panel.others] + ([panel.here] if panel.here else [])
    low, high = around(panel.centre, panel.reach, known)
    pane.limits((low, high), (0.0, 1.0))
    pane.middle(x=panel.centre)
    ceiling = 0.66
    bins = int(pane.width * 72 / 5.6)
    placed = stacks(panel.others, low, high, bins)
    tallest = max((pile for _, pile in placed), default=0) + 1
    step = min(5.6 / 72 / pane.height, ceiling / tallest)
    if len(placed) <= MANY:
        size = min(5.0, step * pane.height * 72 * 0.92)
        pane.ghosts([x for x, _ in placed], [(pile + 0.6) * step for _, pile in placed], max(size, 1.6))
    else:
        tops: dict[float, int] = {}
        for x, pile in placed:
            tops[x] = pile + 1
        pane.lines([((x, 0), (x, top * step)) for x, top in tops.items()], GHOST, 4.2, zorder=2)
    pane.lines([((low, 0), (high, 0))], LINE, 0.8, zorder=0)
    if panel.here:
        level = min(0.82, max(0.3, min(tallest, MANY) * step + 0.16))
        pane.across(panel.here, level)
        _named(pane, panel.here.value, level, here)
    pane.scale_across(panel.axis, ticks=4)


def _years(pane: Pane, panel: Years) -> None:
    known = [(k, point) for k, point in enumerate(panel.points) if point]
    means = [(k, one) for k, one in enumerate(panel.references) if one is not None]
    centre = means[-1][1] if means else 0.0
    low, high = around(centre, panel.reach, [point for _, point in known])
    pane.limits((-0.5, len(panel.years) - 0.5), (low, high))
    pane.scale_up()
    pane.axes.plot(
        [k for k, _ in means],
        [one for _, one in means],
        color=INK,
        linewidth=0.9,
        linestyle=(0, (2, 3)),
        zorder=1,
    )
    pane.axes.plot([k for k, _ in known], [p.value for _, p in known], color=SOFT, linewidth=1.1, zorder=2)
    for position, point in known:
        pane.upright(point, position, size=6.5)
    for position, year in enumerate(panel.years):
        pane.axes.text(
            position,
            -4 / 72 / pane.height,
            year,
            ha="center",
            va="top",
            fontsize=SMALL,
            color=SOFT,
            transform=pane.axes.get_xaxis_transform(),
        )


def _moves(pane: Pane, panel: Moves) -> None:
    mine = [panel.here] if panel.here else []
    xs = [Interval(x, x, x) for x, _ in panel.others] + [x for x, _ in mine]
    ys = [Interval(y, y, y) for _, y in panel.others] + [y for _, y in mine]
    pane.limits(around(panel.centre, 12, xs), around(0, 8, ys))
    pane.middle(x=panel.centre, y=0)
    pane.ghosts([x for x, _ in panel.others], [y for _, y in panel.others], 4)
    if panel.here:
        pane.cross(*panel.here, size=7.5)
    for words, (x, y) in zip(panel.corners, ((0, 1), (1, 1), (0, 0), (1, 0)), strict=True):
        pane.axes.text(
            x,
            y,
            words,
            transform=pane.axes.transAxes,
            fontsize=7,
            color=SOFT,
            ha="right" if x else "left",
            va="top" if y else "bottom",
            zorder=0,
        )
    pane.scale_across(panel.across, ticks=5)
    low, high = pane.axes.get_ylim()
    for tick in _even(low, high):
        pane.axes.text(
            -4 / 72 / pane.width,
            tick,
            number(tick, signed=True),
            ha="right",
            va="center",
            fontsize=SMALL,
            color=SOFT,
            transform=pane.axes.get_yaxis_transform(),
        )
    pane.axes.text(
        -0.34 / pane.width,
        1 + 6 / 72 / pane.height,
        panel.upwards,
        fontsize=7,
        color=SOFT,
        transform=pane.axes.transAxes,
    )


def _even(low: float, high: float) -> tuple[float, float, float]:
    """Nought and a round number to both sides of it."""
    side = min(-low, high)
    step = next((one for one in (50, 20, 10, 5, 2, 1) if one <= side), side)
    return -step, 0.0, step


def _named(pane: Pane, x: float, y: float, words: str) -> None:
    low, high = pane.axes.get_xlim()
    share = (x - low) / (high - low)
    side = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    pane.axes.text(
        x, y + 7 / 72 / pane.height, words, ha=side, va="bottom", fontsize=SMALL, fontweight="bold"
    )
