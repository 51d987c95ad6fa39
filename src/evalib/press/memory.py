"""What runs leave for the next one, so that it need not look again: `.memory.json` in a district's output.

Nothing depends on it: without it every file is read and every stage done once more, to the same end.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from evalib.press.contents import Contents

NAME = ".memory.json"


class Memory:
    """Content hashes of files, and what the stages before the reports were done from.

    Parameters
    ----------
    output
        The district's output folder, two below the project root.

    Attributes
    ----------
    contents
        Hashes of files.
    loaded, measured
        What the last load and the last reviews were done from, and what they left; see `evalib.due`.
    standing
        Requests after which everything was as wanted; see `evalib.press.standstill`.
    """

    def __init__(self, output: Path) -> None:
        self.path = output / NAME
        found = _read(self.path)
        self.contents = Contents(output.parent.parent, _mapping(found, "files"))
        self.loaded = _mapping(found, "loaded")
        self.measured = _mapping(found, "measured")
        self.standing = _mapping(found, "standing")

    def save(self) -> None:
        """Put it in place, whole or not at all."""
        whole = {
            "files": self.contents.kept(),
            "loaded": self.loaded,
            "measured": self.measured,
            "standing": self.standing,
        }
        aside = self.path.with_name(f"{NAME}.{os.getpid()}")
        try:
            aside.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
            aside.replace(self.path)
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(found: dict[str, Any], name: str) -> dict[str, Any]:
    one = found.get(name)
    return one if isinstance(one, dict) else {}
