"""Who sits where: pupils who enter, move up, change school, cross to junior and leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalib.sampling.schools import LARGEST_CLASS, TINY_PUPILS, Codes, Floats, Random, Sections

GRADES = range(1, 10)
LAST_PRIMARY = 6
LAST_JUNIOR = 9
SUBJECTS = ("chinese", "mathematics", "english")
LEAVING_SHARE = 0.010
ARRIVING_SHARE = 0.010
CHANGING_SHARE = 0.013
SUSPENDED_SHARE = 0.001
SPECIAL_NEEDS_SHARE = 0.004
BOYS_SHARE = 0.525
DONORS = 3
# The teaching point's pupils by grade in the first year, eight in all.
TINY_GRADES = (1, 1, 2, 1, 2, 1)


@dataclass(frozen=True)
class People:
    """What stays with a pupil for good; the position of a pupil is its number.

    Attributes
    ----------
    entry
        (P,) calendar year in which the pupil was or would have been in grade 1 in autumn.
    male, migrant, left_behind, special_needs
        (P,) flags.
    origin
        (P,) section whose level the pupil brought along.
    start
        (P,) own deviation from that level on first entering the roll, standard normal.
    taste
        (P, 3) lasting leaning to each subject, standard normal.
    body
        (P, 3) lasting physical fitness, stature and build, standard normal.
    """

    entry: Codes
    male: np.ndarray
    migrant: np.ndarray
    left_behind: np.ndarray
    special_needs: np.ndarray
    origin: Codes
    start: Floats
    taste: Floats
    body: Floats


@dataclass(frozen=True)
class Roll:
    """One year: a row a pupil.

    Attributes
    ----------
    pupil, section, grade, room
        (N,) number of the pupil and of the section, grade, class within section and grade.
    arrived, suspended
        (N,) came from another school this year; is on the roll without attending.
    """

    pupil: Codes
    section: Codes
    grade: Codes
    room: Codes
    arrived: np.ndarray
    suspended: np.ndarray


def invent_rolls(rng: Random, plan: Sections, first: int, years: int) -> tuple[list[Roll], People]:
    """Fill the schools and let the years pass.

    Parameters
    ----------
    rng
        Source of randomness.
    plan
        The sections; the new one is filled in the last year.
    first
        Calendar year in which the first school year begins.
    years
        How many school years.

    Returns
    -------
    One roll a year, each in the order of pupils' numbers, and the pupils.
    """
    people: list[People] = []
    section, grade = _first_places(rng, plan, closed=plan.new if years > 1 else None)
    people.append(_born(rng, plan, section, first - grade + 1))
    roll = Roll(
        pupil=np.arange(len(section)),
        section=section,
        grade=grade,
        room=_rooms(rng, plan, section, grade),
        arrived=np.zeros(len(section), bool),
        suspended=rng.random(len(section)) < SUSPENDED_SHARE,
    )
    rolls = [roll]
    for year in range(first + 1, first + years):
        known = sum(len(one.entry) for one in people)
        roll, newcomers = _next_year(rng, plan, roll, known, year, opening=year == first + years - 1)
        people.append(newcomers)
        rolls.append(roll)
    return rolls, _together(people)


def _first_places(rng: Random, plan: Sections, closed: int | None) -> tuple[Codes, Codes]:
    """Section and grade of every pupil of the first year."""
    intake = _intake(rng, plan, 6)
    intake[plan.too_small] = TINY_GRADES
    if closed is not None:
        intake[closed] = 0
    usual = (plan.classes * plan.class_size * plan.primary).astype(float)
    usual[plan.too_small] = TINY_PUPILS / LAST_PRIMARY
    expected = np.zeros(len(plan))
    np.add.at(expected, plan.receivers[plan.primary], usual[plan.primary, None] * plan.shares[plan.primary])
    flow = rng.poisson(np.tile(expected[:, None], 3))
    counts = np.concatenate(
        [np.where(plan.primary[:, None], intake, 0), np.where(plan.primary[:, None], 0, flow)], 1
    )
    section, grade = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), LAST_JUNIOR)
    return section.astype(np.int64), (grade + 1).astype(np.int64)


def _intake(rng: Random, plan: Sections, columns: int) -> Codes:
    """(S, columns) pupils who enter grade 1: full classes, give or take two pupils each."""
    swing = rng.integers(-2, 3, (len(plan), columns))
    size = np.minimum(plan.class_size[:, None] + swing, LARGEST_CLASS)
    entering: Codes = (plan.classes[:, None] * size * plan.primary[:, None]).astype(np.int64)
    return entering


def _next_year(
    rng: Random, plan: Sections, roll: Roll, known: int, year: int, *, opening: bool
) -> tuple[Roll, People]:
    """Everyone a grade higher, some gone, some elsewhere, some new."""
    small = roll.section == plan.too_small
    gone = (roll.grade == LAST_JUNIOR) | roll.suspended
    gone |= ~small & (rng.random(len(roll.grade)) < LEAVING_SHARE)
    # The pupils of the teaching point stay: eight in all, every year.
    gone &= ~small
    pupil, section, room = roll.pupil[~gone], roll.section[~gone].copy(), roll.room[~gone].copy()
    grade = roll.grade[~gone] + 1
    crossing = grade == LAST_PRIMARY + 1
    section[crossing] = _receiver(rng, plan, section[crossing])
    arrived = _change_school(rng, plan, section, grade, crossing)
    if opening:
        donated = _donate(rng, plan, section, grade)
        section[donated] = plan.new
        arrived[donated] = True
    came_section, came_grade = _arrivals(rng, plan, section, grade)
    intake = _intake(rng, plan, 1)[:, 0]
    intake[plan.too_small] = TINY_PUPILS - int((section == plan.too_small).sum())
    if not opening:
        intake[plan.new] = 0
    new_section = np.repeat(np.arange(len(plan)), intake)
    count = len(pupil)
    section = np.concatenate([section, came_section, new_section])
    grade = np.concatenate([grade, came_grade, np.ones(len(new_section), np.int64)])
    outsiders = np.arange(len(section)) >= count
    arrived = np.concatenate([arrived, np.ones(len(came_section), bool), np.zeros(len(new_section), bool)])
    fresh = np.concatenate([crossing, np.zeros(len(came_section), bool), np.ones(len(new_section), bool)])
    fresh |= section == plan.new
    rooms = np.concatenate([room, np.zeros(len(came_section) + len(new_section), np.int64)])
    rooms = _seat(rng, plan, section, grade, rooms, fresh, arrived & ~fresh)
    number = np.concatenate([pupil, known + np.arange(outsiders.sum())])
    attending = section != plan.too_small
    following = Roll(
        pupil=number,
        section=section,
        grade=grade,
        room=rooms,
        arrived=arrived,
        suspended=attending & (rng.random(len(section)) < SUSPENDED_SHARE),
    )
    return following, _born(rng, plan, section[outsiders], year - grade[outsiders] + 1)


def _receiver(rng: Random, plan: Sections, leaving: Codes) -> Codes:
    """The junior section that each leaver of a primary section goes to."""
    steps = np.cumsum(plan.shares[leaving], axis=1)[:, :-1]
    choice = (rng.random(len(leaving))[:, None] >= steps).sum(axis=1)
    target: Codes = plan.receivers[leaving, choice]
    return target


def _change_school(
    rng: Random, plan: Sections, section: Codes, grade: Codes, crossing: np.ndarray
) -> np.ndarray:
    """Move some pupils, in place, to another section of their stage; who was moved."""
    moving = (rng.random(len(section)) < CHANGING_SHARE) & ~crossing & (section != plan.too_small)
    target = _any_section(rng, plan, grade[moving])
    moved: np.ndarray = moving.copy()
    moved[moving] = target != section[moving]
    section[moving] = target
    return moved


def _arrivals(rng: Random, plan: Sections, section: Codes, grade: Codes) -> tuple[Codes, Codes]:
    """Pupils from other districts: their section and grade, never grade 1 or 7."""
    count = rng.binomial(len(section), ARRIVING_SHARE)
    came = rng.choice(np.array([2, 3, 4, 5, 6, 8, 9]), size=count)
    return _any_section(rng, plan, came), came.astype(np.int64)


def _any_section(rng: Random, plan: Sections, grade: Codes) -> Codes:
    """A section of the right stage for each grade, likelier where classes are more."""
    weight = plan.classes.astype(float)
    weight[[plan.too_small, plan.new]] = 0.0
    target = np.zeros(len(grade), np.int64)
    for primary in (True, False):
        wanted = (grade <= LAST_PRIMARY) == primary
        chance = weight * (plan.primary == primary)
        target[wanted] = rng.choice(len(plan), size=int(wanted.sum()), p=chance / chance.sum())
    return target


def _donate(rng: Random, plan: Sections, section: Codes, grade: Codes) -> np.ndarray:
    """Who follows the call of the new school: a class of each of grades 2 to 5 of its large neighbours."""
    large = np.where(plan.primary, plan.classes * plan.class_size, 0)
    donors = np.argsort(-large, kind="stable")[:DONORS]
    candidates = np.flatnonzero(np.isin(section, donors) & (grade < LAST_PRIMARY))
    candidates = rng.permutation(candidates)
    candidates = candidates[np.argsort(grade[candidates], kind="stable")]
    first = np.searchsorted(grade[candidates], grade[candidates])
    chosen = np.zeros(len(section), bool)
    chosen[candidates[np.arange(len(candidates)) - first < plan.class_size[plan.new]]] = True
    return chosen


def _rooms(rng: Random, plan: Sections, section: Codes, grade: Codes) -> Codes:
    everyone = np.ones(len(section), bool)
    return _seat(rng, plan, section, grade, np.zeros(len(section), np.int64), everyone, ~everyone)


def _seat(
    rng: Random,
    plan: Sections,
    section: Codes,
    grade: Codes,
    rooms: Codes,
    fresh: np.ndarray,
    joining: np.ndarray,
) -> Codes:
    """Classes: drawn evenly for a fresh cohort, any existing one for a pupil who joins."""
    cell = section * (LAST_JUNIOR + 1) + grade
    cells = len(plan) * (LAST_JUNIOR + 1)
    count = np.bincount(cell[fresh], minlength=cells)
    planned = np.where(plan.primary, plan.classes, 0).repeat(LAST_JUNIOR + 1)
    classes = np.where(planned > 0, planned, np.maximum(1, -(-count // LARGEST_CLASS)))
    rooms = rooms.copy()
    position = np.flatnonzero(fresh)
    position = position[np.argsort(rng.random(len(position)))]
    position = position[np.argsort(cell[position], kind="stable")]
    first = np.searchsorted(cell[position], cell[position])
    rooms[position] = (np.arange(len(position)) - first) % classes[cell[position]] + 1
    seated = ~joining
    highest = np.ones(cells, np.int64)
    np.maximum.at(highest, cell[seated], rooms[seated])
    rooms[joining] = rng.integers(1, highest[cell[joining]] + 1)
    return rooms


def _born(rng: Random, plan: Sections, section: Codes, entry: Codes) -> People:
    """Newly known pupils, with the mix of their section."""
    count = len(section)
    return People(
        entry=entry.astype(np.int64),
        male=rng.random(count) < BOYS_SHARE,
        migrant=rng.random(count) < plan.migrant[section],
        left_behind=rng.random(count) < plan.left_behind[section],
        special_needs=rng.random(count) < SPECIAL_NEEDS_SHARE,
        origin=section.astype(np.int64),
        start=rng.standard_normal(count),
        taste=rng.standard_normal((count, len(SUBJECTS))),
        body=rng.standard_normal((count, 3)),
    )


def _together(people: list[People]) -> People:
    fields = People.__dataclass_fields__
    return People(**{name: np.concatenate([getattr(one, name) for one in people]) for name in fields})
