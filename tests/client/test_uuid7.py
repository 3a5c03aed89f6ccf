from __future__ import annotations

import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.client.uuid7 import new_id, uuid7
from driftwheel.errors import UsageError

MOMENTS = st.integers(0, 2**48 - 1)
RANDOM = st.binary(min_size=10, max_size=10)


@settings(deadline=None)
@given(MOMENTS, RANDOM)
def test_it_is_a_version_7_of_the_usual_variant_and_tells_its_time(moment: int, random: bytes) -> None:
    made = uuid.UUID(uuid7(moment, random))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == moment


@settings(deadline=None)
@given(MOMENTS, MOMENTS, RANDOM, RANDOM)
def test_ids_sort_by_time(one: int, other: int, random: bytes, more: bytes) -> None:
    if one < other:
        assert uuid7(one, random) < uuid7(other, more)


@settings(deadline=None)
@given(MOMENTS, RANDOM, st.integers(0, 79))
def test_74_random_bits_count(moment: int, random: bytes, bit: int) -> None:
    flipped = (int.from_bytes(random) ^ 1 << bit).to_bytes(10)
    ignored = bit in (62, 63) or bit >= 76
    assert (uuid7(moment, random) == uuid7(moment, flipped)) == ignored


def test_what_cannot_be_an_id_is_refused() -> None:
    with pytest.raises(UsageError, match="not -1"):
        uuid7(-1, bytes(10))
    with pytest.raises(UsageError, match="10 random bytes, not 16"):
        uuid7(0, bytes(16))


def test_new_ids_are_of_now_and_differ() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert abs((uuid.UUID(made.pop()).int >> 80) - time.time() * 1000) < 60_000
