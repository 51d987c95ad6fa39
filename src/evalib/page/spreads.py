"""What a drawing over all sections tells: this one's figure, and where the others lie."""

from __future__ import annotations

from evalib.page.indicators import figures
from evalib.page.tables import Table
from evalib.page.view import Row, View


def spread_table(view: View, here: Row | None, others: list[Row], caption: str) -> Table:
    """The data twin of a drawing over all sections: this one, and the others' quartiles."""
    words = view.words
    unit = view.judged[others[0]["indicator"]].unit if others else "sd"
    rows: list[tuple[str, str, str, str]] = []
    if here is not None:
        rows.append((words.label("this_school"), *figures(view, here)))
    for key, value in _quartiles(view, others).items():
        rows.append((words.label(key), words.value(unit, value), "", ""))
    heads = ("what", "value_head", "interval", "pupils")
    return Table(caption=caption, heads=tuple(words.label(key) for key in heads), rows=tuple(rows))


def spread_message(view: View, here: Row | None, others: list[Row], indicator: str) -> str:
    """What a drawing over all sections tells: this one's figure, and where the others' middle half lies."""
    words, one = view.words, view.judged[indicator]
    name = one.name.in_(words.lang)
    quartiles = _quartiles(view, others)
    fields = {
        "name": name,
        "low": words.value(one.unit, quartiles["quarter"]) if quartiles else words.label("withheld_value"),
        "high": words.value(one.unit, quartiles["three_quarters"])
        if quartiles
        else words.label("withheld_value"),
    }
    if here is None or here["reason"]:
        return view.speaker.note("figure_spread_without", fields)
    value, interval, _ = figures(view, here)
    return view.speaker.note("figure_spread", {**fields, "value": value, "interval": interval})


def _quartiles(view: View, others: list[Row]) -> dict[str, float]:
    values = sorted(row["value"] for row in others)
    if not values:
        return {}
    indicator = others[0]["indicator"]
    shares = (("quarter", 0.25), ("half", 0.5), ("three_quarters", 0.75))
    return {
        key: view.tell(f"{indicator}_others_{key}", float(values[round(share * (len(values) - 1))]))
        for key, share in shares
    }
