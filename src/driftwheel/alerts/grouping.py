"""Grouping: when a channel is told of a model's alerts, and of which of them in one message.

The alerts of one model that go to one channel are a group. The first message of a group waits `group_wait`
for alerts that come together; while any alert that was told of is open, changes wait until `group_interval`
after the last message. What is acknowledged, snoozed or inhibited is not repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from driftwheel.alerts.episode import Episode, has_fired, is_open, is_snoozed
from driftwheel.alerts.quiet_hours import QuietHours, quiet_until
from driftwheel.alerts.told import Told

__all__ = ["Due", "MessageKind", "Timing", "dedup_key", "due_message"]

MessageKind = Literal["firing", "still_firing", "resolved", "closed", "test", "wanted", "news"]
"""The first four are of alerts; ``wanted``: a person is asked for something, ``news``: something ended."""


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
        (others that ended do no harm). What `told.firing` names and is not among them is forgotten.
    timing, quiet
        The channel's. In quiet hours what is due waits until they end; a critical alert may pass.
    now
        Clock time.

    Examples
    --------
    >>> from driftwheel.alerts.told import NOTHING_TOLD
    >>> due_message(NOTHING_TOLD, [], Timing(), datetime(2026, 3, 4, tzinfo=UTC)).kind is None
    True
    """
    told = _remembered(told, episodes)
    group = _Group(told, episodes, timing, quiet, now)
    next_due = group.next_due()
    if next_due is None or next_due > now:
        return Due(told, None, (), (), (), next_due)
    free = [one for one in episodes if not group.is_held_back(one)]
    firing = [one for one in free if group.wants_firing(one)]
    woken = [one for one in free if group.wants_woken(one)]
    ended = [one for one in free if group.wants_ended(one)]
    still = [one for one in free if group.is_repeated(one) and one not in woken]
    gone = {one.key for one in ended}
    times = {key: time for key, time in told.firing.items() if key not in gone}
    times |= {one.key: now for one in (*firing, *woken, *still)}
    after = Told(told.number + 1, now, times)
    return Due(
        after,
        _kind(firing, ended),
        tuple(one.key for one in firing),
        tuple(one.key for one in (*woken, *still)),
        tuple(one.key for one in ended),
        replace(group, told=after).next_due(),
    )


def dedup_key(channel: int, model: int, told: Told) -> str:
    """Return what a receiver can tell a message sent twice by: 64 hexadecimal digits.

    `told` is that of the `Due` with the message.

    Examples
    --------
    >>> dedup_key(1, 2, Told(3))[:8]
    '70f4c127'
    """
    made = "" if told.last_sent is None else told.last_sent.astimezone(UTC).isoformat()
    return hashlib.sha256(f"{channel}/{model}/{told.number}/{made}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Group:
    """The alerts of one model for one channel at one moment; the arguments of `due_message`."""

    told: Told
    episodes: Sequence[Episode]
    timing: Timing
    quiet: QuietHours | None
    now: datetime

    def next_due(self) -> datetime | None:
        """Return when something is due; a moment up to `now` is now."""
        moments = [self._due(one) for one in self.episodes]
        moments += [one.snoozed_until for one in self.episodes if is_open(one) and is_snoozed(one, self.now)]
        return min((one for one in moments if one is not None), default=None)

    def wants_firing(self, one: Episode) -> bool:
        return is_open(one) and has_fired(one) and self._is_audible(one) and one.key not in self.told.firing

    def wants_woken(self, one: Episode) -> bool:
        """Whether a snooze has ended since the channel was told of it."""
        last = self.told.firing.get(one.key)
        if last is None or one.snoozed_until is None or not is_open(one) or not self._is_audible(one):
            return False
        return last < one.snoozed_until

    def wants_ended(self, one: Episode) -> bool:
        return one.key in self.told.firing and not is_open(one)

    def is_repeated(self, one: Episode) -> bool:
        told = one.key in self.told.firing and is_open(one)
        return told and one.acknowledged is None and self._is_audible(one)

    def is_held_back(self, one: Episode) -> bool:
        """Whether quiet hours hold it back now."""
        return self._quiet_until(one) is not None

    def _is_audible(self, one: Episode) -> bool:
        return one.inhibited_by is None and not is_snoozed(one, self.now)

    def _quiet_until(self, one: Episode) -> datetime | None:
        if self.quiet is None or (one.severity == "critical" and self.quiet.critical_passes):
            return None
        return quiet_until(self.quiet, self.now)

    def _due(self, one: Episode) -> datetime | None:
        """Return when this episode makes a message due, None where it makes none."""
        last = self.told.last_sent
        if self.wants_firing(one) and one.fired is not None:
            due = self._after_interval(one.fired + self.timing.group_wait)
        elif self.wants_ended(one) and one.ended is not None:
            due = self._after_interval(one.ended + self.timing.group_wait)
        elif self.wants_woken(one) and one.snoozed_until is not None:
            due = self._after_interval(one.snoozed_until)
        elif self.is_repeated(one) and last is not None:
            due = last + self.timing.repeat
        else:
            return None
        return max(due, self._quiet_until(one) or due)

    def _after_interval(self, due: datetime) -> datetime:
        """Return `due`, or later where the group is open and was told of something not long ago."""
        last = self.told.last_sent
        return due if last is None or not self.told.firing else max(due, last + self.timing.group_interval)


def _remembered(told: Told, episodes: Sequence[Episode]) -> Told:
    """Return what was told, without what is gone and what ended in a snooze: nobody is told of that."""
    there = {one.key for one in episodes if not _ended_in_a_snooze(one)}
    if there.issuperset(told.firing):
        return told
    return replace(told, firing={key: time for key, time in told.firing.items() if key in there})


def _ended_in_a_snooze(one: Episode) -> bool:
    return one.ended is not None and is_snoozed(one, one.ended)


def _kind(firing: Sequence[Episode], ended: Sequence[Episode]) -> MessageKind:
    if firing:
        return "firing"
    if not ended:
        return "still_firing"
    return "resolved" if any(one.state == "resolved" for one in ended) else "closed"
