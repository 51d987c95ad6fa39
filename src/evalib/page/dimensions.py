"""A dimension's page: headline, table, figures; one method a section."""

from __future__ import annotations

from dataclasses import dataclass

from evalib.page import charts
from evalib.page.charts import Chart
from evalib.page.tables import Lead, Note, Table
from evalib.page.view import Row, View
from evalib.vocabulary import Reason, Withheld
from evalib.wording import mark

# The notes that describe the fit; they withhold nothing.
MODELS = {
    "growth": (
        "growth_fit",
        "growth_fit_without_classes",
        "growth_predictors",
        "growth_excluded",
        "growth_percentile_fit",
        "growth_years_fit",
    ),
    "articulation": ("recovery_grade", "onward_fit"),
}
MODEL_NOTES = tuple(key for keys in MODELS.values() for key in keys)
# How far an axis always reaches to both sides of the district's mean.
REACH = {"t_score": 6.0, "sd": 0.5, "rate": 0.2}
AXES = {"t_score": "t_axis", "sd": "sd_axis", "rate": "rate_axis"}


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
        """Every indicator of the dimension: value, interval, pupils, district, standing."""
        rows = [row for row in self.view.rows if row["dimension"] == self.dimension and not row["subject"]]
        if not rows:
            return Note("", (headline(self.view, self.dimension),))
        return indicator_table(self.view, rows, self.view.words.label("rates_caption"))

    def trend(self) -> Chart | Note:
        """The score over the years; where there is none, the lead indicator."""
        view, words = self.view, self.view.words
        shown, found = self._over_years()
        known = [row if row and not row["reason"] else None for row in found]
        if not any(known):
            return Note("", (headline(view, self.dimension),))
        unit = view.judged[shown].unit
        name = view.judged[shown].name.in_(words.lang)
        last = next(row for row in reversed(known) if row)
        axis = "score_axis" if shown == self.dimension else AXES.get(unit, "value_head")
        table = Table(
            caption=words.label("trend_caption", indicator=name),
            heads=(words.label("year"), words.label("value"), words.label("interval"), words.label("pupils")),
            rows=tuple(
                (words.year(year), *_figures(view, row)) for year, row in zip(view.years, found, strict=True)
            ),
        )
        return charts.trend(
            f"trend-{self.dimension}",
            [words.year(year) for year in view.years],
            [view.interval(row) if row else None for row in known],
            centre={"t_score": 50.0, "sd": 0.0}.get(unit, float(last["reference"])),
            reach=REACH.get(unit, 0.0),
            axis=words.label(axis),
            twin=table,
        )

    def model(self) -> Note:
        """What the dimension's models were fitted to, and what came out."""
        said = tuple(text for key, text in self.view.notes if key in MODELS.get(self.dimension, ()))
        return Note("", said or (headline(self.view, self.dimension),))

    def _over_years(self) -> tuple[str, list[Row | None]]:
        """What is drawn over the years, and its rows."""
        lead = self.view.settings.measures.dimensions[self.dimension].lead
        for one in (self.dimension, lead):
            found = [self.view.row(one, year=year) for year in self.view.years]
            if any(row and not row["reason"] for row in found):
                return one, found
        return lead, found


@dataclass(frozen=True)
class AcademicPage(DimensionPage):
    """学业质量."""

    def subjects(self) -> Chart | Note:
        """The mean standard score subject by subject, as dots with intervals."""
        view, words = self.view, self.view.words
        rows = [row for row in view.rows if row["indicator"] == "standard_score" and row["subject"]]
        shown = [row for row in rows if not row["reason"]]
        if not shown:
            return Note("", (headline(view, self.dimension),))
        label = {row["subject"]: words.known(row["subject"], "subjects") for row in rows}
        table = Table(
            caption=words.label("subjects_caption"),
            heads=tuple(words.label(key) for key in ("subject", "value", "interval", "pupils", "standing")),
            rows=tuple((label[row["subject"]], *_figures(view, row), _standing(view, row)) for row in rows),
            text_columns=frozenset({0, 4}),
            marks=tuple(mark(row["standing"] or "none") for row in rows),
        )
        return charts.dots(
            "subjects",
            [(label[row["subject"]], view.interval(row)) for row in shown],
            centre=50,
            reach=REACH["t_score"],
            axis=words.label("t_axis"),
            twin=table,
        )

    def rates_by_subject(self) -> Table | Note:
        """The rates subject by subject, or why there are none."""
        view = self.view
        judged = [one.id for one in view.judged.values() if one.unit == "rate" and one.standing]
        rates = [
            row for row in view.rows if row["dimension"] == self.dimension and row["indicator"] in judged
        ]
        shown = [row for row in rates if row["subject"] and not row["reason"]]
        if shown:
            return indicator_table(view, shown, view.words.label("rates_by_subject_caption"))
        names = [row["label"] for row in rates if not row["subject"]]
        reason = next((row["reason"] for row in rates if row["reason"]), Reason.NO_DATA)
        return Note("", (view.speaker.about_withheld(names, reason),))

    def distribution(self) -> Chart | Note:
        """Where the section stands among all sections of its stage."""
        view, words = self.view, self.view.words
        others = view.others("standard_score")
        here = view.row("standard_score")
        shown = here is not None and not here["reason"]
        if not others:
            return Note("", (headline(view, self.dimension),))
        table = spread_table(view, here, others, words.label("distribution_caption"))
        return charts.distribution(
            "distribution",
            [view.interval(row).value for row in others],
            view.interval(here) if here and shown else None,
            centre=50,
            reach=REACH["t_score"],
            label=words.label("this_school"),
            axis=words.label("t_axis"),
            twin=table,
        )


@dataclass(frozen=True)
class ArticulationPage(DimensionPage):
    """强基衔接."""

    def flows(self) -> Table | Note:
        """Where last year's leavers went, or where this year's entrants came from."""
        view, words = self.view, self.view.words
        rows = view.flows
        if not rows:
            return Note("", (view.speaker.note("no_flows", {}),))
        few = words.label("fewer_than", count=view.settings.disclosure.minimum_n)
        return Table(
            caption=words.label(f"flows_caption_{view.stage}"),
            heads=(words.label("school"), words.label("pupils")),
            rows=tuple(
                (
                    row["name"] or words.label("other_sections"),
                    few if row["pupils"] is None else words.count(int(row["pupils"])),
                )
                for row in rows
            ),
        )


@dataclass(frozen=True)
class GrowthPage(DimensionPage):
    """增值发展."""

    def subjects(self) -> Table | Note:
        """Value added subject by subject, each from a model of its own."""
        view = self.view
        rows = [row for row in view.rows if row["indicator"] == "value_added" and row["subject"]]
        if not any(not row["reason"] for row in rows):
            return Note("", (headline(view, self.dimension),))
        return indicator_table(view, rows, view.words.label("growth_subjects_caption"))

    def caterpillar(self) -> Chart | Note:
        """Every section's value added with its interval, only this one named."""
        view, words = self.view, self.view.words
        here = view.row("value_added")
        if here is None or here["reason"]:
            return Note("", (headline(view, self.dimension),))
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
        )


def headline(view: View, dimension: str) -> str:
    """One sentence on a dimension: its score's, else its lead indicator's, else why there is none."""
    row = view.row(dimension)
    lead = view.row(view.settings.measures.dimensions[dimension].lead)
    for one in (row, lead):
        if one is not None and not one["reason"]:
            return view.speaker.about_indicator(one, view.judged[one["indicator"]])
    reason = row["reason"] if row else lead["reason"] if lead else Reason.NOT_EVALUATED
    name = view.settings.measures.dimensions[dimension].name.in_(view.words.lang)
    return view.speaker.about_withheld([name], reason)


def indicator_table(view: View, rows: list[Row], caption: str) -> Table:
    """Measurements as a table; a withheld one gives its reason in place of a standing."""
    words = view.words
    heads = ("indicator", "value", "interval", "pupils", "coverage", "district", "standing")
    return Table(
        caption=caption,
        heads=tuple(words.label(key) for key in heads),
        rows=tuple(
            (
                _name(view, row),
                *_figures(view, row),
                _coverage(view, row),
                _reference(view, row),
                _standing(view, row),
            )
            for row in rows
        ),
        text_columns=frozenset({0, 6}),
        marks=tuple("na" if row["reason"] else mark(row["standing"] or "none") for row in rows),
    )


def spread_table(view: View, here: Row | None, others: list[Row], caption: str) -> Table:
    """The data twin of a drawing over all sections: this one, and the others' quartiles."""
    words = view.words
    unit = view.judged[others[0]["indicator"]].unit if others else "sd"
    values = sorted(row["value"] for row in others)
    rows: list[tuple[str, str, str, str]] = []
    if here is not None:
        rows.append((words.label("this_school"), *_figures(view, here)))
    for key, share in (("quarter", 0.25), ("half", 0.5), ("three_quarters", 0.75)):
        if values:
            value = values[round(share * (len(values) - 1))]
            rows.append((words.label(key), words.value(unit, value), "", ""))
    return Table(
        caption=caption,
        heads=(
            words.label("what"),
            words.label("value_head"),
            words.label("interval"),
            words.label("pupils"),
        ),
        rows=tuple(rows),
    )


def _figures(view: View, row: Row | None) -> tuple[str, str, str]:
    """Value, interval and number of pupils as printed; a withheld figure is a dash."""
    words = view.words
    dash = words.label("withheld_value")
    figure = view.figure(row)
    if row is None or isinstance(figure, Withheld):
        return dash, dash, dash
    unit, se = view.judged[row["indicator"]].unit, view.precision(row)
    value = words.value(unit, figure.value, se)
    if figure.low is None or figure.high is None:
        return value, dash, words.count(figure.n)
    return value, words.interval(unit, figure.low, figure.high, se), words.count(figure.n)


def _coverage(view: View, row: Row) -> str:
    figure = view.figure(row)
    if isinstance(figure, Withheld) or figure.coverage is None:
        return view.words.label("withheld_value")
    return view.words.share(figure.coverage)


def _reference(view: View, row: Row) -> str:
    if row["reference"] is None:
        return view.words.label("withheld_value")
    return view.words.value(view.judged[row["indicator"]].unit, row["reference"], view.precision(row))


def _standing(view: View, row: Row) -> str:
    indicator = view.judged[row["indicator"]]
    if row["reason"]:
        return view.words.reason(row["reason"])
    if not indicator.standing:
        return view.words.standing("of_record", indicator.direction)
    return view.words.standing(row["standing"] or "none", indicator.direction)


def _name(view: View, row: Row) -> str:
    if view.judged[row["indicator"]].direction == "lower":
        return view.words.label("lower_is_better", name=row["label"])
    return str(row["label"])
