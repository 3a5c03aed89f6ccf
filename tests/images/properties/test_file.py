from __future__ import annotations

import cv2
import numpy as np
import pytest

from driftwheel.images import header
from driftwheel.images.properties import PROPERTY_NAMES, measure, property_named
from driftwheel.images.properties.file import FORMATS


def category(data, name):
    return property_named(name).categories[int(measure(data).values[PROPERTY_NAMES.index(name)])]


@pytest.mark.parametrize(
    ("suffix", "expected"), [(".jpg", "jpeg"), (".png", "png"), (".webp", "webp"), (".bmp", "bmp")]
)
def test_format_of_files(scene, suffix, expected):
    data = cv2.imencode(suffix, scene(32, 40))[1].tobytes()
    assert category(data, "format") == expected
    assert category(data, "channels") == "colour"
    assert category(data, "orientation") == "upright"


def test_format_and_channels_of_arrays():
    assert category(np.zeros((9, 9), np.uint8), "format") == "array"
    assert category(np.zeros((9, 9), np.uint8), "channels") == "grey"
    assert category(np.zeros((9, 9, 4), np.uint8), "channels") == "colour + alpha or CMYK"


def test_every_format_that_can_be_decoded_has_a_category():
    assert set(FORMATS) == {*header.FORMATS, "array"}
