"""One of the five dimensions over all sections: how they are spread, how they stand, who stands out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from evalib.page import charts
from evalib.page.charts import Chart, Strip, StripPane
from evalib.page.dimensions import REACH
from evalib.page.district.parts import Parts
from evalib.page.district.sections import (
    Category,
    Row,
    Sections,
    drawn,
    move_of,
    quartiles,
    side_of,
    stage_name,
)
from evalib.page.district.view import DistrictView
from evalib.page.tables import Note, Table
from evalib.vocabulary import STANDINGS

# From lower to higher, as a bar is read; then sections without a judgement.
LEVELS = (*reversed(STANDINGS), "none")
# An expected number below this is told as less than this.
LEAST_BY_CHANCE = 0.1
# A cell of status and change that says nothing: neither told from the district nor moved.
QUIET = ("same", "same")


@dataclass(frozen=True)
class DimensionOfDistrict:
    """One dimension of a district.

    Attributes
    ----------
    view
        All sections' published measurements.
    dimension
        Which dimension.
    """

    view: DistrictView
    dimension: str

    @cached_property
    def sections(self) -> Sections:
        """The sections and what is measured of them."""
        return Sections(self.view)

    @property
    def name(self) -> str:
        """The dimension's name."""
        return self.view.judged[self.dimension].name.in_(self.view.words.lang)

    @property
    def lead(self) -> str:
        """The indicator that is drawn beside the score."""
        return self.view.settings.measures.dimensions[self.dimension].lead

    def distribution(self) -> Chart | Note:
        """Score and lead indicator by stage, area and group: nobody is named, and there is no order."""
        view, words = self.view, self.view.words
        labels: list[tuple[str, bool]] = []
        cells: list[list[str]] = []
        made: dict[str, list[Strip]] = {self.dimension: [], self.lead: []}
        said = []
        for stage in view.stages:
            if not self.sections.shown(stage, self.dimension):
                said += self._silent(stage)
            if not any(self.sections.shown(stage, one) for one in made):
                continue
            for category in self._categories(stage):
                whole = category.key == "all"
                labels.append((category.name, whole))
                cells.append(
                    [category.name if whole else f"{words.label(stage, 'stages')} · {category.name}"]
                )
                for one in made:
                    strip, printed = self._strip(stage, category, one)
                    made[one].append(strip)
                    cells[-1] += printed
                if whole and made[self.dimension][-1].band:
                    told = cells[-1]
                    fields = {"stage": told[0], "count": told[1], "low": told[2], "middle": told[3]}
                    said.append(view.speaker.note("all_spread", {**fields, "high": told[4]}))
        if not labels:
            return Note("", (view.speaker.note("all_no_figure", {"name": self.name}),))
        panes = [self._pane(one, strips) for one, strips in made.items()]
        heads = ("all_category", *2 * ("all_sections", "all_quarter", "all_median", "all_three_quarters"))
        titled = [words.label(key) for key in heads]
        lead = view.judged[self.lead].name.in_(words.lang)
        titled[5:] = [words.label("value_of", name=lead, value=one) for one in titled[5:]]
        key = "all_spread_caption" if view.names_sections else "all_spread_caption_public"
        least = view.settings.disclosure.minimum_sections_shown
        twin = Table(
            caption=words.label(key, dimension=self.name, least=least),
            heads=tuple(titled),
            rows=tuple(tuple(row) for row in cells),
        )
        return charts.strips(f"spread-{self.dimension}", labels, panes, twin=twin, message=words.run_on(said))

    def standings(self) -> Parts:
        """How many sections stand where, by area; in the restricted edition which ones stand out or moved."""
        return Parts((self.by_area(), *((self.named(),) if self.view.names_sections else ())))

    def by_area(self) -> Table | Note:
        """Counts of standings and of moves by stage and area."""
        view, words = self.view, self.view.words
        cells: list[tuple[str, ...]] = []
        lead: list[str] = []
        notes: list[str] = []
        chance: list[float] = []
        called, small = 0, False
        for stage in view.stages:
            rows = self.sections.shown(stage, self.dimension)
            if not rows:
                notes += self._silent(stage)
                continue
            lead.append(self._sentence(stage, rows))
            called += sum(side_of(row) in ("above", "below") for row in rows)
            chance += [row["called_by_chance"] for row in rows if row["called_by_chance"] is not None]
            notes += self._silent(stage)
            categories = self.sections.categories(stage)
            placed = sum(bool(row.get("area")) for row in self.sections.of_stage(stage))
            small |= sum(len(one.codes) for one in categories[1:]) < placed
            for category in categories:
                own = [row for row in rows if row["school_code"] in category.codes]
                if not own:
                    continue
                whole = category.key == "all"
                name = category.name if whole else words.label("all_of", name=category.name)
                cells.append((name, *self._counts(own, f"{self.dimension}_{stage}_{category.key}")))
        if not cells:
            return Note("", (view.speaker.note("all_no_figure", {"name": self.name}), *notes))
        if chance and called:
            lead.append(self._by_chance(sum(chance)))
        if small:
            least = view.settings.disclosure.minimum_sections_split
            notes.append(view.speaker.note("all_small_left_out", {"least": words.count(least)}))
        notes.append(self.sections.formulas(self.dimension, self.lead, "standing", "change"))
        standings = [words.label(f"all_head_{one}") for one in (*STANDINGS, "none")]
        moves = [words.label(one) for one in ("all_moved_better", "all_moved_worse")]
        return Table(
            caption=words.label("all_standings_caption", dimension=self.name),
            heads=(words.label("all_category"), words.label("all_scored"), *standings, *moves),
            rows=tuple(cells),
            lead=words.run_on(lead),
            notes=tuple(notes),
        )

    def named(self) -> Table | Note:
        """Status and change: every section that is told from the district or has moved, by name."""
        view, words = self.view, self.view.words
        cells = []
        for stage in view.stages:
            for (status, move), rows in self.grid(stage).items():
                if (status, move) == QUIET or not rows:
                    continue
                cells.append(
                    (
                        stage_name(words, stage),
                        words.label(f"all_side_{status}"),
                        words.label(f"all_move_{move or 'unknown'}"),
                        words.count(len(rows)),
                        self.sections.all_linked(rows),
                    )
                )
        if not cells:
            return Note("", (view.speaker.note("all_nobody_stands_out", {"name": self.name}),))
        return Table(
            caption=words.label("all_named_caption", dimension=self.name),
            heads=tuple(
                words.label(key) for key in ("stage", "all_status", "all_change", "all_sections", "all_which")
            ),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, 2, 4}),
        )

    def grid(self, stage: str) -> dict[tuple[str, str], list[Row]]:
        """Judged sections by status and by change since last year, the better and higher first."""
        sure = self.view.settings.measures.standing.change
        found: dict[tuple[str, str], list[Row]] = {
            (status, move): []
            for status in ("above", "same", "below")
            for move in ("better", "same", "worse", "")
        }
        for row in self.sections.shown(stage, self.dimension):
            if status := side_of(row):
                found[status, move_of(row, sure)].append(row)
        return found

    def tally(self, stage: str) -> list[int]:
        """How many sections stand at each of `LEVELS`; those without a score are not judged."""
        rows = self.sections.measured(stage, self.dimension)
        standings = Counter(
            row["standing"] if not row["reason"] and row["standing"] in STANDINGS else "none" for row in rows
        )
        return [
            int(self.view.tell(f"{self.dimension}_{stage}_{level}", standings[level])) for level in LEVELS
        ]

    def _categories(self, stage: str) -> list[Category]:
        found = self.sections.categories(stage, groups=True)
        if self.view.names_sections:
            return found
        # A group that is too small for a quantile would be a row without anything.
        groups = {one.key for one in self.sections.groups(stage)}
        least = self.view.settings.disclosure.minimum_sections_shown
        return [one for one in found if one.key not in groups or len(one.codes) >= least]

    def _strip(self, stage: str, category: Category, indicator: str) -> tuple[Strip, list[str]]:
        """What is drawn of a category, and the same as printed: sections and quartiles."""
        view, words = self.view, self.view.words
        unit, dash = view.judged[indicator].unit, words.label("withheld_value")
        rows = [r for r in self.sections.shown(stage, indicator) if r["school_code"] in category.codes]
        values = [float(row["value"]) for row in rows]
        what = f"{indicator}_{stage}_{category.key}"
        count = words.count(int(view.tell(f"{what}_sections", len(rows)))) if rows else words.count(0)
        limits = view.settings.disclosure
        least = limits.minimum_sections_split if view.names_sections else limits.minimum_sections_shown
        dots = [drawn(unit, one) for one in values] if view.names_sections else []
        if len(rows) < least:
            said = words.label("all_too_few", least=least) if not dots else ""
            return Strip(dots, None, said), [count, dash, dash, dash]
        ends = quartiles(values)
        for key, one in zip(("quarter", "median", "three_quarters"), ends, strict=True):
            view.tell(f"{what}_{key}", drawn(unit, one))
        low, middle, high = (drawn(unit, one) for one in ends)
        return Strip(dots, (low, middle, high)), [count, *(words.value(unit, one) for one in ends)]

    def _pane(self, indicator: str, strips: Sequence[Strip]) -> StripPane:
        words, one = self.view.words, self.view.judged[indicator]
        name = words.label("all_score") if indicator == self.dimension else one.name.in_(words.lang)
        if one.unit == "rate":
            name = words.label("all_percent", name=name)
        bands = [strip.band[1] for strip in strips if strip.band]
        centre = {"t_score": 50.0, "sd": 0.0}.get(one.unit, bands[0] if bands else 0.0)
        axis = words.label("sd_axis_short") if one.unit == "sd" else ""
        marked = one.unit in ("t_score", "sd")
        return StripPane(name, axis, centre, REACH.get(one.unit, 0.0), strips, marked)

    def _counts(self, rows: Sequence[Row], what: str) -> list[str]:
        """How many have a score, each standing's count, and how many moved, for one category."""
        sure = self.view.settings.measures.standing.change
        standings = Counter(row["standing"] if row["standing"] in STANDINGS else "none" for row in rows)
        moves = Counter(move_of(row, sure) for row in rows)
        known = [len(rows), *(standings[one] for one in (*STANDINGS, "none"))]
        known += [moves["better"], moves["worse"]]
        names = ("scored", *STANDINGS, "none", "better", "worse")
        for name, count in zip(names, known, strict=True):
            self.view.tell(f"{what}_{name}", count)
        unmoved = not any(moves[one] for one in ("better", "same", "worse"))
        said = [self.view.words.count(one) for one in known]
        return [*said[:-2], *([self.view.words.label("withheld_value")] * 2 if unmoved else said[-2:])]

    def _sentence(self, stage: str, rows: Sequence[Row]) -> str:
        view, words = self.view, self.view.words
        counted = Counter(row["standing"] for row in rows)
        above, below = (counted[f"clearly_{one}"] + counted[f"probably_{one}"] for one in ("above", "below"))
        what = f"{self.dimension}_{stage}"
        view.tell(f"{what}_above", above)
        view.tell(f"{what}_below", below)
        fields = {
            "stage": stage_name(words, stage),
            "count": words.count(len(rows)),
            "above": words.count(above),
            "below": words.count(below),
            "clear_above": words.count(counted["clearly_above"]),
            "clear_below": words.count(counted["clearly_below"]),
            "same": words.count(counted["not_distinguishable"]),
        }
        return view.speaker.note("all_standings", fields)

    def _by_chance(self, expected: float) -> str:
        """How many sections would be told apart on average if no section really differed."""
        self.view.tell(f"{self.dimension}_by_chance", expected)
        fields = {"count": self.view.words.decimal(max(expected, LEAST_BY_CHANCE), 1)}
        key = "all_by_chance" if expected >= LEAST_BY_CHANCE else "all_hardly_by_chance"
        return self.view.speaker.note(key, fields)

    def _silent(self, stage: str) -> list[str]:
        """How many sections have no score, by reason."""
        view, words = self.view, self.view.words
        reasons = Counter(
            row["reason"] for row in self.sections.measured(stage, self.dimension) if row["reason"]
        )
        found = []
        for reason, count in sorted(reasons.items()):
            view.tell(f"{self.dimension}_{stage}_{reason}", count)
            fields = {"stage": stage_name(words, stage), "count": words.count(count)}
            found.append(view.speaker.note("all_without_score", {**fields, "reason": words.reason(reason)}))
        return found
