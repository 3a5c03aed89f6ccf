"""The workflow `measure`: burst after burst, until no record waits."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.measure.measure_received import measure_received
from driftwheel.workflows.worker import current

__all__ = ["measure"]

_MOST_BURSTS = 100  # so that the history of one workflow stays short


@DBOS.workflow(name="measure")
def measure() -> dict[str, Any]:
    """Measure what waits, once through the queue; return how many records were taken and how many left."""
    after_key: int | None = 0
    taken = left = bursts = 0
    while after_key is not None and bursts < _MOST_BURSTS:
        burst = _burst(after_key)
        after_key = burst["last_key"]
        taken += burst["taken"]
        left += burst["left"]
        bursts += 1
    return {"taken": taken, "left": left}


@DBOS.step(name="measure-burst")
def _burst(after_key: int) -> dict[str, Any]:
    worker = current()
    with worker.step(), worker.measuring:
        burst = measure_received(
            worker.engine,
            worker.blobs,
            worker.measurers,
            now=worker.now(),
            after_key=after_key,
            threads=worker.threads,
        )
    left = burst.taken - burst.measured - burst.rejected
    return {"taken": burst.taken, "left": left, "last_key": burst.last_key}
