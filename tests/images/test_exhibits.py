from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.exhibits import LONGEST_SIDE, thumbnail


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_a_large_image_keeps_its_shape_and_its_colours() -> None:
    left_blue = np.zeros((600, 1200, 3), np.uint8)
    left_blue[:, :600] = (255, 0, 0)
    left_blue[:, 600:] = (0, 0, 255)
    small = decoded(thumbnail(left_blue))
    assert small.shape == (160, 320, 3)
    assert small[80, 40, 0] > 240
    assert small[80, 40, 2] < 15
    assert small[80, 280, 2] > 240


def test_a_tiny_image_is_enlarged_with_square_pixels() -> None:
    checks = np.indices((28, 28)).sum(axis=0) % 2 * 255
    large = decoded(thumbnail(np.dstack([checks] * 3).astype(np.uint8)))
    assert large.shape == (140, 140, 3)
    centres = large[2::5, 2::5, 0] > 127
    assert np.array_equal(centres, checks > 127)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 900), st.integers(1, 900)).flatmap(
        lambda size: arrays(np.uint8, (*size, 3), elements=st.integers(0, 255), fill=st.just(90))
    )
)
def test_no_thumbnail_is_larger_than_allowed_and_none_is_empty(pixels: np.ndarray) -> None:
    height, width = decoded(thumbnail(pixels)).shape[:2]
    assert min(height, width) >= 1
    assert max(height, width) <= LONGEST_SIDE
