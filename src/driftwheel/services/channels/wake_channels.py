"""Let channels look again at what they should tell, after the channel itself was changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.alerts.notified_groups import NotifiedGroup, find_group, put_group

__all__ = ["wake_channel"]


def wake_channel(connection: Connection, channel: int, now: datetime) -> None:
    """Make a channel look now at every model with open alerts."""
    for model in sorted({episode.model for episode in open_episodes(connection)}):
        group = find_group(connection, channel, model) or NotifiedGroup(channel, model, None, {}, None)
        put_group(connection, replace(group, due=now))
