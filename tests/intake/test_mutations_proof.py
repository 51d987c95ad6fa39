"""Two thousand seeded changes of the sample's workbooks: right values or a clear fault, and nothing else."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

import mutations
import pytest
from cut_sample import Book, Page, cut_sample
from faulty import FAULTY, entities
from harmless import HARMLESS
from mutations import Trial, assert_same, comma_separated, files_of, xlsx
from telling import TELLING, assert_only_these

from evalib.intake import load as loading
from evalib.intake.workbooks import read_grids
from sampled import sampled

pytestmark = pytest.mark.proof

BOOKS = 10
HARMLESS_LOADS, TELLING_LOADS, FAULTY_LOADS, DAMAGED_LOADS = 64, 40, 40, 12
DAMAGED_READ, READ_TOGETHER = 12, 50
TEXT_FILES, BOMBS = 24, 10


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with pytest.MonkeyPatch.context() as patch:
        # Read once: the words stay the same, and half a load's time is theirs.
        patch.setattr(loading, "load_columns", lambda folder: mutations.columns())
        yield Trial(tmp_path_factory.mktemp("proof"), cut_sample())


def original(trial: Trial, book: Book) -> str:
    name = book.file.rpartition("/")[2].rpartition(".")[0]
    return next(one for one in trial.originals if one.startswith(f"{name}."))


def test_two_thousand_changes_are_made() -> None:
    loads = HARMLESS_LOADS + TELLING_LOADS + FAULTY_LOADS + DAMAGED_LOADS
    assert len(cut_sample()) == BOOKS
    assert loads * BOOKS + DAMAGED_READ * READ_TOGETHER + TEXT_FILES + BOMBS >= 2000


@pytest.mark.parametrize("seed", sampled(range(HARMLESS_LOADS), 2))
def test_what_says_the_same_is_read_the_same(trial: Trial, seed: int) -> None:
    rng = random.Random(f"harmless {seed}")
    files, without, why = {}, [], []
    for book in cut_sample():
        # Each kind of change comes to each book in turn.
        first = (seed + 7 * len(why)) % len(HARMLESS)
        change = next(one for one in (*HARMLESS[first:], *HARMLESS[:first]) if one(rng, book))
        without.append(original(trial, book))
        files |= files_of(book)
        why.append((book.file, change.__name__))
    assert len(why) == BOOKS
    found, told = trial.outcome(files, without=without)
    assert_same(found, trial.before, (why, [fault.text("en") for fault in told]))
    assert {fault.key for fault in told} <= {"unused_column", "hidden_sheet", "fact_converted"}


@pytest.mark.parametrize("seed", sampled(range(TELLING_LOADS), 2))
def test_what_says_something_else_changes_that_alone(trial: Trial, seed: int) -> None:
    rng = random.Random(f"telling {seed}")
    files, expected, why = {}, [], []
    for book in cut_sample():
        changes = ((one, one(rng, book)) for one in rng.sample(TELLING, len(TELLING)))
        change, difference = next(made for made in changes if made[1] is not None)
        assert difference is not None
        files |= files_of(book)
        expected.append(difference)
        why.append((book.file, change.__name__, difference))
    assert len(why) == BOOKS
    found, told = trial.outcome(files)
    assert_only_these(found, trial.before, expected, (why, [fault.text("en") for fault in told]))


@pytest.mark.parametrize("seed", sampled(range(FAULTY_LOADS), 2))
def test_what_cannot_be_right_is_told_at_its_place(trial: Trial, seed: int) -> None:
    rng = random.Random(f"faulty {seed}")
    files, without, expected = {}, [], []
    for number, book in enumerate(cut_sample()):
        first = (seed + 5 * number) % len(FAULTY)
        changes = ((one, one(rng, book)) for one in (*FAULTY[first:], *FAULTY[:first]))
        change, made = next(made for made in changes if made[1] is not None)
        assert made is not None
        name = next(iter(made.files))
        files |= made.files
        expected.append((change.__name__, name, made.told))
        without += [] if name == book.file else [book.file]
    assert len(expected) == BOOKS
    found, told = trial.outcome(files, without=without)
    assert found is None
    errors = [fault for fault in told if not fault.warning]
    assert [one for one in expected if not one[2].found(errors, one[1])] == []


# bytes


def damaged(rng: random.Random, content: bytes) -> bytes:
    spoiled = bytearray(content)
    place, length = rng.randrange(len(content)), rng.choice([1, 2, 16, 512])
    kind = rng.choice(["bit", "bytes", "zeros", "cut", "more", "end"])
    if kind == "bit":
        spoiled[place] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        spoiled[place : place + length] = rng.randbytes(len(spoiled[place : place + length]))
    elif kind == "zeros":
        spoiled[place : place + length] = bytes(len(spoiled[place : place + length]))
    elif kind == "cut":
        del spoiled[place : place + length]
    elif kind == "more":
        spoiled[place:place] = rng.randbytes(length)
    else:
        del spoiled[place:]
    return bytes(spoiled)


@pytest.mark.parametrize("form", ["xlsx", "stored", "ods"])
@pytest.mark.parametrize("seed", sampled(range(DAMAGED_READ // 3), 2))
def test_damaged_workbook_has_the_same_cells_or_a_fault(tmp_path: Path, form: str, seed: int) -> None:
    rng = random.Random(f"damaged {form} {seed}")
    books = [book for book in cut_sample() if len(book.pages) < 4]
    for number in range(READ_TOGETHER):
        book = rng.choice(books)
        book.form = form
        ((name, content),) = files_of(book).items()
        path = tmp_path / f"{number}{Path(name).suffix}"
        path.write_bytes(content)
        whole, _ = read_grids(path, name)
        path.write_bytes(damaged(rng, content))
        grids, faults = read_grids(path, name)
        assert [fault for fault in faults if not fault.warning] or grids == whole, (name, number)


@pytest.mark.parametrize("seed", sampled(range(DAMAGED_LOADS), 2))
def test_damaged_workbooks_leave_the_store_as_it_was_or_are_read_the_same(trial: Trial, seed: int) -> None:
    rng = random.Random(f"damaged {seed}")
    files = {name: damaged(rng, content) for name, content in trial.originals.items()}
    assert len(files) == BOOKS
    found, told = trial.outcome(files)
    if found is None:
        assert any(fault.key.startswith(("file_", "sheet_", "missing_")) for fault in told)
    else:
        assert_same(found, trial.before)


@pytest.mark.parametrize("seed", sampled(range(TEXT_FILES), 2))
def test_text_with_other_characters_says_what_a_workbook_of_its_cells_says(trial: Trial, seed: int) -> None:
    rng = random.Random(f"text {seed}")
    book = cut_sample(rng.choice(["成绩", "体质", "教师", "问卷", "办学"]))[0]
    page = rng.choice(book.tables)
    content = bytearray(comma_separated(page, "utf-8"))
    digits = [place for place, byte in enumerate(content) if chr(byte) in "0123456789,.\n"]
    for place in sorted(rng.sample(digits, rng.choice([1, 1, 1, 2])), reverse=True):
        content[place : place + 1] = rng.choice([b"7", b"0", b".", b",", b"\n", b"", b" ", b"\xef\xbc\x95"])
    others = Book(book.file, [one for one in book.pages if one is not page])
    rest = files_of(others) if others.pages else {}
    without = [] if rest else [book.file]
    title = f"{book.stem} {page.name}"
    as_text = trial.outcome({f"{title}.csv": bytes(content), **rest}, without=without)
    rows: list[list[str]] = list(csv.reader(io.StringIO(content.decode())))
    sheet = Page("Sheet1", page.table, [], rows[0], rows[1:])
    as_cells = trial.outcome({f"{title}.xlsx": xlsx([sheet]), **rest}, without=without)
    if as_text[0] is None:
        assert as_cells[0] is None or "file_cut_short" in {fault.key for fault in as_text[1]}
    else:
        assert as_cells[0] is not None
        assert_same(as_text[0], as_cells[0])


@pytest.mark.parametrize("seed", range(BOMBS))
def test_entities_of_a_part_do_not_grow(trial: Trial, seed: int) -> None:
    rng = random.Random(f"entities {seed}")
    made = entities(rng, cut_sample()[seed % BOOKS])
    assert made is not None
    found, told = trial.outcome(made.files)
    if found is not None:
        assert_same(found, trial.before)
    else:
        assert told
