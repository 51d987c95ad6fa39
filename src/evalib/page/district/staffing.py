"""Over the years: the "2531" ladder of teachers, their exchange, and what pupils with special needs have."""

from __future__ import annotations

from collections.abc import Callable

from evalib.page import charts
from evalib.page.charts import Chart, Steps
from evalib.page.district.stated import Facts
from evalib.page.district.terms import Terms
from evalib.page.district.view import DistrictView
from evalib.page.tables import NOTHING, Note, Table

OfYear = Callable[[str], float | None]


def ladder_figure(view: DistrictView) -> Chart | Note:
    """Persons on each rung by year, beside the figure that the district stated if it stated any."""
    terms, facts, params = Terms(view), Facts(view), view.settings.initiatives
    stated = {figure.rung: figure.stated for figure in params.figures if figure.rung is not None}
    dash = terms.words.label("withheld_value")
    rungs, rows = [], []
    for position, rung in enumerate(params.ladder):
        counts = [facts.rung(position, year) for year in view.years]
        for year, count in zip(view.years, counts, strict=True):
            if count is not None:
                view.tell(f"rung_{position}_{year}", count)
        printed = [dash if count is None else terms.words.count(int(count)) for count in counts]
        name, of_params = rung.name.in_(terms.words.lang), stated.get(position)
        told = dash if of_params is None else terms.round_number("count", of_params)
        said = "" if of_params is None else terms.word("stated_short", value=told)
        rungs.append(Steps(name, counts, printed, of_params, said))
        rows.append((name, *printed, *([told] if stated else [])))
    if all(count is None for rung in rungs for count in rung.counts):
        return Note("", (view.speaker.note("ladder_none", {}),))
    twin = Table(
        caption=terms.word("caption_ladder" if stated else "caption_ladder_bare"),
        heads=(
            terms.word("head_rung"),
            *(terms.words.year(year) for year in view.years),
            *([terms.word("head_stated")] if stated else []),
        ),
        rows=tuple(rows),
    )
    last = [terms.words.label("value_of", name=rung.label, value=rung.printed[-1]) for rung in rungs]
    fields = {"year": terms.words.year(view.year), "names": terms.words.listed(last)}
    message = view.speaker.note("figure_ladder", fields)
    short = [f"{year[2:4]}–{year[7:9]}" for year in view.years]
    return charts.ladder("ladder", rungs, short, twin=twin, message=message)


def exchange_table(view: DistrictView) -> Table | Note:
    """Teachers eligible, exchanged, backbone and named teachers among them, by year."""
    facts = Facts(view)

    def fact(name: str) -> OfYear:
        return lambda year: facts.fact(name, year)

    def staff(name: str) -> OfYear:
        return lambda year: facts.staffing(name, year)

    rows: list[tuple[str, str, OfYear]] = [
        ("exchange_eligible", "count", fact("exchange_eligible")),
        ("exchanged", "count", fact("exchanged")),
        ("counted_exchanged", "count", staff("exchanged")),
        ("exchanged_share", "share", _share(fact("exchanged"), fact("exchange_eligible"))),
        ("exchanged_backbone", "count", fact("exchanged_backbone")),
        ("counted_exchanged_backbone", "count", staff("exchanged_backbone")),
        ("backbone_share", "share", _share(fact("exchanged_backbone"), fact("exchanged"))),
        ("counted_backbone_share", "share", _share(staff("exchanged_backbone"), staff("exchanged"))),
        ("named", "count", staff("named")),
        ("named_exchanged", "count", staff("named_exchanged")),
        ("named_share", "share", _share(staff("named_exchanged"), staff("named"))),
    ]
    terms = Terms(view)
    return _by_year(
        view, "caption_exchange", [(terms.word(f"row_{key}"), key, unit, of) for key, unit, of in rows]
    )


def rooms_table(view: DistrictView) -> Table | Note:
    """Resource rooms, counselling sites, funds and enrolment of pupils with special needs, by year."""
    facts, terms = Facts(view), Terms(view)
    names = (
        "resource_rooms",
        "counselling_sites",
        "special_education_funds_yuan",
        "special_needs_enrolled_share",
    )

    def of(name: str) -> OfYear:
        def found(year: str) -> float | None:
            counted = facts.counted(name, year)
            return facts.fact(name, year) if counted is None else counted

        return found

    units = view.settings.balance.facts
    rows: list[tuple[str, str, str, OfYear]] = [
        (terms.fact(name), name, units[name].unit, of(name)) for name in names
    ]
    return _by_year(view, "caption_rooms", rows)


def _by_year(view: DistrictView, caption: str, rows: list[tuple[str, str, str, OfYear]]) -> Table | Note:
    """A line a measure and a column a year; measures that no year has are left out."""
    terms, dash = Terms(view), view.words.label("withheld_value")
    lines = []
    for name, key, unit, of in rows:
        values = [of(year) for year in view.years]
        for year, value in zip(view.years, values, strict=True):
            if value is not None:
                view.tell(f"{key}_{year}", terms.drawn(unit, value))
        if any(value is not None for value in values):
            lines.append((name, *(dash if value is None else terms.value(unit, value) for value in values)))
    if not lines:
        return NOTHING
    return Table(
        caption=terms.word(caption),
        heads=(terms.word("head_measure"), *(terms.words.year(year) for year in view.years)),
        rows=tuple(lines),
    )


def _share(over: OfYear, under: OfYear) -> OfYear:
    def share(year: str) -> float | None:
        part, whole = over(year), under(year)
        return part / whole if part is not None and whole else None

    return share
