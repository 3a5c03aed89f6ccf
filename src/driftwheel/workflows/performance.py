"""The workflow `performance`: windows whose records or labels have changed are summed up anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from driftwheel.services.performance.find_slices import find_slices, is_search_due
from driftwheel.services.watch.sum_performance import sum_performance
from driftwheel.store.engine.database import reading
from driftwheel.store.models.failure_slices import asked_slices
from driftwheel.store.windows.performance_due import DuePerformance, due_performance
from driftwheel.workflows.worker import current

__all__ = ["performance"]

_MOST_SPANS = 200  # so that the history of one workflow stays short; the next round goes on


@DBOS.workflow(name="performance")
def performance() -> dict[str, Any]:
    """Sum up the spans that are due; return how many there were, and of how many the labels have changed."""
    spans, changed = 0, []
    for model, start in _due():
        if _sum(model, start):
            changed.append(model)
        spans += 1
    for model in _searches(sorted(set(changed))):
        _search(model)
    return {"spans": spans, "changed": len(changed)}


@DBOS.step(name="performance-due")
def _due() -> list[list[Any]]:
    with reading(current().engine) as connection:
        found = due_performance(connection, limit=_MOST_SPANS)
    return [[one.model, one.start.isoformat()] for one in found]


@DBOS.step(name="performance-searches")
def _searches(models: list[int]) -> list[int]:
    """Return the models in which slices of failure are to be looked for: asked, or with many new labels."""
    with reading(current().engine) as connection:
        due = [one for one in models if is_search_due(connection, one)]
        return sorted({*due, *asked_slices(connection)})


@DBOS.step(name="performance-search")
def _search(model: int) -> int:
    worker = current()
    with worker.step():
        found = find_slices(worker.engine, model, now=worker.now())
    return 0 if found is None else len(found.slices)


@DBOS.step(name="performance-sum")
def _sum(model: int, start: str) -> bool:
    worker = current()
    due = DuePerformance(model, datetime.fromisoformat(start))
    with worker.step():
        return sum_performance(worker.engine, due, now=worker.now()).changed
