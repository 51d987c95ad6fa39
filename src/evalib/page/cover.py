"""What every page has around its content: its cover, and what it was computed from."""

from __future__ import annotations

from evalib import __version__
from evalib.page.tables import Emission, Table
from evalib.settings import Settings
from evalib.wording import TAGS, Wording

PAGE = "application/vnd.evalib.page+json"
RESULTS = "application/vnd.evalib.results+json"


def cover(settings: Settings, words: Wording, *, title: str, subtitle: str, year: str, data: str) -> Emission:
    """Title, running head and the exporter's own labels.

    Parameters
    ----------
    year
        School year, such as 2024-2025.
    data
        Fingerprint of the data that the page was made from.
    """
    content = {
        "lang": TAGS[words.lang],
        "title": title,
        "eyebrow": f"{settings.district.district.in_(words.lang)} · {words.label('review')}",
        "subtitle": f"{words.year(year)} · {subtitle}",
        "running_head": f"{title} · {words.year(year)}",
        "fingerprint": words.label(
            "fingerprint", data=data, params=settings.fingerprint, version=__version__
        ),
        "labels": {
            "contents": words.label("contents"),
            "page": words.catalogue["labels"]["page"][words.lang],
            "table_twin": words.label("table_twin"),
            "skip": words.label("skip"),
        },
    }
    return Emission(PAGE, content, title)


def provenance(settings: Settings, words: Wording, data: str) -> Table:
    """Fingerprints of data, params and library that a report was computed from."""
    return Table(
        caption=words.label("provenance_caption"),
        heads=(words.label("part"), words.label("fingerprint_head")),
        rows=(
            (words.label("data_part"), data),
            (words.label("params_part"), settings.fingerprint),
            (words.label("library_part"), f"evalib {__version__}"),
        ),
        text_columns=frozenset({0, 1}),
    )
