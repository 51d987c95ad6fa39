"""The members of an education group beside the district: a figure of the five dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalib.page import charts
from evalib.page.charts import Chart, Column, Interval
from evalib.page.dimensions import REACH
from evalib.page.district.sections import Row, Sections, stage_name
from evalib.page.district.view import DistrictView
from evalib.page.tables import Note, Table
from evalib.vocabulary import DIMENSIONS
from evalib.wording import mark


@dataclass(frozen=True)
class Members:
    """A group's members with their scores.

    Attributes
    ----------
    sections
        The district's sections and what is measured of them.
    name
        The group's name.
    rows
        The members in the order of the page.
    """

    sections: Sections
    name: str
    rows: Sequence[Row]

    @property
    def view(self) -> DistrictView:
        """The district's published measurements."""
        return self.sections.view

    def _rows(self, stage: str, dimension: str) -> list[Row]:
        """Members' scores in the order of the members; as many as may be drawn, else none."""
        here = {row["school_code"]: row for row in self.sections.shown(stage, dimension)}
        found = [
            here[code] for one in self.rows if (code := one["school_code"]) in here and one["stage"] == stage
        ]
        least = self.view.settings.disclosure.minimum_sections_split
        return found if self.view.names_sections or len(found) >= least else []

    def figure(self, stage: str) -> Chart | Note:
        """A row a member, a column a dimension; where nobody is named each column from low to high."""
        view, words = self.view, self.view.words
        scored = {dimension: self._rows(stage, dimension) for dimension in DIMENSIONS}
        name = stage_name(words, stage)
        if not any(scored.values()):
            least = words.count(view.settings.disclosure.minimum_sections_split)
            return Note(name, (view.speaker.note("all_group_too_small", {"stage": name, "least": least}),))
        if view.names_sections:
            codes = [row["school_code"] for row in self.rows if row["stage"] == stage]
            labels = [self.sections.name(code, stage) for code in codes]
            places = {
                one: [next((r for r in rows if r["school_code"] == code), None) for code in codes]
                for one, rows in scored.items()
            }
        else:
            # Each dimension in an order of its own: no line of the figure is one section's.
            longest = max(len(rows) for rows in scored.values())
            ordered = {one: sorted(rows, key=lambda row: row["value"]) for one, rows in scored.items()}
            places = {one: [*rows, *[None] * (longest - len(rows))] for one, rows in ordered.items()}
            labels = [words.label("all_lowest"), *[""] * (longest - 1)] if longest else []
        columns = [self._column(stage, one, rows) for one, rows in places.items()]
        caption = words.label("all_five_caption", name=self.name, stage=name)
        return charts.dot_table(
            f"five-{stage}",
            labels,
            columns,
            twin=self._twin(stage, caption, places, labels),
            message=self._message(stage, scored),
        )

    def _column(self, stage: str, dimension: str, rows: list[Row | None]) -> Column:
        words = self.view.words
        points = [_interval(row) if row else None for row in rows]
        reference = self._reference(stage, dimension)
        dash = words.label("withheld_value")
        return Column(
            self.view.judged[dimension].name.in_(words.lang),
            words.label("t_short"),
            50.0,
            REACH["t_score"],
            points,
            [reference] * len(rows),
            [words.value("t_score", row["value"], row["se"]) if row else dash for row in rows],
        )

    def _reference(self, stage: str, dimension: str) -> float | None:
        known = [r["reference"] for r in self.sections.shown(stage, dimension) if r["reference"] is not None]
        return None if not known else self.view.tell(f"district_{dimension}_{stage}", 50 + 10 * known[0])

    def _twin(
        self, stage: str, caption: str, places: dict[str, list[Row | None]], labels: list[str]
    ) -> Table:
        """The same scores as a table; where nobody is named only from low to high."""
        view, words = self.view, self.view.words
        cells = []
        for dimension, rows in places.items():
            name = view.judged[dimension].name.in_(words.lang)
            for label, row in zip(labels, rows, strict=True):
                if row is None:
                    continue
                for key in ("value", "low", "high"):
                    who = row["school_code"] if view.names_sections else str(rows.index(row))
                    view.tell(f"{dimension}_{stage}_{who}_{key}", 50 + 10 * row[key])
                ends = words.interval("t_score", row["low"], row["high"], row["se"])
                cells.append(
                    (
                        name,
                        self.sections.linked(row) if view.names_sections else label,
                        words.value("t_score", row["value"], row["se"]),
                        ends,
                        words.standing(row["standing"] or "none", "higher"),
                    )
                )
        heads = ("dimension", "school", "score", "interval", "standing")
        return Table(
            caption=caption,
            heads=tuple(words.label(key) for key in heads),
            rows=tuple(cells),
            text_columns=frozenset({0, 1, 4}),
        )

    def _message(self, stage: str, scored: dict[str, list[Row]]) -> str:
        view, words = self.view, self.view.words
        said = []
        for dimension, rows in scored.items():
            if rows:
                ends = [words.value("t_score", f(row["value"] for row in rows)) for f in (min, max)]
                fields = {
                    "name": view.judged[dimension].name.in_(words.lang),
                    "low": ends[0],
                    "high": ends[1],
                }
                said.append(view.speaker.note("all_five", {**fields, "count": words.count(len(rows))}))
        return words.run_on(said)


def _interval(row: Row) -> Interval:
    value, low, high = (
        50 + 10 * (row["value"] if row[key] is None else row[key]) for key in ("value", "low", "high")
    )
    return Interval(value, low, high, mark(row["standing"] or "none"))
