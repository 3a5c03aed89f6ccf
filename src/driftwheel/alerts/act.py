"""What people and other alerts do to an episode: acknowledge, snooze, close, inhibit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from driftwheel.alerts.episode import Episode, has_fired, is_open, is_snoozed
from driftwheel.errors import UsageError

__all__ = ["acknowledge", "close", "inhibit", "snooze", "unsnooze"]

_LONGEST_NOTE = 2000
_LONGEST_SNOOZE = timedelta(days=366)


def acknowledge(episode: Episode, *, by: str, note: str, now: datetime) -> Episode:
    """Return the episode with somebody on it: it is not repeated any more. Done again, the last one counts.

    Raises
    ------
    UsageError
        Where it has ended or has not fired, or the note has more than 2,000 characters.
    """
    _must_fire(episode, "acknowledged")
    if len(note) > _LONGEST_NOTE:
        raise UsageError(f"The note has {len(note):,} characters; at most {_LONGEST_NOTE:,} are kept.")
    return replace(episode, acknowledged=now, acknowledged_by=by, acknowledged_note=note)


def snooze(episode: Episode, *, until: datetime, now: datetime) -> Episode:
    """Return the episode silent until then, for a year at most.

    Raises
    ------
    UsageError
        Where it ended or has not fired, or `until` is past or too far.
    """
    _must_fire(episode, "snoozed")
    if until <= now:
        raise UsageError(f"A snooze ends later than now; {until:%Y-%m-%d %H:%M} UTC is past.")
    if until - now > _LONGEST_SNOOZE:
        raise UsageError("A snooze is for a year at most; switch the monitor off instead.")
    return replace(episode, snoozed_until=until)


def unsnooze(episode: Episode, *, now: datetime) -> Episode:
    """Return the episode with its snooze ended now; raise `UsageError` where none is running."""
    _must_fire(episode, "woken")
    if not is_snoozed(episode, now):
        raise UsageError(f"The alert '{episode.name}' is not snoozed.")
    return replace(episode, snoozed_until=now)


def close(episode: Episode, *, reason: str, now: datetime) -> Episode:
    """Return the episode closed for a reason.

    Raises
    ------
    UsageError
        Where it ended, no reason is given, or the reason has more than 2,000 characters.
    """
    _must_be_open(episode, "closed")
    if not reason.strip():
        raise UsageError(f"The alert '{episode.name}' is closed for a reason; say which.")
    if len(reason) > _LONGEST_NOTE:
        raise UsageError(f"The reason has {len(reason):,} characters; at most {_LONGEST_NOTE:,} are kept.")
    return replace(episode, state="closed", ended=now, reason=reason, recovering=None, inhibited_by=None)


def inhibit(episode: Episode, by: int | None) -> Episode:
    """Return the episode as explained by another one, or by none any more (None).

    Raises
    ------
    UsageError
        Where it has ended, or would explain itself.
    """
    _must_be_open(episode, "inhibited")
    if by is not None and by == episode.key:
        raise UsageError(f"The alert '{episode.name}' cannot explain itself.")
    return replace(episode, inhibited_by=by)


def _must_be_open(episode: Episode, what: str) -> None:
    if not is_open(episode):
        ended = "" if episode.ended is None else f" at {episode.ended:%Y-%m-%d %H:%M} UTC"
        raise UsageError(
            f"The alert '{episode.name}' was {episode.state}{ended} and cannot be {what} any more."
        )


def _must_fire(episode: Episode, what: str) -> None:
    _must_be_open(episode, what)
    if not has_fired(episode):
        raise UsageError(f"The alert '{episode.name}' has not fired yet, so it cannot be {what}.")
