"""docs/balance.md: each of the 32 national indicators with its rule, formula, and the tables that feed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalib.handbook.docstrings import escaped, quoted
from evalib.handbook.formulas import Documented
from evalib.handbook.given import BalanceWords, HandbookParams, both, table
from evalib.intake.explained import Explanations, load_explanations
from evalib.measures import provision, retention, satisfaction
from evalib.review.district.exchange import held_against_teachers
from evalib.review.district.monitoring import own_shares
from evalib.review.district.persons import certified
from evalib.review.district.rooms import room_rows
from evalib.review.district.sizes import class_rows, school_rows
from evalib.review.district.teachers import counted_teachers, teacher_rows
from evalib.settings import BalanceIndicator, BalanceParams, InitiativesParams, read_params
from evalib.settings.balance import BalanceLimit, Monitoring, PerPupils, Rooms, Satisfaction, facts_of
from evalib.settings.shared_rules import counts_of_section_rule, status_of
from evalib.vocabulary import LANGUAGES, STAGES

# Kind of rule → the functions that compute it, in the order in which they are used.
FORMULAS: Mapping[str, tuple[Documented, ...]] = {
    "per_pupils": (
        provision.standing_to_limit,
        provision.difference_coefficient,
        provision.through_school_split,
        provision.section_verdict,
        provision.units_needed,
        provision.school_units_needed,
        provision.least_needed,
    ),
    "facts_met": (),
    "facts_at_least": (),
    "facts_mixed": (),
    "fact_at_least_fact": (),
    "shares_of_facts": (held_against_teachers,),
    "rooms": (room_rows,),
    "school_size": (school_rows,),
    "largest_class": (class_rows,),
    "teachers_certified": (certified,),
    "retention": (retention.retention_rate, retention.cohort_counts),
    "monitoring": (own_shares,),
    "satisfaction": (satisfaction.satisfied_share,),
}
# What indicators that count teachers use besides.
OF_TEACHERS: tuple[Documented, ...] = (teacher_rows, counted_teachers)


@dataclass(frozen=True)
class BalanceSources:
    """The params that the document is made from."""

    balance: BalanceParams
    initiatives: InitiativesParams
    words: BalanceWords
    told: Explanations

    def text(self, key: str) -> str:
        """A text in both languages, on one line."""
        return both(self.words.texts[key])


def balance_sources(params: Path) -> BalanceSources:
    """Read the params of a folder.

    Raises
    ------
    ParameterError
        A file is missing or has faults.
    """
    return BalanceSources(
        read_params(params / "standards" / "balance_2017.yaml", BalanceParams),
        read_params(params / "initiatives.yaml", InitiativesParams),
        read_params(params / "handbook.yaml", HandbookParams).balance,
        load_explanations(params),
    )


def balance_book(given: BalanceSources) -> str:
    """The whole document as Markdown."""
    blocks = [
        _opening(given),
        _overview(given),
        _shared(given),
        *(_indicator(given, one) for one in given.balance.indicators),
        _map(given),
        _facts(given),
        _formulas(given),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _opening(given: BalanceSources) -> list[str]:
    fields = {
        "source": given.balance.source,
        "dated": given.balance.dated.isoformat(),
        "first": given.balance.first_year,
    }
    lines = [f"# {both(given.words.texts['title'], count=len(given.balance.indicators))}"]
    for key in ("about", "dated", "verdicts"):
        for lang in LANGUAGES:
            lines += ["", escaped(given.words.texts[key].in_(lang).format(**fields))]
    return lines


def _overview(given: BalanceSources) -> list[str]:
    initiatives = {one.id: one.name for one in given.initiatives.initiatives}
    rows = [
        (
            f"[{one.id}](#{one.id})",
            both(one.name),
            both(given.words.parts[one.part]),
            both(initiatives[one.initiative]),
            _limits(given, one),
            both(given.words.units[one.unit]),
            given.text(status_of(given.balance, one)),
        )
        for one in given.balance.indicators
    ]
    heads = ["", *(given.text(key) for key in ("indicator", "part", "initiative", "limit", "unit", "status"))]
    return [f"## {given.text('overview')}", "", *table(heads, rows)]


def _limits(given: BalanceSources, indicator: BalanceIndicator) -> str:
    said = [_limit(one) for one in indicator.limits]
    if isinstance(indicator.rule, Satisfaction):
        said = [_limit(BalanceLimit(at_least=given.balance.satisfaction.limit))]
    if isinstance(indicator.rule, Rooms):
        said = [
            f"{kind} ≥ {area:g} m² ({indicator.rule.older_area[kind]:g})"
            for kind, area in indicator.rule.area.items()
        ]
    return escaped("; ".join(said)) or "–"


def _limit(limit: BalanceLimit) -> str:
    sign = "≥" if limit.at_least is not None else "≤" if limit.at_most is not None else "<"
    named = [one for one in (limit.aspect, limit.stage) if one]
    return " ".join([*(f"`{one}`" for one in named), f"{sign} {limit.value:g}"])


def _shared(given: BalanceSources) -> list[str]:
    balance = given.balance
    scope, rule, weights = balance.out_of_scope, balance.section_rule, balance.through_school.weights
    counts = counts_of_section_rule(balance)
    fields: dict[str, dict[str, Any]] = {
        "scope": {
            "kinds": "、".join(scope.kinds),
            "points": "、".join(scope.teaching_points),
            "below": scope.teaching_point_below,
        },
        "section_rule": {"floor": rule.floor_share, **counts},
        "variation": {
            "least": balance.variation.minimum_sections,
            **{stage: balance.variation.limit(stage) for stage in STAGES},
        },
        "through_school": {"weights": " : ".join(f"{one:g}" for one in weights.values())},
        "needed": counts,
    }
    status = {
        "scope": scope.status,
        "section_rule": rule.status,
        "variation": balance.variation.status,
        "through_school": balance.through_school.status,
    }
    lines = [f"## {given.text('shared')}"]
    for key, words in given.words.shared.items():
        for lang in LANGUAGES:
            lines += ["", escaped(words.in_(lang).format(**fields[key]))]
        if key in status:
            lines += ["", f"{given.text('status')}: {given.text(status[key])}"]
    return lines


def _indicator(given: BalanceSources, one: BalanceIndicator) -> list[str]:
    facts = {
        "limit": _limits(given, one),
        "unit": both(given.words.units[one.unit]),
        "clause": escaped(one.clause),
        "status": given.text(status_of(given.balance, one)),
    }
    lines = [f'<a id="{one.id}"></a>', "", f"## {one.id} {both(one.name)}"]
    lines += ["", *table([given.text(key) for key in facts], [list(facts.values())])]
    for lang in LANGUAGES:
        lines += ["", escaped(_rule(given, one, lang))]
    lines += ["", f"{given.text('fed_by')}: {_fed_by(given, one)}"]
    functions = _functions(one)
    if functions:
        links = ", ".join(f"[`{_name(each)}`](#{_name(each)})" for each in functions)
        lines += ["", f"{given.text('formulas')}: {links}"]
    return lines


def _rule(given: BalanceSources, one: BalanceIndicator, lang: str) -> str:
    rule, words = one.rule, given.words
    fields: dict[str, Any] = {}
    if isinstance(rule, PerPupils):
        counted = words.counted[rule.counted].in_(lang) if rule.counted else ""
        stop = {"zh": "；", "en": "; "}[lang]
        fields = {
            "amount": words.amounts[rule.amount].in_(lang),
            "per": f" × {rule.per}" if rule.per > 1 else "",
            "counted": f"{stop}{counted}" if counted else "",
            **counts_of_section_rule(given.balance),
        }
    elif isinstance(rule, Rooms):
        fields = {"classes": rule.classes_a_room, "older": rule.older_before}
    elif isinstance(rule, Monitoring):
        fields = {"years": rule.years_valid}
    asked = given.balance.satisfaction
    limits = {"limit": asked.limit, "response": asked.response_minimum}
    return words.rules[rule.kind].in_(lang).format(**fields, **limits)


def _fed_by(given: BalanceSources, one: BalanceIndicator) -> str:
    """Tables with their columns under the headers of sheets, and facts."""
    columns = given.told.columns
    said = [
        f"[{columns.params.tables[name].names[0]}](data.md#{name}) ("
        + "、".join(columns.header(name, column) for column in needed)
        + ")"
        for name, needed in one.needs.items()
    ]
    names = facts_of(one.rule)
    if names:
        facts = "、".join(f"[{escaped(given.balance.facts[name].name.zh)}](#{name})" for name in names)
        said.append(f"[{columns.params.tables['district'].names[0]}](data.md#district) ({facts})")
    return "; ".join(said) or "–"


def _functions(one: BalanceIndicator) -> tuple[Documented, ...]:
    teachers = OF_TEACHERS if isinstance(one.rule, PerPupils) and one.rule.counted else ()
    return (*teachers, *FORMULAS[one.rule.kind])


def _map(given: BalanceSources) -> list[str]:
    """Each table and column, and the indicators that look at it."""
    fed: dict[tuple[str, str], list[str]] = {}
    for one in given.balance.indicators:
        for name, needed in one.needs.items():
            for column in needed:
                fed.setdefault((name, column), []).append(one.id)
        if facts_of(one.rule):
            fed.setdefault(("district", "value"), []).append(one.id)
    columns = given.told.columns
    order = list(columns.params.tables)
    rows = [
        (
            f"[{columns.params.tables[name].names[0]}](data.md#{name})",
            f"{columns.header(name, column)} `{column}`",
            ", ".join(f"[{one}](#{one})" for one in indicators),
        )
        for (name, column), indicators in sorted(fed.items(), key=lambda one: order.index(one[0][0]))
    ]
    heads = [given.text(key) for key in ("table", "column", "indicators")]
    return [f"## {given.text('map')}", "", *table(heads, rows)]


def _facts(given: BalanceSources) -> list[str]:
    balance = given.balance
    used: dict[str, list[str]] = {}
    for one in balance.indicators:
        for name in facts_of(one.rule):
            used.setdefault(name, []).append(one.id)
    pairs = ", ".join(
        f"{balance.facts[less].name.zh} > {balance.facts[more].name.zh}" for less, more in balance.never_more
    )
    rows = []
    for name, fact in balance.facts.items():
        low, high = ("" if one is None else f"{one:g}" for one in fact.bounds)
        by = ", ".join(f"[{one}](#{one})" for one in used.get(name, ())) or given.text("shown_alone")
        rows.append(
            (
                f'<a id="{name}"></a>{both(fact.name)} `{name}`',
                both(given.words.units[fact.unit]),
                f"{low}–{high}",
                by,
            )
        )
    heads = [given.text(key) for key in ("fact", "unit", "range", "indicators")]
    lines = [f"## {given.text('facts')}"]
    for lang in LANGUAGES:
        said = given.words.texts["facts_about"].in_(lang)
        lines += ["", escaped(said.format(pairs=pairs, within=balance.agreeing_within))]
    return [*lines, "", *table(heads, rows)]


def _formulas(given: BalanceSources) -> list[str]:
    lines = [f"## {given.text('formulas')}"]
    functions = dict.fromkeys(each for one in given.balance.indicators for each in _functions(one))
    for function in functions:
        name = _name(function)
        lines += ["", f'<a id="{name}"></a>', "", f"### `{name}`", "", *quoted(function)]
    return lines


def _name(function: Documented) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
