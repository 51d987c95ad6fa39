"""A recognised sheet → clean columns, and every cell that cannot be read.

Rows keep their place in hidden columns (`_file`, `_sheet`, `_row`, and from wide
sheets `_header_score` and the like, the header a value stands under) until all
checks are done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalib.errors import Fault
from evalib.intake import cells
from evalib.intake.cohorts import are_cohorts, possible_grades
from evalib.intake.columns import Columns
from evalib.intake.distinct import Distinct, distinct
from evalib.intake.levelsheets import WIDE, long_levels
from evalib.intake.pseudonyms import PUPIL_ID, Identities, has_valid_check
from evalib.intake.recognition import Sheet
from evalib.intake.schemas import SCHEMAS

PLACE = ["_file", "_sheet", "_row"]
SCHOOL_CODES = {"national": r"[0-9]{10}", "own": r"[0-9A-Za-z_-]{1,32}"}

_PLAIN_READERS = {
    "code": cells.code,
    "pupil": cells.code,
    "teacher": cells.code,
    "token": cells.code,
    "text": cells.text,
    "number": cells.number,
    "whole": cells.whole,
    "share": cells.share,
    "figure": cells.figure,
    "minutes": cells.minutes,
    "calendar_year": cells.calendar_year,
    "year": cells.year,
}
# Words in place of a mark.
_AWAY = ("absent", "exempt", "voided")
# Faults of a kind that are told as another's.
_LIKE = {"token": "code", "figure": "number"}
_WORD_READERS = {"word": cells.word, "flag": cells.flag, "grade": cells.grade}


@dataclass(frozen=True)
class Cleaner:
    """Turns sheets into clean frames.

    Attributes
    ----------
    columns
        The words of `params/columns.yaml`.
    identities
        What replaces pupils' and teachers' numbers.
    school_codes
        "national" (ten digits; 学籍号 checked) or "own" (the district's own codes).
    """

    columns: Columns
    identities: Identities
    school_codes: str

    def clean(self, sheet: Sheet) -> tuple[pd.DataFrame, list[Fault]]:
        """Clean columns of one sheet, identities replaced.

        Returns
        -------
        tuple
            A frame with the table's columns that the sheet has (for scores also the
            context that leads to the paper), one row a record or a mark, missing
            where blank or unreadable; and the faults.
        """
        faults: list[Fault] = []
        table = SCHEMAS[sheet.table]
        wanted = list(table.columns)
        if sheet.table == "scores":
            # Marks are read with their words, together; grade, term and subject lead to the paper.
            wanted = [name for name in (*wanted, *table.context) if name not in ("score", "class")]
        if sheet.table == "competence":
            wanted += [column for columns in WIDE.values() for column in columns.values()]
        clean = {name: self._column(sheet, name, faults) for name in wanted if name in sheet.cells.columns}
        for name in wanted:
            if name in sheet.merged:
                told = sheet.headers[name], sheet.merged[name]
                faults.append(Fault(sheet.file, "merged_cells", sheet.name, *told))
        self._year(sheet, clean, faults)
        frame = pd.DataFrame(clean, index=sheet.cells.index)
        frame = frame.assign(_file=sheet.file, _sheet=sheet.name, _row=sheet.cells.index)
        frame = frame.astype({"_file": "category", "_sheet": "category"})
        if "grade" in wanted:
            frame = self._graded(sheet, frame)
        if "value" in frame.columns:
            frame = frame.assign(_percent=cells.with_percent_sign(sheet.cells["value"]))
        if sheet.table == "scores":
            frame = self._marks(sheet, frame, faults)
        if sheet.table == "competence":
            frame, twice = long_levels(frame, sheet)
            faults += twice
        return frame.reset_index(drop=True), faults

    def _column(self, sheet: Sheet, column: str, faults: list[Fault]) -> pd.Series[Any]:
        kind = "figure" if column == "value" else SCHEMAS[sheet.table].kind(column)
        told = _Told(sheet, column, distinct(sheet.cells[column]), faults)
        raw = told.folded.cells
        if kind in ("text", "code", "number", "figure", "whole", "share"):
            raw = _without_identities(raw, kind in ("text", "code"), told)
        if kind in _WORD_READERS:
            words = self.columns.words(sheet.table, column) or {}
            values, unreadable = _WORD_READERS[kind](raw, words)
        else:
            values, unreadable = _PLAIN_READERS[kind](raw)
        if kind == "grade":
            unreadable &= ~are_cohorts(raw)
        if kind in ("text", "code", "token", "teacher"):
            unfit = unreadable & raw.map(lambda cell: isinstance(cell, str))
            told.of("text_not_allowed", unfit, longest=cells.LONGEST_TEXT)
            unreadable &= ~unfit
        if kind == "share":
            mixed = cells.mixed_shares(raw)
            told.of("share_ambiguous", mixed)
            unreadable &= ~mixed
        allowed = self.columns.allowed(sheet.table, column)
        key = f"unreadable_{_LIKE.get(kind, kind)}"
        told.of(key, unreadable, allowed=allowed)
        factor = sheet.matches[column].factor
        if factor != 1.0:
            values = values * factor
        if column == "school_code":
            key = f"school_code_form_{self.school_codes}"
            wrong = values.notna() & ~values.str.fullmatch(SCHOOL_CODES[self.school_codes], na=False)
            told.of(key, wrong)
            values = values.mask(wrong)
        if kind == "pupil":
            values = self._checked_pupil_ids(values, told)
        if kind in ("pupil", "teacher", "token"):
            values = self.identities.pseudonyms(values, kind)
        return told.folded.spread(values)

    def _checked_pupil_ids(self, values: pd.Series[str], told: _Told) -> pd.Series[str]:
        if self.school_codes != "national":
            return values
        upper = values.str.upper()
        wrong_form = upper.notna() & ~upper.str.fullmatch(PUPIL_ID, na=False)
        told.of("pupil_id_form", wrong_form)
        formed = upper[upper.notna() & ~wrong_form]
        valid = has_valid_check(formed)
        wrong_check = (~valid).reindex(upper.index, fill_value=False)
        told.of("pupil_id_check", wrong_check)
        return upper

    def _year(self, sheet: Sheet, clean: dict[str, pd.Series[Any]], faults: list[Fault]) -> None:
        if "year" in clean:
            return
        if not sheet.year:
            faults.append(Fault(sheet.file, "no_year", sheet.name, self.columns.header(sheet.table, "year")))
        clean["year"] = pd.Series(sheet.year or None, index=sheet.cells.index, dtype="str")

    def _graded(self, sheet: Sheet, frame: pd.DataFrame) -> pd.DataFrame:
        """With the grade that the sheet's name gives, and what grades a cohort may be in."""
        typed = sheet.cells.get("grade", pd.Series(sheet.grade, index=frame.index, dtype=object))
        if "grade" not in frame.columns and sheet.grade:
            words = self.columns.words(sheet.table, "grade") or {}
            frame = frame.assign(grade=cells.grade(typed, words)[0])
        folded = distinct(typed)
        cohorts = folded.spread(are_cohorts(folded.cells))
        if not cohorts.any():
            return frame
        possible = possible_grades(typed, frame["year"])
        return frame.join(possible).assign(_cohort=cohorts, _stage_said=sheet.stage or None)

    def _marks(self, sheet: Sheet, frame: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
        """Long rows, one a mark; a blank cell is no row, a zero is a mark of zero."""
        subjects = [name for name, match in sheet.matches.items() if match.subject]
        if not subjects:
            return self._long_marks(sheet, frame, faults)
        for column in ("score", "sat", "subject", "paper"):
            if column in sheet.matches:
                faults.append(Fault(sheet.file, "wide_and_long", sheet.name, sheet.headers[column]))
        rows, scores, sats = [], [], []
        for subject in subjects:
            score, sat = self._read_marks(sheet, subject, faults)
            if subject in sheet.merged:
                told = sheet.headers[subject], sheet.merged[subject]
                faults.append(Fault(sheet.file, "merged_cells", sheet.name, *told))
            held = np.flatnonzero(sat.notna())
            rows.append(held)
            scores.append(score.iloc[held])
            sats.append(sat.iloc[held])
        often = [len(held) for held in rows]
        headers = [sheet.headers[subject] for subject in subjects]
        return (
            frame.take(np.concatenate(rows))
            .reset_index(drop=True)
            .assign(
                score=pd.concat(scores, ignore_index=True),
                sat=pd.concat(sats, ignore_index=True),
                subject=pd.Series(subjects, dtype="str").repeat(often).reset_index(drop=True),
                _header_score=pd.Series(headers, dtype="str").repeat(often).reset_index(drop=True),
            )
        )

    def _long_marks(self, sheet: Sheet, frame: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
        if not {"paper", "subject"} & set(frame.columns):
            header = self.columns.header("scores", "paper")
            aliases = self.columns.aliases("scores", "paper")
            faults.append(
                Fault(sheet.file, "missing_column", sheet.name, header, fields={"aliases": aliases})
            )
        said = frame.get("sat", pd.Series(None, index=frame.index, dtype="str"))
        if "score" in sheet.cells.columns:
            score, sat = self._read_marks(sheet, "score", faults)
        else:
            score = pd.Series(float("nan"), index=frame.index)
            sat = pd.Series(None, index=frame.index, dtype="str")
        silent = (said == "present").fillna(False) & sat.isna() & cells.blank_cells(self._raw(sheet, "score"))
        _report(faults, sheet, "sat", "present_without_score", silent)
        away = said.isin(["absent", "exempt"])
        # A mark of 0 beside 缺考 is how many systems export an absence: it is not a zero.
        _report(faults, sheet, "sat", "score_though_absent", away & (score > 0))
        sat = said.where(said.notna(), sat)
        score = score.mask(sat != "present")
        header = sheet.headers.get("score", sheet.headers.get("sat", ""))
        return frame.assign(score=score, sat=sat, _header_score=header)[sat.notna()]

    def _read_marks(
        self, sheet: Sheet, column: str, faults: list[Fault]
    ) -> tuple[pd.Series[float], pd.Series[str]]:
        told = _Told(sheet, column, distinct(sheet.cells[column]), faults)
        raw = _without_identities(told.folded.cells, False, told)
        said, _ = cells.word(raw, self.columns.words("scores", "score") or {})
        score, no_number = cells.number(raw)
        away = [word if word in _AWAY else None for word in said]
        unreadable = no_number & np.array([word is None for word in away], dtype=bool)
        told.of("unreadable_score", unreadable, allowed=self.columns.allowed("scores", "sat"))
        sat = ["present" if number else word for word, number in zip(away, score.notna(), strict=True)]
        return told.folded.spread(score), told.folded.spread(pd.Series(sat, dtype="str"))

    def _raw(self, sheet: Sheet, column: str) -> pd.Series[Any]:
        if column in sheet.cells.columns:
            return sheet.cells[column]
        return pd.Series("", index=sheet.cells.index, dtype=object)


@dataclass(frozen=True)
class _Told:
    """Where the faults of one column are gathered; masks are of its different cells."""

    sheet: Sheet
    column: str
    folded: Distinct
    faults: list[Fault]

    def of(self, key: str, mask: pd.Series[bool], **fields: Any) -> None:
        if mask.any():
            _report(self.faults, self.sheet, self.column, key, self.folded.spread(mask), **fields)


def _without_identities(raw: pd.Series[Any], as_written: bool, told: _Told) -> pd.Series[Any]:
    """Cells of a column that keeps what is typed, blank where that is a pupil's or a person's number."""
    hidden = cells.like_identities(raw, numbers=not as_written)
    if not as_written:
        # 1.1E+17 is one too, as a spreadsheet writes it into a text file.
        hidden |= cells.like_identities(cells.number(raw)[0])
    if not hidden.any():
        return raw
    told.of("identity_in_column", hidden)
    return raw.mask(hidden, "")


def _report(
    faults: list[Fault], sheet: Sheet, column: str, key: str, mask: pd.Series[bool], **fields: Any
) -> None:
    if mask.any():
        rows = tuple(int(row) for row in mask.index[mask.to_numpy(dtype=bool)])
        faults.append(Fault(sheet.file, key, sheet.name, sheet.headers.get(column, column), rows, fields))
