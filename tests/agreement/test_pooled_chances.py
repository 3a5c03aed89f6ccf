import numpy as np
import pytest

from driftwheel.agreement.neighbour_chances import neighbour_chances
from driftwheel.agreement.pooled_chances import pooled_chances
from driftwheel.errors import UsageError

NAN = float("nan")


def test_one_opinion_alone_is_itself() -> None:
    one = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3]]
    assert np.allclose(pooled_chances([one]), one)
    assert np.allclose(pooled_chances([one, one]), one)
    assert np.allclose(pooled_chances([one], single=False), one)


def test_who_says_nothing_has_no_weight_and_order_does_not_matter() -> None:
    one, other = [[0.9, 0.1], [0.6, 0.4]], [[NAN, NAN], [0.2, 0.8]]
    found = pooled_chances([one, other])
    assert np.allclose(found, pooled_chances([other, one]))
    assert np.allclose(found[0], [0.9, 0.1])
    assert np.allclose(found.sum(axis=1), 1)
    ratio = np.sqrt(0.6 * 0.2) / np.sqrt(0.4 * 0.8)  # geometric means, by hand
    assert np.isclose(found[1, 0] / found[1, 1], ratio)


def test_a_share_of_nothing_is_no_certainty() -> None:
    found = pooled_chances([[[1.0, 0.0]], [[0.05, 0.95]]])
    assert 0.3 < found[0, 0] < 0.9


def test_what_cannot_be_pooled() -> None:
    with pytest.raises(UsageError, match="expected one table or more"):
        pooled_chances([])
    with pytest.raises(UsageError, match="one shape"):
        pooled_chances([[[0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    with pytest.raises(UsageError, match="Nothing is said of 1 items"):
        pooled_chances([[[NAN, NAN]]])


def test_neighbours_are_those_by_cosine_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    places, labels = rng.normal(size=(60, 5)), rng.random((60, 3)) < 0.4
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    likeness = unit @ unit.T - 9 * np.eye(60)
    wanted = [labels[np.argsort(-row)[:7]].mean(axis=0) for row in likeness]
    assert np.allclose(neighbour_chances(places, labels, neighbours=7), wanted)
    monkeypatch.setattr("driftwheel.agreement.neighbour_chances._BLOCK", 100)
    assert np.allclose(neighbour_chances(places, labels, neighbours=7), wanted)
    with pytest.raises(UsageError, match="60 neighbours among 60"):
        neighbour_chances(places, labels, neighbours=60)
    with pytest.raises(UsageError, match="a row an item"):
        neighbour_chances(places, labels[:9])
