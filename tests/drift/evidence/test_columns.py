"""Properties as columns that rank tests can compare."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.drift.evidence.columns import circular_mean, property_columns, unroll
from driftwheel.images.properties import property_named

BRIGHTNESS, HUE, FORMAT = (property_named(name) for name in ("brightness", "hue", "format"))


def table(*columns):
    return np.column_stack(columns).astype(np.float32)


def test_a_category_gets_an_indicator_for_every_level_but_one_of_two():
    reference, current = table([0, 0, 1, 1]), table([0, 1, 1, 1])
    two = property_columns((FORMAT,), reference, current)
    assert two.reference.tolist() == [[0], [0], [1], [1]]
    three = property_columns((FORMAT,), reference, table([0, 1, 2, 2]))
    assert three.current.sum(axis=0).tolist() == [1, 1, 2]
    assert three.owner.tolist() == [0, 0, 0]


def test_what_never_varies_or_is_undefined_on_one_side_is_left_out():
    nan = np.nan
    reference, current = table([5, 5, 5], [nan, nan, nan]), table([5, 5, 5], [1, 2, 3])
    assert property_columns((BRIGHTNESS, HUE), reference, current).owner.size == 0


def test_hues_either_side_of_zero_are_close():
    hues = np.array([350.0, 5.0, 10.0])
    assert np.ptp(unroll(hues, circular_mean(hues))) == pytest.approx(20, abs=1e-3)


@given(st.lists(st.floats(0, 359.9), min_size=1, max_size=20), st.floats(0, 359))
def test_turning_the_circle_turns_the_mean_and_leaves_unrolled_degrees(degrees, turn):
    values = np.array(degrees)
    radians = np.deg2rad(values)
    if np.hypot(np.cos(radians).sum(), np.sin(radians).sum()) < 1e-3 * len(values):
        return  # no mean direction to speak of
    mean, turned = circular_mean(values), circular_mean((values + turn) % 360)
    assert np.cos(np.deg2rad(turned - mean - turn)) == pytest.approx(1, abs=1e-6)
    gap = np.abs(unroll((values + turn) % 360, turned) - unroll(values, mean))
    assert (np.minimum(gap, 360 - gap) < 1e-2).all()


def test_the_mean_of_nothing_is_not_a_number():
    assert np.isnan(circular_mean(np.array([np.nan])))
