"""Figures beside a limit: dots with intervals, small trends with a limit each, and the ladder of teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts.rows import ROW
from evalib.page.charts.style import (
    COLOURS,
    DASHES,
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
    reach_of,
)
from evalib.page.tables import Table

PANEL = 0.86  # inches: height of one small trend
CLOSE = 0.1  # of the longest bar: as near as a number may come to the stated figure
# The years of a rung, the latest darkest; words beside each bar say which it is.
YEARS = (GHOST, "#7fa8d1", "#1f5fa8")


@dataclass(frozen=True)
class LimitRow:
    """A label, its point with an interval, the figure as printed, and what is said of it."""

    label: str
    point: Interval
    printed: str
    said: str


@in_house_style
def against_limit(
    name: str,
    rows: Sequence[LimitRow],
    *,
    limit: float | None,
    said: str = "",
    reach: float,
    axis: str,
    twin: Table,
    message: str = "",
) -> Chart:
    """A dot with its interval a row, the limit an upright line with its words on top.

    Without a limit the axis begins at nought and reaches `reach` at least.
    """
    top = 0.26 if said else 0.06
    sheet = Sheet(ROW * len(rows) + top + 0.5)
    left = reach_of([row.label for row in rows])
    figures = reach_of([row.printed for row in rows], size=SMALL)
    right = figures + reach_of([row.said for row in rows], size=SMALL)
    pane = sheet.pane(left, top, WIDTH - left - right - 0.1, ROW * len(rows))
    points = [row.point for row in rows]
    if limit is None:
        pane.limits((0.0, 1.05 * max([reach, *(one.high for one in points)])), (len(rows) - 0.5, -0.5))
    else:
        pane.limits(around(limit, reach, points), (len(rows) - 0.5, -0.5))
        pane.axes.axvline(limit, color=INK, linewidth=1.1, zorder=1)
        if said:
            pane.axes.text(
                limit,
                1 + 4 / 72 / pane.height,
                said,
                ha="center",
                fontsize=SMALL,
                transform=pane.axes.get_xaxis_transform(),
            )
    pane.lines([((0, k), (1, k)) for k in range(len(rows))], LINE, 0.8, across=True, zorder=0)
    beside = pane.axes.get_yaxis_transform()
    for k, row in enumerate(rows):
        pane.across(row.point, k, size=6.5)
        pane.axes.text(-left / pane.width, k, row.label, va="center", transform=beside)
        for words, place in ((row.printed, 0.12), (row.said, 0.12 + figures)):
            pane.axes.text(
                1 + place / pane.width,
                k,
                words,
                va="center",
                fontsize=SMALL,
                color=COLOURS[row.point.mark],
                transform=beside,
            )
    pane.scale_across(axis, ticks=6)
    return Chart(name, sheet.svg(name), twin, message)


@dataclass(frozen=True)
class Trend:
    """One measure of one stage over the years, and its limit; a year without a figure stays empty."""

    title: str
    row: str
    values: Sequence[float | None]
    printed: Sequence[str]
    limit: float


@in_house_style
def trends(
    name: str, panels: Sequence[Trend], years: Sequence[str], *, twin: Table, message: str = ""
) -> Chart:
    """Small trends in a grid, a row a stage and a column a measure, all on one scale, limits dotted."""
    rows = list(dict.fromkeys(one.row for one in panels))
    across = max(sum(one.row == row for one in panels) for row in rows)
    margin, gap, between = 0.3, 0.12, 0.5
    room = (WIDTH - margin - gap * (across - 1) - 0.1) / across
    sheet = Sheet(len(rows) * (PANEL + between) + 0.1)
    highest = max([one.limit for one in panels] + [v for one in panels for v in one.values if v is not None])
    for position, row in enumerate(rows):
        top = 0.42 + position * (PANEL + between)
        for column, one in enumerate(panel for panel in panels if panel.row == row):
            pane = sheet.pane(margin + column * (room + gap), top, room, PANEL)
            pane.limits((-0.45, len(years) - 0.55), (0.0, 1.16 * highest))
            _trend(pane, one, years)
            if not column:
                pane.scale_up(ticks=3)
                pane.axes.text(
                    -margin / room,
                    1 + 15 / 72 / PANEL,
                    row,
                    fontsize=SMALL,
                    fontweight="bold",
                    transform=pane.axes.transAxes,
                )
    return Chart(name, sheet.svg(name), twin, message)


def _trend(pane: Pane, one: Trend, years: Sequence[str]) -> None:
    pane.lines([((0, 0), (1, 0))], LINE, 0.8, across=True, zorder=0)
    pane.axes.axhline(one.limit, color=INK, linewidth=0.9, linestyle=DASHES, zorder=1)
    known = [(k, value) for k, value in enumerate(one.values) if value is not None]
    pane.axes.plot([k for k, _ in known], [value for _, value in known], color=SOFT, linewidth=1.1, zorder=2)
    for k, value in known:
        pane.dot(k, value, "down" if value > one.limit else "same", 5.5)
    if not known and one.printed:
        pane.axes.text(0.5, 0.3, one.printed[-1], ha="center", color=SOFT, transform=pane.axes.transAxes)
    if known:
        last, value = known[-1]
        above, height = value > one.limit, pane.axes.get_ylim()[1]
        # Under its dot, unless that would lie on the years.
        low = value < 0.3 * height
        pane.axes.text(
            len(years) - 0.55,
            value + (0.07 if low else -0.07) * height,
            one.printed[last],
            ha="right",
            va="bottom" if low else "top",
            fontsize=7,
            color=COLOURS["down" if above else "same"],
        )
    pane.axes.text(
        0.5,
        1 + 2 / 72 / PANEL,
        one.title,
        ha="center",
        fontsize=SMALL,
        color=SOFT,
        transform=pane.axes.transAxes,
    )
    for k in (0, len(years) - 1) if len(years) > 1 else (0,):
        pane.axes.text(
            k,
            -3 / 72 / PANEL,
            years[k],
            ha="left" if not k and len(years) > 1 else "right" if len(years) > 1 else "center",
            va="top",
            fontsize=6.5,
            color=SOFT,
            transform=pane.axes.get_xaxis_transform(),
        )


@dataclass(frozen=True)
class Steps:
    """A rung: its persons by year, as printed, and the figure that the district stated, in words too."""

    label: str
    counts: Sequence[float | None]
    printed: Sequence[str]
    stated: float | None
    told: str = ""


@in_house_style
def ladder(
    name: str, rungs: Sequence[Steps], years: Sequence[str], *, twin: Table, message: str = ""
) -> Chart:
    """Bars of persons by rung and year, the lowest rung below; a short line marks the stated figure."""
    bar, gap = 0.17, 0.16
    block = bar * len(years) + gap
    sheet = Sheet(block * len(rungs) + 0.12)
    left = reach_of([words for rung in rungs for words in (rung.label, rung.told)])
    named = reach_of(list(years), size=7)
    pane = sheet.pane(left + named, 0.06, WIDTH - left - named - 0.9, block * len(rungs))
    known = [count for rung in rungs for count in (*rung.counts, rung.stated) if count is not None]
    highest = max([*known, 1.0])
    pane.limits((0.0, highest), (block * len(rungs), 0.0))
    shades = YEARS[len(YEARS) - len(years) :]
    beside = pane.axes.get_yaxis_transform()
    for position, rung in enumerate(reversed(rungs)):
        start = position * block + gap / 2
        middle = start + bar * len(years) / 2
        below = 0.0 if rung.stated is None else 0.09
        pane.axes.text(
            -(left + named) / pane.width, middle - below, rung.label, va="center", transform=beside
        )
        if rung.stated is not None:
            pane.axes.text(
                -(left + named) / pane.width,
                middle + below,
                rung.told,
                va="center",
                fontsize=7,
                color=SOFT,
                transform=beside,
            )
        if rung.stated is not None:
            reach = [(rung.stated, start - 0.04), (rung.stated, start + bar * len(years) + 0.04)]
            pane.lines([reach], INK, 1.4, zorder=3)
        for k, count in enumerate(rung.counts):
            y = start + bar * (k + 0.5)
            pane.axes.text(
                -0.06 / pane.width,
                y,
                years[k],
                ha="right",
                va="center",
                fontsize=7,
                color=SOFT,
                transform=beside,
            )
            if count is not None:
                pane.axes.barh(y, count, height=0.82 * bar, facecolor=shades[k])
            end = count or 0.0
            if rung.stated is not None and end <= rung.stated < end + CLOSE * highest:
                end = rung.stated  # else the stated figure's line would run through the number
            pane.axes.annotate(
                rung.printed[k], (end, y), xytext=(5, 0), va="center", fontsize=SMALL, zorder=4
            )
    return Chart(name, sheet.svg(name), twin, message)
