"""The texts of errors and of the command line, Chinese and English, one entry a key."""

from __future__ import annotations

from typing import Any

from evalib.messages import (
    of_check,
    of_clusters,
    of_forget,
    of_freshness,
    of_intake,
    of_runs,
    of_templates,
    of_warm,
)

MESSAGES: dict[str, tuple[str, str]] = {
    **of_runs.TEXTS,
    **of_intake.TEXTS,
    **of_check.TEXTS,
    **of_templates.TEXTS,
    **of_forget.TEXTS,
    **of_freshness.TEXTS,
    **of_warm.TEXTS,
    **of_clusters.TEXTS,
}


def message(key: str, lang: str, **fields: Any) -> str:
    """The text of `key` in `lang` ("zh" or "en"), its fields filled in.

    Raises
    ------
    KeyError
        The catalogue has no such key, or a field is missing.
    """
    zh, en = MESSAGES[key]
    return (zh if lang == "zh" else en).format(**fields)
