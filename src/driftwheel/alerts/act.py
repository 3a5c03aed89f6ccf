"""What people and other alerts do to an episode: acknowledge, snooze, close, inhibit."""

from __future__ import annotations

from datetime import datetime

from driftwheel.alerts.episode import Episode

__all__ = ["acknowledge", "close", "inhibit", "snooze", "unsnooze"]


def acknowledge(episode: Episode, *, by: str, note: str, now: datetime) -> Episode:
    """Return the episode with somebody on it: it is not repeated any more. Done again, the last one counts.

    Raises
    ------
    UsageError
        Where it has ended or has not fired.
    """
    raise NotImplementedError


def snooze(episode: Episode, *, until: datetime, now: datetime) -> Episode:
    """Return the episode silent until then; raise `UsageError` where it ended or `until` is past."""
    raise NotImplementedError


def unsnooze(episode: Episode, *, now: datetime) -> Episode:
    """Return the episode with its snooze ended now; raise `UsageError` where none is running."""
    raise NotImplementedError


def close(episode: Episode, *, reason: str, now: datetime) -> Episode:
    """Return the episode closed for a reason; raise `UsageError` where it ended or no reason is given."""
    raise NotImplementedError


def inhibit(episode: Episode, by: int | None) -> Episode:
    """Return the episode as explained by another one, or by none any more (None)."""
    raise NotImplementedError
