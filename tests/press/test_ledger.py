from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from evalib.errors import ParameterError
from evalib.press.ledger import Fate, Ledger, name_of, only_run
from evalib.vocabulary import ReportKey


def key(code: str) -> ReportKey:
    return ReportKey("school", "2024-2025", code, "primary")


def reports(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))["reports"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.json"


def test_the_record_keeps_other_reports_and_tells_causes(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(Fate(key("a"), True, seconds={"execute": 1.0}, files={"report.html": "00"}))
    with Ledger(path) as ledger:
        ledger.record(Fate(key("b"), False, cause={"zh": "因", "en": "cause"}))
    ledger = Ledger(path)
    assert (ledger.fate(key("a")), ledger.fate(key("b"))) == ("made", "failed")
    assert ledger.cause(key("b"), "en") == "cause"
    assert reports(path)[name_of(key("a"))]["seconds"] == {"execute": 1.0}


def test_a_record_that_cannot_be_read_starts_anew(path: Path) -> None:
    for damaged in ("{", "[]", '{"reports": 3}', '{"reports": {"a": {"fate": "odd"}, "b": 1}}'):
        path.write_text(damaged)
        with Ledger(path) as ledger:
            ledger.record(Fate(key("a"), True))
        assert list(reports(path)) == [name_of(key("a"))]


def test_what_a_killed_run_recorded_is_there_for_the_next(path: Path) -> None:
    killed = Ledger(path)
    killed.record(Fate(key("a"), True))
    killed.record(Fate(key("b"), False))
    assert not path.exists()
    ledger = Ledger(path)
    assert (ledger.fate(key("a")), ledger.fate(key("b"))) == ("made", "failed")


def test_a_line_cut_at_any_byte_loses_that_report_and_no_other(path: Path) -> None:
    killed = Ledger(path)
    killed.record(Fate(key("a"), True))
    whole = len(killed.journal.read_bytes())
    killed.record(Fate(key("b"), False, cause={"zh": "因", "en": "cause"}))
    content = killed.journal.read_bytes()
    for end in (*range(whole, len(content), 23), len(content) - 1):
        killed.journal.write_bytes(content[:end])
        path.unlink(missing_ok=True)
        with Ledger(path) as ledger:
            assert ledger.fate(key("a")) == "made"
            assert ledger.fate(key("b")) is None
            ledger.record(Fate(key("c"), True))
        assert set(reports(path)) == {name_of(key("a")), name_of(key("c"))}


def test_killed_between_record_and_journal_says_the_same(path: Path) -> None:
    ledger = Ledger(path)
    ledger.record(Fate(key("a"), False))
    lines = ledger.journal.read_bytes()
    ledger.compact()
    before = path.read_bytes()
    ledger.journal.write_bytes(lines)
    Ledger(path).compact()
    assert path.read_bytes() == before
    assert not ledger.journal.exists()


def test_an_error_in_a_run_leaves_a_whole_record(path: Path) -> None:
    def broken() -> None:
        with Ledger(path) as ledger:
            ledger.record(Fate(key("a"), True))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(reports(path)) == [name_of(key("a"))]


def test_attempts_count_until_a_report_is_whole(path: Path) -> None:
    counted = []
    with Ledger(path) as ledger:
        for made in (False, False, True, True, False):
            ledger.record(Fate(key("a"), made))
            counted.append(ledger.entry(key("a"))["attempts"])
    assert counted == [1, 2, 3, 1, 1]


def test_a_record_of_many_reports_costs_a_line_each(path: Path) -> None:
    ledger = Ledger(path)
    lengths = []
    for number in range(300):
        ledger.record(Fate(key(f"{number:04d}"), True, files={"report.html": "0" * 64}))
        lengths.append(ledger.journal.stat().st_size)
    grown = {later - earlier for earlier, later in itertools.pairwise(lengths)}
    assert grown == {lengths[0]}


def test_characters_that_the_pdf_lacks_stay_known_while_the_pdf_stays(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(Fate(key("a"), True, seconds={"pdf": 0.1}, missing_glyphs=("𠮷",)))
        ledger.record(Fate(key("a"), True, seconds={"execute": 1.0}))
        assert list(ledger.entry(key("a"))["missing_glyphs"]) == ["𠮷"]
        ledger.record(Fate(key("a"), True, seconds={"pdf": 0.1}))
        assert list(ledger.entry(key("a"))["missing_glyphs"]) == []


def test_a_second_run_on_the_same_output_is_told_at_once(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with only_run(output), pytest.raises(ParameterError, match="另一次运行"), only_run(output):
        pass
    with only_run(output):
        assert output.is_dir()


@pytest.mark.parametrize(
    "entry",
    [
        {"fate": "made"},
        {"fate": "made", "files": {"/dev/zero": "00"}},
        {"fate": "made", "files": {"../report.html": "00"}},
        {"fate": "made", "files": {}, "made_from": []},
        {"fate": "made", "files": {}, "made_from": {"read": {"no-year": "00"}}},
        {"fate": "made", "files": {}, "seconds": 3},
        {"fate": "failed", "files": {}, "attempts": "many"},
    ],
)
def test_an_entry_that_nobody_here_wrote_says_nothing(entry: dict, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    good = {"fate": "made", "files": {"report.en.html": "00"}, "made_from": {"read": {"a/2024-2025": "00"}}}
    path.write_text(json.dumps({"reports": {"a": entry, "b": good}}))
    assert Ledger(path).reports == {"b": good}
    path.write_text("[" * 100_000)
    assert Ledger(path).reports == {}
