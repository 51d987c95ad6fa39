"""The public edition: everything that is made of several figures is made of published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.disclosure.rounding import in_digits, own_error
from evalib.disclosure.tables import CHANGES, FIGURES, JUDGEMENT
from evalib.settings import DisclosureParams, MeasuresParams
from evalib.vocabulary import DIMENSIONS, OVERALL, Reason

Floats = npt.NDArray[np.float64]

# Of the model behind a standing; the public edition gives its words alone, and nobody's place.
UNPRINTED = [
    "probability_above",
    "probability_below",
    "between_variance",
    "conditional_se",
    "rank_low",
    "rank_high",
    "p_top_quarter",
    "called_by_chance",
]
# What names or places another school, or is printed nowhere.
NOT_OF_THE_SECTION = ["group", "group_code", "group_role", "ses", "entry"]
GROUP = ["stage", "indicator", "subject"]
# Dimensions whose numbers of pupils are parts of one another; of articulation only the shares.
ROLL = "roll"
FAMILIES = {"academic": "papers", "competence": ROLL, "talents": ROLL, "growth": "growth"}


def public_figures(
    judged: pd.DataFrame,
    published: pd.DataFrame,
    sections: pd.DataFrame,
    scale: pd.DataFrame,
    measures: MeasuresParams,
    limits: DisclosureParams,
    last: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One year's figures for the public edition, not rounded yet.

    Parameters
    ----------
    judged, published
        Of the year, in the same order; `published` says what is shown.
    sections
        The year's published sections.
    scale
        `spread` by stage and indicator: what ten points of a score reach.
    measures
        Indicators with their unit, dimension, direction and weight.
    limits
        `minimum_numerator`, on which the middle of a band depends.
    last
        The same table of the year before, for changes.

    Returns
    -------
    The published columns, `variance` and `weight`. Numbers of one section's pupils that
    differ by less than `minimum_numerator` are told as the largest of them.

    Notes
    -----
    A reference, a score or a change that is made of withheld figures would tell them, and one
    that is made of unrounded ones tells more digits of these. Here each is computed again from
    figures as printed: from the middle of its band (2 of 0 to 4 pupils) for a withheld share, its
    subjects' mean for a share over all subjects, and nothing for a figure without a band: a section
    that is not shown is no part of a reference, and a score that would need such a figure is
    withheld. An interval moves with its figure. So nobody who holds every page learns more than
    the bands. The standings stay those of the true figures. Rounding the true score instead would
    not do: wherever an edge between two rounded figures falls inside a band, it cuts the band.
    """
    judged = judged.reset_index(drop=True)
    found = published.copy()
    single = ~judged["indicator"].isin([*DIMENSIONS, OVERALL])
    value = _stood_in(judged, published, measures, limits)
    reference = _references(judged, value, single)
    whole = _Scores(judged, value, scale, measures)
    score_shift, reference_shift, untold = whole.shifts(single)
    found["score"] = whole.scores
    found["value"] = value.where(single, judged["value"] + score_shift)
    found["reference"] = reference.where(single, judged["reference"] + reference_shift)
    difference = found["value"] - found["reference"]
    moved = difference - judged["difference"]
    found["difference"] = difference
    found[["difference_low", "difference_high"]] = (
        judged[["difference_low", "difference_high"]].astype(float).add(moved, axis=0)
    )
    found[["low", "high"]] = (
        judged[["low", "high"]].astype(float).add(found["value"] - judged["value"], axis=0)
    )
    spread = (found["difference_high"] - found["difference_low"]) / 3.92
    told = found["d_mean"].notna()
    found["d_mean"], found["d_sd"] = (difference / spread).where(told), (spread / spread).where(told)
    changed = found["change"].notna()
    found["change"] = np.nan if last is None else (difference - _of_last_year(found, last)).where(changed)
    found.loc[found["change"].isna(), CHANGES] = np.nan
    found[UNPRINTED] = np.nan
    found.loc[untold & found["reason"].eq(""), "reason"] = Reason.SUPPRESSED.value
    silent = found["reason"].ne("")
    found["basis"] = difference.where(~silent)
    kept = [one for one in (*FIGURES, *JUDGEMENT) if one not in ("n", "coverage")]
    found.loc[silent, kept] = np.nan
    found.loc[silent, ["standing", "standing_reason", "score_reason"]] = ""
    found["n"] = _levelled(found, sections, measures.counting, limits)
    return found.assign(variance=judged["variance"], weight=judged["weight"])


def public_sections(
    sections: pd.DataFrame, published: pd.DataFrame, counting: Sequence[str], limits: DisclosureParams
) -> pd.DataFrame:
    """What the public edition says of each section: no group, which names a school; shares in percent."""
    shown = sections.drop(columns=[one for one in NOT_OF_THE_SECTION if one in sections])
    heads = _heads(published, sections, counting, limits)
    keys = zip(shown["stage"], shown["school_code"], shown["pupils_on_roll"], strict=True)
    roll = [pd.NA if pd.isna(n) else heads[stage, code, ROLL][int(n)] for stage, code, n in keys]
    shown["pupils_on_roll"] = pd.array(roll, dtype="Float64")
    for name in [column for column in shown.columns if column.endswith("_share")]:
        shown[name] = shown[name].astype(float).round(2)
    return shown


def _stood_in(
    judged: pd.DataFrame, published: pd.DataFrame, measures: MeasuresParams, limits: DisclosureParams
) -> pd.Series[float]:
    """The figures as printed, and for withheld shares what a reader of the page would put in their place."""
    middle = (limits.minimum_numerator - 1) / 2.0
    n = judged["n"].astype(float)
    held = published["reason"].eq(Reason.SUPPRESSED.value)
    unit = judged["indicator"].map({name: str(one.unit) for name, one in measures.judged.items()})
    value = in_digits(judged["value"], unit, own_error(judged)).where(published["reason"].eq(""))
    value = value.mask(held & published["band"].eq("low"), middle / n)
    value = value.mask(held & published["band"].eq("high"), 1.0 - middle / n)
    keys = ["stage", "indicator", "school_code"]
    parts = judged[judged["subject"].ne("") & judged["reason"].eq("")]
    parts = parts.assign(n=n, product=n * value, unknown=value.isna())
    sums = parts.groupby(keys)[["n", "product", "unknown"]].sum()
    sums = sums[sums["unknown"].eq(0) & sums["n"].gt(0)]
    mean = (sums["product"] / sums["n"]).reindex(pd.MultiIndex.from_frame(judged[keys])).to_numpy()
    over_all = held & published["band"].eq("") & published["n"].notna() & judged["subject"].eq("")
    return value.mask(over_all, pd.Series(mean, index=value.index))


def _references(judged: pd.DataFrame, value: pd.Series[float], single: pd.Series[bool]) -> pd.Series[float]:
    """Each indicator's reference from figures shown; 0 where a figure is printed as its difference."""
    reference = judged["reference"].astype(float).copy()
    for _, rows in judged[single].groupby(GROUP):
        weight = rows["weight"].astype(float).where(value[rows.index].notna(), 0.0).fillna(0.0)
        if weight.sum() > 0 and not rows["reference"].dropna().eq(0.0).all():
            reference[rows.index] = float((weight * value[rows.index].fillna(0.0)).sum() / weight.sum())
    return reference


class _Scores:
    """How far the dimensions' scores move when withheld parts are stood in for."""

    def __init__(
        self,
        judged: pd.DataFrame,
        value: pd.Series[float],
        scale: pd.DataFrame,
        measures: MeasuresParams,
    ) -> None:
        self.judged, self.indicators = judged, [one for one in measures.indicators if one.weight]
        ids = [one.id for one in self.indicators]
        parts = judged[judged["subject"].eq("") & judged["indicator"].isin(ids) & judged["score"].notna()]
        spread = scale.set_index(["stage", "indicator"])["spread"]
        ten = spread.reindex(pd.MultiIndex.from_frame(parts[["stage", "indicator"]])).to_numpy(float)
        sign = parts["indicator"].map(
            {one.id: 1 if one.direction == "higher" else -1 for one in self.indicators}
        )
        log = parts["indicator"].isin([one.id for one in self.indicators if one.unit == "per_100"])
        before, after = parts["value"].astype(float), value[parts.index]
        on_log = after.where(log).map(np.log1p) - before.where(log).map(np.log1p)
        change = (after - before).mask(log, on_log)
        moved = change * sign.astype(float) / ten
        self.scores = (judged["score"].astype(float) + moved.reindex(judged.index)).astype(float)
        counted = parts["reason"].eq("") & parts["variance"].notna() & parts["score_reason"].eq("")
        self.parts = parts.assign(moved=moved, untold=after.isna())[counted]

    def shifts(self, single: pd.Series[bool]) -> tuple[pd.Series[float], pd.Series[float], pd.Series[bool]]:
        """Shift of every score and of its reference, and the scores that cannot be told."""
        score = pd.Series(0.0, index=self.judged.index)
        reference, untold = score.copy(), pd.Series(False, index=self.judged.index)
        for (stage, name), rows in self.judged[~single].groupby(["stage", "indicator"]):
            weights = self._weights(str(name))
            own = self.parts[self.parts["stage"].eq(str(stage)) & self.parts["indicator"].isin(list(weights))]
            if own.empty:
                continue
            own = own.assign(share=own["indicator"].map(weights).astype(float), mean=0.0)
            for _, same in own.groupby("indicator"):
                own.loc[same.index, "mean"] = _mean_shift(same)
            own = own.assign(score=own["share"] * own["moved"], reference=own["share"] * own["mean"])
            sums = own.groupby("school_code")[["share", "score", "reference", "untold"]].sum()
            sums = sums.reindex(rows["school_code"])
            score[rows.index] = (sums["score"] / sums["share"]).fillna(0.0).to_numpy()
            reference[rows.index] = (sums["reference"] / sums["share"]).fillna(0.0).to_numpy()
            untold[rows.index] = sums["untold"].fillna(0).to_numpy() > 0
        return score, reference, untold

    def _weights(self, name: str) -> dict[str, float]:
        """Each part's share of a dimension; in an overall score every dimension has the same."""
        if name in DIMENSIONS:
            return {one.id: one.weight for one in self.indicators if one.dimension == name}
        whole = {
            each: sum(one.weight for one in self.indicators if one.dimension == each) for each in DIMENSIONS
        }
        return {one.id: one.weight / whole[one.dimension] for one in self.indicators}


def _mean_shift(parts: pd.DataFrame) -> float:
    """How far the district's mean score moves: withheld sections leave it, others are stood in for."""
    weight, score = parts["weight"].astype(float), parts["score"].astype(float)
    told = ~parts["untold"].astype(bool)
    if not told.any():
        return 0.0
    stood_in = score[told] + parts.loc[told, "moved"]
    return float(np.average(stood_in, weights=weight[told]) - np.average(score, weights=weight))


def _of_last_year(found: pd.DataFrame, last: pd.DataFrame) -> pd.Series[float]:
    keys = [*GROUP, "school_code"]
    if "basis" not in last:  # read from the store, as a year whose pupils were forgotten: never kept there
        return pd.Series(np.nan, index=found.index)
    then = last.set_index(keys)["basis"]
    return pd.Series(then.reindex(pd.MultiIndex.from_frame(found[keys])).to_numpy(float), index=found.index)


def _family(figures: pd.DataFrame, counting: Sequence[str]) -> pd.Series[str]:
    """Whose numbers are of the same pupils, "" for a number that stands alone."""
    family = figures["dimension"].map(FAMILIES).fillna("")
    of_papers = figures["dimension"].eq("articulation") & figures["indicator"].isin(counting)
    return family.mask(of_papers, FAMILIES["academic"])


def _levelled(
    figures: pd.DataFrame, sections: pd.DataFrame, counting: Sequence[str], limits: DisclosureParams
) -> pd.Series[float]:
    heads = _heads(figures, sections, counting, limits)
    family = _family(figures, counting)
    keys = zip(figures["stage"], figures["school_code"], family, figures["n"], strict=True)
    n = [one[3] if pd.isna(one[3]) or not one[2] else heads[one[:3]][int(one[3])] for one in keys]
    return pd.Series(n, index=figures.index, dtype=float)


def _heads(
    figures: pd.DataFrame, sections: pd.DataFrame, counting: Sequence[str], limits: DisclosureParams
) -> Mapping[tuple[str, str, str], Mapping[int, int]]:
    """For every number of a section's pupils, by stage, school code and family, the one it is told as.

    Two numbers of the same pupils that differ by one or two point at these: entered 145, sat
    142. From the largest down, numbers less than `minimum_numerator` below the one before are
    told as the first of such a chain. Tempting, and wrong: rounding to a multiple of five, where
    144 and 145 may fall apart and tell that at least one is missing; and telling the least, since
    n itself follows from several rounded rates, and who is missing from n.
    """
    keys = ["stage", "school_code", "family"]
    rolls = sections[["stage", "school_code"]].assign(family=ROLL, n=sections["pupils_on_roll"])
    numbers = figures[["stage", "school_code"]].assign(family=_family(figures, counting), n=figures["n"])
    together = pd.concat([numbers.astype({"n": float}), rolls.astype({"n": float})]).dropna()
    heads: dict[tuple[str, str, str], dict[int, int]] = {}
    for (stage, code, family), rows in together.groupby(keys):
        own: dict[int, int] = {}
        heads[str(stage), str(code), str(family)] = own
        head = before = 0
        for n in sorted({int(one) for one in rows["n"]}, reverse=True):
            head = n if before - n >= limits.minimum_numerator or not own else head
            own[n], before = head, n
    return heads
