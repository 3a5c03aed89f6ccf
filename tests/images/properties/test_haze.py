from __future__ import annotations

import cv2
import numpy as np
import pytest


def test_known_answers(value):
    assert value("haze", np.full((40, 40, 3), (51, 102, 255), np.uint8)) == pytest.approx(0.2)
    dark_dots = np.full((40, 40), 255, np.uint8)
    dark_dots[2::5, 2::5] = 0
    assert value("haze", dark_dots) == 0


@pytest.mark.parametrize("shape", [(168, 224), (480, 640)])
def test_rises_with_airlight(value, scene, shape):
    pixels = scene(*shape)
    values = [
        value("haze", cv2.addWeighted(pixels, 1 - t, np.full_like(pixels, 230), t, 0))
        for t in (0, 0.2, 0.4, 0.8)
    ]
    assert values == sorted(values)
    assert values[2] - values[0] > 0.15
