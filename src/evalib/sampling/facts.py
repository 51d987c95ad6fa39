"""What a district tells of itself: money, places, shares that no other table holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from evalib.sampling.schools import Random

_BUREAU, _FINANCE, _MONITORING = "区教育事业统计", "区财政决算", "国家义务教育质量监测"
# Value in the first year, change a year, unit, source. Invented; one falls short on purpose:
# the pay of teachers, below that of civil servants in the first year.
FACTS: dict[str, tuple[float, float, str, str]] = {
    "layout_planned": (1, 0, "met", _BUREAU),
    "standards_unified": (1, 0, "met", _BUREAU),
    "small_schools_funded_as_100": (1, 0, "met", _BUREAU),
    "special_education_funds_yuan": (9500, 250, "yuan", _FINANCE),
    "teacher_pay_yuan": (117_800, 4_300, "yuan", _FINANCE),
    "civil_servant_pay_yuan": (118_500, 3_100, "yuan", _FINANCE),
    "training_360_hours_share": (0.985, 0.0075, "share", _BUREAU),
    "posts_allocated_by_county": (1, 0, "met", _BUREAU),
    "nearby_admission_primary_share": (1.0, 0, "share", _BUREAU),
    "nearby_admission_junior_share": (0.972, 0.006, "share", _BUREAU),
    "quota_places_share": (0.60, 0.05, "share", _BUREAU),
    "left_behind_cared_for": (1, 0, "met", _BUREAU),
    "migrant_public_places_share": (0.958, 0.008, "share", _BUREAU),
    "special_needs_enrolled_share": (0.962, 0.007, "share", _BUREAU),
    "school_charters": (1, 0, "met", _BUREAU),
    "training_funds_share": (0.052, 0.001, "share", _FINANCE),
    "technology_in_teaching": (1, 0, "met", _BUREAU),
    "moral_education": (1, 0, "met", _BUREAU),
    "full_curriculum": (1, 0, "met", _BUREAU),
    "education_budget_share": (0.246, 0.003, "share", _FINANCE),
    "spending_per_pupil_yuan": (14_260, 410, "yuan", _FINANCE),
    "public_funds_urban_yuan": (1_020, 30, "yuan", _FINANCE),
    "public_funds_rural_yuan": (1_180, 40, "yuan", _FINANCE),
    "departments_joined": (34, 1, "count", _BUREAU),
    "good_schools_planned": (20, 0, "count", _BUREAU),
}
# Grow with the district: a section of both stages together, and a change a year.
A_SECTION: dict[str, tuple[float, float, str]] = {
    "exchange_eligible": (5.2, 0.1, "count"),
    # Counted among the teachers instead, as the district's office would.
    "exchanged": (0.0, 0.0, "count"),
    "exchanged_backbone": (0.0, 0.0, "count"),
    "building_projects": (0.20, 0.0, "count"),
    "places_added": (90.0, 12.0, "count"),
    "schools_repaired": (0.55, 0.05, "count"),
    "repair_fund_yuan": (650_000.0, 30_000.0, "yuan"),
    "studios": (0.5, 0.05, "count"),
    "model_lessons": (0.35, 0.05, "count"),
    "resource_rooms": (0.4, 0.05, "count"),
    "counselling_sites": (0.8, 0.05, "count"),
}
# The national monitoring comes once in three years, here in the second.
MONITORED: dict[str, tuple[float, str]] = {
    "monitoring_lowest_level": (3, "level"),
    "monitoring_between_share_primary": (0.118, "share"),
    "monitoring_between_share_junior": (0.137, "share"),
}


def facts_of_year(rng: Random, sections: int, year: int, teachers: pd.DataFrame) -> pd.DataFrame:
    """fact, value, unit, source of one year; what the district does not tell has no row.

    Parameters
    ----------
    sections
        Sections of the district.
    year
        Position of the year, from 0.
    teachers
        Rows of the year, one a teacher, from `staff.invent_teachers`: those on exchange and the
        backbone teachers among them are counted, so that the facts agree with the table.
    """
    away = teachers["exchanged"].astype(bool)
    counted = {
        "exchanged": float(away.sum()),
        "exchanged_backbone": float((away & teachers["county_backbone"].astype(bool)).sum()),
    }
    rounded: dict[str, Callable[[float], float]] = {
        "share": lambda value: min(round(value, 3), 1.0),
        "yuan": lambda value: float(round(value)),
        "count": lambda value: float(round(value)),
        "hours": lambda value: float(round(value)),
    }
    rows = [(name, value + year * step, unit, source) for name, (value, step, unit, source) in FACTS.items()]
    swing = np.exp(0.05 * rng.standard_normal(len(A_SECTION)))
    for factor, (name, (value, step, unit)) in zip(swing, A_SECTION.items(), strict=True):
        figure = counted.get(name, sections * (value + year * step) * float(factor))
        rows.append((name, figure, unit, _BUREAU))
    if year % 3 == 1:
        rows += [(name, value, unit, _MONITORING) for name, (value, unit) in MONITORED.items()]
    return pd.DataFrame(
        [
            {"fact": name, "value": rounded.get(unit, float)(value), "unit": unit, "source": source}
            for name, value, unit, source in rows
        ]
    )
