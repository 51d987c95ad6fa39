"""A dimension at a glance: its lead indicator among all sections, three years, status and change."""

from __future__ import annotations

from evalib.page import charts
from evalib.page.charts import Chart, Interval, Moves, Panel, Spread, Years
from evalib.page.indicators import is_silent
from evalib.page.spreads import spread_message
from evalib.page.tables import NOTHING, Note, Table
from evalib.page.view import Row, View

REACH = {"t_score": 6.0, "sd": 0.4, "rate": 12.0}


def glance(view: View, dimension: str) -> Chart | Note:
    """Up to three panels, those that there are figures for."""
    words = view.words
    lead = view.settings.measures.dimensions[dimension].lead
    parts: list[Panel] = []
    said: list[str] = []
    rows: list[tuple[str, ...]] = []
    others = view.others(lead)
    here = _shown(view.row(lead))
    # Value added has a figure of its own over all sections.
    if dimension != "growth" and others and here is not None:
        parts.append(_spread(view, lead, here, others))
        said.append(spread_message(view, here, others, lead))
    years = _over_years(view, dimension)
    if years:
        panel, told = years
        parts.append(panel)
        rows += told
        listed = [words.label("value_of", name=row[1], value=row[2]) for row in told]
        said.append(view.speaker.note("figure_years", {"name": panel.title, "names": words.listed(listed)}))
    moves = _moves(view, dimension)
    if moves:
        parts.append(moves)
        row = _shown(view.row(dimension))
        if row is not None and row["change"] is not None:
            rows.append(_change_row(view, row))
            said.append(view.speaker.note("figure_moves", {"change": rows[-1][2], "interval": rows[-1][3]}))
    if not parts:
        silent = is_silent(view, dimension)
        return NOTHING if silent else Note("", (view.speaker.note("figure_none", {}),))
    if here is not None:
        rows.insert(0, (here["label"], words.year(view.year), *_printed(view, here)))
    table = Table(
        caption=words.label("glance_caption", dimension=view.name_of(dimension)),
        heads=tuple(words.label(key) for key in ("what", "year", "value_head", "interval", "district")),
        rows=tuple(rows),
        text_columns=frozenset({0, 1}),
    )
    return charts.panorama(
        f"glance-{dimension}", parts, here=words.label("this_school"), twin=table, message=words.run_on(said)
    )


def _spread(view: View, lead: str, here: Row | None, others: list[Row]) -> Spread:
    words, unit = view.words, view.judged[lead].unit
    known = here or others[0]
    return Spread(
        words.label(
            "panel_spread_percent" if unit == "rate" else "panel_spread",
            name=view.judged[lead].name.in_(words.lang),
        ),
        words.label("sd_axis_short") if unit == "sd" else "",
        [view.drawn(lead, row["value"]) for row in others],
        view.interval(here) if here else None,
        view.drawn(lead, known["reference"] or 0.0),
        REACH.get(unit, 0.0),
    )


def _over_years(view: View, dimension: str) -> tuple[Years, list[tuple[str, ...]]] | None:
    """The score over the years, where there is none the lead indicator; and the rows of the twin."""
    words = view.words
    for one in (dimension, view.settings.measures.dimensions[dimension].lead):
        found = [_shown(view.row(one, year=year)) for year in view.years]
        if len([row for row in found if row]) < 2:
            continue
        name = view.judged[one].name.in_(words.lang)
        points = [view.interval(row) if row else None for row in found]
        means = [
            view.drawn(one, row["reference"]) if row and row["reference"] is not None else None
            for row in found
        ]
        short = [f"{year[2:4]}–{year[7:9]}" for year in view.years]
        panel = Years(
            words.label("panel_years", name=name), short, points, means, REACH.get(view.judged[one].unit, 0.0)
        )
        rows: list[tuple[str, ...]] = [
            (name, words.year(year), *_printed(view, row))
            for year, row in zip(view.years, found, strict=True)
            if row
        ]
        return panel, rows
    return None


def _moves(view: View, dimension: str) -> Moves | None:
    """Every section's score and how its difference from the district moved since last year."""
    words = view.words
    others = [
        (50 + 10 * row["value"], 10 * row["change"])
        for row in view.others(dimension)
        if row["change"] is not None
    ]
    row = _shown(view.row(dimension))
    here = None
    if row is not None and row["change"] is not None and row["change_se"] is not None:
        reach, change = 19.6 * row["change_se"], 10 * row["change"]
        told = row["change_probability"] or 0.0
        sure = told >= view.settings.measures.standing.change
        side = ("up" if change > 0 else "down") if sure else "same"
        here = (view.interval(row), Interval(change, change - reach, change + reach, side))
    if here is None:
        return None
    corners = tuple(words.label(f"corner_{one}") for one in ("low_up", "high_up", "low_down", "high_down"))
    return Moves(
        words.label("panel_moves"),
        words.label("moves_across"),
        words.label("moves_upwards"),
        others,
        here,
        (corners[0], corners[1], corners[2], corners[3]),
        50.0 if row is None or row["reference"] is None else view.drawn(dimension, row["reference"]),
    )


def _change_row(view: View, row: Row) -> tuple[str, ...]:
    words, dash = view.words, view.words.label("withheld_value")
    size = words.difference("t_score", row["change"], row["change_se"])
    interval = dash
    if row["change_se"] is not None:
        for side, sign in (("low", -1), ("high", 1)):
            view.tell(f"change_{side}_{row['indicator']}", row["change"] + sign * 1.96 * row["change_se"])
        ends = (
            words.difference("t_score", row["change"] + sign * 1.96 * row["change_se"], row["change_se"])
            for sign in (-1, 1)
        )
        interval = words.label("from_to", low=next(ends), high=next(ends))
    return (words.label("panel_moves"), words.year(view.year), size, interval, dash)


def _printed(view: View, row: Row) -> tuple[str, str, str]:
    """Value, interval and the district's figure as printed."""
    words, unit, se = view.words, view.judged[row["indicator"]].unit, view.precision(row)
    dash = words.label("withheld_value")
    interval = dash if row["low"] is None else words.interval(unit, row["low"], row["high"], se)
    reference = dash if row["reference"] is None else words.value(unit, row["reference"], se)
    return words.value(unit, row["value"], se), interval, reference


def _shown(row: Row | None) -> Row | None:
    return row if row is not None and not row["reason"] else None
