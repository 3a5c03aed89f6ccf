"""Training runs: their states, what they tell, and the blobs that retention leaves to them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.retention import unused_digests
from driftwheel.store.train.training_lines import MOST_LINES, add_lines, epochs_of, lines_of
from driftwheel.store.train.training_runs import (
    RunKind,
    TrainingRun,
    begin_run,
    create_run,
    end_run,
    find_run,
    keep_checkpoint,
    list_runs,
    open_runs,
    put_run_back,
    run_by_key,
    trials_of,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def _run(
    connection: Connection, model: int, kind: RunKind = "train", parent: int | None = None
) -> TrainingRun:
    return create_run(
        connection, model, kind=kind, dataset=None, recipe={"seed": 1}, parent=parent, created=NOW, by="me"
    )


def test_a_run_from_its_wish_to_its_end(database: Engine) -> None:
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=NOW).key
        other = create_model(connection, "n", task="classification", created=NOW).key
        key = _run(connection, model).key
        assert begin_run(connection, key, NOW)
        assert begin_run(connection, key, NOW)
        put_run_back(connection, key)
        assert keep_checkpoint(connection, key, 3.5, b"c" * 32)
    with reading(database) as connection:
        running = run_by_key(connection, key)
        assert running is not None
        assert (running.state, running.attempts, running.seconds) == ("running", 1, 3.5)
        assert unused_digests(connection, [b"c" * 32]) == set()
        assert find_run(connection, other, key) is None
    with writing(database) as connection:
        assert end_run(connection, key, "done", now=NOW, artifact=b"a" * 32, results={"accuracy": 0.9})
        assert not end_run(connection, key, "failed", now=NOW, reason="late")
        assert not begin_run(connection, key, NOW)
        assert not keep_checkpoint(connection, key, 9.0)
    with reading(database) as connection:
        (done,) = list_runs(connection, model)
        assert (done.state, done.reason, done.checkpoint, done.results) == (
            "done",
            None,
            None,
            {"accuracy": 0.9},
        )
        assert unused_digests(connection, [b"c" * 32, b"a" * 32]) == {b"c" * 32}
        assert open_runs(connection) == []


def test_people_come_before_rehearsals_and_trials_belong_to_their_search(database: Engine) -> None:
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=NOW).key
        rehearsal = _run(connection, model, "rehearsal").key
        search = _run(connection, model, "search").key
        trial = _run(connection, model, "trial", search).key
    with reading(database) as connection:
        assert [one.key for one in open_runs(connection)] == [search, rehearsal]
        assert [one.key for one in trials_of(connection, search)] == [trial]
        assert [one.key for one in list_runs(connection, model)] == [search]


def test_epochs_told_twice_count_once_and_a_long_log_ends(database: Engine) -> None:
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=NOW).key
        key = _run(connection, model).key
        add_lines(connection, key, ["begins\0", {"number": 1, "loss": 2}, "x" * 9000], now=NOW)
        add_lines(connection, key, [{"number": 1, "loss": 3}, {"number": 2, "loss": 1}], now=NOW)
        add_lines(connection, key, ["more"] * (MOST_LINES + 50), now=NOW)
        add_lines(connection, key, ["late", {"number": 3, "loss": 0}], now=NOW)
    with reading(database) as connection:
        assert [one["loss"] for one in epochs_of(connection, [key])[key]] == [3, 1, 0]
        lines = lines_of(connection, key, limit=MOST_LINES * 2)
    texts = [one.text for one in lines]
    assert texts[:2] == ["begins�", "x" * 2000]
    assert texts[-1] == "… further lines are not kept."
    assert lines[-1].number == MOST_LINES
