from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.records.edge_profiles import add_edge_profile, list_edge_profiles

DAY = timedelta(days=1)


def test_a_profile_is_kept_once_and_listed_in_an_order_of_its_own(database: Engine, model: Model) -> None:
    profiles: dict[bytes, datetime | None] = {b"a": NOON, b"b": NOON + DAY, b"c": NOON + 2 * DAY, b"d": None}
    with writing(database) as connection:
        for expected in ("accepted", "duplicate"):
            for profile, start in profiles.items():
                end = None if start is None else start + DAY
                outcome = add_edge_profile(
                    connection, model.key, profile, start=start, end=end, received=NOON
                )
                assert outcome == expected
    with reading(database) as connection:
        found = list(list_edge_profiles(connection, model.key))
        part = list_edge_profiles(connection, model.key, since=NOON + DAY, until=NOON + 2 * DAY)
        assert {one.profile for one in part} == {b"b", b"d"}
    assert {one.profile: one.start for one in found} == profiles
    assert [one.digest for one in found] == sorted(one.digest for one in found)
