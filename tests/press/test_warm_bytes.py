"""Reports forked from a template are, to the byte, those that a worker started anew makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evalib import annual
from evalib.press.ledger import Fate
from evalib.press.plan import plan_reports
from evalib.press.production import Order, make_report, make_reports
from evalib.press.warm.limits import Limits
from evalib.press.warm.pool import make_warm
from evalib.store import Store

pytestmark = pytest.mark.proof


def never_cold(orders: Sequence[Order], threads: tuple[str, ...]) -> Iterator[Fate]:
    raise AssertionError(f"not forked: {threads}")
    yield


def into(orders: list[Order], folder: Path) -> list[Order]:
    return [dataclasses.replace(one, folder=folder / one.key.folder) for one in orders]


def test_warm_and_cold_reports_are_the_same_files(reports, tmp_path: Path) -> None:
    settings = reports.settings
    keys = plan_reports(settings, Store(settings.store), ["2024-2025"], kind="school")
    orders = annual.orders_for(settings, [keys[0], keys[-1], keys[len(keys) // 2]])
    cold = {fate.key: fate for fate in make_reports(into(orders, tmp_path / "cold"), workers=2)}
    limits = Limits(seconds=120, bytes=1 << 30)
    warm = make_warm(
        into(orders, tmp_path / "warm"), make=make_report, limits=limits, cold=never_cold, workers=2
    )
    made = 0
    for fate in warm:
        assert fate.made, fate.cause
        assert len(fate.files) == 4
        assert fate.files == cold[fate.key].files
        made += 1
    assert made == len(orders)
