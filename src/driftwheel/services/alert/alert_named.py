"""The alert that a person acts on: found by its key, with its model locked."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.errors import UsageError
from driftwheel.store.alerts.episodes import episode_by_key
from driftwheel.store.models.models import Model, lock_model

__all__ = ["alert_named"]


def alert_named(connection: Connection, key: int) -> tuple[Model, Episode]:
    """Return an episode as it is now and its model, which stays locked until the transaction ends.

    Raises
    ------
    UsageError
        When there is no such alert.
    """
    before = episode_by_key(connection, key)
    model = None if before is None else lock_model(connection, before.model)
    episode = None if model is None else episode_by_key(connection, key)
    if model is None or episode is None:
        raise UsageError(f"There is no alert {key}; its model may have been deleted.")
    return model, episode
