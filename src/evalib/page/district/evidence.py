"""What a verdict rests on and what it would take, as short remarks of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.terms import Terms
from evalib.settings import BalanceIndicator
from evalib.vocabulary import STAGES

Row = Mapping[str, Any]

TOLD_BESIDE = ("band", "needs_untold")  # have a column or a remark of their own
# What whole units are called, by what the review says is needed; of special rooms by their indicator.
SPECIAL = {"rooms": "special_rooms", "m2": "special_m2"}


def need(terms: Terms, what: str, count: float, indicator: BalanceIndicator | None = None) -> str:
    """So many teachers, rooms, m², yuan: whole units that are still needed.

    Parameters
    ----------
    what
        "teachers", "rooms", "m2", "yuan" and the like, or the id of one of the seven resources.
    indicator
        Whose need it is, where `what` alone does not say.
    """
    balance = terms.view.settings.balance
    named = {one.id: one for one in balance.resources}.get(what)
    if named is not None:
        units = need(terms, named.whole_units, count)
        return terms.word("need_of", name=what, need=units)
    if indicator is not None and indicator.rule.kind == "rooms":
        what = SPECIAL.get(what, what)
    key = f"need_{what}"
    known = key in terms.words.catalogue["balance"]
    return terms.word(key if known else "need_other", count=terms.words.count(int(count)))


def needs_in_words(terms: Terms, indicator: BalanceIndicator | None, needed: Any) -> list[str]:
    """What it would take, one remark an amount; amounts of nought are left out.

    Parameters
    ----------
    needed
        As the review's tables have it: whole units by stage and by what is needed, or for a
        section a list of `indicator` and `units`, and `with` where the other stage's row tells it.
    """
    said = []
    if isinstance(needed, Mapping):
        for stage, units in needed.items():
            counted = [need(terms, what, count, indicator) for what, count in units.items() if count]
            if counted:
                listed = terms.words.listed(counted)
                staged = stage in STAGES
                said.append(terms.word("need_of", name=terms.stage(stage), need=listed) if staged else listed)
    elif isinstance(needed, list):
        said = [need(terms, one["indicator"], one["units"]) for one in needed if one["units"]]
        # What a whole school needs is told once, at one of its stages.
        elsewhere = dict.fromkeys(one["with"] for one in needed if one.get("with"))
        said += [terms.word("needed_at", stage=terms.stage(stage)) for stage in elsewhere]
    return said


def untold_of(row: Row) -> int:
    """Sections whose needs are withheld and so are not in a row's sum; 0 where no section fails."""
    evidence = row.get("evidence")
    fails = bool(row.get("in_the_way"))
    return int(evidence.get("needs_untold", 0)) if fails and isinstance(evidence, Mapping) else 0


def needs_summed(terms: Terms, row: Row, needs: list[str]) -> str:
    """What sections need together, and how many of them are left out of it; empty where neither is known."""
    summed, count = terms.words.listed(needs), untold_of(row)
    left_out = terms.word("needed_untold", count=terms.words.count(count)) if count else ""
    return terms.joined([summed, left_out])


def units_of(needed: Any, stage: str) -> dict[str, int]:
    """Whole units that a stage needs, by what."""
    found = needed.get(stage, {}) if isinstance(needed, Mapping) else {}
    return {what: int(count) for what, count in found.items() if count}


def evidence_in_words(terms: Terms, evidence: Any) -> list[str]:
    """The facts and counts that a verdict rests on, and of which year, each by its name."""
    if not isinstance(evidence, Mapping):
        return []
    return [
        terms.word("evidence_of", name=_named(terms, key), value=_printed(terms, key, value))
        for key, value in evidence.items()
        if value is not None and key not in TOLD_BESIDE
    ]


def counts_sections(indicator: BalanceIndicator) -> bool:
    """Whether each section keeps an indicator's rule or breaks it: then its figure is how many do."""
    return indicator.rule.kind in ("rooms", "school_size", "largest_class")


def in_the_way(terms: Terms, row: Row) -> str:
    """How many sections fail, of how many with data; empty where no sections are meant."""
    count, sections = row.get("in_the_way"), row.get("sections")
    if count is None or sections is None:
        return ""
    said = terms.word("of_all", count=terms.words.count(int(count)), all=terms.words.count(int(sections)))
    return terms.word("in_the_way", said=said)


def remarks(terms: Terms, indicator: BalanceIndicator | None, row: Row, *, parted: bool = False) -> str:
    """Evidence, reasons and what it would take, as one cell; without what its parts tell if it has some."""
    if parted:
        row = {**row, "evidence": {}, "reason": [], "needed": {}}
    evidence = row.get("evidence")
    if isinstance(evidence, Mapping) and list(evidence.values()) == [row.get("value")]:
        evidence = {}  # the figure itself, which stands beside it
    said = [in_the_way(terms, row), *evidence_in_words(terms, evidence)]
    said += reasons_in_words(terms, row.get("reason"))
    needs = needs_summed(terms, row, needs_in_words(terms, indicator, row.get("needed")))
    if needs:
        said.append(terms.word("needed", needs=needs))
    return terms.joined(said) or terms.words.label("withheld_value")


def _named(terms: Terms, key: str) -> str:
    if key in terms.view.settings.balance.facts:
        return terms.fact(key)
    return terms.known("evidence", key)


def _printed(terms: Terms, key: str, value: Any) -> str:
    """A fact in its unit, a school year, or a count."""
    facts = terms.view.settings.balance.facts
    if isinstance(value, str):
        return terms.years([value])
    if key in facts:
        return terms.value(facts[key].unit, float(value))
    return terms.words.count(int(value))
