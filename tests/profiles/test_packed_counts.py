"""Packed counts: round trip, one encoding a value, and nothing else is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.profiles.packed_counts import pack_counts, unpack_counts

counts = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1)), max_size=50)


@given(counts)
def test_round_trip(values: list[int]) -> None:
    packed = pack_counts(np.array(values, np.int64))
    assert unpack_counts(packed, len(values)).tolist() == values
    assert len(packed) == sum(max(1, -(-v.bit_length() // 7)) for v in values)


@given(st.binary(max_size=30), st.integers(0, 8))
def test_only_what_packing_writes_is_read(data: bytes, n: int) -> None:
    try:
        values = unpack_counts(data, n)
    except ValueError:
        return
    assert pack_counts(values) == data


@pytest.mark.parametrize(
    ("data", "n", "message"),
    [
        (b"\x01\x02", 3, "2 packed counts instead of 3"),
        (b"\x01\x80", 1, "1 packed counts instead of 1"),
        (b"\x80\x00", 1, "needless bytes"),
        (b"\xff" * 9 + b"\x01", 1, "more than 63 bits"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, n: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpack_counts(data, n)
