"""Everything that the pages of the national indicators and the initiatives show, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalib.page.district.initiatives import InitiativesPage
from evalib.page.district.standards import StandardsPage
from evalib.vocabulary import INITIATIVES
from reviewed_tables import view_of
from shown import parts

STANDARDS = ("verdict", "resources", "trend", "passing", "sections", "guarantee", "quality")
AFTER = ("recognition", "definitions")


def everything(root: Path, lang: str = "zh", edition: str = "restricted") -> list[Any]:
    """What every cell of these pages shows, one by one."""
    view = view_of(root, lang, edition)
    standards, initiatives = StandardsPage(view), InitiativesPage(view)
    shown = [getattr(standards, name)() for name in (*STANDARDS, *AFTER)]
    shown += [getattr(initiatives, name)() for name in ("overview", *INITIATIVES)]
    return [one for each in shown for one in parts(each)]
