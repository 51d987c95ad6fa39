"""papermill's engine `evalib-warm`: the same outputs as papermill's own, without a kernel to start.

`papermill --engine evalib-warm in.ipynb out.ipynb` works for anyone. A notebook runs in a
process forked for it alone: a cell may end its process, leave threads behind or change
modules, and neither papermill nor the next notebook is touched. The template that is
forked lives as long as the process that calls papermill; it imports what notebooks
import, so the second notebook of a series starts warm. Kernels that are not this Python,
and processes that cannot be forked, are left to papermill's own engine.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import importlib
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger

from evalib.errors import ReportError
from evalib.press.warm.caller import Template, TemplateGone
from evalib.press.warm.kernel import local_kernel
from evalib.press.warm.limits import Ended, Limits
from evalib.press.warm.processes import can_fork
from evalib.press.warm.rehearsal import forget_modules
from evalib.press.warm.surroundings import unshown_figures

NAME = "evalib-warm"
HERE = "evalib-warm-here"
# papermill knows no limit of its own: somebody's notebook may take all day and all the memory there is.
_NO_LIMITS = Limits(seconds=float(10**9), bytes=1 << 62)


class HereEngine(NBClientEngine):  # type: ignore[misc]
    """Executes in this very process, which should have been made for it and end after it."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the cells.

        Raises
        ------
        ReportError
            A figure of pyplot was drawn and not shown, which no cell would tell.
        """
        with local_kernel() as manager:
            PapermillNotebookClient(nb_man, km=manager, **_for_client(kernel_name, options)).execute()
            if waiting := unshown_figures():
                raise ReportError("figures_unshown", count=waiting)


class WarmEngine(NBClientEngine):  # type: ignore[misc]
    """Executes in a process forked for the notebook; papermill finds it through `entry`."""

    _template: Template | None = None

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the cells and take over the executed notebook.

        Raises
        ------
        DeadKernelError
            A cell ended its process, as with papermill's own engine.
        """
        ended = cls._forked(nb_man, kernel_name) if _can_take(kernel_name, options) else None
        if ended is None:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        elif ended.end == "done":
            nb_man.nb.update(nbformat.from_dict(ended.value))
            with contextlib.suppress(AttributeError):
                nb_man.complete_pbar()  # the cells ran elsewhere
            _log(nb_man, kernel_name, options)
        else:
            if nb_man.output_path and Path(nb_man.output_path).is_file():
                # The cells that the process had saved before it ended.
                nb_man.nb.update(nbformat.read(nb_man.output_path, as_version=4))
            raise DeadKernelError(f"Kernel died ({ended.end}: {ended.value or ended.detail})")

    @classmethod
    def _forked(cls, nb_man: Any, kernel_name: str) -> Ended | None:
        """How the notebook's process ended; None where none can be forked."""
        folder = os.getcwd()  # noqa: PTH109 — papermill's own working folder, a str
        output_path = os.path.abspath(nb_man.output_path) if _is_file(nb_man.output_path) else None  # noqa: PTH100
        try:
            if cls._template is None or cls._template.owner != os.getpid():
                cls._template = Template(load, imported_by(nb_man.nb))
                atexit.register(cls._template.close)
            surroundings = (folder, dict(os.environ))
            handed = (json.dumps(nb_man.nb), kernel_name, output_path, nb_man.autosave_cell_every)
            cls._template.start(0, _NO_LIMITS, run_notebook, *handed, *surroundings)
            ended = cls._template.ended()
        except TemplateGone:
            cls._template = None
            return None
        return None if ended.end == "unsafe" else ended


def load(modules: list[str]) -> None:
    """Import, in the template, what notebooks need; a module that cannot be imported is left to its cell.

    So is one that lies in a working folder: the next notebook may run in another, or the file may change.
    """
    before = set(sys.modules)
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    forget_modules(before, Path.cwd())


def run_notebook(
    content: str,
    kernel_name: str,
    output_path: str | None,
    autosave_every: int,
    folder: str,
    environment: dict[str, str],
) -> dict[str, Any]:
    """Run a notebook's cells in this fork; the executed notebook.

    Parameters
    ----------
    content
        The notebook as JSON, prepared by papermill.
    kernel_name
        As papermill found it.
    output_path, autosave_every
        Where cells are saved as they end, and how often within one, in seconds.
    folder, environment
        The caller's.
    """
    kept = {name: os.environ[name] for name in ("TMPDIR", "PYTHONHASHSEED") if name in os.environ}
    os.environ.clear()
    os.environ.update({**environment, **kept})
    os.chdir(folder)
    # Somebody's own notebook draws other numbers each time, as it does with papermill's engine.
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    notebook = nbformat.from_dict(json.loads(content))
    manager = NotebookExecutionManager(
        notebook, output_path=output_path, progress_bar=False, autosave_cell_every=autosave_every
    )
    HereEngine.execute_managed_notebook(manager, kernel_name)
    executed: dict[str, Any] = json.loads(json.dumps(manager.nb))
    return executed


def imported_by(notebook: Any) -> list[str]:
    """The modules that a notebook's cells import by name, in their order."""
    found: dict[str, None] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                tree = ast.parse(cell.source)
            except (SyntaxError, ValueError):
                continue  # a magic, or a fault that its cell will tell
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    found.update(dict.fromkeys(alias.name for alias in node.names))
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found[node.module] = None
    return list(found)


def register() -> None:
    """Make both engines known to papermill, whether or not evalib is installed."""
    papermill_engines.register(NAME, WarmEngine)
    papermill_engines.register(HERE, HereEngine)


def _can_take(kernel_name: str, options: dict[str, Any]) -> bool:
    """Whether this Python can stand for the kernel, and nobody outside must interrupt a cell."""
    if not can_fork() or options.get("execution_timeout") or options.get("timeout"):
        return False
    try:
        command = KernelSpecManager().get_kernel_spec(kernel_name).argv
    except NoSuchKernel:
        return False
    own = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info[:2])}
    same = command[0] in own or os.path.abspath(command[0]) == os.path.abspath(sys.executable)  # noqa: PTH100
    return same and any(word.startswith("ipykernel") for word in command)


def _is_file(path: str | None) -> bool:
    return bool(path) and path != "-" and "://" not in str(path)


def _for_client(kernel_name: str, options: dict[str, Any]) -> dict[str, Any]:
    names = ("log_output", "stdout_file", "stderr_file")
    return {"kernel_name": kernel_name, **{name: options[name] for name in names if name in options}}


def _log(nb_man: Any, kernel_name: str, options: dict[str, Any]) -> None:
    """Write outputs where the caller wants them logged."""
    if any(options.get(name) for name in ("log_output", "stdout_file", "stderr_file")):
        client = PapermillNotebookClient(nb_man, log=logger, **_for_client(kernel_name, options))
        for cell in nb_man.nb.cells:
            for output in cell.get("outputs", []):
                client.log_output_message(output)
