from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine
from tests.store.alerts.test_channels import create as create_channel
from tests.store.rows import NOON

from driftwheel.store.alerts.channels import delete_channel
from driftwheel.store.alerts.notified_groups import NotifiedGroup, due_groups, find_group, make_due, put_group
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model

HOUR = timedelta(hours=1)


def test_every_channel_looks_at_a_model_that_changed(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        make_due(connection, model.key, NOON)  # no channel: nobody looks
    channels = [create_channel(database, name).key for name in ("a", "b")]
    with writing(database) as connection:
        assert due_groups(connection, NOON) == []
        make_due(connection, model.key, NOON)
    expected = [NotifiedGroup(channel, model.key, NOON, {}, None) for channel in channels]
    with reading(database) as connection:
        assert due_groups(connection, NOON) == expected
        assert due_groups(connection, NOON - HOUR) == []
        assert due_groups(connection, NOON, limit=1) == expected[:1]
        assert find_group(connection, channels[0], model.key + 1) is None


def test_what_was_told_is_kept_when_a_model_changes_again(database: Engine, model: Model) -> None:
    channel = create_channel(database, "a").key
    told = NotifiedGroup(channel, model.key, NOON + HOUR, {"number": 1}, NOON)
    with writing(database) as connection:
        put_group(connection, told)
        make_due(connection, model.key, NOON + 2 * HOUR)
        assert find_group(connection, channel, model.key) == told  # it looks earlier than that
        make_due(connection, model.key, NOON)
        assert find_group(connection, channel, model.key) == replace(told, due=NOON)
        put_group(connection, replace(told, due=None))
        assert due_groups(connection, NOON + 9 * HOUR) == []
        make_due(connection, model.key, NOON)
        assert due_groups(connection, NOON) == [replace(told, due=NOON)]
        delete_channel(connection, channel)
        assert due_groups(connection, NOON) == []
