"""What pupils know, year after year, and the marks that papers make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta, norm

from evalib.sampling.effects import Effects
from evalib.sampling.pupils import LAST_PRIMARY, SUBJECTS, People, Roll
from evalib.sampling.schools import Codes, Floats, Random, Sections

FIRST_EXAMINED_GRADE = 3
# Ability a follows a' = PERSISTENCE · a + growth of the section + effect of the class + own change
# (and, into a stage, what the former school adds and the lift of weak starters),
# with own change such that the variance between pupils stays about 1.
PERSISTENCE = 0.87
YEARLY_SHARE_OF_GROWTH = 0.3
TASTE_SD = 0.35
SECTION_SUBJECT_SD = 0.08
MARK_NOISE_SD = 0.40
MIGRANT_GAP = -0.12
LEFT_BEHIND_GAP = -0.12
SPECIAL_NEEDS_GAP = -1.0
OWN_PAPER_SD = 0.5
DIFFICULTY_SD = 0.012
ABSENT_MEAN = 0.018
WHOLE_DAY_SHARE = 0.6
ROOMS = 100
# Grades into which the weakest quarter of a stage's start is lifted.
RECOVERY_GRADES = (FIRST_EXAMINED_GRADE + 1, LAST_PRIMARY + 1)
WEAK_SHARE = 0.25
# Mean and spread of marks as shares of the full mark: in grade 3, in grade 7.
PRIMARY_MARKS = {"chinese": (0.79, 0.115), "mathematics": (0.77, 0.160), "english": (0.77, 0.165)}
JUNIOR_MARKS = {"chinese": (0.68, 0.120), "mathematics": (0.64, 0.205), "english": (0.65, 0.205)}
LOSS_A_GRADE = 0.012
FULL_MARKS = {"primary": 100.0, "junior": 150.0}
OWN_PAPER = (3, "english")


@dataclass(frozen=True)
class Learning:
    """The true state of every pupil in every year, and what made it.

    Attributes
    ----------
    ability
        One (N,) array a year, in the order of that year's roll.
    growth
        (Y, S) true effect of each section on the change into year y; row 0 has none.
    classes
        One row a year and class: its true effect on the change into that year.
    leaning
        (S, 3) lasting leaning of a section to each subject.
    """

    ability: list[Floats]
    growth: Floats
    classes: pd.DataFrame
    leaning: Floats


def invent_learning(
    rng: Random,
    plan: Sections,
    people: People,
    rolls: list[Roll],
    effects: Effects,
    growth_sd: float,
    class_sd: float,
) -> Learning:
    """Let ability grow from year to year.

    Parameters
    ----------
    rng
        Source of randomness.
    plan, people, rolls
        Who learned where.
    effects
        What sections do to those who left them for the next stage, and to the weakest
        quarter in the first examined step of a stage.
    growth_sd
        Standard deviation between sections of the true effect on one year's change;
        seven tenths of its variance last, three tenths are the year's own.
    class_sd
        The same between classes of a section, drawn anew every year.
    """
    growth = _growth(rng, plan, len(rolls), growth_sd)
    own_sd = np.sqrt(max(0.05, 1.0 - PERSISTENCE**2 - growth_sd**2 - class_sd**2))
    gap = MIGRANT_GAP * people.migrant + LEFT_BEHIND_GAP * people.left_behind
    gap = gap + SPECIAL_NEEDS_GAP * people.special_needs
    ability = plan.level[people.origin] + gap - gap.mean() + people.start
    states: list[Floats] = []
    of_classes: list[pd.DataFrame] = []
    known = np.zeros(len(ability), bool)
    seat = np.zeros(len(ability), np.int64)
    for year, roll in enumerate(rolls):
        key, place = np.unique(_class_key(roll), return_inverse=True)
        effect = class_sd * rng.standard_normal(len(key))
        own = own_sd * rng.standard_normal(len(roll.pupil))
        before = known[roll.pupil]
        change = growth[year, roll.section] + effect[place] + own
        change = change + _into_stage(roll, before, seat, ability, effects)
        moved = PERSISTENCE * ability[roll.pupil] + change
        ability[roll.pupil] = np.where(before, moved, ability[roll.pupil])
        known[roll.pupil] = True
        seat[roll.pupil] = roll.section
        states.append(ability[roll.pupil])
        if year:
            of_classes.append(_class_effects(key, effect, year))
    leaning = SECTION_SUBJECT_SD * rng.standard_normal((len(plan), len(SUBJECTS)))
    none = pd.DataFrame(columns=["year", "section", "grade", "room", "effect"])
    return Learning(states, growth, pd.concat(of_classes, ignore_index=True) if of_classes else none, leaning)


def invent_papers(rng: Random, years: list[str]) -> pd.DataFrame:
    """Papers of every year: key columns, full mark, and the marks to be expected.

    The columns `mean` and `spread` are the invention's own and no part of the clean
    table. In the last year one paper is each school's own.
    """
    rows = []
    for year in years:
        for grade in range(FIRST_EXAMINED_GRADE, 10):
            primary = grade <= LAST_PRIMARY
            marks = PRIMARY_MARKS if primary else JUNIOR_MARKS
            for subject in SUBJECTS:
                mean, spread = marks[subject]
                step = grade - (FIRST_EXAMINED_GRADE if primary else LAST_PRIMARY + 1)
                rows.append(
                    {
                        "year": year,
                        "paper": f"{year[5:]}-{grade}-{subject}",
                        "term": "second",
                        "grade": grade,
                        "subject": subject,
                        "full_mark": FULL_MARKS["primary" if primary else "junior"],
                        "comparable": (grade, subject) != OWN_PAPER or year != years[-1],
                        "mean": mean - LOSS_A_GRADE * step + DIFFICULTY_SD * rng.standard_normal(),
                        "spread": spread,
                    }
                )
    return pd.DataFrame(rows)


def marks_of_year(
    rng: Random,
    plan: Sections,
    people: People,
    roll: Roll,
    ability: Floats,
    leaning: Floats,
    papers: pd.DataFrame,
    *,
    last: bool,
) -> pd.DataFrame:
    """One row a pupil and paper: positions `row` in the roll, `paper`, score and sat.

    Parameters
    ----------
    papers
        The year's papers, three for every grade from 3, in order.
    last
        Whether this is the last year: one section hands in nothing, and one pupil is
        caught cheating.
    """
    examined = (roll.grade >= FIRST_EXAMINED_GRADE) & ~roll.suspended
    if last:
        examined &= roll.section != plan.no_scores
    row = np.flatnonzero(examined)
    section, pupil = roll.section[row], roll.pupil[row]
    shape = (len(row), len(SUBJECTS))
    latent = ability[row, None] + TASTE_SD * people.taste[pupil] + leaning[section]
    latent = latent + MARK_NOISE_SD * rng.standard_normal(shape)
    own_paper = OWN_PAPER_SD * rng.standard_normal(len(plan))
    if last:
        apart = roll.grade[row] == OWN_PAPER[0]
        latent[apart, SUBJECTS.index(OWN_PAPER[1])] += own_paper[section[apart]]
    z = latent / np.sqrt(1.0 + TASTE_SD**2 + SECTION_SUBJECT_SD**2 + MARK_NOISE_SD**2)
    paper = (roll.grade[row] - FIRST_EXAMINED_GRADE)[:, None] * len(SUBJECTS) + np.arange(len(SUBJECTS))
    marks = _marks(z, paper, papers)
    sat = _attendance(rng, plan, people, roll, row, z, last=last)
    return pd.DataFrame(
        {
            "row": np.repeat(row, len(SUBJECTS)),
            "paper": paper.ravel(),
            "score": np.where(sat.ravel() == "present", marks.ravel(), np.nan),
            "sat": sat.ravel(),
        }
    )


def _into_stage(roll: Roll, before: np.ndarray, seat: Codes, ability: Floats, effects: Effects) -> Floats:
    """(N,) what the former school adds in the first junior year, and a lift of weak starters."""
    added = np.zeros(len(roll.pupil))
    crossing = before & (roll.grade == LAST_PRIMARY + 1)
    added[crossing] = effects.onward[seat[roll.pupil[crossing]]]
    for grade in RECOVERY_GRADES:
        starting = before & (roll.grade == grade)
        if starting.any():
            start = ability[roll.pupil]
            weak = starting & (start < np.quantile(start[starting], WEAK_SHARE))
            added[weak] += effects.recovery[roll.section[weak]]
    return added


def _growth(rng: Random, plan: Sections, years: int, growth_sd: float) -> Floats:
    """(Y, S) effects, their mean 0 over the sections in each part; none into the first year."""
    lasting = rng.standard_normal(len(plan))
    yearly = rng.standard_normal((years, len(plan)))
    lasting -= lasting.mean()
    yearly -= yearly.mean(axis=1, keepdims=True)
    growth: Floats = growth_sd * (
        np.sqrt(1 - YEARLY_SHARE_OF_GROWTH) * lasting / lasting.std()
        + np.sqrt(YEARLY_SHARE_OF_GROWTH) * yearly
    )
    growth[0] = 0.0
    return growth


def _class_key(roll: Roll) -> Codes:
    return (roll.section * 10 + roll.grade) * ROOMS + roll.room


def _class_effects(key: Codes, effect: Floats, year: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": year,
            "section": key // (10 * ROOMS),
            "grade": key // ROOMS % 10,
            "room": key % ROOMS,
            "effect": effect,
        }
    )


def _marks(z: Floats, paper: Codes, papers: pd.DataFrame) -> Floats:
    """Half marks, left-skewed within 0 and the full mark: beta quantiles of z."""
    marks = np.zeros(z.shape)
    grid = np.linspace(-4.5, 4.5, 1801)
    level = norm.cdf(grid)
    for number, (mean, spread, full_mark) in enumerate(
        zip(papers["mean"], papers["spread"], papers["full_mark"], strict=True)
    ):
        here = paper == number
        size = mean * (1 - mean) / spread**2 - 1
        share = np.interp(z[here], grid, beta.ppf(level, mean * size, (1 - mean) * size))
        marks[here] = np.round(share * full_mark * 2) / 2
    return marks


def _attendance(
    rng: Random, plan: Sections, people: People, roll: Roll, row: Codes, z: Floats, *, last: bool
) -> np.ndarray:
    """Who was absent (weak pupils more often), exempt, or caught cheating."""
    rate = rng.beta(4.0, 4.0 / ABSENT_MEAN - 4.0, len(plan))
    odds = rate[roll.section[row]] * np.exp(-0.4 * z.mean(axis=1))
    away = rng.random(len(row)) < odds
    whole_day = rng.random(len(row)) < WHOLE_DAY_SHARE
    missed = rng.integers(0, len(SUBJECTS), len(row))
    absent = away[:, None] & (whole_day[:, None] | (missed[:, None] == np.arange(len(SUBJECTS))))
    sat = np.where(absent, "absent", "present").astype(object)
    excused = people.special_needs[roll.pupil[row]] & (rng.random(len(row)) < 0.5)
    sat[excused] = "exempt"
    if last:
        seen = np.flatnonzero((roll.grade[row] > LAST_PRIMARY) & ~away & ~excused)
        sat[rng.choice(seen), rng.integers(0, len(SUBJECTS))] = "voided"
    return sat
