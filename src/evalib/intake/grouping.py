"""Every fault of a check, for a person (by file and sheet) and for a machine (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from evalib.errors import Fault, shown
from evalib.intake.marks import Spots, cells_of
from evalib.messages import message

# Of the JSON document.
FORMAT = 1


def grouped(faults: Sequence[Fault], lang: str) -> str:
    """Faults under the names of their file and sheet, one line a kind and column.

    Parameters
    ----------
    faults
        In the order of files and sheets.
    """
    lines = []
    for file, of_file in groupby(faults, key=lambda fault: fault.file):
        lines.append(shown(file))
        for sheet, of_sheet in groupby(of_file, key=lambda fault: fault.sheet):
            if sheet:
                lines.append("  " + message("place_sheet", lang, sheet=shown(sheet)))
            for fault in of_sheet:
                kind = message("check_warning" if fault.warning else "check_error", lang)
                lines.append(f"    [{kind}] {fault.inside(lang)}")
    return "\n".join(lines)


def as_json(faults: Sequence[Fault], spots: Spots, copies: Path | None = None) -> str:
    """One JSON document, for machines; `docs/check.md` describes it.

    A key is never taken away or given another meaning without another `format`. Names of
    files, sheets and columns are shown as on the terminal: what could be a person's number
    is masked.

    Parameters
    ----------
    faults
        In the order of files and sheets.
    spots
        By file and sheet: what faults call a column → row and column of its header.
    copies
        The folder of annotated copies, if any was written.
    """
    entries = [
        {
            "file": shown(fault.file),
            "sheet": shown(fault.sheet),
            "column": shown(fault.column),
            "rows": list(fault.rows),
            "cells": cells_of(fault, spots),
            "key": fault.key,
            "severity": "warning" if fault.warning else "error",
            "zh": fault.what("zh"),
            "en": fault.what("en"),
        }
        for fault in faults
    ]
    errors = sum(not fault.warning for fault in faults)
    content = {
        "format": FORMAT,
        "errors": errors,
        "warnings": len(faults) - errors,
        "copies": None if copies is None else str(copies),
        "faults": entries,
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def summary(faults: Sequence[Fault], params: str, lang: str) -> str:
    """How many faults there are, and what to do next."""
    errors = sum(not fault.warning for fault in faults)
    warnings = len(faults) - errors
    if not errors:
        return message("checked_clean", lang, warnings=warnings, params=params)
    files = len({fault.file for fault in faults})
    return message("checked_summary", lang, errors=errors, warnings=warnings, files=files)
