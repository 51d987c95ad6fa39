"""R1–R7 over the district: coefficients of variation by stage, and sections below the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalib.page.district.evidence import need, needs_in_words, needs_summed, units_of, untold_of
from evalib.page.district.formulas import variation_limits
from evalib.page.district.names import Names
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.terms import SIGNS
from evalib.page.district.verdicts import OnVerdicts
from evalib.page.tables import Table
from evalib.settings import BalanceIndicator

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Resources(OnVerdicts):
    """The seven indicators of resources in one year."""

    @property
    def indicators(self) -> list[BalanceIndicator]:
        """R1 to R7."""
        return self.view.settings.balance.resources

    def variation_table(self) -> Table:
        """Each of the seven: its coefficient of variation by stage, sections in its way, and the verdict."""
        terms, dash = self.terms, self.terms.words.label("withheld_value")
        rows, reasons = [], []
        for one in self.indicators:
            cells = [Names(self.view).indicator(one)]
            for stage in self.view.stages:
                row = self._part(one.id, "variation", stage)
                value, limit = row.get("value"), row.get("limit")
                if value is not None:
                    self.view.tell(f"variation_{one.id}_{stage}", terms.drawn("coefficient", value, limit))
                sign = f"{SIGNS['not_met'][0]} " if row.get("verdict") == "not_met" else ""
                cells.append(dash if value is None else sign + terms.value("coefficient", value, limit))
            own = self.verdicts.own.get(one.id, {})
            said = reasons_in_words(terms, own.get("reason"))
            reasons += [f"{one.id}: {terms.joined(said)}"] if said else []
            cells += [self._barred(f"in_the_way_{one.id}", own), self._asked(one, own)]
            rows.append((*cells, terms.verdict(self.verdicts.verdict(one.id))))
        stages = [terms.word("head_stage_variation", stage=terms.stage(stage)) for stage in self.view.stages]
        heads = ["head_indicator", *stages, "head_in_the_way", "head_least", "head_verdict"]
        caption = terms.word("caption_variation", **variation_limits(terms), **terms.section_rule)
        return Table(
            caption=terms.recalled(caption, self.view.settings.balance.variation.status),
            heads=tuple(terms.word(key) if key.startswith("head_") else key for key in heads),
            rows=tuple(rows),
            text_columns=frozenset({0, len(heads) - 2, len(heads) - 1}),
            marks=tuple(SIGNS[self.verdicts.verdict(one.id)][1] for one in self.indicators),
            notes=(
                self.view.speaker.note("resources_read", terms.section_rule),
                *reasons,
            ),
        )

    def limits_table(self) -> Table:
        """By stage: the limit, how many sections are below it, and what all of them need to reach it."""
        terms, rows = self.terms, []
        for one in self.indicators:
            cells = [Names(self.view).indicator(one)]
            for stage in self.view.stages:
                row = self._part(one.id, "sections", stage)
                below = self._barred(f"below_{one.id}_{stage}", row)
                cells += [terms.limit(one, stage), below, self._needed(one, stage, row)]
            rows.append(tuple(cells))
        heads = [
            terms.word(f"head_stage_{key}", stage=terms.stage(stage))
            for stage in self.view.stages
            for key in ("limit", "below", "needed")
        ]
        return Table(
            caption=terms.word("caption_at_limit"),
            heads=(terms.word("head_indicator"), *heads),
            rows=tuple(rows),
            text_columns=frozenset({0, *range(3, len(heads) + 1, 3)}),
        )

    def _barred(self, what: str, row: Row) -> str:
        """How many sections fail, of how many with data."""
        terms, count, sections = self.terms, row.get("in_the_way"), row.get("sections")
        if count is None or sections is None:
            return terms.words.label("withheld_value")
        self.view.tell(what, count)
        self.view.tell(f"{what}_of", sections)
        return terms.word("of_all", count=terms.words.count(int(count)), all=terms.words.count(int(sections)))

    def _asked(self, indicator: BalanceIndicator, row: Row) -> str:
        """What the least plans of all sections ask of an indicator, by stage."""
        terms = self.terms
        needs = needs_in_words(terms, indicator, row.get("needed"))
        for stage in self.view.stages:
            for what, count in units_of(row.get("needed"), stage).items():
                self.view.tell(f"needed_{indicator.id}_{stage}_{what}", count)
        self._left_out(f"needs_untold_{indicator.id}", row)
        return needs_summed(terms, row, needs) or terms.words.label("withheld_value")

    def _part(self, indicator: str, aspect: str, stage: str) -> Row:
        for row in self.verdicts.parts(indicator):
            if row["aspect"] == aspect and row["stage"] == stage:
                return row
        return {}

    def _needed(self, indicator: BalanceIndicator, stage: str, row: Row) -> str:
        """What the sections of a stage that are below a limit need to reach it."""
        terms = self.terms
        if not row.get("sections"):
            silent = terms.joined(reasons_in_words(terms, row.get("reason")))
            return silent or terms.words.label("withheld_value")
        units = units_of(row.get("needed"), stage)
        for what, count in units.items():
            self.view.tell(f"to_limit_{indicator.id}_{stage}_{what}", count)
        said = [need(terms, what, count, indicator) for what, count in units.items()]
        self._left_out(f"needs_untold_{indicator.id}_{stage}", row)
        return needs_summed(terms, row, said) or terms.word("needed_nothing")

    def _left_out(self, what: str, row: Row) -> None:
        """Remember how many sections a sum of needs leaves out."""
        if count := untold_of(row):
            self.view.tell(what, count)
