"""Tables of the 32 indicators: value, limit, evidence and verdict, a row an indicator and its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalib.page.district.evidence import counts_sections, in_the_way, remarks
from evalib.page.district.formulas import limits_in_words
from evalib.page.district.names import Names
from evalib.page.district.terms import SIGNS, InTerms
from evalib.page.tables import Table
from evalib.settings import BalanceIndicator

Row = Mapping[str, Any]
VERDICTS = ("met", "met_low_response", "not_met", "not_reported")


@dataclass(frozen=True)
class Verdicts(InTerms):
    """The review's rows of the 32 indicators in one year."""

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """All rows of the year; empty without a review."""
        return self.view.of_review("balance_indicators")

    @cached_property
    def own(self) -> dict[str, dict[str, Any]]:
        """Each indicator's own verdict, by id."""
        return {row["indicator"]: row for row in self.rows if not _part(row)}

    def parts(self, indicator: str) -> list[dict[str, Any]]:
        """An indicator's rows by stage, aspect or group."""
        return [row for row in self.rows if row["indicator"] == indicator and _part(row)]

    def verdict(self, indicator: str) -> str:
        """An indicator's verdict; without a row it is not reported."""
        row = self.own.get(indicator)
        return str(row["verdict"]) if row else "not_reported"

    def counts(self, indicators: Iterable[BalanceIndicator]) -> dict[str, int]:
        """How many indicators have each verdict; each indicator counts once."""
        found = [self.verdict(one.id) for one in indicators]
        return {verdict: found.count(verdict) for verdict in VERDICTS}

    def table(self, indicators: Iterable[BalanceIndicator], caption: str) -> Table:
        """Value, limit, evidence and verdict of some indicators, their parts below each."""
        chosen = list(indicators)
        lines = [line for one in chosen for line in self._lines(one)]
        heads = ("head_indicator", "head_value", "head_limit", "head_evidence", "head_verdict")
        return Table(
            caption=caption,
            heads=tuple(self.terms.word(key) for key in heads),
            rows=tuple(cells for cells, _ in lines),
            text_columns=frozenset({0, 2, 3, 4}),
            marks=tuple(side for _, side in lines),
        )

    def in_short(self, indicator: BalanceIndicator) -> str:
        """An indicator's figures in one cell: its own or those of its parts, and sections in its way."""
        terms, own, parts = self.terms, self.own.get(indicator.id, {}), self.parts(indicator.id)
        told = [row for row in parts if row["value"] is not None and row["aspect"] != "sections"]
        spread = [row for row in told if row["aspect"] == "variation"]
        said = [
            f"{terms.part_of(row)} {terms.value(row['unit'], row['value'], row['limit'])}"
            for row in told
            if row not in spread
        ]
        if spread:
            listed = terms.words.listed([self._of_stage(row) for row in spread])
            said.append(terms.word("short_variation", name=terms.word("aspect_variation"), said=listed))
        if own.get("value") is not None:
            said = [terms.value(own.get("unit") or indicator.unit, own["value"], own["limit"])]
        if counts_sections(indicator):
            said = []
        barred = in_the_way(terms, own)
        return terms.joined([terms.words.listed(said), barred]) or terms.words.label("withheld_value")

    def _of_stage(self, row: Row) -> str:
        """A stage's coefficient of variation beside its limit; with a sign where it is not kept."""
        terms = self.terms
        value = terms.value(row["unit"], row["value"], row["limit"])
        if row["verdict"] == "not_met":
            value = f"{SIGNS['not_met'][0]} {value}"
        if row["limit"] is None:
            return f"{terms.stage(row['stage'])} {value}"
        limit = terms.word("limit_at_most", value=terms.words.decimal(row["limit"], 2))
        limit = terms.recalled(limit, self.view.settings.balance.variation.status)
        return terms.word("short_beside", name=terms.stage(row["stage"]), value=value, limit=limit)

    def _lines(self, indicator: BalanceIndicator) -> list[tuple[tuple[str, ...], str]]:
        """An indicator's line; where it has several parts, a line each below it."""
        own, parts = self.own.get(indicator.id, {}), self.parts(indicator.id)
        name = Names(self.view).indicator(indicator)
        verdict = self.verdict(indicator.id)
        whole = limits_in_words(self.terms, indicator)
        if len(parts) <= 1:
            row = _merged(own, parts[0]) if parts else own
            return [self._line(name, indicator, row, verdict, whole)]
        dash = self.terms.words.label("withheld_value")
        limits = [self.terms.limit(indicator, row["stage"], row["aspect"]) for row in parts]
        bound = whole if set(limits) == {dash} else dash
        lines = [self._line(name, indicator, own, verdict, bound, parted=True)]
        return lines + [
            self._line(f"　{self.terms.part_of(row)}", indicator, row, str(row["verdict"] or "none"), limit)
            for row, limit in zip(parts, limits, strict=True)
        ]

    def _line(
        self,
        name: str,
        indicator: BalanceIndicator,
        row: Row,
        verdict: str,
        bound: str,
        *,
        parted: bool = False,
    ) -> tuple[tuple[str, ...], str]:
        terms = self.terms
        dash = terms.words.label("withheld_value")
        unit, value, limit = row.get("unit") or indicator.unit, row.get("value"), row.get("limit")
        if counts_sections(indicator):
            value = None
        key = (
            f"value_{indicator.id}_{row.get('aspect', '')}_{row.get('stage', '')}_{row.get('respondent', '')}"
        )
        if value is not None:
            self.view.tell(key.rstrip("_"), terms.drawn(unit, value, limit))
        cells = (
            name,
            dash if value is None else terms.value(unit, value, limit),
            bound,
            remarks(terms, indicator, row, parted=parted),
            terms.verdict(verdict),
        )
        return cells, SIGNS[verdict][1]


@dataclass(frozen=True)
class OnVerdicts(InTerms):
    """A part of the pages that rests on the indicators' verdicts."""

    @cached_property
    def verdicts(self) -> Verdicts:
        """The rows of the 32 indicators."""
        return Verdicts(self.view)


def _part(row: Row) -> bool:
    """Whether a row is of a part of its indicator."""
    return bool(row["aspect"] or row["stage"] or row["respondent"])


def _merged(own: Row, part: Row) -> dict[str, Any]:
    """An indicator's row with what only its one part tells."""
    return {
        key: own.get(key) if own.get(key) not in (None, "", [], {}) else part.get(key)
        for key in {**part, **own}
    }
