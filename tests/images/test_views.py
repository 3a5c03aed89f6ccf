from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from driftwheel.images.header import Header
from driftwheel.images.views import Views, medium_reduction, reduced_reduction


def views(pixels):
    height, width = pixels.shape[:2]
    return Views(Header("png", width, height, 3, 8, 1, 0, math.nan), pixels)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("shorter", "medium", "reduced"),
    [(1, 1, 1), (63, 1, 1), (64, 1, 2), (128, 1, 4), (224, 2, 4), (256, 2, 8), (448, 4, 8)],
)
def test_scales(shorter, medium, reduced):
    for width, height in ((shorter, 5000), (5000, shorter)):
        assert medium_reduction(width, height) == medium
        assert reduced_reduction(width, height) == reduced


def test_small_images_are_all_three_scales_at_once():
    pixels = noise(50, 60)
    seen = views(pixels)
    assert seen.reduced is pixels
    assert seen.medium_grey is seen.full_grey is seen.reduced_grey
    np.testing.assert_array_equal(seen.full_grey, cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def test_grey_scales_are_block_means():
    seen = views(noise(450, 515))
    assert (seen.medium_grey.shape, seen.reduced_grey.shape) == ((112, 128), (56, 64))
    blocks = seen.full_grey[:448, :512].reshape(56, 8, 64, 8).mean(axis=(1, 3))
    np.testing.assert_allclose(seen.reduced_grey, blocks, atol=1.5)


def test_reduced_colour_is_near_the_block_mean_of_a_smooth_image():
    smooth = cv2.GaussianBlur(noise(300, 400), (0, 0), 8)
    seen = views(smooth)
    blocks = smooth[:296, :400].reshape(37, 8, 50, 8, 3).mean(axis=(1, 3))
    assert seen.reduced.shape == blocks.shape
    assert np.abs(seen.reduced - blocks).mean() < 2


def test_step_profiles_of_small_images_are_mean_steps():
    seen = views(noise(20, 30))
    grey = seen.full_grey.astype(float)
    across, down = seen.step_profiles
    np.testing.assert_allclose(across, np.abs(np.diff(grey, axis=1)).mean(axis=0))
    np.testing.assert_allclose(down, np.abs(np.diff(grey, axis=0)).mean(axis=1))


def test_edge_strength_saturates():
    grey = np.zeros((3, 3, 3), np.uint8)
    grey[1, 1] = 255
    np.testing.assert_array_equal(views(grey).edge_strength, [[0, 255], [255, 255]])
