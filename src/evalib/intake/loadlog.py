"""Which file gave which rows of which table and year, and when: for people in short, for machines whole.

The log is `loads.jsonl` in the store's folder: one JSON document a line, one line a load.

- `time`: local time with its offset from UTC; `evalib`: the version that loaded.
- `slices`: one entry a table and year that the load brought or had to write anew:
  `table`, `year`, `change` (new, replaced, unchanged), `rows`, and `sources`: `file`
  (below the district's folder), `sheet` (empty for a file that has only one) and `rows`.
  A line of `evalib forget` has the change `forgotten`, how many rows went, and no sources.

It holds no cell of any file. Runs of digits in names of files and sheets are masked, as
in messages. A load that changed nothing and read the same files leaves no line.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from evalib import __version__
from evalib.errors import shown
from evalib.intake.aliases import ALIASES
from evalib.intake.columns import Columns
from evalib.intake.schemas import SCHEMAS
from evalib.messages import message
from evalib.store import Change, Changes, Slice

# So many files are named on the terminal; the log has all, and their sheets.
MOST_FILES = 3


@dataclass(frozen=True)
class Source:
    """Rows of one table and year that one sheet gave.

    Attributes
    ----------
    file, sheet
        Where they stood, as it may be shown.
    rows
        How many.
    """

    file: str
    sheet: str
    rows: int


Sources = Mapping[Slice, tuple[Source, ...]]


def sources_of(frame: pd.DataFrame) -> tuple[Source, ...]:
    """Where the rows of a frame come from, by the places in its hidden columns."""
    counts = frame.groupby(["_file", "_sheet"], sort=True, observed=True).size()
    places: list[Any] = list(counts.index)
    return tuple(
        Source(shown(str(file)), shown(str(sheet)), int(rows))
        for (file, sheet), rows in zip(places, counts, strict=True)
    )


def with_entry(log: str, sources: Sources, rows: Mapping[Slice, int], changes: Changes) -> str | None:
    """The log with one more line, or None where a line would say nothing new.

    Parameters
    ----------
    log
        As it is.
    sources
        Where each slice comes from that the load is to tell of.
    rows, changes
        How long each is now, and what became of it.
    """
    known: dict[Slice, Any] = {}
    for line in log.splitlines():
        known |= {(one["table"], one["year"]): one["sources"] for one in json.loads(line)["slices"]}
    told = {place: [asdict(one) for one in sources[place]] for place in sorted(sources)}
    if all(changes[place] == "unchanged" and known.get(place) == told[place] for place in told):
        return None
    slices = [
        {
            "table": table,
            "year": year,
            "change": changes[table, year],
            "rows": rows[table, year],
            "sources": places,
        }
        for (table, year), places in told.items()
    ]
    return log + _entry(slices)


def with_forgotten(log: str, rows: Mapping[Slice, int]) -> str | None:
    """The log with a line that tells what was deleted, or None where nothing was.

    Parameters
    ----------
    log
        As it is.
    rows
        How many rows of each table and year went.
    """
    slices = [
        {"table": table, "year": year, "change": "forgotten", "rows": rows[table, year], "sources": []}
        for table, year in sorted(rows)
    ]
    return log + _entry(slices) if slices else None


def _entry(slices: Sequence[Mapping[str, Any]]) -> str:
    time = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return json.dumps({"time": time, "evalib": __version__, "slices": slices}, ensure_ascii=False) + "\n"


def told(
    sources: Sources, rows: Mapping[Slice, int], changes: Changes, columns: Columns, lang: str
) -> list[str]:
    """What a load changed, one line a table and year, then how many stayed as they were."""
    order = [ALIASES[0], *SCHEMAS]
    changed = sorted(
        (one for one in sources if changes[one] != "unchanged"), key=lambda one: (order.index(one[0]), one[1])
    )
    if not changed:
        return [message("load_nothing_changed", lang)]
    lines = [_line(one, sources[one], rows[one], changes[one], columns, lang) for one in changed]
    if len(changed) < len(sources):
        lines.append(message("load_unchanged", lang, count=len(sources) - len(changed)))
    return lines


def _line(
    one: Slice, sources: Sequence[Source], rows: int, change: Change, columns: Columns, lang: str
) -> str:
    table, year = one
    files: dict[str, list[Source]] = {}
    for source in sources:
        files.setdefault(source.file, []).append(source)
    told = [_told_of(parts, lang) for parts in list(files.values())[:MOST_FILES]]
    places = ("、" if lang == "zh" else ", ").join(told)
    if len(files) > MOST_FILES:
        places += message("load_more_sources", lang, count=len(files))
    known = columns.params
    names = known.changed_numbers.names if one == ALIASES else known.tables[table].names
    return message(
        "load_aliases" if one == ALIASES else "load_slice",
        lang,
        change=message(f"change_{change}", lang),
        names=names[0],
        table=table,
        year=year,
        rows=rows,
        sources=places,
    )


def _told_of(parts: Sequence[Source], lang: str) -> str:
    """One file: its sheet if it is one, otherwise the rows of all its sheets."""
    key = "load_source_sheet" if len(parts) == 1 and parts[0].sheet else "load_source"
    rows = sum(part.rows for part in parts)
    return message(key, lang, file=parts[0].file, sheet=parts[0].sheet, rows=rows)
