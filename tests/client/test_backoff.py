from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.client.backoff import LONGEST_PAUSE, next_pause, read_retry_after

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JITTER = st.floats(0, 1, exclude_max=True)


@settings(deadline=None)
@given(st.integers(1, 10_000), JITTER)
def test_pauses_grow_to_a_bound_and_are_never_short(failures: int, jitter: float) -> None:
    longest = min(0.5 * 2 ** min(failures - 1, 30), LONGEST_PAUSE)
    assert longest / 2 <= next_pause(failures, jitter) <= longest


@settings(deadline=None)
@given(st.integers(1, 100), JITTER, st.floats(0, 3600))
def test_the_server_is_never_called_before_it_said(failures: int, jitter: float, asked: float) -> None:
    assert asked <= next_pause(failures, jitter, asked) <= asked * 1.25


def test_a_server_that_asks_for_a_week_is_not_believed() -> None:
    assert next_pause(1, 0.0, 7 * 86400) == 3600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_both_forms_of_the_header(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, NOW) == seconds
