"""What may be shown: measurements become the `published` table, the only thing a page reads.

Decided once for a district, all years and both editions together, after the review:

- `cells`: which figures too few pupils stand behind, and which others would tell them;
- `tables`: the published tables of a year, for the restricted edition and for researchers;
- `public`: the same for the public edition, worked out from published figures alone and
  rounded as printed;
- `district`: the tables of the district's review;
- `issued`: what was withheld in a year that was handed out stays withheld.
"""

from evalib.disclosure.cells import withheld_cells
from evalib.disclosure.district import publish_district
from evalib.disclosure.issued import issued_year
from evalib.disclosure.notes import publish_notes, publish_remarks
from evalib.disclosure.public import public_figures, public_sections
from evalib.disclosure.rounding import printed
from evalib.disclosure.tables import (
    FIGURES,
    PUBLISHED,
    publish,
    publish_influences,
    publish_parts,
    publish_sections,
)

__all__ = [
    "FIGURES",
    "PUBLISHED",
    "issued_year",
    "printed",
    "public_figures",
    "public_sections",
    "publish",
    "publish_district",
    "publish_influences",
    "publish_notes",
    "publish_parts",
    "publish_remarks",
    "publish_sections",
    "withheld_cells",
]
