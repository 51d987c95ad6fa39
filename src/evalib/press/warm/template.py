"""The template process: it imports everything once, and is forked for every piece of work.

Started by `pool.Template` with one end of a socket pair; both sides speak one JSON object
a line. It has one thread, never compiles Typst and never runs a thread pool, because a fork
copies one thread and every lock that the others held.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import pickle
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalib.press.warm import child
from evalib.press.warm.limits import End, Limits
from evalib.press.warm.processes import arrows_threads, foreign_threads, kill_group, resident_bytes

# Seconds between two looks at the deadline and the memory of every child.
LOOK_EVERY = 0.05
# Seconds between two looks at whether the caller is still there, while a report is rehearsed.
ASK_EVERY = 0.5


@dataclass
class _Child:
    ticket: int
    pid: int
    watch: int
    record: int
    folder: str
    limits: Limits
    started: float
    killed_for: End | None = None
    own_bytes: int = 0


class Server:
    """Answers requests on a socket until its other end is closed.

    Parameters
    ----------
    connection
        This side's end of the socket pair.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.children: dict[int, _Child] = {}
        self.selector = selectors.DefaultSelector()
        self.waiting = b""

    def serve(self) -> None:
        """Prepare, say so, then fork for each request; kill what is left when the caller is gone."""
        lines = self._first_lines()
        start = json.loads(lines.pop(0))
        sys.path[:] = start["path"]
        self.folder: str = start["folder"]
        os.environ["TMPDIR"] = tempfile.tempdir = self.folder
        self._say(self._prepare(start["prepare"]))
        self.selector.register(self.connection, selectors.EVENT_READ)
        try:
            for line in lines:
                self._fork(json.loads(line))
            while self._turn():
                pass
        finally:
            for one in list(self.children.values()):
                kill_group(one.pid)
                self._end(one, tell=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self, payload: str) -> dict[str, Any]:
        trouble = ""
        self.known = arrows_threads()
        signal.signal(signal.SIGALRM, self._leave_with_caller)
        signal.setitimer(signal.ITIMER_REAL, ASK_EVERY, ASK_EVERY)
        try:
            function, arguments = pickle.loads(base64.b64decode(payload))
            function(*arguments)
        except Exception:
            trouble = traceback.format_exc(limit=-6)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        gc.collect()
        gc.disable()
        gc.freeze()
        self.shared_bytes = resident_bytes(os.getpid())
        return {"ready": True, "trouble": trouble, "threads": foreign_threads(self.known)}

    def _leave_with_caller(self, *_: object) -> None:
        """End this process and what it started if, in the midst of preparing, the caller has gone."""
        with contextlib.suppress(BlockingIOError):
            if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                shutil.rmtree(self.folder, ignore_errors=True)
                os.killpg(0, signal.SIGKILL)

    def _turn(self) -> bool:
        """One look at the socket and at every child; False when the caller has gone."""
        for key, _ in self.selector.select(LOOK_EVERY if self.children else None):
            if key.data is None:
                received = self._receive()
                if received is None:
                    return False
                for line in received:
                    self._fork(json.loads(line))
            else:
                self._end(key.data)
        now = time.monotonic()
        for one in self.children.values():
            self._look_at(one, now)
        return True

    def _look_at(self, one: _Child, now: float) -> None:
        own = resident_bytes(one.pid) - self.shared_bytes
        one.own_bytes = max(one.own_bytes, own)
        if one.killed_for is None:
            if now - one.started > one.limits.seconds:
                one.killed_for = "timed_out"
            elif own > one.limits.bytes:
                one.killed_for = "out_of_memory"
            if one.killed_for:
                kill_group(one.pid)

    def _fork(self, request: dict[str, Any]) -> None:
        ticket, limits = request["ticket"], Limits(request["seconds"], request["bytes"])
        if threads := foreign_threads(self.known):
            self._say({"ticket": ticket, "end": "unsafe", "threads": threads})
            return
        payload = base64.b64decode(request["work"])
        record = os.memfd_create("evalib-record")
        folder = tempfile.mkdtemp(prefix="evalib-")
        mine = [self.connection.fileno(), self.selector.fileno()]
        for other in self.children.values():
            mine += [other.watch, other.record]
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child.do(payload, limits, record, folder, mine)
        one = _Child(ticket, pid, os.pidfd_open(pid), record, folder, limits, started)
        self.children[pid] = one
        self.selector.register(one.watch, selectors.EVENT_READ, one)

    def _end(self, one: _Child, *, tell: bool = True) -> None:
        """Tell how a child ended, and leave nothing of it."""
        kill_group(one.pid)  # what it started and left behind
        _, status = os.waitpid(one.pid, 0)
        seconds = time.monotonic() - one.started
        size = os.fstat(one.record).st_size
        content = os.pread(one.record, size, 0)
        self.selector.unregister(one.watch)
        os.close(one.watch)
        os.close(one.record)
        shutil.rmtree(one.folder, ignore_errors=True)
        del self.children[one.pid]
        end, value, detail = _how(one, status, content)
        if tell:
            told = {"ticket": one.ticket, "end": end, "value": value, "detail": detail}
            self._say({**told, "seconds": round(seconds, 4), "own_bytes": one.own_bytes})

    def _say(self, told: dict[str, Any]) -> None:
        # A caller that has gone is noticed when the socket is read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.sendall(json.dumps(told).encode() + b"\n")

    def _first_lines(self) -> list[bytes]:
        lines: list[bytes] = []
        while not lines:
            received = self._receive()
            if received is None:
                sys.exit(0)
            lines = received
        return lines

    def _receive(self) -> list[bytes] | None:
        """The whole lines that have arrived; None when the other end is closed."""
        try:
            received = self.connection.recv(1 << 16)
        except ConnectionResetError:
            return None
        if not received:
            return None
        *lines, self.waiting = (self.waiting + received).split(b"\n")
        return lines


def _how(one: _Child, status: int, record: bytes) -> tuple[End, str | None, int]:
    """How a child ended: only a whole record counts as done, whatever its exit code says."""
    if len(record) >= child.HEADER.size:
        done, length = child.HEADER.unpack_from(record)
        content = record[child.HEADER.size :]
        if len(content) == length:
            return "done" if done else "failed", base64.b64encode(content).decode(), 0
    if one.killed_for:
        return one.killed_for, None, 0
    if os.WIFSIGNALED(status):
        return "killed", None, os.WTERMSIG(status)
    return "exited", None, os.waitstatus_to_exitcode(status)


def serve_at(folder: str, name: str) -> None:
    """Serve as a template from here on, in this fork of another one.

    Parameters
    ----------
    folder, name
        Where the caller waits for the call.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(socket.AF_UNIX)
    place = os.open(folder, os.O_RDONLY)
    connection.connect(f"/proc/self/fd/{place}/{name}")
    os.close(place)
    Server(connection).serve()


def main(descriptor: int) -> None:
    """Serve on an inherited descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to answer
    os.set_inheritable(descriptor, False)
    # Newer Pythons warn of threads at a fork; which there may be is asked before each.
    warnings.filterwarnings(
        "ignore", message=".*use of fork\\(\\) may lead to deadlocks", category=DeprecationWarning
    )
    # Whatever prints outside a cell must not break the caller's own lines.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    Server(socket.socket(fileno=descriptor)).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
