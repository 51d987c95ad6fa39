"""What files hold, by SHA-256: read once, then known by size and times until they change.

Everything here may be thrown away at any time; it saves time and decides nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalib import places

# A file that changed so shortly ago may change again within the clock's step and look the same.
SETTLED_AFTER_NS = 2_000_000_000
# A district's key of pseudonyms: only its size and times are remembered, nothing of its content.
SECRET = "identity.key"


class Contents:
    """Content hashes of files, remembered.

    Parameters
    ----------
    root
        The project root; files below it are remembered by their place from there, so
        that a project can be moved.
    known
        What was remembered: name → size, time of change, time of the entry's change (ns), hash;
        of a file behind a URL, size, the tag of its content, hash.
    output
        The district's output, if that is a URL: it is listed once, and taken to be as this
        run then left it.
    """

    def __init__(
        self, root: Path, known: Mapping[str, Any] | None = None, output: Path | None = None
    ) -> None:
        self.root, self.output = root, output
        self.listed: dict[str, list[int | str]] | None = None
        self.written: dict[str, str] = {}
        self.known: dict[str, Any] = dict(known or {})
        self.used: set[str] = set()

    def name(self, path: Path) -> str:
        """What a file is called here."""
        text, root = path.as_posix(), f"{self.root.as_posix()}/"
        return text.removeprefix(root)

    def path(self, name: str) -> Path:
        """The file that is called so here."""
        if self.output is not None and name.startswith(f"{self.output.as_posix()}/"):
            return self.output / name.removeprefix(f"{self.output.as_posix()}/")
        return self.root / name

    def sha256(self, path: Path) -> str | None:
        """The hash of a file's content; None where there is no such file.

        Raises
        ------
        OSError
            The file is there and cannot be read.
        """
        name = self.name(path)
        self.used.add(name)
        if name in self.written:
            return self.written[name]
        try:
            before = self._stamp(path)
        except (FileNotFoundError, NotADirectoryError):
            self.known.pop(name, None)
            return None
        if path.name == SECRET:
            return "-".join(str(one) for one in before)
        entry = self.known.get(name)
        if isinstance(entry, list) and entry[:-1] == before:
            return str(entry[-1])
        digest = sha256_of(path)
        self._remember(name, before, digest)
        return digest

    def wrote(self, path: Path, digest: str) -> None:
        """Take it that a file which this run put in place has this content."""
        name = self.name(path)
        self.used.add(name)
        if places.is_remote(path):
            self.written[name] = digest
        else:
            self.known[name] = [*_times(path), digest]

    def of_folder(self, folder: Path) -> dict[str, str]:
        """The hash of every file below a folder, by its place from there; hidden ones are passed over."""
        found = {}
        for path in files_below(folder):
            digest = self.sha256(path)
            if digest is not None:
                found[path.relative_to(folder).as_posix()] = digest
        return found

    def kept(self) -> dict[str, Any]:
        """What to remember: of files asked for now, and of those still there."""
        if self.written:
            self.listed = None
            for name, digest in self.written.items():
                with contextlib.suppress(FileNotFoundError):
                    self.known[name] = [*self._stamp(self.path(name)), digest]
        return {
            name: entry
            for name, entry in sorted(self.known.items())
            if name in self.used or self._is_there(self.path(name))
        }

    def _stamp(self, path: Path) -> list[Any]:
        if not places.is_remote(path):
            return list(_times(path))
        if self.output is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if self.listed is None:
            self.listed = places.stamps(self.output)
        name = path.as_posix().removeprefix(f"{self.output.as_posix()}/")
        if name not in self.listed:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return list(self.listed[name])

    def _is_there(self, path: Path) -> bool:
        if not places.is_remote(path):
            return path.is_file()
        try:
            self._stamp(path)
        except OSError:
            return False
        return True

    def _remember(self, name: str, times: list[Any], digest: str) -> None:
        if isinstance(times[-1], str) or time.time_ns() - max(times[1:]) > SETTLED_AFTER_NS:
            self.known[name] = [*times, digest]
        else:
            self.known.pop(name, None)


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder (or the file itself), in order, without hidden ones and byte code."""
    if folder.is_file():
        return [folder]
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one != "__pycache__")
        found += [Path(place, one) for one in sorted(names) if not one.startswith((".", "~$"))]
    return found


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    if places.is_remote(path):
        return hashlib.sha256(places.read(path)).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(parts: Iterable[object] | Mapping[str, object]) -> str:
    """One short hash over values that JSON can hold.

    >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    True
    """
    whole = dict(parts) if isinstance(parts, Mapping) else list(parts)
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _times(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
