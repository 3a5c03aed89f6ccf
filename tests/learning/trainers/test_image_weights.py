"""Laws of the weights of images, and of drawing by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.errors import UsageError
from driftwheel.learning.trainers.image_weights import draw_images, image_weights

_SEED = st.integers(0, 2**16)


@given(_SEED, st.integers(2, 60), st.floats(0.05, 0.9))
def test_classes_weigh_the_same_and_replay_its_share(seed: int, n: int, replay: float) -> None:
    rng = np.random.default_rng(seed)
    labels, old = rng.integers(0, 3, n), rng.random(n) < 0.5

    weights = image_weights(labels, balance=True, old=old, replay=replay)

    assert weights.mean() == pytest.approx(1)
    if old.any() and not old.all():
        assert weights[old].sum() / n == pytest.approx(replay)
    for part in (old, ~old):
        sums = [weights[part & (labels == one)].sum() for one in np.unique(labels[part])]
        assert np.ptp(sums) < 1e-9 * n if sums else True


@given(_SEED, arrays(np.float64, st.integers(1, 40), elements=st.floats(0.01, 5)))
def test_each_image_is_drawn_as_often_as_its_weight_says(seed: int, weights: np.ndarray) -> None:
    rows = draw_images(weights, np.random.default_rng(seed))

    wanted = weights * len(weights) / weights.sum()
    found = np.bincount(rows, minlength=len(weights))
    assert len(rows) == len(weights)
    assert (found >= np.floor(wanted - 1e-6)).all()
    assert (found <= np.ceil(wanted + 1e-6)).all()


def test_a_share_of_replay_is_below_one() -> None:
    with pytest.raises(UsageError, match="from 0 to below 1"):
        image_weights(np.array([0, 1]), balance=True, old=np.array([True, False]), replay=1.0)
