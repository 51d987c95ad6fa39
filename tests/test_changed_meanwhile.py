"""What is changed while a run goes on is due for the next run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evalib import annual
from evalib.due import Due
from evalib.press.asked import Request
from evalib.press.ledger import Fate, sha256_of
from evalib.press.memory import Memory
from evalib.press.production import Order
from evalib.press.standstill import standstill
from evalib.preview import preview
from evalib.sampling import invent_district, write_workbooks
from evalib.settings import Settings, load_settings
from evalib.store import Store
from killable import Silent
from small_notebooks import only_schools

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
REQUEST = Request(formats=("html",))


def settings_in(root: Path) -> Settings:
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    only_schools(root / "params" / "sample.yaml")
    write_workbooks(invent_district(sections=10, years=1, seed=5), root / "data" / "sample", root / "params")
    return load_settings(root / "params" / "sample.yaml")


def written(order: Order) -> Fate:
    order.folder.mkdir(parents=True, exist_ok=True)
    names = (order.notebook_name, order.results_name, "report.html")
    for name in names:
        (order.folder / name).write_text("{}")
    return Fate(order.key, True, files={name: sha256_of(order.folder / name) for name in names})


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def known_to_stand(settings: Settings) -> bool:
    return standstill(str(settings.path), REQUEST.narrowing) is not None


def test_a_file_edited_during_a_run_or_a_load_is_not_taken_for_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    notebook = tmp_path / "notebooks" / "school_report.ipynb"
    workbook = next((tmp_path / "data" / "sample").rglob("*.xlsx"))

    def quiet(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
        yield from map(written, orders)

    def edited_in_the_midst(orders: Sequence[Order], workers: int | None) -> Iterator[Fate]:
        for at, order in enumerate(orders):
            if at == 2:
                append(notebook)
            yield written(order)

    annual.run(settings, REQUEST, Silent(), edited_in_the_midst)
    assert not known_to_stand(settings)
    decisions = preview(settings, REQUEST).decisions
    assert {one.action for one in decisions} == {"execute"}
    annual.run(settings, REQUEST, Silent(), quiet)
    assert known_to_stand(settings)
    assert {one.action for one in preview(settings, REQUEST).decisions} == {"reuse"}

    load = annual.load_files

    def changed_after_reading(settings: Settings):
        loaded = load(settings)
        append(workbook)
        return loaded

    append(workbook)
    assert Due(settings, Store(settings.store), Memory(settings.output)).load()
    with monkeypatch.context() as patched:
        patched.setattr(annual, "load_files", changed_after_reading)
        annual.run(settings, REQUEST, Silent(), quiet)
    assert not known_to_stand(settings)
    assert Due(settings, Store(settings.store), Memory(settings.output)).load()
