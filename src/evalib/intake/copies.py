"""The folder of annotated copies: for staff's eyes, kept out of loads, of git and of output/."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from evalib.errors import ParameterError
from evalib.intake.workbooks import COPIES

IGNORE = ".gitignore"
# What file systems allow in a name, in bytes, with room for a number.
_LONGEST_NAME = 240


class Copies:
    """A folder that holds pupils' data because the copies in it do.

    Only its owner may read it, git ignores what is in it, and no load reads it. It
    remembers what was written: a copy that someone has begun to mend is not replaced.

    Parameters
    ----------
    folder
        A new or empty folder, or one that held copies before.
    files
        The district's files, which must not lie in it.
    output
        Where nothing of pupils may be written.

    Raises
    ------
    ParameterError
        The folder holds something else, lies below `output`, or holds the files.
    """

    def __init__(self, folder: Path, files: Path, output: Path | None) -> None:
        self.folder = folder.resolve()
        in_output = output is not None and self.folder.is_relative_to(output.resolve())
        unfit = in_output or files.resolve().is_relative_to(self.folder)
        ours = (self.folder / COPIES).is_file()
        used = self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir()))
        if unfit or (used and not ours):
            raise ParameterError("copies_elsewhere", path=str(folder))
        self.written: dict[str, str] = _known(self.folder / COPIES) if ours else {}
        self.kept: dict[str, str] = {}

    def write(self, name: str, content: bytes) -> Path:
        """Put the copy of a file in its place, whole or not at all; where it lies is returned.

        Parameters
        ----------
        name
            The file's name as faults call it, folders below the district's included.
        content
            An .xlsx.

        Raises
        ------
        ParameterError
            The name leads out of the folder.
        """
        self._open()
        path = self._free(_fitting(PurePosixPath(name)))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(path, content)
        self.kept[path.relative_to(self.folder).as_posix()] = _digest(path)
        self._remember({**self.written, **self.kept})
        return path

    def sweep(self) -> None:
        """Remove earlier copies of files that have no fault now, unless someone changed them."""
        for name, digest in self.written.items():
            path = self.folder / name
            if name not in self.kept and path.is_file() and _digest(path) == digest:
                path.unlink()
        if self.written or self.kept:
            self._remember(self.kept)

    @property
    def left(self) -> bool:
        """Whether the folder holds a workbook, of this check or of one before."""
        return any(self.folder.rglob("*.xlsx")) if (self.folder / COPIES).is_file() else False

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        if not (self.folder / COPIES).is_file():
            _replace(self.folder / IGNORE, b"*\n")
            self._remember({})

    def _remember(self, names: Mapping[str, str]) -> None:
        _replace(self.folder / COPIES, json.dumps(names, indent=1).encode())

    def _free(self, name: PurePosixPath) -> Path:
        """Where a copy may be written: never over one that was changed, never outside the folder."""
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder):
            raise ParameterError("copies_elsewhere", path=str(self.folder))
        number = 1
        while path.exists() and not self._replaceable(path):
            number += 1
            path = (self.folder / name).with_stem(f"{name.stem} ({number})")
        return path

    def _replaceable(self, path: Path) -> bool:
        """Whether a copy is as an earlier check wrote it."""
        known = path.relative_to(self.folder).as_posix()
        return known not in self.kept and path.is_file() and self.written.get(known) == _digest(path)


def default_folder(files: Path) -> Path:
    """Beside the files: data/sample-批注 for data/sample."""
    return files.with_name(f"{files.stem if files.is_file() else files.name}-批注")


def _fitting(name: PurePosixPath) -> PurePosixPath:
    """The name of a file's copy: an .xlsx, no longer than file systems allow."""
    if name.suffix.lower() != ".xlsx":
        name = name.with_name(f"{name.name}.xlsx")
    if len(os.fsencode(name.name)) <= _LONGEST_NAME:
        return name
    mark = hashlib.sha256(os.fsencode(name.name)).hexdigest()[:8]
    stem = name.stem.encode("utf-8", "replace")[: _LONGEST_NAME - 20].decode("utf-8", "ignore")
    return name.with_name(f"{stem}-{mark}.xlsx")


def _known(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError:
        return {}
    return {str(name): str(digest) for name, digest in content.items()} if isinstance(content, dict) else {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".part.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    aside.replace(path)
