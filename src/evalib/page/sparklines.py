"""Three years of one figure in a table's cell: dots with intervals, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evalib.markup import escape_html

WIDTH, HEIGHT, EDGE, DOT = 54, 18, 5, 2.1
INK, SOFT = "#17212b", "#55606a"

Ends = tuple[float, float, float]


class Sparkline(str):
    """The words of a small drawing, with the drawing itself.

    As text it is its words, so that a table's plain face and alternative text stay whole.
    """

    points: tuple[Ends | None, ...]
    reference: float | None

    def __new__(
        cls, words: str, points: Sequence[Ends | None] = (), reference: float | None = None
    ) -> Sparkline:
        """A drawing of value, low and high a year, the district's last figure a fine line."""
        made = super().__new__(cls, words)
        made.points = tuple(points)
        made.reference = reference
        return made

    @property
    def html(self) -> str:
        """The drawing for a page: its colours are the style sheet's."""
        lines, dots = self._shapes()
        drawn = "".join(
            f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
            for kind, x1, y1, x2, y2 in lines
        )
        drawn += "".join(f'<circle cx="{x}" cy="{y}" r="{DOT}"/>' for x, y in dots)
        return (
            f'<svg class="spark" role="img" aria-label="{escape_html(str(self))}" '
            f'viewbox="0 0 {WIDTH} {HEIGHT}">{drawn}</svg>'
        )

    @property
    def svg(self) -> str:
        """The drawing for print, colours in it."""
        lines, dots = self._shapes()
        looks = {"mean": ("#aeb8c1", 0.7, 1), "run": (SOFT, 0.8, 1), "span": (SOFT, 2.6, 0.4)}
        drawn = "".join(
            f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{looks[kind][0]}" '
            f'stroke-width="{looks[kind][1]}" stroke-opacity="{looks[kind][2]}" stroke-linecap="round"/>'
            for kind, x1, y1, x2, y2 in lines
        )
        drawn += "".join(f'<circle cx="{x}" cy="{y}" r="{DOT}" fill="{INK}"/>' for x, y in dots)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}pt" height="{HEIGHT}pt" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}">{drawn}</svg>'
        )

    def _shapes(self) -> tuple[list[tuple[str, float, float, float, float]], list[tuple[float, float]]]:
        known = [(k, point) for k, point in enumerate(self.points) if point]
        if not known:
            return [], []
        ends = [one for _, point in known for one in point]
        if self.reference is not None:
            ends.append(self.reference)
        low, high = min(ends), max(ends)
        span = (high - low) or 1.0
        step = (WIDTH - 2 * EDGE) / max(len(self.points) - 1, 1)

        def x(position: int) -> float:
            return round(EDGE + step * position, 1)

        def y(value: float) -> float:
            return round(HEIGHT - 3 - (HEIGHT - 6) * (value - low) / span, 1)

        lines = (
            []
            if self.reference is None
            else [("mean", 0.0, y(self.reference), float(WIDTH), y(self.reference))]
        )
        lines += [("span", x(k), y(one[1]), x(k), y(one[2])) for k, one in known if one[1] != one[2]]
        lines += [
            ("run", x(k), y(one[0]), x(j), y(two[0])) for (k, one), (j, two) in pairwise(known) if j == k + 1
        ]
        return lines, [(x(k), y(one[0])) for k, one in known]
