"""What was withheld in a year that is handed out, so that later runs withhold the same."""

from __future__ import annotations

import datetime

import pandas as pd

from evalib.disclosure.cells import BANDS, FEW, OTHERS
from evalib.settings import IssuedCells, IssuedYear
from evalib.vocabulary import Reason


def issued_year(published: pd.DataFrame, dated: datetime.date) -> IssuedYear:
    """The withheld cells of a published year, by stage, indicator and subject.

    Parameters
    ----------
    published
        The year's `published` table.
    dated
        When it was handed out.

    Returns
    -------
    An entry for every stage, indicator and subject that was printed, also where nothing was
    withheld: what is not named in it was shown.
    """
    held = published["reason"].eq(Reason.SUPPRESSED.value)
    why = published["band"].where(published["band"].isin(BANDS), OTHERS)
    why = why.mask(published["n"].isna(), FEW).where(held, "")
    cells = []
    for (stage, indicator, subject), rows in published.groupby(["stage", "indicator", "subject"]):
        named = {
            fate: sorted(rows.loc[why[rows.index].eq(fate), "school_code"]) for fate in (FEW, *BANDS, OTHERS)
        }
        cells.append(IssuedCells(stage=str(stage), indicator=str(indicator), subject=str(subject), **named))
    return IssuedYear(dated=dated, cells=cells)
