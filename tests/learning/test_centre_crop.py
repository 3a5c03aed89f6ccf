"""The centred part of an image: nothing of the middle is lost, nothing is distorted."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.learning.centre_crop import centre_crop


def test_the_middle_square_of_a_wide_image_is_taken():
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200] = 255
    assert centre_crop(image, 50, 50).min() == 255


def test_circles_stay_circles():
    image = np.zeros((400, 900, 3), np.uint8)
    cv2.circle(image, (450, 200), 120, (255, 255, 255), -1)
    cut = centre_crop(image, 200, 200)[..., 0] > 127
    assert cut.any(axis=0).sum() == pytest.approx(120, abs=2)
    assert cut.any(axis=1).sum() == pytest.approx(120, abs=2)


def test_an_image_of_the_right_size_is_untouched():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    assert np.array_equal(centre_crop(image, 30, 40), image)


@given(h=st.integers(1, 90), w=st.integers(1, 90), height=st.integers(1, 60), width=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_any_size_becomes_any_size_and_a_plain_colour_stays_what_it_is(h, w, height, width):
    cut = centre_crop(np.full((h, w, 3), (10, 120, 240), np.uint8), height, width)
    assert cut.shape == (height, width, 3)
    assert np.array_equal(np.unique(cut.reshape(-1, 3), axis=0), [[10, 120, 240]])
