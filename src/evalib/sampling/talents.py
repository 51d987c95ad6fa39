"""Activities that pupils take part in, and works that win awards."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from evalib.intake.pupil_tables import AWARD_LEVELS, FIELDS, PLACES
from evalib.sampling.effects import Effects
from evalib.sampling.pupils import Roll
from evalib.sampling.schools import Random, Sections

# Share of pupils in an activity at an average section, and in a second one of those.
ACTIVE_SHARE, SECOND_SHARE = 0.58, 0.22
CLUBS = 8
HOURS_SHAPE, HOURS_MEAN = 7.0, 33.0
# Works of pupils that win, per 100 pupils of an average section.
WORKS_PER_100 = 5.5
LOG_RATE_A_SD = 2.0
TEAM_SHARE, LARGEST_TEAM = 0.22, 5
OWN_WORKS = 0.35
FIELD_SHARES = (0.10, 0.18, 0.28, 0.30, 0.09, 0.05)
LEVEL_SHARES = (0.02, 0.08, 0.20, 0.45, 0.10, 0.15)
PLACE_SHARES = (0.18, 0.27, 0.38, 0.17)
LOWER_AWARD_SHARE = 0.15
LISTED_SHARE = 0.82


def invent_clubs(rng: Random, plan: Sections) -> np.ndarray:
    """(S, 8) field of each club of a section, a position in the fields."""
    return rng.choice(len(FIELDS), size=(len(plan), CLUBS), p=FIELD_SHARES)


def activities_of_year(
    rng: Random, plan: Sections, roll: Roll, effects: Effects, clubs: np.ndarray, *, last: bool
) -> pd.DataFrame:
    """One row a pupil and activity: position `row` in the roll, activity, field, hours."""
    attending = _handed_in(plan, roll, last)
    share = norm.cdf(norm.ppf(ACTIVE_SHARE) + effects.others["activity"])
    active = attending & (rng.random(len(roll.pupil)) < share[roll.section])
    second = active & (rng.random(len(roll.pupil)) < SECOND_SHARE)
    one = rng.integers(0, CLUBS, len(roll.pupil))
    other = (one + rng.integers(1, CLUBS, len(roll.pupil))) % CLUBS
    row = np.concatenate([np.flatnonzero(active), np.flatnonzero(second)])
    club = np.concatenate([one[active], other[second]])
    section = roll.section[row]
    hours = np.round(rng.gamma(HOURS_SHAPE, HOURS_MEAN / HOURS_SHAPE, len(row)))
    number = (section + 1) * 10 + club
    return pd.DataFrame(
        {
            "row": row,
            "activity": np.char.add("ST", np.char.zfill(number.astype(str), 6)),
            "field": np.array(FIELDS)[clubs[section, club]],
            "hours": hours,
        }
    )


def achievements_of_year(
    rng: Random, plan: Sections, roll: Roll, effects: Effects, year: str, *, last: bool
) -> pd.DataFrame:
    """One row a work, member and level: `row` in the roll, -1 for a school's own work, and its `section`."""
    attending = _handed_in(plan, roll, last)
    pupils = np.flatnonzero(attending)
    pupils = pupils[np.argsort(roll.section[pupils], kind="stable")]
    size = np.bincount(roll.section[pupils], minlength=len(plan))
    first = np.cumsum(size) - size
    rate = WORKS_PER_100 / 100 * np.exp(LOG_RATE_A_SD * effects.others["achievement"])
    of_pupils = rng.poisson(rate * size)
    of_school = rng.poisson(OWN_WORKS * (size > 0))
    section = np.repeat(np.arange(len(plan)), of_pupils + of_school)
    own = np.concatenate([np.arange(n + m) >= n for n, m in zip(of_pupils, of_school, strict=True)])
    count = len(section)
    team = np.where(rng.random(count) < TEAM_SHARE, rng.integers(2, LARGEST_TEAM + 1, count), 1)
    team = np.where(own, 1, np.minimum(team, size[section]))
    leader = (rng.random(count) * size[section]).astype(np.int64)
    works = pd.DataFrame(
        {
            "work": np.char.add(f"CG{year[:4]}", np.char.zfill((np.arange(count) + 1).astype(str), 6)),
            "section": section,
            "field": _drawn(rng, FIELDS, FIELD_SHARES, count),
            "level": _drawn(rng, AWARD_LEVELS, LEVEL_SHARES, count),
            "place": _drawn(rng, PLACES, PLACE_SHARES, count),
            "team_size": np.where(own, np.nan, team),
            "listed": rng.random(count) < LISTED_SHARE,
        }
    )
    lower = np.flatnonzero((rng.random(count) < LOWER_AWARD_SHARE) & works["level"].isin(AWARD_LEVELS[:3]))
    earlier = works.iloc[lower].assign(level="district", place=_drawn(rng, PLACES, PLACE_SHARES, len(lower)))
    awards = pd.concat([works, earlier])
    position = awards.index.to_numpy()
    member = np.concatenate([np.arange(n) for n in team[position]]) if count else np.zeros(0, np.int64)
    rows = awards.iloc[np.repeat(np.arange(len(awards)), team[position])].reset_index(drop=True)
    position = np.repeat(position, team[position])
    inside = (leader[position] + member) % np.maximum(size[section[position]], 1)
    place = np.where(own[position], -1, first[section[position]] + inside)
    rows["row"] = np.where(place < 0, -1, pupils[np.maximum(place, 0)] if len(pupils) else -1)
    return rows


def _handed_in(plan: Sections, roll: Roll, last: bool) -> np.ndarray:
    attending = ~roll.suspended
    return attending & (roll.section != plan.no_records) if last else attending


def _drawn(rng: Random, words: tuple[str, ...], shares: tuple[float, ...], count: int) -> np.ndarray:
    return rng.choice(np.array(words), size=count, p=np.array(shares))
