"""Education groups and east–west pairs: their mean and their gap, in the first year shown and now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalib.page.district.apart import pairs_compared
from evalib.page.district.sections import Row, Sections, stage_name, year_name
from evalib.page.district.view import DistrictView
from evalib.page.links import Linked
from evalib.page.tables import Note, Table
from evalib.statistics.between_share import Ranged, between_interval, change_interval, gap_interval
from evalib.vocabulary import DIMENSIONS
from evalib.wording import MARKS

Z = 1.959964
PAIRS = "pairs"


@dataclass(frozen=True)
class Company:
    """Sections that work together, compared before and after."""

    view: DistrictView

    @cached_property
    def sections(self) -> Sections:
        """The sections and what is measured of them."""
        return Sections(self.view)

    def before_and_after(self) -> Table | Note:
        """A row a group and stage, one for the pairs of a stage; a column a dimension."""
        view, words = self.view, self.view.words
        cells, later = [], 0
        for stage in view.stages:
            for group in self.sections.groups(stage):
                if not self._may_be_told(len(group.codes)):
                    continue
                later += len(self.joined_later(stage, group.codes) or ())
                found = [self.mean_change(stage, one, group.codes) for one in DIMENSIONS]
                if any(found):
                    name = Linked([(group.name, self.sections.group_address(group.key))])
                    cells.append(self._row(name, stage, len(group.codes), found, f"group_{group.key}"))
            pairs = self.pairs(stage)
            found = [self.pair_change(stage, one, pairs) for one in DIMENSIONS] if pairs else []
            if any(found):
                cells.append(self._row(words.label("all_pairs"), stage, 2 * len(pairs), found, PAIRS))
        if not cells:
            return Note("", (view.speaker.note("all_company_none", {}),))
        if later:
            view.tell("joined_later", later)
        notes = [view.speaker.note("all_joined_later", {"count": words.count(later)})] if later else []
        notes += self._left_out()
        heads = [words.label(key) for key in ("all_group_or_pairs", "stage", "all_sections")]
        return Table(
            caption=words.label("all_company_caption", year=year_name(words, view.years[0])),
            heads=(*heads, *(self.head(one) for one in DIMENSIONS)),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, *range(3, 3 + len(DIMENSIONS))}),
            notes=(*notes, self.sections.formulas("company", *DIMENSIONS)),
        )

    def mean_change(
        self, stage: str, dimension: str, codes: frozenset[str]
    ) -> tuple[Ranged, Ranged, Ranged] | None:
        """Mean difference from the district of members seen in both years: then, now and the change.

        In T points, each section once. None where fewer than two members have both years.
        """
        then, now = self._both(stage, dimension, codes)
        if len(now) < max(2, self._least):
            return None
        ends = [
            _mean([row["difference"] for row in rows], [_error(row) for row in rows]) for rows in (then, now)
        ]
        return ends[0], ends[1], change_interval(ends[1], ends[0])

    def gap(self, stage: str, dimension: str, codes: frozenset[str], year: str) -> Ranged | None:
        """How far the members' scores lie apart in a year, T points; None with fewer than two."""
        rows = [r for r in self._scored(stage, dimension, year) if r["school_code"] in codes]
        return _gap(rows) if len(rows) >= max(2, self._least) else None

    def gap_change(
        self, stage: str, dimension: str, codes: frozenset[str]
    ) -> tuple[Ranged, Ranged, Ranged] | None:
        """The gap among members seen in both years, first and now, and its change; T points."""
        then, now = self._both(stage, dimension, codes)
        if len(now) < max(2, self._least):
            return None
        first, last = _gap(then), _gap(now)
        return first, last, change_interval(last, first)

    def spread(self, stage: str, dimension: str, codes: frozenset[str]) -> Ranged | None:
        """Standard deviation of the members' true scores, sampling error taken off; T points."""
        rows = [r for r in self._scored(stage, dimension, self.view.year) if r["school_code"] in codes]
        if len(rows) < self.view.settings.disclosure.minimum_sections_split:
            return None
        y, v = (np.array([10 * row[key] for row in rows], dtype=float) for key in ("value", "se"))
        return between_interval(y, v**2).root

    def first_year(self, dimension: str) -> str | None:
        """The first year before this one in which the dimension has scores."""
        years, stages = self.view.years[:-1], self.view.stages
        return next((y for y in years if any(self._scored(stage, dimension, y) for stage in stages)), None)

    def pairs(self, stage: str) -> dict[str, tuple[str, str]]:
        """East and west partner of every pair that has one of each in the stage, by the pair's code."""
        sides = {str(row["school_code"]): row.get("side") for row in self.sections.of_stage(stage)}
        found: dict[str, dict[str, list[str]]] = {}
        for (code, at), row in self.sections.members().items():
            if at == stage and row["pair_code"] and sides.get(code) in ("east", "west"):
                found.setdefault(str(row["pair_code"]), {}).setdefault(str(sides[code]), []).append(code)
        return {
            pair: (both["east"][0], both["west"][0])
            for pair, both in sorted(found.items())
            if len(both.get("east", ())) == 1 and len(both.get("west", ())) == 1
        }

    def pair_change(
        self, stage: str, dimension: str, pairs: Mapping[str, tuple[str, str]]
    ) -> tuple[Ranged, Ranged, Ranged] | None:
        """Mean of east less west over the pairs seen in both years: then, now and the change; T points."""
        first = self.first_year(dimension)
        if first is None:
            return None
        scored = {
            year: {row["school_code"]: row for row in self._scored(stage, dimension, year)}
            for year in (first, self.view.year)
        }
        whole = [both for both in pairs.values() if all(set(both) <= set(rows) for rows in scored.values())]
        enough = (
            self.view.names_sections or 2 * len(whole) >= self.view.settings.disclosure.minimum_sections_shown
        )
        if not whole or not enough:
            return None
        ends = []
        for rows in scored.values():
            gaps = [rows[east]["value"] - rows[west]["value"] for east, west in whole]
            errors = [float(np.hypot(rows[east]["se"], rows[west]["se"])) for east, west in whole]
            ends.append(_mean(gaps, errors))
        return ends[0], ends[1], change_interval(ends[1], ends[0])

    def joined_later(self, stage: str, codes: frozenset[str]) -> list[str] | None:
        """Members that were not of the same group in the first year shown, or not there.

        None where no section of that year is told to have been of a group.
        """
        first = self.sections.members(self.view.years[0])
        if not any(row["group_code"] for row in first.values()):
            return None
        now = self.sections.members()
        return sorted(
            code
            for code in codes
            if (code, stage) not in first
            or first[code, stage]["group_code"] != now[code, stage]["group_code"]
        )

    @property
    def _least(self) -> int:
        """How many sections must stand behind a group's figure."""
        return 1 if self.view.names_sections else self.view.settings.disclosure.minimum_sections_split

    def _may_be_told(self, sections: int) -> bool:
        return sections >= self._least

    def _scored(self, stage: str, dimension: str, year: str) -> list[Row]:
        return [row for row in self.sections.shown(stage, dimension, year=year) if row["se"]]

    def _both(self, stage: str, dimension: str, codes: frozenset[str]) -> tuple[list[Row], list[Row]]:
        """Rows of the dimension's first year and of this one, of members that have both."""
        first = self.first_year(dimension)
        if first is None:
            return [], []
        then, now = (
            {r["school_code"]: r for r in self._scored(stage, dimension, year) if r["school_code"] in codes}
            for year in (first, self.view.year)
        )
        both = sorted(set(then) & set(now))
        return [then[one] for one in both], [now[one] for one in both]

    def _left_out(self) -> list[str]:
        """What is said of sections that no row of the table holds."""
        view, words = self.view, self.view.words
        small = sum(
            not self._may_be_told(len(group.codes))
            for stage in view.stages
            for group in self.sections.groups(stage)
        )
        said = []
        if small:
            view.tell("groups_too_small", small)
            fields = {"count": words.count(small), "least": words.count(self._least)}
            said.append(view.speaker.note("all_groups_too_small", fields))
        coded = {str(row["pair_code"]) for row in self.sections.members().values() if row["pair_code"]}
        whole = {pair for stage in view.stages for pair in self.pairs(stage)}
        if coded - whole:
            view.tell("pairs_apart", len(coded - whole))
            said.append(view.speaker.note("all_pairs_apart", {"count": words.count(len(coded - whole))}))
        return said

    def head(self, dimension: str) -> str:
        """A dimension's name, with its first year where that is not the first shown."""
        words, first = self.view.words, self.first_year(dimension)
        name = self.view.judged[dimension].name.in_(words.lang)
        if first in (None, self.view.years[0]):
            return name
        return words.label("all_since", name=name, year=year_name(words, str(first)))

    def _row(
        self,
        name: str,
        stage: str,
        count: int,
        found: Sequence[tuple[Ranged, Ranged, Ranged] | None],
        what: str,
    ) -> tuple[str, ...]:
        words = self.view.words
        cells = []
        for dimension, one in zip(DIMENSIONS, found, strict=True):
            key = f"{what}_{stage}_{dimension}"
            if one is None:
                cells.append(words.label("withheld_value"))
            elif what == PAIRS:
                cells.append(pairs_compared(self.view, *one[:2], key))
            else:
                cells.append(compared(self.view, one, key))
        self.view.tell(f"{what}_{stage}_sections", count)
        return (name, stage_name(words, stage), words.count(count), *cells)


def compared(
    view: DistrictView, found: tuple[Ranged, Ranged, Ranged], what: str, *, plain: bool = False
) -> str:
    """Then, now and the change with its interval in one cell, marked by whether the interval leaves out 0.

    `plain` figures, such as a gap, have no sign of their own.
    """
    words = view.words
    then, now, change = found
    numbers = (("then", then.value), ("now", now.value), ("change", change.value))
    for key, value in (*numbers, ("change_low", change.low), ("change_high", change.high)):
        view.tell(f"{what}_{key}", value)
    # As printed: no mark beside an interval whose end reads 0.0.
    side = "up" if round(change.low, 1) > 0 else "down" if round(change.high, 1) < 0 else "same"
    return words.label(
        "all_then_now",
        then=words.decimal(then.value, 1) if plain else signed(view, then.value),
        now=words.decimal(now.value, 1) if plain else signed(view, now.value),
        mark=MARKS[side],
        change=signed(view, change.value),
        low=signed(view, change.low),
        high=signed(view, change.high),
    )


def signed(view: DistrictView, points: float) -> str:
    """T points with their sign."""
    return view.words.difference("t_score", points / 10.0)


def _mean(values: Sequence[float], errors: Sequence[float]) -> Ranged:
    """The plain mean of some figures with the interval that their errors leave it; T points."""
    middle = 10 * float(np.mean(values))
    reach = 10 * Z * float(np.sqrt(np.square(errors).sum())) / len(errors)
    return Ranged(middle, middle - reach, middle + reach)


def _gap(rows: Sequence[Row]) -> Ranged:
    y, se = (np.array([10 * row[key] for row in rows], dtype=float) for key in ("value", "se"))
    return gap_interval(y, se**2)


def _error(row: Row) -> float:
    """The standard error of a difference from the district, from its interval."""
    return float(row["difference_high"] - row["difference_low"]) / (2 * Z)
