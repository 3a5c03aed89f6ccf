from __future__ import annotations

import colorsys
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.properties.colour import (
    colour_cast_a,
    colour_cast_b,
    colourfulness,
    grey_share,
    hue,
    saturation,
)

small_images = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


@pytest.mark.parametrize(
    ("bgr", "degrees"),
    [
        ((0, 0, 255), 0),
        ((0, 255, 255), 60),
        ((0, 255, 0), 120),
        ((255, 255, 0), 180),
        ((255, 0, 0), 240),
        ((255, 0, 255), 300),
    ],
)
def test_hue_of_pure_colours(value, bgr, degrees):
    assert value("hue", np.full((4, 4, 3), bgr, np.uint8)) == pytest.approx(degrees)


def test_hue_is_a_circular_mean(value):
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0], pixels[1] = (255, 0, 255), (0, 255, 255)  # 300° and 60°: 0° between them, not 180°
    assert math.cos(math.radians(value("hue", pixels))) == pytest.approx(1)


def test_hue_is_weighted_by_chroma_and_not_defined_for_grey(value):
    pixels = np.full((10, 10, 3), 90, np.uint8)
    assert math.isnan(value("hue", pixels))
    pixels[:5] = (91, 92, 93)  # faint, of hue 30°
    pixels[5] = (200, 20, 20)
    assert value("hue", pixels) == pytest.approx(240, abs=3)


def test_saturation_is_that_of_the_cone(value):
    assert value("saturation", np.full((3, 3, 3), (50, 100, 200), np.uint8)) == pytest.approx(
        colorsys.rgb_to_hsv(200, 100, 50)[1], abs=0.005
    )
    assert value("saturation", np.full((3, 3, 3), 77, np.uint8)) == 0


@given(pixels=small_images)
def test_colourfulness_is_the_published_formula(views_of, pixels):
    blue, green, red = (pixels[:, :, k].astype(float) for k in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    expected = math.hypot(rg.std(), yb.std()) + 0.3 * math.hypot(rg.mean(), yb.mean())
    assert colourfulness(views_of(pixels)) == pytest.approx(expected, abs=1e-4)


@given(pixels=small_images)
def test_casts_are_differences_of_channel_means(views_of, pixels):
    blue, green, red = (float(pixels[:, :, k].mean()) for k in range(3))
    assert colour_cast_a(views_of(pixels)) == pytest.approx(red - green)
    assert colour_cast_b(views_of(pixels)) == pytest.approx((red + green) / 2 - blue)


def test_casts_follow_the_axes_of_lab(views_of, scene):
    pixels = scene(120, 160)
    for bgr, measure, axis in (((0, 0, 30), colour_cast_a, 1), ((30, 0, 0), colour_cast_b, 2)):
        tinted = cv2.add(pixels, np.full_like(pixels, bgr))
        lab = [cv2.cvtColor(p, cv2.COLOR_BGR2Lab)[:, :, axis].mean() for p in (pixels, tinted)]
        ours = [measure(views_of(p)) for p in (pixels, tinted)]
        assert np.sign(ours[1] - ours[0]) == np.sign(lab[1] - lab[0])


def test_greyscale_has_no_colour_left(views_of, scene):
    grey = cv2.cvtColor(scene(200, 300), cv2.COLOR_BGR2GRAY)
    views = views_of(grey)
    assert (saturation(views), colourfulness(views), grey_share(views)) == (0, 0, 1)
    assert (colour_cast_a(views), colour_cast_b(views)) == (0, 0)
    assert math.isnan(hue(views))


def test_grey_share_counts_channels_within_4_levels(value):
    pixels = np.full((1, 4, 3), 100, np.uint8)
    pixels[0, 1, 0], pixels[0, 2, 1], pixels[0, 3, 2] = 104, 105, 90
    assert value("grey_share", pixels) == 0.5
