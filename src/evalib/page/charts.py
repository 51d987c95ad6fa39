"""Figures in one house style: SVG with its text as text, alternative text and a data twin."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import MaxNLocator

from evalib import fonts
from evalib.page.tables import Table

Drawn = ParamSpec("Drawn")

INK, SOFT, LINE, BAND = "#17212b", "#5b6670", "#dfe4e9", "#e9edf1"
COLOURS = {"up": "#1f5fa8", "down": "#b3541e", "same": SOFT, "na": SOFT}
SHAPES = {"up": "^", "down": "v", "same": "o", "na": "o"}
WIDTH = 7.6  # inches, of every figure
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": [fonts.FAMILY],
    "font.size": 9.5,
    "axes.unicode_minus": True,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 8.5,
    "xtick.color": SOFT,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 9.5,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True)
class Interval:
    """A point with its interval, in the units of the drawing."""

    value: float
    low: float
    high: float
    mark: str = "same"


@dataclass(frozen=True)
class Chart:
    """A drawn figure with everything it needs on a page.

    Attributes
    ----------
    name
        Unique on a page; makes the ids inside the SVG unique.
    svg
        The drawing.
    twin
        The same numbers as a table; its caption is the figure's, and its rows in words
        are the alternative text.
    """

    name: str
    svg: str
    twin: Table

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        faces = {"alt": self.twin.in_words(), "caption": self.twin.caption, "twin_html": self.twin.html()}
        bundle = {"image/svg+xml": self.svg, "text/plain": self.twin.in_words()}
        return bundle, {"image/svg+xml": faces}


def _in_house_style(draw: Callable[Drawn, Chart]) -> Callable[Drawn, Chart]:
    """Draw with our fonts and style and leave matplotlib's own settings as they were."""

    @wraps(draw)
    def styled(*args: Drawn.args, **kwargs: Drawn.kwargs) -> Chart:
        _know_fonts()
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return styled


@dataclass(frozen=True)
class ProfileRow:
    """A dimension's row in the profile: a point with the district's spread, or why there is none."""

    label: str
    words: str
    point: Interval | None = None
    band: tuple[float, float] | None = None


@_in_house_style
def profile(name: str, rows: Sequence[ProfileRow], *, axis: str, twin: Table) -> Chart:
    """The dimensions as dots with intervals on one T axis; a dimension without a figure says so.

    Parameters
    ----------
    rows
        One a dimension, T points (district mean 50).
    axis
        Words below the axis.
    """
    left = _reach([row.label for row in rows], bold=True)
    right = 1 - _reach([row.words for row in rows], bold=False)
    figure, axes = _canvas(WIDTH, 0.46 * len(rows) + 0.7, left=left, right=right, top=0.95, bottom=0.2)
    low, high = _limits([row.point for row in rows if row.point], 35, 65)
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(50, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), zorder=2)
    for position, row in enumerate(rows):
        colour = COLOURS[row.point.mark] if row.point else SOFT
        axes.axhline(position, color=LINE, linewidth=0.8, zorder=0)
        if row.band:
            axes.plot(row.band, [position] * 2, color=BAND, linewidth=11, solid_capstyle="round", zorder=1)
        if row.point:
            _dot(axes, row.point, position, size=7)
        axes.text(1.02, position, row.words, color=colour, va="center", transform=axes.get_yaxis_transform())
    axes.set_yticks(range(len(rows)), [row.label for row in rows], fontweight="bold")
    axes.set_xlabel(axis, loc="left")
    _bare(axes)
    return Chart(name, _svg(figure, name), twin)


@_in_house_style
def dots(
    name: str,
    rows: Sequence[tuple[str, Interval]],
    *,
    centre: float,
    reach: float,
    axis: str,
    twin: Table,
) -> Chart:
    """A labelled dot with its interval a row, on one axis with the district's mean marked.

    The axis reaches at least `reach` to both sides of `centre`.
    """
    left = _reach([label for label, _ in rows], bold=False)
    figure, axes = _canvas(WIDTH, 0.4 * len(rows) + 0.8, left=left, right=0.97, top=0.95, bottom=0.3)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(*_around(centre, reach, [point for _, point in rows]))
    axes.axvline(centre, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
    for position, (_, point) in enumerate(rows):
        axes.axhline(position, color=LINE, linewidth=0.8, zorder=0)
        _dot(axes, point, position, size=6.5)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set_xlabel(axis, loc="left")
    _bare(axes)
    return Chart(name, _svg(figure, name), twin)


@_in_house_style
def distribution(
    name: str,
    others: Sequence[float],
    here: Interval | None,
    *,
    centre: float,
    reach: float,
    label: str,
    axis: str,
    twin: Table,
) -> Chart:
    """All sections as dots along one axis, this one marked with its interval."""
    import seaborn as sns

    figure, axes = _canvas(WIDTH, 1.75, left=0.03, right=0.97, top=0.98, bottom=0.32)
    axes.axvline(centre, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
    sns.swarmplot(
        x=list(others), y=[0] * len(others), orient="h", ax=axes, color="#b8c1c9", size=6.5, zorder=2
    )
    axes.set_ylim(0.75, -0.95)
    axes.set_xlim(
        *_around(centre, reach, [Interval(one, one, one) for one in others] + ([here] if here else []))
    )
    if here:
        _dot(axes, here, -0.55, size=8)
        axes.annotate(
            label,
            (here.value, -0.55),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontweight="bold",
        )
    axes.set_yticks([])
    axes.set_ylabel("")
    axes.set_xlabel(axis, loc="left")
    _bare(axes)
    return Chart(name, _svg(figure, name), twin)


@_in_house_style
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
) -> Chart:
    """Every section's interval from low to high, only this one named."""
    figure, axes = _canvas(WIDTH, 2.7, left=0.08, right=0.98, top=0.93, bottom=0.13)
    ordered = sorted(
        [*((one, False) for one in others), (here, True)], key=lambda entry: (entry[0].value, entry[1])
    )
    axes.axhline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
    for position, (one, mine) in enumerate(ordered):
        colour = COLOURS[one.mark] if mine else "#b8c1c9"
        axes.plot(
            [position] * 2, [one.low, one.high], color=colour, linewidth=3.2 if mine else 1.6, zorder=2 + mine
        )
        axes.plot(
            position,
            one.value,
            SHAPES[one.mark] if mine else "o",
            color=colour,
            markersize=8 if mine else 4,
            zorder=4,
        )
        if mine:
            side = "left" if position < len(ordered) * 0.8 else "right"
            axes.annotate(
                label,
                (position, one.high),
                xytext=(6 if side == "left" else -6, 2),
                textcoords="offset points",
                ha=side,
                va="bottom",
                fontweight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                zorder=5,
            )
    axes.set_xticks([])
    axes.set_xlim(-1, len(ordered))
    axes.set_ylim(*_around(0, reach, [one for one, _ in ordered]))
    axes.set_xlabel(rank_axis, loc="left")
    axes.set_title(axis, loc="left", fontsize=8.5, color=SOFT)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)
    return Chart(name, _svg(figure, name), twin)


@_in_house_style
def trend(
    name: str,
    years: Sequence[str],
    points: Sequence[Interval | None],
    *,
    centre: float,
    reach: float,
    axis: str,
    twin: Table,
) -> Chart:
    """One indicator over the years with intervals; a year without a figure stays empty."""
    figure, axes = _canvas(WIDTH, 2.1, left=0.08, right=0.98, top=0.88, bottom=0.15)
    axes.axhline(centre, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), zorder=1)
    known = [(position, point) for position, point in enumerate(points) if point]
    axes.plot([k for k, _ in known], [p.value for _, p in known], color=SOFT, linewidth=1.2, zorder=2)
    for position, point in known:
        colour = COLOURS[point.mark]
        axes.plot(
            [position] * 2,
            [point.low, point.high],
            color=colour,
            linewidth=4,
            alpha=0.45,
            solid_capstyle="round",
        )
        axes.plot(position, point.value, SHAPES[point.mark], color=colour, markersize=7, zorder=3)
    axes.set_xticks(range(len(years)), years)
    axes.set_xlim(-0.5, len(years) - 0.5)
    axes.set_ylim(*_around(centre, reach, [point for _, point in known]))
    axes.set_title(axis, loc="left", fontsize=8.5, color=SOFT)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.tick_params(length=0)
    return Chart(name, _svg(figure, name), twin)


def _dot(axes: Axes, point: Interval, position: float, size: float) -> None:
    colour = COLOURS[point.mark]
    axes.plot(
        [point.low, point.high],
        [position] * 2,
        color=colour,
        linewidth=4.5,
        alpha=0.45,
        solid_capstyle="round",
        zorder=3,
    )
    axes.plot(point.value, position, SHAPES[point.mark], color=colour, markersize=size, zorder=4)


def _bare(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)


def _reach(labels: Sequence[str], *, bold: bool) -> float:
    """The share of the figure's width that the longest label and a gap take."""
    # Chinese characters fill the em square; Latin letters a good half of it.
    ems = max(sum(1.0 if ord(one) > 0x2E7F else 0.62 if bold else 0.58 for one in label) for label in labels)
    return float((ems + 1.2) * STYLE["ytick.labelsize"] / 72 / WIDTH)


def _around(centre: float, reach: float, points: Sequence[Interval]) -> tuple[float, float]:
    """Limits that always show as much, so that noise is not magnified, and whatever lies beyond."""
    low = min([centre - reach, *(point.low for point in points)])
    high = max([centre + reach, *(point.high for point in points)])
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _limits(points: Sequence[Interval], low: float, high: float) -> tuple[float, float]:
    """The usual limits, widened in steps of five where an interval goes beyond."""
    while any(point.low < low for point in points):
        low -= 5
    while any(point.high > high for point in points):
        high += 5
    return low, high


def _canvas(width: float, height: float, **margins: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    figure.subplots_adjust(**margins)
    return figure, axes


@cache
def _know_fonts() -> None:
    for path in fonts.font_paths():
        fontManager.addfont(str(path))


def _svg(figure: Figure, name: str) -> str:
    """The drawing, its bytes the same every time and its ids unique on a page."""
    sink = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    text = sink.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
