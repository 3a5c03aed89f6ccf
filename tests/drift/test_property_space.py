"""Properties as coordinates: on one scale, and nothing undefined in them."""

import numpy as np
import pytest

from driftwheel.drift.property_space import property_space
from driftwheel.images.properties import PROPERTIES, property_named


def space(name, reference, current):
    left, right = property_space(
        [property_named(name)],
        np.array(reference, np.float32)[:, None],
        np.array(current, np.float32)[:, None],
    )
    return left, right


def test_a_number_is_counted_in_robust_standard_deviations():
    reference = np.random.default_rng(0).normal(100, 10, 2000)
    left, right = space("brightness", reference, [100, 110, 90, 255])
    assert np.std(left) == pytest.approx(0.77, abs=0.05), "arcsinh of a normal variable"
    assert right[:, 0] == pytest.approx(np.arcsinh([0, 1, -1, 15.5]), abs=0.06)


def test_one_wild_reference_image_changes_nothing():
    reference = np.random.default_rng(0).normal(100, 10, 200)
    tame, wild = (space("brightness", [*reference, extra], [120])[1][0, 0] for extra in (100, 255))
    assert tame == pytest.approx(wild, abs=0.05)


def test_ratios_count_where_the_scale_is_one_of_ratios():
    reference = np.exp(np.random.default_rng(0).normal(np.log(5e4), 0.3, 500))
    _, right = space("file_bytes", reference, [2.5e4, 1e5])
    assert right[0, 0] == pytest.approx(-right[1, 0], abs=0.2)


def test_the_circle_is_closed():
    reference = np.random.default_rng(0).normal(0, 10, 500) % 360
    left, right = space("hue", reference, [355, 5, 180])
    assert np.abs(left).max() < 3
    assert np.abs(right[:2]).max() < 1
    assert np.abs(right[2, 0]) > 3


def test_a_rare_category_is_far_from_a_common_one():
    reference = np.repeat([0.0, 1.0], [99, 1])
    left, right = space("format", reference, [0, 1, 2])
    assert right[0, 0] < 0.1
    assert left[99, 0] - left[0, 0] == pytest.approx(3, abs=0.1)
    assert right[2, 0] > right[1, 0] > 2


def test_an_undefined_value_is_surprising_where_others_have_one():
    reference = np.full(100, 90.0)
    reference[:3] = np.nan
    left, right = space("jpeg_quality", reference, [np.nan, 90])
    assert left.shape == (100, 2)
    assert np.isfinite(left).all()
    assert np.isfinite(right).all()
    assert right[0, 0] > 2
    assert right[1, 0] < 0.1
    assert right[0, 1] == 0, "and stands in the middle otherwise"


def test_a_value_undefined_throughout_is_no_coordinate_but_its_presence_is_a_surprise():
    left, right = space("jpeg_quality", [np.nan] * 50, [np.nan, 80])
    assert left.shape == (50, 1)
    assert right[1, 0] > right[0, 0] + 2


def test_a_constant_reference_does_not_divide_by_zero():
    left, right = space("brightness", [100.0] * 20, [100, 101])
    assert np.all(left == 0)
    assert 0 < right[1, 0] < 5


def test_what_needs_the_image_before_is_left_out():
    left, right = space("near_duplicate", [0.0] * 10, [1.0])
    assert np.all(left == 0)
    assert np.all(right == 0)


def test_every_property_goes_in():
    rng = np.random.default_rng(0)
    tables = []
    for n in (30, 20):
        table = np.column_stack([rng.uniform(one.low, one.high, n) for one in PROPERTIES]).astype(np.float32)
        categories = [i for i, one in enumerate(PROPERTIES) if one.kind == "category"]
        table[:, categories] = np.rint(table[:, categories])
        table[rng.uniform(size=table.shape) < 0.1] = np.nan
        tables.append(table)
    left, right = property_space(PROPERTIES, *tables)
    assert left.shape[1] == right.shape[1] >= len(PROPERTIES) - 1
    assert np.isfinite(left).all()
    assert np.isfinite(right).all()
