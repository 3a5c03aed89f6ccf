"""What counts as nearly the same image."""

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.selection import near_duplicates
from driftwheel.selection.near_duplicates import likeness


def test_a_photo_saved_again_is_near_by_hash_or_by_embedding_and_others_are_not():
    rng = np.random.default_rng(0)
    photos = rng.normal(size=(50, 16))
    again = photos[:3] + 0.05 * rng.normal(size=(3, 16))
    far = rng.normal(size=(1, 16))
    hashes = np.arange(54, dtype=np.uint64) << np.uint64(8) | np.uint64(0)
    hashes = rng.integers(2**63, size=54).astype(np.uint64)
    hashes[53] = hashes[7] ^ np.uint64(0b11)  # the last: far in embedding, two bits from photo 7
    found = likeness(np.concatenate((photos, again, far)), hashes, rng=rng)
    assert np.flatnonzero(found.near([0])).tolist() == [0, 50]
    assert np.flatnonzero(found.near([1, 7])).tolist() == [1, 7, 51, 53]
    assert found.first_of_each(np.array([7, 2, 53, 52, 9])).tolist() == [0, 1, 4]


def test_a_hash_that_is_not_known_is_like_no_other():
    found = likeness(None, [0, 0, 1], rng=np.random.default_rng(0), hashed=[True, False, True])
    assert found.near([0]).tolist() == [True, False, True]
    assert found.near([1]).tolist() == [False, True, False]
    assert found.first_of_each(np.array([1, 0, 2])).tolist() == [0, 1]


def test_blocks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    hashes = rng.integers(16, size=200).astype(np.uint64) * np.uint64(7)
    whole = likeness(None, hashes, rng=rng).near([3, 5, 9])
    monkeypatch.setattr(near_duplicates, "_BLOCK", 100)
    assert likeness(None, hashes, rng=rng).near([3, 5, 9]).tolist() == whole.tolist()


def test_a_pool_of_copies_has_no_scale_and_all_are_the_same():
    assert likeness(np.ones((4, 2)), rng=np.random.default_rng(0)).near([2]).all()


def test_tables_of_other_lengths_are_refused():
    with pytest.raises(UsageError, match="same images"):
        likeness(np.ones((3, 2)), [1, 2], rng=np.random.default_rng(0))
    with pytest.raises(UsageError, match="neither"):
        likeness(None, rng=np.random.default_rng(0)).near([0])
