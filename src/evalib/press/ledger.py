"""`run.json`: the fate, cause, durations, attempts and files of every report.

While a run goes on, each fate is one line more in `run.jsonl`; at the end they are put
together into `run.json`, and the lines go. Killed at any moment, the next reader takes
both: a line that was not finished is a report that was not recorded.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from evalib import __version__, places
from evalib.errors import EvalError
from evalib.messages import message
from evalib.press.contents import sha256_of
from evalib.press.holding import only_run
from evalib.press.journal import Journal
from evalib.vocabulary import ReportKey

__all__ = ["Fate", "Ledger", "name_of", "only_run", "sha256_of", "short_name", "told_name"]

Entry = dict[str, Any]
# Names of a report's files, of slices of the store, and of anything.
_FILE, _SLICE, _ANY = (re.compile(one) for one in (r"(?:report|results)[\w.-]*", r"[^/]+/[^/]+", r".*"))


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
        Time of each stage that was done: execute, html, pdf.
    files
        SHA-256 of each file, by its name.
    missing_glyphs
        Characters that the fonts do not have and the PDF shows as 〓.
    made_from
        What a made report comes from: what its results say (`evalib`, `params`, and in `read`
        each slice's hash), and the parts of its key (`evalib.press.freshness`).
    fault
        Key of the message in `cause`; empty when made.
    """

    key: ReportKey
    made: bool
    cause: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    missing_glyphs: tuple[str, ...] = ()
    made_from: dict[str, Any] = field(default_factory=dict)
    fault: str = ""

    @classmethod
    def failed(cls, key: ReportKey, cause: EvalError, seconds: dict[str, float] | None = None) -> Fate:
        """The fate of a report that was not made, and why."""
        told = {lang: cause.text(lang) for lang in ("zh", "en")}
        return cls(key, False, cause=told, seconds=seconds or {}, fault=cause.key)


class Ledger:
    """The record of a district's runs; entries of other reports stay.

    As a context it is put together at the end, however that comes.

    Parameters
    ----------
    path
        `output/<district>/run.json`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path.with_suffix(".jsonl")
        self._lines = Journal(self.journal)
        self.reports: dict[str, Entry] = _read(path)
        self.reports.update(_entries(self._lines))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.compact()

    def record(self, fate: Fate) -> None:
        """Enter one report's fate: one line at the end of the journal."""
        name = name_of(fate.key)
        before = self.reports.get(name, {})
        entry = asdict(fate)
        made = entry.pop("made")
        entry["fate"] = "made" if made else "failed"
        # Tries since it was last whole, this one included.
        earlier = before.get("attempts", 0) if before.get("fate") == "failed" else 0
        entry["attempts"] = earlier + 1
        if made and "pdf" not in fate.seconds:
            entry["missing_glyphs"] = before.get("missing_glyphs", [])
        self.reports[name] = entry
        self._lines.append(name, entry)

    def compact(self) -> None:
        """Put the record together in `run.json`; nothing is written when nothing was recorded."""
        if not self._lines.exists:
            return
        content = {"evalib": __version__, "reports": dict(sorted(self.reports.items()))}
        places.replace(self.path, json.dumps(content, ensure_ascii=False, indent=1).encode())
        # Killed before this, the same lines are read once more and say the same.
        self._lines.clear()

    def entry(self, key: ReportKey) -> Entry | None:
        """All that is recorded of a report; None for one that was never asked for."""
        return self.reports.get(name_of(key))

    def fate(self, key: ReportKey) -> str | None:
        """ "made", "failed", or None for a report that was never asked for."""
        entry = self.entry(key)
        return None if entry is None else str(entry["fate"])

    def cause(self, key: ReportKey, lang: str) -> str:
        """Why a report failed."""
        return str(self.reports.get(name_of(key), {}).get("cause", {}).get(lang, ""))

    def made_from(self, key: ReportKey) -> dict[str, Any]:
        """What a report was made from; empty where the record does not say."""
        return dict(self.reports.get(name_of(key), {}).get("made_from", {}))


def _read(path: Path) -> dict[str, Entry]:
    """The reports of a record; one that cannot be read says nothing, and the reports are untouched."""
    try:
        reports = json.loads(places.read(path))["reports"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {name: one for name, one in reports.items() if _is_entry(one)} if isinstance(reports, dict) else {}


def _entries(journal: Journal) -> dict[str, Entry]:
    """The entries of a journal, the last of each report."""
    return {name: one for name, one in journal.lines() if isinstance(name, str) and _is_entry(one)}


def _is_entry(one: object) -> bool:
    """Whether it is what `record` writes, as far as anybody relies on it; what is not says nothing."""
    if not isinstance(one, dict) or one.get("fate") not in ("made", "failed"):
        return False
    made_from, read = one.get("made_from", {}), {}
    if isinstance(made_from, dict):
        read = made_from.get("read", {})
    kinds = [(one.get("files"), _FILE), (read, _SLICE), (one.get("cause", {}), _ANY)]
    if not isinstance(made_from, dict) or not isinstance(one.get("seconds", {}), dict):
        return False
    if not isinstance(one.get("attempts", 0), int):
        return False
    return all(
        isinstance(told, dict)
        and all(isinstance(text, str) and name.fullmatch(key) for key, text in told.items())
        for told, name in kinds
    )


def name_of(key: ReportKey) -> str:
    """A report's name in the record."""
    return f"{key.year}/{key.folder}/{key.edition}/{key.lang}"


def told_name(key: ReportKey, lang: str) -> str:
    """A report's name as a person is told it, its edition and language apart.

    >>> told_name(ReportKey("group", "2024-2025", "JT01", ""), "zh")
    '2024-2025/集团 JT01'
    >>> told_name(ReportKey("school", "2024-2025", "2150000001", "primary"), "zh")
    '2024-2025/2150000001-primary'
    """
    return f"{key.year}/{short_name(key, lang)}"


def short_name(key: ReportKey, lang: str) -> str:
    """The same without its year."""
    return key.folder if key.kind == "school" else message(f"report_{key.kind}", lang, code=key.code)
