"""How even subjects and classes are: hand cases, dense algebra, published values, and how intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import f as f_distribution
from scipy.stats import ncx2

from evalib.measures.balance import Balance, class_balance, subject_balance
from evalib.statistics.influence import section_means


def of_classes(classes: list[list[float]], *, minimum: int = 1) -> Balance:
    """One section, one grade."""
    value = np.concatenate([np.array(one, dtype=float) for one in classes])
    class_ = np.repeat(np.arange(len(classes)), [len(one) for one in classes])
    code = np.zeros(len(value), dtype=np.int64)
    return class_balance(value, code, 1, class_, code, minimum_degrees=minimum)


def test_subject_balance_is_the_quadratic_form_of_the_definition() -> None:
    """Against m and V themselves, correlated subjects included."""
    rng = np.random.default_rng(1)
    for subjects in (2, 3, 6):
        mean = 0.3 * rng.normal(size=subjects)
        root = rng.normal(size=(subjects, subjects)) / 20
        covariance = root @ root.T + 0.003 * np.ones((subjects, subjects))
        centring = np.eye(subjects) - 1 / subjects
        expected = (mean @ centring @ mean - np.trace(centring @ covariance)) / (subjects - 1)
        found = subject_balance((centring @ mean)[None], np.diag(centring @ covariance @ centring)[None])
        assert_allclose(found.value[0], max(expected, 0.0), atol=1e-12)


def test_subject_balance_by_hand() -> None:
    """Subjects .3 above and below: 0.18 less four variances of .005, over K − 1 = 1."""
    found = subject_balance(np.array([[0.3, -0.3]]), np.array([[0.005, 0.005]]))
    assert_allclose(found.value, 0.18 - 0.01)
    assert found.degrees.tolist() == [1]


@pytest.mark.parametrize("square", [0.0004, 0.004, 0.03, 0.4, 30.0])
@pytest.mark.parametrize("subjects", [2, 3, 8])
def test_ends_of_the_interval_put_the_figure_at_the_tails_of_the_noncentral_chi_square(
    square: float, subjects: int
) -> None:
    deviation = np.zeros((1, subjects))
    deviation[0, :2] = np.sqrt(square / 2) * np.array([1, -1])
    found = subject_balance(deviation, np.full((1, subjects), 0.002))
    degrees = subjects - 1
    unit = subjects * 0.002 / degrees
    for end, tail in ((found.low[0], 0.975), (found.high[0], 0.025)):
        chance = ncx2.cdf(square / unit, degrees, max(degrees * end / unit, 1e-12))
        if end == 0:
            assert chance <= tail + 1e-9
        else:
            assert_allclose(chance, tail, atol=1e-6)


def test_subjects_as_even_as_chance_lets_expect_have_a_balance_of_zero_and_no_less() -> None:
    found = subject_balance(np.array([[0.01, -0.01, 0.0], [0.0, 0.0, 0.0]]), np.full((2, 3), 0.01))
    assert found.value.tolist() == [0, 0]
    assert found.low.tolist() == [0, 0]
    assert (found.high >= 0).all()
    assert found.high[0] >= found.high[1]


def test_a_section_without_subjects_has_no_balance_and_moves_nobody() -> None:
    deviation = np.array([[0.2, -0.2], [np.nan, np.nan]])
    found = subject_balance(deviation, np.array([[0.01, 0.01], [np.nan, np.nan]]))
    alone = subject_balance(deviation[:1], np.full((1, 2), 0.01))
    for name in ("value", "low", "high"):
        assert np.isnan(getattr(found, name)[1])
        assert getattr(found, name)[0] == getattr(alone, name)[0]
    assert found.degrees.tolist() == [1, 0]
    assert not len(subject_balance(np.zeros((0, 3)), np.zeros((0, 3))).value)


def test_class_balance_of_two_classes_by_hand() -> None:
    """Means 2 and 6 of two pupils each: MS_b 16, MS_w 2, n₀ 2, share 14/18; F = 8 on 1 and 2 degrees."""
    found = of_classes([[1, 3], [5, 7]])
    assert_allclose(found.value, 14 / 18)
    low = 8 / f_distribution.ppf(0.975, 1, 2)
    high = 8 / f_distribution.ppf(0.025, 1, 2)
    assert_allclose(found.low, max((low - 1) / (low + 1), 0))
    assert_allclose(found.high, (high - 1) / (high + 1))


def test_class_balance_is_the_one_way_correlation_that_shrout_and_fleiss_published() -> None:
    """Shrout and Fleiss (1979): six targets, four judges; ICC(1, 1) is .17, from −.133 to .723."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = of_classes(ratings)
    assert_allclose(found.value, 0.1657, atol=5e-5)
    between, within = 11.2417, 6.2639
    assert_allclose(found.value, (between - within) / (between + 3 * within), atol=1e-4)
    assert_allclose(found.low, 0.0)
    assert_allclose(found.high, 0.7226, atol=5e-4)


def test_grades_are_pooled_and_their_differences_are_no_class_differences() -> None:
    rng = np.random.default_rng(5)
    sizes = [12, 20, 31, 18, 25, 9]
    grade_of = np.array([1, 1, 1, 2, 2, 3])
    class_ = np.repeat(np.arange(6), sizes)
    grade = grade_of[class_]
    value = rng.normal(size=len(class_)) + 0.5 * rng.normal(size=6)[class_]
    zero = np.zeros(len(class_), dtype=np.int64)
    found = class_balance(value, zero, 1, class_, grade, minimum_degrees=1)
    lifted = class_balance(value + 10 * grade, zero, 1, class_, grade, minimum_degrees=1)
    between = within = weighted = 0.0
    for one in (1, 2):  # grade 3 has a single class
        mine = value[grade == one]
        members = [value[class_ == c] for c in range(6) if grade_of[c] == one]
        between += sum(len(m) * (m.mean() - mine.mean()) ** 2 for m in members)
        within += sum(((m - m.mean()) ** 2).sum() for m in members)
        weighted += len(mine) - sum(len(m) ** 2 for m in members) / len(mine)
    ms_b, ms_w, usual = between / 3, within / (106 - 5), weighted / 3
    assert_allclose(found.value, (ms_b - ms_w) / (ms_b + (usual - 1) * ms_w))
    assert_allclose(lifted.value, found.value)
    assert_allclose(lifted.low, found.low)
    assert found.degrees.tolist() == [3]


def test_sections_do_not_know_of_each_other_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(6)
    class_ = rng.integers(0, 12, 400)
    section = class_ // 4
    value = rng.normal(size=400) + 0.4 * rng.normal(size=12)[class_]
    grade = np.zeros(400, dtype=np.int64)
    together = class_balance(value, section, 4, class_, grade, minimum_degrees=3)
    order = rng.permutation(400)
    turned = class_balance(value[order], section[order], 4, class_[order], grade, minimum_degrees=3)
    assert_allclose(together.value, turned.value)
    for one in range(3):
        mine = section == one
        zeros = np.zeros(mine.sum(), dtype=np.int64)
        alone = class_balance(value[mine], zeros, 1, class_[mine], zeros, minimum_degrees=3)
        assert_allclose(alone.value[0], together.value[one])
    assert np.isnan(together.value[3])
    assert together.degrees.tolist() == [3, 3, 3, 0]


def test_another_unit_changes_no_share() -> None:
    classes = [[1.0, 2.5, 2.0], [4.0, 3.0], [2.0, 6.0, 5.0]]
    scaled = [[1000 + 20 * x for x in one] for one in classes]
    assert_allclose(of_classes(scaled).value, of_classes(classes).value)


@pytest.mark.parametrize(("classes", "shown"), [(6, False), (7, True)])
def test_too_few_classes_have_no_class_balance(classes: int, shown: bool) -> None:
    rng = np.random.default_rng(7)
    found = of_classes([list(rng.normal(size=10)) for _ in range(classes)], minimum=6)
    assert np.isfinite(found.value[0]) == np.isfinite(found.high[0]) == shown
    assert found.degrees.tolist() == [classes - 1]


def test_an_absent_pupil_is_not_a_zero() -> None:
    plain = of_classes([[1.0, 2.5, 2.0], [4.0, 3.0]])
    assert of_classes([[1.0, 2.5, 2.0, np.nan], [np.nan, 4.0, 3.0]]).value == plain.value
    assert of_classes([[1.0, 2.5, 2.0, 0.0], [0.0, 4.0, 3.0]]).value != plain.value


def test_classes_that_do_not_differ_have_a_share_of_zero() -> None:
    found = of_classes([[1, 3], [1, 3], [1, 3]])
    assert found.value.tolist() == [0]
    assert found.low.tolist() == [0]


def test_pupils_who_do_not_differ_have_no_share_and_classes_alone_differing_have_all_of_it() -> None:
    assert np.isnan(of_classes([[0.3] * 5, [0.3] * 7]).value[0])
    found = of_classes([[1, 1], [2, 2]])
    assert found.value.tolist() == found.low.tolist() == found.high.tolist() == [1]


def test_nobody_and_one_pupil_have_no_class_balance() -> None:
    nobody = np.zeros(0, dtype=np.int64)
    assert np.isnan(class_balance(np.zeros(0), nobody, 2, nobody, nobody, minimum_degrees=1).value).all()
    assert np.isnan(of_classes([[1.0]]).value[0])
    assert np.isnan(of_classes([[1.0], [2.0]]).value[0])
    assert np.isnan(of_classes([[np.nan, np.nan], [np.nan]]).value[0])


TWO, ZERO = np.zeros((1, 2)), np.zeros(2, dtype=np.int64)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: subject_balance(TWO, TWO[:, :1]), "one shape"),
        (lambda: subject_balance(TWO[:, :1], TWO[:, :1]), "one shape"),
        (lambda: subject_balance(TWO, TWO - 1), "negative"),
        (lambda: subject_balance(TWO, TWO, level=1.0), "level"),
        (lambda: class_balance(TWO[0], ZERO, 1, ZERO, ZERO, minimum_degrees=1, level=0.0), "level"),
        (lambda: class_balance(TWO[0], ZERO[:1], 1, ZERO, ZERO, minimum_degrees=1), "one code a pupil"),
        (lambda: class_balance(TWO[0], ZERO + 1, 1, ZERO, ZERO, minimum_degrees=1), "section codes"),
        (
            lambda: class_balance(TWO[0], ZERO, 1, ZERO, np.array([0, 1]), minimum_degrees=1),
            "two sections or grades",
        ),
    ],
)
def test_bad_input_is_named(call, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.proof
@pytest.mark.parametrize("truth", [0.0, 0.0025, 0.01, 0.04])
def test_how_often_the_interval_of_subject_balance_holds(truth: float) -> None:
    """Three correlated subjects, classes with teachers of their own; no coverage is claimed."""
    rng = np.random.default_rng([3, int(1e5 * truth)])
    sections, subjects, held, values, clusters = 60, 3, [], [], 6
    for _ in range(60):
        section = np.repeat(np.arange(sections), clusters * 35)
        class_ = np.repeat(np.arange(sections * clusters), 35)
        grade = class_ % clusters // 2
        profile = rng.normal(size=(sections, subjects))
        profile -= profile.mean(axis=1, keepdims=True)
        profile *= np.sqrt(
            truth * (subjects - 1) / np.maximum((profile**2).sum(axis=1, keepdims=True), 1e-300)
        )
        common = rng.normal(size=(len(section), 1)) * np.sqrt(0.6)
        own = rng.normal(size=(len(section), subjects)) * np.sqrt(0.35)
        teacher = rng.normal(size=(len(section) // 35, subjects)) * np.sqrt(0.05)
        score = common + own + teacher[class_] + profile[section]
        deviation = score - score.mean(axis=1, keepdims=True)
        means = section_means(deviation, section, sections, class_=class_, grade=grade)
        found = subject_balance(means.mean, means.variance)
        held.append((found.low <= truth) & (truth <= found.high))
        # Untruncated, to see the bias.
        values.append(((means.mean**2).sum(axis=1) - means.variance.sum(axis=1)) / (subjects - 1))
    covered, mean = np.mean(held), np.mean(values)
    error = np.std(values) / np.sqrt(np.size(values))
    print(f"subject balance {truth}: mean {mean:.5f} ± {error:.5f}, interval holds {covered:.3f}")
    assert abs(mean - truth) < 4 * error + 0.05 * truth + 2e-4


@pytest.mark.proof
@pytest.mark.parametrize("share", [0.0, 0.05, 0.15, 0.4])
def test_the_interval_of_class_balance_holds(share: float) -> None:
    """Eight classes of unequal size in four grades."""
    rng = np.random.default_rng([4, int(100 * share)])
    sections = 4000
    sizes = rng.integers(25, 51, sections * 8)
    class_ = np.repeat(np.arange(sections * 8), sizes)
    section, grade = class_ // 8, class_ % 8 // 2
    value = np.sqrt(share) * rng.normal(size=sections * 8)[class_]
    value += np.sqrt(1 - share) * rng.normal(size=len(class_)) + grade
    found = class_balance(value, section, sections, class_, grade, minimum_degrees=3)
    covered = np.mean((found.low <= share) & (share <= found.high))
    print(f"class balance {share}: interval holds {covered:.3f}, mean {found.value.mean():.4f}")
    # At 0 the interval's lower end is cut: it holds wherever the upper tail does.
    assert 0.94 < covered < (0.985 if share == 0 else 0.96)
