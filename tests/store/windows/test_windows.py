from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.windows.windows import (
    StoredWindow,
    add_empty_windows,
    find_window,
    is_any_stale,
    last_windows,
    list_windows,
    mark_stale,
    newest_over,
    put_window,
    stale_windows,
    window_of,
)

DAY = timedelta(days=1)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)), st.sampled_from(["hour", "day", "week"]))
def test_a_window_holds_its_moment_and_the_next_begins_where_it_ends(moment: datetime, window: str) -> None:
    time = moment.replace(tzinfo=UTC)
    start, end = window_of(time, window)
    assert start <= time < end
    assert window_of(start, window) == (start, end)
    assert window_of(end, window)[0] == end
    assert window_of(time.astimezone(timezone(timedelta(hours=9, minutes=30))), window) == (start, end)


def test_a_week_begins_on_monday_and_an_unknown_window_is_refused() -> None:
    assert window_of(NOON, "week")[0].strftime("%A %H:%M") == "Monday 00:00"
    with pytest.raises(UsageError, match=r"no window 'dya'.* Did you mean 'day'"):
        window_of(NOON, "dya")


def names(windows: list[StoredWindow]) -> list[tuple[int, str, str, bool]]:
    return [(one.start.day, one.tag, one.value, one.stale) for one in windows]


def mark(database: Engine, model: Model, *days: int, **tags: str) -> None:
    with writing(database) as connection:
        times = [NOON + day * DAY for day in days]
        mark_stale(connection, model.key, "day", times, [tags] * len(days), ["camera", "site"])


def test_a_window_for_the_model_and_one_for_each_segment(database: Engine, model: Model) -> None:
    mark(database, model, 0, 0, 1, camera="2", other="x")
    mark(database, model, 0, camera="3")
    mark(database, model)
    with reading(database) as connection:
        assert names(list_windows(connection, model.key)) == [
            (4, "", "", True),
            (4, "camera", "2", True),
            (4, "camera", "3", True),
            (5, "", "", True),
            (5, "camera", "2", True),
        ]
        assert names(list_windows(connection, model.key, tag="")) == [(4, "", "", True), (5, "", "", True)]
        assert names(list_windows(connection, model.key, tag="camera", value="3")) == [
            (4, "camera", "3", True)
        ]
        assert [one.start.day for one in list_windows(connection, model.key, since=NOON + DAY)] == [5, 5]
        assert {one.start.day for one in list_windows(connection, model.key, until=NOON)} == {4}


@pytest.mark.parametrize("window", ["hour", "day", "week"])
def test_the_windows_marked_are_those_of_each_moment(database: Engine, model: Model, window: str) -> None:
    times = [NOON + timedelta(minutes=97 * i) for i in range(300)]
    tags = [{"camera": str(i % 3)} for i in range(300)]
    with writing(database) as connection:
        mark_stale(connection, model.key, window, times, tags, ["camera"])
    expected = {
        (*window_of(time, window), *segment)
        for time, its in zip(times, tags, strict=True)
        for segment in (("", ""), ("camera", its["camera"]))
    }
    with reading(database) as connection:
        found = list_windows(connection, model.key)
    assert {(one.start, one.end, one.tag, one.value) for one in found} == expected
    assert len(found) == len(expected)


def put(database: Engine, window: StoredWindow, profile: bytes = b"profile") -> bool:
    with writing(database) as connection:
        return put_window(
            connection,
            window.key,
            revision=window.revision,
            profile=profile,
            records=3,
            rejected=1,
            made=NOON,
        )


def test_a_profile_that_was_made_is_kept_and_the_window_is_no_longer_stale(
    database: Engine, model: Model
) -> None:
    mark(database, model, 0, 1)
    with reading(database) as connection:
        first, second = stale_windows(connection, limit=5)
        assert stale_windows(connection, limit=5, after_key=first.key) == [second]
    assert first.profile is first.made is None
    assert put(database, first)
    with reading(database) as connection:
        assert stale_windows(connection, limit=5) == [second]
        kept = find_window(connection, model.key, first.start)
        listed = list_windows(connection, model.key, profiles=True)
    assert kept is not None
    assert (kept.profile, kept.records, kept.rejected, kept.made, kept.stale) == (
        b"profile",
        3,
        1,
        NOON,
        False,
    )
    assert [one.profile for one in listed] == [b"profile", None]


def test_whether_a_window_that_ended_in_a_span_is_stale(database: Engine, model: Model) -> None:
    mark(database, model, 0)
    end = window_of(NOON, "day")[1]
    with reading(database) as connection:
        assert is_any_stale(connection, end - DAY, end)
        assert not is_any_stale(connection, end, end + DAY)
        assert not is_any_stale(connection, end - DAY, end - DAY / 24)
        (window,) = stale_windows(connection, limit=5)
    put(database, window)
    with reading(database) as connection:
        assert not is_any_stale(connection, end - DAY, end)


def test_records_that_came_while_the_profile_was_made_are_not_forgotten(
    database: Engine, model: Model
) -> None:
    mark(database, model, 0)
    with reading(database) as connection:
        (before,) = stale_windows(connection, limit=5)
    mark(database, model, 0)  # after the worker has read the records
    assert not put(database, before)
    with reading(database) as connection:
        (again,) = stale_windows(connection, limit=5)
        kept = find_window(connection, model.key, before.start)
    assert kept is not None
    assert kept.profile == b"profile"
    assert put(database, again)
    mark(database, model, 0)  # late data
    with reading(database) as connection:
        assert len(stale_windows(connection, limit=5)) == 1


def test_a_commit_that_waits_while_the_profile_is_put_is_not_forgotten(
    database: Engine, model: Model
) -> None:
    """On PostgreSQL, where records can be written and not yet committed when the worker reads."""
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    mark(database, model, 0)
    with reading(database) as connection:
        (before,) = stale_windows(connection, limit=5)
    fresh: list[bool] = []
    worker = threading.Thread(target=lambda: fresh.append(put(database, before)))
    with writing(database) as connection:
        mark_stale(connection, model.key, "day", [NOON], [{}], [])
        worker.start()
        worker.join(0.3)
        assert worker.is_alive()  # waits for the commit
    worker.join()
    assert fresh == [False]


def test_a_window_that_is_gone_is_passed_over(database: Engine, model: Model) -> None:
    mark(database, model, 0)
    with reading(database) as connection:
        (window,) = stale_windows(connection, limit=5)
        assert find_window(connection, model.key, NOON) is None
    with writing(database) as connection:
        assert put_window(
            connection, window.key + 1, revision=1, profile=b"", records=0, rejected=0, made=NOON
        )


def test_a_window_knows_when_its_last_record_came(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        for received, tags in (
            (NOON, {"camera": "1"}),
            (NOON + DAY, {"camera": "2"}),
            (None, {"camera": "1"}),
        ):
            mark_stale(connection, model.key, "day", [NOON], [tags], ["camera"], received=received)
        mark_stale(connection, model.key, "day", [NOON + DAY], [{}], [])
    with reading(database) as connection:
        known = list_windows(connection, model.key)
        assert [(one.value, one.received) for one in known] == [
            ("", NOON + DAY),
            ("1", NOON),
            ("2", NOON + DAY),
            ("", None),
        ]
        assert last_windows(connection, model.key, 5) == known[:3]
        assert last_windows(connection, model.key, 0) == []
        assert newest_over(connection, model.key, NOON + DAY) == known[0].end
        assert newest_over(connection, model.key, NOON + 2 * DAY) == known[3].end
        assert newest_over(connection, model.key, NOON) is None


def test_windows_that_never_came_are_added_once(database: Engine, model: Model) -> None:
    mark(database, model, 0)
    rows = [(*window_of(NOON + day * DAY, "day"), "", "") for day in (1, 0)]
    with writing(database) as connection:
        assert add_empty_windows(connection, model.key, rows) == 1
        assert add_empty_windows(connection, model.key, rows) == 0
        assert add_empty_windows(connection, model.key, []) == 0
        assert names(list_windows(connection, model.key)) == [(4, "", "", True), (5, "", "", True)]
