"""The invented district as clean tables, beside it the truth they were made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.sampling.bodies import ITEMS, SECTION_SD, fitness_of_year
from evalib.sampling.competences import competence_of_year, invent_leanings
from evalib.sampling.effects import Effects, effect_rows, invent_effects
from evalib.sampling.facts import facts_of_year
from evalib.sampling.identities import pupil_identities, teacher_identities
from evalib.sampling.learning import Learning, invent_learning, invent_papers, marks_of_year
from evalib.sampling.pupils import People, Roll, invent_rolls
from evalib.sampling.registers import Register, invent_registers
from evalib.sampling.rows import Keys, class_names, keys_of, teacher_keys, typed
from evalib.sampling.schools import Floats, Random, Sections, invent_sections, school_rows
from evalib.sampling.staff import invent_resources, invent_teachers
from evalib.sampling.surveys import survey_of_year
from evalib.sampling.talents import achievements_of_year, activities_of_year, invent_clubs
from evalib.sampling.truth import Truth, truth_of

NAME = "示例区"
SEED = 20260901
LAST_YEAR = 2024
# Parts that draw from a stream of their own; new ones go to the end.
STREAMS = (
    "sections",
    "rolls",
    "learning",
    "papers",
    "scores",
    "staff",
    "fitness",
    "pupil_identities",
    "teacher_identities",
    "effects",
    "registers",
    "competence",
    "talents",
    "survey",
    "facts",
)
# Tables come sorted by these behind the year; the others are made in order.
ORDER = {
    "schools": ["school_code", "stage"],
    "pupils": ["school_code", "pupil"],
    "papers": ["paper"],
    "scores": ["school_code", "pupil"],
    "achievements": ["work", "pupil", "level"],
    "activities": ["pupil", "activity"],
    "teachers": ["school_code", "teacher"],
    "resources": ["school_code", "stage"],
    "survey": ["respondent", "item", "school_code", "stage"],
    "district": ["fact"],
}


@dataclass(frozen=True)
class InventedDistrict:
    """An invented district.

    Attributes
    ----------
    name
        Its name.
    years
        School years, earliest first.
    tables
        Clean tables by name, all years in each, sorted by key within the year. Pupils and
        teachers bear invented keys that identify nobody.
    truth
        What they were made from.
    pupil_identities, teacher_identities
        By key: invented names, birth dates and numbers, for the workbooks alone.
    """

    name: str
    years: tuple[str, ...]
    tables: dict[str, pd.DataFrame]
    truth: Truth
    pupil_identities: pd.DataFrame
    teacher_identities: pd.DataFrame


@dataclass(frozen=True)
class _Made:
    """Everything that tables are drawn from."""

    streams: dict[str, Random]
    plan: Sections
    rolls: list[Roll]
    people: People
    registers: list[Register]
    learning: Learning
    effects: Effects
    fitness: Floats
    keys: Keys


def invent_district(
    *,
    sections: int = 40,
    years: int = 3,
    seed: int = SEED,
    level_sd: float = 0.25,
    growth_sd: float = 0.12,
    class_sd: float = 0.15,
    onward_sd: float = 0.10,
    recovery_sd: float = 0.15,
    record_sd: float = 0.25,
) -> InventedDistrict:
    """Invent a district of any size.

    Parameters
    ----------
    sections
        Sections of both stages together, at least 10.
    years
        School years, the last 2024-2025, at least 1.
    seed
        The same seed and sizes give the same district.
    level_sd, growth_sd, class_sd
        True standard deviations, in pupil standard deviations: of sections' levels at
        entry, of sections' effects on a year's growth, of classes' effects on it. A
        class effect of 0.15 is a class correlation of about .06 in value added.
    onward_sd, recovery_sd
        The same of primary sections' effects on their leavers' first junior year, and
        of sections' extra effect on the weakest quarter of their entrants.
    record_sd
        The same of sections' effects on arts, labour, moral evidence, activities,
        achievements and entrants' adaptation.

    Returns
    -------
    All clean tables, and the truth.

    Raises
    ------
    ValueError
        Fewer than 10 sections, no year, or so many pupils that birth dates run out.

    Examples
    --------
    >>> district = invent_district(sections=10, years=1)
    >>> sorted(district.tables)[:5]
    ['achievements', 'activities', 'competence', 'district', 'fitness']
    """
    if years < 1:
        raise ValueError("years must be at least 1")
    # Each part draws from its own stream: a change in one leaves the others as they are.
    children = np.random.SeedSequence(seed).spawn(len(STREAMS))
    streams = dict(zip(STREAMS, (np.random.default_rng(child) for child in children), strict=True))
    first = LAST_YEAR - years + 1
    names = [f"{year}-{year + 1}" for year in range(first, LAST_YEAR + 1)]
    plan = invent_sections(streams["sections"], sections, LAST_YEAR, level_sd)
    rolls, people = invent_rolls(streams["rolls"], plan, first, years)
    effects = invent_effects(
        streams["effects"], plan, onward_sd=onward_sd, recovery_sd=recovery_sd, record_sd=record_sd
    )
    learning = invent_learning(streams["learning"], plan, people, rolls, effects, growth_sd, class_sd)
    papers = invent_papers(streams["papers"], names)
    made = _Made(
        streams=streams,
        plan=plan,
        rolls=rolls,
        people=people,
        registers=invent_registers(streams["registers"], plan, rolls),
        learning=learning,
        effects=effects,
        fitness=streams["fitness"].standard_normal(len(plan)),
        keys=keys_of(plan, names, len(people.entry)),
    )
    staff = invent_teachers(streams["staff"], plan, rolls)
    identities = pupil_identities(streams["pupil_identities"], people)
    identities.insert(0, "pupil", made.keys.pupils)
    teachers = teacher_identities(streams["teacher_identities"], int(staff["teacher"].max()) + 1)
    teachers.insert(0, "teacher", teacher_keys(np.arange(len(teachers))))
    tables = {
        "schools": pd.concat([school_rows(plan, name, y, years - 1) for y, name in enumerate(names)]),
        "pupils": _pupils(made),
        "papers": papers.drop(columns=["mean", "spread"]),
        "scores": _scores(made, papers),
        "fitness": _fitness(made),
        "competence": _competence(made),
        **_talents(made),
        "teachers": _dated(made, staff.assign(teacher=teacher_keys(staff["teacher"].to_numpy()))),
        "resources": _dated(made, invent_resources(streams["staff"], plan, rolls)),
        "survey": _survey(made, staff),
        "district": _facts(made, staff),
    }
    return InventedDistrict(
        name=NAME,
        years=tuple(names),
        tables={name: _ordered(name, typed(name, rows)) for name, rows in tables.items()},
        truth=truth_of(
            plan,
            rolls,
            learning,
            effect_rows(plan, effects, SECTION_SD * made.fitness),
            names,
            made.keys.pupils,
        ),
        pupil_identities=identities,
        teacher_identities=teachers,
    )


def _ordered(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    if name not in ORDER:
        return rows.reset_index(drop=True)
    return rows.sort_values(["year", *ORDER[name]], ignore_index=True)


def _pupils(made: _Made) -> pd.DataFrame:
    people, frames = made.people, []
    for year, register in enumerate(made.registers):
        rows = pd.DataFrame(
            {
                "section": register.section,
                "grade": register.grade,
                "class": class_names(register.room),
                "sex": np.where(people.male[register.pupil], "male", "female"),
                "migrant": people.migrant[register.pupil],
                "left_behind": people.left_behind[register.pupil],
                "special_needs": people.special_needs[register.pupil],
                "status": register.status,
            }
        )
        rows = made.keys.of_year(made.keys.placed(rows), year, pupil=register.pupil)
        frames.append(rows)
    return pd.concat(frames, ignore_index=True)


def _scores(made: _Made, papers: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for year, (name, roll) in enumerate(zip(made.keys.years, made.rolls, strict=True)):
        of_year = papers[papers["year"].eq(name)].reset_index(drop=True)
        marks = marks_of_year(
            made.streams["scores"],
            made.plan,
            made.people,
            roll,
            made.learning.ability[year],
            made.learning.leaning,
            of_year,
            last=year == len(made.rolls) - 1,
        )
        row = marks["row"].to_numpy()
        paper = of_year["paper"].astype("str").take(marks["paper"].to_numpy()).reset_index(drop=True)
        rows = pd.DataFrame(
            {"paper": paper, "section": roll.section[row], "score": marks["score"], "sat": marks["sat"]}
        )
        frames.append(made.keys.of_year(made.keys.placed(rows), year, pupil=roll.pupil[row]))
    return pd.concat(frames, ignore_index=True).sort_values(["year", "school_code", "pupil", "paper"])


def _fitness(made: _Made) -> pd.DataFrame:
    frames = []
    for year, roll in enumerate(made.rolls):
        rows = fitness_of_year(
            made.streams["fitness"],
            made.plan,
            made.people,
            roll,
            made.fitness,
            last=year == len(made.rolls) - 1,
        )
        frames.append(
            _of_roll(made, year, rows)[["year", "pupil", "height_cm", "weight_kg", *ITEMS, "exempt"]]
        )
    return pd.concat(frames, ignore_index=True)


def _competence(made: _Made) -> pd.DataFrame:
    stream = made.streams["competence"]
    leaning = invent_leanings(stream, made.people)
    frames = []
    for year, roll in enumerate(made.rolls):
        last = year == len(made.rolls) - 1
        ability = made.learning.ability[year]
        rows = competence_of_year(stream, made.plan, roll, made.effects, leaning, ability, last=last)
        frames.append(_of_roll(made, year, rows))
    return pd.concat(frames, ignore_index=True)


def _talents(made: _Made) -> dict[str, pd.DataFrame]:
    stream = made.streams["talents"]
    clubs = invent_clubs(stream, made.plan)
    activities, achievements = [], []
    for year, roll in enumerate(made.rolls):
        last = year == len(made.rolls) - 1
        rows = activities_of_year(stream, made.plan, roll, made.effects, clubs, last=last)
        activities.append(_of_roll(made, year, rows))
        works = achievements_of_year(stream, made.plan, roll, made.effects, made.keys.years[year], last=last)
        place = works.pop("row").to_numpy()
        pupil = np.where(place < 0, -1, roll.pupil[np.maximum(place, 0)])
        achievements.append(made.keys.of_year(made.keys.placed(works), year, pupil=pupil))
    return {
        "achievements": pd.concat(achievements, ignore_index=True),
        "activities": pd.concat(activities, ignore_index=True),
    }


def _survey(made: _Made, staff: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for year, roll in enumerate(made.rolls):
        here = staff.loc[staff["year"].eq(year), "section"].to_numpy(np.int64)
        teachers = np.bincount(here, minlength=len(made.plan))
        rows = survey_of_year(made.streams["survey"], made.plan, roll, made.effects, teachers)
        frames.append(made.keys.of_year(made.keys.placed(rows), year))
    return pd.concat(frames, ignore_index=True)


def _facts(made: _Made, staff: pd.DataFrame) -> pd.DataFrame:
    stream, sections = made.streams["facts"], len(made.plan)
    frames = [
        made.keys.of_year(facts_of_year(stream, sections, year, staff[staff["year"].eq(year)]), year)
        for year in range(len(made.rolls))
    ]
    return pd.concat(frames, ignore_index=True)


def _of_roll(made: _Made, year: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that name a position in the roll, with year and pupil instead."""
    pupil = made.rolls[year].pupil[rows.pop("row").to_numpy()]
    return made.keys.of_year(rows, year, pupil=pupil)


def _dated(made: _Made, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with numbers of year and section as names and codes."""
    years = pd.Series(made.keys.years, dtype="str").take(rows["year"].to_numpy()).reset_index(drop=True)
    return made.keys.placed(rows.assign(year=years))
