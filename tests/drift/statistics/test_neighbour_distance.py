"""Distances to the k-th neighbour: those of scikit-learn, in any blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from driftwheel.drift.statistics import neighbour_distance
from driftwheel.drift.statistics.neighbour_distance import neighbour_distances, neighbour_ratios, unit_length
from driftwheel.errors import UsageError


@given(seed=st.integers(0, 1000), n=st.integers(3, 40), d=st.integers(1, 8), k=st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_they_are_those_of_scikit_learn(seed, n, d, k):
    rng = np.random.default_rng(seed)
    bank, points = rng.normal(50, 1, (n, d)), rng.normal(50, 2, (7, d))
    search = NearestNeighbors(n_neighbors=k + 1).fit(bank)
    assert neighbour_distances(bank, points, k=k) == pytest.approx(
        search.kneighbors(points, k)[0][:, -1], abs=1e-3
    )
    assert neighbour_distances(bank, k=k) == pytest.approx(search.kneighbors(bank)[0][:, -1], abs=1e-3)


def test_blocks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    bank, points = rng.normal(size=(50, 16)), rng.normal(size=(33, 16))

    def everything():
        distances = [neighbour_distances(bank, k=5), neighbour_distances(bank, points, k=5)]
        return np.concatenate([*distances, *neighbour_ratios(bank, points, k=5)])

    whole = everything()
    monkeypatch.setattr(neighbour_distance, "_BLOCK", 130)
    assert everything() == pytest.approx(whole, abs=1e-5)


def test_a_copy_of_a_reference_point_is_at_no_distance():
    bank = np.random.default_rng(0).normal(100, 1, (200, 64))
    assert neighbour_distances(bank, bank[:5], k=1) == pytest.approx(np.zeros(5), abs=1e-4)


@pytest.mark.parametrize("k", [1, 4])
def test_ratios_are_those_of_the_definition(k):
    rng = np.random.default_rng(3)
    bank, points = rng.normal(size=(60, 3)), rng.normal(size=(9, 3))

    def by_scikit_learn(cloud):
        search = NearestNeighbors(n_neighbors=k + 1).fit(cloud)
        distances, nearest = search.kneighbors(cloud)
        return distances[:, k] / distances[nearest[:, 1:], k].mean(axis=1)

    usual, found = neighbour_ratios(bank, points, k=k)
    assert usual == pytest.approx(by_scikit_learn(bank), rel=1e-3)
    joined = [by_scikit_learn(np.concatenate([bank, point[None]]))[-1] for point in points]
    assert found == pytest.approx(joined, rel=1e-3)


def test_a_point_beside_a_tight_cluster_stands_out_by_ratio_and_not_by_distance():
    rng = np.random.default_rng(0)
    tight, loose = rng.normal(0, 0.01, (100, 2)), rng.normal(50, 5, (100, 2))
    bank, beside = np.concatenate([tight, loose]), np.array([[0.3, 0.0]])
    assert neighbour_distances(bank, beside, k=5)[0] < np.median(neighbour_distances(bank, k=5)[100:])
    usual, found = neighbour_ratios(bank, beside, k=5)
    assert found[0] > 3 * usual.max()


def test_copies_in_the_bank_do_not_divide_by_zero():
    bank = np.concatenate([np.zeros((20, 2)), np.random.default_rng(0).normal(5, 1, (30, 2))])
    for cloud in (bank, np.zeros((20, 2))):
        usual, found = neighbour_ratios(cloud, np.array([[0.0, 0.0], [9.0, 9.0]]), k=3)
        assert np.isfinite(usual).all()
        assert np.isfinite(found).all()
        assert found[1] > found[0]


def test_no_points_give_no_distances():
    bank = np.eye(3)
    assert neighbour_distances(bank, bank[:0], k=1).shape == (0,)
    assert neighbour_ratios(bank, bank[:0], k=1)[1].shape == (0,)


def test_unit_length_has_length_1_or_0():
    vectors = np.random.default_rng(0).normal(0, 1e3, (20, 5)).astype(np.float32)
    vectors[3] = 0
    lengths = np.linalg.norm(unit_length(vectors), axis=1)
    assert np.delete(lengths, 3) == pytest.approx(np.ones(19), abs=1e-6)
    assert lengths[3] == 0


@pytest.mark.parametrize(("n", "k", "choice"), [(3, 3, 2), (3, 0, 2), (0, 1, 0)])
def test_more_neighbours_than_there_are_is_refused(n, k, choice):
    with pytest.raises(
        UsageError, match=f"The {k}-th nearest neighbour was asked for; there are {choice} to choose"
    ):
        neighbour_distances(np.zeros((n, 2)), k=k)
