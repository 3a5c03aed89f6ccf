from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON, digest, new_record

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, add_version
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.store.records.records import (
    Measurement,
    find_record,
    insert_records,
    next_received,
    set_measured,
)
from driftwheel.store.records.retention import (
    delete_records,
    drop_images,
    measured_images,
    records_before,
    unused_digests,
)
from driftwheel.store.schema.record_state import RecordState

HOUR = timedelta(hours=1)


def test_old_records_go_the_oldest_first(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        rows = [new_record(model.key, f"r{i}", time=NOON - i * HOUR) for i in range(1200)]
        insert_records(connection, rows)
        assert [one.id for one in records_before(connection, model.key, NOON, 2)] == ["r1199", "r1198"]
        old = records_before(connection, model.key, NOON - 2 * HOUR, 5000)
        assert len(old) == 1197
        assert delete_records(connection, [one.key for one in old]) == 1197
        assert delete_records(connection, [one.key for one in old]) == 0
        assert {one.id for one in next_received(connection, 0, 10)} == {"r0", "r1", "r2"}


def test_a_key_is_never_given_again(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, "a")])
        (before,) = next_received(connection, 0, 1)
        delete_records(connection, [before.key])
        insert_records(connection, [new_record(model.key, "a")])
        (after,) = next_received(connection, 0, 1)
    assert after.key > before.key


def test_only_images_that_are_done_with_are_dropped(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, name) for name in ("a", "b", "c")])
        a, b, _ = next_received(connection, 0, 3)
        set_measured(connection, [Measurement(a.key, b"p"), Measurement(b.key, reason="bad")])
        done = measured_images(connection, model.key, 0, 10)
        assert [one.key for one in done] == [a.key, b.key]
        assert [one.key for one in measured_images(connection, model.key, a.key, 10)] == [b.key]
        drop_images(connection, [a.key])
    with reading(database) as connection:
        kept = find_record(connection, model.key, a.id)
        assert kept is not None
        assert (kept.image, kept.properties, kept.state) == (None, b"p", RecordState.MEASURED)
        assert [one.key for one in measured_images(connection, model.key, 0, 10)] == [b.key]


def test_a_digest_is_unused_when_nothing_points_to_it(database: Engine, model: Model) -> None:
    names = ["record", "version", "reference", "nothing", *(f"x{i}" for i in range(600))]
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, "a", image="record")])
        add_version(connection, model.key, "1", artifact=digest("version"), created=NOON)
        reference = create_reference(connection, model.key, kind="folder", source={}, created=NOON, by="me")
        set_reference_ready(connection, reference.key, digest("reference"))
    with reading(database) as connection:
        unused = unused_digests(connection, [digest(name) for name in names])
        assert unused_digests(connection, []) == set()
    assert unused == {digest(name) for name in names[3:]}
