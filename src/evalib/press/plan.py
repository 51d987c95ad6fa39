"""Which reports a run makes: settings, sections and education groups become report keys."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalib.errors import ParameterError
from evalib.settings import Settings, nearest
from evalib.store import Store
from evalib.vocabulary import DISTRICT, KINDS, STAGES, ReportKey, SchoolYear


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
    kind: str | None = None,
    group: str | None = None,
) -> list[ReportKey]:
    """The reports of some loaded years: of schools, then of groups, then of the district.

    Within a kind they are in the order of year, code, stage, edition, language.

    Parameters
    ----------
    settings, store, years
        The district, its tables, and which of its years.
    school, stage, kind, group
        Only these, where given; with a school or a stage only reports of schools.
    lang, edition
        In place of the params file's entries, where given.

    Raises
    ------
    ParameterError
        No section of these years has this school code or stage, no group this code; or as
        `kinds_wanted`.
    """
    keys = []
    kinds = kinds_wanted(settings, school=school, stage=stage, kind=kind, group=group)
    editions = [edition] if edition else settings.district.editions
    languages = [lang] if lang else settings.district.languages
    for year in years:
        for one in kinds:
            keys += [
                ReportKey(one, year, code, of_stage, of_edition, in_lang)
                for code, of_stage in _subjects(store, one, year)
                if school in (None, code) and stage in (None, of_stage) and group in (None, code)
                for of_edition in editions
                for in_lang in languages
            ]
    if not keys and kinds == ("group",):
        raise _no_group(store, years, group)
    if not keys:
        raise _nothing_planned(store, years, school, stage)
    return sorted(keys, key=lambda one: (KINDS.index(one.kind), one))


def kinds_wanted(
    settings: Settings,
    *,
    school: str | None = None,
    stage: str | None = None,
    kind: str | None = None,
    group: str | None = None,
) -> tuple[str, ...]:
    """The kinds of reports that are asked for, in the order in which they are made.

    Raises
    ------
    ParameterError
        Two of the options ask for different kinds, or the params' `reports` lack the one asked for.
    """
    planned = settings.district.reports
    options = [
        ("--school", school, "school"),
        ("--stage", stage, "school"),
        ("--group", group, "group"),
        (f"--kind {kind}", kind, kind),
    ]
    asked = [(option, wanted) for option, value, wanted in options if value is not None]
    if not asked:
        return tuple(one for one in KINDS if one in planned)
    first, wanted = asked[0]
    for option, other in asked:
        if other != wanted:
            raise ParameterError("options_apart", first=first, second=option)
    if wanted not in planned:
        raise ParameterError("kind_not_planned", kind=wanted, reports=", ".join(planned))
    return (str(wanted),)


def groups_of(sections: pd.DataFrame) -> dict[str, str]:
    """The education groups that sections belong to: each one's name by its code, "" where it has none.

    Parameters
    ----------
    sections
        One row a section: `group_code` and `group`, missing where it belongs to none; either
        may be absent.
    """
    if "group_code" not in sections:
        return {}
    found: dict[str, str] = {}
    names = sections["group"] if "group" in sections else pd.Series(None, sections.index, dtype="str")
    for code, name in zip(sections["group_code"].fillna(""), names.fillna(""), strict=True):
        if code:
            found[str(code)] = found.get(str(code)) or str(name)
    return dict(sorted(found.items()))


def _subjects(store: Store, kind: str, year: str) -> list[tuple[str, str]]:
    """Code and stage of all that reports of a kind are about."""
    if kind == "district":
        return [(DISTRICT, "")]
    if kind == "group":
        return [(code, "") for code in groups_of(store.read("schools", year, ["group_code"]))]
    sections = store.read("schools", year, ["school_code", "stage"])
    return list(zip(sections["school_code"], sections["stage"], strict=True))


def check_stage(stage: str | None) -> None:
    """Refuse a stage that there is not, before anything is read.

    Raises
    ------
    ParameterError
        It is none of the stages.
    """
    if stage is not None and stage not in STAGES:
        raise ParameterError("not_allowed", name="--stage", value=stage, allowed=", ".join(STAGES))


def _no_group(store: Store, years: Sequence[str], group: str | None) -> ParameterError:
    """Why no group fits: there are none, the code is unknown, or it is there in other years."""
    asked = ", ".join(years)
    known = {year: [code for code, _ in _subjects(store, "group", year)] for year in store.years()}
    if group is None:
        return ParameterError("no_groups", years=asked)
    elsewhere = [year for year, codes in known.items() if group in codes]
    if elsewhere:
        return ParameterError("group_in_other_years", code=group, years=asked, known=", ".join(elsewhere))
    near = nearest(group, sorted({code for codes in known.values() for code in codes}))
    return ParameterError("unknown_group", code=group, years=asked, nearest=near)


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
