"""A district's files → its clean tables, whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from evalib.errors import Fault, FaultyFiles
from evalib.intake import checks, owners
from evalib.intake.cleaning import PLACE, Cleaner
from evalib.intake.columns import Columns, load_columns
from evalib.intake.derived import derived
from evalib.intake.plausible import between_years, warnings_told
from evalib.intake.pseudonyms import Identities, open_identities
from evalib.intake.recognition import recognise
from evalib.intake.repeated import repeated_files, without_repeated
from evalib.intake.schemas import SCHEMAS
from evalib.intake.workbooks import SUFFIXES, find_files, read_grids
from evalib.settings import Settings
from evalib.store import Store

# Faults after which nobody knows which table is incomplete.
_LOST = (
    "file_unreadable",
    "file_empty",
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
    """

    tables: dict[tuple[str, str], pd.DataFrame]
    warnings: tuple[Fault, ...]
    remarks: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """What a district's files hold and every fault of them.

    Attributes
    ----------
    tables
        Clean tables by (table, school year); empty if a fault stops the load.
    remarks
        As of `Loaded`.
    faults
        Errors and warnings, in the order of files, sheets and rows.
    paths
        Where each file lies, by the name that faults call it.
    spots
        By file and sheet: what faults call a column → row and column of its header.
    """

    tables: dict[tuple[str, str], pd.DataFrame]
    remarks: dict[tuple[str, str], pd.DataFrame]
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
    incomplete: set[str] = field(default_factory=set)
    paths: dict[str, Path] = field(default_factory=dict)
    spots: dict[tuple[str, str], dict[str, tuple[int, int]]] = field(default_factory=dict)


def load(settings: Settings, store: Store) -> Loaded:
    """Read the district's files into the store, all of them or none.

    Raises
    ------
    FaultyFiles
        With every fault of every file; the store stays as it was.
    DataError
        The identity key is missing or damaged.
    ParameterError
        `params/columns.yaml` is missing or wrong.
    """
    loaded = read_tables(settings)
    store.write({**loaded.tables, **loaded.remarks})
    return loaded


def read_tables(settings: Settings) -> Loaded:
    """Read and check the district's files; write nothing but a first identity key.

    Raises
    ------
    FaultyFiles, DataError, ParameterError
        As `load`.
    """
    examined = examine(settings, settings.files, open_identities(settings))
    if examined.errors:
        raise FaultyFiles(examined.errors)
    return Loaded(examined.tables, examined.warnings, examined.remarks)


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
    gathered = _gather(folder, where, Cleaner(columns, identities, settings.district.school_codes))
    _need_tables(gathered, where, columns)
    frames, faults = without_repeated(gathered.frames)
    gathered.faults += faults
    rows = {name: pd.concat(parts, ignore_index=True) for name, parts in frames.items()}
    tables, faults = derived(
        rows, columns, gathered.headers, papers_whole="papers" not in gathered.incomplete
    )
    gathered.faults += faults
    _check(tables, gathered, columns)
    stopped = any(not fault.warning for fault in gathered.faults)
    slices = {} if stopped else _slices(tables)
    remarks = between_years(slices, Store(settings.store), columns.params.between_years)
    gathered.faults += warnings_told(remarks, where, columns)
    faults = sorted(gathered.faults, key=lambda one: (one.file, one.sheet, one.rows[:1], one.column, one.key))
    return Examined(slices, remarks, tuple(faults), gathered.paths, gathered.spots)


def _gather(folder: Path, where: str, cleaner: Cleaner) -> _Gathered:
    gathered = _Gathered()
    paths, gathered.faults = find_files(folder)
    if not paths:
        gathered.faults.append(Fault(where, "no_files", fields={"suffixes": " ".join(SUFFIXES)}))
    gathered.paths = {
        path.name if folder.is_file() else path.relative_to(folder).as_posix(): path for path in paths
    }
    repeated = repeated_files(gathered.paths)
    gathered.faults += repeated.values()
    for name, path in gathered.paths.items():
        if name in repeated:
            continue
        grids, faults = read_grids(path, name)
        gathered.faults += faults
        for grid in grids:
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
            frame, faults = cleaner.clean(sheet)
            gathered.faults += faults
            gathered.headers[sheet.file, sheet.name] = sheet.headers
            if len(frame):
                gathered.frames[sheet.table].append(frame)
    return gathered


def _need_tables(gathered: _Gathered, where: str, columns: Columns) -> None:
    keys = {fault.key for fault in gathered.faults}
    if keys & {*_LOST, "no_files"}:
        gathered.incomplete |= {name for name in SCHEMAS if name not in gathered.frames}
    for name, table in SCHEMAS.items():
        if table.needed and name not in gathered.frames and name not in gathered.incomplete:
            names = "、".join(columns.params.tables[name].names)
            gathered.faults.append(Fault(where, "missing_table", fields={"table": name, "names": names}))
            gathered.incomplete.add(name)


def _check(tables: dict[str, pd.DataFrame], gathered: _Gathered, columns: Columns) -> None:
    headers, faults = gathered.headers, gathered.faults
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
    frame = frame.dropna(subset=needed)
    dtypes = SCHEMAS[name].dtypes
    return frame.astype({column: dtypes[column] for column in _kept(dtypes, frame)})


def _slices(tables: dict[str, pd.DataFrame]) -> dict[tuple[str, str], pd.DataFrame]:
    """One frame a table and year: the order of files leaves no trace."""
    slices = {}
    for name in SCHEMAS:
        if name not in tables:
            continue
        table = SCHEMAS[name]
        frame = _complete(name, tables[name])
        order = [column for column in dict.fromkeys(("school_code", *table.key)) if column in frame.columns]
        for year, part in frame.groupby("year", sort=True):
            kept = [column for column in _kept(table.columns, part) if part[column].notna().any()]
            slices[name, str(year)] = part.sort_values(order)[kept].reset_index(drop=True)
    return slices


def _kept(wanted: Iterable[str], frame: pd.DataFrame) -> list[str]:
    return [column for column in wanted if column in frame.columns and column not in PLACE]
