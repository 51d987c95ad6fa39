"""Every fault of a check, for a person (by file and sheet) and for a machine (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from evalib.errors import Fault, shown
from evalib.messages import message


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


def as_json(faults: Sequence[Fault]) -> str:
    """One JSON document: how many errors and warnings, and every fault with its place.

    Each has file, sheet, column (as the sheet writes its header, or its letter), rows (all
    of them, counted from 1), key, warning, zh and en. Names of files, sheets and columns
    are shown as on the terminal: what could be a person's number is masked.
    """
    entries = [
        {
            "file": shown(fault.file),
            "sheet": shown(fault.sheet),
            "column": shown(fault.column),
            "rows": list(fault.rows),
            "key": fault.key,
            "warning": fault.warning,
            "zh": fault.what("zh"),
            "en": fault.what("en"),
        }
        for fault in faults
    ]
    errors = sum(not fault.warning for fault in faults)
    content = {"errors": errors, "warnings": len(faults) - errors, "faults": entries}
    return json.dumps(content, ensure_ascii=False, indent=1)


def summary(faults: Sequence[Fault], params: str, lang: str) -> str:
    """How many faults there are, and what to do next."""
    errors = sum(not fault.warning for fault in faults)
    warnings = len(faults) - errors
    if not errors:
        return message("checked_clean", lang, warnings=warnings, params=params)
    files = len({fault.file for fault in faults})
    return message("checked_summary", lang, errors=errors, warnings=warnings, files=files)
