from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evalib.press import contents
from evalib.press.contents import Contents, files_below, sha256_of
from evalib.press.memory import NAME, Memory


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("one")
    aged = time.time_ns() - 10_000_000_000
    os.utime(path, ns=(aged, aged))
    return path


@pytest.fixture
def settled(monkeypatch) -> None:
    """The clock stands far behind the files' last change."""
    monkeypatch.setattr(contents.time, "time_ns", lambda: time.monotonic_ns() + 10**19)


def test_a_file_is_read_once_and_known_by_size_and_times(
    tmp_path: Path, old: Path, settled, monkeypatch
) -> None:
    first = Contents(tmp_path)
    digest = first.sha256(old)
    assert digest == sha256_of(old)
    monkeypatch.setattr(contents, "sha256_of", lambda path: pytest.fail(f"{path} was read again"))
    assert Contents(tmp_path, first.kept()).sha256(old) == digest


def test_a_file_of_the_same_size_and_time_with_another_content_is_seen(
    tmp_path: Path, old: Path, settled
) -> None:
    first = Contents(tmp_path)
    before = first.sha256(old)
    times = old.stat()
    time.sleep(0.02)
    old.write_text("two")
    os.utime(old, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Contents(tmp_path, first.kept()).sha256(old) != before


def test_a_file_that_just_changed_is_not_trusted_to_its_times(tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    path.write_text("one")
    first = Contents(tmp_path)
    assert first.sha256(path) == sha256_of(path)
    assert first.kept() == {}


def test_a_missing_file_has_no_hash_and_is_forgotten(tmp_path: Path, old: Path, settled) -> None:
    first = Contents(tmp_path)
    first.sha256(old)
    old.unlink()
    assert first.sha256(old) is None
    assert first.sha256(old / "below") is None
    assert first.kept() == {}


def test_a_moved_project_is_still_known(tmp_path: Path, old: Path, settled) -> None:
    first = Contents(tmp_path)
    first.sha256(old)
    assert set(first.kept()) == {"a.txt"}


def test_of_the_key_of_pseudonyms_nothing_is_remembered(tmp_path: Path, settled) -> None:
    key = tmp_path / "identity.key"
    key.write_bytes(b"k" * 32)
    first = Contents(tmp_path)
    told = first.sha256(key)
    assert told is not None
    assert told != sha256_of(key)
    assert first.kept() == {}
    key.write_bytes(b"other")
    assert first.sha256(key) != told


def test_hidden_files_and_byte_code_are_passed_over(tmp_path: Path) -> None:
    for name in ("b/a.xlsx", "b/~$a.xlsx", ".hidden/a.xlsx", "__pycache__/a.pyc", ".a", "c.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path)] == ["c.csv", "b/a.xlsx"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"measured": {"years": []}}',
        '{"measured": {"years": {"a": 1}}}',
        '{"loaded": {"warnings": "x"}}',
    ],
)
def test_a_memory_that_nobody_here_wrote_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    memory = Memory(tmp_path)
    assert (memory.loaded, memory.measured, memory.standing) == ({}, {}, {})
