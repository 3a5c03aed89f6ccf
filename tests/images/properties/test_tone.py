from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.properties.tone import (
    black_share,
    brightness,
    contrast,
    dynamic_range,
    entropy,
    white_share,
)

grey_images = arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)))


@given(grey=grey_images)
def test_brightness_and_contrast_are_mean_and_deviation(views_of, grey):
    assert brightness(views_of(grey)) == pytest.approx(grey.mean())
    assert contrast(views_of(grey)) == pytest.approx(grey.std(), abs=1e-6)


@given(grey=grey_images)
def test_dynamic_range_leaves_out_a_hundredth_at_either_end(views_of, grey):
    ordered = np.sort(grey, axis=None).astype(int)
    left_out = ordered.size // 100
    assert dynamic_range(views_of(grey)) == ordered[-1 - left_out] - ordered[left_out]


def test_half_black_half_white(views_of):
    views = views_of(np.repeat(np.uint8([[0, 255]]), 8, axis=0))
    assert (brightness(views), contrast(views), dynamic_range(views)) == (127.5, 127.5, 255)
    assert (black_share(views), white_share(views), entropy(views)) == (0.5, 0.5, 1)


def test_black_is_5_and_less_white_is_250_and_more(views_of):
    views = views_of(np.uint8([[5, 6, 249, 250]]))
    assert (black_share(views), white_share(views)) == (0.25, 0.25)


def test_entropy_of_all_levels_is_eight_bits(views_of):
    assert entropy(views_of(np.arange(256, dtype=np.uint8).reshape(16, 16))) == 8


@given(grey=grey_images, by=st.integers(0, 50))
def test_a_shift_moves_brightness_and_nothing_else(views_of, grey, by):
    dark = grey // 2 + 20  # clear of black and white on both sides of the shift
    before, after = views_of(dark), views_of(dark + np.uint8(by))
    assert brightness(after) == pytest.approx(brightness(before) + by)
    assert contrast(after) == pytest.approx(contrast(before), abs=1e-9)
    for unmoved in (dynamic_range, black_share, white_share, entropy):
        assert unmoved(after) == pytest.approx(unmoved(before))


def test_large_images_are_measured_on_block_means(views_of, scene):
    pixels = scene(512, 700)
    grey = pixels @ np.array([0.114, 0.587, 0.299])
    assert brightness(views_of(pixels)) == pytest.approx(grey.mean(), abs=0.2)
    blocks = grey[:, :700].reshape(128, 4, 175, 4).mean(axis=(1, 3))
    assert contrast(views_of(pixels)) == pytest.approx(blocks.std(), abs=0.2)
