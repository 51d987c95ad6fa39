"""What tables must say together: keys once, schools known, marks possible."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pandera.errors import SchemaErrors

from evalib.errors import Fault
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.intake.schemas import GONE, SCHEMAS
from evalib.intake.scoresheets import among, joined, marks_above_full

# Tables whose rows belong to a school, and the column that names the school.
_OF_SCHOOLS = ("pupils", "scores", "teachers", "resources", "achievements", "survey")
# Fewer pupils, or fewer different words for classes, say nothing about what a column holds.
ENOUGH_PUPILS = 20
USUAL_CLASS_WORDS = 10


def missing_values(name: str, frame: pd.DataFrame, headers: Headers, told: list[Fault]) -> list[Fault]:
    """Needed cells that are blank; cells already told to be unreadable are not told twice."""
    known = {(fault.file, fault.sheet, fault.column, row) for fault in told for row in fault.rows}
    faults: list[Fault] = []
    for column in ("year", *SCHEMAS[name].demanded):
        for fault in faults_at(frame, frame[column].isna(), column, "missing_value", headers):
            if column == "year" and not fault.column:
                continue  # The sheet has no such column: that is told once.
            rows = tuple(
                row for row in fault.rows if (fault.file, fault.sheet, fault.column, row) not in known
            )
            if rows:
                faults.append(Fault(fault.file, fault.key, fault.sheet, fault.column, rows))
    return faults


def underivable(
    name: str, frame: pd.DataFrame, columns: Columns, headers: Headers, told: list[Fault]
) -> list[Fault]:
    """Needed values that follow from nothing in their row, unless the row has a fault already."""
    known = {(fault.file, fault.sheet, row) for fault in told for row in fault.rows}
    faults: list[Fault] = []
    for column in SCHEMAS[name].derived:
        gaps = frame[column].isna() if column in frame.columns else pd.Series(True, index=frame.index)
        for fault in faults_at(frame, gaps, column, "missing_value", headers):
            rows = tuple(row for row in fault.rows if (fault.file, fault.sheet, row) not in known)
            if rows:
                title = fault.column or columns.header(name, column)
                faults.append(Fault(fault.file, fault.key, fault.sheet, title, rows))
    return faults


def schema_faults(name: str, frame: pd.DataFrame, columns: Columns, headers: Headers) -> list[Fault]:
    """What the table's schema refuses: values out of range, words that are none of the allowed.

    Raises
    ------
    RuntimeError
        The frame has not the types of its schema: a fault of this library, not of the files.
    """
    schema = SCHEMAS[name].schema
    try:
        schema.validate(frame[[column for column in schema.columns if column in frame.columns]], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "index"]]
    else:
        return []
    faults: list[Fault] = []
    for (column, check), found in cases.groupby(["column", "check"]):
        if check not in ("range", "words"):
            raise RuntimeError(f"table {name}, column {column}: {check}")
        mask = pd.Series(frame.index.isin(found["index"]), index=frame.index)
        metadata = schema.columns[column].metadata or {}
        low, high = metadata["low"], metadata["high"]
        if check == "words":
            allowed = columns.allowed(name, column)
            faults += faults_at(frame, mask, column, "unreadable_word", headers, allowed=allowed)
        elif column == "score":
            faults += faults_at(frame, mask, column, "negative_score", headers)
        else:
            bounds = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
            faults += faults_at(frame, mask, column, "out_of_range", headers, bounds=bounds)
    return faults


def duplicates(name: str, frame: pd.DataFrame, columns: Columns, headers: Headers) -> list[Fault]:
    """Rows that share a key; every one of them is named, in all their files."""
    table = SCHEMAS[name]
    keys = frame[[*table.key]].fillna(dict.fromkeys(table.open_key, ""))
    twice = keys.notna().all(axis=1) & keys.duplicated(keep=False)
    if name == "scores":
        return faults_at(frame, twice, "score", "two_scores", headers)
    titles = "＋".join(columns.header(name, column) for column in table.key)
    return faults_at(frame, twice, table.key[1], "duplicate_rows", headers, key_columns=titles)


def two_schools(pupils: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Pupils on the roll of two schools in one year; one who left the first is not."""
    here = ~pupils["status"].isin(GONE) if "status" in pupils.columns else pd.Series(True, index=pupils.index)
    key = joined(pupils, "year", "pupil").where(here)
    schools = pupils["school_code"].where(here).groupby(key).transform("nunique")
    return faults_at(pupils, schools > 1, "school_code", "two_schools", headers)


def classes_of_one(pupils: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Sheets whose classes are something else, such as names: more than one class for two pupils.

    Judged on `ENOUGH_PUPILS` or more, in a sheet or in all sheets together, and only
    where the words differ too: 1班 in every grade of many small schools is no fault.
    """
    if "class" not in pupils.columns:
        return []
    classes = joined(pupils, "year", "school_code", "grade", "class")
    if _are_no_classes(classes, pupils["class"]):
        suspect = classes.notna()
    else:
        suspect = pd.Series(False, index=pupils.index)
        for _, rows in pupils.groupby(["_file", "_sheet"], sort=False):
            if _are_no_classes(classes[rows.index], rows["class"]):
                suspect |= classes.notna() & suspect.index.isin(rows.index)
    return faults_at(pupils, suspect, "class", "class_per_pupil", headers)


def _are_no_classes(classes: pd.Series[str], words: pd.Series[str]) -> bool:
    count = int(classes.notna().sum())
    return (
        count >= ENOUGH_PUPILS
        and 2 * classes.nunique() > count
        and words[classes.notna()].nunique() > USUAL_CLASS_WORDS
    )


def unknown_schools(tables: Mapping[str, pd.DataFrame], headers: Headers) -> list[Fault]:
    """Rows of a school, or of a stage of it, that the schools of that year do not have."""
    schools = tables["schools"]
    codes = set(joined(schools, "year", "school_code").dropna())
    sections = set(joined(schools, "year", "school_code", "stage").dropna())
    years = set(schools["year"].dropna())
    faults: list[Fault] = []
    for name in _OF_SCHOOLS:
        if name not in tables:
            continue
        frame = tables[name]
        code = joined(frame, "year", "school_code")
        no_year = frame["year"].notna() & ~frame["year"].isin(years)
        faults += faults_at(frame, no_year, "year", "no_schools_for_year", headers)
        unknown = code.notna() & ~code.isin(codes) & ~no_year
        faults += faults_at(frame, unknown, "school_code", "school_not_listed", headers)
        if "stage" in frame.columns:
            section = joined(frame, "year", "school_code", "stage")
            no_section = section.notna() & ~section.isin(sections) & code.isin(codes)
            faults += faults_at(frame, no_section, "school_code", "school_without_stage", headers)
    return faults


def scores_against_pupils(scores: pd.DataFrame, pupils: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Marks of pupils who are not in the pupils of that year, or not in that school."""
    pupil = joined(scores, "year", "pupil")
    known = among(pupil, joined(pupils, "year", "pupil"))
    place = ("year", "pupil", "school_code")
    there = among(joined(scores, *place), joined(pupils, *place))
    elsewhere = pupil.notna() & known & scores["school_code"].notna() & ~there
    return [
        *faults_at(_sheet_rows(scores), pupil.notna() & ~known, "pupil", "score_without_pupil", headers),
        *faults_at(_sheet_rows(scores), elsewhere, "school_code", "score_other_school", headers),
    ]


def rows_without_pupil(frame: pd.DataFrame, pupils: pd.DataFrame, headers: Headers) -> list[Fault]:
    """A warning: rows of pupils who are not in the pupils of that year."""
    pupil = joined(frame, "year", "pupil")
    unknown = pupil.notna() & ~among(pupil, joined(pupils, "year", "pupil"))
    return faults_at(frame, unknown, "pupil", "fitness_without_pupil", headers, warning=True)


def above_full_mark(scores: pd.DataFrame, papers: pd.DataFrame, headers: Headers) -> list[Fault]:
    """Marks above the full mark of their paper."""
    above, full = marks_above_full(scores, papers)
    frame = scores.assign(_full=full)
    return faults_at(frame, above, "score", "above_full_mark", headers, full_mark=_full_marks)


def _full_marks(rows: pd.DataFrame) -> str:
    return "、".join(f"{mark:g}" for mark in sorted(rows["_full"].unique()))


def _sheet_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """Marks without the headers they stand under: the row is at fault, not the mark."""
    return scores.drop(columns="_header_score")
