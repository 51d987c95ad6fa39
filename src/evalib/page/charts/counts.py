"""How many sections: standings as one bar a row, status and change as small grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle

from evalib.page.charts.style import (
    LINE,
    SMALL,
    SOFT,
    WIDTH,
    Chart,
    Pane,
    Sheet,
    in_house_style,
    reach_of,
    wrapped,
)
from evalib.page.tables import Table

ROW, CELL = 0.29, 0.3  # inches
# From clearly below to clearly above, then those that are not judged; words on them that stand out.
# The darkest are a shade beside those of marks, which are lighter in the dark, where the words are not.
LEVELS = ("#a84a18", "#dba57f", "#d9dee3", "#7fa8d1", "#1f5fa9", "none")
ON_LEVELS = ("#fefefe", "#17212c", "#17212c", "#17212c", "#fefefe", SOFT)
SHADES = ("#eef2f6", "#d3e0ee", "#a9c5e2", "#7fa8d1")


@in_house_style
def tallies(
    name: str,
    rows: Sequence[tuple[str, bool, Sequence[int]]],
    levels: Sequence[str],
    *,
    twin: Table,
    message: str = "",
) -> Chart:
    """A bar a row made of counts, each written on its part; the levels stand above.

    Parameters
    ----------
    rows
        Label, whether it opens a new part, and a count for each level; no counts for a heading.
    levels
        Their names, in the order of `LEVELS`.
    """
    left = max(reach_of([label], bold=opens) for label, opens, _ in rows)
    keys = _keys(levels)
    top = 0.2 * (keys[-1][0] + 1) + 0.1
    sheet = Sheet(ROW * len(rows) + top + 0.08)
    pane = sheet.pane(left, top, WIDTH - left - 0.1, ROW * len(rows))
    longest = max((sum(counts) for _, _, counts in rows), default=1) or 1
    pane.limits((0, longest), (len(rows) - 0.5, -0.5))
    for k, (label, opens, counts) in enumerate(rows):
        pane.axes.text(
            -left / pane.width,
            k,
            label,
            va="center",
            fontweight="bold" if opens else "normal",
            transform=pane.axes.get_yaxis_transform(),
        )
        start = 0
        for level, count in enumerate(counts):
            if not count:
                continue
            edge = {"edgecolor": "white", "linewidth": 1.0}
            if LEVELS[level] == "none":
                edge = {"edgecolor": SOFT, "linewidth": 0.8}
            pane.axes.barh(k, count, left=start, height=0.68, facecolor=LEVELS[level], **edge)
            pane.axes.text(
                start + count / 2,
                k,
                str(count),
                ha="center",
                va="center",
                fontsize=SMALL,
                color=ON_LEVELS[level],
            )
            start += count
    for level, (line, x) in enumerate(keys):
        y = 1 + (top - 0.12 - 0.2 * line) / pane.height
        look = {"color": LEVELS[level]} if LEVELS[level] != "none" else {"color": SOFT, "fillstyle": "none"}
        across = (x - left) / pane.width
        pane.axes.plot(
            [across], [y], "s", markersize=6.5, clip_on=False, transform=pane.axes.transAxes, **look
        )
        pane.axes.text(
            across + 0.1 / pane.width,
            y,
            levels[level],
            va="center",
            fontsize=SMALL,
            color=SOFT,
            transform=pane.axes.transAxes,
        )
    return Chart(name, sheet.svg(name), twin, message)


def _keys(levels: Sequence[str]) -> list[tuple[int, float]]:
    """Line and inches from the left of every level's name."""
    found: list[tuple[int, float]] = []
    line, x = 0, 0.06
    for words in levels:
        room = reach_of([words], size=SMALL) + 0.1
        if found and x + room > WIDTH:
            line, x = line + 1, 0.06
        found.append((line, x))
        x += room + 0.06
    return found


@dataclass(frozen=True)
class Grid:
    """Counts by change (rows, better first) and status (columns, lower first); none: nothing to count."""

    title: str
    counts: Sequence[Sequence[int]] = ()
    words: str = ""


@in_house_style
def grids(
    name: str,
    lines: Sequence[tuple[str, Sequence[Grid]]],
    *,
    across: Sequence[str],
    upwards: Sequence[str],
    twin: Table,
    message: str = "",
) -> Chart:
    """Small grids of counts, a line a stage.

    Parameters
    ----------
    lines
        A stage's name and its grids.
    across, upwards
        Words for the columns and for the rows of every grid.
    """
    left = reach_of(upwards, size=SMALL)
    most = max(len(line) for _, line in lines)
    gap = 0.14
    room = (WIDTH - left - gap * (most - 1) - 0.05) / most
    foot = 0.22
    titles = [[wrapped(grid.title, room) for grid in line] for _, line in lines]
    head = 0.3 + 0.125 * max(one.count("\n") + 1 for line in titles for one in line)
    tall = CELL * 3
    sheet = Sheet((head + tall + foot + 0.06) * len(lines))
    for place, (stage, line) in enumerate(lines):
        top = place * (head + tall + foot + 0.06) + head
        for position, grid in enumerate(line):
            pane = sheet.pane(left + position * (room + gap), top, room, tall)
            pane.limits((0, 3), (3, 0))
            pane.title(titles[place][position], above=4)
            if not position:
                pane.axes.text(
                    -left / room,
                    1 + (head - 0.16) / tall,
                    stage,
                    fontweight="bold",
                    transform=pane.axes.transAxes,
                )
                for k, words in enumerate(upwards):
                    pane.axes.text(
                        -left / room,
                        k + 0.5,
                        words,
                        va="center",
                        fontsize=SMALL,
                        color=SOFT,
                        transform=pane.axes.get_yaxis_transform(),
                    )
            _counted(pane, grid)
            if grid.counts:
                for k, words in enumerate(across):
                    pane.axes.text(
                        k + 0.5,
                        -3 / 72 / tall,
                        words,
                        ha="center",
                        va="top",
                        fontsize=7,
                        color=SOFT,
                        transform=pane.axes.get_xaxis_transform(),
                    )
    return Chart(name, sheet.svg(name), twin, message)


def _counted(pane: Pane, grid: Grid) -> None:
    if not grid.counts:
        pane.axes.text(0.05, 1.5, wrapped(grid.words, pane.width), va="center", fontsize=SMALL, color=SOFT)
        return
    largest = max(max(row) for row in grid.counts) or 1
    for k, row in enumerate(grid.counts):
        for j, count in enumerate(row):
            shade = SHADES[min(int(4 * count / largest), 3)] if count else "none"
            pane.axes.add(
                Rectangle(
                    (j, k),
                    1,
                    1,
                    facecolor=shade,
                    edgecolor=LINE,
                    linewidth=0.8,
                    transform=pane.axes.transData,
                )
            )
            if count:
                pane.axes.text(j + 0.5, k + 0.5, str(count), ha="center", va="center", color="#17212c")
