"""The published tables of one year: what is shown, and what a researcher may weigh anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalib.disclosure.cells import BANDS, FEW, withheld_cells
from evalib.settings import DisclosureParams, IssuedYear
from evalib.vocabulary import Reason, SchoolYear

# What a page never needs: weights and working variances stay in the store.
PUBLISHED = [
    "year",
    "school_code",
    "stage",
    "dimension",
    "indicator",
    "subject",
    "reason",
    "band",
    "value",
    "se",
    "low",
    "high",
    "n",
    "coverage",
    "coverage_band",
    "reference",
    "difference",
    "difference_low",
    "difference_high",
    "standing",
    "standing_reason",
    "d_mean",
    "d_sd",
    "probability_above",
    "probability_below",
    "between_variance",
    "class_correlation",
    "design_effect",
    "reliability",
    "shrunken",
    "shrunken_se",
    "shrunken_low",
    "shrunken_high",
    "conditional_se",
    "score",
    "rank_low",
    "rank_high",
    "p_top_quarter",
    "called_by_chance",
    "similar_reference",
    "similar_difference",
    "similar_low",
    "similar_high",
    "change",
    "change_se",
    "change_probability",
    "smallest",
    "weight_available",
    "score_reason",
]
TEXTS = ["band", "coverage_band", "standing", "standing_reason", "score_reason"]
# What only a section that is judged may claim.
CLAIMS = [
    "d_mean",
    "d_sd",
    "probability_above",
    "probability_below",
    "rank_low",
    "rank_high",
    "p_top_quarter",
    "change",
    "change_se",
    "change_probability",
]
CHANGES = ["change", "change_se", "change_probability"]
PARTS = [
    "year",
    "school_code",
    "stage",
    "dimension",
    "indicator",
    "subject",
    "reason",
    "value",
    "variance",
    "weight",
    "n",
    "expected",
]
FIGURES = [
    one for one in PUBLISHED[PUBLISHED.index("value") : PUBLISHED.index("standing")] if one not in TEXTS
]
JUDGEMENT = PUBLISHED[PUBLISHED.index("d_mean") : PUBLISHED.index("score_reason")]


def publish(
    measurements: pd.DataFrame,
    limits: DisclosureParams,
    counting: Sequence[str],
    *,
    before: Mapping[str, pd.DataFrame] | None = None,
    issued: IssuedYear | None = None,
) -> pd.DataFrame:
    """The measurements that may be shown, the others with their reason alone.

    Parameters
    ----------
    measurements
        One row a section, indicator and subject, with standings.
    limits, counting, before, issued
        See `cells.withheld_cells`.

    Returns
    -------
    A figure on fewer than `minimum_n` pupils becomes `suppressed`, its n included. A share
    that fewer than `minimum_numerator` pupils make up, or fall short of, becomes
    `suppressed` with `band` "low" or "high" and its n; so does what would tell one of
    these, without a band. `coverage` follows the same rule, with `coverage_band`. A change
    against a year whose figure is withheld is none; a standing on fewer than
    `minimum_n_standing` becomes `none`. Rows are neither added nor lost.

    Notes
    -----
    Both editions show these rows and no others; the public one rounds them (see
    `public.public_figures`). All suppressed rows carry one reason, so that the wording tells
    nobody which rule it was.
    """
    source = measurements.reset_index(drop=True)
    shown = source.reindex(columns=PUBLISHED)
    shown[TEXTS] = shown[TEXTS].astype(object).fillna("").astype("str")
    fate = withheld_cells(source, limits, counting, before=before, issued=issued)
    shown.loc[fate.ne(""), "reason"] = Reason.SUPPRESSED.value
    shown["band"] = fate.where(fate.isin(BANDS), "").astype("str")
    silent = shown["reason"].ne("")
    counted = fate.ne("") & fate.ne(FEW)
    figures = [one for one in FIGURES if one not in ("n", "coverage")]
    shown.loc[silent, figures + JUDGEMENT] = np.nan
    shown.loc[silent & ~counted, ["n", "coverage"]] = np.nan
    shown.loc[silent, ["standing", "standing_reason", "score_reason"]] = ""
    _band_coverage(shown, source, limits)
    unjudged = ~silent & shown["n"].lt(limits.minimum_n_standing) & shown["standing"].ne("")
    shown.loc[unjudged, "standing"] = "none"
    shown.loc[unjudged, "standing_reason"] = Reason.TOO_FEW.value
    shown.loc[unjudged, CLAIMS] = np.nan
    shown.loc[_withheld_last_year(shown, before or {}), CHANGES] = np.nan
    return shown


def _band_coverage(shown: pd.DataFrame, source: pd.DataFrame, limits: DisclosureParams) -> None:
    """Coverage as a band where fewer than `minimum_numerator` pupils are missing, or are there."""
    if "expected" not in source:
        return
    n, expected = shown["n"].astype(float), source["expected"].astype(float)
    known = shown["coverage"].notna()
    few = known & n.lt(limits.minimum_numerator)
    nearly = known & (expected - n).lt(limits.minimum_numerator)
    shown.loc[few, "coverage_band"] = "low"
    shown.loc[nearly, "coverage_band"] = "high"
    shown.loc[few | nearly, "coverage"] = np.nan


def _withheld_last_year(shown: pd.DataFrame, before: Mapping[str, pd.DataFrame]) -> pd.Series[bool]:
    """Rows whose figure of last year is withheld: the change would tell it."""
    keys = ["stage", "indicator", "subject", "school_code"]
    found = pd.Series(False, index=shown.index)
    for year, rows in shown.groupby("year"):
        last = before.get(str(SchoolYear(str(year)).previous))
        if last is not None:
            held = last.loc[last["reason"].eq(Reason.SUPPRESSED.value), keys]
            of_year = pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(held))
            found[rows.index] = of_year
    return found


def publish_sections(sections: pd.DataFrame, limits: DisclosureParams) -> pd.DataFrame:
    """What may be said of each section itself: counts and shares on too few pupils go.

    A share is withheld where fewer than `minimum_numerator` pupils make it up or fall
    short of it, as any rate is; `pupils_on_roll_withheld` tells a withheld count from one
    that was never handed in.
    """
    shown = sections.copy()
    roll = shown["pupils_on_roll"].astype("Float64")
    few = roll.lt(limits.minimum_n).fillna(False).astype(bool)
    shown["pupils_on_roll"] = roll.mask(few)
    shown["pupils_on_roll_withheld"] = few
    for name in ("ses", "entry"):
        if name in shown:
            shown[name] = shown[name].mask(few)
    least = limits.minimum_numerator
    for name in [column for column in shown.columns if column.endswith("_share")]:
        count = (shown[name] * roll.astype(float)).round()
        enough = count.ge(least) & (roll.astype(float) - count).ge(least) & ~few
        shown[name] = shown[name].where(enough)
    return shown


def publish_parts(measurements: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """What a researcher needs to weigh the indicators anew: figures and their variances.

    Parameters
    ----------
    measurements
        With standings; every row of it stands in `published` too, in the same order.
    published
        From `publish`.

    Returns
    -------
    The rows of single indicators, all subjects together; without a figure where too few
    pupils stand behind it. A figure of which a page shows a band alone is there, since
    without it no score could be weighed: these tables are for researchers who may see the
    restricted edition, no page prints a row of them, and the public edition has none.
    """
    parts = measurements[PARTS].reset_index(drop=True)
    withheld = published["reason"].ne("").to_numpy()
    band = withheld & published["n"].notna().to_numpy() & parts["reason"].eq("").to_numpy()
    parts["reason"] = parts["reason"].where(band, published["reason"].to_numpy())
    parts.loc[parts["reason"].ne(""), ["value", "variance", "weight", "n"]] = np.nan
    kept = parts["subject"].eq("") & parts["indicator"].ne(parts["dimension"])
    return parts[kept].reset_index(drop=True)


def publish_influences(influences: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The moments of sections whose score is shown; see `evalib.review.influences`."""
    shown = published[published["indicator"].eq(published["dimension"]) & published["reason"].eq("")]
    keys = pd.MultiIndex.from_frame(shown[["stage", "school_code", "dimension"]])
    mine = pd.MultiIndex.from_frame(influences[["stage", "school_code", "score"]])
    return influences[mine.isin(keys)].reset_index(drop=True)
