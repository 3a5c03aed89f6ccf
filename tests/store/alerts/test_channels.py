from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.errors import UsageError
from driftwheel.store.alerts.channels import (
    Channel,
    channel_by_key,
    create_channel,
    delete_channel,
    find_channel,
    list_channels,
    note_failed,
    note_sent,
    update_channel,
)
from driftwheel.store.engine.database import reading, writing

HOUR = timedelta(hours=1)


def create(database: Engine, name: str) -> Channel:
    with writing(database) as connection:
        return create_channel(
            connection,
            name,
            url="json://secret@example.org",
            created=NOON,
            by="me",
            severities=["critical"],
            quiet_hours={"zone": "UTC"},
        )


def test_a_channel_is_found_by_name_and_key_and_shows_no_secret(database: Engine) -> None:
    made = create(database, "ops")
    assert "secret" not in repr(made)
    assert (made.models, made.severities, made.quiet_hours) == (None, ("critical",), {"zone": "UTC"})
    assert (made.group_wait, made.group_interval, made.repeat) == (30, 300, 14_400)
    with reading(database) as connection:
        assert find_channel(connection, "ops") == made == channel_by_key(connection, made.key)
        with pytest.raises(UsageError, match=r"no channel 'opps'. Did you mean 'ops'\?"):
            find_channel(connection, "opps")
    with pytest.raises(UsageError, match="There is already a channel 'ops'"):
        create(database, "ops")


def test_a_channel_is_changed_listed_and_deleted(database: Engine) -> None:
    made = create(database, "ops")
    create(database, "a")
    said = {
        "url": "json://other",
        "enabled": False,
        "models": ["m"],
        "severities": None,
        "segments": ["camera=1", ""],
        "topics": ["labels"],
        "quiet_hours": None,
        "group_wait": 1,
        "group_interval": 2,
        "repeat": 3,
    }
    with writing(database) as connection:
        update_channel(connection, made.key, **said)  # type: ignore[arg-type]
    with reading(database) as connection:
        changed = find_channel(connection, "ops")
        assert [one.name for one in list_channels(connection)] == ["a", "ops"]
        assert [one.name for one in list_channels(connection, enabled=True)] == ["a"]
    assert (changed.url, changed.enabled, changed.models) == ("json://other", False, ("m",))
    assert (changed.severities, changed.segments, changed.quiet_hours) == (None, ("camera=1", ""), None)
    assert (changed.group_wait, changed.group_interval, changed.repeat) == (1, 2, 3)
    assert (changed.topics, changed.noticed) == (("labels",), 0)
    with writing(database) as connection:
        assert delete_channel(connection, made.key)
        assert not delete_channel(connection, made.key)
        with pytest.raises(UsageError, match="may have been deleted"):
            update_channel(connection, made.key, **said)  # type: ignore[arg-type]


def test_it_fails_since_the_first_failure_until_a_message_goes_out(database: Engine) -> None:
    made = create(database, "ops")
    with writing(database) as connection:
        note_failed(connection, made.key, NOON, "refused")
        note_failed(connection, made.key, NOON + HOUR, "timed out")
        failing = find_channel(connection, "ops")
        note_sent(connection, made.key, NOON + 2 * HOUR)
        fine = find_channel(connection, "ops")
    assert (failing.failing_since, failing.last_error, failing.last_sent) == (NOON, "timed out", None)
    assert (fine.failing_since, fine.last_error, fine.last_sent) == (None, None, NOON + 2 * HOUR)
