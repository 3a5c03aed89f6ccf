from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.images.properties import PROPERTIES
from driftwheel.report.charts.scale import axis_for, nice_ticks
from driftwheel.report.property_words import property_words


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_rising_and_inside(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(ticks)
    slack = span * 1e-6
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)


@pytest.mark.parametrize("one", [p for p in PROPERTIES if p.kind != "category"], ids=lambda one: one.name)
def test_every_property_has_an_axis_that_holds_its_values(one) -> None:
    rng = np.random.default_rng(3)
    edges = one.edges()
    values = rng.uniform(edges[len(edges) // 3], edges[2 * len(edges) // 3], 500).astype(np.float32)
    axis = axis_for(property_words(one.name), values, values[:50])
    places = [axis.place(float(v)) for v in axis.stretch(values)]
    assert min(places) >= 0
    assert max(places) <= 1
    ticks = axis.ticks()
    assert len(ticks) >= 2
    assert all(0 <= tick.place <= 1 and tick.label for tick in ticks)


def test_a_logarithmic_axis_has_a_decade_at_equal_distances() -> None:
    axis = axis_for(property_words("sharpness"), np.array([1.0, 10_000.0]), np.array([100.0]))
    one, ten, hundred = (axis.place(float(axis.stretch(np.array([v]))[0])) for v in (10.0, 100.0, 1000.0))
    assert ten - one == pytest.approx(hundred - ten)


def test_an_angle_is_cut_open_opposite_to_the_mean() -> None:
    axis = axis_for(property_words("hue"), np.array([350.0, 10.0]), np.array([5.0]))
    assert axis.place(float(axis.stretch(np.array([0.0]))[0])) == pytest.approx(0.5)
    assert axis.ticks()[2].label == "0°"


def test_a_constant_and_an_empty_sample_still_have_an_axis() -> None:
    for values in (np.full(5, 7.0), np.empty(0)):
        axis = axis_for(property_words("contrast"), values, np.empty(0))
        assert axis.high > axis.low
