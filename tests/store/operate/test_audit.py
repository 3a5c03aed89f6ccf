from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.audit import list_audit, note


def test_the_log_is_read_from_its_end(database: Engine) -> None:
    with writing(database) as connection:
        for i in range(5):
            note(
                connection,
                NOON + timedelta(hours=i),
                "zoe",
                "delete",
                f"model {i}",
                {"why": i} if i else None,
            )
    with reading(database) as connection:
        first = list_audit(connection, limit=2)
        rest = list_audit(connection, before_key=first[-1].key)
    assert [(one.target, one.details) for one in first] == [("model 4", {"why": 4}), ("model 3", {"why": 3})]
    assert [(one.target, one.by, one.action) for one in rest] == [
        (f"model {i}", "zoe", "delete") for i in (2, 1, 0)
    ]
    assert rest[-1].details == {}
    assert rest[-1].time == NOON
