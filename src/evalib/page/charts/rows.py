"""Rows of dots with intervals, bars of shares and counts, and the caterpillar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts.style import (
    COLOURS,
    GHOST,
    INK,
    LINE,
    SHAPES,
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
    shortened,
    wrapped,
)
from evalib.page.tables import Table

ROW, NAME = 0.27, 2.6  # inches: a row, the longest name of a school
NAME_BESIDE, NARROW = 1.5, 0.9  # the longest name beside several columns; a pane with room for few ticks
LEVELS = ("#1f5fa8", "#7fa8d1", "#d9dee3")
ON_LEVELS = ("#fefefe", "#17212c", "#17212c")  # words on a bar: the same in the dark, as the bar is


@in_house_style
def dots(
    name: str,
    rows: Sequence[tuple[str, Interval]],
    *,
    centre: float,
    reach: float,
    axis: str,
    twin: Table,
    message: str = "",
) -> Chart:
    """A labelled dot with its interval a row, on one axis with the district's mean marked.

    The axis reaches at least `reach` to both sides of `centre`.
    """
    sheet = Sheet(ROW * len(rows) + 0.62)
    left = reach_of([label for label, _ in rows])
    pane = sheet.pane(left, 0.06, WIDTH - left - 0.2, ROW * len(rows))
    _dotted(pane, rows, centre, reach, axis, labels=left)
    return Chart(name, sheet.svg(name), twin, message)


@dataclass(frozen=True)
class Column:
    """One measure in a table of dots: its own axis, a point a row or none."""

    title: str
    axis: str
    centre: float
    reach: float
    points: Sequence[Interval | None]
    references: Sequence[float | None]
    printed: Sequence[str]


@in_house_style
def dot_table(
    name: str, labels: Sequence[str], columns: Sequence[Column], *, twin: Table, message: str = ""
) -> Chart:
    """Rows of labels, columns of measures, each cell a dot with its interval beside the district's mark."""
    labels = [shortened(label, NAME_BESIDE) for label in labels]
    left = reach_of(labels)
    figures, gap = 0.42, 0.22
    room = (WIDTH - left - (figures + gap) * len(columns) + gap) / len(columns)
    titles = [wrapped(column.title, room + figures) for column in columns]
    top = 0.16 + 0.13 * max(title.count("\n") + 1 for title in titles)
    sheet = Sheet(ROW * len(labels) + top + 0.5)
    for position, column in enumerate(columns):
        pane = sheet.pane(left + position * (room + figures + gap), top, room, ROW * len(labels))
        known = [point for point in column.points if point]
        means = [Interval(one, one, one) for one in column.references if one is not None]
        pane.limits(around(column.centre, column.reach, [*known, *means]), (len(labels) - 0.5, -0.5))
        pane.lines([((0, k), (1, k)) for k in range(len(labels))], LINE, 0.8, across=True, zorder=0)
        ticks = [
            ((one, k - 0.3), (one, k + 0.3)) for k, one in enumerate(column.references) if one is not None
        ]
        pane.lines(ticks, INK, 1.1, zorder=2)
        for k, point in enumerate(column.points):
            if point:
                pane.across(point, k, size=6, width=4)
            pane.axes.text(
                1 + figures / room,
                k,
                column.printed[k],
                ha="right",
                va="center",
                fontsize=SMALL,
                color=COLOURS[point.mark] if point else SOFT,
                transform=pane.axes.get_yaxis_transform(),
            )
        if not position:
            _labelled(pane, labels, left)
        pane.title(titles[position])
        pane.scale_across(wrapped(column.axis, room), ticks=4 if room > NARROW else 2)
    return Chart(name, sheet.svg(name), twin, message)


@in_house_style
def composition(
    name: str,
    rows: Sequence[tuple[str, Sequence[float]]],
    levels: Sequence[str],
    *,
    twin: Table,
    message: str = "",
) -> Chart:
    """Shares that make up a whole: a bar a row, the levels named above in the order of the parts."""
    sheet = Sheet(0.34 * len(rows) + 0.42)
    left = reach_of([label for label, _ in rows])
    pane = sheet.pane(left, 0.26, WIDTH - left - 0.1, 0.34 * len(rows))
    pane.limits((0, 1), (len(rows) - 0.5, -0.5))
    _labelled(pane, [label for label, _ in rows], left)
    for k, (_, shares) in enumerate(rows):
        start = 0.0
        for level, share in enumerate(shares):
            pane.axes.barh(
                k, share, left=start, height=0.62, facecolor=LEVELS[level], edgecolor="white", linewidth=1
            )
            if share > 0.045:
                colour = ON_LEVELS[level]
                pane.axes.text(
                    start + share / 2,
                    k,
                    f"{share:.0%}",
                    ha="center",
                    va="center",
                    fontsize=SMALL,
                    color=colour,
                )
            start += share
    x, top = 0.0, 1 + 8 / 72 / pane.height
    for level, words in enumerate(levels):
        pane.axes.plot(
            [x + 0.01],
            [top],
            "s",
            color=LEVELS[level],
            markersize=6,
            clip_on=False,
            transform=pane.axes.transAxes,
        )
        pane.axes.text(
            x + 0.024, top, words, va="center", fontsize=SMALL, color=SOFT, transform=pane.axes.transAxes
        )
        x += 0.03 + (reach_of([words], size=SMALL) + 0.1) / pane.width
    return Chart(name, sheet.svg(name), twin, message)


@in_house_style
def bars(name: str, rows: Sequence[tuple[str, float, str, bool]], *, twin: Table, message: str = "") -> Chart:
    """Counts as bars, the number at the end; a pooled or withheld one is hatched.

    Parameters
    ----------
    rows
        Label, length, what is printed at the end, and whether the length is only a limit.
    """
    sheet = Sheet(ROW * len(rows) + 0.1)
    labels = [shortened(label, NAME) for label, *_ in rows]
    left = reach_of(labels)
    pane = sheet.pane(left, 0.04, WIDTH - left - 1.0, ROW * len(rows))
    pane.limits((0, max(length for _, length, _, _ in rows) or 1), (len(rows) - 0.5, -0.5))
    _labelled(pane, labels, left)
    for k, (_, length, words, limit) in enumerate(rows):
        if limit:
            pane.axes.barh(
                k, length, height=0.6, facecolor="none", edgecolor=GHOST, linewidth=0.9, linestyle=(0, (3, 2))
            )
        else:
            pane.axes.barh(k, length, height=0.6, color=GHOST)
        pane.axes.annotate(words, (length, k), xytext=(5, 0), va="center", fontsize=SMALL)
    return Chart(name, sheet.svg(name), twin, message)


@in_house_style
def caterpillar(
    name: str,
    others: Sequence[Interval],
    here: Interval,
    *,
    reach: float,
    label: str,
    axis: str,
    rank_axis: str,
    twin: Table,
    message: str = "",
) -> Chart:
    """Every section's interval from low to high, only this one named."""
    sheet = Sheet(2.35)
    pane = sheet.pane(0.4, 0.3, WIDTH - 0.5, 1.78)
    ordered = sorted(
        [*((one, False) for one in others), (here, True)], key=lambda entry: (entry[0].value, entry[1])
    )
    pane.limits((-1, len(ordered)), around(0, reach, [one for one, _ in ordered]))
    pane.scale_up(ticks=5, signed=True)
    pane.middle(y=0)
    thin = 1.6 if len(ordered) < 120 else 0.8
    rest = [(k, one) for k, (one, mine) in enumerate(ordered) if not mine]
    pane.lines([((k, one.low), (k, one.high)) for k, one in rest], GHOST, thin, zorder=2)
    pane.ghosts([k for k, _ in rest], [one.value for _, one in rest], 4 if thin > 1 else 2)
    position = next(k for k, (_, mine) in enumerate(ordered) if mine)
    colour = COLOURS[here.mark]
    pane.lines([((position, here.low), (position, here.high))], colour, 3.2, zorder=3)
    pane.axes.plot([position], [here.value], SHAPES[here.mark], color=colour, markersize=8, zorder=4)
    left = position < len(ordered) * 0.8
    pane.axes.annotate(
        label,
        (position, here.high),
        xytext=(7 if left else -7, 2),
        ha="left" if left else "right",
        va="bottom",
        fontweight="bold",
        zorder=5,
    )
    pane.title(axis)
    pane.below(rank_axis, 4)
    return Chart(name, sheet.svg(name), twin, message)


def _dotted(
    pane: Pane, rows: Sequence[tuple[str, Interval]], centre: float, reach: float, axis: str, labels: float
) -> None:
    pane.limits(around(centre, reach, [point for _, point in rows]), (len(rows) - 0.5, -0.5))
    pane.middle(x=centre)
    pane.lines([((0, k), (1, k)) for k in range(len(rows))], LINE, 0.8, across=True, zorder=0)
    for position, (_, point) in enumerate(rows):
        pane.across(point, position, size=6.5)
    _labelled(pane, [label for label, _ in rows], labels)
    pane.scale_across(axis, ticks=7)


def _labelled(pane: Pane, labels: Sequence[str], left: float) -> None:
    beside = pane.axes.get_yaxis_transform()
    for k, label in enumerate(labels):
        pane.axes.text(-left / pane.width, k, label, va="center", transform=beside)
