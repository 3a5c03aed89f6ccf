"""Acknowledge an alert: somebody is on it, and it is not repeated any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.alerts.act import acknowledge
from driftwheel.alerts.episode import Episode
from driftwheel.services.alert.alert_named import alert_named
from driftwheel.store.alerts.episodes import save_episode
from driftwheel.store.alerts.notified_groups import make_due
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.audit import note as note_in_audit

__all__ = ["acknowledge_alert"]


def acknowledge_alert(engine: Engine, key: int, *, by: str, note: str = "", now: datetime) -> Episode:
    """Note that somebody is on an alert, and return it.

    Parameters
    ----------
    key
        The episode's.
    by
        The user or token.
    note
        What they say.

    Raises
    ------
    UsageError
        When there is no such alert, or it has ended or not fired.
    """
    with writing(engine) as connection:
        model, episode = alert_named(connection, key)
        after = acknowledge(episode, by=by, note=note, now=now)
        save_episode(connection, after)
        make_due(connection, model.key, now)
        details = {"alert": key, "monitor": episode.name, "note": note}
        note_in_audit(connection, now, by, "acknowledge alert", model.name, details)
    return after
