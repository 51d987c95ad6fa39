"""The national standard and the ladder of teachers make the review due; what is stated does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from evalib.due import Due
from evalib.press.freshness import present
from evalib.press.memory import Memory
from evalib.settings import Settings, load_settings
from evalib.store import Store

ROOT = Path(__file__).parents[1]
YEAR = "2024-2025"
Change = Callable[[Settings], None]
BALANCE, INITIATIVES, DISTRICT = "standards/balance_2017.yaml", "initiatives.yaml", "sample.yaml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project whose one year was reviewed, as far as anybody can tell."""
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    settings = load_settings(tmp_path / "params" / DISTRICT)
    schools = pd.DataFrame({"school_code": ["2150000001"], "stage": ["primary"]})
    tables = {
        (name, YEAR): schools for name in ("schools", "measurements", "published", "balance_indicators")
    }
    Store(settings.store).write(tables)
    due = Due(settings, Store(settings.store), Memory(settings.output))
    assert due.load()
    due.loaded(0)
    assert due.measure([YEAR])
    due.measured([YEAR])
    due.memory.save()
    return settings


def due(settings: Settings) -> tuple[bool, bool]:
    """Whether a load, and a review, are due after what changed."""
    again = load_settings(settings.path)
    found = Due(again, Store(again.store), Memory(again.output))
    return found.load(), found.measure([YEAR])


def edited(name: str, old: str, new: str) -> Change:
    def change(settings: Settings) -> None:
        path = settings.path.parent / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def rewritten(table: str) -> Change:
    other = pd.DataFrame({"school_code": ["2150000002"], "stage": ["primary"]})
    return lambda settings: void(Store(settings.store).write({(table, YEAR): other}))


def removed(table: str) -> Change:
    return lambda settings: void(Store(settings.store).write({}, removed=[(table, YEAR)]))


def void(_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("change", "load", "measure"),
    [
        (lambda settings: None, False, False),
        (edited(BALANCE, "at_least: 4.2", "at_least: 4.3"), False, True),
        (edited(BALANCE, "junior: 0.45", "junior: 0.40"), False, True),
        (edited(BALANCE, "low: 5000, high", "low: 6000, high"), True, True),
        (edited(INITIATIVES, "tiers: [学科骨干]", "tiers: [骨干]"), False, True),
        (edited(INITIATIVES, "stated: 36,", "stated: 37,"), False, False),
        (edited(DISTRICT, "departments: 36", "departments: 40"), False, False),
        (rewritten("balance_indicators"), False, True),
        (removed("balance_indicators"), False, True),
    ],
)
def test_what_makes_a_load_or_a_review_due(
    settings: Settings, change: Change, load: bool, measure: bool
) -> None:
    change(settings)
    assert due(settings) == (load, measure)


def test_tables_of_the_review_are_among_those_a_page_may_ask_for(settings: Settings) -> None:
    def tables() -> str:
        memory = Memory(settings.output)
        return present(settings, Store(settings.store), memory.contents).parts["tables"]

    before = tables()
    removed("balance_indicators")(settings)
    assert tables() != before
