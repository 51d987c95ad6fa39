"""A column's different cells, each of them once: what is typed a thousand times is read a single time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Distinct:
    """A column of cells, folded.

    Attributes
    ----------
    cells
        Each different cell once, in the order in which they come; 1, 1.0 and true differ.
    places
        For every row of the column the position of its cell among them.
    rows
        The column's index.
    """

    cells: pd.Series[Any]
    places: npt.NDArray[np.intp]
    rows: pd.Index

    def spread(self, values: pd.Series[Any]) -> pd.Series[Any]:
        """What was made of each different cell, for every row."""
        return pd.Series(values.array.take(self.places), index=self.rows)


def distinct(column: pd.Series[Any]) -> Distinct:
    """A column's different cells.

    Examples
    --------
    >>> folded = distinct(pd.Series(["是", "否", "是"], dtype=object))
    >>> folded.cells.tolist(), folded.spread(folded.cells).tolist()
    (['是', '否'], ['是', '否', '是'])
    """
    cells = column.tolist()
    entries: Iterable[Any] = zip(map(type, cells), cells, strict=True)
    found: dict[Any, int] = {}
    places = np.fromiter((found.setdefault(entry, len(found)) for entry in entries), np.intp, len(cells))
    return Distinct(pd.Series([cell for _, cell in found], dtype=object), places, column.index)
