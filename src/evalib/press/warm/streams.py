"""What cells write to stdout and stderr: through Python, through C, and through their subprocesses."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

# Receives the parent of what was written, the stream's name and the text.
Emit = Callable[[dict[str, Any], str, str], None]


class CellStream(io.TextIOBase):
    """A text stream that also holds what reached its descriptor without passing through Python.

    What was written comes out as one text at a flush: before an output is shown, and at
    the end of a cell. C code and subprocesses write into a file in memory that lies
    behind the descriptor; it is read before every write of Python's, so that the order
    within one stream is the order in which things were written.

    Parameters
    ----------
    name
        "stdout" or "stderr".
    descriptor
        The descriptor that the memory file lies behind, 1 or 2.
    memory
        The memory file's own descriptor.
    before
        A duplicate of what the descriptor was before.
    parent
        Gives the header of the request on whose behalf something is written now.
    emit
        Takes each text that is ready.
    """

    # The name and the encoding of ipykernel's own stream.
    encoding = "UTF-8"

    def __init__(
        self,
        name: str,
        descriptor: int,
        memory: int,
        before: int,
        parent: Callable[[], dict[str, Any]],
        emit: Emit,
    ) -> None:
        self.name, self._descriptor, self._memory, self._before = name, descriptor, memory, before
        self._parent, self._emit = parent, emit
        self._waiting: list[tuple[dict[str, Any], str]] = []
        self._read = 0
        self._owner = os.getpid()
        self._lock = threading.RLock()

    def fileno(self) -> int:
        """The descriptor from before: what is handed to it bypasses the notebook, as with ipykernel."""
        return self._before

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Keep a text for the next flush; in a process that a cell forked, hand it to this one."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._owner:
            os.write(self._descriptor, text.encode("utf-8", "replace"))
            return len(text)
        with self._lock:
            self._drain()
            self._waiting.append((self._parent(), text))
        return len(text)

    def flush(self) -> None:
        """Hand on everything that was written, one text for each request that it belongs to."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._drain()
            waiting, self._waiting = self._waiting, []
            texts: dict[Any, tuple[dict[str, Any], list[str]]] = {}
            for parent, text in waiting:
                texts.setdefault(parent.get("msg_id"), (parent, []))[1].append(text)
            for parent, pieces in texts.values():
                if text := "".join(pieces):
                    self._emit(parent, self.name, text)

    def discard(self) -> None:
        """Forget what was written outside any request."""
        with self._lock:
            self._drain()
            self._waiting.clear()

    def _drain(self) -> None:
        size = os.fstat(self._memory).st_size
        if size > self._read:
            text = os.pread(self._memory, size - self._read, self._read).decode(errors="replace")
            self._read = size
            self._waiting.append((self._parent(), text))


@contextlib.contextmanager
def captured(parent: Callable[[], dict[str, Any]], emit: Emit) -> Iterator[tuple[CellStream, CellStream]]:
    """Stand in for stdout and stderr, in Python and behind descriptors 1 and 2, until the block ends."""
    with contextlib.suppress(ValueError, OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    python = sys.stdout, sys.stderr
    before, memories, streams = [], [], []
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        before.append(os.dup(descriptor))
        memories.append(_memory_file())
        os.dup2(memories[-1], descriptor)
        streams.append(CellStream(name, descriptor, memories[-1], before[-1], parent, emit))
    sys.stdout, sys.stderr = streams
    try:
        yield streams[0], streams[1]
    finally:
        sys.stdout, sys.stderr = python
        for descriptor, kept, memory in zip((1, 2), before, memories, strict=True):
            os.dup2(kept, descriptor)
            os.close(kept)
            os.close(memory)


def _memory_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("evalib-cell")
    descriptor, path = tempfile.mkstemp(prefix="evalib-cell-")
    os.unlink(path)  # noqa: PTH108 — a descriptor is all that is left of it
    return descriptor
