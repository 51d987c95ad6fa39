"""What Linux tells of processes: their threads, their memory, their descendants."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path

# Native threads that are known to survive a fork: allocators' own, which take no lock that a child needs.
ALLOWED = frozenset({"jemalloc_bg_thd"})


def can_fork() -> bool:
    """Whether this system has what the template needs: Linux, with descriptors for processes."""
    return hasattr(os, "pidfd_open") and hasattr(os, "memfd_create") and Path("/proc/self/statm").exists()


def arrows_threads() -> frozenset[str]:
    """Have Arrow start its threads, and name them by their numbers: they are known to survive a fork.

    Arrow makes its pools anew in a forked process. Its threads bear the name of the
    program, so they are known by when they came: with one thread a pool, which the
    template's environment asks for, all of them are there after one read.
    """
    import pandas as pd  # where no report is made nobody waits for it

    before = set(_tasks())
    content = io.BytesIO()
    pd.DataFrame({"first": [1], "second": [2]}).to_parquet(content)
    pd.read_parquet(content)
    return frozenset(set(_tasks()) - before)


def foreign_threads(known: Collection[str] = ()) -> list[str]:
    """The names of this process's threads, native ones too, that make a fork unsafe.

    `threading.enumerate` knows only Python's; a thread pool of a library holds locks that
    a forked process would wait for for ever.

    Parameters
    ----------
    known
        Numbers of threads that survive a fork.
    """
    names = (name for number, name in _tasks().items() if number not in known)
    return sorted(name for name in names if name not in ALLOWED)


def _tasks() -> dict[str, str]:
    """The names of this process's threads by their numbers, without the main thread."""
    names = {}
    for task in Path("/proc/self/task").iterdir():
        if task.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                names[task.name] = (task / "comm").read_text("utf-8", "replace").strip()
    return names


def resident_bytes(pid: int) -> int:
    """The resident memory of a process and of all that descend from it; 0 when it is gone."""
    pages = 0
    for one in _family(pid):
        with contextlib.suppress(OSError, IndexError):
            pages += int(Path(f"/proc/{one}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for descendant in (task / "children").read_text("ascii").split():
                yield from _family(int(descendant))


def kill_group(pid: int) -> None:
    """Kill a process and its group; one that has not made its group yet is killed alone."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
