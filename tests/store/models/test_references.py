from __future__ import annotations

from sqlalchemy import Engine
from tests.store.rows import NOON, digest

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import (
    create_reference,
    current_reference,
    list_references,
    measuring_references,
    reference_by_key,
    set_reference_failed,
    set_reference_ready,
)


def test_the_newest_that_is_ready_counts(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        assert current_reference(connection, model.key) is None
        made = [
            create_reference(
                connection, model.key, kind="folder", source={"path": name}, created=NOON, by="me"
            )
            for name in "abc"
        ]
        assert [one.state for one in made] == ["measuring"] * 3
        assert measuring_references(connection) == made
        set_reference_ready(connection, made[0].key, digest("a"))
        set_reference_ready(connection, made[1].key, digest("b"))
        set_reference_failed(connection, made[2].key, "The folder is empty.")
    with reading(database) as connection:
        current = current_reference(connection, model.key)
        assert current is not None
        assert (current.key, current.artifact, current.source) == (made[1].key, digest("b"), {"path": "b"})
        assert [one.key for one in list_references(connection, model.key)] == [one.key for one in made[::-1]]
        failed = reference_by_key(connection, made[2].key)
        assert failed is not None
        assert (failed.state, failed.reason) == ("failed", "The folder is empty.")
        assert measuring_references(connection) == []
        assert reference_by_key(connection, 99) is None
