"""Tables that a district's files do not bring: told, since nothing that is not handed in is a fault."""

from __future__ import annotations

from collections.abc import Iterable

from evalib.intake.columns import Columns
from evalib.intake.schemas import SCHEMAS
from evalib.messages import message
from evalib.store import Slice, Store


def absent_told(brought: Iterable[Slice], store: Store, columns: Columns, lang: str) -> list[str]:
    """Which tables of the files' latest year are not there, and which of these an earlier load brought.

    Parameters
    ----------
    brought
        Tables and school years of the files.
    store
        What earlier loads left.

    Returns
    -------
    A line on those that no load brought, a line on those that stay as they were loaded; none
    where every table is there, or no year is.
    """
    here = set(brought)
    last = max((year for table, year in here if table in SCHEMAS), default="")
    if not last:
        return []
    lacking = [name for name in SCHEMAS if (name, last) not in here]
    kept = [name for name in lacking if store.has(name, last)]
    lines = []
    for key, names in (
        ("tables_absent", [one for one in lacking if one not in kept]),
        ("tables_kept", kept),
    ):
        if names:
            called = ("、" if lang == "zh" else ", ").join(
                columns.params.tables[one].names[0] for one in names
            )
            lines.append(message(key, lang, names=called, year=last))
    return lines
