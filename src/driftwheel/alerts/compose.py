"""Composing: from an episode and what was found to an entry in plain words, and from entries to a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.grouping import Due
from driftwheel.alerts.life_cycle import WindowResult
from driftwheel.alerts.message import Entry, Message
from driftwheel.monitors.evaluate import Evaluation
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation

__all__ = ["compose_entry", "compose_message", "trial_message"]


def compose_entry(
    episode: Episode,
    monitor: Monitor,
    window: WindowResult,
    evaluation: Evaluation,
    observations: Mapping[str, Observation],
    *,
    headline: str = "",
    verdict: Mapping[str, Any] | None = None,
    segments: Sequence[str] = (),
    examples: Sequence[str] = (),
) -> Entry:
    """Return what is to be said of an episode after a window in breach; `episodes.document` keeps it.

    Parameters
    ----------
    episode, monitor, window, evaluation, observations
        The episode, and what was found in the window for its segment.
    headline, verdict
        Of the window's verdict on this segment: `verdicts.headline` and `verdicts.document`.
    segments
        ``tag=value`` of the segments in breach of the same monitor in this window, the strongest first.
    examples
        Ids of the records that show the change best: `verdicts.exemplars`.
    """
    raise NotImplementedError


def compose_message(
    due: Due,
    entries: Mapping[int, Entry],
    episodes: Sequence[Episode],
    *,
    model: str,
    now: datetime,
    public_url: str | None = None,
) -> Message:
    """Return the message that is due.

    Parameters
    ----------
    due
        Its `kind` is not None.
    entries
        Key of an episode → its entry (`episodes.document`), for every episode that `due` names.
    episodes
        The same episodes, as they are now.
    model
        The model's name.
    now
        Clock time.
    public_url
        Where people reach the server, without a slash at the end; None: the message has no links.
    """
    raise NotImplementedError


def trial_message(*, channel: str, now: datetime, public_url: str | None = None) -> Message:
    """Return what the test button sends."""
    raise NotImplementedError
