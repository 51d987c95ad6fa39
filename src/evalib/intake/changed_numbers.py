"""The sheet 学籍号变更: which pupils' numbers changed, from which number into which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalib.errors import Fault
from evalib.intake import cells
from evalib.intake.columns import Columns, plain
from evalib.intake.pseudonyms import Identities, number_faults
from evalib.intake.recognition import HEADER_ROWS
from evalib.intake.workbooks import Grid, blank

_SIDES = ("former", "current")


@dataclass(frozen=True)
class Change:
    """One row of a sheet of changed numbers.

    Attributes
    ----------
    former, current
        Pseudonyms of the number before and after.
    file, sheet, row
        Where it stands.
    column
        Header of the number after, for faults.
    """

    former: str
    current: str
    file: str
    sheet: str
    row: int
    column: str


@dataclass(frozen=True)
class ChangedNumbers:
    """Reads sheets of changed numbers.

    Attributes
    ----------
    columns
        The words of `params/columns.yaml`.
    identities
        What replaces the numbers.
    school_codes
        "national" (学籍号 are checked) or "own".
    """

    columns: Columns
    identities: Identities
    school_codes: str

    def read(self, grid: Grid) -> tuple[list[Change], list[Fault]] | None:
        """The changes that a sheet lists, and its faults; None if it is no sheet of changes.

        It is one if one of its first rows has a header for the number before and one for
        the number after, or one of them where sheet or file is named after changes.
        """
        known = self.columns.params.changed_numbers
        headers = {side: {plain(one) for one in (side, *getattr(known, side))} for side in _SIDES}
        named = plain(grid.sheet) + plain(grid.file)
        by_name = any(plain(name) in named for name in known.names)
        for index, row in enumerate(grid.rows[:HEADER_ROWS]):
            found = {
                side: place
                for side in _SIDES
                for place, cell in reversed(list(enumerate(row)))
                if isinstance(cell, str) and plain(cell) in headers[side]
            }
            if len(found) == len(_SIDES):
                return self._changes(grid, index, found)
            if found and by_name:
                return [], [self._missing(grid, side) for side in _SIDES if side not in found]
        return None

    def _missing(self, grid: Grid, side: str) -> Fault:
        known: list[str] = getattr(self.columns.params.changed_numbers, side)
        return Fault(grid.file, "missing_column", grid.sheet, known[0], fields={"aliases": "、".join(known)})

    def _changes(self, grid: Grid, head: int, places: Mapping[str, int]) -> tuple[list[Change], list[Fault]]:
        faults: list[Fault] = []
        words = tuple(plain(word) for word in self.columns.params.summary_rows)
        header = [grid.rows[head][place] for place in places.values()]
        rows = {}
        for index, row in enumerate(grid.rows[head + 1 :], start=head + 2):
            pair = [row[place] if place < len(row) else "" for place in places.values()]
            filled = [cell for cell in pair if not blank(cell)]
            if filled and pair != header and not plain(str(filled[0])).startswith(words):
                rows[index] = pair
        numbers = pd.DataFrame(list(rows.values()), columns=list(places), index=list(rows), dtype=object)
        titles = {side: str(grid.rows[head][place]) for side, place in places.items()}
        read = {side: self._pseudonyms(grid, numbers[side], titles[side], faults) for side in _SIDES}
        pairs = pd.DataFrame(read).dropna()
        changes = [
            Change(str(former), str(current), grid.file, grid.sheet, int(row), titles["current"])
            for row, former, current in zip(pairs.index, pairs["former"], pairs["current"], strict=True)
            # A list of all pupils has the same number twice where nothing changed.
            if former != current
        ]
        return changes, faults

    def _pseudonyms(self, grid: Grid, raw: pd.Series[Any], title: str, faults: list[Fault]) -> pd.Series[str]:
        values, unreadable = cells.code(raw)
        wrong = {"unreadable_pupil": unreadable, "missing_value": values.isna() & ~unreadable}
        if self.school_codes == "national":
            values = values.str.upper()
            wrong |= number_faults(values)
        for key, mask in wrong.items():
            if mask.any():
                rows = tuple(int(row) for row in mask.index[mask.to_numpy(dtype=bool)])
                faults.append(Fault(grid.file, key, grid.sheet, title, rows))
        return self.identities.pseudonyms(values, "pupil")
