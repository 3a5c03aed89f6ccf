from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.errors import UsageError
from driftwheel.store.alerts.monitors import (
    StoredMonitor,
    change_definition,
    create_monitor,
    delete_monitor,
    find_monitor,
    list_monitors,
    list_revisions,
    monitor_by_key,
    set_enabled,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model

LATER = NOON + timedelta(hours=1)


def create(database: Engine, model: Model, name: str, when: str = "drift is found") -> StoredMonitor:
    with writing(database) as connection:
        return create_monitor(
            connection,
            model.key,
            name,
            definition={"when": when},
            origin="api",
            watch_from=NOON,
            changed=NOON,
            by="me",
        )


def test_a_monitor_is_found_by_name_and_key(database: Engine, model: Model) -> None:
    made = create(database, model, "drift")
    assert (made.revision, made.enabled, made.definition) == (1, True, {"when": "drift is found"})
    with reading(database) as connection:
        assert find_monitor(connection, model.key, "drift") == made == monitor_by_key(connection, made.key)
        assert monitor_by_key(connection, made.key + 1) is None
        with pytest.raises(UsageError, match=r"no monitor 'drfit'. Did you mean 'drift'\?"):
            find_monitor(connection, model.key, "drfit")
    with pytest.raises(UsageError, match="There is already a monitor 'drift'"):
        create(database, model, "drift")


def test_monitors_are_listed_by_model_and_name(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        other = create_model(connection, "a", task="detection", created=NOON)
    made = [create(database, model, "b"), create(database, other, "a"), create(database, model, "B")]
    with writing(database) as connection:
        set_enabled(connection, made[0].key, enabled=False, watch_from=LATER, changed=LATER, by="you")
    with reading(database) as connection:
        assert [one.name for one in list_monitors(connection)] == ["B", "b", "a"]
        assert [one.name for one in list_monitors(connection, model.key)] == ["B", "b"]
        assert [one.name for one in list_monitors(connection, model.key, enabled=True)] == ["B"]
        (off,) = list_monitors(connection, enabled=False)
    assert (off.name, off.changed, off.by, off.watch_from) == ("b", LATER, "you", LATER)
    assert off.revision == 1


def test_a_change_is_a_new_revision_and_the_old_ones_are_kept(database: Engine, model: Model) -> None:
    made = create(database, model, "drift")
    with writing(database) as connection:
        changed = change_definition(
            connection, made.key, {"when": "silence above 2 h"}, origin="page", changed=LATER, by="you"
        )
        assert find_monitor(connection, model.key, "drift") == changed
        first, second = reversed(list_revisions(connection, made.key))
    assert (changed.revision, changed.origin) == (2, "page")
    assert (first.revision, first.definition, first.time, first.by) == (1, made.definition, NOON, "me")
    assert (second.revision, second.definition, second.time, second.by) == (
        2,
        changed.definition,
        LATER,
        "you",
    )
    with writing(database) as connection:
        assert delete_monitor(connection, made.key)
        assert not delete_monitor(connection, made.key)
        assert list_revisions(connection, made.key) == []
    with pytest.raises(UsageError, match="may have been deleted"), writing(database) as connection:
        change_definition(connection, made.key, {}, origin="page", changed=LATER, by="you")
