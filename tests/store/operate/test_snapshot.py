"""A snapshot holds every value of every table, of SQLite and PostgreSQL alike, and goes back into either."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    Engine,
    Integer,
    LargeBinary,
    String,
    insert,
    null,
    select,
)
from tests.databases import PostgresServer

from driftwheel.errors import DriftwheelError
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.in_use import is_in_use
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.operate.audit import list_audit, note
from driftwheel.store.operate.snapshot import (
    count_rows,
    digests_named,
    has_rows,
    load_snapshot,
    revision_of,
    take_snapshot,
)
from driftwheel.store.schema.all_tables import METADATA
from driftwheel.store.schema.columns import Digest, UtcTime

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ROWS = 3


def value(column: Column[Any], row: int) -> Any:
    """Something for each type: umlauts, quotes, every byte, a float that no decimal of 15 digits tells."""
    if column.foreign_keys or (column.primary_key and not isinstance(column.type, LargeBinary)):
        return f"name {row}" if column.name == "name" else 10 * row + 7
    if column.nullable and row == 2:
        return null()
    if isinstance(column.type, JSON):
        return None if row == 1 and column.nullable else {"ä": [1, 0.1, None, 'é\n"'], "n": row}
    if isinstance(column.type, LargeBinary) and column.type.length == 32:
        return bytes([row]) * 31 + column.name.encode()[:1]
    if isinstance(column.type, String):
        return f"Prüfung {row}; \\N\t'"[: column.type.length]
    return next(
        of(row)
        for kind, of in {
            UtcTime: lambda row: NOW + timedelta(microseconds=row),
            LargeBinary: lambda row: bytes(range(256)),
            Boolean: lambda row: row % 2 == 0,
            Double: lambda row: 0.1 + row * 1e-16,
            Integer: lambda row: row,
        }.items()
        if isinstance(column.type, kind)
    )


def fill(engine: Engine) -> None:
    with writing(engine) as connection:
        for table in METADATA.sorted_tables:
            for row in range(ROWS):
                connection.execute(insert(table).values({one.name: value(one, row) for one in table.columns}))


def raw(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every value as SQLite stores it."""
    found = {}
    with closing(sqlite3.connect(file)) as connection:
        for table in METADATA.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            found[table.name] = connection.execute(
                f'SELECT {columns} FROM "{table.name}" ORDER BY 1'
            ).fetchall()
    return found


def test_a_snapshot_is_one_whole_file_with_every_row(database: Engine, tmp_path: Path) -> None:
    fill(database)
    file = tmp_path / "snapshot.sqlite"
    take_snapshot(database, file)
    assert count_rows(file) == {table.name: ROWS for table in METADATA.sorted_tables}
    assert sorted(tmp_path.glob("snapshot*")) == [file]
    assert revision_of(file).startswith("r0")
    copy = open_database(f"sqlite:///{file}")
    try:
        for table in METADATA.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            with reading(database) as source, reading(copy) as there:
                assert there.execute(query).all() == source.execute(query).all()
    finally:
        copy.dispose()


def test_it_names_the_blobs_of_records_versions_and_references(database: Engine, tmp_path: Path) -> None:
    fill(database)
    file = tmp_path / "snapshot.sqlite"
    take_snapshot(database, file)
    images = {bytes([row]) * 31 + b"i" for row in range(ROWS)}  # a record may have none, a task has one
    parts = {bytes([row]) * 31 + b"b" for row in range(ROWS)}  # of a dataset version
    others = {bytes([row]) * 31 + letter for row in range(2) for letter in (b"a", b"c", b"f")}
    assert list(digests_named(file)) == sorted(images | parts | others)


def test_a_snapshot_of_an_earlier_release_names_its_blobs_too(database: Engine, tmp_path: Path) -> None:
    fill(database)
    file = tmp_path / "snapshot.sqlite"
    take_snapshot(database, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute('ALTER TABLE "references" DROP COLUMN faults')
        connection.commit()
    assert len(list(digests_named(file))) == 2 * ROWS + 6


def test_every_digest_of_a_table_is_known_to_name_a_blob_or_not() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in METADATA.sorted_tables
        for column in table.columns
        if column.type is Digest
    }
    of_blobs = {"records.image", "model_versions.artifact", "references.artifact", "references.faults"}
    of_blobs |= {"autoencoders.artifact", "tasks.image", "dataset_images.image", "dataset_blobs.blob"}
    of_blobs |= {"label_imports.file", "training_runs.artifact", "training_runs.checkpoint"}
    of_others = {"records.body", "feedback.body", "edge_profiles.digest", "sessions.digest", "tokens.digest"}
    of_others |= {"episodes.instance", "answers.body", "invitations.digest", "image_embeddings.image"}
    of_others |= {"dataset_versions.digest", "dataset_versions.content"}  # its blobs are in dataset_blobs
    of_others |= {"model_versions.dataset"}
    assert columns == of_blobs | of_others, "a new one: does it name a blob? See snapshot._DIGESTS"


def test_what_is_written_while_it_is_taken_is_in_it_whole_or_not_at_all(
    database: Engine, tmp_path: Path
) -> None:
    fill(database)
    with writing(database) as connection:  # not committed yet
        note(connection, NOW, "me", "late", "target")
        if database.dialect.name == "postgresql":  # on SQLite too nobody waits, but one thread cannot show it
            take_snapshot(database, tmp_path / "one.sqlite")
            assert count_rows(tmp_path / "one.sqlite")["audit"] == ROWS
    take_snapshot(database, tmp_path / "two.sqlite")
    assert count_rows(tmp_path / "two.sqlite")["audit"] == ROWS + 1


def test_a_snapshot_goes_into_postgresql_and_comes_out_the_same(
    database: Engine, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    fill(database)
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    take_snapshot(database, first)
    postgres_server.execute("CREATE DATABASE target")
    target = open_database(postgres_server.url("target"))
    try:
        migrate(target)
        with writing(target) as connection:
            note(connection, NOW, "old", "goes", "away")
        load_snapshot(first, target)
        take_snapshot(target, second)
        assert raw(second) == raw(first)
        with writing(target) as connection:  # keys go on after the last
            note(connection, NOW, "new", "comes", "after")
        take_snapshot(target, tmp_path / "third.sqlite")
        assert raw(tmp_path / "third.sqlite")["audit"][-1][0] == 28
    finally:
        target.dispose()
        postgres_server.execute("DROP DATABASE target WITH (FORCE)")


def test_a_load_that_fails_changes_nothing(
    database: Engine, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    if database.dialect.name == "sqlite":
        pytest.skip("only PostgreSQL is loaded")
    fill(database)
    file, after = tmp_path / "snapshot.sqlite", tmp_path / "after.sqlite"
    take_snapshot(database, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE audit SET details = 'no JSON' WHERE key = 27")
        connection.commit()
    with pytest.raises(Exception, match="invalid input syntax for type json"):
        load_snapshot(file, database)
    take_snapshot(database, after)
    assert count_rows(after) == {table.name: ROWS for table in METADATA.sorted_tables}


def test_a_damaged_database_is_no_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "driftwheel.sqlite"
    engine = open_database(f"sqlite:///{file}")
    migrate(engine)
    with writing(engine) as connection:
        for number in range(2000):
            note(connection, NOW, "me", "do", f"target {number}", {"much": "x" * 100})
    engine.dispose()
    data = bytearray(file.read_bytes())
    begin = data.index(b"target 1000") // 4096 * 4096  # a page of rows: without the schema nothing opens
    data[begin : begin + 4096] = b"\xff" * 4096
    file.write_bytes(data)
    with pytest.raises(DriftwheelError, match=r"The database is damaged: .*Restore the last good backup"):
        take_snapshot(engine, tmp_path / "snapshot.sqlite")
    engine.dispose()


def test_rows_are_seen_and_a_database_without_tables_has_none(empty_database: Engine) -> None:
    assert not has_rows(empty_database)
    migrate(empty_database)
    assert not has_rows(empty_database)
    with writing(empty_database) as connection:
        note(connection, NOW, "me", "do", "target")
    assert has_rows(empty_database)


def test_it_is_told_whether_anybody_else_has_the_database_open(database: Engine, database_url: str) -> None:
    assert not is_in_use(database)
    other = open_database(database_url)
    with reading(other) as connection:
        list_audit(connection)
    assert is_in_use(database)  # it is idle, but connected
    other.dispose()
    assert not is_in_use(database)
    with writing(database) as connection:  # and it still works
        note(connection, NOW, "me", "do", "target")
