"""Which evaluations are old: all but the newest of each segment, however rare or many the segments are."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select

from driftwheel.store.alerts.history import delete_evaluations, old_evaluations
from driftwheel.store.alerts.monitors import create_monitor
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.schema.alert_tables import evaluations

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEFORE = BEGIN + 60.5 * HOUR


def fill(engine: Engine) -> int:
    """Evaluations of 100 hours: of segments that are always there, that come rarely, went, or came late."""
    rng = np.random.default_rng(0)
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=BEGIN)
        one, other = (
            create_monitor(
                connection,
                model.key,
                name,
                definition={},
                origin="api",
                watch_from=None,
                changed=BEGIN,
                by="me",
            ).key
            for name in ("one", "other")
        )
        rows = []
        for hour in range(100):
            there = ["", "always"]
            there += [f"rare {i}" for i in range(6) if rng.random() < 0.05 + 0.05 * i]
            there += ["gone"] if hour < 30 else []
            there += ["late"] if hour >= 55 else []
            for value in there:
                row = {"tag": "camera" if value else "", "value": value, "start": BEGIN + hour * HOUR}
                rows += [row | {"monitor": key, "end": BEGIN + (hour + 1) * HOUR} for key in (one, other)]
        same = {"revision": 1, "result": "ok", "cleared": True, "findings": [], "time": BEGIN}
        connection.execute(insert(evaluations), [row | same for row in rows])
    return one


def starts(engine: Engine, monitor: int) -> dict[str, list[datetime]]:
    found = defaultdict(list)
    with reading(engine) as connection:
        query = select(evaluations.c.value, evaluations.c.start).where(evaluations.c.monitor == monitor)
        for value, start in connection.execute(query.order_by(evaluations.c.start)):
            found[value].append(start)
    return dict(found)


@pytest.mark.parametrize(("soon", "segments"), [(20_000, 500), (20, 500), (20, 2)])
@pytest.mark.parametrize("keep", [1, 5, 28])
def test_what_goes_is_what_ended_and_has_so_many_after_it(
    database: Engine, monkeypatch: pytest.MonkeyPatch, keep: int, soon: int, segments: int
) -> None:
    monkeypatch.setattr("driftwheel.store.alerts.history._SOON", soon)
    monkeypatch.setattr("driftwheel.store.alerts.history._SEGMENTS", segments)
    monitor = fill(database)
    before = starts(database, monitor)
    expected = {
        value: [one for i, one in enumerate(its) if one + HOUR >= BEFORE or len(its) - i <= keep]
        for value, its in before.items()
    }
    assert expected != before
    for _ in range(200):
        with writing(database) as connection:
            keys = old_evaluations(connection, monitor, BEFORE, keep=keep, limit=60)
            assert len(keys) <= 60
            assert delete_evaluations(connection, monitor, keys) == len(keys)
        if not keys:
            break
    assert starts(database, monitor) == expected
    assert starts(database, monitor + 1) == before
