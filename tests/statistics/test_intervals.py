from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from statsmodels.stats.proportion import proportion_confint

from evalib.statistics.intervals import (
    design_effect_of_shares,
    normal_interval,
    standing_variance_of_share,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_is_newcombes_published_one(count: int, n: int, low: float, high: float) -> None:
    found = wilson_interval(count / n, n)
    assert_allclose(found, (low, high), atol=5.1e-5, rtol=0)


def test_wilson_interval_is_that_of_statsmodels() -> None:
    counts = np.arange(0, 61)
    assert_allclose(
        wilson_interval(counts / 60, 60), proportion_confint(counts, 60, method="wilson"), atol=1e-12
    )


def test_share_of_none_and_of_all_keeps_its_end() -> None:
    low, high = wilson_interval([0.0, 1.0, 0.0, 1.0], [20, 20, 7, 7], [1.0, 1.0, 2.5, 2.5])
    assert low[0] == low[2] == 0
    assert high[1] == high[3] == 1
    assert_allclose(high[0], 1 - low[1])
    assert (low[1] < 1) & (high[0] > 0)


def test_design_effect_of_four_is_a_quarter_of_the_pupils() -> None:
    assert_allclose(wilson_interval(0.3, 200, 4.0), wilson_interval(0.3, 50))
    assert_allclose(standing_variance_of_share(0.3, 200, 4.0), 4 * standing_variance_of_share(0.3, 200))


def test_section_without_pupils_has_no_interval() -> None:
    low, high = wilson_interval([0.5, np.nan], [0, 0], [np.nan, 1.0])
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert np.isnan(standing_variance_of_share(np.nan, 0))


@given(share=st.floats(0, 1), n=st.integers(1, 3000), effect=st.floats(0.2, 20))
def test_wilson_interval_holds_its_share_and_stays_within_0_and_1(
    share: float, n: int, effect: float
) -> None:
    low, high = wilson_interval(share, n, effect)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    assert low < high


def test_standing_variance_adds_two_successes_and_two_failures() -> None:
    assert_allclose(standing_variance_of_share(1.0, 60), (62 / 64) * (2 / 64) / 60)
    assert_allclose(standing_variance_of_share(0.25, 40, 1.5), (12 / 44) * (32 / 44) * 1.5 / 40)


def test_share_averaged_over_subjects_is_surer_than_one_yes_or_no() -> None:
    share, n = np.array([0.5, 0.2, np.nan]), np.array([100, 50, 0])
    binomial = share * (1 - share) / n.clip(1)
    effect = design_effect_of_shares(share, n, 0.4 * binomial, [1.5, 2.0, np.nan])
    assert_allclose(effect[:2], [0.6, 0.8])
    assert np.isnan(effect[2])


def test_factor_of_shares_is_pooled_over_sections() -> None:
    effect = design_effect_of_shares([0.5, 0.5], [100, 100], [0.001, 0.002], [1.0, 1.0])
    assert_allclose(effect, 0.003 / 0.005)


def test_shares_that_never_vary_leave_the_design_effect_as_it_is() -> None:
    assert_allclose(design_effect_of_shares([0.0, 1.0], [30, 40], [0.0, 0.0], [1.2, 1.1]), [1.2, 1.1])


def test_normal_interval_reaches_its_level_on_both_sides() -> None:
    assert_allclose(normal_interval([2.0], [0.5]), [[2 - 0.9799819923], [2 + 0.9799819923]])
    assert_allclose(normal_interval(0.0, 1.0, level=0.9)[1], 1.6448536270)
    assert np.isnan(normal_interval(1.0, np.nan)).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: wilson_interval(1.2, 20), "share lies between"),
        (lambda: wilson_interval(-0.1, 20), "share lies between"),
        (lambda: wilson_interval(0.5, -1), "number of pupils"),
        (lambda: wilson_interval(0.5, 20, 0.0), "design effect is positive"),
        (lambda: wilson_interval(0.5, 20, level=1.0), "level must lie"),
        (lambda: normal_interval(0.5, -1.0), "cannot be negative"),
        (lambda: standing_variance_of_share(2.0, 20), "share lies between"),
        (lambda: design_effect_of_shares([0.5], [10], [0.1], [-1.0]), "design effect is positive"),
    ],
)
def test_bad_share_or_level_is_refused_with_its_cause(call, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
