"""The rule of six in seven: how many sections pass, which do not, and every section's seven figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalib.page.district.evidence import need, needs_in_words, needs_summed, units_of, untold_of
from evalib.page.district.names import Names
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.terms import SIGNS
from evalib.page.district.verdicts import OnVerdicts
from evalib.page.tables import Table
from evalib.settings import BalanceIndicator
from evalib.vocabulary import SECTION_RULE

Row = Mapping[str, Any]
SECTION_VERDICTS = ("met", "not_met", "not_reported", "out_of_scope")


@dataclass(frozen=True)
class Passing(OnVerdicts):
    """The sections of one year under the rule over the seven resources; named in the restricted edition."""

    @property
    def indicators(self) -> list[BalanceIndicator]:
        """R1 to R7."""
        return self.view.settings.balance.resources

    def counts_table(self) -> Table:
        """How many sections of each stage pass, do not, or cannot be judged, and what all of them need."""
        terms, rule = self.terms, self.view.settings.balance.section_rule
        counted = {stage: self._counts(stage) for stage in self.view.stages}
        shown = [
            verdict
            for verdict in SECTION_VERDICTS
            if verdict in ("met", "not_met") or any(counts.get(verdict) for counts in counted.values())
        ]
        rows = []
        for stage, counts in counted.items():
            said = [self._told(f"sections_{verdict}_{stage}", counts.get(verdict)) for verdict in shown]
            row = self._rule(stage)
            units = units_of(row.get("needed"), stage)
            for what, count in units.items():
                self.view.tell(f"needed_{stage}_{what}", count)
            needs = [need(terms, what, count) for what, count in units.items()]
            if left_out := untold_of(row):
                self.view.tell(f"needs_untold_{stage}", left_out)
            nothing = "needed_nothing" if counts.get("not_met") == 0 else "needed_unknown"
            rows.append((terms.stage(stage), *said, needs_summed(terms, row, needs) or terms.word(nothing)))
        share = terms.words.share(rule.floor_share)
        caption = terms.word("caption_passing_counts", floor=share, **terms.section_rule)
        return Table(
            caption=terms.recalled(caption, rule.status),
            heads=(
                terms.word("head_stage"),
                *(terms.word(f"verdict_{verdict}") for verdict in shown),
                terms.word("head_least"),
            ),
            rows=tuple(rows),
            text_columns=frozenset({0, len(shown) + 1}),
        )

    def passing_table(self, stage: str) -> Table | None:
        """Sections that do not pass or cannot be judged, with the least it would take; None in public."""
        if not self.view.names_sections:
            return None
        rows = [row for row in self._of_verdicts(stage) if row["verdict"] not in ("met", "out_of_scope")]
        rows.sort(key=lambda row: (row["verdict"], row["school_code"]))
        if not rows:
            return None
        terms = self.terms
        return Table(
            caption=terms.word("caption_passing", stage=terms.stage(stage)),
            heads=tuple(
                terms.word(key) for key in ("head_section", "head_met_of_seven", "head_least", "head_verdict")
            ),
            rows=tuple(
                (
                    Names(self.view).section(row),
                    self._detail(row),
                    self._least(row),
                    terms.verdict(row["verdict"]),
                )
                for row in rows
            ),
            text_columns=frozenset({0, 1, 2, 3}),
            marks=tuple(SIGNS[row["verdict"]][1] for row in rows),
        )

    def sections_table(self, stage: str) -> Table | None:
        """Every section's seven figures, each with its sign, and whether it passes; None in public."""
        rows = self._of_sections(stage)
        if not rows or not self.view.names_sections:
            return None
        terms = self.terms
        limits = [terms.limit(one, stage) for one in self.indicators]
        verdicts = {row["school_code"]: row for row in self._of_verdicts(stage)}
        lines, sides = [], []
        for code in sorted(rows):
            cells = [self._sign(one, rows[code].get(one.id)) for one in self.indicators]
            verdict = str(verdicts[code]["verdict"]) if code in verdicts else "not_reported"
            named = Names(self.view).section({"school_code": code, "stage": stage})
            lines.append((named, *cells, terms.verdict(verdict)))
            sides.append(SIGNS[verdict][1])
        share = terms.words.share(self.view.settings.balance.section_rule.floor_share)
        return Table(
            caption=terms.word("caption_sections", stage=terms.stage(stage), **terms.section_rule),
            heads=(
                terms.word("head_section"),
                *(f"{one.id} {limit}" for one, limit in zip(self.indicators, limits, strict=True)),
                terms.word("head_verdict"),
            ),
            rows=tuple(lines),
            text_columns=frozenset({0, len(self.indicators) + 1}),
            marks=tuple(sides),
            notes=(terms.word("scope_legend", floor=share),),
        )

    def _rule(self, stage: str) -> Row:
        """The rule over the seven in a stage."""
        for row in self.verdicts.parts(SECTION_RULE):
            if row["stage"] == stage:
                return row
        return {}

    def _told(self, what: str, count: int | None) -> str:
        words = self.terms.words
        if count is None:
            return words.label("withheld_value")
        self.view.tell(what, count)
        return words.count(count)

    def _counts(self, stage: str) -> dict[str, int | None]:
        """Sections of a stage by verdict, as the review counts them."""
        evidence = self._rule(stage).get("evidence")
        counted = evidence if isinstance(evidence, Mapping) else {}
        found = {verdict: counted.get(verdict) for verdict in SECTION_VERDICTS[:3]}
        if self.view.names_sections:
            outside = sum(one["verdict"] == "out_of_scope" for one in self._of_verdicts(stage))
            found["out_of_scope"] = outside
        return {verdict: None if count is None else int(count) for verdict, count in found.items()}

    def _sign(self, indicator: BalanceIndicator, row: Row | None) -> str:
        """A section's figure with the sign of its verdict; without a figure the sign alone."""
        if row is None:
            return SIGNS["not_reported"][0]
        sign = SIGNS[row["verdict"]][0]
        if row["value"] is None:
            return sign
        return f"{sign} {self._bare(indicator, row['value'], row['limit'])}"

    def _bare(self, indicator: BalanceIndicator, value: float, limit: float | None) -> str:
        """A figure without its unit, which the head and the rules name."""
        unit = (
            "per_100" if indicator.unit == "m2" else "count" if indicator.unit == "yuan" else indicator.unit
        )
        return self.terms.value(unit, value, limit)

    def _detail(self, row: Row) -> str:
        """How many of the seven stand where; what none of them does is left out."""
        counts = {key: int(row[key] or 0) for key in ("met", "near", "under", "missing")}
        said = [self.terms.word(f"seven_{key}", count=count) for key, count in counts.items() if count]
        return self.terms.words.listed(said)

    def _least(self, row: Row) -> str:
        terms = self.terms
        if row["verdict"] == "not_reported":
            return terms.joined(reasons_in_words(terms, row["reason"])) or terms.word("needed_unknown")
        needs = needs_in_words(terms, None, row["needed"])
        if needs and row["missing"]:
            return terms.word("needed_if_met", needs=terms.words.listed(needs))
        return terms.words.listed(needs) or terms.words.label("not_shown")

    def _of_sections(self, stage: str) -> dict[str, dict[str, Row]]:
        """A stage's rows by section and indicator."""
        found: dict[str, dict[str, Row]] = {}
        ids = {one.id for one in self.indicators}
        for row in self._sections:
            if row["stage"] == stage and row["indicator"] in ids:
                found.setdefault(row["school_code"], {})[row["indicator"]] = row
        return found

    def _of_verdicts(self, stage: str) -> list[dict[str, Any]]:
        return [row for row in self._judged if row["stage"] == stage]

    @cached_property
    def _sections(self) -> list[dict[str, Any]]:
        return self.view.of_review("balance_sections") if self.view.names_sections else []

    @cached_property
    def _judged(self) -> list[dict[str, Any]]:
        return self.view.of_review("balance_verdicts") if self.view.names_sections else []
