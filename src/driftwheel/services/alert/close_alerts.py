"""Close alerts: a person, or a change of their monitor, ends them with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.alerts.act import close
from driftwheel.alerts.episode import Episode
from driftwheel.services.alert.alert_named import alert_named
from driftwheel.services.alert.raise_alerts import explain_alerts
from driftwheel.store.alerts.episodes import episodes_by_key, save_episode
from driftwheel.store.alerts.notified_groups import make_due
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.audit import note

__all__ = ["close_alerts", "close_episodes"]


def close_alerts(
    engine: Engine, keys: Sequence[int], *, reason: str, by: str, now: datetime
) -> list[Episode]:
    """End alerts for a reason, all of them or none, and return them.

    The window that was looked at last does not open them again; one in breach after it begins another.

    Raises
    ------
    UsageError
        When one of them is not there or has ended, or no reason is given.
    """
    closed = []
    with writing(engine) as connection:
        models = {one.key: one.model for one in episodes_by_key(connection, keys)}
        for key in sorted(set(keys), key=lambda key: (models.get(key, 0), key)):  # see lock_model
            model, episode = alert_named(connection, key)
            closed += close_episodes(connection, model.key, [episode], reason=reason, now=now)
            details = {"alert": key, "monitor": episode.name, "reason": reason}
            note(connection, now, by, "close alert", model.name, details)
    return closed


def close_episodes(
    connection: Connection, model: int, episodes: Iterable[Episode], *, reason: str, now: datetime
) -> list[Episode]:
    """End open episodes of a model for a reason, with the model locked, and return them."""
    closed = [close(one, reason=reason, now=now) for one in episodes]
    for one in closed:
        save_episode(connection, one)
    if closed:
        explain_alerts(connection, model)
        make_due(connection, model, now)
    return closed
