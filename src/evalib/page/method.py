"""How the figures were made: the scale, precision, definitions and rules in force."""

from __future__ import annotations

from evalib.page.tables import Note, Table
from evalib.page.view import View


def scale(view: View) -> Table | Note:
    """What each dimension's score is made of: every weighted indicator's share and T points."""
    words = view.words
    cells = []
    for row in view.rows:
        indicator = view.judged[row["indicator"]]
        if row["subject"] or not indicator.weight:
            continue
        name = view.judged[indicator.dimension].name.in_(words.lang)
        dash = words.label("withheld_value")
        silence = row["reason"] or row["score_reason"]
        counts = row["score"] is not None and not silence
        score = words.value("t_score", row["score"]) if counts else dash
        said = words.reason(silence) if silence else words.label("part_of_score")
        cells.append((name, row["label"], words.share(indicator.weight), score, said))
    if not cells:
        return Note("", (view.speaker.note("nothing_can_be_said", {}),))
    heads = ("dimension", "indicator", "weight", "score", "counted")
    caption = "scale_caption_provisional" if view.provisional else "scale_caption"
    return Table(
        caption=words.label(caption, years=view.base_years),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(cells),
        text_columns=frozenset({0, 1, 4}),
    )


def precision(view: View) -> Table | Note:
    """How pupils of a class resemble each other, and what that and shrinkage do to each figure."""
    words = view.words
    dash = words.label("withheld_value")
    rows = []
    for row in view.rows:
        if not row["reason"] and not row["subject"]:
            unit = view.judged[row["indicator"]].unit
            shrunken = dash
            if row["shrunken"] is not None:
                ends = words.interval(unit, row["shrunken_low"], row["shrunken_high"], row["shrunken_se"])
                value = words.value(unit, row["shrunken"], row["shrunken_se"])
                shrunken = words.label("value_with_interval", value=value, interval=ends)
            known = (row["class_correlation"], row["design_effect"], row["reliability"])
            if all(one is None for one in known):
                continue
            figures = (dash if one is None else words.decimal(one, 2) for one in known)
            rows.append((row["label"], *figures, shrunken))
    heads = ("indicator", "class_correlation", "design_effect", "reliability", "shrunken")
    if not rows:
        return Note("", (view.speaker.note("nothing_can_be_said", {}),))
    return Table(
        caption=words.label("precision_caption"),
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(rows),
    )


def definitions(view: View) -> Table:
    """Every indicator's definition, status and source."""
    words, measures = view.words, view.settings.measures
    return Table(
        caption=words.label("definitions_caption"),
        heads=tuple(
            words.label(key) for key in ("indicator", "definition", "smallest_short", "source", "status")
        ),
        rows=tuple(
            (
                one.name.in_(words.lang),
                words.about(one, measures),
                _smallest(view, one.unit, one.smallest_difference if one.standing else None),
                one.source.in_(words.lang),
                words.label(one.status, "status"),
            )
            for one in measures.indicators
        ),
        text_columns=frozenset({0, 1, 3, 4}),
    )


def rules(view: View) -> Table:
    """Cuts, denominator, limits and probabilities in force."""
    words, settings = view.words, view.settings
    measures, standing = settings.measures, settings.measures.standing
    cuts = (measures.cuts.excellent, measures.cuts.pass_, measures.cuts.low)
    minimum = (settings.disclosure.minimum_n, settings.disclosure.minimum_n_standing)
    rows = (
        ("rule_denominator", words.label(f"denominator_{measures.denominator}")),
        ("rule_cuts", " · ".join(words.share(cut) for cut in cuts)),
        ("rule_probability", f"{words.share(standing.clear)} · {words.share(standing.probable)}"),
        ("rule_minimum", " · ".join(words.count(one) for one in minimum)),
        ("rule_match", words.share(measures.growth.match_rate_minimum)),
        ("rule_sections", words.count(standing.minimum_sections)),
    )
    return Table(
        caption=words.label("rules_caption"),
        heads=(words.label("rule"), words.label("setting")),
        rows=tuple((words.label(key), said) for key, said in rows),
        text_columns=frozenset({0, 1}),
    )


def definitions_changed(view: View) -> Note:
    """What the district registered as changed, and which indicators came and went since last year."""
    words = view.words
    registered = words.catalogue.get("definitions_changed", {})
    text = (
        registered[view.year][words.lang] if view.year in registered else words.label("definitions_unchanged")
    )
    said = [text]
    before = [year for year in view.years if year < view.year][-1:]
    if before:
        now, then = (
            {row["indicator"] for row in view.stage_rows(year) if not row["reason"]}
            for year in (view.year, *before)
        )
        for key, found in (("indicators_new", now - then), ("indicators_gone", then - now)):
            names = [one.name.in_(words.lang) for name, one in view.judged.items() if name in found]
            if names:
                said.append(view.speaker.note(key, {"names": words.listed(names)}))
    standards = view.settings.measures
    said.append(
        view.speaker.note("definitions_dated", {"dated": str(standards.dated), "years": view.base_years})
    )
    return Note("", tuple(said))


def _smallest(view: View, unit: str, smallest: float | None) -> str:
    """The smallest difference that matters, in the indicator's unit."""
    if smallest is None:
        return view.words.label("withheld_value")
    return view.words.difference(unit, smallest).lstrip("+")
