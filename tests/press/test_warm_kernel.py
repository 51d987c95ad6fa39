"""The kernel without sockets, in this very process: the parts that need no second process to show."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import pytest

from evalib.press.warm.rehearsal import forget_modules
from evalib.press.warm.streams import captured

ROOT = Path(__file__).parents[2]


def emitted(write) -> list[tuple[str, str]]:
    """What comes out of a block that writes, by stream."""
    said: list[tuple[str, str]] = []
    with captured(lambda: {"msg_id": "1"}, lambda _, name, text: said.append((name, text))) as streams:
        write(*streams)
        for stream in streams:
            stream.flush()
    return said


def test_python_and_descriptor_come_out_in_the_order_of_writing() -> None:
    def write(stdout, stderr) -> None:
        print("one")
        os.write(1, b"two\n")
        print("three")
        os.write(2, b"aside\n")

    assert emitted(write) == [("stdout", "one\ntwo\nthree\n"), ("stderr", "aside\n")]


def test_a_flush_ends_one_text_and_begins_the_next() -> None:
    def write(stdout, stderr) -> None:
        print("one", flush=True)
        print("two")

    assert emitted(write) == [("stdout", "one\n"), ("stdout", "two\n")]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert emitted(lambda *_: os.write(1, b"\xff\n")) == [("stdout", "\ufffd\n")]


def test_what_was_written_outside_a_request_is_forgotten() -> None:
    def write(stdout, stderr) -> None:
        print("early")
        os.write(1, b"early too\n")
        stdout.discard()
        print("now")

    assert emitted(write) == [("stdout", "now\n")]


def test_a_forked_process_writes_into_the_same_text() -> None:
    def write(stdout, stderr) -> None:
        pid = os.fork()
        if pid == 0:
            print("from the child")
            os._exit(0)
        os.waitpid(pid, 0)

    assert emitted(write) == [("stdout", "from the child\n")]


def test_only_text_can_be_written() -> None:
    with pytest.raises(TypeError, match="bytes"):
        emitted(lambda stdout, _: stdout.write(b"bytes"))


def test_streams_and_descriptors_are_as_before() -> None:
    before = sys.stdout, os.fstat(1).st_ino, len(list(Path("/proc/self/fd").iterdir()))
    emitted(lambda *_: print("x"))
    assert (sys.stdout, os.fstat(1).st_ino, len(list(Path("/proc/self/fd").iterdir()))) == before


def test_fixtures_are_stored_without_outputs() -> None:
    for path in (Path(__file__).parent / "fixtures").glob("warm_*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert not any(cell["outputs"] for cell in cells if cell["cell_type"] == "code"), path.name


def test_modules_of_a_project_are_let_go_and_installed_ones_stay(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "own_helper.py").write_text("seen = []")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    importlib.import_module("own_helper")
    importlib.import_module("json.tool")
    forget_modules(before, tmp_path)
    assert "own_helper" not in sys.modules
    assert "json.tool" in sys.modules
    forget_modules(set(), ROOT)
    assert "evalib" in sys.modules
    assert "pytest" in sys.modules
