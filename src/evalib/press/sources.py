"""The library's own source and what is installed beside it, as far as each step's outcome depends on it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import evalib
from evalib.press.contents import Contents, digest_of, files_below

Step = Literal["load", "measure", "execute", "look"]

LOCK = "requirements.lock"
_SHARED = {"__init__.py", "errors.py", "messages", "vocabulary.py", "places.py", "settings", "store.py"}
_LOAD = {*_SHARED, "intake", "wording.py", "records.py"}
_MEASURE = {
    *(*_SHARED, "records.py", "settled.py", "review", "measures", "statistics", "scales.py", "combining.py"),
    *("dimensions.py", "scoring", "similar.py", "disclosure", "measuring.py", "wording.py"),
}
# What stands between a person and the steps; no figure and no page depends on it.
_OUTSIDE = {
    *("cli", "__main__.py", "annual.py", "making.py", "due.py", "preview.py", "again.py", "progress.py"),
    *("handbook", "sampling", "forgetting.py", "ordering.py"),
}
# Of the press: what decides and records, what executes, what writes the catalogue. The rest draws pages.
_DECIDES = {
    *("__init__.py", "asked.py", "catalogue.py", "catalogued.py", "cluster", "contents.py", "delivery.py"),
    *(
        "freshness.py",
        "holding.py",
        "journal.py",
        "ledger.py",
        "memory.py",
        "plan.py",
        "production.py",
        "sources.py",
    ),
    *("standstill.py", "verify.py"),
}
_EXECUTES = {"execute.py", "warm"}
# Folders of a project that hold no modules of its notebooks.
_NO_MODULES = {"benchmarks", "data", "docs", "notebooks", "output", "params", "src", "tests"}
_DRAWS = {*_SHARED, "fonts", "markup.py"}


def library(contents: Contents, step: Step) -> str:
    """A hash over the source that a step's outcome may depend on.

    "execute" is all of it but what draws pages, what writes the catalogue and what only
    decides or tells; "look" is what draws pages.
    """
    folder = Path(evalib.__file__).parent
    names = {path.relative_to(folder).as_posix(): path for path in files_below(folder)}
    return digest_of({name: contents.sha256(path) for name, path in names.items() if step in steps_of(name)})


def steps_of(name: str) -> set[Step]:
    """The steps whose outcome may depend on a file of the library, named from its folder.

    >>> sorted(steps_of("press/render.py")), sorted(steps_of("review/yearly.py"))
    (['look'], ['execute', 'measure'])
    """
    room, _, rest = name.partition("/")
    if room == "press":
        part = rest.partition("/")[0]
        if part in _DECIDES or rest.startswith("templates/catalogue"):
            return set()
        return {"execute"} if part in _EXECUTES else {"look"}
    found: set[Step] = set() if room in _OUTSIDE else {"execute"}
    if room in _LOAD:
        found.add("load")
    if room in _MEASURE:
        found.add("measure")
    if room in _DRAWS:
        found.add("look")
    return found


def modules(root: Path) -> list[Path]:
    """Modules of the project's own, which its notebooks can import: they run with this folder as theirs."""
    packages = [
        one
        for one in sorted(root.iterdir())
        if one.is_dir() and one.name.isidentifier() and one.name not in _NO_MODULES
    ]
    return sorted(root.glob("*.py")) + [
        path for one in packages for path in files_below(one) if path.suffix == ".py"
    ]


def installed(lock: Path) -> str:
    """A hash over Python and the installed versions of what the lock file names.

    Without a lock file, over everything that is installed.
    """
    python = (sys.implementation.name, *sys.version_info[:3], sys.platform)
    return digest_of([python, sorted(_wanted(lock))])


def distributions(lock: Path) -> dict[str, str]:
    """The installed versions of what the lock file names, by name; without one, of all that is installed."""
    return dict(sorted(_wanted(lock)))


def _wanted(lock: Path) -> set[tuple[str, str]]:
    wanted = _locked(lock)
    return {(name, version) for name, version in _distributions(sys.path) if not wanted or name in wanted}


def _locked(lock: Path) -> set[str]:
    """The names in a lock file, as distributions spell them."""
    if not lock.is_file():
        return set()
    return {
        _spelt(one) for one in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==", lock.read_text(), re.M)
    }


def _distributions(places: Sequence[str]) -> set[tuple[str, str]]:
    """Name and version of all that is installed, from the names of its folders alone: that is quick."""
    found = set()
    for place in places:
        try:
            names = os.listdir(place or ".")  # noqa: PTH208 - a Path for each of hundreds is slower
        except OSError:
            continue
        for one in names:
            if one.endswith(".dist-info"):
                name, _, version = one.removesuffix(".dist-info").rpartition("-")
                found.add((_spelt(name), version))
    return found


def _spelt(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
