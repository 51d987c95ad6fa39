"""五化: an initiative a page, its national indicators, and what the district states beside the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page.charts import Chart
from evalib.page.district.names import Names
from evalib.page.district.parts import Parts, Shown
from evalib.page.district.staffing import exchange_table, ladder_figure, rooms_table
from evalib.page.district.stated import Held, Holding
from evalib.page.district.terms import SIGNS
from evalib.page.district.verdicts import OnVerdicts
from evalib.page.tables import Lead, Note, Table
from evalib.settings import BalanceIndicator
from evalib.settings.initiatives import Initiative

OUTCOMES = ("agrees", "falls_short", "cannot")


@dataclass(frozen=True)
class InitiativesPage(OnVerdicts):
    """The pages of the five initiatives."""

    def overview(self) -> Table:
        """The five: verdicts on the indicators under each, and how its stated figures stand the test."""
        terms, rows = self.terms, []
        for one in self.view.settings.initiatives.initiatives:
            outcomes = _outcomes(self._held(one))
            for name, count in outcomes.items():
                self.view.tell(f"stated_{one.id}_{name}", count)
            counts = self.verdicts.counts(self._indicators(one))
            held = self._counted(outcomes) or terms.words.label("withheld_value")
            rows.append((one.name.in_(terms.words.lang), self._counted(counts), held))
        return Table(
            caption=terms.word("caption_initiatives"),
            heads=tuple(terms.word(f"head_{key}") for key in ("initiative", "indicators", "figures")),
            rows=tuple(rows),
            text_columns=frozenset({0, 1, 2}),
        )

    def brief(self) -> str:
        """How the district's stated figures stand the test; empty where it states none."""
        words, initiatives = self.terms.words, self.view.settings.initiatives
        if all(figure.stated is None for figure in initiatives.figures):
            return ""
        held = [h for one in initiatives.initiatives for h in self._held(one)]
        fields = {"figures": len(held), **_outcomes(held)}
        for name, count in fields.items():
            self.view.tell(f"stated_all_{name}", count)
        return self.view.speaker.note("stated_verdict", {name: words.count(n) for name, n in fields.items()})

    def assurance(self) -> Parts:
        """教育保障一体化."""
        return self._page("assurance")

    def conditions(self) -> Parts:
        """办学条件标准化."""
        return self._page("conditions")

    def teachers(self) -> Parts:
        """教师队伍专业化: with the ladder of teachers and their exchange."""
        return self._page("teachers", ladder_figure(self.view), exchange_table(self.view))

    def quality(self) -> Parts:
        """育人质量优质化."""
        return self._page("quality")

    def care(self) -> Parts:
        """教育关爱人文化: with resource rooms, counselling and special education by year."""
        return self._page("care", rooms_table(self.view))

    def _page(self, name: str, *more: Chart | Table | Note) -> Parts:
        one = next(one for one in self.view.settings.initiatives.initiatives if one.id == name)
        held = self._held(one)
        shown: list[Shown] = [
            Lead(self._lead(one, held)),
            self._indicator_table(one),
            self._figures(one, held),
        ]
        return Parts((*shown, *more))

    def _lead(self, initiative: Initiative, held: Sequence[Held]) -> str:
        words = self.terms.words
        counts = self.verdicts.counts(self._indicators(initiative))
        fields = {verdict: words.count(count) for verdict, count in counts.items()}
        fields["met"] = words.count(counts["met"] + counts["met_low_response"])
        fields |= {name: words.count(count) for name, count in _outcomes(held).items()}
        fields["indicators"] = words.count(sum(counts.values()))
        fields["figures"] = words.count(len(held))
        short = [one.figure.name.in_(words.lang) for one in held if one.outcome == "falls_short"]
        key = "initiative_verdict" if held else "initiative_indicators"
        said = [self.view.speaker.note(key, fields)]
        if short:
            said.append(self.view.speaker.note("initiative_short", {"names": words.listed(short)}))
        return words.run_on(said)

    def _indicator_table(self, initiative: Initiative) -> Table:
        """Each national indicator under the initiative with its verdict; figures stand in the part itself."""
        terms = self.terms
        chosen = self._indicators(initiative)
        rows, sides = [], []
        for one in chosen:
            verdict = self.verdicts.verdict(one.id)
            rows.append(
                (
                    Names(self.view).indicator(one),
                    self.verdicts.in_short(one),
                    terms.verdict(verdict),
                )
            )
            sides.append(SIGNS[verdict][1])
        heads = ("head_indicator", "head_value", "head_verdict")
        return Table(
            caption=terms.word("caption_initiative_indicators", name=initiative.name.in_(terms.words.lang)),
            heads=tuple(terms.word(key) for key in heads),
            rows=tuple(rows),
            text_columns=frozenset({0, 1, 2}),
            marks=tuple(sides),
        )

    def _figures(self, initiative: Initiative, held: Sequence[Held]) -> Table | Note:
        terms = self.terms
        if not held:
            return Note("", (self.view.speaker.note("stated_none", {}),))
        return Table(
            caption=terms.word("caption_initiative_figures", name=initiative.name.in_(terms.words.lang)),
            heads=tuple(terms.word(f"head_{key}") for key in ("figure", "stated", "data", "remark", "held")),
            rows=tuple(
                (
                    one.figure.name.in_(terms.words.lang),
                    one.stated,
                    one.said,
                    one.remark,
                    terms.verdict(one.outcome),
                )
                for one in held
            ),
            text_columns=frozenset({0, 3, 4}),
            marks=tuple(SIGNS[one.outcome][1] for one in held),
        )

    def _counted(self, counts: dict[str, int]) -> str:
        """How many of each verdict; those that nobody has are left out."""
        terms = self.terms
        return terms.words.listed(
            [
                terms.word("count_verdict", verdict=terms.verdict(verdict), count=terms.words.count(count))
                for verdict, count in counts.items()
                if count
            ]
        )

    def _held(self, initiative: Initiative) -> list[Held]:
        holding = Holding(self.view)
        return [holding.held(figure) for figure in initiative.figures]

    def _indicators(self, initiative: Initiative) -> list[BalanceIndicator]:
        return [one for one in self.view.settings.balance.indicators if one.initiative == initiative.id]


def _outcomes(held: Sequence[Held]) -> dict[str, int]:
    return {name: sum(one.outcome == name for one in held) for name in OUTCOMES}
