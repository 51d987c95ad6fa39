"""One stage under review, and what a measure hands back: pupils' figures or sections' figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evalib.records import Codes, DistrictYear, Reasons, StageYear
from evalib.settings import IndicatorParams, Settings
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
# A remark on the data: which stage and school it concerns, its sentence, and the sentence's fields.
Note = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One stage of one district and year, as every builder of figures sees it.

    Attributes
    ----------
    one
        Sections, pupils and score records of the stage, as codes.
    district
        The whole year: earlier years' records and the other tables.
    settings
        Indicators, cuts, limits.
    notes
        What a reader must know of the data; builders append to it.
    kept
        What several indicators share and is worth computing once, by name.
    """

    one: StageYear
    district: DistrictYear
    settings: Settings
    notes: list[Note] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, computed the first time it is asked for."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def note(self, key: str, fields: Note | None = None, school_code: str = "") -> None:
        """A remark on every section of the stage, or on one school's."""
        remark = {"stage": self.one.stage, "school_code": school_code, "note": key, "fields": fields or {}}
        if remark not in self.notes:
            self.notes.append(remark)

    @property
    def sections(self) -> int:
        """How many sections the stage has."""
        return len(self.one.codes)

    def reasons(self, reason: Reason | str = "") -> Reasons:
        """(sections,) the same reason for every section, or none."""
        return np.full(self.sections, str(reason), dtype=object)

    def count(self, counted: npt.NDArray[np.bool_]) -> Codes:
        """(sections,) how many of the pupils marked each section has."""
        return np.bincount(self.one.section[counted], minlength=self.sections).astype(np.int64)

    @property
    def pupils(self) -> int:
        """How many pupils are on the stage's roll."""
        return len(self.one.section)


@dataclass(frozen=True)
class PupilFigures:
    """An indicator that is a mean over pupils on the roll.

    Attributes
    ----------
    indicator, subject
        Which indicator, of which subject ("" for all together).
    values
        (N,) each pupil's figure; NaN where the pupil does not count.
    expected
        (J,) pupils who should count.
    because
        (J,) the reason why a section has no figure, or empty.
    centred
        Whether the figure printed is the difference from the reference.
    class_correlation
        A class correlation that is known better than by pooling within grades.
    more
        (J,) further columns of the measurements table.
    """

    indicator: IndicatorParams
    subject: str
    values: Floats
    expected: Codes
    because: Reasons
    centred: bool = False
    class_correlation: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SectionFigures:
    """An indicator that is not a mean over pupils on the roll.

    Attributes
    ----------
    indicator, subject
        As in `PupilFigures`.
    value, variance
        (J,) figures and their sampling variances; a variance of NaN marks a figure of
        record, which has no interval and no standing.
    n, expected
        (J,) those who count, and those who should.
    because
        (J,) the reason why a section has no figure, or empty.
    low, high
        (J,) its own interval, where it is not the normal one.
    values
        (N,) pupils' figures behind it, where it is a mean over the pupils on the roll whose
        own variance is another one; a score takes its covariance with other indicators
        from them.
    centred
        Whether the values are differences from the reference already.
    more
        (J,) further columns of the measurements table.
    """

    indicator: IndicatorParams
    subject: str
    value: Floats
    variance: Floats
    n: Floats
    expected: Codes
    because: Reasons
    low: Floats | None = None
    high: Floats | None = None
    values: Floats | None = None
    centred: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


Figures = PupilFigures | SectionFigures
Builder = Callable[[IndicatorParams, Stage], list[Figures]]
