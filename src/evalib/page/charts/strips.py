"""All sections by stage, area and group: dots that name nobody, and the middle half of them as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts.style import (
    BAND,
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
    shortened,
    wrapped,
)
from evalib.page.tables import Table

ROW, NAME = 0.225, 1.9  # inches: a row, the longest name of a group
GHOST_INK = "#7fa8d1"


@dataclass(frozen=True)
class Strip:
    """One category's figures of one measure.

    Attributes
    ----------
    values
        A dot each; none where single sections may not be drawn.
    band
        Lower quartile, median, upper quartile; None where too few sections stand behind.
    words
        Why nothing is drawn.
    """

    values: Sequence[float] = ()
    band: tuple[float, float, float] | None = None
    words: str = ""


@dataclass(frozen=True)
class StripPane:
    """One measure: its title, its axis, a strip a row, and whether the centre is a mark of its own."""

    title: str
    axis: str
    centre: float
    reach: float
    strips: Sequence[Strip]
    marked: bool = True


@in_house_style
def strips(
    name: str,
    labels: Sequence[tuple[str, bool]],
    panes: Sequence[StripPane],
    *,
    twin: Table,
    message: str = "",
) -> Chart:
    """Rows of categories, a pane a measure.

    Parameters
    ----------
    labels
        A row's name, and whether it opens a new part.
    """
    shown = [(shortened(label, NAME), opens) for label, opens in labels]
    left = max(reach_of([label], bold=opens) + (0 if opens else 0.14) for label, opens in shown)
    gap = 0.3
    room = (WIDTH - left - gap * (len(panes) - 1) - 0.1) / len(panes)
    titles = [wrapped(pane.title, room) for pane in panes]
    top = 0.16 + 0.13 * max(title.count("\n") + 1 for title in titles)
    height = ROW * len(labels)
    sheet = Sheet(top + height + (0.42 if any(pane.axis for pane in panes) else 0.24))
    for position, measure in enumerate(panes):
        pane = sheet.pane(left + position * (room + gap), top, room, height)
        _drawn(pane, measure)
        if not position:
            _labelled(pane, shown, left)
        pane.title(titles[position])
        pane.scale_across(wrapped(measure.axis, room), ticks=5)
    return Chart(name, sheet.svg(name), twin, message)


def _drawn(pane: Pane, measure: StripPane) -> None:
    known = [Interval(one, one, one) for strip in measure.strips for one in strip.values]
    known += [Interval(one[1], one[0], one[2]) for strip in measure.strips if (one := strip.band)]
    pane.limits(around(measure.centre, measure.reach, known), (len(measure.strips) - 0.5, -0.5))
    ruled = [((0, k), (1, k)) for k, strip in enumerate(measure.strips) if not strip.words]
    pane.lines(ruled, LINE, 0.7, across=True, zorder=0)
    if measure.marked:
        pane.middle(x=measure.centre)
    bands = [((s.band[0], k), (s.band[2], k)) for k, s in enumerate(measure.strips) if s.band]
    pane.lines(bands, BAND, 10, capstyle="butt", zorder=0.5)
    medians = [((s.band[1], k - 0.36), (s.band[1], k + 0.36)) for k, s in enumerate(measure.strips) if s.band]
    pane.lines(medians, INK, 1.6, zorder=3)
    places = [(one, k) for k, strip in enumerate(measure.strips) for one in strip.values]
    if places:
        pane.axes.plot(
            [x for x, _ in places],
            [y for _, y in places],
            "o",
            color=GHOST_INK,
            markersize=4.2 if len(places) < 400 else 2.4,
            markeredgewidth=0,
            alpha=0.75,
            zorder=2,
        )
    for k, strip in enumerate(measure.strips):
        if strip.words:
            pane.axes.text(
                0.01,
                k,
                shortened(strip.words, pane.width),
                va="center",
                fontsize=SMALL,
                color=SOFT,
                transform=pane.axes.get_yaxis_transform(),
            )


def _labelled(pane: Pane, labels: Sequence[tuple[str, bool]], left: float) -> None:
    for k, (label, opens) in enumerate(labels):
        pane.axes.text(
            -(left - (0 if opens else 0.14)) / pane.width,
            k,
            label,
            va="center",
            fontsize=SMALL,
            fontweight="bold" if opens else "normal",
            transform=pane.axes.get_yaxis_transform(),
        )
