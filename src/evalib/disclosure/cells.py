"""Which figures are withheld: those on few pupils, and those that would tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalib.settings import DisclosureParams, IssuedYear
from evalib.vocabulary import Reason, SchoolYear

# Why a cell is withheld; "" where it is not. A reader is told the bands, and else one wording.
FEW, LOW, HIGH, OTHERS = "few", "low", "high", "others"
BANDS = (LOW, HIGH)
CELL = ["stage", "indicator", "subject", "school_code"]
# A share of n pupils times n is whole but for the last bits.
_EXACT = 1e-6


def withheld_cells(
    measurements: pd.DataFrame,
    limits: DisclosureParams,
    counting: Sequence[str],
    *,
    before: Mapping[str, pd.DataFrame] | None = None,
    issued: IssuedYear | None = None,
) -> pd.Series[str]:
    """Why each figure of one year is withheld.

    Parameters
    ----------
    measurements
        One row a section, indicator and subject: reason, value, n.
    limits
        Fewest pupils behind a figure, making up a share, or falling short of it.
    counting
        Indicators that are shares of pupils, so that value × n is a number of them.
    before
        Published tables of earlier years, by school year.
    issued
        What was withheld when the year was handed out, if it was.

    Returns
    -------
    For every row "", or
    `few` (n below `minimum_n`), `low` or `high` (a share of n pupils that fewer than
    `minimum_numerator` make up or fall short of), `others` (shown, it would tell one of
    these).

    Notes
    -----
    Whole pupils are counted: with x = value × n, `low` is x < 5 and `high` n − x < 5, for
    shares averaged over a pupil's subjects too. Tempting, and wrong, is to keep the figure
    over all subjects where one subject is withheld: three times the mean less the other two
    is the third, to the pupil. It goes, and without a band, which alone would narrow the
    subject's. A figure of several years goes with each of its years.
    """
    fate = _few(measurements, limits, counting)
    fate = _with_subjects(measurements, fate)
    for name, other in limits.goes_with.items():
        held = _sections(measurements, fate, other)
        fate = _mark(measurements, fate, measurements["indicator"].eq(name) & _among(measurements, held))
    fate = _with_subjects(measurements, fate)
    for name, other in limits.made_of_years.items():
        held = _sections(measurements, fate, other) | _sections_before(measurements, before or {}, other)
        fate = _mark(measurements, fate, measurements["indicator"].eq(name) & _among(measurements, held))
    return fate if issued is None else _as_issued(measurements, fate, issued)


def _few(measurements: pd.DataFrame, limits: DisclosureParams, counting: Sequence[str]) -> pd.Series[str]:
    """What a cell tells by itself."""
    n = measurements["n"].fillna(0).astype(float)
    reason = measurements["reason"]
    few = n.lt(limits.minimum_n) & n.gt(0) & reason.isin(["", Reason.TOO_FEW.value])
    counted = reason.eq("") & measurements["indicator"].isin(counting) & measurements["value"].notna()
    reached = (measurements["value"] * n).astype(float)
    low = counted & reached.lt(limits.minimum_numerator - _EXACT)
    high = counted & (n - reached).lt(limits.minimum_numerator - _EXACT)
    found = np.select([few, low, high], [FEW, LOW, HIGH], "")
    return pd.Series(found, index=measurements.index, dtype="str")


def _with_subjects(measurements: pd.DataFrame, fate: pd.Series[str]) -> pd.Series[str]:
    """The figure over all subjects goes where one of its subjects goes, and tells no band."""
    of_subject = measurements["subject"].ne("") & fate.ne("")
    keys = ["stage", "indicator", "school_code"]
    held = pd.MultiIndex.from_frame(measurements.loc[of_subject, keys])
    over_all = measurements["subject"].eq("") & pd.MultiIndex.from_frame(measurements[keys]).isin(held)
    silenced = fate.mask(over_all & fate.isin(BANDS), OTHERS)
    return _mark(measurements, silenced, over_all)


def _sections(measurements: pd.DataFrame, fate: pd.Series[str], indicator: str) -> set[tuple[str, str]]:
    """Sections, as stage and school code, of which some figure of the indicator is withheld."""
    held = measurements["indicator"].eq(indicator) & fate.ne("")
    return set(measurements.loc[held, ["stage", "school_code"]].itertuples(index=False, name=None))


def _sections_before(
    measurements: pd.DataFrame, before: Mapping[str, pd.DataFrame], indicator: str
) -> set[tuple[str, str]]:
    """The same of the two years before."""
    found: set[tuple[str, str]] = set()
    year = SchoolYear(str(measurements["year"].iloc[0])) if len(measurements) else None
    for _ in range(2 if year else 0):
        year = year.previous  # type: ignore[union-attr]
        if str(year) in before:
            then = before[str(year)]
            held = then["indicator"].eq(indicator) & then["reason"].eq(Reason.SUPPRESSED.value)
            found |= set(then.loc[held, ["stage", "school_code"]].itertuples(index=False, name=None))
    return found


def _among(measurements: pd.DataFrame, sections: set[tuple[str, str]]) -> pd.Series[bool]:
    keys = pd.MultiIndex.from_frame(measurements[["stage", "school_code"]])
    return pd.Series(keys.isin(list(sections)) if sections else False, index=measurements.index)


def _mark(measurements: pd.DataFrame, fate: pd.Series[str], rows: pd.Series[bool]) -> pd.Series[str]:
    """The rows that have a figure, and are shown so far, go as well."""
    return fate.mask(rows & fate.eq("") & measurements["reason"].eq(""), OTHERS)


def _as_issued(measurements: pd.DataFrame, fate: pd.Series[str], issued: IssuedYear) -> pd.Series[str]:
    """The year as it was handed out: withheld stays withheld, and what was shown hides nothing now.

    Only what is too few by itself is withheld beyond it, since a figure that was mended after
    the year was handed out is a new one.
    """
    then: dict[tuple[str, str, str, str], str] = {}
    covered = set()
    for cells in issued.cells:
        covered.add((cells.stage, cells.indicator, cells.subject))
        for why in (FEW, LOW, HIGH, OTHERS):
            for code in getattr(cells, why):
                then[cells.stage, cells.indicator, cells.subject, code] = why
    keys = list(measurements[CELL].itertuples(index=False, name=None))
    was = pd.Series([then.get(key, "") for key in keys], index=fate.index, dtype="str")
    known = pd.Series([key[:3] in covered for key in keys], index=fate.index)
    figure = measurements["reason"].isin(["", Reason.TOO_FEW.value])
    fate = fate.mask(known & fate.eq(OTHERS), "")
    return fate.mask(was.ne("") & figure & fate.ne(FEW), was)
