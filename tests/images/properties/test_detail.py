from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
import pytest

from driftwheel.images.properties.detail import (
    edge_balance,
    edge_density,
    fine_detail,
    gradient_anisotropy,
    sharpness,
)


@pytest.mark.parametrize("shape", [(150, 200), (600, 800)])
@pytest.mark.parametrize(("measure", "sigmas"), [(sharpness, (0.5, 1, 2, 4)), (fine_detail, (0.5, 1, 2))])
def test_falls_with_blur(views_of, scene, shape, measure, sigmas):
    pixels = scene(*shape)
    blurred = (cv2.GaussianBlur(pixels, (0, 0), sigma) for sigma in sigmas)
    values = [measure(views_of(p)) for p in (pixels, *blurred)]
    assert all(before > after for before, after in pairwise(values)), values


@pytest.mark.parametrize(("shape", "every"), [((40, 60), 1), ((230, 260), 2), ((460, 500), 8)])
def test_sharpness_is_the_mean_squared_laplacian_of_the_rows_it_says(views_of, scene, shape, every):
    views = views_of(scene(*shape, noise=4))
    laplacian = cv2.Laplacian(views.full_grey, cv2.CV_64F)[1:-1, 1:-1][::every]
    assert sharpness(views) == pytest.approx(np.mean(laplacian**2))


def test_sharpness_of_rows_is_close_to_that_of_all(views_of, scene):
    for seed in range(5):
        views = views_of(scene(480, 640, seed=seed))
        all_rows = np.mean(cv2.Laplacian(views.full_grey, cv2.CV_64F)[1:-1, 1:-1] ** 2)
        assert sharpness(views) == pytest.approx(all_rows, rel=0.03)


def test_fine_detail_of_white_noise_is_one_and_of_a_ramp_a_quarter(views_of):
    noise = np.random.default_rng(1).integers(0, 256, (300, 300)).astype(np.uint8)
    assert fine_detail(views_of(noise)) == pytest.approx(1, abs=0.02)
    ramp = np.add.outer(np.arange(100), np.arange(100)).astype(np.uint8)
    assert fine_detail(views_of(ramp)) == pytest.approx(0.25)


def test_fine_detail_does_not_depend_on_contrast_and_falls_with_enlarging(views_of, scene):
    pixels = scene(200, 200, noise=0)
    faint = (pixels // 2 + 60).astype(np.uint8)
    assert fine_detail(views_of(faint)) == pytest.approx(fine_detail(views_of(pixels)), rel=0.1)
    large = cv2.resize(cv2.resize(pixels, (100, 100), interpolation=cv2.INTER_AREA), (200, 200))
    assert fine_detail(views_of(large)) < 0.8 * fine_detail(views_of(pixels))


def test_edge_density_counts_steps_of_24(views_of):
    grey = np.full((11, 11), 100, np.uint8)
    grey[:, 6:] = 123
    assert edge_density(views_of(grey)) == 0
    grey[:, 6:] = 124
    assert edge_density(views_of(grey)) == pytest.approx(0.1)


def test_edge_balance_turns_over_with_the_image(views_of, scene):
    stripes = np.broadcast_to((np.arange(64) // 4 % 2 * 200).astype(np.uint8), (64, 64))
    assert edge_balance(views_of(stripes)) == 1
    assert edge_balance(views_of(stripes.T)) == -1
    pixels = scene(120, 150)
    turned = np.ascontiguousarray(np.rot90(pixels))
    assert edge_balance(views_of(turned)) == pytest.approx(-edge_balance(views_of(pixels)), abs=1e-9)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135])
def test_motion_blur_raises_anisotropy_in_any_direction(views_of, scene, angle):
    pixels = scene(200, 200)
    line = np.zeros((15, 15), np.float32)
    line[7] = 1
    turn = cv2.getRotationMatrix2D((7, 7), angle, 1)
    kernel = cv2.warpAffine(line, turn, (15, 15))
    moved = cv2.filter2D(pixels, -1, kernel / kernel.sum())
    assert gradient_anisotropy(views_of(moved)) > gradient_anisotropy(views_of(pixels)) + 0.3


@pytest.mark.parametrize("measure", [fine_detail, edge_balance, gradient_anisotropy])
def test_directions_and_ratios_are_not_defined_on_a_flat_image(views_of, measure):
    assert math.isnan(measure(views_of(np.full((32, 32), 9, np.uint8))))
    assert math.isnan(measure(views_of(np.full((2, 32), 9, np.uint8))))
