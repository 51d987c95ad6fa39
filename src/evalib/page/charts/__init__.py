"""Figures in one house style: SVG with its text as text, alternative text and a data twin."""

from evalib.page.charts.counts import Grid, grids, tallies
from evalib.page.charts.limits import LimitRow, Steps, Trend, against_limit, ladder, trends
from evalib.page.charts.panels import Moves, Panel, Spread, Years, panorama
from evalib.page.charts.profiles import ProfileRow, profile
from evalib.page.charts.rows import Column, bars, caterpillar, composition, dot_table, dots
from evalib.page.charts.strips import Strip, StripPane, strips
from evalib.page.charts.style import Chart, Interval

__all__ = [
    "Chart",
    "Column",
    "Grid",
    "Interval",
    "LimitRow",
    "Moves",
    "Panel",
    "ProfileRow",
    "Spread",
    "Steps",
    "Strip",
    "StripPane",
    "Trend",
    "Years",
    "against_limit",
    "bars",
    "caterpillar",
    "composition",
    "dot_table",
    "dots",
    "grids",
    "ladder",
    "panorama",
    "profile",
    "strips",
    "tallies",
    "trends",
]
