"""Marks as handed in → marks that know their paper and their school."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evalib.errors import Fault
from evalib.intake.columns import Columns
from evalib.intake.located import Headers, faults_at
from evalib.intake.schemas import GONE


def joined(frame: pd.DataFrame, *names: str) -> pd.Series[str]:
    """Columns as one text a row, missing where any of them is."""
    key = frame[names[0]].astype("str")
    for name in names[1:]:
        key = key + "\x1f" + frame[name].astype("str")
    return key


def among(keys: pd.Series[str], known: pd.Series[str]) -> pd.Series[bool]:
    """Which keys are among the known ones; what `isin` says, without an object for each of them."""
    codes, found = pd.factorize(pd.concat([known, keys], ignore_index=True), use_na_sentinel=False)
    held = np.zeros(len(found), dtype=bool)
    held[codes[: len(known)]] = True
    return pd.Series(held[codes[len(known) :]], index=keys.index, dtype=bool)


def looked_up(keys: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value that stands under each key; what `map` says, without an object for each of them.

    Parameters
    ----------
    values
        Under their keys as index, each once and none missing.
    """
    both = pd.concat([values.index.to_series().astype("str"), keys], ignore_index=True)
    codes, found = pd.factorize(both)
    # The last place is that of missing keys, whose code is -1.
    places = np.full(len(found) + 1, -1)
    places[codes[: len(values)]] = np.arange(len(values))
    return pd.Series(values.array.take(places[codes[len(values) :]], allow_fill=True), index=keys.index)


def with_grade_and_school(scores: pd.DataFrame, pupils: pd.DataFrame | None) -> pd.DataFrame:
    """Scores whose grade and school, where the sheet does not say them, are the pupil's.

    A pupil who left one school for another in the year counts for the second.
    """
    scores = scores.copy()
    for column, dtype in (("grade", "Int64"), ("school_code", "str")):
        if column not in scores.columns:
            scores[column] = pd.Series(None, index=scores.index, dtype=dtype)
    if pupils is None:
        return scores
    known = pupils.assign(_key=joined(pupils, "year", "pupil"))
    if "status" in known.columns:
        known = known.assign(_gone=known["status"].isin(GONE)).sort_values("_gone", kind="stable")
    known = known.dropna(subset=["_key"]).drop_duplicates("_key").set_index("_key")
    key = joined(scores, "year", "pupil")
    for column in ("grade", "school_code"):
        if scores[column].isna().any():
            said = looked_up(key, known[column]).astype(scores[column].dtype)
            scores[column] = scores[column].fillna(said)
    return scores


def with_paper(
    scores: pd.DataFrame, papers: pd.DataFrame, columns: Columns, headers: Headers
) -> tuple[pd.DataFrame, list[Fault]]:
    """Scores with their paper, found by year, grade, subject and, where both say it, term.

    A paper without a term is that of a score with one if no paper has that term.

    Returns
    -------
    tuple
        The scores, `paper` missing where none or several fit; and the faults.
    """
    scores = scores.copy()
    for column in ("paper", "subject"):
        if column not in scores.columns:
            scores[column] = pd.Series(None, index=scores.index, dtype="str")
    by_term = "term" in scores.columns and "term" in papers.columns
    known = scores[["year", "grade", "subject"]].notna().all(axis=1)
    open_rows = scores["paper"].isna() & known
    faults: list[Fault] = []
    with_term = scores["term"].notna() if by_term else pd.Series(False, index=scores.index)
    several = pd.Series(False, index=scores.index)
    whole_year = papers[papers["term"].isna()] if by_term else papers.iloc[:0]
    for rows, fitting, names in (
        (open_rows & with_term, papers, ("year", "grade", "subject", "term")),
        (open_rows & with_term, whole_year, ("year", "grade", "subject")),
        (open_rows & ~with_term, papers, ("year", "grade", "subject")),
    ):
        rows = rows & scores["paper"].isna()
        if not rows.any() or fitting.empty:
            continue
        keyed = fitting.assign(_key=joined(fitting, *names)).dropna(subset=["_key", "paper"])
        count = keyed.groupby("_key")["paper"].nunique().astype("float64")
        key = joined(scores.loc[rows, [*names]], *names)
        first = keyed.drop_duplicates("_key").set_index("_key")["paper"]
        scores.loc[rows, "paper"] = looked_up(key, first).astype("str")
        several |= (looked_up(key, count) > 1).reindex(scores.index, fill_value=False)
    listed = among(joined(scores, "year", "paper"), joined(papers, "year", "paper"))
    unknown = scores["paper"].notna() & ~listed
    absent = open_rows & scores["paper"].isna()

    def wanted(rows: pd.DataFrame) -> str:
        return _papers_wanted(rows, columns)

    faults += faults_at(scores, absent, "score", "no_paper", headers, papers=wanted)
    faults += faults_at(scores, several, "score", "several_papers", headers, papers=wanted)
    faults += faults_at(scores, unknown, "paper", "paper_not_listed", headers)
    scores["paper"] = scores["paper"].mask(several | unknown)
    return scores, faults


def marks_above_full(scores: pd.DataFrame, papers: pd.DataFrame) -> tuple[pd.Series[bool], pd.Series[Any]]:
    """Which marks exceed their paper's full mark, and that mark for each row."""
    if "full_mark" not in papers.columns:
        nothing = pd.Series(float("nan"), index=scores.index)
        return nothing.notna(), nothing
    keyed = (
        papers.assign(_key=joined(papers, "year", "paper")).dropna(subset=["_key"]).drop_duplicates("_key")
    )
    marks = keyed.set_index("_key")["full_mark"].astype("float64")
    full = looked_up(joined(scores, "year", "paper"), marks)
    return scores["score"] > full, full


def _papers_wanted(rows: pd.DataFrame, columns: Columns) -> str:
    """Papers by year, grade and subject, in words of ours: what a cell holds is not repeated."""
    named = rows[["year", "grade", "subject"]].drop_duplicates().sort_values(["year", "grade", "subject"])
    texts = [
        f"{year} {columns.word('grade', str(grade))} {columns.word('subject', subject)}"
        for year, grade, subject in named.itertuples(index=False)
    ]
    return "、".join(texts[:6]) + ("…" if len(texts) > 6 else "")
