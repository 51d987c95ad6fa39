"""The caller's side of a template process, and reports made with it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evalib.errors import ReportError
from evalib.press.ledger import Fate
from evalib.press.warm.fates import fate_of
from evalib.press.warm.limits import Ended, Limits
from evalib.press.warm.processes import can_fork, kill_group, resident_bytes
from evalib.press.warm.rehearsal import make_here, rehearse
from evalib.press.warm.surroundings import INLINE

if TYPE_CHECKING:
    from evalib.press.production import Order

Make = Callable[["Order"], Fate]
# A template that ends under its children is started again; an order that was there twice is given up.
DEATHS_ALLOWED = 1
# Seconds between two looks at a template that prepares.
LOOK_EVERY = 0.1
# Seconds that a template has to end its forks and itself.
PATIENCE = 5
# What a template may hold of its own beside the report that it rehearses: libraries and fonts.
OWN_BYTES = 1 << 30
# Reports share the cores, so no library shares out its own work; a pool of one thread is known at once.
_SINGLE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")
ENVIRONMENT = {"PYTHONHASHSEED": "0", **dict.fromkeys(_SINGLE, "1")}


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
        self._socket, self._waiting, self.in_flight = ours, b"", 0
        self._folder = tempfile.mkdtemp(prefix="evalib-")  # for all temporary files of it and its forks
        self.owner = os.getpid()
        try:
            self._say({"path": sys.path, "folder": self._folder, "prepare": _packed(prepare, arguments)})
            if limits is not None:
                self._watch(limits)
            ready = self._hear()
        except BaseException:
            # In the midst of its preparations it may not look at the socket for long.
            kill_group(self._process.pid)
            self.close()
            raise
        self.trouble: str = ready["trouble"]
        if ready["threads"]:
            self.close()
            raise TemplateGone(ready["threads"])

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
        self._socket.close()
        if self.owner == os.getpid():
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                kill_group(self._process.pid)  # its forks end with it
                self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _watch(self, limits: Limits) -> None:
        """Wait until it has something to say, or kill it at a limit."""
        end = time.monotonic() + limits.seconds
        while not select.select([self._socket], [], [], LOOK_EVERY)[0]:
            if time.monotonic() > end or resident_bytes(self._process.pid) > limits.bytes + OWN_BYTES:
                kill_group(self._process.pid)

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


def make_warm(
    orders: Sequence[Order],
    *,
    make: Make,
    limits: Limits,
    cold: Callable[[Sequence[Order], tuple[str, ...]], Iterator[Fate]],
    workers: int | None = None,
) -> Iterator[Fate]:
    """Make reports in forks of one template, and hand back each fate as it is known.

    Parameters
    ----------
    orders
        What to make; the first is rehearsed in memory.
    make
        Makes one report; a function by its name in a module.
    limits
        What one report may use.
    cold
        Makes reports where forking is not possible or not safe, in workers started anew. It
        is handed the names of the threads that make it unsafe, none where it is not possible.
    workers
        Reports at a time; as many as there are cores when not given.

    Yields
    ------
    One fate an order, in the order of completion. A report that hangs, grows, or kills
    its process fails alone. If the template itself dies, the reports in its hands are
    made again, one at a time, by a new one.
    """
    together = workers or os.cpu_count() or 1
    waiting = list(orders)
    deaths: dict[int, int] = {}
    while waiting:
        if not can_fork():
            yield from cold(waiting, ())
            return
        # What was in the hands of a template that died is tried apart from the rest.
        suspects = [one for one in waiting if id(one) in deaths]
        batch, width = (suspects[:1], 1) if suspects else (waiting, together)
        done: list[int] = []
        hands: dict[int, Order] = {}
        try:
            for order, fate in _forked(batch, width, make, limits, hands):
                done.append(id(order))
                yield fate
        except TemplateGone as gone:
            waiting = [one for one in waiting if id(one) not in done]
            if gone.threads or not hands:
                yield from cold(waiting, gone.threads)
                return
            for order in hands.values():
                deaths[id(order)] = deaths.get(id(order), 0) + 1
                if deaths[id(order)] > DEATHS_ALLOWED:
                    waiting.remove(order)
                    yield Fate.failed(order.key, ReportError("worker_died"))
        else:
            waiting = [one for one in waiting if id(one) not in done]


def _forked(
    orders: Sequence[Order], width: int, make: Make, limits: Limits, hands: dict[int, Order]
) -> Iterator[tuple[Order, Fate]]:
    """Each order with its fate; `hands` holds those that a process is at work on, by ticket."""
    remaining = iter(enumerate(orders))
    with rehearsed(make, orders, limits) as template:
        while True:
            for ticket, order in remaining:
                hands[ticket] = order
                template.start(ticket, limits, make_here, make, order)
                if template.in_flight >= width:
                    break
            if not template.in_flight:
                return
            ended = template.ended()
            if ended.end == "unsafe":
                raise TemplateGone(ended.value)
            order = hands.pop(ended.ticket)
            yield order, fate_of(order, ended, limits)


def rehearsed(make: Make, orders: Sequence[Order], limits: Limits) -> Template:
    """A template that has rehearsed one of the first two orders, or none if both do it harm.

    Some notebook may kill its process, hang or start threads. That is its own fate to
    tell, in its own fork; the template of the others is then one that did not run it.
    """
    candidates = orders[:2] if len(orders) > 1 else []
    for order in candidates:
        try:
            return Template(rehearse, make, order, True, limits=limits)
        except TemplateGone:
            continue
    return Template(rehearse, make, orders[0], False)


def _packed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    return base64.b64encode(pickle.dumps((function, arguments))).decode()
