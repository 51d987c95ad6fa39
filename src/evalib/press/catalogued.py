"""What became of a year's reports, and where they lie: what the record says, held against what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalib import __version__, places
from evalib.press.ledger import Ledger
from evalib.settings import Settings
from evalib.store import Store
from evalib.vocabulary import ReportKey
from evalib.wording import Wording

FATES = ("made", "failed", "stale", "none")


class Catalogued:
    """A year's reports as a catalogue tells of them.

    Parameters
    ----------
    settings, store, ledger, words
        The district's params and tables, the record of its reports, and the page's language.
    folder
        Where the year's restricted reports lie, and the page will.
    """

    def __init__(
        self, settings: Settings, store: Store, ledger: Ledger, words: Wording, folder: Path
    ) -> None:
        self.ledger, self.words, self.folder = ledger, words, folder
        self.languages = settings.district.languages
        self._now = {"evalib": __version__, "params": settings.fingerprint}
        self._digests = store.digests()
        public = settings.output / "public" / folder.name
        self._tops = {"restricted": (folder, ""), "public": (public, f"../public/{folder.name}/")}
        self._listed: dict[str, Mapping[str, Sequence[Path]]] = {}

    def fate(self, keys: Sequence[ReportKey]) -> tuple[str, tuple[str, ...]]:
        """What became of some reports, taken together: one of `FATES`, and why or what has changed."""
        fates = {key: self.ledger.fate(key) for key in keys}
        failed = [key for key in keys if fates[key] == "failed"]
        if failed:
            causes = dict.fromkeys(self.ledger.cause(key, self.words.lang) for key in failed)
            return "failed", tuple(causes)
        if not any(fates.values()):
            return "none", ()
        changed = [part for key in keys for part in self._changed(self.ledger.made_from(key))]
        if changed:
            return "stale", tuple(self.words.label(f"changed_{part}") for part in dict.fromkeys(changed))
        return "made", ()

    def links(self, key: ReportKey) -> tuple[tuple[str, str], ...]:
        """Label and address of each page that is there of a report, in all languages.

        One in a language that the params do not ask for is there only while it stands.
        """
        top, address = self._tops[key.edition]
        return tuple(
            (label, f"{address}{link}")
            for lang, label, link in _pages(top / key.folder, self._files(key.edition))
            if lang in ("", *self.languages) or self._stands(key, lang)
        )

    def _files(self, edition: str) -> Mapping[str, Sequence[Path]] | None:
        """The files of each folder, where an object store is listed once and not once a report."""
        top, _ = self._tops[edition]
        if not places.is_remote(top):
            return None
        if edition not in self._listed:
            found: dict[str, list[Path]] = {}
            for name in places.stamps(top):
                found.setdefault(name.partition("/")[0], []).append(top / name)
            self._listed[edition] = found
        return self._listed[edition]

    def _stands(self, key: ReportKey, lang: str) -> bool:
        """Whether a report that the params do not ask for is made of what is there now."""
        one = ReportKey(key.kind, key.year, key.code, key.stage, key.edition, lang)
        return self.ledger.fate(one) == "made" and not self._changed(self.ledger.made_from(one))

    def _changed(self, made_from: Mapping[str, Any]) -> list[str]:
        """What a report was made from that is another now; nothing where the record does not say."""
        parts = [part for part, now in self._now.items() if made_from.get(part, now) != now]
        read = made_from.get("read", {})
        if any(not self._digest(name).startswith(one) for name, one in read.items()):
            parts.insert(0, "data")
        return parts

    def _digest(self, name: str) -> str:
        table, year = name.split("/")
        return self._digests.get((table, year), "")


def _pages(folder: Path, listed: Mapping[str, Sequence[Path]] | None) -> Iterable[tuple[str, str, str]]:
    """Language, label and link of every page that is there: `report.en.pdf` is PDF (en).

    The first language has no name.
    """
    if listed is None:
        found = [path for ending in ("html", "pdf") for path in folder.glob(f"report*.{ending}")]
    else:
        pages = (path for path in listed.get(folder.name, ()) if path.name.startswith("report"))
        found = [path for path in pages if path.suffix in (".html", ".pdf")]
    for path in sorted(found, key=lambda path: (len(path.stem), path.stem, path.suffix)):
        more = path.stem.partition(".")[2]
        label = path.suffix[1:].upper() + (f" ({more})" if more else "")
        yield more, label, f"{folder.name}/{path.name}"
