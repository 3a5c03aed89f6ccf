from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.steps import column_means, energies, row_means

images = arrays(np.uint8, st.tuples(st.integers(3, 20), st.integers(3, 20)))


@given(grey=images, every=st.sampled_from([1, 2, 4]))
def test_energies_make_up_the_squared_laplacian(grey, every):
    step = energies(grey, every)
    laplacian = cv2.Laplacian(grey, cv2.CV_64F)[1:-1, 1:-1][::every]
    together = (
        8 * (step.right + step.down) - 2 * (step.falling + step.rising) - step.right_two - step.down_two
    )
    assert together == pytest.approx(np.mean(laplacian**2), abs=1e-6)


@given(grey=images)
def test_turning_the_image_swaps_the_directions(grey):
    step, turned = energies(grey), energies(np.ascontiguousarray(np.rot90(grey)))
    assert turned.right == pytest.approx(step.down)
    assert turned.falling == pytest.approx(step.rising)
    assert turned.down_two == pytest.approx(step.right_two)


@given(grey=images)
def test_line_means(grey):
    np.testing.assert_allclose(column_means(grey), grey.mean(axis=0))
    np.testing.assert_allclose(row_means(grey), grey.mean(axis=1))
