"""巩固率: what became of an entering cohort, from the rolls of all its years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

OFF_ROLL = ("transferred_out", "left", "died")
# On arriving in the entering grade: not of those who entered there.
ARRIVING = ("transferred_in", "repeating")
COUNTS = ("entrants", "died", "graduated", "transferred_in", "transferred_out", "open_transfers")


def retention_rate(
    entrants: Floats, died: Floats, graduated: Floats, transferred_in: Floats, transferred_out: Floats
) -> Floats:
    """Which share of an entering cohort was kept to the end of the stage.

    Parameters
    ----------
    entrants, died, graduated, transferred_in, transferred_out
        (J,) pupils, see `cohort_counts`; `graduated` includes those who transferred in.

    Returns
    -------
    (J,) (graduated + transferred_out − transferred_in) / (entrants − died). It can exceed
    1 where an arrival was not recorded, so it is a figure of record without an interval.
    NaN where nobody entered.

    Examples
    --------
    >>> one = np.array([40.0])
    >>> retention_rate(one, 0 * one, 0 * one + 39, 0 * one + 2, 0 * one + 1).round(4)
    array([0.95])
    """
    under = entrants - died
    over = graduated + transferred_out - transferred_in
    rate: Floats = np.divide(over, under, out=np.full(np.shape(under), np.nan), where=under > 0)
    return rate


def cohort_counts(rolls: Sequence[pd.DataFrame], stage: str, first_grade: int) -> pd.DataFrame:
    """How many entered a section together, came, went, died and graduated.

    Parameters
    ----------
    rolls
        The district's pupil tables of the cohort's years, the entering year first: pupil,
        school_code, stage, grade, status. The cohort is in `first_grade` in the first, a
        grade higher in each of the others.
    stage, first_grade
        Which cohort.

    Returns
    -------
    A row a section, by school_code:
    `entrants` in the entering grade, but for those who transferred in or repeat it;
    `transferred_in` these, and whoever is in the cohort without having been on its roll
    the year before, whatever the status says, those who repeat a grade included;
    `transferred_out` those with this status, and those who the year after are on another
    roll of the district or in another grade; `died`; `graduated` in the last grade.
    Whoever is found nowhere without a reason is not kept.
    `open_transfers`: of the transferred out those on no roll of the district in that year
    or later; they may have arrived elsewhere or nowhere.

    Raises
    ------
    ValueError
        There is no roll.

    Examples
    --------
    >>> first = pd.DataFrame({"pupil": ["a", "b", "c"], "school_code": "s", "stage": "junior", "grade": 7})
    >>> last = first.assign(grade=8)
    >>> last["status"] = ["graduated", "left", "transferred_out"]
    >>> cohort_counts([first.assign(status="enrolled"), last], "junior", 7).loc["s"].to_list()
    [3, 0, 1, 0, 1, 1]
    """
    if not rolls:
        raise ValueError("a cohort needs the rolls of its years")
    # Texts are slow to look up; numbers say the same.
    pupil, pupils = pd.factorize(pd.concat([roll["pupil"] for roll in rolls]))
    school, schools = pd.factorize(pd.concat([roll["school_code"] for roll in rolls]))
    year = np.repeat(np.arange(len(rolls)), [len(roll) for roll in rolls])
    status = pd.concat([roll["status"] for roll in rolls])
    on_roll = ~status.isin(OFF_ROLL).to_numpy()
    seen = np.zeros((len(rolls), len(pupils)), dtype=bool)
    seen[year[on_roll], pupil[on_roll]] = True
    in_cohort = np.concatenate(
        [
            (roll["stage"].eq(stage) & roll["grade"].eq(first_grade + k)).to_numpy()
            for k, roll in enumerate(rolls)
        ]
    )
    counts = np.zeros((len(COUNTS), len(schools)), dtype=np.int64)

    def count(name: str, where: Codes) -> None:
        counts[COUNTS.index(name)] += np.bincount(where, minlength=len(schools))

    place = school * np.int64(len(pupils)) + pupil
    before = np.zeros(0, np.int64)
    for now in range(len(rolls)):
        rows = np.flatnonzero(in_cohort & (year == now))
        # A pupil entered twice counts once, as the later row says.
        rows = rows[~pd.Series(place[rows]).duplicated(keep="last").to_numpy()]
        word, at = status.iloc[rows], school[rows]
        if now == 0:
            came = word.isin(ARRIVING).to_numpy()
            count("entrants", at[~came])
        else:
            came = ~np.isin(place[rows], before)
            gone = before[~np.isin(before, place[rows])]
            count("transferred_out", gone[seen[now, gone % len(pupils)]] // len(pupils))
        out = word.eq("transferred_out").to_numpy()
        count("transferred_in", at[came])
        count("transferred_out", at[out])
        found = seen[now:, pupil[rows]].any(axis=0)
        count("open_transfers", at[out & ~found])
        count("died", at[word.eq("died").to_numpy()])
        if now == len(rolls) - 1:
            count("graduated", at[word.eq("graduated").to_numpy()])
        before = place[rows[on_roll[rows]]]
    table = pd.DataFrame(dict(zip(COUNTS, counts, strict=True)), index=pd.Index(schools, name="school_code"))
    return table[table.any(axis=1)].sort_index()
