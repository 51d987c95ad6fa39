"""How a table's cell names a section or an indicator, and where each leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalib.page.district.sections import Sections
from evalib.page.district.view import DistrictView
from evalib.page.links import Address, Anchored, Linked
from evalib.settings import BalanceIndicator


@dataclass(frozen=True)
class Names:
    """Names in a page's language; of sections in the restricted edition alone."""

    view: DistrictView

    def section(self, row: Mapping[str, Any]) -> str:
        """A section's name, or its code where the district gave none; it leads to the section's page."""
        return self._sections.linked(row)

    def indicator(self, indicator: BalanceIndicator) -> str:
        """An indicator's number and name in a table of verdicts; the number leads to the rule."""
        name = indicator.name.in_(self.view.words.lang)
        return Linked([(indicator.id, Address.here(anchor_of(indicator))), (f" {name}", None)])

    def defined(self, indicator: BalanceIndicator) -> str:
        """The same in the table of rules, where it can be led to."""
        name = indicator.name.in_(self.view.words.lang)
        return Anchored(f"{indicator.id} {name}", anchor_of(indicator))

    @cached_property
    def _sections(self) -> Sections:
        return Sections(self.view)


def anchor_of(indicator: BalanceIndicator) -> str:
    """The anchor of an indicator's rule, such as def-R1."""
    return f"def-{indicator.id}"
