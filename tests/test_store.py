from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


# a writer killed


STEPS = ("open", "fsync", "replace", "unlink", "mkdir", "close")


def killed_before(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that kills itself before its n-th step on disk; whether it got to its end."""
    child = os.fork()
    if child == 0:
        # A child that hangs is a failure, not a wait.
        signal.alarm(60)
        count = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == 0


def state(store: Store) -> dict[tuple[str, str], list[str]]:
    return {place: store.read(*place)["school_code"].tolist() for place in store.slices()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_writer_killed_before_any_step_leaves_the_store_as_before_or_as_after(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    old = {("schools", "2024-2025"): schools("a"), ("papers", "2024-2025"): schools("a")}
    new = {("schools", "2024-2025"): schools("b"), ("papers", "2024-2025"): schools("b", "c")}
    Store(folder).write(old, log=lambda changes: "old\n")
    before = state(Store(folder))
    after = {place: frame["school_code"].tolist() for place, frame in new.items()}

    def work() -> None:
        Store(folder).write(new, log=lambda changes: "old\nnew\n")

    seen = []
    whole = False
    while not whole:
        whole = killed_before(len(seen) + 1, work)
        store = Store(folder)
        seen.append((state(store), store.log()))
        # The next write completes, and nothing that was left aside stays.
        store.write(old, log=lambda changes: "old\n")
        assert state(store) == before
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert len(names) == 4
        assert {"manifest.json", "loads.jsonl"} < names
    assert len(seen) > 12
    turn = seen.index((after, "old\nnew\n"))
    assert seen[:turn] == [(before, "old\n")] * turn
    assert seen[turn:] == [(after, "old\nnew\n")] * (len(seen) - turn)
    assert 0 < turn < len(seen) - 1


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


def test_the_same_content_keeps_its_file_and_its_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.write({("schools", "2024-2025"): schools("1")}) == {("schools", "2024-2025"): "new"}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert store.write({("schools", "2024-2025"): schools("1")}) == {("schools", "2024-2025"): "unchanged"}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_slices_go_in_the_same_step_as_others_come(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2023-2024"): schools("1"), ("papers", "2023-2024"): schools("1")})
    gone = [("papers", "2023-2024"), ("papers", "2030-2031")]
    store.write({("schools", "2024-2025"): schools("2")}, removed=gone)
    assert store.slices() == {("schools", "2023-2024"): 1, ("schools", "2024-2025"): 1}
    assert not list(tmp_path.glob("papers/*"))


def test_a_log_that_was_left_lying_ready_counts_only_with_its_manifest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write({("schools", "2024-2025"): schools("1")}, log=lambda changes: "one\n")
    (tmp_path / ".loads.jsonl.0123456789abcdef").write_text("never\n", encoding="utf-8")
    assert store.log() == "one\n"
    store.write({("schools", "2024-2025"): schools("1")}, log=lambda changes: None)
    assert store.log() == "one\n"
    assert not list(tmp_path.glob(".loads*"))


def test_rows_of_the_same_content_are_made_once_and_count_as_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"stage": ["primary", "junior"], "value": [1.5, None]})
    Store(tmp_path).write({("published", "2024-2025"): table})
    first, second = Store(tmp_path), Store(tmp_path)
    rows = first.rows("published", "2024-2025")
    assert rows == ({"stage": "primary", "value": 1.5}, {"stage": "junior", "value": None})
    assert second.rows("published", "2024-2025") is rows
    assert second.slices_read == first.slices_read != {}
    assert second.rows("published", "2024-2025", "junior") == rows[1:]
    Store(tmp_path).write({("published", "2024-2025"): table[:1]})
    assert second.rows("published", "2024-2025") == rows[:1]
