"""Tables that the files do not bring are told, and which of them stay as they were loaded."""

from __future__ import annotations

from pathlib import Path

from trial_district import YEAR, District

from evalib.intake.absent import absent_told
from evalib.intake.columns import load_columns
from evalib.intake.schemas import SCHEMAS
from evalib.store import Store

COLUMNS = load_columns(Path(__file__).parents[2] / "params")


def test_what_was_never_handed_in_is_named_and_so_is_what_stays(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    brought = {(name, YEAR) for name in SCHEMAS if name not in ("teachers", "district", "survey")}
    assert absent_told(brought, store, COLUMNS, "zh") == [
        f"{YEAR} 学年没有交：教师、问卷、区级数据。"
        "由它们算出的指标为“无数据”或“未报告”，不当作 0，也不当作达到。"
    ]
    store.write({("teachers", YEAR): District(tmp_path / "some").read().tables["schools", YEAR]})
    absent, kept = absent_told(brought, store, COLUMNS, "zh")
    assert "没有交：问卷、区级数据。" in absent
    assert "没有：教师。以前载入过，沿用以前的数据" in kept


def test_nothing_is_said_where_every_table_is_there_or_no_file_can_be_loaded(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert absent_told({(name, YEAR) for name in SCHEMAS}, store, COLUMNS, "en") == []
    assert absent_told([], store, COLUMNS, "en") == []
