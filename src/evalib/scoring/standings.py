"""Measurements become standings: which differences from the district may be called one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.scoring.change import add_changes
from evalib.scoring.rows import Key, Rule, groups, rules, smallest_differences, usable
from evalib.settings import Settings
from evalib.statistics.posterior import (
    between_variance,
    largest_set,
    posterior_differences,
    standing_probabilities,
)
from evalib.statistics.posterior_draws import called_by_chance, rank_intervals
from evalib.vocabulary import STANDINGS, Reason

Floats = npt.NDArray[np.float64]

STANDING_COLUMNS: dict[str, Any] = {
    "standing": "",
    "standing_reason": "",
    "d_mean": np.nan,
    "d_sd": np.nan,
    "probability_above": np.nan,
    "probability_below": np.nan,
    "between_variance": np.nan,
    "rank_low": np.nan,
    "rank_high": np.nan,
    "p_top_quarter": np.nan,
    "called_by_chance": np.nan,
}
CLAIMS = tuple(word for word in STANDINGS if word != "not_distinguishable")
# What is not said of a section whose standing is withheld.
_CLAIMING = ["rank_low", "rank_high", "p_top_quarter", "called_by_chance"]


@dataclass(frozen=True)
class ToldApart:
    """How many sections one indicator tells apart from the district.

    Attributes
    ----------
    judged
        Sections with a standing.
    called
        Of these, sections called above or below, clearly or probably.
    by_chance
        How many would be called on average if no section differed from another.
    """

    judged: int
    called: int
    by_chance: float


def add_standings(
    years: Mapping[str, pd.DataFrame],
    year: str,
    settings: Settings,
    frozen: Mapping[Key, float] | None = None,
) -> pd.DataFrame:
    """One year's measurements with a standing for every figure that may have one.

    Parameters
    ----------
    years
        Measurements by school year, `year` among them; earlier years steady the
        between-section variance where a stage has few sections, and the last of them is
        what a change is from. Rows of dimensions are judged like any others: they bring
        the smallest difference that matters in a column `smallest`, which goes before
        the indicator's own wherever it is not missing.
    year
        The year to judge.
    settings
        Smallest differences, probabilities and minimum numbers of sections.
    frozen
        Between-section variances by (stage, indicator, subject), settled in base years:
        used where a stage has too few sections to know its own.

    Returns
    -------
    The measurements of `year` with `standing`, `standing_reason`, the posterior mean
    and sd of the difference from the reference (`d_mean`, `d_sd`, in the indicator's
    unit), the probabilities of a difference beyond the smallest that matters (better,
    worse; the sign is turned where lower is better), the between-section variance, the
    interval of ranks (`rank_low`, `rank_high`, 1 the best) and `p_top_quarter` among the
    sections judged, the probability of being called different though nothing differs
    (`called_by_chance`), and the columns of `scoring_change.add_changes`.

    Notes
    -----
    y_j ~ N(θ_j, V_j), θ_j ~ N(μ, τ²), τ² by REML; d_j = (e_j − w)ᵀθ from the joint
    posterior. y is the difference printed, not the value: two sections whose dimension is
    made of different indicators have different references. τ² = 0 makes every section
    `not_distinguishable`.

    Where value added and the model that knows the section's intake do not say the same of
    a section (above, below, neither), value added claims nothing, nor does the score of
    growth. Under `adjust: fdr` the claims of one indicator are taken together: `clearly`
    goes to the largest set of them whose mean 1 − P is at most 1 − `clear`, among claims
    that are at least `probable`.
    """
    recent = sorted(one for one in years if one <= year)[-settings.measures.standing.pooled_years :]
    earlier = [groups(years[one]) for one in recent if one != year]
    known = rules(settings)
    verdicts = []
    for key, rows in groups(years[year]).items():
        rule = known[key[1]]
        smallest = smallest_differences(rows, rule)
        if rule.judged and smallest.notna().any():
            same = [tables[key] for tables in earlier if key in tables]
            fixed = None if frozen is None else frozen.get(key)
            verdicts.append(_judge(rows, smallest, same, rule, settings, fixed))
    judged = years[year].assign(**STANDING_COLUMNS)
    if verdicts:
        found = pd.concat(verdicts)
        judged.loc[found.index, found.columns] = found
    differ = _models_disagree(judged, known)
    _withhold(judged, differ | _made_of(judged, differ), Reason.MODELS_DISAGREE.value)
    if settings.measures.standing.adjust == "fdr":
        judged["standing"] = _taken_together(judged, settings.measures.standing.clear)
    return add_changes(judged, years, year, settings)


def told_apart(rows: pd.DataFrame) -> ToldApart:
    """How many sections are called different, beside the number expected by chance.

    Parameters
    ----------
    rows
        Judged rows of one indicator (and subject) of one stage: `standing` and
        `called_by_chance`.

    Examples
    --------
    >>> words = ["clearly_above", "not_distinguishable", "none"]
    >>> told_apart(pd.DataFrame({"standing": words, "called_by_chance": [0.02, 0.01, np.nan]}))
    ToldApart(judged=2, called=1, by_chance=0.03)
    """
    judged = rows[rows["standing"].isin(STANDINGS)]
    called = judged["standing"].isin(CLAIMS)
    return ToldApart(len(judged), int(called.sum()), float(judged["called_by_chance"].sum()))


def _judge(
    rows: pd.DataFrame,
    smallest: pd.Series[float],
    earlier: list[pd.DataFrame],
    rule: Rule,
    settings: Settings,
    fixed: float | None,
) -> pd.DataFrame:
    standing = settings.measures.standing
    few = settings.disclosure.minimum_n_standing
    verdict = pd.DataFrame(STANDING_COLUMNS, index=rows.index)
    shown = rows["reason"].eq("")
    verdict.loc[shown, "standing"] = "none"
    inside = usable(rows, few) & smallest.notna()
    if inside.sum() < standing.minimum_sections:
        verdict.loc[shown, "standing_reason"] = Reason.TOO_FEW_SECTIONS.value
        return verdict
    y, v, weight = (rows.loc[inside, name].to_numpy(float) for name in ("difference", "variance", "weight"))
    w = np.asarray(weight / weight.sum(), dtype=np.float64)
    delta = np.asarray(smallest[inside], dtype=np.float64)
    pooled: list[tuple[Floats, Floats]] = []
    if len(y) >= standing.pooled_below_sections:
        fixed = None
    elif fixed is None:
        pooled = _pooled(earlier, few, standing.minimum_sections)
    tau2 = between_variance([(y, v), *pooled]) if fixed is None else fixed
    mean, sd = posterior_differences(y, v, w, tau2)
    better = rule.higher_is_better
    above, below = standing_probabilities(mean if better else -mean, sd, delta)
    ranks = rank_intervals(y, v, tau2, higher_is_better=better, draws=standing.rank_draws, seed=standing.seed)
    chance = called_by_chance(
        v,
        w,
        delta,
        probable=standing.probable,
        tau2=fixed,
        earlier=[u for _, u in pooled],
        seed=standing.seed,
    )
    words = _words(above, below, standing.clear, standing.probable)
    spread = np.full(len(y), tau2)
    columns = [mean, sd, above, below, spread, ranks.low, ranks.high, ranks.top_quarter, chance]
    verdict.loc[inside, "standing"] = words
    verdict.loc[inside, list(STANDING_COLUMNS)[2:]] = np.column_stack(columns)
    blocked = rows["standing_block"].where(shown, "")
    _withhold(verdict, blocked.ne(""), blocked)
    return verdict


def _pooled(earlier: list[pd.DataFrame], few: int, minimum_sections: int) -> list[tuple[Floats, Floats]]:
    """Figures and variances of the earlier years that have enough sections."""
    found = []
    for table in earlier:
        then = table[usable(table, few)]
        if len(then) >= minimum_sections:
            found.append((then["difference"].to_numpy(float), then["variance"].to_numpy(float)))
    return found


def _words(above: Floats, below: Floats, clear: float, probable: float) -> npt.NDArray[np.str_]:
    return np.select(
        [above >= clear, below >= clear, above >= probable, below >= probable],
        ["clearly_above", "clearly_below", "probably_above", "probably_below"],
        "not_distinguishable",
    )


def _withhold(judged: pd.DataFrame, held: pd.Series[bool], reason: str | pd.Series[str]) -> None:
    """No standing for the rows held, nor anything that amounts to one."""
    judged.loc[held, "standing"] = "none"
    judged.loc[held, "standing_reason"] = reason if isinstance(reason, str) else reason[held]
    judged.loc[held, _CLAIMING] = np.nan


def _side(standing: pd.Series[str]) -> pd.Series[str]:
    """Above, below, or empty."""
    return standing.map({word: word.partition("_")[2] for word in CLAIMS}).fillna("").astype("str")


def _models_disagree(judged: pd.DataFrame, known: Mapping[str, Rule]) -> pd.Series[bool]:
    """Rows of value added of which the model with the section's intake says something else."""
    measure = judged["indicator"].map({name: rule.measure for name, rule in known.items()})
    shown = judged["reason"].eq("")
    where = ["stage", "subject", "school_code"]
    side = judged[where].assign(side=_side(judged["standing"]))
    other = side[measure.eq("value_added_intake") & shown].drop_duplicates(where)
    plain = side[measure.eq("value_added") & shown]
    both = plain.reset_index().merge(other, on=where, suffixes=("", "_intake")).set_index("index")
    differ = both.index[both["side"].ne(both["side_intake"])]
    return pd.Series(judged.index.isin(differ), index=judged.index)


def _made_of(judged: pd.DataFrame, differ: pd.Series[bool]) -> pd.Series[bool]:
    """Rows of dimensions one of whose indicators, all subjects together, is among the rows given."""
    where = ["stage", "school_code", "dimension"]
    parts = pd.MultiIndex.from_frame(judged.loc[differ & judged["subject"].eq(""), where])
    scores = judged["indicator"].eq(judged["dimension"]) & judged["reason"].eq("")
    return scores & pd.MultiIndex.from_frame(judged[where]).isin(parts)


def _taken_together(judged: pd.DataFrame, clear: float) -> pd.Series[str]:
    """Standings in which the clear claims of an indicator are false at most 1 − clear on average."""
    side = _side(judged["standing"])
    words = judged["standing"].copy()
    probability = judged["probability_above"].where(side.eq("above"), judged["probability_below"])
    for rows in groups(judged[side.ne("")]).values():
        kept = largest_set(probability[rows.index].to_numpy(float), 1.0 - clear)
        words[rows.index] = np.where(kept, "clearly_", "probably_") + side[rows.index]
    return words
