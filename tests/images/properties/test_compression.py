from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from driftwheel.images.properties import PROPERTY_NAMES, measure


@pytest.mark.parametrize("shape", [(160, 200), (480, 640)])
def test_blockiness_rises_as_quality_falls(value, scene, through_jpeg, shape):
    pixels = scene(*shape)
    values = [value("blockiness", pixels)]
    values += [value("blockiness", through_jpeg(pixels, quality)) for quality in (60, 30, 15, 8)]
    assert values[0] < 0.1
    assert all(before < after for before, after in pairwise(values)), values


@pytest.mark.parametrize("offset", [(0, 0), (3, 5), (7, 1)])
def test_blockiness_survives_a_crop_that_moves_the_grid(value, scene, through_jpeg, offset):
    damaged = through_jpeg(scene(208, 208), 15)
    down, right = offset
    cropped = np.ascontiguousarray(damaged[down : down + 192, right : right + 192])
    assert value("blockiness", cropped) == pytest.approx(value("blockiness", damaged), rel=0.15)


def test_blockiness_of_a_grid_of_steps(value):
    grey = np.indices((64, 64)).sum(0) // 8 * 8  # in every row and column one step of 8 in eight
    assert value("blockiness", grey.astype(np.uint8)) == pytest.approx(0, abs=0.2)  # but at no common phase
    blocks = np.add.outer(np.arange(64) // 8, np.arange(64) // 8) * 8
    assert value("blockiness", blocks.astype(np.uint8)) == pytest.approx(7 * 8 / 7 / 0.5, rel=0.15)


def test_blockiness_is_not_defined_below_24(value):
    assert math.isnan(value("blockiness", np.zeros((23, 100), np.uint8)))
    assert value("blockiness", np.zeros((24, 24), np.uint8)) == 0


@pytest.mark.parametrize("quality", [35, 75, 95])
def test_jpeg_quality_is_that_of_the_file(scene, jpeg, quality):
    values = measure(jpeg(scene(64, 64), quality)).values
    assert values[PROPERTY_NAMES.index("jpeg_quality")] == pytest.approx(quality, abs=1)


def test_jpeg_quality_is_not_defined_for_an_array(scene):
    assert math.isnan(measure(scene(64, 64)).values[PROPERTY_NAMES.index("jpeg_quality")])
