from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine
from tests.store.alerts.test_monitors import create
from tests.store.rows import NOON

from driftwheel.store.alerts.evaluations import (
    NewEvaluation,
    find_evaluation,
    list_evaluations,
    newest_evaluations,
    put_evaluations,
)
from driftwheel.store.alerts.monitors import delete_monitor
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model

DAY = timedelta(days=1)


def evaluation(monitor: int, day: int) -> NewEvaluation:
    return NewEvaluation(
        monitor=monitor,
        revision=1,
        start=NOON + day * DAY,
        end=NOON + (day + 1) * DAY,
        tag="",
        value="",
        result="ok",
        cleared=True,
        findings=[{"signal": "drift", "value": 0.0}],
        time=NOON,
    )


def test_the_latest_of_each_window_is_kept(database: Engine, model: Model) -> None:
    monitor = create(database, model, "drift").key
    one = evaluation(monitor, 0)
    with writing(database) as connection:
        put_evaluations(connection, [one])
        again = replace(one, result="breach", cleared=False, revision=2)
        camera = replace(one, tag="camera", value="1", result="insufficient")
        put_evaluations(connection, [camera, again])
        put_evaluations(connection, [])
    with reading(database) as connection:
        found = find_evaluation(connection, monitor, one.start)
        assert find_evaluation(connection, monitor, one.end) is None
        (other,) = list_evaluations(connection, monitor, tag="camera")
    assert found is not None
    assert (found.result, found.cleared, found.revision) == ("breach", False, 2)
    assert found.findings == one.findings
    assert other.result == "insufficient"


def test_the_newest_with_data_and_those_of_a_span(database: Engine, model: Model) -> None:
    monitor = create(database, model, "drift").key
    with writing(database) as connection:
        put_evaluations(connection, [evaluation(monitor, day) for day in (1, 0, 3, 2)])
        empty = replace(evaluation(monitor, 4), result="insufficient", cleared=False)
        put_evaluations(connection, [replace(evaluation(monitor, 5), tag="camera", value="1"), empty])
    with reading(database) as connection:
        newest = newest_evaluations(connection, monitor, limit=2)
        assert [(one.start - NOON).days for one in newest] == [3, 2]
        listed = list_evaluations(connection, monitor, since=NOON + 2 * DAY, until=NOON + 5 * DAY)
        assert [(one.start - NOON).days for one in listed] == [2, 3, 4]
        (camera,) = list_evaluations(connection, monitor, tag="camera", value="1")
        assert camera.start == NOON + 5 * DAY
    with writing(database) as connection:
        delete_monitor(connection, monitor)
        assert list_evaluations(connection, monitor) == []
