"""Sections that break a rule of their own: rooms for music and art, size of school and class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalib.page.district.evidence import counts_sections, need
from evalib.page.district.names import Names
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.terms import Terms
from evalib.page.district.view import DistrictView
from evalib.page.tables import NOTHING, Note, Table
from evalib.settings import BalanceIndicator

Row = Mapping[str, Any]


def failing_sections(view: DistrictView) -> Table | Note:
    """Each section that breaks such a rule, with what it has, the limit and what is missing or too much."""
    if not view.names_sections:
        return NOTHING
    terms = Terms(view)
    indicators = {one.id: one for one in view.settings.balance.indicators if counts_sections(one)}
    rows = [
        row
        for row in view.of_review("balance_sections")
        if row["indicator"] in indicators and row["verdict"] == "under"
    ]
    if not rows:
        return NOTHING
    rows.sort(
        key=lambda row: (row["indicator"], row["stage"] != "primary", row["school_code"], row["aspect"])
    )
    lines = []
    for row in rows:
        one = indicators[row["indicator"]]
        has, limit = (_bare(terms, row[key]) for key in ("value", "limit"))
        lines.append(
            (
                Names(view).section(row),
                terms.stage(row["stage"]),
                " · ".join(part for part in (one.id, terms.known("aspect", row["aspect"])) if part),
                has,
                limit,
                _needed(terms, one, row, rows),
            )
        )
    heads = ("head_section", "head_stage", "head_indicator", "head_figure_of", "head_asked", "head_needed")
    named = sorted({row["indicator"] for row in rows})
    return Table(
        caption=terms.word("caption_failing", names=terms.words.listed(named)),
        heads=tuple(terms.word(key) for key in heads),
        rows=tuple(lines),
        text_columns=frozenset({0, 1, 2, 5}),
    )


def _bare(terms: Terms, value: float | None) -> str:
    return terms.value("count", value)


def _needed(terms: Terms, indicator: BalanceIndicator, row: Row, rows: Sequence[Row]) -> str:
    """Rooms and m² that are missing, or at which stage of the school they stand; pupils that are too many."""
    rooms = indicator.rule.kind == "rooms"
    what = {"rooms": row["short_of_limit"], "m2": row["short_of_floor"]}
    counted = what if rooms else {"pupils": row["short_of_limit"]}
    said = [need(terms, name, count, indicator) for name, count in counted.items() if count]
    if rooms and not said:
        said = [terms.word("needed_at", stage=terms.stage(stage)) for stage in _told_at(row, rows)]
    said += reasons_in_words(terms, row["reason"])
    return terms.words.listed(said) or terms.words.label("withheld_value")


def _told_at(row: Row, rows: Sequence[Row]) -> list[str]:
    """Other stages of the same school at which its need is told: what a whole school needs stands once."""
    same = ("school_code", "indicator", "aspect")
    return [
        other["stage"]
        for other in rows
        if other["stage"] != row["stage"]
        and all(other[key] == row[key] for key in same)
        and any(other[key] for key in ("short_of_limit", "short_of_floor"))
    ]
