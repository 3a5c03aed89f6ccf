"""What the store knows, as metrics: how models, alerts and channels are at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.alerts.episode import OPEN_STATES
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.services.operate.metric_family import Family, Labels
from driftwheel.services.operate.model_metrics import model_families
from driftwheel.services.operate.performance_metrics import performance_families
from driftwheel.services.operate.wheel_metrics import wheel_families
from driftwheel.services.watch.choose_segments import MOST_VALUES
from driftwheel.store.alerts.channels import list_channels
from driftwheel.store.alerts.episodes import count_open
from driftwheel.store.alerts.history import count_forgotten_evaluations
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.operate.metric_counts import (
    count_firing,
    count_messages,
    count_new_evaluations,
    count_waiting_windows,
    newest_evaluation,
)
from driftwheel.store.records.records import count_received
from driftwheel.store.windows.segment_values import newest_left_out

__all__ = ["OF_MODELS", "StoreMetrics"]

OF_MODELS = "driftwheel_firing_alerts"
"""The family in which every model has a series, as its first label."""

_RESULTS = ("ok", "breach", "error")
"""Results of a monitor that are told from the start, as 0; others once there are any."""


class StoreMetrics:
    """Reads the metrics of the store, and remembers what it has counted, so that no counter goes down.

    Counters begin with what the store holds, and has deleted, when the process starts. Evaluations are
    counted once for each window of each segment, however often it is judged again. Call it from one thread at
    a time.
    """

    def __init__(self) -> None:
        self._evaluations: dict[Labels, float] = {}
        self._counted_to = 0
        self._messages = _Rising()

    def read(self, engine: Engine, now: datetime) -> tuple[Family, ...]:
        """Return all families, whole models before their segments, in an order that stays the same."""
        with reading(engine) as connection:
            models = list_models(connection)
            return (
                _queue(connection),
                _windows(connection, now),
                _left_out(connection, models),
                *_alerts(connection, models, now),
                *self._channels(connection),
                self._monitors(connection, models),
                *model_families(connection, models),
                *performance_families(connection, models, now),
                *wheel_families(connection, models),
            )

    def _monitors(self, connection: Connection, models: Sequence[Model]) -> Family:
        newest = newest_evaluation(connection)
        if not self._counted_to:  # of those that are deleted from now on this knows
            forgotten = count_forgotten_evaluations(connection)
            self._evaluations = {labels: float(number) for labels, number in forgotten.items()}
        counted = count_new_evaluations(connection, self._counted_to, newest)
        self._counted_to = max(newest, self._counted_to)
        for labels, number in counted.items():
            self._evaluations[labels] = self._evaluations.get(labels, 0.0) + number
        names = {one.key: one.name for one in models}
        there = dict.fromkeys((names[one.model], one.name) for one in list_monitors(connection))
        told: dict[Labels, float] = {(*one, result): 0.0 for one in there for result in _RESULTS}
        told |= {labels: n for labels, n in self._evaluations.items() if labels[:2] in there}
        help_ = "Windows that a monitor looked at, by what it said of them."
        labelled = ("model", "monitor", "result")
        return Family("driftwheel_monitor_evaluations", "counter", help_, labelled, told)

    def _channels(self, connection: Connection) -> Sequence[Family]:
        channels = list_channels(connection)
        counts = count_messages(connection)
        total: dict[Labels, float] = {}
        waiting: dict[Labels, float] = {}
        for one in channels:
            messages = counts.get(one.key)
            for result in ("sent", "failed", "dead"):
                total[one.name, result] = 0.0 if messages is None else getattr(messages, result)
            waiting[one.name,] = 0.0 if messages is None else messages.waiting
        failing: dict[Labels, float] = {(one.name,): float(one.failing_since is not None) for one in channels}
        return (
            Family(
                "driftwheel_notifications",
                "counter",
                "Messages to a channel: sent, attempts that failed, and given up (dead).",
                ("channel", "result"),
                self._messages.raised(total),
            ),
            Family(
                "driftwheel_notifications_waiting",
                "gauge",
                "Messages that are still to be sent.",
                ("channel",),
                waiting,
            ),
            Family(
                "driftwheel_channel_failing",
                "gauge",
                "1 while the last message to a channel did not go out.",
                ("channel",),
                failing,
            ),
        )


class _Rising:
    """Totals that never fall: what retention deletes stays counted."""

    def __init__(self) -> None:
        self._last: dict[Labels, float] = {}
        self._total: dict[Labels, float] = {}

    def raised(self, now: Mapping[Labels, float]) -> dict[Labels, float]:
        for labels, number in now.items():
            more = max(0.0, number - self._last.get(labels, 0.0))
            self._total[labels] = self._total.get(labels, 0.0) + more
        self._last = dict(now)
        self._total = {labels: self._total[labels] for labels in now}
        return dict(self._total)


def _queue(connection: Connection) -> Family:
    help_ = "Records whose images wait to be measured."
    waiting = float(count_received(connection))
    return Family("driftwheel_ingest_queue_records", "gauge", help_, (), {(): waiting})


def _windows(connection: Connection, now: datetime) -> Family:
    help_ = "Windows, whole and of segments, that are over and wait to be summed up or judged."
    waiting = float(count_waiting_windows(connection, now))
    return Family("driftwheel_windows_waiting", "gauge", help_, (), {(): waiting})


def _left_out(connection: Connection, models: Sequence[Model]) -> Family:
    help_ = f"Values of tags beyond {MOST_VALUES} of the newest window, which count in the whole model only."
    known = newest_left_out(connection)
    told: dict[Labels, float] = {(one.name,): float(known.get(one.key, 0)) for one in models}
    return Family("driftwheel_segments_left_out", "gauge", help_, ("model",), told)


def _alerts(connection: Connection, models: Sequence[Model], now: datetime) -> tuple[Family, Family]:
    counted = count_open(connection)
    pairs = [(severity, state) for severity in SEVERITIES for state in OPEN_STATES]
    states: dict[Labels, float] = {pair: float(counted.get(pair, 0)) for pair in pairs}
    names = {one.key: one.name for one in models}
    by_model: dict[Labels, float] = {(one.name, severity): 0.0 for one in models for severity in SEVERITIES}
    for (model, severity), number in count_firing(connection, now).items():
        by_model[names[model], severity] = float(number)
    return (
        Family("driftwheel_alerts", "gauge", "Open alerts of all models.", ("severity", "state"), states),
        Family(
            OF_MODELS,
            "gauge",
            "Alerts of a model that fire, without those that another alert explains, that were acknowledged "
            "or that are snoozed.",
            ("model", "severity"),
            by_model,
        ),
    )
