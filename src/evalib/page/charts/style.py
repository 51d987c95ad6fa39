"""The house style of every figure: ink, shapes, panes, and SVG with its text as text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from typing import Any, ParamSpec, cast

import matplotlib as mpl
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.textpath import TextToPath
from matplotlib.ticker import MaxNLocator

from evalib import fonts
from evalib.page.charts.compact import compacted
from evalib.page.charts.frame import Frame
from evalib.page.tables import Table

Drawn = ParamSpec("Drawn")

INK, SOFT, LINE, BAND, GHOST = "#17212b", "#55606a", "#dfe4e9", "#e9edf1", "#aeb8c1"
COLOURS = {"up": "#1f5fa8", "down": "#a84a17", "same": SOFT, "na": SOFT}
SHAPES = {"up": "^", "down": "v", "same": "o", "na": "o"}
DPI = 72  # an SVG's unit is a point
WIDTH = 7.6  # inches, of every figure
TEXT, SMALL = 9.0, 8.0  # points
DASHES = (0, (2, 3))
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": [fonts.FAMILY],
    "font.size": TEXT,
    "text.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
# Whatever bears on a drawing; the rest is windows, files and tools.
_DEFAULTS = {
    key: own
    for key, own in mpl.rcParamsDefault.items()
    if key.partition(".")[0] in ("axes", "figure", "font", "lines", "markers", "mathtext", "patch", "path")
    or key.partition(".")[0] in ("savefig", "svg", "text")
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
        The same numbers as a table; its caption is the figure's.
    message
        What the figure tells, in words: its alternative text. Without one, the twin's rows.
    """

    name: str
    svg: str
    twin: Table
    message: str = ""

    @property
    def alternative(self) -> str:
        """What a reader hears who cannot see the figure."""
        return self.message or self.twin.in_words()

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        faces = {"alt": self.alternative, "caption": self.twin.caption, "twin_html": self.twin.html()}
        bundle = {"image/svg+xml": self.svg, "text/plain": self.twin.in_words()}
        return bundle, {"image/svg+xml": faces}


def in_house_style(draw: Callable[Drawn, Chart]) -> Callable[Drawn, Chart]:
    """Draw with our fonts and style and leave matplotlib's own settings as they were."""

    @wraps(draw)
    def styled(*args: Drawn.args, **kwargs: Drawn.kwargs) -> Chart:
        _know_fonts()
        # A matplotlibrc that lies about, or a notebook's own settings, must not change a page.
        others = {key: own for key, own in _DEFAULTS.items() if mpl.rcParams[key] != own}
        with mpl.rc_context({**others, **STYLE}):
            return draw(*args, **kwargs)

    return styled


class _Renderer(RendererSVG):
    """matplotlib's own, which measures words that many figures share once a process."""

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        """A text's size in points; a fifth of drawing is measuring."""
        return _size(s, prop, ismath)


@lru_cache(maxsize=8192)
def _size(text: str, font: FontProperties, math: Any) -> tuple[float, float, float]:
    return TextToPath().get_text_width_height_descent(text, font, math)


class Sheet:
    """A figure of the page's width on which panes are laid out in inches from the top left."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.figure = Figure(figsize=(WIDTH, height), dpi=DPI)

    def pane(self, left: float, top: float, width: float, height: float) -> Pane:
        """A pane of so many inches."""
        box = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        return Pane(Frame(self.figure, box), width, height)

    def svg(self, name: str) -> str:
        """The drawing, its bytes the same every time and its ids unique on a page."""
        sink = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": name}):
            renderer = cast(Any, _Renderer)(
                WIDTH * DPI, self.height * DPI, sink, image_dpi=DPI, metadata={"Date": None, "Creator": None}
            )
            self.figure.draw(renderer)
            renderer.finalize()
        text = sink.getvalue()
        text = text[text.index("<svg") :]
        return compacted(re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL), name)


@dataclass(frozen=True)
class Pane:
    """One pane of a sheet: rules, words, dots and intervals in the pane's own units."""

    axes: Frame
    width: float
    height: float

    def limits(self, across: tuple[float, float], upwards: tuple[float, float]) -> None:
        """What the pane reaches from left to right and from bottom to top."""
        self.axes.set_limits(across, upwards)

    def title(self, words: str, above: float = 5) -> None:
        """Words over the pane, at its left edge."""
        self.axes.text(
            0,
            1 + above / 72 / self.height,
            words,
            transform=self.axes.transAxes,
            fontsize=SMALL,
            fontweight="bold",
        )

    def below(self, words: str, points: float, *, colour: str = SOFT) -> None:
        """Words under the pane, at its left edge."""
        self.axes.text(
            0,
            -points / 72 / self.height,
            words,
            transform=self.axes.transAxes,
            fontsize=SMALL,
            color=colour,
            va="top",
        )

    def scale_across(
        self, words: str = "", *, ticks: int = 5, signed: bool = False, points: float = 4
    ) -> None:
        """Numbers below the pane, and words below them."""
        low, high = sorted(self.axes.get_xlim())
        for tick in ticks_within(low, high, ticks):
            self.axes.text(
                tick,
                -points / 72 / self.height,
                number(tick, signed),
                va="top",
                ha="center",
                transform=self.axes.get_xaxis_transform(),
                fontsize=SMALL,
                color=SOFT,
            )
        if words:
            self.below(words, points + SMALL + 5)

    def scale_up(self, *, ticks: int = 4, signed: bool = False) -> None:
        """Numbers at the left edge, each with a fine line."""
        low, high = sorted(self.axes.get_ylim())
        steps = ticks_within(low, high, ticks)
        for tick in steps:
            self.axes.text(
                -4 / 72 / self.width,
                tick,
                number(tick, signed),
                va="center",
                ha="right",
                transform=self.axes.get_yaxis_transform(),
                fontsize=SMALL,
                color=SOFT,
            )
        self.lines([((0, tick), (1, tick)) for tick in steps], LINE, 0.6, across=True)

    def lines(
        self, segments: Sequence[Any], colour: str, width: float, *, across: bool = False, **more: Any
    ) -> None:
        """Several lines at once; `across`: their horizontal ends are shares of the pane."""
        transform = self.axes.get_yaxis_transform() if across else self.axes.transData
        self.axes.add(LineCollection(segments, colors=colour, linewidths=width, transform=transform, **more))

    def middle(self, x: float | None = None, y: float | None = None) -> None:
        """The district's mean, as a dotted line."""
        if x is not None:
            self.axes.axvline(x, color=INK, linewidth=0.9, linestyle=DASHES, zorder=1)
        if y is not None:
            self.axes.axhline(y, color=INK, linewidth=0.9, linestyle=DASHES, zorder=1)

    def across(self, point: Interval, y: float, *, size: float = 7, width: float = 4.5) -> None:
        """A dot with its interval from left to right."""
        self._interval([(point.low, y), (point.high, y)], point, width)
        self.dot(point.value, y, point.mark, size)

    def upright(self, point: Interval, x: float, *, size: float = 7, width: float = 4.5) -> None:
        """A dot with its interval from bottom to top."""
        self._interval([(x, point.low), (x, point.high)], point, width)
        self.dot(x, point.value, point.mark, size)

    def cross(self, x: Interval, y: Interval, *, size: float = 8) -> None:
        """A dot with both its intervals."""
        self._interval([(x.low, y.value), (x.high, y.value)], x, 3)
        self._interval([(x.value, y.low), (x.value, y.high)], x, 3)
        self.dot(x.value, y.value, x.mark, size)

    def ghosts(self, x: Sequence[float], y: Sequence[float], size: float = 4.5) -> None:
        """The other sections: dots that name nobody."""
        self.axes.plot(x, y, "o", color=GHOST, markersize=size, markeredgewidth=0, zorder=2)

    def _interval(self, ends: Any, point: Interval, width: float) -> None:
        self.lines([ends], COLOURS[point.mark], width, alpha=0.45, capstyle="round", zorder=3)

    def dot(self, x: float, y: float, mark: str, size: float) -> None:
        """A dot in the shape and colour of a standing."""
        self.axes.plot([x], [y], SHAPES[mark], color=COLOURS[mark], markersize=size, zorder=4, clip_on=False)


def number(value: float, signed: bool = False) -> str:
    """A tick's number with a true minus."""
    text = f"{abs(value):g}"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + text


def ticks_within(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two ends."""
    steps = MaxNLocator(nbins=most, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [round(float(one), 10) for one in steps if low <= one <= high]


def reach_of(labels: Sequence[str], *, bold: bool = False, size: float = TEXT) -> float:
    """Inches that the longest label and a gap take."""
    # Chinese characters fill the em square; Latin letters a good half of it.
    ems = max(
        (sum(1.0 if ord(one) > 0x2E7F else 0.62 if bold else 0.56 for one in label) for label in labels),
        default=0.0,
    )
    return float((ems + 1.2) * size / 72)


def shortened(words: str, most: float) -> str:
    """Words as they are, or as many of them as fit into so many inches; the table under a figure has all.

    >>> shortened("人民路小学", 2.0), shortened("长" * 200, 0.5)
    ('人民路小学', '长长…')
    """
    if reach_of([words]) <= most:
        return words
    kept = words
    while kept and reach_of([kept + "…"]) > most:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def around(centre: float, reach: float, points: Sequence[Interval]) -> tuple[float, float]:
    """Limits that always show as much, so that noise is not magnified, and whatever lies beyond."""
    low = min([centre - reach, *(point.low for point in points)])
    high = max([centre + reach, *(point.high for point in points)])
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def wrapped(words: str, most: float) -> str:
    """Words in as many lines as `most` inches of small text ask for; Chinese breaks anywhere."""
    lines, line = [""], 0.0
    for piece in re.findall(r"[^\s⺀-￿]+\s*|[⺀-￿]\s*", words):
        width = reach_of([piece.rstrip()], size=SMALL) - 1.2 * SMALL / 72
        if line and line + width > most:
            lines.append("")
            line = 0.0
        lines[-1] += piece
        line += width
    return "\n".join(one.rstrip() for one in lines)


@cache
def _know_fonts() -> None:
    for path in fonts.font_paths():
        fontManager.addfont(str(path))
