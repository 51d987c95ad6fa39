"""Years whose figures stand as they are: pupils that they were measured from have been forgotten.

Measured again, such a year would lose what its pupils told, and the years after it what
was compared with them. The store's table `settled` says of which years that is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from evalib.records import YEARS_BACK
from evalib.store import Slice, Store
from evalib.vocabulary import SchoolYear

TABLE = "settled"
_COLUMNS = ["forgotten", "tables", "fingerprint"]


def settle(store: Store, forgotten: Sequence[str], tables: Iterable[str]) -> dict[Slice, pd.DataFrame]:
    """What the store must be told before the pupils of some years are forgotten.

    Parameters
    ----------
    forgotten
        The school years.
    tables
        Names of the clean tables that years are measured from.

    Returns
    -------
    Tables to be written with the deletion, of each measured year that looks back on one
    of these: which year was forgotten, and a fingerprint of its own tables, so that it is
    measured again once others are loaded for it.
    """
    names = sorted(tables)
    marked = {}
    for year in store.years("measurements"):
        known = _marks(store, year)
        rows = [
            {
                "forgotten": one,
                "tables": " ".join(names),
                "fingerprint": store.fingerprint((name, year) for name in names),
            }
            for one in forgotten
            if 0 <= _start(year) - _start(one) <= YEARS_BACK
        ]
        if rows:
            told = pd.DataFrame(rows, columns=_COLUMNS, dtype="str")
            kept = known[~known["forgotten"].isin(told["forgotten"])]
            marked[TABLE, year] = pd.concat([kept, told]).sort_values("forgotten", ignore_index=True)
    return marked


def is_settled(store: Store, year: str) -> bool:
    """Whether a year's figures stand: it, or a year it looks back on, has been forgotten.

    No longer once the forgotten year's pupils are loaded again, nor, for a later year,
    once other tables are loaded for that.
    """
    marks = _marks(store, year)
    for forgotten, tables, fingerprint in zip(*(marks[name].astype(str) for name in _COLUMNS), strict=True):
        own = [(name, year) for name in tables.split()]
        same = forgotten == year or store.fingerprint(own) == fingerprint
        if same and not store.has("pupils", forgotten):
            return True
    return False


def _marks(store: Store, year: str) -> pd.DataFrame:
    return store.read(TABLE, year) if store.has(TABLE, year) else pd.DataFrame(columns=_COLUMNS, dtype="str")


def _start(year: str) -> int:
    return int(SchoolYear(year).text[:4])
