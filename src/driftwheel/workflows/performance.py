"""The workflow `performance`: windows whose records or labels have changed are summed up anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from driftwheel.services.watch.sum_performance import sum_performance
from driftwheel.store.engine.database import reading
from driftwheel.store.windows.performance_due import DuePerformance, due_performance
from driftwheel.workflows.worker import current

__all__ = ["performance"]

_MOST_SPANS = 200  # so that the history of one workflow stays short; the next round goes on


@DBOS.workflow(name="performance")
def performance() -> dict[str, Any]:
    """Sum up the spans that are due; return how many there were, and of how many the labels have changed."""
    spans = changed = 0
    for model, start in _due():
        changed += _sum(model, start)
        spans += 1
    return {"spans": spans, "changed": changed}


@DBOS.step(name="performance-due")
def _due() -> list[list[Any]]:
    with reading(current().engine) as connection:
        found = due_performance(connection, limit=_MOST_SPANS)
    return [[one.model, one.start.isoformat()] for one in found]


@DBOS.step(name="performance-sum")
def _sum(model: int, start: str) -> bool:
    worker = current()
    due = DuePerformance(model, datetime.fromisoformat(start))
    with worker.step():
        return sum_performance(worker.engine, due, now=worker.now()).changed
