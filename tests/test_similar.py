"""The second reference: who is alike, and how a section compares with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from evalib.settings import Settings, load_settings
from evalib.similar import SIMILAR_COLUMNS, add_similar, alike

SETTINGS = load_settings(Path(__file__).parents[1] / "params" / "sample.yaml")
FEATURES = ["size", "area", "migrant_share", "ses", "entry"]
YEAR = "2024-2025"


def with_similar(k: int) -> Settings:
    measures = SETTINGS.measures
    similar = measures.standing.similar.model_copy(update={"sections": k})
    standing = measures.standing.model_copy(update={"similar": similar})
    return replace(SETTINGS, measures=measures.model_copy(update={"standing": standing}))


def district(count: int = 40, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    migrant = rng.uniform(0, 0.6, count)
    return pd.DataFrame(
        {
            "year": YEAR,
            "school_code": [f"s{number:03d}" for number in range(count)],
            "stage": "primary",
            "pupils_on_roll": pd.array(rng.integers(80, 2500, count), dtype="Int64"),
            "area": rng.choice(["urban", "town", "rural"], count),
            "migrant_share": migrant,
            "ses": -2 * migrant + rng.normal(size=count),
            "entry": rng.normal(size=count),
        }
    )


def measured(sections: pd.DataFrame, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    count = len(sections)
    value, n = rng.normal(size=count), rng.integers(40, 400, count).astype(float)
    return pd.DataFrame(
        {
            "school_code": sections["school_code"],
            "stage": sections["stage"],
            "indicator": "standard_score",
            "subject": "",
            "reason": "",
            "value": 2.0 + value,
            "difference": 2.0 + value - n @ (2.0 + value) / n.sum(),
            "variance": 1 / n,
            "weight": n,
            "n": n,
        }
    )


def distances(sections: pd.DataFrame) -> np.ndarray:
    """Mahalanobis, a pair at a time, with the pseudo-inverse of the covariance."""
    table = np.column_stack(
        [
            np.log(sections["pupils_on_roll"].to_numpy(float)),
            *(sections["area"].eq(area).to_numpy(float) for area in ("urban", "town", "rural")),
            *(sections[name].to_numpy(float) for name in ("migrant_share", "ses", "entry")),
        ]
    )
    inverse = np.linalg.pinv(np.cov(table, rowvar=False), rcond=1e-10)
    apart = table[:, None, :] - table[None, :, :]
    return np.einsum("ijk,kl,ijl->ij", apart, inverse, apart)


def test_neighbours_are_the_nearest_by_mahalanobis_and_never_the_section_itself() -> None:
    sections = district()
    found = alike(sections, "primary", FEATURES, 10)
    distance = distances(sections)
    np.fill_diagonal(distance, np.inf)
    assert (found.neighbours == np.argsort(distance, axis=1)[:, :10]).all()
    assert found.used == tuple(FEATURES)
    assert found.left_out == ()


def test_units_and_order_of_sections_do_not_matter() -> None:
    sections = district()
    found = alike(sections, "primary", FEATURES, 10)
    other = sections.assign(
        entry=500 + 100 * sections["entry"], migrant_share=sections["migrant_share"] * 100
    )
    again = alike(other.iloc[::-1], "primary", FEATURES, 10)
    assert found.codes == again.codes
    assert (found.neighbours == again.neighbours).all()


def test_a_feature_that_tells_the_same_twice_counts_once() -> None:
    sections = district()
    once = alike(sections, "primary", ["size", "ses"], 5)
    twice = alike(sections.assign(entry=3 - 2 * sections["ses"]), "primary", ["size", "ses", "entry"], 5)
    assert (once.neighbours == twice.neighbours).all()


def test_what_the_district_lacks_or_does_not_differ_in_is_left_out_and_named() -> None:
    sections = district().drop(columns="entry").assign(area="rural")
    sections.loc[:24, "ses"] = np.nan
    found = alike(sections, "primary", FEATURES, 10)
    assert found.used == ("size", "migrant_share")
    assert found.left_out == ("area", "ses", "entry")
    plain = alike(sections, "primary", ["size", "migrant_share"], 10)
    assert (found.neighbours == plain.neighbours).all()


def test_a_section_without_a_feature_is_nobodys_neighbour_and_has_none() -> None:
    sections = district()
    sections.loc[3, "migrant_share"] = np.nan
    sections.loc[5, "area"] = None
    sections.loc[7, "pupils_on_roll"] = pd.NA
    found = alike(sections, "primary", FEATURES, 10)
    gone = [3, 5, 7]
    assert (found.neighbours[gone] == -1).all()
    rest = alike(sections.drop(index=gone), "primary", FEATURES, 10)
    kept = np.delete(np.arange(40), gone)
    assert (found.neighbours[kept] == kept[rest.neighbours]).all()


@pytest.mark.parametrize(("count", "some"), [(19, False), (20, True)])
def test_fewer_than_twice_as_many_sections_are_all_alike(count: int, some: bool) -> None:
    sections = district(count)
    assert bool(alike(sections, "primary", FEATURES, 10).neighbours.shape[1]) == some
    written = add_similar(measured(sections), sections, SETTINGS)
    assert written[SIMILAR_COLUMNS].notna().all(axis=None) == some


def test_sections_that_are_the_same_in_everything_have_k_others_for_neighbours() -> None:
    sections = pd.concat([district(3, seed=4)] * 10, ignore_index=True)
    sections["school_code"] = [f"s{number:03d}" for number in range(30)]
    found = alike(sections, "primary", FEATURES, 9).neighbours
    for section in range(30):
        assert sorted(found[section]) == [
            one for one in range(30) if one % 3 == section % 3 and one != section
        ]
    same = district(30).assign(pupils_on_roll=200, area="town", migrant_share=0.1, ses=0.0, entry=0.0)
    assert alike(same, "primary", FEATURES, 9).neighbours.shape == (30, 0)


def test_the_difference_from_similar_sections_is_that_of_the_definition() -> None:
    sections = district()
    rows = measured(sections)
    found = add_similar(rows, sections, SETTINGS)
    neighbours = alike(sections, "primary", SETTINGS.measures.standing.similar.features, 10).neighbours
    for section in (0, 17, 39):
        others = rows.iloc[neighbours[section]]
        share = others["n"] / others["n"].sum()
        mean = share @ others["value"]
        spread = np.sqrt(rows["variance"][section] + share**2 @ others["variance"])
        difference = rows["value"][section] - mean
        expected = (mean, difference, difference - 1.959964 * spread, difference + 1.959964 * spread)
        assert_allclose(found.loc[section, SIMILAR_COLUMNS].astype(float), expected, rtol=1e-6)
    assert len(found) == len(rows)


def test_sections_with_other_references_are_compared_by_their_differences() -> None:
    sections = district()
    rows = measured(sections)
    lifted = rows.assign(value=rows["value"] + 10.0 * (np.arange(40) % 2))
    found, plain = (add_similar(one, sections, SETTINGS) for one in (lifted, rows))
    for name in SIMILAR_COLUMNS[1:]:
        assert_allclose(found[name], plain[name])
    assert_allclose(found["similar_reference"], found["value"] - found["similar_difference"])


def test_neighbours_without_a_figure_are_left_out_and_half_must_have_one() -> None:
    sections = district()
    rows = measured(sections)
    neighbours = alike(sections, "primary", FEATURES, 10).neighbours[0]
    for lacking, said in ((1, True), (5, True), (6, False)):
        some = rows.copy()
        some.loc[neighbours[:lacking], ["reason", "value", "difference"]] = "no_data", np.nan, np.nan
        found = add_similar(some, sections, SETTINGS)
        assert found.loc[neighbours[0], SIMILAR_COLUMNS].isna().all()
        assert np.isfinite(found.loc[0, "similar_difference"]) == said
        if said:
            others = rows.iloc[neighbours[lacking:]]
            mean = others["n"] @ others["value"] / others["n"].sum()
            assert_allclose(found.loc[0, "similar_reference"], mean)


def test_a_figure_of_record_has_a_difference_and_no_interval() -> None:
    sections = district()
    found = add_similar(measured(sections).assign(variance=np.nan), sections, SETTINGS)
    assert found[["similar_reference", "similar_difference"]].notna().all(axis=None)
    assert found[["similar_low", "similar_high"]].isna().all(axis=None)


def test_stages_are_compared_within_themselves() -> None:
    sections = district(60).assign(stage=np.repeat(["primary", "junior"], 30))
    rows = measured(sections)
    found = add_similar(rows, sections, SETTINGS)
    for start in (0, 30):
        part = slice(start, start + 30)
        alone = add_similar(rows.iloc[part], sections.iloc[part], SETTINGS)
        pd.testing.assert_frame_equal(found.iloc[part], alone)


def test_a_district_without_features_has_no_second_reference() -> None:
    sections = district()[["school_code", "stage"]]
    found = alike(sections, "primary", FEATURES, 10)
    assert found.left_out == tuple(FEATURES)
    assert add_similar(measured(sections), sections, SETTINGS)[SIMILAR_COLUMNS].isna().all(axis=None)
    nobody = measured(district()).iloc[:0]
    assert add_similar(nobody, district(), SETTINGS).empty


def test_one_neighbour_is_the_nearest() -> None:
    sections = district()
    rows = measured(sections)
    found = add_similar(rows, sections, with_similar(1))
    nearest = alike(sections, "primary", FEATURES, 1).neighbours[:, 0]
    assert_allclose(found["similar_reference"], rows["value"].to_numpy()[nearest])
