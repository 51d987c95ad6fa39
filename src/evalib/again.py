"""Reports that are up to date are made again and compared: `evalib verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from evalib.making import Maker, held, maker_of
from evalib.press.asked import Request
from evalib.press.ledger import Ledger
from evalib.press.production import Order
from evalib.press.standstill import RECORD
from evalib.press.verify import Verdict, spread, verify
from evalib.preview import preview
from evalib.settings import Settings


@contextmanager
def made_again(
    settings: Settings, request: Request, count: int | None, make: Maker | None = None
) -> Iterator[tuple[list[Order], int, bool, Iterator[Verdict]]]:
    """Make a sample of a district's reports again while nobody else writes to its output.

    Parameters
    ----------
    count
        How many, spread evenly over all; None for every one.

    Yields
    ------
    What is made again; how many reports are not up to date and left out; whether files or
    figures are older than what is there now; and the verdicts, each as it is known.
    """
    make = make or maker_of(settings)
    with held(settings):
        found = preview(settings, request)
        decisions = found.decisions
        fresh = [one.order for one in decisions if one.action == "reuse"]
        ledger = Ledger(settings.output / RECORD)
        orders = [_as_made(order, ledger) for order in spread(fresh, len(fresh) if count is None else count)]
        verdicts = verify(orders, settings.output, make, request.workers) if orders else iter(())
        yield orders, len(decisions) - len(fresh), found.load or found.review, verdicts


def _as_made(order: Order, ledger: Ledger) -> Order:
    """The order with the formats that are there."""
    files = (ledger.entry(order.key) or {}).get("files", {})
    return replace(order, formats=tuple(one for one in order.formats if f"{order.stem}.{one}" in files))
