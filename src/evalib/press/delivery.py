"""Reports for an output that is a URL: made in a folder here, then put there whole, file by file.

What makes a report knows folders alone; it may be a forked process, and what speaks to an
object store starts threads. The store's published tables are copied to a folder here
first, once for all reports.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from evalib import places
from evalib.errors import ReportError
from evalib.press.asked import FORMATS
from evalib.press.freshness import SHOWN
from evalib.press.ledger import Fate
from evalib.press.production import Order
from evalib.store import Store

Maker = Callable[[Sequence[Order], int | None], Generator[Fate, None, None]]


def copy_store(store: Store, district: str, outputs: Path) -> Store:
    """A copy of what pages read of a district's store, where a notebook finds it below `outputs`."""
    folder = outputs / district / "store"
    folder.mkdir(parents=True)
    return store.copy_to(folder, SHOWN)


def at_hand(order: Order, outputs: Path, folder: Path) -> Order:
    """The order for the same report in an empty folder here.

    The executed notebook is fetched if it is only to be drawn again.

    Raises
    ------
    OSError
        The notebook that is kept cannot be read.
    """
    if not order.execute:
        folder.mkdir(parents=True, exist_ok=True)
        content = places.read(order.folder / order.notebook_name)
        if hashlib.sha256(content).hexdigest() != order.standing.get(order.notebook_name):
            raise OSError(f"{order.notebook_name} changed")
        (folder / order.notebook_name).write_bytes(content)
    return replace(order, folder=folder, outputs=outputs)


def deliver(order: Order, folder: Path, fate: Fate) -> Fate:
    """Put a report's files from a folder here where the order wants them, and tell its fate.

    Files that stand there with the same content are left; a page of an earlier run is taken away.
    """
    if not fate.made:
        return fate
    try:
        new = {
            name: content
            for name, digest in fate.files.items()
            if order.standing.get(name) != digest
            and hashlib.sha256(content := (folder / name).read_bytes()).hexdigest() == digest
        }
        places.put(order.folder, new)
        for name in {f"{order.stem}.{ending}" for ending in FORMATS} - set(fate.files):
            places.remove(order.folder / name)
    except OSError as error:
        return not_written(order, error)
    return fate


def not_written(order: Order, error: OSError) -> Fate:
    """The fate of a report whose output refuses it, in the same words for every report of a year."""
    cause = ReportError(
        "report_not_written",
        path=str(order.folder.parent),
        cause=error.strerror or str(error) or type(error).__name__,
    )
    told = {lang: cause.text(lang) for lang in ("zh", "en")}
    return Fate(order.key, False, cause=told, fault=cause.key)


def make_delivered(
    orders: Sequence[Order], workers: int | None, *, make: Maker, store: Store, district: str
) -> Generator[Fate, None, None]:
    """Make reports with a maker that knows folders alone, and deliver each as soon as it is made.

    Parameters
    ----------
    orders
        What to make; their folders are a URL's, or here, where nothing is delivered.
    workers, make
        Who makes them, in how many processes.
    store, district
        Where the district's tables are, and its short name.

    Yields
    ------
    One fate an order, in the order of completion.

    Raises
    ------
    OSError
        The store cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="evalib-") as private:
        outputs = Path(private) / "outputs"
        copy_store(store, district, outputs)
        folders: dict[object, Path] = {}
        local, wanted = [], {order.key: order for order in orders}
        for number, order in enumerate(orders):
            if not places.is_remote(order.folder):
                local.append(replace(order, outputs=outputs))
                continue
            folders[order.key] = folder = Path(private) / "made" / str(number) / order.key.folder
            try:
                local.append(at_hand(order, outputs, folder))
            except OSError as error:
                yield not_written(order, error)
        if not local:
            return
        with closing(make(local, workers)) as fates:
            for fate in fates:
                order = wanted[fate.key]
                if fate.key not in folders:
                    yield fate
                    continue
                yield deliver(order, folders[fate.key], fate)
                shutil.rmtree(folders[fate.key].parent, ignore_errors=True)
