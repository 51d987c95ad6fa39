"""Why there is no verdict, in plain words: which table, column or fact, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalib.page.district.terms import Terms
from evalib.settings.balance import WHOLE, BalanceFact

Reason = Mapping[str, Any]
# Why a section without a pupil is out of scope; the others are words of schools' kinds.
NO_PUPILS = "no_pupils"


def reasons_in_words(terms: Terms, reasons: Sequence[Reason] | str | None) -> list[str]:
    """Every reason once, in the order given.

    Parameters
    ----------
    terms
        The page's words.
    reasons
        As the review's tables have them: a list of `what`, `where` and more; or one bare
        word or "table.column" as in the tables of sections.
    """
    if not reasons:
        return []
    if isinstance(reasons, str):
        return [_bare(terms, reasons)]
    return list(dict.fromkeys(reason_in_words(terms, one) for one in reasons))


def reason_in_words(terms: Terms, reason: Reason) -> str:
    """One reason, with the stage it is about and how many sections it concerns."""
    said = _said(terms, reason)
    if reason.get("stage") and reason["what"] != "no_sections":
        said = terms.word("reason_of_stage", stage=terms.stage(reason["stage"]), reason=said)
    if reason.get("sections") is not None and reason["what"] != "no_sections":
        said = terms.word("reason_sections", reason=said, count=terms.words.count(int(reason["sections"])))
    return said


def _said(terms: Terms, reason: Reason) -> str:
    what, where = str(reason["what"]), str(reason.get("where") or "")
    table, _, column = where.partition(".")
    if table == "district" and column:
        return _of_fact(terms, what, column, reason)
    if what == "no_rule" and reason.get("first"):
        return terms.word("reason_no_rule_before", year=terms.years([str(reason["first"])]))
    if what == "no_table":
        return terms.word("reason_no_table", table=terms.known("table", table))
    if what == "no_sections" and reason.get("least") is not None:
        return terms.word(
            "reason_few_sections",
            stage=terms.stage(str(reason["stage"])),
            count=terms.words.count(int(reason.get("sections") or 0)),
            least=terms.words.count(int(reason["least"])),
        )
    of_column = {
        "no_column": "reason_no_column",
        "no_data": "reason_no_data_of",
        "contradiction": "reason_contradiction_of",
    }
    if what in of_column and column:
        return terms.word(
            of_column[what], table=terms.known("table", table), column=terms.known("column", column)
        )
    if what == "no_data" and f"table_{table}" in terms.words.catalogue["balance"]:
        return terms.word("reason_no_data_table", table=terms.known("table", table))
    return terms.known("reason", what)


def place_in_words(terms: Terms, where: str) -> str:
    """A table's column, or a district's fact, by its name."""
    table, _, column = where.partition(".")
    if table == "district" and column:
        return terms.fact(column)
    named = terms.known("table", table)
    if not column:
        return named
    return terms.word("table_and_columns", table=named, columns=terms.known("column", column))


def _bare(terms: Terms, text: str) -> str:
    """A section's reasons: where data are missing, what is wrong, or why it is out of scope."""
    said, known = [], terms.words.catalogue["balance"]
    for one in text.split(","):
        if f"table_{one.partition('.')[0]}" in known:
            said.append(place_in_words(terms, one))
        elif f"reason_{one}" in known and one != NO_PUPILS:
            said.append(terms.word(f"reason_{one}"))
        else:
            what = terms.word("reason_no_pupils") if one == NO_PUPILS else terms.known("kind", one)
            said.append(terms.word("reason_out_of_scope", what=what))
    return terms.joined(list(dict.fromkeys(said)))


def _of_fact(terms: Terms, what: str, fact: str, reason: Reason) -> str:
    name = terms.fact(fact)
    params = terms.view.settings.balance.facts.get(fact)
    if what == "wrong_unit":
        given = str(reason.get("unit") or "")
        expected = str(reason.get("expected") or (params.unit if params else ""))
        return terms.word(
            "reason_wrong_unit",
            fact=name,
            given=terms.known("given_unit", given),
            expected=terms.known("given_unit", expected),
        )
    if what == "out_of_range" and params is not None:
        return terms.word("reason_out_of_range", fact=name, range=_range(terms, params))
    if what == "contradiction":
        if reason.get("computed") is not None and reason.get("told") is not None:
            shares = {key: terms.value("share", float(reason[key])) for key in ("told", "computed")}
            return terms.word("reason_contradiction_computed", fact=name, **shares)
        other = str(reason.get("other") or "")
        if not other:
            return terms.word("reason_contradiction_alone", fact=name)
        named = place_in_words(terms, other) if "." in other else terms.fact(other)
        return terms.word("reason_contradiction", fact=name, other=named)
    if what == "no_data":
        return terms.word("reason_no_fact_data", fact=name)
    return terms.word("reason_no_fact", fact=name) if what == "no_fact" else terms.known("reason", what)


def _range(terms: Terms, fact: BalanceFact) -> str:
    """Between which values a fact is believable, and whether it has to be whole."""
    if fact.unit == "met":
        return terms.word("range_met")
    ends = {
        key: terms.round_number(fact.unit, value)
        for key, value in (("low", fact.low), ("high", fact.high))
        if value is not None
    }
    bounds = "between" if len(ends) == 2 else "from" if "low" in ends else "to" if ends else ""
    said = [terms.word(f"range_{bounds}", **ends)] if bounds else []
    whole = [terms.word("range_whole")] if fact.unit in WHOLE else []
    return terms.words.listed([*said, *whole])
