"""What runs in the template before it is forked, and what runs in a fork."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import evalib
from evalib.errors import EvalError
from evalib.press.ledger import Fate

if TYPE_CHECKING:
    from evalib.press.production import Order


def rehearse(make: Callable[[Order], Fate], order: Order, run: bool) -> None:
    """Execute one report and draw its pages in memory, so that forks find everything loaded and warm.

    No file is written. Typst is not run: it starts threads, and a process forked after
    them would wait for ever. A report that fails here fails again in its fork, where its
    fate is told.

    Parameters
    ----------
    make
        What forks will call; naming it loads its module.
    order
        The report.
    run
        Whether to execute it; if not, everything is loaded and that is all.
    """
    if not order.notebook.is_file():
        return
    from evalib.press.execute import execute_report, executing_in_this_process, results_of
    from evalib.press.render import EvalibTypstExporter, render_html
    from evalib.press.warm import engine

    engine.register()
    if not (run and order.execute):
        return
    known = set(sys.modules)
    with contextlib.suppress(EvalError), executing_in_this_process():
        executed = execute_report(order.notebook, order.parameters, root=order.root, outputs=order.outputs)
        results_of(executed)
        if "html" in order.formats:
            render_html(executed)
        if "pdf" in order.formats:
            typst_source = cast(Any, EvalibTypstExporter)()
            typst_source.from_notebook_node(executed, {"metadata": {"name": "report"}})
    forget_modules(known, order.root)


def forget_modules(known: set[str], folder: Path) -> None:
    """Let go of a project's own modules: one that keeps something must not hand it to other reports.

    Parameters
    ----------
    known
        Names of modules that stay.
    folder
        Where the project's modules lie; this library and installed ones there are none of them.
    """
    kept = (Path(evalib.__file__).parent, Path(sys.prefix), Path(sys.base_prefix))
    for name in set(sys.modules) - known:
        place = getattr(sys.modules[name], "__file__", None) or next(
            iter(getattr(sys.modules[name], "__path__", ())), None
        )
        if place is None or not Path(place).is_relative_to(folder):
            continue
        if not any(Path(place).is_relative_to(one) for one in kept):
            del sys.modules[name]


def make_here(make: Callable[[Order], Fate], order: Order) -> Fate:
    """Make a report with its notebook executed in this very process, which ends with it."""
    if "evalib.press.execute" not in sys.modules:
        return make(order)
    from evalib.press.execute import executing_in_this_process

    with executing_in_this_process():
        return make(order)
