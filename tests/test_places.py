"""An output behind a URL holds what a folder would, and is held by one run at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pandas as pd
import pytest

from evalib import places
from evalib.errors import DataError, ParameterError
from evalib.press import holding
from evalib.press.contents import Contents, sha256_of
from evalib.press.delivery import make_delivered
from evalib.press.holding import only_run
from evalib.press.ledger import Fate, Ledger
from evalib.press.memory import Memory
from evalib.press.production import Order
from evalib.press.standstill import remember, seen, standstill
from evalib.settings import load_settings
from evalib.store import MANIFEST, Store
from evalib.vocabulary import ReportKey

ROOT = Path(__file__).parents[1]
YEAR = "2024-2025"
SCORES = pd.DataFrame({"pupil": ["a", "b"], "score": [1.0, 2.5]})


@pytest.fixture
def remote() -> Path:
    return places.place(f"memory://{uuid.uuid4().hex}/outputs") / "d"


@pytest.fixture(params=["folder", "url"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path, remote: Path) -> Path:
    return tmp_path / "d" if request.param == "folder" else remote


def key(code: str) -> ReportKey:
    return ReportKey("school", YEAR, code, "primary", "restricted", "zh")


# Which place a text names


def test_a_path_is_a_folder_and_a_url_is_not(tmp_path: Path) -> None:
    assert places.place(str(tmp_path)) == places.place(f"file://{tmp_path}") == tmp_path
    assert places.place("relative") == Path.cwd() / "relative"
    assert not places.is_remote(places.place("C:/relative"))
    found = places.place("memory://x/y/")
    assert places.is_remote(found)
    assert str(found / "z") == "memory://x/y/z"


def test_a_kind_of_url_that_nobody_knows_is_told() -> None:
    with pytest.raises(ParameterError, match="nowhere://x") as told:
        places.place("nowhere://x")
    assert told.value.key == "output_unknown"


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ParameterError) as told:
        places.place("gs://bucket/outputs")
    assert told.value.key == "output_package_missing"
    assert "gcsfs" in told.value.text("en")


def test_the_place_of_outputs_changes_no_fingerprint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    params = ROOT / "params" / "sample.yaml"
    monkeypatch.delenv(places.VARIABLE, raising=False)
    plain = load_settings(params)
    assert plain.output == ROOT / "output" / "sample"
    given = load_settings(params, "memory://x")
    assert str(given.store) == "memory://x/sample/store"
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))
    told = load_settings(params)
    assert told.output == tmp_path / "sample"
    assert load_settings(params, "memory://x").output == given.output
    assert plain.fingerprint == given.fingerprint == told.fingerprint


@pytest.mark.proof
def test_a_run_here_imports_nothing_of_clusters_and_urls() -> None:
    code = (
        "import sys, evalib.cli, evalib.annual, evalib.press.warm.pool, evalib.page.reports\n"
        "print(sorted({'upath', 'fsspec', 's3fs', 'dask', 'distributed'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Bytes


def test_files_come_and_go_alike_everywhere(anywhere: Path) -> None:
    path = anywhere / "sub" / "file.json"
    places.make_folder(path.parent)
    assert not places.is_file(path)
    with pytest.raises(FileNotFoundError):
        places.read(path)
    places.replace(path, b"one")
    places.replace(path, b"two")
    assert places.is_file(path)
    assert sha256_of(path) == "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
    places.move(path, anywhere / "sub" / "other")
    assert not places.is_file(path)
    assert places.read(anywhere / "sub" / "other") == b"two"
    places.remove(anywhere / "sub" / "other")
    places.remove(anywhere / "sub" / "other")
    assert not places.is_file(anywhere / "sub" / "other")


def test_a_file_is_created_once(remote: Path) -> None:
    assert places.create(remote / "one", b"first")
    assert not places.create(remote / "one", b"second")
    assert places.read(remote / "one") == b"first"


def test_what_a_library_raises_of_a_network_is_told_with_the_place(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*arguments: object, **more: object) -> None:
        raise RuntimeError("no route")

    monkeypatch.setattr(type(remote.fs), "cat_file", unreachable)
    with pytest.raises(OSError, match="no route") as told:
        places.read(remote / "one")
    assert told.value.filename == str(remote / "one")


def test_a_store_that_cannot_be_reached_is_not_told_as_damaged(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(remote / "store")
    store.write({("scores", YEAR): SCORES})
    real = places.read

    def read(path: Path) -> bytes:
        if path.name == MANIFEST:
            return real(path)
        raise OSError(5, "no route", str(path))

    monkeypatch.setattr(places, "read", read)
    with pytest.raises(OSError, match="no route"):
        store.read("scores", YEAR)


# The store


def test_a_store_behind_a_url_holds_the_same_files(tmp_path: Path, remote: Path) -> None:
    here, there = Store(tmp_path / "store"), Store(remote / "store")
    for store in (here, there):
        assert not store.exists
        assert store.state == ""
        changes = store.write({("scores", YEAR): SCORES, ("papers", YEAR): SCORES}, log=lambda changes: "1\n")
        assert set(changes.values()) == {"new"}
        store.write({("scores", YEAR): SCORES.head(1)}, removed=[("papers", YEAR)], log=lambda changes: "2\n")
        pd.testing.assert_frame_equal(store.read("scores", YEAR), SCORES.head(1))
        assert store.log() == "2\n"
    files = {path.relative_to(here.folder).as_posix() for path in here.folder.rglob("*") if path.is_file()}
    assert set(places.stamps(there.folder)) == files
    assert all(places.read(there.folder / name) == places.read(here.folder / name) for name in files)
    assert here.state == there.state


def test_a_table_that_was_changed_behind_a_url_is_damaged(remote: Path) -> None:
    store = Store(remote / "store")
    store.write({("scores", YEAR): SCORES})
    (name,) = (name for name in places.stamps(store.folder) if name != MANIFEST)
    places.replace(store.folder / name, b"other")
    with pytest.raises(DataError) as told:
        store.read("scores", YEAR)
    assert told.value.key == "store_damaged"
    places.remove(store.folder / name)
    with pytest.raises(DataError):
        store.read("scores", YEAR)


def test_a_copy_has_the_tables_of_pages_and_takes_others_when_they_are_read(
    tmp_path: Path, remote: Path
) -> None:
    store = Store(remote / "store")
    store.write({("published", YEAR): SCORES, ("scores", YEAR): SCORES.head(1)})
    (tmp_path / "copy").mkdir()
    copy = store.copy_to(tmp_path / "copy", ("published",))
    assert copy.state == store.state
    pd.testing.assert_frame_equal(copy.read("published", YEAR), SCORES)
    assert not (copy.folder / "scores").exists()
    # Memory is this process's own, so the file comes from a folder here.
    for name in places.stamps(store.folder):
        target = tmp_path / "origin" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(places.read(store.folder / name))
    (copy.folder / places.ORIGIN).write_text(str(tmp_path / "origin"), encoding="utf-8")
    pd.testing.assert_frame_equal(copy.read("scores", YEAR), SCORES.head(1))
    assert len(list((copy.folder / "scores").iterdir())) == 1


# The record


def test_fates_recorded_behind_a_url_survive_a_kill_and_are_put_together_once(remote: Path) -> None:
    killed = Ledger(remote / "run.json")
    for code in "ab":
        killed.record(Fate(key(code), True))
    killed.record(Fate(key("a"), False, {"zh": "坏", "en": "bad"}))
    assert len(places.stamps(remote / "run.jsonl")) == 3
    with Ledger(remote / "run.json") as ledger:
        assert (ledger.fate(key("a")), ledger.fate(key("b"))) == ("failed", "made")
        ledger.record(Fate(key("a"), True))
        # Beside the lines of the killed run, none of them overwritten.
        assert len(places.stamps(remote / "run.jsonl")) == 4
    assert places.stamps(remote / "run.jsonl") == {}
    entries = json.loads(places.read(remote / "run.json"))["reports"]
    assert [entry["fate"] for entry in entries.values()] == ["made", "made"]
    assert [entry["attempts"] for entry in entries.values()] == [2, 1]


def test_an_unchanged_output_behind_a_url_is_known_by_one_listing(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = tmp_path / "params" / "d.yaml"
    params.parent.mkdir()
    params.write_text("x: 1")
    pages = [remote / f"{number}.html" for number in range(20)]
    for page in pages:
        places.replace(page, page.name.encode())
    places.replace(remote / "run.json", b"{}")
    memory = Memory(remote, tmp_path)
    for page in pages:
        memory.contents.wrote(page, sha256_of(page))
    looked_at = seen(memory.contents, [], [params.parent])
    remember(memory, {}, looked_at=looked_at, made=pages, reports=20, pages=pages[:1])
    memory.save()
    listed, stamps = [], places.stamps
    monkeypatch.setattr(places, "stamps", lambda folder: listed.append(str(folder)) or stamps(folder))
    found = standstill(str(params), {}, remote.parent)
    assert found is not None
    assert (found.reports, [str(page) for page in found.pages]) == (20, [str(pages[0])])
    assert listed.count(str(remote)) == 1
    places.replace(pages[7], b"edited")
    assert standstill(str(params), {}, remote.parent) is None
    assert Contents(tmp_path, output=remote).sha256(pages[7]) == sha256_of(pages[7])
    assert Contents(tmp_path, output=remote).sha256(remote / "none") is None


# The lock


def test_a_second_run_behind_a_url_is_refused_and_a_third_is_not(remote: Path) -> None:
    with (
        only_run(remote, 60),
        pytest.raises(ParameterError, match="另一次运行") as told,
        only_run(remote, 60),
    ):
        pass
    assert "60" in told.value.text("en")
    with only_run(remote, 60) as held:
        held.check()
    assert places.stamps(remote) == {}


def test_a_dead_runs_lock_is_taken_over_and_a_live_ones_is_not(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "CONTEST_SECONDS", 0.05)
    places.replace(remote / ".lock", b"of a run that was killed")
    with pytest.raises(ParameterError), only_run(remote, 0.3):
        pass
    time.sleep(0.35)
    with only_run(remote, 0.3) as held:
        time.sleep(0.5)  # refreshed meanwhile, so a live run's
        with pytest.raises(ParameterError), only_run(remote, 0.3):
            pass
        held.check()


def test_a_run_whose_lock_was_taken_notices(remote: Path) -> None:
    with only_run(remote, 0.5) as held:
        places.replace(remote / ".lock", b"another's")
        time.sleep(0.5)
        with pytest.raises(ParameterError) as told:
            held.check()
    assert told.value.key == "run_overtaken"
    assert places.read(remote / ".lock") == b"another's"


def test_of_two_that_find_a_dead_runs_lock_one_goes_on(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "CONTEST_SECONDS", 0.3)
    places.replace(remote / ".lock", b"of a run that was killed")
    time.sleep(0.6)
    both, held, refused = threading.Barrier(2), [], []
    real = holding._Lease._is_stale

    def at_once(lease: holding._Lease) -> bool:
        stale = real(lease)
        both.wait(5)
        return stale

    monkeypatch.setattr(holding._Lease, "_is_stale", at_once)

    def contend() -> None:
        try:
            with only_run(remote, 0.5):
                held.append(1)
                time.sleep(0.7)
        except ParameterError:
            refused.append(1)

    threads = [threading.Thread(target=contend) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(held), len(refused)) == (1, 1)


# Reports made here for there


def order(folder: Path, **more: object) -> Order:
    there = Path("/none")
    return Order(key("1"), there / "n.ipynb", there / "params" / "d.yaml", there, folder, "report", **more)


def making(contents: dict[str, bytes], seen: list[Order]):
    """A maker that writes these files into each order's folder."""

    def make(orders, workers):
        for one in orders:
            seen.append(one)
            one.folder.mkdir(parents=True, exist_ok=True)
            files = dict(one.standing)
            for name, content in contents.items():
                (one.folder / name).write_bytes(content)
                files[name] = sha256_of(one.folder / name)
            yield Fate(one.key, True, files=files)

    return make


def made(orders: list[Order], contents: dict[str, bytes], remote: Path) -> tuple[list[Fate], list[Order]]:
    seen: list[Order] = []
    store = Store(remote / "store")
    store.write({("published", YEAR): SCORES})
    make = making(contents, seen)
    return list(make_delivered(orders, 1, make=make, store=store, district="d")), seen


def test_a_report_is_made_in_a_folder_here_and_put_there_whole(remote: Path) -> None:
    folder = remote / YEAR / "1-primary"
    places.replace(folder / "report.pdf", b"of an earlier run")
    (fate,), (local,) = made([order(folder)], {"report.html": b"page", "results.json": b"{}"}, remote)
    assert fate.made
    assert set(places.stamps(folder)) == {"report.html", "results.json"}
    assert places.read(folder / "report.html") == b"page"
    assert not places.is_remote(local.folder)
    assert not local.folder.exists()
    assert local.outputs is not None
    assert not local.outputs.exists()


def test_the_kept_notebook_is_fetched_to_be_drawn_again(remote: Path) -> None:
    folder = remote / YEAR / "1-primary"
    places.replace(folder / "report.ipynb", b"kept")
    standing = {"report.ipynb": sha256_of(folder / "report.ipynb")}
    before = places.stamps(folder)["report.ipynb"]
    again = order(folder, execute=False, standing=standing)
    (fate,), (local,) = made([again], {"report.html": b"page"}, remote)
    assert fate.made
    assert local.standing == standing
    assert places.stamps(folder)["report.ipynb"] == before
    places.replace(folder / "report.ipynb", b"edited meanwhile")
    (fate,), seen = made([again], {"report.html": b"page"}, remote)
    assert (fate.made, seen) == (False, [])


def test_an_output_that_refuses_a_report_is_that_reports_fate(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path, contents: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(places, "put", refused)
    (fate,), _ = made([order(remote / YEAR / "1-primary")], {"report.html": b"page"}, remote)
    assert (fate.made, fate.fault) == (False, "report_not_written")
    assert "Permission denied" in fate.cause["en"]
