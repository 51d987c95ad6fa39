"""A worker's template process, shared by its threads."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from evalib.errors import ReportError
from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report
from evalib.press.warm.caller import Template, TemplateGone
from evalib.press.warm.fates import fate_of
from evalib.press.warm.limits import Ended, Limits
from evalib.press.warm.pool import DEATHS_ALLOWED, Begin, rehearsed
from evalib.press.warm.processes import can_fork
from evalib.press.warm.rehearsal import make_here

Make = Callable[[Order], Fate]
# Stands for the threads that make forking unsafe where a template did not even start.
NONE_HERE = ("none",)


class Desk:
    """Makes reports in forks of one template, which is started with the first; any thread may ask.

    Parameters
    ----------
    rehearsals
        One or two orders to warm the template with.
    limits
        What one report may use.
    make
        Makes one report; a function by its name in a module.
    begin
        Starts the template.
    """

    def __init__(
        self,
        rehearsals: Sequence[Order],
        limits: Limits,
        make: Make = make_report,
        begin: Begin = Template,
    ) -> None:
        self.rehearsals, self.limits, self._make, self._begin = rehearsals, limits, make, begin
        self._tickets = itertools.count()
        self._template: Template | None = None
        self._waiting: dict[int, Future[Ended]] = {}
        self._lock = threading.Lock()
        self._turn = threading.Condition()
        self._hands, self._apart = 0, False
        self._cold, self._closed = not can_fork(), False

    def make(self, order: Order) -> Fate:
        """Make one report; its failure is its fate.

        What was in the hands of a template that died is made again apart from all others, by
        a new one. Where forking is not possible or not safe, a process started anew makes it.
        """
        for deaths in range(DEATHS_ALLOWED + 1):
            with self._place(apart=deaths > 0):
                if self._closed:
                    break
                if self._cold:
                    return made_cold(order, self._make, self.limits)
                try:
                    ended = self._start(order).result()
                except TemplateGone as gone:
                    if gone.threads:
                        self._cold = True
                        return made_cold(order, self._make, self.limits)
                    continue
                if ended.end == "unsafe":
                    self._cold = True
                    return made_cold(order, self._make, self.limits)
                return fate_of(order, ended, self.limits)
        return Fate.failed(order.key, ReportError("worker_died"))

    def close(self) -> None:
        """End the template and the reports in its hands."""
        self._closed = True
        with self._lock:
            template, self._template = self._template, None
        if template is not None:
            template.end()

    @contextmanager
    def _place(self, *, apart: bool) -> Iterator[None]:
        with self._turn:
            self._turn.wait_for(lambda: not self._apart and not (apart and self._hands))
            self._apart = apart
            self._hands += 1
        try:
            yield
        finally:
            with self._turn:
                self._hands -= 1
                if apart:
                    self._apart = False
                self._turn.notify_all()

    def _start(self, order: Order) -> Future[Ended]:
        with self._lock:
            if self._cold:
                raise TemplateGone(NONE_HERE)
            if self._template is None:
                try:
                    self._template = rehearsed(self._make, self.rehearsals, self.limits, self._begin)
                except TemplateGone as gone:
                    self._cold = True
                    raise TemplateGone(gone.threads or NONE_HERE) from None
                threading.Thread(target=self._listen, args=(self._template,), daemon=True).start()
            ticket, ended = next(self._tickets), Future[Ended]()
            self._waiting[ticket] = ended
            try:
                self._template.start(ticket, self.limits, make_here, self._make, order)
            except TemplateGone:
                self._waiting.pop(ticket, None)
                raise
            return ended

    def _listen(self, template: Template) -> None:
        """Hand on how each report ended, until the template does."""
        while True:
            try:
                ended = template.ended()
            except (TemplateGone, OSError):
                break
            if waits := self._waiting.pop(ended.ticket, None):
                waits.set_result(ended)
        with self._lock:
            if self._template is template:
                self._template = None
            lost, self._waiting = self._waiting, {}
        template.close()
        for waits in lost.values():
            waits.set_exception(TemplateGone())


def made_cold(order: Order, make: Make, limits: Limits) -> Fate:
    """Make one report in a process started anew: a Dask worker may not use multiprocessing."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "evalib.press.cluster.desk"],
            input=pickle.dumps((make, order)),
            capture_output=True,
            env=environment,
            timeout=limits.seconds,
        )
    except subprocess.TimeoutExpired:
        return Fate.failed(order.key, ReportError("report_timed_out", seconds=f"{limits.seconds:g}"))
    if done.returncode or not done.stdout:
        return Fate.failed(order.key, ReportError("worker_died"))
    fate: Fate = pickle.loads(done.stdout)
    return fate


def _main() -> None:
    answer = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is not the answer
    make, order = pickle.loads(sys.stdin.buffer.read())
    content = pickle.dumps(make(order))
    with os.fdopen(answer, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    _main()
