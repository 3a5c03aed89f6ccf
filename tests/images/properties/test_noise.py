from __future__ import annotations

import math

import cv2
import numpy as np
import pytest


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0])
@pytest.mark.parametrize("shape", [(64, 64), (300, 300), (480, 640), (1080, 1920)])
def test_estimates_the_deviation_of_noise_on_a_flat_image_within_a_tenth(value, sigma, shape):
    grey = np.clip(np.rint(np.random.default_rng(2).normal(128, sigma, shape)), 0, 255).astype(np.uint8)
    assert value("residual_noise", grey) == pytest.approx(math.hypot(sigma, 1 / math.sqrt(12)), rel=0.1)


@pytest.mark.parametrize("shape", [(24, 24), (28, 28), (32, 32), (224, 168), (480, 640)])
def test_notices_noise_of_one_level_on_smooth_images(value, scene, shape):
    rng = np.random.default_rng(3)
    clean, noisy = [], []
    for seed in range(10):
        smooth = cv2.GaussianBlur(scene(*shape, seed=seed, noise=0), (0, 0), 2)
        clean.append(value("residual_noise", smooth))
        grain = np.rint(smooth + rng.normal(0, 1, (*shape, 1)))
        noisy.append(value("residual_noise", np.clip(grain, 0, 255).astype(np.uint8)))
    assert min(noisy) > max(clean)
    assert np.mean(noisy) - np.mean(clean) > 0.4


def test_texture_on_half_of_the_image_does_not_count(value):
    grey = np.full((256, 256), 128, np.uint8)
    grey[:128] = np.random.default_rng(4).integers(0, 256, (128, 256))
    assert value("residual_noise", grey) == 0


def test_is_blind_to_shading_and_to_upright_and_flat_edges(value):
    ramp = np.add.outer(np.arange(100), np.arange(100)).astype(np.uint8)
    stripes = np.broadcast_to((np.arange(100) // 3 % 2 * 255).astype(np.uint8), (100, 100))
    assert value("residual_noise", ramp) == 0
    assert value("residual_noise", stripes) == 0


def test_is_not_defined_below_one_tile(value):
    assert math.isnan(value("residual_noise", np.zeros((9, 50), np.uint8)))
    assert value("residual_noise", np.zeros((10, 10), np.uint8)) == 0
