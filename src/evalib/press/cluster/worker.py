"""What runs on a worker of the cluster: one bench a run, with all that its reports need."""

from __future__ import annotations

import itertools
import shutil
import signal
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from evalib import places
from evalib.errors import ParameterError
from evalib.press.cluster.bundle import Bundle, differences, installation
from evalib.press.cluster.desk import Desk
from evalib.press.delivery import at_hand, copy_store, deliver, not_written
from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report
from evalib.press.warm.caller import Template, Trunk
from evalib.press.warm.limits import Limits
from evalib.press.warm.rehearsal import rehearse
from evalib.store import Store
from evalib.vocabulary import ReportKey

# A report's order in plain values: a scheduler need not know our classes to pass it on.
Errand = Mapping[str, Any]


def errand_of(order: Order) -> Errand:
    """An order as it travels."""
    key = order.key
    return {
        "key": (key.kind, key.year, key.code, key.stage, key.edition, key.lang),
        "notebook": order.notebook.relative_to(order.root).as_posix(),
        "folder": str(order.folder),
        "stem": order.stem,
        "formats": order.formats,
        "execute": order.execute,
        "standing": dict(order.standing),
    }


class Bench(WorkerPlugin):
    """A run's place on a worker.

    Parameters
    ----------
    name
        Of this run on the cluster.
    bundle
        What the reports are made from.
    caller
        The caller's installation, which the worker's must equal.
    outputs, district
        Where the districts' outputs lie, and which of them this is.
    state
        The caller's hash of the store: a worker that sees another would make other reports.
    rehearsals
        Of each kind of report one or two orders to warm a template with.
    limits
        What one report may use.
    """

    def __init__(
        self,
        name: str,
        *,
        bundle: Bundle,
        caller: dict[str, str],
        outputs: str,
        district: str,
        state: str,
        rehearsals: Mapping[str, list[Errand]],
        limits: Limits,
    ) -> None:
        self.name = name
        self.bundle, self.caller, self.limits = bundle, caller, limits
        self.outputs, self.district, self.state = outputs, district, state
        self.rehearsals = rehearsals

    def setup(self, worker: Worker) -> None:
        """Take note of the worker; all that takes time is done with the first report."""
        self.address, self._top = worker.address, worker.local_directory
        self._lock, self._numbers = threading.Lock(), itertools.count()
        self._desks: dict[str, Desk] = {}
        self._trunk: Trunk | None = None
        self._folder: Path | None = None
        self._ended = False

    def teardown(self, worker: Worker) -> None:
        """Close the templates, which ends what they have forked, and remove the bundle."""
        self._ended = True
        # The worker's own loop must not wait for a template that is about to start.
        threading.Thread(target=self._close, daemon=True).start()

    def make(self, errand: Errand) -> Fate:
        """Make one report.

        Raises
        ------
        ParameterError
            This worker has other libraries than the caller, or sees another store.
        """
        desk = self._ready(errand["key"][0])
        order = self._order(errand)
        if not places.is_remote(order.folder):
            return desk.make(order)
        private = self._root / "made" / str(next(self._numbers))
        try:
            local = at_hand(order, self._copies, private / order.key.folder)
            return deliver(order, local.folder, desk.make(local))
        except OSError as error:
            return not_written(order, error)
        finally:
            shutil.rmtree(private, ignore_errors=True)

    @property
    def _root(self) -> Path:
        assert self._folder is not None
        return self._folder

    @property
    def _project(self) -> Path:
        return self._root / "project"

    @property
    def _copies(self) -> Path:
        return self._root / "outputs"

    def _ready(self, kind: str) -> Desk:
        """Where reports of a kind are made: each has a notebook of its own, and so a template."""
        with self._lock:
            if self._ended:
                raise RuntimeError("this run has ended")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="evalib-", dir=self._top))
                try:
                    self._prepare()
                except BaseException:
                    shutil.rmtree(self._folder, ignore_errors=True)
                    self._folder = None
                    raise
            if kind not in self._desks:
                rehearsals = [self._rehearsal(one) for one in self.rehearsals[kind]]
                if self._trunk is None and len(self.rehearsals) > 1:
                    self._trunk = Trunk(rehearse, make_report, rehearsals[0], False)
                begin = Template if self._trunk is None else self._trunk.begin
                self._desks[kind] = Desk(rehearsals, self.limits, begin=begin)
            return self._desks[kind]

    def _prepare(self) -> None:
        self.bundle.unpack(self._project)
        other = differences(self.caller, installation(self._project / "requirements.lock"))
        if other:
            raise ParameterError("cluster_worker_differs", worker=self.address, differences=other)
        store = Store(places.place(self.outputs) / self.district / "store")
        try:
            state = store.state
            if state == self.state and places.is_remote(store.folder):
                state = copy_store(store, self.district, self._copies).state
        except OSError as error:
            told = {"path": str(store.folder), "cause": error.strerror or str(error)}
            raise ParameterError("cluster_output_unread", worker=self.address, **told) from None
        if state != self.state:
            raise ParameterError("cluster_output_differs", worker=self.address, path=str(store.folder))

    def _rehearsal(self, errand: Errand) -> Order:
        """The order to be made in memory: nothing of it is fetched or put anywhere."""
        order = self._order(errand)
        if not places.is_remote(order.folder):
            return order
        return Order(**{**order.__dict__, "folder": self._root / "none", "outputs": self._copies})

    def _order(self, errand: Errand) -> Order:
        return Order(
            key=ReportKey(*errand["key"]),
            notebook=self._project / errand["notebook"],
            params=self._project / self.bundle.params,
            root=self._project,
            folder=places.place(errand["folder"]),
            stem=errand["stem"],
            formats=tuple(errand["formats"]),
            execute=errand["execute"],
            standing=errand["standing"],
            outputs=places.place(self.outputs),
        )

    def _close(self) -> None:
        with self._lock:
            desks, trunk, folder = list(self._desks.values()), self._trunk, self._folder
        for desk in desks:
            desk.close()
        if trunk is not None:
            trunk.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def dask_setup(worker: Worker) -> None:
    """Leave Ctrl-C to the caller: workers that it started here share its terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_on_worker(name: str, errand: Errand) -> Fate:
    """Make one report at this run's bench on the worker that this is called on."""
    bench = get_worker().plugins[name]
    assert isinstance(bench, Bench)
    return bench.make(errand)


def worker_installation(lock: str) -> dict[str, str]:
    """What is installed on the worker that this is called on, of what a lock file's text names."""
    with tempfile.TemporaryDirectory(prefix="evalib-") as folder:
        path = Path(folder, "requirements.lock")
        if lock:
            path.write_text(lock, encoding="utf-8")
        return installation(path)
