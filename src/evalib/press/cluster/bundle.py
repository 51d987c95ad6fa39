"""What a worker on another machine needs of the project, and whether it is the same as the caller's."""

from __future__ import annotations

import io
import platform
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import evalib
from evalib.press.contents import Contents, digest_of, files_below
from evalib.press.sources import LOCK, distributions, modules

# Differences between two machines that a message names.
NAMED = 3


@dataclass(frozen=True)
class Bundle:
    """The part of a project that reports are made from, in one piece.

    Attributes
    ----------
    content
        The params folder, the notebooks, the project's own modules and the lock file as a ZIP archive.
    params
        Where the district's params file lies below the project root.
    """

    content: bytes
    params: str

    def unpack(self, root: Path) -> None:
        """Put it into a folder, which becomes a project root."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            archive.extractall(root)


def bundle_of(root: Path, notebooks: Iterable[Path], params: Path) -> Bundle:
    """What the reports of one district are made from.

    Parameters
    ----------
    root
        The project root.
    notebooks, params
        The notebooks and the district's params file, below it.
    """
    paths = [*notebooks, *files_below(params.parent), *modules(root)]
    if (root / LOCK).is_file():
        paths.append(root / LOCK)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(set(paths)):
            archive.writestr(zipfile.ZipInfo(path.relative_to(root).as_posix()), path.read_bytes())
    return Bundle(target.getvalue(), params.relative_to(root).as_posix())


def installation(lock: Path) -> dict[str, str]:
    """What reports are made with: this library's source, Python, and what the lock file names, by name."""
    folder = Path(evalib.__file__).parent
    source = digest_of(Contents(folder).of_folder(folder))
    python = f"{platform.python_implementation()} {platform.python_version()} {sys.platform}"
    return {"evalib": source, "Python": python, **distributions(lock)}


def differences(here: dict[str, str], there: dict[str, str]) -> str:
    """The first names that two installations do not share, with what is here and there; empty if none."""
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    named = [f"{name}: {here.get(name, '–')} ≠ {there.get(name, '–')}" for name in names[:NAMED]]
    return "; ".join([*named, "…"] if len(names) > NAMED else named)
