"""The budget of a model's wheel: what turns of the last month have used, and when there is room again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from driftwheel.wheel.turn_step import Outcome
from driftwheel.wheel.wheel_policy import DAYS_OF_MONTH, WheelPolicy

__all__ = ["Budget", "PastTurn", "budget_of"]

_MONTH: Final = timedelta(days=DAYS_OF_MONTH)


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn that has begun.

    Attributes
    ----------
    number
        Of its model.
    begun, ended
        UTC; not ended: None.
    outcome
        How it ended; None while it goes on.
    labels
        Images that were labelled for it.
    alert
        Key of the alert that began it; None: none did.
    whole
        Whether that alert was of the whole model, not of a segment.
    """

    number: int
    begun: datetime
    ended: datetime | None
    outcome: Outcome | None
    labels: int
    alert: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What the last 30 days have used, and what that leaves.

    Attributes
    ----------
    turns, labels
        Used.
    turns_left, labels_left
        0 or more.
    again
        When a turn can be paid for again; None: now.
    lacking
        Why none can be now, a sentence without its end; empty where one can.
    """

    turns: int
    labels: int
    turns_left: int
    labels_left: int
    again: datetime | None
    lacking: str


def budget_of(policy: WheelPolicy, turns: Sequence[PastTurn], now: datetime) -> Budget:
    """Return what is left of a policy's budget: a turn is paid for where `images` labels are left for it.

    A turn counts with all its labels for 30 days from its beginning.

    Examples
    --------
    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 1, tzinfo=UTC)
    >>> past = [PastTurn(1, day, day, "no_harm", 60)]
    >>> policy = WheelPolicy(turns_per_month=1)
    >>> budget_of(policy, past, day + timedelta(days=9)).again
    datetime.datetime(2026, 12, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    counted = sorted((one for one in turns if one.begun > now - _MONTH), key=lambda one: one.begun)
    labels = sum(one.labels for one in counted)
    turns_left = max(0, policy.turns_per_month - len(counted))
    labels_left = max(0, policy.labels_per_month - labels)
    lacking = ""
    if not turns_left:
        lacking = f"{len(counted):,} of {policy.turns_per_month:,} turns of 30 days have begun"
    elif labels_left < policy.images:
        lacking = (
            f"{labels_left:,} of {policy.labels_per_month:,} labels of 30 days are left, and a turn needs "
            f"{policy.images:,}"
        )
    again = _again(policy, counted) if lacking else None
    return Budget(len(counted), labels, turns_left, labels_left, again, lacking)


def _again(policy: WheelPolicy, counted: Sequence[PastTurn]) -> datetime | None:
    """Return when enough of the counted turns are 30 days old."""
    for number, one in enumerate(counted, 1):
        later = counted[number:]
        fits = sum(turn.labels for turn in later) + policy.images <= policy.labels_per_month
        if len(later) < policy.turns_per_month and fits:
            return one.begun + _MONTH
    return None
