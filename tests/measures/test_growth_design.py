"""Starting points and traits as columns of the growth model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from evalib.measures.growth_design import (
    Covariates,
    GrowthDesign,
    growth_design,
    pupil_covariates,
    section_start,
    starts_of_mean,
    starts_of_subject,
)

KNOTS = np.array([0.25, 0.5, 0.75])
PRIORS = np.array(
    [[1.0, 0.0, -0.4], [0.5, np.nan, 0.1], [np.nan, 2.0, np.nan], [np.nan, np.nan, np.nan], [0.0, 0.0, 0.0]]
)


def test_mean_prior_is_over_the_subjects_a_pupil_has() -> None:
    assert_allclose(starts_of_mean(PRIORS).main, [0.2, 0.3, 2.0, np.nan, 0.0])


def test_deviations_leave_out_the_one_that_the_others_imply() -> None:
    others = starts_of_mean(PRIORS).others
    assert_allclose(others[0], [0.8, -0.2, np.nan])
    assert_allclose(others[1], [0.2, np.nan, np.nan])
    assert np.isnan(others[2:4]).all()
    assert_allclose(others[4], [0.0, 0.0, np.nan])


def test_means_over_different_subjects_are_different_kinds() -> None:
    assert starts_of_mean(PRIORS).kind.tolist() == [7, 5, 2, 0, 7]


def test_subject_starts_from_its_own_prior_and_the_others_beside_it() -> None:
    found = starts_of_subject(PRIORS, 0)
    assert_allclose(found.main, [1.0, 0.5, 2.0, np.nan, 0.0])
    assert_allclose(found.others[:2], [[0.0, -0.4], [np.nan, 0.1]])
    assert np.isnan(found.others[2:4]).all()
    assert found.kind[[0, 1, 2, 4]].tolist() == [0, 0, 1, 0]


def test_subject_without_a_paper_last_year_starts_from_the_mean() -> None:
    found, mean = starts_of_subject(PRIORS, -1), starts_of_mean(PRIORS)
    assert_allclose(found.main, mean.main)
    assert found.kind.tolist() == mean.kind.tolist()


def test_no_subject_at_all_is_no_start() -> None:
    found = starts_of_mean(np.zeros((3, 0)))
    assert np.isnan(found.main).all()
    assert found.others.shape == (3, 0)


def test_single_subject_has_no_deviation() -> None:
    found = starts_of_mean(np.array([[1.0], [np.nan]]))
    assert np.isnan(found.others).all()
    assert_allclose(found.main, [1.0, np.nan])


def test_traits_become_dummies_and_numbers() -> None:
    traits = pd.DataFrame(
        {
            "sex": pd.Series(["male", "female", "male"], dtype="str"),
            "migrant": pd.Series([True, False, None], dtype="boolean"),
            "ses": [0.5, np.nan, -1.0],
        }
    )
    found = pupil_covariates(traits)
    assert found.names == ("sex", "migrant", "migrant", "ses", "ses")
    assert found.columns.tolist() == [[1, 1, 0, 0.5, 0], [0, 0, 0, 0, 1], [1, 0, 1, -1, 0]]


def test_unknown_trait_is_a_group_of_its_own_and_not_a_no() -> None:
    """Pupils of unknown sex score lowest of all; known groups keep their own difference."""
    rng = np.random.default_rng(1)
    sex = np.array(["male", "female", None], dtype=object)[np.repeat([0, 1, 2], 400)]
    y = np.repeat([0.0, 0.3, -2.0], 400) + 0.1 * rng.normal(size=1200)
    found = pupil_covariates(pd.DataFrame({"sex": sex}))
    x = np.column_stack([np.ones(1200), found.columns])
    assert_allclose(np.linalg.lstsq(x, y, rcond=None)[0], [0.3, -0.3, -2.3], atol=0.02)


def test_no_traits_are_no_columns() -> None:
    assert pupil_covariates(pd.DataFrame(index=range(4))).columns.shape == (4, 0)
    assert pupil_covariates(pd.DataFrame({"sex": [None, None]})).columns.tolist() == [[0, 1], [0, 1]]


def test_trait_of_three_values_is_refused() -> None:
    with pytest.raises(ValueError, match="covariate sex has 3 values"):
        pupil_covariates(pd.DataFrame({"sex": ["a", "b", "c"]}))


def designed(covariates: Covariates, pupils: int = 400) -> GrowthDesign:
    rng = np.random.default_rng(2)
    priors = rng.normal(size=(pupils, 3))
    priors[: pupils // 50, 1] = np.nan
    grade = np.repeat([4, 5], pupils // 2)
    return growth_design(starts_of_mean(priors), grade, covariates, knots=KNOTS, pattern_minimum=100)


def test_traits_that_say_nothing_new_are_left_out_by_name() -> None:
    rng = np.random.default_rng(3)
    migrant = rng.random(400) < 0.3
    columns = np.column_stack(
        [migrant, np.ones(400), ~migrant, np.repeat([1.0, 0.0], 200), rng.random(400) < 0.5]
    )
    names = ("migrant", "free_lunch", "left_behind", "ses", "sex")
    design = designed(Covariates(columns.astype(float), names))
    assert design.used == ("migrant", "sex")
    assert design.left_out == ("free_lunch", "left_behind", "ses")
    x = np.column_stack([np.ones(400), design.columns])[design.counted]
    assert np.linalg.matrix_rank(x) == x.shape[1]


def test_trait_that_varies_only_among_those_left_out_is_left_out() -> None:
    special = np.zeros(400)
    special[:3] = 1.0
    starts = starts_of_mean(
        np.where(special[:, None] > 0, np.nan, np.random.default_rng(4).normal(size=(400, 2)))
    )
    design = growth_design(
        starts,
        np.zeros(400, np.int64),
        Covariates(special[:, None], ("special_needs",)),
        knots=KNOTS,
        pattern_minimum=100,
    )
    assert design.left_out == ("special_needs",)
    assert design.counted.sum() == 397


def test_without_traits_only_priors_predict() -> None:
    design = designed(Covariates(np.zeros((400, 0)), ()))
    assert design.used == design.left_out == ()
    assert design.counted.sum() == 400 - 8
    assert design.patterns == 2


def test_section_start_is_the_mean_of_those_in_the_model() -> None:
    main = np.array([1.0, 3.0, np.nan, 5.0, 7.0])
    counted = np.array([True, True, False, False, True])
    assert_allclose(section_start(main, counted, np.array([0, 0, 0, 1, 2])), [2, 2, 2, 0, 7])
    assert section_start(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64)).size == 0
