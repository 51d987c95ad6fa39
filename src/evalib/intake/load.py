"""A district's files → its clean tables, whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from evalib.errors import Fault, FaultyFiles
from evalib.intake import checks, owners
from evalib.intake.aliases import (
    ALIASES,
    Aliases,
    known_aliases,
    rewritten,
    under_both_numbers,
    with_first_numbers,
)
from evalib.intake.changed_numbers import Change, ChangedNumbers
from evalib.intake.cleaning import PLACE, Cleaner
from evalib.intake.columns import Columns, load_columns
from evalib.intake.derived import derived
from evalib.intake.facts import unused_facts
from evalib.intake.loadlog import Source, sources_of, with_entry
from evalib.intake.located import stacked
from evalib.intake.plausible import between_years, warnings_told
from evalib.intake.pseudonyms import MARK, Identities, key_warnings, open_identities
from evalib.intake.recognition import recognise
from evalib.intake.repeated import repeated_files, without_repeated
from evalib.intake.schemas import SCHEMAS
from evalib.intake.uncomputed import formulas_without_value
from evalib.intake.workbooks import COPIES, SUFFIXES, find_files, read_grids
from evalib.settings import Settings
from evalib.store import Changes, Slice, Store

# Faults after which nobody knows which table is incomplete.
_LOST = (
    "file_unreadable",
    "file_empty",
    "file_cut_short",
    "file_too_large",
    "sheet_too_large",
    "encoding_unknown",
    "sheet_unrecognised",
)


@dataclass(frozen=True)
class Loaded:
    """What a load brings.

    Attributes
    ----------
    tables
        Clean tables by (table, school year), sorted by school and key.
    warnings
        What a reader should know and what did not stop the load.
    remarks
        Of these what a report must tell, by ("warnings", school year): stage, note, fields.
    renumbered
        Tables of the store to be written anew, and the changes of pupils' numbers that
        make it so; by (table, school year).
    sources
        Which sheets each of `tables` and `renumbered` comes from.
    changes
        What became of each slice; empty until it is in the store.
    """

    tables: dict[Slice, pd.DataFrame]
    warnings: tuple[Fault, ...]
    remarks: dict[Slice, pd.DataFrame] = field(default_factory=dict)
    renumbered: dict[Slice, pd.DataFrame] = field(default_factory=dict)
    sources: dict[Slice, tuple[Source, ...]] = field(default_factory=dict)
    changes: Changes = field(default_factory=dict)

    @property
    def rows(self) -> dict[Slice, int]:
        """How long each table is."""
        return {place: len(frame) for place, frame in {**self.tables, **self.renumbered}.items()}


@dataclass(frozen=True)
class Examined:
    """What a district's files hold and every fault of them.

    Attributes
    ----------
    tables
        Clean tables by (table, school year); empty if a fault stops the load.
    remarks, renumbered, sources
        As of `Loaded`.
    faults
        Errors and warnings, in the order of files, sheets and rows.
    paths
        Where each file lies, by the name that faults call it.
    spots
        By file and sheet: what faults call a column → row and column of its header.
    """

    tables: dict[Slice, pd.DataFrame]
    remarks: dict[Slice, pd.DataFrame]
    renumbered: dict[Slice, pd.DataFrame]
    sources: dict[Slice, tuple[Source, ...]]
    faults: tuple[Fault, ...]
    paths: dict[str, Path]
    spots: dict[tuple[str, str], dict[str, tuple[int, int]]]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop a load."""
        return tuple(fault for fault in self.faults if not fault.warning)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What a reader should know and what stops nothing."""
        return tuple(fault for fault in self.faults if fault.warning)


@dataclass
class _Gathered:
    """Everything read so far, rows with their places."""

    frames: dict[str, list[pd.DataFrame]] = field(default_factory=lambda: defaultdict(list))
    headers: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    blank: set[tuple[str, str]] = field(default_factory=set)
    filled: set[tuple[str, str]] = field(default_factory=set)
    paths: dict[str, Path] = field(default_factory=dict)
    spots: dict[tuple[str, str], dict[str, tuple[int, int]]] = field(default_factory=dict)


def load(settings: Settings, store: Store) -> Loaded:
    """Read the district's files into the store, all of them or none.

    What the files do not bring stays: other tables, other years. A table whose content is
    the same keeps its file. `loads.jsonl` beside them tells what came from where.

    Raises
    ------
    FaultyFiles
        With every fault of every file; the store stays as it was.
    DataError
        The identity key is missing, damaged, or another than the store was made with.
    ParameterError
        `params/columns.yaml` is missing or wrong.
    """
    identities = open_identities(settings)
    loaded = _loaded(settings, identities)

    def log(changes: Changes) -> str | None:
        return with_entry(store.log(), loaded.sources, loaded.rows, changes)

    tables = {**loaded.tables, **loaded.remarks, **loaded.renumbered, MARK: identities.mark}
    return replace(loaded, changes=store.write(tables, log=log))


def read_tables(settings: Settings) -> Loaded:
    """Read and check the district's files; write nothing but a first identity key.

    Raises
    ------
    FaultyFiles, DataError, ParameterError
        As `load`.
    """
    return _loaded(settings, open_identities(settings))


def _loaded(settings: Settings, identities: Identities) -> Loaded:
    examined = examine(settings, settings.files, identities)
    if examined.errors:
        raise FaultyFiles(examined.errors)
    return Loaded(examined.tables, examined.warnings, examined.remarks, examined.renumbered, examined.sources)


def examine(settings: Settings, folder: Path, identities: Identities) -> Examined:
    """Read a folder of files and find every fault; write nothing.

    Parameters
    ----------
    folder
        A folder, or one file.
    identities
        What replaces pupils' and teachers' numbers.

    Raises
    ------
    ParameterError
        `params/columns.yaml` is missing or wrong.
    """
    columns = load_columns(settings.path.parent)
    where = settings.district.files if folder == settings.files else folder.name
    store = Store(settings.store)
    gathered = _gather(folder, where, Cleaner(columns, identities, settings.district.school_codes))
    gathered.faults += key_warnings(settings)
    _need_tables(gathered, where, columns)
    frames, faults = without_repeated(gathered.frames)
    gathered.faults += faults
    aliases, faults = known_aliases(gathered.changes, store)
    gathered.faults += faults
    first = aliases.first
    # What is stacked is let go: a large district stands in memory once.
    gathered.frames.clear()
    rows = {name: with_first_numbers(stacked(frames.pop(name)), first) for name in [*frames]}
    tables, faults = derived(
        rows, columns, gathered.headers, papers_whole="papers" not in gathered.incomplete
    )
    gathered.faults += faults
    _check(tables, gathered, columns)
    if "district" in tables:
        gathered.faults += unused_facts(tables["district"], settings.balance, columns, gathered.headers)
    stopped = any(not fault.warning for fault in gathered.faults)
    slices, sources = ({}, {}) if stopped else _slices(tables)
    renumbered, faults = ({}, []) if stopped else _renumbered(store, aliases, slices, columns, sources)
    gathered.faults += faults
    of_years = {place: frame for place, frame in renumbered.items() if place != ALIASES}
    remarks = between_years({**slices, **of_years}, store, columns.params.between_years)
    gathered.faults += warnings_told(remarks, where, columns)
    faults = sorted(gathered.faults, key=lambda one: (one.file, one.sheet, one.rows[:1], one.column, one.key))
    return Examined(slices, remarks, renumbered, sources, tuple(faults), gathered.paths, gathered.spots)


def _gather(folder: Path, where: str, cleaner: Cleaner) -> _Gathered:
    gathered = _Gathered()
    paths, gathered.faults = find_files(folder)
    if not paths:
        key = "copies_no_files" if (folder / COPIES).is_file() else "no_files"
        gathered.faults.append(Fault(where, key, fields={"suffixes": " ".join(SUFFIXES)}))
    gathered.paths = {
        path.name if folder.is_file() else path.relative_to(folder).as_posix(): path for path in paths
    }
    numbers = ChangedNumbers(cleaner.columns, cleaner.identities, cleaner.school_codes)
    repeated = repeated_files(gathered.paths)
    gathered.faults += repeated.values()
    for name, path in gathered.paths.items():
        if name in repeated:
            continue
        grids, faults = read_grids(path, name)
        gathered.faults += faults
        for grid in grids:
            listed = numbers.read(grid)
            if listed is not None:
                gathered.changes += listed[0]
                gathered.faults += listed[1]
                continue
            found = recognise(grid, cleaner.columns)
            gathered.faults += found.faults
            gathered.spots[grid.file, grid.sheet] = found.spots
            sheet = found.sheet
            if sheet is None:
                gathered.incomplete |= {found.table} - {""}
                continue
            errors = tuple(row for row in grid.errors if row in sheet.cells.index)
            if errors:
                gathered.faults.append(Fault(name, "error_cells", sheet.name, rows=errors))
            gathered.faults += formulas_without_value(grid, sheet, found.spots)
            frame, faults = cleaner.clean(sheet)
            gathered.faults += faults
            gathered.headers[sheet.file, sheet.name] = sheet.headers
            (gathered.filled if len(frame) else gathered.blank).add((sheet.table, name))
            if len(frame):
                gathered.frames[sheet.table].append(frame)
    return gathered


def _need_tables(gathered: _Gathered, where: str, columns: Columns) -> None:
    keys = {fault.key for fault in gathered.faults}
    if keys & {*_LOST, "no_files", "copies_no_files"}:
        gathered.incomplete |= {name for name in SCHEMAS if name not in gathered.frames}
    # A workbook of headers alone, as `evalib template` writes it, hands in nothing.
    for name, file in sorted(gathered.blank - gathered.filled):
        stops = SCHEMAS[name].needed and name not in gathered.frames
        fields = {"table": name, "names": columns.params.tables[name].names[0]}
        gathered.faults.append(Fault(file, "table_without_rows", fields=fields, warning=not stops))
        gathered.incomplete |= {name} if stops else set()
    for name, table in SCHEMAS.items():
        if table.needed and name not in gathered.frames and name not in gathered.incomplete:
            names = "、".join(columns.params.tables[name].names)
            gathered.faults.append(Fault(where, "missing_table", fields={"table": name, "names": names}))
            gathered.incomplete.add(name)


def _check(tables: dict[str, pd.DataFrame], gathered: _Gathered, columns: Columns) -> None:
    headers, faults = gathered.headers, gathered.faults
    if "pupils" in tables:
        tables["pupils"], told = under_both_numbers(tables["pupils"], headers)
        faults += told
    for name, frame in tables.items():
        faults += checks.missing_values(name, frame, headers, list(faults))
        if set(SCHEMAS[name].key) <= set(frame.columns):
            faults += checks.duplicates(name, frame, columns, headers)
        faults += checks.schema_faults(name, _complete(name, frame), columns, headers)
    whole = {name: frame for name, frame in tables.items() if name not in gathered.incomplete}
    if "schools" in whole:
        faults += checks.unknown_schools({**tables, "schools": whole["schools"]}, headers)
    if "pupils" in tables:
        faults += checks.two_schools(tables["pupils"], headers)
        faults += checks.classes_of_one(tables["pupils"], headers)
    if "scores" in tables and "pupils" in whole:
        faults += checks.scores_against_pupils(tables["scores"], whole["pupils"], headers)
    if "pupils" in whole:
        for name in ("fitness", "competence", "achievements", "activities"):
            if name in tables:
                faults += checks.rows_without_pupil(tables[name], whole["pupils"], headers)
        if "achievements" in tables:
            faults += owners.works_of_other_schools(tables["achievements"], whole["pupils"], headers)
    for name in ("achievements", "survey"):
        if name in tables:
            faults += owners.missing_owners(name, tables[name], columns, headers)
    if "achievements" in tables:
        faults += owners.teams_too_small(tables["achievements"], headers)
    if "survey" in tables:
        faults += owners.answers_above(tables["survey"], headers)
    if "scores" in tables and "papers" in whole and "paper" in tables["scores"].columns:
        faults += checks.above_full_mark(tables["scores"], whole["papers"], headers)
    # A mark has no paper while papers are missing: that is told once, as a missing table.
    derivable = [name for name in tables if name != "scores" or {"papers", "pupils"} <= whole.keys()]
    for name, frame in ((name, tables[name]) for name in derivable):
        faults += checks.underivable(name, frame, columns, headers, list(faults))


def _complete(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows without a gap in a needed column, in the types of their schema."""
    schema = SCHEMAS[name].schema
    needed = [column for column, entry in schema.columns.items() if entry.required]
    missing = [column for column in needed if column not in frame.columns]
    frame = frame.assign(**{column: pd.Series(None, index=frame.index, dtype="str") for column in missing})
    if frame[needed].isna().any(axis=None):
        frame = frame.dropna(subset=needed)
    dtypes = SCHEMAS[name].dtypes
    return frame.astype({column: dtypes[column] for column in _kept(dtypes, frame)})


def _slices(
    tables: dict[str, pd.DataFrame],
) -> tuple[dict[Slice, pd.DataFrame], dict[Slice, tuple[Source, ...]]]:
    """One frame a table and year, and its sources: the order of files leaves no trace."""
    slices: dict[Slice, pd.DataFrame] = {}
    sources: dict[Slice, tuple[Source, ...]] = {}
    for name in SCHEMAS:
        if name not in tables:
            continue
        table = SCHEMAS[name]
        frame = _complete(name, tables[name])
        order = [column for column in dict.fromkeys(("school_code", *table.key)) if column in frame.columns]
        for year, part in frame.groupby("year", sort=True):
            kept = [column for column in _kept(table.columns, part) if part[column].notna().any()]
            sorted_part = part[[*dict.fromkeys((*order, *kept))]].sort_values(order, ignore_index=True)
            slices[name, str(year)] = sorted_part[kept]
            sources[name, str(year)] = sources_of(part)
    return slices, sources


def _renumbered(
    store: Store,
    aliases: Aliases,
    slices: dict[Slice, pd.DataFrame],
    columns: Columns,
    sources: dict[Slice, tuple[Source, ...]],
) -> tuple[dict[Slice, pd.DataFrame], list[Fault]]:
    """Tables of the store that changed numbers reach, and the changes themselves; `sources` grows."""
    if not aliases.brought:
        return {}, []
    found, faults = rewritten(store, aliases, slices, columns)
    found[ALIASES] = aliases.table
    places = pd.DataFrame({"_file": [one.file for one in aliases.brought]})
    told = sources_of(places.assign(_sheet=[one.sheet for one in aliases.brought]))
    sources.update(dict.fromkeys(found, told))
    return found, faults


def _kept(wanted: Iterable[str], frame: pd.DataFrame) -> list[str]:
    return [column for column in wanted if column in frame.columns and column not in PLACE]
