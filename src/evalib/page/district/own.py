"""One section's seven resources on its own page, as the district's page has them."""

from __future__ import annotations

from collections.abc import Sequence

from evalib.page.district.evidence import need, needs_in_words
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.sections import Row, Sections
from evalib.page.district.terms import SIGNS, Terms
from evalib.page.district.view import DistrictView
from evalib.page.links import Linked
from evalib.page.tables import Note, Table
from evalib.page.view import View
from evalib.settings import BalanceIndicator


def own_resources(view: View) -> Table | Note:
    """R1 to R7 of the section with their limits, and whether it passes the rule of six in seven.

    The public edition has none, as the public district page has no section; where
    the district handed in none of it, that is said.
    """
    district = DistrictView(
        view.settings, view.store, view.words, view.speaker, view.year, view.years, view.edition, view.told
    )
    terms = Terms(district)
    if not district.names_sections:
        return Note("", (view.speaker.note("own_resources_not_public", {}),))
    of_school = [
        row for row in district.of_review("balance_sections") if row["school_code"] == view.school_code
    ]
    rows = {row["indicator"]: row for row in of_school if row["stage"] == view.stage}
    mine = (view.school_code, view.stage)
    verdicts = [
        row for row in district.of_review("balance_verdicts") if (row["school_code"], row["stage"]) == mine
    ]
    seven = [(one, rows[one.id]) for one in view.settings.balance.resources if one.id in rows]
    if not verdicts or all(row["value"] is None for _, row in seven):
        return Note("", (view.speaker.note("own_resources_none", terms.section_rule),))
    verdict = verdicts[0]
    lines, sides = [], []
    rule = Sections(district).rule_address
    for indicator, row in seven:
        for key, told in (("value", row["value"]), ("short", row["short_of_limit"])):
            if told:
                view.tell(f"resource_{indicator.id}_{key}", told)
        lines.append(
            (
                Linked([(f"{indicator.id} {indicator.name.in_(view.words.lang)}", rule(indicator.id))]),
                terms.value(indicator.unit, row["value"], row["limit"]),
                terms.limit(indicator, view.stage),
                _short(terms, indicator, row, of_school),
                terms.verdict(row["verdict"]),
            )
        )
        sides.append(SIGNS[row["verdict"]][1])
    needed: list[Row] = verdict["needed"] or []
    for one in needed:
        view.tell(f"resource_{one['indicator']}_needed", one["units"])
    needs, elsewhere = (
        needs_in_words(terms, None, [one for one in needed if bool(one["units"]) is own])
        for own in (True, False)
    )
    said = terms.word("own_verdict", verdict=terms.verdict(verdict["verdict"]), **terms.section_rule)
    least = [terms.word("own_least", needs=view.words.listed(needs))] if needs else []
    return Table(
        caption=terms.word("caption_own_resources", **terms.section_rule),
        heads=tuple(
            terms.word(key)
            for key in ("head_indicator", "head_value", "head_limit", "head_short", "head_verdict")
        ),
        rows=tuple(lines),
        text_columns=frozenset({0, 3, 4}),
        marks=tuple(sides),
        notes=(said, *least, *elsewhere),
    )


def _short(terms: Terms, indicator: BalanceIndicator, row: Row, of_school: Sequence[Row]) -> str:
    """What the section is short of, or why that is not known; of a whole school one stage tells it."""
    if row["reason"]:
        return terms.joined(reasons_in_words(terms, row["reason"]))
    if row["short_of_limit"]:
        return need(terms, indicator.whole_units, int(row["short_of_limit"]))
    if row["verdict"] not in ("near", "under"):
        return ""
    if row["short_of_limit"] is None:
        return terms.words.label("not_shown")
    told = [
        other["stage"]
        for other in of_school
        if other["indicator"] == indicator.id and other["stage"] != row["stage"] and other["short_of_limit"]
    ]
    return terms.word("needed_at", stage=terms.stage(told[0])) if told else ""
