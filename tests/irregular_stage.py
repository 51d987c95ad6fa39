"""An invented stage with every irregularity that a rule speaks of, and its review."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalib.review.yearly import review_year
from evalib.settings import Settings, load_settings
from evalib.store import Store

Tables = dict[tuple[str, str], pd.DataFrame]

LAST, NOW = "2023-2024", "2024-2025"
SILENT, SMALL, NEWLY_BUILT = "s10", "s11", "s12"
# Grades 4 and 5 sit this year, 3 and 4 sat last year; grade 2 never does.
SUBJECTS = ("chinese", "mathematics")
OWN_PASS_CUT = 0.7


def with_params(settings: Settings, *, denominator: str = "entered", **growth: float) -> Settings:
    measures = settings.measures
    changed = measures.model_copy(
        update={"growth": measures.growth.model_copy(update=growth), "denominator": denominator}
    )
    return replace(settings, measures=changed)


SETTINGS = with_params(
    load_settings(Path(__file__).parents[1] / "params" / "sample.yaml"), bootstrap_draws=60
)


def _people(rng: np.random.Generator) -> pd.DataFrame:
    """On the roll this year: 13 primary schools, grades 2, 4 and 5, two or three classes of unequal size."""
    rows = []
    for position in range(13):
        code = f"s{position:02d}"
        of_section = 0.45 * rng.normal()
        for grade in (2, 4, 5):
            for name in "abc"[: 2 + (position + grade) % 2]:
                of_class = 0.25 * rng.normal()
                size = 5 if code == SMALL else int(rng.integers(8, 19))
                rows += [(code, grade, name, of_section + of_class) for _ in range(size)]
    people = pd.DataFrame(rows, columns=["school_code", "grade", "class", "push"])
    people.insert(0, "pupil", [f"p{number:04d}" for number in range(len(people))])
    people["stage"] = "primary"
    people["status"] = "enrolled"
    people["before"] = rng.normal(size=len(people))
    curve = 0.6 * people["before"] + 0.25 * people["before"] ** 2
    people["after"] = curve + people["push"] + 0.5 * rng.normal(size=len(people))
    return people


def _papers(grades: tuple[int, ...], *, english: bool) -> pd.DataFrame:
    rows = [
        {
            "paper": f"{grade}-{subject}",
            "term": "second",
            "grade": grade,
            "subject": subject,
            "full_mark": 120.0,
            "comparable": True,
            "pass_cut": OWN_PASS_CUT if (grade, subject) == (5, "mathematics") else None,
        }
        for grade in grades
        for subject in SUBJECTS
    ]
    if english:
        # One says it is not common to the district, one does not say.
        for grade, comparable in zip(grades, (False, None), strict=True):
            rows.append({**rows[0], "paper": f"{grade}-english", "subject": "english", "grade": grade})
            rows[-1]["comparable"] = comparable
    table = pd.DataFrame(rows).astype({"pass_cut": float, "comparable": "boolean"})
    return table.assign(excellent_cut=np.nan, low_cut=np.nan)


def _marks(rng: np.random.Generator, people: pd.DataFrame, level: str, papers: pd.DataFrame) -> pd.DataFrame:
    joined = people.merge(papers[["paper", "grade"]], on="grade")
    mark = 66 + 20 * joined[level] + 9 * rng.normal(size=len(joined))
    joined["score"] = np.clip(np.round(mark * 2) / 2, 0, 120)
    return joined[["pupil", "school_code", "paper", "score"]].assign(sat="present")


def _set(scores: pd.DataFrame, rows: pd.Series, sat: str, score: float = math.nan) -> None:
    scores.loc[rows, "sat"] = sat
    scores.loc[rows, "score"] = score


def invented() -> Tables:
    """Two years with every irregularity that a rule speaks of."""
    rng = np.random.default_rng(20260901)
    people = _people(rng)
    before = people.assign(grade=people["grade"] - 1)
    papers = {LAST: _papers((3, 4), english=False), NOW: _papers((4, 5), english=True)}

    def some(code: str, grade: int, count: int, start: int = 0) -> pd.Index:
        here = people[people["school_code"].eq(code) & people["grade"].eq(grade)]
        return here.index[start : start + count]

    repeating, skipping = some("s01", 4, 3), some("s02", 5, 2)
    before.loc[repeating, "grade"] = 4
    before.loc[skipping, "grade"] = 3
    # In another school last year, which they left; they are on the roll here now.
    moved = some("s03", 5, 3)
    before.loc[moved, ["school_code", "status"]] = ["s04", "transferred_out"]
    people.loc[some("s05", 5, 4), "status"] = "left"
    people.loc[some("s06", 4, 2), "status"] = "transferred_out"
    people.loc[some("s07", 4, 2), "status"] = "transferred_in"
    people.loc[some("s08", 5, 3), "class"] = None
    last = _marks(rng, before, "before", papers[LAST])
    now = _marks(rng, people, "after", papers[NOW])
    for position in range(10):
        of_school = people.index[people["school_code"].eq(f"s{position:02d}")]
        ids = people.loc[rng.choice(of_school, 8, replace=False), "pupil"].to_numpy()
        _set(now, now["pupil"].isin(ids[:2]), "absent")
        _set(now, now["pupil"].isin(ids[2:4]) & now["paper"].str.endswith("chinese"), "absent")
        _set(now, now["pupil"].isin(ids[4:6]) & now["paper"].str.endswith("mathematics"), "exempt")
        _set(now, now["pupil"].isin(ids[6:7]), "exempt")
        # Whatever stands beside a voided paper is no mark.
        _set(now, now["pupil"].isin(ids[7:]) & now["paper"].str.endswith("chinese"), "voided", 120.0)
        _set(last, last["pupil"].isin(ids[3:4]) & last["paper"].str.endswith("chinese"), "voided", 120.0)
    now = now[~now["school_code"].eq(SILENT)]
    gone = people.loc[some("s07", 4, 2), "pupil"]
    newly = people.loc[people["school_code"].eq(NEWLY_BUILT), "pupil"].iloc[::2]
    before = before[~before["pupil"].isin([*gone, *newly])]
    last = last[last["pupil"].isin(before["pupil"])]
    found: Tables = {}
    columns = ["pupil", "school_code", "stage", "grade", "class", "status"]
    for year, roll, scores in ((LAST, before, last), (NOW, people, now)):
        found["pupils", year] = roll[columns].reset_index(drop=True)
        found["papers", year] = papers[year]
        found["scores", year] = scores.reset_index(drop=True)
        found["schools", year] = people[["school_code", "stage"]].drop_duplicates(ignore_index=True)
    return found


def measurements(root: Path, found: Tables, settings: Settings = SETTINGS) -> pd.DataFrame:
    store = Store(root / "store")
    store.write(found)
    return review_year(store, settings, NOW).measurements


def printed(table: pd.DataFrame, indicator: str, subject: str = "") -> pd.DataFrame:
    found = table[table["indicator"].eq(indicator) & table["subject"].eq(subject)]
    return found.set_index("school_code").sort_index()


def changed(tables: Tables, name: str, year: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Tables:
    return {**tables, (name, year): change(tables[name, year].copy()).reset_index(drop=True)}
