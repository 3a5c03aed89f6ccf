"""Describe one alert: what its message says, its life, who was told of it, and what is around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.message import MOST_EXAMPLES, Entry
from driftwheel.errors import DriftwheelError
from driftwheel.monitors.monitor import Monitor, monitor_from
from driftwheel.services.alert.list_alerts import entry_of
from driftwheel.store.alerts.channels import list_channels
from driftwheel.store.alerts.episodes import document_of, ended_of, episode_by_key, open_episodes
from driftwheel.store.alerts.evaluations import StoredEvaluation, list_evaluations
from driftwheel.store.alerts.monitors import StoredMonitor, monitor_by_key
from driftwheel.store.alerts.notifications import Notification, list_notifications
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.operate.audit import AuditEntry, list_audit
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.windows.verdict_answers import last_answers
from driftwheel.store.windows.windows import window_of

__all__ = ["AlertDescription", "ToldOf", "describe_alert"]

_BEFORE, _AFTER = 24, 6  # windows around it
_MESSAGES = 500
_LATE = timedelta(days=8)  # quiet hours and failing channels keep a message for so long
_EARLIER = 5


@dataclass(frozen=True, slots=True)
class ToldOf:
    """A message that told of the alert, and the name of its channel."""

    message: Notification
    channel: str


@dataclass(frozen=True, slots=True)
class AlertDescription:
    """One alert.

    Attributes
    ----------
    entry
        What its message says; None before there is anything to say.
    monitor, rule
        As they are now; None where it was deleted, or this release cannot read it.
    examples
        The records that show it best, as far as they are kept.
    told
        The messages that told of it, the oldest first.
    acts
        What people did to it, the oldest first.
    evaluations
        Of its monitor on its segment, around its time.
    alphas
        Start of each of these windows → the p-value below which its verdict was drift.
    explained_by, explains
        The open alert that explains it; the open ones that it explains.
    earlier
        Ended alerts of the same monitor and segment, the newest first.
    """

    episode: Episode
    model: Model
    entry: Entry | None
    monitor: StoredMonitor | None
    rule: Monitor | None
    examples: tuple[StoredRecord, ...]
    told: tuple[ToldOf, ...]
    acts: tuple[AuditEntry, ...]
    evaluations: tuple[StoredEvaluation, ...]
    alphas: Mapping[datetime, float]
    explained_by: Episode | None
    explains: tuple[Episode, ...]
    earlier: tuple[Episode, ...]


def describe_alert(connection: Connection, key: int) -> AlertDescription:
    """Return what is known of one alert; raise `LookupError` where there is none of that key."""
    episode = episode_by_key(connection, key)
    model = None if episode is None else model_by_key(connection, episode.model)
    if episode is None or model is None:
        raise LookupError(f"There is no alert {key}; its model may have been deleted.")
    monitor = None if episode.monitor is None else monitor_by_key(connection, episode.monitor)
    entry = entry_of(document_of(connection, key))
    still = open_episodes(connection, episode.model)
    evaluations = _evaluations(connection, episode, model)
    return AlertDescription(
        episode,
        model,
        entry,
        monitor,
        _rule(monitor),
        _examples(connection, model, () if entry is None else entry.examples),
        _told(connection, episode),
        _acts(connection, episode, model),
        evaluations,
        _alphas(connection, episode, evaluations),
        next((one for one in still if one.key == episode.inhibited_by), None),
        tuple(one for one in still if one.inhibited_by == key),
        tuple(
            one for one in ended_of(connection, episode.instance, limit=_EARLIER + 1) if one.key < episode.key
        )[:_EARLIER],
    )


def _rule(monitor: StoredMonitor | None) -> Monitor | None:
    try:
        return None if monitor is None else monitor_from(monitor.name, monitor.definition)
    except DriftwheelError:
        return None


def _examples(connection: Connection, model: Model, ids: Sequence[str]) -> tuple[StoredRecord, ...]:
    found = (find_record(connection, model.key, one) for one in ids[:MOST_EXAMPLES])
    return tuple(one for one in found if one is not None)


def _told(connection: Connection, episode: Episode) -> tuple[ToldOf, ...]:
    if episode.fired is None:
        return ()
    names = {one.key: one.name for one in list_channels(connection)}
    messages = list_notifications(
        connection,
        model=episode.model,
        since=episode.fired,
        until=None if episode.ended is None else episode.ended + _LATE,
        limit=_MESSAGES,
    )
    return tuple(
        ToldOf(one, names.get(one.channel, ""))
        for one in reversed(messages)
        if any(entry.get("episode") == episode.key for entry in one.body.get("entries", ()))
    )


def _acts(connection: Connection, episode: Episode, model: Model) -> tuple[AuditEntry, ...]:
    lines = list_audit(connection, target=model.name, since=episode.pending, limit=1000)
    return tuple(one for one in reversed(lines) if one.details.get("alert") == episode.key)


def _alphas(
    connection: Connection, episode: Episode, evaluations: Sequence[StoredEvaluation]
) -> dict[datetime, float]:
    if not evaluations:
        return {}
    answers = last_answers(
        connection, episode.model, since=evaluations[0].start, tag=episode.tag, value=episode.value
    )
    return {one.start: one.alpha for one in answers if one.alpha is not None}


def _evaluations(connection: Connection, episode: Episode, model: Model) -> tuple[StoredEvaluation, ...]:
    if episode.monitor is None:
        return ()
    start, end = window_of(episode.began, model.window)
    length = end - start
    latest: datetime = episode.last_breach + _AFTER * length
    return tuple(
        list_evaluations(
            connection,
            episode.monitor,
            since=start - _BEFORE * length,
            until=latest,
            tag=episode.tag,
            value=episode.value,
        )
    )
