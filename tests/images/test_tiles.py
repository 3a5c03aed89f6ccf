from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.tiles import tile_means


@given(
    grey=arrays(np.uint8, st.tuples(st.integers(8, 30), st.integers(9, 30))),
    rows=st.integers(1, 8),
    columns=st.integers(1, 9),
)
def test_tiles_are_means_of_slices(grey, rows, columns):
    means = tile_means(cv2.integral(grey), rows, columns)
    height, width = grey.shape
    for r in range(rows):
        for c in range(columns):
            tile = grey[
                r * height // rows : (r + 1) * height // rows,
                c * width // columns : (c + 1) * width // columns,
            ]
            np.testing.assert_allclose(means[r, c], tile.mean())
