"""Describe channels to people: what each is, what goes to it, whether it works; never its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from driftwheel.errors import DriftwheelError
from driftwheel.notify.channel_url import open_channel_url
from driftwheel.store.alerts.channels import Channel, channel_by_key, find_channel, list_channels
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.metric_counts import Messages, count_messages

__all__ = ["DescribedChannel", "describe_channel", "describe_channels"]


@dataclass(frozen=True, slots=True)
class DescribedChannel:
    """A channel as people may see it.

    Attributes
    ----------
    channel
        Its row; its `url` is not to be shown.
    service, where
        What kind it is and where it leads, without anything secret.
    waiting, sent, dead
        How many messages are still to be sent, were ever sent, were ever given up.
    """

    channel: Channel
    service: str
    where: str
    waiting: int
    sent: int
    dead: int


def describe_channels(engine: Engine) -> list[DescribedChannel]:
    """Return all channels, by name."""
    with reading(engine) as connection:
        counts = count_messages(connection)
        return [_described(one, counts) for one in list_channels(connection)]


def describe_channel(connection: Connection, name: str | int) -> DescribedChannel:
    """Return the channel of that name or key.

    Raises
    ------
    UsageError
        When there is none of that name.
    LookupError
        When there is none of that key.
    """
    found = channel_by_key(connection, name) if isinstance(name, int) else find_channel(connection, name)
    if found is None:
        raise LookupError(f"There is no channel {name}.")
    return _described(found, count_messages(connection))


def _described(channel: Channel, counts: Mapping[int, Messages]) -> DescribedChannel:
    try:
        target = open_channel_url(channel.url)
        service, where = target.service, target.where
    except DriftwheelError:  # what it needs is not installed any more
        service, where = "unusable", ""
    its = counts.get(channel.key, Messages(0, 0, 0, 0))
    return DescribedChannel(channel, service, where, its.waiting, its.sent, its.dead)
