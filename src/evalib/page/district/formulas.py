"""怎样算: every national indicator's rule in words, from params, with its limit, clause and what feeds it."""

from __future__ import annotations

import re

from evalib.page.district.names import Names
from evalib.page.district.terms import Terms
from evalib.page.district.view import DistrictView
from evalib.page.tables import Table
from evalib.settings import BalanceIndicator
from evalib.settings.balance import PerPupils, facts_of
from evalib.settings.shared_rules import status_of

CLAUSE = re.compile("第(.+)条(?:（(.+)）)?")
OWN = "own"  # a rule that no regulation holds
NUMERALS = (*"一二三四五六七八九十", "十一", "十二", "十三", "十四", "十五")


def definitions(view: DistrictView) -> Table:
    """Each of the 32: rule in words, limits, clause, whether it was checked, and what feeds it."""
    terms, balance = Terms(view), view.settings.balance
    rows = tuple(
        (
            Names(view).defined(one),
            terms.word("rule_and_limit", rule=rule_in_words(terms, one), limit=limits_in_words(terms, one)),
            terms.word(
                "clause_and_status",
                clause=clause(terms, one.clause),
                status=_status(terms, status_of(balance, one)),
            ),
            feeds_in_words(terms, one),
        )
        for one in balance.indicators
    )
    return Table(
        caption=terms.word(
            "caption_definitions",
            count=terms.words.count(len(balance.indicators)),
            source=balance.source,
            dated=str(balance.dated),
        ),
        heads=tuple(terms.word(f"head_{key}") for key in ("indicator", "rule_and_limit", "clause", "feeds")),
        rows=rows,
        text_columns=frozenset(range(4)),
        notes=(terms.word("recalled_note"),),
    )


def shared_rules(view: DistrictView) -> Table:
    """What the indicators share: scope, through-schools, the rule over resources, variation, facts."""
    terms, balance = Terms(view), view.settings.balance
    words, section, scope = terms.words, balance.section_rule, balance.out_of_scope
    weights = balance.through_school.weights
    limits = variation_limits(terms)
    rules = (
        (
            "section_rule",
            terms.word("rule_section_rule", floor=words.share(section.floor_share), **terms.section_rule),
            section.status,
        ),
        (
            "variation",
            terms.word("rule_variation", minimum=balance.variation.minimum_sections, **limits),
            balance.variation.status,
        ),
        (
            "through_school",
            terms.word("rule_through_school", weights=" : ".join(f"{one:g}" for one in weights.values())),
            balance.through_school.status,
        ),
        (
            "out_of_scope",
            terms.word(
                "rule_out_of_scope",
                kinds=_known(terms, "kind", scope.kinds),
                below=scope.teaching_point_below,
                points=_known(terms, "kind", scope.teaching_points),
            ),
            scope.status,
        ),
        ("resources_met", terms.word("rule_resources_met", **terms.section_rule), OWN),
        ("facts", terms.word("rule_facts", within=f"{100 * balance.agreeing_within:g}"), OWN),
    )
    return Table(
        caption=terms.word("caption_rules"),
        heads=(words.label("rule"), terms.word("head_rule"), terms.word("head_status")),
        rows=tuple(
            (terms.word(f"rule_name_{key}"), said, _status(terms, status)) for key, said, status in rules
        ),
        text_columns=frozenset({0, 1, 2}),
    )


def variation_limits(terms: Terms) -> dict[str, str]:
    """The largest coefficient of variation that each stage may have, as printed."""
    limits = {
        stage: terms.words.decimal(limit, 2)
        for stage, limit in terms.view.settings.balance.variation.limits.items()
    }
    return {stage: terms.word("limit_at_most", value=limit) for stage, limit in limits.items()}


def rule_in_words(terms: Terms, indicator: BalanceIndicator) -> str:
    """How an indicator is computed."""
    rule, words = indicator.rule, terms.words
    match rule.kind:
        case "per_pupils":
            return _per_pupils(terms, rule)
        case "facts_met" | "facts_at_least":
            return terms.word(f"rule_{rule.kind}", facts=_named(terms, rule.facts))
        case "facts_mixed":
            return terms.word(
                "rule_facts_mixed", met=_named(terms, rule.met), facts=_named(terms, rule.facts)
            )
        case "fact_at_least_fact":
            return terms.word(
                "rule_fact_at_least_fact", fact=terms.fact(rule.fact), other=terms.fact(rule.other)
            )
        case "shares_of_facts":
            shares = [
                terms.word("rule_share_of_facts", over=terms.fact(one.over), under=terms.fact(one.under))
                for one in rule.shares
            ]
            return terms.word("rule_shares_of_facts", shares=words.listed(shares))
        case "rooms":
            return terms.word("rule_rooms", classes=rule.classes_a_room)
        case "teachers_certified":
            return terms.word("rule_teachers_certified", fact=terms.fact(rule.fact))
        case "retention":
            rounded = terms.view.settings.disclosure.round_counts_to
            return terms.word("rule_retention", fact=terms.fact(rule.fact), rounded=rounded)
        case "monitoring":
            return terms.word(
                "rule_monitoring", facts=_named(terms, list(facts_of(rule))), years=rule.years_valid
            )
        case "satisfaction":
            asked = terms.view.settings.balance.satisfaction
            fields = {"response": words.share(asked.response_minimum)}
            return terms.word("rule_satisfaction", schools=words.count(asked.interval_sections), **fields)
        case _:
            return terms.word(f"rule_{rule.kind}")


def clause(terms: Terms, text: str) -> str:
    """A clause as the page's language cites it: 第五条（一） is Article 5 (1)."""
    found = CLAUSE.fullmatch(text)
    if terms.words.lang == "zh" or found is None:
        return text
    article, item = (NUMERALS.index(one) + 1 if one in NUMERALS else 0 for one in found.groups(""))
    return (
        terms.word("clause_item", article=article, item=item)
        if item
        else terms.word("clause", article=article)
    )


def limits_in_words(terms: Terms, indicator: BalanceIndicator) -> str:
    """An indicator's limits, each with the stage and aspect that it binds."""
    said = []
    for one in indicator.limits:
        part = terms.part_of({"stage": one.stage, "aspect": one.aspect})
        bound = terms.bound(one, indicator.unit)
        said.append(terms.word("limit_of", name=part, limit=bound) if part else bound)
    if said:
        return terms.recalled(terms.joined(said), indicator.status)
    if indicator.rule.kind == "rooms":
        sides = [
            terms.word("limit_of", name=terms.word(f"aspect_{side}"), limit=terms.limit(indicator, "", side))
            for side in ("music", "art")
        ]
        return terms.joined(sides)
    return terms.limit(indicator)


def feeds_in_words(terms: Terms, indicator: BalanceIndicator) -> str:
    """Which tables and columns, and which of the district's facts, an indicator looks at."""
    said = [
        terms.word(
            "table_and_columns",
            table=terms.known("table", table),
            columns=terms.words.listed([terms.known("column", column) for column in columns]),
        )
        for table, columns in indicator.needs.items()
    ]
    facts = facts_of(indicator.rule)
    if facts:
        said.append(
            terms.word(
                "table_and_columns",
                table=terms.known("table", "district"),
                columns=_named(terms, list(facts)),
            )
        )
    return terms.joined(said)


def _per_pupils(terms: Terms, rule: PerPupils) -> str:
    teachers = terms.view.settings.balance.teachers
    fields = {}
    if rule.amount == "higher_degree_teachers":
        fields = {stage: _known(terms, "degree", degrees) for stage, degrees in teachers.degrees.items()}
    amount = terms.word(f"amount_{rule.amount}", **fields)
    if rule.per > 1:
        said = terms.word("rule_per_pupils", amount=amount, per=rule.per)
    else:
        said = terms.word("rule_each_pupil", amount=amount)
    if rule.counted is None:
        return said
    counted = terms.word(f"counted_{rule.counted}", below=teachers.small_rural_below)
    return terms.word("rule_with_counted", rule=said, counted=counted)


def _named(terms: Terms, facts: list[str]) -> str:
    return terms.names([terms.fact(one) for one in facts])


def _known(terms: Terms, group: str, words: list[str]) -> str:
    """A district's own words by their names."""
    return terms.words.listed([terms.known(group, one) for one in words])


def _status(terms: Terms, status: str) -> str:
    """Whether a limit or rule was read in the regulation, recalled, or set here."""
    return terms.word(f"status_{status}")
