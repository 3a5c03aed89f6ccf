from __future__ import annotations

import numpy as np
import pytest

from driftwheel.images.properties import measure, near_duplicates
from driftwheel.images.properties.near_duplicate import hash64


def bits_apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def test_hash_of_ramps(views_of):
    ramp = np.broadcast_to(np.arange(0, 180, 2, dtype=np.uint8), (80, 90))
    assert hash64(views_of(ramp)) == 2**64 - 1
    assert hash64(views_of(np.ascontiguousarray(ramp[:, ::-1]))) == 0


@pytest.mark.parametrize("shape", [(24, 24), (224, 168), (480, 640)])
def test_the_same_scene_again_is_near_and_another_is_far(views_of, scene, through_jpeg, shape):
    rng = np.random.default_rng(6)
    for seed in range(8):
        pixels = scene(*shape, seed=seed)
        again = through_jpeg(np.clip(pixels + rng.normal(0, 1.5, pixels.shape), 0, 255).astype(np.uint8), 80)
        assert bits_apart(hash64(views_of(pixels)), hash64(views_of(again))) <= 4
        other = hash64(views_of(scene(*shape, seed=seed + 100)))
        assert bits_apart(hash64(views_of(pixels)), other) > 8


def test_tiny_images_have_a_hash():
    assert 0 <= measure(np.zeros((1, 1), np.uint8)).hash64 < 2**64
    assert 0 <= measure(np.random.default_rng(0).integers(0, 255, (8, 8)).astype(np.uint8)).hash64 < 2**64


def test_column_compares_each_with_the_one_before():
    hashes = np.array([0b0, 0b11, 0b111, 0b11110000, 0b11110000], dtype=np.uint64)
    np.testing.assert_array_equal(near_duplicates(hashes), np.float32([0, 1, 1, 0, 1]))
    assert near_duplicates(np.array([], dtype=np.uint64)).shape == (0,)
    assert near_duplicates(np.array([7], dtype=np.uint64)).tolist() == [0]
