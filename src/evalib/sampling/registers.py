"""The register of every year: who is taught, and who came, graduated, left, died or came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalib.sampling.pupils import LAST_JUNIOR, LAST_PRIMARY, Roll
from evalib.sampling.schools import Codes, Random, Sections

# What becomes of those who leave the district before the last grade.
FATES = (("transferred_out", 0.935), ("left", 0.05), ("died", 0.015))
RETURNING_SHARE = 0.75
ROOMS = 100


@dataclass(frozen=True)
class Register:
    """One year: a row a pupil and school.

    Attributes
    ----------
    pupil, section, grade, room
        (M,) as in a roll; who is gone keeps the class of the year before, a grade higher.
    status
        (M,) status at the end of the year.
    """

    pupil: Codes
    section: Codes
    grade: Codes
    room: Codes
    status: npt.NDArray[np.str_]


def invent_registers(rng: Random, plan: Sections, rolls: list[Roll]) -> list[Register]:
    """Registers for the rolls of successive years.

    Who leaves a school between two years stands in its register of the second, marked
    as gone, and, if he only went to another, in that one's too. Pupils of the last
    grade are graduated, those included who came in that year. A suspended pupil comes
    back to the same grade or goes elsewhere; who came back is in the register from
    then on and in no other table.
    """
    registers: list[Register] = []
    returned = _nobody()
    for year, roll in enumerate(rolls):
        parts = [_taught(roll)]
        if year:
            before = rolls[year - 1]
            returned = _back(rng, plan, before, roll, returned)
            parts += [
                _gone(rng, before, roll),
                _elsewhere(before, roll),
                _not_back(before, returned),
                returned,
            ]
        registers.append(_together(parts))
    return registers


def _taught(roll: Roll) -> Register:
    leaving = np.isin(roll.grade, [LAST_PRIMARY, LAST_JUNIOR])
    usual = np.where(leaving, "graduated", np.where(roll.arrived, "transferred_in", "enrolled"))
    status = np.where(roll.suspended, "suspended", usual)
    return Register(roll.pupil, roll.section, roll.grade, roll.room, status)


def _gone(rng: Random, before: Roll, roll: Roll) -> Register:
    """Those who left the district between two grades of one stage."""
    final = np.isin(before.grade, [LAST_PRIMARY, LAST_JUNIOR])
    left = np.flatnonzero(~np.isin(before.pupil, roll.pupil) & ~final & ~before.suspended)
    words, shares = zip(*FATES, strict=True)
    status = rng.choice(np.array(words), size=len(left), p=np.array(shares))
    return Register(
        before.pupil[left], before.section[left], before.grade[left] + 1, before.room[left], status
    )


def _elsewhere(before: Roll, roll: Roll) -> Register:
    """In the register of the school they came from: those who changed school within the district."""
    place = _places(before.pupil, roll.pupil[roll.arrived])
    grade = roll.grade[roll.arrived][place >= 0]
    place = place[place >= 0]
    status = np.full(len(place), "transferred_out")
    return Register(before.pupil[place], before.section[place], grade, before.room[place], status)


def _back(rng: Random, plan: Sections, before: Roll, roll: Roll, returned: Register) -> Register:
    """Those back from suspension, and those who came back earlier, a grade higher."""
    again = before.suspended & (rng.random(len(before.pupil)) < RETURNING_SHARE)
    staying = returned.grade < LAST_JUNIOR
    grade = returned.grade[staying] + 1
    section = returned.section[staying]
    crossing = grade == LAST_PRIMARY + 1
    section = np.where(crossing, plan.receivers[section, 0], section)
    pupil = np.concatenate([before.pupil[again], returned.pupil[staying]])
    section = np.concatenate([before.section[again], section])
    repeating = np.arange(len(pupil)) < again.sum()
    grade = np.concatenate([before.grade[again], grade])
    room = np.concatenate([before.room[again], returned.room[staying]])
    # Only classes that exist: their number may have shrunk.
    highest = np.ones(len(plan) * ROOMS, np.int64)
    np.maximum.at(highest, roll.section * ROOMS + roll.grade, roll.room)
    room = np.minimum(room, highest[section * ROOMS + grade])
    final = np.isin(grade, [LAST_PRIMARY, LAST_JUNIOR])
    status = np.where(final, "graduated", np.where(repeating, "repeating", "enrolled"))
    return Register(pupil, section, grade, room, status)


def _not_back(before: Roll, returned: Register) -> Register:
    """Suspended pupils who went elsewhere."""
    away = np.flatnonzero(before.suspended & ~np.isin(before.pupil, returned.pupil))
    status = np.full(len(away), "transferred_out")
    return Register(before.pupil[away], before.section[away], before.grade[away], before.room[away], status)


def _places(numbers: Codes, wanted: Codes) -> Codes:
    """Where each wanted number stands among ascending numbers, -1 where it does not."""
    place = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    found: Codes = np.where(numbers[place] == wanted, place, -1)
    return found


def _nobody() -> Register:
    none = np.zeros(0, np.int64)
    return Register(none, none, none, none, np.zeros(0, dtype=str))


def _together(parts: list[Register]) -> Register:
    fields = Register.__dataclass_fields__
    return Register(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})
