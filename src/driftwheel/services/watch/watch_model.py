"""Watch a model: its last windows side by side, with verdicts, volumes, predictions and alerts.

All of it is read compactly: of verdicts the observations but not the documents, of windows the numbers but
not the profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.message import Entry
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.monitors.observation import Observation, observation_from_json
from driftwheel.profiles.prediction_summary import PredictionSummary, predictions_from_bytes
from driftwheel.services.alert.list_alerts import entry_of
from driftwheel.store.alerts.episodes import documents_of, list_episodes, open_episodes
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdicts import StoredVerdict, list_verdicts
from driftwheel.store.windows.window_predictions import past_predictions
from driftwheel.store.windows.windows import StoredWindow, last_windows, list_windows, window_of

__all__ = ["SPANS", "OpenAlert", "Span", "Watch", "WatchedWindow", "open_alerts", "span_of", "watch_model"]

SPANS: Mapping[str, tuple[int, ...]] = {"hour": (48, 24, 72), "day": (14, 28, 56), "week": (12, 26, 52)}
"""How many windows can be looked at side by side; the first is the usual choice."""

_ALERTS = 60


@dataclass(frozen=True, slots=True)
class Span:
    """Windows that follow each other: starts without gaps, the oldest first, and the end of the last."""

    starts: tuple[datetime, ...]
    end: datetime


@dataclass(frozen=True, slots=True, eq=False)
class WatchedWindow:
    """One window of one segment; what is not there yet is None.

    Attributes
    ----------
    verdict
        Without its document.
    window
        Without its profile.
    said
        The summary of its predictions.
    observations
        Of the verdict, by signal; empty without one.
    """

    start: datetime
    end: datetime
    verdict: StoredVerdict | None
    window: StoredWindow | None
    said: PredictionSummary | None
    observations: Mapping[str, Observation] = field(repr=False)

    def observed(self, signal: str) -> Observation | None:
        """Return what was seen of a signal, None where it has no value."""
        found = self.observations.get(signal)
        return None if found is None or (found.value is None and not found.judged) else found


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An episode with what its message says; `entry` is None where nothing was composed."""

    episode: Episode
    entry: Entry | None


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What is seen of one segment of a model.

    Attributes
    ----------
    windows
        Side by side, without gaps, the oldest first.
    alerts
        Open ones of the whole model, whatever their segment, the gravest first.
    shown
        Those that fired in these windows, open or not, of this segment; for the whole model of all.
    """

    model: Model
    tag: str
    value: str
    windows: tuple[WatchedWindow, ...]
    alerts: tuple[OpenAlert, ...]
    shown: tuple[Episode, ...]


def span_of(
    connection: Connection, model: Model, now: datetime, count: int, until: datetime | None = None
) -> Span:
    """Return the last `count` windows up to the one that holds `until`.

    Without `until` they go up to now; where nothing came in all that time, up to the newest that has records.
    """
    start, end = window_of(until or now, model.window)
    length = end - start
    if until is None:
        newest = last_windows(connection, model.key, 1)
        if newest and newest[-1].start <= start - count * length:
            start, end = newest[-1].start, newest[-1].end
    return Span(tuple(start - (count - 1 - i) * length for i in range(count)), end)


def watch_model(connection: Connection, model: Model, span: Span, *, tag: str = "", value: str = "") -> Watch:
    """Return a model, or one segment of it, over a span of windows."""
    first = span.starts[0]
    verdicts = {
        one.start: one
        for one in list_verdicts(connection, model.key, since=first, until=span.end, tag=tag, value=value)
    }
    stored = {
        one.start: one
        for one in list_windows(connection, model.key, since=first, until=span.end, tag=tag, value=value)
    }
    said = past_predictions(connection, model.key, span.end, tag=tag, value=value, newest=len(span.starts))
    ends = (*span.starts[1:], span.end)
    windows = tuple(
        _window(start, end, verdicts.get(start), stored.get(start), said.get(start))
        for start, end in zip(span.starts, ends, strict=True)
    )
    fired = list_episodes(connection, model.key, fired=True, since=first, until=span.end, limit=_ALERTS)
    return Watch(
        model,
        tag,
        value,
        windows,
        open_alerts(connection, model.key),
        tuple(one for one in fired if not tag or (one.tag, one.value) in {("", ""), (tag, value)}),
    )


def open_alerts(connection: Connection, model: int) -> tuple[OpenAlert, ...]:
    """Return the open alerts of a model (its key) that fired, whatever their segment, the gravest first."""
    fired = [one for one in open_episodes(connection, model) if one.fired is not None]
    said = documents_of(connection, [one.key for one in fired])
    alerts = [OpenAlert(one, entry_of(said.get(one.key, {}))) for one in fired]
    return tuple(sorted(alerts, key=_gravity))


def _gravity(alert: OpenAlert) -> tuple[bool, int, bool, bool, datetime, int]:
    """Those that explain others come first, then the gravest, then the whole model."""
    one = alert.episode
    return (
        one.inhibited_by is not None,
        -SEVERITIES.index(one.severity),
        bool(one.tag),
        one.state != "firing",
        one.began,
        one.key,
    )


def _window(
    start: datetime,
    end: datetime,
    verdict: StoredVerdict | None,
    window: StoredWindow | None,
    said: bytes | None,
) -> WatchedWindow:
    seen = {} if verdict is None else verdict.observations
    return WatchedWindow(
        start,
        end,
        verdict,
        window,
        None if said is None else predictions_from_bytes(said),
        {name: observation_from_json(plain) for name, plain in seen.items()},
    )
