import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwheel.images.properties import PROPERTIES
from driftwheel.profiles.property_definition import PropertyDefinition, current_definitions
from driftwheel.profiles.property_summary import summarise
from driftwheel.services.browse.reference_ranges import property_range

LINEAR = PropertyDefinition("x", "x", "", "number", 0.0, 100.0, 200, "linear")
LOG = PropertyDefinition("y", "y", "", "number", 1.0, 1000.0, 300, "log")
HUE = PropertyDefinition("hue", "hue", "°", "circular", 0.0, 360.0, 180, "linear")
KIND = PropertyDefinition("kind", "kind", "", "category", 0, 2, 3, "linear", ("jpeg", "png", "gif"))


def of(definition: PropertyDefinition, values: list[float] | np.ndarray):
    (summary,) = summarise([definition], np.asarray(values, np.float32)[:, None])
    return property_range(summary)


def test_the_range_is_the_middle_99_per_cent() -> None:
    usual = of(LINEAR, np.linspace(10, 90, 4001))
    assert (usual.low, usual.high) == pytest.approx((10.4, 89.6), abs=0.6)
    assert (usual.quarter, usual.median, usual.three_quarters) == pytest.approx((30, 50, 70), abs=0.6)
    assert usual.n == 4001
    assert not usual.outside(50)
    assert usual.outside(9)
    assert usual.outside(91)
    assert not usual.outside(float("nan"))


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 100, width=32)))
@example(np.array([1e-10, 1], np.float32))  # 0.5 - 0.4999999999 is a little more than 1e-10
def test_of_few_images_none_is_unusual_beside_themselves(values: np.ndarray) -> None:
    """Of fewer than 200 the middle 99 % are all of them."""
    usual = of(LINEAR, values)
    assert not any(usual.outside(float(value)) for value in values)
    assert usual.low <= usual.quarter <= usual.median <= usual.three_quarters <= usual.high


def test_one_constant_value_makes_every_other_unusual() -> None:
    usual = of(LOG, [92.0] * 50)
    assert (usual.low, usual.high) == (92.0, 92.0)
    assert not usual.outside(92.0)
    assert usual.outside(95.0)


def test_a_log_scale_is_drawn_by_its_logarithm() -> None:
    usual = of(LOG, [10.0, 100.0])
    assert (usual.stretch(10.0), usual.stretch(100.0)) == (1.0, 2.0)
    assert usual.stretch(0.0) == 0.0  # below the range: at its end


def test_a_rare_category_is_unusual() -> None:
    usual = of(KIND, [0] * 996 + [1] * 4)
    assert usual.common == (("jpeg", 0.996), ("png", 0.004))
    assert not usual.outside(0)
    assert usual.outside(1)
    assert usual.outside(2)


def test_nothing_is_unusual_beside_nothing() -> None:
    assert not of(LINEAR, []).outside(5.0)


def test_an_angle_is_held_against_the_way_from_the_mean_direction() -> None:
    """Reds on both sides of 0°: 340° to 20°."""
    usual = of(HUE, np.linspace(-20, 20, 4001) % 360)
    assert usual.centre % 360 == pytest.approx(0, abs=2)
    assert ((usual.low + 180) % 360, (usual.high + 180) % 360) == pytest.approx((160.2, 199.8), abs=3.1)
    assert usual.low < usual.quarter < usual.median < usual.three_quarters < usual.high
    assert not any(usual.outside(hue) for hue in (0, 359, 5, 350))
    assert all(usual.outside(hue) for hue in (30, 120, 180, 240, 330))


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 360, width=32, exclude_max=True)))
def test_of_few_angles_none_is_unusual_beside_themselves(values: np.ndarray) -> None:
    usual = of(HUE, values)
    assert not any(usual.outside(float(value)) for value in values)


def test_every_property_has_a_range() -> None:
    rng = np.random.default_rng(0)
    definitions = current_definitions()
    values = np.column_stack([rng.uniform(each.low, each.high, 50) for each in PROPERTIES])
    for summary in summarise(definitions, values.astype(np.float32)):
        assert property_range(summary).definition is summary.definition
