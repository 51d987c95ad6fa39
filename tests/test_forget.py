"""Rows about persons are deleted by year, wholly or not at all; figures and pages stay."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from evalib import measuring
from evalib.cli import main
from evalib.errors import DataError, ParameterError
from evalib.forgetting import PARTLY, PERSONAL, Forgetting, forget, plan_forgetting
from evalib.intake.aliases import ALIASES
from evalib.intake.copies import default_folder
from evalib.intake.schemas import SCHEMAS
from evalib.page.reports import open_school
from evalib.settings import Settings, load_settings
from evalib.settled import is_settled
from evalib.store import Store
from small_district import LAST, NOW, small_limits, small_tables

ROOT = Path(__file__).parents[1]
FIRST = "2022-2023"
YEARS = (FIRST, LAST, NOW)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """A project with three loaded years and, for each, something that was measured."""
    root = tmp_path_factory.mktemp("loaded")
    shutil.copytree(ROOT / "params", root / "params")
    store = Store(load_settings(root / "params" / "sample.yaml").store)
    store.write(small_tables())
    measured = pd.DataFrame({"school_code": ["2150000001"], "value": [0.5]})
    store.write({(name, year): measured for name in ("measurements", "published") for year in YEARS})
    return root


@pytest.fixture
def settings(loaded: Path, tmp_path: Path) -> Settings:
    shutil.copytree(loaded, tmp_path / "project")
    return load_settings(tmp_path / "project" / "params" / "sample.yaml")


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.store)


def plan(store: Store, *years: str) -> Forgetting:
    return plan_forgetting(store, "params/sample.yaml", years, all_years=not years)


def forgotten(store: Store, *years: str) -> None:
    forget(store, plan(store, *years))


def persons(*years: str) -> set[str]:
    """Pseudonyms of the pupils and teachers of some years."""
    tables = small_tables()
    return {
        one
        for (name, year), rows in tables.items()
        for column in ("pupil", "teacher")
        if column in rows and year in years
        for one in rows[column].dropna()
    }


def everything(folder: Path) -> Iterator[str]:
    """All that the files of a store say, compressed or not, known to the store or not."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield content.decode("latin-1")
            if content.startswith(b"PAR1"):
                yield pd.read_parquet(io.BytesIO(content)).to_csv()


def found(folder: Path, wanted: set[str]) -> set[str]:
    said = "\n".join(everything(folder))
    return {one for one in wanted if one in said}


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_every_table_is_either_deleted_in_part_or_whole_or_tells_of_nobody() -> None:
    about = {name for name, table in SCHEMAS.items() if {"pupil", "teacher"} & set(table.schema.columns)}
    assert about == {*PERSONAL, PARTLY}


def test_no_byte_of_the_store_names_a_person_of_the_year(store: Store) -> None:
    gone = persons(NOW) - persons(FIRST, LAST)
    assert len(gone) > 20
    assert found(store.folder, gone) == gone
    forgotten(store, NOW)
    assert not found(store.folder, gone)
    assert found(store.folder, persons(LAST)) == persons(LAST)


def test_no_byte_of_the_store_names_anybody_when_all_years_are_forgotten(store: Store) -> None:
    forgotten(store)
    assert not found(store.folder, persons(*YEARS))


def test_all_else_stays_as_it_is(store: Store) -> None:
    before = contents(store.folder)
    slices = store.slices()
    forgotten(store, LAST)
    kept = {one for one in slices if one[1] != LAST or one[0] not in (*PERSONAL, PARTLY)}
    assert {one for one in store.slices() if one[0] != "settled"} - {(PARTLY, LAST)} == kept
    after = contents(store.folder)
    for name in set(before) & set(after) - {"manifest.json", "loads.jsonl"}:
        assert after[name] == before[name]


def test_works_of_whole_schools_stay_and_those_of_pupils_go(store: Store) -> None:
    works = pd.DataFrame(
        {
            "work": ["w1", "w2"],
            "pupil": pd.Series(["p1", None], dtype="str"),
            "school_code": ["2150000001", "2150000001"],
            "stage": ["primary", "primary"],
            "level": ["city", "nation"],
        }
    )
    store.write({(PARTLY, NOW): works})
    counted = plan(store, NOW)
    assert counted.rows[PARTLY, NOW] == 1
    forget(store, counted)
    left = store.read(PARTLY, NOW)
    assert left["work"].tolist() == ["w2"]
    assert "pupil" not in left


def test_files_that_the_store_does_not_know_are_deleted_too(store: Store) -> None:
    name = next(path for path in store.folder.glob("pupils/*") if NOW in path.name)
    stray = [name.with_name(f".{name.name}.123"), name.with_name("copy.parquet")]
    for path in stray:
        shutil.copy(name, path)
    forgotten(store, NOW)
    assert not [path for path in stray if path.exists()]


def test_what_is_cut_short_leaves_the_store_as_it_was(store: Store, monkeypatch) -> None:
    before = contents(store.folder)
    planned = plan(store, NOW)

    def cut(path: Path, target: Path) -> Path:
        raise OSError(5, "cut")

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(OSError, match="cut"):
        forget(store, planned)
    monkeypatch.undo()
    after = contents(store.folder)
    assert {name: after[name] for name in before} == before
    assert store.slices() == Store(store.folder).slices()


def test_log_tells_that_it_was_done_and_of_nobody(store: Store) -> None:
    forgotten(store, NOW)
    (line,) = store.log().splitlines()
    told = {one["table"]: one for one in json.loads(line)["slices"]}
    assert set(told) == {*PERSONAL, PARTLY}
    assert {one["change"] for one in told.values()} == {"forgotten"}
    assert told["pupils"]["rows"] == len(small_tables()["pupils", NOW])
    forgotten(store, NOW)
    assert store.log().count("\n") == 1


def test_changed_numbers_of_pupils_who_stay_are_kept_alone(store: Store) -> None:
    now, before = persons(NOW), persons(FIRST, LAST)
    stays, goes = min(before & now), min(now - before)
    changes = pd.DataFrame({"former": [stays, goes, "n2"], "current": ["n1", "n2", "n3"]}, dtype="str")
    store.write({ALIASES: changes})
    forgotten(store, NOW)
    assert store.read(*ALIASES)["former"].tolist() == [stays]
    forgotten(store)
    assert not store.has(*ALIASES)


class TestSettled:
    def test_a_forgotten_year_and_those_that_look_back_on_it_stand(self, store: Store) -> None:
        forgotten(store, LAST)
        assert [is_settled(store, year) for year in YEARS] == [False, True, True]

    def test_nothing_stands_that_was_not_measured(self, store: Store) -> None:
        store.write({}, removed=[("measurements", NOW)])
        forgotten(store, LAST)
        assert [is_settled(store, year) for year in YEARS] == [False, True, False]

    def test_pupils_loaded_again_are_measured_again(self, store: Store) -> None:
        forgotten(store, LAST)
        store.write({("pupils", LAST): small_tables()["pupils", LAST]})
        assert not any(is_settled(store, year) for year in YEARS)

    def test_other_tables_of_a_later_year_are_measured_and_the_forgotten_one_stands(
        self, store: Store
    ) -> None:
        forgotten(store, LAST)
        store.write({("pupils", NOW): small_tables()["pupils", NOW].iloc[1:]})
        assert [is_settled(store, year) for year in YEARS] == [False, True, False]

    def test_two_years_forgotten_one_after_the_other_are_both_remembered(self, store: Store) -> None:
        forgotten(store, FIRST)
        forgotten(store, LAST)
        store.write({("pupils", LAST): small_tables()["pupils", LAST]})
        assert is_settled(store, FIRST)
        forgotten(store, LAST)
        assert all(is_settled(store, year) for year in YEARS)

    def test_what_stands_is_not_measured_again(self, settings: Settings, store: Store, monkeypatch) -> None:
        forgotten(store)
        before = contents(store.folder)
        monkeypatch.setattr(measuring, "review_year", None)
        monkeypatch.setattr(measuring, "scale_of", lambda *_: None)
        measuring.measure(settings, [NOW])
        assert contents(store.folder) == before


@pytest.mark.parametrize(
    ("years", "all_years", "key"),
    [
        ((), False, "forget_which"),
        ((NOW,), True, "forget_which"),
        (("2024",), False, "not_a_school_year"),
        (("../pupils",), False, "not_a_school_year"),
        (("2019-2020",), False, "year_without_data"),
    ],
)
def test_a_year_that_is_none_or_not_there_is_told(store: Store, years, all_years: bool, key: str) -> None:
    with pytest.raises(ParameterError) as caught:
        plan_forgetting(store, "params/sample.yaml", years, all_years=all_years)
    assert caught.value.key == key
    assert all(caught.value.text(lang) for lang in ("zh", "en"))


def test_nothing_loaded_is_nothing_to_forget(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        plan(Store(tmp_path / "store"), NOW)
    assert caught.value.key == "no_store"
    assert not (tmp_path / "store").exists()


class TestCommand:
    def run(self, settings: Settings, *arguments: str, answer: str | None = None) -> Any:
        whole = ["--messages", "zh", "forget", str(settings.path), *arguments]
        return CliRunner().invoke(main, whole, input=answer)

    @pytest.mark.parametrize("answer", ["n\n", "\n", ""])
    def test_asks_and_takes_only_yes_for_yes(self, settings: Settings, store: Store, answer: str) -> None:
        before = contents(store.folder)
        ended = self.run(settings, "--year", NOW, answer=answer)
        assert ended.exit_code == 130
        assert "未删除任何数据" in ended.output
        assert contents(store.folder) == before

    def test_says_what_goes_and_what_is_still_there(self, settings: Settings, store: Store) -> None:
        copies = default_folder(settings.files.resolve())
        copies.mkdir(parents=True)
        ended = self.run(settings, "--year", NOW, "--year", LAST, answer="y\n")
        assert ended.exit_code == 0, ended.output
        rows = len(small_tables()["pupils", NOW])
        assert f"学生 {NOW}：{rows} 行" in ended.output
        assert "data/sample" in ended.output
        assert copies.name in ended.output
        assert store.years("pupils") == [FIRST]
        assert f"{LAST}、{NOW} 学年的指标与报告保持原样" in ended.output

    def test_does_not_ask_when_told_so_and_has_nothing_to_do_twice(self, settings: Settings) -> None:
        first = self.run(settings, "--all-years", "--yes")
        assert first.exit_code == 0
        assert "已删除" in first.output
        again = self.run(settings, "--all-years")
        assert again.exit_code == 0
        assert "无需删除" in again.output

    def test_warns_of_years_that_were_never_measured(self, settings: Settings, store: Store) -> None:
        store.write({}, removed=[("measurements", NOW)])
        ended = self.run(settings, "--year", NOW, answer="y\n")
        assert f"{NOW} 学年还没有算过指标" in ended.output
        assert "保持原样" not in ended.output

    def test_says_nothing_of_any_person(self, settings: Settings) -> None:
        ended = self.run(settings, "--all-years", answer="y\n")
        assert not [one for one in persons(*YEARS) if one in ended.output]


@pytest.mark.proof
def test_figures_and_pages_are_the_same_after_forgetting(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    settings = load_settings(tmp_path / "params" / "sample.yaml")
    store, limits = Store(settings.store), small_limits(settings)
    store.write(small_tables())
    measuring.measure(limits, [NOW])
    section = store.read("schools", NOW).iloc[0]

    def page(year: str) -> str:
        chosen = {"school_code": section["school_code"], "stage": section["stage"], "year": year}
        return repr(open_school(**chosen, params=str(settings.path)).results())

    pages = {year: page(year) for year in YEARS}
    kept = {one: store.read(*one) for one in store.slices() if one[0] not in SCHEMAS}
    forgotten(store, FIRST, LAST)
    for again in (False, True):
        if again:
            measuring.measure(limits, [NOW])
        for year in YEARS:
            assert page(year) == pages[year]
        for one, rows in kept.items():
            pd.testing.assert_frame_equal(store.read(*one), rows)
    brought = {one: rows for one, rows in small_tables().items() if one[1] != NOW}
    store.write(brought)
    assert not any(is_settled(store, year) for year in YEARS)
    measuring.measure(limits, [NOW])
    for one, rows in kept.items():
        pd.testing.assert_frame_equal(store.read(*one), rows)


@pytest.mark.proof
def test_next_year_is_measured_though_the_first_was_forgotten(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    settings = load_settings(tmp_path / "params" / "sample.yaml")
    store, limits = Store(settings.store), small_limits(settings)
    tables = small_tables()
    store.write({one: rows for one, rows in tables.items() if one[1] != NOW})
    measuring.measure(limits, [LAST])
    kept = {one: store.read(*one) for one in store.slices() if one[0] not in SCHEMAS}
    forgotten(store, FIRST)
    store.write({one: rows for one, rows in tables.items() if one[1] == NOW})
    measuring.measure(limits, [NOW])
    for one, rows in kept.items():
        pd.testing.assert_frame_equal(store.read(*one), rows)
    figures = store.read("measurements", NOW)
    judged = figures[figures["indicator"].isin(["value_added", "excellent_rate"]) & figures["reason"].eq("")]
    assert set(judged["indicator"]) == {"value_added", "excellent_rate"}
    assert judged["change"].notna().any()
