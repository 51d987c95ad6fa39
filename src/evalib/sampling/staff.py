"""Teachers who stay, leave and go on exchange, and the rooms and equipment of every section."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalib.sampling.pupils import Roll
from evalib.sampling.schools import Codes, Random, Sections

PUPILS_A_TEACHER = {True: 17.0, False: 13.5}
LEAVING_SHARE = 0.04
EXCHANGED_SHARE = 0.05
TAUGHT = (
    ("chinese", 0.30),
    ("mathematics", 0.25),
    ("english", 0.14),
    ("pe", 0.09),
    ("music", 0.05),
    ("art", 0.05),
    ("science", 0.05),
    ("morality", 0.04),
    ("computing", 0.03),
)
DEGREES = {
    True: (("专科", 0.18), ("本科", 0.76), ("硕士研究生", 0.06)),
    False: (("专科", 0.05), ("本科", 0.80), ("硕士研究生", 0.15)),
}
RANKS = ("三级教师", "二级教师", "一级教师", "高级教师", "正高级教师")
TIERS = (("学科骨干", 0.06), ("学科名师", 0.025), ("学科带头人", 0.012), ("示例名师", 0.003))


def invent_teachers(rng: Random, plan: Sections, rolls: list[Roll]) -> pd.DataFrame:
    """One row a teacher and year: numbers `year`, `teacher`, `section`, and the clean columns.

    A section has one teacher for 17 (primary) or 13.5 (junior) pupils, never fewer
    than one; places that fall free are filled with new teachers.
    """
    frames: list[pd.DataFrame] = []
    staff = pd.DataFrame({"teacher": pd.Series(dtype="int64"), "section": pd.Series(dtype="int64")})
    known = 0
    ratio = np.where(plan.primary, PUPILS_A_TEACHER[True], PUPILS_A_TEACHER[False])
    for year, roll in enumerate(rolls):
        size = np.bincount(roll.section, minlength=len(plan))
        need = np.where(size > 0, np.maximum(1, np.ceil(size / ratio)), 0).astype(np.int64)
        staff = staff[rng.random(len(staff)) >= LEAVING_SHARE].reset_index(drop=True)
        staff = _exchange(rng, plan, staff, need)
        # Where there are more than needed, the last of the list go.
        staff = staff[staff.groupby("section").cumcount() < need[staff["section"]]]
        lacking = need - np.bincount(staff["section"], minlength=len(plan))
        hired = _hired(rng, plan, np.repeat(np.arange(len(plan)), lacking), known)
        known += len(hired)
        staff = pd.concat([staff, hired], ignore_index=True)
        frames.append(staff.assign(year=year, training_hours=np.round(rng.gamma(9.0, 9.0, len(staff)))))
        staff = staff.assign(experience_years=staff["experience_years"] + 1, exchanged=False)
    return pd.concat(frames, ignore_index=True)


def invent_resources(rng: Random, plan: Sections, rolls: list[Roll]) -> pd.DataFrame:
    """One row a section and year: numbers `year`, `section`, and the clean columns.

    A through-school reports what it has as a whole; both of its rows repeat that.
    """
    codes = pd.factorize(plan.table["school_code"])[0]
    shared = np.bincount(codes)[codes] > 1
    # Both stages of a school tell the same of it.
    first = np.unique(codes, return_index=True)[1][codes]
    per_pupil = rng.lognormal(0.0, 0.22, (len(plan), 5))[first]
    frames: list[pd.DataFrame] = []
    base: np.ndarray | None = None
    for year, roll in enumerate(rolls):
        size = np.bincount(roll.section, minlength=len(plan)).astype(float)
        classes, largest = _classes(plan, roll)
        pupils = np.bincount(codes, weights=size)[codes]
        classes = np.where(shared, np.bincount(codes, weights=classes)[codes], classes)
        largest = np.where(shared, _largest(codes, largest), largest)
        # Buildings do not follow the roll: they were built for the first year's pupils.
        base = pupils if base is None else np.where(base > 0, base, pupils)
        built = np.maximum(base, 60.0)
        rooms = np.maximum(1.0, np.round(classes / 24))
        frame = pd.DataFrame(
            {
                "year": year,
                "section": np.arange(len(plan)),
                "scope": np.where(shared, "school", "section"),
                "teaching_area_m2": np.round(4.9 * built * per_pupil[:, 0]),
                "indoor_sports_m2": np.round(0.9 * built * per_pupil[:, 1]),
                "sports_area_m2": np.round(7.8 * built * per_pupil[:, 2]),
                "equipment_yuan": np.round(23.0 * built * per_pupil[:, 3] * 1.06**year) * 100,
                "multimedia_rooms": np.round(classes * 1.15 * per_pupil[:, 4] ** 0.3),
                "music_rooms": rooms,
                "music_area_m2": np.round(rooms * 86 * per_pupil[:, 1] ** 0.3),
                "art_rooms": rooms,
                "art_area_m2": np.round(rooms * 88 * per_pupil[:, 2] ** 0.3),
                "classes": classes,
                "largest_class": largest,
                "resource_rooms": (per_pupil[:, 0] > 0.9).astype(float),
                "counselling_rooms": (built > 100).astype(float),
            }
        )
        frames.append(frame[size > 0])
    return pd.concat(frames, ignore_index=True)


def _hired(rng: Random, plan: Sections, section: Codes, known: int) -> pd.DataFrame:
    count = len(section)
    primary = plan.primary[section]
    years = np.minimum(rng.gamma(1.7, 8.5, count), 38).astype(np.int64)
    draw = rng.random(count)
    degree = np.where(primary, _drawn(draw, DEGREES[True]), _drawn(draw, DEGREES[False]))
    rung = np.clip((years + rng.normal(0, 4, count)) // 9, 0, 3).astype(int) + (rng.random(count) < 0.004)
    tier = _drawn(rng.random(count), (*TIERS, (None, 1 - sum(share for _, share in TIERS))))
    return pd.DataFrame(
        {
            "teacher": known + np.arange(count),
            "section": section,
            "subject": _drawn(rng.random(count), TAUGHT),
            "degree": degree,
            "certified": rng.random(count) < 0.985,
            "title": np.array(RANKS, dtype=object)[rung],
            "tier": tier,
            "county_backbone": pd.notna(tier) | (rng.random(count) < 0.08),
            "exchanged": False,
            "experience_years": years,
        }
    )


def _exchange(rng: Random, plan: Sections, staff: pd.DataFrame, need: Codes) -> pd.DataFrame:
    """Send some to another section of the same stage for the year."""
    section = staff["section"].to_numpy(np.int64, copy=True)
    going = rng.random(len(staff)) < EXCHANGED_SHARE
    target = section.copy()
    for primary in (True, False):
        wanted = going & (plan.primary[section] == primary)
        chance = need * (plan.primary == primary).astype(float)
        target[wanted] = rng.choice(len(plan), size=int(wanted.sum()), p=chance / chance.sum())
    return staff.assign(section=target, exchanged=target != section) if len(staff) else staff


def _classes(plan: Sections, roll: Roll) -> tuple[np.ndarray, np.ndarray]:
    """(S,) classes and pupils of the largest class of each section."""
    key, size = np.unique((roll.section * 10 + roll.grade) * 100 + roll.room, return_counts=True)
    section = key // 1000
    largest = np.zeros(len(plan))
    np.maximum.at(largest, section, size)
    return np.bincount(section, minlength=len(plan)).astype(float), largest


def _largest(codes: np.ndarray, value: np.ndarray) -> np.ndarray:
    highest = np.zeros(codes.max() + 1)
    np.maximum.at(highest, codes, value)
    largest: np.ndarray = highest[codes]
    return largest


def _drawn(draw: np.ndarray, shares: tuple[tuple[str | None, float], ...]) -> np.ndarray:
    """The word whose stretch of 0 to 1 a draw falls into."""
    words = np.array([word for word, _ in shares], dtype=object)
    edges = np.cumsum([share for _, share in shares])[:-1]
    drawn: np.ndarray = words[np.searchsorted(edges, draw, side="right")]
    return drawn
