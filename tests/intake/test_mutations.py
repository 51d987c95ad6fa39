"""Files changed on purpose or in bad faith, one or two of each kind; the proof makes two thousand."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import mutations
import pytest
from cut_sample import Book, Page, cut_sample
from faulty import FAULTY, negative_mark
from harmless import HARMLESS
from mutations import Trial, assert_same, files_of, repacked, xlsx
from telling import TELLING, assert_only_these

from evalib.intake import load as loading
from evalib.intake.workbooks import read_grids

pytestmark = pytest.mark.proof

NEEDED = ("学校", "学生", "试卷", "成绩")
HOSTILE = (
    "../../x",
    "/etc/x",
    "<script>alert(1)</script>",
    "长" * 10_000,
    "x" * 33,
    "a\u202eb",
    "=1+1",
    "a b\x1b",
)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_columns", lambda folder: mutations.columns())
        yield Trial(tmp_path_factory.mktemp("trial"), cut_sample(*NEEDED))


def test_harmless_changes_change_nothing(trial: Trial) -> None:
    rng = random.Random(1)
    files = {}
    for book in cut_sample(*NEEDED):
        # All but the last, which hand the book in as another file.
        changes = rng.sample(HARMLESS[:-8], len(HARMLESS) - 8)
        assert any(change(rng, book) for change in changes)
        files |= files_of(book)
    found, told = trial.outcome(files)
    assert_same(found, trial.before, told)


def test_telling_changes_change_what_they_say_and_no_more(trial: Trial) -> None:
    rng = random.Random(2)
    files, expected = {}, []
    for book in cut_sample(*NEEDED):
        made = next(one for change in TELLING if (one := change(rng, book)) is not None)
        files |= files_of(book)
        expected.append(made)
    found, told = trial.outcome(files)
    assert any(one.cells for one in expected)
    assert_only_these(found, trial.before, expected, told)


def test_faults_of_all_files_are_told_at_once(trial: Trial) -> None:
    rng = random.Random(3)
    files, expected = {}, []
    for book in cut_sample(*NEEDED):
        made = next(one for change in FAULTY if (one := change(rng, book)) is not None)
        files |= made.files
        expected.append((book.file, made.told))
    found, told = trial.outcome(files)
    assert found is None
    assert all(one.found(told, file) for file, one in expected)


# hostile codes


@pytest.mark.parametrize("school_codes", ["national", "own"])
def test_hostile_school_codes_are_told_in_every_table_and_write_nothing(
    tmp_path: Path, school_codes: str
) -> None:
    rng = random.Random(4)
    handed_in = () if school_codes == "national" else NEEDED
    trial = Trial(tmp_path, cut_sample(*handed_in), school_codes)
    files, expected = {}, []
    for book in cut_sample(*handed_in):
        for page in book.tables:
            if page.table in ("fitness", "district", "papers", "competence", "activities"):
                continue
            place = page.place("学校标识码")
            row = next(row for row, record in enumerate(page.records) if record[place])
            page.records[row][place] = rng.choice(HOSTILE)
            expected.append((book.file, page.name, page.sheet_row(row)))
        files |= files_of(book)
    found, told = trial.outcome(files)
    assert found is None
    keys = (f"school_code_form_{school_codes}", "text_not_allowed")
    places = {
        (fault.file, fault.sheet, row)
        for fault in told
        if fault.key in keys and fault.column == "学校标识码"
        for row in fault.rows
    }
    assert places == set(expected)
    text = "\n".join(fault.text(lang) for fault in told for lang in ("zh", "en"))
    assert not [code for code in HOSTILE if code in text]


def test_hostile_names_are_text(trial: Trial) -> None:
    book = cut_sample("学校")[0]
    names = ["../../x", "<script>alert(1)</script>", "=cmd|' /C calc'!A0"]
    page = book.page("2024—2025学年")
    for record, name in zip(page.records, names, strict=True):
        record[page.place("学校名称")] = name
    found, _ = trial.outcome(files_of(book))
    assert found is not None
    assert set(found["schools", "2024-2025"]["name"]) == set(names)


@pytest.mark.parametrize("sheet", ["<script>", "..", "=1+1", '2024-2025&<>"x'])
def test_hostile_names_of_sheets_are_names(trial: Trial, sheet: str) -> None:
    book = cut_sample("成绩")[0]
    book.pages[0].name = sheet
    book.pages[0].records[0][-1] = "九十"
    found, told = trial.outcome(files_of(book))
    assert found is None
    assert [(fault.key, fault.sheet) for fault in told] == [("unreadable_score", sheet)]


# attacks on the reader


def read(tmp_path: Path, name: str, content: bytes) -> tuple[int, list[str]]:
    path = tmp_path / name
    path.write_bytes(content)
    grids, faults = read_grids(path, name)
    return sum(len(grid.rows) for grid in grids), [fault.key for fault in faults]


def test_texts_changed_behind_the_checksum_are_found(tmp_path: Path) -> None:
    book = Book("a.xlsx", [Page("甲", "", [], ["学籍号"], [["ABC-0123456789"]])])
    content = repacked(files_of(book)["a.xlsx"])
    assert read(tmp_path, "a.xlsx", content) == (2, [])
    assert read(tmp_path, "a.xlsx", content.replace(b"ABC-01", b"ABC-07")) == (0, ["file_unreadable"])


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm", "ods"])
def test_archive_that_unpacks_to_gigabytes_is_not_read(tmp_path: Path, suffix: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("content.xml", bytes(1_000_000))
    content = bytearray(made.getvalue())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (2_500_000_000).to_bytes(4, "little")
    assert read(tmp_path, f"a.{suffix}", bytes(content)) == (0, ["file_too_large"])


def test_ten_thousand_columns_and_characters_are_read(tmp_path: Path) -> None:
    page = Page("甲", "", [], ["长" * 10_000, *["列"] * 9_999], [[1.0]])
    assert read(tmp_path, "a.xlsx", xlsx([page])) == (2, [])


def test_million_rows_that_are_only_coloured_are_no_rows(trial: Trial) -> None:
    book = cut_sample("成绩")[0]
    book.form = "coloured"
    assert_same(trial.outcome(files_of(book))[0], trial.before)


def test_same_list_of_schools_in_two_years_is_no_file_twice(trial: Trial) -> None:
    book = cut_sample("学校")[0]
    first, second = book.pages[:2]
    second.records, second.above, first.above = first.records, [], []
    book.form = "utf-8"
    found, _ = trial.outcome(files_of(book), without=["学校.xlsx"])
    assert found is not None
    assert len(found["schools", "2023-2024"]) == len(found["schools", "2022-2023"])


def test_share_without_its_unit_is_a_fault(tmp_path: Path) -> None:
    trial = Trial(tmp_path, cut_sample(*NEEDED, "区级"))
    book = cut_sample("区级")[0]
    page = book.pages[0]
    unit = page.place("单位")
    rows = [row for row, record in enumerate(page.records) if record[unit] == "%"][:3]
    for row, said in zip(rows, ["", "元", "个"], strict=True):
        page.records[row][unit] = said
    found, (fault,) = trial.outcome(files_of(book))
    assert found is None
    assert (fault.key, fault.rows) == ("unit_not_of_fact", tuple(map(page.sheet_row, rows)))


@pytest.mark.parametrize("seed", range(2))
def test_negative_mark_is_a_fault(trial: Trial, seed: int) -> None:
    made = negative_mark(random.Random(seed), cut_sample("成绩")[0])
    assert made is not None
    found, told = trial.outcome(made.files)
    assert found is None
    assert made.told.found(told, next(iter(made.files)))
