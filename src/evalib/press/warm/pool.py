"""Reports made in forks of template processes, one a kind of report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from evalib.errors import ReportError
from evalib.press.ledger import Fate
from evalib.press.warm.caller import Template, TemplateGone, Trunk
from evalib.press.warm.fates import fate_of
from evalib.press.warm.limits import Limits
from evalib.press.warm.processes import can_fork
from evalib.press.warm.rehearsal import make_here, rehearse

if TYPE_CHECKING:
    from evalib.press.production import Order

Make = Callable[["Order"], Fate]
Cold = Callable[[Sequence["Order"], tuple[str, ...]], Iterator[Fate]]
# Starts a template: what it is prepared with → the template.
Begin = Callable[..., Template]
# A template that ends under its children is started again; an order that was there twice is given up.
DEATHS_ALLOWED = 1


def make_warm(
    orders: Sequence[Order],
    *,
    make: Make,
    limits: Limits,
    cold: Cold,
    workers: int | None = None,
) -> Iterator[Fate]:
    """Make reports in forks of templates, one a kind of report, and hand back each fate as it is known.

    A kind has a notebook of its own. What its rehearsal leaves in a template, such as an
    option of a library, is for its own reports alone; what all of them load is loaded once.

    Parameters
    ----------
    orders
        What to make; of each kind the first is rehearsed in memory, if there are more.
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
    from evalib.press.production import of_each_kind

    together = workers or os.cpu_count() or 1
    kinds = list(of_each_kind(orders).values())
    if len(kinds) < 2 or not can_fork():
        yield from _warm(orders, together, make, limits, cold, Template)
        return
    with closing(Trunk(rehearse, make, orders[0], False)) as trunk:
        for of_kind in kinds:
            yield from _warm(of_kind, together, make, limits, cold, trunk.begin)


def _warm(
    orders: Sequence[Order], together: int, make: Make, limits: Limits, cold: Cold, begin: Begin
) -> Iterator[Fate]:
    """Make reports of one notebook in forks of a template."""
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
            for order, fate in _forked(batch, width, make, limits, hands, begin):
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
    orders: Sequence[Order], width: int, make: Make, limits: Limits, hands: dict[int, Order], begin: Begin
) -> Iterator[tuple[Order, Fate]]:
    """Each order with its fate; `hands` holds those that a process is at work on, by ticket."""
    remaining = iter(enumerate(orders))
    with rehearsed(make, orders, limits, begin) as template:
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


def rehearsed(make: Make, orders: Sequence[Order], limits: Limits, begin: Begin = Template) -> Template:
    """A template that has rehearsed one of the first two orders, or none if both do it harm.

    Some notebook may kill its process, hang or start threads. That is its own fate to
    tell, in its own fork; the template of the others is then one that did not run it.
    """
    candidates = orders[:2] if len(orders) > 1 else []
    for order in candidates:
        try:
            return begin(rehearse, make, order, True, limits=limits)
        except TemplateGone:
            continue
    return begin(rehearse, make, orders[0], False)
