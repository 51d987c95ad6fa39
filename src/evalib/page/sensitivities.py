"""The front door of the sensitivity notebook: open a dimension, then one method a section of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evalib import __version__, sensitivity
from evalib.errors import ParameterError
from evalib.page import charts
from evalib.page.charts import Chart, Interval
from evalib.page.cover import RESULTS, cover
from evalib.page.tables import Emission, Lead, Note, Table
from evalib.sensitivity import Weighing, WeightEffects, scale_from
from evalib.settings import IndicatorParams, Settings, load_settings
from evalib.settings.indicators import CUT_NAMES
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS, LANGUAGES, STAGES
from evalib.wording import Wording, wording_of

# The figure shows so many sections at most, those that move most.
DRAWN = 30
REACH = 6.0
SIDES = ("above", "not_distinguishable", "below")
WHAT_CHANGES = ("sections_judged", "standings_changed", "which_sections")
MARK = {"above": "up", "below": "down", "not_distinguishable": "same", "none": "na"}


def open_sensitivity(
    stage: str, year: str, *, lang: str = "zh", params: str, dimension: str = "academic"
) -> SensitivityPage:
    """Open one dimension of one stage's published scores of one year.

    Parameters
    ----------
    stage
        "primary" or "junior".
    year
        School year such as "2024-2025".
    lang
        "zh" or "en".
    params
        The district's params file, from the project root.
    dimension
        "academic", "competence", "talents", "articulation" or "growth".

    Raises
    ------
    ParameterError
        An argument is not one of those allowed, or the year has no section of the stage.
    DataError
        The district has no published scores yet, or none for this year.
    """
    for name, given, allowed in (
        ("stage", stage, STAGES),
        ("lang", lang, LANGUAGES),
        ("dimension", dimension, DIMENSIONS),
    ):
        if given not in allowed:
            raise ParameterError("not_allowed", name=name, value=given, allowed=", ".join(allowed))
    settings = load_settings(params)
    store = Store(settings.store)
    scale = scale_from(store.read("published_scale", year))
    known = [one for one in store.years("published_parts") if one <= year]
    pooled = known[-settings.measures.standing.pooled_years :]
    weighing = Weighing(
        measurements={one: store.read("published_parts", one) for one in pooled},
        influences={one: store.read("published_influences", one) for one in pooled},
        scale=scale,
        settings=settings,
        year=year,
        stage=stage,
        dimension=dimension,
    )
    weighing.codes  # noqa: B018 - a stage without sections is told here, not in the middle of the page
    return SensitivityPage(settings, store, wording_of(settings, lang), weighing)


@dataclass(frozen=True)
class SensitivityPage:
    """How far one dimension depends on weights, cuts, scale and aggregation.

    Attributes
    ----------
    settings, store, words
        The district's params and published tables, and the page's language.
    weighing
        The dimension, ready to be weighed anew.
    """

    settings: Settings
    store: Store
    words: Wording
    weighing: Weighing

    @cached_property
    def effects(self) -> WeightEffects:
        """What the drawn weights do."""
        return sensitivity.weight_effects(self.weighing)

    def cover(self) -> Emission:
        """Title, running head and the exporter's own labels."""
        words = self.words
        stage = words.label(self.weighing.stage, "stages")
        title = words.label("sensitivity_title", dimension=self._name(self.weighing.dimension), stage=stage)
        tables = ("published_parts", "published_influences", "published_scale", "published_sections")
        data = self.store.fingerprint((table, self.weighing.year) for table in tables)
        return cover(
            self.settings,
            words,
            title=title,
            subtitle=words.label("sensitivity_kind"),
            year=self.weighing.year,
            data=data,
        )

    def lead(self) -> Lead:
        """How many standings depend on the weights."""
        words, params = self.words, self.settings.measures.sensitivity
        name = self._name(self.weighing.dimension)
        judged = int(self.effects.sections["standing"].ne("none").sum())
        scored = self.effects.judged > 0
        if not scored.any():
            return Lead(words.label("sensitivity_nobody", dimension=name))
        changed = self.effects.changed[scored]
        low, high = np.quantile(changed, sensitivity.RANGE, method="inverted_cdf")
        said = words.label(
            "sensitivity_lead",
            dimension=name,
            judged=words.count(judged),
            mean=words.decimal(float(changed.mean()), 1),
            low=words.count(int(low)),
            high=words.count(int(high)),
            unsettled=words.count(len(self._unsettled)),
            share=words.share(params.unsettled),
            spread=words.share(params.weight_sd),
        )
        if scored.all():
            return Lead(said)
        more = words.label("sensitivity_unscored", share=words.share(float(1 - scored.mean())))
        return Lead(words.run_on([said, more]))

    def weights(self) -> Table:
        """The weights, how far they were varied, and which of them standings depend on."""
        words = self.words
        importance = sensitivity.weight_importance(self.weighing).set_index("indicator")
        rows = []
        for row in self.effects.weights.to_dict("records"):
            indices = importance.loc[row["indicator"]]
            rows.append(
                (
                    self._name(row["indicator"]),
                    words.share(row["weight"]),
                    f"{words.share(row['weight_low'])}–{words.share(row['weight_high'])}",
                    # Noise around 0 is no negative share of a variance.
                    words.decimal(max(indices["first_order"], 0.0), 2),
                    words.decimal(max(indices["total"], 0.0), 2),
                    words.reason(row["silence"]) if row["silence"] else words.label("weight_counts"),
                )
            )
        heads = ("indicator", "weight", "weight_range", "sobol_first", "sobol_total", "weight_use")
        return self._table(words.label("weights_caption"), heads, rows, {0, 5})

    def standings(self) -> Table:
        """How many sections stand where, with the weights in force and in the draws, and which change."""
        words, sections = self.words, self.effects.sections
        judged = sections[sections["kept"].notna()]
        rows = []
        for side in SIDES:
            here = self._unsettled[self._unsettled["standing"].eq(side)]
            rows.append(
                (
                    words.label(f"side_{side}"),
                    words.count(int(judged["standing"].eq(side).sum())),
                    words.decimal(float((judged[side] / (1.0 - judged["none"])).sum()), 1),
                    words.count(len(here)),
                    self._sections(here["school_code"].tolist()),
                )
            )
        heads = ("standing", "sections_now", "sections_in_draws", "sections_unsettled", "which_sections")
        share = words.share(self.settings.measures.sensitivity.unsettled)
        return self._table(words.label("standings_caption", share=share), heads, rows, {0, 4})

    def ranges(self) -> Chart | Note:
        """The sections whose standing depends on the weights: score and range, most movable first."""
        words = self.words
        shown = self._unsettled.head(DRAWN).to_dict("records")
        if not shown:
            return Note("", (words.label("ranges_nobody"),))
        rows = [
            (
                self._section(row["school_code"]),
                *self._range(row),
                words.label(f"side_{row['standing']}"),
                *(words.share(row[side]) for side in (*SIDES, "none")),
            )
            for row in shown
        ]
        caption = words.label(
            "ranges_caption", shown=words.count(len(shown)), found=words.count(len(self._unsettled))
        )
        heads = ("section_head", "value_head", "score_range", "standing")
        points = [(self._section(row["school_code"]), _interval(row)) for row in shown]
        return charts.dots(
            "ranges",
            points,
            centre=50,
            reach=REACH,
            axis=words.label("dimension_axis"),
            twin=self._table(caption, (*heads, *(f"side_{side}" for side in (*SIDES, "none"))), rows, {0, 3}),
        )

    def scores(self) -> Table:
        """Every section's score: how far weights move it, beside how well pupils make it known."""
        words = self.words
        rows = []
        ordered = self.effects.sections.sort_values(["score", "school_code"], ascending=[False, True])
        for row in ordered.dropna(subset=["score", "total_sd"]).to_dict("records"):
            spreads = (row["sampling_sd"], row["method_sd"], row["total_sd"])
            rows.append(
                (
                    self._section(row["school_code"]),
                    *self._range(row),
                    *(words.decimal(10 * one, 1) for one in spreads),
                    words.label(f"side_{row['standing']}"),
                    self._known(row["kept"], words.share),
                )
            )
        heads = ("section_head", "value_head", "score_range", "sampling_sd", "method_sd", "total_sd")
        return self._table(words.label("scores_caption"), (*heads, "standing", "kept"), rows, {0, 6})

    def alternatives(self) -> Table:
        """What other ways of making the score would change."""
        words = self.words
        rows = [
            (
                words.label(f"alternative_{row['alternative']}"),
                *(
                    self._known(row[key], lambda one: words.decimal(10 * one, 1))
                    for key in ("median_move", "largest_move")
                ),
                self._known(row["rank_correlation"], lambda one: words.decimal(one, 2)),
                words.count(row["judged"]),
                words.count(row["changed"]),
                self._sections(row["sections"]),
            )
            for row in sensitivity.alternatives(self.weighing).to_dict("records")
        ]
        heads = ("alternative", "median_move", "largest_move", "rank_correlation", *WHAT_CHANGES)
        return self._table(words.label("alternatives_caption"), heads, rows, {0, 6})

    def cuts(self) -> Table | Note:
        """What other cuts would change; the year is reviewed again with each, which takes a while."""
        words, changes = self.words, self._cut_changes
        if not changes:
            return Note("", (words.label("cuts_none", dimension=self._name(self.weighing.dimension)),))
        effects = sensitivity.cut_effects(
            self.store, self.settings, self.weighing.year, changes, [self.weighing.dimension]
        )
        rows = []
        for row in sensitivity.cut_summary(effects, self.weighing.stage).to_dict("records"):
            unit = self._unit(row["indicator"])
            rows.append(
                (
                    self._cut(changes[row["change"]]),
                    self._name(row["indicator"]),
                    *(
                        self._known(row[key], lambda one, unit=unit: words.value(unit, one))
                        for key in ("mean", "mean_after")
                    ),
                    words.count(row["judged"]),
                    words.count(row["changed"]),
                    self._sections(row["sections"]),
                )
            )
        heads = ("cut_change", "indicator", "mean_before", "mean_after", *WHAT_CHANGES)
        return self._table(words.label("cuts_caption"), heads, rows, {0, 1, 6})

    def rules(self) -> Table:
        """How far weights and cuts were varied, and from how many draws all this comes."""
        words, params = self.words, self.settings.measures.sensitivity
        rows = (
            ("rule_draws", words.count(params.draws)),
            ("rule_weight_sd", words.share(params.weight_sd)),
            ("rule_unsettled", words.share(params.unsettled)),
            ("rule_sobol_points", words.count(params.sobol_points)),
            ("rule_seed", str(params.seed)),
        )
        said = [(words.label(key), setting) for key, setting in rows]
        return self._table(words.label("sensitivity_rules_caption"), ("rule", "setting"), said, {0, 1})

    def results(self) -> Emission:
        """The sections' scores and standings over the draws, and what was read."""
        sections = self.effects.sections.astype(object)
        content = {
            "stage": self.weighing.stage,
            "year": self.weighing.year,
            "dimension": self.weighing.dimension,
            "sections": sections.where(sections.notna(), None).to_dict("records"),
            "weights": self.effects.weights.to_dict("records"),
            "changed": self.effects.changed.tolist(),
            "read": [
                {"table": table, "year": year, "sha256": digest}
                for (table, year), digest in sorted(self.store.slices_read.items())
            ],
            "params": self.settings.fingerprint,
            "evalib": __version__,
        }
        return Emission(RESULTS, content, f"{len(content['sections'])} sections")

    @cached_property
    def _unsettled(self) -> Any:
        """The sections whose standing depends on the weights."""
        return self.effects.unsettled(self.settings.measures.sensitivity.unsettled)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        rows = self.store.read("published_sections", self.weighing.year)
        rows = rows[rows["stage"].eq(self.weighing.stage) & rows["name"].notna()]
        return dict(zip(rows["school_code"], rows["name"], strict=True))

    @cached_property
    def _indicators(self) -> Mapping[str, IndicatorParams]:
        return {one.id: one for one in self.settings.measures.indicators}

    @property
    def _cut_changes(self) -> list[dict[str, float]]:
        """Every cut of the dimension's weighted indicators, one step to either side."""
        mine = [self._indicators[name] for name in self.weighing.indicators]
        named = {str(one.cut) for one in mine} & set(CUT_NAMES) | {one.id for one in mine}
        steps = self.settings.measures.sensitivity.cut_steps
        return [{name: sign * step} for name, step in steps.items() if name in named for sign in (-1, 1)]

    def _cut(self, change: Mapping[str, float]) -> str:
        """A change of a cut in words."""
        ((name, step),) = change.items()
        if name in CUT_NAMES:
            cut = self.settings.measures.cuts.of(name)
            what, ends = self.words.label(f"cut_{name}"), [self.words.share(one) for one in (cut, cut + step)]
        else:
            own = float(self._indicators[name].cut or 0.0)
            what, ends = self._name(name), [f"{one:g}" for one in (own, own + step)]
        return self.words.label("cut_moved", cut=what, before=ends[0], after=ends[1])

    def _unit(self, name: str) -> str:
        return self._indicators[name].unit if name in self._indicators else "t_score"

    def _name(self, name: str) -> str:
        """An indicator's or a dimension's name."""
        measures = self.settings.measures
        of = self._indicators[name] if name in self._indicators else measures.dimensions[name]
        return of.name.in_(self.words.lang)

    def _section(self, code: str) -> str:
        return self._names.get(code) or self.words.label("unnamed_school", code=code)

    def _sections(self, codes: Sequence[str]) -> str:
        return self.words.listed([self._section(one) for one in codes]) or self.words.label("withheld_value")

    def _range(self, row: Mapping[Any, Any]) -> tuple[str, str]:
        """A score and the range in which weights move it."""
        low, high, spread = (row[key] for key in ("score_low", "score_high", "sampling_sd"))
        words = self.words
        return words.value("t_score", row["score"], spread), words.interval("t_score", low, high, spread)

    def _known(self, figure: float, said: Any) -> str:
        return self.words.label("withheld_value") if np.isnan(figure) else str(said(figure))

    def _table(
        self, caption: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]], words_in: set[int]
    ) -> Table:
        labels = tuple(self.words.label(key) for key in heads)
        return Table(caption, labels, tuple(rows), frozenset(words_in))


def _interval(row: Mapping[Any, Any]) -> Interval:
    """A score and its range over the draws, as T points."""
    value, low, high = (50 + 10 * row[key] for key in ("score", "score_low", "score_high"))
    return Interval(value, low, high, MARK[row["standing"]])
