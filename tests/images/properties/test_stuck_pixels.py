from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.properties import stuck_pixels as module
from driftwheel.images.properties.stuck_pixels import count_alone, stuck_pixels


def test_counts_single_pixels_off_by_more_than_80(views_of):
    grey = np.full((22, 32), 100, np.uint8)
    grey[3, 5], grey[9, 9], grey[15, 20] = 181, 0, 180
    assert stuck_pixels(views_of(grey)) == 2 / (20 * 30)


def test_lines_and_clusters_do_not_count(views_of):
    grey = np.full((40, 40), 100, np.uint8)
    grey[10] = 255
    grey[20:22, 20:22] = 255
    assert stuck_pixels(views_of(grey)) == 0


@pytest.mark.parametrize("shape", [(168, 224), (480, 640)])
@pytest.mark.parametrize("share", [0.0005, 0.01])
def test_estimates_the_share_in_a_scene(views_of, scene, shape, share):
    rng = np.random.default_rng(8)
    pixels = scene(*shape)
    clean = stuck_pixels(views_of(pixels))
    pixels[rng.random(shape) < share] = 255
    grey = views_of(scene(*shape)).full_grey
    visible = share * np.mean(grey < 170)
    assert clean < 1e-5
    assert stuck_pixels(views_of(pixels)) == pytest.approx(visible, rel=0.35)


marks = arrays(np.uint8, st.tuples(st.integers(3, 12), st.integers(3, 12)), elements=st.integers(0, 1))


@given(marked=marks)
def test_both_ways_to_count_agree_with_the_definition(marked):
    marked[[0, -1]] = 0
    marked[:, [0, -1]] = 0
    expected = sum(
        marked[y - 1 : y + 2, x - 1 : x + 2].sum() == 1 for y, x in zip(*np.nonzero(marked), strict=True)
    )
    kept = module.SPARSE
    try:
        for module.SPARSE in (0, 1):
            assert count_alone(marked) == expected
    finally:
        module.SPARSE = kept
