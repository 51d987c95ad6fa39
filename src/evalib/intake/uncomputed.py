"""Formulas that a program wrote and no spreadsheet has computed: read as blank, they would pass for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from evalib.errors import Fault
from evalib.intake.extents import Place
from evalib.intake.recognition import Sheet
from evalib.intake.workbooks import Grid, blank


def formulas_without_value(grid: Grid, sheet: Sheet, spots: Mapping[str, Place]) -> list[Fault]:
    """One fault for each column that is used and has formulas without a value.

    Totals and remarks below a table are no records and are passed over.

    Parameters
    ----------
    grid
        The sheet as it was read.
    sheet
        The same, recognised.
    spots
        What faults call a column → row and column of its header.
    """
    if not grid.uncomputed:
        return []
    titles = {spots[title][1]: title for title in sheet.headers.values() if title in spots}
    rows: dict[str, set[int]] = defaultdict(set)
    for row, column in grid.uncomputed:
        title = titles.get(column)
        if title is None or row <= spots[title][0]:
            continue
        cells = grid.rows[row - 1] if row <= len(grid.rows) else []
        # A row of such formulas alone looks blank.
        if row in sheet.cells.index or all(blank(cell) for cell in cells):
            rows[title].add(row)
    return [
        Fault(grid.file, "formula_without_value", grid.sheet, title, tuple(sorted(found)))
        for title, found in rows.items()
    ]
