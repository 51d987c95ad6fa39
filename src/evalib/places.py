"""Where outputs lie, a folder here or any fsspec URL, and all in which the two differ.

A path of an output is a `Path`, or for a URL a `UPath`, which joins and splits like one. Bytes
go in and out through this module: a file is put in place whole or not at all, in a folder
by renaming, in an object store by one PUT. Which object store there is, and what opens it,
stands in the environment as its own tools know it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from evalib.errors import ParameterError

# Says to notebooks and commands where the districts' outputs lie, where it is not `output/`.
VARIABLE = "EVALIB_OUTPUT"
# In the folder of a copy: of which folder it is one.
ORIGIN = ".origin"
# Seconds that one missing file of a copy may take to come.
PATIENCE = 600
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def place(given: str) -> Path:
    """The folder that a text names: a path, or a URL such as `s3://bucket/outputs`.

    Raises
    ------
    ParameterError
        Nothing is known of this kind of URL, or the package that reads it is not installed.
    """
    if given.startswith("file://"):
        given = given.removeprefix("file://")
    if not _URL.match(given):
        return Path(given).absolute()
    from upath import UPath  # where every output is a folder nobody waits for it

    try:
        found = UPath(given.rstrip("/"), use_listings_cache=False)
        found.fs  # noqa: B018 - what is missing is told here, not in the middle of a run
    except ImportError as error:
        raise ParameterError("output_package_missing", url=given, cause=str(error)) from None
    except ValueError as error:
        raise ParameterError("output_unknown", url=given, cause=str(error)) from None
    return cast(Path, found)


def is_remote(path: Path) -> bool:
    """Whether a path is a URL's and not in a folder here."""
    return bool(getattr(path, "protocol", ""))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[Any]:
    """Its file system; what a library raises of a network or of credentials is the system's refusal."""
    try:
        yield cast(Any, path).fs
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        if error.strerror is None:
            error.strerror = str(error.args[0])[:200] if error.args else type(error).__name__
        raise
    except Exception as error:
        text = f"{type(error).__name__}: {str(error)[:200]}"
        raise OSError(errno.EIO, text, str(path)) from None


def _inner(path: Path) -> str:
    return str(cast(Any, path).path)


def read(path: Path) -> bytes:
    """What a file holds.

    Raises
    ------
    OSError
        There is no such file, or it cannot be read.
    """
    if not is_remote(path):
        return path.read_bytes()
    with _told(path) as system:
        return bytes(system.cat_file(_inner(path)))


def is_file(path: Path) -> bool:
    """Whether there is such a file."""
    if not is_remote(path):
        return path.is_file()
    with _told(path) as system:
        return bool(system.isfile(_inner(path)))


def make_folder(folder: Path) -> None:
    """Make a folder with those above it; an object store has none to make."""
    if not is_remote(folder):
        folder.mkdir(parents=True, exist_ok=True)


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Put a file in place whole or not at all; durable, it is there after a power cut too."""
    if is_remote(path):
        with _told(path) as system:
            system.pipe_file(_inner(path), content)
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    if durable:
        flush_folder(path.parent)


def create(path: Path, content: bytes) -> bool:
    """Put a file there that was not; False if it was, where the file system can tell."""
    try:
        with _told(path) as system:
            system.pipe_file(_inner(path), content, mode="create")
    except OSError as error:
        if isinstance(error, FileExistsError) or "PreconditionFailed" in str(error):
            return False
        raise
    return True


def move(path: Path, target: Path) -> None:
    """Have a file take another's place; killed in between, both are there and hold the same."""
    if not is_remote(path):
        path.replace(target)
        return
    replace(target, read(path))
    remove(path)


def remove(path: Path) -> None:
    """Remove a file; none is no fault."""
    if not is_remote(path):
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError), _told(path) as system:
        system.rm_file(_inner(path))


def put(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put files into a folder of a URL, each of them whole."""
    with _told(folder) as system:
        if contents:
            system.pipe({_inner(folder / name): content for name, content in contents.items()})


def fetch(files: Sequence[tuple[Path, Path]]) -> None:
    """Copy files of one file system, each to a place here; their folders are there already."""
    if files:
        with _told(files[0][0]) as system:
            system.get([_inner(path) for path, _ in files], [str(target) for _, target in files])


def stamps(folder: Path) -> dict[str, list[int | str]]:
    """What tells each file below a URL's folder from an earlier one of its name: size and tag or time.

    Returns
    -------
    By the files' names from there; empty where there is no such folder.
    """
    top = _inner(folder).rstrip("/")
    with contextlib.suppress(FileNotFoundError), _told(folder) as system:
        found = system.find(top, detail=True)
        return {
            name.removeprefix(top).lstrip("/"): [int(entry["size"]), _tag(entry)]
            for name, entry in sorted(found.items())
        }
    return {}


def modified(path: Path) -> float | None:
    """When a URL's file was put there, by the clock of its file system, in seconds; None if it is not there.

    Raises
    ------
    OSError
        It cannot be asked, or this kind of file system keeps no times.
    """
    with contextlib.suppress(FileNotFoundError), _told(path) as system:
        return float(system.modified(_inner(path)).timestamp())
    return None


def _tag(entry: Mapping[str, Any]) -> str:
    for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created"):
        if entry.get(name) is not None:
            return str(entry[name]).strip('"')
    return ""


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; where a system cannot, it does nothing."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copied(path: Path) -> bool:
    """Fetch a file that is missing in a copy; False where its folder is no copy of another.

    That is done in a process of its own: what speaks to an object store starts threads, and
    the process that asks may be one that is forked.
    """
    for folder in path.parents:
        if (folder / ORIGIN).is_file():
            source = f"{(folder / ORIGIN).read_text('utf-8')}/{path.relative_to(folder).as_posix()}"
            path.parent.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "evalib.places", source, str(path)]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
            done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE)
            return done.returncode == 0
    return False


if __name__ == "__main__":
    replace(Path(sys.argv[2]), read(place(sys.argv[1])), durable=False)
