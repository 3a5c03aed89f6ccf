from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON
from tests.store.windows.test_verdicts import verdict

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdict_answers import last_answers, segment_answers, segments_seen
from driftwheel.store.windows.verdicts import put_verdict
from driftwheel.store.windows.windows import mark_stale, window_of

DAY = timedelta(days=1)


def test_answers_are_of_one_segment_in_order_of_time(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        for day in (2, 0, 1):
            put_verdict(connection, verdict(model, day))
            put_verdict(connection, verdict(model, day, ("camera", "1")))
    first, _ = window_of(NOON, "day")
    with reading(database) as connection:
        found = last_answers(connection, model.key, since=first + DAY)
        segment = last_answers(connection, model.key, since=first, tag="camera", value="1")
    assert [one.start for one in found] == [first + DAY, first + 2 * DAY]
    assert {(one.tag, one.value) for one in found} == {("", "")}
    assert [(one.answer, one.n, one.headline) for one in segment] == [("drift", 200, "Darker.")] * 3


def test_segments_with_drift_come_first_then_the_largest(database: Engine, model: Model) -> None:
    calm = {"answer": "no_drift", "kind": None}
    with writing(database) as connection:
        put_verdict(connection, verdict(model))
        for value, changes in (("1", calm), ("2", calm | {"n": 900}), ("3", {"n": 20})):
            put_verdict(connection, replace(verdict(model, 0, ("camera", value)), **changes))
        put_verdict(connection, verdict(model, 1, ("camera", "4")))
    start, _ = window_of(NOON, "day")
    with reading(database) as connection:
        found = segment_answers(connection, model.key, start, limit=10)
        some = segment_answers(connection, model.key, start, limit=1)
    assert [one.value for one in found] == ["3", "2", "1"]
    assert [one.value for one in some] == ["3"]


def test_segments_are_those_with_windows_since_then(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        for day, camera in ((0, "old"), (3, "new"), (3, "other")):
            mark_stale(
                connection,
                model.key,
                "day",
                [NOON + day * DAY],
                [{"camera": camera}],
                ["camera"],
                received=NOON,
            )
    with reading(database) as connection:
        found = segments_seen(connection, model.key, since=NOON + DAY, limit=10)
        assert len(segments_seen(connection, model.key, since=NOON - DAY, limit=2)) == 2
    assert found == [("camera", "new", 0), ("camera", "other", 0)]
