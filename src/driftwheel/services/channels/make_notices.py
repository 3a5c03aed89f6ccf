"""Tell channels of notices: put what each is to be told that is no alert in the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Connection, Engine

from driftwheel.alerts.message import message_to_json, notice_from_json
from driftwheel.alerts.notice_message import notice_message
from driftwheel.alerts.quiet_hours import quiet_hours_from_json, quiet_until
from driftwheel.alerts.routing import ChannelFilter, Topic, is_told_of
from driftwheel.errors import DriftwheelError
from driftwheel.notify.channel_url import opens_incidents
from driftwheel.services.crash_points import reach
from driftwheel.store.alerts.channels import Channel, channel_by_key, list_channels
from driftwheel.store.alerts.notices import StoredNotice, newest_notice, notices_after, set_noticed
from driftwheel.store.alerts.notifications import add_notification
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import model_by_key

__all__ = ["NEWS_FOR", "REMINDED", "channels_to_tell", "filter_of", "make_notices"]

NEWS_FOR: Final = timedelta(days=7)
"""What only tells that something has ended is no news any more after this; quiet hours are never longer."""

REMINDED: Final = " again"
"""What the subject of a reminder adds to that of the notice it reminds of."""

_AT_ONCE = 100


def filter_of(channel: Channel) -> ChannelFilter:
    """Return what a channel is for."""
    return ChannelFilter(
        channel.models,
        channel.severities,  # type: ignore[arg-type]
        channel.segments,
        channel.topics,  # type: ignore[arg-type]
    )


def channels_to_tell(connection: Connection, now: datetime) -> list[Channel]:
    """Return the channels that have not been seen to since the newest notice, and are not quiet now."""
    newest = newest_notice(connection)
    if not newest:
        return []
    behind = [one for one in list_channels(connection, enabled=True) if one.noticed < newest]
    return [one for one in behind if not _is_quiet(one, now)]


def make_notices(engine: Engine, *, now: datetime, public_url: str | None = None) -> int:
    """Put messages of what is new in the outbox, one for each channel and model, and return how many.

    Up to where a channel was seen to and its messages are kept in one transaction, so that nothing is told
    twice and nothing is lost. Of what nobody is wanted for any more nothing is told, and in quiet hours
    nothing is. Channels that open incidents, such as PagerDuty, hear of alerts alone: a notice is never
    resolved.

    Parameters
    ----------
    now
        Clock time.
    public_url
        Where people reach the server, without a slash at the end; None: messages have no links.
    """
    with reading(engine) as connection:
        due = [one.key for one in channels_to_tell(connection, now)]
    made = 0
    for key in due:
        with writing(engine) as connection:
            made += _tell(connection, key, now, public_url)
        reach("notices-made")
    return made


def _tell(connection: Connection, key: int, now: datetime, public_url: str | None) -> int:
    newest = newest_notice(connection)
    channel = channel_by_key(connection, key, lock=True)
    if channel is None or not channel.enabled or channel.noticed >= newest:
        return 0  # another worker was faster
    since = max(channel.created, now - NEWS_FOR)
    found = notices_after(connection, channel.noticed, news_since=since, limit=_AT_ONCE)
    groups: dict[int, list[StoredNotice]] = {}
    for one in _latest(found) if not _opens_incidents(channel) else ():
        groups.setdefault(one.model, []).append(one)
    made = sum(_put(connection, channel, model, its, now, public_url) for model, its in groups.items())
    set_noticed(connection, channel.key, found[-1].key if len(found) == _AT_ONCE else newest)
    return made


def _latest(found: Sequence[StoredNotice]) -> list[StoredNotice]:
    """Return notices without those of which the reminder is here as well: a channel was quiet meanwhile."""
    subjects = {one.subject for one in found}
    return [one for one in found if one.subject + REMINDED not in subjects]


def _put(  # noqa: PLR0917
    connection: Connection,
    channel: Channel,
    key: int,
    notices: Sequence[StoredNotice],
    now: datetime,
    public_url: str | None,
) -> int:
    model = model_by_key(connection, key)
    if model is None:
        return 0
    wanted = filter_of(channel)
    its = [one for one in notices if is_told_of(wanted, cast("Topic", one.topic), model=model.name)]
    if not its:
        return 0
    told = [notice_from_json(one.document) for one in its]
    message = notice_message(told, model=model.name, now=now, public_url=public_url)
    subjects = " ".join(one.subject for one in its)
    add_notification(
        connection,
        dedup=hashlib.sha256(f"notices {channel.key}: {subjects}".encode()).hexdigest(),
        channel=channel.key,
        model=key,
        kind=message.kind,
        body=message_to_json(message),
        created=now,
    )
    return 1


def _is_quiet(channel: Channel, now: datetime) -> bool:
    if channel.quiet_hours is None:
        return False
    return quiet_until(quiet_hours_from_json(channel.quiet_hours), now) is not None


def _opens_incidents(channel: Channel) -> bool:
    try:
        return opens_incidents(channel.url)
    except DriftwheelError:  # what it needs is not installed any more: sending says so
        return False
