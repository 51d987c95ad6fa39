"""How much sections differ, sampling error taken off, and whether that has changed over the years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalib.page.district.parts import Parts
from evalib.page.district.sections import Row, Sections, short_year, stage_name
from evalib.page.district.view import DistrictView
from evalib.page.tables import Lead, Note, Table
from evalib.statistics.between_share import Ranged, between_interval, change_interval
from evalib.vocabulary import DIMENSIONS


@dataclass(frozen=True)
class Measured:
    """What the differences between sections are estimated of.

    Attributes
    ----------
    indicator, subject, stage
        Which figures.
    share
        Whether the pupils' variance is known, so that it is a share of that; else it is a spread.
    """

    indicator: str
    subject: str
    stage: str
    share: bool


@dataclass(frozen=True)
class Between:
    """The differences between a district's sections."""

    view: DistrictView

    @cached_property
    def sections(self) -> Sections:
        """The sections and what is measured of them."""
        return Sections(self.view)

    def measured(self) -> list[Measured]:
        """Each dimension's score and lead indicator, a lead indicator of subjects subject by subject."""
        view, sections, found = self.view, self.sections, []
        for dimension in DIMENSIONS:
            lead = view.settings.measures.dimensions[dimension].lead
            for stage in view.stages:
                subjects = sections.subjects(stage, lead)
                unit = view.judged[lead].unit
                # A mean over a pupil's subjects varies less than one subject does, and by how much is
                # not known; a rate without subjects is of pupils who reached something or did not.
                known = unit == "rate" or (unit in ("t_score", "sd") and bool(subjects))
                found += [Measured(lead, subject, stage, known) for subject in subjects or [""]]
                found.append(Measured(dimension, "", stage, share=False))
        return found

    def estimate(self, one: Measured, year: str) -> tuple[Ranged, int] | None:
        """Share or spread of a year with its interval, and the sections behind it; None if too few.

        A share is of 1 for scores in pupils' standard deviations, of p(1 − p) for a rate; a
        spread is √τ², in T points, percent or the figure's own unit.
        """
        sections, settings = self.sections, self.view.settings
        measured = sections.measured(one.stage, one.indicator, subject=one.subject, year=year)
        rows = [row for row in measured if not row["reason"] and row["se"]]
        if len(rows) < settings.measures.standing.minimum_sections:
            return None
        if len(rows) < settings.measures.between.coverage_minimum * len(measured):
            return None
        y, v = (np.array([row[key] for row in rows], dtype=float) for key in ("value", "se"))
        unit = self.view.judged[one.indicator].unit
        found = between_interval(y, v**2)
        if not one.share:
            factor = {"t_score": 10.0, "rate": 100.0}.get(unit, 1.0)
            root = found.root
            return Ranged(factor * root.value, factor * root.low, factor * root.high), len(rows)
        total = _pupil_variance(rows) if unit == "rate" else 1.0
        return None if not total else (found.over(total), len(rows))

    def tables(self) -> Parts | Note:
        """Shares of pupils' variance, then spreads, by indicator, stage and year, and their change."""
        view, words = self.view, self.view.words
        rows: dict[bool, list[tuple[str, ...]]] = {True: [], False: []}
        for one, found in self._found.items():
            said, now = self._change(found), found[view.year]
            rows[one.share].append(
                (
                    self._whole_name(one),
                    *(self._cell(one, year, known) for year, known in found.items()),
                    words.count(now[1]) if now else words.label("withheld_value"),
                    words.label(f"all_{said}"),
                )
            )
        if not any(rows.values()):
            return Note("", (view.speaker.note("all_between_none", {}),))
        return Parts(
            (Lead(self.lead()), *(self._table(share, cells) for share, cells in rows.items() if cells))
        )

    def lead(self) -> str:
        """What may be said of the change of all of them."""
        view, words = self.view, self.view.words
        changed: dict[str, list[str]] = {"narrower": [], "wider": []}
        for one, found in self._found.items():
            if (said := self._change(found)) in changed:
                changed[said].append(self._whole_name(one))
        if not self._found:
            return view.speaker.note("all_between_none", {})
        if len(view.years) < 2:
            return view.speaker.note("all_between_one_year", {})
        said_of = [
            view.speaker.note(f"all_between_{key}", {"names": words.listed(names)})
            for key, names in changed.items()
            if names
        ]
        return words.run_on(said_of or [view.speaker.note("all_between_untold", {})])

    @cached_property
    def _found(self) -> dict[Measured, dict[str, tuple[Ranged, int] | None]]:
        """What is estimated in any year, by year."""
        estimates = {
            one: {year: self.estimate(one, year) for year in self.view.years} for one in self.measured()
        }
        return {one: found for one, found in estimates.items() if any(found.values())}

    def _table(self, share: bool, cells: list[tuple[str, ...]]) -> Table:
        view, words = self.view, self.view.words
        return Table(
            caption=words.label("all_share_caption" if share else "all_spreads_caption"),
            heads=(
                words.label("indicator"),
                *(short_year(year) for year in view.years),
                words.label("all_sections"),
                words.label("all_compared"),
            ),
            rows=tuple(cells),
            text_columns=frozenset({0, 2 + len(view.years)}),
            notes=(self.sections.formulas(*self._defined(share)),),
        )

    def _defined(self, share: bool) -> tuple[str, ...]:
        """What the reader of a table may want to look up."""
        dimensions = self.view.settings.measures.dimensions
        return ("share", *(one.lead for one in dimensions.values())) if share else ("spread", *DIMENSIONS)

    def _change(self, found: Mapping[str, tuple[Ranged, int] | None]) -> str:
        """What may be said of this year beside the first that has an estimate."""
        now = found[self.view.year]
        first = next((known for year, known in found.items() if known and year != self.view.year), None)
        if not now or not first:
            return "unknown"
        change = change_interval(now[0], first[0])
        return "narrower" if change.high < 0 else "wider" if change.low > 0 else "untold"

    def _cell(self, one: Measured, year: str, known: tuple[Ranged, int] | None) -> str:
        words = self.view.words
        if known is None:
            return words.label("withheld_value")
        found = known[0]
        what = "_".join(part for part in (one.indicator, one.subject, one.stage, year) if part)
        for key, told in (("", found.value), ("_low", found.low), ("_high", found.high)):
            self.view.tell(f"between_{what}{key}", 100 * told if one.share else told)
        digits = 1 if one.share or self.view.judged[one.indicator].unit in ("t_score", "rate") else 2
        value, low, high = (
            words.share(x, digits) if one.share else words.decimal(x, digits)
            for x in (found.value, found.low, found.high)
        )
        return words.label("value_with_interval", value=value, interval=f"{low}–{high}")

    def _whole_name(self, one: Measured) -> str:
        words = self.view.words
        return words.label("all_in_stage", name=self._name(one), stage=stage_name(words, one.stage))

    def _name(self, one: Measured) -> str:
        words = self.view.words
        name = self.view.judged[one.indicator].name.in_(words.lang)
        if not one.subject:
            return name if one.share else words.label("all_score_of", name=name)
        subject = words.known(one.subject, "subjects")
        return words.label("subject_indicator", subject=subject, indicator=name)


def _pupil_variance(rows: list[Row]) -> float:
    """p(1 − p) of the whole district, p weighted by pupils."""
    n = np.array([row["n"] or 0.0 for row in rows], dtype=float)
    values = np.array([row["value"] for row in rows], dtype=float)
    p = float(np.average(values, weights=n)) if n.sum() > 0 else float(values.mean())
    return p * (1.0 - p)
