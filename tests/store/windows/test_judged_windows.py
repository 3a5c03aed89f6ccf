from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from driftwheel.predictions import Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.record_pages import RecordFilter, count_records, page_records
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.alert_tables import verdicts
from driftwheel.store.windows.judged_windows import judged_windows
from driftwheel.store.windows.windows import window_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = [
    datetime(1969, 12, 30, 5, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    *(NOW + timedelta(hours=7 * i, microseconds=i) for i in range(60)),
]


def model(engine: Engine, window: str) -> int:
    with writing(engine) as connection:
        key = create_model(connection, "m", task="classification", created=NOW, window=window).key
        rows = [
            NewRecord(key, Record(f"{i}", "m", time, tags={"camera": str(i % 2)}), bytes([i]), NOW)
            for i, time in enumerate(TIMES)
        ]
        write_records(connection, rows)
    return key


def judge(  # noqa: PLR0917
    engine: Engine, key: int, window: str, time: datetime, answer: str, tag: str = "", value: str = ""
) -> None:
    start, end = window_of(time, window)
    row = {
        "model": key, "start": start, "end": end, "tag": tag, "value": value, "revision": 1, "answer": answer,
        "n": 1, "headline": "", "observations": {}, "exemplars": [], "made": NOW,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(verdicts).values(row))


@pytest.mark.parametrize("window", ["hour", "day", "week"])
def test_records_are_those_of_the_windows(database: Engine, window: str) -> None:
    key = model(database, window)
    chosen = [TIMES[i] for i in (0, 1, 5, 6, 40)]
    for start in sorted({window_of(time, window)[0] for time in chosen}):
        judge(database, key, window, start, "drift")
    judge(database, key, window, TIMES[20] + timedelta(days=50), "drift")  # nothing came in it
    with reading(database) as connection:
        windows = judged_windows(connection, key, window, "drift")
        page = page_records(connection, RecordFilter(key, windows=windows), order="oldest", limit=100)
        counted = count_records(connection, RecordFilter(key, windows=windows))
    starts = {window_of(time, window)[0] for time in chosen}
    expected = [str(i) for i, time in enumerate(TIMES) if window_of(time, window)[0] in starts]
    assert [row.id for row in page.rows] == expected
    assert counted.n == len(expected)


def test_of_a_segment_only_its_records(database: Engine) -> None:
    key = model(database, "day")
    judge(database, key, "day", TIMES[10], "drift", "camera", "0")
    judge(database, key, "day", TIMES[20], "drift")
    judge(database, key, "day", TIMES[20], "drift", "camera", "1")  # the whole says it already
    with reading(database) as connection:
        windows = judged_windows(connection, key, "day", "drift")
        page = page_records(connection, RecordFilter(key, windows=windows), order="oldest", limit=100)
        own = judged_windows(connection, key, "day", "drift", segment=("camera", "1"))
        none = judged_windows(connection, key, "day", "error")
        nothing = page_records(connection, RecordFilter(key, windows=none), limit=100)
        narrowed = judged_windows(connection, key, "day", "drift", since=TIMES[15])
    assert windows.count == 2
    days = {time.date() for time in (TIMES[10], TIMES[20])}
    expected = [
        str(i)
        for i, time in enumerate(TIMES)
        if time.date() in days and (i % 2 == 0 or time.date() == TIMES[20].date())
    ]
    assert [row.id for row in page.rows] == expected
    assert own.count == 1
    assert nothing.rows == ()
    assert set(narrowed.starts) == {("", "")}
    assert (narrowed.first, narrowed.end) == window_of(TIMES[20], "day")
