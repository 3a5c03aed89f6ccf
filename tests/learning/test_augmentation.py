"""Augmentation: known answers for each option, and what stays as it is."""

import numpy as np
import pytest

from driftwheel.learning.augmentation import add_noise, augment
from driftwheel.learning.autoencoder_training import AutoencoderTraining

RAMP = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (200, 8, 1))[..., None]  # brighter to the right


def changed(seed=0, pictures=RAMP, **options):
    return augment(pictures, AutoencoderTraining(**options), np.random.default_rng(seed))


def test_half_of_the_pictures_are_mirrored_and_no_other_thing_happens():
    flipped = changed(flip=True)
    mirrored = [np.array_equal(one, RAMP[0, :, ::-1]) for one in flipped]
    assert [np.array_equal(one, RAMP[0]) for one in flipped] == [not one for one in mirrored]
    assert 70 < sum(mirrored) < 130


def test_a_moved_picture_repeats_its_edge():
    moved = changed(shift=0.25)  # of 8 px: up to two
    rights = {tuple(np.rint(one[0, :, 0] * 7).astype(int)) for one in moved}
    assert rights == {
        (0, 0, 0, 1, 2, 3, 4, 5), (0, 0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4, 5, 6, 7),
        (1, 2, 3, 4, 5, 6, 7, 7), (2, 3, 4, 5, 6, 7, 7, 7),
    }  # fmt: skip


def test_up_and_down_are_moved_apart_from_left_and_right():
    moved = changed(pictures=np.ascontiguousarray(RAMP.transpose(0, 2, 1, 3)), shift=0.25)
    assert {round(float(one[0, 0, 0]) * 7) for one in moved} == {0, 1, 2}


def test_brightness_is_a_factor_within_its_bounds():
    bright = changed(pictures=np.full((300, 2, 2, 3), 0.5, np.float32), brightness=0.4)
    factors = bright[:, 0, 0, 0] / 0.5
    assert np.ptp(bright.reshape(300, -1), axis=1).max() == 0
    assert 0.6 <= factors.min() < 0.65
    assert 1.35 < factors.max() <= 1.4
    assert changed(pictures=np.ones((50, 2, 2, 1), np.float32), brightness=0.9).max() == 1


@pytest.mark.parametrize("options", [{"flip": True}, {"shift": 0.5}, {"brightness": 0.9}])
def test_what_is_given_stays_as_it_is_and_a_seed_repeats(options):
    before = RAMP.copy()
    np.testing.assert_array_equal(changed(3, **options), changed(3, **options))
    np.testing.assert_array_equal(RAMP, before)
    assert changed(**options).dtype == np.float32


def test_noise_has_its_size_and_is_clipped():
    rng = np.random.default_rng(0)
    grey = np.full((40, 16, 16, 1), 0.5, np.float32)
    noisy = add_noise(grey, 0.1, rng)
    assert noisy.std() == pytest.approx(0.1, rel=0.03)
    black = add_noise(np.zeros((40, 16, 16, 1), np.float32), 0.5, rng)
    assert black.min() == 0
    assert np.mean(black == 0) == pytest.approx(0.5, abs=0.02)
    assert black.max() == 1
    assert grey.max() == grey.min() == 0.5
