"""A tiny but complete invented district: every table, both stages, three years, a dozen pupils a grade."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evalib.dimensions import add_dimensions
from evalib.disclosure import publish, publish_influences, publish_parts, publish_sections
from evalib.review.yearly import Review, review_year
from evalib.sampling import invent_district
from evalib.scales import Scale, scale_of, scale_table
from evalib.scoring.standings import add_standings
from evalib.settings import Settings
from evalib.similar import add_similar
from evalib.store import Store

Tables = dict[tuple[str, str], pd.DataFrame]

LAST, NOW = "2023-2024", "2024-2025"
PUPILS_A_GRADE = 12
# Grade 4 of this year is the youngest kept; grade 9 of two years ago the oldest.
YOUNGEST, OLDEST = 2024 - 4, 2022 - 9
SUBJECTS = ("chinese", "mathematics")
PERSONAL = ("pupils", "scores", "fitness", "competence", "achievements", "activities")


def small_limits(settings: Settings) -> Settings:
    """The settings with limits on numbers of pupils that so small a district reaches."""
    measures = settings.measures
    percentiles = measures.growth.percentiles.model_copy(update={"pupils_a_column": 8, "minimum_pupils": 40})
    growth = {"pattern_minimum": 20, "minimum_sections": 6, "bootstrap_below_sections": 2}
    changed = {
        "growth": measures.growth.model_copy(update={**growth, "percentiles": percentiles}),
        "articulation": measures.articulation.model_copy(update={"feeder_minimum": 2}),
        "standing": measures.standing.model_copy(update={"rank_draws": 100}),
    }
    return replace(settings, measures=measures.model_copy(update=changed))


@functools.cache
def small_tables() -> Tables:
    """The clean tables by name and year; not to be changed in place."""
    found = invent_district(sections=22)
    pupils = found.tables["pupils"]
    cohort = pupils["year"].str[:4].astype(int) - pupils["grade"].astype(int)
    followed = pupils[cohort.between(OLDEST, YOUNGEST)].assign(cohort=cohort)
    # By the school that first enrolled them, so that they are followed wherever they go.
    persons = followed.drop_duplicates("pupil").groupby(["school_code", "cohort"]).head(PUPILS_A_GRADE)
    kept = set(persons["pupil"])
    of_subjects = found.tables["papers"]["subject"].isin(SUBJECTS)
    papers = set(found.tables["papers"].loc[of_subjects, "paper"])
    tables: Tables = {}
    for name, table in found.tables.items():
        whole = table[table["subject"].isin(SUBJECTS)] if name == "papers" else table
        if name in PERSONAL:
            whole = table[table["pupil"].isin(kept) | table["pupil"].isna()]
        if name == "scores":
            whole = whole[whole["paper"].isin(papers)]
        for year, rows in whole.groupby("year"):
            tables[name, str(year)] = rows.drop(columns="year").reset_index(drop=True)
    return tables


@dataclass(frozen=True)
class Outcome:
    """What one change of this year's tables came to, from review to publication."""

    review: Review
    judged: pd.DataFrame
    published: pd.DataFrame
    store: Store


@dataclass(frozen=True)
class SmallDistrict:
    """The district reviewed once; changes of this year's tables are reviewed on copies.

    Attributes
    ----------
    settings
        Its params.
    tables
        The clean tables as invented.
    folder
        Where the copies lie.
    earlier
        Measurements of the year before, with dimensions, by year.
    scale
        Of scores, from that year.
    """

    settings: Settings
    tables: Tables
    folder: Path
    earlier: Mapping[str, pd.DataFrame]
    scale: Scale

    def outcome(self, name: str, change: Callable[[Tables], Tables]) -> Outcome:
        """This year after a change of its tables (or without the years before): reviewed to published."""
        store = Store(self.folder / name)
        store.write(change(dict(self.tables)))
        review = review_year(store, self.settings, NOW)
        measurements = {year: self.earlier[year] for year in self.earlier if year in store.years()}
        measurements[NOW] = add_dimensions(review.measurements, review.influences, self.scale, self.settings)
        judged = add_similar(
            add_standings(measurements, NOW, self.settings, None), review.sections, self.settings
        )
        limits = self.settings.disclosure
        shown = publish(judged, limits, self.settings.measures.counting)
        store.write(
            {
                ("published", NOW): shown,
                ("published_parts", NOW): publish_parts(judged, shown),
                ("published_influences", NOW): publish_influences(review.influences, shown),
                ("published_flows", NOW): review.flows,
                ("published_scale", NOW): scale_table(self.scale),
                ("published_sections", NOW): publish_sections(review.sections, limits),
                ("published_notes", NOW): review.notes,
            }
        )
        return Outcome(review, judged, shown, store)


def small_district(folder: Path, settings: Settings) -> SmallDistrict:
    """The district, the year before reviewed."""
    settings, tables = small_limits(settings), small_tables()
    store = Store(folder / "before")
    store.write(tables)
    review = review_year(store, settings, LAST)
    scale = scale_of(settings, {LAST: review.measurements})
    earlier = {LAST: add_dimensions(review.measurements, review.influences, scale, settings)}
    return SmallDistrict(settings, tables, folder, earlier, scale)
