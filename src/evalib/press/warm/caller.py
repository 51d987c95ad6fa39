"""The caller's side of a template process, and templates that branch off one another."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import pickle
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evalib.press.warm.limits import Ended, Limits
from evalib.press.warm.processes import kill_group, resident_bytes
from evalib.press.warm.surroundings import INLINE
from evalib.press.warm.template import serve_at

# Seconds between two looks at a template that prepares.
LOOK_EVERY = 0.1
# Seconds that a template has to end its forks and itself.
PATIENCE = 5
# What a template may hold of its own beside the report that it rehearses: libraries and fonts.
OWN_BYTES = 1 << 30
# Reports share the cores, so no library shares out its own work; a pool of one thread is known at once.
_SINGLE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")
ENVIRONMENT = {"PYTHONHASHSEED": "0", **dict.fromkeys(_SINGLE, "1")}
# A branch lives as long as it is asked for.
_NO_LIMITS = Limits(seconds=float(10**9), bytes=1 << 62)


class TemplateGone(Exception):
    """The template process ended or cannot be forked; `threads` names what makes forking unsafe."""

    def __init__(self, threads: Sequence[str] = ()) -> None:
        super().__init__(", ".join(threads))
        self.threads = tuple(threads)


class Template:
    """A process that has imported everything, and is forked once for each piece of work.

    Its end of a socket pair is the only tie: when this side is closed, or this process
    dies, it kills what it has forked and ends. Use it as a context manager.

    Parameters
    ----------
    prepare
        A function by its name in a module, with its arguments: called once in the template.
    limits
        How long and how large it may get over this; none when not given.

    Raises
    ------
    TemplateGone
        It ended while it prepared, or was ended at a limit, or has threads that make forking unsafe.
    """

    def __init__(self, prepare: Callable[..., Any], *arguments: Any, limits: Limits | None = None) -> None:
        ours, theirs = socket.socketpair()
        environment = {"MPLBACKEND": INLINE, **os.environ, **ENVIRONMENT}
        environment["PYTHONPATH"] = os.pathsep.join(one for one in sys.path if one)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "evalib.press.warm.template", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
                start_new_session=True,
            )
        self._tickets = itertools.count()
        self._begin(ours, self._process.pid, _packed(prepare, arguments), limits)

    def _begin(self, ours: socket.socket, pid: int, prepare: str, limits: Limits | None) -> None:
        """Have the process at the other end of a socket prepare, and wait until it has."""
        self._socket, self._waiting, self.in_flight = ours, b"", 0
        self._folder = tempfile.mkdtemp(prefix="evalib-")  # for all temporary files of it and its forks
        self.owner, self._pid = os.getpid(), pid
        try:
            self._say({"path": sys.path, "folder": self._folder, "prepare": prepare})
            if limits is not None:
                self._watch(limits)
            ready = self._hear()
        except BaseException:
            # In the midst of its preparations it may not look at the socket for long.
            kill_group(self._pid)
            self.close()
            raise
        self.trouble: str = ready["trouble"]
        if ready["threads"]:
            self.close()
            raise TemplateGone(ready["threads"])

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def start(self, ticket: int, limits: Limits, work: Callable[..., Any], *arguments: Any) -> None:
        """Have a piece of work done in a process of its own; its end is told by `ended`."""
        request = {"ticket": ticket, "seconds": limits.seconds, "bytes": limits.bytes}
        self._say({**request, "work": _packed(work, arguments)})
        self.in_flight += 1

    def ended(self) -> Ended:
        """Wait for the next process to end, and say how.

        Raises
        ------
        TemplateGone
            The template ended; its children did too.
        """
        told = self._hear()
        self.in_flight -= 1
        if told["end"] == "unsafe":
            return Ended(told["ticket"], "unsafe", value=tuple(told["threads"]))
        value = told.pop("value")
        content = base64.b64decode(value) if value is not None else None
        if told["end"] == "done" and content is not None:
            return Ended(**told, value=pickle.loads(content))
        return Ended(**told, value=content.decode() if content is not None else None)

    def end(self) -> None:
        """Have the template end, and whoever waits for its next word hear of it; `close` comes after."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the template and all that it has forked; a copy in a forked process is only let go."""
        if self.owner == os.getpid():
            self._leave()
            shutil.rmtree(self._folder, ignore_errors=True)
        else:
            self._socket.close()

    def _leave(self) -> None:
        self._socket.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill_group(self._pid)  # its forks end with it
            self._process.wait()

    @contextlib.contextmanager
    def _called(self) -> Iterator[Callable[[], socket.socket]]:
        """Have a fork of this template serve as one too; what is yielded waits for its call."""
        ticket = next(self._tickets)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                # A path of any length, by a short name.
                listener.bind(f"/proc/self/fd/{folder}/{ticket}")
                listener.listen(1)
                self.start(ticket, _NO_LIMITS, serve_at, self._folder, str(ticket))

                def answered() -> socket.socket:
                    while listener not in select.select([listener, self._socket], [], [], LOOK_EVERY)[0]:
                        while self._has_word():
                            # Earlier branches tell their end here too.
                            if (ended := self.ended()).ticket == ticket:
                                raise TemplateGone(ended.value if ended.end == "unsafe" else ())
                    return listener.accept()[0]

                yield answered
        finally:
            os.close(folder)

    def _has_word(self) -> bool:
        return b"\n" in self._waiting or bool(select.select([self._socket], [], [], 0)[0])

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _watch(self, limits: Limits) -> None:
        """Wait until it has something to say, or kill it at a limit."""
        end = time.monotonic() + limits.seconds
        while not select.select([self._socket], [], [], LOOK_EVERY)[0]:
            if time.monotonic() > end or resident_bytes(self._pid) > limits.bytes + OWN_BYTES:
                kill_group(self._pid)

    def _say(self, told: dict[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(told).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            raise TemplateGone from None

    def _hear(self) -> dict[str, Any]:
        while b"\n" not in self._waiting:
            try:
                received = self._socket.recv(1 << 20)
            except ConnectionResetError:
                received = b""
            if not received:
                raise TemplateGone
            self._waiting += received
        line, self._waiting = self._waiting.split(b"\n", 1)
        told: dict[str, Any] = json.loads(line)
        return told


class Branch(Template):
    """A template that is a fork of another, with all that it has loaded, and goes its own way from there.

    Parameters
    ----------
    trunk
        The other, which nobody uses for anything else; with it all of its branches end.
    prepare, limits
        As of `Template`.

    Raises
    ------
    TemplateGone
        As of `Template`; or the trunk ended, or cannot be forked.
    """

    def __init__(
        self, trunk: Template, prepare: Callable[..., Any], *arguments: Any, limits: Limits | None = None
    ) -> None:
        with trunk._called() as answered:
            ours = answered()
        told = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", told)[0]
        self._begin(ours, pid, _packed(prepare, arguments), limits)

    def _leave(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(PATIENCE)
            while self._socket.recv(1 << 20):
                pass  # what it still had to say
        except TimeoutError:
            kill_group(self._pid)  # its forks end with it
        except OSError:
            pass  # it was told to end before, or did
        finally:
            self._socket.close()


class Trunk:
    """Begins templates as branches of one that has everything loaded; of a new one, where that has ended.

    Loading takes seconds, branching none; what one branch rehearses, the others know nothing of.

    Parameters
    ----------
    load, arguments
        What the trunk is prepared with, at the first branch; a function by its name in a module.
    """

    def __init__(self, load: Callable[..., Any], *arguments: Any) -> None:
        self._load, self._lock = (load, *arguments), threading.Lock()
        self._loaded: Template | None = None

    def begin(self, prepare: Callable[..., Any], *arguments: Any, limits: Limits | None = None) -> Template:
        """A branch that has prepared.

        Raises
        ------
        TemplateGone
            As of `Branch`; or everything that is loaded cannot be forked.
        """
        with self._lock:
            if self._loaded is not None and not self._loaded.alive:
                self._loaded.close()
                self._loaded = None
            if self._loaded is None:
                self._loaded = Template(*self._load)
            return Branch(self._loaded, prepare, *arguments, limits=limits)

    def close(self) -> None:
        """End the trunk, and all that has branched off."""
        if self._loaded is not None:
            self._loaded.close()


def _packed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    return base64.b64encode(pickle.dumps((function, arguments))).decode()
