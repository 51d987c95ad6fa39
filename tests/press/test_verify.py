from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evalib.press.ledger import Fate
from evalib.press.production import Order
from evalib.press.verify import Difference, first_difference, spread, verify
from evalib.vocabulary import ReportKey

CELLS = {"cells": [{"source": "a"}, {"source": "b", "outputs": [{"text": "1"}]}], "metadata": {}}
OTHER = {"cells": [{"source": "a"}, {"source": "b", "outputs": [{"text": "2"}]}], "metadata": {}}


def dumped(content: object) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "place"),
    [
        ("report.ipynb", dumped(CELLS), dumped(OTHER), "cell", "2/outputs/0/text"),
        ("report.ipynb", dumped(CELLS), dumped({**CELLS, "metadata": {"k": 1}}), "path", "metadata/k"),
        ("report.ipynb", dumped(CELLS), dumped({**CELLS, "cells": CELLS["cells"][:1]}), "cell", "2"),
        ("results.json", b'{"a": [1, {"b": 2}]}', b'{"a": [1, {"b": 3}]}', "path", "a/1/b"),
        ("results.json", b'{"a": 1}', b'{"a": 1.0}', "path", "a"),
        ("results.json", b'{"a": true}', b'{"a": 1}', "path", "a"),
        ("results.json", b'{"a": 1}', b'{"a":  1}', "line", "1"),
        ("results.json", b"1", b"2", "path", "/"),
        ("results.json", b"{", b'{"a": 1}', "line", "1"),
        ("report.html", b"one\ntwo\nthree", b"one\ntwo\nfour", "line", "3"),
        ("report.html", b"one\n", b"one\ntwo", "line", "2"),
        ("report.pdf", b"%PDF-1", b"%PDF-2", "byte", "5"),
        ("report.pdf", b"%PDF-1", None, "missing", ""),
        ("report.pdf", None, b"%PDF-1", "missing", ""),
    ],
)
def test_the_first_difference_is_named(name: str, old, new, kind: str, place: str) -> None:
    assert first_difference(name, old, new) == Difference(name, kind, place)
    assert first_difference(name, old, old) is None


def order(tmp_path: Path, code: str) -> Order:
    key = ReportKey("school", "2024-2025", code, "primary")
    folder = tmp_path / "2024-2025" / key.folder
    folder.mkdir(parents=True)
    one = Order(key, tmp_path / "n.ipynb", tmp_path / "p.yaml", tmp_path, folder, "report")
    for name in NAMES:
        (folder / name).write_text(f'"{code}"')
    return one


NAMES = ("results.json", "report.ipynb", "report.html", "report.pdf")


def fake_maker(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
    for one in orders:
        assert one.execute
        assert not one.standing
        one.folder.mkdir(parents=True)
        for name in NAMES:
            other = one.key.code == "b" and name in ("report.html", "report.pdf")
            (one.folder / name).write_text('"other"' if other else f'"{one.key.code}"')
        yield Fate(one.key, one.key.code != "c", cause={"zh": "因", "en": "cause"})


def test_reports_are_made_aside_and_the_first_differing_file_is_told(tmp_path: Path) -> None:
    orders = [order(tmp_path, code) for code in "abc"]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    verdicts = {one.key.code: one for one in verify(orders, tmp_path, fake_maker)}
    assert {code: one.same for code, one in verdicts.items()} == {"a": True, "b": False, "c": False}
    assert verdicts["b"].difference == Difference("report.html", "line", "1")
    assert verdicts["c"].difference is None
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_verification_that_is_broken_off_leaves_nothing_aside(tmp_path: Path) -> None:
    verdicts = verify([order(tmp_path, "a"), order(tmp_path, "b")], tmp_path, fake_maker)
    next(verdicts)
    assert list(tmp_path.glob(".verify-*"))
    verdicts.close()
    assert not list(tmp_path.glob(".verify-*"))


def test_a_sample_is_spread_over_all() -> None:
    assert spread(list(range(100)), 3) == [0, 50, 99]
    assert spread(list(range(3)), 5) == [0, 1, 2]
    assert spread(list(range(9)), 1) == [0]
