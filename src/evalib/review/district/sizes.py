"""G4 and G5: no school and no class larger than allowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evalib.review.district.amounts import Resources
from evalib.review.district.findings import (
    MET,
    NOT_MET,
    NOT_REPORTED,
    OUT_OF_SCOPE,
    Finding,
    missing_of,
    of_parts,
)
from evalib.review.district.handed import Handed, all_missing, bare, problem
from evalib.review.district.scope import in_scope, on_roll
from evalib.review.district.shared import told_once
from evalib.settings import BalanceIndicator
from evalib.settings.balance import SchoolSize
from evalib.vocabulary import STAGES


def school_rows(indicator: BalanceIndicator, sections: pd.DataFrame, year: str) -> pd.DataFrame:
    """Every section with the pupils of its school, its stages together; as `balance_sections` has it.

    A school is one of nine years by its kind, or because it has both stages; where its kind
    has both and only one is listed, the pupils of that one cannot show that it is not too
    large. What it has too many is told at each of its sections.
    """
    assert isinstance(indicator.rule, SchoolSize)
    nine = sections["half"] | sections["through"]
    one_stage, of_nine = (indicator.limit(aspect=name) for name in ("one_stage", "nine_year"))
    assert one_stage is not None
    assert of_nine is not None
    limit = pd.Series(one_stage.value, index=sections.index).mask(nine, of_nine.value)
    missing = pd.Series("", index=sections.index, dtype=object)
    missing = missing.mask(sections["half"] & ~sections["school_pupils"].gt(limit), "schools.stage")
    missing = missing.mask(sections["school_pupils"].isna(), "pupils")
    return _rows(indicator, sections, year, sections["school_pupils"], limit, missing)


def class_rows(indicator: BalanceIndicator, handed: Handed, resources: Resources, year: str) -> pd.DataFrame:
    """Every section with its largest class, as `balance_sections` has it.

    From the classes of the pupils on the roll, where every pupil of the section has one; else
    as the resources tell it. What they tell of a whole school bounds each of its stages, which
    keeps its limit where the school's largest class does. Where that is larger it lies in the
    one stage whose classes are not known otherwise; of two such stages neither is judged, but
    above both limits one of them has it: `surely` marks the school at the first of them.
    """
    sections = resources.sections
    told, lack = resources.of_school("largest_class")
    limits = {one.stage: one.value for one in indicator.limits if one.stage}
    limit = sections["stage"].map(limits).astype(float)
    counted = _largest_class(handed, sections, limit)
    unclear = resources.is_shared & counted.isna() & told.gt(limit)
    school, open_stage = sections["school_code"], counted.isna() & sections["pupils"].ne(0)
    several = open_stage.groupby(school).transform("sum").gt(1) | sections["half"]
    elsewhere = several | counted.groupby(school).transform("max").ge(told) | sections["senior"].ne(0)
    lack = lack.mask(unclear & elsewhere, "pupils.class")
    one_of_them = unclear & ~sections["half"] & sections["senior"].eq(0) & told.gt(max(limits.values()))
    one_of_them &= ~counted.groupby(school).transform("max").ge(told) & several & in_scope(sections)
    classes = pd.Series("pupils.class", index=sections.index, dtype=object).where(lack.ne(""), "")
    missing = all_missing(lack, classes).mask(counted.notna(), "")
    rows = _rows(indicator, sections, year, counted.fillna(told), limit, missing)
    judged = one_of_them & sections["unknown"].eq("")
    return rows.assign(surely=told_once(judged, resources.is_shared, school))


def _largest_class(handed: Handed, sections: pd.DataFrame, limit: pd.Series[float]) -> pd.Series[float]:
    """Pupils of each section's largest class; missing where one without a class might be too many."""
    pupils = on_roll(handed)
    if pupils is None or not {"class", "grade"} <= set(pupils):
        return pd.Series(np.nan, index=sections.index)
    keys = pd.MultiIndex.from_frame(sections[["school_code", "stage"]])
    whole = pupils["class"].notna().groupby([pupils["school_code"], pupils["stage"]]).all().reindex(keys)
    size = pupils.groupby(["school_code", "stage", "grade", "class"]).size()
    largest = size.groupby(level=["school_code", "stage"]).max().reindex(keys)
    found = pd.Series(largest.to_numpy(float), index=sections.index)
    return found.where(whole.eq(True).to_numpy() | found.gt(limit))


def _rows(
    indicator: BalanceIndicator,
    sections: pd.DataFrame,
    year: str,
    value: pd.Series[float],
    limit: pd.Series[float],
    missing: pd.Series[str],
) -> pd.DataFrame:
    missing = all_missing(missing, sections["unknown"])
    out = ~in_scope(sections)
    lacking = missing.ne("") & ~out
    over = (value - limit).clip(lower=0.0)
    found = sections[["school_code", "stage"]].assign(
        year=year, indicator=indicator.id, aspect="", value=value, numerator=np.nan, pupils=sections["pupils"]
    )
    found["limit"], found["floor"] = limit, np.nan
    verdict = pd.Series(np.where(over.gt(0), "under", MET), index=sections.index, dtype=object)
    found["verdict"] = verdict.mask(lacking, NOT_REPORTED).mask(out, OUT_OF_SCOPE)
    reason = missing.map(bare)
    found["reason"] = reason.where(lacking, "").mask(out, sections["out"])
    found["short_of_limit"], found["short_of_floor"] = over.mask(lacking | out), np.nan
    found["missing"] = missing.where(~out, "")
    return found


def size_findings(indicator: BalanceIndicator, rows: pd.DataFrame, handed: Handed) -> list[Finding]:
    """G4 or G5 by stage: how many sections keep the limit, and what is missing of the others.

    A school of which one stage breaks the limit, nobody knows which, counts in the whole alone.
    No section's own number of pupils is told here: these rows are for everybody.
    """
    parts = []
    for stage in STAGES:
        own = rows[rows["stage"].eq(stage) & rows["verdict"].ne(OUT_OF_SCOPE)]
        if own.empty:
            continue
        known = own[own["verdict"].ne(NOT_REPORTED)]
        failing = known[known["verdict"].ne(MET)]
        parts.append(
            Finding(
                indicator.id,
                NOT_MET if len(failing) else NOT_REPORTED if len(known) < len(own) else MET,
                stage=stage,
                value=None if known.empty else 1.0 - len(failing) / len(known),
                unit="share",
                limit=1.0,
                sections=len(known),
                in_the_way=len(failing),
                reasons=missing_of(own, handed),
            )
        )
    reasons = [] if parts else [problem("no_sections", "schools")]
    whole = of_parts(indicator.id, parts, reasons=reasons, unit=indicator.unit)
    surely = int(rows["surely"].sum()) if "surely" in rows else 0
    if surely:
        whole = replace(
            whole,
            verdict=NOT_MET,
            sections=(whole.sections or 0) + surely,
            in_the_way=(whole.in_the_way or 0) + surely,
        )
    return [whole, *parts]
