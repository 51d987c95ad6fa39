"""Numbers of years, sections and pupils → the keys and codes of clean tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.intake.schemas import SCHEMAS
from evalib.sampling.pupils import LAST_PRIMARY
from evalib.sampling.schools import Codes, Sections


@dataclass(frozen=True)
class Keys:
    """What stands for numbers in clean tables.

    Attributes
    ----------
    years
        Names of the school years.
    pupils
        Key of each pupil.
    codes, stages
        School code and stage of each section.
    """

    years: list[str]
    pupils: pd.Series[str]
    codes: pd.Series[str]
    stages: pd.Series[str]

    def of_year(self, rows: pd.DataFrame, year: int, *, pupil: Codes | None = None) -> pd.DataFrame:
        """Rows with `year` and, by number, `pupil` in front; -1 is no pupil."""
        rows.insert(0, "year", pd.Series(self.years[year], index=rows.index, dtype="str"))
        if pupil is not None:
            rows.insert(1, "pupil", _taken(self.pupils, pupil))
        return rows

    def placed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with `school_code` and `stage` in place of `section`; -1 is no section."""
        section = rows.pop("section").to_numpy(np.int64)
        return rows.assign(school_code=_taken(self.codes, section), stage=_taken(self.stages, section))


def keys_of(plan: Sections, years: list[str], pupils: int) -> Keys:
    """The keys of a district with so many pupils."""
    return Keys(
        years=years,
        pupils=pd.Series(pupil_keys(np.arange(pupils)), dtype="str"),
        codes=plan.table["school_code"].astype("str").reset_index(drop=True),
        stages=plan.table["stage"].astype("str").reset_index(drop=True),
    )


def typed(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The schema's columns in its order and types."""
    dtypes = SCHEMAS[name].dtypes
    columns = [column for column in dtypes if column in rows]
    return rows[columns].astype({column: dtypes[column] for column in columns})


def stages_of(grade: Codes) -> npt.NDArray[np.str_]:
    """The stage of each grade."""
    return np.where(grade <= LAST_PRIMARY, "primary", "junior")


def pupil_keys(number: Codes) -> npt.NDArray[np.str_]:
    """Keys such as P00000001."""
    return np.char.add("P", np.char.zfill((number + 1).astype(str), 8))


def teacher_keys(number: Codes) -> npt.NDArray[np.str_]:
    """Keys such as T0000001."""
    return np.char.add("T", np.char.zfill((number + 1).astype(str), 7))


def class_names(room: Codes) -> npt.NDArray[np.str_]:
    """Classes such as 1班."""
    return np.char.add(room.astype(str), "班")


def _taken(words: pd.Series[str], number: Codes) -> pd.Series[str]:
    found = words.take(np.maximum(number, 0)).reset_index(drop=True)
    return found.mask(pd.Series(number < 0)) if (number < 0).any() else found
