"""Old messages, evaluations and what ended alerts said are deleted; nothing that is counted goes down."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select
from tests import fork_server
from tests.services.alerting import NOW, change, fire
from tests.services.alerting import model as add_model

from driftwheel.monitors.monitor import Monitor, definition_of
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.channels.describe_channels import describe_channels
from driftwheel.services.crash_points import VARIABLE
from driftwheel.services.operate.collect_metrics import StoreMetrics
from driftwheel.services.operate.forget_history import Forgotten, forget_history
from driftwheel.store.alerts.channels import create_channel, delete_channel
from driftwheel.store.alerts.episodes import document_of, list_episodes
from driftwheel.store.alerts.evaluations import NewEvaluation, list_evaluations, put_evaluations
from driftwheel.store.alerts.monitors import create_monitor, delete_monitor
from driftwheel.store.alerts.notifications import (
    add_notification,
    list_notifications,
    set_dead,
    set_failed,
    set_sent,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.schema.alert_tables import episodes

DAY = timedelta(days=1)
OLD = NOW - 500 * DAY
KEPT = 28  # windows that an alert of `drift is found` looks at: see `windows_needed`
FORGET = "tests.services.forget_all"
POINTS = (
    "history-messages-deleted",
    "history-documents-emptied",
    "history-evaluations-deleted",
    "history-committed",
)


def fill(engine: Engine) -> None:
    """Messages, evaluations of two segments, and alerts: old ones and new ones."""
    model = add_model(engine)
    with writing(engine) as connection:
        channel = create_channel(connection, "ops", url="json://localhost", created=OLD, by="me").key
        for number in range(12):
            created = OLD if number < 8 else NOW - DAY
            key = add_notification(
                connection,
                dedup=str(number),
                channel=channel,
                model=model,
                kind="firing",
                body={"title": "x"},
                created=created,
            )
            assert key is not None
            if number % 4 in {0, 1}:
                set_failed(connection, key, due=created, error="busy")
                set_sent(connection, key, created)
            elif number % 4 == 2:
                set_dead(connection, key, "no such host")
        definition = definition_of(Monitor("drift", parse_rule("drift is found")))
        monitor = create_monitor(
            connection,
            model,
            "drift",
            definition=definition,
            origin="api",
            watch_from=None,
            changed=OLD,
            by="me",
        ).key
        days = {"": [*range(40), *range(490, 500)], "1": range(35)}  # since OLD
        put_evaluations(
            connection,
            [
                NewEvaluation(
                    monitor=monitor,
                    revision=1,
                    start=OLD + day * DAY,
                    end=OLD + (day + 1) * DAY,
                    tag="camera" if value else "",
                    value=value,
                    result="breach" if day % 3 else "ok",
                    cleared=False,
                    findings=[],
                    time=OLD,
                )
                for value, its in days.items()
                for day in its
            ],
        )
    for number, ended in enumerate((OLD, OLD + DAY, NOW - DAY, None)):
        episode = fire(engine, model, number, now=OLD)
        if ended is not None:
            change(engine, episode, now=ended, state="resolved", ended=ended)


def forget(engine: Engine, **more: int) -> Forgotten:
    total = Forgotten()
    while (one := forget_history(engine, now=NOW, message_days=90, history_days=400, **more)).any:
        total = Forgotten(
            total.messages + one.messages,
            total.evaluations + one.evaluations,
            total.documents + one.documents,
        )
    return total


def counted(engine: Engine) -> Mapping[str, Mapping[tuple[str, ...], float]]:
    """The counters that a server which starts now would tell."""
    families = StoreMetrics().read(engine, NOW)
    wanted = {
        "driftwheel_notifications",
        "driftwheel_monitor_evaluations",
        "driftwheel_notifications_waiting",
    }
    return {one.name: dict(one.samples) for one in families if one.name in wanted}


@pytest.mark.parametrize("limit", [2, 500])
def test_what_is_old_goes_and_counters_stay(database: Engine, limit: int) -> None:
    fill(database)
    before, running = counted(database), StoreMetrics()
    first = running.read(database, NOW)
    assert before["driftwheel_notifications"] == {
        ("ops", "sent"): 6.0,
        ("ops", "dead"): 3.0,
        ("ops", "failed"): 6.0 + 3.0,
    }
    # Of 12 messages 8 are old, 2 of them wait; of 50 and 35 evaluations 22 and 7 are old and not needed.
    assert forget(database, limit=limit) == Forgotten(6, 22 + 7, 2)
    assert counted(database) == before
    assert running.read(database, NOW) == first
    assert [(one.waiting, one.sent, one.dead) for one in describe_channels(database)] == [(3, 6, 3)]
    with reading(database) as connection:
        states = [one.state for one in list_notifications(connection) if one.created == OLD]
        kept = list_evaluations(connection, 1)
        said = [bool(document_of(connection, one.key)) for one in list_episodes(connection)]
    assert states == ["waiting", "waiting"]
    assert [one.value for one in kept].count("1") == KEPT
    whole = [one.start for one in kept if not one.value]
    assert (len(whole), max(whole), min(whole)) == (KEPT, OLD + 499 * DAY, OLD + 22 * DAY)
    assert said == [True, True, False, False]  # the newest first: all alerts are there


def test_what_is_old_is_looked_for_once_for_many_transactions(database: Engine) -> None:
    fill(database)
    looked: list[str] = []

    def look(connection: object, cursor: object, statement: str, *_: object) -> None:
        looked.append(statement)

    event.listen(database, "before_cursor_execute", look)
    assert forget(database, limit=2).evaluations == 22 + 7
    event.remove(database, "before_cursor_execute", look)
    assert sum("sum(CASE WHEN (evaluations" in one for one in looked) == 4  # 6 messages, 2 at a time


def test_what_is_deleted_with_its_monitor_and_channel_is_not_counted(database: Engine) -> None:
    fill(database)
    forget(database)
    with writing(database) as connection:
        delete_monitor(connection, 1)
        delete_channel(connection, 1)
    assert not any(samples for samples in counted(database).values())


def test_killed_at_every_step(database: Engine, database_url: str) -> None:
    fill(database)
    before = counted(database)
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    for point in (*POINTS, None):
        more = {} if point is None else {VARIABLE: point}
        done = fork_server.run(FORGET, database_url, environment=environment | more)
        assert done.returncode == (0 if point is None else -signal.SIGKILL), (point, done.stderr)
        assert counted(database) == before, point
    assert forget(database) == Forgotten()
    with reading(database) as connection:
        assert len(list_evaluations(connection, 1)) == 2 * KEPT
        assert len(list_notifications(connection)) == 6
        assert connection.execute(select(func.count()).select_from(episodes)).scalar_one() == 4
