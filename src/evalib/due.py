"""Which stages before the reports are due: what a load and a review were done from, against what is there.

A stage is done again when its files, its params, its tables in the store, the library's
source as far as it matters to it, or the installed libraries are others than when it was
last done, or when what it left in the store is no longer there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalib.press.contents import SECRET, digest_of
from evalib.press.memory import Memory
from evalib.press.sources import LOCK, Step, installed, library
from evalib.settings import Settings
from evalib.store import Slice, Store

# Tables that a review writes; all others come from files, or say what was done with them.
REVIEWED = ("measurements", "influences", "published", "public", "balance_")


class Due:
    """What is due for one district, and the note of what was done.

    Parameters
    ----------
    settings, store
        The district's params and tables.
    memory
        What earlier runs left.
    """

    def __init__(self, settings: Settings, store: Store, memory: Memory) -> None:
        self.settings, self.store, self.memory = settings, store, memory
        self._before_load: dict[str, Any] = {}
        self._before_measure = ""

    def load(self) -> bool:
        """Whether the files must be read again; they are looked at here, before they are read."""
        self._before_load = self._load()
        now = {**self._before_load, "tables": self._clean(), "warnings": self.memory.loaded.get("warnings")}
        return not self.store.exists or self.memory.loaded != now

    def loaded(self, warnings: int) -> None:
        """Note that the files as `load` saw them are in the store: what changed since is due again."""
        self.memory.loaded = {**self._before_load, "tables": self._clean(), "warnings": warnings}

    @property
    def warnings(self) -> int:
        """How many warnings the last load had."""
        return int(self.memory.loaded.get("warnings") or 0)

    def changed_files(self) -> list[str]:
        """Files that were added, changed or taken away since they were read; none if that is not known."""
        before = self.memory.loaded.get("files")
        if not isinstance(before, dict):
            return []
        now = self._files()
        return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))

    def measure(self, years: Sequence[str]) -> bool:
        """Whether some of these years must be reviewed again."""
        measured = self.memory.measured
        self._before_measure = self._measure()
        if measured.get("key") != self._before_measure:
            return True
        now = self._reviewed()
        known = measured.get("years", {})
        return any(not known.get(year) or not known[year].items() <= now.items() for year in years)

    def measured(self, years: Sequence[str]) -> None:
        """Note that these years are reviewed from what `measure` saw."""
        key = self._before_measure
        known = self.memory.measured.get("years", {}) if self.memory.measured.get("key") == key else {}
        now = self._reviewed()
        self.memory.measured = {"key": key, "years": {**known, **dict.fromkeys(years, now)}}

    def _load(self) -> dict[str, Any]:
        district = self.settings.district
        return {
            "files": self._files(),
            "params": digest_of(
                [
                    self.memory.contents.sha256(self.settings.path.parent / "columns.yaml"),
                    *(district.files, district.school_codes, district.identities),
                    self.settings.balance.model_dump_json(include={"facts", "never_more"}),
                ]
            ),
            "library": self._source("load"),
        }

    def _measure(self) -> str:
        settings = self.settings
        models = (
            *(settings.measures, settings.disclosure, settings.fitness, settings.balance),
            *(settings.frozen, settings.issued),
        )
        # What is stated and shown of the initiatives matters to pages alone.
        ladder = settings.initiatives.model_dump_json(include={"named_tiers", "ladder"})
        return digest_of(
            {
                "params": [ladder, *(None if one is None else one.model_dump_json() for one in models)],
                "library": self._source("measure"),
                "tables": self._clean(),
            }
        )

    def _source(self, step: Step) -> str:
        contents, lock = self.memory.contents, self.settings.root / LOCK
        return digest_of([library(contents, step), installed(lock)])

    def _clean(self) -> dict[str, str]:
        return _named(self.store.digests(), reviewed=False)

    def _reviewed(self) -> dict[str, str]:
        return _named(self.store.digests(), reviewed=True)

    def _files(self) -> dict[str, str]:
        """The files as received, and the district's key of pseudonyms by size and times alone."""
        found = self.memory.contents.of_folder(self.settings.files)
        key = self.memory.contents.sha256(key_of(self.settings))
        return found if key is None else {**found, SECRET: key}


def key_of(settings: Settings) -> Path:
    """Where a district's key of pseudonyms lies."""
    return settings.root / "data" / settings.name / SECRET


def looked_at(settings: Settings) -> tuple[list[Path], list[Path]]:
    """The files, and the folders with all that is in them, that decide whether anything is due."""
    notebooks = [settings.notebook(kind) for kind in settings.district.reports]
    return [*notebooks, key_of(settings)], [settings.path.parent, settings.files]


def _named(digests: Mapping[Slice, str], *, reviewed: bool) -> dict[str, str]:
    return {
        f"{table}/{year}": sha
        for (table, year), sha in sorted(digests.items())
        if table.startswith(REVIEWED) == reviewed
    }
