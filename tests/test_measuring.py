"""From a loaded store to what is published: the scale, frozen or provisional, and what a page may read."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evalib.cli import main
from evalib.errors import ParameterError
from evalib.measuring import freeze, measure
from evalib.sampling import invent_district
from evalib.settings import Settings, load_settings
from evalib.store import Store
from evalib.vocabulary import DIMENSIONS

ROOT = Path(__file__).parents[1]
FIRST, NOW = "2023-2024", "2024-2025"


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """Two years of an invented district, measured on a provisional scale."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "params", root / "params")
    settings = load_settings(root / "params" / "sample.yaml")
    district = invent_district(sections=22, years=2, seed=5)
    Store(settings.store).write(
        {
            (name, str(year)): rows.drop(columns="year").reset_index(drop=True)
            for name, table in district.tables.items()
            for year, rows in table.groupby("year")
        }
    )
    remark = ("primary", "", "rows_without_pupil", '{"count": 3}')
    remarks = pd.DataFrame([remark], columns=["stage", "school_code", "note", "fields"])
    Store(settings.store).write({("warnings", NOW): remarks})
    measure(settings, [NOW])
    return settings


def scores(settings: Settings, table: str = "measurements") -> pd.DataFrame:
    rows = Store(settings.store).read(table, NOW)
    chosen = rows["indicator"].isin(DIMENSIONS)
    return rows[chosen].set_index(["stage", "school_code", "indicator"]).sort_index()


@pytest.mark.proof
def test_every_section_has_every_dimension_or_a_reason(settings: Settings) -> None:
    found = scores(settings)
    sections = Store(settings.store).read("schools", NOW)
    assert len(found) == len(sections) * len(DIMENSIONS)
    assert (np.isfinite(found["value"]) == found["reason"].eq("")).all()
    shown = found[found["reason"].eq("")]
    assert set(shown.index.get_level_values("indicator")) == set(DIMENSIONS)


@pytest.mark.proof
def test_what_a_load_remarked_is_published_beside_the_notes_without_small_numbers(settings: Settings) -> None:
    notes = Store(settings.store).read("published_notes", NOW)
    (remark,) = notes[notes["note"].str.startswith("rows_without_pupil")].to_dict("records")
    assert (remark["year"], remark["stage"], remark["note"]) == (NOW, "primary", "rows_without_pupil_few")
    assert remark["fields"] == '{"few": 10}'
    assert len(notes) > 1


@pytest.mark.proof
def test_every_year_shown_has_the_tables_of_the_district_s_review(settings: Settings) -> None:
    store = Store(settings.store)
    for year in (FIRST, NOW):
        found = store.read("balance_indicators", year)
        own = found[found["aspect"].eq("") & found["stage"].eq("") & found["respondent"].eq("")]
        assert own["indicator"].tolist() == [one.id for one in settings.balance.indicators]
        sections = store.read("schools", year)
        assert len(store.read("balance_verdicts", year)) == len(sections)
        assert len(store.read("published_members", year)) == len(sections)
        hidden = store.read("published_sections", year).query("pupils_on_roll_withheld")["school_code"]
        rows = store.read("balance_sections", year)
        assert rows.loc[rows["school_code"].isin(hidden), "pupils"].isna().all()
    share = store.read("balance_own_share", NOW)
    least = settings.measures.standing.minimum_sections
    assert (share["share"].notna() == share["sections"].ge(least)).all()
    share = share.dropna(subset="share")
    assert len(share)
    assert share["share"].between(0, 1).all()
    assert (share["low"].le(share["share"]) & share["share"].le(share["high"])).all()


@pytest.mark.proof
def test_scale_is_provisional_until_it_is_frozen_and_then_stands_still(settings: Settings) -> None:
    store = Store(settings.store)
    assert store.read("published_scale", NOW)["provisional"].all()
    before = scores(settings)
    freeze(settings, [FIRST])
    frozen = load_settings(settings.path)
    assert frozen.frozen is not None
    assert frozen.frozen.base_years == [FIRST]
    measure(frozen, [NOW])
    assert not store.read("published_scale", NOW)["provisional"].any()
    after = scores(frozen)
    # The first year was the provisional base as well: what it could scale stays but for rounding.
    academic = before.index.get_level_values("indicator") == "academic"
    np.testing.assert_allclose(after["value"][academic], before["value"][academic], atol=1e-3)
    # Growth has no figure in the first year, so a scale frozen there has no place for it.
    growth = after.xs("growth", level="indicator")
    assert set(growth["reason"]) <= {"too_few_sections", "no_data", "low_coverage"}


@pytest.mark.proof
def test_all_years_serve_as_base_where_none_is_named(settings: Settings) -> None:
    said = CliRunner().invoke(main, ["freeze", str(settings.path)])
    assert said.exit_code == 0, said.output
    assert str(settings.frozen_path) in said.output
    frozen = load_settings(settings.path).frozen
    assert frozen is not None
    assert frozen.base_years == [FIRST, NOW]
    assert "value_added" in frozen.stages["primary"]


@pytest.mark.proof
def test_base_year_without_data_is_told(settings: Settings) -> None:
    with pytest.raises(ParameterError, match="1999-2000"):
        freeze(settings, ["1999-2000"])


@pytest.mark.proof
def test_published_tables_hold_no_pupil_and_no_small_section(settings: Settings) -> None:
    store = Store(settings.store)
    published = store.read("published", NOW)
    held = published["reason"].eq("suppressed")
    assert published.loc[held, ["value", "low", "high", "se", "difference"]].isna().all(axis=None)
    # A share that few make up tells its n and a band; on few pupils nothing is told.
    small = held & published["n"].isna()
    assert small.any()
    assert published.loc[small, "coverage"].isna().all()
    keys = ["stage", "school_code", "indicator", "subject"]
    parts = store.read("published_parts", NOW).merge(published[small][keys], on=keys)
    assert len(parts)
    assert parts[["value", "variance", "weight", "n"]].isna().all(axis=None)
    moments = store.read("published_influences", NOW)
    shown = published[published["indicator"].isin(DIMENSIONS) & published["reason"].eq("")]
    assert set(moments["school_code"]) <= set(shown["school_code"])
