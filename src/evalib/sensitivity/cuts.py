"""What other cuts would change: the year is reviewed again with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalib.errors import ParameterError
from evalib.review.yearly import Review, review_year
from evalib.scales import Scale, base_scale
from evalib.scoring.standings import add_standings
from evalib.sensitivity.judging import ABOVE, BELOW, SIDES
from evalib.sensitivity.weighing import Weighing
from evalib.settings import IndicatorParams, Settings, nearest
from evalib.settings.indicators import CUT_NAMES, MEASURES
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS, STAGES

_KEYS = ["stage", "dimension", "indicator", "school_code"]
_COLUMNS = [*_KEYS, "value", "n", "standing"]


def cut_effects(
    store: Store,
    settings: Settings,
    year: str,
    changes: Sequence[Mapping[str, float]],
    dimensions: Sequence[str] = DIMENSIONS,
) -> pd.DataFrame:
    """Figures, scores and standings of a year with other cuts, beside those with the cuts in force.

    Parameters
    ----------
    store, settings, year
        As for `review.review_year`; the pupils' own tables are read.
    changes
        One mapping a change: by how much cuts move, by the name of a mark's cut
        ("excellent", "pass", "low": shares of the full mark) or by the indicator whose
        own cut it is (such as hours); all of one mapping together.
    dimensions
        Only what is reached in these; fewer take less time.

    Returns
    -------
    One row a change, stage, section and indicator (or dimension, whose `indicator` is its
    own name) that the change reaches: `change` (its position in `changes`), `value`,
    `n` and `standing` ("above", "not_distinguishable", "below", "none"), and the same with
    other cuts: `value_after`, `n_after`, `standing_after`. Scores are (T − 50)/10. Figures
    on fewer pupils than may be shown are missing.

    Raises
    ------
    ParameterError
        No cut has this name, or the change leaves no cut.
    DataError
        The year is not in the store.

    Notes
    -----
    Takes a review of several years a change, for the indicators of the dimensions reached
    alone. The scale of scores is made again from its base years with the changed cuts, on
    both sides of the comparison: on a frozen scale a stricter cut would lower everybody's
    score, and say nothing. A paper with a cut of its own does not move.
    """
    rows = []
    usual: dict[tuple[str, ...], pd.DataFrame] = {}
    for position, shifts in enumerate(changes):
        changed, reached = shifted(settings, shifts), _reached(settings, shifts, dimensions)
        if not reached.dimensions:
            continue
        if reached.dimensions not in usual:
            usual[reached.dimensions] = _figures(store, settings, year, reached.dimensions)
        before = usual[reached.dimensions]
        after = _figures(store, changed, year, reached.dimensions)
        both = before.merge(after, on=_KEYS, how="outer", suffixes=("", "_after"), validate="1:1")
        rows.append(both[both["indicator"].isin(reached.names)].assign(change=position))
    if not rows:
        names = [*_COLUMNS, *(f"{name}_after" for name in _COLUMNS[len(_KEYS) :])]
        return pd.DataFrame(columns=["change", *names])
    joined = pd.concat(rows, ignore_index=True)
    joined.insert(0, "change", joined.pop("change"))
    return joined


def cut_summary(effects: pd.DataFrame, stage: str) -> pd.DataFrame:
    """How many standings of one stage each change of a cut turns, and by how much figures move.

    Parameters
    ----------
    effects
        From `cut_effects`.
    stage
        Which stage.

    Returns
    -------
    One row a change and indicator or dimension: `change`, `indicator`, `mean` and
    `mean_after` over the sections with both figures (each counts once), `judged` (with both
    cuts), `changed`, and `sections`, the school codes that stand elsewhere.
    """
    rows = []
    mine = effects[effects["stage"].eq(stage)]
    # A dimension after its indicators.
    mine = mine.assign(last=mine["indicator"].eq(mine["dimension"]))
    mine = mine.sort_values(["change", "dimension", "last", "indicator"])
    for (change, name), of_one in mine.groupby(["change", "indicator"], sort=False):
        both = of_one.dropna(subset=["value", "value_after"])
        judged = of_one[of_one["standing"].ne("none") & of_one["standing_after"].ne("none")]
        moved = judged[judged["standing"].ne(judged["standing_after"])]
        rows.append(
            {
                "change": change,
                "indicator": name,
                "mean": both["value"].mean(),
                "mean_after": both["value_after"].mean(),
                "judged": len(judged),
                "changed": len(moved),
                "sections": tuple(sorted(moved["school_code"])),
            }
        )
    columns = ["change", "indicator", "mean", "mean_after", "judged", "changed", "sections"]
    return pd.DataFrame(rows, columns=columns)


def shifted(settings: Settings, shifts: Mapping[str, float]) -> Settings:
    """The same settings with cuts moved.

    Parameters
    ----------
    shifts
        As one of the `changes` of `cut_effects`.

    Raises
    ------
    ParameterError
        No cut has this name, or a share of the full mark leaves 0 to 1, or another cut 0.
    """
    measures = settings.measures
    indicators = {one.id: one for one in measures.indicators}
    cuts = {}
    for name, step in shifts.items():
        if name in CUT_NAMES:
            moved = measures.cuts.of(name) + step
            if not 0 < moved < 1:
                raise ParameterError("not_allowed", name=f"cuts.{name}", value=f"{moved:g}", allowed="0 – 1")
            cuts["pass_" if name == "pass" else name] = moved
        else:
            indicators[name] = _moved(_with_own_cut(indicators, name), step)
    changed = measures.model_copy(
        update={"cuts": measures.cuts.model_copy(update=cuts), "indicators": list(indicators.values())}
    )
    return replace(settings, measures=changed)


def _moved(indicator: IndicatorParams, step: float) -> IndicatorParams:
    moved = float(indicator.cut or 0.0) + step
    if moved < 0:
        raise ParameterError("not_allowed", name=indicator.id, value=f"{moved:g}", allowed="≥ 0")
    return indicator.model_copy(update={"cut": moved})


def _with_own_cut(indicators: Mapping[str, IndicatorParams], name: str) -> IndicatorParams:
    """The indicator of this name, if its cut is a number."""
    known = [*CUT_NAMES, *(one.id for one in indicators.values() if MEASURES[one.measure].cut == "number")]
    if name not in known:
        raise ParameterError("not_allowed", name="cut", value=name, allowed=f"{nearest(name, known).name}")
    return indicators[name]


@dataclass(frozen=True)
class _Reached:
    """The dimensions and the indicators (and dimensions) whose figures a change of cuts reaches."""

    dimensions: tuple[str, ...]
    names: tuple[str, ...]


def _reached(settings: Settings, shifts: Mapping[str, float], wanted: Sequence[str]) -> _Reached:
    own = {one.id: one for one in settings.measures.indicators}
    for name in shifts:
        if name not in CUT_NAMES:
            _with_own_cut(own, name)
    touched = [
        one
        for one in own.values()
        if (one.id in shifts or (one.cut in CUT_NAMES and one.cut in shifts)) and one.dimension in wanted
    ]
    dimensions = tuple(name for name in DIMENSIONS if name in {one.dimension for one in touched})
    return _Reached(dimensions, (*(one.id for one in touched), *dimensions))


def _figures(store: Store, settings: Settings, year: str, dimensions: Sequence[str]) -> pd.DataFrame:
    """Every indicator and score of some dimensions in one year, judged."""
    narrow = _narrowed(settings, dimensions)
    known = [one for one in store.years() if one <= year]
    pooled = known[-settings.measures.standing.pooled_years :]
    first = store.years()[: settings.measures.standing.pooled_years]
    base = sorted(settings.frozen.base_years if settings.frozen else {*first, *pooled})
    reviews = {one: review_year(store, narrow, one) for one in sorted({*pooled, *base})}
    measured = {one: review.measurements for one, review in reviews.items()}
    scale = base_scale(narrow, measured, base, earliest_alone=settings.frozen is None)
    recent = {one: measured[one] for one in pooled}
    judged = add_standings(recent, year, narrow)
    judged = judged[judged["subject"].eq("")].assign(standing=lambda rows: _side(rows["standing"]))
    tables = [judged[_COLUMNS]]
    for stage in [one for one in STAGES if judged["stage"].eq(one).any()]:
        for dimension in dimensions:
            tables.append(_scores(recent, reviews, scale, narrow, (year, stage, dimension)))
    figures = pd.concat(tables, ignore_index=True)
    figures["value"] = figures["value"].where(figures["n"].ge(settings.disclosure.minimum_n))
    figures["n"] = figures["n"].where(figures["n"].ge(settings.disclosure.minimum_n))
    return figures


def _narrowed(settings: Settings, dimensions: Sequence[str]) -> Settings:
    """Settings with the indicators of some dimensions alone."""
    measures = settings.measures
    kept = [one for one in measures.indicators if one.dimension in dimensions]
    return replace(settings, measures=measures.model_copy(update={"indicators": kept}))


def _scores(
    measured: Mapping[str, pd.DataFrame],
    reviews: Mapping[str, Review],
    scale: Scale,
    settings: Settings,
    which: tuple[str, str, str],
) -> pd.DataFrame:
    """The scores of one dimension, as rows beside its indicators."""
    influences = {one: reviews[one].influences for one in measured}
    year, stage, dimension = which
    weighing = Weighing(measured, influences, scale, settings, year, stage, dimension)
    judged = weighing.judged(weighing.weights[None, :])
    return pd.DataFrame(
        {
            "stage": stage,
            "dimension": dimension,
            "indicator": dimension,
            "school_code": weighing.codes,
            "value": judged.scores.score[0],
            "n": judged.scores.n[0],
            "standing": [SIDES[one] for one in judged.side[0]],
        }
    )


def _side(standing: pd.Series[str]) -> np.ndarray:
    """Standings without how sure they are."""
    return np.select(
        [
            standing.str.endswith("_above"),
            standing.str.endswith("_below"),
            standing.eq("not_distinguishable"),
        ],
        [SIDES[ABOVE], SIDES[BELOW], "not_distinguishable"],
        "none",
    )
