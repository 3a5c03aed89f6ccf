"""From alerts to messages in the outbox, and from there to channels: in order, at least once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.notify.receivers import mail_server, webhook
from tests.services.alerting import NOW, SECOND, change, fire, model

from driftwheel.alerts.message import Message
from driftwheel.notify.send import Delivery, send_message
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.channels.send_notifications import GIVE_UP_AFTER, Sent, make_messages, send_waiting
from driftwheel.store.alerts.channels import Channel, find_channel
from driftwheel.store.alerts.notifications import Notification, list_notifications
from driftwheel.store.engine.database import reading

AT_ONCE = ChannelOptions(group_wait=0, group_interval=0)


@dataclass
class Post:
    """Takes messages instead of the network, or fails as it is told."""

    taken: list[tuple[str, Message, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    seen: dict[str, Any] = field(default_factory=dict)

    def __call__(self, url: str, message: Message, *, dedup: str, **how: Any) -> Delivery:
        self.seen = how
        if url in self.failing:
            return Delivery(False, "nobody is there")
        self.taken.append((url, message, dedup))
        return Delivery(True)

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message, _ in self.taken]


@pytest.fixture
def post() -> Post:
    return Post()


def channel(engine: Engine, name: str = "ops", options: ChannelOptions = AT_ONCE) -> Channel:
    return add_channel(engine, name, f"json://{name}.example.com/", options, by="test", now=NOW)


def rows(engine: Engine) -> list[Notification]:
    with reading(engine) as connection:
        return list(reversed(list_notifications(connection)))


def work(engine: Engine, post: Callable[..., Delivery], now: datetime) -> Sent:
    make_messages(engine, now=now, public_url="https://driftwheel.example.com")
    return send_waiting(engine, clock=lambda: now, send=post)


def test_an_alert_is_told_once_and_its_end_once(database: Engine, post: Post) -> None:
    cats = model(database)
    channel(database)
    episode = fire(database, cats, tag="camera", value="2")
    for seconds in range(3):
        work(database, post, NOW + seconds * SECOND)
    assert post.titles == ["cats: critical: drift (camera=2)"]
    over = NOW + timedelta(hours=1)
    change(database, episode, now=over, state="resolved", ended=over)
    for seconds in range(3):
        work(database, post, over + seconds * SECOND)
    assert post.titles == ["cats: critical: drift (camera=2)", "cats: resolved: drift (camera=2)"]
    assert post.seen["all_clear"] is True
    first, second = (message for _, message, _ in post.taken)
    (entry,) = first.entries
    assert [link.title for link in entry.links] == ["See", "Acknowledge", "Snooze"]
    assert entry.links[0].url == f"https://driftwheel.example.com/alerts/{episode.key}"
    assert second.entries[0].ended == over
    assert [(row.kind, row.state, row.attempts) for row in rows(database)] == [
        ("firing", "sent", 1),
        ("resolved", "sent", 1),
    ]
    assert len({row.dedup for row in rows(database)}) == 2


def test_alerts_of_a_model_that_come_together_are_one_message(database: Engine, post: Post) -> None:
    cats, dogs = model(database), model(database, "dogs")
    channel(database, options=ChannelOptions())
    for number, (key, value) in enumerate([(cats, "1"), (cats, "2"), (dogs, "1")]):
        fire(database, key, number, tag="camera", value=value, now=NOW + number * SECOND)
    assert work(database, post, NOW + 5 * SECOND) == Sent()
    assert work(database, post, NOW + 40 * SECOND).sent == 2
    assert sorted(post.titles) == [
        "cats: critical: drift (camera=1) and 1 more alert",
        "dogs: critical: drift (camera=1)",
    ]


def test_it_goes_where_it_belongs(database: Engine, post: Post) -> None:
    cats, dogs = model(database), model(database, "dogs")
    for name, options in {
        "all": ChannelOptions(),
        "dogs": ChannelOptions(models=["dogs"]),
        "grave": ChannelOptions(severities=["critical"]),
        "camera": ChannelOptions(segments=["camera=2"]),
        "cameras": ChannelOptions(segments=["camera=*"]),
        "whole": ChannelOptions(segments=[""]),
        "off": ChannelOptions(enabled=False),
    }.items():
        channel(database, name, options)
    fire(database, cats, 1, severity="warning", tag="camera", value="2")
    fire(database, dogs, 2)
    work(database, post, NOW + timedelta(minutes=1))
    told = sorted((url.removeprefix("json://").partition(".")[0], m.model) for url, m, _ in post.taken)
    assert told == [
        *(("all", "cats"), ("all", "dogs"), ("camera", "cats"), ("cameras", "cats"), ("dogs", "dogs")),
        *(("grave", "dogs"), ("whole", "dogs")),
    ]


def test_quiet_hours_hold_back_what_is_not_critical(database: Engine, post: Post) -> None:
    cats, dogs = model(database), model(database, "dogs")
    noon = {"zone": "UTC", "spans": [{"days": ["fri"], "start": "11:00", "end": "14:00"}]}
    channel(database, options=ChannelOptions(quiet_hours=noon, group_wait=0))
    fire(database, cats, 1, severity="warning")
    fire(database, dogs, 2)
    work(database, post, NOW)
    assert post.titles == ["dogs: critical: drift"]
    work(database, post, NOW + timedelta(minutes=119))
    assert len(post.taken) == 1
    work(database, post, NOW + timedelta(hours=2))
    assert post.titles[1:] == ["cats: warning: drift"]


def test_a_channel_that_fails_is_tried_again_less_and_less_and_then_given_up(
    database: Engine, post: Post
) -> None:
    cats = model(database)
    channel(database)
    fire(database, cats)
    post.failing = {"json://ops.example.com/"}
    make_messages(database, now=NOW)
    now, tries = NOW, []
    while rows(database)[0].state == "waiting":
        done = send_waiting(database, clock=partial(max, now, now), send=post)
        if done != Sent():
            tries.append((now - NOW).total_seconds())
            (row,) = rows(database)
            assert row.error == "nobody is there"
        now = max(now + SECOND, rows(database)[0].due)
    waits = [int(later - earlier) for earlier, later in pairwise(tries)]
    assert waits[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(waits[7:]) == {3600}
    assert tries[-1] >= GIVE_UP_AFTER.total_seconds() > tries[-2]
    (row,) = rows(database)
    assert (row.state, row.attempts, row.sent) == ("dead", len(tries), None)
    with reading(database) as connection:
        ops = find_channel(connection, "ops")
    assert (ops.failing_since, ops.last_error, ops.last_sent) == (NOW, "nobody is there", None)
    post.failing = set()
    fire(database, cats, 2, now=now)
    assert work(database, post, now).sent == 1
    with reading(database) as connection:
        ops = find_channel(connection, "ops")
    assert (ops.failing_since, ops.last_error, ops.last_sent) == (None, None, now)


def test_one_channel_that_fails_does_not_keep_another_waiting(database: Engine, post: Post) -> None:
    cats = model(database)
    for name in ("bad", "good"):
        channel(database, name)
    post.failing = {"json://bad.example.com/"}
    for number in range(3):
        fire(database, cats, number, now=NOW + number * SECOND)
        work(database, post, NOW + number * SECOND)
    assert [url for url, _, _ in post.taken] == ["json://good.example.com/"] * 3


def test_one_channel_that_is_slow_does_not_keep_another_waiting(database: Engine, post: Post) -> None:
    cats = model(database)
    for name in ("slow", "quick"):
        channel(database, name)
    for number in range(3):
        fire(database, model(database, f"m{number}"), number)
    fire(database, cats, 9)
    make_messages(database, now=NOW)
    quick_is_done = threading.Event()

    def patient(url: str, message: Message, **how: Any) -> Delivery:
        if "slow" in url:
            assert quick_is_done.wait(20)
        delivery = post(url, message, **how)
        if sum("quick" in one for one, _, _ in post.taken) == 4:
            quick_is_done.set()
        return delivery

    assert send_waiting(database, clock=lambda: NOW, send=patient).sent == 8


def test_while_a_message_waits_the_next_one_gathers_all_that_happens(database: Engine, post: Post) -> None:
    """After a night without the network there is one message about what was, and one about what is."""
    cats = model(database)
    channel(database)
    first = fire(database, cats, 1, tag="camera", value="1")
    post.failing = {"json://ops.example.com/"}
    work(database, post, NOW)
    for hour in range(1, 12):
        now = NOW + timedelta(hours=hour)
        fire(database, cats, hour + 1, tag="camera", value=str(hour + 1), now=now)
        work(database, post, now)
    change(database, first, now=now, state="resolved", ended=now)
    assert len(rows(database)) == 1
    post.failing = set()
    for minute in range(0, 120, 5):
        work(database, post, now + timedelta(minutes=minute))
    assert [(message.kind, len(message.entries)) for _, message, _ in post.taken] == [
        ("firing", 1),
        ("firing", 12),
    ]


def test_messages_of_a_channel_arrive_in_their_order(database: Engine, post: Post) -> None:
    cats, dogs = model(database), model(database, "dogs")
    channel(database)
    fire(database, cats, 1)
    make_messages(database, now=NOW)
    fire(database, dogs, 2)
    make_messages(database, now=NOW)
    post.failing = {"json://ops.example.com/"}
    assert send_waiting(database, clock=lambda: NOW, send=post) == Sent(failed=1)
    post.failing = set()
    assert send_waiting(database, clock=lambda: NOW + 29 * SECOND, send=post) == Sent()
    assert send_waiting(database, clock=lambda: NOW + 30 * SECOND, send=post) == Sent(sent=2)
    assert [message.model for _, message, _ in post.taken] == ["cats", "dogs"]


def test_what_was_taken_before_the_process_ended_is_sent_again_under_the_same_key(
    database: Engine, post: Post
) -> None:
    cats = model(database)
    channel(database)
    fire(database, cats)
    make_messages(database, now=NOW)

    def taken_and_killed(*args: Any, **how: Any) -> Delivery:
        post(*args, **how)
        raise SystemExit

    with pytest.raises(SystemExit):
        send_waiting(database, clock=lambda: NOW, send=taken_and_killed)
    assert send_waiting(database, clock=lambda: NOW + 119 * SECOND, send=post) == Sent()
    assert send_waiting(database, clock=lambda: NOW + 120 * SECOND, send=post) == Sent(sent=1)
    assert len(post.taken) == 2
    assert len({dedup for _, _, dedup in post.taken}) == 1


def test_of_many_workers_each_message_is_sent_by_one(database: Engine, post: Post) -> None:
    for name in ("a", "b", "c", "d"):
        channel(database, name)
    for number in range(5):
        fire(database, model(database, f"m{number}"), number)
    start = threading.Barrier(4)

    def worker(_: int) -> Sent:
        start.wait()
        return work(database, post, NOW)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(worker, range(4)))
    work(database, post, NOW)
    assert len(post.taken) == len({dedup for _, _, dedup in post.taken}) == 20
    assert sum(one.sent for one in done) <= 20
    assert all(row.attempts == 1 for row in rows(database))


def test_switched_off_nothing_waits_and_switched_on_it_tells_what_is_open(
    database: Engine, post: Post
) -> None:
    cats = model(database)
    channel(database)
    fire(database, cats)
    make_messages(database, now=NOW)
    change_channel(database, "ops", {"enabled": False}, by="test", now=NOW)
    assert work(database, post, NOW + SECOND) == Sent()
    (row,) = rows(database)
    assert (row.state, row.error) == ("dead", "The channel was switched off.")
    later = NOW + timedelta(hours=5)
    fire(database, cats, 2, now=later)
    assert work(database, post, later) == Sent()
    change_channel(database, "ops", {"enabled": True}, by="test", now=later)
    assert work(database, post, later).sent == 1
    assert len(post.taken[0][1].entries) == 2


def test_a_channel_added_while_an_alert_is_open_is_told_of_it(database: Engine, post: Post) -> None:
    fire(database, model(database))
    channel(database)
    assert work(database, post, NOW + SECOND).sent == 1


def test_an_address_that_cannot_be_used_any_more_is_a_failure_like_others(database: Engine) -> None:
    from sqlalchemy import update

    from driftwheel.store.engine.database import writing
    from driftwheel.store.schema.alert_tables import channels

    cats = model(database)
    channel(database)
    with writing(database) as connection:
        connection.execute(update(channels).values(url="carrier-pigeon://home"))
    fire(database, cats)
    assert work(database, send_message, NOW) == Sent(failed=1)
    assert "There is no kind of channel 'carrier-pigeon'" in str(rows(database)[0].error)


def test_from_an_alert_to_a_mail_and_a_webhook(database: Engine) -> None:
    """The whole way, through real sockets."""
    cats = model(database)
    with mail_server() as mails, webhook() as hook:
        mail_url = f"mailto://example.com:{mails.port}?smtp=127.0.0.1&from=dw@example.com&to=ops@example.com"
        for name, url in {"mail": mail_url, "hook": hook.url}.items():
            add_channel(database, name, url, AT_ONCE, by="test", now=NOW, allow_private=True)
        fire(database, cats, tag="camera", value="2")
        make_messages(database, now=NOW)
        assert send_waiting(database, clock=lambda: NOW, allow_private=True) == Sent(sent=2)
        (envelope,), (call,) = mails.taken, hook.calls
        assert envelope.mail["Subject"] == "cats: critical: drift (camera=2)" == call.json["title"]
        dedup = {row.dedup for row in rows(database)}
        assert call.headers["Idempotency-Key"] in dedup
        assert any(envelope.mail["Message-ID"] == f"<{one[:40]}@example.com>" for one in dedup)
        hook.status = 503
        fire(database, cats, 2, now=NOW)
        make_messages(database, now=NOW)
        assert send_waiting(database, clock=lambda: NOW, allow_private=True) == Sent(sent=1, failed=1)
        hook.status = 200
        later = NOW + 30 * SECOND
        assert send_waiting(database, clock=lambda: later, allow_private=True) == Sent(sent=1)
        assert len(hook.calls) == 3
        keys = [one.headers["Idempotency-Key"] for one in hook.calls[1:]]
        assert keys[0] == keys[1]
