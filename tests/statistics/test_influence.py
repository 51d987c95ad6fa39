from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from evalib.statistics.influence import section_means

SECTION = np.array([0] * 6 + [1] * 6 + [2])
CLASS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4])
SCORE = np.array([1.0, 2, 3, 4, 6, 8, 2, 4, 6, 8, 1, 3, 5])


def district(seed: int, sections: int = 20, *, class_sd: float = 0.3):
    rng = np.random.default_rng(seed)
    class_section = np.repeat(np.arange(sections), rng.integers(2, 7, sections))
    class_grade = rng.integers(0, 2, len(class_section))
    class_ = np.repeat(np.arange(len(class_section)), rng.integers(10, 45, len(class_section)))
    values = rng.normal(size=(len(class_), 2)) + class_sd * rng.normal(size=len(class_section))[class_, None]
    values[rng.random(len(class_)) < 0.2, 1] = np.nan
    return values, class_section[class_], class_, class_grade[class_]


def test_three_schools_by_hand_without_classes() -> None:
    found = section_means(SCORE[:, None], SECTION, 3)
    assert_allclose(found.mean.ravel(), [4, 4, 5])
    assert found.n.ravel().tolist() == [6, 6, 1]
    assert_allclose(found.variance.ravel(), [34 / 30, 34 / 30, np.nan])
    assert not found.classes_recorded
    assert np.isnan(found.class_correlation).all()
    assert (found.design_effect == 1).all()


def test_class_correlation_by_hand_is_the_solution_of_its_two_equations() -> None:
    # Section 0: classes of 3 and 3, sums of deviations −6 and 6; section 1: 4 and 2, sums 4 and −4.
    found = section_means(SCORE[:, None], SECTION, 3, class_=CLASS)
    simple, clustered = 34 + 34, 72 + 32
    pupils = 5 + 5
    free = (6 - 18 / 6) + (6 - 20 / 6)
    apart = (18 - 2 * 54 / 6 + 9) + (20 - 2 * 72 / 6 + (20 / 6) ** 2)
    within, between = np.linalg.solve([[pupils, free], [free, apart]], [simple, clustered])
    rho = between / (between + within)
    assert_allclose(found.class_correlation, rho)
    assert_allclose(found.design_effect.ravel(), [1 + 2 * rho, 1 + (20 / 6 - 1) * rho, 1])
    left = np.array([(6 - 18 / 6) / 5, (6 - 20 / 6) / 5])
    assert_allclose(found.variance0[:2, 0], 34 / 30 / (1 - rho * (1 - left)))
    assert_allclose(found.variance, found.variance0 * found.design_effect)


def test_equal_classes_give_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    class_ = np.repeat(np.arange(40), 25)
    section = class_ // 4
    score = rng.normal(size=1000) + 0.5 * rng.normal(size=40)[class_]
    found = section_means(score[:, None], section, 10, class_=class_)
    class_mean, section_mean = np.bincount(class_, score) / 25, np.bincount(section, score) / 100
    between = 25 * ((class_mean - section_mean[np.arange(40) // 4]) ** 2).sum() / 30
    within = ((score - class_mean[class_]) ** 2).sum() / 960
    variance = (between - within) / 25
    assert_allclose(found.class_correlation, variance / (variance + within), rtol=1e-10)
    # Summed over sections, variances of equal sections are those the class means show.
    assert_allclose(found.variance.sum(), 10 * between / 100, rtol=1e-10)


def test_classmates_who_do_not_resemble_each_other_need_no_design_effect() -> None:
    score = np.tile([1.0, 2.0, 3.0, 4.0], 10)
    found = section_means(score[:, None], np.arange(40) // 20, 2, class_=np.arange(40) // 4)
    assert found.class_correlation.tolist() == [0]
    assert (found.design_effect == 1).all()


def test_grades_that_differ_are_no_sampling_error() -> None:
    values, section, class_, grade = district(2)
    first = section_means(values, section, 20, class_=class_, grade=grade)
    second = section_means(values + 50 * grade[:, None], section, 20, class_=class_, grade=grade)
    assert_allclose(second.variance, first.variance, rtol=1e-9)
    assert_allclose(second.class_correlation, first.class_correlation, rtol=1e-9)


def test_one_class_a_grade_is_not_taken_for_certainty() -> None:
    rng = np.random.default_rng(3)
    # 200 sections of four classes, 200 of one.
    class_ = np.repeat(np.arange(1000), 30)
    section = np.where(class_ < 800, class_ // 4, class_ - 600)
    score = rng.normal(size=30_000) + 0.5 * rng.normal(size=1000)[class_]
    found = section_means(score[:, None], section, 400, class_=class_)
    # True variance: .25 for the class and 1/30 for its pupils, against 1/30 if the class is not known of.
    assert_allclose(found.variance[200:, 0].mean(), 0.25 + 1 / 30, rtol=0.15)


def test_pupil_who_does_not_count_is_not_a_zero() -> None:
    score = np.array([[2.0, np.nan], [4.0, 4.0], [np.nan, 6.0], [6.0, 8.0]])
    found = section_means(score, np.zeros(4, int), 1)
    assert_allclose(found.mean, [[4, 6]])
    assert found.n.tolist() == [[3, 3]]
    assert_allclose(found.variance, [[4 / 3, 4 / 3]])


def test_each_indicator_has_the_variance_it_would_have_alone() -> None:
    values, section, class_, grade = district(4)
    both = section_means(values, section, 20, class_=class_, grade=grade)
    kept = np.isfinite(values[:, 1])
    alone = section_means(values[kept, 1:], section[kept], 20, class_=class_[kept], grade=grade[kept])
    assert_allclose(both.variance[:, 1], alone.variance[:, 0], rtol=1e-10)
    assert_allclose(both.class_correlation[1], alone.class_correlation[0], rtol=1e-10)


def test_section_of_nobody_or_of_one_pupil_has_no_variance() -> None:
    found = section_means(np.array([[1.0], [np.nan]]), np.array([0, 1]), 3, class_=np.array([0, 1]))
    assert found.n.ravel().tolist() == [1, 0, 0]
    assert_allclose(found.mean.ravel(), [1, np.nan, np.nan])
    assert np.isnan(found.variance).all()
    assert_allclose(found.design_effect.ravel(), [1, np.nan, np.nan])


def test_district_without_a_counting_pupil_gives_no_figures() -> None:
    found = section_means(
        np.zeros((0, 2)), np.zeros(0, int), 3, class_=np.zeros(0, int), grade=np.zeros(0, int)
    )
    assert found.mean.shape == (3, 2)
    assert np.isnan(found.mean).all()
    assert not found.n.any()


def test_equal_figures_vary_by_nothing() -> None:
    found = section_means(np.ones((12, 1)), np.arange(12) // 6, 2, class_=np.arange(12) // 3)
    assert_allclose(found.variance.ravel(), 0)
    assert np.isnan(found.class_correlation).all()


def test_single_class_grades_everywhere_leave_the_correlation_unknown() -> None:
    found = section_means(SCORE[:12, None], SECTION[:12], 2, class_=SECTION[:12])
    assert found.classes_recorded
    assert np.isnan(found.class_correlation).all()
    assert (found.design_effect == 1).all()


def test_order_of_pupils_and_unit_of_the_figure_are_irrelevant() -> None:
    values, section, class_, grade = district(5)
    order = np.random.default_rng(0).permutation(len(values))
    first = section_means(values, section, 20, class_=class_, grade=grade)
    second = section_means(
        300 + 10 * values[order], section[order], 20, class_=class_[order], grade=grade[order]
    )
    assert_allclose(second.mean, 300 + 10 * first.mean, rtol=1e-10)
    assert_allclose(second.variance, 100 * first.variance, rtol=1e-8)
    assert_allclose(second.class_correlation, first.class_correlation, rtol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "named", "text"),
    [
        ((SCORE, SECTION, 3), {}, "pupils, indicators"),
        ((np.where(SCORE == 5, np.inf, SCORE)[:, None], SECTION, 3), {}, "infinite"),
        ((SCORE[:, None], SECTION[:5], 3), {}, "section must hold"),
        ((SCORE[:, None], SECTION, 2), {}, "section codes"),
        ((SCORE[:, None], SECTION - 1, 3), {}, "section codes"),
        ((SCORE[:, None], SECTION, 3), {"class_": CLASS - 1}, "class codes must not be negative"),
        ((SCORE[:, None], SECTION, 3), {"class_": np.zeros(13, int)}, "two sections or grades"),
        ((SCORE[:, None], SECTION, 3), {"class_": CLASS, "grade": np.arange(13)}, "two sections or grades"),
        ((SCORE[:, None], SECTION, 3), {"grade": np.zeros(2, int)}, "grade must hold"),
    ],
)
def test_bad_codes_are_refused_with_their_cause(arguments, named, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        section_means(*arguments, **named)
