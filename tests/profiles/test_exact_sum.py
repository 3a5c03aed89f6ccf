"""Sums against exact fractions, whatever the exponents."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from driftwheel.profiles.exact_sum import SQUARE_UNITS, UNITS, exact_square_sums, exact_sums

any_float32 = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(hnp.arrays(np.float32, st.tuples(st.integers(0, 20), st.integers(0, 4)), elements=any_float32))
def test_sums_are_those_of_exact_fractions(values: np.ndarray) -> None:
    for column, total, squares in zip(values.T, exact_sums(values), exact_square_sums(values), strict=True):
        exact = [Fraction(float(v)) for v in column if np.isfinite(v)]
        assert Fraction(total, UNITS) == sum(exact)
        assert Fraction(squares, SQUARE_UNITS) == sum(v * v for v in exact)


def test_cancellation_that_float64_cannot_survive() -> None:
    values = np.array([[1e38], [1.0], [-1e38], [2.0**-149]], np.float32)
    assert Fraction(exact_sums(values)[0], UNITS) == 1 + Fraction(1, 2**149)


def test_many_values_of_the_largest_mantissa_do_not_overflow() -> None:
    largest = np.float32(2 - 2**-23)
    values = np.full((3_000_000, 1), largest)
    assert Fraction(exact_sums(values)[0], UNITS) == 3_000_000 * Fraction(float(largest))
    assert Fraction(exact_square_sums(values)[0], SQUARE_UNITS) == 3_000_000 * Fraction(float(largest)) ** 2
