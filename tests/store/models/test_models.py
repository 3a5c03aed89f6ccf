from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON, digest, new_record

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import (
    Model,
    add_version,
    create_model,
    delete_model,
    find_model,
    list_models,
    list_versions,
    lock_model,
    model_by_key,
    update_model,
)
from driftwheel.store.records.records import count_received, find_record, insert_records
from driftwheel.store.records.truths import NewTruth, find_truth, put_truths


def test_a_model_is_found_by_name_and_key(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        other = create_model(
            connection,
            "boxes",
            task="detection",
            created=NOON,
            window="hour",
            retention_days=30,
            keep_images=0.25,
            embedder="efficientnet-lite0",
        )
    with reading(database) as connection:
        assert find_model(connection, "m") == model == model_by_key(connection, model.key)
        assert list_models(connection) == [other, model]
        assert model_by_key(connection, 99) is None
    assert (model.classes, model.segment_tags, model.window) == (("cat", "dog"), ("camera",), "day")
    assert (other.task, other.retention_days, other.keep_images) == ("detection", 30, 0.25)


def test_a_name_is_taken_once_and_a_typing_error_is_seen(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        create_model(connection, "textiles", task="classification", created=NOON)
        with pytest.raises(UsageError, match="already a model 'm'; choose another"):
            create_model(connection, "m", task="detection", created=NOON)
        with pytest.raises(UsageError, match=r"no model 'textile'\. Did you mean 'textiles'\?"):
            find_model(connection, "textile")


def test_what_may_change_changes(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        for key in (model.key, 99):
            change = {"classes": ["a"], "window": "week", "segment_tags": [], "embedder": "none"}
            change["false_alarms_per_year"] = 2.0
            if key == 99:
                with pytest.raises(UsageError, match="no model with the key 99"):
                    update_model(connection, key, **change, retention_days=1, keep_images=0)  # type: ignore[arg-type]
            else:
                update_model(connection, key, **change, retention_days=1, keep_images=0)  # type: ignore[arg-type]
    with reading(database) as connection:
        found = find_model(connection, "m")
    assert (found.classes, found.window, found.segment_tags, found.embedder) == (("a",), "week", (), "none")
    assert (found.retention_days, found.keep_images, found.created) == (1, 0, model.created)


def test_versions_are_added_and_never_changed(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        first = add_version(connection, model.key, "1", artifact=None, created=NOON)
        second = add_version(connection, model.key, "2", artifact=digest("x"), created=NOON + timedelta(1))
        with pytest.raises(UsageError, match="already has a version '1'"):
            add_version(connection, model.key, "1", artifact=digest("y"), created=NOON)
    with reading(database) as connection:
        assert list_versions(connection, model.key) == [second, first]
    assert second.artifact == digest("x")


def test_a_model_is_deleted_with_all_that_is_kept_of_it(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, "a")])
        put_truths(connection, model.key, [NewTruth("a", Classification("cat"))], received=NOON, by="me")
    with writing(database) as connection:
        assert delete_model(connection, model.key)
        assert not delete_model(connection, model.key)
    with reading(database) as connection:
        assert find_record(connection, model.key, "a") is None
        assert find_truth(connection, model.key, "a") is None
        assert count_received(connection) == 0


def test_who_changes_the_alerts_of_a_model_waits_for_who_does(database: Engine, model: Model) -> None:
    got: list[Model | None] = []

    def lock() -> None:
        with writing(database) as connection:
            got.append(lock_model(connection, model.key))

    other = threading.Thread(target=lock)
    with writing(database) as connection:
        assert lock_model(connection, model.key) == model
        assert lock_model(connection, model.key + 1) is None
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join()
    assert got == [model]


def test_who_writes_records_does_not_wait_for_it(database: Engine, model: Model) -> None:
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with writing(database) as locking, writing(database) as connection:
        assert lock_model(locking, model.key) is not None
        assert insert_records(connection, [new_record(model.key, "a")]) == ["accepted"]
