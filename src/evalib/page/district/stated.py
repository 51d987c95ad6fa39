"""What the district states of an initiative, held against the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.terms import InTerms, Terms
from evalib.page.district.verdicts import Verdicts
from evalib.page.district.view import DistrictView
from evalib.settings.initiatives import StatedFigure
from evalib.vocabulary import SchoolYear


@dataclass(frozen=True)
class Held:
    """A stated figure beside the data.

    Attributes
    ----------
    figure
        What is stated.
    outcome
        "agrees", "falls_short", or "cannot" where there is nothing to hold it against.
    stated, said, remark
        The stated figure, what the data say, and what that comes to, as printed.
    """

    figure: StatedFigure
    outcome: str
    stated: str
    said: str
    remark: str


@dataclass(frozen=True)
class Facts:
    """The district's facts and counts by year, without those that the review refused."""

    view: DistrictView

    def fact(self, name: str, year: str) -> float | None:
        """A fact's value in a year; None if it was not told or not used."""
        row = self._year(year).get(name)
        usable = row is not None and not row["problem"] and row["value"] is not None
        return float(row["value"]) if row is not None and usable else None

    def problems(self, name: str, year: str) -> list[str]:
        """What is wrong with a fact, in words; nothing if it was simply not told."""
        row = self._year(year).get(name)
        found = row["problem"] if row is not None and isinstance(row["problem"], list) else []
        return reasons_in_words(Terms(self.view), [one for one in found if one["what"] != "no_fact"])

    def staffing(self, measure: str, year: str) -> float | None:
        """Persons of a measure in the whole district; None if the teachers' table does not tell."""
        value = self._staff(year).get(measure)
        return None if value is None else float(value)

    def rung(self, position: int, year: str) -> float | None:
        """Persons on a rung of the ladder: by the teachers' table, without it by the district's fact."""
        rung = self.view.settings.initiatives.ladder[position]
        counted = [self.staffing(f"tier:{tier}", year) for tier in rung.tiers]
        known = [one for one in counted if one is not None]
        return sum(known) if known else self.fact(rung.fact, year)

    def counted(self, what: str, year: str) -> float | None:
        """Groups and pairs by the list of schools; other counts as the review has them."""
        column = {"groups": "group_code", "pairs": "pair_code"}.get(what)
        if column is None:
            return self.staffing(what, year)
        members = self.view.of_review("published_members", year)
        codes = {row[column] for row in members if row[column]}
        return float(len(codes)) if codes else None

    def _year(self, year: str) -> dict[str, dict[str, Any]]:
        return {row["fact"]: row for row in self.view.of_review("balance_facts", year)}

    def _staff(self, year: str) -> dict[str, Any]:
        rows = self.view.of_review("balance_staffing", year)
        return {row["measure"]: row["value"] for row in rows if not row["stage"]}


@dataclass(frozen=True)
class Holding(InTerms):
    """Holds stated figures against the data of a district's year."""

    @cached_property
    def facts(self) -> Facts:
        """Facts and counts."""
        return Facts(self.view)

    def held(self, figure: StatedFigure) -> Held:
        """A stated figure beside the data, by its relation."""
        if figure.indicator is not None:
            return self._by_group(figure)
        found: Callable[[StatedFigure], Held] = {
            "rises": self._rises,
            "above": self._above,
            "at_least": self._reaches,
        }[figure.relation]
        return found(figure)

    def _value(self, figure: StatedFigure, year: str) -> float | None:
        """What the data say of a figure in a year, from the one source that the params name."""
        if figure.staffing is not None:
            named, moved = (self.facts.staffing(one, year) for one in ("named", "named_exchanged"))
            return moved / named if named and moved is not None else None
        if figure.rung is not None:
            return self.facts.rung(figure.rung, year)
        counted = self.facts.counted(figure.count, year) if figure.count else None
        if counted is not None:
            return counted
        return self.facts.fact(figure.fact, year) if figure.fact else None

    def _reaches(self, figure: StatedFigure) -> Held:
        terms, stated = self.terms, figure.stated or 0.0
        years = years_back(self.view.year, figure.over_years)
        values = {year: self._value(figure, year) for year in years}
        known = [value for value in values.values() if value is not None]
        missing = [year for year, value in values.items() if value is None]
        printed = terms.round_number(figure.unit, stated)
        over = figure.over_years > 1
        told = terms.word("stated_over_years", value=printed, years=figure.over_years) if over else printed
        if not known:
            return self._without(figure, told)
        differing = self._differing(figure)
        total = self.view.tell(f"stated_{figure.id}", sum(known))
        said = terms.value(figure.unit, total, stated)
        if over:
            said = terms.word("data_over_years", value=said, years=len(known))
        remarks = self._refused(figure, years) + differing
        if missing:
            remarks.append(terms.word("remark_years_missing", years=terms.years(missing)))
        if total >= stated:
            remarks.insert(0, terms.word("remark_reaches"))
            return Held(figure, "agrees", told, said, terms.joined(remarks))
        if missing:
            # What the missing years would add is not known.
            return Held(figure, "cannot", told, said, terms.joined(remarks))
        gap = terms.value(figure.unit, stated - total)
        if figure.unit == "share":
            gap = terms.words.difference("rate", stated - total, 0.001).lstrip("+")
        remarks.insert(0, terms.word("remark_short_by", gap=gap))
        return Held(figure, "falls_short", told, said, terms.joined(remarks))

    def _differing(self, figure: StatedFigure) -> list[str]:
        """That the tables count something else than the district's own fact tells."""
        if not figure.count or not figure.fact:
            return []
        counted = self.facts.counted(figure.count, self.view.year)
        told = self.facts.fact(figure.fact, self.view.year)
        if counted is None or told is None or counted == told:
            return []
        self.view.tell(f"stated_{figure.id}_fact", told)
        return [self.terms.word("remark_differs", value=self.terms.value(figure.unit, told))]

    def _rises(self, figure: StatedFigure) -> Held:
        terms, years = self.terms, self.view.years
        values = {year: self._value(figure, year) for year in years}
        told = terms.word("stated_rises")
        known = {year: value for year, value in values.items() if value is not None}
        if not known:
            return self._without(figure, told)
        for year, value in known.items():
            self.view.tell(f"stated_{figure.id}_{year}", value)
        *before, last = known.values()
        bare = "count" if figure.unit == "yuan" else figure.unit  # the unit once, behind the last
        said = " → ".join([*(terms.value(bare, one) for one in before), terms.value(figure.unit, last)])
        remarks = self._refused(figure, years)
        fell = [year for (_, before), (year, now) in pairwise(known.items()) if now < before]
        if fell:
            remarks.insert(0, terms.word("remark_fell", year=terms.years(fell)))
            return Held(figure, "falls_short", told, said, terms.joined(remarks))
        missing = [year for year, value in values.items() if value is None]
        if missing:
            remarks.append(terms.word("remark_years_missing", years=terms.years(missing)))
            return Held(figure, "cannot", told, said, terms.joined(remarks))
        if len(known) < 2:
            return Held(figure, "cannot", told, said, terms.joined([terms.word("remark_one_year"), *remarks]))
        remarks.insert(0, terms.word("remark_rose"))
        return Held(figure, "agrees", told, said, terms.joined(remarks))

    def _above(self, figure: StatedFigure) -> Held:
        terms, year = self.terms, self.view.year
        other_name = terms.fact(str(figure.other))
        told = terms.word("stated_above", name=other_name)
        value = self._value(figure, year)
        other = self.facts.fact(str(figure.other), year)
        if value is None or other is None:
            return self._without(figure, told)
        self.view.tell(f"stated_{figure.id}", value)
        self.view.tell(f"stated_{figure.id}_other", other)
        said = terms.word(
            "data_against", value=terms.value(figure.unit, value), other=terms.value(figure.unit, other)
        )
        if value > other:
            gap = terms.value(figure.unit, self.view.tell(f"stated_{figure.id}_gap", value - other))
            return Held(figure, "agrees", told, said, terms.word("remark_above", gap=gap))
        return Held(figure, "falls_short", told, said, terms.word("remark_not_above"))

    def _by_group(self, figure: StatedFigure) -> Held:
        """Satisfaction: every group by itself, since they are never pooled."""
        terms, stated = self.terms, figure.stated or 0.0
        told = terms.round_number("share", stated)
        rows = self.view.of_review("balance_satisfaction")
        shares = {row["respondent"]: row["share"] for row in rows if row["share"] is not None}
        if not shares:
            return self._without(figure, told)
        lowest = min(shares, key=lambda one: shares[one])
        self.view.tell(f"stated_{figure.id}", terms.drawn("share", shares[lowest], stated))
        said = terms.word(
            "data_lowest",
            name=terms.known("respondent", lowest),
            value=terms.value("share", shares[lowest], stated),
        )
        wanted = self.view.settings.balance.satisfaction.respondents
        below = [terms.known("respondent", one) for one, share in shares.items() if round(share, 12) < stated]
        silent = [terms.known("respondent", one) for one in wanted if one not in shares]
        remarks = []
        if below:
            remarks.append(terms.word("remark_groups_short", names=terms.words.listed(below)))
        if silent:
            remarks.append(terms.word("remark_groups_missing", names=terms.words.listed(silent)))
        outcome = "falls_short" if below else "cannot" if silent else "agrees"
        if outcome == "agrees":
            remarks.append(terms.word("remark_reaches"))
        return Held(figure, outcome, told, said, terms.joined(remarks))

    def _without(self, figure: StatedFigure, told: str) -> Held:
        """Nothing to hold it against; facts that were refused are named."""
        terms = self.terms
        years = years_back(self.view.year, figure.over_years)
        remark = terms.joined(self._refused(figure, years)) or self._silence(figure)
        return Held(figure, "cannot", told, terms.words.label("withheld_value"), remark)

    def _silence(self, figure: StatedFigure) -> str:
        """Which table or fact would tell."""
        terms = self.terms
        if figure.indicator is not None:
            own = Verdicts(self.view).own.get(figure.indicator, {})
            return terms.joined(reasons_in_words(terms, own.get("reason"))) or terms.word("remark_no_data")
        names = [one for one in (figure.fact, figure.other) if one]
        silent = [one for one in names if self.facts.fact(one, self.view.year) is None]
        said = [terms.word("reason_no_fact", fact=terms.fact(one)) for one in silent]
        return terms.joined(said) or terms.word("remark_no_data")

    def _refused(self, figure: StatedFigure, years: tuple[str, ...]) -> list[str]:
        names = [one for one in (figure.fact, figure.other) if one]
        said = [text for name in names for year in years for text in self.facts.problems(name, year)]
        return list(dict.fromkeys(said))


def years_back(year: str, count: int) -> tuple[str, ...]:
    """So many school years up to one, the earliest first.

    >>> years_back("2024-2025", 3)
    ('2022-2023', '2023-2024', '2024-2025')
    """
    found = [SchoolYear(year)]
    while len(found) < count:
        found.append(found[-1].previous)
    return tuple(str(one) for one in reversed(found))
