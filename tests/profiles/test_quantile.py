"""Quantiles: within their stated bound of the sample's own, always."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from driftwheel.errors import UsageError
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import empty_summary, summarise
from driftwheel.profiles.quantile import largest_bin_mass, quantile

LOG = PropertyDefinition("x", "x", "", "number", 0.1, 1000.0, 40, "log")


@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(1, 60), st.just(1)), elements=st.floats(-10, 2000, width=32)
    ),
    st.floats(0, 1),
)
def test_the_bound_holds(values: np.ndarray, share: float) -> None:
    (summary,) = summarise([LOG], values)
    found = quantile(summary, share)
    exact = float(np.quantile(values.astype(np.float64), share, method="inverted_cdf"))
    assert abs(found.value - exact) <= found.error_bound * (1 + 1e-9)
    assert values.min() <= found.value <= values.max()


def test_the_bound_is_the_width_of_the_bin() -> None:
    ramp = PropertyDefinition("ramp", "ramp", "", "number", 0.0, 100.0, 50, "linear")
    (summary,) = summarise([ramp], np.linspace(0, 100, 10_001, dtype=np.float32)[:, None])
    found = quantile(summary, 0.25)
    assert found.value == pytest.approx(25, abs=0.05)
    assert found.error_bound == pytest.approx(2.0)
    assert largest_bin_mass(summary) == pytest.approx(0.02, rel=0.01)


def test_nothing_to_order(definitions: tuple[PropertyDefinition, ...]) -> None:
    assert np.isnan(quantile(empty_summary(definitions[0]), 0.5).value)
    with pytest.raises(UsageError, match="'hue' has no quantiles: it is circular"):
        quantile(empty_summary(definitions[2]), 0.5)
    with pytest.raises(UsageError, match="share is 50; give a number from 0 to 1"):
        quantile(empty_summary(definitions[0]), 50)


def test_interpolation_does_much_better_than_the_bound() -> None:
    values = np.random.default_rng(0).normal(120, 30, (100_000, 1)).astype(np.float32)
    fine = PropertyDefinition("brightness", "", "", "number", 0.0, 255.0, 255, "linear")
    (summary,) = summarise([fine], values)
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert quantile(summary, share).value == pytest.approx(np.quantile(values, share), abs=0.2)
