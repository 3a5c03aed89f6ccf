"""Models with alerts in the database, for the tests of what tells of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from tests.notify.messages import drift

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.message import entry_to_json
from driftwheel.store.alerts.episodes import add_episode, save_episode
from driftwheel.store.alerts.notified_groups import make_due
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import create_model

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def model(engine: Engine, name: str = "cats") -> int:
    """Add a model and return its key."""
    with writing(engine) as connection:
        return create_model(connection, name, task="classification", created=NOW).key


def fire(engine: Engine, model: int, number: int = 1, *, now: datetime = NOW, **more: Any) -> Episode:
    """Let an alert fire."""
    episode = Episode(
        key=0,
        instance=number.to_bytes(32, "big"),
        model=model,
        monitor=None,
        name="drift",
        revision=1,
        tag="",
        value="",
        severity="critical",
        state="firing",
        began=NOW - timedelta(days=1),
        last_breach=NOW,
        evaluated_until=NOW,
        pending=now,
        fired=now,
    )
    wanted = replace(episode, **more)
    entry = replace(drift(), tag=wanted.tag, value=wanted.value, severity=wanted.severity)
    with writing(engine) as connection:
        kept = add_episode(connection, wanted, entry_to_json(entry))
        make_due(connection, model, now)
    return kept


def change(engine: Engine, episode: Episode, *, now: datetime, **more: Any) -> Episode:
    """Change an alert as the service does, and wake the channels."""
    changed = replace(episode, **more)
    with writing(engine) as connection:
        save_episode(connection, changed)
        make_due(connection, changed.model, now)
    return changed
