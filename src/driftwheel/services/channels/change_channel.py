"""Change or remove a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.channels.channel_checks import ChannelOptions, check_options, check_url
from driftwheel.services.channels.wake_channels import wake_channel
from driftwheel.store.alerts.channels import (
    Channel,
    channel_by_key,
    delete_channel,
    find_channel,
    update_channel,
)
from driftwheel.store.alerts.outbox import drop_waiting
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import list_models
from driftwheel.store.operate.audit import note

__all__ = ["change_channel", "options_of", "remove_channel"]

_NAMES = tuple(one.name for one in fields(ChannelOptions))


def change_channel(
    engine: Engine,
    name: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    allow_private: bool = False,
) -> Channel:
    """Change a channel and return it; noted in the audit, without its address.

    Switched off, what waits for it is given up; switched on, it is told of open alerts.

    Parameters
    ----------
    name
        The channel's.
    changes
        ``url`` and fields of `ChannelOptions`; what is not in it stays.
    by, now
        Who changes it, and the time in UTC.
    allow_private
        Take an address in a private network or on this machine.

    Raises
    ------
    UsageError
        When there is no such channel, or one of the changes cannot be.
    """
    for one in changes:
        if one not in {"url", *_NAMES}:
            raise UsageError(f"A channel has no '{one}'.{did_you_mean(one, ['url', *_NAMES])}")
    url = None if "url" not in changes else check_url(changes["url"], allow_private=allow_private)
    with writing(engine) as connection:
        channel = find_channel(connection, name)
        before = options_of(channel)
        wanted = replace(before, **{one: changes[one] for one in _NAMES if one in changes})
        kept = asdict(check_options(wanted, [one.name for one in list_models(connection)]))
        update_channel(connection, channel.key, url=url or channel.url, **kept)
        if before.enabled and not kept["enabled"]:
            drop_waiting(connection, channel.key, "The channel was switched off.")
        wake_channel(connection, channel.key, now)
        changed = {one: value for one, value in kept.items() if value != asdict(before)[one]}
        said = changed | ({"url": "changed"} if url is not None else {})
        note(connection, now, by, "change-channel", f"channel {name}", said)
        after = channel_by_key(connection, channel.key)
    if after is None:
        raise UsageError(f"The channel '{name}' was removed meanwhile.")
    return after


def remove_channel(engine: Engine, name: str, *, by: str, now: datetime) -> None:
    """Remove a channel, and with it what waits for it; raise `UsageError` where there is none."""
    with writing(engine) as connection:
        channel = find_channel(connection, name)
        delete_channel(connection, channel.key)
        note(connection, now, by, "remove-channel", f"channel {name}")


def options_of(channel: Channel) -> ChannelOptions:
    """Return what goes to a channel, and when."""
    plain = {name: getattr(channel, name) for name in _NAMES}
    lists = {
        name: None if plain[name] is None else list(plain[name])
        for name in ("models", "severities", "segments", "topics")
    }
    return ChannelOptions(**(plain | lists))
