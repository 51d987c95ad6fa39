"""What the name of a sheet or file, or a line above a table, says: school year, grade and stage."""

from __future__ import annotations

import re
import unicodedata

from evalib.intake.columns import plain
from evalib.vocabulary import SchoolYear

_YEAR = re.compile(r"(?<!\d)([0-9]{4})(?:学年度?)?\s*[-—–－~～至/_]+\s*([0-9]{4})(?!\d)")
_YEAR_ALONE = re.compile(r"^([0-9]{4})学年度?$")
_GRADE = re.compile(
    r"[一二三四五六七八九1-9]年级|(?:小学|初中|小|初)?(?<!\d)[12][0-9]{3}[级届]|[小初][一二三四五六]"
)
_STAGES = {"小学": "primary", "初中": "junior"}


def school_year(text: str) -> str:
    """A school year as 2024-2025, from 2024—2025学年, 2024/2025 or 2024学年; empty if it is none.

    Examples
    --------
    >>> school_year("2024—2025学年"), school_year("2024-2026")
    ('2024-2025', '')
    """
    alone = _YEAR_ALONE.match(plain(text))
    if alone:
        return f"{alone[1]}-{int(alone[1]) + 1}"
    for start, end in _YEAR.findall(unicodedata.normalize("NFKC", text)):
        try:
            return SchoolYear(f"{start}-{end}").text
        except ValueError:
            continue
    return ""


def grade_said(name: str) -> str:
    """The grade or cohort that the name of a sheet holds, as it is written; empty if it holds none."""
    found = _GRADE.search(plain(name))
    return found[0] if found else ""


def stage_said(title: str) -> str:
    """The one stage that a title names; empty if it names none, or both."""
    found = [stage for word, stage in _STAGES.items() if word in title]
    return found[0] if len(found) == 1 else ""
