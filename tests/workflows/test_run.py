from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import pytest
from dbos import DBOS
from sqlalchemy import Engine
from tests import fork_server
from tests.services.halves import halves, network
from tests.workflows.installation import (
    NOW,
    add_model,
    addresses,
    everything,
    log,
    picture,
    record,
    some_records,
)

from driftwheel.errors import UsageError
from driftwheel.services.measure.backfill import ask_for_backfill, asked_backfills
from driftwheel.services.measure.measured_reference import unpack_reference
from driftwheel.services.models.ask_version import wanted_versions
from driftwheel.services.models.register_model import add_model_version
from driftwheel.services.models.set_reference import Folder, Trailing, set_reference
from driftwheel.store.engine.database import reading
from driftwheel.store.engine.named_lock import NamedLock
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.references import list_references
from driftwheel.store.records.records import count_received
from driftwheel.store.windows.verdicts import find_verdict
from driftwheel.store.windows.windows import list_windows
from driftwheel.workflows import run
from driftwheel.workflows.reference import follow
from driftwheel.workflows.retention import sweep
from driftwheel.workflows.worker import Worker, current

pytestmark = pytest.mark.long

WORKER = ("driftwheel", "worker", "--threads", "1")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


@pytest.fixture(autouse=True)
def stopped(database: Engine) -> Iterator[None]:
    """Stop the worker before its database goes."""
    yield
    run.stop()


def start(database_url: str, engine: Engine, blobs: Blobs, tmp_path: Path) -> None:
    run.start(addresses(database_url, tmp_path), engine, blobs, threads=1, summary_share=1.0)


def test_what_is_logged_is_measured_and_summed_up(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = add_model(database)
    start(database_url, database, blobs, tmp_path)
    assert run.is_running()
    for begin in range(0, 30, 10):
        log(database, blobs, model, some_records(30)[begin : begin + 10])
    assert run.wait_until_idle(60)
    found = everything(database, blobs)
    states = {row[0] for row in found["records"].values()}
    assert states == {"MEASURED", "REJECTED", "NO_IMAGE"}
    assert not any(row[-1] for row in found["windows"].values())
    left = DBOS.list_workflows()
    run.stop()
    assert not run.is_running()
    assert not left  # each was forgotten when it was done
    assert "driftwheel-measure" not in {thread.name for thread in threading.enumerate()}
    assert capfd.readouterr().err == ""


def test_it_starts_again_and_stops_twice(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database, embedder="none")
    for i in range(3):
        start(database_url, database, blobs, tmp_path)
        with pytest.raises(UsageError, match="This process has a worker already"):
            start(database_url, database, blobs, tmp_path)
        log(database, blobs, model, [record(str(i), picture(i))])
        assert run.wait_until_idle(60)
        run.stop()
        run.stop()
    with reading(database) as connection:
        assert count_received(connection) == 0
    with pytest.raises(UsageError, match="No worker runs in this process"):
        current()
    assert not run.wait_until_idle(1)


def test_stopping_in_the_middle_loses_nothing(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(60))
    ask_for_backfill(database, "m", NOW, NOW + timedelta(1), name=UUID(int=3), by="me", now=NOW)
    for _ in range(3):
        start(database_url, database, blobs, tmp_path)
        time.sleep(0.4)
        run.stop()
    start(database_url, database, blobs, tmp_path)
    assert run.wait_until_idle(60)
    found = everything(database, blobs)
    assert len(found["records"]) == 60
    assert "RECEIVED" not in {row[0] for row in found["records"].values()}
    assert not any(row[-1] for row in found["windows"].values())


def test_references_are_measured_or_say_why_not(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database)
    (tmp_path / "good").mkdir()
    (tmp_path / "empty").mkdir()
    for i in range(5):
        (tmp_path / "good" / f"{i}.png").write_bytes(picture(i))
    for name in ("good", "empty"):
        set_reference(database, "m", Folder(str(tmp_path / name)), by="me", now=NOW)
    start(database_url, database, blobs, tmp_path)
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        empty, good = list_references(connection, model.key)
    assert (good.state, good.reason) == ("ready", None)
    assert blobs.exists(good.artifact or b"")
    assert empty.state == "failed"
    assert str(tmp_path / "empty") in (empty.reason or "")


def test_a_new_version_is_asked_about_the_reference(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database, segment_tags=[], embedder="none")
    for i, (pixels, label) in enumerate(halves(8, 1)):
        (tmp_path / "images" / label).mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "images" / label / f"{i}.png"), pixels)
    set_reference(database, "m", Folder(str(tmp_path / "images")), by="me", now=NOW)
    start(database_url, database, blobs, tmp_path)
    assert run.wait_until_idle(60)
    add_model_version(database, blobs, "m", "v1", onnx=network(), by="me", now=NOW)
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        (reference,) = list_references(connection, model.key)
        assert not wanted_versions(connection)
    asked = unpack_reference(blobs.get(reference.artifact or b"")).asked
    assert [(one.version, one.scores.shape) for one in asked] == [("v1", (8, 2))]


def test_a_trailing_reference_is_taken_anew(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database, embedder="none")
    start(database_url, database, blobs, tmp_path)
    long_ago = (current().now() - NOW).days + 2
    log(database, blobs, model, [record("a", picture(1))])
    assert run.wait_until_idle(60)
    set_reference(database, "m", Trailing(long_ago), by="me", now=NOW)
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        (before,) = list_references(connection, model.key)
    log(database, blobs, model, [record("b", picture(2))])
    assert run.wait_until_idle(60)
    follow(NOW, None)
    with reading(database) as connection:
        (after,) = list_references(connection, model.key)
    assert (before.state, after.state) == ("ready", "ready")
    assert before.artifact != after.artifact


def test_a_round_outlives_an_error(  # noqa: PLR0917  fixtures
    database: Engine,
    database_url: str,
    blobs: Blobs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("driftwheel.workflows.rounds._AFTER_ERROR_SECONDS", 0.1)
    failures = iter([OSError("the disk is away"), OSError("still away")])

    def fail_twice(point: str) -> None:
        if point == "measure-taken" and (error := next(failures, None)) is not None:
            raise error

    monkeypatch.setattr("driftwheel.services.measure.measure_received.reach", fail_twice)
    model = add_model(database, embedder="none")
    log(database, blobs, model, [record("a", picture(1))])
    start(database_url, database, blobs, tmp_path)
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        (window,) = list_windows(connection, model.key)
    assert window.records == 1
    assert "still away" in caplog.text


def test_blobs_that_a_killed_process_left_are_put_in_order(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    """One that was set aside to be deleted comes back; one that no record uses goes."""
    model = add_model(database, embedder="none")
    log(database, blobs, model, [record("a", picture(1))], received=datetime.now(tz=NOW.tzinfo))
    (digest,) = blobs.walk()
    path = tmp_path / "blobs" / digest.hex()[:2] / digest.hex()[2:]
    path.rename(tmp_path / "blobs" / "aside" / digest.hex())
    blobs.put(b"no record came of it")
    start(database_url, database, blobs, tmp_path)
    assert run.wait_until_idle(60)
    sweep(NOW, None)
    assert list(blobs.walk()) == [digest]
    assert run.wait_until_idle(60)
    found = everything(database, blobs)
    assert [row[0] for row in found["records"].values()] == ["MEASURED"]


def test_a_named_lock_is_held_by_one_at_a_time(database: Engine) -> None:
    one, other, third = NamedLock(database, "a"), NamedLock(database, "a"), NamedLock(database, "b")
    assert one.take()
    assert one.take()
    assert one.held()
    assert not other.take()
    assert third.take()
    one.give_back()
    assert not one.held()
    assert other.take()
    other.give_back()
    third.give_back()


def asked(database_url: str, tmp_path: Path, *, crash_at: str = "") -> dict[str, Any]:
    """How `driftwheel worker` is run here."""
    environment = os.environ | {
        "DRIFTWHEEL_DATABASE_URL": database_url,
        "DRIFTWHEEL_DATA": str(tmp_path),
        "DRIFTWHEEL_BLOBS": f"file://{tmp_path / 'blobs'}",
        "DRIFTWHEEL_CRASH_AT": crash_at,
    }
    return {"environment": environment, "options": ["-W", "error"]}


@contextmanager
def working(database_url: str, tmp_path: Path) -> Iterator[fork_server.Forked]:
    """A worker in a process of its own that has said that it runs."""
    process = fork_server.start(*WORKER, **asked(database_url, tmp_path))
    with process.stdout:
        try:
            assert "A worker runs on" in process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_the_command_works_until_nothing_waits(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(20), received=datetime.now(tz=NOW.tzinfo))
    done = fork_server.run(*WORKER, "--once", **asked(database_url, tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "A worker runs on" in done.stdout
    with reading(database) as connection:
        assert count_received(connection) == 0
        assert not any(one.stale for one in list_windows(connection, model.key))


def test_the_command_stops_when_it_is_told_to(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    add_model(database)
    with working(database_url, tmp_path) as worker:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0


def test_an_sqlite_database_has_one_worker_and_postgresql_many(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    model = add_model(database)
    with working(database_url, tmp_path) as first:
        if database.dialect.name == "sqlite":
            with pytest.raises(UsageError, match="A worker runs on this data already"):
                start(database_url, database, blobs, tmp_path)
        else:
            start(database_url, database, blobs, tmp_path)
            for begin in range(0, 60, 10):
                part = some_records(60)[begin : begin + 10]
                log(database, blobs, model, part, received=datetime.now(tz=NOW.tzinfo))
            assert run.wait_until_idle(60)
            found = everything(database, blobs)
            assert "RECEIVED" not in {row[0] for row in found["records"].values()}
            assert not any(row[-1] for row in found["windows"].values())
        first.terminate()
        first.wait(60)


def test_a_worker_goes_on_with_what_a_killed_one_left(
    database: Engine,
    database_url: str,
    blobs: Blobs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if database.dialect.name == "sqlite":
        pytest.skip("An SQLite database has one worker; tests of what is killed are in test_kill.py.")
    monkeypatch.setattr("driftwheel.workflows.rounds._RECOVER_SECONDS", 1.0)
    model = add_model(database)
    log(database, blobs, model, some_records(40), received=datetime.now(tz=NOW.tzinfo))
    fork_server.run(*WORKER, "--once", **asked(database_url, tmp_path))
    ask_for_backfill(database, "m", NOW, NOW + timedelta(1), name=UUID(int=3), by="me", now=NOW)
    killed = fork_server.run(*WORKER, **asked(database_url, tmp_path, crash_at="backfill-committed"))
    assert killed.returncode == -signal.SIGKILL
    number = NamedLock(database, "worker-1")
    deadline = time.monotonic() + 60
    while not number.take():  # the database takes a moment to see that the killed one is gone
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # as if the killed one lived: the next is another, and must leave its work alone
    start(database_url, database, blobs, tmp_path)
    assert not run.wait_until_idle(4)
    with reading(database) as connection:
        assert asked_backfills(connection)
    number.give_back()
    assert run.wait_until_idle(60)
    with reading(database) as connection:
        assert not asked_backfills(connection)
        assert not any(one.stale for one in list_windows(connection, model.key))


def test_a_window_that_has_just_ended_is_summed_up_and_judged_at_once(
    database: Engine, database_url: str, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "now", lambda self: NOW + timedelta(minutes=65))
    model = add_model(database, embedder="none")
    run.start(addresses(database_url, tmp_path), database, blobs, threads=1, summary_share=1e-4)

    def is_judged(start: datetime) -> bool:
        with reading(database) as connection:
            return find_verdict(connection, model.key, start) is not None

    def log_at(time_: datetime, name: str) -> None:
        log(database, blobs, model, [record(name, None, time_)])

    hours_before = NOW - timedelta(hours=5)
    log_at(hours_before, "a")
    wait_for(lambda: is_judged(hours_before))
    log_at(hours_before + timedelta(hours=1), "b")  # summing up has had its share of the time
    log_at(NOW, "c")
    wait_for(lambda: is_judged(NOW))


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
