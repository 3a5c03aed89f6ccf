from __future__ import annotations

import math

import numpy as np
import pytest

from driftwheel.images.properties.layout import corner_darkness, flat_share, left_right, top_bottom


def test_halves(views_of):
    grey = np.full((31, 41), 50, np.uint8)
    grey[:15] = 90
    assert top_bottom(views_of(grey)) == 40
    assert left_right(views_of(grey)) == 0
    assert left_right(views_of(np.ascontiguousarray(grey.T))) == 40


@pytest.mark.parametrize("shape", [(60, 80), (300, 400)])
def test_halves_turn_over_with_the_image(views_of, scene, shape):
    pixels = scene(*shape)
    upside_down, mirrored = pixels[::-1], pixels[:, ::-1]
    assert top_bottom(views_of(upside_down)) == pytest.approx(-top_bottom(views_of(pixels)), abs=0.3)
    assert left_right(views_of(upside_down)) == pytest.approx(left_right(views_of(pixels)), abs=0.3)
    assert left_right(views_of(mirrored)) == pytest.approx(-left_right(views_of(pixels)), abs=0.3)


def test_corner_darkness_of_a_vignette(views_of):
    grey = np.full((80, 80), 200, np.uint8)
    assert corner_darkness(views_of(grey)) == 0
    for corner in (grey[:20, :20], grey[:20, -20:], grey[-20:, :20], grey[-20:, -20:]):
        corner[:] = 50
    assert corner_darkness(views_of(grey)) == pytest.approx(0.75)
    assert corner_darkness(views_of(255 - grey)) == -1
    assert math.isnan(corner_darkness(views_of(np.zeros((80, 80), np.uint8))))


@pytest.mark.parametrize("shape", [(168, 224), (480, 640)])
def test_flat_share_rises_with_what_is_covered(views_of, scene, shape):
    pixels = scene(*shape, noise=6)
    height, _ = shape
    values = [flat_share(views_of(pixels))]
    for share in (0.25, 0.5, 1):
        pixels[: int(share * height)] = 40
        values.append(flat_share(views_of(pixels)))
    assert values[0] < 0.1
    assert values[1:] == pytest.approx([0.25, 0.5, 1], abs=0.1)
