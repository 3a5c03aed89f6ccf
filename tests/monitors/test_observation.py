"""Observations: they survive being stored, and nothing that JSON cannot say gets out."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from driftwheel.monitors.observation import (
    Observation,
    observation_from_json,
    observation_to_json,
    observations_from_json,
    observations_to_json,
)
from driftwheel.monitors.signal import SIGNAL_NAMES

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from(SIGNAL_NAMES),
    NUMBERS,
    st.integers(0, 10**9),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.none() | st.booleans(),
    st.text(max_size=20),
    st.booleans(),
)


@given(OBSERVATIONS)
def test_an_observation_survives_storage(seen: Observation) -> None:
    stored = json.loads(json.dumps(observations_to_json({seen.signal: seen}), allow_nan=False))
    assert observations_from_json(stored) == {seen.signal: seen}


def test_what_is_not_finite_is_written_as_nothing() -> None:
    plain = observation_to_json(Observation("latency_p95", math.inf, 3, usual=math.nan))
    assert (plain["value"], plain["usual"]) == (None, None)


def test_keys_of_a_later_release_are_passed_over() -> None:
    plain = observation_to_json(Observation("records", 3.0, 3)) | {"colour": "blue"}
    assert observation_from_json(plain) == Observation("records", 3.0, 3)
