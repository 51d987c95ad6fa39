"""升段衔接: effects of feeders, who can be compared, and the matrix of who goes where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalib.measures.onward import OTHERS, feeder_matrix, flows, linked_pupils, onward_effects


def cohort(
    rng: np.random.Generator, flow: np.ndarray, effect: np.ndarray, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, prior, feeder and receiver of pupils in the numbers given."""
    feeder, receiver = (
        np.repeat(one, flow.ravel()) for one in np.divmod(np.arange(flow.size), flow.shape[1])
    )
    prior = rng.normal(size=len(feeder))
    outcome = 0.7 * prior + 0.05 * prior**2 + effect[feeder] + 0.3 * receiver
    return outcome + noise * rng.normal(size=len(feeder)), prior, feeder, receiver


# Feeder 0 sends 80 to receiver 0, where it meets 20 of feeder 1, whose others meet feeder 2.
FLOW = np.array([[80, 0], [20, 20], [0, 80]])
TRUTH = np.array([0.4, 0.0, 0.0])


def test_averaging_what_receivers_leave_credits_a_part_and_the_joint_fit_all() -> None:
    outcome, prior, feeder, receiver = cohort(np.random.default_rng(1), FLOW, TRUTH, 0.0)
    without_prior = outcome - 0.7 * prior - 0.05 * prior**2
    left = without_prior - (np.bincount(receiver, without_prior) / np.bincount(receiver))[receiver]
    first = receiver == 0
    assert left[first & (feeder == 0)].mean() == pytest.approx(0.08)
    assert left[first & (feeder == 1)].mean() == pytest.approx(-0.32)
    assert left[feeder == 0].mean() - left[feeder == 2].mean() == pytest.approx(0.08)
    found = onward_effects(outcome, prior, feeder, receiver, None, 3)
    np.testing.assert_allclose(found.effect - found.effect[2], TRUTH, atol=1e-10)
    assert found.effect @ found.n == pytest.approx(0.0, abs=1e-9)
    assert found.n.tolist() == [80, 40, 80]


def test_effects_do_not_depend_on_how_good_the_receiver_is() -> None:
    outcome, prior, feeder, receiver = cohort(np.random.default_rng(2), FLOW, TRUTH, 0.5)
    first = onward_effects(outcome, prior, feeder, receiver, None, 3)
    second = onward_effects(outcome + 2.0 * (receiver == 1), prior, feeder, receiver, None, 3)
    np.testing.assert_allclose(first.effect, second.effect, atol=1e-10)
    np.testing.assert_allclose(first.variance, second.variance, rtol=1e-8)


def test_peers_are_the_feeders_of_the_component_and_a_feeder_alone_has_no_effect() -> None:
    flow = np.array([[30, 0, 0], [30, 0, 0], [0, 30, 0], [0, 0, 0]])
    outcome, prior, feeder, receiver = cohort(np.random.default_rng(3), flow, np.zeros(4), 0.5)
    found = onward_effects(outcome, prior, feeder, receiver, None, 4)
    assert found.peers.tolist() == [2, 2, 1, 0]
    assert np.isfinite(found.effect).tolist() == [True, True, False, False]
    assert np.isfinite(found.variance).tolist() == [True, True, False, False]


def test_too_few_pupils_are_an_error_and_not_an_effect() -> None:
    with pytest.raises(ValueError, match="depends on the schools"):
        onward_effects(np.ones(2), np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 0]), None, 2)
    with pytest.raises(ValueError, match="no pupil"):
        onward_effects(np.zeros(0), np.zeros(0), np.zeros(0, int), np.zeros(0, int), None, 2)


def test_only_a_receiver_with_two_feeders_of_the_minimum_links_its_pupils() -> None:
    flow = np.array([[10, 10, 10], [10, 9, 0]])
    feeder, receiver = (np.repeat(one, flow.ravel()) for one in np.divmod(np.arange(6), 3))
    linked = linked_pupils(feeder, receiver, 10)
    assert linked[receiver == 0].all()
    assert not linked[receiver > 0].any()
    assert linked_pupils(np.zeros(0, int), np.zeros(0, int), 10).size == 0


def test_flows_count_every_pupil_once() -> None:
    feeder, receiver = np.array([0, 0, 2]), np.array([1, 1, 0])
    assert flows(feeder, receiver).tolist() == [[0, 2], [0, 0], [1, 0]]
    assert flows(feeder[:0], receiver[:0]).shape == (0, 0)


def test_no_flow_below_the_minimum_can_be_read_or_subtracted_from_the_feeder_matrix() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(rng.choice([1, 5, 20, 60], size=(60, 12), p=[0.5, 0.2, 0.2, 0.1]))
    counts[:3] = 0
    counts[1, 0], counts[2, :2] = 1, (30, 12)
    table = feeder_matrix(counts, 10)
    shown = table.dropna()
    assert (shown["pupils"] >= 10).all()
    assert 0 not in set(table["feeder"])
    assert table[table["feeder"].eq(1)]["pupils"].isna().all()
    totals = shown.groupby("feeder")["pupils"].sum()
    assert (totals == counts.sum(axis=1)[totals.index]).all()
    assert shown[shown["feeder"].eq(2)]["pupils"].tolist() == [30, 12]


def test_a_small_flow_takes_the_next_smallest_with_it() -> None:
    table = feeder_matrix(np.array([[50, 15, 2]]), 10)
    expected = pd.DataFrame({"feeder": 0, "receiver": [0, OTHERS], "pupils": [50, 17]})
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_no_feeder_gives_an_empty_matrix() -> None:
    assert feeder_matrix(np.zeros((0, 0), int), 10).empty
