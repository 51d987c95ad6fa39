"""One run at a time on a district's output.

In a folder the system keeps the lock, and lets go of it when the process ends, however it
ends. An object store has no such thing: there the lock is an object that only one can
create, refreshed while its run lives. One that was not refreshed for long is a dead run's.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalib import places
from evalib.errors import ParameterError

# Where no limit is told, as for a folder, whose lock needs none.
STALE_SECONDS = 60.0
# Refreshed so many times in the time after which it would be stale.
REFRESHES = 5
# Seconds after taking a dead run's lock in which another that found it dead may still take it away.
CONTEST_SECONDS = 1.0
LOCK = ".lock"


class Held:
    """A district's output, held by this run."""

    def check(self) -> None:
        """See that it is still ours.

        Raises
        ------
        ParameterError
            It was taken for dead, and another run holds the output.
        """


@contextmanager
def only_run(output: Path, stale_seconds: float = STALE_SECONDS) -> Iterator[Held]:
    """Hold a district's output for one run; a second one is told so at once.

    Parameters
    ----------
    output
        The district's output.
    stale_seconds
        After how long without a sign of life a lock in an object store is a dead run's.

    Raises
    ------
    ParameterError
        Another run holds it.
    """
    if places.is_remote(output):
        with _Lease(output, stale_seconds) as lease:
            yield lease
        return
    output.mkdir(parents=True, exist_ok=True)
    with (output / LOCK).open("a") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise ParameterError("another_run", path=str(output)) from None
        yield Held()


class _Lease(Held):
    def __init__(self, output: Path, stale_seconds: float) -> None:
        self.output, self.lock, self.stale_seconds = output, output / LOCK, stale_seconds
        self.token = uuid.uuid4().hex.encode()
        self.lost = False
        self.ended = threading.Event()

    def __enter__(self) -> _Lease:
        if not places.create(self.lock, self.token):
            self._take_over()
        self.thread = threading.Thread(target=self._refresh, name="evalib-lock", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended.set()
        self.thread.join()
        with contextlib.suppress(OSError):
            if self._is_ours():
                places.remove(self.lock)

    def check(self) -> None:
        """See that it is still ours."""
        if self.lost:
            raise self._refused("run_overtaken")

    def _take_over(self) -> None:
        """Take a lock that its run has left behind; two who find it so cannot both keep it."""
        if not self._is_stale():
            raise self._refused("another_run_remote")
        places.remove(self.lock)
        if not places.create(self.lock, self.token):
            raise self._refused("another_run_remote")
        time.sleep(CONTEST_SECONDS)
        if not self._is_ours():
            raise self._refused("another_run_remote")

    def _is_stale(self) -> bool:
        """Whether it is old by the clock of the store itself: that of this machine may be another."""
        probe = self.output / f"{LOCK}-{self.token.decode()}"
        places.replace(probe, self.token)
        try:
            now, then = places.modified(probe), places.modified(self.lock)
        finally:
            places.remove(probe)
        return then is None or (now is not None and now - then > self.stale_seconds)

    def _is_ours(self) -> bool:
        try:
            return places.read(self.lock) == self.token
        except FileNotFoundError:
            return False

    def _refresh(self) -> None:
        last = time.monotonic()
        while not self.ended.wait(self.stale_seconds / REFRESHES):
            try:
                if not self._is_ours():
                    self.lost = True
                    return
                places.replace(self.lock, self.token)
                last = time.monotonic()
            except OSError:
                # The store cannot be reached; once others may take this run for dead, it has lost.
                if time.monotonic() - last > self.stale_seconds:
                    self.lost = True
                    return

    def _refused(self, key: str) -> ParameterError:
        return ParameterError(key, path=str(self.output), seconds=f"{self.stale_seconds:g}")


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
