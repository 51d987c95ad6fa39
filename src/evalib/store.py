"""The only door to the clean tables on disk: Parquet, whole or not at all.

Every file is written under the hash of its content; `manifest.json` says which
files make up the store. Replacing that one small file is what a load commits, so
a load that is killed at any moment leaves the store as it was. The log of loads,
`loads.jsonl`, lies ready beside it under the manifest's hash: it takes its place with
that manifest, or never.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evalib import places
from evalib.errors import DataError

MANIFEST = "manifest.json"
# One JSON document a line, one line a load.
LOG = "loads.jsonl"

Slice = tuple[str, str]
Change = Literal["new", "replaced", "unchanged"]
Changes = Mapping[Slice, Change]
_Manifest = dict[str, dict[str, dict[str, Any]]]

Row = Mapping[str, Any]
# Tables as rows, by content hash and stage: a process that makes many reports turns each into rows once.
_ROWS: dict[tuple[str, str], tuple[Row, ...]] = {}
_ROWS_KEPT = 32


class Store:
    """A district's clean tables, one Parquet file a table and year.

    Parameters
    ----------
    folder
        Where the store lies; it need not exist yet.

    Attributes
    ----------
    slices_read
        Content hash of every slice handed out so far, by (table, year).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slices_read: dict[tuple[str, str], str] = {}

    def write(
        self,
        tables: Mapping[Slice, pd.DataFrame],
        *,
        removed: Iterable[Slice] = (),
        log: Callable[[Changes], str | None] | None = None,
    ) -> Changes:
        """Put tables in place of those of the same name and year, all of them or none.

        Parameters
        ----------
        tables
            Clean tables by (table, year). Others in the store stay; a table of the same
            content keeps its file.
        removed
            Slices that go, in the same step.
        log
            What changed → the whole text of the log from now on; None leaves it as it is.

        Returns
        -------
        Mapping
            What became of each of `tables`.
        """
        places.make_folder(self.folder)
        manifest = self._manifest() if self.exists else {}
        self._settle()
        changes: dict[Slice, Change] = {}
        for (table, year), frame in sorted(tables.items(), key=lambda entry: entry[0]):
            content = _parquet(frame)
            digest = hashlib.sha256(content).hexdigest()
            name = f"{table}/{year}-{digest[:16]}.parquet"
            if not places.is_file(self.folder / name):
                _replace(self.folder / name, content)
            before = manifest.get(table, {}).get(year)
            entry = {"file": name, "rows": len(frame), "sha256": digest}
            changes[table, year] = "new" if before is None else "unchanged" if before == entry else "replaced"
            manifest.setdefault(table, {})[year] = entry
        for table, year in removed:
            manifest.get(table, {}).pop(year, None)
        manifest = {table: years for table, years in manifest.items() if years}
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode()
        told = log(changes) if log is not None else None
        if told is not None:
            _replace(self._log_of(text), told.encode())
        if not self.exists or places.read(self.folder / MANIFEST) != text:
            _replace(self.folder / MANIFEST, text)
        self._settle()
        self._sweep(manifest)
        return changes

    def read(self, table: str, year: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A clean table of one year.

        Parameters
        ----------
        table, year
            Which slice, for instance "scores", "2024-2025".
        columns
            Only these; those that the district does not have are left out.

        Raises
        ------
        DataError
            The store is missing or damaged, or has no such table and year.
        """
        entry = self._manifest().get(table, {}).get(year)
        if entry is None:
            raise DataError("no_table", table=table, year=year, years=", ".join(self.years()) or "–")
        try:
            content = self._content(self.folder / entry["file"])
        except OSError as error:
            if places.is_remote(self.folder) and not isinstance(error, FileNotFoundError):
                raise  # not there for now is not damaged
            raise self._damaged(entry["file"]) from None
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise self._damaged(entry["file"])
        self.slices_read[table, year] = entry["sha256"]
        source = pq.ParquetFile(io.BytesIO(content))
        if columns is not None:
            columns = [name for name in columns if name in source.schema_arrow.names]
        found: pd.DataFrame = source.read(columns=columns).to_pandas()
        return found

    def rows(self, table: str, year: str, stage: str = "") -> tuple[Row, ...]:
        """A clean table of one year as rows, missing as None, in the table's order.

        Parameters
        ----------
        table, year
            Which slice.
        stage
            Only the rows of this `stage`; all when empty.

        Returns
        -------
        tuple
            The same object for the same content, as long as a process remembers it; not to be changed.

        Raises
        ------
        DataError
            As `read`.
        """
        digest = self.digest(table, year) or ""
        found = _ROWS.get((digest, stage))
        if found is None:
            frame = self.read(table, year)
            found = _as_rows(frame[frame["stage"].eq(stage)] if stage else frame)
            while len(_ROWS) >= _ROWS_KEPT:
                _ROWS.pop(next(iter(_ROWS)))
            _ROWS[digest, stage] = found
        self.slices_read[table, year] = digest
        return found

    def _content(self, path: Path) -> bytes:
        try:
            return places.read(path)
        except FileNotFoundError:
            if places.is_remote(path) or not places.copied(path):
                raise
        return places.read(path)

    def copy_to(self, folder: Path, tables: tuple[str, ...]) -> Store:
        """A copy of this store in a folder here, the tables of these beginnings in it.

        Others come when they are read (`evalib.places.copied`).

        Raises
        ------
        OSError
            The store cannot be read.
        """
        text = places.read(self.folder / MANIFEST)
        entries = [
            entry["file"]
            for table, years in json.loads(text).items()
            for entry in years.values()
            if table.startswith(tables)
        ]
        for name in entries:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        places.fetch([(self.folder / name, folder / name) for name in entries])
        (folder / places.ORIGIN).write_text(str(self.folder), encoding="utf-8")
        places.replace(folder / MANIFEST, text, durable=False)
        return Store(folder)

    @property
    def state(self) -> str:
        """A hash over the content of the whole store; empty before the first load.

        Raises
        ------
        OSError
            It cannot be read.
        """
        return hashlib.sha256(places.read(self.folder / MANIFEST)).hexdigest() if self.exists else ""

    def log(self) -> str:
        """The log of loads, one JSON document a line; empty if nothing was ever logged."""
        ready = self._log_of(places.read(self.folder / MANIFEST)) if self.exists else self.folder / LOG
        path = ready if places.is_file(ready) else self.folder / LOG
        return places.read(path).decode() if places.is_file(path) else ""

    def slices(self) -> dict[Slice, int]:
        """Every slice that is there and its number of rows, by (table, year)."""
        manifest = self._manifest() if self.exists else {}
        return {(t, y): int(entry["rows"]) for t, years in manifest.items() for y, entry in years.items()}

    def has(self, table: str, year: str) -> bool:
        """Whether the store holds this table for this year."""
        return self.exists and year in self._manifest().get(table, {})

    def years(self, table: str = "schools") -> list[str]:
        """The school years for which a table is there, earliest first."""
        return sorted(self._manifest().get(table, {})) if self.exists else []

    def digest(self, table: str, year: str) -> str | None:
        """The content hash of a slice; None where there is none."""
        entry = self._manifest().get(table, {}).get(year)
        return None if entry is None else str(entry["sha256"])

    def digests(self) -> dict[Slice, str]:
        """The content hash of every slice that is there, by (table, year); empty before the first load."""
        manifest = self._manifest() if self.exists else {}
        return {(t, y): str(entry["sha256"]) for t, years in manifest.items() for y, entry in years.items()}

    def fingerprint(self, slices: Iterable[tuple[str, str]]) -> str:
        """A short hash over the content of some slices, by (table, year); it counts as reading them."""
        digests = self.digests()
        wanted = sorted(slices)
        self.slices_read.update({one: digests[one] for one in wanted if one in digests})
        parts = [f"{t}/{y}/{digests.get((t, y))}" for t, y in wanted]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def exists(self) -> bool:
        """Whether anything was ever loaded."""
        return places.is_file(self.folder / MANIFEST)

    def _manifest(self) -> _Manifest:
        if not self.exists:
            raise DataError(
                "no_store", path=str(self.folder), params=f"params/{self.folder.parent.name}.yaml"
            )
        try:
            content: _Manifest = json.loads(places.read(self.folder / MANIFEST))
        except ValueError:
            raise self._damaged(MANIFEST) from None
        return content

    def _log_of(self, manifest: bytes) -> Path:
        """Where a log lies until the manifest is in place that it belongs to."""
        return self.folder / f".{LOG}.{hashlib.sha256(manifest).hexdigest()[:16]}"

    def _settle(self) -> None:
        """Put the log in place that belongs to this manifest, if a writer left it lying ready."""
        if self.exists:
            ready = self._log_of(places.read(self.folder / MANIFEST))
            if places.is_file(ready):
                places.move(ready, self.folder / LOG)

    def _sweep(self, manifest: _Manifest) -> None:
        """Remove what no manifest names: replaced tables, and what killed writers left aside."""
        kept = {MANIFEST, LOG, *(entry["file"] for years in manifest.values() for entry in years.values())}
        if places.is_remote(self.folder):
            for name in places.stamps(self.folder).keys() - kept:
                places.remove(self.folder / name)
            return
        for path in (*self.folder.glob("*"), *self.folder.glob("*/*")):
            if path.is_file() and path.relative_to(self.folder).as_posix() not in kept:
                path.unlink(missing_ok=True)

    def _damaged(self, name: str) -> DataError:
        return DataError("store_damaged", path=str(self.folder / name), folder=str(self.folder))


def _as_rows(frame: pd.DataFrame) -> tuple[Row, ...]:
    whole = frame.astype(object)
    return tuple(whole.where(frame.notna(), None).to_dict("records"))  # type: ignore[arg-type]


def _parquet(frame: pd.DataFrame) -> bytes:
    """Bytes that depend on the content alone."""
    sink = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write aside, flush to disk, put in place in one step."""
    places.make_folder(path.parent)
    places.replace(path, content)
