"""The part of a figure that one pane draws on: matplotlib's artists without its axes.

A full `Axes` brings ticks, spines and locators that no pane of ours shows, and making them
takes longer than everything that is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox, BboxTransform, Transform, TransformedBbox, blended_transform_factory


class Frame:
    """A box on a figure with limits of its own; methods are named as those of `Axes`."""

    def __init__(self, figure: Figure, box: tuple[float, float, float, float]) -> None:
        self.figure = figure
        left, bottom, width, height = box
        self._box = Bbox.from_bounds(left, bottom, width, height)
        self._limits = Bbox.from_extents(0.0, 0.0, 1.0, 1.0)
        whole = TransformedBbox(self._box, figure.transSubfigure)
        self.transAxes: Transform = BboxTransform(Bbox.unit(), whole)
        self.transData: Transform = BboxTransform(self._limits, whole)

    def set_limits(self, across: tuple[float, float], upwards: tuple[float, float]) -> None:
        """What lies at the left and right edge, at the bottom and the top."""
        self._limits.set_points(np.array([[across[0], upwards[0]], [across[1], upwards[1]]]))

    def get_xlim(self) -> tuple[float, float]:
        """What lies at the left and at the right edge."""
        return float(self._limits.x0), float(self._limits.x1)

    def get_ylim(self) -> tuple[float, float]:
        """What lies at the bottom and at the top."""
        return float(self._limits.y0), float(self._limits.y1)

    def get_xaxis_transform(self) -> Transform:
        """Across in the pane's units, upwards in shares of it."""
        return blended_transform_factory(self.transData, self.transAxes)

    def get_yaxis_transform(self) -> Transform:
        """Across in shares of the pane, upwards in its units."""
        return blended_transform_factory(self.transAxes, self.transData)

    def text(self, x: float, y: float, words: str, transform: Transform | None = None, **looks: Any) -> None:
        """Words at a place."""
        self.add(Text(x, y, words, transform=transform or self.transData, **looks))

    def annotate(
        self, words: str, xy: tuple[float, float], xytext: tuple[float, float], **looks: Any
    ) -> None:
        """Words so many points from a place."""
        self.add(
            Annotation(words, xy, xytext=xytext, xycoords=self.transData, textcoords="offset points", **looks)
        )

    def plot(
        self,
        x: Sequence[float],
        y: Sequence[float],
        marker: str = "",
        transform: Transform | None = None,
        **looks: Any,
    ) -> None:
        """Dots, or a line through places."""
        if marker:
            looks |= {"marker": marker, "linestyle": "none"}
        self.add(Line2D(x, y, transform=transform or self.transData, **looks))

    def axvline(self, x: float, **looks: Any) -> None:
        """A line from bottom to top."""
        self.add(Line2D([x, x], [0, 1], transform=self.get_xaxis_transform(), **looks))

    def axhline(self, y: float, **looks: Any) -> None:
        """A line from left to right."""
        self.add(Line2D([0, 1], [y, y], transform=self.get_yaxis_transform(), **looks))

    def fill(self, x: Sequence[float], y: Sequence[float], **looks: Any) -> None:
        """A filled shape."""
        self.add(Polygon(list(zip(x, y, strict=True)), closed=True, transform=self.transData, **looks))

    def barh(self, y: float, width: float, height: float, left: float = 0.0, **looks: Any) -> None:
        """A bar from left to right."""
        self.add(Rectangle((left, y - height / 2), width, height, transform=self.transData, **looks))

    def add(self, artist: Artist) -> None:
        """Any artist that has its transform."""
        self.figure.add_artist(artist)
