"""What entrants, pupils, parents, teachers and the public answered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.sampling.effects import ADAPTATION, Effects
from evalib.sampling.pupils import LAST_PRIMARY, Roll
from evalib.sampling.schools import Codes, Floats, Random, Sections

ADAPTATION_MEAN, ADAPTATION_SD = (3.7, 4.1, 4.0, 3.9), 0.75
SATISFIED = {"pupil": 0.92, "parent": 0.90, "teacher": 0.88}
SATISFIED_SD = 0.45
ANSWERING = {"pupil": 0.94, "parent": 0.82, "teacher": 0.90}
# Pupils of these grades are old enough to be asked.
FIRST_ASKED_GRADE = 4
# Asked of the whole district: eligible a school, invited, share that answers, share that is satisfied.
DISTRICT_WIDE = {
    "head": (1.0, None, 0.98, 0.93),
    "deputy": (6.0, 80, 0.85, 0.91),
    "public": (1200.0, 600, 0.72, 0.88),
}


def survey_of_year(
    rng: Random, plan: Sections, roll: Roll, effects: Effects, teachers: Codes
) -> pd.DataFrame:
    """One row a respondent, item and section: the clean columns but the year, `section` -1 for the district.

    Parameters
    ----------
    teachers
        (S,) teachers of each section.
    """
    attending = ~roll.suspended
    entrants = np.isin(roll.grade, [1, LAST_PRIMARY + 1]) & attending
    entering = np.bincount(roll.section[entrants], minlength=len(plan))
    on_roll = np.bincount(roll.section[attending], minlength=len(plan))
    old = np.bincount(roll.section[attending & (roll.grade >= FIRST_ASKED_GRADE)], minlength=len(plan))
    answered = rng.binomial(entering, ANSWERING["pupil"])
    parts = []
    for place, area in enumerate(ADAPTATION):
        mean = ADAPTATION_MEAN[place] + ADAPTATION_SD * effects.adaptation[:, place]
        mean = np.clip(
            mean + ADAPTATION_SD * rng.standard_normal(len(plan)) / np.sqrt(np.maximum(answered, 1)), 1, 5
        )
        rows = _counts("pupil", f"adaptation_{area}", entering, answered)
        parts.append(_scaled(rng, rows, mean, ADAPTATION_SD))
    leaning = SATISFIED_SD * rng.standard_normal(len(plan))
    for respondent, eligible in (("pupil", old), ("parent", on_roll), ("teacher", teachers)):
        answered = rng.binomial(eligible, ANSWERING[respondent])
        odds = SATISFIED[respondent] / (1 - SATISFIED[respondent]) * np.exp(leaning)
        share = odds / (1 + odds)
        rows = _counts(respondent, "satisfaction", eligible, answered)
        rows["satisfied"] = rng.binomial(answered, share)
        parts.append(_scaled(rng, rows, 2.0 + 2.75 * share, 0.8))
    sections = pd.concat([part[part["eligible"] > 0] for part in parts])
    return pd.concat(
        [sections, _of_district(rng, plan.table["school_code"][on_roll > 0].nunique())], ignore_index=True
    )


def _counts(respondent: str, item: str, eligible: Codes, answered: Codes) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "section": np.arange(len(eligible)),
            "respondent": respondent,
            "item": item,
            "design": "census",
            "eligible": eligible,
            "invited": eligible,
            "answered": answered,
        }
    )


def _scaled(rng: Random, rows: pd.DataFrame, mean: Floats, sd: float) -> pd.DataFrame:
    """The mean where anybody answered, the standard deviation where two did."""
    answered = rows["answered"].to_numpy()
    spread = sd * np.sqrt(rng.chisquare(np.maximum(answered - 1, 1)) / np.maximum(answered - 1, 1))
    rows["mean"] = np.where(answered > 0, np.round(mean, 2), np.nan)
    rows["sd"] = np.where(answered > 1, np.round(spread, 2), np.nan)
    return rows


def _of_district(rng: Random, schools: int) -> pd.DataFrame:
    rows = []
    for respondent, (each, asked, answering, satisfied) in DISTRICT_WIDE.items():
        eligible = round(each * schools)
        invited = eligible if asked is None else min(asked, eligible)
        answered = int(rng.binomial(invited, answering))
        rows.append(
            {
                "section": -1,
                "respondent": respondent,
                "item": "satisfaction",
                "design": "census" if asked is None else "sample",
                "eligible": eligible,
                "invited": invited,
                "answered": answered,
                "satisfied": int(rng.binomial(answered, satisfied)),
            }
        )
    return pd.DataFrame(rows)
