"""The first page's parts: where the section stands, the profile, what is known well and what is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalib.page import charts
from evalib.page.charts import Chart, ProfileRow
from evalib.page.findings import bears_a_sentence, smallest_of
from evalib.page.tables import Note, Pair, Standings, Table
from evalib.page.view import Row, View
from evalib.vocabulary import DIMENSIONS, OVERALL, STANDINGS, Reason
from evalib.wording import MARKS, mark

# So many names at most in one line of the first page, and so many lines.
NAMED, LINES = 3, 3
COVERED = 0.95


def lead_sentences(view: View) -> list[str]:
    """The dimensions by their standing, the clearest first; then those that are not judged."""
    words = view.words
    by_standing: dict[str, list[str]] = {}
    silent: dict[str, list[str]] = {}
    for dimension in DIMENSIONS:
        row = view.row(dimension)
        name = view.name_of(dimension)
        if row is None or row["reason"]:
            silent.setdefault(row["reason"] if row else Reason.NOT_EVALUATED, []).append(name)
        elif row["standing"] in STANDINGS and bears_a_sentence(row, view.judged[dimension]):
            by_standing.setdefault(row["standing"], []).append(name)
        else:
            silent.setdefault(row["standing_reason"] or Reason.TOO_FEW, []).append(name)
    order = ("clearly_above", "clearly_below", "probably_above", "probably_below")
    said = [
        view.speaker.note(
            "dimensions_apart",
            {
                "name": words.listed(by_standing[one]),
                "standing": words.standing(one, "higher").partition(" ")[2],
            },
        )
        for one in order
        if one in by_standing
    ]
    if "not_distinguishable" in by_standing:
        alike = by_standing["not_distinguishable"]
        key = "dimensions_all_alike" if len(alike) == len(DIMENSIONS) else "dimensions_alike"
        said.append(view.speaker.note(key, {"name": words.listed(alike)}))
    return said + [view.speaker.about_withheld(names, reason) for reason, names in silent.items()]


def standings(view: View) -> Standings:
    """How the section stands: over all, and one sentence a dimension."""
    parts = []
    for dimension in DIMENSIONS:
        row, said, side = view.row(dimension), "", "na"
        if row is not None and not row["reason"]:
            said = view.speaker.about_dimension(row, view.judged[dimension])
            side = mark(row["standing"] or "none")
        if not said:
            reason = Reason.NOT_EVALUATED if row is None else row["reason"] or row["standing_reason"]
            said = view.speaker.note(
                "dimension_withheld", {"reason": view.words.reason(reason or Reason.TOO_FEW)}
            )
        parts.append((view.name_of(dimension), said, side))
    return Standings(view.words.run_on(lead_sentences(view)), tuple(parts))


def profile(view: View) -> Chart | Note:
    """Every dimension's score with its interval and how sure it is, or that there is none."""
    words = view.words
    rows, cells = [], []
    dash = words.label("withheld_value")
    for dimension in [one for one in (*DIMENSIONS, OVERALL) if one in view.judged]:
        name = view.judged[dimension].name.in_(words.lang)
        row = view.row(dimension)
        if row is None or row["reason"]:
            said = words.reason(row["reason"] if row else Reason.NOT_EVALUATED)
            rows.append(ProfileRow(name, f"{MARKS['na']} {words.label('no_score')}"))
            cells.append((name, dash, dash, dash, said))
            continue
        said = words.standing(row["standing"] or "none", "higher")
        now = None if row["reference"] is None else view.drawn(dimension, row["reference"])
        rows.append(ProfileRow(name, said, view.interval(row), _band(view, dimension), now))
        if row["standing"] in ("", "none", None) and row["standing_reason"]:
            said = f"{said} · {words.reason(row['standing_reason'])}"
        value = words.value("t_score", row["value"], row["se"])
        interval = words.interval("t_score", row["low"], row["high"], row["se"])
        reference = words.value("t_score", row["reference"], row["se"])
        cells.append((name, value, interval, reference, said))
    if not any(row.point for row in rows):
        return Note("", (words.label("no_scores"),))
    heads = ("dimension", "value", "interval", "district", "standing")
    table = Table(
        caption=words.label("profile_caption", years=view.base_years),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(cells),
        text_columns=frozenset({0, 4}),
    )
    return charts.profile(
        "profile",
        rows,
        axis=words.label("score_axis"),
        middle=words.label("base_district"),
        twin=table,
        message=words.run_on(lead_sentences(view)),
    )


def limits(view: View) -> Pair:
    """What this year's figures say surely, and what they cannot say and why, in a few lines each."""
    words = view.words
    known = _known(view) or (view.speaker.note("known_nothing", {}),)
    return Pair((Note(words.label("known_well"), known), Note(words.label("not_known"), _unknown(view))))


def silences(view: View) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, list[str]]]:
    """Names by the reason why they have no figure, no standing, or no part in a score."""
    silent: dict[str, list[str]] = {}
    unjudged: dict[str, list[str]] = {}
    unscored: dict[str, list[str]] = {}
    for dimension in DIMENSIONS:
        params = view.settings.measures.dimensions[dimension]
        rows = [row for row in view.rows if row["dimension"] == dimension and not row["subject"]]
        if not rows:
            silent.setdefault(Reason.NOT_EVALUATED, []).append(params.name.in_(view.words.lang))
        for row in rows:
            # A subject that is missing under a figure over all subjects is told as well.
            parts = [] if row["reason"] or row["indicator"] != params.lead else view.subjects_of(row)
            for one in (row, *parts):
                if one["reason"]:
                    silent.setdefault(one["reason"], []).append(one["label"])
            if row["standing_reason"]:
                unjudged.setdefault(row["standing_reason"], []).append(row["label"])
            if row["score_reason"]:
                unscored.setdefault(row["score_reason"], []).append(row["label"])
    return silent, unjudged, unscored


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
                "probability": probability(view, row["change_probability"]),
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
        low, high = row["similar_low"], row["similar_high"]
        if unit in ("rate", "rate_difference"):  # the unit once, behind both ends
            interval = words.interval("rate_difference", low, high, row["se"])
        else:
            ends = (words.difference(unit, one, row["se"]) for one in (low, high))
            interval = words.label("from_to", low=next(ends), high=next(ends))
        cells.append((row["label"], value, reference, difference, interval))
    heads = ("indicator", "value", "similar", "similar_difference", "interval")
    return Table(
        caption=words.label("similar_caption", count=count),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(cells),
    )


def probability(view: View, value: float) -> str:
    """A probability in percent; next to certain is not called certain."""
    if value > 0.994:
        return view.words.label("nearly_certain")
    return view.words.share(value)


def _known(view: View) -> tuple[str, ...]:
    """Clear differences, clear likeness, and how complete the figures are."""
    single = [row for row in view.rows if not row["reason"] and view.is_finding(row)]
    judged = [row for row in single if bears_a_sentence(row, view.judged[row["indicator"]])]
    whole = [row for row in judged if not row["subject"]]
    said = []
    for standing, key in (("clearly_above", "known_better"), ("clearly_below", "known_worse")):
        found = [row for row in judged if row["standing"] == standing]
        found.sort(key=lambda row: -abs(row["d_mean"] / row["d_sd"]) if row["d_sd"] else 0.0)
        if found:
            said.append(view.speaker.note(key, {"name": _some(view, [row["label"] for row in found])}))
    alike = [
        row["label"] for row in whole if surely_near(row, smallest_of(row, view.judged[row["indicator"]]))
    ]
    if alike:
        said.append(view.speaker.note("known_alike", {"name": _some(view, alike)}))
    shown = [row for row in single if not row["subject"]]
    covered = [row for row in shown if surely_covers(view, row)]
    if shown:
        count, many = (view.tell(key, len(rows)) for key, rows in (("shown", shown), ("covered", covered)))
        fields = {
            "count": view.words.count(int(count)),
            "many": view.words.count(int(many)),
            "share": view.words.share(COVERED),
        }
        said.append(view.speaker.note("known_coverage", fields))
    return tuple(said)


def surely_covers(view: View, row: Row) -> bool:
    """Whether a figure counts nearly every pupil who should, told by its coverage or by the band of it."""
    if row["coverage"] is not None:
        return bool(row["coverage"] >= COVERED)
    few = view.settings.disclosure.minimum_numerator - 1
    return row["coverage_band"] == "high" and bool(row["n"] / (row["n"] + few) >= COVERED)


def surely_near(row: Row, smallest: float | None) -> bool:
    """Whether a figure is judged and its whole interval lies within the smallest difference that matters."""
    if smallest is None or row["standing"] not in STANDINGS or row["reference"] is None:
        return False
    ends = (row["low"] - row["reference"], row["high"] - row["reference"])
    return bool(max(abs(one) for one in ends) < smallest)


def _unknown(view: View) -> tuple[str, ...]:
    """Why figures, standings and parts of scores are missing, the longest lists first."""
    silent, unjudged, _ = silences(view)
    lines = [
        (len(names), view.speaker.about_withheld([_some(view, names)], reason))
        for reason, names in silent.items()
        if reason != Reason.NOT_APPLICABLE
    ]
    for reason, names in unjudged.items():
        fields = {"name": _some(view, names), "reason": view.words.reason(reason)}
        lines.append((len(names), view.speaker.note("not_judged", fields)))
    lines.sort(key=lambda line: -line[0])
    said = [text for _, text in lines[:LINES]]
    alike = [
        row
        for row in view.rows
        if row["standing"] == "not_distinguishable" and view.is_finding(row) and not row["subject"]
    ]
    likely = [
        row["label"]
        for row in view.rows
        if (row["standing"] or "").startswith("probably_") and view.is_finding(row) and not row["subject"]
    ]
    if likely:
        said.append(view.speaker.note("only_probably", {"name": _some(view, likely)}))
    if alike:
        count = int(view.tell("not_distinguishable", len(alike)))
        said.append(view.speaker.note("indistinct", {"count": view.words.count(count)}))
    rest = max(len(lines) - LINES, 0)
    said.append(view.speaker.note("more_below" if rest or said else "everything_said", {}))
    return tuple(said)


def _some(view: View, names: Sequence[str]) -> str:
    """The first names, and how many there are when that is not all."""
    listed = view.words.listed(names[:NAMED])
    if len(names) <= NAMED:
        return listed
    count = int(view.tell(f"named_{names[0]}", len(names)))
    return view.words.label("and_more", names=listed, count=view.words.count(count))


def _band(view: View, indicator: str) -> tuple[float, float] | None:
    """The middle half of the sections' scores, T points."""
    rows: list[Row] = [row for row in view.stage_rows(view.year) if row["indicator"] == indicator]
    values = [50 + 10 * row["value"] for row in rows if not row["reason"]]
    if len(values) < 4:
        return None
    low, high = np.quantile(values, [0.25, 0.75])
    return float(low), float(high)
