"""What may be shown: measurements become the `published` table, the only thing a page reads."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalib.settings import DisclosureParams
from evalib.vocabulary import Reason

# What a page never needs: weights and working variances stay in the store.
PUBLISHED = [
    "year",
    "school_code",
    "stage",
    "dimension",
    "indicator",
    "subject",
    "reason",
    "value",
    "se",
    "low",
    "high",
    "n",
    "coverage",
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
# Remarks of a load whose count is one of pupils' records.
COUNTS_PUPILS = frozenset(["rows_without_pupil"])
FIGURES = PUBLISHED[PUBLISHED.index("value") : PUBLISHED.index("standing")]
JUDGEMENT = PUBLISHED[PUBLISHED.index("d_mean") : PUBLISHED.index("score_reason")]


def publish(measurements: pd.DataFrame, limits: DisclosureParams, counting: Sequence[str]) -> pd.DataFrame:
    """The measurements that may be shown, the others with their reason alone.

    Parameters
    ----------
    measurements
        One row a section, indicator and subject, with standings.
    limits
        Fewest pupils behind a figure, and behind a standing.
    counting
        Indicators of record, shares whose value × n is a number of pupils.

    Returns
    -------
    A figure on fewer than `minimum_n` pupils becomes `suppressed`, its n included, and so
    does a share of record that so few pupils make up;
    a standing on fewer than `minimum_n_standing` becomes `none`. Rows are neither
    added nor lost.
    """
    shown = measurements.reindex(columns=PUBLISHED).reset_index(drop=True)
    few = shown["n"].fillna(0).lt(limits.minimum_n)
    small = few & shown["reason"].isin(["", Reason.TOO_FEW.value]) & shown["n"].gt(0)
    # A share of record, without interval, tells its numerator: 1 % of 101 is one pupil.
    numerator = (shown["value"] * shown["n"]).round()
    told = shown["reason"].eq("") & shown["indicator"].isin(counting)
    small |= told & numerator.between(1, limits.minimum_n - 1)
    shown.loc[small, "reason"] = Reason.SUPPRESSED.value
    silent = shown["reason"].ne("")
    shown.loc[silent, FIGURES + JUDGEMENT] = np.nan
    shown.loc[silent, ["standing", "standing_reason", "score_reason"]] = ""
    unjudged = ~silent & shown["n"].lt(limits.minimum_n_standing) & shown["standing"].ne("")
    shown.loc[unjudged, "standing"] = "none"
    shown.loc[unjudged, "standing_reason"] = Reason.TOO_FEW.value
    shown.loc[unjudged, CLAIMS] = np.nan
    return shown


def publish_sections(sections: pd.DataFrame, limits: DisclosureParams) -> pd.DataFrame:
    """What may be said of each section itself: counts and shares on too few pupils go.

    A share is withheld when its numerator or its complement is below the limit;
    `pupils_on_roll_withheld` tells a withheld count from one that was never handed in.
    """
    shown = sections.copy()
    roll = shown["pupils_on_roll"].astype("Float64")
    few = roll.lt(limits.minimum_n).fillna(False).astype(bool)
    shown["pupils_on_roll"] = roll.mask(few)
    shown["pupils_on_roll_withheld"] = few
    for name in ("ses", "entry"):
        if name in shown:
            shown[name] = shown[name].mask(few)
    for name in [column for column in shown.columns if column.endswith("_share")]:
        count = (shown[name] * roll.astype(float)).round()
        enough = count.ge(limits.minimum_n) & (roll.astype(float) - count).ge(limits.minimum_n)
        shown[name] = shown[name].where(enough)
    return shown


def publish_remarks(remarks: pd.DataFrame, limits: DisclosureParams) -> pd.DataFrame:
    """What a load remarked on a year's data, as notes of a page.

    Parameters
    ----------
    remarks
        One row each: stage, school_code, note and its fields as JSON. Their shares are of
        30 pupils or more, or as many as the district says.
    limits
        Fewest pupils behind a figure.

    Returns
    -------
    The same rows. A number of pupils' records below `minimum_n` becomes "fewer than", under
    the note's name with `_few` behind it.
    """
    notes = []
    for row in remarks.to_dict("records"):
        fields = json.loads(row["fields"])
        if row["note"] in COUNTS_PUPILS and fields["count"] < limits.minimum_n:
            fields = {"few": limits.minimum_n}
            row = {**row, "note": f"{row['note']}_few"}
        notes.append({**row, "fields": json.dumps(fields, ensure_ascii=False, sort_keys=True)})
    return pd.DataFrame(notes, columns=list(remarks.columns)).astype("str")


def publish_parts(measurements: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """What a researcher needs to weigh the indicators anew: figures and variances of what is shown.

    Parameters
    ----------
    measurements
        With standings; every row of it stands in `published` too, in the same order.
    published
        From `publish`.

    Returns
    -------
    The rows of single indicators, all subjects together; without a figure where the page
    shows none.
    """
    parts = measurements[PARTS].reset_index(drop=True)
    parts["reason"] = published["reason"].to_numpy()
    parts.loc[parts["reason"].ne(""), ["value", "variance", "weight", "n"]] = np.nan
    kept = parts["subject"].eq("") & parts["indicator"].ne(parts["dimension"])
    return parts[kept].reset_index(drop=True)


def publish_influences(influences: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The moments of sections whose score is shown; see `evalib.review.influences`."""
    shown = published[published["indicator"].eq(published["dimension"]) & published["reason"].eq("")]
    keys = pd.MultiIndex.from_frame(shown[["stage", "school_code", "dimension"]])
    mine = pd.MultiIndex.from_frame(influences[["stage", "school_code", "score"]])
    return influences[mine.isin(keys)].reset_index(drop=True)
