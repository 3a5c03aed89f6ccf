"""The life of an episode: from the results of its windows, newest first, to its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Literal

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.flapping import FLAPPING_QUIET, is_flapping
from driftwheel.alerts.instance import Instance
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor

__all__ = ["DID_NOT_LAST", "HISTORY", "Happened", "Step", "WindowResult", "advance", "windows_needed"]

DID_NOT_LAST = "the breach did not last"
"""Why a pending episode was closed that never fired: nobody is told of it."""

HISTORY = 10
"""So many ended episodes of an instance, the newest, are enough for `advance`."""

_ANSWERS = frozenset({"ok", "breach"})

Happened = Literal["pending", "fired", "recovering", "breached_again", "resolved", "closed", "flapping"]
"""``breached_again``: a breach while recovering; the same episode goes on firing and nobody is told."""


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What a monitor said of one window: the columns of `evaluations` by the same names."""

    start: datetime
    end: datetime
    result: Result
    cleared: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What a window did to an instance.

    Attributes
    ----------
    episode
        As it is now, ended or open; None: there is none. With key 0 it is new.
    happened
        In this order; empty where nothing did.
    """

    episode: Episode | None
    happened: tuple[Happened, ...] = ()


def windows_needed(monitor: Monitor) -> int:
    """Return how many of the newest windows `advance` wants to see: so many may be without an answer, too.

    Examples
    --------
    >>> from driftwheel.monitors.rule_text import parse_rule
    >>> windows_needed(Monitor("drift", parse_rule("drift is found")))
    28
    """
    return 4 * (monitor.of_windows + max(monitor.keep_firing_for, FLAPPING_QUIET))


def advance(
    episode: Episode | None,
    results: Sequence[WindowResult],
    instance: Instance,
    now: datetime,
    *,
    evaluated: datetime,
    watch_from: datetime | None = None,
    history: Sequence[Episode] = (),
) -> Step:
    """Return what becomes of an instance after a window was evaluated, for the first time or again.

    Windows without an answer (no data, insufficient, error) are passed over: they start nothing and end
    nothing. Evaluated again with the same results, nothing happens.

    Parameters
    ----------
    episode
        The open one of this instance, None if there is none.
    results
        Of the newest windows of this instance (`windows_needed` of them are enough), newest first, the one
        just evaluated among them.
    instance
        The monitor, as it is now, and the segment.
    now
        Clock time.
    evaluated
        End of the window just evaluated. If there is a newer one in `results`, or the episode (or the one
        before) has seen a newer one, nothing happens: late data never changes an episode.
    watch_from
        Windows that end up to then never page.
    history
        Ended episodes of this instance, newest first (`HISTORY` of them are enough).
    """
    unchanged = Step(episode)
    if not results or evaluated < results[0].end or (episode and evaluated < episode.evaluated_until):
        return unchanged
    after = max((one for one in (watch_from, _seen(history)) if one is not None), default=None)
    known = [one for one in results if one.result in _ANSWERS and (after is None or one.end > after)]
    if episode is None:
        return _begin(known, results[0], instance, now, history)
    episode = replace(episode, evaluated_until=evaluated)
    if results[0].result not in _ANSWERS:
        return Step(episode)
    if episode.state == "pending":
        return _pend(episode, known, instance.monitor, now, history)
    return _go_on(episode, known, instance.monitor, now)


def _seen(history: Sequence[Episode]) -> datetime | None:
    """Return up to where windows belong to an episode before: they neither reopen it nor start another."""
    return max((one.evaluated_until for one in history), default=None)


def _begin(
    known: Sequence[WindowResult],
    newest: WindowResult,
    instance: Instance,
    now: datetime,
    history: Sequence[Episode],
) -> Step:
    if not known or known[0] is not newest or newest.result != "breach":
        return Step(None)
    episode = Episode(
        key=0,
        instance=instance.digest,
        model=instance.model,
        monitor=instance.key,
        name=instance.monitor.name,
        revision=instance.revision,
        tag=instance.tag,
        value=instance.value,
        severity=instance.monitor.severity,
        state="pending",
        began=newest.start,
        last_breach=newest.end,
        evaluated_until=newest.end,
        pending=now,
    )
    step = _pend(episode, known, instance.monitor, now, history)
    return Step(step.episode, ("pending", *step.happened))


def _pend(
    episode: Episode,
    known: Sequence[WindowResult],
    monitor: Monitor,
    now: datetime,
    history: Sequence[Episode],
) -> Step:
    if not known:
        return Step(episode)
    breaches = [one for one in known[: monitor.of_windows] if one.result == "breach"]
    if not breaches:
        return Step(replace(episode, state="closed", ended=now, reason=DID_NOT_LAST), ("closed",))
    episode = replace(episode, began=breaches[-1].start, last_breach=breaches[0].end)
    newest = known[0]
    is_fresh = newest.end == episode.evaluated_until
    if newest.result != "breach" or not is_fresh or len(breaches) < monitor.breaches:
        return Step(episode)
    flapping = is_flapping(history, newest.start, newest.end - newest.start)
    fired = replace(episode, state="firing", fired=now, flapping=flapping)
    return Step(fired, ("fired", "flapping") if flapping else ("fired",))


def _go_on(episode: Episode, known: Sequence[WindowResult], monitor: Monitor, now: datetime) -> Step:
    """Move an episode that has fired: it recovers, breaches again, or is resolved."""
    known = [one for one in known if one.start >= episode.began]
    breach = next((one.end for one in known if one.result == "breach"), None)
    if breach is not None:
        episode = replace(episode, last_breach=breach)
    clear = len(list(takewhile(lambda one: one.cleared and one.result == "ok", known)))
    needed = max(monitor.keep_firing_for, FLAPPING_QUIET if episode.flapping else 1)
    if clear >= needed:
        was = episode.recovering
        ended = replace(episode, state="resolved", recovering=was or now, ended=now, inhibited_by=None)
        return Step(ended, ("resolved",) if was else ("recovering", "resolved"))
    if known and known[0].result == "breach":
        if episode.state == "recovering":
            return Step(replace(episode, state="firing", recovering=None), ("breached_again",))
        return Step(episode)
    if clear and episode.state == "firing":
        return Step(replace(episode, state="recovering", recovering=now), ("recovering",))
    return Step(episode)
