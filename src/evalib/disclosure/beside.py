"""Figures that are told in few digits: on that side of a limit where they lie."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.settings.balance import BalanceLimit

# As the review judges: what lies beyond is noise of binary fractions.
_DECIMALS = 12


def rounded_beside(value: float, digits: int, limit: BalanceLimit | None) -> float:
    """A figure in so many digits that does not contradict its verdict.

    Parameters
    ----------
    value
        Unrounded; not a number where there is none.
    digits
        Decimals.
    limit
        What the unrounded figure was judged by; None where it was not.

    Returns
    -------
    The nearest number of so many digits. Where the limit lies between that and the figure, the
    next on the figure's own side, less than a unit of the last digit away.

    Notes
    -----
    Verdict and limit are told beside it, so that the side tells nothing new. Tempting, and
    wrong: more digits until the side is seen, since a withheld roll may follow from them.

    Examples
    --------
    >>> rounded_beside(0.9496, 3, BalanceLimit(at_least=0.95))
    0.949
    >>> rounded_beside(0.504, 2, BalanceLimit(at_most=0.5))
    0.51
    """
    near = round(value, digits)
    if limit is None or limit.kept_by(near) == limit.kept_by(round(value, _DECIMALS)):
        return near
    unit = 10.0**-digits
    return round(near + (unit if value > near else -unit), digits)


def all_beside(values: pd.Series[float], digits: int, limit: BalanceLimit | None) -> pd.Series[float]:
    """Each of several figures as `rounded_beside` has it."""
    told = [rounded_beside(one, digits, limit) for one in values.to_numpy(float, na_value=np.nan).tolist()]
    return pd.Series(told, index=values.index, dtype=float)
