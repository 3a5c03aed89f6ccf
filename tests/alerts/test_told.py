"""What a channel was told survives storage."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.making import at

from driftwheel.alerts.told import NOTHING_TOLD, Told, told_from_json, told_to_json

MOMENTS = st.floats(0, 1e5).map(at)


@given(st.integers(0, 10**6), st.none() | MOMENTS, st.dictionaries(st.integers(1, 2**60), MOMENTS))
def test_it_survives_storage(number: int, last: object, firing: dict[int, object]) -> None:
    told = Told(number, last, firing)  # type: ignore[arg-type]
    assert told_from_json(json.loads(json.dumps(told_to_json(told)))) == told


def test_nothing_stored_is_nothing_told() -> None:
    assert told_from_json({}) == NOTHING_TOLD
