from __future__ import annotations

from sqlalchemy import Engine

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.settings import all_settings, delete_setting, get_setting, put_setting


def test_a_setting_is_put_over_and_forgotten(database: Engine) -> None:
    with writing(database) as connection:
        put_setting(connection, "b", [1, {"é": None}])
        put_setting(connection, "a", 1)
        put_setting(connection, "a", "two")
    with writing(database) as connection:
        assert all_settings(connection) == {"a": "two", "b": [1, {"é": None}]}
        delete_setting(connection, "a")
        delete_setting(connection, "a")
    with reading(database) as connection:
        assert get_setting(connection, "a") is None
        assert get_setting(connection, "b") == [1, {"é": None}]
