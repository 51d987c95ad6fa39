"""One forked process: cut loose from the template, limited, its work done, its record written last."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from evalib.errors import told
from evalib.press.warm.limits import Limits

_PR_SET_PDEATHSIG = 1
# Before a record's content: whether the work was done, and how many bytes follow.
HEADER = struct.Struct(">?Q")
# Address space that is reserved and never used: allocators' arenas and threads' stacks.
RESERVED = 4 << 30


def do(payload: bytes, limits: Limits, record: int, folder: str, close: Iterable[int]) -> NoReturn:
    """Do one piece of work in this freshly forked process and leave it.

    Parameters
    ----------
    payload
        The pickled function and its arguments.
    limits
        Its memory becomes a limit of the address space, so that a request for far too
        much raises MemoryError where it is made.
    record
        The memory file for the completion record: `HEADER` and a pickled value, or a text for a failure.
    folder
        Its own folder for temporary files.
    close
        The template's descriptors.
    """
    code = 1
    try:
        _cut_loose(close)
        _limit(limits)
        _refresh(folder)
        function, arguments = pickle.loads(payload)
        content = _recorded(True, pickle.dumps(function(*arguments)))
        code = 0
    except Exception as error:
        content = _recorded(False, f"{type(error).__name__}: {told(str(error))}".encode())
    except BaseException:  # an exit that somebody asked for is no completion
        content = b""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    view = memoryview(content)
    while view:
        view = view[os.write(record, view) :]
    os._exit(code)


def _recorded(done: bool, content: bytes) -> bytes:
    return HEADER.pack(done, len(content)) + content


def _cut_loose(close: Iterable[int]) -> None:
    template = os.getppid()
    os.setsid()
    # Fires when the thread that forked ends; the template forks in its only thread.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != template:
        os._exit(1)
    for descriptor in close:
        os.close(descriptor)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _limit(limits: Limits) -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    space = pages * os.sysconf("SC_PAGE_SIZE") + limits.bytes + RESERVED
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        space = min(space, most)
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refresh(folder: str) -> None:
    """Make what a process has once its own: seeds, temporary files, event loop, garbage collector."""
    gc.enable()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    # The same for every report, so that none depends on which was made before it.
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    asyncio.set_event_loop_policy(None)
    if core := sys.modules.get("jupyter_core.utils"):
        core._loop.set(None)
        core._runner_map.clear()
    threading.current_thread().name = "MainThread"
