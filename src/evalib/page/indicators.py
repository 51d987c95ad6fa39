"""A dimension's table of indicators with its headline before and its data note below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalib.page.findings import bears_a_sentence, first_findings
from evalib.page.overview import COVERED, silences
from evalib.page.sparklines import Sparkline
from evalib.page.tables import Note, Table
from evalib.page.view import Row, View
from evalib.vocabulary import Reason, Withheld
from evalib.wording import mark

# Which dimension a note on the data belongs to; the others concern the whole report.
NOTES = {
    "academic": ("paper_not_comparable", "paper_of_earlier_term", "paper_constant"),
    "competence": ("quota_breached", "fitness_without_sex"),
    "talents": ("awards_without_list", "awards_not_listed", "works_without_pupils"),
    "articulation": (
        "core_subjects_missing",
        "open_transfers",
        "open_transfers_few",
        "recovery_grade",
        "onward_not_fitted",
        "adaptation_without_eligible",
    ),
    "growth": (
        "grades_without_prior",
        "growth_not_fitted",
        "growth_boundary",
        "growth_unreliable",
        "growth_percentile_too_few",
        "growth_percentiles_not_fitted",
        "growth_years_boundary",
        "growth_years_unreliable",
        "growth_years_not_fitted",
    ),
}


def headline(view: View, dimension: str) -> str:
    """One sentence on a dimension: its score's, else its lead indicator's, else why there is none."""
    row = view.row(dimension)
    lead = view.row(view.settings.measures.dimensions[dimension].lead)
    for one in (row, lead):
        if one is not None and not one["reason"]:
            said = view.speaker.about_indicator(one, view.judged[one["indicator"]])
            if said:
                return said
    known = [one for one in (row, lead) if one is not None]
    reason = next((one["reason"] or one["standing_reason"] for one in known), Reason.NOT_EVALUATED)
    return view.speaker.about_withheld([view.name_of(dimension)], reason or Reason.TOO_FEW)


def headlines(view: View, dimension: str) -> str:
    """The dimension's sentence, and those of the two indicators that differ most."""
    rows = [row for row in findable(view) if row["dimension"] == dimension]
    told = [tell_finding(view, row) for row in first_findings(rows, 2)]
    return view.words.run_on([headline(view, dimension), *(one for one in told if one)])


def findable(view: View) -> list[Row]:
    """The figures of single indicators of which something may be said."""
    return [
        row
        for row in view.rows
        if view.is_finding(row) and bears_a_sentence(row, view.judged[row["indicator"]])
    ]


def tell_finding(view: View, row: Mapping[str, Any]) -> str:
    """The sentence on one indicator; the pupils it counts are kept for the results."""
    indicator = view.judged[row["indicator"]]
    if indicator.unit == "rate" and row["difference"] is not None:
        what = "_".join(one for one in ("gap", row["indicator"], row["subject"]) if one)
        view.tell(what, round(abs(row["difference"]) * row["n"]))
    return view.speaker.about_indicator(row, indicator)


def dimension_table(view: View, dimension: str) -> Table | Note:
    """Headline, every indicator of a dimension, and what its data lack."""
    rows = [row for row in view.rows if row["dimension"] == dimension and not row["subject"]]
    if is_silent(view, dimension):
        return Note("", _silent(view, dimension, rows))
    return indicator_table(
        view,
        rows,
        view.words.label("rates_caption"),
        lead=headlines(view, dimension),
        notes=quality(view, dimension),
    )


def is_silent(view: View, dimension: str) -> bool:
    """Whether a dimension has no figure at all: its reasons are told once, and nothing is drawn."""
    rows = [row for row in view.rows if row["dimension"] == dimension and not row["subject"]]
    return all(row["reason"] and not row["band"] for row in rows)


def _silent(view: View, dimension: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """Why a dimension has no figure at all: one line a reason in place of a table of dashes."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row["indicator"] != dimension:
            names.setdefault(row["reason"], []).append(row["label"])
    if not names:
        return (headline(view, dimension),)
    return tuple(view.speaker.about_withheld(labels, reason) for reason, labels in names.items())


def indicator_table(
    view: View,
    rows: Sequence[Row],
    caption: str,
    *,
    lead: str = "",
    notes: tuple[str, ...] = (),
    years: bool = True,
) -> Table:
    """Measurements as a table; a withheld one gives its reason in place of a standing.

    `years` draws each over the years as well: where a page has that already, it would only be said twice.
    """
    words = view.words
    heads = [
        "indicator",
        "value",
        "interval",
        "pupils",
        "coverage",
        "district",
        "similar_short",
        "over_years",
        "standing",
    ]
    cells = [
        [
            _name(view, row),
            *figures(view, row),
            _coverage(view, row),
            _reference(view, row, "reference"),
            _reference(view, row, "similar_reference"),
            _over_years(view, row) if years else words.label("withheld_value"),
            standing(view, row),
        ]
        for row in rows
    ]
    # A column that nobody fills is none: without similar sections, or with one year only.
    dash = words.label("withheld_value")
    for position in (7, 6):
        if all(line[position] == dash for line in cells):
            heads.pop(position)
            for line in cells:
                line.pop(position)
    return Table(
        caption=caption,
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(tuple(line) for line in cells),
        text_columns=frozenset({0, len(heads) - 1}),
        marks=tuple("na" if row["reason"] else mark(row["standing"] or "none") for row in rows),
        lead=lead,
        notes=notes,
    )


def quality(view: View, dimension: str) -> tuple[str, ...]:
    """What a dimension's data lack: low coverage, figures without standing or share in the score, notes."""
    rows = [row for row in view.rows if row["dimension"] == dimension and not row["subject"]]
    names = {row["label"] for row in rows}
    known = [row for row in rows if not row["reason"] and row["coverage"] is not None]
    said = []
    if known:
        least = min(known, key=lambda row: row["coverage"])
        if least["coverage"] < COVERED:
            fields = {"name": least["label"], "coverage": view.words.share(least["coverage"])}
            said.append(view.speaker.note("quality_coverage", fields))
        else:
            said.append(view.speaker.note("quality_whole", {"share": view.words.share(COVERED)}))
    score = view.row(dimension)
    held = None if score is None or score["reason"] else score["weight_available"]
    if held is not None and held < 1:
        counted = view.tell(f"weight_counted_{dimension}", held)
        said.append(view.speaker.note("weight_counted", {"share": view.words.share(counted)}))
    _, unjudged, unscored = silences(view)
    for key, group in (("not_judged", unjudged), ("not_in_score", unscored)):
        for reason, labels in group.items():
            mine = [one for one in labels if one in names]
            if mine:
                fields = {"name": view.words.listed(mine), "reason": view.words.reason(reason)}
                said.append(view.speaker.note(key, fields))
    return (*said, *(text for key, text in view.notes if key in NOTES[dimension]))


def figures(view: View, row: Row | None) -> tuple[str, str, str]:
    """Value, interval and number of pupils as printed; a withheld figure is a dash, or its band."""
    words = view.words
    dash = words.label("withheld_value")
    figure = view.figure(row)
    if row is None or isinstance(figure, Withheld):
        band = view.band(row) if row and row["band"] else dash
        return band, dash, words.count(int(row["n"])) if row and row["n"] is not None else dash
    unit, se = view.judged[row["indicator"]].unit, view.precision(row)
    value = words.value(unit, figure.value, se)
    if figure.low is None or figure.high is None:
        return value, dash, words.count(figure.n)
    return value, words.interval(unit, figure.low, figure.high, se), words.count(figure.n)


def standing(view: View, row: Row) -> str:
    """A measurement's standing in words with its mark, or why there is none."""
    indicator = view.judged[row["indicator"]]
    if row["reason"]:
        return view.words.reason(row["reason"])
    if not indicator.standing:
        return view.words.standing("of_record", indicator.direction)
    return view.words.standing(row["standing"] or "none", indicator.direction)


def _coverage(view: View, row: Row) -> str:
    if row["coverage_band"]:
        return view.band(row, "coverage")
    figure = view.figure(row)
    if isinstance(figure, Withheld) or figure.coverage is None:
        return view.words.label("withheld_value")
    return view.words.share(figure.coverage)


def _reference(view: View, row: Row, key: str) -> str:
    if row["reason"] or row[key] is None:
        return view.words.label("withheld_value")
    return view.words.value(view.judged[row["indicator"]].unit, row[key], view.precision(row))


def _over_years(view: View, row: Row) -> str:
    """The figure over the years as a small drawing; a year without one is a gap."""
    words, unit = view.words, view.judged[row["indicator"]].unit
    dash = words.label("withheld_value")
    found = [view.row(row["indicator"], row["subject"], year) for year in view.years]
    known = [one if one is not None and not one["reason"] else None for one in found]
    if len([one for one in known if one]) < 2:
        return dash
    said = [dash if one is None else words.value(unit, one["value"], view.precision(one)) for one in known]
    points = [
        None
        if one is None
        else (one["value"], *(one["value"] if one[key] is None else one[key] for key in ("low", "high")))
        for one in known
    ]
    named = words.label("value_of", name=row["label"], value=" → ".join(said))
    return Sparkline(named, points, row["reference"])


def _name(view: View, row: Row) -> str:
    if view.judged[row["indicator"]].direction == "lower":
        return view.words.label("lower_is_better", name=row["label"])
    return str(row["label"])
