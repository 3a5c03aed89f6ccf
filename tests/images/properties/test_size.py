from __future__ import annotations

import math

import numpy as np
import pytest

from driftwheel.images.header import Header
from driftwheel.images.properties.size import aspect_ratio, bytes_per_pixel, file_bytes, height, width
from driftwheel.images.views import Views


def views(file_format: str = "png") -> Views:
    header = Header(file_format, 40, 20, 3, 8, 6, 1600, math.nan)
    return Views(header, np.zeros((20, 40, 3), np.uint8))


def test_known_answers():
    assert (width(views()), height(views()), aspect_ratio(views())) == (40, 20, 2)
    assert (file_bytes(views()), bytes_per_pixel(views())) == (1600, 2)


@pytest.mark.parametrize("measure", [file_bytes, bytes_per_pixel])
def test_an_array_has_no_file(measure):
    assert math.isnan(measure(views("array")))
