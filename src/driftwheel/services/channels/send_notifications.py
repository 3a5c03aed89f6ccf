"""Tell channels of alerts: make the messages that are due, and send those that wait."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from driftwheel.alerts.compose import compose_message
from driftwheel.alerts.episode import Episode, is_open
from driftwheel.alerts.grouping import Timing, dedup_key, due_message
from driftwheel.alerts.message import (
    MOST_EXAMPLES,
    Entry,
    entry_from_json,
    message_from_json,
    message_to_json,
)
from driftwheel.alerts.quiet_hours import quiet_hours_from_json
from driftwheel.alerts.routing import goes_to
from driftwheel.alerts.told import Told, told_from_json, told_to_json
from driftwheel.errors import DriftwheelError
from driftwheel.notify.send import Delivery, send_message
from driftwheel.services.channels.make_notices import filter_of
from driftwheel.services.crash_points import reach
from driftwheel.store.alerts.channels import Channel, channel_by_key, note_failed, note_sent
from driftwheel.store.alerts.episodes import documents_of, episodes_by_key, open_episodes
from driftwheel.store.alerts.notifications import (
    Notification,
    add_notification,
    due_notifications,
    set_dead,
    set_failed,
    set_sent,
)
from driftwheel.store.alerts.notified_groups import NotifiedGroup, due_groups, find_group, put_group
from driftwheel.store.alerts.outbox import claim_due, waits_for
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.records.records import find_record

__all__ = ["GIVE_UP_AFTER", "Sent", "make_messages", "retry_after", "send_waiting", "thread_of"]

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""A message that could not be sent for so long is given up."""

_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
_LEASE = timedelta(seconds=120)  # longer than a message may take
_AT_ONCE = 8  # channels; a slow one does not keep the others waiting
_LOOK_AGAIN = 1.0  # seconds, while something is being sent
_ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of messages: sent, to be tried again, given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


def retry_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts, 1 or more: 30 s, twice as long each time, 1 h.

    Examples
    --------
    >>> [int(retry_after(n).total_seconds()) for n in (1, 2, 3, 7, 8, 50)]
    [30, 60, 120, 1920, 3600, 3600]
    """
    return min(_FIRST_RETRY * (1 << min(attempts - 1, 10)), _LONGEST_RETRY)


def thread_of(channel: int, model: str | None) -> str:
    """Return what stays the same for all messages of a channel about a model: 32 hexadecimal digits."""
    return hashlib.sha256(f"{channel} {model}".encode()).hexdigest()[:32]


def make_messages(engine: Engine, *, now: datetime, public_url: str | None = None, limit: int = 100) -> int:
    """Put the messages that are due in the outbox, and return how many those were.

    What a channel was told and the message that tells it are kept in one transaction.

    Parameters
    ----------
    now
        Clock time.
    public_url
        Where people reach the server, without a slash at the end; None: messages have no links.
    limit
        Most groups (a channel and a model) to look at.
    """
    with reading(engine) as connection:
        groups = due_groups(connection, now, limit=limit)
    made = 0
    for group in groups:
        with writing(engine) as connection:
            made += _make_message(connection, group, now, public_url)
        reach("message-made")
    return made


def send_waiting(
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    allow_private: bool = False,
    send: Callable[..., Delivery] = send_message,
) -> Sent:
    """Send the messages that wait and are due, of several channels at once, until there is none.

    Each is sent at least once: one that was taken just before the process ended is sent again, with the same
    dedup key.

    Parameters
    ----------
    clock
        Tells the time, in UTC.
    allow_private
        Let channels reach private networks and this machine.
    send
        How; as `driftwheel.notify.send.send_message`.
    """
    total = Sent()
    pending: set[Future[Sent]] = set()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="notify") as pool:
        while True:
            for one in _claim(engine, clock(), _AT_ONCE - len(pending)):
                pending.add(pool.submit(_send_one, engine, one, clock, allow_private, send))
            if not pending:
                return total
            done, pending = wait(pending, timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED)
            for ended in done:
                more = ended.result()
                total = Sent(total.sent + more.sent, total.failed + more.failed, total.dead + more.dead)


def _make_message(connection: Connection, group: NotifiedGroup, now: datetime, url: str | None) -> int:
    current = find_group(connection, group.channel, group.model)
    if current is None or current.due is None or current.due > now:
        return 0  # another worker was faster
    channel = channel_by_key(connection, group.channel)
    model = model_by_key(connection, group.model)
    if channel is None or model is None or not channel.enabled:
        put_group(connection, replace(current, due=None))
        return 0
    if waits_for(connection, channel.key, model.key):  # one message about all that has happened meanwhile
        put_group(connection, replace(current, due=now + timedelta(seconds=max(channel.group_interval, 1))))
        return 0
    told = told_from_json(current.told)
    episodes = _episodes(connection, channel, model, told)
    quiet = None if channel.quiet_hours is None else quiet_hours_from_json(channel.quiet_hours)
    due = due_message(told, episodes, _timing(channel), now, quiet)
    if due.kind is not None:
        named = {*due.firing, *due.still, *due.ended}
        entries = {key: entry_from_json(one) for key, one in documents_of(connection, named).items()}
        named_episodes = [one for one in episodes if one.key in named]
        message = compose_message(
            due,
            entries,
            named_episodes,
            model=model.name,
            now=now,
            public_url=url,
            pictures=_pictures(connection, model.key, entries.values()),
        )
        add_notification(
            connection,
            dedup=dedup_key(channel.key, model.key, due.told),
            channel=channel.key,
            model=model.key,
            kind=due.kind,
            body=message_to_json(message) | {_ALL_CLEAR: not due.told.firing},
            created=now,
        )
    last_sent = current.last_sent if due.kind is None else now
    kept = NotifiedGroup(channel.key, model.key, due.next_due, told_to_json(due.told), last_sent)
    put_group(connection, kept)
    return int(due.kind is not None)


def _episodes(connection: Connection, channel: Channel, model: Model, told: Told) -> list[Episode]:
    """Return the open episodes that go to a channel, and the ended ones that it was told of."""
    wanted = filter_of(channel)
    still = [
        one
        for one in open_episodes(connection, model.key)
        if goes_to(wanted, model=model.name, severity=one.severity, tag=one.tag, value=one.value)
    ]
    ended = [one for one in episodes_by_key(connection, told.firing.keys()) if not is_open(one)]
    return [*still, *ended]


def _pictures(connection: Connection, model: int, entries: Iterable[Entry]) -> dict[str, str]:
    """Return the page of each example image that is still kept: id of the record → path."""
    ids = dict.fromkeys(one for entry in entries for one in entry.examples[:MOST_EXAMPLES])
    found = ((one, find_record(connection, model, one)) for one in ids)
    return {one: f"/images/{record.key}" for one, record in found if record is not None and record.image}


def _timing(channel: Channel) -> Timing:
    return Timing(
        timedelta(seconds=channel.group_wait),
        timedelta(seconds=channel.group_interval),
        timedelta(seconds=channel.repeat),
    )


def _claim(engine: Engine, now: datetime, most: int) -> list[Notification]:
    if most <= 0:
        return []
    with reading(engine) as connection:  # most often there is none; writers are not kept waiting for that
        if not due_notifications(connection, now, limit=1):
            return []
    with writing(engine) as connection:
        return claim_due(connection, now, now + _LEASE, limit=most)


def _send_one(
    engine: Engine,
    one: Notification,
    clock: Callable[[], datetime],
    allow_private: bool,
    send: Callable[..., Delivery],
) -> Sent:
    reach("message-claimed")
    with reading(engine) as connection:
        channel = channel_by_key(connection, one.channel)
    if channel is None:
        return Sent()
    try:
        message = message_from_json(one.body)
        delivery = send(
            channel.url,
            message,
            dedup=one.dedup,
            thread=thread_of(channel.key, message.model),
            all_clear=bool(one.body.get(_ALL_CLEAR)),
            allow_private=allow_private,
        )
    except DriftwheelError as error:  # the address cannot be used any more
        delivery = Delivery(False, str(error))
    reach("message-sent")
    now = clock()
    with writing(engine) as connection:
        return _note(connection, one, delivery, now)


def _note(connection: Connection, one: Notification, delivery: Delivery, now: datetime) -> Sent:
    if delivery.sent:
        set_sent(connection, one.key, now)
        note_sent(connection, one.channel, now)
        return Sent(sent=1)
    note_failed(connection, one.channel, now, delivery.said)
    due = now + retry_after(one.attempts + 1)
    if now - one.created >= GIVE_UP_AFTER:
        set_dead(connection, one.key, delivery.said)
        return Sent(dead=1)
    set_failed(connection, one.key, due=due, error=delivery.said)
    return Sent(failed=1)
