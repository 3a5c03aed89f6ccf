"""Grouping: when a channel is told of a model's alerts, and of which of them in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.quiet_hours import QuietHours
from driftwheel.alerts.told import Told

__all__ = ["Due", "MessageKind", "Timing", "dedup_key", "due_message"]

MessageKind = Literal["firing", "still_firing", "resolved", "closed", "test"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a channel waits: columns `group_wait`, `group_interval` and `repeat` of `channels`."""

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told now, and when to look again.

    Attributes
    ----------
    told
        What the channel has been told once this message is made; without a message, as before but for what
        need not be remembered.
    kind
        Of the message; None: no message now.
    firing, still, ended
        Keys of the episodes in it: told of for the first time, told of again, told to have ended.
    next_due
        Look again then, or earlier when an episode has changed; None: when an episode has changed.
    """

    told: Told
    kind: MessageKind | None
    firing: tuple[int, ...]
    still: tuple[int, ...]
    ended: tuple[int, ...]
    next_due: datetime | None


def due_message(
    told: Told,
    episodes: Sequence[Episode],
    timing: Timing,
    now: datetime,
    quiet: QuietHours | None = None,
) -> Due:
    """Return what one channel is to be told now of one model.

    Parameters
    ----------
    told
        What it was told before.
    episodes
        All open episodes of the model that go to the channel, and those ended ones that `told.firing` names
        (others that ended do no harm).
    timing, quiet
        The channel's.
    now
        Clock time.
    """
    raise NotImplementedError


def dedup_key(channel: int, model: int, told: Told) -> str:
    """Return what a receiver can tell a message sent twice by: 64 hexadecimal digits.

    `told` is that of the `Due` with the message.
    """
    raise NotImplementedError
