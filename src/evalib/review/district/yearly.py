"""The district's review of one year: every table of it, from the clean tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalib.review.district.amounts import Resources, resources_of
from evalib.review.district.by_facts import by_facts
from evalib.review.district.exchange import held_against_teachers
from evalib.review.district.facts import Facts, fact_table, facts_of
from evalib.review.district.findings import Finding, as_json, finding_table
from evalib.review.district.handed import Handed
from evalib.review.district.in_force import judged_in_force
from evalib.review.district.monitoring import monitored, own_shares
from evalib.review.district.opinion import opinions
from evalib.review.district.persons import certified, retained
from evalib.review.district.provision import SECTION_COLUMNS, provision
from evalib.review.district.rooms import room_findings, room_rows
from evalib.review.district.scope import sections_of
from evalib.review.district.sizes import class_rows, school_rows, size_findings
from evalib.review.district.staffing import counted, shared_staff, staffing
from evalib.review.district.teachers import teacher_rows
from evalib.settings import BalanceIndicator, Settings
from evalib.settings.balance import (
    LargestClass,
    Monitoring,
    PerPupils,
    Retention,
    Rooms,
    Satisfaction,
    SchoolSize,
    SharesOfFacts,
    TeachersCertified,
)
from evalib.store import Store
from evalib.vocabulary import SECTION_RULE, STAGES

MEMBERSHIP = ["group_code", "group", "group_role", "pair_code"]


@dataclass
class _Year:
    """What the indicators of one year share, and what they add to it."""

    handed: Handed
    settings: Settings
    sections: pd.DataFrame
    resources: Resources
    teachers: pd.DataFrame | None
    facts: Facts
    rows: list[pd.DataFrame]
    satisfaction: pd.DataFrame
    asked: pd.DataFrame

    @property
    def stages(self) -> list[str]:
        return [one for one in STAGES if self.sections["stage"].eq(one).any()]


def review_district(
    store: Store, settings: Settings, year: str, measurements: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The national indicators of quality and balance of one year.

    Parameters
    ----------
    store
        The clean tables; `schools` of the year, and of the others what the district has.
    settings
        Its `balance` and `initiatives`.
    measurements
        The year's, for what lies between sections; a `reason` where one may not be shown.

    Returns
    -------
    Tables by name, not yet fit to be shown: `published_members`, `balance_sections`,
    `balance_verdicts`, `balance_indicators` (all 32 in the order of the params, each followed
    by its parts, then the rule over the seven), `balance_facts`, `balance_staffing`,
    `balance_shared_staff`, `balance_satisfaction`, `balance_own_share`; and `asked_by_section`,
    of which nothing is shown: the sections' rows that `balance_satisfaction` sums up. Before
    the rule's first year nothing is judged, see `in_force`.
    """
    handed = Handed(store, year)
    params = settings.balance
    sections = sections_of(handed, params)
    one = _Year(
        handed,
        settings,
        sections,
        resources_of(handed, sections, params),
        teacher_rows(handed, sections),
        facts_of(handed.table("district"), params, year),
        [],
        pd.DataFrame(),
        pd.DataFrame(),
    )
    found = provision(handed, one.resources, one.teachers, params)
    one.rows.append(found.sections)
    of_resources: dict[str, list[Finding]] = {each.id: [] for each in params.resources}
    for finding in found.findings:
        of_resources.setdefault(finding.indicator, []).append(finding)
    findings: list[Finding] = []
    for indicator in params.indicators:
        known = of_resources.get(indicator.id)
        findings += known if known is not None else _findings(indicator, one)
    findings += of_resources.get(SECTION_RULE, [])
    facts = fact_table(one.facts)
    tables = {
        "published_members": _members(handed),
        "balance_sections": pd.concat(one.rows, ignore_index=True)[SECTION_COLUMNS],
        "balance_verdicts": found.verdicts,
        "balance_indicators": finding_table(year, findings),
        "balance_facts": facts.assign(problem=[as_json(each) if each else "" for each in facts["problem"]]),
        "balance_staffing": pd.concat(
            [staffing(one.teachers, handed, settings.initiatives), counted(handed)], ignore_index=True
        ),
        "balance_shared_staff": shared_staff(handed),
        "balance_satisfaction": one.satisfaction,
        "asked_by_section": one.asked,
        "balance_own_share": own_shares(measurements, settings.measures),
    }
    return {name: _dated(table, year) for name, table in judged_in_force(tables, params, year).items()}


def _findings(indicator: BalanceIndicator, one: _Year) -> list[Finding]:
    """An indicator that is not one of the seven; the facts and the rows of sections may grow."""
    rule, params = indicator.rule, one.settings.balance
    if isinstance(rule, Rooms):
        one.rows.append(room_rows(indicator, one.resources, one.handed.year))
        return room_findings(indicator, one.rows[-1], one.handed)
    if isinstance(rule, SchoolSize):
        one.rows.append(school_rows(indicator, one.sections, one.handed.year))
        return size_findings(indicator, one.rows[-1], one.handed)
    if isinstance(rule, LargestClass):
        one.rows.append(class_rows(indicator, one.handed, one.resources, one.handed.year))
        return size_findings(indicator, one.rows[-1], one.handed)
    if isinstance(rule, TeachersCertified):
        finding, one.facts = certified(
            indicator, one.teachers, one.sections, one.handed, one.facts, params.agreeing_within
        )
        return [finding]
    if isinstance(rule, Retention):
        finding, one.facts = retained(indicator, one.handed, one.facts, params)
        return [finding]
    if isinstance(rule, Monitoring):
        return monitored(indicator, one.handed, one.facts, params, one.stages)
    if isinstance(rule, Satisfaction):
        findings, one.satisfaction, one.asked = opinions(indicator, one.handed, one.sections, params)
        return findings
    if isinstance(rule, SharesOfFacts):
        one.facts = held_against_teachers(
            rule, one.teachers, one.sections, one.handed, one.facts, params.agreeing_within
        )
    assert not isinstance(rule, PerPupils)
    return by_facts(indicator, one.facts, one.stages)


def _members(handed: Handed) -> pd.DataFrame:
    """Which education group and which pair every section belongs to, empty where none."""
    schools = handed.table("schools")
    assert schools is not None
    found = schools.reindex(columns=["school_code", "stage", *MEMBERSHIP]).astype(object)
    return (
        found.where(found.notna(), "").astype("str").sort_values(["school_code", "stage"], ignore_index=True)
    )


def _dated(table: pd.DataFrame, year: str) -> pd.DataFrame:
    rest = table.drop(columns="year", errors="ignore").reset_index(drop=True)
    rest.insert(0, "year", pd.Series(year, index=rest.index, dtype="str"))
    texts = [name for name in rest if rest[name].dtype == object]
    return rest.astype(dict.fromkeys(texts, "str"))
