from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdicts import (
    NewVerdict,
    find_verdict,
    list_verdicts,
    mark_all_due,
    mark_due,
    newest_start,
    newest_verdicts,
    put_verdict,
)
from driftwheel.store.windows.windows import find_window, mark_stale, window_of

DAY = timedelta(days=1)


def verdict(model: Model, day: int = 0, segment: tuple[str, str] = ("", "")) -> NewVerdict:
    start, end = window_of(NOON + day * DAY, "day")
    return NewVerdict(
        model=model.key,
        start=start,
        end=end,
        tag=segment[0],
        value=segment[1],
        revision=1,
        reference=None,
        answer="drift",
        kind="camera",
        p_value=1e-300,
        alpha=0.001,
        n=200,
        headline="Darker.",
        document={"verdict": {"drift": True}},
        observations={"drift": {"value": 1.0}},
        exemplars=("b", "a"),
        made=NOON,
    )


def test_a_verdict_is_kept_and_replaced(database: Engine, model: Model) -> None:
    first = verdict(model)
    with writing(database) as connection:
        kept = put_verdict(connection, first)
    with reading(database) as connection:
        found = find_verdict(connection, model.key, first.start)
        assert find_verdict(connection, model.key, first.start, tag="camera", value="1") is None
    assert found == kept
    assert asdict(kept) == asdict(first) | {"key": kept.key, "exemplars": ["b", "a"]}
    second = replace(first, answer="no_drift", kind=None, p_value=None, document=None, exemplars=())
    with writing(database) as connection:
        again = put_verdict(connection, second)
    assert again.key == kept.key
    assert (again.answer, again.kind, again.p_value, again.document) == ("no_drift", None, None, None)


def test_verdicts_are_listed_by_time_and_segment(database: Engine, model: Model) -> None:
    cameras = [("", ""), ("camera", "1"), ("camera", "2")]
    with writing(database) as connection:
        for day in (1, 0):
            for segment in reversed(cameras):
                put_verdict(connection, verdict(model, day, segment))
    with reading(database) as connection:
        listed = list_verdicts(connection, model.key)
        assert [(one.start.day, one.tag, one.value) for one in listed] == [
            (day, *segment) for day in (4, 5) for segment in cameras
        ]
        assert {one.document for one in listed} == {None}
        (one,) = list_verdicts(connection, model.key, tag="camera", value="2", until=NOON, documents=True)
        assert one.document == {"verdict": {"drift": True}}
        for newest in (2, 3, 5):  # the newest span is there whole, the one before it whole or not at all
            assert list_verdicts(connection, model.key, newest=newest) == listed[3:]
        assert list_verdicts(connection, model.key, newest=6) == listed
        assert [one.start.day for one in list_verdicts(connection, model.key, since=NOON + DAY)] == [5] * 3
        assert newest_start(connection, model.key) == listed[-1].start
        assert newest_start(connection, model.key + 1) is None
        last = newest_verdicts(connection, model.key)
        assert [(one.start.day, one.value) for one in last] == [(5, ""), (5, "1"), (5, "2")]
        assert last[0].document is not None
        assert newest_verdicts(connection, model.key + 1) == []


def judged(database: Engine, model: Model, day: int) -> int | None:
    with reading(database) as connection:
        window = find_window(connection, model.key, window_of(NOON + day * DAY, "day")[0])
    assert window is not None
    return window.judged


def test_a_window_knows_which_of_its_revisions_was_judged(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        mark_stale(connection, model.key, "day", [NOON, NOON + DAY, NOON + 2 * DAY], [{}] * 3, [])
        put_verdict(connection, verdict(model))
        put_verdict(connection, verdict(model, 1))
    assert [judged(database, model, day) for day in range(3)] == [1, 1, None]
    with writing(database) as connection:
        mark_due(connection, model.key, "day", [NOON, NOON + timedelta(hours=1), NOON + 2 * DAY])
    assert [judged(database, model, day) for day in range(3)] == [-1, 1, None]
    with writing(database) as connection:
        mark_all_due(connection, model.key, answer="no_drift")
    assert [judged(database, model, day) for day in range(3)] == [-1, 1, None]
    with writing(database) as connection:
        mark_all_due(connection, model.key, answer="drift")
    assert [judged(database, model, day) for day in range(3)] == [-1, -1, None]
    with writing(database) as connection:
        put_verdict(connection, verdict(model, 1))
        mark_all_due(connection, model.key)
    assert [judged(database, model, day) for day in range(3)] == [-1, -1, None]
