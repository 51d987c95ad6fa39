"""Satisfaction of those concerned: by group, never pooled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalib.page import charts
from evalib.page.charts import Chart, Interval, LimitRow
from evalib.page.district.terms import SIGNS, InTerms
from evalib.page.tables import NOTHING, Note, Table

Row = Mapping[str, Any]
REACH = 12.0  # percent to both sides of the limit


@dataclass(frozen=True)
class SatisfactionPage(InTerms):
    """The survey's groups in one year."""

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row a group that was asked, in the order of the params."""
        order = self.view.settings.balance.satisfaction.respondents
        rows = self.view.of_review("balance_satisfaction")
        return sorted(
            rows, key=lambda row: (row["respondent"] not in order, _place(order, row["respondent"]))
        )

    @property
    def limit(self) -> float:
        """The share that must be satisfied in every group."""
        return self.view.settings.balance.satisfaction.limit

    def figure(self) -> Chart | Note:
        """Each group's share as a dot with its interval beside the limit."""
        terms = self.terms
        shown = [row for row in self.rows if row["share"] is not None]
        if not shown:
            return Note("", (self.view.speaker.note("satisfaction_none", {}),))
        drawn = [
            LimitRow(self._named(row), self._interval(row), self._share(row), self._verdict(row))
            for row in shown
        ]
        below = [self._named(row) for row in self.rows if row["verdict"] == "not_met"]
        judged = sum(row["verdict"] in ("met", "met_low_response") for row in self.rows)
        fields = {
            "limit": terms.value("share", self.limit),
            "names": terms.words.listed(below),
            "count": terms.words.count(judged),
        }
        key = "figure_satisfaction_below" if below else "figure_satisfaction"
        listed = [
            terms.words.label("value_of", name=self._named(row), value=self._share(row)) for row in shown
        ]
        message = self.view.speaker.note(key, {**fields, "shares": terms.words.listed(listed)})
        return charts.against_limit(
            "satisfaction",
            drawn,
            limit=100 * self.limit,
            said=terms.word("axis_limit", value=terms.value("share", self.limit)),
            reach=REACH,
            axis=terms.word("axis_satisfaction"),
            twin=self._twin(shown),
            message=message,
        )

    def groups(self) -> Table | Note:
        """Design, population, response and verdict of each group."""
        terms, words = self.terms, self.terms.words
        asked = self.view.settings.balance.satisfaction
        if not self.rows:
            return NOTHING
        cells = []
        for row in self.rows:
            for key in ("population", "invited", "answered"):
                if row[key] is not None:
                    self.view.tell(f"survey_{key}_{row['respondent']}", row[key])
            cells.append(
                (
                    self._named(row),
                    terms.known("design", str(row["design"] or "unknown")),
                    *(self._count(row[key]) for key in ("population", "invited", "answered")),
                    terms.value("share", row["response"], asked.response_minimum),
                    self._satisfied(row),
                    self._share(row),
                    self._ends(row),
                    self._verdict(row),
                )
            )
        heads = ["respondent", "design", "population", "invited", "answered", "response", "satisfied"]
        heads += ["satisfied_share", "interval", "verdict"]
        minimum = words.share(asked.response_minimum)
        nearest = self.view.settings.disclosure.round_counts_to
        return Table(
            caption=terms.word("caption_survey"),
            heads=tuple(terms.word(f"head_{key}") for key in heads),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, 9}),
            marks=tuple(SIGNS[str(row["verdict"] or "not_reported")][1] for row in self.rows),
            notes=(
                self.view.speaker.note("satisfaction_read", {"minimum": minimum}),
                self.view.speaker.note("satisfaction_counts", {"nearest": words.count(nearest)}),
                *self._of_bands(),
            ),
        )

    def _of_bands(self) -> list[str]:
        """What a band in the place of a number of people means."""
        most = self.view.settings.disclosure.minimum_numerator - 1
        if not any(row["band"] for row in self.rows):
            return []
        return [self.view.speaker.note("satisfaction_bands", {"most": self.terms.words.count(most)})]

    def _twin(self, rows: list[dict[str, Any]]) -> Table:
        terms = self.terms
        for row in rows:
            for key in ("share", "low", "high"):
                if row[key] is not None:
                    named = f"satisfied_{key}_{row['respondent']}"
                    self.view.tell(named, terms.drawn("share", row[key], self._limit(key)))
        return Table(
            caption=terms.word("caption_satisfaction"),
            heads=tuple(
                terms.word(f"head_{key}") for key in ("respondent", "satisfied_share", "interval", "verdict")
            ),
            rows=tuple(
                (self._named(row), self._share(row), self._ends(row), self._verdict(row)) for row in rows
            ),
            text_columns=frozenset({0, 3}),
        )

    def _limit(self, key: str) -> float | None:
        """The limit for a share, whose side of it must be seen in print; none for an interval's end."""
        return self.limit if key == "share" else None

    def _interval(self, row: Row) -> Interval:
        value = 100 * self.terms.drawn("share", row["share"], self.limit)
        ends = [
            value if row[key] is None else 100 * self.terms.drawn("share", row[key])
            for key in ("low", "high")
        ]
        return Interval(value, ends[0], ends[1], SIGNS[str(row["verdict"] or "not_reported")][1])

    def _named(self, row: Row) -> str:
        return self.terms.known("respondent", row["respondent"])

    def _share(self, row: Row) -> str:
        return self.terms.value("share", row["share"], self.limit)

    def _ends(self, row: Row) -> str:
        terms = self.terms
        if row["low"] is None or row["high"] is None:
            return terms.words.label("withheld_value")
        return f"{terms.value('share', row['low'])}–{terms.value('share', row['high'])}"

    def _verdict(self, row: Row) -> str:
        return self.terms.verdict(str(row["verdict"] or "not_reported"))

    def _satisfied(self, row: Row) -> str:
        if row["band"]:
            most = self.view.settings.disclosure.minimum_numerator - 1
            return self.terms.words.band(row["band"], most)
        if row["satisfied"] is not None:
            self.view.tell(f"survey_satisfied_{row['respondent']}", row["satisfied"])
        return self._count(row["satisfied"])

    def _count(self, number: float | None) -> str:
        words = self.terms.words
        return words.label("withheld_value") if number is None else words.count(int(number))


def _place(order: list[str], respondent: str) -> int:
    return order.index(respondent) if respondent in order else len(order)
