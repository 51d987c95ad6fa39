"""The public edition's figures in the digits that a page prints, so that no file tells more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.disclosure.tables import PUBLISHED
from evalib.wording import digits_of, rounded

Floats = npt.NDArray[np.float64]

# Figures on the indicator's own scale, and differences on it, in the digits of the figure.
LEVELS = ("value", "low", "high", "reference", "similar_reference")
DIFFERENCES = (
    "difference",
    "difference_low",
    "difference_high",
    "similar_difference",
    "similar_low",
    "similar_high",
)
# Printed beside standard errors of their own.
SHRUNKEN = ("shrunken", "shrunken_low", "shrunken_high")
SHARES = (
    "coverage",
    "class_correlation",
    "design_effect",
    "reliability",
    "change_probability",
    "weight_available",
)
ERRORS = ("se", "shrunken_se", "change_se")


def printed(figures: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """Every figure as its page prints it.

    Parameters
    ----------
    figures
        From `public.public_figures`, with the similar sections' columns.
    units
        The unit of each indicator and dimension.

    Returns
    -------
    The published columns: figures and ends of intervals in the digits that their standard
    error bears (see `wording.digits_of`), shares in percent, standard errors to one digit.
    What a chart draws and `results.json` holds is then what the page says.
    """
    shown = figures.reindex(columns=PUBLISHED).copy()
    unit = shown["indicator"].map(units)
    own, nothing = own_error(figures), pd.Series(np.nan, index=shown.index)
    for names, error in (
        ((*LEVELS, *DIFFERENCES), own),
        (SHRUNKEN, shown["shrunken_se"]),
        (("change",), shown["change_se"]),
        (("smallest",), nothing),
    ):
        for name in names:
            shown[name] = in_digits(shown[name], unit, error)
    shown["score"] = in_digits(shown["score"], pd.Series("t_score", index=shown.index), nothing)
    for name in SHARES:
        shown[name] = shown[name].astype(float).round(2)
    shown["d_mean"] = shown["d_mean"].astype(float).round(1)
    for name in ERRORS:
        shown[name] = _one_digit(unit, shown[name].to_numpy(float))
    return shown


def own_error(figures: pd.DataFrame) -> pd.Series[float]:
    """The standard error that gives a figure its digits; without one that of its interval, as on a page."""
    return figures["se"].astype(float).fillna((figures["high"] - figures["low"]).astype(float) / 3.92)


def in_digits(figures: pd.Series[float], unit: pd.Series[str], error: pd.Series[float]) -> pd.Series[float]:
    """Figures in the digits that their standard errors bear."""
    told = [
        rounded(one, value, digits_of(one, se)) if np.isfinite(value) else np.nan
        for one, value, se in zip(unit, figures.astype(float), error.astype(float), strict=True)
    ]
    return pd.Series(told, index=figures.index, dtype=float)


def _one_digit(unit: pd.Series[str], error: Floats) -> Floats:
    """Standard errors to one digit, downwards where rounding up would change a figure's digits.

    With two digits a standard error and a design effect tell n to within a pupil or two.
    """
    found = np.full(len(error), np.nan)
    for place, (one, se) in enumerate(zip(unit, error, strict=True)):
        if not np.isfinite(se) or se <= 0:
            found[place] = se
            continue
        step = 10.0 ** np.floor(np.log10(se))
        near = round(se / step) * step
        found[place] = near if digits_of(one, near) == digits_of(one, se) else np.floor(se / step) * step
    return np.array([float(f"{one:.6g}") for one in found])
