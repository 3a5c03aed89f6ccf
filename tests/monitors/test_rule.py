"""Rules as values: what cannot be is refused."""

from __future__ import annotations

import math

import pytest

from driftwheel.errors import UsageError
from driftwheel.monitors.rule import Both, Condition, Either, signals_of

DRIFT = Condition("drift", "unusual")


def test_signals_come_once_in_the_order_of_the_text() -> None:
    many = Condition("records", "above", 100.0)
    assert signals_of(Either((Both((many, DRIFT)), many))) == ("records", "drift")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (("drift", "above", 0.5), "'drift' is a verdict; write 'drift is found'"),
        (("drift", "unusual", 0.5), "takes no threshold"),
        (("accuracy", "below"), "'accuracy below' needs a threshold"),
        (("accuracy", "below", 90.0), "a share, between 0 and 1, and 90 is not.*write '90 %'"),
        (("records", "above", math.nan), "give a number up to"),
        (("records", "above", 1e13), "give a number up to"),
        (("unreadable_share", "above", 0.05, 0.06), "would never clear; 'until' is at most the threshold"),
        (("accuracy", "below", 0.9, 0.8), "would never clear; 'until' is at least the threshold"),
        (("acuracy", "below", 0.9), "Did you mean 'accuracy'"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(condition: tuple[object, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Condition(*condition)  # type: ignore[arg-type]


def test_and_and_or_join_two_or_more() -> None:
    for kind in (Both, Either):
        with pytest.raises(UsageError, match="two or more rules; 1 was given"):
            kind((DRIFT,))
