"""What the district's page and a group's page have around their content: cover, provenance, results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalib import __version__
from evalib.errors import ParameterError
from evalib.page import cover as around
from evalib.page.cover import RESULTS
from evalib.page.district.view import DistrictView
from evalib.page.findings import Speaker
from evalib.page.tables import Emission, Table
from evalib.settings import load_settings
from evalib.store import Store
from evalib.vocabulary import EDITIONS, LANGUAGES, YEARS_SHOWN
from evalib.wording import wording_of

# What such a page may read; those of one edition alone stand apart.
FIGURES = {
    "restricted": ("published", "published_sections"),
    "public": ("public", "public_sections"),
}
SHARED = ("published_scale", "published_members")


def open_view(year: str, lang: str, edition: str, params: str) -> DistrictView:
    """All sections' published measurements of one year and of those shown beside it.

    Raises
    ------
    ParameterError
        A language or an edition that there is not.
    DataError
        The district has no data yet, or none for this year.
    """
    for name, given, allowed in (("lang", lang, LANGUAGES), ("edition", edition, EDITIONS)):
        if given not in allowed:
            raise ParameterError("not_allowed", name=name, value=given, allowed=", ".join(allowed))
    settings = load_settings(params)
    store = Store(settings.store)
    known = store.years(FIGURES[edition][0])
    if year not in known:
        store.read("published", year)
    wanted = tuple(one for one in known if one <= year)[-YEARS_SHOWN:]
    words = wording_of(settings, lang)
    return DistrictView(settings, store, words, Speaker(settings.sentences, words), year, wanted, edition)


def cover(view: DistrictView, title: str, kind: str) -> Emission:
    """Title, running head and the exporter's own labels."""
    subtitle = f"{kind} · {view.words.label(f'edition_{view.edition}')}"
    return around.cover(
        view.settings, view.words, title=title, subtitle=subtitle, year=view.year, data=_data(view)
    )


def provenance(view: DistrictView) -> Table:
    """Fingerprints of what the report was computed from."""
    return around.provenance(view.settings, view.words, _data(view))


def results(view: DistrictView, about: Mapping[str, Any]) -> Emission:
    """Every number that the page told, and what was read."""
    content = {
        **about,
        "year": view.year,
        "years": list(view.years),
        "edition": view.edition,
        "told": dict(sorted(view.told.items())),
        "read": [
            {"table": table, "year": year, "sha256": digest}
            for (table, year), digest in sorted(view.store.slices_read.items())
        ],
        "params": view.settings.fingerprint,
        "evalib": __version__,
    }
    return Emission(RESULTS, content, f"{len(view.told)} numbers")


def _data(view: DistrictView) -> str:
    """A fingerprint of all published tables that a page of this edition may read."""
    review = sorted({table for table, _ in view.store.digests() if table.startswith("balance_")})
    if not view.names_sections:
        review = [one for one in review if one not in ("balance_sections", "balance_verdicts")]
    tables = (*FIGURES[view.edition], *SHARED, *review)
    return view.store.fingerprint((table, year) for table in tables for year in view.years)
