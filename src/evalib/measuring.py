"""A loaded district is reviewed, scored, judged and published, year by year."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from evalib.dimensions import add_dimensions
from evalib.disclosure import (
    issued_year,
    printed,
    public_figures,
    public_sections,
    publish,
    publish_district,
    publish_influences,
    publish_notes,
    publish_parts,
    publish_remarks,
    publish_sections,
)
from evalib.errors import ParameterError
from evalib.review.district.yearly import review_district
from evalib.review.yearly import Review, review_year
from evalib.scales import Scale, base_scale, scale_of, scale_table
from evalib.scoring.standings import add_standings
from evalib.settings import (
    FrozenIndicator,
    FrozenParams,
    IssuedParams,
    Settings,
    write_frozen,
    write_issued,
)
from evalib.settled import is_settled
from evalib.similar import add_similar
from evalib.store import Store
from evalib.vocabulary import YEARS_SHOWN, SchoolYear


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
    scored = {
        year: add_dimensions(review.measurements, review.influences, scale, settings)
        for year, review in reviews.items()
    }
    measurements = {**standing, **scored}
    if not reviews:
        return
    frozen = None if scale.provisional else scale.between_variances()
    judged = {
        year: add_similar(
            add_standings(measurements, year, settings, frozen), reviews[year].sections, settings
        )
        for year in shown
        if year in reviews
    }
    tables = _tables(store, {**measurements, **judged}, judged, reviews, scale, settings)
    for year in judged:
        tables["published_notes", year] = _notes(store, year, reviews[year], settings)
    store.write(tables)


def _tables(
    store: Store,
    measurements: Mapping[str, pd.DataFrame],
    shown: Collection[str],
    reviews: Mapping[str, Review],
    scale: Scale,
    settings: Settings,
) -> dict[tuple[str, str], pd.DataFrame]:
    """Everything that is kept of the years shown; what may be shown is decided from the first year on."""
    limits, counting, marks = settings.disclosure, settings.measures.counting, scale_table(scale)
    units = {name: one.unit for name, one in settings.measures.judged.items()}
    issued = {} if settings.issued is None else settings.issued.years
    published: dict[str, pd.DataFrame] = {}
    public: dict[str, pd.DataFrame] = {}
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for year in sorted(measurements):
        if year not in reviews:
            published[year], public[year] = store.read("published", year), store.read("public", year)
            continue
        judged = measurements[year]
        published[year] = publish(judged, limits, counting, before=published, issued=issued.get(year))
        review = reviews[year]
        sections = publish_sections(review.sections, limits)
        public[year] = public_figures(
            judged,
            published[year],
            sections,
            marks,
            settings.measures,
            limits,
            public.get(str(SchoolYear(year).previous)),
        )
        if year not in shown:
            continue
        kept = {
            "measurements": judged,
            "influences": review.influences,
            "published": published[year],
            "published_parts": publish_parts(judged, published[year]),
            "published_influences": publish_influences(review.influences, published[year]),
            "published_flows": review.flows,
            "published_scale": marks,
            "published_sections": sections,
            "public": printed(add_similar(public[year], review.sections, settings), units),
            "public_sections": public_sections(sections, published[year], counting, limits),
        }
        told = judged.assign(reason=published[year]["reason"].to_numpy())
        kept |= publish_district(
            review_district(store, settings, year, told),
            sections,
            settings.balance,
            limits,
            published[year],
        )
        tables |= {(name, year): table for name, table in kept.items()}
    return tables


def _notes(store: Store, year: str, review: Review, settings: Settings) -> pd.DataFrame:
    """What the review says of the data, and what the load remarked on them."""
    notes = publish_notes(review.notes, settings.disclosure)
    if not store.has("warnings", year):
        return notes
    remarks = publish_remarks(store.read("warnings", year), settings.disclosure)
    return pd.concat([notes, remarks.assign(year=year)], ignore_index=True).astype("str")


def issue(settings: Settings, year: str) -> IssuedParams:
    """Write to `params/issued/` which cells of a published year are withheld, for later runs to withhold.

    Raises
    ------
    ParameterError
        The text is not a school year.
    DataError
        The year was not reviewed yet.
    """
    try:
        SchoolYear(year)
    except ValueError:
        raise ParameterError("not_a_school_year", value=year) from None
    published = Store(settings.store).read("published", year)
    years = {} if settings.issued is None else dict(settings.issued.years)
    years[year] = issued_year(published, datetime.date.today())
    issued = IssuedParams(years=dict(sorted(years.items())), source="evalib issue")
    write_issued(settings, issued)
    return issued


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
