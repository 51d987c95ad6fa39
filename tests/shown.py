"""A notebook as a kernel would leave it, from what cells show: for looking at pages without running one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from evalib.page.tables import Table

PAGE = "application/vnd.evalib.page+json"


def outputs_of(shown: Any) -> list[nbformat.NotebookNode]:
    """The outputs of a cell: several where it shows several, one below the other."""
    found = []
    for one in shown if isinstance(shown, Iterable) else [shown]:
        bundle = one._repr_mimebundle_()
        content, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        found.append(new_output("display_data", data=content, metadata=metadata))
    return found


def notebook_of(cells: Iterable[Any], lang: str = "zh", title: str = "区级报告") -> nbformat.NotebookNode:
    """A run notebook of prose (text) and of what cells show."""
    cover = new_output("display_data", data={PAGE: {"lang": lang, "title": title}, "text/plain": title})
    made = [new_code_cell("cover", outputs=[cover])]
    for one in cells:
        prose = isinstance(one, str)
        made.append(new_markdown_cell(one) if prose else new_code_cell("shown", outputs=outputs_of(one)))
    return new_notebook(cells=made, metadata={"papermill": {"parameters": {"lang": lang}}})


def parts(shown: Any) -> list[Any]:
    """What a cell shows, one by one."""
    return list(shown) if isinstance(shown, Iterable) else [shown]


def faces(one: Any) -> dict[str, Any]:
    """Everything that an output carries, by type; of a figure its words too."""
    bundle = one._repr_mimebundle_()
    return {**bundle[0], **bundle[1].get("image/svg+xml", {})} if isinstance(bundle, tuple) else bundle


def table_with(shown: Iterable[Any], words: str) -> Table:
    """The one table whose caption holds some words."""
    (found,) = [one for one in parts(shown) if isinstance(one, Table) and words in one.caption]
    return found


def line(table: Table, start: str) -> tuple[str, ...]:
    """The one row whose first cell begins with some words."""
    (found,) = [row for row in table.rows if row[0].strip().startswith(start)]
    return found


def words_of(shown: Any) -> str:
    return " ".join(faces(one)["text/plain"] for one in parts(shown))
