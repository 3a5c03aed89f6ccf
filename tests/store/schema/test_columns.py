"""The types of columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.audit import list_audit, note


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (NOON + timedelta(microseconds=1), NOON + timedelta(microseconds=1)),
        (datetime(2026, 3, 4, 14, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 4, 12, tzinfo=UTC)),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), datetime.max.replace(tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_every_moment_that_is_kept_can_be_read(database: Engine, given: datetime, kept: datetime) -> None:
    """One row that cannot be read would take every list that it is in with it."""
    with writing(database) as connection:
        note(connection, given, "me", "look", "clock")
    with reading(database) as connection:
        assert [one.time for one in list_audit(connection)] == [kept]
