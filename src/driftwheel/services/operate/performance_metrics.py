"""Metrics of performance: figures over a model's last windows that have labels, with their intervals.

Labels come late: the newest window that was judged mostly has none yet. So these go over the windows of the
last weeks, as the page of the model does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.performance.figure import Figure
from driftwheel.performance.measured_performance import measure_performance
from driftwheel.performance.packed_sums import merge_packed
from driftwheel.services.operate.metric_family import Family, Labels
from driftwheel.services.watch.watch_model import SPANS, span_of
from driftwheel.store.models.models import Model
from driftwheel.store.windows.performance_windows import list_performance

__all__ = ["performance_families"]


def performance_families(
    connection: Connection, models: Sequence[Model], now: datetime
) -> tuple[Family, Family]:
    """Return the figures of each classifier over its last windows, and how many labels they rest on."""
    told: dict[Labels, float] = {}
    labels: dict[Labels, float] = {}
    for model in models:
        if model.task != "classification":
            continue
        span = span_of(connection, model, now, SPANS[model.window][1])
        rows = list_performance(connection, model.key, since=span.starts[0], until=span.end)
        labelled = [one.sums for one in rows if one.labels]
        labels[model.name,] = float(sum(one.labels for one in rows))
        if not labelled:
            continue
        found = measure_performance(merge_packed(labelled))
        figures: dict[str, Figure] = {
            "accuracy": found.accuracy.figure,
            "balanced_accuracy": found.metrics.balanced_accuracy,
            "macro_f1": found.metrics.macro_f1,
            "area_under_roc": found.area_under_roc,
            "calibration_error": found.calibration.error,
        }
        for name, figure in figures.items():
            for bound in ("value", "low", "high"):
                number = getattr(figure, bound)
                if number is not None:
                    told[model.name, name, bound] = float(number)
    return (
        Family(
            "driftwheel_performance_ratio",
            "gauge",
            "Figures over the last windows that have labels, and the ends of their 90 % intervals.",
            ("model", "figure", "bound"),
            told,
        ),
        Family(
            "driftwheel_performance_labels",
            "gauge",
            "Labels that the figures of the last windows rest on.",
            ("model",),
            labels,
        ),
    )
