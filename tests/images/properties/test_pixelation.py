from __future__ import annotations

import math

import cv2
import numpy as np
import pytest


def mosaic(pixels, period):
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width / period), round(height / period)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


@pytest.mark.parametrize("shape", [(168, 224), (480, 640)])
@pytest.mark.parametrize("period", [2, 3, 4, 5, 7.3, 8, 16, 32])
def test_a_mosaic_of_any_period_is_seen(value, scene, period, shape):
    pixels = scene(*shape)
    assert value("pixelation", pixels) < 0.15
    assert value("pixelation", mosaic(pixels, period)) > 0.95


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_mosaic_is_seen_through_jpeg(value, scene, through_jpeg, period):
    pixels = scene(240, 320)
    plain = value("pixelation", through_jpeg(pixels, 85))
    assert value("pixelation", through_jpeg(mosaic(pixels, period), 85)) > plain + 0.3


def test_stripes_alone_are_no_mosaic(value, scene):
    stripes = scene(200, 200)[:, ::4].repeat(4, axis=1)
    assert value("pixelation", stripes) < 0.2


def test_blur_and_smooth_enlarging_are_no_mosaic(value, scene):
    pixels = scene(200, 200)
    assert value("pixelation", cv2.GaussianBlur(pixels, (0, 0), 3)) < 0.15
    assert value("pixelation", cv2.resize(pixels[:50, :50], (200, 200), interpolation=cv2.INTER_CUBIC)) < 0.15


def test_is_not_defined_on_flat_and_tiny_images(value):
    assert math.isnan(value("pixelation", np.full((40, 40), 3, np.uint8)))
    assert math.isnan(value("pixelation", np.zeros((7, 40), np.uint8)))
