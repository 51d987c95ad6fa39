"""优质均衡: the 32 national indicators, part by part, with evidence and what it would take."""

from __future__ import annotations

from dataclasses import dataclass

from evalib.page.charts import Chart
from evalib.page.district import formulas
from evalib.page.district.failing import failing_sections
from evalib.page.district.parts import Parts
from evalib.page.district.passing import Passing
from evalib.page.district.reasons import reasons_in_words
from evalib.page.district.resources import Resources
from evalib.page.district.satisfaction import SatisfactionPage
from evalib.page.district.spread import own_share, variation_trend
from evalib.page.district.verdicts import VERDICTS, OnVerdicts
from evalib.page.tables import NOTHING, Context, Lead, Note, Table
from evalib.settings.shared_rules import status_of

PARTS = ("resources", "guarantee", "quality", "recognition")


@dataclass(frozen=True)
class StandardsPage(OnVerdicts):
    """The pages of the national indicators."""

    def verdict(self) -> Parts | Note:
        """How many of the indicators are met, not met, not reported; and which, part by part."""
        view, terms = self.view, self.terms
        if not self.verdicts.rows:
            return Note("", (view.speaker.note("balance_no_review", {}),))
        counts = self._counts
        for verdict, count in counts.items():
            view.tell(f"indicators_{verdict}", count)
        facts = tuple(
            (terms.word(f"counted_{verdict}"), terms.words.count(count))
            for verdict, count in counts.items()
            if count or verdict != "met_low_response"
        )
        return Parts((Lead(self._lead()), Context(facts), self._by_part(), self._refused()))

    def brief(self) -> str:
        """How many are met, not met, not reported, and which are not met; empty without a review."""
        if not self.verdicts.rows:
            return ""
        said, indicators = [self._lead()], self.view.settings.balance.indicators
        for verdict in ("not_met", "not_reported"):
            which = [
                f"{one.id} {one.name.in_(self.terms.words.lang)}"
                for one in indicators
                if self.verdicts.verdict(one.id) == verdict
            ]
            if which:
                said.append(self.view.speaker.note(f"balance_{verdict}", {"which": self.terms.joined(which)}))
        return self.terms.words.run_on(said)

    @property
    def _counts(self) -> dict[str, int]:
        return self.verdicts.counts(self.view.settings.balance.indicators)

    def _lead(self) -> str:
        words, counts = self.terms.words, self._counts
        fields = {key: words.count(count) for key, count in counts.items()}
        fields["all"] = words.count(len(self.view.settings.balance.indicators))
        key = "balance_verdict_low_response" if counts["met_low_response"] else "balance_verdict"
        return self.view.speaker.note(key, fields)

    def resources(self) -> Parts:
        """The seven of resources: coefficients of variation, their years, and sections below the limits."""
        resources = Resources(self.view)
        return Parts((resources.variation_table(), self.trend(), resources.limits_table()))

    def trend(self) -> Chart | Note:
        """The coefficients of variation over the years beside their limits."""
        return variation_trend(self.view)

    def passing(self) -> Parts:
        """How many sections pass the rule of six in seven; which do not, and what it would take."""
        passing = Passing(self.view)
        tables = [passing.passing_table(stage) for stage in self.view.stages]
        return Parts((passing.counts_table(), *(one for one in tables if one)))

    def sections(self) -> Parts | Note:
        """Every section's seven figures; the public edition says why it has none."""
        if not self.view.names_sections:
            return Note("", (self.view.speaker.note("balance_sections_not_public", {}),))
        tables = [Passing(self.view).sections_table(stage) for stage in self.view.stages]
        return Parts(tuple(one for one in tables if one))

    def guarantee(self) -> Parts:
        """The fifteen of the government's guarantee; which sections break a rule of rooms or size."""
        return Parts((self._part("guarantee"), failing_sections(self.view)))

    def quality(self) -> Parts:
        """The nine of quality, and our own estimate of the share of variance between sections."""
        return Parts((self._part("quality"), own_share(self.view)))

    def recognition(self) -> Parts:
        """Satisfaction: verdict, figure and survey by group."""
        satisfaction, terms = SatisfactionPage(self.view), self.terms
        limit = terms.value("share", satisfaction.limit)
        asked = next(
            one.id for one in self.view.settings.balance.indicators if one.rule.kind == "satisfaction"
        )
        fields = {"id": asked, "verdict": terms.verdict(self.verdicts.verdict(asked)), "limit": limit}
        said = [self.view.speaker.note("satisfaction_verdict", fields)]
        reasons = reasons_in_words(terms, self.verdicts.own.get(asked, {}).get("reason"))
        if reasons:
            said.append(terms.word("sentence", text=terms.joined(reasons)))
        return Parts((Lead(terms.words.run_on(said)), satisfaction.figure(), satisfaction.groups()))

    def definitions(self) -> Parts:
        """How each of the 32 is computed, with limit, clause, source and what feeds it; and shared rules."""
        return Parts((formulas.shared_rules(self.view), formulas.definitions(self.view)))

    def _part(self, part: str) -> Table:
        chosen = [one for one in self.view.settings.balance.indicators if one.part == part]
        named = self.terms.word(f"part_{part}")
        return self.verdicts.table(chosen, self.terms.word("caption_part", part=named))

    def _by_part(self) -> Table:
        terms = self.terms
        rows = []
        for part in PARTS:
            chosen = [one for one in self.view.settings.balance.indicators if one.part == part]
            counts = self.verdicts.counts(chosen)
            barred = [
                f"{one.id} {one.name.in_(terms.words.lang)}"
                for one in chosen
                if self.verdicts.verdict(one.id) == "not_met"
            ]
            silent = [one.id for one in chosen if self.verdicts.verdict(one.id) == "not_reported"]
            if silent:
                barred.append(f"{terms.verdict('not_reported')} {terms.words.listed(silent)}")
            which = terms.joined(barred)
            rows.append(
                (
                    terms.word(f"part_{part}"),
                    *(terms.words.count(counts[verdict]) for verdict in VERDICTS),
                    which or terms.words.label("withheld_value"),
                )
            )
        position = 1 + VERDICTS.index("met_low_response")
        kept = [k for k in range(len(rows[0])) if k != position or any(row[k] != "0" for row in rows)]
        heads = (
            terms.word("head_part"),
            *(terms.word(f"counted_{verdict}") for verdict in VERDICTS),
            terms.word("head_which"),
        )
        return Table(
            caption=terms.word(
                "caption_parts", count=terms.words.count(len(self.view.settings.balance.indicators))
            ),
            heads=tuple(heads[k] for k in kept),
            rows=tuple(tuple(row[k] for k in kept) for row in rows),
            text_columns=frozenset({0, len(kept) - 1}),
            notes=(terms.word("recalled_note"),) if self._recalled() else (),
        )

    def _recalled(self) -> bool:
        """Whether any limit or rule was recalled and not read."""
        balance = self.view.settings.balance
        known = [status_of(balance, one) for one in balance.indicators]
        known += [balance.section_rule.status, balance.variation.status]
        known += [balance.through_school.status, balance.out_of_scope.status]
        return "recalled" in known

    def _refused(self) -> Note:
        """Facts that the district told and that were not used, each with what is wrong with it."""
        said = []
        for row in self.view.of_review("balance_facts"):
            problems = row["problem"] if isinstance(row["problem"], list) else []
            said += reasons_in_words(self.terms, [one for one in problems if one["what"] != "no_fact"])
        if not said:
            return NOTHING
        return Note(self.terms.word("caption_refused"), tuple(dict.fromkeys(said)))
