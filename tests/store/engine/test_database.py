from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from driftwheel.errors import DatabaseBusyError, StorageFullError, UsageError
from driftwheel.store.engine import database as subject
from driftwheel.store.engine.database import error_text, open_database, reading, sqlite_file, writing
from driftwheel.store.operate.settings import get_setting, put_setting
from driftwheel.store.schema.tables import settings


def test_what_is_written_is_there_after_it(database: Engine) -> None:
    with writing(database) as connection:
        put_setting(connection, "colour", {"of": "the sky", "é": [1, 2.5, None]})
        with reading(database) as other:
            assert get_setting(other, "colour") is None
    with reading(database) as connection:
        assert get_setting(connection, "colour") == {"of": "the sky", "é": [1, 2.5, None]}


def test_an_error_rolls_back(database: Engine) -> None:
    def change_my_mind() -> None:
        with writing(database) as connection:
            put_setting(connection, "colour", "red")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        change_my_mind()
    with reading(database) as connection:
        assert get_setting(connection, "colour") is None
    with writing(database) as connection:  # the turn was given back
        put_setting(connection, "colour", "green")


def test_who_reads_cannot_write(database: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), reading(database) as connection:
        put_setting(connection, "colour", "red")
    for _ in range(3):  # the connection goes back to the pool and can write again
        with writing(database) as connection:
            put_setting(connection, "colour", "green")


def test_who_reads_sees_one_moment(database: Engine) -> None:
    with reading(database) as reader:
        assert get_setting(reader, "colour") is None
        with writing(database) as connection:
            put_setting(connection, "colour", "red")
        assert get_setting(reader, "colour") is None


def test_other_errors_stay_as_they_are(database: Engine) -> None:
    with pytest.raises(IntegrityError), writing(database) as connection:
        connection.execute(settings.insert(), [{"name": "a", "value": 1}, {"name": "a", "value": 2}])


def test_an_error_tells_nothing_of_the_values(database: Engine) -> None:
    """It ends in the server's log, and a value may be the address of a channel with its password."""
    with pytest.raises(IntegrityError) as caught, writing(database) as connection:
        connection.execute(settings.insert(), [{"name": name, "value": "s3cret"} for name in "aba"])
    assert "s3cret" not in str(caught.value)


def test_many_writers_lose_nothing(database: Engine) -> None:
    with writing(database) as connection:
        put_setting(connection, "count", 0)

    def add() -> None:
        for _ in range(10):
            with writing(database) as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("LOCK TABLE settings"))
                put_setting(connection, "count", (get_setting(connection, "count") or 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(database) as connection:
        assert get_setting(connection, "count") == 50


def sqlite(folder: Path) -> Engine:
    return open_database(f"sqlite:///{folder / 'deep' / 'folder' / 'data.sqlite'}")


def test_sqlite_is_as_safe_as_it_can_be(tmp_path: Path) -> None:
    engine = sqlite(tmp_path)
    with reading(engine) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_turn_that_does_not_come_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "BUSY_SECONDS", 0.05)
    engine = sqlite(tmp_path)
    late = pytest.raises(DatabaseBusyError, match=r"kept the database for more than 0\.05 s")
    with writing(engine), late, writing(engine):
        pass
    other = sqlite(tmp_path)  # as another process would be
    with writing(engine), pytest.raises(DatabaseBusyError, match="database is locked"), writing(other):
        pass
    with writing(other):
        pass
    engine.dispose()
    other.dispose()


def test_a_full_disk_is_an_error_and_nothing_is_kept(tmp_path: Path) -> None:
    engine = sqlite(tmp_path)
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE heap (data BLOB)")

    def fill() -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 10")
            connection.exec_driver_sql("INSERT INTO heap VALUES (zeroblob(100))")
            connection.exec_driver_sql("INSERT INTO heap VALUES (zeroblob(1000000))")

    with pytest.raises(StorageFullError, match=r"disk is full\. Nothing was kept; make space"):
        fill()
    with writing(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM heap").scalar_one() == 0
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        connection.exec_driver_sql("INSERT INTO heap VALUES (zeroblob(1000000))")
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["", "data.sqlite", "mysql://user@host/name", "nonsense://x", "sqlite+nonsense://x", "://"]
)
def test_a_url_of_something_else(url: str) -> None:
    with pytest.raises(UsageError, match="is no database URL; give sqlite:///path or postgresql://"):
        open_database(url)


def test_a_password_is_not_in_the_message() -> None:
    with pytest.raises(UsageError) as caught:
        open_database("mysql://me:secret@host/name")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="in memory only; give a file"):
        open_database(url)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///data/x.sqlite", "data/x.sqlite"),
        ("sqlite:////srv/x.sqlite?timeout=5", "/srv/x.sqlite"),
        ("sqlite+pysqlite:////srv/x.sqlite", "/srv/x.sqlite"),
        ("postgresql://me@host/name", None),
    ],
)
def test_the_file_of_a_url(url: str, file: str | None) -> None:
    assert sqlite_file(url) == (None if file is None else Path(file))


def test_the_file_of_an_engine(database: Engine) -> None:
    file = sqlite_file(database)
    assert (file is not None) == (database.dialect.name == "sqlite")
    assert file is None or file.is_file()


def test_what_a_database_says_is_put_into_a_sentence() -> None:
    error = DBAPIError("SELECT 1", None, sqlite3.OperationalError("no such\n  table: x."))
    assert error_text(error) == "no such table: x"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_new_data_folder_is_closed_to_other_users(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_database(f"sqlite:///{tmp_path / 'data' / 'driftwheel.sqlite'}").dispose()
    finally:
        os.umask(before)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750
