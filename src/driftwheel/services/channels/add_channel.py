"""Add a channel by which people are told of alerts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.channels.channel_checks import ChannelOptions, check_name, check_options, check_url
from driftwheel.services.channels.wake_channels import wake_channel
from driftwheel.store.alerts.channels import Channel, create_channel
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import list_models
from driftwheel.store.operate.audit import note

__all__ = ["add_channel"]


def add_channel(
    engine: Engine,
    name: str,
    url: str,
    options: ChannelOptions | None = None,
    *,
    by: str,
    now: datetime,
    allow_private: bool = False,
) -> Channel:
    """Add a channel and return it; noted in the audit, without its address. It is told of open alerts.

    Parameters
    ----------
    name
        Whom it reaches, 1 to 128 characters.
    url
        Apprise's address of it; holds secrets.
    options
        What goes to it, and when; by default everything.
    by, now
        Who adds it, and the time in UTC.
    allow_private
        Take an address in a private network or on this machine.

    Raises
    ------
    UsageError
        When one of these cannot be used, or there is a channel of that name.
    """
    check_name(name)
    bare = check_url(url, allow_private=allow_private)
    with writing(engine) as connection:
        models = [one.name for one in list_models(connection)]
        kept = check_options(options or ChannelOptions(), models)
        channel = create_channel(
            connection,
            name,
            url=bare,
            created=now,
            by=by,
            enabled=kept.enabled,
            models=kept.models,
            severities=kept.severities,
            segments=kept.segments,
            topics=kept.topics,
            quiet_hours=kept.quiet_hours,
            group_wait=kept.group_wait,
            group_interval=kept.group_interval,
            repeat=kept.repeat,
        )
        wake_channel(connection, channel.key, now)
        note(connection, now, by, "add-channel", f"channel {name}")
    return channel
