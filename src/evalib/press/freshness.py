"""Is a report still what a run would make? The parts of its key, held against its record.

A report's key is made of: the notebook's source (and the project's own modules), its
parameters, the params files (their fingerprint is printed on every page), the library's own
source except what draws pages, what is installed by the lock file, which published tables
there are, and the content of every slice that it read. A report whose key is the same is not
executed. What its pages look like has a key of its own: where that alone changed, the kept
notebook is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from evalib.press.asked import FORMATS
from evalib.press.contents import Contents, digest_of
from evalib.press.ledger import Entry, Fate
from evalib.press.production import Order
from evalib.press.sources import LOCK, installed, library, modules
from evalib.settings import Settings
from evalib.store import Slice, Store
from evalib.vocabulary import KINDS

Action = Literal["execute", "render", "reuse"]

# In the order in which a reader would ask.
PARTS = ("notebook", "parameters", "params", "library", "installed", "tables")
# Tables that a page may read; which of them there are is a thing it can ask.
SHOWN = ("published", "public", "balance_")


@dataclass(frozen=True)
class Reason:
    """One part of a report's key that changed: a message key and its fields."""

    key: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is to be done for one report, and why.

    Attributes
    ----------
    order
        What is wanted, with what of the old report can stay.
    action
        "execute", "render" or "reuse".
    reasons
        Empty where it is reused.
    """

    order: Order
    action: Action
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Present:
    """What reports would be made from now.

    Attributes
    ----------
    parts
        The parts of the key that all reports of a district share, by name.
    notebooks
        Of each kind of report: its notebook's source and the project's own modules.
    look
        Of what draws the pages.
    digests
        Content hash of every slice of the store.
    contents
        Hashes of files.
    """

    parts: dict[str, str]
    notebooks: dict[str, str]
    look: str
    digests: Mapping[Slice, str]
    contents: Contents

    @property
    def whole(self) -> str:
        """Over the content of every slice: for a notebook that does not say what it read."""
        return digest_of([f"{table}/{year}/{sha}" for (table, year), sha in sorted(self.digests.items())])

    def basis(self, order: Order) -> dict[str, str]:
        """The parts of one report's key that are known before it is made."""
        own = {"notebook": self.notebooks[order.key.kind], "parameters": digest_of(order.parameters)}
        return {**self.parts, **own, "look": self.look}


def present(settings: Settings, store: Store, contents: Contents) -> Present:
    """What this district's reports would be made from now."""
    digests = store.digests()
    own = {contents.name(path): contents.sha256(path) for path in modules(settings.root)}
    lock = settings.root / LOCK
    parts = {
        "params": settings.fingerprint,
        "library": library(contents, "execute"),
        "installed": digest_of([contents.sha256(lock), installed(lock)]),
        "tables": digest_of([f"{t}/{y}" for t, y in sorted(digests) if t.startswith(SHOWN)]),
    }
    look = digest_of([library(contents, "look"), parts["installed"]])
    notebooks = {kind: digest_of([contents.sha256(settings.notebook(kind)), own]) for kind in KINDS}
    return Present(parts, notebooks, look, digests, contents)


def decide(orders: Sequence[Order], entries: Sequence[Entry | None], now: Present) -> list[Decision]:
    """What is to be done for each order, by the record of the same report."""
    return [_decide(order, entry, now) for order, entry in zip(orders, entries, strict=True)]


def _decide(order: Order, entry: Entry | None, now: Present) -> Decision:
    if entry is None:
        return Decision(order, "execute", (Reason("why_never_made"),))
    if entry["fate"] != "made":
        return Decision(order, "execute", (Reason("why_failed"),))
    standing = _standing(order, entry, now)
    gone = [name for name in entry["files"] if name not in standing]
    made_from = entry.get("made_from", {})
    reasons = _changed(made_from, now, order)
    same_look = made_from.get("look") == now.look
    usable = {name: sha for name, sha in standing.items() if same_look or not name.endswith(FORMATS)}
    kept = {order.notebook_name, order.results_name}
    lost = [name for name in sorted(kept) if name not in standing]
    if lost:
        reasons.append(Reason("why_file", {"name": ", ".join(lost)}))
    if reasons:
        return Decision(replace(order, standing=usable), "execute", tuple(reasons))
    if not same_look:
        reasons.append(Reason("why_look"))
    wanted = [f"{order.stem}.{one}" for one in order.formats]
    damaged = [name for name in wanted if name not in standing and name in gone]
    missing = [name for name in wanted if name not in standing and name not in gone]
    if damaged:
        reasons.append(Reason("why_file", {"name": ", ".join(damaged)}))
    if missing:
        reasons.append(Reason("why_not_drawn", {"name": ", ".join(missing)}))
    if reasons:
        return Decision(replace(order, standing=usable, execute=False), "render", tuple(reasons))
    return Decision(replace(order, standing=usable), "reuse")


def _standing(order: Order, entry: Entry, now: Present) -> dict[str, str]:
    """The files of the record that are in place with the content recorded."""
    return {
        name: sha for name, sha in entry["files"].items() if now.contents.sha256(order.folder / name) == sha
    }


def _changed(made_from: Mapping[str, Any], now: Present, order: Order) -> list[Reason]:
    basis = now.basis(order)
    if not basis.keys() & made_from.keys() - {"params"}:
        return [Reason("why_unknown")]
    reasons = [Reason(f"why_{part}") for part in PARTS if made_from.get(part) != basis[part]]
    if "read" not in made_from:
        if made_from.get("store") != now.whole:
            reasons.append(Reason("why_store"))
        return reasons
    current = {f"{table}/{year}": sha for (table, year), sha in now.digests.items()}
    changed = [name for name, sha in made_from["read"].items() if current.get(name) != sha]
    if changed:
        reasons.append(Reason("why_data", {"name": ", ".join(sorted(changed))}))
    return reasons


def with_basis(fate: Fate, order: Order, now: Present) -> Fate:
    """A made report's fate with the whole key that it was made from."""
    if not fate.made:
        return fate
    whole = {} if "read" in fate.made_from else {"store": now.whole}
    return replace(fate, made_from={**now.basis(order), **whole, **fate.made_from})
