"""A dimension's page: table, the dimension at a glance, and the figures of its own; one method a section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalib.page import charts
from evalib.page.charts import Chart, Column
from evalib.page.glance import glance
from evalib.page.indicators import dimension_table, figures, headline, indicator_table, is_silent
from evalib.page.spreads import spread_message, spread_table
from evalib.page.tables import NOTHING, Lead, Note, Table
from evalib.page.view import Row, View
from evalib.vocabulary import Reason
from evalib.wording import mark

# The notes that describe the fit; they withhold nothing.
MODELS = {
    "growth": (
        "growth_fit",
        "growth_fit_without_classes",
        "growth_predictors",
        "growth_covariates_left_out",
        "growth_excluded",
        "growth_percentile_fit",
        "growth_years_fit",
    ),
    "articulation": ("onward_fit",),
}
MODEL_NOTES = tuple(key for keys in MODELS.values() for key in keys)
# How far an axis always reaches to both sides of the district's mean.
REACH = {"t_score": 6.0, "sd": 0.4, "rate": 12.0}
RATES = ("excellent_rate", "pass_rate", "low_score_rate")


@dataclass(frozen=True)
class DimensionPage:
    """One of the five dimensions of one section.

    Attributes
    ----------
    view
        The section's published measurements.
    dimension
        Which dimension.
    """

    view: View
    dimension: str

    def headline(self) -> Lead:
        """The score's sentence, else the lead indicator's, else why there is none."""
        return Lead(headline(self.view, self.dimension))

    def indicators(self) -> Table | Note:
        """The headline, every indicator with how sure and how it stands, and what the data lack."""
        return dimension_table(self.view, self.dimension)

    def glance(self) -> Chart | Note:
        """The lead indicator among all sections, the score over the years, status and change."""
        return glance(self.view, self.dimension)

    def _without_figure(self) -> Note:
        """Why a figure is not drawn; nothing where the dimension has none at all and said so."""
        view = self.view
        return NOTHING if is_silent(view, self.dimension) else Note("", (headline(view, self.dimension),))

    def model(self) -> Note:
        """What the dimension's models were fitted to, and what came out."""
        said = tuple(text for key, text in self.view.notes if key in MODELS.get(self.dimension, ()))
        return Note("", said or (headline(self.view, self.dimension),))


@dataclass(frozen=True)
class AcademicPage(DimensionPage):
    """学业质量."""

    def subjects(self) -> Chart | Note:
        """Mean standard score and rates subject by subject, as dots with intervals."""
        view, words = self.view, self.view.words
        wanted = [one for one in ("standard_score", *RATES) if one in view.judged]
        rows = [row for row in view.rows if row["indicator"] in wanted and row["subject"]]
        shown = [row for row in rows if not row["reason"]]
        if not shown:
            return self._without_figure()
        subjects = list(dict.fromkeys(row["subject"] for row in rows))
        columns = []
        for key in wanted:
            found = [row if (row := view.row(key, one)) and not row["reason"] else None for one in subjects]
            if any(found):
                columns.append(_column(view, key, found))
        told = [row for row in shown if mark(row["standing"] or "") in ("up", "down")]
        said = [view.speaker.about_indicator(row, view.judged[row["indicator"]]) for row in told]
        message = " ".join(one for one in said if one)
        return charts.dot_table(
            "subjects",
            [words.known(one, "subjects") for one in subjects],
            columns,
            twin=indicator_table(view, rows, words.label("subjects_caption")),
            message=message or view.speaker.note("figure_subjects_alike", {}),
        )


@dataclass(frozen=True)
class CompetencePage(DimensionPage):
    """综合素质."""

    def composition(self) -> Chart | Note:
        """How the fitness test's levels make up the section, beside the district."""
        view, words = self.view, self.view.words
        found = [view.row(one) for one in ("fitness_good_rate", "fitness_pass_rate")]
        good, passed = (row if row and not row["reason"] else None for row in found)
        if good is None or passed is None:
            # Either share may be the one that is missing.
            reason = next((row["reason"] for row in found if row and row["reason"]), Reason.NO_DATA)
            if is_silent(view, self.dimension):
                return NOTHING
            return Note("", (view.speaker.about_withheld([words.label("fitness_levels")], reason),))
        levels = tuple(words.label(one) for one in ("fitness_good", "fitness_passed", "fitness_below"))
        wholes = []
        for who, key in (("this_school", "value"), ("district", "reference")):
            shares = (good[key], passed[key] - good[key], 1 - passed[key])
            for level, share in zip(("good", "passed", "below"), shares, strict=True):
                view.tell(f"fitness_{level}_{key}", share)
            wholes.append((words.label(who), tuple(max(one, 0.0) for one in shares)))
        tested = view.tell("fitness_pupils", int(good["n"]))
        table = Table(
            caption=words.label("composition_caption", count=words.count(int(tested))),
            heads=(words.label("what"), *levels),
            rows=tuple((who, *(words.share(one) for one in shares)) for who, shares in wholes),
        )
        fields = {
            f"{who}_{level}": words.share(share)
            for who, (_, shares) in zip(("here", "district"), wholes, strict=True)
            for level, share in zip(("good", "passed", "below"), shares, strict=True)
        }
        message = view.speaker.note("figure_composition", fields)
        return charts.composition("composition", wholes, levels, twin=table, message=message)


@dataclass(frozen=True)
class ArticulationPage(DimensionPage):
    """强基衔接."""

    def flows(self) -> Chart | Note:
        """Where last year's leavers went, or where this year's entrants came from."""
        view, words = self.view, self.view.words
        rows = view.flows
        if not rows:
            key = "flows_not_public" if view.edition == "public" else "no_flows"
            return Note("", (view.speaker.note(key, {}),))
        limit = view.settings.disclosure.minimum_n
        few = words.label("fewer_than", count=limit)
        cells = tuple(
            (
                row["name"] or words.label("other_sections"),
                few if row["pupils"] is None else words.count(int(row["pupils"])),
            )
            for row in rows
        )
        table = Table(
            caption=words.label(f"flows_caption_{view.stage}", count=limit),
            heads=(words.label("school"), words.label("pupils")),
            rows=cells,
        )
        drawn = [
            (name, float(limit if row["pupils"] is None else row["pupils"]), said, row["pupils"] is None)
            for row, (name, said) in zip(rows, cells, strict=True)
        ]
        listed = [words.label("value_of", name=name, value=said) for name, said in cells]
        message = view.speaker.note(f"figure_flows_{view.stage}", {"names": words.listed(listed)})
        return charts.bars("flows", drawn, twin=table, message=message)


@dataclass(frozen=True)
class GrowthPage(DimensionPage):
    """增值发展."""

    def parts(self) -> Chart | Note:
        """Value added by subject and by where pupils started, each with its interval."""
        view, words = self.view, self.view.words
        order = ["value_added", "low_start_growth", "middle_start_growth", "high_start_growth"]
        rows = [row for row in view.rows if row["indicator"] in order]
        rows.sort(key=lambda row: (bool(row["subject"]), order.index(row["indicator"])))
        shown = [row for row in rows if not row["reason"]]
        if not shown:
            return self._without_figure()
        return charts.dots(
            "parts",
            [(row["label"], view.interval(row)) for row in shown],
            centre=0.0,
            reach=REACH["sd"],
            axis=words.label("sd_axis"),
            twin=indicator_table(view, rows, words.label("growth_parts_caption"), years=False),
            message=_told_apart(view, shown),
        )

    def caterpillar(self) -> Chart | Note:
        """Every section's value added with its interval, only this one named."""
        view, words = self.view, self.view.words
        here = view.row("value_added")
        if here is None or here["reason"]:
            return self._without_figure()
        others = view.others("value_added")
        table = spread_table(view, here, others, words.label("caterpillar_caption"))
        return charts.caterpillar(
            "caterpillar",
            [view.interval(row) for row in others],
            view.interval(here),
            reach=REACH["sd"],
            label=words.label("this_school"),
            axis=words.label("sd_axis"),
            rank_axis=words.label("rank_axis"),
            twin=table,
            message=spread_message(view, here, others, "value_added"),
        )


def _column(view: View, key: str, found: list[Row | None]) -> Column:
    words, unit = view.words, view.judged[key].unit
    points = [view.interval(row) if row else None for row in found]
    references = [
        view.drawn(key, row["reference"]) if row and row["reference"] is not None else None for row in found
    ]
    known = [one for one in references if one is not None]
    title = view.judged[key].name.in_(words.lang)
    if view.judged[key].direction == "lower":
        title = words.label("lower_is_better", name=title)
    return Column(
        title,
        words.label("t_short" if unit == "t_score" else "percent"),
        float(np.mean(known)) if known else 50.0,
        REACH.get(unit, 6.0),
        points,
        references,
        [figures(view, row)[0] if row else words.label("withheld_value") for row in found],
    )


def _told_apart(view: View, rows: list[Row]) -> str:
    """The sentences on those of the rows that are told apart, or that none is."""
    told = [row for row in rows if mark(row["standing"] or "") in ("up", "down")]
    said = [view.speaker.about_indicator(row, view.judged[row["indicator"]]) for row in told]
    return " ".join(one for one in said if one) or view.speaker.note("figure_parts_alike", {})
