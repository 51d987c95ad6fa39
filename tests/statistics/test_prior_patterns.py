"""Columns that predict a score from earlier ones, a pattern of priors at a time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics.prior_patterns import LINE_MINIMUM, PriorDesign, independent_columns, prior_design

KNOTS = np.array([0.25, 0.5, 0.75])


def designed(
    main: np.ndarray,
    others: np.ndarray | None = None,
    kind: np.ndarray | None = None,
    grade: np.ndarray | None = None,
    minimum: int = 50,
) -> PriorDesign:
    zeros = np.zeros(len(main), np.int64)
    return prior_design(
        main,
        np.zeros((len(main), 0)) if others is None else others,
        zeros if kind is None else kind,
        zeros if grade is None else grade,
        knots=KNOTS,
        pattern_minimum=minimum,
    )


def fitted(design: PriorDesign, outcome: np.ndarray) -> np.ndarray:
    x = np.column_stack([np.ones(len(outcome)), design.columns])[design.counted]
    return x @ np.linalg.lstsq(x, outcome[design.counted], rcond=None)[0]


def truncated_powers(x: np.ndarray) -> np.ndarray:
    knots = np.quantile(x, KNOTS)
    return np.column_stack([x**power for power in range(4)] + [np.maximum(x - one, 0) ** 3 for one in knots])


def rank(design: PriorDesign) -> int:
    return int(np.linalg.matrix_rank(np.column_stack([np.ones(len(design.counted)), design.columns])))


def test_curve_is_the_cubic_spline_of_the_textbook() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=300), rng.normal(size=300)
    plain = truncated_powers(x)
    by_hand = plain @ np.linalg.lstsq(plain, y, rcond=None)[0]
    assert_allclose(fitted(designed(x), y), by_hand, atol=1e-8)


def test_small_grade_has_a_straight_line() -> None:
    x = np.random.default_rng(2).normal(size=49)
    design = designed(x)
    assert design.columns.shape == (49, 1)
    assert_allclose(design.columns[:, 0], x)


def test_each_pattern_is_fitted_as_if_it_were_alone() -> None:
    rng = np.random.default_rng(3)
    main, other = rng.normal(size=400), rng.normal(size=400)
    other[:150] = np.nan
    grade = np.tile([4, 5], 200)
    y = rng.normal(size=400)
    together = fitted(designed(main, other[:, None], grade=grade), y)
    for one in (4, 5):
        for missing in (True, False):
            some = (grade == one) & (np.isnan(other) == missing)
            columns = truncated_powers(main[some])
            if not missing:
                columns = np.column_stack([columns, other[some]])
            alone = columns @ np.linalg.lstsq(columns, y[some], rcond=None)[0]
            assert_allclose(together[some], alone, atol=1e-7)


def test_weak_pupils_without_a_prior_are_not_predicted_too_low() -> None:
    """The missing-indicator shortcut is off by a third of a standard deviation here."""
    rng = np.random.default_rng(4)
    ability = rng.normal(size=20_000)
    main, other = (ability + 0.7 * rng.normal(size=20_000) for _ in range(2))
    y = ability + 0.3 * rng.normal(size=20_000)
    lacking = rng.random(20_000) < 0.3
    known = np.where(lacking, np.nan, other)
    weak = lacking & (main < -1.5)
    ours = fitted(designed(main, known[:, None]), y)
    x = np.column_stack([np.ones(20_000), main, np.where(lacking, 0, other), lacking])
    shortcut = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert abs((y - ours)[weak].mean()) < 0.03
    assert (y - shortcut)[weak].mean() < -0.2


def test_small_pattern_gives_up_its_least_available_prior() -> None:
    rng = np.random.default_rng(5)
    main = rng.normal(size=300)
    others = rng.normal(size=(300, 2))
    others[:120, 0] = np.nan
    others[100:130, 1] = np.nan
    # With both: 170 pupils; second only: 100; neither: 20; first only: 10, which join those with neither.
    design = designed(main, others, minimum=25)
    assert design.counted.all()
    assert design.patterns == 3
    y = main + 0.5 * np.nan_to_num(others[:, 0]) + rng.normal(size=300)
    some = np.arange(100, 130)
    columns = truncated_powers(main[some])
    alone = columns @ np.linalg.lstsq(columns, y[some], rcond=None)[0]
    assert_allclose(fitted(design, y)[some], alone, atol=1e-7)


def test_small_patterns_of_several_kinds_share_one_line() -> None:
    rng = np.random.default_rng(6)
    main = rng.normal(size=200)
    kind = np.repeat([7, 3, 5], [160, 20, 20])
    design = designed(main, kind=kind)
    assert design.patterns == 2
    y = rng.normal(size=200)
    some = kind != 7
    line = np.column_stack([np.ones(40), main[some]])
    alone = line @ np.linalg.lstsq(line, y[some], rcond=None)[0]
    assert_allclose(fitted(design, y)[some], alone, atol=1e-8)


def test_pupils_too_few_for_a_line_are_left_out_and_counted() -> None:
    main = np.random.default_rng(7).normal(size=100 + LINE_MINIMUM - 1)
    grade = np.repeat([3, 4], [100, LINE_MINIMUM - 1])
    design = designed(main, grade=grade)
    assert design.counted.tolist() == (grade == 3).tolist()
    assert not design.columns[grade == 4].any()


def test_pupil_without_any_prior_is_left_out() -> None:
    main = np.random.default_rng(8).normal(size=60)
    main[7] = np.nan
    design = designed(main)
    assert design.counted.sum() == 59
    assert np.isfinite(design.columns).all()
    assert not design.columns[7].any()


def test_prior_of_zero_is_not_an_absent_one() -> None:
    assert designed(np.append(np.random.default_rng(9).normal(size=60), 0.0)).counted.all()


@pytest.mark.parametrize(
    ("main", "others"),
    [
        (np.ones(80), np.zeros((80, 0))),
        (np.tile([0.0, 1.0], 40), np.zeros((80, 0))),
        (np.arange(80.0), np.arange(80.0)[:, None]),
        (np.arange(80.0), np.ones((80, 1))),
        (np.round(np.linspace(-2, 2, 80)), np.zeros((80, 1))),
    ],
    ids=["all equal", "two values", "a copy", "constant", "five values"],
)
def test_columns_are_independent_whatever_the_priors(main: np.ndarray, others: np.ndarray) -> None:
    grade = np.repeat([1, 2], 40)
    design = designed(main, others, grade=grade, minimum=20)
    assert rank(design) == design.columns.shape[1] + 1


def test_nobody_gives_no_column() -> None:
    design = designed(np.zeros(0))
    assert design.columns.shape == (0, 0)
    assert designed(np.full(5, np.nan)).patterns == 0


def test_order_of_pupils_is_irrelevant() -> None:
    rng = np.random.default_rng(10)
    main, other, y = rng.normal(size=(3, 300))
    other[:100] = np.nan
    order = rng.permutation(300)
    first = fitted(designed(main, other[:, None]), y)
    second = fitted(designed(main[order], other[order, None]), y[order])
    assert_allclose(second, first[order], atol=1e-8)


def test_rows_that_do_not_agree_are_refused() -> None:
    with pytest.raises(ValueError, match="one row a pupil"):
        designed(np.zeros(5), np.zeros((4, 1)))
    with pytest.raises(ValueError, match="negative"):
        designed(np.zeros(5), kind=np.full(5, -1))


def test_columns_that_follow_from_others_are_found() -> None:
    rng = np.random.default_rng(11)
    a, b = rng.normal(size=(2, 50))
    columns = np.column_stack([a, 1e6 * a, b, np.zeros(50), a - 2 * b, np.ones(50)])
    assert independent_columns(columns).tolist() == [0, 2, 5]
    assert independent_columns(columns, after=np.column_stack([b, np.ones(50)])).tolist() == [0]
