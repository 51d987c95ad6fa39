"""Files on disk → clean values and faults, without the checks between tables: fast enough for every form."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pandas as pd

from evalib.errors import Fault
from evalib.intake.cleaning import Cleaner
from evalib.intake.columns import Columns, load_columns
from evalib.intake.derived import derived
from evalib.intake.located import stacked
from evalib.intake.pseudonyms import FIXED_KEY, Identities
from evalib.intake.recognition import recognise
from evalib.intake.workbooks import read_grids

PARAMS = Path(__file__).parents[2] / "params"


@cache
def columns() -> Columns:
    """The project's own words, read once."""
    return load_columns(PARAMS)


def taken_in(*paths: Path) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Clean tables with the places of their rows, what follows filled in; and all faults."""
    cleaner = Cleaner(columns(), Identities(FIXED_KEY), "national")
    parts = defaultdict(list)
    headers, faults = {}, []
    for path in paths:
        grids, told = read_grids(path, path.name)
        faults += told
        for grid in grids:
            found = recognise(grid, columns())
            faults += found.faults
            if found.sheet is not None:
                frame, told = cleaner.clean(found.sheet)
                faults += told
                headers[grid.file, grid.sheet] = found.sheet.headers
                parts[found.table].append(frame)
    rows = {name: stacked(frames) for name, frames in parts.items()}
    tables, told = derived(rows, columns(), headers, papers_whole=True)
    return tables, faults + told


def faultless(*paths: Path) -> dict[str, pd.DataFrame]:
    """Clean tables of files that have no fault and no warning."""
    tables, faults = taken_in(*paths)
    assert [(fault.key, fault.column, fault.rows) for fault in faults] == []
    return tables


def faults_of(*paths: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """Key, column and rows of every fault and warning."""
    return [(fault.key, fault.column, fault.rows) for fault in taken_in(*paths)[1]]
