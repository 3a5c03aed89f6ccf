"""The workflow `label-watch`: the answers of pools are looked at for copies, and for how fast is too fast."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.label.quality.watch_pool import watch_pool
from driftwheel.workflows.worker import current

__all__ = ["label_watch"]


@DBOS.workflow(name="label-watch")
def label_watch(pool: int) -> dict[str, Any]:
    """Look at a pool; return how many annotators something was done about."""
    return _look(pool)


@DBOS.step(name="label-watch-look")
def _look(pool: int) -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = watch_pool(worker.engine, pool, now=worker.now())
    return {"events": len(done)}
