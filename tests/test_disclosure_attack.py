"""The pages of the whole sample district are attacked: what is withheld stays so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import disclosure_attacker as attacker
from evalib.disclosure import cells, printed, public_figures, public_sections, publish
from evalib.page.reports import open_school
from evalib.settings import Settings, load_settings
from evalib.similar import add_similar
from evalib.store import Store
from made_reports import Made

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
YEARS = ("2022-2023", "2023-2024", "2024-2025")
NOW = YEARS[-1]
SITTING = ("standard_score", "value_added", "field_breadth")
# Farthest that a pupil's standard score, or residual, lies from its mean.
FARTHEST = 4.0


@pytest.fixture(scope="module")
def settings(reports: Made, tmp_path_factory) -> Settings:
    """The sample district, loaded and measured over its three years, in a place of its own."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(reports.settings.path.parent, root / "params")
    found = load_settings(root / "params" / "sample.yaml")
    shutil.copytree(reports.settings.store, found.store)
    return found


def truth_of(measurements: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """Count and n by cell of one section."""
    known = {}
    for row in measurements[measurements["reason"].eq("")].to_dict("records"):
        name, subject, count = row["indicator"], row["subject"], row["value"] * row["n"]
        if name in (*attacker.PAPERS, *attacker.SINGLE, *SITTING):
            over_all = name in attacker.PAPERS and not subject
            known[name, subject] = (count if over_all else round(count), row["n"])
    return known


def attacked(
    public: pd.DataFrame,
    sections: pd.DataFrame,
    measurements: pd.DataFrame,
    satisfaction: pd.DataFrame,
    stop_at: int = 0,
) -> dict[tuple[str, str, str, str], int]:
    """Feasible values of every withheld count of one year, up to five of each.

    The district's page says how far all rolls together lie below the printed ones, so each at most
    as far as that; the others can be so, since together they can make up the rest.
    """
    rolls = sections.set_index(["stage", "school_code"])["pupils_on_roll"].astype(float)
    parents = float(satisfaction.set_index("respondent").loc["parent", "population"])
    least, most = attacker.rolls_within(rolls, parents)
    spare: list[float] = []
    found = {}
    for (stage, code), rows in public.groupby(["stage", "school_code"]):
        roll = float(rolls.loc[stage, code])
        known = attacker.section(rows, roll, within=most)
        if np.isfinite(roll) and sum(spare) - max(spare, default=0.0) < least:
            spare.append(attacker.roll_below(known, roll))
        own = measurements[measurements["stage"].eq(stage) & measurements["school_code"].eq(code)]
        assert attacker.satisfied(known, truth_of(own)), (stage, code)
        for (name, subject), values in attacker.feasible_values(known).items():
            found[str(stage), str(code), name, subject] = values
        if stop_at and sum(values < attacker.LEAST for values in found.values()) >= stop_at:
            break
    else:
        assert sum(spare) - max(spare, default=0.0) >= least
    return found


@pytest.mark.parametrize("year", YEARS)
def test_every_withheld_count_keeps_five_values(settings: Settings, year: str) -> None:
    store = Store(settings.store)
    found = attacked(
        store.read("public", year),
        store.read("public_sections", year),
        store.read("measurements", year),
        store.read("balance_satisfaction", year),
    )
    assert len(found) > 100
    told = {cell: values for cell, values in found.items() if values < attacker.LEAST}
    assert not told


def test_without_complementary_suppression_the_attack_succeeds(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(settings.store)
    monkeypatch.setattr(cells, "_with_subjects", lambda measurements, fate: fate)
    limits = settings.disclosure.model_copy(update={"goes_with": {}})
    measured, sections = store.read("measurements", NOW), store.read("published_sections", NOW)
    published = publish(measured, limits, settings.measures.counting)
    figures = public_figures(
        measured, published, sections, store.read("published_scale", NOW), settings.measures, limits
    )
    units = {name: one.unit for name, one in settings.measures.judged.items()}
    public = printed(add_similar(figures, sections, settings), units)
    shown = public_sections(sections, published, settings.measures.counting, limits)
    found = attacked(public, shown, measured, store.read("balance_satisfaction", NOW), stop_at=3)
    assert sum(values < attacker.LEAST for values in found.values()) >= 3


@pytest.mark.parametrize("year", YEARS)
def test_sums_behind_withheld_means_stay_open(settings: Settings, year: str) -> None:
    public = Store(settings.store).read("public", year)
    withheld = 0
    for name in ("standard_score", "value_added", "value_added_intake"):
        rows = public[public["indicator"].eq(name)]
        for _, group in rows.groupby(["stage", "subject"]):
            held = group["reason"].eq("suppressed")
            if not held.any():
                continue
            withheld += int(held.sum())
            # Over the district the sum is 0: what is withheld is the rest, with either sign.
            shown = group[group["reason"].eq("")]
            half = np.where(shown["se"] >= 0.3, 0.05, 0.005) if name == "standard_score" else 0.005
            ends = np.outer(shown["value"] - half, [1, 1]), np.outer(shown["value"] + half, [1, 1])
            sizes = np.column_stack([shown["n"] - attacker.LEAST + 1, shown["n"]])
            sums = np.concatenate([end * sizes for end in ends], axis=1)
            left_open = float((sums.max(axis=1) - sums.min(axis=1)).sum())
            assert left_open >= 0.1 * 9 * 2 * FARTHEST
    assert withheld or year != NOW


@pytest.mark.parametrize("year", YEARS)
def test_n_of_a_section_too_small_to_show_stays_open(settings: Settings, year: str) -> None:
    store = Store(settings.store)
    public, notes = store.read("public", year), store.read("published_notes", year)
    fits = notes[notes["note"].isin(["growth_fit", "growth_fit_without_classes"])]
    for note in fits.to_dict("records"):
        pupils = json.loads(note["fields"])["pupils"]
        rows = public[public["indicator"].eq("value_added") & public["subject"].eq("")]
        rows = rows[rows["stage"].eq(note["stage"])]
        shown = rows.loc[rows["reason"].eq(""), "n"]
        for small in range(10):
            low, high = shown.sum() - 4 * len(shown) + small, shown.sum() + small
            assert rows["reason"].ne("suppressed").all() or (low <= pupils + 5 and high >= pupils - 5)


@pytest.mark.parametrize("year", YEARS)
def test_references_and_scores_follow_from_what_is_printed(settings: Settings, year: str) -> None:
    public = Store(settings.store).read("public", year)
    rates = public[public["indicator"].isin(attacker.PAPERS) & public["subject"].ne("")]
    for _, rows in rates.groupby(["stage", "indicator", "subject"]):
        share = rows["value"].where(rows["reason"].eq(""))
        share = share.mask(rows["band"].eq("low"), 2 / rows["n"]).mask(
            rows["band"].eq("high"), 1 - 2 / rows["n"]
        )
        known = share.notna()
        if known.any() and rows["reference"].notna().any():
            again = np.average(share[known], weights=rows.loc[known, "n"])
            # Numbers of pupils are told to within a few of them.
            assert np.abs(rows["reference"].dropna() - again).max() <= 0.005 + 0.001


def test_public_pages_read_public_tables_alone_and_print_nothing_finer(settings: Settings) -> None:
    params = str(settings.path)
    school = open_school("2150000002", "primary", NOW, edition="public", params=params)
    notebook = json.loads((ROOT / "notebooks" / "school_report.ipynb").read_text("utf-8"))
    lines = [
        "".join(cell["source"]).splitlines() for cell in notebook["cells"] if cell["cell_type"] == "code"
    ]
    shown = [line for cell in lines for line in cell if line.startswith("school.")]
    assert len(shown) > 20
    for line in shown:
        # Each line is a call without arguments, such as school.growth.caterpillar().
        attrgetter(line.removeprefix("school.").removesuffix("()"))(school)()
    read = {table for table, _ in school.view.store.slices_read}
    assert read <= {"public", "public_sections", "published_scale", "published_notes"}
    rates = [row for row in school.view.rows if school.view.judged[row["indicator"]].unit == "rate"]
    for row in rates:
        for name in ("value", "low", "high", "reference"):
            assert row[name] is None or row[name] == round(row[name], 3)


def test_a_year_handed_out_stays_as_it_was(settings: Settings) -> None:
    from evalib.measuring import issue

    store = Store(settings.store)
    before = store.read("published", NOW)
    issue(settings, NOW)
    issued = load_settings(settings.path)
    assert issued.issued is not None
    strict = settings.disclosure.model_copy(update={"goes_with": {"fitness_good_rate": "participation"}})
    again = publish(
        store.read("measurements", NOW),
        replace(issued, disclosure=strict).disclosure,
        settings.measures.counting,
        issued=issued.issued.years[NOW],
    )
    same: Mapping[str, pd.Series] = {name: again[name].eq(before[name]) for name in ("reason", "band")}
    assert same["reason"].all()
    assert same["band"].all()
    issued.issued_path.unlink()
