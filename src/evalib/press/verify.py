"""Reports made again aside and held against those in place, byte for byte."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalib import places
from evalib.press.ledger import Fate
from evalib.press.production import Order
from evalib.vocabulary import ReportKey

Maker = Callable[[Sequence[Order], int | None], Generator[Fate, None, None]]


@dataclass(frozen=True)
class Difference:
    """The first place where two files differ.

    Attributes
    ----------
    name
        The file.
    kind
        "cell", "path", "line", "byte" or "missing"; it names the message.
    place
        The cell and what of it, the path into the JSON, the number of the line or byte; empty
        where one of the two is missing.
    """

    name: str
    kind: str
    place: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of one report made again: the same, other in the first place named, or not made."""

    key: ReportKey
    difference: Difference | None = None
    fate: Fate | None = None

    @property
    def same(self) -> bool:
        """Whether every byte is the same."""
        return self.difference is None and (self.fate is None or self.fate.made)


def verify(
    orders: Sequence[Order], output: Path, make: Maker, workers: int | None = None
) -> Iterator[Verdict]:
    """Make reports again, all in a folder aside that is gone afterwards.

    Parameters
    ----------
    orders
        Which, as they were made; their own folders are not touched.
    output
        The district's output folder, below which the folder aside lies; that of a URL lies
        among the temporary files.
    make, workers
        Who makes them, in how many processes.

    Yields
    ------
    One verdict a report, in the order of completion.
    """
    remote = places.is_remote(output)
    aside = Path(
        tempfile.mkdtemp(prefix="evalib-verify-" if remote else ".verify-", dir=None if remote else output)
    )
    try:
        by_key = {order.key: order for order in orders}
        again = [
            replace(
                order, folder=aside / f"{order.key.edition}-{order.key.year}" / order.key.folder, standing={}
            )
            for order in orders
        ]
        folders = {order.key: order.folder for order in again}
        with closing(make(again, workers)) as fates:
            for fate in fates:
                order = by_key[fate.key]
                if not fate.made:
                    yield Verdict(fate.key, fate=fate)
                    continue
                yield Verdict(fate.key, _first(order, folders[fate.key]), fate)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def spread(orders: Sequence[Order], count: int) -> list[Order]:
    """So many of the orders, spread evenly from the first to the last.

    >>> spread(list("abcdefg"), 3)
    ['a', 'd', 'g']
    """
    if count >= len(orders):
        return list(orders)
    if count == 1:
        return [orders[0]]
    return [orders[round(position * (len(orders) - 1) / (count - 1))] for position in range(count)]


def _first(order: Order, again: Path) -> Difference | None:
    """The first difference, the results before the notebook before the pages made from it."""
    names = [order.results_name, order.notebook_name, *(f"{order.stem}.{one}" for one in order.formats)]
    for name in names:
        difference = first_difference(name, _content(order.folder / name), _content(again / name))
        if difference is not None:
            return difference
    return None


def _content(path: Path) -> bytes | None:
    try:
        return places.read(path)
    except FileNotFoundError:
        return None


def first_difference(name: str, old: bytes | None, new: bytes | None) -> Difference | None:
    """Where two contents of one file first differ, in the terms of its kind; None where they do not."""
    if old == new:
        return None
    if old is None or new is None:
        return Difference(name, "missing")
    if name.endswith((".json", ".ipynb")):
        try:
            path = _path(json.loads(old), json.loads(new))
        except ValueError:
            path = None
        if path is not None and path[:1] == ["cells"] and len(path) > 1:
            return Difference(name, "cell", _joined([int(path[1]) + 1, *path[2:]]))
        if path is not None:
            return Difference(name, "path", _joined(path))
    shorter = min(len(old), len(new))
    position = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    if name.endswith(".pdf"):
        return Difference(name, "byte", str(position))
    return Difference(name, "line", str(old[:position].count(b"\n") + 1))


def _path(old: Any, new: Any) -> list[str | int] | None:
    """The way to the first value that differs; None where only the writing does."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if key not in old or key not in new:
                return [key]
            way = _path(old[key], new[key])
            if way is not None:
                return [key, *way]
        return None
    if isinstance(old, list) and isinstance(new, list):
        for position, (one, other) in enumerate(zip(old, new, strict=False)):
            way = _path(one, other)
            if way is not None:
                return [position, *way]
        return None if len(old) == len(new) else [min(len(old), len(new))]
    return None if old == new and type(old) is type(new) else []


def _joined(path: Sequence[str | int]) -> str:
    return "/".join(str(one) for one in path) or "/"
