"""特色特长 of one stage: activities, awards, fields and features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.measures import talents
from evalib.records import Codes, Reasons
from evalib.review.stage import Builder, Figures, PupilFigures, SectionFigures, Stage
from evalib.settings import IndicatorParams
from evalib.settings.indicators import AWARD_LEVELS
from evalib.statistics.intervals import normal_interval
from evalib.vocabulary import Reason

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HUNDRED = 100.0
AWARDS = ["work", "pupil", "school_code", "stage", "level", "place", "team_size", "listed"]


@dataclass(frozen=True)
class _Activities:
    """(R,) whose hours in which field; (J,) why a section has no figure, or empty."""

    pupil: Codes
    hours: Floats
    field: Codes
    fields: int
    because: Reasons


@dataclass(frozen=True)
class _Awards:
    """Who has which part of which work; why a section has no figure, or empty.

    (S,) work, pupil (−1: none named), section, points; (J,) because, of points and of
    pupils with awards.
    """

    work: Codes
    pupil: Codes
    section: Codes
    points: Floats
    because: Reasons
    because_of_pupils: Reasons


def activity_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils on the roll with enough hours in one activity."""
    if not isinstance(indicator.cut, float | int):
        raise ValueError(f"{indicator.measure} needs a number for a cut")
    took_part = _activities(stage)
    values = talents.activity_reached(took_part.pupil, took_part.hours, float(indicator.cut), stage.pupils)
    # Where no hour at all is written down, those without a row would be all that is left.
    timed = took_part.pupil[np.isfinite(took_part.hours)]
    because = _where_none(took_part.because, _present(stage, stage.one.section[timed]))
    return [PupilFigures(indicator, "", _silent(stage, values, because), _on_roll(stage), because)]


def field_breadth(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Effective number of fields that those who take part in an activity are spread over."""
    took_part = _activities(stage)
    known = took_part.field >= 0
    pupil = took_part.pupil[known]
    breadth = talents.field_breadth(
        pupil, took_part.field[known], stage.one.section[pupil], stage.sections, took_part.fields
    )
    return [
        SectionFigures(
            indicator,
            "",
            breadth.value,
            breadth.variance,
            breadth.participants.astype(float),
            _on_roll(stage).astype(float),
            _where_none(took_part.because, breadth.participants > 0),
        )
    ]


def achiever_share(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Share of pupils on the roll with an award at a listed event."""
    awards = _awards(stage)
    values = np.zeros(stage.pupils)
    values[awards.pupil[awards.pupil >= 0]] = 1.0
    values = _silent(stage, values, awards.because_of_pupils)
    return [PupilFigures(indicator, "", values, _on_roll(stage), awards.because_of_pupils)]


def achievement_points(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Points for awards per 100 pupils on the roll."""
    awards, on_roll = _awards(stage), _on_roll(stage)
    params = stage.settings.measures.talents
    points = talents.section_points(
        awards.work,
        awards.pupil,
        awards.section,
        awards.points,
        on_roll,
        cap=params.cap,
        minimum_achievers=params.minimum_achievers,
    )
    counted = awards.because == ""
    named = awards.pupil >= 0
    mean, variance = HUNDRED * points.mean, HUNDRED**2 * points.variance
    # Points are skew and never negative: the interval is that of log(1 + x).
    low, high = (np.expm1(end) for end in normal_interval(np.log1p(mean), np.sqrt(variance) / (1.0 + mean)))
    earned = np.bincount(awards.pupil[named], weights=awards.points[named], minlength=stage.pupils)
    of_pupil: Floats = HUNDRED * np.minimum(earned, params.cap)
    return [
        SectionFigures(
            indicator,
            "",
            np.where(counted, mean, np.nan),
            np.where(counted, variance, np.nan),
            np.where(counted, on_roll, 0).astype(float),
            on_roll.astype(float),
            awards.because,
            low=low,
            high=high,
            values=_silent(stage, of_pupil, awards.because),
            more={"design_effect": np.nan},
        )
    ]


def recognised_features(indicator: IndicatorParams, stage: Stage) -> list[Figures]:
    """Number of titles that the list of schools gives each section; none is 0."""
    schools = stage.district.table("schools")
    on_roll = _on_roll(stage).astype(float)
    nothing = np.full(stage.sections, np.nan)
    if schools is None or "titles" not in schools or schools["titles"].isna().all():
        because = stage.reasons(Reason.NO_DATA)
        return [SectionFigures(indicator, "", nothing, nothing, on_roll, on_roll, because)]
    own = schools[schools["stage"].eq(stage.one.stage)].set_index("school_code")["titles"]
    counts = talents.title_counts(own.reindex(stage.one.codes).to_numpy(object))
    return [SectionFigures(indicator, "", counts, nothing, on_roll, on_roll, stage.reasons())]


def _activities(stage: Stage) -> _Activities:
    took_part: _Activities = stage.once("activities", lambda: _read_activities(stage))
    return took_part


def _read_activities(stage: Stage) -> _Activities:
    table = stage.district.table("activities")
    if table is None:
        nobody = np.zeros(0, np.int64)
        return _Activities(nobody, np.zeros(0), nobody, 1, stage.reasons(Reason.NO_DATA))
    table = table.reindex(columns=["pupil", "hours", "field"])
    row = stage.one.rows_of(table["pupil"])
    # Codes of the whole district, so that breadth has one ceiling for all its sections.
    field, names = pd.factorize(table["field"], sort=True)
    inside = row >= 0
    hours = _numbers(table["hours"])
    because = _where_none(stage.reasons(), _present(stage, stage.one.section[row[inside]]))
    return _Activities(
        row[inside], hours[inside], field[inside].astype(np.int64), max(len(names), 1), because
    )


def _awards(stage: Stage) -> _Awards:
    awards: _Awards = stage.once("achievements", lambda: _read_awards(stage))
    return awards


def _read_awards(stage: Stage) -> _Awards:
    table = stage.district.table("achievements")
    if table is None:
        return _no_awards(stage.reasons(Reason.NO_DATA))
    table = table.reindex(columns=AWARDS).reset_index(drop=True)
    table["stage"] = _stages(stage, table)
    row, section = _holders(stage, table)
    if table["listed"].isna().all():
        if (section >= 0).any():
            stage.note("awards_without_list")
        return _no_awards(stage.reasons(Reason.NO_DATA))
    because = _where_none(stage.reasons(), _present(stage, section[section >= 0]))
    listed = table["listed"].fillna(False).to_numpy(bool)
    left_out = int((~listed & (section >= 0)).sum())
    if left_out:
        stage.note("awards_not_listed", {"count": left_out})
    awards = _split(stage, table[listed], row[listed], section[listed])
    return _without_pupils(stage, awards, because)


def _holders(stage: Stage, table: pd.DataFrame) -> tuple[Codes, Codes]:
    """(R,) the pupil's row on the roll of the stage, or −1; (R,) the section, or −1 if of another stage."""
    named = table["pupil"].notna().to_numpy()
    row = np.where(named, stage.one.rows_of(table["pupil"]), -1)
    section = np.full(len(table), -1, np.int64)
    section[row >= 0] = stage.one.section[row[row >= 0]]
    of_school = ~named & table["stage"].eq(stage.one.stage).to_numpy(bool)
    code = pd.Index(stage.one.codes).get_indexer(pd.Index(table["school_code"]))
    # Points are a pupil's share: a section with nobody on the roll has none to give.
    code = np.where((code >= 0) & (_on_roll(stage)[code] > 0), code, -1)
    section[of_school] = code[of_school]
    return row, section


def _stages(stage: Stage, table: pd.DataFrame) -> pd.Series[str]:
    """The stage of each award; a school of one stage need not say which."""
    single = stage.district.sections.drop_duplicates("school_code", keep=False)
    known: pd.Series[str] = table["school_code"].map(single.set_index("school_code")["stage"])
    return table["stage"].where(table["stage"].notna(), known)


def _split(stage: Stage, table: pd.DataFrame, row: Codes, section: Codes) -> _Awards:
    """The listed awards with their points, teams split over the whole district's members."""
    work = pd.factorize(table["work"])[0].astype(np.int64)
    named = table["pupil"].notna().to_numpy()
    # A missing stage or school is a holder too: somebody else has that part.
    school = table["school_code"].astype("str").fillna("") + "/" + table["stage"].astype("str").fillna("")
    holder = pd.factorize(table["pupil"].astype("str").where(named, "school " + school))[0].astype(np.int64)
    points = {level: stage.settings.measures.talents.points[level] for level in AWARD_LEVELS}
    earned = talents.award_points(table["level"].to_numpy(object), table["place"].to_numpy(object), points)
    size = _numbers(table["team_size"])
    shares = talents.split_points(work, holder, named, earned, size)
    first = np.zeros(int(holder.max()) + 1 if holder.size else 0, np.int64)
    first[holder[::-1]] = np.arange(len(holder))[::-1]
    pupil, home = row[first[shares.holder]], section[first[shares.holder]]
    here = home >= 0
    nothing = stage.reasons()
    return _Awards(shares.work[here], pupil[here], home[here], shares.points[here], nothing, nothing)


def _without_pupils(stage: Stage, awards: _Awards, because: Reasons) -> _Awards:
    """The same with reasons; who has an award is not known where no work of a section names a pupil."""
    unnamed = np.bincount(awards.section[awards.pupil < 0], minlength=stage.sections)
    some_named = _present(stage, awards.section[awards.pupil >= 0])
    for position in np.flatnonzero(unnamed):
        stage.note("works_without_pupils", {"count": int(unnamed[position])}, stage.one.codes[position])
    of_pupils = _where_none(because, (unnamed == 0) | some_named)
    return _Awards(awards.work, awards.pupil, awards.section, awards.points, because, of_pupils)


def _no_awards(because: Reasons) -> _Awards:
    nobody = np.zeros(0, np.int64)
    return _Awards(nobody, nobody, nobody, np.zeros(0), because, because)


def _numbers(column: pd.Series[Any]) -> Floats:
    return np.asarray(column.astype("Float64").to_numpy(float, na_value=np.nan), dtype=float)


def _on_roll(stage: Stage) -> Codes:
    return stage.count(np.ones(stage.pupils, dtype=bool))


def _present(stage: Stage, section: Codes) -> Bools:
    """(J,) the sections that occur."""
    there = np.zeros(stage.sections, dtype=bool)
    there[section] = True
    return there


def _where_none(because: Reasons, there: Bools) -> Reasons:
    """The reasons, and "no_data" where there is nothing."""
    return np.where((because == "") & ~there, Reason.NO_DATA.value, because).astype(object)


def _silent(stage: Stage, values: Floats, because: Reasons) -> Floats:
    """Pupils of a section that handed in nothing do not count, not even as zeros."""
    return np.where(because[stage.one.section] == "", values, np.nan)


BUILDERS: dict[str, Builder] = {
    "activity_share": activity_share,
    "achiever_share": achiever_share,
    "achievement_points": achievement_points,
    "field_breadth": field_breadth,
    "recognised_features": recognised_features,
}
