"""A loaded district is reviewed, scored, judged and published, year by year."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import pandas as pd

from evalib.dimensions import add_dimensions
from evalib.disclosure import publish, publish_influences, publish_parts, publish_remarks, publish_sections
from evalib.errors import ParameterError
from evalib.review.yearly import Review, review_year
from evalib.scales import Scale, base_scale, scale_of, scale_table
from evalib.scoring.standings import add_standings
from evalib.settings import FrozenIndicator, FrozenParams, Settings, write_frozen
from evalib.settled import is_settled
from evalib.similar import add_similar
from evalib.store import Store
from evalib.vocabulary import YEARS_SHOWN


def measure(settings: Settings, years: Sequence[str]) -> None:
    """Review, judge and publish some years of a loaded district.

    The years before that stand in the trend lines are judged and published with them,
    each with its own full history: what is said of a year does not depend on which
    year was asked for. Without a frozen scale the earliest year is reviewed too, for
    scores to stand on. A year whose pupils were forgotten, or which looks back on one,
    keeps the figures that it has (`evalib.settled`).
    """
    store = Store(settings.store)
    known = store.years()
    shown = with_history(known, years, YEARS_SHOWN)
    needed = set(with_history(known, shown, settings.measures.standing.pooled_years))
    if settings.frozen is None:
        needed |= set(known[: settings.measures.standing.pooled_years])
    standing = {year: store.read("measurements", year) for year in needed if is_settled(store, year)}
    reviews = {year: review_year(store, settings, year) for year in sorted(needed - set(standing))}
    reviewed = {year: review.measurements for year, review in reviews.items()}
    scale = scale_of(settings, {**standing, **reviewed})
    judged = {
        year: add_dimensions(review.measurements, review.influences, scale, settings)
        for year, review in reviews.items()
    }
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for year in shown:
        if year in reviews:
            tables |= _tables(year, reviews[year], {**standing, **judged}, scale, settings)
            tables["published_notes", year] = _notes(store, year, reviews[year], settings)
    store.write(tables)


def _tables(
    year: str, review: Review, measurements: Mapping[str, pd.DataFrame], scale: Scale, settings: Settings
) -> dict[tuple[str, str], pd.DataFrame]:
    """Everything that is kept of one year."""
    frozen = None if scale.provisional else scale.between_variances()
    judged = add_standings(measurements, year, settings, frozen)
    judged = add_similar(judged, review.sections, settings)
    published = publish(judged, settings.disclosure, settings.measures.counting)
    return {
        ("measurements", year): judged,
        ("influences", year): review.influences,
        ("published", year): published,
        ("published_parts", year): publish_parts(judged, published),
        ("published_influences", year): publish_influences(review.influences, published),
        ("published_flows", year): review.flows,
        ("published_scale", year): scale_table(scale),
        ("published_sections", year): publish_sections(review.sections, settings.disclosure),
    }


def _notes(store: Store, year: str, review: Review, settings: Settings) -> pd.DataFrame:
    """What the review says of the data, and what the load remarked on them."""
    if not store.has("warnings", year):
        return review.notes
    remarks = publish_remarks(store.read("warnings", year), settings.disclosure)
    return pd.concat([review.notes, remarks.assign(year=year)], ignore_index=True).astype("str")


def freeze(settings: Settings, base_years: Sequence[str]) -> FrozenParams:
    """Write the scale of scores from base years to `params/frozen/`, where it stands still.

    Parameters
    ----------
    base_years
        School years of the store; none means all that it has.

    Raises
    ------
    ParameterError
        A year has no data.
    DataError
        The district is not loaded yet.
    """
    store = Store(settings.store)
    known = store.years()
    for year in base_years:
        if year not in known:
            raise ParameterError("year_without_data", year=year, years=", ".join(known))
    wanted = sorted(base_years) or list(known)
    measured = {
        year: store.read("measurements", year)
        if is_settled(store, year)
        else review_year(store, settings, year).measurements
        for year in wanted
    }
    scale = base_scale(settings, measured, wanted)
    stages: dict[str, dict[str, FrozenIndicator]] = {}
    for (stage, name), mark in scale.marks.items():
        stages.setdefault(stage, {})[name] = FrozenIndicator(
            centre=round(mark.centre, 6),
            spread=round(mark.spread, 6),
            between_variance=round(mark.between_variance, 8),
        )
    frozen = FrozenParams.model_validate(
        {
            "dated": datetime.date.today(),
            "base_years": wanted,
            "stages": stages,
            "source": "evalib freeze",
        }
    )
    write_frozen(settings, frozen)
    return frozen


def with_history(known: Sequence[str], years: Sequence[str], depth: int) -> list[str]:
    """The years given and, for each, those before it, so many in all."""
    needed: set[str] = set()
    for year in years:
        until = [one for one in known if one <= year]
        needed.update(until[-depth:])
    return sorted(needed)
