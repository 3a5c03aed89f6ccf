from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from tests.store.rows import NOON, digest, new_record

from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.records import (
    Measurement,
    NewRecord,
    Outcome,
    count_received,
    find_record,
    insert_records,
    last_record_time,
    next_received,
    record_by_key,
    records_in_window,
    set_measured,
    times_of,
)
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records


def count(database: Engine) -> int:
    with reading(database) as connection:
        return connection.execute(select(func.count()).select_from(records)).scalar_one()


def test_a_record_comes_back_as_it_went(database: Engine, model: Model) -> None:
    told = Record(
        id="né-1",
        model="m",
        time=datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=UTC),
        model_version="v2",
        tags={"camera": "2", 'a "b" $.c': "ü\n'"},
        image=digest("x").hex(),
        width=10,
        height=20,
        prediction=Detection((Box("cat", 1.5, 2, 3, 4, 0.25), Box("dog", -1, 2, 3, 4))),
        latency=0.123456789,
        error="out of memory",
    )
    with writing(database) as connection:
        rows = [NewRecord(model.key, told, digest("body"), NOON)]
        assert insert_records(connection, rows) == ["accepted"]
    with reading(database) as connection:
        kept = find_record(connection, model.key, "né-1")
        assert kept is not None
        assert record_by_key(connection, kept.key) == kept
    assert kept.image == digest("x")
    for name in ("id", "time", "model_version", "tags", "width", "height", "prediction", "latency", "error"):
        assert getattr(kept, name) == getattr(told, name), name
    assert (kept.model, kept.body, kept.received) == (model.key, digest("body"), NOON)
    assert kept.state is RecordState.RECEIVED
    assert kept.reason is kept.properties is kept.embedding is kept.outlier_p is None


def test_a_record_with_nothing_but_its_id(database: Engine, model: Model) -> None:
    bare = NewRecord(model.key, Record(id="1", model="m", time=NOON), digest(""), NOON)
    with writing(database) as connection:
        insert_records(connection, [bare])
    with reading(database) as connection:
        kept = find_record(connection, model.key, "1")
    assert kept is not None
    assert kept.prediction is kept.image is kept.width is kept.latency is kept.error is None
    assert (kept.tags, kept.model_version, kept.state) == ({}, "", RecordState.NO_IMAGE)


def test_what_is_not_there_is_none(database: Engine, model: Model) -> None:
    with reading(database) as connection:
        assert find_record(connection, model.key, "1") is None
        assert record_by_key(connection, 1) is None
        assert last_record_time(connection, model.key) is None
        assert insert_records(connection, []) == []


def test_duplicates_and_conflicts_in_one_call(database: Engine, model: Model) -> None:
    rows = [
        new_record(model.key, "a"),
        new_record(model.key, "b"),
        new_record(model.key, "a"),
        new_record(model.key, "a", content="other"),
        new_record(model.key, "b", content="other"),
        new_record(model.key, "b"),
    ]
    with writing(database) as connection:
        outcomes = insert_records(connection, rows)
    assert outcomes == ["accepted", "accepted", "duplicate", "conflict", "conflict", "duplicate"]
    assert count(database) == 2


def test_duplicates_and_conflicts_of_what_is_kept(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, "a"), new_record(model.key, "b")])
    with writing(database) as connection:
        outcomes = insert_records(
            connection,
            [
                new_record(model.key, "a", content="other"),
                new_record(model.key, "c"),
                new_record(model.key, "a"),
                new_record(model.key, "c"),
                new_record(model.key, "b"),
            ],
        )
    assert outcomes == ["conflict", "accepted", "duplicate", "duplicate", "duplicate"]
    with reading(database) as connection:
        kept = find_record(connection, model.key, "a")
    assert kept is not None
    assert kept.body == new_record(model.key, "a").body


def test_the_same_id_in_two_models_is_two_records(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        other = create_model(connection, "other", task="classification", created=NOON)
        rows = [new_record(model.key, "a"), new_record(other.key, "a", content="x")]
        assert insert_records(connection, rows) == ["accepted", "accepted"]
        assert insert_records(connection, rows) == ["duplicate", "duplicate"]


@pytest.mark.parametrize("number", [1, 3, 4, 63, 1000, 1365, 2500])
def test_any_number_of_rows(database: Engine, model: Model, number: int) -> None:
    rows = [new_record(model.key, f"r{i}") for i in range(number)]
    with writing(database) as connection:
        assert insert_records(connection, rows) == ["accepted"] * number
    more = [*rows, new_record(model.key, "one more")]
    with writing(database) as connection:
        assert insert_records(connection, more) == ["duplicate"] * number + ["accepted"]
    assert count(database) == number + 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xy")), max_size=8), max_size=4
    )
)
def test_outcomes_are_those_of_one_record_at_a_time(
    database: Engine, model: Model, calls: list[list[tuple[str, str]]]
) -> None:
    with writing(database) as connection:
        connection.execute(records.delete())
    kept: dict[str, str] = {}
    for call in calls:
        expected: list[Outcome] = []
        for name, content in call:
            if name not in kept:
                kept[name] = content
                expected.append("accepted")
            else:
                expected.append("duplicate" if kept[name] == content else "conflict")
        with writing(database) as connection:
            rows = [new_record(model.key, name, content=content) for name, content in call]
            assert insert_records(connection, rows) == expected
    assert count(database) == len(kept)


def test_two_servers_that_write_the_same_records_at_once(
    database_url: str, database: Engine, model: Model
) -> None:
    """Each id is accepted exactly once, whoever comes first, and nobody waits in a circle."""
    rows = [new_record(model.key, f"r{i}") for i in range(400)]
    outcomes: dict[int, list[list[Outcome]]] = {0: [], 1: []}
    errors: list[BaseException] = []
    ready = threading.Barrier(2)

    def write(who: int) -> None:
        engine = open_database(database_url)
        try:
            ready.wait()
            for begin in range(0, len(rows), 40):
                part = rows[begin : begin + 40]
                with writing(engine) as connection:
                    outcomes[who].append(insert_records(connection, part if who else part[::-1]))
        except BaseException as error:
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=write, args=(who,)) for who in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    first = [outcome for part in outcomes[0] for outcome in part[::-1]]
    second = [outcome for part in outcomes[1] for outcome in part]
    assert all({a, b} == {"accepted", "duplicate"} for a, b in zip(first, second, strict=True))
    assert count(database) == 400


def test_a_record_of_no_model_is_refused_with_all_of_its_call(database: Engine, model: Model) -> None:
    rows = [new_record(model.key, "a"), new_record(model.key + 1, "b")]
    with pytest.raises(IntegrityError), writing(database) as connection:
        insert_records(connection, rows)
    assert count(database) == 0


def test_the_queue_goes_by_key_and_ends_when_all_are_measured(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        rows = [new_record(model.key, f"r{i}") for i in range(7)]
        insert_records(connection, [*rows, new_record(model.key, "bare", image=None)])
    with reading(database) as connection:
        assert count_received(connection) == 7
        assert count_received(connection, []) == 0
        first = next_received(connection, 0, 5)
        rest = next_received(connection, first[-1].key, 5)
    keys = [one.key for one in first + rest]
    assert (len(first), len(rest)) == (5, 2)
    assert keys == sorted(keys)
    with writing(database) as connection:
        set_measured(connection, [Measurement(key, b"12", b"34", 0.5) for key in keys[:-1]])
        set_measured(connection, [])
    with reading(database) as connection:
        assert [one.key for one in next_received(connection, 0, 5)] == keys[-1:]
        assert count_received(connection) == 1


def test_what_was_measured_is_kept(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, "good"), new_record(model.key, "bad")])
        good, bad = (find_record(connection, model.key, name) for name in ("good", "bad"))
        assert good is not None
        assert bad is not None
        found = Measurement(good.key, b"p", b"e", 0.25, width=320, space="gist-1/x", hash=b"12345678")
        set_measured(connection, [Measurement(bad.key, reason="truncated"), found, Measurement(10**9)])
    with reading(database) as connection:
        assert record_by_key(connection, good.key) == replace(
            good,
            state=RecordState.MEASURED,
            properties=b"p",
            embedding=b"e",
            outlier_p=0.25,
            width=320,
            space="gist-1/x",
            hash=b"12345678",
        )
        assert record_by_key(connection, bad.key) == replace(
            bad, state=RecordState.REJECTED, reason="truncated"
        )


def test_the_records_of_a_window(database: Engine, model: Model) -> None:
    day = timedelta(days=1)
    start = NOON.replace(hour=0)
    odd = "q\"uo'te.[0]$"
    rows = [
        new_record(model.key, "late", time=start + day - timedelta(microseconds=1), tags={"camera": "1"}),
        new_record(model.key, "next", time=start + day, tags={"camera": "1"}),
        new_record(model.key, "first", time=start, tags={"camera": "2", odd: "é"}),
        new_record(model.key, "before", time=start - timedelta(microseconds=1)),
        new_record(model.key, "bare", time=NOON, image=None, tags={"site": "1", "0": "1"}),
    ]
    with writing(database) as connection:
        other = create_model(connection, "other", task="classification", created=NOON)
        insert_records(connection, [*rows, new_record(other.key, "other", time=NOON)])

    def names(tag: str = "", value: str = "") -> list[str]:
        with reading(database) as connection:
            found = records_in_window(connection, model.key, start, start + day, tag=tag, value=value)
            return [one.id for one in found]

    assert names() == ["first", "bare", "late"]
    assert names("camera", "1") == ["late"]
    assert names("camera", "3") == []
    assert names(odd, "é") == ["first"]
    assert names("0", "1") == ["bare"]
    assert names("camera.x", "1") == names("$", "1") == []
    with reading(database) as connection:
        assert last_record_time(connection, model.key) == start + day


def test_more_records_of_a_window_than_are_fetched_at_once(database: Engine, model: Model) -> None:
    rows = [
        new_record(
            model.key, f"{i:05}", time=NOON + timedelta(microseconds=i), prediction=Classification("x")
        )
        for i in range(2500)
    ]
    with writing(database) as connection:
        insert_records(connection, rows)
    with reading(database) as connection:
        found = records_in_window(connection, model.key, NOON, NOON + timedelta(hours=1))
        assert [one.id for one in found] == [row.record.id for row in rows]


def test_workers_that_claim_take_different_records(database: Engine, model: Model) -> None:
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, f"r{i}") for i in range(5)])
    with writing(database) as first, writing(database) as second:
        mine = next_received(first, 0, 3, claim=True)
        yours = next_received(second, 0, 3, claim=True)
        assert [one.id for one in mine + yours] == ["r0", "r1", "r2", "r3", "r4"]
        set_measured(first, [Measurement(one.key, b"p") for one in mine])
    with reading(database) as connection:
        assert [one.id for one in next_received(connection, 0, 9)] == ["r3", "r4"]


def test_the_queue_goes_along_its_index(database: Engine, model: Model) -> None:
    """However many records are kept, counting those that wait costs what they are."""
    with writing(database) as connection:
        insert_records(connection, [new_record(model.key, f"r{i}", image=None) for i in range(2000)])
        insert_records(connection, [new_record(model.key, "waits")])
        if database.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE records")
    explain = "EXPLAIN" if database.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with reading(database) as connection:
        plan = connection.exec_driver_sql(f"{explain} SELECT count(*) FROM records WHERE state = 0").all()
        assert count_received(connection) == 1
    assert "ix_records_received" in str(plan)


def test_the_times_of_those_records_that_are_there(database: Engine, model: Model) -> None:
    later = NOON + timedelta(hours=1)
    with writing(database) as connection:
        other = create_model(connection, "other", task="detection", created=NOON)
        rows = [new_record(model.key, str(i), time=later if i else NOON) for i in range(600)]
        insert_records(connection, [*rows, new_record(other.key, "x", time=NOON + 2 * (later - NOON))])
    with reading(database) as connection:
        assert sorted(times_of(connection, model.key, ["0", "x", "5"])) == [NOON, later]
        assert times_of(connection, model.key, []) == []
        assert len(times_of(connection, model.key, [str(i) for i in range(700)])) == 600
