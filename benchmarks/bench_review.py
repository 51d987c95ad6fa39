"""Seconds for the review of one district-year: 100 sections, 40,000 pupils, every table.

Run: python benchmarks/bench_review.py

The district is the invented one with more classes a grade. Then the same year from the store
to what is published, step by step.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

from measured import ROOT, keeper, machine, seconds, table, tell

from evalib.dimensions import add_dimensions
from evalib.disclosure import publish, publish_influences, publish_parts
from evalib.measuring import measure
from evalib.review.yearly import Review, review_year
from evalib.sampling import invent_district, schools
from evalib.scales import scale_of
from evalib.scoring.standings import add_standings
from evalib.settings import Settings, load_settings
from evalib.similar import add_similar
from evalib.store import Store

SECTIONS = 100
# Chances of 1, 2, 3 classes a grade that make 40,000 pupils of 100 sections.
CLASSES = {"urban": (0.30, 0.43, 0.27), "town": (0.50, 0.35, 0.15), "rural": (0.85, 0.10, 0.05)}
PERCENTILES = "mean_growth_percentile"
AIM, AIM_WITH_PERCENTILES = 2.0, 10.0


def large_district(folder: Path, years: int) -> Settings:
    """Settings whose store holds the district, so many years of it."""
    settings = replace(load_settings(ROOT / "params" / "sample.yaml"), root=folder)
    places = {name: {**place, "classes": CLASSES[name]} for name, place in schools.PLACES.items()}
    with mock.patch.dict(schools.PLACES, places):
        district = invent_district(sections=SECTIONS, years=years)
    Store(settings.store).write(
        {
            (name, str(year)): rows.drop(columns="year").reset_index(drop=True)
            for name, rows_of_all in district.tables.items()
            for year, rows in rows_of_all.groupby("year")
        }
    )
    return settings


def without(settings: Settings, name: str) -> Settings:
    """The same settings without the indicators of one measure."""
    kept = [one for one in settings.measures.indicators if one.measure != name]
    return replace(settings, measures=settings.measures.model_copy(update={"indicators": kept}))


def steps(settings: Settings, review: Review, year: str, repeats: int) -> list[tuple[str, float]]:
    """Seconds of what follows the review of a year."""
    scale = scale_of(settings, {year: review.measurements})
    scored = add_dimensions(review.measurements, review.influences, scale, settings)
    judged = add_standings({year: scored}, year, settings)
    alike = add_similar(judged, review.sections, settings)

    def published() -> None:
        told = publish(alike, settings.disclosure, settings.measures.counting)
        publish_parts(alike, told)
        publish_influences(review.influences, told)

    return [
        ("scale", seconds(lambda: scale_of(settings, {year: review.measurements}), repeats)),
        (
            "scores of indicators and dimensions",
            seconds(lambda: add_dimensions(review.measurements, review.influences, scale, settings), repeats),
        ),
        ("standings", seconds(lambda: add_standings({year: scored}, year, settings), repeats)),
        ("similar sections", seconds(lambda: add_similar(judged, review.sections, settings), repeats)),
        ("what is published", seconds(published, repeats)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=3, help="years in the store; growth looks back")
    parser.add_argument("--repeats", type=int, default=5)
    keeper(parser)
    asked = parser.parse_args()
    begun = machine()
    with tempfile.TemporaryDirectory() as folder:
        settings = large_district(Path(folder), asked.years)
        store = Store(settings.store)
        years = store.years()
        year = years[-1]
        pupils, scores = len(store.read("pupils", year)), len(store.read("scores", year))
        plain = without(settings, PERCENTILES)
        bare = seconds(lambda: review_year(store, plain, year), asked.repeats)
        full = seconds(lambda: review_year(store, settings, year), asked.repeats)
        later = steps(settings, review_year(store, settings, year), year, asked.repeats)
        whole = seconds(lambda: measure(settings, [year]), 1, warm=False)
    rows = [
        ["review without growth percentiles", f"{bare:.2f} s", f"≤ {AIM:.0f} s"],
        ["review, every measure", f"{full:.2f} s", f"≤ {AIM_WITH_PERCENTILES:.0f} s"],
        *([name, f"{took:.2f} s", ""] for name, took in later),
        [f"all of it, {len(years)} years from the store to what is published", f"{whole:.2f} s", ""],
    ]
    tell(
        "review",
        "Seconds for the review of one district-year",
        [
            f"{SECTIONS} sections, {pupils:,} pupils, {scores:,} score records a year, every table of the "
            f"invented district, {len(years)} years in the store. Medians of {asked.repeats} after one run "
            "that does not count; the last row is a single run.",
            table(["step", "by the clock", "aim"], rows),
        ],
        begun=begun,
        keep=asked.keep,
    )


if __name__ == "__main__":
    main()
