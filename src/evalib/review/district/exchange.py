"""G11: the district's own numbers of teachers on exchange, held against its teachers' table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalib.review.district.facts import Facts, contradicted
from evalib.review.district.handed import Handed
from evalib.review.district.persons import without_teachers
from evalib.settings.balance import FactShare, SharesOfFacts

# Fact → the columns by which a person is counted.
COUNTED: dict[str, tuple[str, ...]] = {
    "exchanged": ("exchanged",),
    "exchanged_backbone": ("exchanged", "county_backbone"),
}


def held_against_teachers(
    rule: SharesOfFacts,
    rows: pd.DataFrame | None,
    sections: pd.DataFrame,
    handed: Handed,
    facts: Facts,
    within: float,
) -> Facts:
    """The facts, of which those that the teachers' table contradicts are not used.

    Parameters
    ----------
    rule
        Which shares of facts, and which of the facts the table counts too.
    rows, sections
        From `teachers.teacher_rows` and `scope.sections_of`.
    within
        How far a share of facts may be from the same share by the table.

    Notes
    -----
    A share is compared where the table counts its part, or part and whole; what it does not
    count is taken as told. Where it is not told of some teachers whether they are on exchange
    or backbone teachers, the share lies between two ends, and a fact between them stands. A
    table without the teachers of a section contradicts nothing.
    """
    if rows is None or without_teachers(rows, sections):
        return facts
    ends: dict[str, tuple[int, int]] = {
        name: _ends(rows, COUNTED[name])
        for name in rule.counted
        if not handed.lacks("teachers", *COUNTED[name])
    }
    refused: dict[str, dict[str, float]] = {}
    for share in rule.shares:
        if share.over not in ends:
            continue
        told, computed = _told(share, facts), _computed(share, ends, facts)
        if told is None or computed is None:
            continue
        low, high = computed
        if not low - within <= told <= high + within:
            nearest = low if told < low else high
            refused[share.over] = {"computed": nearest, "told": told, "within": within}
    for name, fields in refused.items():
        facts = contradicted(facts, name, **fields)
    return facts


def _told(share: FactShare, facts: Facts) -> float | None:
    over, under = facts[share.over].used, facts[share.under].used
    return over / under if over is not None and under else None


def _computed(
    share: FactShare, ends: Mapping[str, tuple[int, int]], facts: Facts
) -> tuple[float, float] | None:
    """Between which ends the share lies by the table."""
    low, high = ends[share.over]
    if share.under not in ends:
        under = facts[share.under].used
        return (low / under, high / under) if under else None
    least, most = ends[share.under]
    if not most:
        # Nobody on exchange, but the fact tells of some.
        return 0.0, 0.0
    # Who is in the part is in the whole as well.
    return low / most, high / max(least, high, 1)


def _ends(rows: pd.DataFrame, columns: tuple[str, ...]) -> tuple[int, int]:
    """Fewest and most persons of whom all of these may be true."""
    flags = rows[[*columns]]
    surely = flags.fillna(False).astype(bool).groupby(rows["teacher"]).any().all(axis=1)
    perhaps = flags.fillna(True).astype(bool).groupby(rows["teacher"]).any().all(axis=1)
    return int(surely.sum()), int(perhaps.sum())
