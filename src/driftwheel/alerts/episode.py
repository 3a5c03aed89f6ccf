"""Episodes: one firing of a monitor on a segment, from its first breach to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from driftwheel.monitors.monitor import Severity

__all__ = ["OPEN_STATES", "Episode", "State", "has_fired", "is_open", "is_snoozed"]

State = Literal["pending", "firing", "recovering", "resolved", "closed"]
"""``closed``: ended by a person, by a change of its monitor, or because a pending breach did not last."""

OPEN_STATES: tuple[State, ...] = ("pending", "firing", "recovering")


@dataclass(frozen=True, slots=True)
class Episode:
    """One firing of a monitor on a segment; the fields are the columns of the table `episodes`.

    Attributes
    ----------
    key
        0 until it is stored.
    instance
        Of which monitor and segment, see `driftwheel.alerts.instance`.
    model, monitor
        Keys; the monitor is None once it is deleted.
    name, revision, severity
        The monitor's, when the episode began.
    tag, value
        The segment; both empty for the whole model.
    began
        Start of the first window in breach (event time).
    last_breach
        End of the last window in breach (event time).
    evaluated_until
        End of the newest window it has seen (event time): an older one never changes it.
    pending, fired, recovering, ended
        When it was found to be so (clock time); None: not yet, or for `recovering` no longer.
    reason
        Why it was closed.
    acknowledged, acknowledged_by, acknowledged_note
        When, by whom and with which words.
    snoozed_until
        No message before; kept when it is over, so that it is seen that it ended.
    inhibited_by
        Key of the open episode that explains it.
    flapping
        It comes and goes: it is kept open for longer.
    """

    key: int
    instance: bytes
    model: int
    monitor: int | None
    name: str
    revision: int
    tag: str
    value: str
    severity: Severity
    state: State
    began: datetime
    last_breach: datetime
    evaluated_until: datetime
    pending: datetime
    fired: datetime | None = None
    recovering: datetime | None = None
    ended: datetime | None = None
    reason: str | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_note: str | None = None
    snoozed_until: datetime | None = None
    inhibited_by: int | None = None
    flapping: bool = False


def is_open(episode: Episode) -> bool:
    """Whether it is pending, firing or recovering."""
    return episode.state in OPEN_STATES


def has_fired(episode: Episode) -> bool:
    """Whether it ever fired: a person may have been told of it."""
    return episode.fired is not None


def is_snoozed(episode: Episode, now: datetime) -> bool:
    """Whether a snooze is running at this moment."""
    return episode.snoozed_until is not None and now < episode.snoozed_until
