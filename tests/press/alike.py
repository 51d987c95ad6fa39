"""Executed notebooks made comparable: what differs between two runs of one engine is put aside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

# Names of models of widgets, addresses of objects, and the number of the process in a cell's file.
RANDOM = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|\b0x[0-9a-f]{6,}\b|(?:/[\w.-]+)*/ipykernel_\d+(?=/)"
)


def comparable(path: Path) -> dict[str, Any]:
    """What a notebook says: each cell's source, count and outputs, and the metadata that lasts.

    Texts that follow each other in one stream are one text: into how many pieces
    papermill's own engine cuts them, and how stdout and stderr alternate, depends on the clock.
    """
    text = path.read_text("utf-8")
    order = {name: f"#{k}" for k, name in enumerate(dict.fromkeys(RANDOM.findall(text)))}
    content = json.loads(RANDOM.sub(lambda match: order[match.group()], text))
    cells = [
        (cell["cell_type"], "".join(cell["source"]), cell.get("execution_count"), _joined(cell))
        for cell in content["cells"]
    ]
    metadata = {name: content["metadata"].get(name) for name in ("language_info", "kernelspec")}
    return {"cells": cells, **metadata, "widgets": _widgets(json.loads(text)["metadata"])}


def _widgets(metadata: dict[str, Any]) -> list[str]:
    """The state of each widget without its name; they stand in the order of their random names."""
    kinds = metadata.get("widgets", {}).values()
    states = [state for kind in kinds for state in kind["state"].values()]
    return sorted(RANDOM.sub("#", json.dumps(state, sort_keys=True)) for state in states)


def _joined(cell: dict[str, Any]) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []
    streams: dict[str, dict[str, Any]] = {}
    for output in cell.get("outputs", []):
        if output["output_type"] != "stream":
            streams = {}
            joined.append(output)
            continue
        text = "".join(output["text"])
        if output["name"] in streams:
            streams[output["name"]]["text"] += text
            continue
        streams[output["name"]] = {**output, "text": text}
        if output["name"] == "stdout" and "stderr" in streams:
            joined.insert(len(joined) - 1, streams["stdout"])
        else:
            joined.append(streams[output["name"]])
    return joined
