"""`run.json`: the fate, cause, duration and files of every report."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalib import __version__
from evalib.errors import ParameterError
from evalib.vocabulary import ReportKey


@dataclass(frozen=True)
class Fate:
    """What became of one report.

    Attributes
    ----------
    key
        Which report.
    made
        Whether all of its files are in place.
    cause
        Why not, in Chinese and English; empty when made.
    seconds
        Time of each stage: execute, html, pdf.
    files
        SHA-256 of each file, by its name.
    missing_glyphs
        Characters that the fonts do not have and the PDF shows as 〓.
    made_from
        What a made report says of its sources: `evalib`, `params`, and in `read` each slice's short hash.
    """

    key: ReportKey
    made: bool
    cause: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    missing_glyphs: tuple[str, ...] = ()
    made_from: dict[str, Any] = field(default_factory=dict)


class Ledger:
    """The record of a district's runs; entries of other reports stay.

    Parameters
    ----------
    path
        `output/<district>/run.json`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reports: dict[str, dict[str, Any]] = {}
        if path.is_file():
            try:
                self.reports = json.loads(path.read_text("utf-8"))["reports"]
            except (ValueError, KeyError):
                # A record that cannot be read says nothing; the reports themselves are untouched.
                self.reports = {}

    def record(self, fate: Fate) -> None:
        """Enter one report's fate and put the record in place."""
        entry = asdict(fate)
        entry["fate"] = "made" if entry.pop("made") else "failed"
        self.reports[name_of(fate.key)] = entry
        self._save()

    def fate(self, key: ReportKey) -> str | None:
        """ "made", "failed", or None for a report that was never asked for."""
        entry = self.reports.get(name_of(key))
        return None if entry is None else str(entry["fate"])

    def cause(self, key: ReportKey, lang: str) -> str:
        """Why a report failed."""
        return str(self.reports.get(name_of(key), {}).get("cause", {}).get(lang, ""))

    def made_from(self, key: ReportKey) -> dict[str, Any]:
        """What a report was made from; empty where the record does not say."""
        return dict(self.reports.get(name_of(key), {}).get("made_from", {}))

    def _save(self) -> None:
        content = {"evalib": __version__, "reports": dict(sorted(self.reports.items()))}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(self.path)


@contextmanager
def only_run(output: Path) -> Iterator[None]:
    """Hold a district's output for one run; a second one is told so at once.

    The system lets go of the lock when the process ends, however it ends.

    Raises
    ------
    ParameterError
        Another run holds it.
    """
    output.mkdir(parents=True, exist_ok=True)
    with (output / ".lock").open("w") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise ParameterError("another_run", path=str(output)) from None
        yield


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def name_of(key: ReportKey) -> str:
    """A report's name in the record."""
    return f"{key.year}/{key.folder}/{key.edition}/{key.lang}"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
