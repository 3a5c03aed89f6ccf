from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, update
from tests.services.performance.labelled_days import NOON, LabelledDays, labelled_days

from driftwheel.services.operate.apply_retention import archive_old_records
from driftwheel.services.performance.describe_performance import PerformanceReport, describe_performance
from driftwheel.services.watch.watch_model import span_of
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

DAY = timedelta(days=1)


def described(days: LabelledDays, count: int = 4, **chosen: str) -> PerformanceReport:
    with reading(days.engine) as connection:
        span = span_of(connection, days.model, NOON + 3 * DAY, count)
        return describe_performance(connection, days.model, span, **chosen)


def test_windows_segments_and_versions(database: Engine) -> None:
    days = labelled_days(database)
    days.log(0, {"cat": 40}, version="1")
    days.log(2, {"cat": 30, "dog": 30}, version="2")
    days.tell(0, "cat", 20)
    days.tell(0, "dog", 20, skip=20)
    days.tell(2, "dog", 60)
    days.sum_up()
    found = described(days)
    assert [one.accuracy and one.accuracy.figure.value for one in found.windows] == [0.5, None, 0.5, None]
    assert found.predictions == 100
    assert found.whole.accuracy.figure.n == 100
    assert found.whole.accuracy.basis == "all"
    assert [(one.value, one.found.accuracy.figure.value) for one in found.versions] == [
        ("1", 0.5),
        ("2", 0.5),
    ]
    assert {(one.tag, one.value) for one in found.segments} == {("camera", "0"), ("camera", "1")}
    assert sum(one.found.accuracy.figure.n for one in found.segments) == 100


def test_one_segment_and_one_version(database: Engine) -> None:
    days = labelled_days(database)
    days.log(2, {"cat": 40}, version="1")
    days.log(2, {"dog": 20}, version="2")
    days.tell(2, "cat", 60)
    days.sum_up()
    found = described(days, tag="camera", value="1")
    assert found.whole.accuracy.figure.n == 30
    assert found.segments == ()
    second = described(days, version="2")
    assert (second.whole.accuracy.figure.value, second.whole.accuracy.figure.n) == (0.0, 20)
    assert [one.value for one in second.versions] == ["2"]


def test_without_labels_and_without_records(database: Engine) -> None:
    days = labelled_days(database)
    assert described(days).whole.accuracy.basis == "none"
    days.log(2, {"cat": 10})
    days.sum_up()
    found = described(days)
    assert found.whole.accuracy.figure.value is None
    assert found.predictions == 10
    assert found.estimated is None


def test_records_that_retention_deleted_stay_in_the_sums(database: Engine) -> None:
    days = labelled_days(database)
    days.log(0, {"cat": 20})
    days.tell(0, "cat", 10)
    days.sum_up()
    with writing(database) as connection:
        connection.execute(update(records).values(state=int(RecordState.MEASURED)))
    model = replace(days.model, retention_days=1)
    assert archive_old_records(database, model, now=NOON + 9 * DAY).records == 20
    days.tell(0, "cat", 10, skip=10)
    days.sum_up()
    found = described(days)
    assert (found.predictions, found.whole.accuracy.figure.n) == (20, 10)
