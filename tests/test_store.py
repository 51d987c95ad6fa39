from __future__ import annotations

import multiprocessing
from pathlib import Path

import pandas as pd
import pytest

from evalib import store as store_module
from evalib.errors import DataError
from evalib.store import Store


def schools(*codes: str) -> pd.DataFrame:
    return pd.DataFrame({"school_code": list(codes), "pupils": range(len(codes))})


def test_a_table_comes_back_as_it_went_in(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    table = pd.DataFrame(
        {"code": ["001234", None], "score": [0.0, None], "sat": ["present", "absent"]}
    ).astype({"code": "str", "sat": "str"})
    store.write({("scores", "2024-2025"): table})
    pd.testing.assert_frame_equal(store.read("scores", "2024-2025"), table)


def test_a_load_replaces_only_the_years_and_tables_it_brings(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2023-2024"): schools("1"), ("schools", "2024-2025"): schools("1", "2")})
    store.write({("schools", "2024-2025"): schools("3")})
    assert store.years() == ["2023-2024", "2024-2025"]
    assert store.read("schools", "2023-2024")["school_code"].tolist() == ["1"]
    assert store.read("schools", "2024-2025")["school_code"].tolist() == ["3"]


def test_replaced_files_do_not_pile_up(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for code in "abc":
        store.write({("schools", "2024-2025"): schools(code)})
    assert len(list(tmp_path.glob("schools/*"))) == 1


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Store(tmp_path / name).write({("schools", "2024-2025"): schools("1", "2")})
    one, two = (
        sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two")
    )
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_write_that_fails_midway_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2024-2025"): schools("1")})
    real, calls = store_module._replace, []

    def failing(path: Path, content: bytes) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError("disk full")
        real(path, content)

    monkeypatch.setattr(store_module, "_replace", failing)
    with pytest.raises(OSError, match="disk full"):
        store.write({("papers", "2024-2025"): schools("x"), ("schools", "2024-2025"): schools("2")})
    monkeypatch.undo()
    assert store.read("schools", "2024-2025")["school_code"].tolist() == ["1"]
    assert not store.has("papers", "2024-2025")


def _write_forever(folder: Path) -> None:
    store = Store(folder)
    for turn in range(10_000):
        both = schools(*(f"{turn}-{k}" for k in range(50)))
        store.write({("schools", "2024-2025"): both, ("papers", "2024-2025"): both})


def test_a_killed_writer_leaves_two_tables_of_the_same_load(tmp_path: Path) -> None:
    Store(tmp_path).write({("schools", "2024-2025"): schools("a"), ("papers", "2024-2025"): schools("a")})
    context = multiprocessing.get_context("spawn")
    for wait in (1.2, 1.5):
        process = context.Process(target=_write_forever, args=(tmp_path,))
        process.start()
        process.join(wait)
        process.kill()
        process.join()
        store = Store(tmp_path)
        left, right = store.read("schools", "2024-2025"), store.read("papers", "2024-2025")
        pd.testing.assert_frame_equal(left, right)
        assert len(left) == 50


def test_damage_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2024-2025"): schools("1")})
    next(tmp_path.glob("schools/*")).write_bytes(b"not parquet")
    with pytest.raises(DataError) as caught:
        store.read("schools", "2024-2025")
    assert caught.value.key == "store_damaged"


def test_a_missing_table_names_the_years_that_are_there(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(DataError, match="还没有数据"):
        store.read("schools", "2024-2025")
    store.write({("schools", "2024-2025"): schools("1")})
    with pytest.raises(DataError, match="现有学年：2024-2025"):
        store.read("schools", "2030-2031")


def test_slices_read_are_remembered_with_their_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2024-2025"): schools("1")})
    store.read("schools", "2024-2025")
    (digest,) = store.slices_read.values()
    assert len(digest) == 64
