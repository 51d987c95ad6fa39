"""What runs leave for the next one, so that it need not look again: `.memory.json` in a district's output.

Nothing depends on it: without it every file is read and every stage done once more, to the same end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evalib import places
from evalib.press.contents import Contents

NAME = ".memory.json"


class Memory:
    """Content hashes of files, and what the stages before the reports were done from.

    Parameters
    ----------
    output
        The district's output folder.
    root
        The project root; two above the output when not given.

    Attributes
    ----------
    contents
        Hashes of files.
    loaded, measured
        What the last load and the last reviews were done from, and what they left; see `evalib.due`.
    standing
        Requests after which everything was as wanted; see `evalib.press.standstill`.
    """

    def __init__(self, output: Path, root: Path | None = None) -> None:
        self.path, self.output = output / NAME, output
        found = _read(self.path)
        self.contents = Contents(
            root or output.parent.parent,
            _mapping(found, "files"),
            output if places.is_remote(output) else None,
        )
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
        places.replace(self.path, json.dumps(whole, ensure_ascii=False).encode(), durable=False)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(places.read(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and _is_ours(found) else {}


def _is_ours(found: dict[str, Any]) -> bool:
    """Whether it is what `save` writes, as far as anybody relies on it."""
    years = _mapping(found, "measured").get("years", {})
    warnings = _mapping(found, "loaded").get("warnings", 0)
    return (
        isinstance(warnings, int)
        and isinstance(years, dict)
        and all(isinstance(one, dict) for one in years.values())
    )


def _mapping(found: dict[str, Any], name: str) -> dict[str, Any]:
    one = found.get(name)
    return one if isinstance(one, dict) else {}
