"""Flapping: an alert that comes and goes is held open, so that it is one alert and not ten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from driftwheel.alerts.episode import Episode, has_fired

__all__ = ["FLAPPING_EPISODES", "FLAPPING_QUIET", "FLAPPING_WINDOWS", "is_flapping"]

FLAPPING_EPISODES = 3
"""So many episodes that fired within `FLAPPING_WINDOWS` windows, the newest among them: it flaps."""

FLAPPING_WINDOWS = 12

FLAPPING_QUIET = 6
"""A flapping episode is resolved only after so many windows in a row beyond the clear threshold."""


def is_flapping(history: Sequence[Episode], start: datetime, window: timedelta) -> bool:
    """Whether an episode that fires now, in a window of this start and length, is one too many.

    `history`: ended episodes of the instance, newest first. Those that a person closed count too; those that
    never fired do not.
    """
    since = start - FLAPPING_WINDOWS * window
    recent = [one for one in history if has_fired(one) and one.last_breach > since]
    return len(recent) >= FLAPPING_EPISODES - 1
