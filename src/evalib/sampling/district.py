"""The invented district as clean tables, beside it the truth they were made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalib.intake.schemas import SCHEMAS
from evalib.sampling.bodies import ITEMS, fitness_of_year
from evalib.sampling.identities import pupil_identities, teacher_identities
from evalib.sampling.learning import PERSISTENCE, Learning, invent_learning, invent_papers, marks_of_year
from evalib.sampling.pupils import LAST_PRIMARY, People, Roll, invent_rolls
from evalib.sampling.schools import Sections, invent_sections, school_rows
from evalib.sampling.staff import invent_resources, invent_teachers

NAME = "示例区"
SEED = 20260901
LAST_YEAR = 2024


@dataclass(frozen=True)
class Truth:
    """What the district was made from, for judging what is estimated from its tables.

    Attributes
    ----------
    sections
        school_code, stage, level: true level of its pupils at entry, in pupil standard
        deviations around a district mean of 0.
    growth
        year, school_code, stage, growth: true effect of the section on the change
        into that year, on the same scale; the first year has none.
    classes
        year, school_code, stage, grade, class, effect: the same for a class within it.
    pupils
        year, pupil, ability: true standing that year.
    peculiar
        school_code and stage of the sections that are not like others: `too_small`,
        `new`, `no_scores`, `no_fitness`.
    persistence
        How much of a pupil's standing lasts a year: ability = persistence × ability
        last year + growth + effect of the class + the pupil's own change.
    """

    sections: pd.DataFrame
    growth: pd.DataFrame
    classes: pd.DataFrame
    pupils: pd.DataFrame
    peculiar: dict[str, tuple[str, str]]
    persistence: float


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


def invent_district(
    *,
    sections: int = 40,
    years: int = 3,
    seed: int = SEED,
    level_sd: float = 0.25,
    growth_sd: float = 0.12,
    class_sd: float = 0.15,
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

    Returns
    -------
    Tables `schools`, `pupils`, `papers`, `scores`, `fitness`, `teachers`, `resources`,
    and the truth.

    Raises
    ------
    ValueError
        Fewer than 10 sections, no year, or so many pupils that birth dates run out.

    Examples
    --------
    >>> district = invent_district(sections=10, years=1)
    >>> sorted(district.tables)
    ['fitness', 'papers', 'pupils', 'resources', 'schools', 'scores', 'teachers']
    """
    if years < 1:
        raise ValueError("years must be at least 1")
    # Each part draws from its own stream: a change in one leaves the others as they are.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(9)]
    first = LAST_YEAR - years + 1
    names = [f"{year}-{year + 1}" for year in range(first, LAST_YEAR + 1)]
    plan = invent_sections(streams[0], sections, LAST_YEAR, level_sd)
    rolls, people = invent_rolls(streams[1], plan, first, years)
    learning = invent_learning(streams[2], plan, people, rolls, growth_sd, class_sd)
    papers = invent_papers(streams[3], names)
    identities = pupil_identities(streams[7], people)
    identities.insert(0, "pupil", _pupil_keys(np.arange(len(people.entry))))
    staff = invent_teachers(streams[5], plan, rolls)
    teachers = teacher_identities(streams[8], int(staff["teacher"].max()) + 1)
    teachers.insert(0, "teacher", _teacher_keys(np.arange(len(teachers))))
    tables = {
        "schools": pd.concat([school_rows(plan, name, y, years - 1) for y, name in enumerate(names)]),
        "pupils": _pupils(plan, people, rolls, names),
        "papers": papers.drop(columns=["mean", "spread"]),
        "scores": _scores(streams[4], plan, people, rolls, learning, papers, names),
        "fitness": _fitness(streams[6], plan, people, rolls, names),
        "teachers": _placed(plan, staff.assign(teacher=_teacher_keys(staff["teacher"].to_numpy())), names),
        "resources": _placed(plan, invent_resources(streams[5], plan, rolls), names),
    }
    keys = {
        "schools": ["school_code", "stage"],
        "papers": ["paper"],
        "teachers": ["school_code", "teacher"],
        "resources": ["school_code", "stage"],
        "fitness": ["pupil"],
    }
    return InventedDistrict(
        name=NAME,
        years=tuple(names),
        tables={
            name: _typed(name, table).sort_values(
                ["year", *keys.get(name, ["school_code", "pupil"])], ignore_index=True
            )
            for name, table in tables.items()
        },
        truth=_truth(plan, rolls, learning, names),
        pupil_identities=identities,
        teacher_identities=teachers,
    )


def _pupils(plan: Sections, people: People, rolls: list[Roll], names: list[str]) -> pd.DataFrame:
    codes, frames = plan.table["school_code"].to_numpy(str), []
    for name, roll in zip(names, rolls, strict=True):
        status = np.where(roll.suspended, "suspended", np.where(roll.arrived, "transferred_in", "enrolled"))
        frames.append(
            pd.DataFrame(
                {
                    "year": name,
                    "pupil": _pupil_keys(roll.pupil),
                    "school_code": codes[roll.section],
                    "stage": _stages(roll.grade),
                    "grade": roll.grade,
                    "class": _class_names(roll.room),
                    "sex": np.where(people.male[roll.pupil], "male", "female"),
                    "migrant": people.migrant[roll.pupil],
                    "left_behind": people.left_behind[roll.pupil],
                    "special_needs": people.special_needs[roll.pupil],
                    "status": status,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _scores(
    rng: np.random.Generator,
    plan: Sections,
    people: People,
    rolls: list[Roll],
    learning: Learning,
    papers: pd.DataFrame,
    names: list[str],
) -> pd.DataFrame:
    codes, frames = plan.table["school_code"].to_numpy(str), []
    for year, (name, roll) in enumerate(zip(names, rolls, strict=True)):
        of_year = papers[papers["year"].eq(name)].reset_index(drop=True)
        marks = marks_of_year(
            rng,
            plan,
            people,
            roll,
            learning.ability[year],
            learning.leaning,
            of_year,
            last=year == len(names) - 1,
        )
        row = marks["row"].to_numpy()
        frames.append(
            pd.DataFrame(
                {
                    "year": name,
                    "paper": of_year["paper"].to_numpy(str)[marks["paper"]],
                    "pupil": _pupil_keys(roll.pupil[row]),
                    "school_code": codes[roll.section[row]],
                    "score": marks["score"],
                    "sat": marks["sat"],
                }
            )
        )
    return pd.concat(frames, ignore_index=True).sort_values(["year", "school_code", "pupil", "paper"])


def _fitness(
    rng: np.random.Generator, plan: Sections, people: People, rolls: list[Roll], names: list[str]
) -> pd.DataFrame:
    effect = rng.standard_normal(len(plan))
    frames = []
    for year, (name, roll) in enumerate(zip(names, rolls, strict=True)):
        table = fitness_of_year(rng, plan, people, roll, effect, last=year == len(names) - 1)
        table.insert(0, "year", name)
        table.insert(1, "pupil", _pupil_keys(roll.pupil[table.pop("row")]))
        frames.append(table[["year", "pupil", "height_cm", "weight_kg", *ITEMS, "exempt"]])
    return pd.concat(frames, ignore_index=True)


def _placed(plan: Sections, table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """`year` and `section` as names and codes, in front."""
    section = table.pop("section").to_numpy()
    table["year"] = np.array(names)[table["year"]]
    table.insert(0, "school_code", plan.table["school_code"].to_numpy(str)[section])
    table.insert(1, "stage", plan.table["stage"].to_numpy(str)[section])
    front = ["year", "teacher"] if "teacher" in table else ["year"]
    return table[[*front, *(name for name in table.columns if name not in front)]]


def _typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The schema's columns in its order and types."""
    dtypes = SCHEMAS[name].dtypes
    columns = [column for column in dtypes if column in table]
    return table[columns].astype({column: dtypes[column] for column in columns})


def _truth(plan: Sections, rolls: list[Roll], learning: Learning, names: list[str]) -> Truth:
    place = plan.table[["school_code", "stage"]]
    growth = [
        place.assign(year=name, growth=learning.growth[year]).iloc[np.unique(rolls[year].section)]
        for year, name in enumerate(names)
        if year
    ]
    columns = ["year", "school_code", "stage", "growth"]
    classes = learning.classes
    of_class = place.iloc[classes["section"].to_numpy(np.int64)].reset_index(drop=True)
    of_class.insert(0, "year", np.array(names)[classes["year"].to_numpy(np.int64)])
    of_class["grade"] = classes["grade"].to_numpy(np.int64)
    of_class["class"] = _class_names(classes["room"].to_numpy(np.int64))
    of_class["effect"] = classes["effect"].to_numpy(float)
    pupils = [
        pd.DataFrame({"year": name, "pupil": _pupil_keys(roll.pupil), "ability": ability})
        for name, roll, ability in zip(names, rolls, learning.ability, strict=True)
    ]
    keys = list(place.itertuples(index=False, name=None))
    return Truth(
        sections=place.assign(level=plan.level),
        growth=pd.concat(growth, ignore_index=True)[columns] if growth else pd.DataFrame(columns=columns),
        classes=of_class,
        pupils=pd.concat(pupils, ignore_index=True),
        peculiar={
            name: keys[getattr(plan, name)] for name in ("too_small", "new", "no_scores", "no_fitness")
        },
        persistence=PERSISTENCE,
    )


def _stages(grade: np.ndarray) -> np.ndarray:
    return np.where(grade <= LAST_PRIMARY, "primary", "junior")


def _pupil_keys(number: np.ndarray) -> np.ndarray:
    return np.char.add("P", np.char.zfill((number + 1).astype(str), 8))


def _teacher_keys(number: np.ndarray) -> np.ndarray:
    return np.char.add("T", np.char.zfill((number + 1).astype(str), 7))


def _class_names(room: np.ndarray) -> np.ndarray:
    return np.char.add(room.astype(str), "班")
