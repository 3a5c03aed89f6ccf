from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON, new_record
from tests.store.windows.test_verdicts import verdict

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.records import Measurement, find_record, set_measured
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.due_windows import PATIENCE, due_windows, waits_for_judgement
from driftwheel.store.windows.verdicts import mark_due, put_verdict
from driftwheel.store.windows.windows import mark_stale, put_window, stale_windows

DAY = timedelta(days=1)
SETTLE = timedelta(seconds=10)
MIDNIGHT = NOON.replace(hour=0)
NOW = MIDNIGHT + 10 * DAY


def mark(database: Engine, model: Model, *days: int, received: datetime | None = None) -> None:
    with writing(database) as connection:
        times = [NOON + day * DAY for day in days]
        tags = [{"camera": "1"}] * len(days)
        mark_stale(connection, model.key, "day", times, tags, ["camera"], received=received)


def make(database: Engine, *days: int, made: datetime = NOW) -> None:
    """Make the profiles of these days, or of all."""
    with reading(database) as connection:
        stale = stale_windows(connection, limit=100)
    for one in stale:
        if not days or (one.start - MIDNIGHT).days in days:
            with writing(database) as connection:
                put_window(
                    connection,
                    one.key,
                    revision=one.revision,
                    profile=b"",
                    records=1,
                    rejected=0,
                    made=made,
                )


def judge(database: Engine, model: Model, day: int, revision: int = 1) -> None:
    with writing(database) as connection:
        for segment in (("", ""), ("camera", "1")):
            one = verdict(model, day, segment)
            put_verdict(connection, type(one)(**{**_plain(one), "revision": revision}))


def _plain(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}  # type: ignore[attr-defined]


def due(database: Engine, now: datetime = NOW) -> list[tuple[int, str]]:
    with reading(database) as connection:
        return [((one.start - MIDNIGHT).days, one.tag) for one in due_windows(connection, now, SETTLE)]


def test_windows_that_are_over_are_due_in_order_of_time(database: Engine, model: Model) -> None:
    mark(database, model, 2, 0, 1)
    assert due(database) == []  # no profile yet
    make(database)
    assert due(database, MIDNIGHT + 2 * DAY - timedelta(microseconds=1)) == [(0, ""), (0, "camera")]
    assert due(database) == [(0, ""), (0, "camera"), (1, ""), (1, "camera"), (2, ""), (2, "camera")]
    judge(database, model, 0)
    assert due(database) == [(1, ""), (1, "camera"), (2, ""), (2, "camera")]


def test_a_window_settles_first(database: Engine, model: Model) -> None:
    mark(database, model, 0, received=NOW - SETTLE + timedelta(microseconds=1))
    make(database)
    assert due(database) == []
    assert due(database, NOW + timedelta(microseconds=1)) == [(0, ""), (0, "camera")]


def test_it_waits_for_those_before_it_but_not_for_ever(database: Engine, model: Model) -> None:
    mark(database, model, 0, 1)
    make(database, 1)
    assert due(database) == []
    assert due(database, NOW + PATIENCE) == [(1, ""), (1, "camera")]
    make(database, 0)
    assert due(database) == [(0, ""), (0, "camera"), (1, ""), (1, "camera")]


def test_it_waits_for_records_that_are_not_measured(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, "a", time=NOON + 2 * DAY)])
    mark(database, model, 0)
    make(database)
    assert due(database) == [(0, ""), (0, "camera")]
    assert due(database, NOW + PATIENCE)[-1] == (2, "")
    with writing(database) as connection:
        found = find_record(connection, model.key, "a")
        assert found is not None
        set_measured(connection, [Measurement(found.key, reason="damaged")])
    assert due(database) == [(0, ""), (0, "camera"), (2, "")]


def test_late_windows_and_those_judged_before_come_last_newest_first(database: Engine, model: Model) -> None:
    mark(database, model, 1, 2, 5)
    make(database)
    for day in (1, 2, 5):
        judge(database, model, day)
    assert due(database) == []
    mark(database, model, 0, 1, 6)  # 0 is late, 1 has more records, 6 is new
    with writing(database) as connection:
        mark_due(connection, model.key, "day", [NOON + 2 * DAY])  # truth came
    make(database)
    days = [day for day, tag in due(database) if not tag]
    assert days == [6, 2, 1, 0]
    with reading(database) as connection:
        assert len(due_windows(connection, NOW, SETTLE, limit=3)) == 3


def test_a_late_window_does_not_hold_a_new_one_up(database: Engine, model: Model) -> None:
    mark(database, model, 0, 1)
    make(database)
    judge(database, model, 0)
    judge(database, model, 1)
    mark(database, model, 2)
    make(database)
    mark(database, model, 0)  # stale again, and judged before
    assert due(database) == [(2, ""), (2, "camera")]


def test_whether_anything_waits(database: Engine, model: Model) -> None:
    def waits(now: datetime = NOW) -> bool:
        with reading(database) as connection:
            return waits_for_judgement(connection, now)

    assert not waits()
    mark(database, model, 0, received=NOW)
    assert waits()
    assert not waits(MIDNIGHT + DAY / 2)
    make(database)
    assert waits()
    judge(database, model, 0)
    assert not waits()


def test_the_index_answers(database: Engine, model: Model) -> None:
    """On SQLite, where a plan does not depend on how much there is."""
    if database.dialect.name != "sqlite":
        return
    from driftwheel.store.schema.tables import IS_UNJUDGED, windows
    from driftwheel.store.windows.windows import without_profile

    query = without_profile().where(IS_UNJUDGED, windows.c.end <= NOW)
    with reading(database) as connection:
        compiled = query.compile(connection, compile_kwargs={"render_postcompile": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", (0,)).all()
    assert "ix_windows_unjudged" in str(plan)


def test_a_model_with_very_many_segments_does_not_keep_the_others_waiting(
    database: Engine, model: Model
) -> None:
    with writing(database) as connection:
        other = create_model(connection, "other", task="classification", created=NOON)
        times = [NOON] * 300
        mark_stale(connection, model.key, "day", times, [{"camera": f"{i}"} for i in range(300)], ["camera"])
        mark_stale(connection, other.key, "day", [NOON, NOON + DAY], [{}, {}], [])
    with reading(database) as connection:
        stale = stale_windows(connection, limit=1000)
    with writing(database) as connection:
        for one in stale:
            put_window(
                connection, one.key, revision=one.revision, profile=b"", records=1, rejected=0, made=NOW
            )
    with reading(database) as connection:
        order = [one.model for one in due_windows(connection, NOW, SETTLE, limit=1000)]
        first = due_windows(connection, NOW, SETTLE, limit=4)
    assert order == [other.key] * 2 + [model.key] * 301
    assert [(one.model, one.tag) for one in first][2:] == [(model.key, ""), (model.key, "camera")]
