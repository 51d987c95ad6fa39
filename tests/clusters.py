"""A scheduler, workers and an S3 server as processes of their own on loopback."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"
# In the environment of a cluster's workers, and of what they start.
MARK = "EVALIB_TEST_CLUSTER"
BUCKET = "district-outputs"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def until(there: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            raise TimeoutError(there)
        time.sleep(0.05)


def answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def begun(*arguments: str, folder: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
    """A process of this Python in a group of its own, which finds the library."""
    environment = {**os.environ, **more, "PYTHONPATH": os.pathsep.join([str(SRC), *filter(None, sys.path)])}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


class Cluster:
    """`dask scheduler` and, without nannies, a `dask worker` for each number of threads.

    Parameters
    ----------
    threads
        Of each worker.
    """

    def __init__(self, *threads: int) -> None:
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory(prefix="evalib-cluster-")
        self.scheduler = begun(
            *("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"),
            *("--port", str(port), "--no-dashboard", "--no-show"),
            folder=Path(self._folder.name),
        )
        self.workers: list[subprocess.Popen[bytes]] = []
        until(lambda: answers(port))
        for count in threads:
            self.add(count)

    def add(self, threads: int = 1) -> subprocess.Popen[bytes]:
        """One worker more."""
        worker = begun(
            *("-m", "distributed.cli.dask_worker", self.address, "--host", "127.0.0.1", "--no-nanny"),
            *("--nthreads", str(threads), "--no-dashboard", "--memory-limit", "0"),
            *("--local-directory", self._folder.name),
            folder=Path(self._folder.name),
            **{MARK: self.address},
        )
        self.workers.append(worker)
        return worker

    def templates(self) -> set[int]:
        """The numbers of its workers' template processes, and of what they have forked."""
        found = set()
        mark = f"{MARK}={self.address}".encode()
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                theirs = mark in (place / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if theirs and re.search(rb"-m evalib\.press\.warm\.template \d", command):
                found.add(int(place.name))
        return found

    def close(self) -> None:
        for one in (*self.workers, self.scheduler):
            ended(one)
        self._folder.cleanup()


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """An empty bucket on a real S3 server; the environment that leads there."""
    port = free_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in told}
    server = begun("-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    os.environ.update(told)
    try:
        until(lambda: answers(port))
        import s3fs

        s3fs.S3FileSystem(skip_instance_cache=True).mkdir(BUCKET)
        yield told
    finally:
        ended(server)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def parent_of(pid: int) -> int:
    """The number of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[1])
