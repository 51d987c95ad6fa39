"""Figures in one house style: SVG with its text as text, alternative text and a data twin."""

from evalib.page.charts.panels import Moves, Panel, Spread, Years, panorama
from evalib.page.charts.profiles import ProfileRow, profile
from evalib.page.charts.rows import Column, bars, caterpillar, composition, dot_table, dots
from evalib.page.charts.style import Chart, Interval

__all__ = [
    "Chart",
    "Column",
    "Interval",
    "Moves",
    "Panel",
    "ProfileRow",
    "Spread",
    "Years",
    "bars",
    "caterpillar",
    "composition",
    "dot_table",
    "dots",
    "panorama",
    "profile",
]
