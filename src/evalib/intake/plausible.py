"""What changed more from one school year to the next than a district usually does: told, and loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalib.errors import Fault, shown
from evalib.intake.columns import BetweenYears, Columns
from evalib.intake.schemas import GONE
from evalib.intake.scoresheets import among
from evalib.store import Store
from evalib.vocabulary import STAGES, SchoolYear

TABLE = "warnings"
COLUMNS = ["stage", "school_code", "note", "fields"]
# Tables whose rows count nowhere if their pupil is not on the year's roll.
OF_PUPILS = ("fitness", "competence", "achievements", "activities")
# Whose pupils are not looked for on next year's roll: they leave their stage, or the district.
LAST_GRADES = (0, 6, 9)
MOST_NAMES = 6
# Fields of a remark that are shares, 0 to 1.
SHARES = frozenset(["share", "now", "then"])

Slices = Mapping[tuple[str, str], pd.DataFrame]


@dataclass
class _Years:
    """Tables of the files, and of the store where the files have none."""

    files: Slices
    store: Store
    kept: dict[tuple[str, str], pd.DataFrame | None] = field(default_factory=dict)

    def table(self, name: str, year: str) -> pd.DataFrame | None:
        if (name, year) in self.files:
            return self.files[name, year]
        if (name, year) not in self.kept:
            held = self.store.has(name, year)
            self.kept[name, year] = self.store.read(name, year) if held else None
        return self.kept[name, year]


def between_years(tables: Slices, store: Store, limits: BetweenYears) -> dict[tuple[str, str], pd.DataFrame]:
    """Remarks on the years that a load brings, and on those after them that are in the store.

    Parameters
    ----------
    tables
        Clean tables by (table, school year); nothing is said without any.
    store
        The years that were loaded before.
    limits
        From when on a difference is told.

    Returns
    -------
    dict
        By ("warnings", year) one row a remark, none if nothing is remarkable: stage,
        school_code (empty: the district), note (a sentence's id) and its fields as JSON.
    """
    brought = sorted({year for _, year in tables})
    years = _Years(tables, store)
    judged = set(brought)
    judged |= {one for one in (_next(year) for year in brought) if years.table("schools", one) is not None}
    return {(TABLE, year): _remarks(years, year, limits) for year in sorted(judged)}


def warnings_told(remarks: Slices, where: str, columns: Columns) -> list[Fault]:
    """The same remarks as warnings of a load.

    Parameters
    ----------
    where
        What stands in a file's place: the folder of the files.
    """
    faults = []
    for (_, year), table in remarks.items():
        # Rows without a pupil were told where they stand; here a report learns of them.
        for row in table[table["note"].ne("rows_without_pupil")].itertuples(index=False):
            fields: dict[str, Any] = {"year": year, **json.loads(str(row.fields))}
            fields |= {"stage": columns.word("stage", str(row.stage))}
            for name in SHARES & fields.keys():
                fields[name] = f"{100 * fields[name]:.0f}%"
            if "names" in fields:
                more = "…" if fields["count"] > len(fields["names"]) else ""
                fields["names"] = "、".join(fields["names"]) + more
            if "subject" in fields:
                fields["subject"] = columns.word("subject", fields["subject"])
                fields["grade"] = columns.word("grade", str(fields["grade"]))
            faults.append(Fault(where, str(row.note), fields=fields, warning=True))
    return faults


def _remarks(years: _Years, year: str, limits: BetweenYears) -> pd.DataFrame:
    before = SchoolYear(year).previous.text
    rows = [
        *_schools_gone(years, before, year),
        *_means_shifted(years, before, year, limits),
        *_pupils_unmatched(years, before, year, limits),
        *_rows_without_pupil(years, year),
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype("str")


def _schools_gone(years: _Years, before: str, year: str) -> list[tuple[str, str, str, str]]:
    then, now = years.table("schools", before), years.table("schools", year)
    if then is None or now is None:
        return []
    here = set(zip(now["school_code"], now["stage"], strict=True))
    rows = []
    for stage in STAGES:
        of_stage = then[then["stage"].eq(stage)]
        gone = of_stage[[(code, stage) not in here for code in of_stage["school_code"]]]
        if len(gone):
            codes = gone["school_code"]
            called = (gone["name"].fillna(codes) if "name" in gone.columns else codes).tolist()
            names = [shown(name) for name in called[:MOST_NAMES]]
            rows.append(_row(stage, "schools_gone", count=len(called), names=names, before=before))
    return rows


def _means_shifted(
    years: _Years, before: str, year: str, limits: BetweenYears
) -> list[tuple[str, str, str, str]]:
    then, now = _mean_shares(years, before, limits), _mean_shares(years, year, limits)
    rows = []
    for paper in sorted(set(then) & set(now)):
        # Rounded so that a difference of exactly the limit is not above it by a binary fraction.
        if round(abs(now[paper] - then[paper]), 9) > limits.mean_share:
            grade, subject, _ = paper
            fields = {"now": round(now[paper], 2), "then": round(then[paper], 2)}
            stage = "primary" if grade <= 6 else "junior"
            rows.append(_row(stage, "mean_shifted", grade=grade, subject=subject, before=before, **fields))
    return rows


def _mean_shares(years: _Years, year: str, limits: BetweenYears) -> dict[tuple[int, str, str], float]:
    """Mean mark as a share of the full mark, by grade, subject and term, of papers for the whole district."""
    papers, scores = years.table("papers", year), years.table("scores", year)
    if papers is None or scores is None or not {"full_mark", "comparable"} <= set(papers.columns):
        return {}
    papers = papers[papers["comparable"].fillna(False).astype(bool) & papers["full_mark"].notna()]
    if "score" not in scores.columns:
        return {}
    sat = scores.loc[scores["score"].notna(), ["paper", "score"]]
    marks = sat.merge(papers.drop(columns="year"), on="paper")
    if marks.empty:
        return {}
    term = marks["term"].fillna("") if "term" in marks.columns else pd.Series("", index=marks.index)
    shares = (marks["score"] / marks["full_mark"]).groupby([marks["grade"], marks["subject"], term])
    means = shares.mean()[shares.size() >= limits.least_pupils]
    places: list[Any] = list(means.index)
    return {
        (int(grade), str(subject), str(one)): float(mean)
        for (grade, subject, one), mean in zip(places, means, strict=True)
    }


def _pupils_unmatched(
    years: _Years, before: str, year: str, limits: BetweenYears
) -> list[tuple[str, str, str, str]]:
    then, now = years.table("pupils", before), years.table("pupils", year)
    if then is None or now is None:
        return []
    due = ~then["grade"].isin(LAST_GRADES)
    if "status" in then.columns:
        due &= ~then["status"].isin(GONE)
    rows = []
    for stage in STAGES:
        expected = then.loc[due & then["stage"].eq(stage), "pupil"]
        share = round(1 - float(among(expected, now["pupil"]).mean()), 9) if len(expected) else 0.0
        if len(expected) >= limits.least_pupils and share > limits.unmatched:
            rows.append(_row(stage, "pupils_unmatched", share=round(share, 2), before=before))
    return rows


def _rows_without_pupil(years: _Years, year: str) -> list[tuple[str, str, str, str]]:
    roll, schools = years.table("pupils", year), years.table("schools", year)
    if roll is None or schools is None:
        return []
    count = 0
    for name in OF_PUPILS:
        table = years.table(name, year)
        if table is not None and "pupil" in table.columns:
            named = table["pupil"].dropna()
            count += int((~among(named, roll["pupil"])).sum())
    stages = [stage for stage in STAGES if schools["stage"].eq(stage).any()]
    return [_row(stage, "rows_without_pupil", count=count) for stage in stages if count]


def _row(stage: str, note: str, **fields: Any) -> tuple[str, str, str, str]:
    return stage, "", note, json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _next(year: str) -> str:
    end = int(year[5:])
    return f"{end}-{end + 1}"
