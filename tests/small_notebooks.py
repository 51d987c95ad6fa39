"""Small notebooks of every kind of report, in place of those that a district's params name."""

from __future__ import annotations

from pathlib import Path

import nbformat

PARAMETERS = {
    "school": ("school_code", "stage", "year", "lang", "edition", "params"),
    "group": ("group_code", "year", "lang", "edition", "params"),
    "district": ("year", "lang", "edition", "params"),
}
EMIT = (
    "from IPython.display import display\n"
    "display({'application/vnd.evalib.results+json': {'year': year, 'read': []}}, raw=True)"
)


def write_notebook(path: Path, kind: str, *sources: str) -> Path:
    """A notebook that declares a kind's parameters, runs these cells, and says that it read nothing."""
    declared = "\n".join(f'{name}: str = ""' for name in PARAMETERS[kind])
    cells = [
        nbformat.v4.new_markdown_cell(f"# {kind}", id="title"),
        nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]}, id="parameters"),
    ]
    for number, source in enumerate((*sources, EMIT)):
        cells.append(nbformat.v4.new_code_cell(source, id=f"cell-{number}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def only_schools(params: Path) -> None:
    """Have a district's params ask for no reports but those of schools."""
    params.write_text(f"{params.read_text('utf-8')}\nreports: [school]\n", encoding="utf-8")
