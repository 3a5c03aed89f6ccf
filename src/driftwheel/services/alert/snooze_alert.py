"""Snooze an alert: silence until a time, and one message then if it still fires."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.alerts.act import snooze, unsnooze
from driftwheel.alerts.episode import Episode
from driftwheel.services.alert.alert_named import alert_named
from driftwheel.store.alerts.episodes import save_episode
from driftwheel.store.alerts.notified_groups import make_due
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.audit import note

__all__ = ["snooze_alert", "unsnooze_alert"]


def snooze_alert(engine: Engine, key: int, *, until: datetime, by: str, now: datetime) -> Episode:
    """Silence an alert until a time, and return it.

    Raises
    ------
    UsageError
        When there is no such alert, it has ended or not fired, or `until` is past.
    """
    with writing(engine) as connection:
        model, episode = alert_named(connection, key)
        after = snooze(episode, until=until, now=now)
        save_episode(connection, after)
        make_due(connection, model.key, now)
        details = {"alert": key, "monitor": episode.name, "until": until.isoformat()}
        note(connection, now, by, "snooze alert", model.name, details)
    return after


def unsnooze_alert(engine: Engine, key: int, *, by: str, now: datetime) -> Episode:
    """End the silence of an alert now, and return it; raise `UsageError` where it is not snoozed."""
    with writing(engine) as connection:
        model, episode = alert_named(connection, key)
        after = unsnooze(episode, now=now)
        save_episode(connection, after)
        make_due(connection, model.key, now)
        details = {"alert": key, "monitor": episode.name}
        note(connection, now, by, "unsnooze alert", model.name, details)
    return after
