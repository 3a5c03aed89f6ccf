"""Preparing pictures: what is read, what is left out, a fair draw of many, and blocks."""

from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest

from driftwheel.learning.autoencoder import prepare_picture
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.records import Image, Unreadable
from driftwheel.services.measure.prepare_pictures import prepare_pictures

PREPARE = partial(prepare_picture, shape=AutoencoderShape(8, colour=False, widths=(4,), latent=4))


def grey(value: int, size: tuple[int, int] = (8, 8)) -> np.ndarray:
    return np.full(size, value, np.uint8)


def prepare(images, *, most=1000, seed=0, **options):
    return prepare_pictures(images, PREPARE, most=most, rng=np.random.default_rng(seed), **options)


def test_images_of_any_size_come_in_order_and_unreadable_ones_are_left_out():
    told = []
    found = prepare(
        [
            Image("a", grey(10, (30, 9))),
            Unreadable("b", "truncated"),
            Image("c", b"no image"),
            Image("d", grey(30)),
        ],
        on_progress=told.append,
    )
    assert found.images == ("a", "d")
    assert found.pictures[:, 0, 0, 0].tolist() == [10, 30]
    assert (found.blocks, sum(told)) == (None, 4)


def test_of_nothing_there_is_nothing():
    assert prepare([Unreadable("b", "truncated")]).pictures.shape == (0, 8, 8, 1)


def test_threads_change_nothing():
    images = [Image(f"{i:03}", grey(i)) for i in range(200)]
    one, two = prepare(images, threads=1), prepare(images, threads=2)
    assert one.images == two.images
    np.testing.assert_array_equal(one.pictures, two.pictures)


def test_of_large_pictures_as_many_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("driftwheel.services.measure.prepare_pictures.MOST_BYTES", 5 * 64 + 63)
    found = prepare([Image(f"{i}", grey(i)) for i in range(9)] + [Image("c", b"no image")])
    assert (len(found.images), found.seen) == (5, 9)
    assert found.pictures[:, 0, 0, 0].tolist() == [int(name) for name in found.images]


def test_every_image_is_as_likely_to_be_drawn():
    images = [Image(f"{i:02}", grey(i)) for i in range(40)]
    counts = np.zeros(40)
    for seed in range(400):
        found = prepare(images, most=10, seed=seed, threads=1)
        assert list(found.images) == sorted(found.images)
        counts[[int(name) for name in found.images]] += 1
    # each count is binomial(400, 1/4), mean 100, standard deviation 8.7
    assert counts.sum() == 4000
    assert np.abs(counts - 100).max() < 5 * 8.7
    assert abs(counts[:20].sum() - 2000) < 5 * np.sqrt(400 * 10 / 4)


def test_blocks_are_hours_and_tags():
    start = datetime(2026, 3, 5, tzinfo=UTC)
    images = [
        Image(f"{i:02}", grey(i), start + timedelta(minutes=15 * i), {"camera": str(i % 2)})
        for i in range(40)
    ]
    found = prepare(images)
    blocks = found.blocks
    assert blocks is not None
    assert found.tags == {"camera": ("0", "1") * 20}
    assert np.unique(blocks, return_counts=True)[1].tolist() == [2] * 20  # ten hours, two cameras
    assert prepare([Image("a", grey(1), start)] * 30).blocks is None
