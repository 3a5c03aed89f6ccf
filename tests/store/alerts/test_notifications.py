from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from tests.store.alerts.test_channels import create as create_channel
from tests.store.rows import NOON

from driftwheel.store.alerts.notifications import (
    add_notification,
    due_notifications,
    list_notifications,
    notification_by_key,
    set_dead,
    set_failed,
    set_sent,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.operate.metric_counts import Messages, count_messages

HOUR = timedelta(hours=1)


def add(database: Engine, channel: int, model: Model, dedup: str, due: datetime | None = None) -> int | None:
    with writing(database) as connection:
        return add_notification(
            connection,
            dedup=dedup,
            channel=channel,
            model=model.key,
            kind="firing",
            body={"title": "Dark"},
            created=NOON,
            due=due,
        )


def test_the_same_message_is_kept_once(database: Engine, model: Model) -> None:
    channel = create_channel(database, "ops").key
    key = add(database, channel, model, "a")
    assert key is not None
    assert add(database, channel, model, "a") is None
    with reading(database) as connection:
        kept = notification_by_key(connection, key)
        assert list_notifications(connection) == [kept]
    assert kept is not None
    assert (kept.state, kept.attempts, kept.due, kept.body) == ("waiting", 0, NOON, {"title": "Dark"})


def test_messages_wait_until_they_are_due_and_are_sent_or_given_up(database: Engine, model: Model) -> None:
    channel = create_channel(database, "ops").key
    first = add(database, channel, model, "a", NOON + HOUR)
    second = add(database, channel, model, "b")
    third = add(database, channel, model, "c")
    assert first is not None
    assert second is not None
    assert third is not None

    def due(now: datetime) -> list[int]:
        with reading(database) as connection:
            return [one.key for one in due_notifications(connection, now)]

    assert due(NOON - HOUR) == []
    assert due(NOON) == [second, third]
    assert due(NOON + HOUR) == [second, third, first]
    with writing(database) as connection:
        set_failed(connection, second, due=NOON + HOUR, error="refused")
        set_sent(connection, third, NOON)
    assert due(NOON) == []
    assert due(NOON + HOUR) == [first, second]
    with writing(database) as connection:
        set_dead(connection, second, "refused")
        failed = notification_by_key(connection, second)
        sent = notification_by_key(connection, third)
        assert count_messages(connection) == {channel: Messages(sent=1, waiting=1, dead=1, failed=2)}
        assert [one.key for one in list_notifications(connection, state="dead")] == [second]
        assert [one.key for one in list_notifications(connection, before_key=third, limit=1)] == [second]
        assert list_notifications(connection, channel=channel + 1) == []
        assert len(list_notifications(connection, model=model.key)) == 3
    assert failed is not None
    assert sent is not None
    assert (failed.attempts, failed.error) == (2, "refused")
    assert (sent.attempts, sent.sent, sent.error) == (1, NOON, None)
    assert due(NOON + HOUR) == [first]
