"""What the files of params/standards/ may hold: rules that others decided, in a form of our own."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from evalib.settings.models import Strict

Sex = Literal["male", "female"]
SEXES: tuple[Sex, ...] = ("male", "female")
GRADES = range(1, 10)
BODY_MASS_INDEX = "body_mass_index"


class FitnessWeights(Strict):
    """Which items some grades are tested in, and the weight of each in percent."""

    grades: list[int] = Field(min_length=1)
    sexes: list[Sex] = Field(default=["male", "female"], min_length=1)
    items: dict[str, int]

    @model_validator(mode="after")
    def _whole(self) -> FitnessWeights:
        if sum(self.items.values()) != 100 or min(self.items.values()) <= 0:
            raise ValueError(f"the weights of grades {self.grades} do not sum to 100")
        return self


class FitnessItem(Strict):
    """The steps of an item: by sex and grade the value from which each score is reached."""

    better: Literal["higher", "lower"]
    scores: list[int] = Field(min_length=1)
    male: dict[int, list[float | None]] = Field(default={})
    female: dict[int, list[float | None]] = Field(default={})

    @model_validator(mode="after")
    def _steps(self) -> FitnessItem:
        if not _strictly(self.scores, falling=True):
            raise ValueError("scores must fall from high to low")
        for sex in SEXES:
            for grade, row in self.of(sex).items():
                known = [value for value in row if value is not None]
                if len(row) != len(self.scores) or not _strictly(known, falling=self.better == "higher"):
                    raise ValueError(f"{sex}, grade {grade}: one value a score, from the best to the worst")
        return self

    def of(self, sex: str) -> dict[int, list[float | None]]:
        """The rows of one sex, by grade."""
        return self.male if sex == "male" else self.female


class BodyMassScores(Strict):
    """The score of each band of the body mass index."""

    underweight: int
    normal: int
    overweight: int
    obese: int


class BodyMassBands(Strict):
    """The bands of the body mass index: by sex and grade [normal from, normal to, obese from]."""

    scores: BodyMassScores
    male: dict[int, list[float]]
    female: dict[int, list[float]]

    @model_validator(mode="after")
    def _bands(self) -> BodyMassBands:
        for sex in SEXES:
            if list(self.of(sex)) != list(GRADES):
                raise ValueError(f"{sex}: one row for each of grades 1 to 9")
            for grade, row in self.of(sex).items():
                if len(row) != 3 or not _strictly(row, falling=False):
                    raise ValueError(f"{sex}, grade {grade}: normal from, normal to, obese from")
        return self

    def of(self, sex: str) -> dict[int, list[float]]:
        """The rows of one sex, by grade."""
        return self.male if sex == "male" else self.female


class FitnessBonus(Strict):
    """Points for going beyond the value that scores 100."""

    grades: list[int] = Field(min_length=1)
    points: list[int] = Field(min_length=1)
    beyond: list[float]

    @model_validator(mode="after")
    def _steps(self) -> FitnessBonus:
        same = len(self.points) == len(self.beyond)
        if not same or not _strictly(self.points, falling=False) or not _strictly(self.beyond, falling=False):
            raise ValueError("points and beyond must rise together")
        return self


class FitnessBonuses(Strict):
    """Bonus of each item that has one, and the most that a pupil can get in all."""

    at_most: int = Field(ge=0)
    items: dict[str, FitnessBonus]


class FitnessParams(Strict):
    """`standards/fitness_2014.yaml`: the national fitness standard for grades 1 to 9."""

    dated: datetime.date
    source: str
    weights: list[FitnessWeights]
    body_mass_index: BodyMassBands
    items: dict[str, FitnessItem]
    bonus: FitnessBonuses

    @model_validator(mode="after")
    def _every_grade(self) -> FitnessParams:
        pairs = [(sex, grade) for one in self.weights for sex in one.sexes for grade in one.grades]
        if sorted(pairs) != sorted((sex, grade) for sex in SEXES for grade in GRADES):
            raise ValueError("weights must hold each of grades 1 to 9 once for either sex")
        for sex, grade in pairs:
            for item in self.weights_of(sex, grade):
                known = item == BODY_MASS_INDEX or (item in self.items and grade in self.items[item].of(sex))
                if not known:
                    raise ValueError(f"{sex}, grade {grade}: {item} has a weight and no steps")
        unknown = set(self.bonus.items) - set(self.items)
        if unknown:
            raise ValueError(f"bonus for unknown items: {', '.join(sorted(unknown))}")
        return self

    def weights_of(self, sex: str, grade: int) -> dict[str, int]:
        """The items and weights of one sex and grade."""
        return next(one.items for one in self.weights if grade in one.grades and sex in one.sexes)


def _strictly(values: list[float] | list[int], *, falling: bool) -> bool:
    steps = [after - before for before, after in pairwise(values)]
    return all(step < 0 if falling else step > 0 for step in steps)
