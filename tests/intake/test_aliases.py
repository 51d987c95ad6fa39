"""One pseudonym for all the numbers of a pupil, whichever load tells of the change first."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trial_district import BIRTH, IDS, NAME, PARAMS, PRIMARY, THROUGH, YEAR, District, pupil_id

from evalib.errors import Fault, FaultyFiles
from evalib.intake.aliases import ALIASES, Aliases, known_aliases, rewritten
from evalib.intake.changed_numbers import Change, ChangedNumbers
from evalib.intake.columns import load_columns
from evalib.intake.load import Loaded, load
from evalib.intake.pseudonyms import FIXED_KEY, Identities
from evalib.intake.workbooks import Grid
from evalib.store import Store

NEXT = "2025-2026"
L1, L2, G = "L" + pupil_id(71)[1:], "L" + pupil_id(72)[1:], pupil_id(73)
HEADER = ["原学籍号", "现学籍号"]
BOOK = "学籍号变更.xlsx"


@pytest.fixture
def district(tmp_path: Path) -> District:
    """With the tables alone that these tests are about, for speed."""
    made = District(tmp_path)
    for file in ("体质健康.xlsx", "教师.xlsx", "办学条件.xlsx"):
        del made.books[file]
    return made


def pseudonym(number: str) -> str:
    return str(Identities(FIXED_KEY).pseudonyms(pd.Series([number], dtype="str"), "pupil")[0])


def change(former: str, current: str, row: int = 2) -> Change:
    return Change(former, current, BOOK, "学籍号变更", row, HEADER[1])


def edges(*pairs: tuple[str, str]) -> list[Change]:
    return [change(*pair, row=row) for row, pair in enumerate(pairs, 2)]


def told(faults: list[Fault]) -> list[tuple[str, tuple[int, ...]]]:
    return [(fault.key, fault.rows) for fault in faults]


def sheet(*rows: list[Any], name: str = "学籍号变更", codes: str = "national") -> Any:
    numbers = ChangedNumbers(load_columns(PARAMS), Identities(FIXED_KEY), codes)
    return numbers.read(Grid(BOOK, name, list(rows)))


# the sheet


def test_rows_of_the_sheet_are_changes_in_pseudonyms_alone() -> None:
    changes, faults = sheet(
        ["示例区学籍号变更"],
        ["序号", "姓名", *HEADER],
        [1, NAME, L1, G],
        ["", "", "", ""],
        [2, NAME, G, G],
        ["", "", "备注：无", ""],
    )
    assert faults == []
    assert [(one.former, one.current, one.row) for one in changes] == [(pseudonym(L1), pseudonym(G), 3)]
    assert L1[1:] not in repr(changes)


@pytest.mark.parametrize(
    ("row", "key", "column"),
    [
        ([L1, ""], "missing_value", HEADER[1]),
        ([L1[:-1], G], "pupil_id_form", HEADER[0]),
        ([L1, G[:-1] + ("1" if G[-1] != "1" else "2")], "pupil_id_check", HEADER[1]),
        ([L1, 1.5], "unreadable_pupil", HEADER[1]),
    ],
)
def test_number_that_cannot_be_one_is_a_fault_of_its_row(row: list[Any], key: str, column: str) -> None:
    changes, faults = sheet(HEADER, [L2, IDS[0]], row)
    assert [(fault.key, fault.column, fault.rows) for fault in faults] == [(key, column, (3,))]
    assert len(changes) <= 2


def test_own_numbers_need_no_national_form() -> None:
    assert len(sheet(HEADER, ["p-1", "p-2"], codes="own")[0]) == 1


def test_sheet_with_one_of_its_columns_says_which_is_missing() -> None:
    changes, (fault,) = sheet(["原学籍号", "新的号码"], [L1, G])
    assert changes == []
    assert (fault.key, fault.column) == ("missing_column", "现学籍号")


@pytest.mark.parametrize("header", [["学籍号", "姓名"], ["原学籍号", "学校标识码"]])
def test_other_sheets_are_left_to_the_tables(header: list[str]) -> None:
    numbers = ChangedNumbers(load_columns(PARAMS), Identities(FIXED_KEY), "national")
    assert numbers.read(Grid("学生.xlsx", "名册", [header, [L1, G]])) is None


# chains


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_chains_lead_to_the_first_number_whatever_the_order_of_loads(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    links = [("a", "b"), ("b", "c"), ("c", "d")]
    store = Store(tmp_path)
    for place in order:
        aliases, faults = known_aliases(edges(links[place]), store)
        assert faults == []
        store.write({ALIASES: aliases.table})
    assert aliases.first == dict.fromkeys("bcd", "a")


@pytest.mark.parametrize(
    ("pairs", "key", "rows"),
    [
        ([("a", "c"), ("b", "c"), ("x", "y")], "alias_twice", (2, 3)),
        ([("a", "b"), ("a", "c"), ("x", "y")], "alias_twice", (2, 3)),
        ([("a", "b"), ("b", "a"), ("x", "y")], "alias_circle", (2, 3)),
        ([("a", "b"), ("b", "c"), ("c", "b")], "alias_twice", (2, 4)),
        ([("x", "y"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "a")], "alias_circle", (3, 4, 5, 6)),
    ],
)
def test_changes_that_contradict_each_other_are_faults(
    tmp_path: Path, pairs: list[tuple[str, str]], key: str, rows: tuple[int, ...]
) -> None:
    aliases, faults = known_aliases(edges(*pairs), Store(tmp_path))
    assert told(faults) == [(key, rows)]
    assert aliases.first == {}


def test_the_same_change_twice_is_none(tmp_path: Path) -> None:
    aliases, faults = known_aliases(edges(("a", "b"), ("a", "b")), Store(tmp_path))
    assert (faults, aliases.first) == ([], {"b": "a"})


def test_circle_with_a_change_of_the_store_is_told_at_the_new_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({ALIASES: known_aliases(edges(("a", "b")), store)[0].table})
    assert told(known_aliases(edges(("x", "y"), ("b", "a")), store)[1]) == [("alias_circle", (3,))]


def test_corrected_change_replaces_the_earlier_one_and_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({ALIASES: known_aliases(edges(("a", "b"), ("x", "y")), store)[0].table})
    aliases, (warning,) = known_aliases(edges(("a", "c")), store)
    assert (warning.key, warning.rows, warning.warning) == ("alias_replaced", (2,), True)
    assert aliases.first == {"c": "a", "y": "x"}


# tables of the store


def roll(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["school_code", "pupil", "status"], dtype="str").assign(year=YEAR)


def renumbered(tmp_path: Path, frame: pd.DataFrame) -> tuple[dict[Any, pd.DataFrame], list[Fault]]:
    store = Store(tmp_path)
    store.write({("pupils", YEAR): frame})
    changes = tuple(edges(("a", "b")))
    return rewritten(store, Aliases({"b": "a"}, changes), [], load_columns(PARAMS))


def test_table_of_the_store_is_written_anew_in_its_order(tmp_path: Path) -> None:
    found, faults = renumbered(tmp_path, roll(("1", "aa", "enrolled"), ("1", "b", "enrolled")))
    assert faults == []
    assert found["pupils", YEAR]["pupil"].tolist() == ["a", "aa"]
    assert list(found["pupils", YEAR].columns) == ["school_code", "pupil", "status", "year"]


def test_table_without_the_number_is_left_alone(tmp_path: Path) -> None:
    assert renumbered(tmp_path, roll(("1", "a", "enrolled"), ("1", "c", "enrolled"))) == ({}, [])


@pytest.mark.parametrize(
    ("rows", "faulty"),
    [
        ([("1", "a", "enrolled"), ("1", "b", "enrolled")], True),
        ([("1", "a", "enrolled"), ("2", "b", "enrolled")], True),
        ([("1", "a", "transferred_out"), ("2", "b", "transferred_in")], False),
    ],
)
def test_both_numbers_in_a_year_of_the_store_are_a_fault_unless_the_pupil_moved(
    tmp_path: Path, rows: list[tuple[str, str, str]], faulty: bool
) -> None:
    _, faults = renumbered(tmp_path, roll(*rows))
    assert told(faults) == ([("alias_in_store", (2,))] if faulty else [])
    assert all(YEAR in fault.text(lang) for fault in faults for lang in ("zh", "en"))


# whole loads


def first_year(district: District, number: str) -> None:
    district.sheet("学生.xlsx").append([YEAR, number, NAME, BIRTH, PRIMARY, "三年级", "1班", ""])
    district.sheet("成绩.xlsx", "三年级").append([YEAR, PRIMARY, number, NAME, 77, 66])


def later(district: District, number: str) -> None:
    """The next year's files alone: the pupil, a grade higher, under another number."""
    for path in district.folder.glob("*.xlsx"):
        path.unlink()
    district.books = {
        "学校.xlsx": {
            "学校": [["学年", "学校标识码", "学段", "学校名称"], [NEXT, PRIMARY, "小学", "示例一小"]]
        },
        "学生.xlsx": {"名册": [["学年", "学籍号", "学校标识码", "年级"], [NEXT, number, PRIMARY, "四年级"]]},
        "试卷.xlsx": {"试卷": [["学年", "年级", "学科", "满分"], [NEXT, "四年级", "语文", 100]]},
        "成绩.xlsx": {"四年级": [["学年", "学籍号", "学校标识码", "语文"], [NEXT, number, PRIMARY, 71]]},
    }


def listed(district: District, *pairs: tuple[str, str]) -> None:
    district.books[BOOK] = {"学籍号变更": [HEADER, *[list(pair) for pair in pairs]]}


def loaded(district: District) -> Loaded:
    district.write()
    settings = district.settings
    return load(settings, Store(settings.store))


def stored(district: District) -> dict[Any, bytes]:
    return {path: path.read_bytes() for path in district.settings.store.rglob("*") if path.is_file()}


def pupils(district: District, year: str, table: str = "pupils") -> set[str]:
    return set(district.store.read(table, year)["pupil"])


def test_later_years_number_is_the_first_years_pupil_in_every_table(district: District) -> None:
    first_year(district, L1)
    loaded(district)
    later(district, G)
    listed(district, (L1, G))
    assert not [one for one in loaded(district).warnings if one.key.startswith("alias")]
    assert pupils(district, NEXT) == pupils(district, NEXT, "scores") == {pseudonym(L1)}
    assert pseudonym(L1) in pupils(district, YEAR)


def test_change_that_comes_after_both_years_reaches_the_store_and_is_logged(district: District) -> None:
    later(district, G)
    loaded(district)
    assert pupils(district, NEXT) == {pseudonym(G)}
    before = {path: path.stat().st_mtime_ns for path in district.settings.store.glob("*/2025*")}
    district.books = District(district.root).books
    for path in district.folder.glob("*.xlsx"):
        path.unlink()
    first_year(district, L1)
    listed(district, (L1, G))
    found = loaded(district)
    assert pupils(district, NEXT) == pupils(district, NEXT, "scores") == {pseudonym(L1)}
    assert set(found.renumbered) == {ALIASES, ("pupils", NEXT), ("scores", NEXT)}
    assert found.changes["pupils", NEXT] == "replaced"
    assert found.sources["pupils", NEXT][0].file == BOOK
    kept = [path for path in before if path.exists() and path.stat().st_mtime_ns == before[path]]
    assert {path.parent.name for path in kept} == {"schools", "papers"}


def test_marks_under_the_old_number_belong_to_the_roll_under_the_new_one(district: District) -> None:
    first_year(district, L1)
    district.sheet("学生.xlsx")[-1][1] = G
    listed(district, (L1, G))
    tables = district.read().tables
    assert pseudonym(L1) in set(tables["pupils", YEAR]["pupil"]) & set(tables["scores", YEAR]["pupil"])
    assert pseudonym(G) not in set(tables["pupils", YEAR]["pupil"])


def test_pupil_under_both_numbers_in_one_school_is_a_fault_of_both_rows(district: District) -> None:
    first_year(district, L1)
    district.sheet("学生.xlsx").append([YEAR, G, NAME, BIRTH, PRIMARY, "三年级", "1班", ""])
    listed(district, (L1, G))
    assert [(fault.key, fault.rows) for fault in district.faults()] == [("alias_same_year", (8, 9))]


def test_pupil_who_moved_with_a_new_number_is_one_pupil(district: District) -> None:
    header, *rows = district.sheet("学生.xlsx")[1:]
    district.books["学生.xlsx"]["名册"] = [
        [*header, "学籍状态"],
        *[[*row, "在读"] for row in rows],
        [YEAR, L1, NAME, BIRTH, THROUGH, "三年级", "1班", "", "转出"],
        [YEAR, G, NAME, BIRTH, PRIMARY, "三年级", "1班", "", "转入"],
    ]
    listed(district, (L1, G))
    found = district.read().tables["pupils", YEAR]
    assert found.loc[found["pupil"].eq(pseudonym(L1)), "school_code"].tolist() == [PRIMARY, THROUGH]


def test_contradictions_stop_the_load_and_leave_the_store(district: District) -> None:
    loaded(district)
    before = stored(district)
    listed(district, (L1, G), (L2, G))
    district.write()
    with pytest.raises(FaultyFiles) as caught:
        load(district.settings, district.store)
    assert [(fault.key, fault.rows) for fault in caught.value.faults] == [("alias_twice", (2, 3))]
    assert {
        path: path.read_bytes() for path in district.settings.store.rglob("*") if path.is_file()
    } == before
