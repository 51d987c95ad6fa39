"""Workbooks handed in twice: told once, and read once."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.errors import Fault, shown
from evalib.intake.schemas import SCHEMAS
from evalib.intake.titles import school_year

# A sheet is another once more if this share of its rows has the other's keys, and of these
# rows this share says the same; some may have been mended in one of the two.
KEYS_SHARED = 0.9
ROWS_EQUAL = 0.5
# A single row that stands elsewhere is a fault of that row.
FEWEST_ROWS = 2

Frames = dict[str, list[pd.DataFrame]]
Hashes = npt.NDArray[np.uint64]


def repeated_files(paths: Mapping[str, Path]) -> dict[str, Fault]:
    """Files whose every byte another file has, by name; the first of them is no fault.

    Parameters
    ----------
    paths
        Where each file lies, by the name that faults call it.
    """
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    often = Counter(sizes.values())
    first: dict[tuple[bytes, str], str] = {}
    found = {}
    for name, path in paths.items():
        if often[sizes[name]] == 1 or not sizes[name]:
            continue
        # The schools of two years may be the same list: only the names of the files tell them apart.
        other = first.setdefault((_digest(path), school_year(path.stem)), name)
        if other != name:
            found[name] = Fault(name, "file_twice", fields={"other": shown(other)})
    return found


def without_repeated(frames: Mapping[str, Sequence[pd.DataFrame]]) -> tuple[Frames, list[Fault]]:
    """Sheets of rows, those left out that hold the rows of another file's sheet once more.

    Parameters
    ----------
    frames
        By table: one frame a sheet, with the places of its rows.

    Returns
    -------
    tuple
        The frames to go on with, and one fault for each sheet left out; one for the
        whole file if all its sheets stand in the same other file.
    """
    kept: Frames = {}
    twice: dict[tuple[str, str], tuple[str, str, int]] = {}
    for name, parts in frames.items():
        originals = _originals(name, parts)
        for place, original in originals.items():
            other = parts[original]
            twice[_place(parts[place])] = (*_place(other), len(parts[place]))
        kept[name] = [part for place, part in enumerate(parts) if place not in originals]
    read = {_place(part) for parts in frames.values() for part in parts}
    return kept, _told(twice, read)


def _originals(name: str, parts: Sequence[pd.DataFrame]) -> dict[int, int]:
    """Position of each sheet that is another once more → position of that other."""
    keys = [_hashes(name, part, whole=False) for part in parts]
    counts = pd.Series(np.concatenate([np.unique(one) for one in keys]))
    if not counts.duplicated().any():
        return {}
    found: dict[int, int] = {}
    for place, part in enumerate(parts):
        if len(part) < FEWEST_ROWS:
            continue
        for earlier in range(place):
            elsewhere = earlier not in found and _place(parts[earlier])[0] != _place(part)[0]
            if elsewhere and np.isin(keys[place], keys[earlier]).mean() >= KEYS_SHARED:
                rows = _hashes(name, part, whole=True), _hashes(name, parts[earlier], whole=True)
                if np.isin(*rows).mean() >= ROWS_EQUAL:
                    found[place] = earlier
                    break
    return found


def _hashes(name: str, part: pd.DataFrame, *, whole: bool) -> Hashes:
    table = SCHEMAS[name]
    wanted = (*table.columns, *table.context) if whole else (*table.key, *table.context)
    present = sorted({column for column in wanted if column in part.columns})
    return np.asarray(pd.util.hash_pandas_object(part[present].astype("str"), index=False), dtype=np.uint64)


def _place(part: pd.DataFrame) -> tuple[str, str]:
    return str(part["_file"].iloc[0]), str(part["_sheet"].iloc[0])


def _told(twice: Mapping[tuple[str, str], tuple[str, str, int]], read: set[tuple[str, str]]) -> list[Fault]:
    by_file: dict[str, list[str]] = defaultdict(list)
    for file, sheet in twice:
        by_file[file].append(sheet)
    faults = []
    for file, sheets in by_file.items():
        others = {twice[file, sheet][0] for sheet in sheets}
        if len(others) == 1 and len(sheets) == sum(place[0] == file for place in read):
            faults.append(Fault(file, "file_twice", fields={"other": shown(others.pop())}))
            continue
        for sheet in sheets:
            other, other_sheet, rows = twice[file, sheet]
            fields = {"other": shown(other), "other_sheet": shown(other_sheet) or "–", "rows": rows}
            faults.append(Fault(file, "sheet_twice", sheet, fields=fields))
    return faults


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
