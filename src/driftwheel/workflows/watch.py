"""The workflow `watch`: a tick, for what no record tells: silence, and windows that never came."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.watch.watch_silence import watch_silence
from driftwheel.workflows.worker import current

__all__ = ["watch"]


@DBOS.workflow(name="watch")
def watch() -> dict[str, Any]:
    """Look once; return how many alerts changed, and how many windows were added."""
    return _tick()


@DBOS.step(name="watch-tick")
def _tick() -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = watch_silence(worker.engine, now=worker.now())
    return {"changed": done.changed, "added": done.added}
