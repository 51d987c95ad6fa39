"""The first page's parts: the profile of five dimensions, changes, and sections that are alike."""

from __future__ import annotations

import numpy as np

from evalib.page import charts
from evalib.page.charts import Chart, ProfileRow
from evalib.page.tables import Note, Table
from evalib.page.view import Row, View
from evalib.vocabulary import DIMENSIONS, OVERALL, Reason
from evalib.wording import MARKS, mark


def lead_sentences(view: View) -> list[str]:
    """The dimensions told apart, one sentence each; then the others together; then those without a score."""
    words = view.words
    said, alike = [], []
    silent: dict[str, list[str]] = {}
    for dimension in DIMENSIONS:
        row = view.row(dimension)
        name = view.settings.measures.dimensions[dimension].name.in_(words.lang)
        if row is None or row["reason"]:
            silent.setdefault(row["reason"] if row else Reason.NOT_EVALUATED, []).append(name)
        elif told_apart(row):
            said.append(view.speaker.about_indicator(row, view.judged[dimension]))
        elif row["standing"] == "not_distinguishable":
            alike.append(name)
        else:
            silent.setdefault(row["standing_reason"] or Reason.TOO_FEW, []).append(name)
    if alike:
        said.append(view.speaker.note("dimensions_alike", {"name": words.listed(alike)}))
    return said + [view.speaker.about_withheld(names, reason) for reason, names in silent.items()]


def profile(view: View) -> Chart:
    """Every dimension's score with its interval and how sure it is, or why there is none."""
    words = view.words
    rows, cells = [], []
    dash = words.label("withheld_value")
    for dimension in [one for one in (*DIMENSIONS, OVERALL) if one in view.judged]:
        name = view.judged[dimension].name.in_(words.lang)
        row = view.row(dimension)
        if row is None or row["reason"]:
            said = words.reason(row["reason"] if row else Reason.NOT_EVALUATED)
            rows.append(ProfileRow(name, f"{MARKS['na']} {said}"))
            cells.append((name, dash, dash, dash, said))
            continue
        said = words.standing(row["standing"] or "none", "higher")
        if row["standing"] in ("", "none", None) and row["standing_reason"]:
            said = f"{said} · {words.reason(row['standing_reason'])}"
        rows.append(ProfileRow(name, said, view.interval(row), _band(view, dimension)))
        value = words.value("t_score", row["value"], row["se"])
        interval = words.interval("t_score", row["low"], row["high"], row["se"])
        reference = words.value("t_score", row["reference"], row["se"])
        cells.append((name, value, interval, reference, said))
    heads = ("dimension", "value", "interval", "district", "standing")
    table = Table(
        caption=words.label("profile_caption", years=view.base_years),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(cells),
        text_columns=frozenset({0, 4}),
    )
    return charts.profile("profile", rows, axis=words.label("score_axis"), twin=table)


def changes(view: View) -> Note:
    """Figures whose difference from the district has surely enough moved since last year."""
    words = view.words
    limit = view.settings.measures.standing.change
    known = [row for row in view.rows if not row["reason"] and row["change_probability"] is not None]
    said = []
    for row in known:
        if row["change_probability"] >= limit and not row["subject"]:
            indicator = view.judged[row["indicator"]]
            better = (row["change"] > 0) == (indicator.direction == "higher")
            size = words.difference(indicator.unit, abs(row["change"]), row["change_se"]).lstrip("+")
            fields = {
                "name": row["label"],
                "size": size,
                "probability": words.share(row["change_probability"]),
            }
            said.append(view.speaker.note("change_better" if better else "change_worse", fields))
    if not known:
        return Note("", (view.speaker.note("change_unknown", {}),))
    return Note("", tuple(said) or (view.speaker.note("change_none", {}),))


def similar(view: View) -> Table | Note:
    """Scores and lead indicators beside the mean of the sections that are most alike."""
    words = view.words
    wanted = [
        key
        for dimension in DIMENSIONS
        for key in (dimension, view.settings.measures.dimensions[dimension].lead)
    ]
    rows = [row for row in view.rows if row["indicator"] in wanted and not row["subject"]]
    shown = [row for row in rows if not row["reason"] and row["similar_reference"] is not None]
    count = view.settings.measures.standing.similar.sections
    if not shown:
        return Note("", (view.speaker.note("similar_none", {"count": words.count(count)}),))
    cells = []
    for row in shown:
        unit = view.judged[row["indicator"]].unit
        value = words.value(unit, row["value"], row["se"])
        reference = words.value(unit, row["similar_reference"], row["se"])
        difference = words.difference(unit, row["similar_difference"], row["se"])
        ends = (words.difference(unit, row[key], row["se"]) for key in ("similar_low", "similar_high"))
        interval = words.label("from_to", low=next(ends), high=next(ends))
        cells.append((row["label"], value, reference, difference, interval))
    heads = ("indicator", "value", "similar", "similar_difference", "interval")
    return Table(
        caption=words.label("similar_caption", count=count),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(cells),
    )


def _band(view: View, indicator: str) -> tuple[float, float] | None:
    """The middle half of the sections' scores, T points."""
    rows: list[Row] = [row for row in view.stage_rows(view.year) if row["indicator"] == indicator]
    values = [50 + 10 * row["value"] for row in rows if not row["reason"]]
    if len(values) < 4:
        return None
    low, high = np.quantile(values, [0.25, 0.75])
    return float(low), float(high)


def told_apart(row: Row) -> bool:
    """Whether a measurement is told apart from the district, up or down."""
    return mark(row["standing"] or "") in ("up", "down")
