from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from tests.store.alerts.test_monitors import create
from tests.store.rows import NOON, digest

from driftwheel.alerts.episode import Episode
from driftwheel.store.alerts.episodes import (
    add_episode,
    count_open,
    document_of,
    documents_of,
    ended_of,
    episode_by_key,
    episodes_by_key,
    list_episodes,
    open_episode,
    open_episodes,
    save_episode,
)
from driftwheel.store.alerts.monitors import delete_monitor
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model

HOUR = timedelta(hours=1)


def episode(model: Model, monitor: int | None, name: str = "drift") -> Episode:
    return Episode(
        key=0,
        instance=digest(name),
        model=model.key,
        monitor=monitor,
        name=name,
        revision=1,
        tag="camera",
        value="1",
        severity="critical",
        state="pending",
        began=NOON,
        last_breach=NOON + HOUR,
        evaluated_until=NOON + HOUR,
        pending=NOON + HOUR,
    )


def test_an_episode_is_kept_as_it_is(database: Engine, model: Model) -> None:
    monitor = create(database, model, "drift").key
    with writing(database) as connection:
        made = add_episode(connection, episode(model, monitor), {"wrong": "dark"})
    assert made.key > 0
    assert replace(made, key=0) == episode(model, monitor)
    full = replace(
        made,
        state="recovering",
        fired=NOON + HOUR,
        recovering=NOON + 2 * HOUR,
        acknowledged=NOON + HOUR,
        acknowledged_by="me",
        acknowledged_note="on it",
        snoozed_until=NOON + 3 * HOUR,
        inhibited_by=77,
        flapping=True,
    )
    with writing(database) as connection:
        save_episode(connection, full)
    with reading(database) as connection:
        assert open_episode(connection, made.instance) == full == episode_by_key(connection, made.key)
        assert open_episodes(connection, model.key) == [full] == open_episodes(connection)
        assert open_episodes(connection, monitor=monitor) == [full]
        assert episode_by_key(connection, made.key + 1) is None
        assert document_of(connection, made.key) == {"wrong": "dark"}
        assert count_open(connection) == {("critical", "recovering"): 1}
    with writing(database) as connection:
        save_episode(connection, full, {"wrong": "darker"})
        assert documents_of(connection, [made.key, 99]) == {made.key: {"wrong": "darker"}}
        assert document_of(connection, 99) == {}
        delete_monitor(connection, monitor)
        left = episode_by_key(connection, made.key)
    assert left == replace(full, monitor=None)


def test_of_one_instance_only_one_is_open(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        first = add_episode(connection, episode(model, None), {})
    with pytest.raises(IntegrityError), writing(database) as connection:
        add_episode(connection, episode(model, None), {})
    with writing(database) as connection:
        ended = replace(first, state="resolved", ended=NOON + 5 * HOUR)
        save_episode(connection, ended)
        second = add_episode(connection, episode(model, None), {})
        assert open_episode(connection, first.instance) == second
        assert ended_of(connection, first.instance, limit=5) == [ended]
        assert ended_of(connection, digest("other"), limit=5) == []
        assert episodes_by_key(connection, [second.key, first.key, 99]) == [ended, second]


def test_episodes_are_listed_the_newest_first(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        made = [add_episode(connection, episode(model, None, str(i)), {}) for i in range(4)]
        fired = replace(made[1], state="firing", fired=NOON, began=NOON - 9 * HOUR, last_breach=NOON - HOUR)
        save_episode(connection, fired)
    with reading(database) as connection:
        assert [one.name for one in list_episodes(connection)] == ["3", "2", "1", "0"]
        assert list_episodes(connection, model.key + 1) == []
        assert list_episodes(connection, model.key, fired=True) == [fired]
        assert list_episodes(connection, states=["firing"]) == [fired]
        assert list_episodes(connection, until=NOON) == [fired]
        assert [one.name for one in list_episodes(connection, since=NOON)] == ["3", "2", "0"]
        page = list_episodes(connection, before_key=made[2].key, limit=1)
        assert page == [fired]
