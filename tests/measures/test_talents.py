from __future__ import annotations

import math

import numpy as np
import pytest

from evalib.measures.talents import (
    SectionPoints,
    activity_reached,
    award_points,
    field_breadth,
    section_points,
    split_points,
    title_counts,
)
from evalib.statistics.influence import section_means
from evalib.statistics.intervals import normal_interval
from sampled import sampled

POINTS = {"nation": [24, 20, 16, 8], "city": [8, 6, 4, 2], "school": [2, 1, 0.5, 0.25]}


def words(*values: str | None) -> np.ndarray:
    return np.array(values, dtype=object)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


# --- activities


def test_pupil_without_an_activity_is_a_zero() -> None:
    np.testing.assert_array_equal(activity_reached(ints(1), np.array([30.0]), 20, 3), [0, 1, 0])


def test_hours_of_two_activities_are_not_hours_of_one() -> None:
    np.testing.assert_array_equal(activity_reached(ints(0, 0), np.array([12.0, 12.0]), 20, 1), [0])


def test_hours_not_written_down_leave_open_whether_the_cut_was_reached() -> None:
    pupil, hours = ints(0, 1, 1, 2, 2), np.array([np.nan, np.nan, 25.0, np.nan, 5.0])
    np.testing.assert_array_equal(activity_reached(pupil, hours, 20, 4), [np.nan, 1, np.nan, 0])


def test_zero_hours_are_known_hours() -> None:
    np.testing.assert_array_equal(activity_reached(ints(0), np.array([0.0]), 20, 1), [0])


# --- points of awards


def test_award_without_a_place_counts_as_a_merit() -> None:
    level = words("nation", "nation", "city", "city", "school")
    place = words("1", None, "merit", "3", "2")
    assert award_points(level, place, POINTS).tolist() == [24, 8, 2, 4, 1]


def test_level_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="level without points"):
        award_points(words("galaxy"), words("1"), POINTS)


def test_only_the_best_award_of_a_work_counts() -> None:
    shares = split_points(ints(0, 0, 1), ints(5, 5, 5), np.ones(3, bool), np.array([4.0, 24, 2]), np.ones(3))
    assert shares.work.tolist() == [0, 1]
    assert shares.points.tolist() == [24, 2]


def test_team_is_split_among_its_members_wherever_they_are() -> None:
    # Three of a team of four are named, one elsewhere; the choir's size is not told.
    work, holder = ints(0, 0, 0, 1, 1), ints(1, 2, 3, 4, 5)
    size = np.array([4, 4, 4, np.nan, np.nan])
    shares = split_points(work, holder, np.ones(5, bool), np.array([8.0, 8, 8, 6, 6]), size)
    assert shares.points.tolist() == [2, 2, 2, 3, 3]


def test_team_is_never_smaller_than_its_named_members() -> None:
    shares = split_points(ints(0, 0, 0), ints(1, 2, 3), np.ones(3, bool), np.full(3, 6.0), np.ones(3))
    assert shares.points.tolist() == [2, 2, 2]


def test_member_has_the_best_award_of_ones_own() -> None:
    shares = split_points(
        ints(0, 0, 0), ints(1, 2, 1), np.ones(3, bool), np.array([4.0, 4, 24]), np.full(3, 2)
    )
    assert dict(zip(shares.holder.tolist(), shares.points.tolist(), strict=True)) == {1: 12, 2: 2}


def test_work_that_names_nobody_belongs_whole_to_its_section() -> None:
    shares = split_points(ints(0, 1, 1), ints(7, 7, 8), np.zeros(3, bool), np.full(3, 8.0), np.full(3, 40))
    assert shares.points.tolist() == [8, 4, 4]


def test_work_that_names_a_pupil_is_not_counted_again_for_the_school() -> None:
    named = np.array([True, False])
    shares = split_points(ints(0, 0), ints(3, 7), named, np.array([8.0, 8.0]), np.ones(2))
    assert shares.holder.tolist() == [3]
    assert shares.points.tolist() == [8]


def points_of(
    work: list[int],
    pupil: list[int],
    section: list[int],
    points: list[float],
    on_roll: list[int],
    least: int = 1,
) -> SectionPoints:
    return section_points(
        ints(*work), ints(*pupil), ints(*section), np.array(points, float), ints(*on_roll),
        cap=48, minimum_achievers=least,
    )  # fmt: skip


def test_works_of_single_pupils_have_the_variance_of_a_plain_mean() -> None:
    points = [24.0, 8, 2, 6, 6, 1]
    result = points_of([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [0] * 6, points, [50])
    values = np.zeros((50, 1))
    values[:6, 0] = points
    plain = section_means(values, np.zeros(50, np.int64), 1)
    assert result.mean[0] == pytest.approx(plain.mean[0, 0])
    assert result.variance[0] == pytest.approx(plain.variance[0, 0])
    assert result.achievers[0] == 6


def test_team_is_one_observation_and_not_as_many_as_it_has_members() -> None:
    # A team of four with 4 points each among 10 pupils, by hand: x̄ = 1.6, one cluster of
    # four at 4·2.4/10 and six at 1.6/10, seven clusters.
    team = points_of([0] * 4, [0, 1, 2, 3], [0] * 4, [4.0] * 4, [10])
    assert team.mean[0] == pytest.approx(1.6)
    assert team.variance[0] == pytest.approx(7 / 6 * (0.96**2 + 6 * 0.16**2))
    alone = points_of([0, 1, 2, 3], [0, 1, 2, 3], [0] * 4, [4.0] * 4, [10])
    assert team.variance[0] > 2 * alone.variance[0]


def test_pupil_of_two_works_joins_their_teams() -> None:
    chain = points_of([0, 0, 1, 1], [0, 1, 1, 2], [0] * 4, [1.0, 1, 1, 1], [8])
    together = points_of([0, 0, 0], [0, 1, 2], [0] * 3, [1.0, 2, 1], [8])
    assert chain.variance[0] == pytest.approx(together.variance[0])
    assert chain.achievers[0] == 3


def test_team_of_two_sections_is_one_cluster_in_each() -> None:
    both = points_of([0, 0], [0, 9], [0, 1], [3.0, 3.0], [10, 10])
    apart = points_of([0, 1], [0, 9], [0, 1], [3.0, 3.0], [10, 10])
    np.testing.assert_allclose(both.variance, apart.variance)
    np.testing.assert_allclose(both.mean, [0.3, 0.3])


def test_pupil_counts_at_most_the_cap_however_many_works() -> None:
    assert points_of([0, 1, 2], [0, 0, 0], [0] * 3, [24.0, 24, 24], [100]).mean[0] == 0.48


def test_work_without_a_pupil_counts_for_its_section() -> None:
    result = points_of([0, 1], [-1, 3], [0, 0], [8.0, 2.0], [10])
    assert result.mean[0] == 1.0
    assert result.achievers[0] == 1
    # A cluster of nobody at 8/10, one of a pupil at 1/10, nine at 1/10: eleven.
    assert result.variance[0] == pytest.approx(11 / 10 * (0.8**2 + 0.1**2 + 9 * 0.1**2))


def test_few_achievers_have_a_figure_and_no_interval() -> None:
    work, section = [*range(14), *range(14, 29)], [0] * 14 + [1] * 15
    result = points_of(work, list(range(29)), section, [2.0] * 29, [100, 100], least=15)
    assert result.mean == pytest.approx([0.28, 0.30])
    assert np.isnan(result.variance[0])
    assert result.variance[1] > 0
    assert result.achievers.tolist() == [14, 15]


def test_section_without_an_award_is_a_zero_and_one_without_a_pupil_is_missing() -> None:
    result = points_of([], [], [], [], [30, 0])
    np.testing.assert_array_equal(result.mean, [0, np.nan])
    assert np.isnan(result.variance).all()


def test_points_do_not_depend_on_the_order_of_records() -> None:
    rng = np.random.default_rng(7)
    work, pupil = rng.integers(0, 30, 60), rng.integers(0, 80, 60)
    section, points = pupil // 20, rng.uniform(0.25, 24, 60)
    order = rng.permutation(60)
    there = section_points(work, pupil, section, points, ints(20, 20, 20, 20), cap=48, minimum_achievers=1)
    back = section_points(
        work[order], pupil[order], section[order], points[order], ints(20, 20, 20, 20),
        cap=48, minimum_achievers=1,
    )  # fmt: skip
    np.testing.assert_allclose(there.mean, back.mean)
    np.testing.assert_allclose(there.variance, back.variance)


def test_points_of_a_section_without_pupils_are_refused() -> None:
    with pytest.raises(ValueError, match="without pupils"):
        points_of([0], [-1], [0], [8.0], [0])


@pytest.mark.proof
@pytest.mark.parametrize("pupils", [200, 600, 1500])
def test_coverage_of_points_is_measured(pupils: int, capsys: pytest.CaptureFixture[str]) -> None:
    """No coverage is claimed: a few works decide. Here is what it comes to."""
    rng = np.random.default_rng(20261124)
    districts, sections = 40, 50
    values = np.array([24, 16, 12, 8, 6, 4, 2, 1, 0.5])
    chances = np.array([1, 2, 4, 8, 15, 20, 25, 15, 10]) / 100
    team_of = np.array([1, 1, 1, 1, 2, 3, 5, 8])
    each = pupils * 0.07
    truth = each * (values @ chances) / pupils
    hit = shown = 0
    for _ in range(districts):
        works = rng.poisson(each, sections)
        section_of_work = np.repeat(np.arange(sections), works)
        size = rng.choice(team_of, section_of_work.size)
        earned = rng.choice(values, section_of_work.size, p=chances) / size
        work = np.repeat(np.arange(size.size), size)
        section = section_of_work[work]
        pupil = section * pupils + rng.integers(0, pupils, work.size)
        result = section_points(
            work, pupil, section, earned[work], np.full(sections, pupils), cap=48, minimum_achievers=15
        )
        low, high = normal_interval(result.mean, np.sqrt(result.variance))
        known = np.isfinite(result.variance)
        shown += int(known.sum())
        hit += int(((low <= truth) & (truth <= high))[known].sum())
    with capsys.disabled():
        print(f"\npoints, {pupils} pupils: {hit / shown:.3f} of {shown} intervals hold (of 2000 sections)")
    assert hit / shown > 0.8


@pytest.mark.proof
@pytest.mark.parametrize("participants", sampled([30, 120, 500], 2))
def test_coverage_of_breadth_is_measured(participants: int, capsys: pytest.CaptureFixture[str]) -> None:
    """No coverage is claimed: the effective number is a little too small where few take part."""
    rng = np.random.default_rng(20261125)
    for share in ([1 / 6] * 6, [0.35, 0.25, 0.2, 0.1, 0.06, 0.04], [0.9, 0.1, 0, 0, 0, 0]):
        truth = math.exp(-sum(p * math.log(p) for p in share if p > 0))
        fields = rng.choice(6, size=4000 * participants, p=share)
        section = np.repeat(np.arange(4000), participants)
        result = field_breadth(np.arange(section.size), fields, section, 4000, 6)
        low, high = normal_interval(result.value, np.sqrt(result.variance))
        holds = np.mean((low <= truth) & (truth <= high))
        with capsys.disabled():
            bias = result.value.mean() - truth
            print(f"\nbreadth {truth:.2f}, {participants} pupils: {holds:.3f} hold, bias {bias:+.3f}")
        assert holds > 0.6


# --- breadth


def breadth_of(*fields: int, pupils: list[int] | None = None, n_fields: int = 6) -> tuple[float, float, int]:
    who = ints(*(pupils if pupils is not None else range(len(fields))))
    result = field_breadth(who, ints(*fields), np.zeros(len(fields), np.int64), 1, n_fields)
    return float(result.value[0]), float(result.variance[0]), int(result.participants[0])


def test_breadth_is_one_in_one_field_and_the_number_of_equal_fields() -> None:
    assert breadth_of(3, 3, 3)[0] == pytest.approx(1)
    assert breadth_of(0, 1, 2, 3)[0] == pytest.approx(4)


def test_breadth_of_unequal_fields_is_the_exponential_of_their_entropy() -> None:
    # Shares .5, .25, .25: H = 1.5 ln 2, exp(H) = 2√2
    assert breadth_of(0, 0, 1, 2)[0] == pytest.approx(2 * math.sqrt(2))


def test_single_pupil_in_another_field_hardly_widens_the_breadth() -> None:
    value, _, participants = breadth_of(*[0] * 99, 1)
    assert 1 < value < 1.1
    assert participants == 100


def test_pupil_counts_once_a_field() -> None:
    assert breadth_of(0, 0, 1, pupils=[4, 4, 5]) == breadth_of(0, 1, pupils=[4, 5])


def test_pupil_in_two_fields_counts_in_both_and_is_one_pupil() -> None:
    value, _, participants = breadth_of(0, 1, pupils=[4, 4])
    assert value == pytest.approx(2)
    assert participants == 1


def test_variance_is_that_of_the_multinomial_where_everybody_has_one_field() -> None:
    fields = [0] * 50 + [1] * 30 + [2] * 20
    share = np.array([0.5, 0.3, 0.2])
    entropy = -(share @ np.log(share))
    first = (share @ np.log(share) ** 2 - entropy**2) / 100 * 100 / 99
    expected = math.exp(2 * entropy) * (first + 5 / (2 * 100**2))
    assert breadth_of(*fields)[1] == pytest.approx(expected)


def test_nobody_is_certain_that_all_fields_are_alike() -> None:
    assert breadth_of(*[0, 1, 2, 3, 4, 5] * 20)[1] > 0
    assert breadth_of(*[0] * 20)[1] > 0


def test_breadth_of_nobody_is_missing_and_of_one_pupil_has_no_variance() -> None:
    nothing = field_breadth(ints(), ints(), ints(), 2, 6)
    assert np.isnan(nothing.value).all()
    assert nothing.participants.tolist() == [0, 0]
    value, variance, _ = breadth_of(2)
    assert value == pytest.approx(1)
    assert math.isnan(variance)


def test_variance_of_breadth_is_near_what_repetition_shows() -> None:
    rng = np.random.default_rng(11)
    draws = rng.choice(6, size=(1500, 120), p=[0.35, 0.25, 0.2, 0.1, 0.06, 0.04])
    section = np.repeat(np.arange(1500), 120)
    result = field_breadth(np.arange(section.size), draws.ravel(), section, 1500, 6)
    assert result.value.var(ddof=1) == pytest.approx(result.variance.mean(), rel=0.12)


# --- features


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("足球特色学校、书法特色学校，绿色学校;科技示范校；文明校园,平安校园", 6),
        ("足球特色学校", 1),
        (" 足球特色学校 、足球特色学校、", 1),
        ("无", 0),
        ("", 0),
        (None, 0),
        (float("nan"), 0),
    ],
)
def test_titles_are_counted_once_each(cell: object, count: int) -> None:
    assert title_counts(np.array([cell], dtype=object))[0] == count
