"""Which reports a run makes: settings and the sections become report keys."""

from __future__ import annotations

from collections.abc import Sequence

from evalib.errors import ParameterError
from evalib.settings import Settings, nearest
from evalib.store import Store
from evalib.vocabulary import STAGES, ReportKey, SchoolYear


def years_wanted(settings: Settings, known: Sequence[str], asked: str | None = None) -> list[str]:
    """The school years to report on.

    Parameters
    ----------
    settings
        Its `years` is "latest", "all" or a list.
    known
        Years the store has, earliest first.
    asked
        A year given on the command line, which replaces the file's entry.

    Raises
    ------
    ParameterError
        A year is not a school year, or the store has nothing for it.
    """
    if asked is not None:
        wanted = [asked]
    elif settings.district.years == "latest":
        wanted = list(known[-1:])
    elif settings.district.years == "all":
        wanted = list(known)
    else:
        wanted = list(settings.district.years)
    for year in wanted:
        try:
            SchoolYear(year)
        except ValueError:
            raise ParameterError("not_a_school_year", value=year) from None
        if year not in known:
            raise ParameterError("year_without_data", year=year, years=", ".join(known) or "–")
    return wanted


def plan_reports(
    settings: Settings,
    store: Store,
    years: Sequence[str],
    *,
    school: str | None = None,
    stage: str | None = None,
    lang: str | None = None,
    edition: str | None = None,
) -> list[ReportKey]:
    """The reports of some loaded years, in the order of year, school, stage, edition, language.

    Parameters
    ----------
    settings, store, years
        The district, its tables, and which of its years.
    school, stage
        Only these, where given.
    lang, edition
        In place of the params file's entries, where given.

    Raises
    ------
    ParameterError
        No section of these years has this school code or stage.
    """
    keys = []
    editions = [edition] if edition else settings.district.editions
    languages = [lang] if lang else settings.district.languages
    for year in years:
        sections = store.read("schools", year, ["school_code", "stage"])
        for code, one in zip(sections["school_code"], sections["stage"], strict=True):
            if school in (None, code) and stage in (None, one):
                keys += [
                    ReportKey("school", year, code, one, of_edition, in_lang)
                    for of_edition in editions
                    for in_lang in languages
                ]
    if not keys:
        raise _nothing_planned(store, years, school, stage)
    return sorted(keys)


def check_stage(stage: str | None) -> None:
    """Refuse a stage that there is not, before anything is read.

    Raises
    ------
    ParameterError
        It is none of the stages.
    """
    if stage is not None and stage not in STAGES:
        raise ParameterError("not_allowed", name="--stage", value=stage, allowed=", ".join(STAGES))


def _nothing_planned(
    store: Store, years: Sequence[str], school: str | None, stage: str | None
) -> ParameterError:
    """Why no section fits: the code is unknown, has other stages, or is there in other years."""
    stages: set[str] = set()
    elsewhere: list[str] = []
    codes: set[str] = set()
    for year in store.years():
        sections = store.read("schools", year, ["school_code", "stage"])
        codes |= set(sections["school_code"])
        here = {
            one
            for code, one in zip(sections["school_code"], sections["stage"], strict=True)
            if code == school
        }
        if here and year in years:
            stages |= here
        elif here:
            elsewhere.append(year)
    asked = ", ".join(years)
    if stages:
        return ParameterError(
            "stage_not_at_school", code=school, stage=stage, stages=", ".join(sorted(stages))
        )
    if elsewhere:
        return ParameterError("school_in_other_years", code=school, years=asked, known=", ".join(elsewhere))
    near = nearest(school or "", sorted(codes))
    return ParameterError("unknown_school", code=school or stage, years=asked, nearest=near)
