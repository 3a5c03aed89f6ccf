"""The workflow `watch`: a tick, for what no record tells: silence, windows that never came, who is wanted."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.watch.watch_silence import watch_silence
from driftwheel.services.wheel.note_notices import note_notices
from driftwheel.workflows.worker import current

__all__ = ["watch"]


@DBOS.workflow(name="watch")
def watch() -> dict[str, Any]:
    """Look once; return how many alerts changed, windows were added, and notices are new."""
    return _tick() | _notices()


@DBOS.step(name="watch-tick")
def _tick() -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = watch_silence(worker.engine, now=worker.now())
    return {"changed": done.changed, "added": done.added}


@DBOS.step(name="watch-notices")
def _notices() -> dict[str, Any]:
    worker = current()
    with worker.step():
        return {"notices": note_notices(worker.engine, now=worker.now())}
