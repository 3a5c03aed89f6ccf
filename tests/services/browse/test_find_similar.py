from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection, Engine
from tests.store.rows import NOON, new_record

from driftwheel.services.browse.find_similar import find_similar
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.records import Measurement, find_record, insert_records, set_measured

SPACE = "gist-1/abc"


def add(c: Connection, model: int, name: str, vector: list[float] | None, *, space: str = SPACE) -> int:
    """Add a record with this embedding; each comes a minute after the one before. Return its key."""
    insert_records(c, [new_record(model, name, time=NOON + timedelta(minutes=int(name[1:])))])
    record = find_record(c, model, name)
    assert record is not None
    packed = None if vector is None else np.array(vector, "<f2").tobytes()
    set_measured(
        c,
        [Measurement(record.key, embedding=packed, space=None if vector is None else space)],
    )
    return record.key


def test_the_nearest_in_angle_come_first(database: Engine) -> None:
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        other = create_model(c, "other", task="classification", created=NOON).key
        key = add(c, model, "r0", [1, 0, 0])
        add(c, model, "r1", [0, 1, 0])
        add(c, model, "r2", [9, 1, 0])  # nearly the same direction, however long
        add(c, model, "r3", [-1, 0, 0])
        add(c, model, "r4", [3, 3, 0])
        add(c, model, "r5", [0, 0, 0])  # no direction: last
        add(c, model, "r6", None)
        add(c, model, "r7", [1, 0, 0], space="gist-1/other")
        add(c, model, "r8", [1, 0])  # of another length
        add(c, other, "r9", [1, 0, 0])
    with reading(database) as c:
        similar = find_similar(c, key, limit=4)
    assert similar is not None
    assert similar.n == 5
    assert [each.record.id for each in similar.found] == ["r2", "r4", "r1", "r5"]
    expected = [9 / np.hypot(9, 1), np.sqrt(0.5), 0, -1]
    assert [each.likeness for each in similar.found] == pytest.approx(expected, abs=1e-3)


def test_ties_go_to_the_newer_record(database: Engine) -> None:
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        key = add(c, model, "r0", [1, 1])
        for name in ("r1", "r2", "r3"):
            add(c, model, name, [2, 2])
    with reading(database) as c:
        similar = find_similar(c, key)
    assert similar is not None
    assert [each.record.id for each in similar.found] == ["r3", "r2", "r1"]


def test_an_image_without_an_embedding_is_like_none(database: Engine) -> None:
    with writing(database) as c:
        model = create_model(c, "m", task="classification", created=NOON).key
        key = add(c, model, "r0", None)
    with reading(database) as c:
        assert find_similar(c, key) is None
        assert find_similar(c, key + 1000) is None
