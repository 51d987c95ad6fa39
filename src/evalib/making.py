"""Who makes reports, here or on a cluster, and who holds a district's output meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial

from evalib import places
from evalib.press.holding import Held, only_run
from evalib.press.ledger import Fate
from evalib.press.production import Order, make_report, make_reports
from evalib.press.warm.limits import Limits
from evalib.press.warm.pool import make_warm
from evalib.settings import Settings
from evalib.settings.production import production_of
from evalib.store import Store

# Who makes the reports that are due: orders and a number of processes → fates as they are known.
Maker = Callable[[Sequence[Order], int | None], Generator[Fate, None, None]]


def held(settings: Settings) -> AbstractContextManager[Held]:
    """Hold a district's output for one run.

    Raises
    ------
    ParameterError
        Another run holds it, or the limits are missing or faulty.
    """
    return only_run(settings.output, production_of(settings).lock_seconds)


def maker_of(settings: Settings, cluster: str | None = None) -> Maker:
    """What every command makes reports with: forks of one warm process, within the district's limits.

    Where a process cannot be forked, or not safely, workers started anew make the same bytes.

    Parameters
    ----------
    settings
        The district's params.
    cluster
        The address of a Dask scheduler whose workers make the reports; "local" starts one here.

    Raises
    ------
    ParameterError
        The limits are missing or faulty.
    """
    params = production_of(settings)
    limits = Limits(params.seconds, params.bytes)
    if cluster is not None:
        from evalib.press.cluster.coordinator import maker_on

        return maker_on(cluster, settings, limits, params.cluster_seconds)

    def make(orders: Sequence[Order], workers: int | None) -> Generator[Fate, None, None]:
        def cold(orders: Sequence[Order], threads: tuple[str, ...]) -> Iterator[Fate]:
            return make_reports(orders, workers=workers)

        yield from make_warm(orders, make=make_report, limits=limits, cold=cold, workers=workers)

    if not places.is_remote(settings.output):
        return make
    from evalib.press.delivery import make_delivered

    return partial(make_delivered, make=make, store=Store(settings.store), district=settings.name)
