from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, DAY, Watched, watched

from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.alert.change_monitor import remove_monitor
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.windows.due_windows import due_windows


@pytest.fixture
def its(database: Engine) -> Watched:
    return watched(database)


def set_reference(its: Watched) -> int:
    with writing(its.engine) as connection:
        made = create_reference(
            connection, its.model.key, kind="trailing", source={"days": 3}, created=BEGIN, by="me"
        )
        set_reference_ready(connection, made.key, b"x" * 32)
    return made.key


def monitors(its: Watched) -> Sequence[StoredMonitor]:
    with reading(its.engine) as connection:
        return list_monitors(connection, its.model.key)


def test_they_come_with_the_first_reference(its: Watched) -> None:
    its.window(0)
    its.window(9)
    begin_watching(its.engine, set_reference(its), now=BEGIN + 3 * DAY)
    made = monitors(its)
    assert len(made) > 5
    assert {one.origin for one in made} == {"suggested"}
    assert {one.watch_from for one in made} == {BEGIN + DAY}  # the window of now may page
    assert {one.enabled for one in made} == {True}
    with reading(its.engine) as connection:
        (said,) = list_audit(connection)
    assert said.action == "suggest monitors"
    assert sorted(said.details["monitors"]) == [one.name for one in made]
    begin_watching(its.engine, set_reference(its), now=BEGIN + 3 * DAY)
    assert monitors(its) == made


def test_they_come_with_the_first_window(its: Watched) -> None:
    its.judge(0, whole={"drift": None})
    made = monitors(its)
    assert len(made) > 5
    assert {one.watch_from for one in made} == {BEGIN + DAY}
    for one in made:
        remove_monitor(its.engine, "m", one.name, by="me", now=its.at(0))
    its.judge(1, whole={"drift": None})
    begin_watching(its.engine, set_reference(its), now=its.at(1))
    assert monitors(its) == []  # who deletes them does not want them


def test_who_has_monitors_is_not_given_others(its: Watched) -> None:
    its.monitor("mine", "drift is found")
    begin_watching(its.engine, set_reference(its), now=its.at(0))
    its.judge(0, whole={"drift": None})
    assert [one.name for one in monitors(its)] == ["mine"]


def test_a_reference_lets_all_windows_be_judged_again(its: Watched) -> None:
    its.monitor("mine", "drift is found")
    for day in range(3):
        its.judge(day, whole={"drift": None}, camera_1={"drift": None})
    with reading(its.engine) as connection:
        assert due_windows(connection, its.at(9), DAY) == []
    begin_watching(its.engine, set_reference(its), now=its.at(3))
    begin_watching(its.engine, 99, now=its.at(3))
    with reading(its.engine) as connection:
        due = due_windows(connection, its.at(9), DAY)
    assert [((one.start - BEGIN).days, one.value) for one in due] == [
        (day, value) for day in (2, 1, 0) for value in ("", "1")
    ]
