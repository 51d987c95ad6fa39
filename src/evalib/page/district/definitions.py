"""What each figure on the pages of all sections means, as rows that links lead to."""

from __future__ import annotations

from evalib.page.district.view import DistrictView
from evalib.page.links import Anchored
from evalib.page.tables import Table
from evalib.vocabulary import DIMENSIONS

# Terms of the page itself, in the order of reading; words in wording.yaml as all_def_… and all_how_….
TERMS = ("standing", "change", "share", "spread", "gap", "company")


def definitions(view: DistrictView, terms: tuple[str, ...] = TERMS) -> Table:
    """Scores and lead indicators as params define them, then the page's own terms."""
    words, measures = view.words, view.settings.measures
    rows: list[tuple[str, ...]] = []
    for dimension in DIMENSIONS:
        score = view.judged[dimension]
        name = words.label("all_score_of", name=score.name.in_(words.lang))
        weighed = [
            words.label("value_of", name=one.name.in_(words.lang), value=words.share(one.weight))
            for one in measures.indicators
            if one.dimension == dimension and one.weight
        ]
        how = words.label("all_how_score", names=words.listed(weighed))
        rows.append((Anchored(name, f"def-{dimension}"), how, words.label("all_source_params")))
        lead = view.judged[measures.dimensions[dimension].lead]
        rows.append(
            (
                Anchored(lead.name.in_(words.lang), f"def-{lead.id}"),
                words.about(lead, measures),
                lead.source.in_(words.lang),
            )
        )
    standing = measures.standing
    fields = {
        "clear": words.share(standing.clear),
        "probable": words.share(standing.probable),
        "sure": words.share(standing.change),
        "coverage": words.share(measures.between.coverage_minimum),
        "sections": words.count(standing.minimum_sections),
    }
    for term in terms:
        name = words.label(f"all_def_{term}")
        how, source = words.label(f"all_how_{term}", **fields), words.label(f"all_source_{term}")
        rows.append((Anchored(name, f"def-{term}"), how, source))
    return Table(
        caption=words.label("all_definitions_caption"),
        heads=tuple(words.label(key) for key in ("all_term", "all_how", "source")),
        rows=tuple(rows),
        text_columns=frozenset({0, 1, 2}),
    )
