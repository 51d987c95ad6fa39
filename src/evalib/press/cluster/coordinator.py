"""The caller's side: a few reports at a time in the hands of a cluster's workers."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, wait

from evalib.errors import EvalError, ParameterError, ReportError, told
from evalib.press.cluster.bundle import bundle_of, differences, installation
from evalib.press.cluster.worker import Bench, dask_setup, errand_of, make_on_worker, worker_installation
from evalib.press.ledger import Fate
from evalib.press.production import Order, of_each_kind
from evalib.press.sources import LOCK
from evalib.press.warm.limits import Limits
from evalib.settings import Settings
from evalib.store import Store

Maker = Callable[[Sequence[Order], int | None], Generator[Fate, None, None]]
LOCAL = "local"
# Reports in hand for each thread of the workers: one at work, one waiting.
AHEAD = 2
# Seconds between two looks at whether the cluster still has workers, and how many.
LOOK_EVERY = 2.0
# Workers that a report may lose before it is made again apart from all others, on a cluster started here.
DEATHS_ALLOWED = 0


def maker_on(cluster: str, settings: Settings, limits: Limits, seconds: float) -> Maker:
    """What makes reports on a cluster.

    Parameters
    ----------
    cluster
        A scheduler's address such as "tcp://10.0.0.5:8786"; "local" starts one here for the run.
    settings
        The district's params.
    limits
        What one report may use.
    seconds
        How long the cluster may take to answer, and may be without a worker.
    """

    def make(orders: Sequence[Order], workers: int | None) -> Generator[Fate, None, None]:
        with _connected(cluster, workers, seconds) as client:
            width = None if cluster == LOCAL else workers
            with _benched(client, cluster, settings, limits, orders, seconds) as name:
                yield from _Hands(client, cluster, name, seconds, width).make(orders)

    return make


@contextmanager
def _connected(cluster: str, workers: int | None, seconds: float) -> Iterator[Client]:
    quiet = {"distributed.comm.timeouts.connect": f"{seconds}s", "distributed.comm.retry.count": 0}
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # a worker that died is told by what becomes of its reports
    try:
        if cluster == LOCAL:
            settings = {**quiet, "distributed.scheduler.allowed-failures": DEATHS_ALLOWED}
            count = workers or os.cpu_count() or 1
            with (
                dask.config.set(settings),
                LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",  # any free port, for this machine alone
                    memory_limit=0,  # each report has a limit of its own
                    silence_logs=logging.CRITICAL,
                    preload=[dask_setup.__module__],
                ) as started,
                Client(started, set_as_default=False) as client,
            ):
                yield client
            return
        with dask.config.set(quiet):
            try:
                client = Client(cluster, timeout=seconds, set_as_default=False)
            except (OSError, ValueError) as error:
                cause = f"{type(error).__name__}: {str(error)[:200]}"
                raise ParameterError("cluster_unreachable", address=cluster, cause=cause) from None
            with client:
                yield client
    finally:
        logger.setLevel(level)


@contextmanager
def _benched(
    client: Client,
    cluster: str,
    settings: Settings,
    limits: Limits,
    orders: Sequence[Order],
    seconds: float,
) -> Iterator[str]:
    """Set up a bench on every worker there is and will be, after a look at what they have installed."""
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError:
        raise ParameterError("cluster_no_worker", address=cluster, seconds=f"{seconds:g}") from None
    lock = settings.root / LOCK
    here = installation(lock)
    _check(client, here, lock.read_text("utf-8") if lock.is_file() else "")
    name = f"evalib-{uuid.uuid4().hex[:12]}"
    bench = Bench(
        name,
        bundle=bundle_of(settings.root, {order.notebook for order in orders}, settings.path),
        caller=here,
        outputs=str(settings.output.parent),
        district=settings.name,
        state=Store(settings.store).state,
        rehearsals={
            kind: [errand_of(order) for order in few[:2]] for kind, few in of_each_kind(orders).items()
        },
        limits=limits,
    )
    client.register_plugin(bench, name)
    try:
        yield name
    finally:
        # A scheduler that is gone has taken the benches with it.
        with suppress(Exception):
            client.unregister_worker_plugin(name)


def _check(client: Client, here: dict[str, str], lock: str) -> None:
    """Hold every worker's installation against the caller's; a scheduler has to know the library too."""
    answers: dict[str, Any] = client.run(worker_installation, lock, on_error="return")
    try:
        client.run_on_scheduler(worker_installation, lock)
    except ImportError as error:
        answers["scheduler"] = error
    for address, answer in sorted(answers.items()):
        if isinstance(answer, BaseException):
            other = f"{type(answer).__name__}: {str(answer)[:200]}"
        else:
            other = differences(here, answer)
        if other:
            raise ParameterError("cluster_worker_differs", worker=address, differences=other)


class _Hands:
    """Orders in the hands of workers: few at a time, so that thousands take no room."""

    def __init__(self, client: Client, cluster: str, name: str, seconds: float, width: int | None) -> None:
        self.client, self.cluster, self.name = client, cluster, name
        self.seconds, self.given_width = seconds, width
        self.hands: dict[Future[Any], Order] = {}
        self.looked, self.width, self.worker_seen = 0.0, 1, time.monotonic()
        self.submitted = 0

    def make(self, orders: Sequence[Order]) -> Generator[Fate, None, None]:
        """Each order's fate as it is known; what lost too many workers is made again apart, at the end."""
        waiting, suspects = deque(orders), deque[Order]()
        try:
            while waiting or self.hands:
                while waiting and len(self.hands) < self._width():
                    self._submit(waiting.popleft())
                for order, outcome in self._ended():
                    if isinstance(outcome, KilledWorker):
                        suspects.append(order)
                    else:
                        yield self._fate(order, outcome)
            while suspects:
                self._submit(suspects.popleft())
                while self.hands:
                    for order, outcome in self._ended():
                        if isinstance(outcome, KilledWorker):
                            yield Fate.failed(order.key, ReportError("worker_died"))
                        else:
                            yield self._fate(order, outcome)
        finally:
            if self.hands:
                with suppress(Exception):
                    self.client.cancel(list(self.hands))

    def _submit(self, order: Order) -> None:
        self.submitted += 1
        future = self.client.submit(
            make_on_worker,
            self.name,
            errand_of(order),
            key=f"{self.name}-{self.submitted}",
            pure=False,
        )
        self.hands[future] = order

    def _ended(self) -> list[tuple[Order, Any]]:
        """Orders that no worker has in hand any more, with what came of them; perhaps none yet."""
        with suppress(TimeoutError, CancelledError), self.client.as_current():
            wait(list(self.hands), timeout=LOOK_EVERY, return_when="FIRST_COMPLETED")
        self._width()
        ended = [future for future in self.hands if future.done()]
        return [(self.hands.pop(future), _outcome(future)) for future in ended]

    def _fate(self, order: Order, outcome: Any) -> Fate:
        if isinstance(outcome, Fate):
            return outcome
        if isinstance(outcome, EvalError):
            raise outcome
        if isinstance(outcome, CancelledError):
            # Nobody else cancels them: the scheduler has lost them, or was lost.
            raise ReportError("cluster_lost", address=self.cluster)
        cause = ReportError("unexpected", kind=type(outcome).__name__, text=told(str(outcome)))
        return Fate.failed(order.key, cause)

    def _width(self) -> int:
        """How many reports may be in hand now, by the threads that the workers have now."""
        now = time.monotonic()
        if now - self.looked > LOOK_EVERY:
            threads = sum(self._alive().values())
            self.looked = now
            if threads:
                self.worker_seen = now
            elif now - self.worker_seen > self.seconds:
                raise ReportError("cluster_lost", address=self.cluster)
            self.width = max(1, AHEAD * threads)
        return self.width if self.given_width is None else min(self.width, self.given_width)

    def _alive(self) -> dict[str, int]:
        """The workers there are, with their threads."""
        try:
            if self.client.status != "running":
                raise OSError(self.client.status)
            threads: dict[str, int] = self.client.nthreads()
        except (OSError, TimeoutError, RuntimeError):
            raise ReportError("cluster_lost", address=self.cluster) from None
        return threads


def _outcome(future: Future[Any]) -> Any:
    """What a task returned, or what it raised."""
    if future.status == "finished":
        return future.result()
    if future.status == "error":
        return future.exception()
    return CancelledError(future.status)
