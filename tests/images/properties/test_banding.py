from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest


@pytest.mark.parametrize("axis", [0, 1])
def test_one_dead_line_gives_its_depth_over_the_root_of_the_lines(value, axis):
    grey = np.full((100, 100), 120, np.uint8)
    np.moveaxis(grey, axis, 0)[40] = 0
    assert value("banding", grey) == pytest.approx(120 / math.sqrt(98))


def test_stripes_of_single_lines(value):
    grey = np.full((50, 60), 100, np.uint8)
    grey[::2] += 8
    assert value("banding", grey) == pytest.approx(8)


def test_an_edge_in_the_scene_is_no_band(value):
    grey = np.full((50, 60), 40, np.uint8)
    grey[20:] = 200
    assert value("banding", grey) == 0


@pytest.mark.parametrize("shape", [(168, 224), (480, 640)])
def test_rises_with_every_dead_row(value, scene, shape):
    pixels = scene(*shape)
    values = [value("banding", pixels)]
    for row in (31, 77, 120):
        pixels[row] = 0
        values.append(value("banding", pixels))
    assert all(2 * before < after or before > 5 for before, after in pairwise(values))
    assert values == sorted(values)
