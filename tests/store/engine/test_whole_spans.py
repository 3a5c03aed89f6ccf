"""Long lists of windows, verdicts and evaluations are read in parts that cut through no span of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.store.alerts.test_evaluations import evaluation
from tests.store.alerts.test_monitors import create
from tests.store.rows import NOON
from tests.store.windows.test_verdicts import verdict

from driftwheel.store.alerts.evaluations import list_evaluations, put_evaluations
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdicts import list_verdicts, put_verdict
from driftwheel.store.windows.windows import add_empty_windows, list_windows

DAY = timedelta(days=1)
SEGMENTS = {0: ["", "1", "2"], 1: [""], 2: ["", "1", "2", "3"], 5: ["", "2"]}  # day → values


@pytest.fixture
def monitor(database: Engine, model: Model) -> int:
    """All three of each window."""
    key = create(database, model, "drift").key
    with writing(database) as connection:
        for day, values in SEGMENTS.items():
            start, end = NOON + day * DAY, NOON + (day + 1) * DAY
            for value in values:
                tag = "camera" if value else ""
                add_empty_windows(connection, model.key, [(start, end, tag, value)])
                put_evaluations(connection, [replace(evaluation(key, day), tag=tag, value=value)])
                put_verdict(connection, replace(verdict(model), start=start, end=end, tag=tag, value=value))
    return key


def listed(
    database: Engine, model: Model, monitor: int, newest: int | None, until: datetime | None = None
) -> list[tuple[datetime, str]]:
    """What all three lists say."""
    with reading(database) as connection:
        lists = [
            list_windows(connection, model.key, newest=newest, until=until),
            list_verdicts(connection, model.key, newest=newest, until=until),
            list_evaluations(connection, monitor, newest=newest, until=until),
        ]
    found = [[(one.start, one.value) for one in each] for each in lists]
    assert found[0] == found[1] == found[2]
    return found[0]


@pytest.mark.parametrize(
    ("newest", "days"),
    [(1, [5]), (2, [5]), (3, [5]), (6, [2, 5]), (7, [1, 2, 5]), (9, [1, 2, 5]), (10, [0, 1, 2, 5])],
)
def test_the_newest_without_a_cut(
    database: Engine, model: Model, monitor: int, newest: int, days: list[int]
) -> None:
    found = listed(database, model, monitor, newest)
    assert found == [(NOON + day * DAY, value) for day in days for value in SEGMENTS[day]]


def test_its_parts_are_the_whole(database: Engine, model: Model, monitor: int) -> None:
    whole = listed(database, model, monitor, None)
    assert len(whole) == 10

    @settings(max_examples=12, deadline=None)
    @given(newest=st.integers(1, 12))
    def in_parts(newest: int) -> None:
        found: list[tuple[datetime, str]] = []
        until: datetime | None = None
        while part := listed(database, model, monitor, newest, until):
            found, until = [*part, *found], part[0][0]
        assert found == whole

    in_parts()
