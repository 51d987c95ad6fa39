from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalib.errors import Fault
from evalib.press.ledger import Fate
from evalib.progress import Events, Progress, causes
from evalib.vocabulary import ReportKey

KEY_ERROR = {"zh": "第 7 个单元格出错：KeyError: 'pass_rate'", "en": "cell 7 failed: KeyError: 'pass_rate'"}
LATE = {"zh": "超时", "en": "too late"}


def fate(code: str, cause: dict[str, str] | None = None, **key: str) -> Fate:
    named = {"year": "2022-2023", "stage": "primary", **key}
    one = ReportKey("school", code=code, **named)
    return Fate(one, cause is None, cause=cause or {}, seconds={"execute": 0.5})


def test_each_cause_is_told_once_with_what_its_reports_share_and_how_to_make_one_again(capsys) -> None:
    failed = [
        fate("1", LATE),
        fate("2", KEY_ERROR),
        fate("3", KEY_ERROR, stage="junior"),
        fate("4", KEY_ERROR, lang="en"),
    ]
    first, second = causes(failed, "params/d.yaml")
    assert (first["count"], first["shared"]) == (3, "2022-2023 restricted")
    assert first["command"] == (
        "evalib run params/d.yaml --school 2 --stage primary --year 2022-2023 --edition restricted --lang zh"
    )
    assert (second["count"], second["shared"], second["cause"]) == (1, "", LATE)
    Progress("en").failures(failed, "params/d.yaml")
    told = capsys.readouterr().err
    assert "cell 7 failed: KeyError: 'pass_rate' (3 reports, all 2022-2023 restricted)" in told
    assert told.count("pass_rate") == 1
    assert first["command"] in told


def test_reports_that_are_not_a_schools_are_named_and_made_again_by_their_own_options(capsys) -> None:
    group = Fate(ReportKey("group", "2022-2023", "JT 1", ""), False, cause=LATE)
    district = Fate(ReportKey("district", "2022-2023", "district", ""), False, cause=KEY_ERROR)
    first, second = causes([group, district], "params/d.yaml")
    assert first["command"] == (
        "evalib run params/d.yaml --group 'JT 1' --year 2022-2023 --edition restricted --lang zh"
    )
    assert "--kind district --year 2022-2023" in second["command"]
    assert second["report"] == {"zh": "2022-2023/区级报告", "en": "2022-2023/district report"}
    other = Fate(ReportKey("group", "2022-2023", "JT2", "", lang="en"), False, cause=LATE)
    (both,) = causes([group, other], "params/d.yaml")
    assert both["shared"] == "group 2022-2023 restricted"
    for lang, words in (
        ("zh", "1 份报告：2022-2023/集团 JT 1）"),
        ("en", "1 reports: 2022-2023/group JT 1)"),
    ):
        Progress(lang).failures([group], "params/d.yaml")
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "失败 1 份 · 区级报告"), ("en", "1 failed · district report")]
)
def test_the_line_names_the_reports_about_the_whole(capsys, lang: str, said: str) -> None:
    told = Progress(lang)
    told.start(3, 0)
    told.step(fate("1", LATE))
    told.step(Fate(ReportKey("group", "2022-2023", "JT01", ""), True))
    told.step(Fate(ReportKey("district", "2022-2023", "district", ""), True))
    told.close()
    assert said in capsys.readouterr().err


def events(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_events_are_one_object_a_line_with_rate_and_time_left(capsys) -> None:
    told = Events()
    told.stage("stage_load_same", count=2)
    told.warn((Fault("学校.xlsx", "format_not_read", fields={"allowed": ".xlsx"}, warning=True),))
    told.start(2, 5)
    told.step(fate("1"))
    told.step(fate("2", LATE))
    told.close()
    told.failures([fate("2", LATE)], "params/d.yaml")
    told.end(made=1, reused=5, failed=1, pages=[Path("output/d/index.html")])
    found = events(capsys)
    names = ["stage", "warning", "start", "report", "report", "failure", "end"]
    assert [one["event"] for one in found] == names
    by_name = {one["event"]: one for one in found}
    assert found[0] == {"event": "stage", "stage": "load_same", "count": 2}
    assert by_name["start"] == {"event": "start", "due": 2, "reused": 5}
    assert set(by_name["warning"]["text"]) == {"zh", "en"}
    assert [(one["done"], one["fate"]) for one in found[3:5]] == [(1, "made"), (2, "failed")]
    assert found[3]["rate"] > 0
    assert found[4]["left"] == 0
    assert found[4]["cause"] == LATE
    assert by_name["failure"]["command"].startswith("evalib run params/d.yaml --school 2 ")
    assert by_name["end"] == {
        "event": "end",
        "made": 1,
        "reused": 5,
        "failed": 1,
        "pages": ["output/d/index.html"],
    }


def test_where_no_terminal_is_there_the_line_comes_at_the_end_and_seldom_before(capsys, monkeypatch) -> None:
    clock = iter([0.0, *(float(one) for one in range(3, 303, 3))])
    monkeypatch.setattr("evalib.progress.time.monotonic", lambda: next(clock))
    told = Progress("en")
    told.start(10, 0)
    for number in range(10):
        told.step(fate(str(number), LATE if number == 8 else None))
    told.close()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3  # after 12 and 24 of the 30 seconds, and the last
    assert lines[-1].startswith("10/10 reports")
    assert "left" in lines[0]
    assert "1 failed" in lines[-1]
    assert "\r" not in "".join(lines)


@pytest.mark.parametrize(
    ("made", "said"), [(0, "Nothing changed"), (2, "2 reports made, 5 reused, 0 failed")]
)
def test_the_end_tells_what_was_made_and_what_to_open(capsys, made: int, said: str) -> None:
    Progress("en").end(made=made, reused=5, failed=0, pages=[Path("index.html")])
    told = capsys.readouterr().out
    assert said in told
    assert "Open index.html" in told
