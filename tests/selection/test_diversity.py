"""K-centre, k-means++, BADGE, clustered choice and typical images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from driftwheel.errors import UsageError
from driftwheel.selection import typical as typical_module
from driftwheel.selection.badge import badge
from driftwheel.selection.clustered import clustered
from driftwheel.selection.k_centre import k_centre
from driftwheel.selection.k_means_plus_plus import k_means_plus_plus
from driftwheel.selection.typical import typical


def cloud(seed, n=40, d=3):
    return np.random.default_rng(seed).normal(100, 1, (n, d)).astype(np.float32)


@given(seed=st.integers(0, 1000), count=st.integers(0, 12), known=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_each_centre_is_the_farthest_from_those_before(seed, count, known):
    table = cloud(seed)
    labelled = list(range(known))
    covered = list(labelled)
    for row in k_centre(table, count, labelled=labelled):
        if covered:
            nearest = cdist(table, table[covered]).min(axis=1)
            assert nearest[row] == pytest.approx(nearest.max(), abs=1e-3)
        assert row not in covered
        covered.append(int(row))
    assert len(covered) == known + count


def test_k_centre_is_within_twice_of_the_best_radius():
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    table = np.concatenate([centre + 0.1 * cloud(3, 20, 2) - 10 for centre in centres])
    chosen = k_centre(table, 3)
    best = max(cdist(part, part).max(axis=1).min() for part in np.split(table, 3))
    assert cdist(table, table[chosen]).min(axis=1).max() <= 2 * best


def test_k_centre_takes_eligible_rows_only_and_stops_when_there_are_no_more():
    eligible = np.zeros(40, bool)
    eligible[[3, 5, 9]] = True
    assert sorted(k_centre(cloud(0), 10, labelled=[9], eligible=eligible)) == [3, 5]
    assert k_centre(np.empty((0, 3)), 2).tolist() == []
    with pytest.raises(UsageError, match="does not name rows"):
        k_centre(cloud(0), 2, labelled=[40])
    with pytest.raises(UsageError, match="not finite"):
        k_centre([[np.nan]], 1)


def test_draws_are_in_proportion_to_weight_and_squared_distance():
    table, weights = [[0.0], [1.0], [2.0], [3.0]], [5.0, 4.0, 1.0, 0.0]
    rng = np.random.default_rng(0)
    drawn = [k_means_plus_plus(table, 1, rng=rng, weights=weights, labelled=[0])[0] for _ in range(2000)]
    # row 1: 4 · 1², row 2: 1 · 2², row 3: weight 0
    assert np.bincount(drawn, minlength=4) / 2000 == pytest.approx([0, 0.5, 0.5, 0], abs=0.05)


def test_copies_are_drawn_only_when_nothing_else_is_left():
    table = [[0.0]] * 5 + [[1.0]]
    found = k_means_plus_plus(table, 6, rng=np.random.default_rng(0))
    assert set(found[:2].tolist()) & {5}
    assert sorted(found.tolist()) == list(range(6))
    with pytest.raises(UsageError, match="weights of shape"):
        k_means_plus_plus(table, 1, rng=np.random.default_rng(0), weights=[1.0])


def test_badge_draws_by_the_distances_of_whole_gradients():
    rng = np.random.default_rng(1)
    table, scores = rng.normal(size=(30, 4)), rng.dirichlet(np.ones(3), 30)
    table -= table.mean(axis=0)
    pulls = scores - np.eye(3)[scores.argmax(axis=1)]
    gradients = (pulls[:, :, None] * table[:, None, :]).reshape(30, -1)
    first = int(np.linalg.norm(gradients, axis=1).argmax())
    seconds = [badge(table, scores, 2, rng=rng).tolist() for _ in range(3000)]
    assert {one for one, _ in seconds} == {first}
    chances = ((gradients - gradients[first]) ** 2).sum(axis=1)
    shares = np.bincount([second for _, second in seconds], minlength=30) / 3000
    assert shares == pytest.approx(chances / chances.sum(), abs=0.03)


def test_badge_leaves_out_what_is_not_known_or_not_eligible():
    scores = np.array([[0.5, 0.5], [np.nan, np.nan], [0.5, 0.5]])
    assert badge(
        [[1.0], [2.0], [3.0]], scores, 3, rng=np.random.default_rng(0), eligible=[0, 1]
    ).tolist() == [0]


def test_a_batch_of_the_most_doubtful_holds_no_copies():
    places = np.repeat(np.arange(8.0)[:, None], 10, axis=0)
    doubts = np.repeat(np.linspace(1.0, 0.9, 8), 10)
    doubts[:10] += 0.01  # the ten copies at 0 are in the most doubt
    found = clustered(places, doubts, 8, rng=np.random.default_rng(0))
    assert sorted(places[found, 0].tolist()) == list(range(8))
    top = clustered(places, doubts, 8, rng=np.random.default_rng(0), breadth=1)
    assert places[top, 0].tolist() == [0.0] * 8


def test_what_is_worth_nothing_is_not_chosen():
    found = clustered(cloud(0, 5), [0.2, 0.0, np.nan, -1.0, 0.4], 4, rng=np.random.default_rng(0))
    assert found.tolist() == [4, 0]
    with pytest.raises(UsageError, match=r"breadth of 0\.5"):
        clustered(cloud(0, 5), np.ones(5), 2, rng=np.random.default_rng(0), breadth=0.5)


def test_clusters_of_copies_alone_still_fill_the_count():
    found = clustered(np.zeros((30, 2)), np.ones(30), 5, rng=np.random.default_rng(0))
    assert len(set(found.tolist())) == 5


def test_typical_images_come_from_parts_without_labels_the_largest_first():
    rng = np.random.default_rng(0)
    sizes = (60, 30, 10)
    places = np.concatenate([rng.normal(20 * at, 1, (size, 2)) for at, size in enumerate(sizes)])
    part = np.repeat(range(3), sizes)
    found = typical(places, 3, rng=rng)
    assert part[found.rows].tolist() == [0, 1, 2]
    assert found.shares == pytest.approx([0.6, 0.3, 0.1])
    middle = np.linalg.norm(places[found.rows] - 20 * np.arange(3)[:, None], axis=1)
    assert (middle < 1).all()  # the thick of each, and no edge
    labelled = np.flatnonzero(part == 0)[:5]
    assert 0 not in part[typical(places, 2, rng=rng, labelled=labelled).rows]


def test_typical_goes_round_when_every_part_has_a_label(monkeypatch):
    monkeypatch.setattr(typical_module, "MOST_CLUSTERS", 4)
    monkeypatch.setattr(typical_module, "_MOST_ROWS", 30)
    found = typical(cloud(1, 50), 12, rng=np.random.default_rng(0), labelled=[0, 1], eligible=np.arange(40))
    assert len(set(found.rows.tolist())) == 12
    assert set(found.rows.tolist()) <= set(range(2, 40))
