from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import is_current, migrate
from driftwheel.store.schema.all_tables import METADATA


def described_index(index: Mapping[str, Any]) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} {index['unique']} {options}"


def described(connection: Connection) -> dict[str, object]:
    """Everything about the tables that the databases themselves tell."""
    look = inspect(connection)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(name)],
            look.get_pk_constraint(name),
            sorted(look.get_unique_constraints(name), key=lambda one: str(one["name"])),
            sorted(look.get_foreign_keys(name), key=lambda one: str(one["name"])),
            sorted(described_index(index) for index in look.get_indexes(name)),
        )
        for name in look.get_table_names()
        if name != "alembic_version"
    }


def test_the_migrations_make_the_tables(database: Engine) -> None:
    with reading(database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        migrated = described(connection)
    with writing(database) as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    with reading(database) as connection:
        created = described(connection)
    assert migrated == created
    assert set(migrated) == set(METADATA.tables)


def test_sqlite_never_gives_a_key_of_a_record_twice(database: Engine) -> None:
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's sequences never do")
    with reading(database) as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'records'")).scalar_one()
    assert "AUTOINCREMENT" in made


def test_a_new_database_is_not_current_and_then_it_is(empty_database: Engine) -> None:
    assert not is_current(empty_database)
    migrate(empty_database)
    assert is_current(empty_database)
    migrate(empty_database)
    assert is_current(empty_database)


def test_servers_that_start_at_once_do_not_disturb_each_other(database_url: str) -> None:
    errors: list[BaseException] = []
    ready = threading.Barrier(4)

    def start() -> None:
        engine = open_database(database_url)
        try:
            ready.wait()
            migrate(engine)
            assert is_current(engine)
        except BaseException as error:
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_database_of_a_newer_release_is_refused(database: Engine) -> None:
    with writing(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    assert not is_current(database)
    with pytest.raises(UsageError, match=r"'r9999'.*newer one wrote it. Install that release"):
        migrate(database)


def test_a_migration_that_fails_leaves_nothing(empty_database: Engine) -> None:
    with writing(empty_database) as connection:
        connection.execute(text("CREATE TABLE windows (x INTEGER)"))
    with pytest.raises(Exception, match="windows"):
        migrate(empty_database)
    with reading(empty_database) as connection:
        assert inspect(connection).get_table_names() == ["windows"]
