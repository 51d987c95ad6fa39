"""The clean tables: for each its columns, types, allowed values and key, once.

A schema is the check that every load passes, and the source of the data
dictionary and the template.
"""

from __future__ import annotations

from evalib.intake.pupil_tables import (
    ACHIEVEMENTS,
    ACTIVITIES,
    COMPETENCE,
    FITNESS,
    PAPERS,
    PUPILS,
    SCORES,
)
from evalib.intake.school_tables import DISTRICT, RESOURCES, SCHOOLS, SURVEY, TEACHERS
from evalib.intake.table import Table

# Those who are no longer on the roll whose row carries the status; graduates are until the year ends.
GONE = ("transferred_out", "left", "died")

SCHEMAS: dict[str, Table] = {
    table.name: table
    for table in (
        SCHOOLS,
        PUPILS,
        PAPERS,
        SCORES,
        FITNESS,
        COMPETENCE,
        ACHIEVEMENTS,
        ACTIVITIES,
        TEACHERS,
        RESOURCES,
        SURVEY,
        DISTRICT,
    )
}
