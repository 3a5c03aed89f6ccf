"""What every property obeys by being in the table; a new row is tested here without a new test."""

from __future__ import annotations

import math
import re

import cv2
import numpy as np
import pytest

from driftwheel.images.decode import decode
from driftwheel.images.properties import PROPERTIES, PROPERTY_NAMES, measure
from driftwheel.images.properties.measure import measure_views
from driftwheel.images.scratch import Scratch
from driftwheel.images.views import Views

rng = np.random.default_rng(5)
SHAPES = [
    (1, 1),
    (1, 9),
    (9, 1),
    (2, 2),
    (3, 3),
    (5, 7),
    (24, 24),
    (28, 28),
    (33, 47),
    (5, 3000),
    (3000, 5),
    (450, 700),
]
IMAGES = {
    f"constant {level} {shape}": np.full((*shape, 3), level, np.uint8)
    for shape in SHAPES
    for level in (0, 128, 255)
}
IMAGES |= {f"noise {shape}": rng.integers(0, 256, (*shape, 3)).astype(np.uint8) for shape in SHAPES}
IMAGES |= {
    f"ramp {shape}": np.broadcast_to(np.linspace(0, 255, shape[1])[None, :, None], (*shape, 3)).astype(
        np.uint8
    )
    for shape in SHAPES
}
IMAGES |= {
    f"one colour {shape}": np.broadcast_to(np.uint8([200, 40, 90]), (*shape, 3)).copy() for shape in SHAPES
}
IMAGES["checkerboard"] = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[:, :, None].repeat(3, 2)

# what may lie outside [low, high], and is then counted in an end bin of the histogram
BEYOND = {
    "aspect_ratio",
    "bytes_per_pixel",
    "fine_detail",
    "colour_cast_a",
    "colour_cast_b",
    "colourfulness",
    "blockiness",
}


@pytest.fixture(scope="module")
def measured(views_of):
    return {name: measure_views(views_of(pixels)) for name, pixels in IMAGES.items()}


def test_there_are_between_30_and_40_properties_with_distinct_stable_names():
    assert 30 <= len(PROPERTIES) <= 40
    assert len(set(PROPERTY_NAMES)) == len(PROPERTIES)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in PROPERTY_NAMES)


@pytest.mark.parametrize("row", PROPERTIES, ids=PROPERTY_NAMES)
class TestRow:
    def test_says_what_it_means_in_one_sentence(self, row):
        assert row.meaning.endswith(".")
        assert ". " not in row.meaning
        assert row.title
        assert "_" not in row.title
        assert [one.title for one in PROPERTIES].count(row.title) == 1
        assert len(row.meaning) <= 100

    def test_edges_ascend_and_span_the_range(self, row):
        edges = row.edges()
        assert edges.shape == (row.bins + 1,)
        assert edges.dtype == np.float64
        assert (np.diff(edges) > 0).all()
        if row.kind == "category":
            assert len(row.categories) == row.bins
            assert all(edges[k] < k < edges[k + 1] for k in range(row.bins))
        else:
            assert row.categories == ()
            assert edges[0] == pytest.approx(row.low)
            assert edges[-1] == pytest.approx(row.high)

    def test_is_finite_or_nan_on_every_image(self, row, measured):
        column = PROPERTY_NAMES.index(row.name)
        for name, values in measured.items():
            assert not math.isinf(values[column]), name

    def test_lies_within_its_range_or_is_known_to_go_beyond(self, row, measured):
        column = PROPERTY_NAMES.index(row.name)
        for name, values in measured.items():
            value = values[column]
            if math.isnan(value) or row.name in BEYOND:
                continue
            assert value <= row.high * (1 + 1e-6), name
            assert value >= row.low or (row.scale == "log" and value >= 0), name

    def test_is_a_whole_number_if_a_category(self, row, measured):
        column = PROPERTY_NAMES.index(row.name)
        values = np.array([values[column] for values in measured.values()])
        whole = np.isin(values[~np.isnan(values)], np.arange(row.bins)).all()
        assert whole or row.kind != "category"

    def test_is_defined_on_an_ordinary_photo(self, row, scene, jpeg):
        for shape in ((480, 640), (150, 200)):
            value = measure(jpeg(scene(*shape))).values[PROPERTY_NAMES.index(row.name)]
            assert math.isnan(value) == (row.needs == "sequence")

    def test_does_not_change_its_views(self, row, views_of, scene):
        pixels = scene(96, 128)
        views = views_of(pixels)
        kept = measure_views(views_of(pixels))
        row.measure(views)
        np.testing.assert_array_equal(measure_views(views), kept)
        np.testing.assert_array_equal(views.colour, pixels)

    def test_needs_pixels_unless_it_says_that_the_header_is_enough(self, row, views_of, scene):
        views = views_of(scene(40, 40))
        del views.colour
        if row.needs in ("header", "sequence"):
            row.measure(views)
        else:
            with pytest.raises(AttributeError, match="colour"):
                row.measure(views)


def test_values_are_packed_float32(scene, jpeg):
    values = measure(jpeg(scene(60, 80))).values
    assert values.shape == (len(PROPERTIES),)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous


def test_scratch_is_used_again_without_a_trace(scene, jpeg):
    files = [
        jpeg(scene(h, w, seed=s)) for s, (h, w) in enumerate([(480, 640), (30, 50), (600, 500), (480, 640)])
    ]
    scratch = Scratch()
    for file in (*files, *reversed(files)):
        decoded = decode(file)
        shared = measure_views(Views(decoded.header, decoded.pixels, scratch))
        alone = measure_views(Views(decoded.header, decoded.pixels))
        np.testing.assert_array_equal(shared, alone)


def test_values_are_the_same_with_any_number_of_opencv_threads(scene, jpeg):
    file = jpeg(scene(720, 960))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = measure(file)
        cv2.setNumThreads(4)
        four = measure(file)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(one.values, four.values)
    assert one.hash64 == four.hash64


def test_values_do_not_depend_on_vector_instructions_for_whole_number_steps(scene, jpeg):
    file = jpeg(scene(480, 640))
    with_vectors = measure(file).values
    cv2.setUseOptimized(False)
    try:
        without = measure(file).values
    finally:
        cv2.setUseOptimized(True)
    np.testing.assert_allclose(with_vectors, without, rtol=0.02, atol=0.02)
