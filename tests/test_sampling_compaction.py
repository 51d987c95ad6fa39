"""Small workbooks hold the same cells."""

from __future__ import annotations

import io
from pathlib import Path

import xlsxwriter

from evalib.intake.archives import sheet_extents
from evalib.intake.workbooks import read_grids
from evalib.sampling.compaction import compacted

ROWS = [
    ["学籍号", "", "成绩", *[""] * 24, "末列"],
    [],
    ["", "", 0, "<a>&", "", 1.25],
    ["x", 2, "", "", "y"],
]


def made() -> bytes:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as writer:
        for name in ("甲", "乙"):
            sheet = writer.add_worksheet(name)
            for number, row in enumerate(ROWS):
                for place, cell in enumerate(row):
                    if cell != "":
                        sheet.write(number, place, cell)
    return book.getvalue()


def test_cells_are_where_they_were_without_saying_so(tmp_path: Path) -> None:
    given, small = tmp_path / "given.xlsx", tmp_path / "small.xlsx"
    given.write_bytes(made())
    small.write_bytes(compacted(made(), implicit=True))
    before, faults = read_grids(given, "one")
    after, more = read_grids(small, "one")
    assert faults == more == []
    assert [grid.rows for grid in after] == [grid.rows for grid in before]
    assert after[0].rows[2][2:6] == [0, "<a>&", "", 1.25]
    assert sheet_extents(small) == sheet_extents(given)


def test_a_closely_packed_book_keeps_its_references_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "small.xlsx"
    path.write_bytes(compacted(made(), implicit=False))
    grids, _ = read_grids(path, "one")
    assert grids[1].rows[3][:5] == ["x", 2, "", "", "y"]
    assert len(compacted(made(), implicit=True)) < len(compacted(made(), implicit=False)) < len(made())


def test_packing_twice_gives_the_same_bytes() -> None:
    once = compacted(made(), implicit=True)
    assert compacted(made(), implicit=True) == once
    assert compacted(once, implicit=True) == once
