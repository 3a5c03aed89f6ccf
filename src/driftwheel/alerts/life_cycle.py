"""The life of an episode: from the results of its windows, newest first, to its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.instance import Instance
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor

__all__ = ["Happened", "Step", "WindowResult", "advance", "windows_needed"]

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
    """Return how many of the newest windows `advance` wants to see."""
    raise NotImplementedError


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
        Ended episodes of this instance, newest first (the last ten are enough).
    """
    raise NotImplementedError
