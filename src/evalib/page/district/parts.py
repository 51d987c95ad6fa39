"""Several tables, figures and notes that one cell of a notebook shows, one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from IPython.display import display

from evalib.page.charts import Chart
from evalib.page.tables import Context, Lead, Note, Table

Shown = Table | Chart | Note | Lead | Context


@dataclass(frozen=True)
class Parts:
    """Several outputs in order; empty notes are left out."""

    shown: tuple[Shown, ...]

    def __iter__(self) -> Iterator[Shown]:
        return (one for one in self.shown if one != Note("", ()))

    def _ipython_display_(self, **more: Any) -> None:
        """Give each to the notebook as an output of its own, as every face wants it."""
        for one in self:
            display(one)  # type: ignore[no-untyped-call]
