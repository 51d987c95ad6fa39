"""Empty workbooks: what they show, and that they come back filled in without a fault."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from filled_templates import FILLED, PUPILS, READ, SCHOOL, THROUGH, YEAR, fill
from trial_district import District

from evalib.cli import main
from evalib.errors import FaultyFiles, FaultyParams, ParameterError
from evalib.intake import marks
from evalib.intake.columns import load_columns, plain
from evalib.intake.explained import FILE, load_explanations, need_of
from evalib.intake.load import Loaded, read_tables
from evalib.intake.pseudonyms import FIXED_KEY, Identities
from evalib.intake.schemas import SCHEMAS
from evalib.intake.templates import GUIDE, WORDS, template, write_templates

pytestmark = pytest.mark.proof

PARAMS = Path(__file__).parents[2] / "params"
OWN = {SCHOOL: "A-1", THROUGH: "A-2", **{one: f"P{number}" for number, one in enumerate(PUPILS)}}


@pytest.fixture(scope="module")
def explanations():
    return load_explanations(PARAMS)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> list[Path]:
    """Every empty workbook, in the order of the tables."""
    return write_templates(tmp_path_factory.mktemp("empty"), PARAMS)


@pytest.fixture(scope="module")
def books(empty) -> dict[str, Any]:
    """Every empty workbook as a spreadsheet program reads it."""
    return {table: openpyxl.load_workbook(path) for table, path in zip(SCHEMAS, empty, strict=True)}


def forms(book: Any) -> list[Any]:
    return [sheet for sheet in book.worksheets if sheet.title not in (GUIDE, WORDS)]


def below(sheet: Any, head: Any) -> Any:
    """What holds for the cells below a header: columns that are alike stand together."""
    return next(one for one in sheet.column_dimensions.values() if one.min <= head.column <= one.max)


def expected(table: str, codes: dict[str, str]) -> dict[str, list[Any]]:
    numbers = pd.Series([codes.get(one, one) for one in PUPILS])
    pseudonyms = Identities(FIXED_KEY).pseudonyms(numbers, "pupil").tolist()
    read = {name: list(values) for name, values in READ[table].items()}
    if "pupil" in read:
        read["pupil"] = [None if one is None else pseudonyms[one] for one in read["pupil"]]
    if "school_code" in read:
        read["school_code"] = [codes.get(one, one) for one in read["school_code"]]
    return read


def in_order(rows: dict[str, list[Any]]) -> list[tuple[str, ...]]:
    names = sorted(rows)
    told = [
        [None if pd.isna(value) else value for value in (rows[name][number] for name in names)]
        for number in range(len(rows[names[0]]))
    ]
    # Numbers as numbers: 0 and 0.0 are the same, True and 1 are not.
    return sorted(
        tuple(
            repr(round(float(one), 9))
            if isinstance(one, int | float) and not isinstance(one, bool)
            else repr(one)
            for one in row
        )
        for row in told
    )


@pytest.mark.parametrize(("own", "year"), [(False, ""), (True, YEAR)], ids=["national", "own codes, a year"])
def test_filled_in_workbooks_load_without_a_fault_and_with_the_right_values(
    district: District, own: bool, year: str
) -> None:
    district.school_codes = "own" if own else "national"
    settings = district.settings
    paths = write_templates(district.folder, settings.path.parent, year=year, national=not own)
    codes = OWN if own else {}
    fill(paths, year, codes)
    loaded: Loaded = read_tables(settings)
    assert [one.key for one in loaded.warnings] == ["fact_converted"]
    assert {name for name, _ in loaded.tables} == set(SCHEMAS)
    assert {one for _, one in loaded.tables} == {YEAR}
    for (name, _), frame in loaded.tables.items():
        read = expected(name, codes)
        told_apart = {"year", "work", "activity", "teacher"}
        assert set(frame.columns) - told_apart == set(read), name
        assert in_order({column: frame[column].tolist() for column in read}) == in_order(read), name


def test_every_column_of_every_table_is_filled_in_by_these_tests() -> None:
    for name, table in SCHEMAS.items():
        assert set(table.columns) - {"year", "work", "activity", "teacher"} == set(READ[name])


def test_untouched_workbooks_are_told_as_having_no_rows(district: District) -> None:
    settings = district.settings
    write_templates(district.folder, settings.path.parent)
    with pytest.raises(FaultyFiles) as caught:
        read_tables(settings)
    told = {(fault.file, fault.key) for fault in caught.value.faults}
    needed = [columns_name(name) for name, table in SCHEMAS.items() if table.needed]
    assert told == {(f"{name}.xlsx", "table_without_rows") for name in needed}
    for lang in ("zh", "en"):
        assert "学校" in caught.value.text(lang)


def columns_name(table: str) -> str:
    return load_columns(PARAMS).params.tables[table].names[0]


def test_untouched_workbooks_that_are_not_needed_warn_and_stop_nothing(district: District) -> None:
    settings = district.settings
    paths = write_templates(district.folder, settings.path.parent, year=YEAR)
    needed = [table.needed for table in SCHEMAS.values()]
    fill([path for path, one in zip(paths, needed, strict=True) if one], YEAR)
    warned = {(fault.file, fault.key) for fault in read_tables(settings).warnings}
    blank = [path.name for path, one in zip(paths, needed, strict=True) if not one]
    assert warned == {(name, "table_without_rows") for name in blank}


def test_sheets_beside_the_table_are_not_read() -> None:
    ignored = {plain(name) for name in load_columns(PARAMS).params.ignored_sheets}
    assert {GUIDE, WORDS} <= ignored


def test_workbooks_open_at_what_is_to_be_done_and_list_the_words(books) -> None:
    for book in books.values():
        assert book.sheetnames[0] == GUIDE
        assert book.sheetnames[-1] == WORDS
        told = [cell.value for row in book[GUIDE].iter_rows() for cell in row if cell.value]
        assert any("evalib check" in line for line in told)


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_header_is_known_and_has_a_note(books, explanations, table: str) -> None:
    for sheet in forms(books[table]):
        headers = [cell for cell in sheet[1] if cell.value]
        matched = [explanations.columns.match(table, cell.value) for cell in headers]
        found = [match.column for match in matched if match is not None]
        assert len(found) == len(set(found))
        for cell, match in zip(headers, matched, strict=True):
            assert cell.comment is not None
            assert cell.comment.text.strip()
            if match is None:
                assert explanations.columns.passed_over(cell.value)
                assert cell.comment.text == explanations.params.note.dropped
        wanted = {one for one in SCHEMAS[table].demanded if one not in ("grade", "area")}
        assert wanted <= set(found)


def test_an_annotated_copy_keeps_the_notes_of_headers(books) -> None:
    (sheet,) = forms(books["pupils"])
    assert {cell.comment.author for cell in sheet[1] if cell.value}.isdisjoint([marks.AUTHOR])


def test_needed_columns_carry_a_star_that_changes_nothing(books, explanations) -> None:
    starred = {
        (table, match.column)
        for table, book in books.items()
        for sheet in forms(book)
        for cell in sheet[1]
        if cell.value and cell.value.endswith("*")
        for match in [explanations.columns.match(table, cell.value)]
    }
    needed = {
        (name, column)
        for name, table in SCHEMAS.items()
        for column in table.columns
        if need_of(table, column) == "needed"
    }
    # Sheets of marks have a grade each and a column a subject; the national sheet is as it is.
    assert starred == {one for one in needed if one[0] != "fitness"}


def test_fitness_is_the_national_sheet_as_it_is(books, explanations) -> None:
    (sheet,) = forms(books["fitness"])
    national = explanations.params.national_fitness
    assert len(national) == 21
    assert [cell.value for cell in sheet[1] if cell.value] == [*national, "免测", "学年"]


def test_a_sheet_of_marks_has_the_subjects_that_its_grade_is_taught(books, explanations) -> None:
    sheets = {sheet.title: {cell.value for cell in sheet[1]} for sheet in forms(books["scores"])}
    assert len(sheets) == 9
    for subject, grades in explanations.params.taught.items():
        header = explanations.columns.word("subject", subject)
        for grade in range(1, 10):
            sheet = sheets[explanations.columns.word("grade", str(grade))]
            assert (header in sheet) == (grade in grades), (header, grade)


@pytest.mark.parametrize("table", SCHEMAS)
def test_headers_are_locked_and_cells_are_open(books, table: str) -> None:
    for sheet in books[table].worksheets:
        assert sheet.protection.sheet
        assert sheet.protection.password is None
    for sheet in forms(books[table]):
        assert all(cell.protection.locked for cell in sheet[1])
        for cell in (one for one in sheet[1] if one.value):
            assert not below(sheet, cell).protection.locked
        assert not sheet.protection.deleteRows
        assert not sheet.protection.insertRows


def test_cells_beyond_the_table_are_open_so_that_rows_can_be_deleted(explanations) -> None:
    (style,) = re.findall(
        r"<cellXfs[^>]*><xf .*?</xf>", part(template("activities", explanations), "xl/styles")
    )
    assert '<protection locked="0"/>' in style


@pytest.mark.parametrize("table", SCHEMAS)
def test_no_cell_is_a_formula(books, table: str) -> None:
    for sheet in books[table].worksheets:
        for row in sheet.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("table", SCHEMAS)
def test_words_are_chosen_from_lists_that_hold_just_them(books, explanations, table: str) -> None:
    book = books[table]
    for sheet in forms(book):
        lists = {
            letter: rule.formula1
            for rule in sheet.data_validations.dataValidation
            for letter in re.findall(r"([A-Z]+)2:", str(rule.sqref))
            if rule.type == "list"
        }
        for cell in (one for one in sheet[1] if one.value):
            match = explanations.columns.match(table, cell.value)
            kind = SCHEMAS[table].kind(match.column) if match and not match.subject else ""
            if kind not in ("word", "flag") and not (kind == "grade" and table != "fitness"):
                assert cell.column_letter not in lists
                continue
            reference = lists[cell.column_letter].lstrip("=")
            area = reference.partition("!")[2].replace("$", "")
            offered = [one.value for row in book[WORDS][area] for one in row]
            clean = [explanations.columns.words(table, match.column)[plain(word)] for word in offered]
            assert len(clean) == len(set(clean))
            possible = SCHEMAS[table].words(match.column)
            assert not possible or set(clean) <= set(possible)
            assert len(offered) == len(explanations.words(table, match.column))


@pytest.mark.parametrize("table", SCHEMAS)
def test_lists_take_what_the_tests_fill_in(books, explanations, table: str) -> None:
    name = columns_name(table)
    for sheet in forms(books[table]):
        places = {cell.value.removesuffix("*"): cell.column_letter for cell in sheet[1] if cell.value}
        rules = {
            letter: rule
            for rule in sheet.data_validations.dataValidation
            for letter in re.findall(r"([A-Z]+)2:", str(rule.sqref))
        }
        for row in FILLED[name].get(sheet.title, []):
            for header, value in row.items():
                rule = rules.get(places[header])
                if rule is not None and rule.type in ("decimal", "whole"):
                    assert float(rule.formula1) <= value <= float(rule.formula2), header
                elif rule is not None and rule.type == "textLength":
                    assert len(value) == int(rule.formula1), header


def test_numbers_that_are_names_are_kept_as_text(books) -> None:
    (sheet,) = forms(books["pupils"])
    formats = {cell.value: below(sheet, cell).number_format for cell in sheet[1] if cell.value}
    assert {formats[one] for one in ("学籍号*", "学校标识码*", "班级")} == {"@"}
    assert formats["社会经济地位"] == "General"


def part(content: bytes, start: str) -> str:
    """What the parts of an .xlsx say whose names begin so."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.startswith(start))


def test_own_codes_may_have_any_length(explanations) -> None:
    for national, lengths in ((True, 2), (False, 0)):
        sheets = part(template("pupils", explanations, national=national), "xl/worksheets/s")
        assert sheets.count('type="textLength"') == lengths


def test_year_stands_in_names_in_place_of_a_column(explanations, tmp_path: Path) -> None:
    paths = write_templates(tmp_path, PARAMS, year=YEAR)
    assert all(path.name.endswith(f"-{YEAR}.xlsx") for path in paths)
    for path in paths:
        for sheet in forms(openpyxl.load_workbook(path)):
            assert sheet.title.endswith(YEAR)
            assert "学年" not in [str(cell.value).removesuffix("*") for cell in sheet[1]]


def test_the_same_params_give_the_same_bytes(explanations) -> None:
    for table in ("schools", "scores", "fitness"):
        assert template(table, explanations) == template(table, explanations)


def test_nothing_is_written_over_nor_beside_what_is_there(tmp_path: Path) -> None:
    there = tmp_path / "试卷.xlsx"
    there.write_bytes(b"mine")
    with pytest.raises(ParameterError) as caught:
        write_templates(tmp_path, PARAMS)
    assert caught.value.key == "template_exists"
    assert "试卷.xlsx" in caught.value.text("zh")
    assert list(tmp_path.iterdir()) == [there]
    assert there.read_bytes() == b"mine"


def test_a_folder_that_cannot_take_them_all_gets_none(tmp_path: Path, monkeypatch) -> None:
    opened = itertools.count()
    whole = Path.open

    def full(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if mode == "xb" and next(opened) == 5:
            raise OSError(28, "No space left on device", str(path))
        return whole(path, mode, *arguments, **named)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space"):
        write_templates(tmp_path, PARAMS)
    assert list(tmp_path.iterdir()) == []


def test_two_tables_of_one_name_get_a_workbook_each(district: District) -> None:
    params = district.settings.path.parent
    change(params / "columns.yaml", lambda content: content["tables"]["survey"].update(names=["社团"]))
    paths = write_templates(district.folder, params)
    assert len(set(paths)) == len(SCHEMAS)
    assert {"社团.xlsx", "社团-survey.xlsx"} <= {path.name for path in paths}


def test_a_name_in_params_leads_out_of_no_folder(district: District) -> None:
    params = district.settings.path.parent
    change(params / "columns.yaml", lambda content: content["tables"]["survey"].update(names=["../../x:y"]))
    paths = write_templates(district.folder, params)
    assert {path.parent for path in paths} == {district.folder}
    assert "xy.xlsx" in {path.name for path in paths}


def change(path: Path, how) -> None:
    content = yaml.safe_load(path.read_text("utf-8"))
    how(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda c: c["tables"].pop("survey"), "survey"),
        (lambda c: c["tables"]["survey"]["columns"].pop("sd"), "nothing is told of sd"),
        (lambda c: c["tables"]["survey"]["columns"].update(sdd=c["columns"]["sex"]), "no column sdd"),
        (lambda c: c["taught"].update(latin=[1]), "latin"),
        (lambda c: c["taught"].update(music=[10]), "taught"),
        (lambda c: c["note"].pop("mark"), "mark"),
    ],
)
def test_wrong_words_file_is_told_with_its_place(district: District, how, said: str) -> None:
    params = district.settings.path.parent
    change(params / FILE, how)
    with pytest.raises(FaultyParams) as caught:
        load_explanations(params)
    assert said in caught.value.text("en")
    assert FILE in caught.value.text("en")


def test_every_example_may_be_filled_in_where_it_stands(explanations) -> None:
    for name, table in SCHEMAS.items():
        for column in (*table.columns, *table.context):
            one = explanations.column(name, column)
            if one.words and not (name == "fitness" and column == "grade"):
                assert one.example in one.words, (name, column)
            if one.low is not None and one.kind not in ("minutes", "grade"):
                assert one.low <= float(one.example) <= (one.high or float("inf")), (name, column)
            assert one.about, (name, column)


class TestCommand:
    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(main, ["template", *arguments])

    def test_says_what_was_written_and_what_to_do_next(self, district: District) -> None:
        settings = district.settings
        ended = self.run(str(district.root / "空白"), "--params", str(settings.path), "--year", YEAR)
        assert ended.exit_code == 0, ended.output
        assert len(list((district.root / "空白").iterdir())) == 12
        assert f"学生-{YEAR}.xlsx" in ended.output
        assert f"evalib check {settings.path}" in ended.output
        assert "data/trial" in ended.output

    @pytest.mark.parametrize("year", ["2025", "2025-2027", "../x"])
    def test_refuses_what_is_no_year(self, district: District, year: str) -> None:
        settings = district.settings
        ended = self.run(str(district.root / "空白"), "--params", str(settings.path), "--year", year)
        assert ended.exit_code == 2
        assert "2024-2025" in ended.output
        assert not (district.root / "空白").exists()

    def test_does_not_write_over_a_workbook(self, district: District) -> None:
        settings = district.settings
        for code in (0, 2):
            ended = self.run(str(district.root / "空白"), "--params", str(settings.path))
            assert ended.exit_code == code
        assert "学校.xlsx" in ended.output
