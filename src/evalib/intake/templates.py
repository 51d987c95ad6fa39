"""Empty workbooks for staff to fill in: a workbook a table, made from schemas and headers."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from evalib.errors import ParameterError
from evalib.intake.explained import GRADES, Explained, Explanations, filled, load_explanations
from evalib.intake.schemas import SCHEMAS
from evalib.intake.table import AREAS_OF_COMPETENCE, TOLD_OF_COMPETENCE
from evalib.vocabulary import SchoolYear

# Sheets beside the table; `ignored_sheets` of columns.yaml names them.
GUIDE, WORDS = "填写说明", "代码表"
# Of notes: another than that of annotated copies, which take their own away again.
AUTHOR = "evalib template"
# A fixed date in the file's properties, so that bytes repeat.
CREATED = datetime.datetime(2026, 9, 1)
# Text stays text: nothing that begins with = + - @ is ever a formula, nothing a link.
AS_TEXT = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
LAST_ROW = 1_048_575
# A row is deleted only if none of its cells is locked, those beyond the table included.
OPEN = {"default_format_properties": {"locked": False}}
# What a number would spoil: leading zeros, and digits from the sixteenth on.
_KEPT_AS_TEXT = ("year", "code", "pupil", "teacher", "token", "text", "minutes")
_LENGTHS = {"school_code": 10, "pupil": 19}
_UNFIT = re.compile(r"[^\w-]")
_ALLOWED = dict.fromkeys(("format_columns", "format_rows", "insert_rows", "delete_rows", "sort"), True)


@dataclass(frozen=True)
class Form:
    """A sheet to be filled in.

    Attributes
    ----------
    name
        Of the sheet.
    entries
        Its columns from the left.
    starred
        Whether headers of needed columns carry a star: not where another system reads them too.
    """

    name: str
    entries: Sequence[Explained]
    starred: bool = True


def write_templates(
    folder: str | Path, params: str | Path = "params", *, year: str = "", national: bool = True
) -> list[Path]:
    """Write an empty workbook for each table.

    Parameters
    ----------
    folder
        Made if missing.
    params
        Folder with `columns.yaml` and `tables.yaml`.
    year
        School year that names of sheets and files carry; without it each sheet has a
        column for it.
    national
        Whether schools and pupils have national codes, whose length is checked on entry.

    Returns
    -------
    The files, in the order of the tables. The same params give the same bytes.

    Raises
    ------
    ParameterError
        The year is none, a params file is wrong, or a file of that name is there.
    OSError
        The folder cannot be written to. Nothing is left there in either case.
    """
    if year:
        try:
            SchoolYear(year)
        except ValueError:
            raise ParameterError("not_a_school_year", value=year) from None
    explanations = load_explanations(Path(params))
    ending = f"-{year}.xlsx" if year else ".xlsx"
    paths = {table: Path(folder) / f"{name}{ending}" for table, name in _names(explanations).items()}
    there = [path.name for path in paths.values() if path.exists()]
    if there:
        raise ParameterError("template_exists", folder=str(folder), files="、".join(there))
    books = {
        path: template(table, explanations, year=year, national=national) for table, path in paths.items()
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for path, content in books.items():
            with path.open("xb") as file:
                written.append(path)
                file.write(content)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def template(table: str, explanations: Explanations, *, year: str = "", national: bool = True) -> bytes:
    """The empty workbook of one table, as bytes of an .xlsx file.

    The guide comes first, then the sheets to fill in, then the words that may be chosen.
    Sheets are protected without a password: headers locked, the cells below open.
    Every cell is text or a number, never a formula.
    """
    made = io.BytesIO()
    forms = list(_forms(table, explanations, year))
    with xlsxwriter.Workbook(made, {**AS_TEXT, **OPEN, "in_memory": True}) as book:
        book.set_properties({"created": CREATED, "author": "evalib"})
        writer = _Writer(book, explanations, national)
        writer.guide(table, forms)
        for form in forms:
            writer.form(form)
        writer.words()
    return made.getvalue()


def _forms(table: str, explanations: Explanations, year: str) -> Iterator[Form]:
    def entries(*columns: str) -> list[Explained]:
        return [explanations.column(table, column) for column in columns]

    name = _names(explanations)[table]
    dated = [] if year else entries("year")
    if table == "scores":
        for grade in GRADES:
            taught = [one for one, grades in explanations.params.taught.items() if grade in grades]
            subjects = [explanations.subject(one) for one in taught]
            columns = [*dated, *entries("school_code", "pupil", "term"), *subjects]
            yield Form(f"{_fit(explanations.columns.word('grade', str(grade)))}{year}", columns)
    elif table == "fitness":
        yield Form(f"{name}{year}", [*_national(explanations), *entries("exempt"), *dated], starred=False)
    elif table == "competence":
        told = [f"{area}_{one}" for area in AREAS_OF_COMPETENCE for one in TOLD_OF_COMPETENCE]
        yield Form(f"{name}{year}", [*dated, *entries("pupil", *told)])
    else:
        kept = [one for one in SCHEMAS[table].columns if one != "year"]
        yield Form(f"{name}{year}", [*dated, *entries(*kept)])


def _national(explanations: Explanations) -> Iterator[Explained]:
    """The columns of the national fitness sheet; of two that mean the same the first is filled in."""
    seen: set[str] = set()
    for header in explanations.params.national_fitness:
        found = explanations.columns.match("fitness", header)
        if found is None or found.column in seen:
            yield explanations.dropped(header)
        else:
            seen.add(found.column)
            yield explanations.column("fitness", found.column, header)


@dataclass
class _Writer:
    """Writes the sheets of one workbook; collects the words that its columns may hold, and whose they are."""

    book: Any
    explanations: Explanations
    national: bool
    lists: dict[tuple[str, ...], dict[str, None]] = field(default_factory=dict)
    formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def guide(self, table: str, forms: Sequence[Form]) -> None:
        """What to do, then a row a column."""
        said = self.explanations.params
        sheet = self.book.add_worksheet(GUIDE)
        bold, wrapped = self._format(bold=True), self._format(text_wrap=True)
        named = said.tables[table]
        sheet.write_string(0, 0, f"{named.name.zh}：{named.about.zh}", bold)
        for row, line in enumerate(said.instructions, 1):
            sheet.write_string(row, 0, f"{row}. {line}", self._format())
        top = len(said.instructions) + 2
        note = said.note
        for place, head in enumerate((note.column, note.need, note.what, note.limit, note.sample)):
            sheet.write_string(top, place, head, bold)
        for row, one in enumerate(filled(one for form in forms for one in form.entries), top + 1):
            cells = (one.header, getattr(note, one.need), one.about, "；".join(self.explanations.limits(one)))
            for place, cell in enumerate((*cells, one.example)):
                sheet.write_string(row, place, cell, wrapped)
        for place, width in enumerate((22, 30, 46, 46, 22)):
            sheet.set_column(place, place, width)
        sheet.protect("", _ALLOWED)

    def form(self, form: Form) -> None:
        """One sheet: headers with a note each, and cells that take what the column may hold."""
        sheet = self.book.add_worksheet(form.name)
        for place, one in enumerate(form.entries):
            needed = form.starred and one.need == "needed"
            sheet.write_string(0, place, f"{one.header}*" if needed else one.header, self._head(one))
            lines = self.explanations.lines(one)
            size = {"width": 260, "height": 22 + 17 * sum(1 + len(line) // 20 for line in lines)}
            sheet.write_comment(0, place, "\n".join(lines), {**size, "author": AUTHOR})
            shape = "@" if one.kind in _KEPT_AS_TEXT else "General"
            body = self._format(locked=False, num_format=shape)
            sheet.set_column(place, place, max(9, 2 * len(one.header) + 3), body)
            rule = self._rule(one, f"{xl_col_to_name(place)}2")
            if rule:
                refused = self.explanations.params.note.refused
                sheet.data_validation(1, place, LAST_ROW, place, {**rule, "error_message": refused})
        sheet.set_row(0, None, self._format())
        sheet.freeze_panes(1, 0)
        sheet.protect("", _ALLOWED)

    def words(self) -> None:
        """The words of every column that has a choice, a column each."""
        sheet = self.book.add_worksheet(WORDS)
        bold, plain = self._format(bold=True), self._format()
        for place, (words, headers) in enumerate(self.lists.items()):
            sheet.write_string(0, place, "、".join(headers), bold)
            for row, word in enumerate(words, 1):
                sheet.write_string(row, place, word, plain)
            sheet.set_column(place, place, 20)
        sheet.protect("", _ALLOWED)

    def _format(self, **properties: Any) -> Any:
        """A format of locked cells; the same one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"locked": True, **properties})
        return self.formats[key]

    def _head(self, one: Explained) -> Any:
        colour = {"needed": "#F8CBAD", "dropped": "#D9D9D9", "recognised": "#D9D9D9"}.get(one.need, "#DDEBF7")
        return self._format(bold=True, bottom=1, bg_color=colour, num_format="@")

    def _rule(self, one: Explained, cell: str) -> dict[str, Any] | None:
        """What a cell of the column takes, as a spreadsheet's data validation; None for anything."""
        if one.kind == "mark":
            number = f"AND(ISNUMBER({cell}),{cell}>=0)"
            return {"validate": "custom", "value": f"=OR({number},COUNTIF({self._list(one)},{cell})>0)"}
        if one.kind == "grade" and one.example.isdecimal():
            return {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 23}
        if one.words:
            return {"validate": "list", "source": f"={self._list(one)}"}
        length = _LENGTHS.get(one.column, 0) if self.national else 0
        if length:
            return {"validate": "length", "criteria": "equal to", "value": length}
        if one.kind in _KEPT_AS_TEXT or (one.low is None and one.kind not in ("number", "whole", "share")):
            return None
        low, high = -1e15 if one.low is None else one.low, 1e15 if one.high is None else one.high
        type_ = "integer" if one.kind in ("whole", "calendar_year") else "decimal"
        if type_ == "integer":
            low, high = int(max(low, -(2**31))), int(min(high, 2**31 - 1))
        return {"validate": type_, "criteria": "between", "minimum": low, "maximum": high}

    def _list(self, one: Explained) -> str:
        self.lists.setdefault(one.words, {})[one.header] = None
        letter = xl_col_to_name(list(self.lists).index(one.words))
        return f"'{WORDS}'!${letter}$2:${letter}${len(one.words) + 1}"


def _names(explanations: Explanations) -> dict[str, str]:
    """What each table's file and sheet are called; a name that two tables share gets the table's own."""
    names: dict[str, str] = {}
    for table in SCHEMAS:
        name = _fit(explanations.columns.params.tables[table].names[0])
        names[table] = f"{name[:8]}-{table}" if name in names.values() else name
    return names


def _fit(name: str) -> str:
    """A name that a file and a sheet may have, whatever params say."""
    return _UNFIT.sub("", name)[:20] or "table"
