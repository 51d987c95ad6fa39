"""Nothing changed since everything was as wanted: told from sizes and times of files alone.

A thousand reports have four thousand files; to know that none of them, and nothing that
they are made from, is another takes a fraction of a second, if neither the params are
parsed nor a table is opened. So this module imports no library that is slow to start.
Where it cannot be sure it says nothing, and the run looks closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evalib
from evalib import places
from evalib.press.contents import Contents, digest_of, files_below
from evalib.press.memory import Memory
from evalib.press.sources import LOCK, installed, modules

# Requests that are remembered for a district.
REMEMBERED = 4
RECORD, JOURNAL = "run.json", "run.jsonl"


@dataclass(frozen=True)
class Standstill:
    """All reports of a request are as they should be.

    Attributes
    ----------
    reports
        How many there are.
    pages
        The catalogues over them.
    """

    reports: int
    pages: tuple[Path, ...]


def standstill(params: str, request: Mapping[str, Any], outputs: Path | None = None) -> Standstill | None:
    """Whether nothing has changed since this request was last met in full; None where that is not sure.

    Parameters
    ----------
    params
        The params file as it was given.
    request
        What narrows the run, in values that JSON can hold.
    outputs
        The folder of the districts' outputs, if it is not the project's `output/`.
    """
    path = Path(params)
    if not path.is_file():
        return None
    path = path.resolve()
    root = path.parent.parent
    output = (outputs or root / "output") / path.stem
    memory = Memory(output, root)
    known = memory.standing.get(digest_of(request))
    if not isinstance(known, dict):
        return None
    try:
        if _killed(output):
            return None
        same = _same(memory.contents, known)
        return (
            Standstill(int(known["reports"]), tuple(output / page for page in known["pages"]))
            if same
            else None
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True)
class Seen:
    """What a run looks at, as it was at one moment.

    Attributes
    ----------
    folders
        The names of folders of which whatever is in them counts.
    files
        Content hash of each file, those in the folders with them; None for one that is not there.
    installed
        Of Python and the installed libraries.
    """

    folders: tuple[str, ...]
    files: Mapping[str, str | None]
    installed: str


def seen(contents: Contents, inputs: Iterable[Path], folders: Iterable[Path]) -> Seen:
    """What files and folders hold now, and with them the library's own source and what is installed."""
    watched = [*folders, Path(evalib.__file__).parent]
    lock = contents.root / LOCK
    paths = {*inputs, *modules(contents.root), lock}
    paths |= {path for folder in watched for path in files_below(folder)}
    return Seen(
        tuple(contents.name(folder) for folder in watched),
        {contents.name(path): contents.sha256(path) for path in sorted(paths)},
        installed(lock),
    )


def remember(
    memory: Memory,
    request: Mapping[str, Any],
    *,
    looked_at: Seen,
    made: Iterable[Path],
    reports: int,
    pages: Sequence[Path],
) -> None:
    """Keep that a request was met in full.

    Parameters
    ----------
    looked_at
        What the run was made from.
    made
        The files that it answers for.
    reports, pages
        As of `Standstill`.
    """
    contents = memory.contents
    output = memory.output
    paths = {*made, output / RECORD}
    key = digest_of(request)
    memory.standing.pop(key, None)
    memory.standing = dict(list(memory.standing.items())[-(REMEMBERED - 1) :])
    memory.standing[key] = {
        "installed": looked_at.installed,
        "folders": list(looked_at.folders),
        "files": {
            **looked_at.files,
            **{
                contents.name(path): contents.sha256(path)
                for path in sorted(paths, key=lambda one: one.parts)
            },
        },
        "reports": reports,
        "pages": [page.relative_to(output).as_posix() for page in pages],
    }


def _same(contents: Contents, known: Mapping[str, Any]) -> bool:
    files = known["files"]
    root = contents.root
    for folder in known["folders"]:
        if any(contents.name(path) not in files for path in files_below(root / folder)):
            return False
    if any(contents.name(path) not in files for path in modules(root)):
        return False
    if any(contents.sha256(contents.path(name)) != digest for name, digest in files.items()):
        return False
    return bool(known["installed"] == installed(root / LOCK))


def _killed(output: Path) -> bool:
    """Whether a run left lines that it did not put together."""
    if places.is_remote(output):
        return bool(places.stamps(output / JOURNAL))
    return (output / JOURNAL).exists()
