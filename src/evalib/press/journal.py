"""The lines of `run.jsonl`, one a fate, as they come; an object each where the output is a URL.

An object store cannot append. There `run.jsonl` is a folder, and its files, in the order of
their numbers, are the lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalib import places


class Journal:
    """What was recorded since the record was last put together.

    Parameters
    ----------
    path
        `output/<district>/run.jsonl`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def lines(self) -> Iterator[tuple[Any, Any]]:
        """Name and entry of each whole line, in order; what was not finished is passed over."""
        for line in self._read():
            try:
                one = json.loads(line)
                yield one["name"], one["entry"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue

    def append(self, name: str, entry: dict[str, Any]) -> None:
        """One line more."""
        line = json.dumps({"name": name, "entry": entry}, ensure_ascii=False)
        if places.is_remote(self.path):
            self.count += 1
            places.replace(self.path / f"{self.count:09d}.json", line.encode())
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A line that a killed run did not finish is ended first, so that this one stands alone.
        with self.path.open("ab") as file:
            file.write(f"{'' if _ends_whole(self.path) else chr(10)}{line}\n".encode())

    @property
    def exists(self) -> bool:
        """Whether there are lines."""
        return self.count > 0 if places.is_remote(self.path) else self.path.is_file()

    def clear(self) -> None:
        """Remove the lines."""
        if not places.is_remote(self.path):
            self.path.unlink(missing_ok=True)
            return
        for name in places.stamps(self.path):
            places.remove(self.path / name)
        self.count = 0

    def _read(self) -> list[bytes]:
        if places.is_remote(self.path):
            names = sorted(places.stamps(self.path))
            # Another run's lines may be put together while they are read here.
            self.count = max((int(Path(name).stem) for name in names), default=0)
            return [content for name in names if (content := _content(self.path / name)) is not None]
        return (_content(self.path) or b"").split(b"\n")[:-1]


def _content(path: Path) -> bytes | None:
    try:
        return places.read(path)
    except FileNotFoundError:
        return None


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
