"""A year's clean tables as the measures need them: pupils, score records and sections."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalib.store import Store
from evalib.vocabulary import Reason, SchoolYear

Codes = npt.NDArray[np.int64]
# Reasons are objects: numpy would cut a longer one to the length of the first.
Reasons = npt.NDArray[np.object_]

# A graduate was on the roll until the year's end.
OFF_ROLL = ("transferred_out", "left", "died")
TERMS = {"first": 1, "second": 2}
YEARS_BACK = 3
TRAITS = ["sex", "migrant", "left_behind", "special_needs", "free_lunch", "ses"]
PROFILE = ["name", "kind", "area", "side", "group_code", "group", "group_role", "opened"]
SHARES = {"migrant": "migrant_share", "left_behind": "left_behind_share", "free_lunch": "free_lunch_share"}


@dataclass(frozen=True)
class YearRecords:
    """One year of one district, pupils and scores joined.

    Attributes
    ----------
    pupils
        On roll: pupil, school_code, stage, grade, class (None where no class is recorded),
        and of sex, migrant, left_behind, special_needs, free_lunch, ses what the district has.
    scores
        One row a score record of those pupils: row (position of its pupil in `pupils`),
        paper (0 … P − 1), score (NaN unless the pupil sat), sat, and the paper's grade,
        subject, full_mark, comparable, last_term, excellent_cut, pass_cut, low_cut; empty
        where the district handed in no papers or scores.
    papers
        The year's papers in the order of their codes in `scores`.
    """

    pupils: pd.DataFrame
    scores: pd.DataFrame
    papers: pd.DataFrame

    def of_stage(self, stage: str) -> YearRecords:
        """The same for the pupils of one stage."""
        inside = self.pupils["stage"].eq(stage).to_numpy()
        position = np.cumsum(inside) - 1
        row = self.scores["row"].to_numpy()
        kept = inside[row]
        scores = self.scores[kept].assign(row=position[row[kept]])
        return YearRecords(
            self.pupils[inside].reset_index(drop=True), scores.reset_index(drop=True), self.papers
        )

    def comparable(self, subject: str = "") -> pd.DataFrame:
        """The records of papers common to the district and of the last term, of one subject or of all."""
        chosen = self.scores["comparable"] & self.scores["last_term"]
        if subject:
            chosen = chosen & self.scores["subject"].eq(subject)
        return self.scores[chosen]

    @property
    def class_codes(self) -> Codes | None:
        """(pupils,) class of each pupil, unique over schools and grades; None where none is recorded.

        A pupil without a class in a school that has some is a class of one's own school and grade.
        """
        if "class" not in self.pupils or self.pupils["class"].isna().all():
            return None
        keys = self.pupils[["school_code", "stage", "grade"]].assign(one=self.pupils["class"].fillna(""))
        return keys.groupby(list(keys.columns), sort=True).ngroup().to_numpy().astype(np.int64)


@dataclass(frozen=True)
class StageYear:
    """One stage of one year, its sections and pupils as codes.

    Attributes
    ----------
    codes
        School codes of the sections, in order.
    records
        Pupils and score records of the stage; None where the tables are missing.
    section
        (pupils,) section of each pupil, a position in `codes`.
    """

    stage: str
    codes: list[str]
    records: YearRecords | None
    section: Codes

    @property
    def clusters(self) -> dict[str, Codes | None]:
        """The pupils' classes and grades, as the variance of a section's mean needs them."""
        if self.records is None:
            return {"class_": None, "grade": None}
        return {"class_": self.records.class_codes, "grade": self.records.pupils["grade"].to_numpy(np.int64)}

    def rows_of(self, pupil: pd.Series[str]) -> Codes:
        """Position of each pupil in `records.pupils`; -1 for one who is not on the roll of the stage."""
        if self.records is None:
            return np.full(len(pupil), -1, np.int64)
        return np.asarray(pd.Index(self.records.pupils["pupil"]).get_indexer(pd.Index(pupil)), np.int64)

    def absence(self) -> Reasons:
        """(sections,) "no_data" for a section without a single score record, else empty."""
        having = np.zeros(len(self.codes), dtype=bool)
        if self.records is not None:
            having[np.unique(self.section[self.records.scores["row"].to_numpy()])] = True
        return np.where(having, "", Reason.NO_DATA.value).astype(object)


def read_year(store: Store, year: str, *, on_roll: bool = True) -> YearRecords | None:
    """A year's pupils and scores; None where the store lacks one of the three tables.

    Parameters
    ----------
    on_roll
        Only pupils still on the roll count, as for a year's own figures. Without it
        those who left during the year are there too, each pupil once, as a starting
        point for the year after needs them.

    Notes
    -----
    A paper that does not say whether it is common to the district is not taken to be.
    """
    if not store.has("pupils", year):
        return None
    wanted = ["pupil", "school_code", "stage", "grade", "class", "status", *TRAITS]
    pupils = store.read("pupils", year, wanted)
    if "status" in pupils:
        off = pupils["status"].isin(OFF_ROLL)
        # Where a pupil left one school for another, the row still on the roll comes last and stays.
        pupils = pupils[~off] if on_roll else pd.concat([pupils[off], pupils[~off]])
    pupils = pupils.drop(columns="status", errors="ignore").drop_duplicates("pupil", keep="last")
    pupils = pupils.reset_index(drop=True)
    if not (store.has("papers", year) and store.has("scores", year)):
        return YearRecords(pupils, _joined(pupils, *_NOTHING), _papers(_NOTHING[0]))
    scores = store.read("scores", year, ["pupil", "paper", "score", "sat"])
    papers = store.read("papers", year)
    return YearRecords(pupils, _joined(pupils, papers, scores), _papers(papers))


_NOTHING = (
    pd.DataFrame({"paper": [], "subject": []}, dtype="str").assign(grade=pd.Series([], dtype="int64")),
    pd.DataFrame({"pupil": [], "paper": [], "sat": []}, dtype="str").assign(score=pd.Series([], dtype=float)),
)


def _joined(pupils: pd.DataFrame, papers: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Score records of the pupils given, each with what its paper is."""
    papers = _papers(papers)
    row = pd.Index(pupils["pupil"]).get_indexer(pd.Index(scores["pupil"]))
    paper = pd.Index(papers["paper"]).get_indexer(pd.Index(scores["paper"]))
    known = (row >= 0) & (paper >= 0)
    detail = papers.drop(columns="paper").take(paper[known]).reset_index(drop=True)
    scores = scores[known].reset_index(drop=True)
    joined = pd.DataFrame({"row": row[known], "paper": paper[known], "sat": scores["sat"]}).join(detail)
    joined["score"] = scores["score"].astype(float).where(scores["sat"].eq("present"))
    return joined


@dataclass(frozen=True)
class DistrictYear:
    """One year of a district as its measures need it: the records, those before, other tables.

    Attributes
    ----------
    store, year
        Where the clean tables are, and which school year.
    sections
        See `read_sections`.
    this
        Pupils on the roll and their scores.
    before
        The years before, latest first, those who left during the year included; None
        for a year that the store does not have.
    """

    store: Store
    year: str
    sections: pd.DataFrame
    this: YearRecords | None
    before: tuple[YearRecords | None, ...]
    _read: dict[tuple[str, int], pd.DataFrame | None] = field(default_factory=dict, repr=False)

    def table(self, name: str, years_back: int = 0) -> pd.DataFrame | None:
        """A clean table of this year or an earlier one; None where it was not handed in."""
        key = (name, years_back)
        if key not in self._read:
            year = earlier(self.year, years_back)
            self._read[key] = self.store.read(name, year) if self.store.has(name, year) else None
        return self._read[key]


def read_district_year(store: Store, year: str) -> DistrictYear:
    """Everything that one year's measures read."""
    return DistrictYear(
        store=store,
        year=year,
        sections=read_sections(store, year),
        this=read_year(store, year),
        before=tuple(
            read_year(store, earlier(year, back), on_roll=False) for back in range(1, YEARS_BACK + 1)
        ),
    )


def earlier(year: str, years_back: int) -> str:
    """The school year so many years before.

    Examples
    --------
    >>> earlier("2024-2025", 2)
    '2022-2023'
    """
    before = SchoolYear(year)
    for _ in range(years_back):
        before = before.previous
    return str(before)


def stage_year(stage: str, codes: list[str], records: YearRecords | None) -> StageYear:
    """One stage of a year, its sections numbered in the order of `codes`."""
    if records is None:
        return StageYear(stage, codes, None, np.zeros(0, np.int64))
    inside = records.of_stage(stage)
    section = pd.Index(codes).get_indexer(pd.Index(inside.pupils["school_code"])).astype(np.int64)
    return StageYear(stage, codes, inside, section)


def read_sections(store: Store, year: str) -> pd.DataFrame:
    """Every section of the year with its size and the shares that describe its pupils.

    Returns
    -------
    school_code, stage, the columns of `schools` that the district has, pupils_on_roll
    (missing where no pupil table was handed in), a share for every yes-or-no column of
    `pupils`, and the mean of `ses`.
    """
    schools = store.read("schools", year)
    sections = schools[["school_code", "stage", *(name for name in PROFILE if name in schools)]].copy()
    if "name" not in sections:
        sections["name"] = pd.Series(None, index=sections.index, dtype="str")
    sections["pupils_on_roll"] = pd.Series(pd.NA, index=sections.index, dtype="Int64")
    if store.has("pupils", year):
        pupils = store.read("pupils", year, ["school_code", "stage", "status", "ses", *SHARES])
        if "status" in pupils:
            pupils = pupils[~pupils["status"].isin(OFF_ROLL)]
        groups = pupils.groupby(["school_code", "stage"])
        keys = pd.MultiIndex.from_frame(sections[["school_code", "stage"]])
        sections["pupils_on_roll"] = groups.size().reindex(keys).astype("Int64").to_numpy()
        for flag, share in SHARES.items():
            if flag in pupils:
                sections[share] = groups[flag].mean().astype(float).reindex(keys).to_numpy()
        if "ses" in pupils:
            sections["ses"] = groups["ses"].mean().reindex(keys).to_numpy()
    sections.insert(0, "year", year)
    return sections.sort_values(["school_code", "stage"], ignore_index=True)


def _papers(papers: pd.DataFrame) -> pd.DataFrame:
    """The year's papers; `last_term` tells those of the last term of their grade and subject."""
    columns = ["paper", "term", "grade", "subject", "comparable", "full_mark"]
    columns += ["excellent_cut", "pass_cut", "low_cut"]
    papers = papers.reindex(columns=columns).sort_values("paper", ignore_index=True)
    papers["comparable"] = papers["comparable"].fillna(False).astype(bool)
    term = papers["term"].map(TERMS).fillna(0)
    last = term.where(papers["comparable"]).groupby([papers["grade"], papers["subject"]]).transform("max")
    papers["last_term"] = term.ge(last.fillna(0))
    papers = papers.drop(columns="term")
    marks = ["full_mark", "excellent_cut", "pass_cut", "low_cut"]
    return papers.astype(dict.fromkeys(marks, float))
