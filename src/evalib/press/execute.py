"""One report, executed: parameters checked, the notebook run, what the clock left removed."""

from __future__ import annotations

import ast
import contextlib
import io
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from evalib.errors import DataError, FaultyParams, ParameterError, RenderError, ReportError, told
from evalib.places import VARIABLE
from evalib.settings import nearest

RESULTS = "application/vnd.evalib.results+json"

# What pyplot's figure says of itself where its picture is missing.
_FIGURE_AS_TEXT = re.compile(r"<(?:\w+\.)*\w*Figure size \d+x\d+ with \d+ Axes>")
# ipykernel names a cell's file after its process, in the folder for temporary files.
_CELL_FILE = re.compile(r"(?:^|(?<=\"))[^\"\n]*?[/\\]ipykernel_\d+(?=[/\\]\d+\.py)", re.MULTILINE)
# Where an object lies in memory, as Python's own words for one tell it.
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")
# Errors whose words are our own, and name no person.
_OURS = {one.__name__ for one in (DataError, FaultyParams, ParameterError, RenderError, ReportError)}
_OUT_OF_MEMORY = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError")

_in_this_process: ContextVar[bool] = ContextVar("in_this_process", default=False)


@contextlib.contextmanager
def executing_in_this_process() -> Iterator[None]:
    """Within the block notebooks run in this very process, which was made for one report, not in a kernel."""
    token = _in_this_process.set(True)
    try:
        yield
    finally:
        _in_this_process.reset(token)


def declared_parameters(notebook: Path) -> dict[str, type]:
    """The parameters that a notebook declares, with their types.

    They stand as annotated literals in the cell tagged `parameters`.

    Raises
    ------
    ParameterError
        The notebook is missing or unreadable, or has no such cell.
    """
    try:
        content = nbformat.read(notebook, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ParameterError("unreadable_notebook", path=str(notebook), cause=type(error).__name__) from None
    for cell in content.cells:
        if "parameters" in cell.metadata.get("tags", []):
            declared = {}
            for line in ast.parse(cell.source).body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value:
                    declared[line.target.id] = type(ast.literal_eval(line.value))
            return declared
    raise ParameterError("no_parameters_cell", path=str(notebook))


def check_parameters(notebook: Path, given: Mapping[str, Any]) -> None:
    """Hold the parameters given against those declared, before any kernel starts.

    Raises
    ------
    ParameterError
        One is unknown, missing or of another type.
    """
    declared = declared_parameters(notebook)
    for name, value in given.items():
        if name not in declared:
            near = nearest(name, sorted(declared))
            raise ParameterError("unknown_parameter", name=name, path=str(notebook), nearest=near)
        if type(value) is not declared[name]:
            kinds = {"given": type(value).__name__, "declared": declared[name].__name__}
            raise ParameterError("mistyped_parameter", name=name, path=str(notebook), **kinds)
    missing = [name for name in declared if name not in given]
    if missing:
        raise ParameterError("missing_parameter", name=", ".join(missing), path=str(notebook))


def execute_report(
    notebook: Path, parameters: Mapping[str, Any], *, root: Path, outputs: Path | None = None
) -> nbformat.NotebookNode:
    """Run the notebook once with these parameters, its working folder the project root.

    Parameters
    ----------
    notebook
        The notebook.
    parameters
        Values for all that it declares.
    root
        The project root.
    outputs
        Where it finds the districts' outputs, if not in the project's `output/`.

    Returns
    -------
    The executed notebook, without times, durations and paths.

    Raises
    ------
    ParameterError
        The parameters are not those declared; no kernel was started.
    ReportError
        A cell failed; the message names the cell and the fault. Or a figure came out as text.
    """
    check_parameters(notebook, parameters)
    # papermill's import takes as long as a short report; where orders are only planned nobody needs it.
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors

    engine = None
    if _in_this_process.get():
        from evalib.press.warm.engine import HERE, register

        register()
        engine = HERE
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["PYTHONHASHSEED"] = "0"
    if outputs is not None:
        os.environ[VARIABLE] = str(outputs)
    try:
        with (
            contextlib.redirect_stderr(io.StringIO()),
            tempfile.TemporaryDirectory(prefix="evalib-") as private,
        ):
            # Nobody's own start-up files may change a page.
            os.environ["IPYTHONDIR"] = f"{private}/ipython"
            kernel = {"engine_name": engine, "kernel_name": "python3"}
            prepared = papermill.execute_notebook(
                str(notebook), None, dict(parameters), language="python", prepare_only=True, **kernel
            )
            # As papermill goes on from there, without turning the executed notebook into text for no file.
            with contextlib.chdir(root):
                executed = papermill_engines.execute_notebook_with_engine(
                    nb=prepared,
                    progress_bar=False,
                    config=_private_transport(private),
                    extra_arguments=["--IPKernelApp.log_level=50"],
                    **kernel,
                )
            raise_for_execution_errors(executed, None)
    except PapermillExecutionError as error:
        if error.ename in _OUT_OF_MEMORY:
            raise ReportError("cell_out_of_memory", cell=error.cell_index + 1) from None
        said = error.evalue if error.ename in _OURS else told(error.evalue or "")
        cause = f"{error.ename}: {said}" if said else error.ename
        raise ReportError("cell_failed", cell=error.cell_index + 1, cause=cause) from None
    _check_figures(executed)
    return _without_traces(executed)


def results_of(executed: nbformat.NotebookNode) -> dict[str, Any]:
    """The results that the last cell emitted.

    Raises
    ------
    ReportError
        No cell emitted any: the notebook does not keep its contract.
    """
    for cell in reversed(executed.cells):
        for output in cell.get("outputs", []):
            if RESULTS in output.get("data", {}):
                found: dict[str, Any] = output["data"][RESULTS]
                return found
    raise ReportError("no_results")


def _private_transport(folder: str) -> Config:
    """Sockets in a folder of our own where the system has them: no ports for parallel runs to collide on."""
    if os.name == "nt":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


def _check_figures(executed: nbformat.NotebookNode) -> None:
    """Refuse a notebook with a line of text where a figure was meant: nothing else would tell."""
    for position, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            text = shown.get("text/plain", "")
            if len(shown) == 1 and _FIGURE_AS_TEXT.fullmatch(
                text if isinstance(text, str) else "".join(text)
            ):
                raise ReportError("figure_as_text", cell=position + 1)


def _without_traces(executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove what differs from run to run: times, durations, paths, processes, addresses, ids."""
    parameters = executed.metadata.get("papermill", {}).get("parameters", {})
    executed.metadata["papermill"] = {"parameters": parameters}
    for position, cell in enumerate(executed.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{position:02d}"
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output["text"] = _settled(_CELL_FILE.sub("ipykernel", "".join(output["text"])))
            for kind in ("text/plain", "text/html"):
                if kind in output.get("data", {}):
                    output["data"][kind] = _settled("".join(output["data"][kind]))
    return executed


def _settled(text: str) -> str:
    """A text without the addresses in it."""
    return _ADDRESS.sub("at 0x…", text) if " 0x" in text else text
