from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError
from tests.store.rows import NOON, new_record

from driftwheel.errors import DatabaseBusyError, QueueFullError, StorageFullError, UsageError
from driftwheel.store.engine import database as database_module
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.records import Outcome, find_record
from driftwheel.store.records.writer import RecordWriter
from driftwheel.store.windows.windows import list_windows


@pytest.fixture
def writer(database: Engine) -> Iterator[RecordWriter]:
    with RecordWriter(database, most_waiting=1000) as one:
        yield one


class Gate:
    """Holds every COMMIT of an engine until it is opened, and counts them."""

    def __init__(self, engine: Engine) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        self.commits = 0
        event.listen(engine, "commit", self.hold)

    def hold(self, connection: object) -> None:
        self.commits += 1
        self.reached.set()
        assert self.open.wait(10)


def test_an_answer_comes_after_the_commit(database: Engine, model: Model, writer: RecordWriter) -> None:
    gate = Gate(database)
    future = writer.submit([new_record(model.key, "a")])
    assert gate.reached.wait(10)
    with reading(database) as connection:
        assert find_record(connection, model.key, "a") is None
    assert not future.done()
    assert writer.waiting == 1
    gate.open.set()
    assert future.result(10) == ["accepted"]
    with reading(database) as connection:
        assert find_record(connection, model.key, "a") is not None
    assert writer.waiting == 0


def test_what_comes_during_a_commit_is_committed_together(
    database: Engine, model: Model, writer: RecordWriter
) -> None:
    gate = Gate(database)
    futures = [writer.submit([new_record(model.key, "first")])]
    assert gate.reached.wait(10)
    last = new_record(model.key, "x")
    futures += [writer.submit([new_record(model.key, f"r{i}"), last]) for i in range(50)]
    gate.open.set()
    wait(futures, 20)
    assert [future.result() for future in futures] == [
        ["accepted"],
        ["accepted", "accepted"],
        *[["accepted", "duplicate"]] * 49,
    ]
    assert gate.commits == 2


def test_too_many_are_refused_and_taken_when_there_is_room(database: Engine, model: Model) -> None:
    with RecordWriter(database, most_waiting=3) as writer:
        gate = Gate(database)
        first = writer.submit([new_record(model.key, "a"), new_record(model.key, "b")])
        assert gate.reached.wait(10)
        with pytest.raises(QueueFullError, match=r"^2 records wait .* 2 more .* at most 3 may wait"):
            writer.submit([new_record(model.key, "c"), new_record(model.key, "d")])
        second = writer.submit([new_record(model.key, "c")])
        with pytest.raises(QueueFullError):
            writer.submit([new_record(model.key, "d")])
        gate.open.set()
        assert first.result(10) + second.result(10) == ["accepted"] * 3
        assert writer.submit([new_record(model.key, "d")]).result(10) == ["accepted"]
    with reading(database) as connection:
        assert find_record(connection, model.key, "d") is not None


def test_one_bad_batch_fails_alone(database: Engine, model: Model, writer: RecordWriter) -> None:
    gate = Gate(database)
    held = writer.submit([new_record(model.key, "held")])
    assert gate.reached.wait(10)
    good = [writer.submit([new_record(model.key, f"good{i}")]) for i in range(3)]
    bad = writer.submit([new_record(model.key, "fine"), new_record(10**6, "of no model")])
    good.append(writer.submit([new_record(model.key, "good3")]))
    gate.open.set()
    assert held.result(10) == ["accepted"]
    assert [future.result(10) for future in good] == [["accepted"]] * 4
    with pytest.raises(IntegrityError):
        bad.result(10)
    with reading(database) as connection:
        assert find_record(connection, model.key, "fine") is None
    assert writer.waiting == 0


def test_a_batch_that_was_cancelled_is_not_written(
    database: Engine, model: Model, writer: RecordWriter
) -> None:
    gate = Gate(database)
    first = writer.submit([new_record(model.key, "first")])
    assert gate.reached.wait(10)
    second = writer.submit([new_record(model.key, "second")])
    third = writer.submit([new_record(model.key, "third")])
    assert second.cancel()
    assert not first.cancel()
    gate.open.set()
    assert third.result(10) == ["accepted"]
    with reading(database) as connection:
        assert find_record(connection, model.key, "second") is None
    assert writer.waiting == 0


def test_closing_writes_what_waits(database: Engine, model: Model) -> None:
    writer = RecordWriter(database, most_waiting=1000)
    futures = [writer.submit([new_record(model.key, f"r{i}")]) for i in range(100)]
    writer.close()
    assert [future.result(0) for future in futures] == [["accepted"]] * 100
    with pytest.raises(UsageError, match="closed; the server is stopping"):
        writer.submit([new_record(model.key, "late")])
    writer.close()


def test_nothing_is_an_answer_too(writer: RecordWriter) -> None:
    assert writer.submit([]).result(10) == []


def test_the_windows_of_accepted_records_are_stale(
    database: Engine, model: Model, writer: RecordWriter
) -> None:
    day = timedelta(days=1)
    writer.submit(
        [
            new_record(model.key, "a", tags={"camera": "1", "site": "x"}),
            new_record(model.key, "b", tags={"camera": "2"}),
            new_record(model.key, "c", time=NOON + day),
            new_record(model.key, "a", content="conflict", time=NOON + 2 * day),
        ]
    ).result(10)
    with reading(database) as connection:
        kept = list_windows(connection, model.key)
    found = [(one.start.day, one.tag, one.value, one.stale) for one in kept]
    assert found == [(4, "", "", True), (4, "camera", "1", True), (4, "camera", "2", True), (5, "", "", True)]


def test_writers_of_two_servers_accept_each_record_once(
    database_url: str, database: Engine, model: Model
) -> None:
    engines = [open_database(database_url) for _ in range(2)]
    writers = [RecordWriter(engine, most_waiting=10**6) for engine in engines]
    names = [f"r{i}" for i in range(300)]
    told: list[dict[str, Future[list[Outcome]]]] = [{}, {}]
    for name in names:
        told[0][name] = writers[0].submit([new_record(model.key, name, tags={"camera": name[-1]})])
    for name in reversed(names):
        told[1][name] = writers[1].submit([new_record(model.key, name, tags={"camera": name[-1]})])
    for name in names:
        pair = told[0][name].result(30) + told[1][name].result(30)
        assert sorted(pair) == ["accepted", "duplicate"]
    for writer, engine in zip(writers, engines, strict=True):
        writer.close()
        engine.dispose()


def test_a_server_that_was_killed_beneath_it_is_told_and_forgotten(
    database: Engine, model: Model, writer: RecordWriter
) -> None:
    """PostgreSQL ends the writer's connection in the middle of a commit: an error, and then it goes on."""
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    ended = []

    def end(connection: object) -> None:
        if not ended:
            ended.append(True)
            with reading(database) as other:
                other.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    event.listen(database, "commit", end)
    failed = writer.submit([new_record(model.key, "a")])
    with pytest.raises(Exception, match=r"terminating connection|server closed"):
        failed.result(10)
    assert writer.submit([new_record(model.key, "a")]).result(10) == ["accepted"]


def test_a_database_that_is_kept_busy_fails_all_who_wait_at_once_and_then_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.3)
    engine, other = (open_database(f"sqlite:///{tmp_path / 'data.sqlite'}") for _ in range(2))
    migrate(engine)
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=NOON)
    with RecordWriter(engine, most_waiting=1000) as writer:
        began = time.monotonic()
        with writing(other):  # as another process would
            futures = [writer.submit([new_record(model.key, f"r{i}")]) for i in range(100)]
            for future in futures:
                with pytest.raises(DatabaseBusyError):
                    future.result(30)
        assert time.monotonic() - began < 10  # not 0.3 s for each
        again = [writer.submit([new_record(model.key, f"r{i}")]) for i in range(100)]
        assert [future.result(30) for future in again] == [["accepted"]] * 100
    engine.dispose()
    other.dispose()


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Model, list[int]]]:
    """An SQLite database that may grow to the number of pages in the list."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('small') / 'data.sqlite'}")
    migrate(engine)
    with writing(engine) as connection:
        one = create_model(connection, "m", task="classification", created=NOON)
        pages = [connection.exec_driver_sql("PRAGMA page_count").scalar_one()]

    def bound(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")  # type: ignore[attr-defined]

    event.listen(engine, "begin", bound)
    yield engine, one, pages
    engine.dispose()


def test_a_full_disk_fails_the_answer_and_it_goes_on_when_space_is_back(
    small: tuple[Engine, Model, list[int]],
) -> None:
    engine, model, pages = small
    pages[0] += 20
    accepted: list[str] = []
    refused: list[str] = []
    with RecordWriter(engine, most_waiting=10**6) as writer:
        futures = {
            f"r{i}": writer.submit([new_record(model.key, f"r{i}-{j}") for j in range(20)]) for i in range(60)
        }
        for name, future in futures.items():
            try:
                assert future.result(30) == ["accepted"] * 20
                accepted.append(name)
            except StorageFullError:
                refused.append(name)
        assert accepted
        assert refused
        with reading(engine) as connection:
            for name in accepted + refused:
                kept = [find_record(connection, model.key, f"{name}-{j}") is not None for j in range(20)]
                assert kept == [name in accepted] * 20
        pages[0] = 1_000_000
        for name in refused:
            again = writer.submit([new_record(model.key, f"{name}-{j}") for j in range(20)])
            assert again.result(30) == ["accepted"] * 20
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
