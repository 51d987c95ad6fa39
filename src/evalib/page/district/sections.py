"""The sections of a district: what is measured of them, their categories, and where their pages lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalib.page.district.view import DistrictView
from evalib.page.links import Address, Linked, Piece, listed
from evalib.vocabulary import DIMENSIONS, DISTRICT, STANDINGS, ReportKey
from evalib.wording import Wording

Row = dict[str, Any]
Band = tuple[float, float, float]


@dataclass(frozen=True)
class Category:
    """Sections of a stage that have something in common.

    Attributes
    ----------
    key
        "all", an area, or a group's code.
    name
        In words.
    codes
        School codes of its sections.
    """

    key: str
    name: str
    codes: frozenset[str]


@dataclass(frozen=True)
class Sections:
    """The sections of a district as its page speaks of them."""

    view: DistrictView

    def shown(self, stage: str, indicator: str, *, subject: str = "", year: str | None = None) -> list[Row]:
        """Measurements with a value, by school code."""
        rows = self.measured(stage, indicator, subject=subject, year=year)
        return [row for row in rows if not row["reason"]]

    def measured(
        self, stage: str, indicator: str, *, subject: str = "", year: str | None = None
    ) -> list[Row]:
        """Measurements, with a value or with the reason why there is none, by school code."""
        found = self._indexed.get((stage, year or self.view.year, indicator, subject), [])
        return sorted(found, key=lambda row: str(row["school_code"]))

    def subjects(self, stage: str, indicator: str) -> list[str]:
        """The subjects of which an indicator has figures in any of the years, in the wording's order."""
        known = {
            subject
            for (at, _, name, subject), rows in self._indexed.items()
            if at == stage and name == indicator and subject and any(not row["reason"] for row in rows)
        }
        order = list(self.view.words.catalogue["subjects"])
        return sorted(known, key=lambda one: (order.index(one) if one in order else len(order), one))

    def of_stage(self, stage: str) -> list[Row]:
        """What is said of the stage's sections themselves."""
        return [row for row in self.view.sections if row["stage"] == stage]

    def members(self, year: str | None = None) -> dict[tuple[str, str], Row]:
        """To which group and pair each section belongs, by school code and stage; empty if not known."""
        rows = self.view.of_review("published_members", year)
        return {(str(row["school_code"]), str(row["stage"])): row for row in rows}

    def categories(self, stage: str, *, groups: bool = False) -> list[Category]:
        """All sections of a stage, then its areas and, if wanted, its groups; none that is too small."""
        words = self.view.words
        least = self.view.settings.disclosure.minimum_sections_split
        here = self.of_stage(stage)
        found = [Category("all", stage_name(words, stage), _codes(here))]
        order = list(words.catalogue["areas"])
        areas = sorted({row["area"] for row in here if row.get("area")}, key=lambda one: _place(order, one))
        found += [
            Category(area, words.known(area, "areas"), _codes([r for r in here if r.get("area") == area]))
            for area in areas
        ]
        if groups:
            found += self.groups(stage)
        return [one for one in found if one.key == "all" or len(one.codes) >= least]

    def groups(self, stage: str) -> list[Category]:
        """The education groups that have sections of a stage, by code."""
        found: dict[str, list[Row]] = {}
        for row in self.members().values():
            if row["stage"] == stage and row["group_code"]:
                found.setdefault(str(row["group_code"]), []).append(row)
        return [
            Category(code, self.group_name(rows[0]), _codes(rows)) for code, rows in sorted(found.items())
        ]

    def group_name(self, row: Mapping[str, Any]) -> str:
        """A group's name, or its code where the district gave none."""
        return str(row["group"]) or self.view.words.label("unnamed_group", code=row["group_code"])

    def name(self, code: str, stage: str) -> str:
        """A section's name, or its code where the district gave none."""
        return self._names.get((code, stage)) or self.view.words.label("unnamed_school", code=code)

    def address(self, code: str, stage: str) -> Address | None:
        """Where a section's page lies from a page of the same year; None if there is none."""
        if (code, stage) not in self._names:
            return None
        view = self.view
        return _beside(view, ReportKey("school", view.year, code, stage, view.edition, view.words.lang))

    def group_address(self, code: str) -> Address | None:
        """Where a group's page lies from a page of the same year."""
        view = self.view
        return _beside(view, ReportKey("group", view.year, code, "", view.edition, view.words.lang))

    def rule_address(self, indicator: str) -> Address | None:
        """Where the district's page says how one of the national indicators is computed."""
        view = self.view
        page = _beside(view, ReportKey("district", view.year, DISTRICT, "", view.edition, view.words.lang))
        return None if page is None else Address(f"{page.html}#def-{indicator}", page.pdf)

    def linked(self, row: Mapping[str, Any]) -> Linked:
        """A section's name that leads to its page."""
        return Linked([self._piece(row)])

    def all_linked(self, rows: Sequence[Mapping[str, Any]]) -> Linked:
        """Several sections' names, each leading to its page."""
        return listed([self._piece(row) for row in rows], self.joint)

    @property
    def joint(self) -> str:
        """What stands between the names of an enumeration."""
        return "、" if self.view.words.lang == "zh" else ", "

    def formulas(self, *anchors: str) -> Linked:
        """A remark that leads to how figures are computed: dimensions, indicators or terms by id."""
        words, judged = self.view.words, self.view.judged
        named: list[Piece] = []
        for one in anchors:
            if one in DIMENSIONS:
                name = words.label("all_score_of", name=judged[one].name.in_(words.lang))
            else:
                name = judged[one].name.in_(words.lang) if one in judged else words.label(f"all_def_{one}")
            named.append((name, Address.here(f"def-{one}")))
        return Linked([(words.label("all_see_formulas"), None), *listed(named, self.joint).pieces])

    def _piece(self, row: Mapping[str, Any]) -> Piece:
        code, stage = str(row["school_code"]), str(row["stage"])
        return self.name(code, stage), self.address(code, stage)

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        return {(str(row["school_code"]), row["stage"]): row["name"] or "" for row in self.view.sections}

    @cached_property
    def _indexed(self) -> dict[tuple[str, str, str, str], list[Row]]:
        found: dict[tuple[str, str, str, str], list[Row]] = {}
        for year in self.view.years:
            for stage in self.view.stages:
                for row in self.view.rows(stage, year):
                    found.setdefault((stage, year, row["indicator"], row["subject"]), []).append(row)
        return found


def drawn(unit: str, value: float) -> float:
    """A figure in the units of a drawing: T points, percent or the figure itself."""
    return 50 + 10 * value if unit == "t_score" else 100 * value if unit == "rate" else value


def quartiles(values: Sequence[float]) -> Band:
    """Lower quartile, median and upper quartile.

    >>> quartiles([1.0, 2.0, 3.0, 4.0, 5.0])
    (2.0, 3.0, 4.0)
    """
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


def stage_name(words: Wording, stage: str) -> str:
    """A stage's name as a sentence or a row begins with it."""
    return words.label(f"all_stage_{stage}")


def short_year(year: str) -> str:
    """A school year at the head of a narrow column.

    >>> short_year("2024-2025")
    '2024–25'
    """
    return f"{year[:4]}–{year[7:]}"


def year_name(words: Wording, year: str) -> str:
    """A school year within a sentence or a caption."""
    return words.year(year) if words.lang == "zh" else short_year(year)


def side_of(row: Mapping[str, Any]) -> str:
    """On which side of the district a judged figure stands: above, same, below; "" if it is not judged."""
    standing = row["standing"] or "none"
    if standing not in STANDINGS:
        return ""
    return "above" if standing.endswith("_above") else "below" if standing.endswith("_below") else "same"


def move_of(row: Mapping[str, Any], sure: float, direction: str = "higher") -> str:
    """How a figure's difference from the district moved since last year: better, worse or same.

    A move is told from a probability of at least `sure`; "" where there is nothing to compare with.
    """
    probability, change = row["change_probability"], row["change"]
    if probability is None or change is None:
        return ""
    if probability < sure or not change:
        return "same"
    return "better" if (change > 0) == (direction == "higher") else "worse"


def _codes(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(row["school_code"]) for row in rows)


def _place(order: list[str], word: str) -> tuple[int, str]:
    return (order.index(word) if word in order else len(order), word)


def _beside(view: DistrictView, key: ReportKey) -> Address | None:
    """The report of a key from another report's folder of the same year, edition and language.

    None where the district makes no reports of its kind.
    """
    if key.kind not in view.settings.district.reports:
        return None
    first = view.settings.district.languages[0]
    stem = "report" if key.lang == first else f"report.{key.lang}"
    return Address(f"../{key.folder}/{stem}.html", f"../{key.folder}/{stem}.pdf")
