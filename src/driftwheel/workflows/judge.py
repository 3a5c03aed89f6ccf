"""The workflow `judge`: the verdicts on all windows that are due, span by span, and the alerts of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from driftwheel.services.watch.judge_due import judge_due
from driftwheel.workflows.worker import current

__all__ = ["judge"]

_MOST_SPANS = 100  # so that the history of one workflow stays short


@DBOS.workflow(name="judge")
def judge() -> dict[str, Any]:
    """Judge what is due; return how many windows were judged, and how many spans could not be now."""
    windows = 0
    skip: list[list[Any]] = []
    for _ in range(_MOST_SPANS):
        done = _span(skip)
        if done is None:
            break
        windows += done["windows"]
        if not done["windows"]:
            skip.append(done["span"])
    return {"windows": windows, "failed": len(skip)}


@DBOS.step(name="judge-span")
def _span(skip: list[list[Any]]) -> dict[str, Any] | None:
    worker = current()
    with worker.step():
        done = judge_due(
            worker.engine,
            worker.references,
            now=worker.now(),
            settle=worker.settle,
            skip={(model, datetime.fromisoformat(start)) for model, start in skip},
        )
    if done is None:
        return None
    model, start = done.span
    return {"span": [model, start.isoformat()], "windows": done.windows}
