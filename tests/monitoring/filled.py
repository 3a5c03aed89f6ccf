"""A server whose metrics all have something to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from tests.services.alerting import fire
from tests.web.serving import Running

from driftwheel.performance.packed_sums import sums_to_bytes
from driftwheel.performance.performance_sums import SummedPrediction, sum_predictions
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.store.alerts.channels import find_channel, note_failed
from driftwheel.store.alerts.evaluations import NewEvaluation, put_evaluations
from driftwheel.store.alerts.monitors import create_monitor
from driftwheel.store.alerts.notifications import add_notification, set_dead, set_failed, set_sent
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.wheel.turns import add_turn, set_turn
from driftwheel.store.windows.performance_windows import PerformanceWindow, put_performance
from driftwheel.store.windows.verdicts import NewVerdict, put_verdict

__all__ = ["DAY", "evaluate", "fill", "judge", "label", "turn"]

DAY = timedelta(days=1)


def fill(running: Running) -> None:
    """Give the model `cats` a verdict on the whole and on two cameras, an alert, a monitor and a channel."""
    engine, now = running.services.engine, running.clock()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    for tag, value in (("", ""), ("camera", "1"), ("camera", "2")):
        judge(engine, "cats", start, tag, value, drift=value != "1")
    with reading(engine) as connection:
        cats = find_model(connection, "cats").key
    fire(engine, cats, now=now, tag="camera", value="2")
    label(engine, cats, start)
    turn(engine, cats, now - DAY, outcome="promoted", ended=now, labels=80, people_seconds=600.0)
    turn(engine, cats, now, waits="labels", labels=20, machine_seconds=90.0)
    with writing(engine) as connection:
        for name in ("drift", "silence"):
            create_monitor(
                connection,
                cats,
                name,
                definition={},
                origin="suggested",
                watch_from=None,
                changed=now,
                by="x",
            )
    evaluate(engine, 1, start, "breach")
    evaluate(engine, 2, start, "error")
    add_channel(engine, "ops", "slack://T12345678/B12345678/secret", ChannelOptions(), by="test", now=now)
    with writing(engine) as connection:
        key = find_channel(connection, "ops").key
        for number in range(3):
            body = {"title": "x"}
            add_notification(
                connection, dedup=str(number), channel=key, model=cats, kind="firing", body=body, created=now
            )
        set_sent(connection, 1, now)
        set_failed(connection, 2, due=now, error="x")
        set_dead(connection, 3, "x")
        note_failed(connection, key, now, "x")


def label(engine: Engine, model: int, start: datetime) -> None:
    """Give a day four predictions with a truth, of which three are right."""
    scores = {"cat": 0.75, "dog": 0.25}
    sums = sum_predictions(
        [SummedPrediction("1", "cat", scores, "told", true) for true in ("cat", "cat", "cat", "dog")],
        classes=["cat", "dog"],
    )
    row = PerformanceWindow(model, start, start + DAY, "", "", 4, 4, sums_to_bytes(sums), start + DAY)
    with writing(engine) as connection:
        put_performance(connection, model, start, [row])


def turn(engine: Engine, model: int, begun: datetime, **values: Any) -> None:
    """Keep a turn of the wheel."""
    with writing(engine) as connection:
        made = add_turn(
            connection,
            model,
            trigger="hand",
            cause="x",
            alert=None,
            policy={},
            champion=None,
            begun=begun,
            by="x",
        )
        set_turn(connection, made.key, **values)


def judge(engine: Engine, model: str, start: datetime, tag: str, value: str, *, drift: bool) -> None:
    """Keep a verdict with an observation of every kind."""

    def seen(signal: str, number: float) -> dict[str, Any]:
        return {"signal": signal, "value": number, "n": 100}

    observations = {
        **{
            name: seen(name, number)
            for name, number in {
                "property.brightness": 2.5,
                "property.sharpness": 0.5,
                "property.channels": 0.25,
                "accuracy": 0.75,
                "estimated_accuracy": 0.8125,
                "reconstruction": 4.5,
                "evidence": 12.5,
                "records": 100,
                "unreadable_share": 0.125,
                "error_share": 0.0625,
                "latency_p95": 0.5,
                "confidence": 0.875,
                "feedback_share": 0.03125,
            }.items()
        },
        "silence": {"signal": "silence", "value": None, "n": 0},
    }
    with writing(engine) as connection:
        put_verdict(
            connection,
            NewVerdict(
                model=find_model(connection, model).key,
                start=start,
                end=start + DAY,
                tag=tag,
                value=value,
                revision=1,
                reference=None,
                answer="drift" if drift else "no_drift",
                kind=None,
                p_value=1e-9 if drift else 0.5,
                alpha=0.01,
                n=100,
                headline="x",
                document=None,
                observations=observations,
                exemplars=[],
                made=datetime.now(UTC),
            ),
        )


def evaluate(engine: Engine, monitor: int, start: datetime, result: Any) -> None:
    """Keep an evaluation."""
    row = NewEvaluation(
        monitor=monitor,
        revision=1,
        start=start,
        end=start + DAY,
        tag="",
        value="",
        result=result,
        cleared=False,
        findings=[],
        time=start + DAY,
    )
    with writing(engine) as connection:
        put_evaluations(connection, [row])
