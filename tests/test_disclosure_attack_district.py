"""The district's and the groups' public pages are attacked together with every school's page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import disclosure_attacker as attacker
import district_attacker as district
from evalib.disclosure import kept, respondents
from evalib.disclosure.beside import rounded_beside
from evalib.measures.provision import difference_coefficient
from evalib.page.district.groups import open_group
from evalib.page.district.opening import open_district
from evalib.page.district.parts import Parts
from evalib.settings import Settings, load_settings
from evalib.settings.balance import BalanceLimit
from evalib.store import Store
from made_reports import Made
from test_disclosure_district import CASE, SETTINGS, shown

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
YEARS = ("2022-2023", "2023-2024", "2024-2025")
NOW = YEARS[-1]
LIMITS = SETTINGS.disclosure
# All that a public page of the district or of a group may be made of.
PUBLIC = ("public", "public_sections", "published_scale", "published_members")
REVIEW = (
    *("balance_indicators", "balance_facts", "balance_staffing", "balance_shared_staff"),
    *("balance_satisfaction", "balance_own_share"),
)


@pytest.fixture(scope="module")
def settings(reports: Made) -> Settings:
    """The sample district as it was loaded and measured over its three years; nothing is written to it."""
    return reports.settings


def calls(notebook: str, opened: str) -> list[str]:
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    lines = [
        line for one in cells if one["cell_type"] == "code" for line in "".join(one["source"]).split("\n")
    ]
    return [line.partition(".")[2].removesuffix("()") for line in lines if line.startswith(f"{opened}.")]


def bytes_of(params: Path, lang: str = "zh") -> dict[str, str]:
    """All that the public pages of the district and of its groups hold, `results.json` too."""
    pages: dict[str, tuple[Any, list[str]]] = {
        "district": (
            open_district(NOW, lang=lang, edition="public", params=str(params)),
            calls("district_report", "district"),
        )
    }
    members = Store(load_settings(params).store).read("published_members", NOW)
    for code in sorted(set(members["group_code"]) - {""}):
        group = open_group(code, NOW, lang=lang, edition="public", params=str(params))
        pages[code] = (group, calls("group_report", "group"))
    found = {}
    for name, (page, methods) in pages.items():
        for method in methods:
            whole = attrgetter(method)(page)()
            bundles = [part._repr_mimebundle_() for part in (whole if isinstance(whole, Parts) else (whole,))]
            found[f"{name}.{method}"] = json.dumps(bundles, ensure_ascii=False, default=str)
        read = {table for table, _ in page.view.store.slices_read}
        assert read <= {*PUBLIC, *REVIEW}, name
    return found


@pytest.fixture(scope="module")
def before(settings: Settings) -> dict[str, str]:
    return bytes_of(settings.path)


def disordered(rows: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    for name in rows.select_dtypes("number"):
        rows[name] = rng.permutation(rows[name].to_numpy())
    return rows.iloc[: max(len(rows) - 1, 1)]


def moved(rows: pd.DataFrame) -> pd.DataFrame:
    names = [one for one in ("value", "low", "high", "pupils_on_roll") if one in rows]
    return rows.assign(**{one: rows[one] * 1.01 for one in names})


def altered(
    params: Path, root: Path, other: Callable[[str], bool], change: Callable[[pd.DataFrame], pd.DataFrame]
) -> Path:
    """The same project with some tables of the store changed."""
    shutil.copytree(params.parent, root / "params")
    there = load_settings(root / "params" / params.name)
    shutil.copytree(load_settings(params).store, there.store)
    store = Store(there.store)
    slices = [(table, year) for table, year in store.digests() if other(table) and year != "all"]
    store.write({(table, year): change(store.read(table, year)) for table, year in slices})
    return there.path


def test_what_is_not_public_could_be_anything_and_no_byte_of_the_public_pages_would_change(
    settings: Settings, before: dict[str, str], tmp_path: Path
) -> None:
    """Totals by stage, standings, quantiles, gaps: functions of public tables alone."""
    private = {table for table, _ in Store(settings.store).digests()} - {*PUBLIC, *REVIEW}
    assert private >= {"published", "measurements", "pupils", "survey", "balance_sections"}
    other = altered(settings.path, tmp_path / "other", private.__contains__, disordered)
    assert {name.partition(".")[0] for name in before} == {"district", "JT01", "JT02", "JT03"}
    assert len(before) > 50
    assert bytes_of(other) == before


def test_what_is_public_is_what_the_pages_are_made_of(
    settings: Settings, before: dict[str, str], tmp_path: Path
) -> None:
    other = altered(settings.path, tmp_path / "other", ("public", "public_sections").__contains__, moved)
    after = bytes_of(other)
    assert {name for name in before if before[name] != after[name]} >= {
        *("district.context", "district.academic.distribution", "district.between", "JT01.five"),
    }


@pytest.mark.parametrize("year", YEARS)
def test_retention_leaves_five_numbers_to_every_section_of_which_a_band_is_told(
    settings: Settings, year: str
) -> None:
    store = Store(settings.store)
    rows = store.read("public", year).query("indicator == 'retention_rate' and stage == 'junior'")
    found = store.read("balance_indicators", year).query("indicator == 'Q1'").iloc[0]
    rows = rows[rows["reason"].isin(["", "suppressed"]) & rows["n"].notna()]
    if rows.empty:
        assert np.isnan(found["value"])
        return
    left = [
        None if row["reason"] else round(row["n"] * (1 - row["value"])) for row in rows.to_dict("records")
    ]
    limit = SETTINGS.balance.indicator("Q1").limit().value
    values = district.kept_left(rows["n"].astype(int).tolist(), left, found["value"], limit)
    assert len(values) > 5
    assert min(values) >= attacker.LEAST


def cohorts(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, list[int], list[float | None]]:
    """A few sections' retention as their pages tell it, and the district's as the review finds it."""
    n = rng.integers(40, 160, size=int(rng.integers(2, 6)))
    left = rng.integers(0, 9, size=len(n))
    band = left < attacker.LEAST
    published = pd.DataFrame(
        {
            "indicator": kept.OF_SECTIONS,
            "stage": "junior",
            "reason": np.where(band, "suppressed", ""),
            "band": np.where(band, "high", ""),
            "n": n.astype(float),
            "value": np.where(band, np.nan, 1 - left / n),
        }
    )
    evidence = {"entrants": int(n.sum()), "transferred_in": 0, "transferred_out": 0, "died": 0}
    evidence["graduated"] = int((n - left).sum())
    found = pd.DataFrame(
        {
            "indicator": ["Q1"],
            "value": [evidence["graduated"] / evidence["entrants"]],
            "evidence": [json.dumps(evidence)],
            "reason": ["[]"],
        }
    )
    told = [None if hidden else float(one) for hidden, one in zip(band, left, strict=True)]
    return found, published, n.tolist(), told


def attacked_retention(districts: int) -> tuple[int, int, int]:
    """Districts whose share is told, sections that were attacked in these, and those left fewer numbers."""
    rng = np.random.default_rng(7)
    facts = pd.DataFrame({"fact": ["junior_retention_share"], "problem": [""]})
    limit = SETTINGS.balance.indicator("Q1").limit().value
    shares = sections = betrayed = 0
    for _ in range(districts):
        found, published, n, told = cohorts(rng)
        out, _ = kept.told_retention(found, facts, published, SETTINGS.balance, LIMITS)
        share = out["value"].iloc[0]
        if np.isnan(share):
            continue
        values = district.kept_left(n, told, share, limit)
        shares, sections = shares + 1, sections + len(values)
        betrayed += sum(one < attacker.LEAST for one in values)
    return shares, sections, betrayed


def test_no_district_s_retention_tells_how_many_left_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    shares, sections, betrayed = attacked_retention(40)
    assert (shares > 10, sections > 15, betrayed) == (True, True, 0)
    # Without the complementary suppression the attack succeeds.
    monkeypatch.setattr(kept, "_stays_open", lambda rates, left, limits: True)
    assert attacked_retention(40)[2] > 5


def test_the_attacker_rounds_as_is_printed_and_the_side_tells_no_more_than_the_verdict() -> None:
    rng = np.random.default_rng(13)
    for digits, bound, at_least in ((3, 0.95, True), (3, 0.85, True), (2, 0.5, False), (2, 0.45, False)):
        limit = BalanceLimit(at_least=bound) if at_least else BalanceLimit(at_most=bound)
        values = np.append(bound + rng.uniform(-0.03, 0.03, 2000), bound)
        told = [rounded_beside(one, digits, limit) for one in values.tolist()]
        assert district.beside(values, digits, bound, at_least).tolist() == told
        # Who has the nearest number and the verdict, as both were printed before, has it already.
        before: dict[tuple[float, bool], set[float]] = {}
        for one, printed in zip(values.tolist(), told, strict=True):
            before.setdefault((round(one, digits), limit.kept_by(one)), set()).add(printed)
        assert {len(one) for one in before.values()} == {1}
        assert len(before) > len({nearest for nearest, _ in before})
        if at_least:
            ends = [district.ends_of(one, bound) for one in told]
            assert all(low <= one <= high for one, (low, high) in zip(values, ends, strict=True))
            assert max(high - low for low, high in ends) < 0.0016


def survey(rolls: np.ndarray, answer: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All parents asked, as many of every hundred answer; the last section's roll is withheld."""
    answered = np.floor(rolls * answer)
    asked = pd.DataFrame({"respondent": "parent", "school_code": [str(k) for k in range(len(rolls))]}).assign(
        stage="primary", eligible=rolls, invited=rolls, answered=answered, satisfied=np.floor(0.9 * answered)
    )
    sums = asked[["eligible", "invited", "answered", "satisfied"]].sum()
    row = {"respondent": "parent", "share": 0.9, "low": 0.88, "high": 0.92, "population": sums["eligible"]}
    row |= {name: sums[name] for name in ("invited", "answered", "satisfied")}
    return pd.DataFrame([{**row, "response": sums["answered"] / sums["invited"]}]), asked


@pytest.mark.parametrize("protected", [True, False])
def test_a_withheld_roll_is_no_difference_of_parents_and_printed_rolls(protected: bool) -> None:
    rng = np.random.default_rng(3)
    fewest = []
    for _ in range(80):
        shown_rolls = rng.integers(40, 300, size=12)
        rolls = np.append(shown_rolls, rng.integers(1, 10))
        row, asked = survey(rolls, float(rng.choice([0.8, 0.95, 1.0])))
        hidden = pd.MultiIndex.from_tuples([(str(len(rolls) - 1), "primary")], names=["school_code", "stage"])
        asked = asked if protected else asked.iloc[:0]
        told = respondents.told_satisfaction(row, asked, hidden, SETTINGS.balance, LIMITS)
        one = told.iloc[0]
        values = district.rolls_left(
            (one["population"], one["invited"]),
            one["answered"],
            one["response"],
            shown_rolls.tolist(),
            hidden_counts=not protected,
            low_response=SETTINGS.balance.satisfaction.response_minimum,
        )
        fewest.append(len(values - {0}))
    assert (min(fewest) >= attacker.LEAST) == protected
    assert (sum(one < attacker.LEAST for one in fewest) > 20) != protected


@pytest.mark.parametrize("year", YEARS)
def test_satisfied_people_who_are_told_as_a_band_keep_five_numbers(settings: Settings, year: str) -> None:
    rows = Store(settings.store).read("balance_satisfaction", year)
    bands = rows[rows["band"].ne("")]
    assert len(bands)
    for row in bands.to_dict("records"):
        met = row["verdict"] in ("met", "met_low_response")
        answered = int(row["answered"])
        limit = settings.balance.satisfaction.limit
        assert district.satisfied_left(answered, row["band"], met, limit) == attacker.LEAST, row["respondent"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """A district with small sections in scope: the review's tables, and what of them is told."""
    return shown(CASE, tmp_path_factory.mktemp("small"))


def stage_rows(tables: dict[str, Any]) -> Iterator[tuple[str, pd.DataFrame]]:
    rows = tables["balance_sections"].query("stage == 'primary' and verdict != 'out_of_scope'")
    for name, own in rows[rows["indicator"].str.startswith("R")].groupby("indicator"):
        yield str(name), own.reset_index(drop=True)


def test_coefficients_and_sections_in_the_way_leave_a_small_roll_open(
    small: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, after = small
    told = after["balance_indicators"].query("aspect == 'variation' and stage == 'primary'")
    values = told.set_index("indicator")["value"]
    limit = SETTINGS.balance.variation.limit("primary")
    assert limit is not None
    attacked = 0
    for name, own in stage_rows(before):
        if not np.isfinite(values[name]):
            continue
        pupils, amounts = own["pupils"].to_numpy(float), own["numerator"].to_numpy(float)
        per = 1.0 if name in ("R4", "R5", "R6") else 100.0
        levels = (float(own["limit"].iloc[0]) / per, float(own["floor"].iloc[0]) / per)
        hidden = pupils < LIMITS.minimum_n
        left = district.resources_left(
            pupils, amounts, hidden, own["verdict"].to_numpy(), values[name], levels, limit
        )
        attacked += len(left)
        assert all(len(one) >= attacker.LEAST for one in left), (name, left)
    assert attacked >= 12


def test_the_unrounded_coefficient_would_tell_a_small_roll_to_who_knows_what_sections_have(
    small: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    (own,) = [rows for name, rows in stage_rows(small[0]) if name == "R6"]
    pupils, amounts = own["pupils"].to_numpy(float), own["numerator"].to_numpy(float)
    hidden = int(np.flatnonzero(pupils < LIMITS.minimum_n)[0])
    told = difference_coefficient(pupils, amounts).value
    fits = []
    for roll in range(1, 10):
        tried = pupils.copy()
        tried[hidden] = roll
        fits.append(abs(difference_coefficient(tried, amounts).value - told) < 1e-6)
    assert sum(fits) == 1


@pytest.mark.parametrize("year", YEARS)
def test_sums_behind_withheld_means_stay_open_beside_the_shares_between_sections(
    settings: Settings, year: str
) -> None:
    store = Store(settings.store)
    shares = store.read("balance_own_share", year)
    measured, public = store.read("measurements", year), store.read("public", year)
    attacked = 0
    for share in shares[shares["share"].notna()].to_dict("records"):
        chosen = (
            "indicator == 'standard_score' and reason == '' and stage == @share['stage']"
            " and subject == @share['subject']"
        )
        rows = public.query(chosen).set_index("school_code")
        own = measured.query(chosen).set_index("school_code").loc[rows.index]
        half = np.where(rows["se"] >= 0.3, 0.05, 0.005)
        left = district.sums_left(
            own["value"].to_numpy(float),
            rows["value"].to_numpy(float),
            half,
            own["variance"].to_numpy(float),
            own["n"].to_numpy(float),
        )
        # A tenth of what fewer than ten pupils, none farther than four from the mean, can come to.
        assert left >= 0.1 * 9 * 2 * 4.0, (share["stage"], share["subject"], left)
        attacked += 1
    assert attacked >= 4
